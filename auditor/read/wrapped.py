"""Ties tunnels to the flows that they carried, by vantage and 5-tuple."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.model.flow import SOURCE_SHIFT, TOO_DEEP
from auditor.read.arrays import I64
from auditor.read.layout import TRANSPORTS
from auditor.read.passed import DEEPER, Carried
from auditor.read.tunnels import TUNNELS
from auditor.read.written import numbered, texts

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
_PAIR: Final = ("vantage", "kind", "depth", "a", "b")


def tied(flows: pl.DataFrame, carried: Carried, vantages: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the flow table, in which flows that wrap too much say so, and PASSAGES: who carried which of its rows.

    A later fragment has no ports, so its own 5-tuple may be that of no row; then its tunnel stands without a flow,
    unless it is known from others.
    """
    if not len(carried):
        return flows, pl.DataFrame(schema=PASSAGES)
    names = pl.Series(list(vantages), dtype=pl.String)
    addresses, ends = _numbered(carried)
    places = _places(flows, _inner(carried, names, addresses, ends[:2]))
    deep = places.filter(pl.Series(carried.tunnel == DEEPER).gather(places["number"]))["row"].drop_nulls().unique()
    if len(deep):
        marked = pl.int_range(len(flows), eager=True).is_in(deep.implode())
        flows = flows.with_columns(pl.when(marked).then(pl.lit(TOO_DEEP)).otherwise("detail").alias("detail"))
    return flows, _passages(places, carried, ends[2:], addresses, names)


def _numbered(carried: Carried) -> tuple[pl.Series, list[I64]]:
    """Number addresses in ascending order: return their texts, and inner source and destination, outer ones."""
    ends = ("src", "dst", "outer_src", "outer_dst")
    hi, lo = (np.concatenate([getattr(carried, f"{end}_{half}") for end in ends]) for half in ("hi", "lo"))
    high, low, number = numbered(hi, lo)
    return texts(high, low), np.split(number, len(ends))


def _inner(carried: Carried, vantages: pl.Series, addresses: pl.Series, ends: Sequence[I64]) -> pl.DataFrame:
    """Write the inner 5-tuples as the flow table does; `number` is that of the row."""
    protocols = pl.Series([TRANSPORTS.get(number, f"ip/{number}") for number in range(256)])
    columns = (
        vantages.gather(carried.vantage),
        protocols.gather(carried.protocol),
        addresses.gather(ends[0]),
        carried.sport.astype(np.int32),
        addresses.gather(ends[1]),
        carried.dport.astype(np.int32),
    )
    return pl.DataFrame({"number": np.arange(len(carried)), **dict(zip(_KEY, columns, strict=True))})


def _places(flows: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """Say in which rows of the flow table each inner 5-tuple stands, whichever way round; null: in none."""
    rows = flows.select(*_KEY).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    ways = [inner.join(rows, left_on=_KEY, right_on=key).select("number", "row") for key in (_KEY, _BACK)]
    known = pl.concat(ways).unique()
    lost = np.ones(len(inner), bool)
    lost[known["number"].to_numpy()] = False
    rest = np.flatnonzero(lost)
    return pl.concat([known, pl.DataFrame({"number": rest, "row": [None] * len(rest)}, schema=known.schema)])


def _passages(
    places: pl.DataFrame, carried: Carried, ends: Sequence[I64], addresses: pl.Series, vantages: pl.Series
) -> pl.DataFrame:
    """Fold both directions of an outer pair, which stands as it was first seen; leave out what others tell better."""
    kinds = [(tunnel.name, tunnel.transport) for tunnel in TUNNELS]
    kind = np.array([*(kinds.index(each) for each in kinds), DEEPER])
    which = places["number"].to_numpy()
    found = pl.DataFrame({
        "row": places["row"],
        "vantage": carried.vantage[which],
        "kind": kind[carried.tunnel[which]],
        "depth": carried.depth[which],
        "a": np.minimum(*ends)[which],
        "b": np.maximum(*ends)[which],
        "src": ends[0][which],
        "dst": ends[1][which],
        "source": carried.witness[which] >> SOURCE_SHIFT,
        "record": carried.witness[which] & (1 << SOURCE_SHIFT) - 1,
        "first_ns": carried.first_ns[which],
        "last_ns": carried.last_ns[which],
    }).filter(pl.col("kind") != DEEPER)  # fmt: skip
    nameless = pl.col("row").is_null()
    folded = (
        found.filter(~(nameless & (~nameless).any().over(_PAIR)))
        .sort("first_ns", "src", "dst")
        .group_by("row", *_PAIR, maintain_order=True)
        .agg(
            pl.col("src", "dst").first(),
            pl.col("source", "record").sort_by("source", "record").first(),
            pl.col("first_ns").min(),
            pl.col("last_ns").max(),
        )
        .sort("row", *_PAIR, nulls_last=True)
    )
    written = {
        "vantage": vantages.gather(folded["vantage"]),
        "app": pl.Series([name for name, _ in kinds]).gather(folded["kind"]),
        "transport": pl.Series([transport for _, transport in kinds]).gather(folded["kind"]),
        "src_addr": addresses.gather(folded["src"]),
        "dst_addr": addresses.gather(folded["dst"]),
    }
    return folded.drop("vantage").with_columns(**written).select(pl.col(k).cast(t) for k, t in PASSAGES.items())
