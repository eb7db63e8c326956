"""Reads texts as call records, for tests."""

from pathlib import Path
from typing import Any

import polars as pl

from auditor.logs.fold import complete
from auditor.logs.model import Reader, Told
from auditor.read.source import Source


def source(path: Path, data: bytes | str, name: str = "it") -> Source:
    raw = data.encode() if isinstance(data, str) else data
    (path / name).write_bytes(raw)
    return Source(name, str(path / name), len(raw), "calls")


def table(reader: Reader, path: Path, data: bytes | str, told: Told | None = None) -> pl.DataFrame:
    """Read data that the reader recognises, as whole LOG rows."""
    raw = data.encode() if isinstance(data, str) else data
    assert reader.sniff(raw[: 1 << 16])
    found = [complete(each).collect() for each in reader.read(source(path, raw), told or Told())]
    return pl.concat(found) if found else pl.DataFrame()


def rows(reader: Reader, path: Path, data: bytes | str, *names: str, told: Told | None = None) -> list[tuple[Any, ...]]:
    """Return some columns of the rows with addresses."""
    found = table(reader, path, data, told)
    return found.filter(pl.col("status") == "ok").select(names).rows() if len(found) else []
