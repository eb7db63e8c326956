"""What is known of exporters from all inputs, and the reading of one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from auditor.logs.exports import capture, datagrams
from auditor.logs.exports.memory import Known
from auditor.logs.exports.messages import Reading, learn
from auditor.logs.model import Told
from auditor.read.source import Source

CAPTURES: Final = ("pcap", "pcapng", "snoop")
FILES: Final = ("netflow", "ipfix", "sflow")


def prepare(sources: Sequence[Source]) -> Known:
    """Gather templates, options and numbers from all files and captures of exports, in any order; others are passed."""
    readers = {**dict.fromkeys(CAPTURES, capture.datagrams), **dict.fromkeys(FILES, datagrams.datagrams)}
    known = [source for source in sources if source.format in readers]
    return learn([partial(readers[source.format], source, Told()) for source in known])


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
    yield from Reading(known, told).rows(capture.datagrams(source, told))
