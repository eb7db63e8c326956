"""A wire to put packets on, and the capture files to write what was on it: no clock, no chance.

Scapy builds the headers and their checksums; the file formats are written here, field by field, so that a
file's bytes depend on nothing but this code.
"""

import struct
import zlib
from dataclasses import dataclass, field

from payloads import number
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether

SEGMENT = 1400
GATEWAY = "02:00:00:00:00:01"


@dataclass(frozen=True)
class Host:
    """A host as the wire sees it; one behind a router has the router's hardware address, and fewer hops to go."""

    ip: str
    near: bool = False
    ttl: int = 64

    @property
    def mac(self) -> str:
        return "02:00:" + ":".join(f"{int(part):02x}" for part in self.ip.split(".")) if self.near else GATEWAY

    @property
    def hops_left(self) -> int:
        return self.ttl if self.near else self.ttl - 11


@dataclass
class Wire:
    """Frames with their times (nanoseconds since 1970) and the interface that saw them."""

    start_ns: int
    vlan: int = 0
    frames: list[tuple[int, int, bytes]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)  # packets by sender: the IP identification

    def put(self, at: float, src: Host, dst: Host, segment: UDP | TCP, interface: int = 0) -> None:
        """Send a segment `at` seconds after the start."""
        self.sent[src.ip] = count = self.sent.get(src.ip, number(src.ip, 12)) + 1
        frame = Ether(src=src.mac, dst=dst.mac if dst.near else GATEWAY)
        if self.vlan:
            frame /= Dot1Q(vlan=self.vlan)
        packet = frame / IP(src=src.ip, dst=dst.ip, ttl=src.hops_left, id=count & 0xFFFF, flags="DF") / segment
        self.frames.append((self.start_ns + round(at * 1e6) * 1000, interface, bytes(packet)))

    def udp(self, at: float, src: tuple[Host, int], dst: tuple[Host, int], payload: bytes, interface: int = 0) -> None:
        self.put(at, src[0], dst[0], UDP(sport=src[1], dport=dst[1]) / payload, interface)

    def ordered(self) -> list[tuple[int, int, bytes]]:
        return sorted(self.frames, key=lambda frame: frame[0])


class Stream:
    """One TCP connection: handshake, segments in both directions with acknowledgements, and the end."""

    def __init__(
        self, wire: Wire, at: float, client: tuple[Host, int], server: tuple[Host, int], rtt: float, interface: int = 0
    ) -> None:
        self.wire, self.now, self.rtt, self.interface = wire, at, rtt, interface
        self.ends = [client, server]
        self.next = [number(f"{end[0].ip}:{end[1]}/isn", 31) for end in self.ends]
        options = [("MSS", SEGMENT), ("NOP", None), ("WScale", 7), ("NOP", None), ("NOP", None), ("SAckOK", b"")]
        self._send(0, "S", options=options)
        self._wait(rtt)
        self._send(1, "SA", options=options)
        self._wait(0.0004)
        self._send(0, "A")

    def _wait(self, seconds: float) -> None:
        self.now += seconds

    def _send(self, side: int, flags: str, data: bytes = b"", options: list[tuple[str, object]] | None = None) -> None:
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if "A" in flags else 0
        segment = TCP(
            sport=sport, dport=dport, seq=self.next[side], ack=ack, flags=flags, window=64240 if "S" in flags else 501,
            options=options or [],
        )  # fmt: skip
        self.wire.put(self.now, src, dst, segment / data if data else segment, self.interface)
        self.next[side] = (self.next[side] + len(data) + ("S" in flags) + ("F" in flags)) & 0xFFFFFFFF

    def send(self, side: int, data: bytes) -> None:
        """Send data from the client (0) or the server (1); the other end acknowledges every second segment."""
        self._wait(self.rtt if side else 0.0006)
        for count, at in enumerate(range(0, len(data), SEGMENT)):
            last = at + SEGMENT >= len(data)
            self._send(side, "PA" if last else "A", data[at : at + SEGMENT])
            self._wait(0.00012)
            if count % 2 or last:
                self._send(1 - side, "A")
                self._wait(0.00008)

    def close(self) -> None:
        self._wait(0.002)
        self._send(0, "FA")
        self._wait(self.rtt)
        self._send(1, "FA")
        self._wait(0.0003)
        self._send(0, "A")


def pcap(wire: Wire) -> bytes:
    """Write a classic capture file, little-endian, microseconds, Ethernet."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    for at, _, frame in wire.ordered():
        out += [struct.pack("<IIII", at // 10**9, at % 10**9 // 1000, len(frame), len(frame)), frame]
    return b"".join(out)


def pcapng(wire: Wire, interfaces: list[str], comment: str) -> bytes:
    """Write a pcapng file (draft-ietf-opsawg-pcapng): one section, named interfaces, nanoseconds."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options([(1, comment.encode())])
    out = [_block(0x0A0D0D0A, section)]
    for name in interfaces:
        out.append(_block(1, struct.pack("<HHI", 1, 0, 262144) + _options([(2, name.encode()), (9, b"\x09")])))
    for at, interface, frame in wire.ordered():
        head = struct.pack("<IIIII", interface, at >> 32, at & 0xFFFFFFFF, len(frame), len(frame))
        out.append(_block(6, head + frame + bytes(-len(frame) % 4)))
    return b"".join(out)


def _options(options: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(struct.pack("<HH", code, len(data)) + data + bytes(-len(data) % 4) for code, data in options)
    return body + bytes(4)


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def gzip(data: bytes) -> bytes:
    """Wrap data in gzip (RFC 1952), stored (RFC 1951, section 3.2.4): compressors differ, these bytes don't."""
    pieces = [data[at : at + 65535] for at in range(0, len(data), 65535)] or [b""]
    blocks = b"".join(
        struct.pack("<BHH", i == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
        for i, piece in enumerate(pieces)
    )
    head = bytes.fromhex("1f8b0800000000000003")
    return head + blocks + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
