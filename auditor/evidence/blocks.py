"""Writes the blocks of a pcapng file: a section, interfaces, names and packets, each with what it has to say.

Format: draft-ietf-opsawg-pcapng, sections 3.5 (options), 4.1 (section header), 4.2 (interface description), 4.3
(enhanced packet) and 4.5 (name resolution).  Everything is little-endian.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Final

from auditor.read.blocks import GIGA, MICROSECONDS, Interface
from auditor.read.facts.text import is_v4
from auditor.read.pcapng import ENHANCED, INTERFACE, MAGIC, NAMES, SECTION
from auditor.report.clean import encodable, printable

COMMENT, APPLICATION, RESOLUTION, OFFSET = 1, 4, 9, 14
"""opt_comment, shb_userappl, if_tsresol, if_tsoffset."""
LONGEST: Final = 4000  # bytes of a comment; an option holds 65,535
NANOSECONDS: Final = 9
_V4, _V6 = 1, 2  # nrb_record_ipv4, nrb_record_ipv6

Option = tuple[int, bytes]


def comment(text: str) -> Option:
    """Make a comment of a text: one line, and nothing in it that acts."""
    said = printable(encodable(text)).encode()
    return COMMENT, said if len(said) <= LONGEST else said[:LONGEST].decode(errors="ignore").encode() + b"..."


def section(application: str, comments: Iterable[str]) -> bytes:
    """Write a section header; its length is left open, as a stream's must be."""
    options = [*(comment(text) for text in comments), (APPLICATION, application.encode())]
    return _block(SECTION, struct.pack("<IHHq", MAGIC, 1, 0, -1), options)


def interface(face: Interface) -> bytes:
    """Write an interface description; packets of any length may follow."""
    options = [(RESOLUTION, bytes([face.resolution]))] if face.resolution != MICROSECONDS else []
    options += [(OFFSET, struct.pack("<q", face.offset))] if face.offset else []
    return _block(INTERFACE, struct.pack("<HHI", face.link, 0, 0), options)


def packet(face: int, stamp: int, frame: bytes, wire: int, text: str) -> bytes:
    """Write a packet; `stamp` is in units of its interface's clock, `wire` the bytes that it had."""
    stamp &= (1 << 64) - 1
    head = struct.pack("<IIIII", face, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), wire & 0xFFFFFFFF)
    return _block(ENHANCED, head + _padded(frame), [comment(text)] if text else [])


def names(found: Sequence[tuple[int, str]]) -> bytes:
    """Write names of addresses (128 bits, IPv4 mapped); empty where there are none."""
    records = []
    for address, name in found:
        value = address.to_bytes(16, "big")
        kind, end = (_V4, value[12:]) if is_v4(address) else (_V6, value)
        records.append(_option(kind, end + name.encode("ascii", "replace") + b"\0"))
    return _block(NAMES, b"".join(records) + bytes(4), []) if records else b""


def stamped(ns: int, face: Interface) -> int:
    """Write nanoseconds since 1970 in microseconds or nanoseconds, whichever the interface counts in."""
    return ns // (1 if face.resolution == NANOSECONDS else GIGA // 10**MICROSECONDS)


def _block(kind: int, body: bytes, options: Sequence[Option]) -> bytes:
    rest = b"".join(_option(*each) for each in options) + (bytes(4) if options else b"")
    length = struct.pack("<I", 12 + len(body) + len(rest))
    return struct.pack("<I", kind) + length + body + rest + length


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
