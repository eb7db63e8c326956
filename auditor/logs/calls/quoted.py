"""Lines of comma-separated fields with quotes that mean something: a quote within is doubled, and a field may hold line
ends (RFC 4180).

Call detail records are few beside packets and lines of flow logs, so they are read one by one.
"""

import csv
from collections.abc import Iterator

from auditor.logs.lines import blocks
from auditor.logs.model import Told
from auditor.read.source import Source

LONGEST = 1 << 20
"""Characters of a record that is read."""
LINES = 256
"""Lines that one record may have."""

Record = tuple[int, list[str] | None]
"""Number of its first line, and its fields; None: it can't be read."""


def records(source: Source, told: Told, separator: str = ",") -> Iterator[Record]:
    """Yield the records that are not blank."""
    waiting: list[str] = []
    begun = 0
    for number, line in _lines(source, told):
        if line is None:
            yield number, None
            continue
        begun = begun if waiting else number
        waiting.append(line)
        text = "".join(waiting)
        if text.count('"') % 2 and len(waiting) < LINES and len(text) < LONGEST:
            continue
        yield from _split(begun, waiting, separator)
        waiting = []
    if waiting:
        yield from _split(begun, waiting, separator)


def _lines(source: Source, told: Told) -> Iterator[tuple[int, str | None]]:
    for block in blocks(source, told):
        if block.cut:
            yield block.number, None
            continue
        for number, line in enumerate(block.data.decode("utf-8", "replace").split("\n"), block.number):
            if line.strip() or number < block.number + block.data.count(b"\n"):
                yield number, line + "\n"


def _split(number: int, lines: list[str], separator: str) -> Iterator[Record]:
    """Split a record; of lines that are none together, because of a quote that never ends, each is its own."""
    if len(lines) > 1 and "".join(lines).count('"') % 2:
        for place, line in enumerate(lines):
            yield from _split(number + place, [line], separator)
        return
    text = "".join(lines).rstrip("\r\n").replace("\0", "�")
    if not text.strip():
        return
    if len(text) > LONGEST:
        yield number, None
        return
    try:
        fields = next(csv.reader([text.replace("\r\n", " ").replace("\n", " ")], delimiter=separator), [])
    except csv.Error:
        yield number, None
        return
    yield number, fields
