"""Ties tunnels to the flows that they carried, by vantage and 5-tuple."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.model.flow import SOURCE_SHIFT
from auditor.read.arrays import U64
from auditor.read.layout import TRANSPORTS
from auditor.read.passed import DEEPER, Carried
from auditor.read.tunnels import TUNNELS
from auditor.read.written import numbered, texts

TOO_DEEP: Final = "wraps more IP headers than are read"
"""Detail of a flow whose packets hold more headers than `unwrap.HEADERS`."""
PASSAGES: Final[dict[str, Any]] = {
    "row": pl.Int64,  # of the flow that was carried, in the flow table; null: it is not known which
    "vantage": pl.String,
    "app": pl.String,  # the tunnel
    "transport": pl.String,  # what carries it
    "depth": pl.Int64,  # outer headers before that of the tunnel
    "src_addr": pl.String,  # of the outer header, as it was first seen
    "dst_addr": pl.String,
    "source": pl.Int32,  # of the first such packet
    "record": pl.Int64,
    "first_ns": pl.Int64,
    "last_ns": pl.Int64,
}
_KEY: Final = ("vantage", "transport", "src_addr", "src_port", "dst_addr", "dst_port")
_BACK: Final = ("vantage", "transport", "dst_addr", "dst_port", "src_addr", "src_port")


def tied(flows: pl.DataFrame, carried: Carried, vantages: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the flow table, in which flows that wrap too much say so, and PASSAGES: who carried which of its rows.

    A later fragment has no ports, so its own 5-tuple may be that of no row; then its tunnel stands without a flow,
    unless it is known from others.
    """
    if not len(carried):
        return flows, pl.DataFrame(schema=PASSAGES)
    rows = flows.select(*_KEY).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    found = _named(carried, vantages)
    inner = [f"inner_{name}" for name in _KEY]
    ways = [found.join(rows, left_on=inner, right_on=list(key), how="inner") for key in (_KEY, _BACK)]
    known = pl.concat([way.select(*found.columns, "row") for way in ways]).unique(maintain_order=False)
    deep = known.filter(pl.col("tunnel") == DEEPER)["row"].unique()
    if len(deep):
        marked = pl.int_range(len(flows), eager=True).is_in(deep.implode())
        flows = flows.with_columns(pl.when(marked).then(pl.lit(TOO_DEEP)).otherwise("detail").alias("detail"))
    rest = found.join(known, on=[*inner, "number"], how="anti").with_columns(row=pl.lit(None, pl.Int64))
    both = pl.concat([known, rest]).filter(pl.col("tunnel") != DEEPER)
    return flows, _passages(both)


def _named(carried: Carried, vantages: Sequence[str]) -> pl.DataFrame:
    """Write addresses as text; `number` tells the rows apart."""
    tunnels = [*TUNNELS, TUNNELS[0]]
    protocols = pl.Series([TRANSPORTS.get(number, f"ip/{number}") for number in range(256)])
    ends = ("src", "dst", "outer_src", "outer_dst")
    hi, lo = ([getattr(carried, f"{end}_{half}") for end in ends] for half in ("hi", "lo"))
    addresses = _texts(hi, lo)
    transport = protocols.gather(carried.protocol)
    return pl.DataFrame({
        "number": np.arange(len(carried)),
        "tunnel": carried.tunnel,
        "depth": carried.depth,
        "app": pl.Series([tunnel.name for tunnel in tunnels]).gather(carried.tunnel),
        "transport": pl.Series([tunnel.transport for tunnel in tunnels]).gather(carried.tunnel),
        "src_addr": addresses[2],
        "dst_addr": addresses[3],
        "source": carried.witness >> SOURCE_SHIFT,
        "record": carried.witness & (1 << SOURCE_SHIFT) - 1,
        "first_ns": carried.first_ns,
        "last_ns": carried.last_ns,
        "inner_vantage": pl.Series(list(vantages), dtype=pl.String).gather(carried.vantage),
        "inner_transport": transport,
        "inner_src_addr": addresses[0],
        "inner_src_port": carried.sport.astype(np.int32),
        "inner_dst_addr": addresses[1],
        "inner_dst_port": carried.dport.astype(np.int32),
    })  # fmt: skip


def _texts(hi: Sequence[U64], lo: Sequence[U64]) -> list[pl.Series]:
    high, low, number = numbered(np.concatenate(hi), np.concatenate(lo))
    written, count = texts(high, low), len(hi[0])
    return [written.gather(number[i * count : (i + 1) * count]) for i in range(len(hi))]


def _passages(found: pl.DataFrame) -> pl.DataFrame:
    """Fold both directions of an outer pair, which stands as it was first seen; leave out what others tell better."""
    pair = [pl.min_horizontal("src_addr", "dst_addr").alias("a"), pl.max_horizontal("src_addr", "dst_addr").alias("b")]
    place = ["vantage", "app", "transport", "depth", "a", "b"]
    found = found.rename({"inner_vantage": "vantage"}).with_columns(pair)
    nameless = pl.col("row").is_null()
    told = (~nameless).any().over(place)
    folded = (
        found.filter(~(nameless & told))
        .sort("first_ns", "src_addr", "dst_addr")
        .group_by("row", *place, maintain_order=True)
        .agg(
            pl.col("src_addr", "dst_addr").first(),
            pl.col("source", "record").sort_by("source", "record").first(),
            pl.col("first_ns").min(),
            pl.col("last_ns").max(),
        )
    )
    return folded.sort("row", *place, nulls_last=True).select(pl.col(k).cast(t) for k, t in PASSAGES.items())
