"""Pairs the two directions of every 5-tuple, and finds the flows that facts speak of, in one grouping.

The two ends of a flow are called `a` and `b` here, `a` being the smaller address and port, until it is known who
opened it; side 0 sends from a to b.  Facts take part in the grouping as rows without packets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64, Bool
from auditor.read.directed import Directed
from auditor.read.group import exact

_8, _16, _32, _48 = (np.uint64(n) for n in (8, 16, 32, 48))
_B, _S = np.uint64(0xFF), np.uint64(0xFFFF)


@dataclass(frozen=True, slots=True)
class Paired:
    """Flows as columns, in no order that means anything; rows and facts know their flow and side."""

    meta: U64
    a_hi: U64
    a_lo: U64
    b_hi: U64
    b_lo: U64
    a_port: I64
    b_port: I64
    leader: I64  # the first of its rows: rows are sorted by their keys, so this puts flows into one order
    row_flow: I64
    order: I64  # rows, brought together by flow
    starts: I64  # where flows begin in it
    from_a: Bool  # of the rows, in this order
    fact_flow: I64  # -1: no packet of that flow was seen
    fact_side: I64

    def __len__(self) -> int:
        return len(self.meta)

    @property
    def vantage(self) -> I64:
        return (self.meta >> np.uint64(8)).astype(np.int64)

    @property
    def protocol(self) -> I64:
        return (self.meta & np.uint64(0xFF)).astype(np.int64)

    def closed(self) -> "Paired":
        """Forget the rows and facts, once all is folded that is asked of them."""
        none = np.empty(0, np.int64)
        return replace(self, row_flow=none, order=none, starts=none, from_a=none > 0, fact_flow=none, fact_side=none)

    def by_side(self, values: NDArray[Any], fold: np.ufunc, nothing: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Fold a column of the rows into one value for each flow and side; `nothing` where a side sent nothing."""
        sent = values.take(self.order)
        none = values.dtype.type(nothing)
        return self._reduced(np.where(self.from_a, sent, none), fold), self._reduced(
            np.where(self.from_a, none, sent), fold
        )

    def folded(self, values: NDArray[Any], fold: np.ufunc) -> NDArray[Any]:
        """Fold a column of the rows into one value for each flow."""
        return self._reduced(values.take(self.order), fold)

    def _reduced(self, values: NDArray[Any], fold: np.ufunc) -> NDArray[Any]:
        folded: NDArray[Any] = fold.reduceat(values, self.starts) if len(self.starts) else values[:0]
        return folded


Both = tuple[NDArray[Any], NDArray[Any]]
"""A column for each side: what a sent, what b sent."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What each side of each flow sent, and when."""

    packets: Both
    bytes: Both
    flags: Both
    began: Both  # nanoseconds; the largest integer where a side sent nothing
    payload: I64  # of both
    first_ns: I64
    last_ns: I64
    witness: I64


def summed(rows: Directed, flows: Paired) -> Sums:
    """Sum the rows up into flows."""
    began = flows.by_side(rows.first_ns, np.minimum, np.iinfo(np.int64).max)
    return Sums(
        flows.by_side(rows.packets, np.add, 0),
        flows.by_side(rows.bytes, np.add, 0),
        flows.by_side(rows.flags, np.bitwise_or, 0),
        began,
        flows.folded(rows.payload, np.add),
        np.minimum(*began),
        flows.folded(rows.last_ns, np.maximum),
        flows.folded(rows.witness, np.minimum),
    )


def pair(rows: Directed, facts: Sequence[U64]) -> Paired:
    """Pair one-way rows into flows; `facts` are 5-tuples, as the columns of `said.PLACE`."""
    own = rows.vantage.astype(np.uint64) << _48 | rows.protocol.astype(np.uint64) << _32
    own |= rows.sport.astype(np.uint64) << _16 | rows.dport
    packets = _turned([rows.src_hi, rows.src_lo, rows.dst_hi, rows.dst_lo, own])
    told = _turned(facts)
    keys = [np.concatenate(both) for both in zip(packets[0], told[0], strict=True)]
    from_a, side = ~packets[1], told[1].astype(np.int64)
    del own, packets, told
    order, starts = exact(keys)
    count, leaders = len(rows), order[starts]
    seen = leaders < count  # in a group, rows stand before facts
    flow = np.empty(len(order), np.int64)
    flow[order] = np.repeat(np.where(seen, np.cumsum(seen) - 1, -1), np.diff(starts, append=len(order)))
    of_rows = order < count
    leader = leaders[seen]
    a_hi, a_lo, b_hi, b_lo, rest = (key[leader] for key in keys)
    by_flow = order[of_rows]
    return Paired(
        rest >> _48 << _8 | rest >> _32 & _B,
        a_hi,
        a_lo,
        b_hi,
        b_lo,
        (rest >> _16 & _S).view(np.int64),
        (rest & _S).view(np.int64),
        leader,
        flow[:count],
        by_flow,
        (np.cumsum(of_rows) - 1)[starts[seen]],
        from_a[by_flow],
        flow[count:],
        side,
    )


def _turned(ends: Sequence[U64]) -> tuple[list[U64], Bool]:
    """Put the lesser end first; say where that was the destination."""
    src_hi, src_lo, dst_hi, dst_lo, rest = ends
    flip: Bool = rest >> _16 & _S > rest & _S
    for source, target in ((src_lo, dst_lo), (src_hi, dst_hi)):
        flip = (source > target) | ((source == target) & flip)
    turned = rest >> _32 << _32 | (rest & _S) << _16 | rest >> _16 & _S
    pairs = ((src_hi, dst_hi), (src_lo, dst_lo), (dst_hi, src_hi), (dst_lo, src_lo), (rest, turned))
    return [np.where(flip, there, here) for here, there in pairs], flip
