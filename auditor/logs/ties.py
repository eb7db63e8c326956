"""Records in which several logs tell of one exchange: one counts it, another names it, a third tells that it is secret.

Zeek gives them one `uid`, Suricata one `flow_id`.  What is one exchange, between the same two ends, becomes one row:
its counts are those of the record that counted most (of a direction that this one doesn't show, of the next), and the
others add what it doesn't say.  Who opened it is asked first of the record that counted most, and the row goes that
way.  Records that name a call stay for themselves, since one exchange may carry many; where it carried one, it belongs
to that call.
"""

from typing import Final

import polars as pl

from auditor.logs.model import turned
from auditor.model.flow import CARRIED, INSIDE, NOT_SHOWN, REJECTED, SIDES, UNANSWERED, UNKNOWN

_BLANK: Final = {
    "app": "", "service": "", "account": "", "encrypted": NOT_SHOWN, "opened": "", "detail": "", "plane": UNKNOWN,
    "transport": "",
    **{f"{side}_{name}": blank for side in SIDES for name, blank in (("name", ""), ("role", UNKNOWN), ("site", ""))},
}  # fmt: skip
"""Columns that any record may fill, and what stands there if it doesn't."""
_KEY: Final = ("tie", "seer", "ends")
_COUNTS: Final = tuple(f"{side}_{name}" for side in SIDES for name in ("packets", "bytes", "flags"))
_SUMMED: Final = ("records", "first_ns", "last_ns", "outcome")


def united(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the records of each exchange together; `rows` have all columns of LOG, and `source`."""
    calls = rows.filter(pl.col("session").is_not_null())
    plain = _oriented(_ranked(rows.filter(pl.col("session").is_null())))
    folded = plain.group_by(_KEY, maintain_order=True).agg(
        *(_first(name) for name in rows.columns if name not in (*_KEY, *_SUMMED)),
        _outcome().alias("outcome"),
        pl.col("records").sum(),
        pl.col("first_ns").filter(pl.col("first_ns") > 0).min().fill_null(0),
        pl.col("last_ns").max(),
    )
    sessions = calls.select("session", *_key()).group_by(_KEY)
    counted = sessions.agg(pl.col("session").min(), calls=pl.col("session").n_unique())
    one = counted.filter(pl.col("calls") == 1).select(*_KEY, call="session")
    named = folded.join(one, on=_KEY, how="left").with_columns(session="call")
    return pl.concat([named.select(rows.columns), calls])


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort records by what they counted, then by what they say and not by where they stand, which may change.

    No record takes back that another one shows something exchanged: of those that counted, one that says that nothing
    was comes last.
    """
    counts = [f"{side}_{name}" for side in SIDES for name in ("packets", "bytes")]  # some logs count only bytes
    counted = pl.sum_horizontal(pl.col(name).fill_null(0) for name in counts)
    content = [name for name in rows.columns if name not in ("source", "record")]
    failed = pl.col("outcome").is_in([UNANSWERED, REJECTED]).fill_null(False) & (counted > 0)
    order = pl.when(counted > 0).then(failed.cast(pl.Int8)).otherwise(2)
    return rows.with_columns(*_key(), rank=-counted, order=order).sort("order", "rank", *content, "source", "record")


def _key() -> list[pl.Expr]:
    """Name exchanges: what is seen in a tunnel only the record of the connection says; either end may stand first."""
    ends = [pl.concat_str(f"{side}_addr", pl.lit(" "), pl.col(f"{side}_port").fill_null(0)) for side in SIDES]
    both = pl.concat_str(pl.min_horizontal(*ends), pl.lit(" "), pl.max_horizontal(*ends))
    return [
        pl.col("tie"),
        pl.col("observer").str.strip_suffix(INSIDE).str.strip_chars_end(" ").alias("seer"),
        both.alias("ends"),
    ]


def _oriented(ranked: pl.DataFrame) -> pl.DataFrame:
    """Turn records the way of the first that knows who opened the exchange; what others say of that is left out."""
    here = pl.concat_str("src_addr", pl.lit(" "), pl.col("src_port").fill_null(0))
    way = pl.coalesce(here.filter(pl.col("opened") != "").first(), here.first()).over(_KEY)
    marked = ranked.with_columns((here != way).alias("back"))
    marked = marked.with_columns(opened=pl.when("back").then(pl.lit("")).otherwise("opened"))
    return turned(marked.lazy(), pl.col("back")).drop("back").collect()


def _first(name: str) -> pl.Expr:
    """Take what the record that counted most says, or the next one that says anything."""
    value = pl.col(name)
    if name in _BLANK:
        return value.filter(value != _BLANK[name]).first().fill_null(_BLANK[name])
    if name in _COUNTS:  # none by default of those that count nothing
        return pl.coalesce(value.filter(pl.col("rank") < 0).drop_nulls().first(), value.first())
    return value.drop_nulls().first()


def _outcome() -> pl.Expr:
    """Take what the first record says that says anything, unless its counts are to say it.

    That nobody answered is refuted by any record that saw it; and what only a record without counts says doesn't
    decide for one whose counts do.
    """
    said, counts = pl.col("outcome").drop_nulls(), (pl.col("outcome").is_null() & (pl.col("rank") < 0)).any()
    carried = (said == CARRIED).any() & (counts | (said.first() == UNANSWERED))
    return pl.when(carried).then(pl.lit(CARRIED)).when(~counts).then(said.first())
