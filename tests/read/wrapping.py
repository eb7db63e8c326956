"""Write tunnels byte by byte, each as its standard draws it."""

import struct

from tests.read.files import ether, ip4, ip6, udp

INNER_SRC, INNER_DST = "10.0.0.1", "203.0.113.9"


def summed(packet: bytes) -> bytes:
    """Fill in the checksum of an IPv4 header (RFC 1071)."""
    size = (packet[0] & 15) * 4
    total = sum(struct.unpack(f">{size // 2}H", packet[:10] + b"\0\0" + packet[12:size]))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return packet[:10] + struct.pack(">H", total ^ 0xFFFF) + packet[12:]


def inner4(payload: bytes = b"hello", **options: object) -> bytes:
    """An IPv4 packet with a right checksum."""
    return summed(ip4(udp(payload), src=INNER_SRC, dst=INNER_DST, **options))  # type: ignore[arg-type]


def inner6(payload: bytes = b"hello") -> bytes:
    return ip6(udp(payload), src=0xFC << 120 | 1, dst=0x20010DB8 << 96 | 9)


def frame(packet: bytes, tags: tuple[tuple[int, int], ...] = ()) -> bytes:
    return ether(packet, 0x0800 if packet[0] >> 4 == 4 else 0x86DD, tags)


def to(port: int, payload: bytes, sport: int = 50000) -> bytes:
    """The outer packet of a tunnel in UDP."""
    return ip4(udp(payload, sport, port))


def vxlan(packet: bytes, flags: int = 8, reserved: int = 0) -> bytes:
    return struct.pack(">II", flags << 24 | reserved, 77 << 8) + frame(packet)


def vxlan_gpe(following: int, content: bytes) -> bytes:
    return struct.pack(">BHBI", 0x0C, 0, following, 77 << 8) + content


def geneve(kind: int, content: bytes, options: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack(">BBHI", len(options) // 4, flags, kind, 5 << 8) + options + content


def gtp(content: bytes, kind: int = 255, flags: int = 0x30, extra: bytes = b"", more: int = 0) -> bytes:
    return struct.pack(">BBHI", flags, kind, len(extra) + len(content) + more, 0x1234) + extra + content


def gre(kind: int, content: bytes, key: int | None = None, sequence: int | None = None, checked: bool = False) -> bytes:
    flags = 0x8000 * checked | 0x2000 * (key is not None) | 0x1000 * (sequence is not None)
    fields = [0] * checked + [value for value in (key, sequence) if value is not None]
    return struct.pack(">HH", flags, kind) + b"".join(struct.pack(">I", value) for value in fields) + content


def ppp(packet: bytes) -> bytes:
    return b"\xff\x03" + struct.pack(">H", 0x21 if packet[0] >> 4 == 4 else 0x57) + packet


def pptp(content: bytes, sequence: int = 9, acknowledged: int | None = None, length: int | None = None) -> bytes:
    flags = 0x3001 | 0x80 * (acknowledged is not None)
    head = struct.pack(">HHHHI", flags, 0x880B, len(content) if length is None else length, 7, sequence)
    return head + (b"" if acknowledged is None else struct.pack(">I", acknowledged)) + content


def erspan2(content: bytes) -> bytes:
    return gre(0x88BE, struct.pack(">II", 1 << 28 | 100 << 16 | 5, 0) + content, sequence=1)


def erspan3(content: bytes, frame_type: int = 0, platform: bool = False) -> bytes:
    tail = frame_type << 10 | int(platform)
    return gre(0x22EB, struct.pack(">IIHH", 2 << 28 | 5, 0, 0, tail) + bytes(8 * platform) + content, sequence=1)


def labels(content: bytes, *numbers: int) -> bytes:
    return (
        b"".join(struct.pack(">I", n << 12 | (i == len(numbers) - 1) << 8 | 64) for i, n in enumerate(numbers))
        + content
    )


def l2tp(content: bytes, length: bool = True, numbered: bool = False, offset: int | None = None) -> bytes:
    flags = 0x4000 * length | 0x0800 * numbered | 0x0200 * (offset is not None) | 2
    rest = struct.pack(">HH", 1, 2) + bytes(4 * numbered)
    rest += b"" if offset is None else struct.pack(">H", offset) + bytes(offset)
    size = struct.pack(">H", 4 + len(rest) + len(content)) if length else b""
    return struct.pack(">H", flags) + size + rest + content


def ayiya(content: bytes, following: int = 41, operation: int = 1) -> bytes:
    return struct.pack(">BBBBI", 0x41, 0x52, 0x10 | operation, following, 0) + bytes(16 + 20) + content
