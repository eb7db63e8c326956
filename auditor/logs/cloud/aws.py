"""Flow logs of AWS VPCs and transit gateways as text: default formats, fields in their order, or what a header names.

Amazon VPC User Guide, "Flow log records", and AWS Transit Gateway Guide, "Transit Gateway Flow Log records": a line a
record, fields between spaces, `-` for a field without a value.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Final

import polars as pl

from auditor.logs.cloud.vpc import FINE, ORDER, TRANSIT, TYPES, judged, rows
from auditor.logs.lines import LONG, Block, ahead, blocks
from auditor.logs.model import Told, unread
from auditor.logs.tables import table, typed
from auditor.logs.tables import told as spoken
from auditor.model.status import MALFORMED
from auditor.read.source import Source

DEFAULT: Final = 14
"""Fields of the default format, version 2."""
TIMESTAMP: Final = "timestamp"
"""What stands before each record that CloudWatch Logs exported."""
KNOWN: Final = frozenset({*ORDER, *TRANSIT, TIMESTAMP})
MOST: Final = 200
"""Fields of a header, at most."""
HEADERS: Final = 1_000
"""Different headers of one file; what stands below more of them is not read."""
MANY: Final = "a record below a header that is one of too many"
_NAME: Final = re.compile(rb"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?$")
_STATUS: Final = {b"OK", b"NODATA", b"SKIPDATA"}


def sniff(head: bytes) -> bool:
    """Tell by the names in the first line, or by the shape of a record without a header."""
    names = fields(first_line(head))
    return bool(names) and not is_transit(names)


def first_line(data: bytes) -> bytes:
    """Return the first line that isn't blank."""
    return data.lstrip(b"\r\n").partition(b"\n")[0]


def is_transit(names: list[str]) -> bool:
    """Say whether these are fields of a transit gateway."""
    return any(name.startswith(("tgw-", "packets-lost-")) for name in names)


def is_flow(names: list[str]) -> bool:
    """Say whether these are fields of a flow log, perhaps beside some that are not known."""
    told = is_transit(names) or {"srcaddr", "pkt-srcaddr", "interface-id"} & {*names}
    return bool(told) and 2 * sum(name in KNOWN for name in names) >= len(names)


def fields(line: bytes) -> list[str]:
    """Return the names of a line's fields, which is a header or a record; empty if it is neither.

    A header may name fields that came after this was written, beside those that are known.
    """
    words = line.split()
    if 2 < len(words) < MOST and all(map(_NAME.fullmatch, words)):
        names = [word.decode("ascii") for word in words]
        return names if len({*names}) == len(names) and is_flow(names) else []
    stamped = bool(words) and bool(_STAMP.match(words[0]))
    order = _order(words[stamped:])
    return [TIMESTAMP] * stamped + order if order else []


def _order(record: list[bytes]) -> list[str]:
    """Return the names of the fields of a record in the default order of its log; empty if it is none."""
    version = record[0] if record else b""
    if not (version.isdigit() and 2 <= int(version[:9]) <= 99):
        return []
    if DEFAULT <= len(record) <= len(ORDER) and record[13] in _STATUS and record[12] in (b"ACCEPT", b"REJECT", b"-"):
        return ORDER[: len(record)]
    passing = 26 <= len(record) <= len(TRANSIT) and record[1] == b"TransitGateway" and record[25] in _STATUS
    return TRANSIT[: len(record)] if passing else []


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows; those of records that nothing tells apart come together."""
    bad: dict[str, list[int]] = {}
    yield from rows(ahead(_read(source, told, bad)), told)
    for why, numbers in bad.items():
        yield unread(numbers, MALFORMED, why)


def _read(source: Source, told: Told, bad: dict[str, list[int]]) -> Iterator[tuple[pl.LazyFrame, list[str]]]:
    """Yield tables of records with their fields; numbers of lines that can't be read go to `bad`."""
    names: list[str] = []
    kinds: set[tuple[str, ...]] = set()
    for block in blocks(source, told):
        if block.cut:
            bad.setdefault(LONG, []).append(block.number)
            continue
        names = names or fields(first_line(block.data)) or ORDER[:DEFAULT]
        tables = _quick(block, names)
        if tables is None:
            names, tables = _tables(block, names)  # the last header holds for the next block
        for each, found in tables:
            kinds.add(tuple(each))
            some = found if FINE in found.columns else found.filter(spoken(each))
            if len(kinds) > HEADERS:
                bad.setdefault(MANY, []).extend(some["record"].to_list())
            else:
                yield some.lazy(), each


Tables = list[tuple[list[str], pl.DataFrame]]
ODD: Final = 4
"""Of a block in which more than one record in so many is odd, all are read as text."""


def _quick(block: Block, names: list[str]) -> Tables | None:
    """Do what `_tables` does, but read as text only records that are odd; None: they are many, or names change.

    A line of names is odd, for no name is a number.
    """
    kinds = {name: TYPES[name] for name in names if name in TYPES}
    found = typed(block, names, " ", kinds) if {*kinds.values()} - {pl.String} else None
    if found is None:
        return None
    read = judged(found.lazy(), set(names), text=True).collect()
    odd = (~read[FINE]).arg_true().to_list()
    if not odd:
        return [(names, read)]
    if len(odd) * ODD > len(read):
        return None
    lines = block.picked(odd)
    text = _together([block.number + at for at in odd], lines, names)
    headers = _headers(text, lines, names)
    if any(each != names for each in headers.values()):
        return None
    return [(names, read.filter(FINE)), (names, _without(text, headers))]


def _tables(block: Block, names: list[str]) -> tuple[list[str], Tables]:
    """Read the records between lines of names, of which there may be several: files are put together.

    Return the names that hold at the end, and the records below each header, wherever that stands.
    """
    whole = table(block, names, " ")
    lines = block.data.removesuffix(b"\n").split(b"\n") if _maybe(whole, names).any() else []
    headers = _headers(whole, lines, names)
    if all(each == names for each in headers.values()):
        return names, [(names, _without(whole, headers))]
    groups: dict[tuple[str, ...], list[range]] = {}
    start = 0
    for at in [*headers, len(lines)]:
        if at > start:
            groups.setdefault(tuple(names), []).append(range(start, at))
        names, start = headers.get(at, names), at + 1
    picked = {each: list(chain(*parts)) for each, parts in groups.items()}
    return names, [
        (list(each), _together([block.number + at for at in places], [lines[at] for at in places], each))
        for each, places in picked.items()
    ]


def _maybe(rows: pl.DataFrame, names: list[str]) -> pl.Series:
    """Say which records of a table may be lines of names."""
    return rows[names[0]].is_in([*KNOWN, names[0]]).fill_null(False)


def _headers(rows: pl.DataFrame, lines: Sequence[bytes], names: list[str]) -> dict[int, list[str]]:
    """Find the lines of names among records, by their place; `lines` are needed if there may be any."""
    maybe = _maybe(rows, names).arg_true().to_list()
    known = {line: fields(line) for line in {lines[at] for at in maybe}}
    return {at: known[lines[at]] for at in maybe if known[lines[at]]}


def _without(rows: pl.DataFrame, headers: Collection[int]) -> pl.DataFrame:
    return rows.filter(~pl.int_range(pl.len()).is_in([*headers])) if headers else rows


def _together(numbers: list[int], lines: list[bytes], names: Sequence[str]) -> pl.DataFrame:
    """Read lines of these numbers as one table."""
    found = table(Block(1, b"\n".join(lines) + b"\n"), names, " ")
    return found.with_columns(pl.Series("record", numbers, pl.Int64))


LINES: Final = True
"""A record is a line."""
