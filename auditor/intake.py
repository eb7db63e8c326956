"""Take inputs in: find them, read captures and logs, and make flows of what was read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model.report import Database, Input

if TYPE_CHECKING:
    from auditor.enrich.catalogue import Catalogue
    from auditor.enrich.places import Places
    from auditor.logs import Logs
    from auditor.logs.model import Ports, Reader
    from auditor.read.assemble import Assembled
    from auditor.read.scan import Scan
    from auditor.read.source import Source
    from auditor.read.staff import Worker
    from auditor.rules import RuleSet

Progress = Callable[[int, int], None]
Paths = str | Path | Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Apart:
    """What records of logs have to be kept apart by, because something asks for it."""

    edges: Sequence[int]  # moments in nanoseconds: see logs.model.epochs
    ports: "Ports"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and from where."""

    sources: "Sequence[Source]"
    vantages: Sequence[str]  # names of the capture points
    of: Sequence[int]  # for each source the index of its vantage
    scan: "Scan"  # of the captures, which come first
    logs: "Logs"
    databases: tuple[Database, ...] = ()  # column maps
    passed: int = 0  # files that were passed over


@dataclass(frozen=True, slots=True)
class Gathered:
    """The flows of some inputs before anything is known of their ends, and what is known of the inputs."""

    assembled: "Assembled"
    inputs: tuple[Input, ...]
    unread_bytes: tuple[tuple[str, int, str], ...]
    notes: tuple[str, ...]
    limits: tuple[str, ...]
    logs: "Logs"
    databases: tuple[Database, ...] = ()  # by which the inputs were read


def asked(ruleset: "RuleSet", places: "Places", services: "Catalogue") -> Apart:
    """Say what rules, proofs and the catalogue tell apart in the records of logs."""
    from auditor.digest import edges
    from auditor.enrich.ports import stands

    return Apart(tuple(sorted({*edges(ruleset.rules), *places.bounds()})), stands(services.ports))


def read(
    inputs: Paths,
    places: "Places",
    workers: int | None = None,
    progress: Progress | None = None,
    staff: "Sequence[Worker]" = (),
    apart: "Apart | None" = None,
    columns: Sequence[str | Path] = (),
) -> Reading:
    """Read inputs: one-way flows of captures and what single packets say, and the records of logs.

    Without `apart`, records that differ in any port are not put together.
    """
    import numpy as np

    from auditor import logs
    from auditor.read.codes import APPS
    from auditor.read.scan import scan
    from auditor.read.source import sources

    known = _Known(columns)
    databases = known.databases() if columns else ()  # first: a wrong map is told before anything is read
    passed: set[str] = set()
    found = sorted(sources(given(inputs), known.named, passed), key=lambda source: not source.is_capture)
    names, vantages = places.vantages([source.name for source in found])
    count = sum(source.is_capture for source in found)
    captures, logged = found[:count], found[count:]
    ahead = sum(source.size for source in logged)
    scanned = scan(captures, vantages[:count], workers=workers, progress=_beside(progress, ahead), staff=staff)
    carried = {APPS[code] for code in np.unique(scanned.directed.app).tolist()}
    told = logs.scan(
        logs.jobs(
            found, [names[vantage] for vantage in vantages], carried, known.readers if logged else None, places.seen_by
        ),
        list(enumerate(found))[count:],
        apart.ports if apart else None,
        apart.edges if apart else places.bounds(),
        _adding(progress, sum(source.size for source in captures), ahead),
    )
    return Reading(found, names, vantages, scanned, told, databases, len(passed))


class _Known:
    """The formats of logs, which are imported when the first input is no capture: they are a hundred modules."""

    def __init__(self, columns: Sequence[str | Path]) -> None:
        self.columns = columns

    @cached_property
    def readers(self) -> "dict[str, Reader]":
        from auditor.logs.formats import readers

        return readers(self.columns)

    def named(self, head: bytes) -> str | None:
        """Name the format of a log that begins so."""
        from auditor.logs.formats import named

        return named(head, self.readers)

    def databases(self) -> tuple[Database, ...]:
        """List the column maps."""
        from auditor.logs.formats import databases

        return databases(self.readers)


def _beside(progress: Progress | None, more: int) -> Progress | None:
    """Count bytes that are read later among those that there are."""
    return (lambda done, total: progress(done, total + more)) if progress else None


def _adding(progress: Progress | None, done: int, more: int) -> Callable[[int], None]:
    """Add up what is read behind the captures; a capture that is read again for what it carries is not counted."""
    left = more

    def advanced(size: int) -> None:
        nonlocal left
        left = max(0, left - size)
        if progress:
            progress(done + more - left, done + more)

    return advanced


def gather(reading: Reading) -> Gathered:
    """Make flows of what was read."""
    from auditor.enrich.hops import CROWDED, SESSIONS, WRAPPED_SOME
    from auditor.read import shortfalls
    from auditor.read.arrays import give_back
    from auditor.read.assemble import finished, sketched
    from auditor.read.folders import passed_over

    read, logs, vantages, databases = reading.scan, reading.logs, reading.vantages, reading.databases
    inputs = (*read.inputs, *logs.inputs)
    unread = tuple((inputs[source].name, size, why) for source, size, why in (*read.unread_bytes, *logs.unread_bytes))
    notes = (*passed_over(reading.passed), *shortfalls.of_captures(read), *logs.notes)
    limits = (*shortfalls.of_reading(read), *logs.limits)
    give_back()
    sketch = sketched(read, vantages)
    del read, reading
    give_back()
    found = finished(sketch, vantages)
    wrapped = [WRAPPED_SOME] if len(found.passages) else []
    crowded = [CROWDED] if found.wrapped_alone > SESSIONS else []
    return Gathered(found, inputs, unread, (*notes, *wrapped), (*limits, *crowded), logs, databases)


def given(inputs: Paths) -> list[str]:
    """Return the paths of inputs."""
    return [str(path) for path in ([inputs] if isinstance(inputs, str | Path) else inputs)]
