"""Ties tunnels to the flows that they carried, by vantage and 5-tuple."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.model.flow import SOURCE_SHIFT, TOO_DEEP
from auditor.read.arrays import I64
from auditor.read.layout import Laid
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
_PAIR: Final = ("vantage", "kind", "depth", "a", "b")


def tied(laid: Laid, carried: Carried, flow: I64, vantages: Sequence[str]) -> pl.DataFrame:
    """Return PASSAGES, and let the rows of flows that wrap too much say so; `flow` is the number of each inner flow.

    A later fragment has no ports, so its own 5-tuple may be that of no row (-1); then its tunnel stands without a flow,
    unless it is known from others.
    """
    if not len(carried):
        return pl.DataFrame(schema=PASSAGES)
    places = _places(laid.flow, flow)
    deep = places.filter(pl.Series(carried.tunnel == DEEPER).gather(places["number"]))["row"].drop_nulls()
    laid.columns["detail"][deep.to_numpy()] = laid.words["detail"].to_list().index(TOO_DEEP)
    addresses, ends = _outer(carried)
    return _passages(places, carried, ends, addresses, pl.Series(list(vantages), dtype=pl.String))


def _outer(carried: Carried) -> tuple[pl.Series, list[I64]]:
    """Number the outer addresses in ascending order: return their texts, and the numbers of source and destination."""
    hi, lo = (
        np.concatenate([getattr(carried, f"outer_{end}_{half}") for end in ("src", "dst")]) for half in ("hi", "lo")
    )
    high, low, number = numbered(hi, lo)
    return texts(high, low), np.split(number, 2)


def _places(rows: I64, flow: I64) -> pl.DataFrame:
    """Say in which rows of the flow table (`rows`: the flow of each) each inner flow stands; null: in none."""
    table = pl.DataFrame({"flow": rows}).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    inner = pl.DataFrame({"flow": flow}).with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
    return inner.join(table, on="flow", how="left").select("number", "row")


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
