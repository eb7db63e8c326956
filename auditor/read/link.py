"""Finds the network header behind whatever a link layer puts before it, for whole batches at once.

A layer is told by its EtherType, whatever the link: 0x0800 and 0x86DD are what `headers` reads, and the
rest is counted under a reason.  Registries: www.tcpdump.org/linktypes.html, IEEE EtherType, IANA PPP numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from auditor.read import mpls
from auditor.read.arrays import I64, U8, Bool, big16, byte, distinct, items
from auditor.read.kinds import (
    CUT,
    FAMILY,
    IPV4,
    IPV6,
    LINKTYPE_NONE,
    LINKTYPE_RECORD,
    LOST_LAYER,
    MPLS,
    NETLINK,
    NO_DATA,
    NO_INTERFACE,
    NO_PACKET,
    PPP_CONTROL,
    PPP_PACKED,
    PPPOE,
    TAGS,
    VERSION,
)
from auditor.read.window import Batch

_TAGS: Final = np.zeros(1 << 16, np.int64)
_TAGS[list(TAGS)] = list(TAGS.values())
INET6: Final = (10, 23, 24, 28, 30)  # AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
DEPTH: Final = 16  # layers between a frame and its network header; more is an attack or a loop


@dataclass(slots=True)
class Layer:
    """Where the next header begins, of what kind it is, and where the captured frame ends."""

    at: I64
    kind: I64
    end: I64


Finder = Callable[[Batch], Layer]


def find(batch: Batch) -> Layer:
    """Find the network header of every packet; what is neither IPv4 nor IPv6 has a kind of `kinds.reason`."""
    finder = FINDERS.get(batch.link)
    if finder is None:
        from auditor.read import rare  # Scapy takes half a second to import, and few captures need it

        finder = rare.find
    layer = finder(batch)
    strip(batch.data, layer)
    return layer


def strip(data: U8, layer: Layer) -> None:
    """Step over tags, labels and LLC headers, until every kind is final."""
    rest = np.flatnonzero((layer.kind != IPV4) & (layer.kind != IPV6))
    for _ in range(DEPTH):
        if not len(rest):
            return
        kind = layer.kind[rest]
        size = _TAGS.take(np.maximum(kind, 0))
        tagged, labelled, llc = size > 0, (kind | 1) == MPLS | 1, (kind >= 0) & (kind < 0x600)
        _tags(data, layer, rest[tagged], size[tagged], kind[tagged] == PPPOE)
        _labels(data, layer, rest[labelled])
        again = np.zeros(len(rest), bool)
        again[llc] = _snap(data, layer, rest[llc])
        rest = rest[tagged | labelled | again]


def _tags(data: U8, layer: Layer, which: I64, size: I64, ppp: Bool) -> None:
    """Step over tags that end with the next EtherType, or with a PPP protocol number."""
    if not len(which):
        return
    at = layer.at[which] + size
    whole = at <= layer.end[which]
    at[~whole] = layer.end[which][~whole]
    kind = big16(data, at - 2)
    if ppp.any():
        kind = np.where(ppp, _ppp_kind(kind), kind)
    layer.at[which] = at
    layer.kind[which] = np.where(whole, kind, CUT)


def _labels(data: U8, layer: Layer, which: I64) -> None:
    if len(which):
        layer.at[which], layer.kind[which] = mpls.behind(data, layer.at[which], layer.end[which])


def _snap(data: U8, layer: Layer, which: I64) -> Bool:
    """Step over LLC headers that announce IP or an EtherType (IEEE 802.2, RFC 1042); say for which there was one."""
    if not len(which):
        return np.zeros(0, bool)
    at, end = layer.at[which], layer.end[which]
    head = items(data, np.minimum(at, end), 8, ">u8")[:, 0]
    snap: Bool = ((head >> 40 == 0xAAAA03) & ((head >> 16) & 0xFFFFFF == 0)) | (head >> 16 == 0xAAAA030000F8)
    snap &= (at + 8 <= end) & (head & 0xFFFF >= 0x600)
    ip = (head >> 40 == 0x060603) & (at + 3 <= end)
    layer.at[which] = at + 8 * snap + 3 * ip
    kind = np.where(snap, head & 0xFFFF, np.where(ip, IPV4, 0)).astype(np.int64)
    layer.kind[which] = np.where(at + 3 <= end, kind, CUT)
    return snap


def _after(size: int, batch: Batch) -> Layer:
    """Read links with a header of this size, 4 or more, that ends with an EtherType."""
    end = batch.start + batch.captured
    at = batch.start + size
    short = np.flatnonzero(batch.captured < size)
    if len(short):
        at[short] = end[short]
    kind = items(batch.data, at - 4, 4, ">u4")[:, 0].astype(np.int64)  # gathered faster than two bytes are
    kind &= 0xFFFF
    kind[short] = CUT
    return Layer(at, kind, end)


def _ip(batch: Batch) -> Layer:
    """Read raw IP: the version tells itself."""
    return _versioned(batch.data, batch.start.copy(), batch.start + batch.captured)


def _versioned(data: U8, at: I64, end: I64) -> Layer:
    version = byte(data, at) >> 4
    kind = np.where(version == 4, IPV4, np.where(version == 6, IPV6, VERSION))
    kind[at >= end] = CUT
    return Layer(at, kind, end)


def _family(batch: Batch) -> Layer:
    """Read BSD loopback: four bytes hold AF_INET or an AF_INET6 of some system, in the byte order of some machine."""
    at, end = batch.start + 4, batch.start + batch.captured
    word = items(batch.data, batch.start, 4, "<u4")[:, 0].astype(np.uint32)
    family = np.where(word < 1 << 16, word, word.byteswap())
    kind = np.where(family == 2, IPV4, np.where(np.isin(family, INET6), IPV6, FAMILY))
    ethertype = big16(batch.data, batch.start + 2)  # some systems fill the second half
    kind = np.where((word >> 16 != 0) & np.isin(ethertype, (IPV4, IPV6)), ethertype, kind)
    return Layer(np.minimum(at, end), np.where(at <= end, kind, CUT), end)


def _ppp_kind(protocol: I64) -> I64:
    """Turn PPP protocol numbers into EtherTypes."""
    kind = np.where(protocol >= 0x4000, PPP_CONTROL, PPP_PACKED)
    for number, ethertype in {0x0021: IPV4, 0x0057: IPV6, 0x0281: MPLS, 0x0283: MPLS}.items():
        kind[protocol == number] = ethertype
    return kind


def ppp(data: U8, at: I64, end: I64) -> Layer:
    """Read PPP (RFC 1661): with or without address and control, and with a protocol number of one byte or two."""
    at = np.minimum(at, end)
    at = at + 2 * (big16(data, at) == 0xFF03)
    protocol = big16(data, np.minimum(at, end))
    short = (protocol >> 8) & 1 == 1
    protocol = np.where(short, protocol >> 8, protocol)
    at += 2 - short
    return Layer(np.minimum(at, end), np.where(at <= end, _ppp_kind(protocol), CUT), end)


def _ppp(batch: Batch, skip: int = 0) -> Layer:
    return ppp(batch.data, batch.start + skip, batch.start + batch.captured)


def _cooked2(batch: Batch) -> Layer:
    """Read Linux cooked capture v2: the protocol comes first in a header of 20 bytes."""
    at, end = batch.start + 20, batch.start + batch.captured
    kind = np.where(at <= end, big16(batch.data, batch.start), CUT)
    return Layer(np.minimum(at, end), kind, end)


def _cooked(batch: Batch) -> Layer:
    """Read Linux cooked capture; on a Netlink device its protocol is no EtherType."""
    layer = _after(16, batch)
    layer.kind[(big16(batch.data, batch.start + 2) == 824) & (batch.captured >= 16)] = NETLINK
    return layer


def _hdlc(batch: Batch, skip: int = 0) -> Layer:
    """Read Cisco HDLC: address, control, EtherType; its own keep-alives are no traffic."""
    layer = _after(4 + skip, batch)
    layer.kind[layer.kind == 0x8035] = NO_DATA
    return layer


def _serial(batch: Batch) -> Layer:
    """Read a serial line that speaks either PPP in HDLC-like framing or Cisco HDLC: the address tells (RFC 1547)."""
    layer, other = _ppp(batch), _hdlc(batch)
    cisco = np.isin(byte(batch.data, batch.start), (0x0F, 0x8F)) & (batch.captured > 0)
    return Layer(np.where(cisco, other.at, layer.at), np.where(cisco, other.kind, layer.kind), layer.end)


def _firewall(batch: Batch) -> Layer:
    """Read OpenBSD's pf log: the first byte is the length, to be rounded up to four, the second a family."""
    end = batch.start + batch.captured
    at = batch.start + (byte(batch.data, batch.start) + 3) // 4 * 4
    return _versioned(batch.data, np.minimum(at, end), end)


def _nested(at_size: int, size_kind: str, at_link: int, batch: Batch) -> Layer:
    """Read a pseudo-header that holds its own length and the link type of what follows (Apple PKTAP, PPI)."""
    size = items(batch.data, batch.start + at_size, int(size_kind[-1]), size_kind)[:, 0].astype(np.int64)
    inner = items(batch.data, batch.start + at_link, 4, "<u4")[:, 0].astype(np.int64)
    whole = (size >= at_link + 4) & (size <= batch.captured)
    end = batch.start + batch.captured
    layer = Layer(end.copy(), np.full(len(end), CUT), end)
    for link in distinct(inner[whole])[:DEPTH]:
        some = np.flatnonzero(whole & (inner == link))
        if link in NESTING:
            layer.kind[some] = LOST_LAYER
            continue
        part = find(
            Batch(batch.data, link, batch.start[some] + size[some], batch.captured[some] - size[some],
                  batch.wire[some], batch.ns[some], batch.record[some])
        )  # fmt: skip
        layer.at[some], layer.kind[some] = part.at, part.kind
    return layer


def _all(kind: int, batch: Batch) -> Layer:
    end = batch.start + batch.captured
    return Layer(end.copy(), np.full(len(end), kind), end)


def _fixed(kind: int, skip: int, batch: Batch) -> Layer:
    end = batch.start + batch.captured
    return Layer(np.minimum(batch.start + skip, end), np.where(batch.captured >= skip, kind, CUT), end)


def _ring(batch: Batch) -> Layer:
    """Read token ring (IEEE 802.5): the first bit of the source says that a route stands before the LLC header."""
    layer = _fixed(0, 14, batch)
    routed = (byte(batch.data, batch.start + 8) & 0x80 != 0) & (batch.captured > 14)
    layer.at = np.minimum(layer.at + routed * (byte(batch.data, layer.at) & 0x1F), layer.end)
    return layer


def _bound(function: Callable[..., Layer], *arguments: object, **named: object) -> Finder:
    return lambda batch: function(*arguments, batch, **named)


NESTING: Final = (192, 258)
FINDERS: Final[dict[int, Finder]] = {
    LINKTYPE_NONE: _bound(_all, NO_INTERFACE),
    LINKTYPE_RECORD: _bound(_all, NO_PACKET),
    0: _family,  # NULL
    1: _bound(_after, 14),  # Ethernet
    6: _ring,
    9: _ppp,
    10: _bound(_fixed, 0, 13),  # FDDI, with LLC
    12: _ip,  # raw IP as some systems number it
    14: _ip,
    50: _serial,
    51: _bound(_ppp, skip=6),  # PPPoE without Ethernet
    100: _bound(_fixed, 0, 0),  # LLC on ATM
    101: _ip,
    104: _hdlc,
    108: _family,  # OpenBSD loopback
    113: _cooked,
    117: _firewall,
    138: _bound(_after, 18),  # Apple IP over IEEE 1394
    166: _bound(_ppp, skip=2),  # pppd: a direction stands where the address was
    192: _bound(_nested, 2, "<u2", 4),  # PPI
    204: _bound(_ppp, skip=1),
    205: _bound(_hdlc, skip=1),
    219: _bound(_fixed, MPLS, 0),
    228: _bound(_fixed, IPV4, 0),
    229: _bound(_fixed, IPV6, 0),
    253: _bound(_all, NETLINK),
    258: _bound(_nested, 0, "<u4", 8),  # Apple PKTAP
    276: _cooked2,
}
