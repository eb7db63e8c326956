"""nfdump's CSV: of versions 1.5 to 1.7.2 (`ts,te,td,sa,...`), of later ones (`firstSeen,duration,proto,...`), and any
columns that were asked for.

The names are those of nfdump's output tables (`man nfdump`, "Output formats").  A file may hold several tables, each
with its header; what follows `Summary` are totals and no records.  Aggregated tables have fewer columns, or zeros in
those that were not asked for; one without both addresses counts traffic without its addresses.
"""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.exports import textrows
from auditor.logs.exports.records import NAMELESS
from auditor.logs.lines import LONG, Block, blocks
from auditor.logs.model import Told, unread
from auditor.logs.tables import MORE, NUMBER, table
from auditor.logs.tables import told as is_told
from auditor.model import flow
from auditor.read.source import Source

NAMES: Final[dict[str, str]] = {
    "ts": "first", "tsr": "first", "te": "last", "ter": "last", "td": "long", "sa": "src", "da": "dst",
    "sp": "src_port", "dp": "dst_port", "pr": "protocol", "flg": "flags", "ipkt": "packets", "pkt": "packets",
    "ibyt": "octets", "byt": "octets", "opkt": "back_packets", "obyt": "back_octets", "ra": "router",
    "xda": "real", "xdp": "real_port", "nda": "real", "ndp": "real_port",
    "firstseen": "first", "lastseen": "last", "duration": "long", "srcaddr": "src", "dstaddr": "dst",
    "srcport": "src_port", "dstport": "dst_port", "proto": "protocol", "flags": "flags", "packets": "packets",
    "inpackets": "packets", "bytes": "octets", "inbytes": "octets", "outpackets": "back_packets",
    "outbytes": "back_octets", "routerip": "router", "xlatedstaddr": "real", "xlatedstport": "real_port",
}  # fmt: skip
"""Our names for columns, by theirs in lower case."""
OTHERS: Final = frozenset((
    "cnt", "af", "fl", "flows", "fwd", "stos", "dtos", "in", "out", "input", "output", "sas", "das", "smk", "dmk",
    "dir", "nh", "nhb", "svln", "dvln", "ismc", "odmc", "idmc", "osmc", "cl", "sl", "al", "eng", "exid", "tr", "tos",
    "srctos", "srcas", "dstas", "bps", "pps", "bpp", "event", "val",
))  # fmt: skip
"""Further columns by which such a table is told."""
END: Final = b"Summary"
TOTALS: Final = 2
"""Lines of a summary: names and numbers."""
FIELDS: Final = 256
"""Columns at most."""
HEADERS: Final = 1_000
"""Different headers of one file; what stands below more of them is not read."""
TOO_MANY: Final = "a record below a header that is one of too many"
BEHIND: Final = "a line behind the totals"


def names(line: str) -> list[str]:
    """Return the columns of a header in our names, others in theirs; empty if the line is none."""
    fields = [field.strip().strip('"').lower() for field in line.strip().split(",")]
    ours = [NAMES.get(field, "") for field in fields]
    if not ("first" in ours and len(set(fields)) == len(fields) <= FIELDS):
        return []
    known = sum(1 for field, name in zip(fields, ours, strict=True) if name or field in OTHERS)
    if fields[0] not in ("ts", "tsr", "firstseen", "cnt") or known < 5 or not set(ours) & {"packets", "octets"}:
        return []
    found: list[str] = []
    for field, name in zip(fields, ours, strict=True):
        found.append(name if name and name not in found else f"?{field}")
    return found


LINES: Final = True
"""A record is a line."""


def sniff(head: bytes) -> bool:
    """Say whether the first line is a header of nfdump's."""
    return bool(names(head[:4096].partition(b"\n")[0].decode("utf-8", "replace")))


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a line."""
    header: list[str] = []
    totals, kinds = 0, set[tuple[str, ...]]()
    for block in blocks(source, told):
        if block.cut:
            yield unread([block.number], flow.MALFORMED, LONG)
            continue
        header, totals, groups = _grouped(block, header, totals)
        for each, (numbers, lines) in groups.items():
            kinds.add(each)
            why = TOO_MANY if len(kinds) > HEADERS else "" if each else BEHIND
            if why:
                yield unread(numbers, flow.MALFORMED, why)
            else:
                yield _rows(numbers, lines, list(each), told).lazy()


Group = tuple[list[int], list[bytes]]
"""Numbers of lines, and the lines."""


def _grouped(block: Block, header: list[str], totals: int) -> tuple[list[str], int, dict[tuple[str, ...], Group]]:
    """Divide a block at headers and summaries: the header at its end, totals that are due, and the lines below each.

    Lines behind a summary, but for the two of its totals, are below no header.
    """
    lines = block.data.removesuffix(b"\n").split(b"\n")
    starts = _places(block.data)
    groups: dict[tuple[str, ...], Group] = {}
    known = {line: names(line[:4096].decode("utf-8", "replace")) for line in {lines[at] for at in starts}}
    starts = [at for at in starts if known[lines[at]] or lines[at].strip() == END]
    begin = 0
    for at in [*starts, len(lines)]:
        part, numbers = lines[begin:at], range(block.number + begin, block.number + at)
        kept = [(number, line) for number, line in zip(numbers, part, strict=True) if line.strip()]
        if totals:
            kept, totals = kept[totals:], max(totals - len(kept), 0)
        if kept:
            group = groups.setdefault(tuple(header), ([], []))
            group[0].extend(number for number, _ in kept)
            group[1].extend(line for _, line in kept)
        if at == len(lines):
            break
        found = known[lines[at]]
        header, totals, begin = found, 0 if found else TOTALS, at + 1
    return header, totals, groups


def _places(data: bytes) -> list[int]:
    """Return which lines may be headers or summaries, from 0."""
    found: list[int] = []
    before = at = 0
    for each in _STARTS.finditer(data):
        before += data.count(b"\n", at, each.start())
        at = each.start()
        found.append(before)
    return found


_STARTS: Final = re.compile(rb"^(?:ts|firstSeen|cnt|Summary\s*$)[,\r\n]?", re.MULTILINE)


def _rows(numbers: list[int], lines: list[bytes], header: list[str], told: Told) -> pl.DataFrame:
    frame = table(Block(1, b"\n".join(lines) + b"\n"), header, ",").with_columns(pl.Series(NUMBER, numbers, pl.Int64))
    frame = frame.filter(is_told(header))
    frame = frame.with_columns(
        pl.col(name).str.strip_chars().str.strip_chars('"') for name in header if name in frame.columns
    )
    return flows(frame, told)


def flows(frame: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Make rows of a table with columns in our names, as text."""
    columns = set(frame.columns)
    if not {"src", "dst"} <= columns:
        status = pl.lit(flow.UNSUPPORTED)
        return frame.select("record", status.alias("status"), pl.lit(NAMELESS).alias("detail"))
    told.notes.update({textrows.NO_ZONE} if _no_zone(frame) else ())
    first = textrows.moment("first")
    last = textrows.moment("last") if "last" in columns else pl.lit(None, pl.Int64)
    long = frame["long"].cast(pl.Float64, strict=False) if "long" in columns else pl.Series([None], dtype=pl.Float64)
    frame = frame.with_columns(first.alias("first_ns"), last.alias("last_ns"))
    if "long" in columns:
        ahead = (long.clip(0, 1e9) * 1e9).cast(pl.Int64, strict=False)
        by_long = pl.col("first_ns") + ahead  # whole seconds are all that `te` has, and less than `td` has
        frame = frame.with_columns(pl.max_horizontal(by_long, "last_ns").alias("last_ns"))
    if "real" in columns:
        real = ~pl.col("real").fill_null("").is_in(["", *textrows.ZEROS])
        frame = frame.with_columns(pl.when(real).then("real").otherwise("dst").alias("dst"))
        if "real_port" in columns:
            there = real & (pl.col("real_port").fill_null("0") != "0")
            frame = frame.with_columns(pl.when(there).then("real_port").otherwise("dst_port").alias("dst_port"))
    back = [name for name in ("back_packets", "back_octets") if name in columns]
    if back:  # one-way records print zeros
        nothing = pl.all_horizontal(textrows.number(name).fill_null(0) == 0 for name in back)
        frame = frame.with_columns(pl.when(nothing).then(None).otherwise(pl.col(name)).alias(name) for name in back)
    more = pl.col(MORE).is_not_null() if MORE in columns else pl.lit(value=False)
    frame = frame.with_columns(
        pl.when(more).then(pl.lit(flow.MALFORMED)).alias("status"),
        pl.when(more).then(pl.lit(textrows.TOO_MANY)).alias("detail"),
    )
    router = pl.col("router").fill_null("") if "router" in columns else pl.lit("")
    router = pl.when(router.is_in(textrows.ZEROS)).then(pl.lit("")).otherwise(router)
    return textrows.finished(frame, {"observer": router})


def _no_zone(frame: pl.DataFrame) -> bool:
    """Say whether times are written as dates without a zone."""
    dated = frame["first"].str.contains(r"^\s*\d{4}[-/]").fill_null(value=False)
    zoned = frame["first"].str.contains(r"(Z|[+-]\d\d:?\d\d)\s*$").fill_null(value=False)
    clock = frame["first"].str.contains(r"\d:\d\d").fill_null(value=False)
    return bool((dated & clock & ~(zoned & frame["first"].str.contains(r"\d:\d\d[\d:.]*\s*(Z|[+-])"))).any())
