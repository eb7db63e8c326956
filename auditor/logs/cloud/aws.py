"""AWS VPC flow logs as text: the default format, all fields in the order of their versions, or what a header names.

Amazon VPC User Guide, "Flow log records": a line a record, fields between spaces, `-` for a field without a value.
"""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.cloud.vpc import ORDER, rows
from auditor.logs.lines import LONG, Block, blocks
from auditor.logs.model import Told, unread
from auditor.logs.tables import table
from auditor.logs.tables import told as spoken
from auditor.model.status import MALFORMED
from auditor.read.source import Source

DEFAULT: Final = 14
"""Fields of the default format, version 2."""
TIMESTAMP: Final = "timestamp"
"""What stands before each record that CloudWatch Logs exported."""
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?$")
_STATUS: Final = {b"OK", b"NODATA", b"SKIPDATA"}


def sniff(head: bytes) -> bool:
    """Tell by the names in the first line, or by the shape of a record without a header."""
    return bool(_fields(head.lstrip(b"\r\n").partition(b"\n")[0]))


def _fields(line: bytes) -> list[str]:
    """Return the names of a line's fields, which is a header or a record; empty if it is neither."""
    words = line.split()
    named = [word.decode("ascii", "replace") for word in words]
    if len(named) > 2 and set(named) <= {*ORDER, TIMESTAMP} and len(set(named)) == len(named):
        return named if {"srcaddr", "pkt-srcaddr", "interface-id"} & set(named) else []
    stamped = bool(words) and bool(_STAMP.match(words[0]))
    record = words[stamped:]
    shaped = (
        DEFAULT <= len(record) <= len(ORDER)
        and record[0].isdigit()
        and 2 <= int(record[0]) <= 99
        and record[13] in _STATUS
        and record[12] in (b"ACCEPT", b"REJECT", b"-")
    )
    return [TIMESTAMP] * stamped + ORDER[: len(record)] if shaped else []


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows; those of records that nothing tells apart come together."""
    cut: list[int] = []
    yield from rows(_read(source, told, cut), told)
    if cut:
        yield unread(cut, MALFORMED, LONG)


def _read(source: Source, told: Told, cut: list[int]) -> Iterator[tuple[pl.LazyFrame, list[str]]]:
    """Yield tables of records with their fields; numbers of lines that are too long go to `cut`."""
    names: list[str] = []
    for block in blocks(source, told):
        if block.cut:
            cut.append(block.number)
            continue
        known = names or _fields(block.data.lstrip(b"\r\n").partition(b"\n")[0])
        for found, names in _tables(block, known):  # the last header holds for the next block
            yield found.lazy().filter(spoken(names)), names


def _tables(block: Block, names: list[str]) -> Iterator[tuple[pl.DataFrame, list[str]]]:
    """Read the records between lines of names, of which there may be several: files are put together."""
    whole = table(block, names, " ")
    headers = whole[names[0]].is_in([*ORDER, TIMESTAMP]).fill_null(False).arg_true().to_list()
    if not headers or (headers == [0] and _fields(block.data.partition(b"\n")[0]) == names):
        yield whole[len(headers) :], names
        return
    lines = block.data.removesuffix(b"\n").split(b"\n")
    start = 0
    for at in [*headers, len(lines)]:
        if at > start:
            yield table(Block(block.number + start, b"\n".join(lines[start:at])), names, " "), names
        names = (_fields(lines[at]) or names) if at < len(lines) else names
        start = at + 1


LINES: Final = True
"""A record is a line."""
