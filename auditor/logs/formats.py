"""Every format of logs by the name that a report gives it, in the order in which they are tried."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from auditor.logs import calls, cloud, exports, monitors, traces
from auditor.logs.model import Reader
from auditor.model.report import Database
from auditor.read.source import Source

FORMATS: Final[dict[str, Reader]] = {
    **cloud.FORMATS,
    **exports.FORMATS,
    **calls.FORMATS,
    **monitors.FORMATS,
    **traces.FORMATS,
}


def readers(columns: Sequence[str | Path] = ()) -> dict[str, Reader]:
    """List all formats, with those that column maps describe; raise InputErrors for maps that are wrong.

    A map comes before what is built in, unless it is of Parquet, which tells its columns only at its end.
    """
    from auditor.logs.monitors.columns import load

    maps = load(columns)
    first: dict[str, Reader] = {name: each for name, each in maps.items() if each.file.format != "parquet"}
    return {**first, **FORMATS, **maps}


def lined(columns: Sequence[str | Path] = ()) -> dict[str, Callable[[Source], bool]]:
    """Say of formats whether the records of a source are numbered by its lines.

    A reader tells it by `LINES`: true, or a function for those that also read other layouts.
    """
    told = {name: getattr(reader, "LINES", False) for name, reader in readers(columns).items()}
    return {name: each if callable(each) else _always for name, each in told.items() if each}


def _always(source: Source) -> bool:
    return True


def databases(readers: Mapping[str, Reader]) -> tuple[Database, ...]:
    """List the column maps among formats, for a report."""
    from auditor.logs.monitors.columns import Map

    return tuple(reader.database for reader in readers.values() if isinstance(reader, Map))


def named(head: bytes, readers: Mapping[str, Reader] = FORMATS) -> str | None:
    """Name the format of a text or file that begins so; None: it is none of them."""
    return next((name for name, reader in readers.items() if reader.sniff(head)), None)
