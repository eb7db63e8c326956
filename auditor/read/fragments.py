"""Gives fragments the ports of the datagram that they belong to, whatever the order in which they were seen.

Only the first fragment of a datagram holds the transport header.  Both kinds are remembered by what names a
datagram (RFC 791 and RFC 8200: addresses, protocol, identification) and by time, since identifications
come again, and joined at the end.  What finds no first fragment, or several that disagree, has no ports.
"""

from typing import Final

import numpy as np

from auditor.read.arrays import I64, U64
from auditor.read.directed import Flows, packed
from auditor.read.group import exact
from auditor.read.headers import FRAGMENT, Packets
from auditor.read.table import Column, Table

SPAN: Final = 32_000_000_000
"""Nanoseconds in which an identification names one datagram; the next and the previous span are tried too."""
ROWS: Final = 1 << 20
"""Datagrams that are remembered; if there are more, all fragments stay without ports (whatever the order)."""
_LEADING: Final = ("min", "max")
_LATER: Final = ("sum", "sum", "sum", "min", "max", "min")
_8, _32, _48 = (np.uint64(n) for n in (8, 32, 48))
_B, _W = np.uint64(0xFF), np.uint64(0xFFFFFFFF)


class Fragments:
    """Fragments of both IP versions, by the number of address words."""

    def __init__(self, rows: int = ROWS) -> None:
        self.limit = rows
        self.full = False
        self.leading = {words: Table(words + 2, _LEADING) for words in (1, 4)}
        self.later = {words: Table(words + 2, _LATER) for words in (1, 4)}

    def add(
        self, flows: Flows, packets: Packets, app: Column, vantage: int, length: I64, ns: I64, witness: I64
    ) -> None:
        """Remember the fragments among the packets; `length`, `ns` and `witness` are of all of them."""
        words = len(packets.address)
        for which, names, table in (
            (packets.later, packets.identification[: len(packets.later)], self.later[words]),
            (packets.leading, packets.identification[len(packets.later) :], self.leading[words]),
        ):
            if not len(which):
                continue
            named = names | packets.protocol[which].astype(np.uint64) << _32 | np.uint64(vantage << 48)
            keys = [*(word[which] for word in packets.address), named, (ns[which] // SPAN).astype(np.uint64)]
            if table is self.leading[words]:
                value = packets.ports[which] << _8 | app[which]
                values: list[Column] = [value, value]
            else:
                values = [
                    np.ones(len(which), np.int64),
                    length[which],
                    packets.length[which],
                    ns[which],
                    ns[which],
                    witness[which],
                ]
            table.append([*keys, *values])
        self._bound(flows)

    def join(self, flows: Flows, other: "Fragments") -> None:
        """Take over what another reader has seen."""
        self.full |= other.full
        for mine, theirs in ((self.leading, other.leading), (self.later, other.later)):
            for words, table in theirs.items():
                for part in table.parts:
                    mine[words].append(part)
        self._bound(flows)

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        for table in self.later.values():
            table.add(len(_LATER) - 1, by)

    def _tables(self) -> list[Table]:
        return [*self.leading.values(), *self.later.values()]

    def _bound(self, flows: Flows) -> None:
        """Stop remembering if there is too much: forget what leads, and give what follows to the flows as it is."""
        if not self.full and sum(map(len, self._tables())) > self.limit:
            for table in self._tables():
                table.merge()
            self.full = sum(map(len, self._tables())) > self.limit
        if self.full:
            self.leading = {words: Table(words + 2, _LEADING) for words in (1, 4)}
            self.settle(flows)

    def settle(self, flows: Flows) -> None:
        """Add all later fragments to the flows, with the ports and the kind of payload of their first fragment."""
        for words in (1, 4):
            later, leading = self.later[words].columns(), self.leading[words].columns()
            self.later[words] = Table(words + 2, _LATER)
            if not len(later[0]):
                continue
            found = np.zeros(len(later[0]), np.uint64)
            for ahead in (0, 1, -1):
                span = later[words + 1].view(np.int64) - ahead
                missing = np.flatnonzero(found == 0)
                keys = [*(key[missing] for key in later[: words + 1]), span[missing].view(np.uint64)]
                found[missing] = _looked_up(keys, leading, words + 2)
            named = later[words]
            app = np.where(found == 0, 1, found & _B).astype(np.uint8)
            rest = packed(found >> _8, (named >> _32).astype(np.uint8), app, 0) | named >> _48 << _48
            flags = np.full(len(found), FRAGMENT, np.uint8)
            flows.append(later[:words], rest, [*later[words + 2 :], flags, np.zeros(len(found), np.int64)])


def _looked_up(keys: list[U64], table: list[Column], width: int) -> U64:
    """Return for each row of keys the value that the table has for it, if it has one, else 0."""
    asked = len(keys[0])
    if not asked or not len(table[0]):
        return np.zeros(asked, np.uint64)
    every = [np.concatenate((key, known)) for key, known in zip(keys, table[:width], strict=True)]
    least = np.concatenate((np.full(asked, 2**64 - 1, np.uint64), table[width]))
    most = np.concatenate((np.zeros(asked, np.uint64), table[width + 1]))
    order, starts = exact(every)
    low, high = np.minimum.reduceat(least[order], starts), np.maximum.reduceat(most[order], starts)
    value = np.where(low >> _8 == high >> _8, low, np.uint64(0))
    found = np.empty(len(order), np.uint64)
    found[order] = np.repeat(value, np.diff(starts, append=len(order)))
    return found[:asked]
