"""Reads IPv4 and IPv6 headers and the transport headers behind them, for whole batches at once.

Formats: RFC 791, RFC 8200 (extension headers), RFC 4302 (their odd one), RFC 9293, RFC 768, RFC 9260.
A length that lies makes a packet malformed only where its addresses can't be believed: a total length
beyond the frame, or none at all (segmentation offload), does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.status import MALFORMED, TRUNCATED
from auditor.read.arrays import I64, U8, U64, Bool, big16, byte, distinct, rows, words
from auditor.read.kinds import IPV4, IPV6, reason
from auditor.read.link import Layer
from auditor.read.window import Batch

SYN, SYNACK, RST, FIN, DATA, FRAGMENT, ERROR, SEALED = 1, 2, 4, 8, 16, 32, 64, 128
"""Flags of a one-way flow: TCP's, data with ACK, a fragment other than the first, an ICMP error, DTLS inside TURN."""
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58

_PORTED: Final = np.isin(
    np.arange(256), (TCP, UDP, 33, 132, 136)
)  # DCCP, SCTP and UDP-Lite have them in the same place
_HEADER: Final = np.zeros(256, np.int64)
for _protocol, _size in {UDP: 8, 136: 8, 132: 12, 33: 12, ICMP: 8, ICMP6: 8}.items():
    _HEADER[_protocol] = _size
_byte = np.arange(256)
FLAGS: Final = (
    np.where(_byte & 2, np.where(_byte & 16, SYNACK, SYN), 0)
    + np.where(_byte & 4, RST, 0)
    + np.where(_byte & 1, FIN, 0)
).astype(np.uint8)
"""Flags of a packet, by the byte that holds those of TCP."""
_EXTENSION: Final = np.isin(np.arange(256), (0, 43, 44, 51, 60, 135, 139, 140))
_ERRORS: Final = np.isin(np.arange(256), (3, 4, 5, 11, 12))  # types of ICMP for IPv4
EXTENSIONS: Final = 12  # headers between IPv6 and its transport; more are not followed

_16, _32, _36, _40, _48, _56, _8 = (np.uint64(n) for n in (16, 32, 36, 40, 48, 56, 8))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


@dataclass(slots=True)
class Packets:
    """Packets of one IP version whose addresses are known.  Words hold bytes as they lie in memory, lowest first."""

    data: U8
    index: I64  # in the batch, ascending
    address: list[U64]  # IPv4: source and destination in one word; IPv6: two words each
    ports: U64  # source, and destination << 16; 0: none, or in another fragment
    protocol: U8
    head: I64  # offset of the transport header; of a later fragment, of its data
    body: I64  # offset of the transport payload
    end: I64  # where the captured part of the packet ends
    length: I64  # of the payload on the wire, in bytes
    flags: U8
    later: I64  # positions in `index` of fragments without transport header
    leading: I64  # positions of first fragments
    identification: U64  # of all packets of these positions: later, then leading
    place: I64  # of the same: twice the offset in bytes, and one more if it isn't the last


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Packets of a batch without a flow, and why."""

    index: I64
    status: str
    reason: str


def read(batch: Batch, layer: Layer) -> Iterator[Packets | Unplaced]:
    """Yield every packet of the batch once: placed, or with the reason why it can't be."""
    kind = layer.kind
    if (kind == IPV4).all():
        yield from _ipv4(batch, layer, np.arange(len(kind), dtype=np.int64))
        return
    rest = np.flatnonzero((kind != IPV4) & (kind != IPV6))
    for each in distinct(kind[rest]):
        yield Unplaced(rest[kind[rest] == each], *reason(each, batch.link))
    yield from _ipv4(batch, layer, np.flatnonzero(kind == IPV4))
    yield from _ipv6(batch, layer, np.flatnonzero(kind == IPV6))


def _sorted_out(which: I64, faults: list[tuple[Bool, str, str]]) -> tuple[list[Unplaced], NDArray[np.bool_] | None]:
    """Split off the packets with faults, each under its first; the second value marks those without, None: all."""
    good = np.ones(len(which), bool)
    found = []
    for fault, status, why in faults:
        bad = np.flatnonzero(fault & good)
        if len(bad):
            found.append(Unplaced(which[bad], status, why))
            good[bad] = False
    return found, good if found else None


def _ipv4(batch: Batch, layer: Layer, which: I64) -> Iterator[Packets | Unplaced]:
    if not len(which):
        return
    at, end = layer.at[which], layer.end[which]
    head = words(batch.data, at - 4, 5)  # so that the addresses fill one word, and the ports begin another
    first = head[:, 0]
    size = ((first >> _32) & np.uint64(15)).view(np.int64) << 2
    version = (first >> _36) & np.uint64(15)
    total = (((first >> _48) & _B) << _8 | (first >> _56)).view(np.int64)
    fine = (version == 4) & (size >= 20) & (at + 20 <= end) & (total >= size)
    if not fine.all():
        six = (version == 6) & (at < end)
        unplaced, good = _sorted_out(
            which,
            [
                (at >= end, TRUNCATED, "IPv4 header cut"),
                (six, "", ""),
                (version != 4, MALFORMED, "IP version"),
                (size < 20, MALFORMED, "IPv4 header length"),
                (at + 20 > end, TRUNCATED, "IPv4 header cut"),
                ((total < size) & (total != 0), MALFORMED, "IPv4 total length"),
            ],
        )
        yield from (each for each in unplaced if each.status)
        yield from _ipv6(batch, layer, which[six])
        if good is not None:
            keep = np.flatnonzero(good)
            which, at, end, size, total = (column[keep] for column in (which, at, end, size, total))
            head = rows(head, keep)
    transport = at + size
    optioned = np.flatnonzero(size > 20)
    if len(optioned):
        head[optioned, 3:5] = words(batch.data, transport[optioned], 2)
    second = head[:, 1]
    later = (second & np.uint64(0xFF1F0000)) != 0
    leading = (second & np.uint64(0xFF3F0000)) == np.uint64(0x200000)
    stop = at + total
    unsized = np.flatnonzero(total == 0)
    if len(unsized):
        stop[unsized] = (batch.start + batch.wire)[which[unsized]]
    protocol = (second >> _40).astype(np.uint8)
    fragments = np.flatnonzero(later), np.flatnonzero(leading)
    identification = second[np.concatenate(fragments)] & _S
    control = _control(second[np.concatenate(fragments)])
    yield _transport(
        batch.data,
        which,
        [head[:, 2]],
        protocol,
        transport,
        head[:, 3],
        head[:, 4],
        stop,
        end,
        later,
        fragments,
        identification,
        (control & 0x1FFF) << 4 | control >> 13 & 1,
    )


def _control(word: U64) -> I64:
    """Return flags and offset of IPv4 fragments (RFC 791, section 3.1) out of the word that begins with their name."""
    return ((word >> _8 & np.uint64(0xFF00)) | (word >> np.uint64(24) & _B)).view(np.int64)


def _ipv6(batch: Batch, layer: Layer, which: I64) -> Iterator[Packets | Unplaced]:
    if not len(which):
        return
    at, end = layer.at[which], layer.end[which]
    head = words(batch.data, at, 5)
    version = (head[:, 0] >> np.uint64(4)) & np.uint64(15)
    unplaced, good = _sorted_out(
        which,
        [
            (at >= end, TRUNCATED, "IPv6 header cut"),
            (version != 6, MALFORMED, "IP version"),
            (at + 40 > end, TRUNCATED, "IPv6 header cut"),
        ],
    )
    yield from unplaced
    if good is not None:
        which, at, end, head = which[good], at[good], end[good], head[good]
    first = head[:, 0]
    total = (((first >> _32) & _B) << _8 | ((first >> _40) & _B)).view(np.int64)
    stop = at + 40 + total
    unsized = np.flatnonzero(total == 0)
    if len(unsized):
        stop[unsized] = (batch.start + batch.wire)[which[unsized]]
    protocol = (first >> _48).astype(np.uint8)
    transport = at + 40
    later, leading, identification, place = _extensions(batch.data, protocol, transport, end)
    start = words(batch.data, np.minimum(transport, end), 2)
    fragments = np.flatnonzero(later), np.flatnonzero(leading)
    yield _transport(
        batch.data, which, [head[:, i] for i in range(1, 5)], protocol, transport, start[:, 0], start[:, 1], stop, end,
        later, fragments, identification[np.concatenate(fragments)], place[np.concatenate(fragments)],
    )  # fmt: skip


def _extensions(data: U8, protocol: U8, transport: I64, end: I64) -> tuple[Bool, Bool, U64, I64]:
    """Step over extension headers in place; return which packets are later or leading fragments, of what, and where."""
    later, leading = np.zeros(len(protocol), bool), np.zeros(len(protocol), bool)
    identification, place = np.zeros(len(protocol), np.uint64), np.zeros(len(protocol), np.int64)
    which = np.flatnonzero(_EXTENSION[protocol])
    for _ in range(EXTENSIONS):
        which = which[transport[which] + 8 <= end[which]]
        if not len(which):
            break
        kind, at = protocol[which], transport[which]
        head = words(data, at, 1)[:, 0]
        following, count = head.astype(np.uint8), ((head >> _8) & _B).view(np.int64)
        fragment = kind == 44
        size = np.where(fragment, 8, np.where(kind == 51, 4 * (count + 2), 8 * (count + 1)))
        control = big16(data, at + 2)
        later[which] |= fragment & (control & 0xFFF8 != 0)
        leading[which] |= fragment & (control & 0xFFF9 == 1)
        identification[which] = np.where(fragment, head >> _32, identification[which])
        place[which] = np.where(fragment, (control & 0xFFF8) << 1 | control & 1, place[which])
        protocol[which] = following
        transport[which] = at + size
        which = which[_EXTENSION[following] & ~later[which]]
    return later, leading, identification, place


def _transport(
    data: U8, which: I64, address: list[U64], protocol: U8, at: I64, first: U64, second: U64, stop: I64, end: I64,
    later: Bool, fragments: tuple[I64, I64], identification: U64, place: I64,
) -> Packets:  # fmt: skip
    """Read ports, TCP flags and the bounds of the payload; `first` and `second` are the words at the offsets `at`."""
    has = _PORTED.take(protocol) & (at + 4 <= end)
    size = _HEADER.take(protocol)
    flags = np.zeros(len(at), np.uint8)
    tcp = np.flatnonzero(protocol == TCP)
    if len(tcp):
        seen = at[tcp] + 14 <= end[tcp]
        size[tcp] = np.where(seen, np.maximum((second[tcp] >> _36).view(np.int64) & 15, 5) << 2, 20)
        flags[tcp] = FLAGS.take((second[tcp] >> _40).view(np.int64) & 0xFF) * seen
    if len(fragments[0]):
        has &= ~later
        size[fragments[0]] = 0
    body = at + size
    length = np.maximum(stop - body, 0)
    if len(tcp):
        acknowledged = ((second[tcp] >> np.uint64(44)).view(np.int64) & 1) * seen
        flags[tcp] |= (acknowledged * (length[tcp] > 0) * DATA).astype(np.uint8)
    if len(fragments[0]):
        flags[fragments[0]] = FRAGMENT
    end = np.minimum(end, stop)
    return Packets(
        data,
        which,
        address,
        (first & _W) * has,
        protocol,
        at,
        np.minimum(body, end),
        end,
        length,
        flags,
        *fragments,
        identification,
        place,
    )


def icmp_errors(packets: Packets) -> I64:
    """Flag ICMP errors, which quote the packet that they are about (RFC 792, RFC 4443), and return their positions."""
    either = np.flatnonzero((packets.protocol == ICMP) | (packets.protocol == ICMP6))
    if not len(either):
        return either
    either = either[packets.body[either] < packets.end[either]]
    kind = byte(packets.data, packets.body[either] - 8)
    found: I64 = either[np.where(packets.protocol[either] == ICMP, _ERRORS.take(kind), (kind >= 1) & (kind <= 4))]
    found = found[packets.flags[found] & FRAGMENT == 0]
    packets.flags[found] |= ERROR
    return found
