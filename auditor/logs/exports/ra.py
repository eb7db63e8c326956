"""What argus' `ra` prints: fields between separators (`-c ,`), or columns of spaces, whatever fields were asked for.

`man ra`: the direction shows who sent what (`->`, `<->`) and, for TCP, who opened the connection unless there is a `?`;
the state tells how far it came.  Argus' own records (`man`) tell of no addresses, and so do those of frames without IP.
"""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.exports import textrows
from auditor.logs.exports.records import FRAMES
from auditor.logs.lines import LONG, Block, blocks
from auditor.logs.model import Told
from auditor.logs.tables import MORE, table
from auditor.logs.tables import told as is_told
from auditor.model import flow
from auditor.read.source import Source

NAMES: Final[dict[str, str]] = {
    "starttime": "first", "stime": "first", "lasttime": "last", "ltime": "last", "dur": "long", "proto": "protocol",
    "srcaddr": "src", "saddr": "src", "dstaddr": "dst", "daddr": "dst", "sport": "src_port", "dport": "dst_port",
    "dir": "direction", "state": "state", "totpkts": "all_packets", "pkts": "all_packets", "totbytes": "all_octets",
    "bytes": "all_octets", "srcpkts": "packets", "spkts": "packets", "dstpkts": "back_packets", "dpkts": "back_packets",
    "srcbytes": "octets", "sbytes": "octets", "dstbytes": "back_octets", "dbytes": "back_octets", "srcid": "observer",
    "sid": "observer",
}  # fmt: skip
ASKED: Final = ("first", "src", "dst", "protocol")
"""Fields without which a header is not one of ra's."""
ARROW: Final = re.compile(r"\s(<?[-|o?]>|<[-|o?]>?|who-has|\s-\s)\s")
CLOCK: Final = re.compile(r"^\s*\d{1,2}:\d\d:\d\d")
NO_WORDS: Final = "a line that fits no columns"
CUT_ADDRESS: Final = "an address that the listing cut"
TOGETHER: Final = "Packets of both directions were counted together: all but one stand with the source."
ASKED_ALONE: Final = ("REQ", "INT", "TIM", "ECO", "NRS", "NNS")
"""Of others than TCP: one side spoke."""
ESTABLISHED: Final = ("EST", "CON", "FIN", "CLO")
"""Of TCP: packets that only an established connection has, of either side."""


FIELDS: Final = 256
"""Columns at most."""
FEW: Final = 2
"""Packets from the source of a connection that was refused."""


def header(line: str) -> tuple[str, list[str]]:
    """Return the separator (a space: columns) and the names of a header; no names if the line is none."""
    for separator in (",", "\t", ";", "|", " "):
        fields = line.split() if separator == " " else [field.strip() for field in line.strip("\r\n").split(separator)]
        ours = [NAMES.get(field.lower(), "") for field in fields]
        if len(ASKED) < len(fields) <= FIELDS and set(ASKED) <= set(ours) and ({"direction", "state"} & set(ours)):
            found: list[str] = []
            for field, name in zip(fields, ours, strict=True):
                found.append(name if name and name not in found else f"?{field}{len(found)}")
            return separator, found
    return "", []


LINES: Final = True
"""A record is a line."""


def sniff(head: bytes) -> bool:
    """Say whether the first line is a header of ra's."""
    return bool(header(head[:4096].lstrip(b"\r\n").partition(b"\n")[0].decode("utf-8", "replace"))[1])


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a line."""
    separator, names = "", [""]
    for block in blocks(source, told):
        if block.cut:
            yield pl.DataFrame({"record": [block.number], "status": [flow.MALFORMED], "detail": [LONG]}).lazy()
            continue
        number, data = block.number, block.data
        if not separator:
            while data[:1] in (b"\r", b"\n"):
                number, data = number + 1, data.partition(b"\n")[2]
            separator, names = header(data[:65536].partition(b"\n")[0].decode("utf-8", "replace"))
            if not names:
                return
            number, data = number + 1, data.partition(b"\n")[2]
        if data:
            part = Block(number, data)
            frame = _columns(part, names) if separator == " " else _fields(part, names, separator)
            frame = frame.filter(~_again(frame))
            yield rows(frame, told).lazy()


def _again(frame: pl.DataFrame) -> pl.Expr:
    """Say which rows are headers, of which several files in one have several."""
    return pl.col("first").str.strip_chars().str.to_lowercase().is_in(["starttime", "stime"]).fill_null(value=False)


def _fields(block: Block, names: list[str], separator: str) -> pl.DataFrame:
    frame = table(block, names, separator).filter(is_told(names))
    more = pl.col(MORE).is_not_null()
    return frame.with_columns(
        pl.when(more).then(pl.lit(flow.MALFORMED)).alias("status"),
        pl.when(more).then(pl.lit(textrows.TOO_MANY)).alias("detail"),
    )


def _columns(block: Block, names: list[str]) -> pl.DataFrame:
    """Read lines of columns around their arrow: fields before it may be missing, those behind it are not."""
    found: list[dict[str, str | int | None]] = []
    for number, line in enumerate(block.data.decode("utf-8", "replace").split("\n"), block.number):
        if line.strip():
            found.append({"record": number, **_words(line, names)})
    schema = {"record": pl.Int64, "status": pl.String, "detail": pl.String, **dict.fromkeys(names, pl.String)}
    return pl.DataFrame([{name: each.get(name) for name in schema} for each in found], schema=schema)


def _words(line: str, names: list[str]) -> dict[str, str | None]:
    if line.split()[0].lower() in NAMES:
        return {"first": "StartTime"}
    arrow = ARROW.search(line)
    if not arrow or "direction" not in names:
        word = re.search(r"\sman\s", line)
        status, why = (flow.NO_ADDRESS, FRAMES) if word else (flow.MALFORMED, NO_WORDS)
        return {"status": status, "detail": why}
    found: dict[str, str | None] = {"direction": arrow[0].strip()}
    place = names.index("direction")
    found |= _before(line[: arrow.start()].split(), names[:place])
    found |= _behind(line[arrow.end() :].split(), names[place + 1 :])
    if "*" in f"{found.get('src')}{found.get('dst')}":
        found |= {"status": flow.TRUNCATED, "detail": CUT_ADDRESS}
    return found


def _before(words: list[str], names: list[str]) -> dict[str, str | None]:
    """Name the words before the arrow, from its side on; times come first, and what else stands there is flags."""
    found: dict[str, str | None] = {}
    words = list(words)
    tail = names[names.index("protocol") :] if "protocol" in names else names
    ends = [name for name in tail if name in ("src", "src_port")]
    if words and "src" in ends:
        found["src"], found["src_port"] = _end(words, ported="src_port" in ends)
    if words and "protocol" in tail:
        found["protocol"] = words.pop()
    if words and "first" in names:
        date = len(words) > 1 and bool(re.match(r"^\d{4}[-/]\d", words[0])) and bool(CLOCK.match(words[1]))
        found["first"] = " ".join(words[:2]) if date else words[0]
        if names[1:2] == ["last"] and len(words) > 1 + date:
            rest = words[1 + date :]
            found["last"] = " ".join(rest[:2]) if date else rest[0]
    return found


def _behind(words: list[str], names: list[str]) -> dict[str, str | None]:
    """Name the words behind the arrow in their order."""
    found: dict[str, str | None] = {}
    words = list(words)
    names = list(names)
    if names[:1] == ["dst"] and words:
        ported = names[1:2] == ["dst_port"]
        names = names[1 + ported :]
        found["dst"] = words.pop(0)
        if ported and len(words) == len(names) + 1:
            found["dst_port"] = words.pop(0)
        elif ported:
            found["dst"], found["dst_port"] = _apart(found["dst"] or "")
    if len(words) == len(names):
        found |= dict(zip(names, words, strict=True))
    else:
        found |= {"status": flow.MALFORMED, "detail": NO_WORDS}
    return found


def _end(words: list[str], *, ported: bool) -> tuple[str, str | None]:
    """Take an address and its port from the end; a dot joins them where there is no room for a space."""
    word = words.pop()
    if not ported:
        return word, None
    if "." not in word and ":" not in word and words:  # a port that stands by itself
        return words.pop(), word
    return _apart(word)


def _apart(word: str) -> tuple[str, str | None]:
    """Part an address from the port that a dot joins to it."""
    host, _, port = word.rpartition(".")
    joined = host.count(".") == 3 or (":" in host and "." not in host)
    return (host, port) if joined else (word, None)


def rows(frame: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Make rows of a table with columns in our names, as text."""
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars())
    for name in ("direction", "state", "last", "long", "status", "detail"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, pl.String).alias(name))
    told.notes.update({textrows.NO_DATE} if frame["first"].str.contains(CLOCK.pattern).any() else ())
    told.notes.update({textrows.NO_ZONE} if frame["first"].str.contains(r"^\d{4}[-/]\d.*:\d\d(\.\d+)?$").any() else ())
    frame = _kinds(_counted(frame, told))
    named = pl.any_horizontal(
        pl.col(f"{side}_port").str.contains(r"^[A-Za-z]").fill_null(value=False) for side in flow.SIDES
    )
    if frame.filter(named).height:
        told.notes.add("Ports were written as names, which are not read.")
    ports = [_port(f"{side}_port") for side in flow.SIDES if f"{side}_port" in frame.columns]
    frame = frame.with_columns(
        *ports, textrows.moment("first").alias("first_ns"), textrows.moment("last").alias("last_ns")
    )
    long = (pl.col("long").cast(pl.Float64, strict=False).clip(0, 1e9) * 1e9).cast(pl.Int64, strict=False)
    frame = frame.with_columns(pl.coalesce("last_ns", pl.col("first_ns") + long).alias("last_ns"))
    tcp = pl.col("protocol").str.to_lowercase() == "tcp"
    arrow = pl.col("direction").fill_null("")
    opened = tcp & arrow.str.ends_with(">") & ~arrow.str.contains("?", literal=True)
    return textrows.finished(frame, {
        "opened": pl.when(opened).then(pl.lit("handshake")).otherwise(pl.lit("")), "outcome": _outcome(tcp),
    })  # fmt: skip


def _counted(frame: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Give each direction its counts, where only the sum is told by which of them spoke."""
    for both, there, other in (("all_packets", "packets", "back_packets"), ("all_octets", "octets", "back_octets")):
        if both not in frame.columns or (there in frame.columns and other in frame.columns):
            continue
        every = textrows.number(both)
        if there in frame.columns:
            rest = (every - textrows.number(there)).clip(0)
            frame = frame.with_columns(rest.cast(pl.String).alias(other))
        elif there == "packets" and {"octets", "back_octets"} & set(frame.columns):
            told.notes.add(TOGETHER)
            own = "back_octets" in frame.columns
            back = textrows.number("back_octets") if own else textrows.number("all_octets") - textrows.number("octets")
            answered = pl.when(back > 0).then(pl.min_horizontal(every, 1)).otherwise(0)
            frame = frame.with_columns(
                (every - answered).cast(pl.String).alias(there), answered.cast(pl.String).alias("back_packets")
            )
        else:
            frame = frame.with_columns(pl.col(both).alias(there))
    return frame


def _port(name: str) -> pl.Expr:
    """Keep ports that are numbers, of ten or of sixteen."""
    hexadecimal = pl.col(name).str.contains(r"^0x[0-9a-fA-F]{1,4}$")
    number = pl.col(name).str.slice(2).str.to_integer(base=16, strict=False).cast(pl.String)
    wanted = pl.when(hexadecimal).then(number).when(pl.col(name).str.contains(r"^\d+$")).then(pl.col(name))
    return wanted.otherwise(pl.lit("0")).alias(name)


def _kinds(frame: pl.DataFrame) -> pl.DataFrame:
    """Say of records without IP addresses what they are."""
    word = pl.col("protocol").str.to_lowercase()
    stations = pl.col("src").fill_null("").str.contains(r"^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$")
    nothing = (pl.col("src") == "0") & (pl.col("dst") == "0")
    none = pl.col("status").is_null() & (word.is_in(["man", "arp", "rarp", "llc"]) | stations | nothing)
    cut = pl.col("status").is_null() & (
        pl.col("src").str.contains("*", literal=True) | pl.col("dst").str.contains("*", literal=True)
    )
    return frame.with_columns(
        pl.when(none)
        .then(pl.lit(flow.NO_ADDRESS))
        .when(cut)
        .then(pl.lit(flow.TRUNCATED))
        .otherwise("status")
        .alias("status"),
        pl.when(none).then(pl.lit(FRAMES)).when(cut).then(pl.lit(CUT_ADDRESS)).otherwise("detail").alias("detail"),
    )


def _outcome(tcp: pl.Expr) -> pl.Expr:
    """Say how it ended where the state does: a request alone, a reset, or both sides."""
    state = pl.col("state").fill_null("").str.to_uppercase()
    arrow = pl.col("direction").fill_null("")
    both = arrow.str.starts_with("<") & arrow.str.ends_with(">")
    few = pl.col("_packets").fill_null(0) <= FEW
    refused = tcp & (state == "RST") & few
    return (
        pl.when(refused).then(pl.lit(flow.REJECTED)).when(tcp & (state == "REQ")).then(pl.lit(flow.UNANSWERED))
        .when(tcp & state.is_in(ESTABLISHED)).then(pl.lit(flow.CARRIED))
        .when(both & ~state.is_in(ASKED_ALONE)).then(pl.lit(flow.CARRIED))
    )  # fmt: skip
