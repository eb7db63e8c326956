"""DNS answers (RFC 1035, RFC 3596, RFC 9460): which names an address was called by.

An address gets the name that was asked for, the name it stands under, and the aliases between: a catalogue may
know any of them.  Answers and additional records count; a pointer may only point backwards, so that reading ends.
"""

import struct
from collections.abc import Sequence
from typing import Final

from auditor.read.facts.model import V4_MAPPED, Fact, Name, Packet
from auditor.read.facts.text import LONGEST_NAME, name_text, reachable

RECORDS: Final = 256  # read of one message at most
ALIASES: Final = 16  # followed at most
JUMPS: Final = 32  # of compression in one name

_A, _CNAME, _AAAA, _SVCB, _HTTPS, _IN = 1, 5, 28, 64, 65, 1
_HEADER: Final = struct.Struct(">HHHHHH")
_RECORD: Final = struct.Struct(">HHIH")
_PAIR: Final = struct.Struct(">HH")

_Addresses = list[tuple[bytes, int]]  # owner name, address


class _Cut(Exception):
    """The message ends, or a name points nowhere: what was read until here stands."""


def parse(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read the addresses of a response; a query says nothing."""
    message = payload[2:] if packet.protocol == 6 else payload  # RFC 1035, section 4.2.2: a length goes before
    if len(message) < 12 or not message[2] & 0x80:
        return ()
    _, _, questions, answers, authorities, additional = _HEADER.unpack_from(message, 0)
    asked: list[bytes] = []
    found: _Addresses = []
    aliases: dict[bytes, bytes] = {}  # canonical name -> the name that it answers for
    try:
        at, names = 12, dict[int, bytes]()
        for _ in range(min(questions, 16)):
            name, at = _name(message, at, names)
            asked.append(name)
            at += 4
        for number in range(min(answers + authorities + additional, RECORDS)):
            at = _record(message, at, names, found, aliases, not answers <= number < answers + authorities)
    except _Cut:
        pass
    return _facts(packet, asked, found, aliases)


def local(payload: bytes, packet: Packet) -> Sequence[Fact]:
    """Read mDNS (RFC 6762) and LLMNR (RFC 4795), in which any neighbour answers: for local addresses only."""
    return [fact for fact in parse(payload, packet) if isinstance(fact, Name) and not reachable(fact.address)]


def _facts(packet: Packet, asked: list[bytes], found: _Addresses, aliases: dict[bytes, bytes]) -> list[Fact]:
    seen = (packet.vantage, packet.witness, packet.time_ns, packet.time_ns, 1, packet.bytes)
    pairs: dict[tuple[int, bytes], None] = {}
    for owner, address in found:
        for _ in range(ALIASES):
            pairs[address, owner] = None
            if owner in asked or owner not in aliases:
                break
            owner = aliases[owner]
    return [Name(*seen, address, name_text(name)) for address, name in pairs if name]


def _record(
    message: bytes, at: int, names: dict[int, bytes], found: _Addresses, aliases: dict[bytes, bytes], wanted: bool
) -> int:
    """Read one resource record (RFC 1035, section 4.1.3) and return where the next begins."""
    owner, at = _name(message, at, names)
    if at + 10 > len(message):
        raise _Cut
    kind: int
    family: int
    length: int
    kind, family, _, length = _RECORD.unpack_from(message, at)
    at += 10
    end = at + length
    if end > len(message):
        raise _Cut
    if not wanted or family & 0x7FFF != _IN:  # the top bit is mDNS's cache-flush (RFC 6762, section 10.2)
        return end
    if kind == _A and length == 4:
        found.append((owner, V4_MAPPED | int.from_bytes(message[at:end], "big")))
    elif kind == _AAAA and length == 16:
        found.append((owner, int.from_bytes(message[at:end], "big")))
    elif kind == _CNAME:
        aliases.setdefault(_name(message, at, names)[0], owner)
    elif kind in (_SVCB, _HTTPS):
        found.extend((owner, hint) for hint in _hints(message, at, end, names))
    return end


def _name(message: bytes, at: int, names: dict[int, bytes]) -> tuple[bytes, int]:
    """Read a possibly compressed name (RFC 1035, section 4.1.4) in lower case; return it and where it ends."""
    first = start = at
    after, size, jumps = 0, 0, 0
    labels: list[bytes] = []
    limit = len(message)
    while at < limit:
        length = message[at]
        if length == 0:
            break
        if length >= 0xC0:
            jumps += 1
            if at + 1 >= limit or jumps > JUMPS or (target := (length & 0x3F) << 8 | message[at + 1]) >= start:
                raise _Cut
            after = after or at + 2
            if target in names:
                labels.append(names[target])
                break
            at = start = target  # the next pointer must point before this one
            continue
        if length > 63 or (size := size + length + 1) > LONGEST_NAME:
            raise _Cut
        labels.append(message[at + 1 : at + 1 + length].lower())
        at += 1 + length
    else:
        raise _Cut
    name = b".".join(label for label in labels if label)
    if len(name) > LONGEST_NAME:
        raise _Cut
    names[first] = name
    return name, after or at + 1


def _hints(message: bytes, at: int, end: int, names: dict[int, bytes]) -> list[int]:
    """Read the address hints of an SVCB or HTTPS record (RFC 9460, sections 2.2 and 7.3)."""
    hints: list[int] = []
    _, at = _name(message, at + 2, names)
    while at + 4 <= end:
        key, length = _PAIR.unpack_from(message, at)
        at += 4
        if at + length > end:
            break
        if key == 4:
            hints += [V4_MAPPED | int.from_bytes(message[i : i + 4], "big") for i in range(at, at + length - 3, 4)]
        elif key == 6:
            hints += [int.from_bytes(message[i : i + 16], "big") for i in range(at, at + length - 15, 16)]
        at += length
    return hints
