"""Puts the hellos of QUIC together from the client's Initial packets, however they were split, ordered or shared.

What is known of a connection is a set that only grows, and what is left out for want of room is chosen by the set
alone: connections by a hash of their ends and connection ID, pieces and packets by their own order.  So neither
the order nor the split of the input changes which names are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from auditor.read.facts import quic
from auditor.read.facts.model import Flow, Hello
from auditor.read.facts.quic import Clear, Piece, Sealed

CONNECTIONS: Final = 1 << 16
"""Connection IDs of which anything is kept; a connection has two or so.  Opening a packet costs some 40 µs."""
HELLO: Final = 1 << 13
"""Bytes in pieces of one hello."""
SHUT: Final = 2
"""Packets of one connection ID that wait for the key of another one."""
LONGEST: Final = 2048
"""Bytes of a packet that waits: clients send no longer ones before they know the path."""
OTHERS: Final = 4
"""Connection IDs of one flow whose keys are tried on such packets."""

Key = tuple[int, Flow, bytes]
"""Vantage, one direction of a 5-tuple, and the connection ID that the sender calls its destination."""
Tally = list[int]
"""As in payloads.py: the least witness, the first and the last time, packets, and bytes on the wire."""


@dataclass(slots=True)
class Connection:
    """What is known of the client's packets with one destination connection ID."""

    number: int
    tally: Tally | None = None  # of the packets that held pieces
    name: str | None = None  # of a hello that one packet held whole
    pieces: set[Piece] = field(default_factory=set)
    limit: Piece | None = None  # the least piece for which there was no room; none from it on is kept
    shut: dict[Sealed, Tally] = field(default_factory=dict)

    def keep(self, more: Iterable[Piece], limit: Piece | None = None) -> None:
        """Add pieces, and drop the last of them while there are too many bytes."""
        if limit is not None and (self.limit is None or limit < self.limit):
            self.limit = limit
        self.pieces.update(more)
        ordered = sorted(self.pieces)
        size = sum(len(data) + 64 for _, data in ordered)
        while ordered and (size > HELLO or (self.limit is not None and ordered[-1] >= self.limit)):
            last = ordered.pop()
            size -= len(last[1]) + 64
            self.pieces.discard(last)
            if self.limit is None or last < self.limit:
                self.limit = last

    def wait(self, packet: Sealed, tally: Tally) -> None:
        """Keep a packet that its own connection ID does not open, while it is among the first ones."""
        if len(packet.data) > LONGEST:
            return
        self.shut[packet] = added(self.shut.get(packet), tally)
        if len(self.shut) > SHUT:
            del self.shut[max(self.shut, key=lambda each: (self.shut[each][1], each.data))]


def added(old: Tally | None, new: Tally) -> Tally:
    """Put two tallies together."""
    if old is None:
        return list(new)
    return [min(old[0], new[0]), min(old[1], new[1]), max(old[2], new[2]), old[3] + new[3], old[4] + new[4]]


class Initials:
    """The client's Initial packets of all connections; `level` is how often it had to choose half of them."""

    def __init__(self) -> None:
        self.level = 0
        self._known: dict[Key, Connection] = {}

    def take(self, payload: bytes, vantage: int, flow: Flow, tally: Tally) -> None:
        """Read a datagram."""
        for packet in quic.packets(payload):
            connection = self._of((vantage, flow, packet.dcid))
            if connection is None:
                continue
            pieces = packet.pieces if isinstance(packet, Clear) else quic.opened(packet, packet.dcid)
            if pieces is None and isinstance(packet, Sealed):
                connection.wait(packet, tally)
            elif pieces:
                self._add(connection, pieces, tally)

    def _add(self, connection: Connection, pieces: tuple[Piece, ...], tally: Tally) -> None:
        connection.tally = added(connection.tally, tally)
        stream = joined(pieces)
        name = quic.server_name(stream) if quic.whole(stream) else None
        if name is None:
            connection.keep(pieces)
        else:
            connection.name = _better(connection.name, name)

    def _of(self, key: Key) -> Connection | None:
        """Return the connection of a key; None if it is among those for which there is no room."""
        known = self._known.get(key)
        if known is None:
            number = _number(key)
            if number & ((1 << self.level) - 1):
                return None
            known = self._known[key] = Connection(number)
            if len(self._known) > CONNECTIONS:
                self._raise(self.level + 1)
                known = self._known.get(key)
        return known

    def _raise(self, level: int) -> None:
        """Keep one connection in `2 ** level`; then fewer while they are too many."""
        while level > self.level or len(self._known) > CONNECTIONS:
            self.level = max(level, self.level + 1)
            mask = (1 << self.level) - 1
            self._known = {key: each for key, each in self._known.items() if not each.number & mask}

    def join(self, other: "Initials") -> None:
        """Take over what another reader has found."""
        self._raise(other.level)
        for key, more in other._known.items():
            known = self._of(key)
            if known is None:
                continue
            if more.tally is not None:
                known.tally = added(known.tally, more.tally)
            if more.name is not None:
                known.name = _better(known.name, more.name)
            known.keep(more.pieces, more.limit)
            for packet, tally in more.shut.items():
                known.wait(packet, tally)

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        for each in self._known.values() if by else ():
            for tally in (each.tally, *each.shut.values()):
                if tally is not None:
                    tally[0] += by

    def drain(self) -> list[Hello]:
        """List what all hellos say, and forget them; what goes on with another connection ID is opened first."""
        said: dict[tuple[int, Flow, str], Tally] = {}
        for vantage, flow, connection, tally in self._opened():
            stream = joined(connection.pieces)
            for name in {connection.name, quic.server_name(stream) if stream else None} - {None}:
                key = vantage, flow, str(name)
                said[key] = added(said.get(key), tally)
        self._known = {}
        return [_hello(vantage, flow, name, *tally) for (vantage, flow, name), tally in said.items()]

    def _opened(self) -> Iterator[tuple[int, Flow, Connection, Tally]]:
        """Yield the connections of which anything was opened."""
        flows: dict[tuple[int, Flow], list[tuple[bytes, Connection]]] = defaultdict(list)
        for (vantage, flow, dcid), connection in self._known.items():
            flows[vantage, flow].append((dcid, connection))
        for (vantage, flow), found in flows.items():
            done = [(dcid, each, each.tally) for dcid, each in found if each.tally is not None]
            done.sort(key=lambda each: (each[2][1], each[0]))
            if done and all(each.name is None for _, each, _ in done):
                waiting = [item for _, each in found for item in each.shut.items()]
                waiting.sort(key=lambda each: (each[1][1], each[0].data))
                for dcid, each, _ in done[:OTHERS]:
                    for packet, _tally in waiting[: OTHERS * SHUT]:
                        each.keep(quic.opened(packet, dcid) or ())
            yield from ((vantage, flow, each, tally) for _, each, tally in done)


def joined(pieces: Iterable[Piece]) -> bytes:
    """Put a stream together from its beginning to the first gap; of bytes sent twice those of the first piece stay."""
    stream = bytearray()
    for offset, data in sorted(pieces):
        if offset > len(stream):
            break
        stream += data[len(stream) - offset :]
    return bytes(stream)


def _hello(vantage: int, flow: Flow, name: str, witness: int, first: int, last: int, packets: int, size: int) -> Hello:
    return Hello(vantage, witness, first, last, packets, size, flow, name)


def _better(name: str | None, other: str) -> str:
    """Choose between two names, whichever comes first; a client that says two has told none apart."""
    return other if name is None else max(name, other)


def _number(key: Key) -> int:
    """Hash a key, the same in every process."""
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "big")
