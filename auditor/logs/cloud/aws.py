"""Flow logs of AWS VPCs and transit gateways as text: default formats, fields in their order, or what a header names.

Amazon VPC User Guide, "Flow log records", and AWS Transit Gateway Guide, "Transit Gateway Flow Log records": a line a
record, fields between spaces, `-` for a field without a value.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from auditor.logs.cloud.vpc import ORDER, TRANSIT, rows
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
    yield from rows(_read(source, told, bad), told)
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
        names, tables = _tables(block, names)  # the last header holds for the next block
        for each, found in tables:
            kinds.add(tuple(each))
            some = found.filter(spoken(each))
            if len(kinds) > HEADERS:
                bad.setdefault(MANY, []).extend(some["record"].to_list())
            else:
                yield some.lazy(), each


def _tables(block: Block, names: list[str]) -> tuple[list[str], list[tuple[list[str], pl.DataFrame]]]:
    """Read the records between lines of names, of which there may be several: files are put together.

    Return the names that hold at the end, and the records below each header, wherever that stands.
    """
    whole = table(block, names, " ")
    maybe = whole[names[0]].is_in([*KNOWN, names[0]]).fill_null(False).arg_true().to_list()
    lines = block.data.removesuffix(b"\n").split(b"\n") if maybe else []
    known = {line: fields(line) for line in {lines[at] for at in maybe}}
    headers = [at for at in maybe if known[lines[at]]]
    if all(known[lines[at]] == names for at in headers):
        return names, [(names, whole.filter(~pl.int_range(pl.len()).is_in(headers)) if headers else whole)]
    groups: dict[tuple[str, ...], list[range]] = {}
    start = 0
    for at in [*headers, len(lines)]:
        if at > start:
            groups.setdefault(tuple(names), []).append(range(start, at))
        names, start = known[lines[at]] if at < len(lines) else names, at + 1
    return names, [(list(each), _together(block.number, lines, parts, each)) for each, parts in groups.items()]


def _together(first: int, lines: list[bytes], parts: list[range], names: Sequence[str]) -> pl.DataFrame:
    """Read some lines of a block as one table."""
    places = [at for part in parts for at in part]
    found = table(Block(1, b"\n".join(lines[at] for at in places) + b"\n"), names, " ")
    return found.with_columns(pl.Series("record", [first + at for at in places], pl.Int64))


LINES: Final = True
"""A record is a line."""
