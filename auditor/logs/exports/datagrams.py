"""Files of datagrams one after another, as collectors and test beds store them, and IPFIX files (RFC 5655)."""

from collections.abc import Iterator
from typing import Final

from auditor.logs.exports import wire
from auditor.logs.exports.memory import Origin
from auditor.logs.exports.messages import Datagram
from auditor.logs.lines import pieces
from auditor.logs.model import Told
from auditor.read.source import Source

FEED: Final = 1 << 22
AHEAD: Final = 2 * wire.LARGEST
"""Bytes that are looked at before it is said where a datagram ends."""
NO_EXPORT: Final = "no datagram of an export begins here; nothing behind it was read"
CUT: Final = "a datagram that is cut in its header"


def datagrams(source: Source, told: Told) -> Iterator[Datagram]:
    """Yield the datagrams of a file; what belongs to none is told as lost."""
    origin, feed = Origin("", source.path), pieces(source, told, FEED)
    data, at, final, place = b"", 0, False, 0
    while True:
        if not final and len(data) - at < AHEAD:
            more = next(feed, None)
            final = more is None
            data, at = data[at:] + (more or b""), 0
            continue
        if at == len(data):
            return
        try:
            kind, stop = wire.end_of(data, at, len(data))
        except wire.Cut:
            if any(data[at:]):
                told.lose(len(data) - at, CUT)
            return
        except wire.Wrong:
            left = len(data) - at if any(data[at:]) else 0
            left += sum(len(each) for each in feed)
            if left:
                told.lose(left, NO_EXPORT)
            return
        place += 1
        end = min(stop, len(data))
        yield Datagram(data, at, end, stop, kind, origin, place)
        at = end


def begins(head: bytes) -> int:
    """Return the version of the datagram at the beginning of a file, 0: there is none.

    What follows it must be another one, nothing, or behind what is here; a clock must stand where one belongs.
    """
    kind, stop = 0, len(head)
    try:
        kind, stop = wire.end_of(head, 0, len(head))
        if kind != wire.SFLOW and wire.header(head, 0, kind).export_ns < wire.LEAST_NS:
            return 0
        if kind in wire.TEMPLATES and not _has_set(head, kind):
            return 0
        if stop >= len(head):
            return kind if stop == len(head) or len(head) >= wire.LARGEST or _fits(head, kind) else 0
        wire.end_of(head, stop, len(head))
    except wire.Wrong:
        return 0
    except wire.Cut:
        return kind if len(head) > stop else 0
    return kind


def _fits(head: bytes, kind: int) -> bool:
    """Say whether what is left of a datagram that is cut begins as one does."""
    if kind in wire.FIXED:
        return len(head) >= sum(wire.FIXED[kind][:2])
    return kind == wire.IPFIX or bool(wire.is_export(head, len(head) + 1))


def _has_set(head: bytes, kind: int) -> bool:
    """Say whether a set of a number that may be follows the header, if anything does."""
    first = next(wire.sets(head, 0, len(head), kind), None)
    return first is not None and (first[0] in wire.TEMPLATES[kind] or first[0] >= wire.DATA)
