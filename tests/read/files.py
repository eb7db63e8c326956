"""Write captures byte by byte, so that what is read is not written by what reads it; and read packets one by one."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.read.scan import Scan, scan
from auditor.read.source import sources

SECOND = 1_600_000_000


@dataclass(frozen=True)
class Frame:
    data: bytes
    ns: int = SECOND * 1_000_000_000
    wire: int = 0  # 0: as long as data


def pcap(
    frames: Sequence[Frame],
    link: int = 1,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    version: tuple[int, int] = (2, 4),
    extra: int = 0,
) -> bytes:
    """A pcap file; `extra` bytes follow each record header."""
    unit = 1 if magic == 0xA1B23C4D else 1_000
    out = [struct.pack(order + "IHHiIII", magic, *version, 0, 0, 65535, link)]
    for frame in frames:
        lengths = [len(frame.data), frame.wire or len(frame.data)]
        if version < (2, 3):
            lengths.reverse()
        seconds, rest = divmod(frame.ns, 1_000_000_000)
        out.append(struct.pack(order + "IIII", seconds, rest // unit, *lengths) + bytes(extra) + frame.data)
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(
    link: int = 1, order: str = "<", snaplen: int = 0, resolution: int | None = None, offset: int | None = None
) -> bytes:
    options = b""
    if resolution is not None:
        options += struct.pack(order + "HHBxxx", 9, 1, resolution)
    if offset is not None:
        options += struct.pack(order + "HHq", 14, 8, offset)
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + (options + bytes(4) if options else b""), order)


def enhanced(frame: Frame, which: int = 0, order: str = "<", stamp: int | None = None) -> bytes:
    stamp = frame.ns // 1_000 if stamp is None else stamp
    sizes = len(frame.data), frame.wire or len(frame.data)
    return block(6, struct.pack(order + "IIIII", which, stamp >> 32, stamp & 0xFFFFFFFF, *sizes) + frame.data, order)


def simple(frame: Frame, order: str = "<", kept: int | None = None) -> bytes:
    return block(3, struct.pack(order + "I", frame.wire or len(frame.data)) + frame.data[:kept], order)


def old(frame: Frame, which: int = 0, order: str = "<") -> bytes:
    stamp = frame.ns // 1_000
    sizes = len(frame.data), frame.wire or len(frame.data)
    return block(
        2, struct.pack(order + "HHIIII", which, 0, stamp >> 32, stamp & 0xFFFFFFFF, *sizes) + frame.data, order
    )


def read(path: Path, content: bytes, name: str = "a.pcap", workers: int = 1) -> Scan:
    """Write a file and scan it."""
    (path / name).write_bytes(content)
    return scan(sources([str(path / name)]), [0], workers=workers)


Flow = tuple[int, int, int, int, int]


def flows(found: Scan) -> dict[Flow, int]:
    """Packets of each one-way flow, whatever its kind of payload: source, destination, ports, protocol."""
    d = found.directed
    result: dict[Flow, int] = {}
    columns = (d.src_hi, d.src_lo, d.dst_hi, d.dst_lo, d.sport, d.dport, d.protocol, d.packets)
    for a, b, c, e, sport, dport, protocol, packets in zip(*(column.tolist() for column in columns), strict=True):
        key = (a << 64 | b, c << 64 | e, sport, dport, protocol)
        result[key] = result.get(key, 0) + packets
    return result


def accounted(found: Scan) -> bool:
    """Say whether every packet is in a flow or under a reason."""
    placed = int(found.directed.packets.sum()) + sum(row.packets for row in found.unread)
    return placed == sum(entry.packets for entry in found.inputs)


def v4(address: str) -> int:
    return 0xFFFF << 32 | int.from_bytes(bytes(map(int, address.split("."))), "big")


def ip4(
    payload: bytes = b"", src: str = "192.0.2.1", dst: str = "198.51.100.2", protocol: int = 17, options: bytes = b"",
    ident: int = 0, fragment: int = 0, total: int | None = None,
) -> bytes:  # fmt: skip
    size = 20 + len(options)
    total = size + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, total, ident, fragment, 64, protocol, 0)
    return head + bytes(map(int, src.split("."))) + bytes(map(int, dst.split("."))) + options + payload


def ip6(payload: bytes, following: int = 17, src: int = 0x20010DB8 << 96 | 1, dst: int = 0x20010DB8 << 96 | 2) -> bytes:
    return (
        struct.pack(">IHBB", 6 << 28, len(payload), following, 64)
        + src.to_bytes(16, "big")
        + dst.to_bytes(16, "big")
        + payload
    )


def udp(payload: bytes = b"", sport: int = 4000, dport: int = 5000) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def tcp(payload: bytes = b"", sport: int = 4000, dport: int = 443, flags: int = 0x10) -> bytes:
    return struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 1000, 0, 0) + payload


def ether(payload: bytes, kind: int = 0x0800, tags: Sequence[tuple[int, int]] = ()) -> bytes:
    types = [number for number, _ in tags] + [kind]
    body = b"".join(struct.pack(">HH", tag, following) for (_, tag), following in zip(tags, types[1:], strict=True))
    return bytes(12) + struct.pack(">H", types[0]) + body + payload


PLAIN = Frame(ether(ip4(udp(b"hello"))))
PLAIN_FLOW: Flow = (v4("192.0.2.1"), v4("198.51.100.2"), 4000, 5000, 17)
