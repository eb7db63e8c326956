"""Records in which several logs tell of one exchange: one counts it, another names it, a third tells that it is secret.

Zeek gives them one `uid`, Suricata one `flow_id`.  What is one exchange becomes one row: the ends and counts are those
of the record that counted most, and the others add what it doesn't say.  Records that name a call stay for themselves,
since one exchange may carry many; where it carried one, it belongs to that call.
"""

from typing import Final

import polars as pl

from auditor.logs.model import turned
from auditor.model.flow import NOT_SHOWN, SIDES, UNKNOWN

KEY: Final = ("observer", "tie")
_BLANK: Final = {
    "app": "", "service": "", "account": "", "encrypted": NOT_SHOWN, "opened": "", "detail": "", "plane": UNKNOWN,
    **{f"{side}_{name}": blank for side in SIDES for name, blank in (("name", ""), ("role", UNKNOWN), ("site", ""))},
}  # fmt: skip
"""Columns that any record may fill, and what stands there if it doesn't."""
_ENDS: Final = tuple(f"{side}_{name}" for side in SIDES for name in ("addr", "port"))


def united(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the records of each exchange together; `rows` have all columns of LOG, and `source`."""
    counted = pl.sum_horizontal(pl.col(f"{side}_packets").fill_null(0) for side in SIDES)
    content = [name for name in rows.columns if name not in ("source", "record")]  # not where it stands: it may move
    ranked = rows.with_columns(counted=-counted).sort("counted", *content, "source", "record")
    calls = ranked.filter(pl.col("session").is_not_null())
    plain = ranked.filter(pl.col("session").is_null())
    first = plain.group_by(KEY, maintain_order=True).agg(pl.col(_ENDS).first().name.suffix("_1"))
    beside = plain.join(first, on=KEY, how="left", maintain_order="left")
    same = pl.all_horizontal(pl.col(name) == pl.col(f"{name}_1") for name in _ENDS)
    other = {name: f"{SIDES[1 - SIDES.index(name[:3])]}{name[3:]}_1" for name in _ENDS}
    back = pl.all_horizontal(pl.col(name) == pl.col(first_) for name, first_ in other.items())
    marked = beside.with_columns(same=same, back=back & ~same).drop(f"{name}_1" for name in _ENDS)
    ours = marked.filter(pl.col("same") | pl.col("back"))
    straight = turned(ours.lazy(), pl.col("back")).collect()
    folded = straight.group_by(KEY, maintain_order=True).agg(
        *(_first(name) for name in rows.columns if name not in (*KEY, "records", "first_ns", "last_ns")),
        pl.col("records").sum(),
        pl.col("first_ns").filter(pl.col("first_ns") > 0).min().fill_null(0),
        pl.col("last_ns").max(),
    )
    one = calls.group_by(KEY).agg(pl.col("session").min(), calls=pl.col("session").n_unique())
    one = one.filter(pl.col("calls") == 1).select(*KEY, call="session")
    named = folded.join(one, on=KEY, how="left").with_columns(session="call")
    strangers = marked.filter(~(pl.col("same") | pl.col("back")))
    return pl.concat([each.select(rows.columns) for each in (named, calls, strangers)])


_COUNTS: Final = tuple(f"{side}_{name}" for side in SIDES for name in ("packets", "bytes", "flags"))


def _first(name: str) -> pl.Expr:
    """Take what the record that counted most says, or the next one that says anything; counts are its own."""
    value = pl.col(name)
    if name in _BLANK:
        return value.filter(value != _BLANK[name]).first().fill_null(_BLANK[name])
    return value.first() if name in _COUNTS else value.drop_nulls().first()
