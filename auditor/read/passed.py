"""Remembers which tunnels carried which flows: one row for each inner 5-tuple, tunnel and outer pair.

Memory is bounded: of more than `ROWS` rows the inner flows are forgotten, so that outer pairs stand alone; whether that
happens depends on the number of distinct rows only, so neither order nor split of the input changes it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.errors import InputError
from auditor.read.arrays import I64, U64
from auditor.read.directed import coarser, packed
from auditor.read.repeats import FOLDS, tallied
from auditor.read.table import Column, Table
from auditor.read.tunnels import TUNNELS
from auditor.read.unwrap import Wrapped, addresses

ROWS: Final = 1 << 20
"""Rows that are kept apart: about 120 MB."""
PAIRS: Final = 1 << 21
"""Pairs of tunnel ends that are kept apart; a capture with more is refused, as one of too many flows is."""
KEYS: Final = 9  # words of the inner addresses, ports with protocol and so on, words of the outer addresses
DEEPER: Final = len(TUNNELS)
"""Stands for a tunnel in rows of flows that wrap more than is read."""
DEPTH: Final = 5  # bits of the number of a tunnel; those above say how many headers stand before it
_16, _32, _40, _48 = (np.uint64(n) for n in (16, 32, 40, 48))
_B, _S = np.uint64(0xFF), np.uint64(0xFFFF)


@dataclass(frozen=True, slots=True)
class Carried:
    """Which tunnels carried which one-way flows, as columns; without an inner flow, its addresses are 0."""

    vantage: I64
    tunnel: I64  # index into TUNNELS, or DEEPER
    depth: I64  # outer headers before that of this tunnel
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    sport: I64
    dport: I64
    protocol: I64
    outer_src_hi: U64
    outer_src_lo: U64
    outer_dst_hi: U64
    outer_dst_lo: U64
    witness: I64
    first_ns: I64
    last_ns: I64
    packets: I64

    def __len__(self) -> int:
        return len(self.witness)

    @property
    def inner(self) -> list[U64]:
        """The inner 5-tuples, as the columns of `said.PLACE`."""
        rest = self.vantage << 48 | self.protocol << 32 | self.sport << 16 | self.dport
        return [self.src_hi, self.src_lo, self.dst_hi, self.dst_lo, rest.view(np.uint64)]


class Tunnelled:
    """The rows while they grow."""

    def __init__(self, rows: int = ROWS) -> None:
        self.limit = rows
        self.full = False  # inner flows were forgotten
        self.table = Table(KEYS, FOLDS)

    def add(self, found: Wrapped, vantage: int, wire: I64, ns: I64, witness: I64) -> None:
        """Remember the tunnels of these packets; the columns are those of the packets."""
        packets = found.packets
        inner = addresses(packets, np.arange(len(packets.index)))
        for depth, each in enumerate(found.passed):
            rest = packed(packets.ports, packets.protocol, each.code | np.uint8(depth << DEPTH), vantage)
            self._append([*inner, rest, *each.address], witness, ns, wire)
        if len(found.deeper):
            some = found.deeper
            code = np.full(len(some), DEEPER, np.uint8)
            rest = packed(packets.ports[some], packets.protocol[some], code, vantage)
            none = [np.zeros(len(some), np.uint64)] * 4
            self._append([*(word[some] for word in inner), rest, *none], witness[some], ns[some], wire[some])

    def _append(self, keys: list[U64], witness: I64, ns: I64, wire: I64) -> None:
        if self.full:
            keys = _forgotten(keys)
        self.table.append(tallied(keys, witness, ns, wire))
        self._bound()

    def join(self, other: "Tunnelled") -> None:
        """Take over what another reader has seen."""
        self.table.take_over(other.table)
        if other.full or self.full:
            self._forget()
        self._bound()

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        self.table.add(0, by)

    def _bound(self) -> None:
        if len(self.table) <= self.limit:
            return
        self.table.merge()
        if len(self.table) > self.limit and not self.full:
            self._forget()
        if len(self.table) > PAIRS:
            raise InputError(
                "captures", f"more than {PAIRS:,} pairs of tunnel ends; audit parts of them, by time or by network"
            )

    def _forget(self) -> None:
        self.full = True
        self.table.rekey(_forgotten(self.table.columns()[:KEYS]))

    def carried(self, coarse: int) -> Carried:
        """Return all rows, flows told apart by as much as theirs are (`directed`), in an order of their own."""
        final = Table(KEYS, FOLDS)
        for part in self.table.parts:
            final.append([*part[:4], coarser(part[4], coarse), *part[5:]])
        columns: list[Column] = final.columns()
        order = np.lexsort((*columns[:KEYS], columns[KEYS]))
        columns = [column.take(order) for column in columns]
        rest = columns[4]
        words = [word.byteswap() for word in (*columns[:4], *columns[5:KEYS])]
        vantage, code, protocol = (
            (rest >> shift & mask).view(np.int64) for shift, mask in ((_48, _S), (_40, _B), (_32, _B))
        )
        inner = [*words[:4], _port(rest), _port(rest >> _16), protocol]
        return Carried(vantage, code & (1 << DEPTH) - 1, code >> DEPTH, *inner, *words[4:], *columns[KEYS : KEYS + 4])


def _forgotten(keys: list[NDArray[np.uint64]]) -> list[U64]:
    """Keep vantage, tunnel and outer addresses."""
    *inner, rest = keys[:5]
    return [*(np.zeros_like(word) for word in inner), rest >> _40 << _40, *keys[5:]]


def _port(rest: U64) -> I64:
    return ((rest & _S).byteswap() >> _48).view(np.int64)
