"""Reads snoop files (RFC 1761): big-endian, one link type, records of 24 bytes that tell their own length.

They are rare and mostly small, so records are followed one by one.
"""

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from auditor.read.arrays import items
from auditor.read.pcap import CUT, rest
from auditor.read.window import LONGEST, Batch, Found, Lost, Window

MAGIC: Final = b"snoop\0\0\0"
VERSION: Final = 2
HEADER: Final = 16
RECORD: Final = 24
LINKS: Final = {0: 1, 2: 6, 4: 1, 8: 10}
"""Datalink types as LINKTYPE values: 802.3 and Ethernet, token ring, FDDI."""
OTHER_LINK: Final = 1 << 16
"""Added to other datalink types, which are numbers of snoop's own and no LINKTYPE values."""


def sniff(head: bytes) -> bool:
    """Say whether a file that starts so is a snoop file of a version that is known, or may be one that is cut."""
    known = MAGIC + struct.pack(">I", VERSION)
    return len(head) >= len(MAGIC) and head[: len(known)] == known[: len(head)]


def read(window: Window) -> Iterator[Found]:
    """Yield the packets of a whole file, from its beginning."""
    if window.end - window.start < HEADER:
        yield Lost(window.end - window.start, window.failure or CUT)
        return
    (datalink,) = struct.unpack_from(">I", window.memory, window.start + HEADER - 4)
    link = LINKS.get(datalink, OTHER_LINK | datalink)
    window.consume(window.start + HEADER)
    number = 1
    while True:
        offsets, upto, broken = _records(window)
        if offsets:
            yield _batch(window, link, offsets, number)
            number += len(offsets)
            window.consume(upto)
        elif broken or not window.refill():
            break
    yield from rest(window, broken)


def _records(window: Window) -> tuple[list[int], int, bool]:
    """Return the offsets of the whole records in the window, where the next one begins, and whether that can't be."""
    offsets: list[int] = []
    at = window.start
    lengths = struct.Struct(">II").unpack_from
    while at + RECORD <= window.end:
        captured, length = lengths(window.memory, at + 4)
        if not captured + RECORD <= length <= LONGEST:
            return offsets, at, True
        if at + length > window.end:
            break
        offsets.append(at)
        at += length
    return offsets, at, False


def _batch(window: Window, link: int, offsets: list[int], number: int) -> Batch:
    at = np.array(offsets, np.int64)
    head = items(window.data, at, RECORD, ">u4").astype(np.int64)
    ns = head[:, 4] * 1_000_000_000 + head[:, 5] * 1_000
    records = np.arange(number, number + len(at), dtype=np.int64)
    return Batch(window.data, link, at + RECORD, head[:, 1].copy(), head[:, 0].copy(), ns, records)
