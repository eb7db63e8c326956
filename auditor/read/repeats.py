"""Folds STUN messages that say the same, before any of them is read.

Every message has a transaction id and a checksum of its own, so their bytes never repeat, and calls send
them by the million.  What they say hangs on the type and on the few attributes that hold an address; those
are found here for all messages of a batch at once, and one message is written for all that are alike.  A
message that says more than `MOST` addresses, or one of another form than IPv4, is left to be read by itself.
"""

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from auditor.read.arrays import I64, U64, Bool, rows, words
from auditor.read.facts.stun import ATTRIBUTES, CHECK, COOKIE, DATA, MAGIC, USERNAME, WANTED
from auditor.read.group import grouped, hashed
from auditor.read.headers import UDP, Packets
from auditor.read.table import Column, Table, reduced

MOST: Final = 3  # attributes that matter in one message
LONGEST: Final = 128  # bytes of a name; a longer one is left out
NAME: Final = 200  # bytes that keeping one costs besides
FOLDS: Final = ("min", "min", "max", "sum", "sum")  # least witness, first and last time, packets, bytes on the wire

_WANTED: Final = np.zeros(1 << 16, bool)
_WANTED[sorted(WANTED)] = True
_COOKIE: Final = np.uint64(int.from_bytes(COOKIE, "little") << 32)
_HIGH: Final = np.uint64(0xFFFFFFFF << 32)
_MODERN: Final = np.uint64(1 << 56)
_S: Final = np.uint64(0xFFFF)
_ASKS: Final = np.uint64(CHECK << 8)
_INNER: Final = np.uint64(int.from_bytes(CHECK.to_bytes(2, "big"), "little")) | _COOKIE
_16, _32 = np.uint64(16), np.uint64(32)


class Repeats:
    """Groups of messages of one flow and vantage that say the same."""

    def __init__(self) -> None:
        # Keys: the words of the addresses; ports, vantage and whether there is a cookie; type and kinds of the
        # attributes; their values.
        self._tables = {count: Table(count + 2 + MOST, FOLDS) for count in (1, 4)}
        self._names: dict[int, bytes] = {}  # of checks, by what stands for them among the values
        self.size = 0  # bytes that they take

    def add(self, packets: Packets, which: I64, witness: I64, ns: I64, wire: I64, vantage: int) -> I64:
        """Take the messages at these positions; return the positions of those that have to be read one by one.

        `witness`, `ns` and `wire` are those of `which`.  What can't be STUN is dropped: it says nothing.
        """
        modern, kind, values, alike, rest = self._said(packets, which)
        some = np.flatnonzero(alike)
        if len(some):
            chosen = which[some]
            place = packets.ports[chosen] | np.uint64(vantage << 32) | np.where(modern[some], _MODERN, np.uint64(0))
            keys = [*(word[chosen] for word in packets.address), place, kind[some], *(value[some] for value in values)]
            self._tables[len(packets.address)].append(tallied(keys, *(c.take(some) for c in (witness, ns, wire))))
        return which[rest]

    def drain(self) -> Iterator[tuple[list[U64], U64, list[bytes], list[list[int]]]]:
        """Yield what was folded, and forget it: address words, ports with vantage, one message for each, and sums."""
        for count, table in self._tables.items():
            columns = table.columns()
            if len(columns[0]):
                address, (place, kind, *values) = columns[:count], columns[count : table.keys]
                said = zip((place & _MODERN != 0).tolist(), kind.tolist(), *(v.tolist() for v in values), strict=True)
                sums = [list(row) for row in zip(*(c.tolist() for c in columns[table.keys :]), strict=True)]
                yield address, place & ~_MODERN, [_message(self._names, *each) for each in said], sums
            self._tables[count] = Table(count + 2 + MOST, FOLDS)
        self._names, self.size = {}, 0

    def _said(self, packets: Packets, which: I64) -> tuple[Bool, U64, list[U64], Bool, Bool]:
        """Return which have a cookie, their types with the kinds of the attributes that matter, the values of these,
        which are told by that alone, and which have to be read one by one."""
        data, body = packets.data, packets.body.take(which)
        size = packets.end.take(which) - body
        head = words(data, body, 1)[:, 0]
        modern: Bool = head & _HIGH == _COOKIE
        length = head.view(">u2")[1::4].astype(np.int64)
        datagram: Bool = packets.protocol.take(which) == UDP
        alike: Bool = datagram & (size >= 20) & (modern | ((length & 3 == 0) & (size == length + 20)))
        kind = head & _S
        values = [np.zeros(len(which), np.uint64) for _ in range(MOST)]
        odd = ~datagram
        row = np.flatnonzero(alike)
        here, stop = body.take(row) + 20, (body + np.minimum(size, length + 20)).take(row)
        for _ in range(ATTRIBUTES):
            more = np.flatnonzero(here + 4 <= stop)
            if not len(more):
                break
            if len(more) < len(row):
                row, here, stop = row.take(more), here.take(more), stop.take(more)
            head = words(data, here, 2)  # kind, length, and the first twelve bytes of what it says
            attribute, long = (head.view(">u2")[:, place].astype(np.int64) for place in (0, 1))
            following = here + 4 + long
            whole = following <= stop
            hit = np.flatnonzero(_WANTED.take(attribute) & whole)
            if len(hit):
                first, second = rows(head, hit).T
                value = first >> _32 | second << _32
                _keep(row.take(hit), attribute.take(hit), long.take(hit), value, kind, values, odd)
            self._named(packets, row, here, attribute, long, whole & modern.take(row), kind, values, odd)
            here = np.where(whole, following + (-long & 3), stop)
        return modern, kind, values, alike & ~odd, odd

    def _named(
        self, packets: Packets, row: I64, where: I64, attribute: I64, long: I64, whole: Bool, kind: U64,
        values: list[U64], odd: Bool,
    ) -> None:  # fmt: skip
        """Put a number in the place of the name in a check, and keep the name; find checks in what is relayed."""
        data = packets.data
        inner = np.flatnonzero(whole & (attribute == DATA) & (long >= 20))
        if len(inner):
            head = words(data, where[inner] + 4, 1)[:, 0] & (_HIGH | _S)
            odd[row[inner[head == _INNER]]] = True
        asks = whole & (attribute == USERNAME) & (kind[row] & _S == _ASKS) & (long > 2) & (long <= LONGEST)
        hit = np.flatnonzero(asks)
        if not len(hit):
            return
        at, size = where[hit] + 4, long[hit]
        columns = words(data, at, LONGEST // 8)
        kept = np.clip(size[:, None] - 8 * np.arange(LONGEST // 8), 0, 8).astype(np.uint64) * np.uint64(8)
        last = np.where(kept == 64, ~np.uint64(0), (np.uint64(1) << (kept & np.uint64(63))) - np.uint64(1))
        number = hashed([size.astype(np.uint64), *(columns & last).T])
        order = np.argsort(number)
        first = order[np.flatnonzero(np.diff(number[order], prepend=~number[order[:1]]))]
        for value, start, length in zip(number[first].tolist(), at[first].tolist(), size[first].tolist(), strict=True):
            if value not in self._names:
                self._names[value] = data[start : start + length].tobytes()
                self.size += length + NAME
        _put(row[hit], np.full(len(hit), USERNAME), number, kind, values, odd)


def tallied(keys: list[U64], witness: I64, ns: I64, wire: I64) -> list[Column]:
    """Group messages by their keys: return the keys of each group, and its sums as `FOLDS` says."""
    order, starts = grouped([key for key in keys if key.any()] or keys)  # most messages say one address or none
    leaders = order.take(starts)
    return [
        *(key.take(leaders) for key in keys),
        *(reduced(fold, values, order, starts) for fold, values in (("min", witness), ("min", ns), ("max", ns))),
        np.diff(starts, append=len(order)),
        reduced("sum", wire, order, starts),
    ]


def _keep(row: I64, attribute: I64, long: I64, value: U64, kind: U64, values: list[U64], odd: Bool) -> None:
    """Put one attribute of each of these messages where there is room for it, and mark those without room as odd."""
    magic = (attribute == MAGIC) & (long == 4)
    fits = (long == 8) | magic
    odd[row[~fits]] = True
    value = np.where(magic, value & np.uint64(0xFFFFFFFF), value)
    _put(row[fits], attribute[fits], value[fits], kind, values, odd)


def _put(row: I64, attribute: I64, value: U64, kind: U64, values: list[U64], odd: Bool) -> None:
    """Put one attribute of each of these messages into the next free place, and mark those without one as odd."""
    used = (kind[row] >> _16 != 0).astype(np.int64) + (kind[row] >> _32 != 0) + (kind[row] >> np.uint64(48) != 0)
    odd[row[used == MOST]] = True
    for slot in range(min(MOST, int(used.max(initial=0)) + 1)):
        here = np.flatnonzero(used == slot)
        kind[row[here]] |= attribute[here].astype(np.uint64) << np.uint64(16 * (slot + 1))
        values[slot][row[here]] = value[here]


def _message(names: dict[int, bytes], modern: bool, kind: int, *values: int) -> bytes:
    """Write a message that says this; the type stands as in memory, lowest byte first, the attributes as numbers."""
    attributes = b""
    for slot, value in enumerate(values, 1):
        attribute = kind >> 16 * slot & 0xFFFF
        if attribute == USERNAME:
            name = names[value]
            attributes += struct.pack(">HH", attribute, len(name)) + name + bytes(-len(name) % 4)
        elif attribute:
            long = 4 if attribute == MAGIC else 8
            attributes += struct.pack(">HH", attribute, long) + value.to_bytes(8, "little")[:long]
    head = (kind & 0xFFFF).to_bytes(2, "little") + len(attributes).to_bytes(2, "big")
    return head + (COOKIE if modern else bytes(4)) + bytes(12) + attributes
