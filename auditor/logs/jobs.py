"""What there is to read of logs: files of records, and the exports and copies of messages that captures carry."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import polars as pl

from auditor.logs import exports
from auditor.logs.calls import hep3
from auditor.logs.formats import FORMATS
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
    vantage: str  # that the inventory declares; empty: none
    read: Callable[[Source, Told], Iterator[pl.LazyFrame]]


def jobs(
    sources: Sequence[Source], vantages: Sequence[str], carried: Set[str], formats: Mapping[str, Reader] = FORMATS
) -> list[Job]:
    """List what is to be read of inputs, captures first; `carried` are the kinds of payload in the captures."""
    captures = [source for source in sources if source.format not in formats]
    files = sources[len(captures) :]
    told = [*files, *(captures if carried & EXPORTS else ())]
    readers: dict[str, Reader] = {}
    if any(source.format in exports.DATAGRAMS for source in files) or len(told) > len(files):
        readers = dict(exports.bound(exports.prepare(told)))
    found = []
    for index, (source, vantage) in enumerate(zip(sources, vantages, strict=True)):
        if index >= len(captures):
            found.append(Job(index, source, vantage, (readers.get(source.format) or formats[source.format]).read))
            continue
        if source.format in readers:
            found.append(Job(index, source, vantage, readers[source.format].read))
        if HEP in carried and source.format in exports.shared.CAPTURES:
            found.append(Job(index, source, vantage, hep3.carried))
    return found
