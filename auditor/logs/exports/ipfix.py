"""IPFIX: files of messages (RFC 5655, section 8)."""

from collections.abc import Iterator

import polars as pl

from auditor.logs.exports import datagrams, shared, wire
from auditor.logs.exports.memory import Known
from auditor.logs.model import Told
from auditor.read.source import Source

VERSIONS = (wire.IPFIX,)


def sniff(head: bytes) -> bool:
    """Say whether a file begins with such a datagram."""
    return datagrams.begins(head) in VERSIONS


def read(source: Source, told: Told, known: Known | None = None) -> Iterator[pl.LazyFrame]:
    """Yield rows of a file of datagrams of any version; `known` is what `exports.prepare` gathered of all inputs."""
    return shared.read(source, told, known)
