"""A bounded stretch of a byte stream, refilled in place, and the batches of packets that are found in it.

One buffer is reused for a whole capture, so memory doesn't grow with its size; a map of the file would
cost more time and would kill the process if the file shrank meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from auditor.read.arrays import I64, SLACK, U8

if TYPE_CHECKING:
    from auditor.read.blocks import Interface

BLOCK: Final = 8 << 20
PACKETS: Final = 24_000
"""About as many are worth a batch: of fewer, NumPy's calls take longer than their work; more take memory only."""
FOREVER: Final = 1 << 62
LONGEST: Final = 1 << 20
"""No record may be longer: four times libpcap's MAXIMUM_SNAPLEN (262,144 bytes), which leaves room for options."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readinto(self, into: memoryview, /) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Stamps:
    """Times of packets as a pcapng file holds them, which nanoseconds can't always tell."""

    stamp: I64  # unsigned 64 bits, in units of the interface's clock
    which: I64  # index into the interfaces
    interfaces: "Sequence[Interface]"


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets of one link type, as offsets into a buffer that is valid until the next batch is asked for."""

    data: U8
    link: int  # LINKTYPE_ value, or one of the negative ones of kinds.py
    start: I64  # of the frame in data
    captured: I64  # bytes that data holds of it
    wire: I64  # bytes that it had
    ns: I64  # nanoseconds since 1970-01-01 UTC
    record: I64  # number in the container, from 1, ascending
    stamps: Stamps | None = None  # None: of a format whose times are whole nanoseconds


@dataclass(frozen=True, slots=True)
class Lost:
    """Bytes that belong to no whole record, and why, in fixed words."""

    bytes: int
    reason: str


@dataclass(frozen=True, slots=True)
class Named:
    """A name record of a pcapng file: what its writer's resolver called an address."""

    address: int  # 128 bits, IPv4 mapped
    name: str
    record: int  # of the packet before it


Found = Batch | Lost | Named


def room(block: int = BLOCK) -> int:
    """Return the bytes of memory that a window takes."""
    return LONGEST + block + LONGEST + SLACK


class Window:
    """`data[start:end]` is what was read and not yet consumed; zeros or stale bytes, but always memory, follow it.

    `position` is the offset of `data[start]` in the stream.  The stream is read up to `limit`, if given.  `memory` is
    that of a window of such a block, which nobody uses any more: to clear some takes longer than to read a small file.
    """

    def __init__(
        self,
        stream: Readable,
        position: int = 0,
        limit: int | None = None,
        block: int = BLOCK,
        memory: bytearray | None = None,
    ) -> None:
        self.stream = stream
        self.block = self.most = block
        self.memory = bytearray(room(block)) if memory is None else memory
        self.data: U8 = np.frombuffer(self.memory, np.uint8)
        self.start = self.end = LONGEST
        self.position = position
        self.left = None if limit is None else max(0, limit - position)  # bytes to be read still
        self.finished = False
        self.failure = ""
        self.until = FOREVER  # records that begin there or later belong to another reader

    def consume(self, upto: int) -> None:
        """Drop what lies before the offset `upto` of `data`."""
        self.position += upto - self.start
        self.start = upto

    def fit(self, mean: float) -> None:
        """Read as much at a time from now on as packets of this mean size are worth."""
        self.block = min(self.most, max(LONGEST, int(mean * PACKETS)))

    def horizon(self) -> int:
        """Return the offset in `data` before which records of this reader begin."""
        return min(self.end, self.start + self.until - self.position)

    def refill(self) -> bool:
        """Move what is left to the front and read on; return False where the stream has no more or fails.

        At most `LONGEST` unconsumed bytes can be kept: ask for more only when no whole record is left.
        """
        kept = self.end - self.start
        if self.finished or kept > LONGEST:
            return False
        view = memoryview(self.memory)
        view[LONGEST - kept : LONGEST] = bytes(view[self.start : self.end])
        self.start, self.end = LONGEST - kept, LONGEST
        target = LONGEST + (self.block if self.left is None else min(self.block, self.left))
        while self.end < target:
            got = self._readinto(view[self.end : target])
            if not got:
                self.finished = True
                break
            self.end += got
        got = self.end - LONGEST
        if self.left is not None:
            self.left -= got
        return got > 0

    def _readinto(self, into: memoryview) -> int:
        """Read some bytes; a compressed stream that is cut or damaged ends there and says so in `failure`."""
        try:
            return self.stream.readinto(into) or 0
        except (OSError, EOFError, ValueError, RuntimeError) as error:
            self.failure = str(error) or type(error).__name__
            return 0

    def skip(self, count: int) -> bool:
        """Consume `count` bytes, whether they are here or not yet; return False if the stream ends before."""
        while count > self.end - self.start:
            count -= self.end - self.start
            self.consume(self.end)
            if not self.refill():
                return False
        self.consume(self.start + count)
        return True
