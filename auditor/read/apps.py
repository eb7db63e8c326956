"""What a whole flow carried: one name of a protocol, and the planes that packets alone can show.

Single packets lie: the first byte of RTP is that of a quarter of all random payloads.  RTP counts where a flow is
consistent (`recognised`), and of several protocols on one 5-tuple the most telling one names it (`PRECEDENCE`).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.flow import UNKNOWN
from auditor.read import rtp as rtp_streams
from auditor.read.arrays import I64, Bool
from auditor.read.classify import CODE
from auditor.read.directed import Directed
from auditor.read.pairing import Paired

PRECEDENCE: Final = (
    "sip", "zoom", "rtp", "turn", "rtcp", "rtsp", "mgcp", "h225", "h245", "skinny", "iax", "megaco", "dtls", "zrtp",
    "quic", "tls", "ssh", "rdp", "vnc", "x11", "telnet", "xmpp", "http", "dns", "mdns", "llmnr", "snmp", "ntp", "dhcp",
    "netbios", "ssdp", "coap", "syslog", "wireguard", "hep", "netflow", "sflow", "diameter", "radius", "gtp-c", "smpp",
    "openvpn", "ipsec", "tftp", "ftp", "mail", "mysql", "postgresql", "bgp", "bittorrent", "oicq", "lan-discovery",
    "discord", "stun", "icmp",
)  # fmt: skip
"""Content before what sets it up: media over DTLS over STUN, since one socket carries all of them (RFC 7983)."""

PLANES: Final = {
    **dict.fromkeys(("rtp", "rtcp", "zoom", "turn"), "media"),
    **dict.fromkeys(
        ("sip", "stun", "mgcp", "rtsp", "h225", "h245", "skinny", "iax", "megaco", "discord"), "signalling"
    ),
    **dict.fromkeys(("ssh", "rdp", "vnc", "x11", "telnet", "snmp", "netflow", "sflow", "tftp"), "management"),
    **dict.fromkeys(("dns", "mdns", "llmnr", "ntp", "dhcp", "netbios", "ssdp", "icmp", "bgp"), "other"),
    **dict.fromkeys(("bittorrent", "lan-discovery"), "other"),
}
"""Not here: TLS, QUIC, DTLS, ZRTP, HTTP and the rest, which carry anything, and copies of what others said (HEP)."""

ROUTING: Final = (1, 2, 58, 88, 89, 103, 112)
"""ICMP, IGMP, ICMPv6, EIGRP, OSPF, PIM, VRRP: protocols that run the network, plane `other`."""

FEW: Final = 2
"""Packets of one stream that suffice beside other evidence (STUN, DTLS, ZRTP, each other)."""

NAME_PORTS: Final = (53, 137, 5353, 5355)
"""DNS and its kin: an identifier can look like RTP's first bytes, and their counts, mostly 0, like a steady SSRC."""

Bits = NDArray[np.uint64]
_ONE: Final = np.uint64(1)


def bit(*names: str) -> np.uint64:
    """Return the bits of some kinds of payload."""
    return np.uint64(sum(1 << CODE[name] for name in names))


def carried(rows: Directed, flows: Paired) -> Bits:
    """Return which kinds of payload each flow carried, one bit for each code of `classify.APPS`."""
    return flows.folded(_ONE << rows.app.astype(np.uint64), np.bitwise_or)


def recognised(seen: Bits, rows: Directed, flows: Paired, announced: Bool) -> Bits:
    """Take RTP, RTCP and Zoom for what they are only where the flow bears it out; else the payload is `other`.

    It does where a session description announced an end of it; where one direction keeps a stream (`rtp.steady`);
    or where there are some packets of one stream beside STUN, DTLS or ZRTP, beside RTCP or RTP of the same
    sockets, or with RTCP on the next ports (RFC 3550, section 11).  What Zoom's ports alone name counts where all
    of the flow begins as Zoom's messages do.
    """
    rtp, rtcp, zoom = (_count(rows, flows, app) for app in ("rtp", "rtcp", "zoom"))
    if not (rtp.any() or rtcp.any() or zoom.any()):
        return seen
    known = np.where(rows.stream & rtp_streams.KNOWN != 0, rows.packets, 0)
    most = _greatest(flows, np.where(rows.app == CODE["rtp"], known, 0))
    steady = rtp_streams.steady(rows.stream, rows.progress, rows.packets)
    keeps, keeps_zoom = (_greatest(flows, steady & (rows.app == CODE[app])) > 0 for app in ("rtp", "zoom"))
    setup = seen & bit("stun", "dtls", "zrtp") != 0
    beside = setup | ((rtp > 0) & (rtcp > 0)) | _neighbours(flows, rtp, rtcp)
    names = np.isin(flows.a_port, NAME_PORTS) | np.isin(flows.b_port, NAME_PORTS)
    is_rtp = (rtp > 0) & (announced | ((keeps | (beside & (most >= FEW))) & ~names))
    is_rtcp = (rtcp > 0) & (announced | is_rtp | (beside & (rtcp >= FEW)))
    is_zoom = (zoom > 0) & (keeps_zoom | ((seen & bit("other") == 0) & (zoom >= FEW)))
    for app, there, kept in (("rtp", rtp, is_rtp), ("rtcp", rtcp, is_rtcp), ("zoom", zoom, is_zoom)):
        stray = (there > 0) & ~kept
        seen = np.where(stray, seen & ~bit(app) | bit("other"), seen)
    return seen


def _count(rows: Directed, flows: Paired, app: str) -> I64:
    which = np.flatnonzero(rows.app == CODE[app])
    counts = np.zeros(len(flows), np.int64)
    np.add.at(counts, flows.row_flow[which], rows.packets[which])
    return counts


def _greatest(flows: Paired, values: NDArray[Any]) -> I64:
    """Return the greatest value of the rows of each flow."""
    most: I64 = flows.folded(values.astype(np.int64), np.maximum)
    return most


def _neighbours(flows: Paired, rtp: I64, rtcp: I64) -> Bool:
    """Say which flows of RTP and RTCP have the other one on the next or previous ports between the same addresses."""
    found = np.zeros(len(flows), bool)
    which = np.flatnonzero((rtp > 0) | (rtcp > 0))
    columns = (flows.meta, flows.a_hi, flows.a_lo, flows.b_hi, flows.b_lo, flows.a_port, flows.b_port)
    keys = list(zip(*(column[which].tolist() for column in columns), strict=True))
    control = {key: flow for key, flow in zip(keys, which.tolist(), strict=True) if rtcp[flow]}
    for key, flow in zip(keys, which.tolist(), strict=True) if control else ():
        other = control.get((*key[:5], key[5] + 1, key[6] + 1))
        if rtp[flow] and other is not None:
            found[flow] = found[other] = True
    return found


def named(seen: Bits) -> tuple[list[str], I64]:
    """Name the protocol of each flow: names by number, and the number of each flow; the first name is empty."""
    numbers = np.zeros(len(seen), np.int64)
    for number, name in reversed(list(enumerate(PRECEDENCE, 1))):
        numbers[seen & bit(name) != 0] = number
    return ["", *PRECEDENCE], numbers


def planes(seen: Bits, app: I64, protocol: I64, inside: Bool) -> tuple[list[str], I64]:
    """Say which plane each flow belongs to by its packets: names by number, and the number of each flow.

    `inside` marks the flows of which signalling says that media goes through them as well.
    """
    names = [UNKNOWN, "media", "signalling", "management", "other", "media+signalling"]
    by_app = np.array([names.index(PLANES.get(name, UNKNOWN)) for name in ("", *PRECEDENCE)])
    numbers = by_app[app]
    opener = (app == 1 + PRECEDENCE.index("stun")) | (app == 1 + PRECEDENCE.index("discord"))
    opaque = opener & (seen & bit("other") != 0)
    numbers[opaque] = names.index(UNKNOWN)  # what else goes through the socket that STUN opened may be anything
    keyed = bit("stun", "dtls")
    numbers[seen & keyed == keyed] = names.index("media")  # WebRTC: DTLS keys the media on the socket that STUN opened
    numbers[inside & (numbers == names.index("signalling"))] = names.index("media+signalling")
    numbers[np.isin(protocol, ROUTING)] = names.index("other")
    return names, numbers
