"""What a tunnel may hold, for many packets at once, and whether an IP header there can be believed.

A port or a protocol number is no proof that something is wrapped, and a wrong guess would hide the true ends of a
flow.  So a packet counts as wrapped only where its inner header is whole and fits: an IPv4 header by its checksum
(RFC 1071); one that bears none, or an IPv6 header, by lengths that agree, behind a tunnel header in which nothing
is odd.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from auditor.read.arrays import I64, U8, Bool, big16, byte, items
from auditor.read.kinds import IPV4, IPV6
from auditor.read.link import Layer, strip

NOTHING: Final = 0x10000
"""A kind that no EtherType has: what lies there is not read."""
PADDING: Final = 46
"""Bytes that an Ethernet frame holds at least: a shorter packet in one is followed by padding (IEEE 802.3)."""
CHECK: Final = 4
"""Bytes of a frame's check sequence, which some mirrors send along."""
LARGEST: Final = 65_535  # bytes of an IP packet whose header can tell its length


@dataclass(slots=True)
class Outer:
    """Payloads that a tunnel may fill: where they begin, and where they end in the capture and on the wire."""

    data: U8
    at: I64
    end: I64
    stop: I64


@dataclass(slots=True)
class Inside:
    """Where the next header would begin, of what kind, and how far its packet may go."""

    at: I64
    kind: I64  # an EtherType, or NOTHING
    end: I64  # of the captured part
    stop: I64  # on the wire
    clean: Bool  # the tunnel's header is as its standard has it, so lengths that agree are enough
    framed: Bool  # it came in an Ethernet frame, which may be padded

    def only(self, which: I64) -> "Inside":
        """Return some of them."""
        return Inside(
            self.at[which], self.kind[which], self.end[which], self.stop[which], self.clean[which], self.framed[which]
        )


def inside(outer: Outer, at: I64, kind: I64, good: Bool, clean: Bool | None = None) -> Inside:
    """Describe what begins at these offsets; `good` says where there is a tunnel at all."""
    here = good & (at < outer.end)
    return Inside(
        np.where(here, at, outer.end),
        np.where(here, kind, NOTHING),
        outer.end,
        outer.stop,
        good if clean is None else good & clean,
        np.zeros(len(at), bool),
    )


def versioned(data: U8, at: I64, end: I64) -> I64:
    """Return the kind of an IP packet by its version."""
    version = byte(data, np.minimum(at, end)) >> 4
    return np.where(version == 4, IPV4, np.where(version == 6, IPV6, NOTHING))


def ethernet(data: U8, found: Inside, which: I64) -> None:
    """Step over an Ethernet header."""
    at = found.at[which] + 14
    whole = (at <= found.end[which]) & (found.kind[which] != NOTHING)
    at = np.minimum(at, found.end[which])
    found.kind[which] = np.where(whole, big16(data, at - 2), NOTHING)
    found.at[which], found.framed[which] = at, True


def stripped(data: U8, found: Inside) -> None:
    """Step over tags and labels that stand before the IP header."""
    odd = np.flatnonzero((found.kind != IPV4) & (found.kind != IPV6) & (found.kind != NOTHING))
    if not len(odd):
        return
    layer = Layer(found.at[odd], found.kind[odd], found.end[odd])
    strip(data, layer)
    found.at[odd], found.framed[odd] = layer.at, True
    found.kind[odd] = np.where((layer.kind == IPV4) | (layer.kind == IPV6), layer.kind, NOTHING)


def sound(data: U8, found: Inside) -> Bool:
    """Say where an IP header is whole, plausible and proven."""
    good = np.zeros(len(found.at), bool)
    for kind, test in ((IPV4, _four), (IPV6, _six)):
        some = np.flatnonzero((found.kind == kind) & (found.at + 20 <= found.end))
        if len(some):
            good[some] = test(data, found.only(some))
    return good


def _four(data: U8, found: Inside) -> Bool:
    at, room = found.at, found.stop - found.at
    first, total, checksum = byte(data, at), big16(data, at + 2), big16(data, at + 10)
    size = (first & 15) << 2
    whole = (first >> 4 == 4) & (size >= 20) & (at + size <= found.end)
    fits = (total >= size) & (total <= room)
    bare = (checksum == 0) & fits & _exact(total, room, found)  # some senders leave the checksum to a device
    late = (total == 0) & (room > LARGEST)  # segments that a device is still to cut, of no total length yet
    good: Bool = whole & (((checksum != 0) & (fits | late) & _summed(data, at, size)) | bare)
    return good


def _summed(data: U8, at: I64, size: I64) -> Bool:
    """Say whether the checksums of IPv4 headers are right."""
    longest = int(size.max())
    words = items(data, at, longest, ">u2").astype(np.int64)
    words *= np.arange(0, longest, 2) < size[:, np.newaxis]
    total = words.sum(axis=1)
    total = (total & 0xFFFF) + (total >> 16)
    right: Bool = (total & 0xFFFF) + (total >> 16) == 0xFFFF
    return right


def _six(data: U8, found: Inside) -> Bool:
    at, room = found.at, found.stop - found.at
    length = big16(data, at + 4)
    total = length + 40
    whole = (byte(data, at) >> 4 == 6) & (at + 40 <= found.end)
    late = (length == 0) & (room > LARGEST)  # a jumbogram (RFC 2675), or segments to be cut
    good: Bool = whole & (late | ((total <= room) & _exact(total, room, found))) & found.clean
    return good


def _exact(total: I64, room: I64, found: Inside) -> Bool:
    """Say whether a packet fills its room, but for what follows it in a frame."""
    left = room - total
    fills: Bool = found.clean & ((left == 0) | (found.framed & ((left == CHECK) | (room <= PADDING + CHECK))))
    return fills
