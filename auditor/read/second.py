"""The second look at payloads whose first bytes told nothing: a registered port and what must stand there then.

A port alone names nothing here.  Each protocol has a test of its header: lengths that fit, numbers that exist.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from auditor.read.arrays import I64, U64, Bool
from auditor.read.facts.h225 import ras
from auditor.read.headers import Packets
from auditor.read.heads import Heads, one_of

UDP_PORTS: Final[dict[int, str]] = {
    1718: "h225", 1719: "h225", 4569: "iax", 2427: "mgcp", 2727: "mgcp", 2944: "megaco", 500: "ipsec", 4500: "ipsec",
    1194: "openvpn",
    **dict.fromkeys((1645, 1646, 1812, 1813, 3799), "radius"), 69: "tftp", 2123: "gtp-c", 6343: "sflow",
    **dict.fromkeys((2055, 2056, 4739, 9555, 9995, 9996), "netflow"), 8000: "oicq",
    **dict.fromkeys(range(50000, 50100), "discord"), **dict.fromkeys((8612, 17500, 57621), "lan-discovery"),
}  # fmt: skip
TCP_PORTS: Final[dict[int, str]] = {
    2000: "skinny", 1720: "h225", 3868: "diameter", 2775: "smpp", 179: "bgp", 3306: "mysql", 5432: "postgresql",
    21: "ftp", **dict.fromkeys((25, 110, 143, 587), "mail"), **dict.fromkeys(range(6000, 6010), "x11"),
}  # fmt: skip


def _skinny(head: Heads) -> Bool:
    """Tell a length, a header version and a message number that exist (see facts/skinny.py)."""
    length, version, number = (head.number(at, 4, "little") for at in (0, 4, 8))
    known = ((version == 0) | ((version >= 10) & (version <= 23))) & (number & ~0x81FF == 0)
    good: Bool = known & (length >= 4) & (length <= 2000) & (length + 8 <= head.whole)
    return good


def _iax(head: Heads) -> Bool:
    """Tell a full frame (RFC 5456, section 8.1.1): its bit, a frame type and subclass that exist, a call number."""
    source, kind, subclass = head.number(0, 2), head.number(10, 1), head.number(11, 1)
    known = (kind >= 1) & (kind <= 12) & ((kind != 6) | ((subclass >= 1) & (subclass <= 0x28)))
    good: Bool = (source > 0x8000) & known & (head.number(4, 1) < 0x10)
    return good


def _mgcp(head: Heads) -> Bool:
    """Tell a response (RFC 3435, section 3.3): three digits, a space, and a transaction number."""
    first, digits = head.number(0, 1), [_digit(head.number(at, 1)) for at in (1, 2, 4)]
    good: Bool = (first >= 0x30) & (first <= 0x35) & (head.number(3, 1) == 0x20)
    good &= digits[0] & digits[1] & digits[2]
    return good


def _digit(value: I64) -> Bool:
    good: Bool = (value >= 0x30) & (value <= 0x39)
    return good


def _megaco(head: Heads) -> Bool:
    """Tell an authentication header before the message (RFC 3525, annex B); else `MEGACO/` or `!/` tells it."""
    return head.starts(b"Authentication", b"AU=")


def _ipsec(head: Heads) -> Bool:
    """Tell IKE by version, exchange and length (RFC 7296, section 3.1), on port 4500 after four zeros (RFC 3948)."""
    marked = head.number(0, 4) == 0
    found = np.zeros(len(head.whole), bool)
    for shift, wanted in ((0, ~marked), (4, marked)):
        version, exchange = head.far(17 + shift), head.far(18 + shift)
        length = sum(head.far(24 + shift + i) << 8 * (3 - i) for i in range(4))
        kinds = ((exchange >= 2) & (exchange <= 6)) | ((exchange >= 32) & (exchange <= 47))
        found |= wanted & one_of(version, (0x10, 0x20)) & kinds & (length == head.whole - shift)
    return found


def _openvpn(head: Heads) -> Bool:
    """Tell the packets that open a tunnel: alone, or behind a signature with the packet number 1."""
    opens = one_of(head.number(0, 1), (0x38, 0x40))
    plain = (head.whole == 14) & (head.number(9, 1) <= 1) & (head.number(10, 4) == 0)
    signed = one_of(head.whole, (42, 54, 86))
    for at, value in ((29, 0), (30, 0), (31, 0), (32, 1)):
        signed &= head.far(at) == value
    good: Bool = opens & (plain | signed)
    return good


def _radius(head: Heads) -> Bool:
    """Tell a code and the length (RFC 2865, section 3)."""
    good: Bool = one_of(head.number(0, 1), (1, 2, 3, 4, 5, 11, 12, 13, *range(40, 46))) & (
        head.number(2, 2) == head.whole
    )
    return good


def _tftp(head: Heads) -> Bool:
    """Tell a request (RFC 1350, section 5): its number, a file name, and a zero at the end."""
    first = head.number(2, 1)
    good: Bool = one_of(head.number(0, 2), (1, 2)) & (first > 32) & (first < 127) & (head.last() == 0)
    return good


def _gtp(head: Heads) -> Bool:
    """Tell GTP-C by version, spare bits, type and length (TS 29.060, section 6; TS 29.274, section 5)."""
    flags, kind, length = head.number(0, 1), head.number(1, 1), head.number(2, 2)
    first = (flags & 0xF8 == 0x30) & (kind < 130) & (length + 8 == head.whole) & ((flags & 7 == 0) | (length >= 4))
    second = (flags & 0xE3 == 0x40) & (kind < 240) & (length + 4 == head.whole) & (length >= 4)
    good: Bool = (kind > 0) & (first | second)
    return good


def _netflow(head: Heads) -> Bool:
    """Tell NetFlow 5 and 9 (RFC 3954) and IPFIX (RFC 7011) by version, count and length."""
    version, second = head.number(0, 2), head.number(2, 2)
    five = (version == 5) & (second >= 1) & (second <= 30) & (head.whole == 24 + 48 * second)
    nine = (version == 9) & (second >= 1) & (head.whole >= 24) & _sets(head, 20, (0, 1))
    good: Bool = five | nine | ((version == 10) & (second == head.whole) & (second >= 16))
    return good


def _sets(head: Heads, at: int, templates: tuple[int, int]) -> Bool:
    """Tell the first set of an export: templates or data, of a length that fits (RFC 3954, section 5)."""
    number, length = (head.far(at + shift) << 8 | head.far(at + shift + 1) for shift in (0, 2))
    good: Bool = (one_of(number, templates) | (number >= 256)) & (length >= 4) & (at + length <= head.whole)
    return good


def export(head: Heads) -> tuple[Bool, Bool]:
    """Say which datagrams, on any port, are exports of NetFlow or IPFIX, and which of sFlow.

    Where no port bears it out, a clock must stand between 1990 and 2106 and the first set or sample must fit.
    """
    version, clock = head.number(0, 2), head.number(8, 4)
    ten = (head.number(4, 4) > EPOCH) & (_sets(head, 16, (2, 3)) | (head.whole == 16))
    dated = np.where(version == 10, ten, clock > EPOCH)
    width = np.where(head.number(4, 4) == 1, 4, 16)
    place = 24 + width
    kind, size = (sum(head.far(place + shift + i) << 8 * (3 - i) for i in range(4)) for shift in (0, 4))
    sample = (kind >= 1) & (kind <= 5) & (size >= 12) & (place + 8 + size <= head.whole)
    known = (head.size >= LEAST["netflow"]) & _netflow(head) & dated
    sampled: Bool = (head.size >= LEAST["sflow"]) & _sflow(head) & sample
    return known, sampled


EPOCH: Final = 631_152_000
"""1990, in seconds since 1970: no exporter is older."""


def _sflow(head: Heads) -> Bool:
    """Tell version 5 and the kind of the agent's address."""
    good: Bool = (head.number(0, 4) == 5) & one_of(head.number(4, 4), (1, 2))
    return good


def _oicq(head: Heads) -> Bool:
    """Tell QQ's messages by the bytes that begin and end them, and a version."""
    version = head.number(1, 2)
    good: Bool = (head.number(0, 1) == 2) & (version > 0x100) & (version < 0x4000) & (head.last() == 3)
    return good


def _discovery(head: Heads) -> Bool:
    """Tell what applications call into the local network: Dropbox, Spotify, Canon's printers."""
    return head.starts(b'{"', b"SpotUdp0", b"BJNP", b"BJNB")


def tpkt(head: Heads) -> tuple[Bool, Bool, Bool]:
    """Say which TPKT packets (RFC 1006) hold H.225.0 call signalling, H.245, or X.224 (RFC 905).

    Call signalling shows Q.931, and may go on in the next segment.  H.245 is told by what is left: a length after which
    the segment ends or the next header stands, a message that exists, and no X.224.
    """
    length, first, code = head.number(2, 2), head.number(4, 1), head.number(5, 1)
    data = (first == 2) & (code == 0xF0)
    x224 = data | (one_of(code, (0xE0, 0xD0, 0x80)) & (first + 5 == length))
    h225 = (head.size >= 9) & (length >= 9) & q931(head, 4)
    fits = (length == head.whole) | ((head.far(length) == 3) & (head.far(length + 1) == 0))
    known = (first & 0x10 != 0) | (first & 0x0F <= _ALTERNATIVES[first >> 5 & 3])
    h245 = (head.size >= 6) & (length > 5) & fits & (first < 0x80) & known & ~x224 & ~h225
    return h225, h245, (head.size >= 6) & (length <= head.whole) & x224


_ALTERNATIVES: Final = np.array([10, 9, 13, 13])
"""The greatest four bits behind request, response, command and indication (H.245): numbers of their alternatives."""


def _h225(head: Heads) -> Bool:
    """Tell RAS in datagrams, and a Q.931 message whose TPKT header came in a segment before (H.225.0, section 7.2)."""
    good = q931(head, 0) & head.tcp
    kind = head.number(0, 1) >> 2
    for i in np.flatnonzero(~head.tcp & ((kind < 6) | one_of(kind, (9, 10, 15)))).tolist():
        good[i] = ras(head.payload(i))[0] is not None
    return good


def q931(head: Heads, at: int) -> Bool:
    """Tell a protocol discriminator, a call reference of two bytes and a message type of H.225.0 (section 7.2)."""
    good: Bool = (head.number(at, 2) == 0x0802) & one_of(head.number(at + 4, 1), Q931)
    return good


Q931: Final = (0x01, 0x02, 0x03, 0x05, 0x07, 0x0D, 0x0F, 0x20, 0x4D, 0x5A, 0x62, 0x6E, 0x75, 0x7B, 0x7D)
"""Message types from ALERTING to STATUS (H.225.0, table 4)."""


def _diameter(head: Heads) -> Bool:
    """Tell version, length and reserved flags (RFC 6733, section 3)."""
    length = head.number(1, 3)
    plausible = (length >= 20) & (length % 4 == 0) & (length <= head.whole)
    good: Bool = (head.number(0, 1) == 1) & plausible & (head.number(4, 1) & 0x0F == 0)
    return good


def _smpp(head: Heads) -> Bool:
    """Tell a length and a command (SMPP 3.4, section 3.2)."""
    length, command = head.number(0, 4), head.number(4, 4) & 0x7FFFFFFF
    known = (command <= 9) | one_of(command, (0x0B, 0x15, 0x21, 0x102, 0x103, 0x111, 0x112, 0x113))
    good: Bool = (length >= 16) & (length <= head.whole) & known & (head.number(8, 4) < 0x500)
    return good


def _bgp(head: Heads) -> Bool:
    """Tell the marker of sixteen 0xFF (RFC 4271, section 4.1)."""
    return head.starts(b"\xff" * 16)


def _mysql(head: Heads) -> Bool:
    """Tell the server's greeting: packet 0, protocol 10, a version."""
    length = head.number(0, 3, "little")
    good: Bool = (head.number(3, 2) == 0x0A) & (length + 4 == head.whole) & _digit(head.number(5, 1))
    return good


def _postgresql(head: Heads) -> Bool:
    """Tell a startup message or a request for TLS: its length and version 3.0 or the request's code."""
    known = one_of(head.number(4, 4), (196608, 80877103, 80877102))
    good: Bool = known & (head.number(0, 4) == head.whole)
    return good


def _greeting(head: Heads) -> Bool:
    """Tell a server's answer: three digits, a space or a hyphen, and a line end."""
    digits = _digit(head.number(0, 1)) & _digit(head.number(1, 1)) & _digit(head.number(2, 1))
    good: Bool = digits & one_of(head.number(3, 1), (0x20, 0x2D)) & (head.last() == 0x0A)
    return good


def _ftp(head: Heads) -> Bool:
    good: Bool = _greeting(head) | (
        head.starts(b"USER ", b"PASS ", b"TYPE ", b"PASV", b"RETR ") & (head.last() == 0x0A)
    )
    return good


def _mail(head: Heads) -> Bool:
    words = (b"+OK", b"-ERR", b"* OK", b"EHLO ", b"HELO ", b"MAIL FROM:", b"RCPT TO:", b"USER ", b"PASS ", b"UIDL")
    good: Bool = _greeting(head) | (head.starts(*words) & (head.last() == 0x0A))
    return good


def _x11(head: Heads) -> Bool:
    """Tell the opening of a display: byte order and version 11.0, or the answer to it."""
    return head.starts(b"l\0\x0b\0\0\0", b"B\0\0\x0b\0\0")


def _pings(head: Heads) -> Bool:
    """Tell how Discord's clients measure the way to voice servers."""
    good: Bool = (head.number(0, 4) == 0x1337CAFE) & (head.whole == 8)
    return good


LEAST: Final = {
    "mgcp": 5, "megaco": 14, "ipsec": 28, "openvpn": 14, "radius": 20, "tftp": 6, "diameter": 16, "smpp": 16,
    "gtp-c": 8, "netflow": 20, "sflow": 28, "bgp": 16, "mysql": 6, "postgresql": 8, "h225": 9, "ftp": 5, "mail": 5,
    "lan-discovery": 8, "discord": 8,
}  # fmt: skip
"""Bytes that a test needs; 12 where it isn't said.  What lies behind the end of a payload must decide nothing."""

LOOKS: Final[dict[str, Callable[[Heads], Bool]]] = {
    "skinny": _skinny, "iax": _iax, "mgcp": _mgcp, "megaco": _megaco, "ipsec": _ipsec, "openvpn": _openvpn,
    "radius": _radius, "tftp": _tftp, "gtp-c": _gtp, "netflow": _netflow, "sflow": _sflow, "oicq": _oicq,
    "lan-discovery": _discovery, "h225": _h225, "diameter": _diameter, "smpp": _smpp, "bgp": _bgp,
    "discord": _pings, "mysql": _mysql, "postgresql": _postgresql, "ftp": _ftp, "mail": _mail, "x11": _x11,
}  # fmt: skip


def discord(head: Heads) -> Bool:
    """Tell the IP discovery of Discord's voice servers: type, length, and 74 bytes in all."""
    good: Bool = (head.whole == 74) & (head.size >= 8) & one_of(head.number(0, 4), (0x00010046, 0x00020046))
    return good


def confirmed(name: str, packets: Packets, which: I64, start: U64) -> Bool:
    """Say which of these payloads, on a port of this protocol, show it."""
    head = Heads(packets, which, start)
    good: Bool = (head.size >= LEAST.get(name, 12)) & LOOKS[name](head)
    return good
