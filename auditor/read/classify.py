"""Tells what travels in a packet by the first bytes of its payload; ports are only a second look.

First a table of the first two bytes, then tests of the few candidates.  RFC 7983 keeps STUN, DTLS, TURN
channels, QUIC and RTP apart by their first byte, so that one socket can carry all of them.
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read import second, zoom
from auditor.read.arrays import I64, U64, Bool, distinct, rows, words
from auditor.read.headers import FRAGMENT, ICMP, ICMP6, TCP, UDP, Packets
from auditor.read.heads import Heads

APPS: Final = (
    "", "other", "stun", "rtp", "rtcp", "dtls", "quic", "tls", "sip", "zoom", "dns", "turn", "http", "rtsp", "ssh",
    "rdp", "vnc", "telnet", "snmp", "ntp", "dhcp", "mdns", "llmnr", "netbios", "ssdp", "icmp", "wireguard", "mgcp",
    "coap", "syslog", "h225", "h245", "skinny", "iax", "megaco", "xmpp", "discord", "bittorrent", "openvpn", "ipsec",
    "radius", "diameter", "smpp", "tftp", "netflow", "sflow", "hep", "gtp-c", "mysql", "postgresql", "mail", "ftp",
    "bgp", "x11", "oicq", "lan-discovery", "zrtp",
)  # fmt: skip
"""Kinds of payload by code, no more than 64; the first is none at all, the second one that is not recognised."""
CODE: Final = {name: code for code, name in enumerate(APPS)}

TEXTS: Final[dict[str, tuple[bytes, ...]]] = {
    "sip": (
        b"INVI", b"REGI", b"SIP/", b"OPTI", b"BYE ", b"ACK ", b"CANC", b"NOTI", b"SUBS", b"MESS", b"INFO", b"PRAC",
        b"UPDA", b"REFE", b"PUBL",
    ),
    "http": (b"GET ", b"POST", b"HTTP", b"HEAD", b"PUT ", b"DELE", b"CONN", b"PATC"),
    "rtsp": (b"RTSP", b"DESC", b"SETU", b"PLAY", b"TEAR", b"PAUS", b"ANNO", b"GET_", b"SET_", b"RECO"),
    "mgcp": (b"CRCX", b"MDCX", b"DLCX", b"RQNT", b"NTFY", b"AUEP", b"AUCX", b"RSIP", b"EPCF"),
    "ssh": (b"SSH-",),
    "vnc": (b"RFB ",),
    "megaco": (b"MEGA", b"!/1 ", b"!/2 ", b"!/3 "),
    "xmpp": (b"<?xm", b"<str"),
    "hep": (b"HEP3",),
    "bittorrent": (b"\x13Bit", b"d1:a", b"d1:r"),
}  # fmt: skip
"""First four bytes of messages that are text."""
ZOOM_TYPES: Final = (1, 2, 3, 4, 5, 7)  # of Zoom's encapsulation towards its servers (Michel et al., IMC 2022)
COOKIE: Final = 0x2112A442  # RFC 8489, section 5
ZRTP: Final = 0x5A525450  # RFC 6189, section 5
RTCP: Final = (192, 193, 194, 195, *range(200, 214))  # the types that are registered
REPORTS: Final = 8  # packets of a compound that are looked at
SRTCP: Final = 14  # bytes behind the first packet of one: its index and the shortest tag (RFC 3711, sections 3.4, 5)
FIRST_LINE: Final = 2048
TEXT: Final = 255  # a candidate for any of TEXTS, until `_text` has looked
TPKT: Final = 254  # for one of several protocols behind the header of RFC 1006
FEW: Final = 1 << 16
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
_in_memory = np.arange(FEW, dtype=np.uint16).byteswap()
for _row, _named in enumerate((_BY_PORT, _TCP_BY_PORT)):
    for _number, _name in _named.items():
        _PORT[_row * FEW + int(_in_memory[_number])] = CODE[_name]

FRAMED: Final = np.isin(np.arange(256), (0x81, 0x82, 0x01, 0x02))
"""First bytes of a WebSocket frame: text or binary, the last frame of a message or not."""


def _listed(*numbers: int) -> NDArray[np.bool_]:
    """Say in a table which 16-bit numbers, as they lie in memory, are listed; np.isin costs 20 microseconds a call."""
    table = np.zeros(FEW, bool)
    table[_in_memory[list(numbers)]] = True
    return table


_OTHERS: Final = _listed(53, 5353, 5355, 137, 4569, 2123)
"""Ports of name services, IAX and GTP: their first bytes are any, so there they are no sign of media."""
_TURN_PORTS: Final = _listed(3478, 5349)
_CLASSIC: Final = _listed(0x001, 0x002, 0x101, 0x102, 0x111, 0x112)
"""Types of STUN messages that existed before the cookie (RFC 3489)."""
_ZOOM: Final = np.isin(np.arange(256), ZOOM_TYPES)
_DOUBTED: Final = np.isin(np.arange(len(APPS)), [CODE[name] for name in second.LOOKS])
"""Kinds that a port names only together with the payload."""

_8, _16, _32, _48 = (np.uint64(n) for n in (8, 16, 32, 48))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


def _network(value: U64, size: int) -> I64:
    """Turn the lowest bytes of words, as they lie in memory, into numbers in network order."""
    number: I64 = (value.byteswap() >> np.uint64(64 - 8 * size)).view(np.int64)
    return number


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
        app[texts] = _text(packets, texts, start[texts, 0])
    blocks = np.flatnonzero(app == TPKT)
    if len(blocks):
        app[blocks] = _tpkt(packets, blocks, start[blocks])
    for code, look in _LOOKS.items():
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
    which = np.flatnonzero((app == CODE["other"]) & plain & (start[:, 0] & _S == _LINE_END))
    memory = packets.data.data
    for i, body, end in zip(which.tolist(), packets.body[which].tolist(), packets.end[which].tolist(), strict=True):
        text = bytes(memory[body : min(end, body + FIRST_LINE)]).lstrip(b"\r\n")
        if text.startswith(TEXTS["sip"]) and b"SIP/2.0" in text.partition(b"\r\n")[0]:
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
    sip: Bool = _is_sip(word) & (at + 4 <= end)
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
        found[row] |= data & _is_sip(head[:, 2] & _W)
        long = _network(head[:, 0] >> _16 & _S, 2)
        at = at + np.maximum(long + 3 & ~3, 4)
    return found


def _is_sip(word: U64) -> Bool:
    place = np.minimum(np.searchsorted(_WORDS, word), len(_WORDS) - 1)
    sip: Bool = (_WORDS[place] == word) & (_WORD_CODES[place] == CODE["sip"])
    return sip


def _by_port(packets: Packets, app: NDArray[np.uint8], tcp: Bool, plain: Bool, start: U64, size: I64) -> None:
    """Name what its bytes did not tell by a port that is registered for it."""
    rest = np.flatnonzero((app == CODE["other"]) & plain)
    if not len(rest):
        return
    row = FEW * tcp[rest]
    by_source, by_target = (_PORT.take(port + row) for port in _raw_ports(packets, rest))
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


_WIREGUARD: Final = np.array([0, 148, 92, 64])
"""Lengths of WireGuard's messages before data, by type: initiation, response, cookie."""


def _wireguard(length: I64, start: U64) -> Bool:
    """Tell WireGuard (Donenfeld, NDSS 2017, section 5.4), whatever the port, by type, zeros, lengths and counters."""
    kind = (start[:, 0] & _W).view(np.int64)
    hand = (kind > 0) & (length == _WIREGUARD.take(kind, mode="clip")) & (kind < 4)
    data = (kind == 4) & (length >= 32) & (length % 16 == 0) & (start[:, 1] >> np.uint64(40) == 0)
    good: Bool = hand | data
    return good


def _raw_ports(packets: Packets, which: I64) -> tuple[I64, I64]:
    """Return source and destination ports as they lie in memory."""
    both = packets.ports.take(which).view(np.int64)
    return both & 0xFFFF, both >> 16


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


def _ports(ports: U64) -> tuple[I64, I64]:
    return _network(ports & _S, 2), _network(ports >> _16 & _S, 2)


Look = Callable[[Packets, I64, U64, I64], Bool]


def _stun(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell STUN by its cookie, or, without one (RFC 3489), by its length and a method that existed then."""
    cookie = _network(start[:, 0] >> _32, 4) == COOKIE
    length = _network(start[:, 0] >> _16 & _S, 2)
    classic = _CLASSIC.take((start[:, 0] & _S).view(np.int64)) & (length % 4 == 0)
    whole, udp = packets.length[which], packets.protocol[which] == UDP
    framed = _network(start[:, 0] >> _48 | (start[:, 1] & _S) << _16, 4) == COOKIE  # on TCP, behind a length (RFC 4571)
    good: Bool = (whole >= 20) & (cookie | (framed & ~udp & (size >= 10)) | (classic & (length + 20 == whole) & udp))
    return good


def _turn(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell ChannelData (RFC 8656, section 12) by its length; over TCP it is padded, and several follow each other."""
    length = _network(start[:, 0] >> _16 & _S, 2)
    whole = packets.length[which]
    fits = (length > 0) & (length + 4 <= whole) & (whole <= length + 7)
    source, target = _raw_ports(packets, which)
    usual = _TURN_PORTS.take(source) | _TURN_PORTS.take(target)
    good: Bool = fits & (usual | (packets.protocol[which] == UDP)) & ~_at_other_port(packets, which)
    return good


def _at_other_port(packets: Packets, which: I64) -> Bool:
    """Say which packets have the port of a protocol whose first bytes can look like media."""
    source, target = _raw_ports(packets, which)
    named: Bool = _OTHERS.take(source) | _OTHERS.take(target)
    return named


def _rtp(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell RTP by room for its header: 12 bytes, its contributing sources, its extension (RFC 3550, section 5)."""
    good: Bool = (packets.length[which] >= 12) & (size >= 12) & ~_at_other_port(packets, which)
    odd = np.flatnonzero(good & (start[:, 0] & np.uint64(0x1F) != 0))
    if len(odd):
        first, second = start[odd, 0].view(np.int64), start[odd, 1]
        sources = 4 * (first & 0x0F)
        extended = (first & 0x10 != 0) & (sources == 0) & (size[odd] >= 16)
        extension = 4 + 4 * _network(second >> _48, 2)
        good[odd] = 12 + sources + extended * extension <= packets.length[which[odd]]
    return good


def _rtcp(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell RTCP by the lengths of its packets, which add up to the datagram (RFC 3550, sections 6.4 and A.2).

    Of SRTCP only the first length can be read; there is room for its trailer behind it.  A sender's or a receiver's
    report is long enough for the blocks that it counts.
    """
    length = packets.length[which]
    kind, blocks = _network(start[:, 0] >> _8 & _B, 1), start[:, 0].view(np.int64) & 0x1F
    reach = (_network(start[:, 0] >> _16 & _S, 2) + 1) * 4
    least = np.where(kind == 200, 28 + 24 * blocks, np.where(kind == 201, 8 + 24 * blocks, 4))
    good: Bool = (reach <= length) & (reach >= least) & ~_at_other_port(packets, which)
    ciphered = length - reach >= SRTCP
    for _ in range(REPORTS):
        more = np.flatnonzero(good & (reach < length) & (reach + 4 <= size))
        if not len(more):
            break
        head = words(packets.data, packets.body[which[more]] + reach[more], 1)[:, 0]
        follows = (head & np.uint64(0xC0) == 0x80) & _CONTROL.take((head >> _8 & _B).view(np.int64))
        reach[more] = np.where(follows, reach[more] + (_network(head >> _16 & _S, 2) + 1) * 4, 1 << 30)
    cut = (reach <= length) & (size < length)
    good &= (reach == length) | ciphered | cut
    return good


_CONTROL: Final = np.isin(np.arange(256), RTCP)


def _zoom(packets: Packets, app: NDArray[np.uint8], start: U64) -> None:
    """Tell Zoom by what it encapsulates; its other messages are told by their ports."""
    some = np.flatnonzero(app == CODE["zoom"])
    if not len(some):
        return
    at = zoom.inside(packets, some)
    there = at > 0
    app[some[~there]] = CODE["other"]
    start[some[there]] = words(packets.data, at[there], 2)


def _zrtp(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    good: Bool = (size >= 12) & (_network(start[:, 0] >> _32, 4) == ZRTP)
    return good


def _quic(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell a QUIC long header by a version that exists: 0, 1, 2, drafts, Google's and Meta's (RFC 9000, 9369).

    Google's public header, before it took over the long one, has its version behind a connection ID of eight bytes.
    """
    version = _network(start[:, 0] >> _8 & _W, 4)
    kinds = (version >> 8 == 0xFF0000, version >> 24 == 0x51, version >> 24 == 0x54, version >> 8 == 0xFACEB0)
    known = (version == 0) | (version == 1) | (version == 0x6B3343CF) | (version & 0x0F0F0F0F == 0x0A0A0A0A)
    known |= np.logical_or.reduce(kinds)
    good: Bool = known & ((start[:, 0].view(np.int64) & 0x40 != 0) | (version == 0))
    public = start[:, 0].view(np.int64) & 0x80 == 0
    named = _network(start[:, 1] >> _8 & _W, 4)
    digits = (named >> 8 & 0xFF) - 0x30, (named & 0xFF) - 0x30
    google = (named >> 16 == 0x5130) & (digits[0] >= 0) & (digits[0] <= 9) & (digits[1] >= 0) & (digits[1] <= 9)
    return np.where(public, google & (size >= 26), good)


def _tls(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    return (start[:, 0] >> _16).view(np.int64) & 0xFF <= 4


def _tpkt(packets: Packets, which: I64, start: U64) -> NDArray[np.uint8]:
    """Tell what travels in TPKT packets; X.224 is Remote Desktop on its port only."""
    source, target = _ports(packets.ports[which])
    usual = (source == 3389) | (target == 3389)
    h225, h245, x224 = second.tpkt(Heads(packets, which, start))
    return np.select([h225, x224 & usual, h245 & ~usual], [CODE["h225"], CODE["rdp"], CODE["h245"]], CODE["other"])


_words = sorted((int.from_bytes(start, "little"), CODE[name]) for name, starts in TEXTS.items() for start in starts)
_WORDS: Final = np.array([word for word, _code in _words], np.uint64)
_WORD_CODES: Final = np.array([code for _word, code in _words], np.uint8)


_REQUEST_LINE: Final = re.compile(rb"[^\r]*(?<=SIP/2\.0)\r\n").match
_MARKS: Final = {
    "sip": {"sip": b"SIP/2.0", "http": b" HTTP/1.", "rtsp": b" RTSP/"},
    "rtsp": {"rtsp": b"RTSP/"},
    "mgcp": {"mgcp": b" MGCP 1."},
}
"""What a first line holds; HTTP, RTSP and SSDP share some methods with SIP, and words are words."""
_SHOWN: Final = {
    "xmpp": (b"jabber",), "megaco": (b"MEGACO/", b"!/"), "bittorrent": (b"BitTorrent protocol", b"d2:id20:"),
}  # fmt: skip
"""What must stand anywhere in the first bytes of others."""
_LINED: Final = np.isin(np.arange(256), [CODE[name] for name in (*_MARKS, *_SHOWN)])
_STREAMED: Final = np.isin(np.arange(256), [CODE[name] for name in ("http", "rtsp", "ssh", "vnc", "xmpp")])
_STATUS_LINE: Final = np.uint64(int.from_bytes(b"SIP/2.0 ", "little"))


def _text(packets: Packets, which: I64, start: U64) -> NDArray[np.uint8]:
    """Tell text protocols by their first word; HTTP, RTSP and SSDP share some methods with SIP, so the line decides."""
    word = start & _W
    place = np.minimum(np.searchsorted(_WORDS, word), len(_WORDS) - 1)
    app = np.where(_WORDS[place] == word, _WORD_CODES[place], CODE["other"])
    asked = np.flatnonzero(_LINED.take(app) & (start != _STATUS_LINE))
    memory = packets.data.data
    body, end = packets.body[which[asked]], packets.end[which[asked]]
    rows = zip(asked.tolist(), body.tolist(), np.minimum(end, body + FIRST_LINE).tolist(), strict=True)
    sip = CODE["sip"]
    for i, first, last in rows:
        text = bytes(memory[first:last])
        if app[i] != sip or not (_REQUEST_LINE(memory, first, last) or b"SIP/2.0" in text.partition(b"\r\n")[0]):
            app[i] = CODE[_told(text, APPS[app[i]])]
    tcp_only = _STREAMED.take(app)
    tcp = packets.protocol[which] == TCP
    app[(tcp_only & ~tcp) | (tcp & (app == CODE["mgcp"]))] = CODE["other"]
    return app


def _told(text: bytes, name: str) -> str:
    """Tell by the first line whether the first word meant what it seemed to mean; a line that was cut is believed."""
    if name in _SHOWN:
        return name if any(mark in text for mark in _SHOWN[name]) else "other"
    line, ended, _rest = text.partition(b"\r\n")
    return next((other for other, mark in _MARKS[name].items() if mark in line), "other" if ended else name)


_LOOKS: Final[dict[int, Look]] = {
    CODE["stun"]: _stun,
    CODE["turn"]: _turn,
    CODE["rtp"]: _rtp,
    CODE["rtcp"]: _rtcp,
    CODE["quic"]: _quic,
    CODE["tls"]: _tls,
    CODE["zrtp"]: _zrtp,
}
"""What else a candidate must show."""
