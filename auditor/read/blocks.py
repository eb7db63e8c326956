"""What the blocks of a pcapng file say besides packets: interfaces, their clocks, and names.

Format: draft-ietf-opsawg-pcapng, sections 4.2 (interfaces and their options) and 4.5 (names).
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from auditor.read.arrays import I64, distinct
from auditor.read.kinds import LINKTYPE_NONE

END, RESOLUTION, OFFSET = 0, 9, 14
"""Options of an interface: opt_endofopt, if_tsresol, if_tsoffset."""
MICROSECONDS: Final = 6
NO_TIME: Final = 0
SECONDS: Final = 9_000_000_000  # from the epoch either way; 64 bits of nanoseconds hold little more
NAME: Final = 255  # bytes of a name (RFC 1035, section 2.3.4)
GIGA: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Interface:
    """What an interface description says that packets need."""

    link: int
    snaplen: int  # 0: unlimited
    resolution: int = MICROSECONDS  # if_tsresol: negative power of ten; with 128 added, of two
    offset: int = 0  # if_tsoffset, seconds


NOT_DESCRIBED: Final = Interface(LINKTYPE_NONE, 0)


def interface(body: bytes, order: str) -> Interface:
    """Read the body of an interface description block; options that are cut or unknown are left out."""
    if len(body) < 8:
        return NOT_DESCRIBED
    link, _reserved, snaplen = struct.unpack_from(order + "HHI", body)
    resolution, offset, at = MICROSECONDS, 0, 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == END or len(value) < size:
            break
        if code == RESOLUTION and size == 1:
            resolution = value[0]
        elif code == OFFSET and size == 8:
            offset = struct.unpack(order + "q", value)[0]
        at += 4 + (size + 3) // 4 * 4
    return Interface(link, snaplen, resolution, max(-SECONDS, min(SECONDS, offset)))


def clocked(stamp: I64, which: I64, interfaces: Sequence[Interface]) -> I64:
    """Turn 64-bit time stamps (unsigned, in the bits of signed ones) of interfaces into nanoseconds since 1970."""
    clocks = {(interfaces[i].resolution, interfaces[i].offset) for i in distinct(which)}
    if len(clocks) == 1:
        return _nanoseconds(stamp, *clocks.pop())
    ns = np.zeros(len(stamp), np.int64)
    for i in distinct(which):
        some = np.flatnonzero(which == i)
        ns[some] = _nanoseconds(stamp[some], interfaces[i].resolution, interfaces[i].offset)
    return ns


def _nanoseconds(stamp: I64, resolution: int, offset: int) -> I64:
    """Convert from units of 10**-resolution or 2**-resolution seconds; times beyond the range stay at its edge."""
    units = stamp.view(np.uint64)
    if resolution & 0x80:
        shift = min(resolution & 0x7F, 63)
        seconds = units >> np.uint64(shift)
        rest = units & np.uint64((1 << shift) - 1)
        fine = max(0, shift - 34)  # 34 bits of a fraction times 10**9 fit into 64
        part = (rest >> np.uint64(fine)) * np.uint64(GIGA) >> np.uint64(shift - fine)
    else:
        power = min(resolution, 19)
        seconds = units // np.uint64(10**power)
        rest = units % np.uint64(10**power)
        part = rest * np.uint64(10 ** (9 - power)) if power <= 9 else rest // np.uint64(10 ** (power - 9))
    whole = np.minimum(seconds, np.uint64(SECONDS)).astype(np.int64)
    if offset:
        whole = np.clip(whole + offset, -SECONDS, SECONDS)
    ns: I64 = whole * GIGA + part.astype(np.int64)
    return ns


def names(body: bytes, order: str) -> Iterator[tuple[int, str]]:
    """Yield the addresses (128 bits, IPv4 mapped) and names of a name resolution block."""
    at = 0
    while at + 4 <= len(body):
        kind, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        width = {1: 4, 2: 16}.get(kind)
        if kind == END or len(value) < size:
            return
        if width is not None and size > width:
            address = int.from_bytes(value[:width], "big") | (0xFFFF << 32 if width == 4 else 0)
            for name in value[width:].split(b"\0"):
                if 0 < len(name) <= NAME:
                    yield address, name.decode("ascii", "backslashreplace").lower().rstrip(".")
        at += 4 + (size + 3) // 4 * 4
