"""nfdump's raw text (`-o raw`): a block of `name = value` lines for each record.

Times are printed as milliseconds since 1970 and again as dates, so no zone has to be guessed.
"""

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.exports import nfdump_json
from auditor.logs.lines import LONG, blocks
from auditor.logs.model import Told
from auditor.model import flow
from auditor.read.source import Source

BEGIN: Final = re.compile(rb"^Flow Record:\s*$")
LINE: Final = re.compile(rb"^\s+([A-Za-z][A-Za-z0-9 /]*?)\s*=\s*(.*?)\s*$")
ROWS: Final = 1 << 16
KEYS: Final[dict[bytes, str]] = {
    b"first": "first", b"last": "last", b"proto": "protocol", b"tcp flags": "flags", b"src port": "src_port",
    b"dst port": "dst_port", b"src addr": "src", b"dst addr": "dst", b"in packets": "packets", b"in bytes": "octets",
    b"out packets": "back_packets", b"out bytes": "back_octets", b"src xlt ip": "nat", b"dst xlt ip": "real",
    b"dst xlt port": "real_port", b"nat event": "event", b"fw event": "event", b"event": "event",
    b"ip exporter": "router", b"ip router": "router", b"event time": "event_first",
}  # fmt: skip
"""Our names for lines; others are stepped over."""
NO_ADDRESSES: Final = "a record without addresses"


def sniff(head: bytes) -> bool:
    """Say whether the first lines are those of a record."""
    lines = head[:2048].lstrip().split(b"\n")
    return len(lines) > 2 and bool(BEGIN.match(lines[0])) and all(LINE.match(line) for line in lines[1:3])


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a record, numbered by the line on which it begins."""
    found: list[dict[str, str | int | None]] = []
    for block in blocks(source, told):
        if block.cut:
            found.append({"record": block.number, "status": flow.MALFORMED, "detail": LONG})
            continue
        for number, line in enumerate(block.data.split(b"\n"), block.number):
            if BEGIN.match(line):
                if len(found) >= ROWS:
                    yield _rows(found, told).lazy()
                    found = []
                found.append({"record": number})
            elif b"Flags" in line and b", Sampled" in line:
                told.notes.add(nfdump_json.SAMPLED)
            elif found and (each := LINE.match(line)) and (name := KEYS.get(each[1].lower())):
                found[-1].setdefault(name, _value(name, each[2]))
    if found:
        yield _rows(found, told).lazy()


def _value(name: str, text: bytes) -> str:
    """Take the value that stands before an explanation of it."""
    whole = text.decode("utf-8", "replace")
    if name == "event":
        return whole.partition(":")[2].strip() or whole
    return whole.split(" ", 1)[0].rstrip(":")


def _rows(found: list[dict[str, str | int | None]], told: Told) -> pl.DataFrame:
    for each in found:
        if "src" not in each and "dst" not in each and "status" not in each:
            each.update(status=flow.NO_ADDRESS if "packets" not in each else flow.UNSUPPORTED, detail=NO_ADDRESSES)
        if "event_first" in each:
            each.setdefault("first", each["event_first"])
    schema = {
        "record": pl.Int64,
        "status": pl.String,
        "detail": pl.String,
        **dict.fromkeys(nfdump_json.KEYS, pl.String),
    }
    frame = pl.DataFrame([{name: each.get(name) for name in schema} for each in found], schema=schema)
    return nfdump_json.rows(frame, told)
