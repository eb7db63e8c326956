"""Writes a capture of many calls' signalling, and nothing else: python -m tools.signalling calls.pcap --calls 100000.

Each call is set up through a proxy, over two legs, by INVITE, 100, 180, 200, ACK, BYE and 200, about 10 kB; calls
overlap as they do on a busy exchange (`OPEN` at a time).  Some legs are on TCP, where messages are parted anywhere.
Calls that nobody answers (`--unanswered`) are one INVITE each; connections that stay open (`--open`) are one segment
each, the beginning of an INVITE.  The same numbers give the same bytes.
"""

import argparse
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

OPEN: Final = 2000  # calls at a time
PROXY: Final = "198.51.100.1"
SEGMENT: Final = 1400
START_NS: Final = 1_700_000_000 * 10**9
STEP_NS: Final = 50_000


def message(call: int, leg: int, step: int) -> str:
    """Return one message of a call, as long as they are in the field."""
    caller, callee = f"203.0.113.{call % 200 + 1}", f"192.0.2.{call % 199 + 1}"
    method = "BYE" if step > 4 else "ACK" if step == 4 else "INVITE"
    status = {1: "100 Trying", 2: "180 Ringing", 3: "200 OK", 6: "200 OK"}.get(step)
    first = f"SIP/2.0 {status}" if status else f"{method} sip:{callee}:5060;transport=udp SIP/2.0"
    via = [f"Via: SIP/2.0/UDP {caller}:5060;branch=z9hG4bK{call:x}c{step};rport=5060;received={caller}"]
    if leg:
        via.insert(0, f"Via: SIP/2.0/UDP {PROXY}:5060;branch=z9hG4bK{call:x}p{step}")
    who = callee if status else caller
    lines = [
        first,
        *via,
        "Max-Forwards: 70",
        f'From: "Caller {call}" <sip:+1202555{call % 10_000:04}@example.com;user=phone>;tag=f{call:08x}',
        f'To: "Callee" <sip:+4930{call % 1_000_000:06}@example.net;user=phone>;tag=t{call:08x}',
        f"Call-ID: {call:08x}-7d1f-4e0a-9b3c-{call * 7919 % 2**32:08x}@{caller}",
        f"CSeq: {1 if step < 5 else 2} {method}",
        f"Contact: <sip:{call:x}@{who}:5060;transport=udp>",
        f"Record-Route: <sip:{PROXY};lr;ftag=f{call:08x}>",
        "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK",
        "Supported: replaces, timer, 100rel, path",
        "User-Agent: ExamplePhone/1.2.3 (build 20231101)",
    ]
    body = ""
    if step in (0, 3):
        port = 10_000 + 2 * (call * 2 + step // 3) % 50_000
        body = "\r\n".join([
            "v=0", f"o=- {call} 1 IN IP4 {who}", "s=call", f"c=IN IP4 {who}", "t=0 0",
            f"m=audio {port} RTP/AVP 9 8 0 101", "a=rtpmap:9 G722/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv", "",
        ])  # fmt: skip
        lines.append("Content-Type: application/sdp")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])


def steps(calls: int) -> Iterator[tuple[int, int]]:
    """Yield call and step in the order of the wire: each call goes on every time that `OPEN` others have begun."""
    for turn in range(calls + 7 * OPEN):
        for step in range(7):
            call = turn - step * OPEN // 7 - (OPEN if step > 4 else 0)
            if 0 <= call < calls:
                yield call, step


def frame(source: str, target: str, sport: int, protocol: int, transport: bytes) -> bytes:
    """Return an Ethernet frame around a transport header and its payload."""
    ends = bytes(map(int, source.split("."))) + bytes(map(int, target.split(".")))
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 0, 0, 64, protocol, 0)
    return bytes(12) + b"\x08\x00" + head + ends + transport


def write(out: BinaryIO, calls: int, tcp_percent: int = 0, unanswered: int = 0, open_streams: int = 0) -> int:
    """Write the capture; return the number of packets."""
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    numbers: dict[tuple[str, str], int] = {}
    pending: dict[tuple[str, str], bytes] = {}
    count = 0

    def put(packet: bytes) -> None:
        nonlocal count
        ns = START_NS + count * STEP_NS
        out.write(struct.pack("<IIII", ns // 10**9, ns % 10**9 // 1000, len(packet), len(packet)) + packet)
        count += 1

    def flush(ends: tuple[str, str], least: int) -> None:
        data = pending.pop(ends, b"")
        while len(data) >= least:
            part, data = data[:SEGMENT], data[SEGMENT:]
            number = numbers.get(ends, 1)
            numbers[ends] = number + len(part) & 0xFFFFFFFF
            put(frame(*ends, 5060, 6, struct.pack(">HHIIBBHHH", 5060, 5060, number, 1, 0x50, 24, 1000, 0, 0) + part))
            least = max(least, 1)
        pending[ends] = data

    for call, step in steps(calls):
        for leg in (0, 1):
            near, far = (f"203.0.113.{call % 200 + 1}", PROXY) if leg == 0 else (PROXY, f"192.0.2.{call % 199 + 1}")
            ends = (far, near) if step in (1, 2, 3, 6) else (near, far)
            data = message(call, leg, step).encode()
            if call * 61 % 100 < tcp_percent:
                pending[ends] = pending.get(ends, b"") + data
                flush(ends, SEGMENT)
            else:
                put(frame(*ends, 5060, 17, struct.pack(">HHHH", 5060, 5060, 8 + len(data), 0) + data))
    for ends in sorted(pending):
        flush(ends, 1)
    for call in range(calls, calls + unanswered):
        ends, data = (f"203.0.113.{call % 200 + 1}", PROXY), message(call, 0, 0).encode()
        put(frame(*ends, 5060, 17, struct.pack(">HHHH", 5060, 5060, 8 + len(data), 0) + data))
    for call in range(calls + unanswered, calls + unanswered + open_streams):
        port, client = call % 60_000 + 1024, f"203.0.113.{call // 60_000 % 200 + 1}"
        data = message(call, 0, 0).encode()[:400]
        put(frame(client, PROXY, 5060, 6, struct.pack(">HHIIBBHHH", port, 5060, 1, 1, 0x50, 24, 1000, 0, 0) + data))
    return count


def main() -> None:
    """Write a capture from the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("path", type=Path)
    options.add_argument("--calls", type=int, default=100_000)
    options.add_argument("--tcp", type=int, default=0, help="percent of the calls that are on TCP")
    options.add_argument("--unanswered", type=int, default=0, help="further calls of which there is one INVITE")
    options.add_argument("--open", type=int, default=0, help="further connections that begin a message and end it not")
    given = options.parse_args()
    with given.path.open("wb") as out:
        packets = write(out, given.calls, given.tcp, given.unanswered, given.open)
    print(f"{packets} packets, {given.path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
