"""Logs written by hand, read as a file would be."""

from pathlib import Path
from typing import Any

import polars as pl

from auditor.logs.model import DEFAULTS, LOG, Told
from auditor.logs.monitors import FORMATS
from auditor.read.source import Source

TAB = "\t"


def read(path: Path, name: str, data: str | bytes, told: Told | None = None) -> list[dict[str, Any]]:
    """Read a log as the format that must recognise it, and only it; rows in the order of records."""
    data = data.encode() if isinstance(data, str) else data
    assert [each for each, reader in FORMATS.items() if reader.sniff(data[: 1 << 16])] == [name]
    return rows(path, FORMATS[name], data, told)


def rows(path: Path, reader: Any, data: bytes, told: Told | None = None) -> list[dict[str, Any]]:
    (path / "log").write_bytes(data)
    source = Source("log", str(path / "log"), len(data), "log")
    found: list[dict[str, Any]] = []
    for frame in reader.read(source, told if told is not None else Told()):
        whole = frame.collect()
        assert set(whole.columns) <= set(LOG)
        assert all(kind in (LOG[column], pl.Null) for column, kind in whole.schema.items())
        found += [{**DEFAULTS, **row} for row in whole.iter_rows(named=True)]
    return sorted(found, key=lambda row: (row["record"], -row["records"]))


def some(found: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in found]
