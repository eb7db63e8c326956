"""The records of logs on which a finding rests, with their lines.

A row of a log stands for all records of one exchange; its first record is named, and its line shown where records are
lines.  Lines are read again from the input, by number.
"""

from collections.abc import Iterator, Set
from typing import Final

import polars as pl

from auditor.evidence import shape
from auditor.evidence.case import Case
from auditor.logs.lines import blocks
from auditor.logs.model import Told
from auditor.model.coverage import PACKET, RECORD
from auditor.model.flow import SIDES
from auditor.read.source import Source
from auditor.report import jsonv1, words
from auditor.report.clean import visible

LONGEST: Final = 2000
"""Characters of a line that are shown."""


def exchanges(rows: pl.DataFrame, limit: int) -> list[shape.Exchange]:
    """Describe the first rows of logs: those that touched the place, by time."""
    return [_exchange(row) for row in _first(rows, limit).iter_rows(named=True)]


def messages(rows: pl.DataFrame, case: Case, limit: int) -> list[shape.Message]:
    """Name the first record of each of these rows, with its line where the log consists of lines."""
    found = []
    for index, some in _first(rows, limit).group_by("source", maintain_order=True):
        source = case.reading.sources[int(str(index[0]))]
        unit = PACKET if int(str(index[0])) < case.reading.captures else RECORD
        lined = case.reading.lined.get(source.format)
        said = dict(_lines(source, set(some["record"].to_list()))) if lined and lined(source) else {}
        found += [_message(row, source.name, said, unit) for row in some.iter_rows(named=True)]
    return found


def _first(rows: pl.DataFrame, limit: int) -> pl.DataFrame:
    return rows.sort("why", "first_ns", "source", "record", descending=[True, False, False, False]).head(limit)


def _message(row: dict[str, object], name: str, said: dict[int, str], unit: str) -> shape.Message:
    number = int(str(row["record"]))
    return shape.Message(
        source=name,
        record=number,
        time=jsonv1.time(int(str(row["first_ns"]))),
        why=str(row["why"]),
        says=[_says(int(str(row["records"])))],
        text=[said[number]] if number in said else [],
        unit=unit,
    )


def _says(count: int) -> str:
    if not count:
        return "A record that also tells of another exchange, with which it is counted."
    return f"The first of {words.many(count, RECORD)} of this exchange."


def _lines(source: Source, numbers: Set[int]) -> Iterator[tuple[int, str]]:
    """Yield the lines of these numbers, made harmless."""
    last = max(numbers, default=0)
    for block in blocks(source, Told()):
        if block.number > last:
            return
        lines = (
            block.data.split(b"\n")
            if any(block.number <= each < block.number + block.lines for each in numbers)
            else []
        )
        for number, line in enumerate(lines, block.number):
            if number in numbers:
                yield number, visible(line[: 4 * LONGEST].decode("utf-8", "replace").rstrip("\r"), LONGEST)


def _exchange(row: dict[str, object]) -> shape.Exchange:
    def text(name: str) -> str:
        return str(row[name] or "")

    def number(name: str) -> int:
        return int(str(row[name] or 0))

    ends = [
        shape.End(
            address=text(f"{side}_addr"),
            port=number(f"{side}_port"),
            **{name: text(f"{side}_{name}") for name in ("name", "role", "label", "site")},
        )
        for side in SIDES
    ]
    return shape.Exchange(
        why=text("why"),
        sessions=[text("session")] if row["session"] else [],
        **{name: text(name) for name in ("vantage", "transport", "app", "plane", "basis", "outcome", "opened")},
        src=ends[0],
        dst=ends[1],
        packets=number("src_packets") + number("dst_packets"),
        bytes=number("src_bytes") + number("dst_bytes"),
        first=jsonv1.time(number("first_ns")),
        last=jsonv1.time(number("last_ns")),
        records=[],
    )
