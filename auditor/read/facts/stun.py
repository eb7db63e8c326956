"""STUN and TURN (RFC 8489, RFC 8656; classic STUN, RFC 3489; MS-TURN): who asks whom, and which ends they name.

With the magic cookie a message proves itself.  Without it (classic) the addresses of an answer are
taken only where type and length fit exactly, since a few bytes of anything can look like it.
"""

import re
import struct
from collections.abc import Sequence
from typing import Final

from auditor.read.facts.model import V4_MAPPED, Exchange, Fact, Ice, Packet, Peer, Redirect, Reflexive, Relayed

METHODS: Final = {
    0x001: "binding", 0x002: "shared-secret", 0x003: "allocate", 0x004: "refresh", 0x006: "send", 0x007: "data",
    0x008: "permission", 0x009: "channel", 0x00A: "connect", 0x00B: "connection-bind", 0x00C: "connection-attempt",
}  # fmt: skip
"""What `Exchange.method` says: the IANA registry of STUN methods, shortened; others are `0x` and three digits."""

MESSAGES: Final = 16  # read of one stream segment at most
ATTRIBUTES: Final = 64  # read of one message at most

COOKIE: Final = b"\x21\x12\xa4\x42"
_MS_COOKIE: Final = b"\x72\xc6\x4b\xc6"  # MS-TURN, 2.2.2.1: the value of its attribute 0x000F
_INDICATION, _SUCCESS, _ERROR = 0x010, 0x100, 0x110
_ZOOM_ANSWER, _ZOOM_MAPPED = 0x0002, 0x0103
"""Zoom's servers answer a classic Binding Request (with an attribute 0x0101) by this type and attribute, not XORed."""
_MAPPED, MAGIC, _PEER, _RELAYED, _XOR_MAPPED = 0x0001, 0x000F, 0x0012, 0x0016, 0x0020
_XOR_MAPPED_DRAFT, _ALTERNATE, _ORIGIN, _OTHER = 0x8020, 0x8023, 0x802B, 0x802C  # the last two: RFC 5780, section 7
WANTED: Final = frozenset(
    (_MAPPED, MAGIC, _PEER, _RELAYED, _XOR_MAPPED, _XOR_MAPPED_DRAFT, _ALTERNATE, _ORIGIN, _OTHER, _ZOOM_MAPPED)
)
USERNAME, DATA, CHECK = 0x0006, 0x0013, 0x0001
"""Attributes that name the fragments of ICE and carry what goes through a relay; the type of a check."""
NAMED: Final = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,256}):([\x21-\x39\x3b-\x7e]{1,256})")
_COLLECTED: Final = WANTED | {USERNAME, DATA}
_HEAD: Final = struct.Struct(">HH")

_Attributes = dict[int, list[bytes]]


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the STUN message of a datagram, or those that start in a stream segment; all else says nothing."""
    if packet.protocol != 6:
        return _message(payload, packet)
    facts: list[Fact] = []
    at = 0
    for _ in range(MESSAGES):
        if payload[at + 6 : at + 10] == COOKIE:  # framed by a length (RFC 4571), as ICE does on TCP (RFC 6544)
            at += 2
        if at + 4 > len(payload):
            break
        channel, length = payload[at] & 0xC0 == 0x40, int.from_bytes(payload[at + 2 : at + 4], "big")
        size = 4 + (length + 3 & ~3) if channel else 20 + length  # RFC 8656, section 12.5
        if not channel:
            facts += _message(payload[at : at + size], packet)
        at += size
    return facts


def _message(payload: bytes, packet: Packet) -> Sequence[Fact]:
    if len(payload) < 20 or payload[0] & 0xC0:
        return ()
    kind, length = _HEAD.unpack_from(payload, 0)
    modern = payload[4:8] == COOKIE  # MS-TURN has it too, and lengths that are no multiple of four
    if not modern and (length & 3 or len(payload) != length + 20):
        return ()
    group = kind & 0x110
    method = kind & 0xF | (kind >> 1) & 0x70 | (kind >> 2) & 0xF80
    facts: list[Fact] = []
    found = _attributes(payload, min(length + 20, len(payload))) if length else {}
    if modern or method in METHODS:
        answer = group in (_SUCCESS, _ERROR) or (kind == _ZOOM_ANSWER and _ZOOM_MAPPED in found)
        facts.append(Exchange(*_seen(packet), packet.flow, answer, METHODS.get(method, f"0x{method:03x}")))
    if found:
        if modern and found.get(MAGIC) != [_MS_COOKIE]:
            facts += _modern(found, group, payload, packet)
        else:
            facts += _classic(found, kind, payload, packet)
    return facts


def _seen(packet: Packet) -> tuple[int, int, int, int, int, int]:
    return packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes


def _attributes(message: bytes, end: int) -> _Attributes:
    """Collect the attributes that matter (RFC 8489, section 14), each padded to four bytes."""
    found: _Attributes = {}
    at = 20
    for _ in range(ATTRIBUTES):
        if at + 4 > end:
            break
        kind, length = _HEAD.unpack_from(message, at)
        at += 4
        if at + length > end:
            break
        if kind in _COLLECTED:
            found.setdefault(kind, []).append(message[at : at + length])
        at += length + 3 & ~3
    return found


def _modern(found: _Attributes, group: int, message: bytes, packet: Packet) -> list[Fact]:
    seen, flow = _seen(packet), packet.flow
    facts: list[Fact] = []
    if group == _SUCCESS:
        mapped = _ends(found, message, _XOR_MAPPED, _XOR_MAPPED_DRAFT) or _ends(found, None, _MAPPED)
        facts += [Reflexive(*seen, flow, *end) for end in mapped]
        facts += [Relayed(*seen, flow, *end) for end in _ends(found, message, _RELAYED)]
        facts += [Redirect(*seen, flow, *end, "origin") for end in _ends(found, None, _ORIGIN) if end[0] != flow[0]]
        facts += [Redirect(*seen, flow, *end, "other") for end in _ends(found, None, _OTHER)]
    elif group == _ERROR:
        facts += [Redirect(*seen, flow, *end, "alternate") for end in _ends(found, None, _ALTERNATE)]
    facts += _check(found, message, packet)
    carried, answer = group == _INDICATION, group == _SUCCESS or message[1] & 0x0F == 7  # a data indication
    facts += [Peer(*seen, flow, *end, carried, answer) for end in _ends(found, message, _PEER)]
    return facts


def _check(found: _Attributes, message: bytes, packet: Packet) -> list[Fact]:
    """Read the USERNAME of a check (RFC 8445, section 7.2.2), by itself or in what goes through a relay."""
    if message[:2] != CHECK.to_bytes(2, "big"):
        return [
            fact
            for inner in found.get(DATA, ())
            if inner[:2] == CHECK.to_bytes(2, "big") and inner[4:8] == COOKIE
            for fact in _check(_attributes(inner, len(inner)), inner, packet)
        ]
    names = [named for value in found.get(USERNAME, ()) if (named := NAMED.fullmatch(value))]
    pairs = [":".join(sorted(part.decode("ascii") for part in named.groups())) for named in names[:1]]
    return [Ice(*_seen(packet), packet.flow, pair) for pair in pairs]


def _classic(found: _Attributes, kind: int, message: bytes, packet: Packet) -> list[Fact]:
    """Read RFC 3489 and MS-TURN; in the latter, MAPPED-ADDRESS of an allocation is the relayed end."""
    seen, flow = _seen(packet), packet.flow
    microsoft = found.get(MAGIC) == [_MS_COOKIE]
    if kind == 0x0101:
        return [Reflexive(*seen, flow, *end) for end in _ends(found, None, _MAPPED)]
    if kind == _ZOOM_ANSWER:
        return [Reflexive(*seen, flow, *end) for end in _ends(found, None, _ZOOM_MAPPED)]
    if not microsoft:
        return []
    if kind == 0x0103:
        mapped = [Reflexive(*seen, flow, *end) for end in _ends(found, message, _XOR_MAPPED_DRAFT)]
        return [*mapped, *(Relayed(*seen, flow, *end) for end in _ends(found, None, _MAPPED))]
    if kind == 0x0115:
        return [Peer(*seen, flow, *end, True, True) for end in _ends(found, None, _PEER)]
    return []


def _ends(found: _Attributes, message: bytes | None, *kinds: int) -> list[tuple[int, int]]:
    """Read addresses (RFC 8489, sections 14.1 and 14.2); with a message, they are XORed with its cookie and id."""
    ends: list[tuple[int, int]] = []
    for kind in kinds:
        for value in found.get(kind, ()):
            family, size = value[1:2], len(value)
            if (size, family) not in ((8, b"\1"), (20, b"\2")):
                continue
            port, address = int.from_bytes(value[2:4], "big"), int.from_bytes(value[4:], "big")
            if message is not None:
                port ^= int.from_bytes(message[4:6], "big")
                address ^= int.from_bytes(message[4:size], "big")
            ends.append((V4_MAPPED | address if size == 8 else address, port))
    return ends
