"""Puts UDP datagrams together that came in IP fragments (RFC 791, section 3.2; RFC 8200, section 4.5), in any order.

Only those whose first fragment says what is worth reading: SIP messages and DNS answers.  Fragments wait for `NEAR`
records; what is incomplete near the beginning or the end of a file may belong to what another reader has, and is kept
until all is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.status import SOURCE_SHIFT
from auditor.read.arrays import I64, U64, Bool
from auditor.read.classify import APPS, CODE
from auditor.read.headers import UDP, Packets
from auditor.read.payloads import Facts, places
from auditor.read.streams.chains import MISSING, TOO_MANY, Tally
from auditor.read.streams.segments import streams
from auditor.read.window import Batch

NEAR: Final = 1024  # records between two fragments of a datagram
SPAN: Final = 30_000_000_000  # nanoseconds, where they stand in two files
PARTS: Final = 64  # fragments of one datagram
ROOM: Final = 32 << 20
"""Bytes of incomplete datagrams at the edges of files; if there are more, none of them is put together."""
OVERHEAD: Final = 1000  # bytes that one takes besides

_HEADER: Final = 8
_W: Final = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment that may be of a datagram worth reading."""

    record: int
    tally: Tally
    offset: int
    more: bool
    data: bytes
    app: str  # of a first fragment
    ports: bytes

    @property
    def source(self) -> int:
        return self.tally[0] >> SOURCE_SHIFT

    def follows(self, other: "Fragment") -> bool:
        """Say whether it is near enough to the fragment before it to be of the same datagram."""
        if self.source == other.source:
            return self.record - other.record <= NEAR
        return self.tally[1] - other.tally[2] <= SPAN


@dataclass(slots=True)
class Datagram:
    """Fragments of the same name that follow each other."""

    fragments: list[Fragment]
    app: str = ""  # empty: its first fragment was not seen
    ports: bytes = b""
    total: int = -1
    parts: dict[int, bytes] = field(default_factory=dict)

    def add(self, fragment: Fragment) -> None:
        self.fragments.append(fragment)
        if len(self.parts) < PARTS:
            self.parts.setdefault(fragment.offset, fragment.data)
        if not fragment.more:
            self.total = fragment.offset + len(fragment.data)
        if fragment.app:
            self.app, self.ports = fragment.app, fragment.ports

    def payload(self) -> bytes | None:
        """Return the payload of the whole datagram; None while some of it is missing."""
        if not self.app or self.total < 0 or sum(map(len, self.parts.values())) < self.total:
            return None
        data = self.beginning()
        return data if len(data) + _HEADER >= self.total else None

    def beginning(self) -> bytes:
        """Return the payload up to the first hole."""
        data = b""
        for offset, part in sorted(self.parts.items()):
            if offset > len(data):
                break
            data += part[len(data) - offset :]
        return data[_HEADER:]

    def say(self, facts: Facts, key: bytes, payload: bytes) -> None:
        """Tell what the datagram says, with the ports of its first fragment in place of its identification."""
        tally = self.fragments[0].tally
        for fragment in self.fragments[1:]:
            tally = _sum(tally, fragment.tally)
        facts.message(self.app, payload, key[:32] + self.ports + key[36:], tally)


@dataclass(slots=True)
class Datagrams:
    """Datagrams that are incomplete, and all fragments that may be of one which another reader has seen."""

    open: dict[bytes, Datagram] = field(default_factory=dict)
    edges: dict[bytes, list[Fragment]] = field(default_factory=dict)
    lost: list[tuple[int, str, str]] = field(default_factory=list)
    room: int = ROOM
    full: bool = False
    _size: int = 0  # of edges

    def take(
        self, facts: Facts, batch: Batch, packets: Packets, app: NDArray[np.uint8], start: U64, source: int,
        vantage: int,
    ) -> Bool:  # fmt: skip
        """Take the fragments among the packets; return which are first fragments that need no other look."""
        taken = np.zeros(len(app), bool)
        if not (len(packets.later) or len(packets.leading)):
            return taken
        answer = start[packets.leading, 0] >> np.uint64(16) & np.uint64(0x80) != 0
        code, whole = app[packets.leading], packets.length == packets.end - packets.body
        worth = (code == CODE["sip"]) | ((code == CODE["dns"]) & answer)
        worth &= (packets.protocol[packets.leading] == UDP) & whole[packets.leading]
        taken[packets.leading[worth]] = True
        for key, fragment in _fragments(batch, packets, app, taken, source, vantage):
            self._add(facts, key, fragment)
        return taken

    def _add(self, facts: Facts, key: bytes, fragment: Fragment) -> None:
        found = self.open.get(key)
        if found is not None and not fragment.follows(found.fragments[-1]):
            self._close(facts, key, self.open.pop(key))
            found = None
        if found is None:
            found = self.open[key] = Datagram([])
        found.add(fragment)
        if found.fragments[0].record <= NEAR:  # what came before may be of the same datagram
            return
        if (payload := found.payload()) is not None:
            del self.open[key]
            found.say(facts, key, payload)

    def _close(self, facts: Facts, key: bytes, found: Datagram) -> None:
        if found.fragments[0].record <= NEAR:
            self._keep(facts, key, found.fragments)
        else:
            self._tell(facts, key, found, MISSING)

    def _tell(self, facts: Facts, key: bytes, found: Datagram, why: str) -> None:
        if found.app:
            found.say(facts, key, found.beginning())
            self.lost.append((found.fragments[0].source, found.app, why))

    def _keep(self, facts: Facts, key: bytes, fragments: Sequence[Fragment]) -> None:
        """Keep what another reader may have the rest of; if that is too much, read first fragments alone."""
        self.edges.setdefault(key, []).extend(fragments)
        self._size += sum(len(fragment.data) + OVERHEAD for fragment in fragments)
        self.full |= self._size > self.room
        if self.full:
            for name, each in self.edges.items():
                for fragment in each:
                    found = Datagram([])
                    found.add(fragment)
                    self._tell(facts, name, found, TOO_MANY)
            self.edges, self._size = {}, 0

    def sweep(self, facts: Facts, record: int) -> None:
        """Give up what has waited too long."""
        old = [key for key, found in self.open.items() if record - found.fragments[-1].record > NEAR]
        for key in old:
            self._close(facts, key, self.open.pop(key))

    def end(self, facts: Facts, records: int) -> None:
        """Set aside what is incomplete where a file of so many records ends."""
        self.sweep(facts, records)
        for key, found in self.open.items():
            self._keep(facts, key, found.fragments)
        self.open = {}

    def close(self, facts: Facts) -> None:
        """Put together what stands at the edges of files, in the order of time."""
        for key, fragments in self.edges.items():
            begun: dict[int, int] = {}
            for each in fragments:
                begun[each.source] = min(begun.get(each.source, each.tally[1]), each.tally[1])
            fragments.sort(key=lambda each: (begun[each.source], each.source, each.record))
            found = Datagram([])
            for each in fragments:
                if found.fragments and not each.follows(found.fragments[-1]):
                    self._tell(facts, key, found, MISSING)
                    found = Datagram([])
                found.add(each)
                if (payload := found.payload()) is not None:
                    found.say(facts, key, payload)
                    found = Datagram([])
            self._tell(facts, key, found, MISSING)
        self.edges, self._size = {}, 0

    def join(self, facts: Facts, other: "Datagrams") -> None:
        """Take over what another reader has set aside."""
        self.full |= other.full
        self.lost += other.lost
        for key, fragments in other.edges.items():
            self._keep(facts, key, fragments)

    def renumber(self, by: int) -> None:
        """Add a number to all record numbers."""
        self.edges = {
            key: [
                replace(each, record=each.record + by, tally=[each.tally[0] + by, *each.tally[1:]])
                for each in fragments
            ]
            for key, fragments in self.edges.items()
        }


def _sum(one: Tally, other: Tally) -> Tally:
    return [
        min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), one[3] + other[3], one[4] + other[4]
    ]  # fmt: skip


def _fragments(
    batch: Batch, packets: Packets, app: NDArray[np.uint8], worth: Bool, source: int, vantage: int
) -> Iterator[tuple[bytes, Fragment]]:
    """Yield the fragments that may be of a datagram worth reading, in their order."""
    every = np.concatenate((packets.later, packets.leading))
    first = np.arange(len(every)) >= len(packets.later)
    numbers = streams([word[every] for word in packets.address], packets.identification, packets.protocol[every])
    dull = np.unique(numbers[first & ~worth[every]])
    chosen = np.where(first, worth[every], (packets.protocol[every] == UDP) & ~np.isin(numbers, dull))
    chosen |= ~first & np.isin(numbers, numbers[first & worth[every]])
    some = np.flatnonzero(chosen & (packets.length[every] == packets.end[every] - packets.body[every]))
    some = some[np.argsort(every[some], kind="stable")]
    which = every[some]
    if not len(which):
        return
    named = _named(packets, which, packets.identification[some])
    index = packets.index[which]
    rows = zip(
        places(named, np.arange(len(which)), np.zeros(len(which), np.uint8), vantage), first[some].tolist(),
        packets.place[some].tolist(), packets.head[which].tolist(), packets.end[which].tolist(), app[which].tolist(),
        packets.ports[which].astype("<u4").view("V4").tolist(),
        batch.record[index].tolist(), batch.ns[index].tolist(), batch.wire[index].tolist(), strict=True,
    )  # fmt: skip
    memory = packets.data.data
    for key, leads, place, at, end, code, ports, record, ns, wire in rows:
        tally = [source << SOURCE_SHIFT | record, ns, ns, 1, wire]
        name = APPS[code] if leads else ""
        yield key, Fragment(record, tally, place >> 1, bool(place & 1), bytes(memory[at:end]), name, ports)


def _named(packets: Packets, which: I64, identification: U64) -> Packets:
    """Return these packets with their identifications for ports, as `places` writes them into a key."""
    return replace(
        packets, address=[word[which] for word in packets.address], ports=identification & _W,
        protocol=packets.protocol[which],
    )  # fmt: skip
