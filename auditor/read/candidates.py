"""What a candidate by its first two bytes must show besides, for each binary protocol: lengths, versions, cookies."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.read import second
from auditor.read.arrays import I64, U64, Bool, words
from auditor.read.codes import CODE
from auditor.read.headers import UDP, Packets
from auditor.read.heads import Heads

COOKIE: Final = 0x2112A442  # RFC 8489, section 5
ZRTP: Final = 0x5A525450  # RFC 6189, section 5
RTCP: Final = (192, 193, 194, 195, *range(200, 214))  # the types that are registered
REPORTS: Final = 8  # packets of a compound that are looked at
SRTCP: Final = 14  # bytes behind the first packet of one: its index and the shortest tag (RFC 3711, sections 3.4, 5)
FEW: Final = 1 << 16

_8, _16, _32, _48 = (np.uint64(n) for n in (8, 16, 32, 48))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
IN_MEMORY: Final = np.arange(FEW, dtype=np.uint16).byteswap()
"""Numbers of 16 bits as they lie in memory, by number in network order."""


def _listed(*numbers: int) -> NDArray[np.bool_]:
    """Say in a table which 16-bit numbers, as they lie in memory, are listed; np.isin costs 20 microseconds a call."""
    table = np.zeros(FEW, bool)
    table[IN_MEMORY[list(numbers)]] = True
    return table


_OTHERS: Final = _listed(53, 5353, 5355, 137, 4569, 2123)
"""Ports of name services, IAX and GTP: their first bytes are any, so there they are no sign of media."""
_TURN_PORTS: Final = _listed(3478, 5349)
_CLASSIC: Final = _listed(0x001, 0x002, 0x101, 0x102, 0x111, 0x112)
"""Types of STUN messages that existed before the cookie (RFC 3489)."""


def network(value: U64, size: int) -> I64:
    """Turn the lowest bytes of words, as they lie in memory, into numbers in network order."""
    number: I64 = (value.byteswap() >> np.uint64(64 - 8 * size)).view(np.int64)
    return number


def raw_ports(packets: Packets, which: I64) -> tuple[I64, I64]:
    """Return source and destination ports as they lie in memory."""
    both = packets.ports.take(which).view(np.int64)
    return both & 0xFFFF, both >> 16


def _ports(ports: U64) -> tuple[I64, I64]:
    return network(ports & _S, 2), network(ports >> _16 & _S, 2)


Look = Callable[[Packets, I64, U64, I64], Bool]


def _stun(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell STUN by its cookie, or, without one (RFC 3489), by its length and a method that existed then."""
    cookie = network(start[:, 0] >> _32, 4) == COOKIE
    length = network(start[:, 0] >> _16 & _S, 2)
    classic = _CLASSIC.take((start[:, 0] & _S).view(np.int64)) & (length % 4 == 0)
    whole, udp = packets.length[which], packets.protocol[which] == UDP
    framed = network(start[:, 0] >> _48 | (start[:, 1] & _S) << _16, 4) == COOKIE  # on TCP, behind a length (RFC 4571)
    good: Bool = (whole >= 20) & (cookie | (framed & ~udp & (size >= 10)) | (classic & (length + 20 == whole) & udp))
    return good


def _turn(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell ChannelData (RFC 8656, section 12) by its length; over TCP it is padded, and several follow each other."""
    length = network(start[:, 0] >> _16 & _S, 2)
    whole = packets.length[which]
    fits = (length > 0) & (length + 4 <= whole) & (whole <= length + 7)
    source, target = raw_ports(packets, which)
    usual = _TURN_PORTS.take(source) | _TURN_PORTS.take(target)
    good: Bool = fits & (usual | (packets.protocol[which] == UDP)) & ~_at_other_port(packets, which)
    return good


def _at_other_port(packets: Packets, which: I64) -> Bool:
    """Say which packets have the port of a protocol whose first bytes can look like media."""
    source, target = raw_ports(packets, which)
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
        extension = 4 + 4 * network(second >> _48, 2)
        good[odd] = 12 + sources + extended * extension <= packets.length[which[odd]]
    return good


def _rtcp(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell RTCP by the lengths of its packets, which add up to the datagram (RFC 3550, sections 6.4 and A.2).

    Of SRTCP only the first length can be read; there is room for its trailer behind it.  A sender's or a receiver's
    report is long enough for the blocks that it counts.
    """
    length = packets.length[which]
    kind, blocks = network(start[:, 0] >> _8 & _B, 1), start[:, 0].view(np.int64) & 0x1F
    reach = (network(start[:, 0] >> _16 & _S, 2) + 1) * 4
    least = np.where(kind == 200, 28 + 24 * blocks, np.where(kind == 201, 8 + 24 * blocks, 4))
    good: Bool = (reach <= length) & (reach >= least) & ~_at_other_port(packets, which)
    ciphered = length - reach >= SRTCP
    for _ in range(REPORTS):
        more = np.flatnonzero(good & (reach < length) & (reach + 4 <= size))
        if not len(more):
            break
        head = words(packets.data, packets.body[which[more]] + reach[more], 1)[:, 0]
        follows = (head & np.uint64(0xC0) == 0x80) & _CONTROL.take((head >> _8 & _B).view(np.int64))
        reach[more] = np.where(follows, reach[more] + (network(head >> _16 & _S, 2) + 1) * 4, 1 << 30)
    cut = (reach <= length) & (size < length)
    good &= (reach == length) | ciphered | cut
    return good


_CONTROL: Final = np.isin(np.arange(256), RTCP)


def _zrtp(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    good: Bool = (size >= 12) & (network(start[:, 0] >> _32, 4) == ZRTP)
    return good


def _quic(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    """Tell a QUIC long header by a version that exists: 0, 1, 2, drafts, Google's and Meta's (RFC 9000, 9369).

    Google's public header, before it took over the long one, has its version behind a connection ID of eight bytes.
    """
    version = network(start[:, 0] >> _8 & _W, 4)
    kinds = (version >> 8 == 0xFF0000, version >> 24 == 0x51, version >> 24 == 0x54, version >> 8 == 0xFACEB0)
    known = (version == 0) | (version == 1) | (version == 0x6B3343CF) | (version & 0x0F0F0F0F == 0x0A0A0A0A)
    known |= np.logical_or.reduce(kinds)
    good: Bool = known & ((start[:, 0].view(np.int64) & 0x40 != 0) | (version == 0))
    public = start[:, 0].view(np.int64) & 0x80 == 0
    named = network(start[:, 1] >> _8 & _W, 4)
    digits = (named >> 8 & 0xFF) - 0x30, (named & 0xFF) - 0x30
    google = (named >> 16 == 0x5130) & (digits[0] >= 0) & (digits[0] <= 9) & (digits[1] >= 0) & (digits[1] <= 9)
    return np.where(public, google & (size >= 26), good)


def _tls(packets: Packets, which: I64, start: U64, size: I64) -> Bool:
    return (start[:, 0] >> _16).view(np.int64) & 0xFF <= 4


def tpkt(packets: Packets, which: I64, start: U64) -> NDArray[np.uint8]:
    """Tell what travels in TPKT packets; X.224 is Remote Desktop on its port only."""
    source, target = _ports(packets.ports[which])
    usual = (source == 3389) | (target == 3389)
    h225, h245, x224 = second.tpkt(Heads(packets, which, start))
    return np.select([h225, x224 & usual, h245 & ~usual], [CODE["h225"], CODE["rdp"], CODE["h245"]], CODE["other"])


LOOKS: Final[dict[int, Look]] = {
    CODE["stun"]: _stun,
    CODE["turn"]: _turn,
    CODE["rtp"]: _rtp,
    CODE["rtcp"]: _rtcp,
    CODE["quic"]: _quic,
    CODE["tls"]: _tls,
    CODE["zrtp"]: _zrtp,
}
"""What else a candidate must show."""
