"""Moments as cloud services write them: text of RFC 3339, or a number whose unit its size tells."""

from typing import Final

import polars as pl

SECOND: Final = 10**9
EARLIEST: Final = 631_152_000 * SECOND
"""1990-01-01: what is older is no time of a flow log."""
LONGEST: Final = 86_400 * SECOND
"""A record of a longer interval has a wrong time: services write one every few minutes."""
ODD: Final = "time out of range"
_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (1 << 63, 1))
"""Seconds are below the first number until the year 5138, milliseconds below the second, and so on: to nanoseconds."""
_TEXT: Final = r"^((?:19[7-9]|20|21)\d*-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(?:[Zz]|UTC|([+-]\d\d:?\d\d))$"


def counted(number: pl.Expr) -> pl.Expr:
    """Return the nanoseconds since 1970 of a count of seconds, milli-, micro- or nanoseconds; 0 if it is none."""
    found = pl.lit(0, pl.Int64)
    for most, unit in reversed(_UNITS):
        latest = min(most - 1, ((1 << 63) - 1) // unit)
        inside = number.is_between(0, latest) & (number < most)
        found = pl.when(inside).then(pl.when(inside).then(number).otherwise(0) * unit).otherwise(found)
    return pl.when(found >= EARLIEST).then(found).otherwise(0)


def written(text: pl.Expr) -> pl.Expr:
    """Return the nanoseconds since 1970 of RFC 3339 text (section 5.6), or with ` UTC` as BigQuery has it; else 0."""
    parts = text.str.extract_groups(_TEXT).struct.rename_fields(["day", "time", "zone"])
    zone = parts.struct.field("zone").fill_null("+00:00")
    whole = pl.concat_str(parts.struct.field("day"), pl.lit("T"), parts.struct.field("time"), zone)
    moment = whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="ns", time_zone="UTC", strict=False)
    found = moment.dt.epoch("ns").fill_null(0)
    return pl.when(found >= EARLIEST).then(found).otherwise(0)


def strange(first: str, last: str) -> pl.Expr:
    """Say which intervals, of two columns of nanoseconds, have a time that can't be right."""
    begins, ends = pl.col(first), pl.col(last)
    return (begins < EARLIEST) | (ends < begins) | (ends - begins > LONGEST)


def interval(first: str, last: str) -> list[pl.Expr]:
    """Return the columns first_ns, last_ns and `odd` (Boolean) of two columns of nanoseconds, in which 0 is no time.

    A time that is missing, older than flow logs, or more than a day from the other one is odd.  If only one is left, it
    stands for both; of two that disagree nobody knows which is right, so neither is told.
    """
    begins = pl.when(pl.col(first) >= EARLIEST).then(first).otherwise(0)
    ends = pl.when(pl.col(last) >= EARLIEST).then(last).otherwise(0)
    lost = (begins == 0) | (ends == 0)
    apart = ~lost & ((ends < begins) | (ends - begins > LONGEST))
    either = pl.max_horizontal(begins, ends)
    return [
        pl.when(apart).then(0).when(lost).then(either).otherwise(begins).alias("first_ns"),
        pl.when(apart).then(0).when(lost).then(either).otherwise(ends).alias("last_ns"),
        (lost | apart).alias("odd"),
    ]
