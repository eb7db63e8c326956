"""Argus files, by the installed ra.

Each record tells its length (argus_def.h, `struct ArgusRecordHeader`), so it is known how many ra should print: it says
nothing of those that it does not understand.
"""

from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.exports import program, ra, textrows
from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.model import flow
from auditor.read.source import Source

COOKIE: Final = b"\xe5\x71\x2d\xcb"
"""What stands in the management record with which a stream begins (argus_def.h, ARGUS_COOKIE)."""
FIELDS: Final = ("stime", "ltime", "proto", "saddr", "sport", "dir", "daddr", "dport", "state", "spkts", "dpkts")
COUNTS: Final = ("sbytes", "dbytes")
ARGUMENTS: Final = ("-F", "/dev/null", "-n", "-u", "-p", "6", "-c", ",", "-L", "0", "-r")
"""No settings of whoever runs it, no names, times as seconds since 1970, commas, one header."""
NOT_PRINTED: Final = "a record that ra did not print"
CUT: Final = "cut before its end"


def sniff(head: bytes) -> bool:
    """Say whether a file begins with the record of management in which argus says who it is."""
    return len(head) >= 16 and head[:1] in (b"\x80", b"\x83") and head[8:12] == COOKIE


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a record, in the order of the file."""
    own, rows = Told(), 0
    with program.printed(source, told, "ra", ARGUMENTS, ["-s", *FIELDS, *COUNTS], (b"StartTime",)) as text:
        for some in ra.read(text, own):
            frame = some.with_columns(pl.col("record") - 1).collect()  # the first line is the header
            rows += frame.height
            yield frame.lazy()
    told.notes |= own.notes - {textrows.NO_ZONE}
    records, rest = counted(source)
    if records > rows:
        yield _lost(rows + 1, records - rows, flow.UNSUPPORTED, NOT_PRINTED)
    if rest:
        yield _lost(max(records, rows) + 1, 1, flow.TRUNCATED, CUT)


def _lost(record: int, records: int, status: str, detail: str) -> pl.LazyFrame:
    return pl.LazyFrame({"record": [record], "records": [records], "status": [status], "detail": [detail]})


def counted(source: Source) -> tuple[int, int]:
    """Return how many whole records there are, and the bytes behind them."""
    records, rest = 0, b""
    for piece in pieces(source, Told(), program.FEED):
        data, at = rest + piece, 0
        while at + 4 <= len(data):
            size = 4 * int.from_bytes(data[at + 2 : at + 4], "big")
            if size < 4:
                return records, len(data) - at
            if at + size > len(data):
                break
            at += size
            records += 1
        rest = data[at:]
    return records, len(rest)
