"""Rows out of what programs printed: columns of text become columns of LOG."""

import re
from typing import Any, Final

import polars as pl

from auditor.logs.exports import times
from auditor.logs.exports.records import NOTHING, ONE_END, PORTED
from auditor.logs.protocols import NAMES, WORDS
from auditor.model import flow

NO_ZONE: Final = "Times bear no zone and were read as UTC."
NO_DATE: Final = "Times bear no date, so it is not known when these flows were."
TOO_MANY: Final = "more fields than the header names"
NO_NUMBER: Final = "a count or a port that is no number"
SHORT: Final = "a line without addresses"
"""Details and notes, in words of ours."""

_WORDS: Final = {**{str(number): name for number, name in enumerate(NAMES)}, **WORDS, "rtp": "udp", "rtcp": "udp"}
"""Transports by number or name; argus names some by what they carry."""
_PORTED: Final = [NAMES[number] for number in range(256) if PORTED[number]]
ZEROS: Final = ["0", "0.0.0.0", "::"]  # noqa: S104
"""How an address is written that is not known; as a source it also asks for one, of many."""
FLAGS: Final = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
COLUMNS: Final = (
    "src", "dst", "src_port", "dst_port", "protocol", "flags", "packets", "octets", "back_packets", "back_octets",
)  # fmt: skip
"""What a reader gives as text, whatever of it there is; null: not told."""


def number(column: str) -> pl.Expr:
    """Read a count; null where there is none, as in what is negative."""
    value = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value >= 0).then(value.clip(0, 2**53).cast(pl.Int64, strict=False))


def transport() -> pl.Expr:
    """Name the transport by the name or the number of its protocol; empty: neither is known."""
    word = pl.col("protocol").str.strip_chars().str.to_lowercase()
    return pl.coalesce(word.replace_strict(_WORDS, default=None, return_dtype=pl.String), pl.lit(""))


def flags() -> pl.Expr:
    """Read flags written as letters in a row of dots, or as a number."""
    word = pl.col("flags").str.strip_chars()
    letters = pl.sum_horizontal(pl.when(word.str.contains(letter)).then(bit).otherwise(0) for letter, bit in _BITS)
    as_number = pl.when(word.str.contains(r"^0x[0-9a-fA-F]{1,2}$")).then(
        word.str.slice(2).str.to_integer(base=16, strict=False)
    )
    plain = word.str.contains(r"^[A-Z.]+$")
    read = pl.coalesce(
        as_number,
        pl.when(plain).then(letters),
        pl.when(word.str.contains(r"^\d{1,3}$")).then(word.cast(pl.Int64, strict=False)),
    )
    return (read & 0xFF).cast(pl.Int32)


_BITS: Final = tuple(FLAGS.items())


def moment(column: str) -> pl.Expr:
    """Read a time as nanoseconds: a date and a time with or without a zone, or seconds, milliseconds and so on.

    Seconds, milli-, micro- and nanoseconds since 1970 are told apart by their size.  Null: none of these.
    """
    text = pl.col(column).str.strip_chars().str.replace("T", " ", literal=True).str.replace_all("/", "-", literal=True)
    zone = text.str.extract(r"(Z|[+-]\d\d:?\d\d)$").fill_null("")
    bare = text.str.replace(r"\s*(Z|[+-]\d\d:?\d\d)$", "")
    bare = pl.when(bare.str.contains(r"^\d{4}-\d")).then(bare).otherwise(None)
    at = bare.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ns", strict=False).dt.epoch("ns")
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    shift = zone.str.extract(r"(\d\d):?\d\d$").cast(pl.Int64, strict=False).fill_null(0) * 3600
    shift += zone.str.extract(r"\d\d:?(\d\d)$").cast(pl.Int64, strict=False).fill_null(0) * 60
    return pl.coalesce(at - sign * shift * 1_000_000_000, _since_1970(text))


def _since_1970(text: pl.Expr) -> pl.Expr:
    """Read seconds or parts of them, without loss: what stands behind a point is read apart."""
    whole = text.str.extract(r"^(\d{1,19})(?:\.\d*)?$").cast(pl.Int64, strict=False)
    part = text.str.extract(r"^\d{1,19}\.(\d+)$").fill_null("0").str.slice(0, 9).str.pad_end(9, "0").cast(pl.Int64)
    size = pl.when(whole < 5 * 10**9).then(10**9).when(whole < 5 * 10**12).then(10**6).when(whole < 5 * 10**15)
    by = size.then(1000).otherwise(1)
    return whole * by + pl.when(by == 10**9).then(part).otherwise(0)


def finished(frame: pl.DataFrame, extra: dict[str, pl.Expr] | None = None) -> pl.DataFrame:
    """Make LOG rows of columns of text (COLUMNS), and of `record`, `first_ns` and `last_ns`, which are numbers.

    `extra` are further columns of LOG, which may go by `_packets` and the like, the numbers.  A row whose `status` is
    given keeps it.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    given = {"first_ns": pl.Int64, "last_ns": pl.Int64, "status": pl.String, "detail": pl.String}
    frame = frame.with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in missing),
        *(pl.lit(None, kind).alias(name) for name, kind in given.items() if name not in frame.columns),
    )
    frame = frame.with_columns(transport().alias("transport"))
    ported = pl.col("transport").is_in(_PORTED)
    frame = frame.with_columns(
        pl.col("first_ns", "last_ns").fill_null(0),
        *(number(f"{name}").alias(f"_{name}") for name in ("packets", "octets", "back_packets", "back_octets")),
        *(
            pl.when(ported).then(pl.col(f"{side}_port").str.strip_chars().cast(pl.Int64, strict=False)).otherwise(0)
            .alias(f"_{side}_port")
            for side in flow.SIDES
        ),
        *(pl.col(side).str.strip_chars() for side in ("src", "dst")),
    )  # fmt: skip
    first, last, odd = _placed(frame)
    frame = frame.with_columns(first, last, odd)
    return _judged(frame, extra or {})


def _placed(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Put times in order; without an export to go by, only what lies between 1990 and 2100 can be."""
    first, last = (frame[name].to_numpy() for name in ("first_ns", "last_ns"))
    begun, ended, odd = times.placed(first, last, first * 0)
    return pl.Series("first_ns", begun), pl.Series("last_ns", ended), pl.Series("_odd", odd)


def _judged(frame: pl.DataFrame, extra: dict[str, Any]) -> pl.DataFrame:
    """Say of each row what it is."""
    none = pl.col("src").is_null() | (pl.col("src") == "") | pl.col("dst").is_null() | (pl.col("dst") == "")
    zeros = pl.col("src").is_in(ZEROS) & pl.col("dst").is_in(ZEROS)
    counts = ("packets", "octets", "back_packets", "back_octets")
    wrong = pl.any_horizontal(
        *(pl.col(f"_{name}").is_null() & pl.col(name).is_not_null() for name in counts),
        *((pl.col(f"_{side}_port").is_null() | ~pl.col(f"_{side}_port").fill_null(0).is_between(0, 65535))
          & pl.col(f"{side}_port").is_not_null() for side in flow.SIDES),
    )  # fmt: skip
    given = pl.col("status").is_not_null()
    to_many = pl.col("dst").str.contains(r"^(22[4-9]|2[345]\d)\.|^ff")
    one = (pl.col("dst").is_in(ZEROS) | (pl.col("src").is_in(ZEROS) & ~to_many)) & ~zeros
    status = (
        pl.when(given).then("status").when(zeros).then(pl.lit(flow.NO_ADDRESS)).when(none | wrong)
        .then(pl.lit(flow.MALFORMED)).when(one).then(pl.lit(flow.UNSUPPORTED)).otherwise(pl.lit(flow.OK))
    )  # fmt: skip
    detail = (
        pl.when(given).then("detail").when(zeros).then(pl.lit(NOTHING)).when(none).then(pl.lit(SHORT))
        .when(~wrong & one).then(pl.lit(ONE_END)).when(wrong)
        .then(pl.lit(NO_NUMBER)).when("_odd").then(pl.lit(times.ABSURD)).otherwise(pl.col("detail").fill_null(""))
    )  # fmt: skip
    frame = frame.with_columns(status.alias("status"), detail.fill_null("").alias("detail"))
    good = pl.col("status") == flow.OK

    def told(value: pl.Expr, name: str) -> pl.Expr:
        return pl.when(good).then(value).alias(name)

    return frame.select(
        "record", "status", "detail", "transport", "first_ns", "last_ns",
        told(pl.col("src"), "src_addr"), told(pl.col("dst"), "dst_addr"),
        *(pl.when(good).then(pl.col(f"_{side}_port")).fill_null(0).cast(pl.Int32).alias(f"{side}_port")
          for side in flow.SIDES),
        pl.col("_packets").fill_null(0).alias("src_packets"), pl.col("_octets").fill_null(0).alias("src_bytes"),
        pl.col("_back_packets").alias("dst_packets"), pl.col("_back_octets").alias("dst_bytes"),
        pl.when(pl.col("transport") == "tcp").then(flags()).alias("src_flags"),
        *(value.alias(name) for name, value in extra.items()),
    )  # fmt: skip


CLOCK: Final = re.compile(r"^\d{1,2}:\d\d:\d\d(\.\d+)?$")
"""A time without a date."""
