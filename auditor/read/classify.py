"""Tells what travels in a packet by the first bytes of its payload; ports are only a second look.

First a table of the first two bytes, then tests of the few candidates.  RFC 7983 keeps STUN, DTLS, TURN
channels, QUIC and RTP apart by their first byte, so that one socket can carry all of them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read import second, zoom
from auditor.read.arrays import I64, U64, Bool, distinct, rows, words
from auditor.read.candidates import FEW, IN_MEMORY, LOOKS, RTCP, network, raw_ports, tpkt
from auditor.read.codes import APPS, CODE
from auditor.read.firstline import FIRST_LINE, TEXTS, is_sip, text
from auditor.read.headers import FRAGMENT, ICMP, ICMP6, TCP, UDP, Packets
from auditor.read.heads import Heads

__all__ = ["APPS", "CODE", "FRAMED", "SCTP", "TEXTS", "classify"]

ZOOM_TYPES: Final = (1, 2, 3, 4, 5, 7)  # of Zoom's encapsulation towards its servers (Michel et al., IMC 2022)
TEXT: Final = 255  # a candidate for any of TEXTS, until `text` has looked
TPKT: Final = 254  # for one of several protocols behind the header of RFC 1006
ESP: Final = 50  # RFC 4303
SCTP: Final = 132
CHUNKS: Final = 4  # of an SCTP packet that are looked at

_BY_PORT: Final[dict[int, str]] = {
    53: "dns", 5353: "mdns", 5355: "llmnr", 123: "ntp", 67: "dhcp", 68: "dhcp", 546: "dhcp", 547: "dhcp", 161: "snmp",
    162: "snmp", 137: "netbios", 138: "netbios", 1900: "ssdp", 5683: "coap", 514: "syslog",
}  # fmt: skip
_BY_PORT.update(dict.fromkeys(range(8801, 8811), "zoom"))
_TCP_BY_PORT: Final[dict[int, str]] = {53: "dns", 23: "telnet", 3389: "rdp", 139: "netbios"}

_BY_PORT.update(second.UDP_PORTS)
_TCP_BY_PORT.update(second.TCP_PORTS)

_low, _high = np.arange(FEW) & 0xFF, np.arange(FEW) >> 8


def _table(tcp: bool) -> NDArray[np.uint8]:
    """Build the table of the first two bytes (the first one low) for a transport."""
    table = np.full(FEW, CODE["other"], np.uint8)
    if not tcp:
        table[(_low >> 6) == 2] = CODE["rtp"]
        control = ((_low >> 6) == 2) & (_high >= 192) & (_high <= 223)  # beside RTCP no RTP (RFC 5761, section 4)
        table[control] = CODE["other"]
        table[control & np.isin(_high, RTCP)] = CODE["rtcp"]
        table[(_low >= 20) & (_low <= 25) & (_high == 0xFE)] = CODE["dtls"]
        table[_low >= 0xC0] = CODE["quic"]
        table[(_low & 0xC9 == 0x09) & (_low & 0x02 == 0)] = CODE["quic"]  # Google's public header with a version
        table[zoom.begins(_low)] = CODE["zoom"]
        table[(_low == 0x10) & (_high == 0)] = CODE["zrtp"]
    else:
        table[(_low >= 20) & (_low <= 23) & (_high == 3)] = CODE["tls"]
        table[(_low == 3) & (_high == 0)] = TPKT
    table[_low < 2] = CODE["stun"]
    table[(_low >= 0x40) & (_low <= 0x4F)] = CODE["turn"]
    for start in sorted(sum(TEXTS.values(), ())):
        table[start[0] | start[1] << 8] = TEXT
    return table


_FIRST: Final = np.concatenate((_table(False), _table(True)))
_PORT: Final = np.zeros(2 * FEW, np.uint8)
"""What ports are registered for, by number as it lies in memory; of TCP behind `FEW`."""
for _row, _named in enumerate((_BY_PORT, _TCP_BY_PORT)):
    for _number, _name in _named.items():
        _PORT[_row * FEW + int(IN_MEMORY[_number])] = CODE[_name]

FRAMED: Final = np.isin(np.arange(256), (0x81, 0x82, 0x01, 0x02))
"""First bytes of a WebSocket frame: text or binary, the last frame of a message or not."""
_ZOOM: Final = np.isin(np.arange(256), ZOOM_TYPES)
_DOUBTED: Final = np.isin(np.arange(len(APPS)), [CODE[name] for name in second.LOOKS])
"""Kinds that a port names only together with the payload."""

_8, _16 = np.uint64(8), np.uint64(16)
_S, _W = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


def classify(packets: Packets) -> tuple[NDArray[np.uint8], U64]:
    """Return the code of each packet's payload, and its first 16 bytes, of which those behind its end mean nothing.

    Of what Zoom encapsulates, they are the first bytes of the RTP or RTCP inside.
    """
    size = packets.end - packets.body
    start = words(packets.data, packets.body, 2)
    tcp = packets.protocol == TCP
    plain = tcp | (packets.protocol == UDP)
    first = start.view(np.uint16)[:, 0].astype(np.int64)
    first += FEW * tcp
    app = _FIRST.take(first)
    short = np.flatnonzero((size < 8) | ~plain)
    if len(short):
        kind = np.where(packets.length[short] > 0, CODE["other"], 0)
        icmp = (packets.protocol[short] == ICMP) | (packets.protocol[short] == ICMP6)
        later = packets.flags[short] & FRAGMENT != 0
        kind = np.where(packets.protocol[short] == ESP, CODE["ipsec"], kind)
        app[short] = np.where(later, CODE["other"], np.where(icmp, CODE["icmp"], kind))
    texts = np.flatnonzero(app == TEXT)
    if len(texts):
        app[texts] = text(packets, texts, start[texts, 0])
    blocks = np.flatnonzero(app == TPKT)
    if len(blocks):
        app[blocks] = tpkt(packets, blocks, start[blocks])
    for code, look in LOOKS.items():
        some = np.flatnonzero(app == code)
        if len(some):
            lost = some[~look(packets, some, rows(start, some), size[some])]
            app[lost] = CODE["other"]
            if code == CODE["stun"] and len(lost):
                app[lost[second.discord(Heads(packets, lost, rows(start, lost)))]] = CODE["discord"]
    _zoom(packets, app, start)
    if len(packets.later):
        plain &= packets.flags & FRAGMENT == 0
    _carried(packets, app, tcp)
    _behind_line_ends(packets, app, plain, start)
    _by_port(packets, app, tcp, plain & (packets.length > 0), start, size)
    return app, start


def _carried(packets: Packets, app: NDArray[np.uint8], tcp: Bool) -> None:
    """Name SIP in WebSocket frames (RFC 7118) and in SCTP chunks (RFC 4168)."""
    rest = np.flatnonzero((app == CODE["other"]) & (packets.end > packets.body))
    frames = rest[tcp[rest]]
    frames = frames[FRAMED.take(packets.data.take(packets.body[frames]))]
    if len(frames):
        app[frames[_sip_in_frame(packets, frames)]] = CODE["sip"]
    chunks = rest[packets.protocol[rest] == SCTP]
    if len(chunks):
        app[chunks[_sip_in_chunk(packets, chunks)]] = CODE["sip"]


def _behind_line_ends(packets: Packets, app: NDArray[np.uint8], plain: Bool, start: U64) -> None:
    """Name SIP that follows the line ends by which a connection is kept alive (RFC 3261, section 7.5; RFC 5626)."""
    rest = np.flatnonzero((app == CODE["other"]) & plain)
    which = rest[start[rest, 0] & _S == _LINE_END]
    memory = packets.data.data
    for i, body, end in zip(which.tolist(), packets.body[which].tolist(), packets.end[which].tolist(), strict=True):
        said = bytes(memory[body : min(end, body + FIRST_LINE)]).lstrip(b"\r\n")
        if said.startswith(TEXTS["sip"]) and b"SIP/2.0" in said.partition(b"\r\n")[0]:
            app[i] = CODE["sip"]


_LINE_END: Final = np.uint64(int.from_bytes(b"\r\n", "little"))


def _sip_in_frame(packets: Packets, which: I64) -> Bool:
    """Say which frames (RFC 6455, section 5.2) begin with a word of SIP, behind their mask."""
    body, end = packets.body[which], packets.end[which]
    head = words(packets.data, body, 1)[:, 0] >> _8 & np.uint64(0xFF)
    size = (head & np.uint64(0x7F)).view(np.int64)
    masked = head & np.uint64(0x80) != 0
    at = body + 2 + np.where(size == 126, 2, np.where(size == 127, 8, 0))
    key = np.where(masked, words(packets.data, np.minimum(at, end), 1)[:, 0] & _W, np.uint64(0))
    at = np.minimum(at + 4 * masked, end)
    word = (words(packets.data, at, 1)[:, 0] & _W) ^ key
    sip: Bool = is_sip(word) & (at + 4 <= end)
    return sip


def _sip_in_chunk(packets: Packets, which: I64) -> Bool:
    """Say which packets begin an SCTP message (RFC 9260, section 3.3.1) with a word of SIP."""
    found = np.zeros(len(which), bool)
    row, at = np.arange(len(which)), packets.body[which].copy()
    for _ in range(CHUNKS):
        here = at + 20 <= packets.end[which[row]]
        row, at = row[here], at[here]
        if not len(row):
            break
        head = words(packets.data, at, 3)
        data = (head[:, 0] & np.uint64(0xFF) == 0) & (head[:, 0] >> _8 & np.uint64(2) != 0)
        found[row] |= data & is_sip(head[:, 2] & _W)
        long = network(head[:, 0] >> _16 & _S, 2)
        at = at + np.maximum(long + 3 & ~3, 4)
    return found


def _by_port(packets: Packets, app: NDArray[np.uint8], tcp: Bool, plain: Bool, start: U64, size: I64) -> None:
    """Name what its bytes did not tell by a port that is registered for it."""
    rest = np.flatnonzero((app == CODE["other"]) & plain)
    if not len(rest):
        return
    row = FEW * tcp[rest]
    by_source, by_target = (_PORT.take(port + row) for port in raw_ports(packets, rest))
    named = np.maximum(np.maximum(by_target, by_source), CODE["other"])
    doubted = np.flatnonzero(_DOUBTED.take(named))
    if len(doubted):
        lesser = np.maximum(np.minimum(by_target[doubted], by_source[doubted]), CODE["other"])
        instead = _shown(packets, rest[doubted], start, lesser)
        named[doubted] = _shown(packets, rest[doubted], start, named[doubted], instead)
    zoom = np.flatnonzero(named == CODE["zoom"])
    if len(zoom):
        kind = start.view(np.uint8)[rest[zoom], 0]
        named[zoom[~_ZOOM.take(kind) | (size[rest[zoom]] <= 0)]] = CODE["other"]
    app[rest] = named
    nameless = rest[(named == CODE["other"]) & ~tcp[rest] & (size[rest] >= 16)]
    app[nameless[_wireguard(packets.length[nameless], start[nameless])]] = CODE["wireguard"]
    exports = nameless[_VERSIONED.take(first_two(start, nameless))]
    if len(exports):
        for name, good in zip(("netflow", "sflow"), second.export(_heads(packets, exports, start)), strict=True):
            app[exports[good]] = CODE[name]


def first_two(start: U64, which: I64) -> I64:
    """Return the first two bytes of payloads, as they lie in memory."""
    found: I64 = (start[which, 0] & _S).astype(np.int64)
    return found


def _heads(packets: Packets, which: I64, start: U64) -> Heads:
    return Heads(packets, which, rows(start, which))


_VERSIONED: Final = np.zeros(FEW, bool)
"""First two bytes of exports: versions 5, 9 and 10, and the first half of sFlow's."""
_VERSIONED[IN_MEMORY[[5, 9, 10, 0]].astype(np.int64)] = True

_WIREGUARD: Final = np.array([0, 148, 92, 64])
"""Lengths of WireGuard's messages before data, by type: initiation, response, cookie."""


def _wireguard(length: I64, start: U64) -> Bool:
    """Tell WireGuard (Donenfeld, NDSS 2017, section 5.4), whatever the port, by type, zeros, lengths and counters."""
    kind = (start[:, 0] & _W).view(np.int64)
    hand = (kind > 0) & (length == _WIREGUARD.take(kind, mode="clip")) & (kind < 4)
    data = (kind == 4) & (length >= 32) & (length % 16 == 0) & (start[:, 1] >> np.uint64(40) == 0)
    good: Bool = hand | data
    return good


def _shown(
    packets: Packets, which: I64, start: U64, named: NDArray[np.uint8], instead: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Keep the names that payloads bear out where they must, and put others, or none, instead of the rest."""
    kept = named.copy()
    doubted = np.flatnonzero(_DOUBTED.take(named))
    for code in distinct(named[doubted].astype(np.int64)) if len(doubted) else ():
        some = doubted[named[doubted] == code]
        lost = some[~second.confirmed(APPS[code], packets, which[some], rows(start, which[some]))]
        kept[lost] = CODE["other"] if instead is None else instead[lost]
    return kept


def _zoom(packets: Packets, app: NDArray[np.uint8], start: U64) -> None:
    """Tell Zoom by what it encapsulates; its other messages are told by their ports."""
    some = np.flatnonzero(app == CODE["zoom"])
    if not len(some):
        return
    at = zoom.inside(packets, some)
    there = at > 0
    app[some[~there]] = CODE["other"]
    start[some[there]] = words(packets.data, at[there], 2)
