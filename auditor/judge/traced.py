"""Trace findings back to what they are made of: the ends of the digest, and through them single flows and sessions.

The same functions as in `conclude` judge here, so nothing can be listed that the report didn't count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from auditor.judge.findings import named, verdict
from auditor.judge.gather import numbered
from auditor.judge.seal import Sealed, seal
from auditor.judge.verdicts import Touches
from auditor.model.rule import Rule

FOUND: Final[dict[str, Any]] = {"id": pl.String, "rule": pl.String, "verdict": pl.String}
ENDS: Final = ("row", "dst", "role", "site", "operator", "member", "audience")


@dataclass(frozen=True, slots=True)
class Traced:
    """Which rows of a digest findings rest on, and what the judge holds of their ends."""

    hits: pl.DataFrame  # id, rule, verdict (FOUND), row, dst: one row for each touched end of each finding
    ends: pl.DataFrame  # ENDS, countries: the set that all evidence of all inputs leaves the end
    sealed: Sealed


def traced(situations: pl.DataFrame, rules: Sequence[Rule]) -> Traced:
    """Judge the situations of a digest, and keep of each finding all of the ends that it rests on."""
    sealed = seal(situations)
    touches = Touches(sealed, rules)
    texts = [pl.col(name).cast(pl.String) for name in ("role", "site", "operator")]
    ends = sealed.ends.with_columns(texts).select(*ENDS, pl.col("possible").cast(pl.String).alias("countries"))
    parts = [pl.DataFrame(schema={**FOUND, "row": pl.Int64, "dst": pl.Boolean})]
    for view, alike in touches.views(rules):
        for rule in alike:
            found = touches.hits(touches.judge(rule, view))
            if len(found.ends):
                keys, hits = numbered(rule, found, sealed)
                rows = [(key["finding"], named(rule, key), rule.id, str(verdict(key))) for key in keys.to_dicts()]
                told = pl.DataFrame(rows, {"finding": pl.Int64, **FOUND}, orient="row")
                parts.append(hits.select("finding", "row", "dst").join(told, on="finding").select(*FOUND, "row", "dst"))
    return Traced(pl.concat(parts), ends, sealed)
