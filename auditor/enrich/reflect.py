"""Place a private client by the public addresses under which others saw it (STUN, RFC 8489 section 14.2).

It stands behind a translator that has those addresses, at one of them, so wherever one of them may be it may be.  The
translator may be abroad (a VPN), so only what the inventory says of a public address is a proof here; a published
range becomes a claim.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from auditor.model.countries import ANYWHERE, bits, possible, text

Locate = Callable[[pl.DataFrame], pl.DataFrame]
ROW: Final = ("vantage", "addr", "begin", "end")
REPLACED: Final = ("claimed", "proven", "label")


def reflected(found: pl.DataFrame, reflexive: pl.DataFrame, locate: Locate) -> pl.DataFrame:
    """Replace what was found of private addresses that have public ones in `reflexive` (vantage, addr, public).

    Only addresses of which nothing is declared are replaced; `found` and the result are what `locate` returns.
    """
    wanted = pl.col("private") & (pl.col("proven") == ANYWHERE) & (pl.col("claimed") == "")
    seen_as = reflexive.select("vantage", "addr", "public").unique()
    pairs = found.filter(wanted).select(ROW).join(seen_as, on=["vantage", "addr"])
    ends = pairs.select("vantage", pl.col("public").alias("addr"), "begin", "end").unique()
    public = locate(ends).filter(~pl.col("private"))
    seen = pairs.join(public, left_on=["vantage", "public", "begin", "end"], right_on=ROW)
    groups: dict[tuple[Any, ...], list[dict[str, str]]] = {}
    for row in seen.select(*ROW, "claimed", "proven", "ground", "role", "label").iter_rows(named=True):
        groups.setdefault(tuple(row[name] for name in ROW), []).append(row)
    if not groups:
        return found
    answers = [(*key, *_together(rows)) for key, rows in groups.items()]
    schema = {name: found.schema[name] for name in (*ROW, *REPLACED)}
    return found.update(pl.DataFrame(answers, schema=schema, orient="row"), on=list(ROW))


def _together(public: Sequence[dict[str, str]]) -> tuple[str, str, str | None]:
    """Return claimed, proven and label (null: as it was) of a client that is behind one of these addresses."""
    claimed = proven = 0
    for row in public:
        claimed |= bits(possible(row["claimed"], row["proven"]))
        proven |= bits(row["ground"])
    labels = {row["label"] if row["role"] == "client" else "" for row in public}
    label = labels.pop() if len(labels) == 1 else ""
    return (text(claimed) if claimed else ""), text(proven), label or None
