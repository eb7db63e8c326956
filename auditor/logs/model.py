"""LOG: the columns that a reader of logs fills, one row a record, and what it tells beside them.

A reader leaves out every column of which it knows nothing: `DEFAULTS` are taken for them.  Texts are those of the
log; `fold` checks addresses, and cleans nothing else, since reports do that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.model import flow
from auditor.read.source import Source

RECORD: Final[dict[str, Any]] = {
    "record": pl.Int64,  # its number in the source, from 1: of a text, the number of the line
    "records": pl.Int64,  # how many records the row stands for: the sum over all rows is that of the source
    "status": pl.String,
    "detail": pl.String,  # fixed words of ours, as in FLOW: why, where status is not ok; else what is odd
    "basis": pl.String,
    "observer": pl.String,  # who saw it, where private addresses mean one machine each: exporter, VPC, device; or empty
    "tie": pl.String,  # records of one observer that share it tell of one exchange (uid of Zeek); null: stands alone
    "transport": pl.String,
    "app": pl.String,
    "plane": pl.String,
    "service": pl.String,
    "session": pl.String,
    "account": pl.String,
    "outcome": pl.String,  # null: follows from counts and flags, see `fold`
    "encrypted": pl.String,
    "opened": pl.String,  # as in FLOW: not empty where the log says that src opened it
    "src_flags": pl.Int32,  # TCP flags of all packets from src, by OR (RFC 9293, section 3.1); null: not told
    "dst_flags": pl.Int32,
    "first_ns": pl.Int64,
    "last_ns": pl.Int64,
    "src_packets": pl.Int64,  # sent by src; null: the record doesn't show this direction
    "dst_packets": pl.Int64,  # sent by dst; null likewise
    "src_bytes": pl.Int64,
    "dst_bytes": pl.Int64,
}
ENDPOINT: Final[dict[str, Any]] = {
    "addr": pl.String,  # as written; null with status no_address
    "rank": pl.UInt32,  # of an IPv4 address (see `texts`): a reader that gives it may leave out the text
    "nameless": pl.Boolean,  # the address is none, but what a reader (and no log) calls an end without: see `Nameless`
    "port": pl.Int32,
    "name": pl.String,
    "role": pl.String,
    "site": pl.String,  # code of a region, `provider/code` (`aws/eu-west-1`, `zoom/SC`): where the record says it is
}
LOG: Final = {**RECORD, **{f"{side}_{name}": kind for side in flow.SIDES for name, kind in ENDPOINT.items()}}

DEFAULTS: Final[dict[str, Any]] = {
    "records": 1, "status": flow.OK, "detail": "", "basis": flow.REPORTED, "observer": "", "tie": None,
    "transport": "", "app": "", "plane": flow.UNKNOWN, "service": "", "session": None, "account": "", "outcome": None,
    "encrypted": flow.NOT_SHOWN, "opened": "", "src_flags": None, "dst_flags": None, "first_ns": 0, "last_ns": 0,
    "src_packets": 0, "dst_packets": None, "src_bytes": 0, "dst_bytes": None,
    **{f"{side}_{name}": value for side in flow.SIDES for name, value in {
        "addr": None, "rank": None, "nameless": False, "port": 0, "name": "", "role": flow.UNKNOWN, "site": "",
    }.items()},
}  # fmt: skip

NAMES: Final = 200_000
"""Names of addresses that are kept of one source."""


Ports = Mapping[str, npt.NDArray[np.int32]]
"""For a transport, what each of the 65,536 ports stands for: itself, or its class (0 or less): see enrich.ports."""


@dataclass(slots=True)
class Told:
    """What reading one source tells beside its rows; order and repetition mean nothing."""

    edges: tuple[int, ...] = ()  # moments (nanoseconds) that rows which stand for several records must not straddle
    ports: Ports | None = None  # what ports stand for where such rows differ in them; None: for themselves
    notes: set[str] = field(default_factory=set)  # whole sentences for whoever reads the report, without names of files
    limits: set[str] = field(default_factory=set)  # the same of what was there and was not examined: no report passes
    lost: dict[str, int] = field(default_factory=dict)  # bytes that belong to no record, by why (fixed words of ours)
    names: set[tuple[str, str, str]] = field(default_factory=set)  # observer, address, what DNS called it

    def name(self, observer: str, address: str, name: str) -> None:
        """Keep what a DNS answer called an address, for the flows of other records; of too many, the first in order."""
        self.names.add((observer, address, name))
        if len(self.names) > 2 * NAMES:
            self.names = set(sorted(self.names)[:NAMES])
            self.limits.add(f"More than {NAMES:,} names were answered; not all of them were used.")

    def lose(self, size: int, why: str) -> None:
        """Count bytes that belong to no record."""
        self.lost[why] = self.lost.get(why, 0) + size


class Reader(Protocol):
    """A module that reads one format."""

    def sniff(self, head: bytes) -> bool:
        """Say whether a file that begins so (its first 64 KiB, unpacked) is of this format."""

    def read(self, source: Source, told: Told) -> Iterator[pl.LazyFrame]:
        """Yield rows of some of the columns of LOG, at most a few hundred thousand at a time."""


class Nameless(str):
    """What stands in the place of an address that a record doesn't tell, beginning with `@`.

    Only readers make one: a text of a log that looks like it is no address, and no place that might be anywhere.
    """

    __slots__ = ()


def rows(columns: dict[str, Any]) -> pl.LazyFrame:
    """Make LOG rows of some of its columns, given as sequences of one length or Polars series."""
    ends = {side: columns.get(f"{side}_addr") for side in flow.SIDES}
    if any(isinstance(given, list) for given in ends.values()):
        said = {side: given if isinstance(given, list) else [] for side, given in ends.items()}
        columns = columns | {
            f"{side}_nameless": [isinstance(each, Nameless) for each in given] for side, given in said.items() if given
        }
    return pl.DataFrame(columns, schema_overrides={name: LOG[name] for name in columns}).lazy()


def unread(records: list[int], status: str, detail: str) -> pl.LazyFrame:
    """Make LOG rows of records that could not be read, or have no address."""
    return rows({"record": records, "status": [status] * len(records), "detail": [detail] * len(records)})


def turned(rows: pl.LazyFrame, where: pl.Expr) -> pl.LazyFrame:
    """Swap src and dst of some rows, which have the columns of both."""
    names = [name.removeprefix("src_") for name in rows.collect_schema().names() if name.startswith("src_")]
    return rows.with_columns(
        pl.when(where).then(f"{other}_{name}").otherwise(f"{side}_{name}").alias(f"{side}_{name}")
        for side, other in (flow.SIDES, flow.SIDES[::-1])
        for name in names
    )
