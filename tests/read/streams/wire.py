"""Streams, connections and datagrams that carry messages in pieces, as frames of a capture."""

import itertools
import struct
from collections.abc import Iterable, Sequence

from tests.read.facts.payloads import hello
from tests.read.files import ether, ip4, ip6, udp

CLIENT, SERVER = "192.0.2.7", "198.51.100.9"


def segment(payload: bytes, number: int, sport: int = 4000, dport: int = 5060, options: bytes = b"") -> bytes:
    """Return a TCP segment from the client, in a frame."""
    size = 5 + len(options) // 4 << 4
    head = struct.pack(">HHIIBBHHH", sport, dport, number & 0xFFFFFFFF, 1, size, 0x18, 1000, 0, 0)
    return ether(ip4(head + options + payload, CLIENT, SERVER, 6))


def stream(data: bytes, cuts: Iterable[int], begin: int = 1, sport: int = 4000, dport: int = 5060) -> list[bytes]:
    """Return the segments of a stream that is cut at these offsets."""
    places = sorted({0, len(data), *(cut for cut in cuts if 0 < cut < len(data))})
    return [segment(data[start:end], begin + start, sport, dport) for start, end in itertools.pairwise(places)]


def invite(call: str, body: str = "", length: int | None = None, extra: str = "") -> bytes:
    """Return a SIP request (RFC 3261) with a body of its Content-Length, or of another one."""
    lines = [
        "INVITE sip:b@example.com SIP/2.0",
        f"Via: SIP/2.0/TCP {CLIENT};branch=z9hG4bK{call}",
        f"Call-ID: {call}",
        "CSeq: 1 INVITE",
        *([extra] if extra else []),
        f"Content-Length: {len(body) if length is None else length}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def offer(address: str, port: int, lines: Sequence[str] = ()) -> str:
    """Return a session description (RFC 8866)."""
    return "\r\n".join(
        [
            "v=0",
            f"o=- 1 1 IN IP4 {address}",
            "s=-",
            f"c=IN IP4 {address}",
            "t=0 0",
            f"m=audio {port} RTP/AVP 0",
            *lines,
            "",
        ]
    )


def framed(payload: bytes, key: bytes = b"", code: int = 1, final: bool = True) -> bytes:
    """Return a WebSocket frame (RFC 6455, section 5.2), masked if there is a key."""
    size = len(payload)
    head = bytes([(0x80 if final else 0) | code])
    mask = 0x80 if key else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 1 << 16:
        head += bytes([mask | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + size.to_bytes(8, "big")
    return head + key + (bytes(c ^ key[i % 4] for i, c in enumerate(payload)) if key else payload)


def chunk(payload: bytes, number: int, flags: int, stream_id: int = 0) -> bytes:
    """Return a DATA chunk of SCTP (RFC 9260, section 3.3.1); flags: 2 begins, 1 ends."""
    size = 16 + len(payload)
    return struct.pack(">BBHIHHI", 0, flags, size, number, stream_id, 0, 0) + payload + bytes(-size % 4)


def sctp(*chunks: bytes, sport: int = 5060, dport: int = 5060) -> bytes:
    return ether(ip4(struct.pack(">HHII", sport, dport, 99, 0) + b"".join(chunks), CLIENT, SERVER, 132))


def sctp_call(call: str) -> list[bytes]:
    """Return a SIP request in a single packet of SCTP."""
    return [sctp(chunk(invite(call, offer("203.0.113.9", 40_000)), 5, 3))]


SACK = struct.pack(">BBHIIHH", 3, 0, 16, 1, 1000, 0, 0)


def fragments(
    payload: bytes, sizes: Sequence[int], ident: int = 7, six: bool = False, sport: int = 5060
) -> list[bytes]:
    """Return the IP fragments of a datagram, of so many bytes (multiples of eight) and the rest."""
    datagram, at = udp(payload, sport, 5060), 0
    found = []
    for size in (*sizes, len(datagram)):
        part = datagram[at : at + size]
        if not part:
            break
        more = at + size < len(datagram)
        if six:
            head = struct.pack(">BBHI", 17, 0, at | more, ident)
            found.append(ether(ip6(head + part, 44), 0x86DD))
        else:
            found.append(ether(ip4(part, CLIENT, SERVER, 17, ident=ident, fragment=at // 8 | more << 13)))
        at += size
    return found


def long_hello(name: str, padding: int = 1200) -> bytes:
    """Return a ClientHello whose name stands behind a key share as large as those of today."""
    whole = hello(name)
    shake = bytearray(whole[5:])
    at = 4 + 34 + 1 + shake[38]
    at += 2 + int.from_bytes(shake[at : at + 2], "big")
    at += 1 + shake[at]
    length = int.from_bytes(shake[at : at + 2], "big")
    share = struct.pack(">HH", 51, padding) + bytes(padding)
    shake[at : at + 2] = (length + len(share)).to_bytes(2, "big")
    shake[at + 2 : at + 2] = share
    shake[1:4] = (len(shake) - 4).to_bytes(3, "big")
    return records(bytes(shake))


def records(shake: bytes, most: int = 1 << 14) -> bytes:
    """Return TLS records (RFC 8446, section 5.1) of a handshake message."""
    return b"".join(
        b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part
        for part in (shake[at : at + most] for at in range(0, len(shake), most))
    )


def dtls_fragments(shake: bytes, most: int, number: int = 0) -> list[bytes]:
    """Return records of DTLS (RFC 6347, section 4.2.3) with the fragments of a handshake message of type and body."""
    body = shake[4:]
    return [
        b"\x16\xfe\xfd" + bytes(8) + (12 + len(part)).to_bytes(2, "big")
        + shake[:4] + struct.pack(">H", number) + at.to_bytes(3, "big") + len(part).to_bytes(3, "big") + part
        for at, part in ((at, body[at : at + most]) for at in range(0, len(body), most))
    ]  # fmt: skip
