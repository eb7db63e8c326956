"""Fold flows into a digest: one commutative group-by of sums, minima and maxima.

Rules speak of categories, never of packets, so traffic is reduced to its distinct situations before it is
judged.  Put together in any order and any grouping, parts of the same traffic give the same digest.  A flow
that names a session keeps its ends by address.  A flow of its own keeps of a participant only what a rule
can ask about it, so the digest grows with categories and places, never with the number of clients.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from auditor.model import flow
from auditor.model.rule import Rule

PARTY: Final = ("client", flow.UNKNOWN)
"""Roles of ends that are, or may be, people; all others are places."""

_WHAT: Final = ("account", "vantage", "basis", "app", "plane", "service", "outcome", "encrypted")
_END: Final = ("addr", "role", "label", "site", "operator", "claimed", "proven")

KEYS: Final[dict[str, Any]] = {
    "session": pl.String,  # null: flows of their own, each one a session
    **{name: flow.RECORD[name] for name in _WHAT},
    "known": pl.Boolean,  # it is known that src opened the flow
    "epoch": pl.Int32,  # interval between the rules' dates in which it begins; -1: it bears no time
    "epoch_last": pl.Int32,  # and ends
    **{f"{side}_{name}": flow.ENDPOINT[name] for side in flow.SIDES for name in _END},
}
"""Of a flow of its own, the address of an end that is or may be a participant is null."""

COUNTS: Final[dict[str, Any]] = {
    "flows": pl.Int64,
    "packets": pl.Int64,
    "bytes": pl.Int64,
    "first_ns": pl.Int64,
    "last_ns": pl.Int64,
    "witness": pl.Int128,  # source, record and time in one integer, so that its minimum is one moment of one record
    "src_example": pl.String,  # the smallest address that was folded into this end; null: it has none
    "dst_example": pl.String,
}
DIGEST: Final = {**KEYS, **COUNTS}

COVER_KEYS: Final = ("source", "status", "detail", "basis", "outcome")
COVER: Final[dict[str, Any]] = {
    **{name: flow.RECORD[name] for name in COVER_KEYS},
    "flows": pl.Int64,
    "packets": pl.Int64,
    "bytes": pl.Int64,
    "records": pl.Int64,  # of logs
    "first_record": pl.Int64,
    "first_ns": pl.Int64,  # null: no time is known
    "last_ns": pl.Int64,
}

_FOLDS: Final = {
    "flows": "sum", "packets": "sum", "bytes": "sum", "records": "sum",
    "first_ns": "min", "last_ns": "max", "witness": "min", "first_record": "min",
    "src_example": "min", "dst_example": "min",
}  # fmt: skip
MERGE: Final = 1 << 16
"""Rows of digests that wait to be merged, at first; then as many as were left, so that merging stays linear."""
_TIME_BITS: Final = 64
_DAWN: Final = 1 << 63  # added to a time, so that times before 1970 sort before later ones


@dataclass(frozen=True, slots=True)
class Digest:
    """What is left of flows: memory for categories and places, not for clients."""

    situations: pl.DataFrame  # DIGEST: the distinct exchanges that can be judged
    covered: pl.DataFrame  # COVER: every row by status and outcome


def _fold(rows: pl.LazyFrame, schema: dict[str, Any], keys: Iterable[str]) -> pl.DataFrame:
    """Add up rows of equal key: the only way in which rows are ever put together."""
    names = list(keys)
    counts = [getattr(pl.col(name), _FOLDS[name])() for name in schema if name not in names]
    return rows.group_by(names).agg(counts).select(list(schema)).collect(engine="streaming")


def edges(rules: Iterable[Rule]) -> tuple[int, ...]:
    """List the moments (nanoseconds since 1970) at which some rule begins or ceases to apply."""
    bounds = {moment for rule in rules for era in rule.eras() for moment in (era.since_ns, era.until_ns)}
    return tuple(sorted(moment for moment in bounds if moment is not None))


def asks_rejected(rules: Iterable[Rule]) -> bool:
    """Say whether some rule speaks of attempts that were rejected: then they are folded too."""
    return any(flow.REJECTED in rule.applies.outcomes for rule in rules)


def tally(flows: pl.DataFrame, dates: Sequence[int] = (), rejected: bool = False) -> pl.DataFrame:
    """Reduce FLOW rows to a DIGEST; `dates` are the `edges` of the rules that will judge it.

    Rows that could not be read touch nothing, nor do attempts that were rejected, unless rules speak of those
    (`rejected`): `cover` counts them.
    """
    rows = keyed(flows.lazy(), dates, rejected).with_columns(
        flows=pl.lit(1, pl.Int64),
        packets=pl.col("src_packets") + pl.col("dst_packets"),
        bytes=pl.col("src_bytes") + pl.col("dst_bytes"),
        witness=_witness(),
    )
    return _fold(rows, DIGEST, KEYS)


def keyed(flows: pl.LazyFrame, dates: Sequence[int], rejected: bool = False) -> pl.LazyFrame:
    """Give those FLOW rows that are judged the columns of KEYS; `src_example` and `dst_example` keep the addresses."""
    own = pl.col("session").is_null()
    people = {side: pl.col(f"{side}_role").is_in(PARTY) for side in flow.SIDES}
    judged = (pl.col("status") == flow.OK) & (pl.lit(rejected) | (pl.col("outcome") != flow.REJECTED))
    return flows.filter(judged).with_columns(
        known=pl.col("opened") != "",
        epoch=_epoch("first_ns", dates),
        epoch_last=_epoch("last_ns", dates),
        **{f"{side}_example": pl.col(f"{side}_addr") for side in flow.SIDES},
        **{f"{side}_addr": pl.when(~(own & people[side])).then(pl.col(f"{side}_addr")) for side in flow.SIDES},
    )


def folded_into(
    flows: pl.DataFrame, situations: pl.DataFrame, dates: Sequence[int] = (), rejected: bool = False
) -> pl.DataFrame:
    """Say of each FLOW row that is judged (`index`) which row of the DIGEST of these flows (`row`) it was folded into.

    By the same keys as the fold, so that what is found in the digest can be told of single flows.
    """
    keys = list(KEYS)
    rows = keyed(flows.lazy().with_row_index("index"), dates, rejected).select("index", *keys)
    numbers = situations.lazy().select(keys).with_row_index("row")
    found = rows.join(numbers, on=keys, how="inner", nulls_equal=True).select("index", "row")
    return found.with_columns(pl.all().cast(pl.Int64)).sort("index").collect()


def cover(flows: pl.DataFrame) -> pl.DataFrame:
    """Count every FLOW row, read or not, as COVER rows: a second fold beside the first, for ends are not records."""
    rows = flows.lazy().with_columns(
        flows=pl.lit(1, pl.Int64),
        packets=pl.col("src_packets") + pl.col("dst_packets"),
        bytes=pl.col("src_bytes") + pl.col("dst_bytes"),
        first_record=pl.col("record"),
        first_ns=pl.when(pl.col("first_ns") != 0).then("first_ns"),
    )
    return _fold(rows, COVER, COVER_KEYS)


def digest(flows: pl.DataFrame, dates: Sequence[int] = (), rejected: bool = False) -> Digest:
    """Fold FLOW rows into what can be judged and what was covered; `dates` and `rejected` as for `tally`."""
    return Digest(tally(flows, dates, rejected), cover(flows))


def merge(parts: Iterable[Digest]) -> Digest:
    """Put digests together; any grouping and any order give the same rows."""
    many: list[Digest] = []
    for part in parts:
        many.append(part)
        if sum(len(each.situations) for each in many[1:]) > max(MERGE, len(many[0].situations)):
            many = [_joined(many)]
    return _joined(many)


def _joined(many: list[Digest]) -> Digest:
    return Digest(
        _merged([part.situations for part in many], DIGEST, KEYS),
        _merged([part.covered for part in many], COVER, COVER_KEYS),
    )


def _merged(parts: list[pl.DataFrame], schema: dict[str, Any], keys: Iterable[str]) -> pl.DataFrame:
    if len(parts) == 1:
        return parts[0]  # its keys are distinct already
    return _fold(pl.concat([pl.LazyFrame(schema=schema), *(part.lazy() for part in parts)]), schema, keys)


def _epoch(time: str, dates: Sequence[int]) -> pl.Expr:
    """Number the interval between the dates in which a time lies: the count of dates that are not after it.

    What bears no time (0) may be of any, and lies in none (-1).
    """
    begun = [pl.col(time).ge(date).cast(pl.Int32) for date in dates]
    interval = pl.sum_horizontal(pl.lit(0, pl.Int32), *begun).cast(pl.Int32)
    return pl.when(pl.col(time) == 0).then(pl.lit(-1, pl.Int32)).otherwise(interval) if dates else interval


def _witness() -> pl.Expr:
    record = pl.col("source").cast(pl.Int128) * (1 << flow.SOURCE_SHIFT) + pl.col("record")
    return record * (1 << _TIME_BITS) + (pl.col("first_ns").cast(pl.Int128) + _DAWN)


def witnessed(witness: int) -> tuple[int, int, int]:
    """Take a witness apart: index of its source, number of its record, time in nanoseconds."""
    record, time = witness >> _TIME_BITS, witness & (1 << _TIME_BITS) - 1
    return record >> flow.SOURCE_SHIFT, record & (1 << flow.SOURCE_SHIFT) - 1, time - _DAWN
