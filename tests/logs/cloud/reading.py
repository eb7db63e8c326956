"""Reads bytes as a log, for tests."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl

from auditor.logs.model import DEFAULTS, LOG, Reader, Told
from auditor.logs.texts import written
from auditor.read.source import Source
from tests.corpus import FOLDER

FLOWS = FOLDER.parent / "flows"


def read(folder: Path, reader: Reader, data: bytes, packed: bool = False) -> tuple[list[dict[str, Any]], Told]:
    """Return the rows, with the defaults of the columns that are left out, and what was told beside them."""
    path = folder / "it"
    path.write_bytes(gzip.compress(data) if packed else data)
    return rows(path, reader, "gzip" if packed else "")


def rows(path: Path, reader: Reader, packing: str = "") -> tuple[list[dict[str, Any]], Told]:
    told = Told()
    found: list[dict[str, Any]] = []
    for each in reader.read(Source(path.name, str(path), path.stat().st_size, "", packing), told):
        frame = each.collect()
        assert {name: kind for name, kind in frame.schema.items() if LOG[name] != kind} == {}
        left = [pl.lit(value, LOG[name]).alias(name) for name, value in DEFAULTS.items() if name not in frame.columns]
        found += written(frame.with_columns(left)).to_dicts()
    return found, told


def states(found: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """Count records by status and detail."""
    counted: dict[tuple[str, str], int] = {}
    for row in found:
        counted[row["status"], row["detail"]] = counted.get((row["status"], row["detail"]), 0) + row["records"]
    return counted
