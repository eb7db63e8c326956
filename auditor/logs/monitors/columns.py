"""Any other log, read by a column map: a YAML file that says which column says what.

name: edge-sessions
format: csv
columns: {src_addr: client, dst_addr: server, dst_port: port, time: start, outcome: verdict}
constants: {transport: tcp, src_role: client}
values: {outcome: {ok: carried, blocked: rejected}}
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from auditor.logs.lines import LONG, blocks
from auditor.logs.model import Reader, Told, unread
from auditor.logs.monitors import columns_format as form
from auditor.logs.monitors import jsonlines, mapped
from auditor.logs.monitors.fields import SIZE, is_address, text, transport
from auditor.logs.parquet import tables
from auditor.logs.tables import MORE, NUMBER, table
from auditor.logs.tables import told as filled
from auditor.logs.values import by_line, values
from auditor.model import documents
from auditor.model.documents import Document
from auditor.model.errors import gathering
from auditor.model.report import Database
from auditor.model.status import MALFORMED, UNSUPPORTED
from auditor.read.codes import APPS
from auditor.read.source import Source

MISSING: Final = "not the columns that the column map names"
_MAGIC: Final = b"PAR1"
_OFFSET: Final = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d\Z", re.ASCII)


@dataclass(frozen=True)
class Map:
    """A column map: a reader of the format that it describes."""

    file: form.File
    document: Document

    def sniff(self, head: bytes) -> bool:
        """Say whether the columns of the map are there; of Parquet, which names them at its end, whether it is that."""
        if self.file.format == "parquet":
            return head.startswith(_MAGIC)
        if self.file.format == "json":
            value = _first(head)
            return value is not None and all(_at(value, name) is not None for name in self.ends)
        line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")
        fields = _split(line, self.file)
        if not self.file.header:
            return set(self.named.values()) <= set(fields)
        if len(fields) != len(self.file.header):
            return False
        row = dict(zip(self.file.header, fields, strict=True))
        return all(is_address(row[name]) for name in self.ends)

    def read(self, source: Source, told: Told) -> Iterator[pl.LazyFrame]:
        """Yield rows; records that do not fit the map have a status."""
        tables = {"csv": self._csv, "json": self._json, "parquet": self._parquet}[self.file.format]
        for found in tables(source, told):
            if isinstance(found, pl.LazyFrame):
                yield found
            elif len(found):
                yield from mapped.rows(self.file, self.named, found, told)

    def LINES(self, source: Source) -> bool:
        """Say whether a record is a line."""
        return self.file.format == "csv" or (self.file.format == "json" and by_line(source))

    @property
    def named(self) -> dict[str, str]:
        """Our names of columns with those of the log."""
        return {ours: theirs for ours, theirs in msgspec.structs.asdict(self.file.columns).items() if theirs}

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of the addresses."""
        return self.file.columns.src_addr, self.file.columns.dst_addr

    @property
    def database(self) -> Database:
        """The map, as a report names it."""
        return Database(Path(self.document.file).name, self.document.sha256, "", kind="columns")

    def _csv(self, source: Source, told: Told) -> Iterator[pl.DataFrame | pl.LazyFrame]:
        header: Sequence[str] = self.file.header
        for block in blocks(source, told):
            if block.cut:
                yield unread([block.number], MALFORMED, LONG)
                continue
            first = not header
            if first:
                line = block.data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r")
                header = _split(line.decode("utf-8", "replace"), self.file) or [""]
            names = [f"c{at}" for at in range(len(header))]
            found = table(block, names, self.file.separator, self.file.quote or None)
            found = found.slice(1) if first else found
            found = found.filter(filled(names))
            if not set(self.named.values()) <= set(header):
                yield unread(found[NUMBER].to_list(), UNSUPPORTED, MISSING)
                continue
            places = {theirs: names[header.index(theirs)] for theirs in self.named.values()}
            again = pl.all_horizontal(pl.col(at).eq_missing(pl.lit(theirs)) for theirs, at in places.items())
            found = found if self.file.header else found.filter(~again)  # files that were put one after another
            more = found.filter(pl.col(MORE).is_not_null())
            if len(more):
                yield unread(more[NUMBER].to_list(), MALFORMED, "more fields than the header names")
            texts = [pl.col(places[theirs]).alias(ours) for ours, theirs in self.named.items()]
            yield found.filter(pl.col(MORE).is_null()).select(NUMBER, *texts)

    def _json(self, source: Source, told: Told) -> Iterator[pl.DataFrame | pl.LazyFrame]:
        kept: list[tuple[Any, ...]] = []
        bad: dict[tuple[str, str], list[int]] = {}
        schema = {NUMBER: pl.Int64, **dict.fromkeys(self.named, pl.String)}
        for place, each in enumerate(values(source, told), 1):
            if each.status or not isinstance(each.value, dict):
                why = each.status or MALFORMED, each.detail or "no JSON object"
                bad.setdefault(why, []).append(each.record)
            else:
                kept.append((each.record, *(_text(_at(each.value, name)) for name in self.named.values())))
            if place % SIZE == 0:
                yield from (unread(records, *why) for why, records in bad.items())
                yield pl.DataFrame(kept, schema=schema, orient="row")
                kept, bad = [], {}
        yield from (unread(records, *why) for why, records in bad.items())
        yield pl.DataFrame(kept, schema=schema, orient="row")

    def _parquet(self, source: Source, told: Told) -> Iterator[pl.DataFrame | pl.LazyFrame]:
        places = {theirs: f"c{at}" for at, theirs in enumerate(self.named.values())}
        first: list[str] = []

        def wanted(name: str) -> bool:
            first.append(name)  # one column at least, so that rows can be counted
            return name in places or len(first) == 1

        for found in tables(source, told, wanted, places):
            if "status" in found.columns:
                yield found.lazy()
            elif not {*places.values()} <= {*found.columns}:
                yield unread(found[NUMBER].to_list(), UNSUPPORTED, MISSING)
            else:
                yield found.select(NUMBER, **{ours: pl.col(places[theirs]) for ours, theirs in self.named.items()})


def _split(line: str, file: form.File) -> list[str]:
    """Divide a line into fields."""
    if not file.quote or file.quote not in line:
        return line.split(file.separator)
    try:
        return next(csv.reader([line], delimiter=file.separator, quotechar=file.quote), [])
    except csv.Error:
        return []


def _first(head: bytes) -> dict[str, Any] | None:
    """Return the first object of a text: on its first line, or the first of a list."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") and (value := jsonlines.first(start.partition(b"\n")[0])):
        return value
    try:
        value, _ = mapped.DECODER.raw_decode(start.decode("utf-8", "replace").lstrip("[ \t\r\n"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _at(value: Any, name: str) -> Any:
    """Return what stands under a key, or under keys that are joined by dots."""
    if isinstance(value, dict) and name in value:
        return value[name]
    for key in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else text(value) or None


def readers(paths: Sequence[str | Path]) -> dict[str, Reader]:
    """Load column maps as `load` does."""
    return dict(load(paths))


def load(paths: Sequence[str | Path]) -> dict[str, Map]:
    """Load column maps, by the names that reports give to their formats.

    Raise InputErrors, with place and remedy, for all that is wrong.
    """
    found: dict[str, Map] = {}
    with gathering() as problems:
        for path in dict.fromkeys(map(str, paths)):
            with problems.kept():
                document = documents.load(path, problems)
                file = documents.convert(document, form.File)
                _check(document, file)
                name = f"columns/{file.name}"
                if name in found:
                    document.problem(f"`{file.name}` is the name of another column map; choose another one", "name")
                found[name] = Map(file, document)
    return found


def _check(document: Document, file: form.File) -> None:
    if not form.ID.fullmatch(file.name):
        document.problem("`name` must be lower-case letters, digits, dots and hyphens", "name")
    if not file.separator.isascii() or file.separator in ('"', "\n", "\r"):
        document.problem("`separator` must be one ASCII character and no quote or line end", "separator")
    if file.quote and (not file.quote.isascii() or file.quote in (file.separator, "\n", "\r")):
        document.problem("`quote` must be one ASCII character and not the separator", "quote")
    if file.header and file.format != "csv":
        document.problem("only csv has a `header`; leave it out", "header")
    columns = msgspec.structs.asdict(file.columns)
    if file.header:
        for key, name in columns.items():
            if name and name not in file.header:
                document.problem(f"`{name}` is not in `header`", "columns", key)
    for key, value in msgspec.structs.asdict(file.constants).items():
        if value is not None and columns.get(key):
            document.problem(f"`{key}` has a column and a constant; keep one", "constants", key)
    for key, words in msgspec.structs.asdict(file.values).items():
        if words and not columns[key]:
            document.problem(f"`{key}` has no column, so its words mean nothing; name it in `columns`", "values", key)
        if key not in ("transport", "app", "service") and columns[key] and not words:
            document.problem(f"say in `values` what the words of `{key}` mean", "columns", key)
    apps = [file.constants.app, *file.values.app.values()]
    for word in apps:
        if word is not None and word not in APPS:
            document.problem(f"`{word}` is no protocol of the flow table; see the documentation", "values", "app")
    for word in (file.constants.transport, *file.values.transport.values()):
        if word is not None and not transport(word):
            document.problem(f"`{word}` is no transport; write its name or number", "values", "transport")
    _check_times(document, file)


def _check_times(document: Document, file: form.File) -> None:
    times = file.times
    if times.format not in mapped.UNITS and times.format != "iso" and "%" not in times.format:
        document.problem(
            f"`{times.format}` is no format; write iso, {', '.join(mapped.UNITS)}, or a pattern such as %d.%m.%Y %H:%M",
            "times", "format",
        )  # fmt: skip
    if times.zone in ("", "UTC") or _OFFSET.match(times.zone):
        return
    try:
        mapped.zoned(pl.Series("time", [0], pl.Datetime("ns")), times.zone)
    except pl.exceptions.PolarsError:
        document.problem(f"`{times.zone}` is no zone; write UTC, +02:00 or Europe/Berlin", "times", "zone")
