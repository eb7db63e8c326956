"""Follows the streams of one reader: packets go to chains, what chains tell to the facts; what is lost is counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.status import SOURCE_SHIFT
from auditor.read.arrays import I64, U64, Bool
from auditor.read.classify import SCTP
from auditor.read.headers import Packets
from auditor.read.payloads import Facts, places
from auditor.read.streams import segments
from auditor.read.streams.chains import TOO_MANY, WAIT, Chain, Segment, Told
from auditor.read.streams.datagrams import Datagrams
from auditor.read.streams.frames import sip
from auditor.read.window import Batch

ROOM: Final = 64 << 20
"""Bytes of what is open at a time; beyond, messages are read as far as their first segment goes."""
OVERHEAD: Final = 1000  # bytes that a chain takes besides


@dataclass(slots=True)
class Streams:
    """What is open, and what was given up; chains that are open at the end of a file wait for the next one."""

    opened: dict[bytes, list[Chain]] = field(default_factory=dict)
    datagrams: Datagrams = field(default_factory=Datagrams)
    left: dict[int, list[Chain]] = field(default_factory=dict)  # by source
    lost: dict[tuple[int, str, str], int] = field(default_factory=dict)  # source, kind, why -> messages
    room: int = field(default_factory=lambda: ROOM)
    crowded: bool = False
    peak: int = 0  # bytes that were open at most
    odd: bool = False  # the packets that come now are not plain ones: both kinds come in their own order
    _size: int = 0

    def take(
        self, facts: Facts, batch: Batch, packets: Packets, app: NDArray[np.uint8], start: U64, source: int,
        vantage: int, begin: bool = True,
    ) -> Bool:  # fmt: skip
        """Follow streams through the packets of a batch; return which need no other look at their payload.

        Without `begin` no chain begins: these packets are those of another reader.
        """
        taken = (
            self.datagrams.take(facts, batch, packets, app, start, source, vantage)
            if begin
            else np.zeros(len(app), bool)
        )
        kinds = segments.begun(packets, app, start)
        if not begin and not self.opened:
            return taken | (kinds > 0)
        four, six = segments.of_keys(self.opened) if self.opened else (_NONE, _NONE)
        which = segments.going_on(packets, kinds, four if len(packets.address) == 1 else six)
        for kind, key, segment in _segments(batch, packets, which, kinds, source, vantage):
            self._give(facts, kind, key, segment, begin)
        return taken | (kinds > 0)

    def _give(self, facts: Facts, kind: str, key: bytes, segment: Segment, begin: bool) -> None:
        chains, framed = self.opened.pop(key, None), None
        if chains is None and kind == "sip" and begin and segment.begins:
            framed = sip(segment.data)
            if not segment.cut and framed[1] == len(segment.data):
                _say(facts, key, segment, framed[0])
                return
        if chains is not None:
            for chain in chains:
                self._size -= chain.size + OVERHEAD
                if segment.record - chain.touched > WAIT:
                    self._tell(facts, chain, chain.close())
                else:
                    self._tell(facts, chain, chain.take(segment))
        if segment.begins and begin:
            chain = Chain.begun(kind, key, segment, framed)
            chain.odd = self.odd
            self._tell(facts, chain, chain.take(segment))
            if not chain.over and self._size > self.room:
                self.crowded = True
                rest = list(chain.close())
                chain.losses = [TOO_MANY]
                self._tell(facts, chain, rest)
            chains = [*chains, chain] if chains else [chain]
        self._keep(key, chains)

    def _keep(self, key: bytes, chains: list[Chain] | None) -> None:
        going = [chain for chain in chains or () if not chain.over]
        if going:
            self.opened[key] = going
            for chain in going:
                self._size += chain.size + OVERHEAD
            self.peak = max(self.peak, self._size)

    def _tell(self, facts: Facts, chain: Chain, told: Iterable[Told]) -> None:
        source = chain.source
        for each in told:
            facts.message(each.app, each.message, chain.key, each.tally)
        if chain.losses:
            for why in chain.losses:
                self.count(source, chain.kind, why)
            chain.losses.clear()

    def count(self, source: int, kind: str, why: str, messages: int = 1) -> None:
        """Count messages that could not be read whole."""
        self.lost[source, kind, why] = self.lost.get((source, kind, why), 0) + messages

    def sweep(self, facts: Facts, record: int, every: bool = False) -> None:
        """Close the chains of the kind of packets that came last, or all, that have waited too long at this record."""

        def late(chain: Chain) -> bool:
            return record - chain.touched > WAIT and (every or chain.odd == self.odd)

        old = [key for key, chains in self.opened.items() if any(map(late, chains))]
        for key in old:
            chains = self.opened.pop(key)
            for chain in chains:
                self._size -= chain.size + OVERHEAD
                if late(chain):
                    self._tell(facts, chain, chain.close())
            self._keep(key, chains)
        if every or self.odd:
            self.datagrams.sweep(facts, record)

    def end(self, facts: Facts, source: int, records: int) -> None:
        """Set aside what is open where a file ends."""
        self.sweep(facts, records, every=True)
        going = [chain for chains in self.opened.values() for chain in chains]
        for chain in going:
            chain.touched -= records
        if going:
            self.left[source] = [*self.left.get(source, ()), *going]
        self.opened, self._size = {}, 0
        self.datagrams.end(facts, records)

    def resume(self, chains: Iterable[Chain]) -> None:
        """Take up what was set aside."""
        for chain in chains:
            self._size += chain.size + OVERHEAD
            self.opened.setdefault(chain.key, []).append(chain)

    def close(self, facts: Facts) -> None:
        """Give up what is still open."""
        for chains in (*self.left.values(), *self.opened.values()):
            for chain in chains:
                self._tell(facts, chain, chain.close())
        self.left, self.opened, self._size = {}, {}, 0
        self.datagrams.close(facts)
        for each in self.datagrams.lost:
            self.count(*each)
        self.datagrams.lost = []

    def join(self, facts: Facts, other: "Streams") -> None:
        """Take over what another reader has left."""
        for source, chains in other.left.items():
            self.left[source] = [*self.left.get(source, ()), *chains]
        for (source, kind, why), messages in other.lost.items():
            self.count(source, kind, why, messages)
        self.crowded |= other.crowded
        self.datagrams.join(facts, other.datagrams)

    def renumber(self, by: int) -> None:
        """Add a number to all record numbers."""
        for chains in self.left.values():
            for chain in chains:
                chain.renumber(by)
        self.datagrams.renumber(by)


def _say(facts: Facts, key: bytes, segment: Segment, messages: list[bytes]) -> None:
    """Tell the SIP messages of a segment that holds whole ones, as most do, without a chain."""
    tally = [segment.witness, segment.ns, segment.ns, 1, segment.wire]
    for message in messages:
        facts.message("sip", message, key, tally)
        tally = [*tally[:3], 0, 0]


_NONE: Final = np.empty(0, np.uint64)


def _segments(
    batch: Batch, packets: Packets, which: I64, kinds: NDArray[np.uint8],
    source: int, vantage: int,
) -> Iterator[tuple[str, bytes, Segment]]:  # fmt: skip
    """Yield the pieces of streams in these packets, in their order."""
    if not len(which):
        return
    index = packets.index[which]
    keys = places(packets, which, np.zeros(len(kinds), np.uint8), vantage)
    bodies, ends, records = packets.body[which], packets.end[which], batch.record[index]
    columns = (
        bodies, ends, packets.length[which] > ends - bodies, kinds[which],
        records, records | source << SOURCE_SHIFT, batch.ns[index], batch.wire[index],
    )  # fmt: skip
    rows = zip(keys, segments.sequence(packets, which), *(column.tolist() for column in columns), strict=True)
    memory = packets.data.data
    for key, number, first, last, cut, kind, record, witness, ns, wire in rows:
        data, seen = bytes(memory[first:last]), (record, witness, ns, wire)
        if key[36] == SCTP:
            yield from _chunks(key, data, seen)
        elif kind == 5:
            yield from _fragments(key, data, seen)
        else:
            begins = kind > 0 and (data[:4] != b"SIP/" or data[:8] == b"SIP/2.0 ")  # else it is the middle of a Via
            yield segments.KINDS[kind], key, Segment(number, data, *seen, begins, False, cut)


_Seen = tuple[int, int, int, int]
"""Record, witness, time in nanoseconds, and bytes on the wire."""


def _fragments(key: bytes, data: bytes, seen: _Seen) -> Iterator[tuple[str, bytes, Segment]]:
    """Yield the fragments of a DTLS hello (RFC 6347, section 4.2.3) in a datagram, each in a record."""
    at = 0
    while at + 25 <= len(data) and data[at] == 22 and data[at + 13] == 1:
        offset, size = (int.from_bytes(data[at + i : at + i + 3], "big") for i in (19, 22))
        body = data[at + 25 : at + 25 + size]
        if offset == 0:
            head = data[at + 13 : at + 19] + bytes(3) + data[at + 14 : at + 17]
            segment = Segment((1 << 32) - 12, head + body, *seen, begins=True)
        else:
            segment = Segment(offset, body, *seen)
        yield "dtls", key + b"d" + data[at + 17 : at + 19], segment
        at += 13 + int.from_bytes(data[at + 11 : at + 13], "big")


def _chunks(key: bytes, data: bytes, seen: _Seen) -> Iterator[tuple[str, bytes, Segment]]:
    """Yield the DATA chunks of an SCTP packet (RFC 9260, section 3.3.1); the first of a message must look like SIP."""
    at = 0
    while at + 4 <= len(data):
        size = max(int.from_bytes(data[at + 2 : at + 4], "big"), 4)
        if data[at] == 0 and size > 16 and at + 16 < len(data):
            flags, number = data[at + 1], int.from_bytes(data[at + 4 : at + 8], "big")
            body = data[at + 16 : at + size]
            begins = bool(flags & 2) and (body[:1].isupper() and b"SIP/2.0" in body[:2600])
            segment = Segment(
                number, body, *seen, begins=begins, last=bool(flags & 1), cut=len(body) < size - 16, step=1
            )
            yield "sctp", key + b"s" + data[at + 8 : at + 10], segment
        at += size + 3 & ~3
