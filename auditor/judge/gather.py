"""Reduce the touches that fail or stay open to the few rows of which findings are made.

Everything is a group-by over all findings of a rule at once, so it costs by touches and not by findings.  Counts
are exact: a flow that touches a place with both ends is one flow, and a session that touches it often is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.digest import PARTY
from auditor.judge.conditions import CONDITIONS
from auditor.judge.numbers import Integers
from auditor.judge.seal import Sealed
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, Hits
from auditor.model import countries, flow
from auditor.model.rule import Rule

ENDPOINTS: Final = 20
SESSIONS: Final = 5
EVIDENCE: Final = 5
UNKNOWN: Final = 10  # ends of which something is not known

PLACE: Final = ("countries", "state", "site", "operator")
KEY: Final = ("fails", "proven", *PLACE, "plane", "basis")
"""What a finding is about, the rule apart."""

Clashes = Sequence[tuple[tuple[str, ...], Integers]]
"""Rules that exclude the one that is judged, and the ends for which they do."""

Row = dict[str, Any]
Rows = dict[int, list[Row]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What findings are made of: a few rows each, by the number of the finding."""

    keys: list[Row]  # finding, and the columns of KEY
    totals: Rows  # counts, first and last moment
    endpoints: Rows  # the smallest addresses
    named: Rows  # the first sessions that have a name
    own: Rows  # the first flows of their own
    evidence: Rows  # the smallest witnesses
    people: Rows  # classes of participants
    unknown: Rows  # ends for each set of conditions that are not known of them
    clashes: Rows  # rules that can't be obeyed together with this one


def gather(rule: Rule, found: Hits, sealed: Sealed, clashes: Clashes = ()) -> Facts:
    """Number the findings of a rule, and reduce their touches to what they say."""
    keys, hits = numbered(rule, found, sealed)
    flows = hits.select("finding", "row", "id", "own", *_COUNTS).unique(["finding", "row"])
    ends = hits.select("finding", "example", "vantage").filter(pl.col("example").is_not_null()).unique()
    named = flows.filter(~pl.col("own")).group_by("finding", "id").agg(pl.col("first_ns").min())
    alone = flows.filter("own").select("finding", "first_ns", "witness")
    return Facts(
        keys.to_dicts(),
        _rows(_totals(hits, flows, ends, named)),
        _first(ends, ["example", "vantage"], ENDPOINTS),
        _first(named, ["first_ns", "id"], SESSIONS),
        _first(alone, ["first_ns", "witness"], SESSIONS),
        _evidence(hits, flows),
        _rows(_people(hits, sealed)),
        _unknown(hits),
        _rows(_clashing(hits, clashes)),
    )


def _clashing(hits: pl.DataFrame, clashes: Clashes) -> pl.DataFrame:
    """Say of each finding with which rules its own can't be obeyed."""
    parts = [
        hits.filter(pl.col("end").is_in(pl.Series(ends).implode())).select("finding").unique()
        .with_columns(rules=pl.lit(list(rules), pl.List(pl.String)))
        for rules, ends in clashes
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema={"finding": pl.Int64, "rules": pl.List(pl.String)}), *parts])


_COUNTS: Final = ("flows", "packets", "bytes", "first_ns", "last_ns", "witness")


def numbered(rule: Rule, found: Hits, sealed: Sealed) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Number the findings of a rule: return them (`finding`, KEY), and the ends of which they are made."""
    hits = _hits(rule, found, sealed)
    keys = hits.select(KEY).unique().with_row_index("finding").with_columns(pl.col("finding").cast(pl.Int64))
    return keys, hits.join(keys, on=KEY)


def _hits(rule: Rule, found: Hits, sealed: Sealed) -> pl.DataFrame:
    """Select the ends that fail or are open, with the words that name their finding."""
    hits = sealed.ends[found.ends].with_columns(
        countries="proof" if rule.proof else "possible",
        fails=pl.Series(found.outcome <= FAIL),
        proven=pl.Series(found.outcome == FAIL_PROVEN),
        end=pl.Series(found.ends),
        why=pl.Series(found.why),
    )
    if rule.asserts.verb == "not_observable":  # it is about no single place
        hits = hits.with_columns(**{name: pl.lit(word) for name, word in _NOWHERE.items()})
    kinds = hits.select("countries").unique()
    states = pl.Series([countries.state(place) for place in kinds["countries"]], dtype=pl.String)
    return hits.join(kinds.with_columns(state=states), on="countries")


_NOWHERE: Final = {
    "countries": countries.ANYWHERE, "site": "", "operator": "", "plane": flow.UNKNOWN, "basis": flow.OBSERVED,
}  # fmt: skip


def _totals(hits: pl.DataFrame, flows: pl.DataFrame, ends: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Count; `whole`: the examples are all addresses that were touched.

    Of several flows of their own that were folded together, an end that may be a participant keeps but its smallest.
    """
    totals = flows.group_by("finding").agg(
        pl.col("packets", "bytes").sum(),
        pl.col("first_ns").min(),
        pl.col("last_ns").max(),
        own=pl.col("flows").filter("own").sum(),
    )
    endpoints = ends.group_by("finding").agg(endpoint_count=pl.col("example").n_unique())
    sessions = named.group_by("finding").agg(named=pl.len())
    folded = pl.col("own") & pl.col("role").cast(pl.String).is_in(PARTY) & (pl.col("flows") > 1)
    whole = hits.group_by("finding").agg(whole=(pl.col("example").is_not_null() & ~folded).all())
    totals = totals.join(endpoints, on="finding", how="left").join(sessions, on="finding", how="left").fill_null(0)
    return totals.join(whole, on="finding")


def _evidence(hits: pl.DataFrame, flows: pl.DataFrame) -> Rows:
    """List the smallest witnesses of each finding, with what they show."""
    least = flows.group_by("finding").agg(least=pl.col("witness").bottom_k(EVIDENCE).max())
    near = hits.join(least, on="finding").filter(pl.col("witness") <= pl.col("least"))
    near = near.select("finding", "witness", "direction", "example", "app", "plane", "basis", "outcome", "encrypted")
    near = near.sort("witness", "direction", "example", "app", "outcome", "encrypted", nulls_last=True)
    return _first(near.unique(["finding", "witness"], keep="first", maintain_order=True), ["witness"], EVIDENCE)


def _people(hits: pl.DataFrame, sealed: Sealed) -> pl.DataFrame:
    """List the classes of participants of each finding; `asked`: in a session that is open for their sake."""
    asked = pl.col("why") & (1 << CONDITIONS.index("participants")) > 0
    crowds = hits.select("finding", "audience", asked=asked).unique().join(sealed.people, on="audience")
    people = crowds.group_by("finding", "member").agg(pl.col(_SHOWN).min(), pl.col("asked").any())
    return _themselves(people, hits, sealed).sort("finding", "member")


_SHOWN: Final = ("example", "witness", "vantage", "role")


def _themselves(people: pl.DataFrame, hits: pl.DataFrame, sealed: Sealed) -> pl.DataFrame:
    """Take the examples of participants from the very sessions of a finding; an audience may have many others."""
    units = hits.select("finding", "id").unique()
    wanted = np.zeros(int(sealed.ends["id"].to_numpy().max(initial=-1)) + 1, np.bool_)
    wanted[units["id"].to_numpy()] = True
    some = np.flatnonzero(wanted[sealed.ends["id"].to_numpy()])
    ends = sealed.ends.select("id", "member", "outcome", *_SHOWN)[some]
    ends = ends.filter((pl.col("member") >= 0) & (pl.col("outcome").cast(pl.String) != flow.REJECTED))
    ends = ends.group_by("id", "member").agg(pl.col(_SHOWN).min())  # a class of clients has an end for every pool
    own = ends.join(units, on="id").group_by("finding", "member").agg(pl.col(_SHOWN).min())
    kept = people.join(own, on=["finding", "member"], how="left", suffix="_own")
    return kept.with_columns(
        pl.when(pl.col("witness_own").is_null()).then(name).otherwise(f"{name}_own").alias(name) for name in _SHOWN
    ).select(people.columns)


def _unknown(hits: pl.DataFrame) -> Rows:
    """List some of the ends of each finding for each set of conditions that are not known of them."""
    end = ["why", "example", "role", "vantage", "proof"]
    told = (
        pl.col("app").cast(pl.String).max(),
        pl.col("direction").cast(pl.String).min(),
    )  # what is known before what is not
    ends = hits.filter(~pl.col("fails")).group_by("finding", *end).agg(pl.col("witness").min(), *told)
    return _rows(ends.sort(end, nulls_last=True).group_by("finding", "why", maintain_order=True).head(UNKNOWN))


def _first(rows: pl.DataFrame, order: list[str], count: int) -> Rows:
    return _rows(rows.sort(order).group_by("finding", maintain_order=True).head(count))


def _rows(frame: pl.DataFrame) -> Rows:
    found: Rows = {}
    for row in frame.to_dicts():
        found.setdefault(row["finding"], []).append(row)
    return found
