"""Finds the packets of some flows among all packets of a batch, by columns: a hash, a search, and a comparison."""

from collections.abc import Sequence
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

import numpy as np

from auditor.read.arrays import I64, U64, Bool
from auditor.read.directed import NO_PORTS, coarser
from auditor.read.group import hashed

NO_APP: Final = np.uint64(0xFFFF_00FF_FFFF_FFFF)
"""Keeps of `directed.packed` all but the kind of payload: a flow is all that went between its ends."""
_MAPPED: Final = b"\0" * 10 + b"\xff\xff"

Row = tuple[int, int, str, int, str, int]
"""Vantage, protocol, source, its port, destination, its port."""


class Keys:
    """Rows of key columns, each with a number; rows of equal key have the number of the first."""

    def __init__(self, columns: Sequence[U64], numbers: I64) -> None:
        mixed = hashed(columns) if len(columns[0]) else np.empty(0, np.uint64)
        order = np.argsort(mixed, kind="stable")
        self._mixed = mixed[order]
        self._columns = [column[order] for column in columns]
        self._numbers = numbers[order]

    def find(self, columns: Sequence[U64]) -> I64:
        """Return the number of each row, -1 where there is none.

        Two keys of equal hash would hide one another; the hash has 64 bits and a random seed, so none are made so.
        """
        found = np.full(len(columns[0]), -1, np.int64)
        if not len(self._mixed) or not len(found):
            return found
        mixed = hashed(columns)
        place = np.minimum(np.searchsorted(self._mixed, mixed), len(self._mixed) - 1)
        some = np.flatnonzero(self._mixed[place] == mixed)
        for mine, theirs in zip(self._columns, columns, strict=True):
            some = some[mine[place[some]] == theirs[some]]
        found[some] = self._numbers[place[some]]
        return found


class Exchanges:
    """The 5-tuples of some flows, in both directions and as either IP version writes them."""

    def __init__(self, rows: Sequence[Row], coarse: int) -> None:
        self.coarse = coarse
        there = [(number, row) for number, row in enumerate(rows)]
        back = [(len(rows) + n, (v, p, dst, dport, src, sport)) for n, (v, p, src, sport, dst, dport) in there]
        both = there + back
        self._count = len(rows)
        numbers = np.array([number for number, _ in both], np.int64)
        rest = np.array([_rest(row) for _, row in both], np.uint64)
        ends = [(_packed(row[2]), _packed(row[4])) for _, row in both]
        four = np.array([all(end.startswith(_MAPPED) for end in pair) for pair in ends], bool)
        words = np.frombuffer(b"".join(a + b for a, b in ends), "<u8").reshape(-1, 4).astype(np.uint64)
        short = (words[:, 1] >> np.uint64(32)) | (words[:, 3] >> np.uint64(32) << np.uint64(32))
        addresses = {1: [short[four]], 4: [words[:, i] for i in range(4)]}
        rests = {1: rest[four], 4: rest}
        of = {1: numbers[four], 4: numbers}
        self._exact = {size: Keys([*addresses[size], rests[size]], of[size]) for size in (1, 4)}
        self._pairs = {size: Keys([*addresses[size], coarser(rests[size], NO_PORTS)], of[size]) for size in (1, 4)}

    def find(self, address: Sequence[U64], rest: U64) -> tuple[I64, Bool]:
        """Return the number of the flow of each packet (-1: of none), and which go from its destination."""
        found = self._exact[len(address)].find([*address, coarser(rest & NO_APP, self.coarse)])
        return np.where(found >= self._count, found - self._count, found), found >= self._count

    def near(self, address: Sequence[U64], rest: U64) -> Bool:
        """Say which packets go between the addresses of some flow, whatever their ports."""
        near: Bool = self._pairs[len(address)].find([*address, coarser(rest & NO_APP, NO_PORTS)]) >= 0
        return near


def _packed(address: str) -> bytes:
    return inet_pton(AF_INET6, address) if ":" in address else _MAPPED + inet_pton(AF_INET, address)


def _rest(row: Row) -> int:
    """Return what `directed.packed` makes of a row, the kind of payload apart; ports as they lie in memory."""
    vantage, protocol, _, sport, _, dport = row
    ports = int.from_bytes(sport.to_bytes(2, "big") + dport.to_bytes(2, "big"), "little")
    return (protocol | vantage << 16) << 32 | ports
