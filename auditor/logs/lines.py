"""Texts of any size, cut into blocks of whole lines that know their numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from auditor.logs.model import Told
from auditor.read.source import Source, opened

BLOCK: Final = 1 << 25
"""Bytes of a block."""
LONGEST: Final = 1 << 26
"""Bytes of the longest line that is kept; what is longer is a record that can't be read."""

LONG: Final = "a line of more than 64 MiB"
"""Why a line that is cut can't be read."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a text."""

    number: int  # of its first line, from 1
    data: bytes  # the last line of a text may lack its end
    cut: bool = False  # one line, of which only the beginning is here


def blocks(source: Source, told: Told, size: int = BLOCK) -> Iterator[Block]:
    """Read a text in blocks of whole lines; what can't be unpacked is told as lost."""
    number, rest = 1, bytearray()
    skipping = False
    for more in pieces(source, told, size):
        start = 0
        if skipping:
            start = more.find(b"\n") + 1
            if not start:
                continue
            skipping = False
        end = more.rfind(b"\n") + 1
        if end > start:
            data = bytes(rest) + more[start:end]
            yield Block(number, data)
            number += data.count(b"\n")
            rest.clear()
        rest += more[max(start, end) :]
        if len(rest) > LONGEST:
            yield Block(number, bytes(rest[:size]), cut=True)
            number += 1
            rest.clear()
            skipping = True
    if rest:
        yield Block(number, bytes(rest))


def pieces(source: Source, told: Told, size: int) -> Iterator[bytes]:
    """Read unpacked bytes, `size` of them at a time but for the last; what can't be unpacked is told as lost."""
    with opened(source) as stream:
        while True:
            parts, left = [], size
            try:
                while left and (part := stream.read(left)):
                    parts.append(part)
                    left -= len(part)
            except OSError as error:
                told.lose(0, str(error))
                yield b"".join(parts)
                return
            if parts:
                yield b"".join(parts)
            if left:
                return
