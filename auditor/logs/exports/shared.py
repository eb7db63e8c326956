"""What is known of exporters from all inputs, and the reading of one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import polars as pl

from auditor.logs.exports import capture, datagrams
from auditor.logs.exports.learn import learn
from auditor.logs.exports.memory import Known
from auditor.logs.exports.messages import Datagram, Reading
from auditor.logs.model import Told
from auditor.read.source import Source

CAPTURES: Final = ("pcap", "pcapng", "snoop")
ROOM: Final = 1 << 28
"""Bytes of exports in captures that are kept; with more, captures are read again."""
EACH: Final = 256
"""Bytes that a datagram takes beside its own."""
FILES: Final = ("netflow", "ipfix", "sflow")


@dataclass(slots=True)
class Kept:
    """The exports in a capture, found once if they fit into memory: few captures hold many."""

    source: Source
    room: list[int]  # bytes that are left for those of all captures
    told: Told = field(default_factory=Told)
    found: list[Datagram] | None = None

    def __call__(self) -> Iterator[Datagram]:
        """Yield the exports."""
        if self.found is not None:
            yield from self.found
            return
        kept: list[Datagram] = []
        for each in capture.datagrams(self.source, self.told):
            self.room[0] -= len(each.data) + EACH
            if self.room[0] >= 0:
                kept.append(each)
            else:
                kept.clear()
            yield each
        if self.room[0] >= 0:
            self.found = kept


def prepare(sources: Sequence[Source]) -> Known:
    """Gather templates, options and numbers from all files and captures of exports, in any order; others are passed."""
    room = [ROOM]
    captured = {source.path: Kept(source, room) for source in sources if source.format in CAPTURES}
    files = [partial(datagrams.datagrams, source, Told()) for source in sources if source.format in FILES]
    known = learn([*captured.values(), *files])
    known.captured.update(captured)
    return known


@dataclass(frozen=True, slots=True)
class Bound:
    """A reader of datagrams who knows what all inputs tell of their exporters."""

    known: Known
    captured: bool = False

    def sniff(self, head: bytes) -> bool:
        """Say whether a file begins with a datagram."""
        return not self.captured and bool(datagrams.begins(head))

    def read(self, source: Source, told: Told) -> Iterator[pl.LazyFrame]:
        """Yield rows of a file, or of the exports in a capture."""
        yield from in_capture(source, told, self.known) if self.captured else read(source, told, self.known)


def bound(known: Known) -> dict[str, Bound]:
    """Return readers by format, those of captures too, that take what `prepare` gathered."""
    return {**dict.fromkeys(FILES, Bound(known)), **dict.fromkeys(CAPTURES, Bound(known, captured=True))}


def read(source: Source, told: Told, known: Known | None = None) -> Iterator[pl.LazyFrame]:
    """Yield rows of a file of datagrams; without `known` only by what the file itself says."""
    known = prepare([source]) if known is None else known
    yield from Reading(known, told).rows(datagrams.datagrams(source, told))


def in_capture(source: Source, told: Told, known: Known | None = None) -> Iterator[pl.LazyFrame]:
    """Yield rows of the exports in a capture; without `known` only by what the capture itself says."""
    known = prepare([source]) if known is None else known
    kept = known.captured.get(source.path) or Kept(source, [0])
    yield from Reading(known, told).rows(kept())
    told.limits |= kept.told.limits
