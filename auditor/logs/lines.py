"""Texts of any size, cut into blocks of whole lines that know their numbers."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np

from auditor.logs.model import Told
from auditor.read.source import Source, opened

Part = TypeVar("Part")
BLOCK: Final = 1 << 24
"""Bytes of a block."""
MOST: Final = 1 << 18
"""Lines of a block."""
LONGEST: Final = 1 << 26
"""Bytes of the longest line that is kept; what is longer is a record that can't be read."""

LONG: Final = "a line of more than 64 MiB"
"""Why a line that is cut can't be read."""


@dataclass(frozen=True)
class Block:
    """Whole lines of a text."""

    number: int  # of its first line, from 1
    data: bytes  # the last line of a text may lack its end
    cut: bool = False  # one line, of which only the beginning is here

    @cached_property
    def lines(self) -> int:
        """Count its lines."""
        ends = np.count_nonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))
        return int(ends) + (not self.data.endswith(b"\n"))

    def picked(self, places: Sequence[int]) -> list[bytes]:
        """Return some of its lines without their ends, by their place from 0."""
        ends = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))
        bounds = np.concatenate([[-1], ends, [len(self.data)]])
        return [self.data[bounds[at] + 1 : bounds[at + 1]] for at in places]


def blocks(source: Source, told: Told, size: int = BLOCK) -> Iterator[Block]:
    """Read a text in blocks of whole lines; what can't be unpacked is told as lost."""
    number, have, over, skipping = 1, 0, False, False
    buffer = bytearray(size)  # one for all: fresh memory of this size takes as long to touch as to read
    with opened(source) as stream:
        while not over:
            got = _fill(stream, memoryview(buffer)[have:], told)
            over, have = got < len(buffer) - have, have + got
            start = 0
            if skipping:
                start = buffer.find(b"\n", 0, have) + 1
                skipping = not start
                start = start or have
            end = max(start, buffer.rfind(b"\n", start, have) + 1)
            if over:
                end = have
            if end > start:
                for block in _cut(number, bytes(memoryview(buffer)[start:end])):
                    yield block
                    number += block.lines
            left = have - end
            if left > LONGEST:
                yield Block(number, bytes(memoryview(buffer)[end : end + size]), cut=True)
                number, left, skipping = number + 1, 0, True
            buffer[:left] = buffer[end : end + left]
            have = left
            if have == len(buffer):
                buffer.extend(bytes(len(buffer)))


def ahead(parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the parts of an iterator, which makes the next one meanwhile: parsers of text need no lock of Python's."""
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = beside.submit(next, parts, None)
            yield part


def numbered(source: Source, told: Told) -> Iterator[tuple[int, bytes | None]]:
    """Yield the number of each line that isn't blank, and its text without spaces around it; None: it is too long."""
    for block in blocks(source, told):
        if block.cut:
            yield block.number, None
            continue
        for number, line in enumerate(block.data.split(b"\n"), block.number):
            if text := line.strip():
                yield number, text


def _cut(number: int, data: bytes) -> Iterator[Block]:
    """Cut blocks of very short lines: as rows of many columns they take far more room than as text."""
    whole = Block(number, data)
    if whole.lines <= MOST:
        yield whole
        return
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    places = [0, *ends[MOST - 1 :: MOST].tolist(), len(data)]
    for place, (begin, end) in enumerate(pairwise(places)):
        if end > begin:
            yield Block(number + place * MOST, data[begin:end])


def _fill(stream: io.RawIOBase, room: memoryview, told: Told) -> int:
    """Fill a buffer with unpacked bytes; return how many there were, fewer than its size only at the end."""
    have = 0
    try:
        while have < len(room) and (got := stream.readinto(room[have:])):
            have += got
    except OSError as error:
        told.lose(0, str(error))
    return have


def pieces(source: Source, told: Told, size: int) -> Iterator[bytes]:
    """Read unpacked bytes, `size` of them at a time but for the last; what can't be unpacked is told as lost."""
    buffer = bytearray(size)
    with opened(source) as stream:
        while got := _fill(stream, memoryview(buffer), told):
            yield bytes(memoryview(buffer)[:got])
            if got < size:
                return
