"""Flow logs of AWS VPCs and transit gateways as Parquet files.

Amazon VPC User Guide, "Publish flow logs to Amazon S3": columns are called as the fields of the text, with underscores
for hyphens, and numbers are numbers.  Folders may be partitions (`aws-region=eu-west-1/year=2024/…`); what their names
say is not used, since a record says it itself where it matters.
"""

from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.cloud.aws import KNOWN, is_flow
from auditor.logs.cloud.vpc import ADDRESSES, INTERFACE, KEYS, PLACE, TYPES, rows
from auditor.logs.model import Told
from auditor.logs.parquet import named, tables
from auditor.logs.tables import NUMBER
from auditor.read.footer import footer
from auditor.read.source import Source

TEXTS: Final = frozenset({*KEYS, *ADDRESSES, *PLACE, "log-status"})
"""Fields that are text, also where whoever wrote the file again made numbers of them (accounts, say)."""
UNTOLD: Final = {"tcp-flags": -1, "srcport": 0, "dstport": 0}
"""What stands for a number that a record doesn't have."""


def sniff(head: bytes) -> bool:
    """Tell by the names of the columns; `head` is what `auditor.read.footer.telling` returns of a Parquet file."""
    said = footer(head)
    return said is not None and is_flow([_field(name) for name in said.names])


def _field(column: str) -> str:
    return column.lower().replace("_", "-")


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows; those of records that nothing tells apart come together."""
    bad: list[pl.LazyFrame] = []
    yield from rows(_read(source, told, bad), told)
    yield from bad


def _read(source: Source, told: Told, bad: list[pl.LazyFrame]) -> Iterator[tuple[pl.LazyFrame, list[str]]]:
    """Yield tables of records with their fields; what can't be read goes to `bad`."""
    there = {_field(name) for name in named(source)}
    wanted = there & TYPES.keys() or KNOWN  # rows without any column would be none
    for found in tables(source, told, lambda name: _field(name) in wanted):
        if "status" in found.columns:
            bad.append(found.lazy())
            continue
        names: dict[str, str] = {}  # field -> column: of srcaddr and SRCADDR the first one counts
        for name in found.columns:
            if name != NUMBER:
                names.setdefault(_field(name), name)
        whole = found.select(NUMBER, **{field: pl.col(name) for field, name in names.items()})
        texts = [name for name in names if name in TEXTS or whole.schema[name] == pl.String]
        text = [pl.col(name).cast(pl.String).fill_null("-") for name in texts]
        numbers = [
            pl.col(name).fill_null(value) for name, value in UNTOLD.items() if whole.schema.get(name) == pl.Int64
        ]
        yield whole.lazy().with_columns(*text, *numbers), [*names, *sorted(there & INTERFACE - {*names})]
