"""Homer Encapsulation Protocol: messages that agents copied, out of files of them and out of captures of their way.

HEP3 Network Protocol Specification (rev. 12 and later): "HEP3", total length, then chunks of vendor, type and length.
HEP version 1 and 2 (sipcapture, HEP header of 2011): version, length, family, protocol, ports and addresses; version 2
adds seconds, microseconds and the agent's number.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.read import headers, link
from auditor.read.arrays import words
from auditor.read.part import found as batches
from auditor.read.source import Source, opened
from auditor.read.window import Batch, Window

MAGIC: Final = b"HEP3"
HEAD: Final = 6  # magic and length
LONGEST: Final = 65_000
"""Bytes of a message, unpacked or not, that is read."""
PORTS: Final = (9060, 9061, 9062, 9063)
"""Where collectors listen for the versions without a magic number."""
PIECE: Final = 1 << 20
WAITING: Final = 4_096
"""Streams of TCP whose next piece is waited for."""
FAMILIES: Final = {2: 4, 10: 16}  # AF_INET and AF_INET6 of Linux, which HEP writes whatever the system


@dataclass(frozen=True, slots=True)
class Copy:
    """One message as its agent saw it."""

    record: int
    src: bytes = b""  # addresses of 4 or 16 bytes; empty: not told
    dst: bytes = b""
    sport: int = 0
    dport: int = 0
    protocol: int = 17  # of IP
    ns: int = 0
    kind: int = 0  # 1: SIP, 5: RTCP as JSON, 100: a line of a log, ...
    agent: str = ""
    call: bytes = b""  # correlation id
    payload: bytes = b""
    broken: bool = False


def from_file(source: Source, told: Told) -> Iterator[Copy]:
    """Yield the messages of a file in which they follow each other, numbered from 1."""
    buffer, number = bytearray(), 0
    for piece in pieces(source, told, PIECE):
        buffer += piece
        for size in _whole(buffer, told):
            number += 1
            yield decoded(bytes(buffer[:size]), number)
            del buffer[:size]
    if len(buffer) >= len(MAGIC) and buffer.startswith(MAGIC):
        yield Copy(number + 1, broken=True)
    elif buffer:
        told.lose(len(buffer), "no message of HEP")


def _whole(buffer: bytearray, told: Told) -> Iterator[int]:
    """Yield the size of the message that begins the buffer while there is a whole one; the caller takes it away."""
    while True:
        begun = buffer.find(MAGIC)
        if begun:
            lost = begun if begun > 0 else max(len(buffer) - len(MAGIC) + 1, 0)
            if lost:
                told.lose(lost, "no message of HEP")
            del buffer[:lost]
        if len(buffer) < HEAD or not buffer.startswith(MAGIC):
            return
        size = int.from_bytes(buffer[4:6], "big")
        if size < HEAD:  # not the beginning of one after all
            told.lose(len(MAGIC), "no message of HEP")
            del buffer[: len(MAGIC)]
            continue
        if len(buffer) < size:
            return
        yield size


def from_capture(source: Source, told: Told) -> Iterator[Copy]:
    """Yield the messages that the packets of a capture carry, with the numbers of the packets."""
    waiting: dict[tuple[bytes, int], bytearray] = {}
    with opened(source) as stream:
        window = Window(stream)
        window.refill()
        for batch in batches(source, window):
            if not isinstance(batch, Batch):
                continue
            for packets in headers.read(batch, link.find(batch)):
                if isinstance(packets, headers.Packets) and len(packets.index):
                    yield from _carried(batch, packets, waiting, told)


def _carried(
    batch: Batch, packets: headers.Packets, waiting: dict[tuple[bytes, int], bytearray], told: Told
) -> Iterator[Copy]:
    first = words(packets.data, packets.body, 1)[:, 0] & np.uint64(0xFFFFFFFF)
    begins = (first == int.from_bytes(MAGIC, "little")) & (packets.end - packets.body >= HEAD)
    tcp, udp = packets.protocol == headers.TCP, packets.protocol == headers.UDP
    old = udp & np.isin((packets.ports >> np.uint64(16)).astype(np.uint16).byteswap(), PORTS)
    streams = tcp & bool(waiting or (begins & tcp).any())
    for at in np.flatnonzero((begins & udp) | streams | old).tolist():
        payload = packets.data[packets.body[at] : packets.end[at]].tobytes()
        record = int(batch.record[packets.index[at]])
        if udp[at]:
            if begins[at]:
                yield decoded(payload[: int.from_bytes(payload[4:6], "big")], record)
            elif payload[:1] in (b"\x01", b"\x02"):
                yield older(payload, record, int(batch.ns[packets.index[at]]))
            continue
        key = b"".join(word[at].tobytes() for word in packets.address), int(packets.ports[at])
        if key not in waiting and not (begins[at] and len(waiting) < WAITING):
            continue
        buffer = waiting.setdefault(key, bytearray())
        buffer += payload
        for size in _whole(buffer, told):
            yield decoded(bytes(buffer[:size]), record)
            del buffer[:size]
        if not buffer:
            del waiting[key]


def decoded(data: bytes, record: int) -> Copy:
    """Read one message of HEP3."""
    chunks: dict[int, bytes] = {}
    at = HEAD
    while at + HEAD <= len(data):
        vendor, kind, size = struct.unpack_from(">HHH", data, at)
        if size < HEAD or at + size > len(data):
            return Copy(record, broken=True)
        if vendor == 0:
            chunks.setdefault(kind, data[at + HEAD : at + size])
        at += size
    size = FAMILIES.get(_number(chunks.get(1)), 0)
    src, dst = (chunks.get(3, b""), chunks.get(4, b"")) if size == 4 else (chunks.get(5, b""), chunks.get(6, b""))
    payload = _unpacked(chunks[16]) if 16 in chunks else chunks.get(15, b"")
    if (
        len(data) < HEAD
        or not at == len(data) == int.from_bytes(data[4:6], "big")
        or not size
        or len(src) != size
        or len(dst) != size
        or payload is None
    ):
        return Copy(record, broken=True)
    agent = chunks.get(12, b"")
    return Copy(
        record, src, dst, _number(chunks.get(7)) & 0xFFFF, _number(chunks.get(8)) & 0xFFFF,
        _number(chunks.get(2)) & 0xFF, _number(chunks.get(9)) * 10**9 + min(_number(chunks.get(10)), 999_999) * 1_000,
        _number(chunks.get(11)), str(_number(agent)) if agent else "", chunks.get(17, b"")[:256], payload[:LONGEST],
    )  # fmt: skip


def _number(data: bytes | None) -> int:
    return int.from_bytes(data[:4], "big") if data else 0


def _unpacked(data: bytes) -> bytes | None:
    """Unpack a payload by zlib (RFC 1950); None for what is none, or too long."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(data, LONGEST)
    except zlib.error:
        return None
    return found if unpacker.eof else None


def older(data: bytes, record: int, ns: int) -> Copy:
    """Read one message of version 1 or 2, which hold SIP only."""
    if len(data) < 8:
        return Copy(record, broken=True)
    version, size, family, protocol, sport, dport = struct.unpack_from(">BBBBHH", data)
    width = FAMILIES.get(family, 0)
    at = 8 + 2 * width
    if not width or len(data) < size or size < at:
        return Copy(record, broken=True)
    src, dst = data[8 : 8 + width], data[8 + width : at]
    agent = ""
    if version == 2 and len(data) >= at + 12:
        seconds, micro, number = struct.unpack_from("<IIH", data, at)
        ns, agent = seconds * 10**9 + min(micro, 999_999) * 1_000, str(number)
        at += 12
    return Copy(record, src, dst, sport, dport, protocol, ns, 1, agent, b"", data[max(at, size) :][:LONGEST])
