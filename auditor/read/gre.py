"""Reads the headers of generic routing encapsulation, for many packets at once.

RFC 2784 and 2890; NVGRE (RFC 7637), which is GRE with a key and Ethernet; PPTP's enhanced header (RFC 2637);
ERSPAN, a mirrored port in GRE: type I has no header of its own, II has 8 bytes, III has 12 or 20
(draft-foschiano-erspan).
"""

from typing import Final

import numpy as np

from auditor.read.arrays import I64, Bool, big16, byte
from auditor.read.heads import one_of
from auditor.read.inside import NOTHING, Inside, Outer, ethernet, inside, versioned
from auditor.read.kinds import IPV4, IPV6, MPLS
from auditor.read.link import ppp

CHECKSUM, ROUTING, KEY, SEQUENCE, ACKNOWLEDGED = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
BRIDGED: Final = 0x6558  # transparent Ethernet bridging
ERSPAN, ERSPAN3 = 0x88BE, 0x22EB
PPP: Final = 0x880B
VLAN: Final = (0x8100, 0x88A8)
_ETHERNET, _IP = 0, 2  # frame types of ERSPAN III


def plain(outer: Outer) -> Inside:
    """Read GRE, version 0."""
    flags, kind = _head(outer)
    known = CHECKSUM | KEY | SEQUENCE
    good = (flags & ~known == 0) & (outer.at + 4 <= outer.end)
    size = 4 + 4 * sum((flags & bit != 0).astype(np.int64) for bit in (CHECKSUM, KEY, SEQUENCE))
    found = inside(outer, outer.at + size, kind, good & ~one_of(kind, (ERSPAN, ERSPAN3)))
    _point_to_point(outer, found)
    bridged = np.flatnonzero(found.kind == BRIDGED)
    if len(bridged):
        ethernet(outer.data, found, bridged)
    _only_networks(found)
    return found


def _head(outer: Outer) -> tuple[I64, I64]:
    return big16(outer.data, outer.at), big16(outer.data, outer.at + 2)


def _point_to_point(outer: Outer, found: Inside) -> None:
    which = np.flatnonzero(found.kind == PPP)
    if len(which):
        layer = ppp(outer.data, found.at[which], found.end[which])
        found.at[which], found.kind[which] = layer.at, np.where(layer.kind < 0, NOTHING, layer.kind)


def _only_networks(found: Inside) -> None:
    """Leave nothing but kinds that can stand before an IP header: others are protocols of devices."""
    found.kind[~one_of(found.kind, (IPV4, IPV6, MPLS, MPLS + 1, *VLAN)) & ~found.framed] = NOTHING


def enhanced(outer: Outer) -> Inside:
    """Read GRE, version 1, which carries PPP; its key holds the length of the payload."""
    flags, kind = _head(outer)
    good = (flags & ~(SEQUENCE | ACKNOWLEDGED) == KEY | 1) & (kind == PPP) & (flags & SEQUENCE != 0)
    length = big16(outer.data, outer.at + 4)
    at = outer.at + 12 + 4 * (flags & ACKNOWLEDGED != 0)
    good &= (length > 0) & (at + length <= outer.stop)
    found = inside(outer, at, kind, good)
    found.stop = np.where(good, at + length, outer.stop)
    found.end = np.minimum(found.end, found.stop)
    _point_to_point(outer, found)
    _only_networks(found)
    return found


def mirrored(outer: Outer) -> Inside:
    """Read ERSPAN; in types I and II the bit for a sequence number tells which it is."""
    flags, kind = _head(outer)
    good = (flags & ~(KEY | SEQUENCE | CHECKSUM) == 0) & one_of(kind, (ERSPAN, ERSPAN3))
    at = outer.at + 4 + 4 * sum((flags & bit != 0).astype(np.int64) for bit in (CHECKSUM, KEY, SEQUENCE))
    safe = np.minimum(at, outer.end)
    version = byte(outer.data, safe) >> 4
    tail = byte(outer.data, safe + 11)
    third = kind == ERSPAN3
    first = ~third & (flags & SEQUENCE == 0)
    size = np.where(first, 0, np.where(third, 12 + 8 * (tail & 1), 8))
    frame = (big16(outer.data, safe + 10) >> 10) & 31
    right: Bool = first | (version == np.where(third, 2, 1))
    right &= ~third | one_of(frame, (_ETHERNET, _IP))
    at = at + size
    found = inside(outer, at, np.full(len(at), BRIDGED), good & right & (at <= outer.end))
    routed = third & (frame == _IP)
    ethernet(outer.data, found, np.flatnonzero(~routed))
    which = np.flatnonzero(routed & (found.kind != NOTHING))
    found.kind[which] = versioned(outer.data, found.at[which], outer.end[which])
    return found
