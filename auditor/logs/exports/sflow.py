"""sFlow 5: samples of packets as the agent copied them (sflow.org, "sFlow Version 5", July 2004, section 5.3).

A sample stands for as many packets as its rate says.  Samples of counters tell of no addresses.
"""

from collections.abc import Callable, Iterator
from socket import AF_INET, AF_INET6, inet_ntop
from struct import Struct
from typing import Final

from auditor.logs.exports import wire
from auditor.logs.exports.memory import Numbers, Origin
from auditor.logs.exports.pending import Context, Pending
from auditor.logs.exports.records import RATES
from auditor.logs.model import Told
from auditor.model import flow

_PAIR, _WORD, _THREE = Struct(">II"), Struct(">I"), Struct(">III")
FLOW, COUNTERS, FLOW_WIDE, COUNTERS_WIDE, DISCARDED = 1, 2, 3, 4, 5
HEADS: Final = {FLOW: (32, 8), FLOW_WIDE: (44, 12), DISCARDED: (32, -1)}
"""Bytes of a sample before its records, and where the rate stands; -1: each packet is told."""
RAW, ETHERNET, IPV4, IPV6, NAT = 1, 2, 3, 4, 1007
LINKS: Final = {1: 1, 4: 10, 5: 9, 7: 9, 11: 228, 12: 229, 13: 219}
"""Link types of captures for the protocols of raw headers: Ethernet, FDDI, PPP, IPv4, IPv6, MPLS."""
COUNTED: Final = "a sample of counters"
NO_HEADER: Final = "a sample without a header"
KIND: Final = "a sample of an unknown kind"
LINK: Final = "a header of an unknown link"
FRAMES: Final = "a frame without an IP header"
SHORT: Final = "a sample that is longer than its datagram"
CUT: Final = "cut before its end"
DROPPED: Final = "sFlow agents dropped samples that they could not send."


def agent_of(address: bytes) -> str:
    """Write the address of an agent."""
    return inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)


def number(data: bytes, at: int, end: int, origin: Origin, numbers: Numbers) -> None:
    """Note the number of a datagram; the agent counts them, and the milliseconds since it started."""
    try:
        _, _, agent, sub, sequence, uptime = wire.sflow_head(data, at, end)
    except (wire.Cut, wire.Wrong):
        return
    numbers.add((origin, wire.SFLOW, (agent, sub)), uptime // 1000, sequence, (1, 1))


class Reader:
    """Reads the samples of datagrams."""

    def __init__(self, waiting: Pending, told: Told, number: Callable[[], int], arrived_ns: int) -> None:
        self._waiting, self._told, self._number, self._arrived = waiting, told, number, arrived_ns

    def read(self, data: bytes, at: int, end: int, stop: int, origin: Origin) -> tuple[bytes, int]:
        """Take the samples of a datagram; return the agent and its part that sent it."""
        place, count, agent, sub, _, uptime = wire.sflow_head(data, at, end)
        context = Context(origin, wire.SFLOW, sub, (0, 0), 0, uptime, self._arrived, agent_of(agent))
        for _ in range(count):
            if place + 8 > end:
                self._waiting.tell(self._number(), 1, flow.TRUNCATED if end < stop else flow.MALFORMED, CUT)
                return agent, sub
            kind, size = _PAIR.unpack_from(data, place)
            place += 8
            if place + size > end:
                cut = end < stop
                status, why = (flow.TRUNCATED, CUT) if cut else (flow.MALFORMED, SHORT)
                self._waiting.tell(self._number(), 1, status, why)
                return agent, sub
            self._sample(kind, data, place, place + size, context)
            place += size
        return agent, sub

    def _sample(self, kind: int, data: bytes, at: int, end: int, context: Context) -> None:
        number = self._number()
        if kind in (COUNTERS, COUNTERS_WIDE):
            self._waiting.tell(number, 1, flow.NO_ADDRESS, COUNTED)
        elif kind not in HEADS:
            self._waiting.tell(number, 1, flow.UNSUPPORTED, KIND)
        elif at + HEADS[kind][0] > end:
            self._waiting.tell(number, 1, flow.MALFORMED, SHORT)
        else:
            self._flow(kind, data, at, end, context, number)

    def _flow(self, kind: int, data: bytes, at: int, end: int, context: Context, number: int) -> None:
        head, place = HEADS[kind]
        rate = 1 if place < 0 else min(max(_WORD.unpack_from(data, at + place)[0], 1), 1 << 31)
        if place > 0 and _WORD.unpack_from(data, at + place + 8)[0]:
            self._told.notes.add(DROPPED)
        if rate > 1:
            self._told.notes.add(RATES.format(rate))
        best, real, frames = None, "", False
        for name, begin, stop in _parts(data, at + head, end):
            if name == RAW and stop - begin >= 16 and (best is None or best[0] < 0):
                protocol, size = _PAIR.unpack_from(data, begin)
                kept = min(_WORD.unpack_from(data, begin + 12)[0], stop - begin - 16)
                best = LINKS.get(protocol, -1), min(size, 1 << 31), data[begin + 16 : begin + 16 + kept]
            elif name in (IPV4, IPV6) and best is None and stop - begin >= (32 if name == IPV4 else 56):
                best = 101, min(_WORD.unpack_from(data, begin)[0], 65535), _header(data, begin, name)
            elif name == NAT:
                real = _translated(data, begin, stop)
            frames |= name == ETHERNET
        if best is None:
            status, why = (flow.NO_ADDRESS, FRAMES) if frames else (flow.UNSUPPORTED, NO_HEADER)
            self._waiting.tell(number, 1, status, why)
        elif best[0] < 0:
            self._waiting.tell(number, 1, flow.UNSUPPORTED, LINK)
        else:
            outcome = flow.REJECTED if kind == DISCARDED else None
            self._waiting.sample(number, *best, rate, context, real, outcome)


def _parts(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the records of a sample: kind, and where they begin and end; what is cut or lies ends them."""
    while at + 8 <= end:
        kind, size = _PAIR.unpack_from(data, at)
        at += 8
        if at + size > end:
            return
        yield kind, at, at + size
        at += size + 3 & ~3 if size % 4 else size


def _header(data: bytes, at: int, kind: int) -> bytes:
    """Make the header that sampled IPv4 or IPv6 data tell of, with the transport's first bytes."""
    width = 4 if kind == IPV4 else 16
    protocol: int = _WORD.unpack_from(data, at + 4)[0] & 0xFF
    src, dst = data[at + 8 : at + 8 + width], data[at + 8 + width : at + 8 + 2 * width]
    sport, dport, flags = _THREE.unpack_from(data, at + 8 + 2 * width)
    ports = bytes([sport >> 8 & 255, sport & 255, dport >> 8 & 255, dport & 255])
    rest = ports + bytes(8) + b"\x50" + bytes([flags & 0xFF]) + bytes(6)
    if kind == IPV4:
        return (
            b"\x45\0" + (20 + len(rest)).to_bytes(2, "big") + bytes(5) + bytes([protocol]) + bytes(2) + src + dst + rest
        )
    return b"\x60\0\0\0" + len(rest).to_bytes(2, "big") + bytes([protocol, 0]) + src + dst + rest


def _translated(data: bytes, at: int, end: int) -> str:
    """Return the destination behind a translation (extended NAT data), empty if there is none."""
    for last in (False, True):
        if at + 4 > end:
            return ""
        kind = _WORD.unpack_from(data, at)[0]
        width = {1: 4, 2: 16}.get(kind, 0)
        address = data[at + 4 : at + 4 + width]
        at += 4 + width
        if last and width and at <= end and any(address):
            return agent_of(address)
    return ""
