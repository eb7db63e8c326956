"""Hands the few payloads that must be read, byte by byte, to the parsers of facts, and folds what they say."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.read import crowds
from auditor.read.arrays import I64, U64, rows
from auditor.read.classify import APPS, CODE
from auditor.read.directed import packed
from auditor.read.facts import parse
from auditor.read.facts.model import Fact, Packet
from auditor.read.facts.quic import V2
from auditor.read.facts.sip import condensed
from auditor.read.headers import ICMP, ICMP6, TCP, UDP, Packets
from auditor.read.initials import Initials
from auditor.read.repeats import FOLDS as TALLY
from auditor.read.repeats import Repeats, tallied
from auditor.read.said import FEW, LAYOUTS, Said
from auditor.read.table import Table
from auditor.read.window import Batch

MAPPED: Final = 0xFFFF << 32
HELD: Final = 24 << 20  # bytes of payloads that are kept back
OVERHEAD: Final = 400  # bytes that keeping one costs besides
PLACE: Final = 40  # bytes that say where a payload came from
_8, _16, _32, _40, _48 = (np.uint64(n) for n in (8, 16, 32, 40, 48))
_MAPPED: Final = np.uint64(0xFFFF0000)  # before an IPv4 address in an IPv6 one, as it lies in memory
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


def wanted(packets: Packets, app: NDArray[np.uint8], start: U64) -> I64:
    """Return the positions of packets whose payload says more than its kind; `start` is its first 16 bytes.

    All messages of `_WHOLE`, DNS answers, ClientHellos of TLS and DTLS, and what may be a client's first of QUIC; but
    SIP and DNS of streams are read there.
    """
    some = np.flatnonzero(_READ.take(app))
    if not len(some):
        return some
    kind = app.take(some)
    doubtful = np.flatnonzero(_DOUBTFUL.take(kind))
    if not len(doubtful):
        return some
    which, kind = some[doubtful], kind[doubtful]
    first, second = rows(start, which).T
    begin = first & _B
    hello = (begin == 22) & np.where(kind == CODE["tls"], first >> np.uint64(40) & _B, second >> np.uint64(40) & _B)
    answer = (packets.protocol[which] != TCP) & (first >> _16 & np.uint64(0x80) != 0)
    good = np.ones(len(some), bool)
    good[doubtful] = np.where(_HELLO.take(kind), hello == 1, np.where(kind == CODE["quic"], _initial(first), answer))
    return some[good]


def _initial(first: U64) -> NDArray[np.bool_]:
    """Say which packets of QUIC may be Initial ones: of that type, or with Google's public header."""
    low = first & np.uint64(0xF0)
    second_version = first >> np.uint64(8) & _W == _V2
    found: NDArray[np.bool_] = (low == np.where(second_version, np.uint64(0xD0), np.uint64(0xC0))) | (low < 0x80)
    return found


def _set(*names: str) -> NDArray[np.bool_]:
    return np.isin(np.arange(len(APPS)), [CODE[name] for name in names])


_WHOLE: Final = ("sip", "stun", "mgcp", "rtsp", "h225", "h245", "skinny", "iax", "discord")
_V2: Final = np.uint64(int.from_bytes(V2.to_bytes(4, "big"), "little"))  # as it lies in memory
_HELLO: Final = _set("tls", "dtls")
_ANSWER: Final = _set("dns", "mdns", "llmnr")
_DOUBTFUL: Final = _ANSWER | _HELLO | _set("quic")  # kinds with messages that say nothing
_READ: Final = _set(*_WHOLE) | _DOUBTFUL
_SIP: Final = bytes([CODE["sip"]])


class Facts:
    """What payloads said, each fact once, with how often and when it was said.

    Payloads that repeat on a flow are kept back and parsed once for all of them, while they fit into `HELD`.
    """

    def __init__(self) -> None:
        self.said = Said()
        self._new: dict[tuple[Any, ...], int] = {}  # kind and fields of facts that are not in columns yet -> number
        self._which: list[int] = []  # their numbers, and their tallies
        self._often: list[Tally] = []
        self.initials = Initials()
        self._held: dict[bytes, int] = {}  # `_places` with the payload -> number in the tallies
        self._tallies = Table(1, TALLY)
        self._numbers: list[int] = []  # and what else is to be added to them
        self._rows: list[Sequence[int]] = []
        self._alike = Repeats()
        self._size = 0

    def read(
        self, batch: Batch, packets: Packets, which: I64, app: NDArray[np.uint8], witness: I64, vantage: int
    ) -> None:
        """Take the payloads of the packets at these positions; `witness` is that of all packets."""
        stun = app[which] == CODE["stun"]
        if stun.any():
            some = which[stun]
            index = packets.index[some]
            rest = self._alike.add(packets, some, witness[some], batch.ns[index], batch.wire[index], vantage)
            which = np.concatenate((which[~stun], rest))
        if len(which):
            names = _ANSWER.take(app[which])
            answers = which[names]
            body = packets.body[answers] + 2
            self._hold(batch, packets, answers, _askers(len(answers), app[answers], vantage), body, witness)
            messages = app[which] == CODE["sip"]
            self._condense(batch, packets, which[messages], app, witness, vantage)
            rest = which[~names & ~messages]
            self._hold(batch, packets, rest, places(packets, rest, app, vantage), packets.body[rest], witness)
        if self._size + self._alike.size > HELD:
            self.parse()

    def _hold(self, batch: Batch, packets: Packets, which: I64, places: list[bytes], body: I64, witness: I64) -> None:
        """Keep the payloads of the packets at these positions, from `body` on, until all is parsed."""
        if not len(which):
            return
        index, payload, held = packets.index[which], packets.data.data, self._held
        before, number = len(held), held.setdefault
        rows = zip(places, body.tolist(), packets.end[which].tolist(), strict=True)
        numbers = [number(place + payload[body:end], len(held)) for place, body, end in rows]
        keys = [np.array(numbers, np.uint64)]
        self._tallies.append(tallied(keys, witness[which], batch.ns[index], batch.wire[index]))
        self._size += sum(len(key) + OVERHEAD for key in islice(reversed(held), len(held) - before))

    def _condense(
        self, batch: Batch, packets: Packets, which: I64, app: NDArray[np.uint8], witness: I64, vantage: int
    ) -> None:
        """Keep what the SIP messages at these positions say of their calls, without what is new in each of them."""
        if not len(which):
            return
        index, payload = packets.index[which], packets.data.data
        ends = places(packets, which, app, vantage), packets.body[which].tolist(), packets.end[which].tolist()
        tallies = zip(witness[which].tolist(), batch.ns[index].tolist(), batch.wire[index].tolist(), strict=True)
        for place, body, end, (number, ns, wire) in zip(*ends, tallies, strict=True):
            self._keep(place, bytes(payload[body:end]), (number, ns, ns, 1, wire))

    def _keep(self, place: bytes, message: bytes, tally: "Sequence[int]") -> None:
        """Keep what a SIP message says until all is parsed."""
        for part in condensed(message):
            number = len(self._held)
            found = self._held.setdefault(place + part, number)
            if found == number:
                self._size += len(part) + PLACE + OVERHEAD
            self._numbers.append(found)
            self._rows.append(tally)
        if len(self._numbers) > FEW:
            self._count()

    def _count(self) -> None:
        """Put tallies into columns, where those of messages that are sent again and again become one."""
        if self._numbers:
            rows = np.array(self._rows, np.int64)
            numbers = np.array(self._numbers, np.uint64)
            self._tallies.append([numbers, *(np.ascontiguousarray(column) for column in rows.T)])
            self._numbers, self._rows = [], []

    def parse(self) -> None:
        """Parse what was kept back."""
        self._count()
        for address, place, messages, tallies in self._alike.drain():
            vantages = (place >> _32).tolist()
            sockets = _sockets(address, place & _W, np.full(len(place), UDP))
            for vantage, ends, message, tally in zip(vantages, sockets, messages, tallies, strict=True):
                self._parse("stun", message, vantage, ends, tally)
        held, columns = list(self._held), self._tallies.columns()
        self._held, self._tallies, self._size = {}, Table(1, TALLY), 0
        order = np.argsort(columns[0])
        sums = zip(*(column[order].tolist() for column in columns[1:]), strict=True)
        *address, rest = np.frombuffer(b"".join([key[:PLACE] for key in held]), "<u8").reshape(-1, PLACE // 8).T
        vantages, codes, protocol = (
            (rest >> _48).tolist(),
            (rest >> _40 & _B).tolist(),
            (rest >> _32 & _B).view(np.int64),
        )
        sockets = _sockets(address, rest & _W, protocol)
        for key, code, vantage, ends, tally in zip(held, codes, vantages, sockets, map(list, sums), strict=True):
            self._parse(APPS[code], key[PLACE:], vantage, ends, tally)
        self._put()

    def _parse(self, app: str, payload: bytes, vantage: int, ends: "Ends", tally: "Tally") -> None:
        if app == "quic":
            source, target, sport, dport, protocol = ends
            self.initials.take(payload, vantage, (source, sport, target, dport, protocol), tally)
            return
        for fact in parse(app, payload, Packet(vantage, *ends, tally[0], tally[1], tally[4])):
            self.say(fact, tally)

    def message(self, app: str, message: bytes, place: bytes, tally: "Tally") -> None:
        """Read a message that came in several packets; its `place` is the one that `places` gives them."""
        if app == "sip":
            self._keep(place[: PLACE - 3] + _SIP + place[PLACE - 2 : PLACE], message, tally)
            if self._size > HELD:
                self.parse()
            return
        source, target = (int.from_bytes(place[at : at + 16], "big") for at in (0, 16))
        sport, dport = (int.from_bytes(place[at : at + 2], "big") for at in (32, 34))
        vantage = int.from_bytes(place[38:40], "little")
        self._parse(app, message, vantage, (source, target, sport, dport, place[36]), tally)

    def say(self, fact: Fact, tally: "Tally") -> None:
        """Count a fact as often as `tally` says."""
        kind = type(fact)
        self._which.append(self._new.setdefault((kind, *LAYOUTS[kind].read(fact)), len(self._new)))
        self._often.append(tally)
        if len(self._often) >= FEW:
            self._put()

    def _put(self) -> None:
        """Put facts into columns, where they take a tenth of the room."""
        if not self._often:
            return
        sums = Table(1, TALLY)
        tallies = np.array(self._often, np.int64).T
        sums.append([np.array(self._which, np.uint64), *(np.ascontiguousarray(column) for column in tallies)])
        number, *columns = sums.columns()
        order = np.argsort(number)
        kinds: dict[type[Fact], list[int]] = {}
        new = list(self._new)
        for at, each in enumerate(new):
            kinds.setdefault(each[0], []).append(at)
        for kind, which in kinds.items():
            self.said.add(kind, [new[at][1:] for at in which], [column[order[which]] for column in columns])
        crowds.check(self.said)
        self._new, self._which, self._often = {}, [], []

    def close(self) -> Said:
        """Read all that was kept back, and return what was said."""
        self.parse()
        for hello in self.initials.drain():
            self.say(hello, [hello.witness, hello.first_ns, hello.last_ns, hello.packets, hello.bytes])
        self._put()
        crowds.check(self.said, last=True)
        return self.said

    def join(self, other: "Facts") -> None:
        """Take over what another reader has found."""
        other.parse()
        self.initials.join(other.initials)
        self.said.join(other.said)

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        self.parse()
        self.initials.renumber(by)
        self.said.renumber(by)


Tally = list[int]
"""The least witness, the first and the last time, packets, and bytes on the wire."""
Ends = tuple[int, int, int, int, int]
"""Source and destination address, source and destination port, protocol."""


def places(packets: Packets, which: I64, app: NDArray[np.uint8], vantage: int) -> list[bytes]:
    """Return `PLACE` bytes for each packet: its addresses as IPv6 ones, and what `packed` packs."""
    ports, protocol = packets.ports[which], packets.protocol[which]
    error = np.flatnonzero((protocol == ICMP) | (protocol == ICMP6))
    if len(error):  # their type and code stand where others have ports
        head = packets.body[which[error]] - 8
        kind, code = (packets.data[head + at].astype(np.uint64) for at in (0, 1))
        ports[error] = kind << _8 | code << np.uint64(24)
    address = [word[which] for word in packets.address]
    if len(address) == 1:
        none = np.zeros(len(which), np.uint64)
        address = [none, address[0] << _32 | _MAPPED, none, address[0] & ~_W | _MAPPED]
    table = np.stack([*address, packed(ports, protocol, app[which], vantage)], axis=1)
    places: list[bytes] = table.view(f"V{PLACE}")[:, 0].tolist()
    return places


def _askers(count: int, app: NDArray[np.uint8], vantage: int) -> list[bytes]:
    """Return what stands before DNS answers without their identifiers: what they say is the same to whoever asked."""
    table = np.zeros((count, PLACE // 8), np.uint64)
    table[:, -1] = packed(np.zeros(count, np.uint64), np.full(count, UDP), app, vantage)
    return [place + b"\0\0" for place in table.view(f"V{PLACE}")[:, 0].tolist()]


def _sockets(address: Sequence[U64], ports: U64, protocol: I64) -> list[Ends]:
    """Return the ends of flows whose address words and ports stand as in memory."""
    source, target = _addresses(address)
    sport, dport = ((word.byteswap() >> np.uint64(48)).view(np.int64) for word in (ports & _S, ports >> _16 & _S))
    return list(zip(source, target, sport.tolist(), dport.tolist(), protocol.tolist(), strict=True))


def _addresses(words: Sequence[U64]) -> tuple[list[int], list[int]]:
    """Return source and destination addresses as 128-bit numbers."""
    if len(words) == 1:
        both = (words[0] & _W).byteswap() >> _32, (words[0] >> _32).byteswap() >> _32
        source, target = ([MAPPED | v for v in each.tolist()] for each in both)
        return source, target
    high, low, other_high, other_low = (word.byteswap().tolist() for word in words)
    return _whole(high, low), _whole(other_high, other_low)


def _whole(high: list[int], low: list[int]) -> list[int]:
    return [a << 64 | b for a, b in zip(high, low, strict=True)]
