"""Rows out of columns of text, as a column map says."""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import polars as pl

from auditor.logs.model import DEFAULTS, LOG, Told, turned, unread
from auditor.logs.monitors import columns_format as form
from auditor.logs.monitors import fields
from auditor.logs.monitors.fields import UNTIMED, ZONELESS
from auditor.logs.tables import NUMBER
from auditor.model.flow import UNKNOWN
from auditor.model.status import MALFORMED, NO_ADDRESS, UNSUPPORTED

UNITS: Final = {"seconds": 10**9, "milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}
DECODER: Final = json.JSONDecoder()
COUNTS: Final = ("src_packets", "dst_packets", "src_bytes", "dst_bytes")
PORTS: Final = ("src_port", "dst_port")
NAMES: Final = ("src_name", "dst_name")
WORDS: Final = ("app", "plane", "service", "outcome", "encrypted", "opened", "src_role", "dst_role")
OUTCOMES: Final = {"carried": "", "unanswered": "unanswered", "rejected": "rejected"}
NO_NUMBER: Final = "a count or a port that is no number"
NO_WORD: Final = "a word that the column map does not explain"
_NUMBER: Final = r"^(\d{1,19})(?:\.(\d{1,9})\d*)?$"
_ISO: Final = r"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)? ?(?:([Zz]|UTC|GMT)|([+-]\d\d:?\d\d))?$"


def rows(file: form.File, named: dict[str, str], found: pl.DataFrame, told: Told) -> Iterator[pl.LazyFrame]:
    """Make rows of a table of texts, whose columns are called as ours; what does not fit has a status."""
    missing = [*file.missing, ""]
    found = found.with_columns(pl.col(named).str.strip_chars()).with_columns(
        pl.when(~pl.col(name).is_in(missing)).then(pl.col(name)).alias(name) for name in named
    )
    src, dst = (pl.col(f"{side}_addr").is_not_null() for side in ("src", "dst"))
    explained = _explained(file, named)
    numbers = [pl.col(name).is_not_null() & _number(name).is_null() for name in (*COUNTS, *PORTS) if name in named]
    words = [pl.col(name).is_not_null() & column.is_null() for name, column in explained.items() if name in named]
    none = pl.lit(False)
    for where, status, detail in (
        (~src & ~dst, NO_ADDRESS, ""),
        (src != dst, UNSUPPORTED, "names addresses, but not both ends"),
        (pl.any_horizontal(none, *numbers), MALFORMED, NO_NUMBER),
        (pl.any_horizontal(none, *words), MALFORMED, NO_WORD),
    ):
        bad = found.filter(where)
        if len(bad):
            yield unread(bad[NUMBER].to_list(), status, detail)
            found = found.filter(~where)
    if len(found):
        yield _made(file, named, explained, found, told)


def _number(name: str) -> pl.Expr:
    """Read a whole number; null for what is none, or no port."""
    most = 65535 if name in PORTS else fields.GREATEST
    value = pl.col(name).str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    return pl.when(value.is_between(0, most)).then(value)


def _explained(file: form.File, named: dict[str, str]) -> dict[str, pl.Expr]:
    """Return the columns of words, as the map explains them; null for a word that it doesn't explain."""
    given: dict[str, pl.Expr] = {}
    values = msgspec.structs.asdict(file.values)
    for name in WORDS:
        if name not in named:
            continue
        known = dict(values[name])
        if name == "outcome":
            known = {word: OUTCOMES[means] for word, means in known.items()}
        if not known and name == "app":  # protocols as the log names them, where these are ours
            known = {word: word for word in fields.APP_NAMES}
        given[name] = (
            pl.col(name).replace_strict(known, default=None, return_dtype=pl.String) if known else pl.col(name)
        )
    if "transport" in named:
        known = {word: fields.transport(means) for word, means in values["transport"].items()} or fields.TRANSPORTS
        word = pl.col("transport").str.to_lowercase() if not values["transport"] else pl.col("transport")
        given["transport"] = word.replace_strict(known, default=None, return_dtype=pl.String)
    return given


def _made(
    file: form.File, named: dict[str, str], explained: dict[str, pl.Expr], found: pl.DataFrame, told: Told
) -> pl.LazyFrame:
    columns: dict[str, pl.Expr] = {}
    for name, value in msgspec.structs.asdict(file.constants).items():
        if value is not None:
            plain = OUTCOMES[value] if name == "outcome" else value
            columns[name] = pl.lit(fields.transport(value) if name == "transport" else plain)
    columns |= {"record": pl.col(NUMBER), "src_addr": pl.col("src_addr"), "dst_addr": pl.col("dst_addr")}
    for name in (*COUNTS, *PORTS):
        if name in named:
            columns[name] = _number(name).fill_null(0)
    for name in ("account", "observer"):
        if name in named:
            columns[name] = pl.col(name).fill_null("")
    for name in NAMES:
        if name in named:
            columns[name] = _by_value(found, name, fields.name).fill_null("")
    defaults = {"plane": UNKNOWN, "src_role": UNKNOWN, "dst_role": UNKNOWN}
    for name, column in explained.items():
        columns[name] = column if name == "outcome" else column.fill_null(defaults.get(name, ""))
    if "session" in named:
        makes = fields.call if file.call_ids else lambda text: f"{file.name}:{text}"
        columns["session"] = _by_value(found, "session", makes)
    columns |= _times(file, named, found, told)
    opened = columns.pop("opened", None)
    typed = {name: column.cast(LOG[name]).alias(name) for name, column in columns.items()}
    if opened is None:
        return found.lazy().select(*typed.values())
    for name in list(typed):  # both sides of what may be exchanged
        other = {"src_": "dst_", "dst_": "src_"}.get(name[:4], "") + name[4:]
        if other != name[4:]:
            typed.setdefault(other, pl.lit(DEFAULTS[other], LOG[other]).alias(other))
    made = found.lazy().select(*typed.values(), _opened=opened)
    known = pl.col("_opened").is_in(["src", "dst"]).fill_null(False)
    made = made.with_columns(opened=pl.when(known).then(pl.lit("protocol")).otherwise(pl.lit("")))
    return turned(made, (pl.col("_opened") == "dst").fill_null(False)).drop("_opened")


def _by_value(found: pl.DataFrame, name: str, makes: Any) -> pl.Expr:
    known = {each: makes(each) for each in found[name].drop_nulls().unique().to_list()}
    return pl.col(name).replace_strict(known or {"": ""}, default=None, return_dtype=pl.String)


def _times(file: form.File, named: dict[str, str], found: pl.DataFrame, told: Told) -> dict[str, pl.Expr]:
    """Return when a record began and ended; 0 where that isn't known, which is told."""
    none = pl.Series([0] * len(found), dtype=pl.Int64)
    begins = nanoseconds(found["time"], file.times, told) if "time" in named else none
    ends = nanoseconds(found["end"], file.times, told) if "end" in named else none
    if "duration" in named:
        length = found["duration"].cast(pl.Float64, strict=False).fill_null(0).fill_nan(0) * UNITS[file.times.duration]
        lasted = length.clip(0, 10**17).round().cast(pl.Int64)
        if "time" in named:
            ends = (begins + lasted) * (begins != 0).cast(pl.Int64)
        elif "end" in named:
            begins = (ends - lasted) * (ends != 0).cast(pl.Int64)
    begun, ended = pl.col("begun"), pl.col("ended")
    known = pl.DataFrame({"begun": begins, "ended": ends}).select(
        begun=pl.when(begun == 0).then(ended).otherwise(begun), ended=pl.when(ended == 0).then(begun).otherwise(ended)
    )
    if (known["begun"] == 0).any():
        told.notes.add(UNTIMED)
    odd = pl.when(ended < begun).then(pl.lit("time out of range")).otherwise(pl.lit(""))
    times = known.select(
        first_ns=pl.min_horizontal(begun, ended),
        last_ns=pl.max_horizontal(begun, ended),
        detail=pl.when(begun == 0).then(pl.lit("no time that can be read")).otherwise(odd),
    )
    return {name: pl.lit(times[name]) for name in times.columns}


def nanoseconds(texts: pl.Series, times: form.Times, told: Told) -> pl.Series:
    """Read times as the map says; 0 for what can't be read, or is absurd."""
    texts = texts.alias("time")
    if times.format in UNITS:
        ns = _counted(texts, UNITS[times.format])
    elif times.format == "iso":
        ns = _written(texts, times.zone, told)
    else:
        parsed = texts.str.to_datetime(times.format, time_unit="ns", strict=False)
        if getattr(parsed.dtype, "time_zone", None):
            ns = parsed.dt.epoch("ns")
        else:
            _tell(parsed.is_not_null().any(), times.zone, told)
            ns = zoned(parsed, times.zone)
    least, most = fields.LIMITS
    frame = pl.DataFrame({"ns": ns.fill_null(0)})
    return frame.select(pl.when(pl.col("ns").is_between(least, most)).then("ns").otherwise(0)).to_series()


def _tell(any_at_all: bool, zone: str, told: Told) -> None:
    if any_at_all and not zone:
        told.notes.add(ZONELESS)


def _counted(texts: pl.Series, unit: int) -> pl.Series:
    """Read a number of units since 1970, with a fraction or not."""
    parts = pl.col("time").str.extract_groups(_NUMBER).struct.rename_fields(["whole", "part"])
    whole = parts.struct.field("whole").cast(pl.Int64, strict=False)
    part = parts.struct.field("part").fill_null("0").str.pad_end(9, "0").cast(pl.Int64, strict=False)
    fits = whole <= (1 << 62) // unit
    found = pl.when(fits).then(whole * unit + part * unit // 10**9)
    return texts.to_frame().select(found.alias("time")).to_series()


def _written(texts: pl.Series, zone: str, told: Told) -> pl.Series:
    """Read ISO 8601, each in its own zone or in that of the map."""
    names = ["day", "clock", "part", "utc", "offset"]
    parts = texts.str.extract_groups(_ISO).struct.rename_fields(names).struct.unnest()
    whole = parts.select(pl.concat_str("day", pl.lit("T"), "clock").str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False))
    naive = whole.to_series().dt.cast_time_unit("ns")
    bare = parts["utc"].is_null() & parts["offset"].is_null() & naive.is_not_null()
    _tell(bool(bare.any()), zone, told)
    offsets = {each: fields.offset(each) for each in parts["offset"].drop_nulls().unique().to_list()}
    ahead = parts["offset"].replace_strict(offsets or {"": 0}, default=0, return_dtype=pl.Int64)
    part = parts["part"].fill_null("0").str.pad_end(9, "0").cast(pl.Int64)
    table = pl.DataFrame(
        {"own": naive.dt.epoch("ns") - ahead * 10**9, "map": zoned(naive, zone), "bare": bare, "part": part}
    )
    return table.select(pl.when("bare").then("map").otherwise("own") + pl.col("part")).to_series()


def zoned(naive: pl.Series, zone: str) -> pl.Series:
    """Return the nanoseconds since 1970 UTC of times of a zone; null for those that it has twice or never.

    Raise PolarsError if there is no such zone.
    """
    if zone in ("", "UTC"):
        return naive.dt.epoch("ns")
    if zone[0] in "+-":
        return naive.dt.epoch("ns") - fields.offset(zone) * 10**9
    return naive.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.epoch("ns")
