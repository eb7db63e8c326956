"""Adds the hops that tunnels show: the outer pair of a wrapped flow was touched on the way, and is no end of it.

A hop belongs to the session of what it carried and has its plane, service and outcome, so that a rule that asks for
hops finds them in its scope.  A wrapped flow without a session gets one, so that its hops can share it.  A hop makes
nobody a participant and says nothing of whose data it is, whatever the inventory knows of its address.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from auditor.enrich.match import PRIVATE, kinds
from auditor.model.flow import CARRIED, INSIDE, OBSERVED, OK, PASSED, REJECTED, SIDES, UNANSWERED, UNKNOWN, frame

WRAPPED: Final = "wrapped"
"""First word of the session of a wrapped flow that has no other."""
SESSIONS: Final = 1 << 16
"""Sessions that are made at most: each is judged by itself, while flows of their own are judged by what they share."""
CROWDED: Final = (
    f"More than {SESSIONS:,} wrapped flows belong to no call, so the hops of their tunnels stand without sessions."
)
WRAPPED_SOME: Final = (
    "Some flows came through tunnels; the ends of those are hops, "
    "which only rules that ask for them (`as: [hop]`) judge."
)
_ARROW: Final = " → "  # not ASCII, so no identifier that a stranger wrote can look like a session of ours
_OUTCOMES: Final = (CARRIED, UNANSWERED, REJECTED)
_PAIR: Final = ("vantage", "app", "transport", "src_addr", "dst_addr")
_OF_FLOW: Final = ("session", "plane", "service", "outcome")
_PLACED: Final = ("first_ns", "last_ns", "source", "record")


def hops(flows: pl.DataFrame, passages: pl.DataFrame, places: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Return located FLOW rows with their hops behind them, in an order of their own.

    `passages` says which tunnels carried which rows (`row`, null where that is not known, and the columns of the outer
    pair); `places` locates rows.  One row for each session, plane, tunnel and outer pair.
    """
    if not len(passages):
        return flows
    if not crowded(flows, passages):
        flows = _with_sessions(flows, passages["row"].drop_nulls().unique())
    of_flow = flows.select(*_OF_FLOW, *(pl.col(name).alias(f"flow_{name}") for name in _PLACED))
    of_flow = of_flow.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    found = passages.join(of_flow, on="row", how="left").with_columns(
        pl.col("plane").fill_null(UNKNOWN), pl.col("service").fill_null(""), pl.col("outcome").fill_null(CARRIED)
    )
    rows = _folded(_during(found))
    located = places(frame({name: rows[name] for name in rows.columns}))
    return pl.concat([flows, _hopping(located, rows)])


def crowded(flows: pl.DataFrame, passages: pl.DataFrame) -> bool:
    """Say whether there are too many wrapped flows without a session to make one for each."""
    rows = passages["row"].drop_nulls().unique()
    return flows["session"].gather(rows).null_count() > SESSIONS


def apart(flows: pl.DataFrame, passages: pl.DataFrame, reflexive: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    """Give what was seen in tunnels a vantage of its own where an address is private: it may be another's network.

    Take the flow table, `passages` and the public addresses of clients (`vantage`, `addr`, `public`); return all three.
    """
    if not len(passages):
        return flows, passages, reflexive
    wrapped = pl.int_range(len(flows), eager=True).is_in(passages["row"].drop_nulls().unique().implode())
    sides = _private(flows)
    within = [flows.filter(wrapped & local).select("vantage", addr) for addr, local in sides]
    ends = pl.concat([each.rename({each.columns[1]: "addr"}) for each in within]).unique()
    told = flows["basis"] != OBSERVED  # what messages inside of a tunnel say is said by those who are there
    some = pl.Series(np.zeros(len(flows), bool))
    for addr, local in sides:
        here = flows.select("vantage", pl.col(addr).alias("addr")).join(
            ends.with_columns(here=True), on=["vantage", "addr"], how="left", maintain_order="left"
        )["here"]
        some |= local & (wrapped | (told & here.fill_null(False)))
    deep = passages["depth"] > 0
    beneath = pl.Series(np.zeros(len(passages), bool))
    for _addr, local in _private(passages):
        beneath |= deep & local
    seen = reflexive.join(ends, on=["vantage", "addr"]).select(_within(), "addr", "public")
    return _renamed(flows, some), _renamed(passages, beneath), pl.concat([reflexive, seen]).unique().sort(pl.all())


def _private(rows: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    """Say for each side which addresses are private."""
    found = []
    for side in SIDES:
        codes, values = kinds(rows[f"{side}_addr"].fill_null(""))
        found.append((f"{side}_addr", pl.Series(np.equal(codes, values.index(PRIVATE)))))
    return found


def _within() -> pl.Expr:
    return pl.format(f"{{}} {INSIDE}", "vantage").str.strip_chars_start(" ").alias("vantage")


def _renamed(rows: pl.DataFrame, some: pl.Series) -> pl.DataFrame:
    return rows.with_columns(pl.when(some).then(_within()).otherwise("vantage").alias("vantage"))


def _with_sessions(flows: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Name the sessions of the flows of these rows that have none, by vantage and 5-tuple."""
    ends = []
    for side in SIDES:
        address, port = pl.col(f"{side}_addr"), pl.col(f"{side}_port")
        bracketed = pl.when(address.str.contains(":", literal=True)).then(pl.format("[{}]", address)).otherwise(address)
        ends.append(pl.when(port == 0).then(address).otherwise(pl.format("{}:{}", bracketed, port)))
    name = pl.concat_str(
        pl.lit(f"{WRAPPED} "), "transport", pl.lit(" "), ends[0], pl.lit(_ARROW), ends[1],
        pl.when(pl.col("vantage").is_in(("", INSIDE))).then(pl.lit("")).otherwise(pl.format(" at {}", "vantage")),
    )  # fmt: skip
    here = pl.int_range(pl.len()).is_in(rows.implode()) & pl.col("session").is_null() & (pl.col("status") == OK)
    return flows.with_columns(session=pl.when(here).then(name).otherwise("session"))


def _during(found: pl.DataFrame) -> pl.DataFrame:
    """Give the passage of a flow that several calls shared the time and the record of each call's own part."""
    beyond = (pl.col("first_ns") < pl.col("flow_first_ns")) | (pl.col("last_ns") > pl.col("flow_last_ns"))
    return found.with_columns(
        pl.when(beyond.fill_null(False)).then(f"flow_{name}").otherwise(name).alias(name) for name in _PLACED
    )


def _folded(found: pl.DataFrame) -> pl.DataFrame:
    """Make one row of all that went through one tunnel for one session and plane."""
    pair = {"a": pl.min_horizontal("src_addr", "dst_addr"), "b": pl.max_horizontal("src_addr", "dst_addr")}
    rank = pl.col("outcome").replace_strict({name: i for i, name in enumerate(_OUTCOMES)}, return_dtype=pl.Int8)
    services = pl.col("service").unique()
    key = ["session", "plane", "vantage", "app", "transport", "a", "b"]
    rows = (
        found.with_columns(**pair, rank=rank)
        .sort("first_ns", "src_addr", "dst_addr")
        .group_by(key, maintain_order=True)
        .agg(
            pl.col("src_addr", "dst_addr").first(),
            pl.col("source", "record").sort_by("source", "record").first(),
            pl.col("first_ns").min(),
            pl.col("last_ns").max(),
            pl.col("rank").min(),
            pl.when(services.len() == 1).then(services.first()).otherwise(pl.lit("")).alias("service"),
        )
    )
    outcome = pl.col("rank").replace_strict(dict(enumerate(_OUTCOMES)), return_dtype=pl.String)
    return (
        rows.sort("first_ns", *key, nulls_last=True)
        .with_columns(outcome=outcome, detail=pl.lit(PASSED), src_role=pl.lit("hop"), dst_role=pl.lit("hop"))
        .drop("a", "b", "rank")
    )


def _hopping(located: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep what the flows say of plane and service; a hop is no client, and has no label."""
    ends = []
    for side in SIDES:
        role = pl.col(f"{side}_role")
        ends.append(
            pl.when(role.is_in(("client", UNKNOWN))).then(pl.lit("hop")).otherwise(role).alias(role.meta.output_name())
        )
        ends.append(pl.lit("").alias(f"{side}_label"))
    return located.with_columns(*ends, rows["plane"], rows["service"])
