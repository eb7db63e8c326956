"""Hands the few payloads that must be read, byte by byte, to the parsers of facts, and folds what they say."""

from collections.abc import Sequence
from dataclasses import fields
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64
from auditor.read.classify import APPS, CODE
from auditor.read.facts import parse
from auditor.read.facts.model import Fact, Packet
from auditor.read.headers import ICMP, ICMP6, TCP, UDP, Packets
from auditor.read.repeats import Repeats
from auditor.read.window import Batch

MAPPED: Final = 0xFFFF << 32
HELD: Final = 24 << 20  # bytes of payloads that are kept back
OVERHEAD: Final = 400  # bytes that keeping one costs besides
_8, _16, _32 = (np.uint64(n) for n in (8, 16, 32))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


def wanted(packets: Packets, app: NDArray[np.uint8], start: U64) -> I64:
    """Return the positions of packets whose payload says more than its kind; `start` is its first 16 bytes.

    All SIP and STUN messages, DNS answers, and ClientHellos of TLS and DTLS.
    """
    some = np.flatnonzero(_READ[app])
    if not len(some):
        return some
    kind, first, second = app[some], start[some, 0], start[some, 1]
    begin = first & _B
    hello = (begin == 22) & np.where(kind == CODE["tls"], first >> np.uint64(40) & _B, second >> np.uint64(40) & _B)
    ahead = np.where(packets.protocol[some] == TCP, np.uint64(32), np.uint64(16))  # DNS over TCP begins with a length
    answer = first >> ahead & np.uint64(0x80) != 0
    return some[np.where(_HELLO[kind], hello == 1, np.where(_ANSWER[kind], answer, True))]


def _set(*names: str) -> NDArray[np.bool_]:
    return np.isin(np.arange(len(APPS)), [CODE[name] for name in names])


_ANSWER: Final = _set("dns", "mdns", "llmnr")
_HELLO: Final = _set("tls", "dtls")
_READ: Final = _set("sip", "stun", "dns", "mdns", "llmnr", "tls", "dtls")


class Facts:
    """What payloads said, each fact once, with how often and when it was said.

    Payloads that repeat on a flow are kept back and parsed once for all of them, while they fit into `HELD`.
    """

    def __init__(self) -> None:
        self.known: dict[Fact, Tally] = {}
        self._held: dict[tuple[int, bytes, int, Ends], Tally] = {}
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
            which = np.sort(np.concatenate((which[~stun], rest)))
        self._each(batch, packets, which, app, witness, vantage)
        if self._size > HELD:
            self.parse()

    def _each(
        self, batch: Batch, packets: Packets, which: I64, app: NDArray[np.uint8], witness: I64, vantage: int
    ) -> None:
        """Keep the payloads of the packets at these positions, until all is parsed."""
        index = packets.index[which]
        payload, held = packets.data.data, self._held
        columns = (
            app[which],
            packets.body[which],
            packets.end[which],
            witness[which],
            batch.ns[index],
            batch.wire[index],
        )
        rows = zip(*(column.tolist() for column in columns), _ends(packets, which), strict=True)
        for code, body, end, record, ns, wire, ends in rows:
            key = code, bytes(payload[body:end]), vantage, ends
            seen = held.get(key)
            if seen is None:
                held[key] = [record, ns, ns, 1, wire]
                self._size += end - body + OVERHEAD
            else:  # witnesses ascend
                seen[3] += 1
                seen[4] += wire
                if ns < seen[1]:
                    seen[1] = ns
                elif ns > seen[2]:
                    seen[2] = ns

    def parse(self) -> None:
        """Parse what was kept back."""
        held, self._held, self._size = self._held, {}, 0
        for address, place, messages, tallies in self._alike.drain():
            vantages = (place >> _32).tolist()
            sockets = _sockets(address, place & _W, np.full(len(place), UDP))
            for vantage, ends, message, tally in zip(vantages, sockets, messages, tallies, strict=True):
                for fact in parse("stun", message, Packet(vantage, *ends, tally[0], tally[1], tally[4])):
                    self.say(fact, tally)
        for (code, payload, vantage, ends), tally in held.items():
            packet = Packet(vantage, *ends, tally[0], tally[1], tally[4])
            for fact in parse(APPS[code], payload, packet):
                self.say(fact, tally)

    def say(self, fact: Fact, tally: "Tally") -> None:
        """Count a fact as often as `tally` says."""
        seen = self.known.get(fact)
        if seen is None:
            self.known[fact] = tally.copy()
        else:
            _add(seen, *tally)

    def join(self, other: "Facts") -> None:
        """Take over what another reader has found."""
        other.parse()
        for fact, tally in other.known.items():
            self.say(fact, tally)

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        self.parse()
        for tally in self.known.values():
            tally[0] += by

    def facts(self) -> list[Fact]:
        """Return every fact once, in an order that depends on what was said alone."""
        self.parse()
        told = [_told(fact, tally) for fact, tally in self.known.items()]
        told.sort(key=attrgetter("witness"))
        ordered: list[Fact] = []
        for _witness, ties in groupby(told, attrgetter("witness")):
            several = list(ties)
            ordered += sorted(several, key=repr) if len(several) > 1 else several
        return ordered


def _told(fact: Fact, tally: "Tally") -> Fact:
    """Return the fact with another tally; `dataclasses.replace` does the same at a third of the speed."""
    kind: Any = type(fact)
    told: Fact = kind(fact.vantage, *tally, *(getattr(fact, name) for name in _OWN[kind]))
    return told


_COMMON: Final = {each.name for each in fields(Fact)}
_OWN: Final = {
    kind: tuple(each.name for each in fields(kind) if each.name not in _COMMON) for kind in Fact.__subclasses__()
}
"""The fields that each kind of facts adds to those of all."""

Tally = list[int]
"""The least witness, the first and the last time, packets, and bytes on the wire."""
Ends = tuple[int, int, int, int, int]
"""Source and destination address, source and destination port, protocol."""


def _add(seen: Tally, witness: int, first: int, last: int, packets: int, size: int) -> None:
    seen[0] = min(seen[0], witness)
    seen[1] = min(seen[1], first)
    seen[2] = max(seen[2], last)
    seen[3] += packets
    seen[4] += size


def _ends(packets: Packets, which: I64) -> list[Ends]:
    ports, protocol = packets.ports[which], packets.protocol[which]
    error = np.flatnonzero((protocol == ICMP) | (protocol == ICMP6))
    if len(error):  # their type and code stand where others have ports
        head = packets.body[which[error]] - 8
        kind, code = (packets.data[head + at].astype(np.uint64) for at in (0, 1))
        ports[error] = kind << _8 | code << np.uint64(24)
    return _sockets([word[which] for word in packets.address], ports, protocol)


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
