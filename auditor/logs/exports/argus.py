"""Argus files, by the installed ra."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from auditor.logs.exports import program, ra, textrows
from auditor.logs.model import Told
from auditor.read.source import Source

MARK: Final = b"\xe5\x71\x2d\xcb"
"""Argus' cookie in the management record with which a stream begins (argus_def.h, ARGUS_COOKIE)."""
FIELDS: Final = "stime ltime proto saddr sport dir daddr dport state spkts dpkts sbytes dbytes".split()


def sniff(head: bytes) -> bool:
    """Say whether a file begins with the record of management in which argus says who it is."""
    return len(head) >= 16 and head[:1] in (b"\x80", b"\x83") and head[8:12] == MARK


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield a row a record, in the order of the file; times are seconds since 1970."""
    own = Told()
    arguments = ["-F", "/dev/null", "-n", "-u", "-p", "6", "-c", ",", "-L", "0", "-r"]
    with program.printed(source, told, "ra", arguments, ["-s", *FIELDS]) as text:
        for rows in ra.read(text, own):
            yield rows.with_columns(pl.col("record") - 1)  # the first line is the header
    told.notes |= own.notes - {textrows.NO_ZONE}
