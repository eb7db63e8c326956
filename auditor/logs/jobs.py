"""What there is to read of logs: files of records, and the exports and copies of messages that captures carry."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from auditor.logs.model import Reader, Told
from auditor.read.source import Source

EXPORTS: Final = frozenset({"netflow", "sflow"})
HEP: Final = "hep"
"""Kinds of payload of captures (read.codes) that hold records."""


@dataclass(frozen=True, slots=True)
class Job:
    """Records to read."""

    index: int  # of the source among all inputs
    source: Source
    read: Callable[[Source, Told], Iterator[pl.LazyFrame]]
    vantage: Callable[[str], str] = str  # of whose records: takes the observer that they name
    around: str = ""  # the vantage that is declared of the capture that carries them


Seen = Callable[[str, str, bool], str]
"""Says of which vantage records are: takes the input's name, the observer, and whether a capture carries them."""


def themselves(source: str, observer: str, carried: bool) -> str:
    """Take observers for vantages, where nothing is declared."""
    return observer


def jobs(
    sources: Sequence[Source],
    vantages: Sequence[str],
    carried: Set[str],
    formats: Mapping[str, Reader] | None = None,
    seen: Seen = themselves,
) -> list[Job]:
    """List what is to be read of inputs, captures first; `carried` are the kinds of payload in the captures.

    `vantages` are those of the inputs: where a capture was taken.  Whoever sent the exports in it saw something else,
    so that vantage does not hold for them, unless the inventory says so of these observers.  `formats` are those that
    are known (None: all that are built in).
    """
    captures = [source for source in sources if source.is_capture]
    files = sources[len(captures) :]
    if not files and not carried & {*EXPORTS, HEP}:
        return []
    from auditor.logs import exports  # with all formats these are a hundred modules
    from auditor.logs.calls import hep3
    from auditor.logs.formats import FORMATS

    formats = FORMATS if formats is None else formats
    told = [*files, *(captures if carried & EXPORTS else ())]
    readers: dict[str, Reader] = {}
    if any(source.format in exports.DATAGRAMS for source in files) or len(told) > len(files):
        readers = dict(exports.bound(exports.prepare(told)))
    found = []
    for index, (source, vantage) in enumerate(zip(sources, vantages, strict=True)):
        inside = index < len(captures)
        place = partial(_place, seen, source.name, inside)
        if not inside:
            found.append(Job(index, source, (readers.get(source.format) or formats[source.format]).read, place))
            continue
        if source.format in readers:
            found.append(Job(index, source, readers[source.format].read, place, vantage))
        if HEP in carried and source.format in exports.CAPTURES:
            found.append(Job(index, source, hep3.carried, place, vantage))
    return found


def _place(seen: Seen, source: str, carried: bool, observer: str) -> str:
    return seen(source, observer, carried)
