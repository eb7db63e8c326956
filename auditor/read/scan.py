"""Turns captures into one-way flows, facts, and counts of what could not be read: every packet is in one of them.

`Reader` takes packets batch by batch; `scan` shares captures among processes and joins what they found.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from auditor.model.flow import SOURCE_SHIFT
from auditor.model.report import Input
from auditor.read import headers, link, payloads, pcap, pcapng
from auditor.read.arrays import I64
from auditor.read.classify import CODE, classify
from auditor.read.directed import EXACT, Directed, Flows, packed
from auditor.read.facts.model import Fact, Name, fold
from auditor.read.fragments import Fragments
from auditor.read.source import HEAD, Source, hashed, opened
from auditor.read.window import Batch, Found, Lost, Named, Window

Progress = Callable[[int, int], None]
"""Is told the bytes that were read and the bytes that there are."""


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """Packets of one source that have no flow, under one reason."""

    source: int
    status: str
    reason: str
    packets: int
    bytes: int
    first_record: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """All that captures hold, folded."""

    directed: Directed
    facts: list[Fact]
    unread: list[UnreadRow]
    inputs: list[Input]
    unread_bytes: list[tuple[int, int, str]]  # source, bytes that belong to no whole record, why
    coarse: int = EXACT  # of directed.py: whether flows had to be told apart by less than their 5-tuple
    fragments_apart: bool = False  # there were too many fragments to give them the ports of their first one


@dataclass(slots=True)
class Part:
    """What one reader found; parts join in any order."""

    flows: Flows = field(default_factory=Flows)
    fragments: Fragments = field(default_factory=Fragments)
    facts: dict[Fact, Fact] = field(default_factory=dict)
    unread: dict[tuple[int, str, str], UnreadRow] = field(default_factory=dict)
    packets: dict[int, int] = field(default_factory=dict)
    lost: dict[tuple[int, str], int] = field(default_factory=dict)

    def join(self, other: "Part") -> None:
        """Take over what another reader found."""
        self.flows.join(other.flows)
        self.fragments.join(self.flows, other.fragments)
        fold(self.facts, other.facts.values())
        for row in other.unread.values():
            self.count(row)
        for source, packets in other.packets.items():
            self.packets[source] = self.packets.get(source, 0) + packets
        for (source, why), size in other.lost.items():
            self.lost[source, why] = self.lost.get((source, why), 0) + size

    def count(self, row: UnreadRow) -> None:
        """Add packets without a flow to those of the same reason."""
        key = row.source, row.status, row.reason
        old = self.unread.get(key)
        if old is not None:
            row = UnreadRow(
                *key, old.packets + row.packets, old.bytes + row.bytes, min(old.first_record, row.first_record),
                min(old.first_ns, row.first_ns), max(old.last_ns, row.last_ns),
            )  # fmt: skip
        self.unread[key] = row


def take(part: Part, batch: Batch, source: int, vantage: int) -> None:
    """Add all packets of a batch to what was found."""
    part.packets[source] = part.packets.get(source, 0) + len(batch.start)
    for found in headers.read(batch, link.find(batch)):
        if isinstance(found, headers.Unplaced):
            which = found.index
            part.count(
                UnreadRow(
                    source, found.status, found.reason, len(which), int(batch.wire[which].sum()), int(batch.record[which].min()),
                    int(batch.ns[which].min()), int(batch.ns[which].max()),
                )
            )  # fmt: skip
        elif len(found.index):
            _place(part, batch, found, source, vantage)


def _place(part: Part, batch: Batch, packets: headers.Packets, source: int, vantage: int) -> None:
    """Add packets with addresses to the flows, and read those of them that say more."""
    app, start = classify(packets)
    whole = len(packets.index) == len(batch.start)
    wire, ns, witness = (c if whole else c[packets.index] for c in (batch.wire, batch.ns, batch.record))
    witness = witness | source << SOURCE_SHIFT
    errors = headers.icmp_errors(packets)
    rtp = app == CODE["rtp"]
    ssrc = (start[:, 1].astype(np.uint32).byteswap() * rtp).astype(np.uint32) if rtp.any() else None
    rest = packed(packets.ports, packets.protocol, app, vantage)
    kept: I64 = np.arange(0)
    if len(packets.later):
        kept = np.ones(len(app), bool)
        kept[packets.later] = False
    if len(packets.later) or len(packets.leading):
        part.fragments.add(part.flows, packets, app, vantage, wire, ns, witness)
    columns = [*packets.address, rest, wire, packets.length, ns, witness, packets.flags]
    if len(packets.later):
        columns = [column[kept] for column in columns]
        ssrc = None if ssrc is None else ssrc[kept]
    if len(columns[0]):
        words = len(packets.address)
        part.flows.add(columns[:words], *columns[words:], ssrc)
    which = payloads.wanted(packets, app, start)
    if len(errors):
        which = np.concatenate((which, errors))
    if len(which):
        payloads.read(part.facts, batch, packets, which, app, witness, vantage)


def batches(source: Source, window: Window, head: bytes) -> Iterator[Found]:
    """Yield all that a capture holds, from its beginning."""
    if source.format == "pcap":
        form = pcap.shape(head)
        if form is None:
            yield Lost(len(head), "the file header is cut")
        elif window.refill():
            window.consume(window.start + pcap.HEADER)
            yield from pcap.read(window, form)
    elif source.format == "pcapng":
        yield from pcapng.read(window, pcapng.State())


def read_whole(part: Part, index: int, source: Source, vantage: int, progress: Callable[[int], None]) -> None:
    """Read one capture from beginning to end."""
    with opened(source) as stream:
        head = stream.read(HEAD) if not source.packing else b""
    with opened(source) as stream:
        window = Window(stream, limit=None if source.packing else source.size)
        window.advanced = progress
        if source.packing:
            window.refill()
            head = bytes(window.memory[window.start : min(window.end, window.start + HEAD)])
        keep(part, batches(source, window, head), index, vantage)


def keep(part: Part, found: Iterator[Found], index: int, vantage: int) -> None:
    """Fold what a capture holds into a part."""
    for each in found:
        if isinstance(each, Batch):
            take(part, each, index, vantage)
        elif isinstance(each, Named):
            witness = index << SOURCE_SHIFT | each.record
            fold(part.facts, [Name(vantage, witness, 0, 0, 0, 0, each.address, each.name)])
        else:
            part.lost[index, each.reason] = part.lost.get((index, each.reason), 0) + each.bytes


def scan(
    sources: Sequence[Source], vantages: Sequence[int], workers: int | None = None, progress: Progress | None = None
) -> Scan:
    """Read captures; `vantages` are the indices of the vantages of the sources, `workers` the processes to use.

    Raise InputError for a source that can't be read, or where there are more pairs of addresses than fit into memory.
    """
    part = Part()
    inputs = []
    for i, (source, vantage) in enumerate(zip(sources, vantages, strict=True)):
        read_whole(part, i, source, vantage, lambda size: None)
        inputs.append(Input(source.name, hashed(source), source.size, source.described, part.packets.get(i, 0)))
    return settled(part, inputs)


def settled(part: Part, inputs: list[Input]) -> Scan:
    """Close a part: give fragments their ports, and put everything in an order that doesn't depend on how it was read."""
    part.fragments.settle(part.flows)
    return Scan(
        part.flows.directed(),
        sorted(part.facts.values(), key=lambda fact: (fact.witness, repr(fact))),
        sorted(part.unread.values(), key=lambda row: (row.source, row.status, row.reason)),
        inputs,
        sorted((source, size, why) for (source, why), size in part.lost.items()),
        part.flows.coarse,
        part.fragments.full,
    )
