"""Knows the tunnels: by which protocol or port they are suspected, and how the header of each is read.

UDP     VXLAN (RFC 7348) and its generic extension (draft-ietf-nvo3-vxlan-gpe), GENEVE (RFC 8926), GTP-U (3GPP
        TS 29.281: user data only), Teredo (RFC 4380), L2TPv2 (RFC 2661) and v3 (RFC 3931), MPLS (RFC 7510),
        GRE (RFC 8086), AYIYA (draft-massar-v6ops-ayiya)
IP      IPv4 and IPv6 in either (RFC 2003, 4213, 2473), GRE and what it carries (`gre`), EtherIP (RFC 3378),
        MPLS (RFC 4023), L2TPv3

WireGuard, ESP and the like are opaque: a flow of theirs is the exchange that is seen.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from auditor.read import gre
from auditor.read.arrays import I64, U64, big16, byte, distinct, items, words
from auditor.read.headers import FRAGMENT, UDP, Packets
from auditor.read.heads import one_of
from auditor.read.inside import NOTHING, Inside, Outer, ethernet, inside, sound, stripped, versioned
from auditor.read.kinds import IPV4, IPV6, MPLS
from auditor.read.link import ppp

EXTENSIONS: Final = 8  # extension headers of GTP-U that are stepped over
COOKIES: Final = (0, 4, 8, 12)
"""Bytes of cookie and sublayer between the session of L2TPv3 and what it carries: only its ends know how many."""


def _vxlan(outer: Outer) -> Inside:
    head = words(outer.data, outer.at, 1)[:, 0]
    flags = (head & np.uint64(0xFF)).view(np.int64)
    good = (flags & 0x08 != 0) & (outer.at + 8 <= outer.end)
    clean = head & np.uint64(0xFF00_0000_FFFF_FFF7) == 0
    found = inside(outer, outer.at + 8, np.zeros(len(flags), np.int64), good, clean)
    ethernet(outer.data, found, np.arange(len(flags)))
    return found


def _vxlan_gpe(outer: Outer) -> Inside:
    flags, following = byte(outer.data, outer.at), byte(outer.data, outer.at + 3)
    good = (flags & 0xFC == 0x0C) & (outer.at + 8 <= outer.end)  # version 0, an instance and a next protocol
    clean = (big16(outer.data, outer.at + 1) == 0) & (byte(outer.data, outer.at + 7) == 0)
    kind = np.array([NOTHING, IPV4, IPV6, 0, NOTHING, MPLS]).take(np.minimum(following, 4 + (following == 5)))
    found = inside(outer, outer.at + 8, kind, good, clean)
    ethernet(outer.data, found, np.flatnonzero(found.kind == 0))
    return found


def _geneve(outer: Outer) -> Inside:
    first, flags, kind = byte(outer.data, outer.at), byte(outer.data, outer.at + 1), big16(outer.data, outer.at + 2)
    good = (first >> 6 == 0) & (flags & 0x80 == 0) & (outer.at + 8 <= outer.end)  # version 0, no control packet
    clean = (flags & 0x3F == 0) & (byte(outer.data, outer.at + 7) == 0)
    kind = np.where(one_of(kind, (IPV4, IPV6, gre.BRIDGED, MPLS, MPLS + 1)), kind, NOTHING)
    found = inside(outer, outer.at + 8 + 4 * (first & 63), kind, good, clean)
    ethernet(outer.data, found, np.flatnonzero(found.kind == gre.BRIDGED))
    return found


def _gtp(outer: Outer) -> Inside:
    """Read user data (T-PDU) behind extension headers, each of which tells its own length and what follows."""
    flags, length = byte(outer.data, outer.at), big16(outer.data, outer.at + 2)
    user = (flags & 0xF8 == 0x30) & (byte(outer.data, outer.at + 1) == 255)
    stop = outer.at + 8 + length
    good = user & (outer.at + 12 <= outer.end) & (stop <= outer.stop)
    at = outer.at + 8 + 4 * (flags & 7 != 0)
    following = byte(outer.data, outer.at + 11) * (flags & 4 != 0)
    more = np.flatnonzero(good & (following != 0))
    for _ in range(EXTENSIONS):
        if not len(more):
            break
        here = np.minimum(at[more], outer.end[more])
        size = 4 * byte(outer.data, here)
        whole = (size > 0) & (here + size <= outer.end[more])
        good[more] = whole
        at[more] = here + size
        following[more] = byte(outer.data, np.where(whole, here + size - 1, here))
        more = more[whole & (following[more] != 0)]
    good[more] = False
    found = inside(outer, at, versioned(outer.data, at, outer.end), good)
    found.stop = np.where(good, stop, outer.stop)
    found.end = np.minimum(found.end, found.stop)
    return found


def _teredo(outer: Outer) -> Inside:
    """Read IPv6 behind the indications of authentication and origin; one end must be a Teredo client's."""
    at = outer.at.copy()
    signed = big16(outer.data, at) == 1
    at += signed * (13 + byte(outer.data, at + 2) + byte(outer.data, at + 3))
    at = np.minimum(at, outer.end)
    at += 8 * (big16(outer.data, at) == 0)
    at = np.minimum(at, outer.end)
    ends = items(outer.data, at + 8, 32, ">u4").astype(np.int64)
    known = (ends[:, 0] == 0x20010000) | (ends[:, 4] == 0x20010000) | (ends[:, 0] >> 22 == 0xFE80 >> 6)
    good = known & (byte(outer.data, at) >> 4 == 6) & (at + 40 <= outer.end)
    found = inside(outer, at, np.full(len(at), IPV6), good)
    found.stop = np.minimum(outer.stop, at + 40 + big16(outer.data, at + 4))  # trailers follow (RFC 6081)
    found.end = np.minimum(found.end, found.stop)
    return found


def _ayiya(outer: Outer) -> Inside:
    sizes, operation, following = (byte(outer.data, outer.at + at) for at in (0, 2, 3))
    signature = byte(outer.data, outer.at + 1) >> 4
    at = outer.at + 8 + (1 << (sizes >> 4).clip(0, 8)) + 4 * signature
    kind = np.where(following == 41, IPV6, np.where(following == 4, IPV4, NOTHING))
    return inside(outer, at, kind, (operation & 15 == 1) & (sizes >> 4 <= 8))


def _l2tp(outer: Outer) -> Inside:
    """Read data messages: of version 2, which carry PPP, and of version 3."""
    flags = big16(outer.data, outer.at)
    second = (flags & 0xB4FF == 2) & (outer.at + 6 <= outer.end)
    lengthy, numbered, shifted = (flags & bit != 0 for bit in (0x4000, 0x0800, 0x0200))
    length = big16(outer.data, outer.at + 2)
    second &= ~lengthy | (outer.at + length <= outer.stop)
    at = outer.at + 6 + 2 * lengthy + 4 * numbered
    at = np.minimum(at, outer.end)
    at += shifted * (2 + big16(outer.data, at))
    layer = ppp(outer.data, at, outer.end)
    kind = np.where(one_of(layer.kind, (IPV4, IPV6, MPLS)), layer.kind, NOTHING)
    found = inside(outer, layer.at, kind, second)
    found.stop = np.where(second & lengthy, outer.at + length, outer.stop)
    found.end = np.minimum(found.end, found.stop)
    third = np.flatnonzero((flags == 3) & (big16(outer.data, outer.at + 2) == 0))
    if len(third):
        bare = Outer(outer.data, outer.at[third] + 4, outer.end[third], outer.stop[third])
        _put(found, third, _session(bare))
    return found


def _session(outer: Outer) -> Inside:
    """Read a session of L2TPv3: whichever of the possible cookies and sublayers leaves a frame or packet that holds."""
    at, size = np.minimum(outer.at, outer.end), len(outer.at)
    data = (big16(outer.data, at) != 0) | (big16(outer.data, at + 2) != 0)  # session 0 is control
    found = inside(outer, outer.at, np.full(size, NOTHING), np.zeros(size, bool))
    for extra in (4 + cookie for cookie in COOKIES):
        for bridged in (True, False):
            start = outer.at + extra
            kind = np.zeros(size, np.int64) if bridged else versioned(outer.data, start, outer.end)
            guess = inside(outer, start, kind, data & (found.kind == NOTHING))
            if bridged:
                ethernet(outer.data, guess, np.flatnonzero(guess.kind != NOTHING))
            stripped(outer.data, guess)
            right = np.flatnonzero(sound(outer.data, guess))
            _put(found, right, guess.only(right))
    return found


def _put(found: Inside, which: I64, better: Inside) -> None:
    for name in Inside.__slots__:
        getattr(found, name)[which] = getattr(better, name)


def _labelled(outer: Outer) -> Inside:
    return inside(outer, outer.at, np.full(len(outer.at), MPLS), np.ones(len(outer.at), bool))


def _bridged(outer: Outer) -> Inside:
    """Read EtherIP: a version of 3, and 12 bits that are 0."""
    good = (big16(outer.data, outer.at) == 0x3000) & (outer.at + 2 <= outer.end)
    found = inside(outer, outer.at + 2, np.zeros(len(good), np.int64), good)
    ethernet(outer.data, found, np.flatnonzero(good))
    return found


def _packet(outer: Outer) -> Inside:
    return inside(outer, outer.at, versioned(outer.data, outer.at, outer.end), np.ones(len(outer.at), bool))


class Tunnel(NamedTuple):
    """One kind of tunnel: its name, and what its packets are carried by."""

    name: str
    transport: str
    read: Callable[[Outer], Inside]


TUNNELS: Final = (
    Tunnel("vxlan", "udp", _vxlan),
    Tunnel("vxlan", "udp", _vxlan_gpe),
    Tunnel("geneve", "udp", _geneve),
    Tunnel("gtp", "udp", _gtp),
    Tunnel("teredo", "udp", _teredo),
    Tunnel("l2tp", "udp", _l2tp),
    Tunnel("mpls", "udp", _labelled),
    Tunnel("gre", "udp", gre.plain),
    Tunnel("ayiya", "udp", _ayiya),
    Tunnel("gre", "ip/47", gre.plain),
    Tunnel("pptp", "ip/47", gre.enhanced),
    Tunnel("erspan", "ip/47", gre.mirrored),
    Tunnel("etherip", "ip/97", _bridged),
    Tunnel("mpls", "ip/137", _labelled),
    Tunnel("l2tp", "ip/115", _session),
    Tunnel("ipip", "ip/4", _packet),
    Tunnel("6in4", "ip/41", _packet),
    Tunnel("4in6", "ip/4", _packet),
    Tunnel("6in6", "ip/41", _packet),
)
_NAMES: Final = [(tunnel.name, tunnel.transport) for tunnel in TUNNELS]

_BY_PORT: Final[dict[int, int]] = {
    4789: 0, 8472: 0, 4790: 1, 6081: 2, 2152: 3, 3544: 4, 1701: 5, 6635: 6, 4754: 7, 5072: 8,
}  # fmt: skip
"""Ports that UDP tunnels are sent to; 8472 is what Linux used for VXLAN before one was registered."""
_BOTH_WAYS: Final = (3544, 1701, 5072)
"""Ports that servers send from, to any port of a client."""
_BY_PROTOCOL: Final[dict[int, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    4: (("ipip",), ("4in6",)),
    41: (("6in4",), ("6in6",)),
    47: (("gre", "pptp", "erspan"),) * 2,
    97: (("etherip",),) * 2,
    115: (("l2tp",),) * 2,
    137: (("mpls",),) * 2,
}
"""IP protocol -> tunnels to try, in IPv4 and in IPv6."""
_NO_TUNNEL: Final = 255


def _by_port(ports: Iterable[int]) -> NDArray[np.uint8]:
    """Make a table of tunnels by port, as it lies in memory."""
    table = np.full(1 << 16, _NO_TUNNEL, np.uint8)
    for port in ports:
        table[port >> 8 | (port & 255) << 8] = _BY_PORT[port]
    return table


_TO, _FROM = _by_port(_BY_PORT), _by_port(_BOTH_WAYS)
_IS_TO, _IS_FROM = _TO != _NO_TUNNEL, _FROM != _NO_TUNNEL
_CARRIES: Final = np.isin(np.arange(256), list(_BY_PROTOCOL))


def suspected(packets: Packets) -> I64:
    """Return the positions of packets that may be wrapped, by protocol or port; fragments are not."""
    hit = _CARRIES.take(packets.protocol)
    hit |= _IS_TO.take((packets.ports >> np.uint64(16)).view(np.int64))
    hit |= _IS_FROM.take(_port(packets.ports, 0))
    which = np.flatnonzero(hit)
    if len(which):
        which = which[packets.flags[which] & FRAGMENT == 0]
        if len(packets.leading):
            which = which[~np.isin(which, packets.leading)]
    return which


def read(packets: Packets, which: I64) -> tuple[I64, NDArray[np.uint8], Inside]:
    """Read the packets at these positions: return those that are wrapped, ascending, in which tunnel, and what in."""
    found = [
        (some[holds], np.full(len(holds), code, np.uint8), each.only(holds))
        for code, some in _codes(packets, which)
        for each, holds in (_held(packets, some, TUNNELS[code].read),)
        if len(holds)
    ]
    if not found:
        none = np.empty(0, np.int64)
        return none, none.astype(np.uint8), Inside(none, none, none, none, none.astype(bool), none.astype(bool))
    position = np.concatenate([some for some, _, _ in found])
    first = np.argsort(position)  # a packet is held by one tunnel only
    code = np.concatenate([codes for _, codes, _ in found])
    joined = {name: np.concatenate([getattr(each, name) for _, _, each in found]) for name in Inside.__slots__}
    return position[first], code[first], Inside(**joined).only(first)


def _held(packets: Packets, some: I64, opener: Callable[[Outer], Inside]) -> tuple[Inside, I64]:
    body = packets.body[some]
    found = opener(Outer(packets.data, body, packets.end[some], body + packets.length[some]))
    stripped(packets.data, found)
    return found, np.flatnonzero(sound(packets.data, found))


def _codes(packets: Packets, which: I64) -> list[tuple[int, I64]]:
    """List the tunnels to try, and the positions to try them at."""
    protocol, ports = packets.protocol[which], packets.ports[which]
    found: list[tuple[int, I64]] = []
    udp = np.flatnonzero(protocol == UDP)
    if len(udp):
        source, target = (_port(ports[udp], shift) for shift in (0, 16))
        code = np.where(_IS_TO.take(target), _TO.take(target), _FROM.take(source))
        found += [(each, which[udp[code == each]]) for each in distinct(code.astype(np.int64)) if each != _NO_TUNNEL]
    six = len(packets.address) > 1
    for number, names in _BY_PROTOCOL.items():
        some = which[protocol == number]
        if len(some):
            found += [(_NAMES.index((name, f"ip/{number}")), some) for name in names[six]]
    return found


def _port(ports: U64, shift: int) -> I64:
    return (ports >> np.uint64(shift) & np.uint64(0xFFFF)).view(np.int64)
