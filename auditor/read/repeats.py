"""Folds STUN messages of one flow that say the same, before any of them is read.

Every message has a transaction id and a checksum of its own, so their bytes never repeat, and calls send
them by the million.  What they say hangs on the type and on the few attributes that hold an address; those
are found here for all messages at once.  A message that says more than one address, or one of another form
than IPv4, is left to be read by itself.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from auditor.read.arrays import I64, U64, Bool, big16, words
from auditor.read.facts.stun import ATTRIBUTES, COOKIE, WANTED
from auditor.read.group import grouped
from auditor.read.headers import UDP, Packets
from auditor.read.table import reduced

_WANTED: Final = np.isin(np.arange(1 << 16), sorted(WANTED))
_COOKIE: Final = np.uint64(int.from_bytes(COOKIE, "little") << 32)
_HIGH: Final = np.uint64(0xFFFFFFFF << 32)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Groups of messages that say the same, each by its first: positions among the packets, keys and sums."""

    leader: I64  # positions of first messages
    said: list[tuple[int, int]]  # type with the kind of the attribute, and its value
    first_ns: I64
    last_ns: I64
    count: I64
    size: I64  # bytes on the wire


def fold(packets: Packets, which: I64, ns: I64, wire: I64) -> tuple[Repeats | None, I64]:
    """Fold the messages at these positions; return the groups, and the positions of those to be read one by one.

    `ns` and `wire` are those of `which`.  Groups are of one flow and vantage.
    """
    kind, value, alike = _said(packets, which)
    some = np.flatnonzero(alike)
    if not len(some):
        return None, which
    chosen = which[some]
    rest = packets.ports[chosen] | packets.protocol[chosen].astype(np.uint64) << np.uint64(32)
    keys = [*(word[chosen] for word in packets.address), rest, kind[some], value[some]]
    order, starts = grouped(keys)
    leaders = order[starts]
    times, sizes = ns[some], wire[some]
    found = Repeats(
        chosen[leaders],
        list(zip(kind[some][leaders].tolist(), value[some][leaders].tolist(), strict=True)),
        reduced("min", times, order, starts),
        reduced("max", times, order, starts),
        np.diff(starts, append=len(order)),
        reduced("sum", sizes, order, starts),
    )
    return found, which[np.flatnonzero(~alike)]


def _said(packets: Packets, which: I64) -> tuple[U64, U64, Bool]:
    """Return type and kind of the one attribute with an address (0: none), its value, and whether that is all."""
    data, body = packets.data, packets.body[which]
    size = packets.end[which] - body
    head = words(data, body, 1)[:, 0]
    alike: Bool = (head & _HIGH == _COOKIE) & (size >= 20) & (packets.protocol[which] == UDP)
    limit = np.minimum(size, big16(data, body + 2) + 20)
    kind = head & np.uint64(0xFFFF)
    value = np.zeros(len(which), np.uint64)
    row = np.flatnonzero(alike)
    at = np.full(len(row), 20, np.int64)
    for _ in range(ATTRIBUTES):
        more = np.flatnonzero(at + 4 <= limit[row])
        if not len(more):
            break
        row, at = row[more], at[more]
        where = body[row] + at
        attribute, length = big16(data, where), big16(data, where + 2)
        at = at + 4
        hit = np.flatnonzero(_WANTED[attribute] & (at + length <= limit[row]))
        if len(hit):
            own = row[hit]
            again = kind[own] >> np.uint64(16) != 0
            alike[own[again | (length[hit] != 8)]] = False
            kind[own] |= (attribute[hit].astype(np.uint64) + np.uint64(1)) << np.uint64(16)
            value[own] = words(data, where[hit] + 4, 1)[:, 0]
        at = np.where(at + length <= limit[row], at + (length + 3 & ~3), limit[row])
    return kind, value, alike
