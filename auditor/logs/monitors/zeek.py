"""Logs of Zeek (also those that still say Bro): TSV with its headers, and JSON, one log or many in one file.

Zeek, Book of Zeek: "Zeek Log Formats and Inspection", "Log Files"; base/frameworks/logging/writers/ascii.zeek.
"""

from collections.abc import Iterator

import polars as pl

from auditor.logs.model import Told
from auditor.logs.monitors import zeek_json, zeek_tsv
from auditor.logs.values import by_line
from auditor.read.source import HEAD, Source, opened


def sniff(head: bytes) -> bool:
    """Say whether this is a log of Zeek: its header, or a JSON object of one of its logs."""
    return zeek_tsv.sniff(head) or zeek_json.sniff(head)


def LINES(source: Source) -> bool:
    """Say whether a record is a line, as nearly always."""
    return _is_table(source) or by_line(source)


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows of some of the columns of LOG."""
    yield from (zeek_tsv if _is_table(source) else zeek_json).read(source, told)


def _is_table(source: Source) -> bool:
    with opened(source) as stream:
        try:
            head = stream.read(HEAD) or b""
        except OSError:
            head = b""
    return zeek_tsv.sniff(head)
