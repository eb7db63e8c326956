"""What is known of exporters from all inputs, and the reading of one of them."""

from collections.abc import Iterator, Sequence
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


def read(source: Source, told: Told, known: Known | None = None) -> Iterator[pl.LazyFrame]:
    """Yield rows of a file of datagrams; without `known` only by what the file itself says."""
    known = prepare([source]) if known is None else known
    yield from Reading(known, told).rows(datagrams.datagrams(source, told))


def in_capture(source: Source, told: Told, known: Known | None = None) -> Iterator[pl.LazyFrame]:
    """Yield rows of the exports in a capture; without `known` only by what the capture itself says."""
    known = prepare([source]) if known is None else known
    yield from Reading(known, told).rows(capture.datagrams(source, told))
