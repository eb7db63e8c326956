"""nfdump's JSON: an array of objects over many lines (`-o json`), or an object a line (`-o ndjson`, json-log).

Names of fields are those of nfdump 1.6 (`t_first`) and 1.7 (`first`); NSEL and NAT events have addresses and may have
no counts.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import polars as pl

from auditor.logs.exports import textrows
from auditor.logs.exports.records import BINDING
from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.logs.values import Value, values
from auditor.model import flow
from auditor.read.source import Source

ROWS: Final = 1 << 16
FEED: Final = 1 << 22
LONGEST: Final = 1 << 24
"""Bytes of the longest object."""
_FIRST: Final = re.compile(rb'^\s*\[?\s*\{\s*"type"\s*:\s*"(FLOW|EVENT)"\s*,\s*"[a-z_]+"\s*:', re.IGNORECASE)
_FIELDS: Final = (
    b'"src4_addr"',
    b'"src6_addr"',
    b'"in_packets"',
    b'"t_first"',
    b'"export_sysid"',
    b'"event"',
    b'"first"',
)
_BEHIND: Final = re.compile(rb"\n\}\s*,?\s*\n?")
SAMPLED: Final = "Sampled: counts are those that nfdump stored, scaled by a rate that it doesn't tell."
NO_OBJECT: Final = "no JSON object of a flow"
TOO_LONG: Final = "a JSON value of more than 16 MiB"

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "first": ("first", "t_first", "t_event", "event_time"), "last": ("last", "t_last"),
    "src": ("src4_addr", "src6_addr", "src_addr"), "dst": ("dst4_addr", "dst6_addr", "dst_addr"),
    "real": ("dst4_xlt_ip", "dst6_xlt_ip"), "real_port": ("dst_xlt_port",), "nat": ("src4_xlt_ip", "src6_xlt_ip"),
    "src_port": ("src_port",), "dst_port": ("dst_port",), "protocol": ("proto",), "flags": ("tcp_flags",),
    "packets": ("in_packets",), "octets": ("in_bytes",), "back_packets": ("out_packets",),
    "back_octets": ("out_bytes",), "router": ("ip4_router", "ip6_router"), "event": ("event", "nat_event"),
}  # fmt: skip
"""Our names, and those that the versions of nfdump have for them."""


def sniff(head: bytes) -> bool:
    """Say whether the first object is one of nfdump's."""
    begin = head[:4096]
    return bool(_FIRST.match(begin)) and any(field in begin for field in _FIELDS)


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row an object."""
    for some in _hundreds(objects(source, told)):
        yield _rows(some, told).lazy()


def _hundreds(every: Iterator[Value]) -> Iterator[list[Value]]:
    """Gather values into lists, since columns cost by the call."""
    some: list[Value] = []
    for each in every:
        some.append(each)
        if len(some) >= ROWS:
            yield some
            some = []
    if some:
        yield some


def objects(source: Source, told: Told) -> Iterator[Value]:
    """Read the objects of a file."""
    head = next(pieces(source, Told(), FEED), b"")
    if _BEHIND.search(head):
        yield from split(pieces(source, told, FEED))
    else:
        yield from values(source, told)


def split(feed: Iterator[bytes]) -> Iterator[Value]:
    """Read objects that end with a brace at the beginning of a line, as nfdump writes them, hundreds at a time."""
    rest, number = b"", 0
    for piece in feed:
        data = rest + piece
        end = data.rfind(b"\n}")
        if end < 0 and len(data) <= LONGEST:
            rest = data
            continue
        if end < 0:
            yield Value(number + 1, status=flow.MALFORMED, detail=TOO_LONG)
            return
        rest = data[end + 2 :]
        for value in _whole(data[: end + 2], number):
            number = value.record
            yield value
    if rest.strip(b" \t\r\n,]"):
        yield Value(number + 1, status=flow.TRUNCATED, detail="a JSON value without an end")


def _whole(data: bytes, number: int) -> Iterator[Value]:
    """Read whole objects; those around a damaged one are read one by one."""
    inner = data.lstrip(b" \t\r\n,[")
    try:
        found = msgspec.json.decode(b"[" + inner + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if found is not None:
        yield from (Value(i, each) for i, each in enumerate(found, number + 1))
        return
    for i, part in enumerate(
        (each for each in re.split(rb"(?<=\n\})\s*,?", inner) if each.strip(b" \t\r\n,")), number + 1
    ):
        try:
            yield Value(i, msgspec.json.decode(part.decode("utf-8", "replace").strip(" \t\r\n,")))
        except (msgspec.DecodeError, RecursionError):
            yield Value(i, status=flow.MALFORMED, detail=NO_OBJECT)


def _rows(some: list[Value], told: Told) -> pl.DataFrame:
    texts: dict[str, list[str | None]] = {name: [] for name in KEYS}
    for each in some:
        found = each.value if isinstance(each.value, dict) else {}
        for name, keys in KEYS.items():
            texts[name].append(_text(found, keys))
        if found.get("sampled") in (1, "1"):
            told.notes.add(SAMPLED)
    status = [each.status or (None if isinstance(each.value, dict) else flow.MALFORMED) for each in some]
    detail = [each.detail or (None if isinstance(each.value, dict) else NO_OBJECT) for each in some]
    frame = pl.DataFrame(
        {"record": [each.record for each in some], "status": status, "detail": detail, **texts},
        schema={"record": pl.Int64, "status": pl.String, "detail": pl.String, **dict.fromkeys(KEYS, pl.String)},
    )
    return rows(frame, told)


def _text(found: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = found.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
    return None


def rows(frame: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Make rows of fields as text in our names (KEYS)."""
    zoned = frame["first"].drop_nulls()
    if zoned.str.contains(r"\d:\d\d:\d\d(\.\d+)?$").any():
        told.notes.add(textrows.NO_ZONE)
    real = ~pl.col("real").fill_null("").is_in(["", *textrows.ZEROS])
    there = real & ~pl.col("real_port").fill_null("0").is_in(["0"])
    nothing = pl.all_horizontal(textrows.number(name).fill_null(0) == 0 for name in ("back_packets", "back_octets"))
    binding = (
        pl.col("status").is_null() & (pl.col("dst").is_null() | pl.col("dst").is_in(textrows.ZEROS))
        & ~real & (pl.col("nat").is_not_null() | pl.col("event").is_not_null())
    )  # fmt: skip
    frame = frame.with_columns(
        pl.when(binding).then(pl.lit(flow.NO_ADDRESS)).otherwise("status").alias("status"),
        pl.when(binding).then(pl.lit(BINDING)).otherwise("detail").alias("detail"),
        pl.when(real).then("real").otherwise("dst").alias("dst"),
        pl.when(there).then("real_port").otherwise("dst_port").alias("dst_port"),
        *(pl.when(nothing).then(None).otherwise(pl.col(name)).alias(name) for name in ("back_packets", "back_octets")),
        textrows.moment("first").alias("first_ns"),
        textrows.moment("last").alias("last_ns"),
    )
    happened = pl.col("event").fill_null("").str.to_lowercase()
    event = happened != ""
    silent = event & (textrows.number("octets").fill_null(0) == 0)
    ended = pl.when(happened.is_in(["deny", "denied", "flow denied"])).then(pl.lit(flow.REJECTED))
    router = pl.col("router").fill_null("")
    return textrows.finished(frame, {
        "observer": pl.when(router.is_in(textrows.ZEROS)).then(pl.lit("")).otherwise(router),
        "outcome": ended.when(silent).then(pl.lit(flow.UNANSWERED)),
        "opened": pl.when(event & (happened != "ignore")).then(pl.lit("handshake")).otherwise(pl.lit("")),
    })  # fmt: skip
