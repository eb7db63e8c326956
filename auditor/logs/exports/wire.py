"""Datagrams of flow exports: where each ends, what its header says, and the sets in it.

NetFlow 1, 5 and 7 (Cisco, "NetFlow Export Datagram Format"), NetFlow 9 (RFC 3954), IPFIX (RFC 7011; a file of RFC 5655
is messages one after another) and sFlow 5 (sflow.org, "sFlow Version 5", section 5).  Nothing here trusts a length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

V1, V5, V7, V9, IPFIX, SFLOW = 1, 5, 7, 9, 10, 105
"""Versions; sFlow's is 5 too, but it stands in four bytes."""
FIXED: Final = {V1: (16, 52, 24), V5: (24, 48, 30), V7: (24, 52, 28)}
"""Bytes of the header and of a record, and the most records of a datagram."""
LARGEST: Final = 65535
"""Bytes of a datagram."""
LEAST_NS: Final = 631_152_000 * 10**9
"""1990: no clock of an exporter stands before."""

_SHORTS, _WORD, _WORDS = Struct(">HH"), Struct(">I"), Struct(">II")
_V5, _V9, _V10 = Struct(">HHIIIIBBH"), Struct(">HHIIII"), Struct(">HHIII")
_V1, _V7 = Struct(">HHIII"), Struct(">HHIIIII")
TEMPLATES: Final = {V9: (0, 1), IPFIX: (2, 3)}
"""Numbers of the sets that hold templates and options templates."""
DATA: Final = 256
"""Sets from this number on hold data; the numbers between are reserved."""


class Cut(Exception):
    """More bytes are needed to say where a datagram ends."""


class Wrong(Exception):
    """There is no datagram of an export here; the first argument says why, in fixed words."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a datagram says."""

    version: int
    count: int  # of records, where it has one; of IPFIX the length
    sequence: int
    domain: int  # source id or observation domain; of version 5 engine type and id
    export_ns: int  # nanoseconds since 1970 UTC, 0: not told
    uptime: int  # milliseconds since the exporter started; -1: not told
    sampling: int = 0  # one in so many packets was counted; 0: not told


def version(data: bytes, at: int, end: int) -> int:
    """Return the version of the datagram that begins at `at`, 0 where none does."""
    if end - at < 4:
        return 0
    first, second = _SHORTS.unpack_from(data, at)
    if first == 0 and second == V5:
        return SFLOW
    return first if first in (V1, V5, V7, V9, IPFIX) else 0


def header(data: bytes, at: int, kind: int) -> Header:
    """Read the header of a datagram; the caller has seen that it is whole."""
    if kind == V5:
        _, count, uptime, seconds, rest, sequence, engine, slot, sampling = _V5.unpack_from(data, at)
        return Header(V5, count, sequence, engine << 8 | slot, _ns(seconds, rest), uptime, sampling & 0x3FFF)
    if kind == V9:
        _, count, uptime, seconds, sequence, domain = _V9.unpack_from(data, at)
        return Header(V9, count, sequence, domain, _ns(seconds, 0), uptime)
    if kind == IPFIX:
        _, size, seconds, sequence, domain = _V10.unpack_from(data, at)
        return Header(IPFIX, size, sequence, domain, _ns(seconds, 0), -1)
    if kind == V7:
        _, count, uptime, seconds, rest, sequence, _ = _V7.unpack_from(data, at)
        return Header(V7, count, sequence, 0, _ns(seconds, rest), uptime)
    _, count, uptime, seconds, rest = _V1.unpack_from(data, at)
    return Header(V1, count, 0, 0, _ns(seconds, rest), uptime)


def _ns(seconds: int, rest: int) -> int:
    return seconds * 10**9 + (rest if rest < 10**9 else 0)


HEADERS: Final = {**{kind: sizes[0] for kind, sizes in FIXED.items()}, V9: 20, IPFIX: 16, SFLOW: 28}


def end_of(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the version of the datagram at `at` and where it ends, which may be behind `end`.

    Raise Cut where `end` comes too early to say, and Wrong where there is none.
    """
    if end - at < 4:
        raise Cut
    kind = version(data, at, end)
    if not kind:
        raise Wrong("no header of an export")
    if end - at < HEADERS[kind]:
        raise Cut
    if kind in FIXED:
        return kind, at + _fixed_size(data, at, end, kind)
    if kind == IPFIX:
        size = _SHORTS.unpack_from(data, at)[1]
        if size < HEADERS[IPFIX]:
            raise Wrong("a length that is none")
        return kind, at + size
    return kind, _end_of_sets(data, at, end) if kind == V9 else end_of_samples(data, at, end)


def _fixed_size(data: bytes, at: int, end: int, kind: int) -> int:
    """Return the size of a datagram of fixed records; of one whose count can't be, of all that fit before `end`."""
    head, size, most = FIXED[kind]
    count: int = _SHORTS.unpack_from(data, at)[1]
    if not count:
        raise Wrong("a count that is none")
    if count > most:
        count = most
        if at + head + count * size > end:
            raise Cut
    return head + count * size


def _end_of_sets(data: bytes, at: int, end: int) -> int:
    """Step over the sets of version 9, whose header has no length, up to what is no set: another header, or the end."""
    place = at + HEADERS[V9]
    while place < end:
        if end - place < 4:
            if not any(data[place:end]):
                return end  # padding
            raise Cut
        number: int
        size: int
        number, size = _SHORTS.unpack_from(data, place)
        if 1 < number < DATA or (number, size) == (0, V5):  # no set has five bytes: it is how sFlow begins
            return place
        if size < 4:
            if not any(data[place:end]):
                return end
            raise Wrong("a length that is none")
        place += size
        if place - at > LARGEST:
            raise Wrong("a datagram of more than 65,535 bytes")
        if place > end:
            return place
    return place


def end_of_samples(data: bytes, at: int, end: int) -> int:
    """Step over the samples of sFlow, whose header counts them and has no length."""
    place, count = sflow_head(data, at, end)[:2]
    for _ in range(count):
        if place + 8 > end:
            raise Cut
        size: int = _WORDS.unpack_from(data, place)[1]
        place += 8 + size
        if place - at > LARGEST:
            raise Wrong("a datagram of more than 65,535 bytes")
    return place


def sflow_head(data: bytes, at: int, end: int) -> tuple[int, int, bytes, int, int, int]:
    """Return where samples begin, how many there are, agent, sub-agent, sequence and milliseconds since it started."""
    kind = _WORD.unpack_from(data, at + 4)[0]
    if kind not in (1, 2):
        raise Wrong("no header of an export")
    size = 4 if kind == 1 else 16
    place = at + 8 + size
    if place + 16 > end:
        raise Cut
    agent = data[at + 8 : place]
    sub, sequence = _WORDS.unpack_from(data, place)
    uptime, count = _WORDS.unpack_from(data, place + 8)
    if count > LARGEST // 8:
        raise Wrong("a count that is none")
    return place + 16, count, agent, sub, sequence, uptime


def sets(data: bytes, at: int, end: int, kind: int) -> Iterator[tuple[int, int, int]]:
    """Yield the number of each set, and where its records begin and should end, which may be behind `end`."""
    place = at + HEADERS[kind]
    while place + 4 <= end:
        number, size = _SHORTS.unpack_from(data, place)
        if size < 4:
            return
        yield number, place + 4, place + size
        place += size


def is_export(data: bytes, size: int) -> int:
    """Return the version of a datagram that is wholly one export; strictly, since any datagram is asked.

    `size` is that on the wire, of which `data` may be the beginning; 0: it is none.
    """
    end = len(data)
    kind = version(data, 0, end)
    if not kind or end < HEADERS[kind]:
        return 0
    if kind in FIXED:
        head, each, most = FIXED[kind]
        count = _SHORTS.unpack_from(data, 0)[1]
        fits = 1 <= count <= most and head + each * count == size
        return kind if fits and _dated(data, kind) else 0
    try:
        if kind == SFLOW:
            stop = end_of_samples(data, 0, end) if end == size else sflow_head(data, 0, end)[0]
            return SFLOW if stop == size or (end < size and stop <= size) else 0
    except (Cut, Wrong):
        return 0
    good = kind == V9 or _SHORTS.unpack_from(data, 0)[1] == size
    return kind if good and _dated(data, kind) and _sets_fit(data, size, kind) else 0


def _dated(data: bytes, kind: int) -> bool:
    return header(data, 0, kind).export_ns >= LEAST_NS


def _sets_fit(data: bytes, size: int, kind: int) -> bool:
    """Say whether sets of numbers that may be fill the datagram."""
    place, found = HEADERS[kind], False
    while place + 4 <= min(size, len(data)):
        number, length = _SHORTS.unpack_from(data, place)
        if length < 4 or not (number in TEMPLATES[kind] or number >= DATA):
            return found and not any(data[place:]) and size - place < 8
        place, found = place + length, True
    return (found or kind == IPFIX) and place <= size and (len(data) < size or not any(data[place:]))
