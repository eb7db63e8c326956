"""Takes packets into one-way flows, facts, and counts of what could not be read: every packet is in one of them.

A `Part` takes packets batch by batch, and parts join in any order, so readers can share the work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np

from auditor.model.status import SOURCE_SHIFT
from auditor.read import headers, link, pcap, pcapng, plain, snoop, unwrap
from auditor.read.arrays import I64
from auditor.read.aside import Aside
from auditor.read.classify import classify
from auditor.read.directed import Flows, packed
from auditor.read.facts.model import Name
from auditor.read.fragments import Fragments
from auditor.read.passed import Tunnelled
from auditor.read.payloads import Facts, wanted
from auditor.read.rtp import marks
from auditor.read.source import HEAD, Source, opened
from auditor.read.streams.chains import Chain
from auditor.read.streams.reader import Streams
from auditor.read.window import Batch, Found, Lost, Named, Window, room

Advanced = Callable[[int], None]
"""Is told how many more bytes of a stored file were read."""


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


@dataclass(slots=True)
class Part:
    """What one reader found; parts join in any order."""

    flows: Flows = field(default_factory=Flows)
    fragments: Fragments = field(default_factory=Fragments)
    facts: Facts = field(default_factory=Facts)
    tunnelled: Tunnelled = field(default_factory=Tunnelled)
    streams: Streams = field(default_factory=Streams)
    unread: dict[tuple[int, str, str], UnreadRow] = field(default_factory=dict)
    packets: dict[int, int] = field(default_factory=dict)
    lost: dict[tuple[int, str], int] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)  # the time of the first packet

    def join(self, other: "Part") -> None:
        """Take over what another reader found."""
        self.flows.join(other.flows)
        self.fragments.join(self.flows, other.fragments)
        self.facts.join(other.facts)
        self.tunnelled.join(other.tunnelled)
        self.streams.join(self.facts, other.streams)
        for row in other.unread.values():
            self.count(row)
        for source, packets in other.packets.items():
            self.packets[source] = self.packets.get(source, 0) + packets
        for source, ns in other.begun.items():
            self.begun[source] = min(self.begun.get(source, ns), ns)
        for (source, why), size in other.lost.items():
            self.lost[source, why] = self.lost.get((source, why), 0) + size

    def renumber(self, by: int) -> None:
        """Add a number to all record numbers: those of the pieces before."""
        self.flows.renumber(by)
        self.fragments.renumber(by)
        self.facts.renumber(by)
        self.tunnelled.renumber(by)
        self.streams.renumber(by)
        self.unread = {key: replace(row, first_record=row.first_record + by) for key, row in self.unread.items()}

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


def take(part: Part, batch: Batch, source: int, vantage: int, aside: Aside) -> None:
    """Add all packets of a batch to what was found, or keep them aside for now."""
    part.packets[source] = part.packets.get(source, 0) + len(batch.start)
    if len(batch.record):
        part.begun[source] = min(part.begun.get(source, int(batch.ns[0])), int(batch.ns[0]))
    packets, others = plain.split(batch)
    part.streams.odd = False
    if packets:
        _open(part, batch, packets, source, vantage)
    if len(batch.record):
        part.streams.sweep(part.facts, int(batch.record[-1]))
    for which in others:
        for other in aside.put(batch, which):
            _take_any(part, other, source, vantage)


def _take_any(part: Part, batch: Batch, source: int, vantage: int) -> None:
    """Add packets of any shape, which come later than plain ones, but in their order."""
    part.streams.odd = True
    for found in headers.read(batch, link.find(batch)):
        if isinstance(found, headers.Unplaced):
            part.count(_unread(batch, found, source))
        elif len(found.index):
            _open(part, batch, found, source, vantage)
    if len(batch.record):
        part.streams.sweep(part.facts, int(batch.record[-1]))


def _open(part: Part, batch: Batch, packets: headers.Packets, source: int, vantage: int) -> None:
    """Add packets with addresses, those in tunnels by their inner ones."""
    for found in unwrap.opened(batch, packets):
        if isinstance(found, unwrap.Wrapped):
            _place(part, batch, found.packets, source, vantage)
            wire, ns, record = (column[found.packets.index] for column in (batch.wire, batch.ns, batch.record))
            part.tunnelled.add(found, vantage, wire, ns, record | source << SOURCE_SHIFT)
        else:
            _place(part, batch, found, source, vantage)


def _unread(batch: Batch, found: headers.Unplaced, source: int) -> UnreadRow:
    wire, ns, record = (column[found.index] for column in (batch.wire, batch.ns, batch.record))
    return UnreadRow(
        source, found.status, found.reason, len(wire), int(wire.sum()), int(record.min()), int(ns.min()), int(ns.max())
    )


def _place(part: Part, batch: Batch, packets: headers.Packets, source: int, vantage: int) -> None:
    """Add packets with addresses to the flows, and read those of them that say more."""
    app, start = classify(packets)
    whole = len(packets.index) == len(batch.start)
    wire, ns, record = (c if whole else c.take(packets.index) for c in (batch.wire, batch.ns, batch.record))
    witness: I64 = record | source << SOURCE_SHIFT
    errors = headers.icmp_errors(packets)
    rest = packed(packets.ports, packets.protocol, app, vantage)
    columns = (wire, packets.length, ns, witness, packets.flags)
    media = marks(packets, app, start)
    if len(packets.later) or len(packets.leading):
        part.fragments.add(part.flows, packets, app, vantage, wire, ns, witness)
    if not len(packets.later):
        part.flows.add(packets.address, rest, media, *columns)
    elif len(packets.later) < len(app):
        first = packets.flags & headers.FRAGMENT == 0
        address = [word[first] for word in packets.address]
        kept = media and (media[0][first], media[1][first])
        part.flows.add(address, rest[first], kept, *(column[first] for column in columns))
    followed = part.streams.take(part.facts, batch, packets, app, start, source, vantage)
    which = wanted(packets, app, start)
    which = np.concatenate((which[~followed[which]], errors))
    if len(which):
        part.facts.read(batch, packets, which, app, witness, vantage)


def read_whole(
    part: Part, index: int, source: Source, vantage: int, advanced: Advanced, memory: bytearray | None = None
) -> None:
    """Read one capture from beginning to end; `memory` as a window takes it."""
    with opened(source, 0, advanced) as stream:
        window = Window(stream, memory=memory)
        window.refill()
        keep(part, found(source, window), index, vantage)
    part.streams.end(part.facts, index, part.packets.get(index, 0))


def follow(part: Part, chains: Iterable[Chain], index: int, source: Source, vantage: int) -> None:
    """Read the beginning of a capture again, for messages that began in another one."""
    part.streams.resume(chains)
    with opened(source) as stream:
        window = Window(stream)
        window.refill()
        _read_on(part, found(source, window), index, vantage, 0)


def _read_on(part: Part, batches: Iterator[Found], index: int, vantage: int, records: int) -> None:
    """Read packets that are not of this reader, or not for the first time, while messages are open."""
    streams = part.streams
    while streams.opened and (each := next(batches, None)) is not None:
        if not isinstance(each, Batch):
            continue
        for packets in headers.read(each, link.find(each)):
            if isinstance(packets, headers.Packets) and len(packets.index):
                for inner in unwrap.opened(each, packets):
                    placed = inner.packets if isinstance(inner, unwrap.Wrapped) else inner
                    streams.take(part.facts, each, placed, *classify(placed), index, vantage, begin=False)
        records = int(each.record[-1]) if len(each.record) else records
        streams.sweep(part.facts, records, every=True)
    streams.end(part.facts, index, records)


def found(source: Source, window: Window) -> Iterator[Found]:
    """Yield all that a capture holds; the window holds its beginning."""
    if source.format == "pcapng":
        yield from pcapng.read(window, pcapng.State())
    elif source.format == "snoop":
        yield from snoop.read(window)
    elif source.format == "pcap":
        form = pcap.shape(bytes(window.memory[window.start : min(window.end, window.start + HEAD)]))
        if form is None:
            yield Lost(window.end - window.start, window.failure or pcap.CUT)
        else:
            window.consume(window.start + pcap.HEADER)
            yield from pcap.read(window, form)
    elif source.size:
        yield Lost(source.size, window.failure)


def read_range(piece: "Piece", advanced: Advanced) -> "Reading":
    """Read the records that begin in one piece of a capture, numbered from 1, and on while messages are open."""
    part, state = Part(), deepcopy(piece.state)
    with opened(piece.source, piece.start, advanced) as stream:
        window = Window(stream, piece.start)
        window.until = piece.end
        if isinstance(state, pcapng.State):
            keep(part, pcapng.read(window, state), piece.index, piece.vantage)
        else:
            keep(part, pcap.read(window, state), piece.index, piece.vantage)
    records, end = part.packets.get(piece.index, 0), window.position
    part.streams.datagrams.end(part.facts, records)
    with opened(piece.source, end) as stream:
        window, further = Window(stream, end), deepcopy(state)
        if isinstance(further, pcapng.State):
            found = pcapng.read(window, further, records + 1)
        else:
            found = pcap.read(window, further, records + 1)
        _read_on(part, found, piece.index, piece.vantage, records)
    return Reading(piece.index, part, end, state)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one capture: from where a record begins (perhaps only it seems so) to another such place."""

    index: int
    source: Source
    vantage: int
    start: int
    end: int
    state: pcap.Shape | pcapng.State  # what is known there


@dataclass(frozen=True, slots=True)
class Reading:
    """What a piece holds, where its last record ends, and what is known there."""

    index: int
    part: Part
    end: int
    state: pcap.Shape | pcapng.State


def keep(part: Part, found: Iterator[Found], index: int, vantage: int) -> None:
    """Fold what a capture holds into a part."""
    aside = Aside()
    for each in found:
        if isinstance(each, Batch):
            take(part, each, index, vantage, aside)
        elif isinstance(each, Named):
            witness = index << SOURCE_SHIFT | each.record
            name = Name(vantage, witness, 0, 0, 0, 0, each.address, each.name)
            part.facts.say(name, [witness, 0, 0, 0, 0])
        else:
            part.lost[index, each.reason] = part.lost.get((index, each.reason), 0) + each.bytes
    for batch in aside.drain():
        _take_any(part, batch, index, vantage)


Job = tuple[int, Source, int] | Piece
"""A whole capture (its index, where it is, its vantage) or a piece of one."""
Answer = tuple[Part, list[Reading]]
"""What whole captures hold, together, and what each piece holds."""


def work(jobs: Sequence[Job], advanced: Advanced) -> Answer:
    """Do jobs one after the other, in this process."""
    part, readings, memory = Part(), [], bytearray(room())
    for job in jobs:
        if isinstance(job, Piece):
            readings.append(read_range(job, advanced))
        else:
            index, source, vantage = job
            read_whole(part, index, source, vantage, advanced, memory)
    return part, readings
