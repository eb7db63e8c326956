"""Reads logs into flows, and counts every record of theirs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from auditor.logs.fold import Folder, complete
from auditor.logs.jobs import Job
from auditor.logs.model import Ports, Told
from auditor.logs.profiles import CROWDED, MANY
from auditor.logs.texts import canonical
from auditor.model import flow
from auditor.model.report import Input
from auditor.model.status import MALFORMED, OK, UNSUPPORTED
from auditor.read.source import Source, hashed

NO_ADDRESS_TEXT: Final = "an address that is none"
Advance = Callable[[int], None]
_STATE: Final = ("status", "detail")


@dataclass(frozen=True, slots=True)
class Logs:
    """All that logs hold, folded."""

    folder: Folder
    unread: pl.DataFrame  # FLOW: records without addresses, and those that could not be read
    names: pl.DataFrame  # vantage, addr, name: what DNS answers called addresses
    inputs: Sequence[Input]
    unread_bytes: Sequence[tuple[int, int, str]]  # source, bytes that belong to no record, why
    notes: Sequence[str]
    limits: Sequence[str]

    def flows(self) -> Iterator[pl.DataFrame]:
        """Yield FLOW rows, some at a time, those that could not be read first."""
        yield self.unread
        for rows in self.folder.flows():
            yield _called(rows, self.names)


def scan(
    found: Sequence[Job],
    logs: Sequence[tuple[int, Source]],
    ports: Ports | None,
    edges: Sequence[int],
    advanced: Advance = lambda size: None,
) -> Logs:
    """Read the records of `found`; `logs` are the inputs that hold nothing else, with their indices.

    `advanced` is told the bytes of every source that was read.  Raise InputError for a source that can't be opened.
    """
    folder = Folder(ports, edges)
    tolds = [Told(tuple(edges), ports) for _ in found]
    with ThreadPoolExecutor(1) as beside:
        hashes: list[Future[str]] = [beside.submit(hashed, source) for _, source in logs]
        counts = [_COUNTS]
        for job, told in zip(found, tolds, strict=True):
            counts.append(_read(job, told, folder))
            advanced(job.source.size)
        folder.close()
        crowded = folder.crowded()
        counts += [_stated(crowded, UNSUPPORTED, MANY), _stated(crowded.with_columns(-pl.col("records")), OK, "")]
        records = dict(pl.concat(counts).group_by("source").agg(pl.col("records").sum()).iter_rows())
        inputs = [
            Input(source.name, each.result(), source.size, source.described, 0, records.get(index, 0))
            for (index, source), each in zip(logs, hashes, strict=True)
        ]
    lost = [(job.index, size, why) for job, told in zip(found, tolds, strict=True) for why, size in told.lost.items()]
    return Logs(
        folder,
        _unread(pl.concat(counts)),
        _names(tolds, [partial(_vantage, job) for job in found]),
        inputs,
        sorted(lost),
        sorted(set().union(*(told.notes for told in tolds))),
        sorted(({CROWDED} if len(crowded) else set[str]()).union(*(told.limits for told in tolds))),
    )


_COUNTS: Final = pl.DataFrame(
    schema={"source": pl.Int64, "status": pl.String, "detail": pl.String, "record": pl.Int64, "records": pl.Int64}
)


def _read(job: Job, told: Told, folder: Folder) -> pl.DataFrame:
    """Read records into the folder; return how many there are by status."""
    counts, index = [_COUNTS], job.index
    for some in job.read(job.source, told):
        rows = complete(some).collect()
        ok = rows["status"] == OK
        good, bad = (rows, rows.clear()) if ok.all() else (rows.filter(ok), rows.filter(~ok))
        none = folder.add(_placed(good, job, told), index)
        if len(none):
            counts.append(_counted(none.with_columns(status=pl.lit(MALFORMED), detail=pl.lit(NO_ADDRESS_TEXT)), index))
            counts.append(_counted(none.with_columns(records=-pl.col("records")), index))
        counts += [_counted(each, index) for each in (good, bad)]
    return _counted(pl.concat(counts), index)


def _placed(rows: pl.DataFrame, job: Job, told: Told) -> pl.DataFrame:
    """Write the vantage in the place of the observer; what was traced from elsewhere is of another session."""
    vantages = {each: _vantage(job, each) for each in rows["observer"].unique().to_list()}
    if job.around and any(job.vantage(each) == each for each in vantages):
        told.notes.add(CARRIED)
    known = {each: vantage for each, vantage in vantages.items() if each != vantage}
    if not known:
        return rows
    from auditor.logs.traces.trace import is_trace

    vantage = pl.col("observer").replace(known)
    elsewhere = pl.col("observer").is_in(list(known)) & is_trace(pl.col("session"))
    session = pl.when(elsewhere).then(pl.format("{} at {}", "session", vantage)).otherwise("session")
    return rows.with_columns(session.alias("session"), vantage.alias("observer"))


def _vantage(job: Job, observer: str) -> str:
    """Return the vantage of an observer's records; undeclared ones in a capture may have namesakes elsewhere."""
    vantage = job.vantage(observer)
    return f"{observer} at {job.around}".strip() if job.around and vantage == observer else vantage


CARRIED: Final = (
    "Captures carry what others saw and sent: the vantage of such a capture does not hold for it, "
    "unless the inventory lists these `observers`."
)


def _counted(rows: pl.DataFrame, index: int) -> pl.DataFrame:
    found = rows.group_by(_STATE).agg(pl.col("record").min(), pl.col("records").sum())
    return found.select(pl.lit(index).cast(pl.Int64).alias("source"), *_STATE, "record", "records")


def _stated(rows: pl.DataFrame, status: str, detail: str) -> pl.DataFrame:
    """Give counts of records a status."""
    return rows.select("source", status=pl.lit(status), detail=pl.lit(detail), record="record", records="records")


def _unread(counts: pl.DataFrame) -> pl.DataFrame:
    """Write records that are no exchanges as FLOW rows."""
    rows = counts.filter(pl.col("status") != OK).sort("source", *_STATE)
    return flow.frame(rows.with_columns(basis=pl.lit(flow.REPORTED)).to_dict())


def _names(tolds: Sequence[Told], vantages: Sequence[Callable[[str], str]]) -> pl.DataFrame:
    """List what addresses were called, by vantage: the one that is declared, or who logged the answer."""
    rows = {
        (vantage(observer), canonical(address) or address, name)
        for told, vantage in zip(tolds, vantages, strict=True)
        for observer, address, name in told.names
    }
    schema = {"vantage": pl.String, "addr": pl.String, "name": pl.String}
    return pl.DataFrame(sorted(rows), schema=schema, orient="row")


def _called(rows: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Give the ends of rows the names that answers gave their addresses, where the record has none itself."""
    if names.is_empty():
        return rows
    known = names.group_by("vantage", "addr").agg(pl.col("name").sort().head(NAMES).str.join(" "))
    for side in flow.SIDES:
        end = rows.select(pl.col("vantage").str.strip_suffix(flow.INSIDE).str.strip_chars_end(), addr=f"{side}_addr")
        said = end.join(known, on=["vantage", "addr"], how="left", maintain_order="left")["name"].fill_null("")
        own = pl.col(f"{side}_name")
        rows = rows.with_columns(pl.when(own == "").then(said).otherwise(own).alias(f"{side}_name"))
    return rows


NAMES: Final = 32
"""Names that a row gives of one end at most, the first in alphabetical order."""
