"""Pairs the two directions of every 5-tuple, and finds the flows that facts speak of, in one grouping.

The two ends of a flow are called `a` and `b` here, `a` being the smaller address and port, until it is known who
opened it; side 0 sends from a to b.  Facts take part in the grouping as rows without packets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64, Bool
from auditor.read.directed import Directed
from auditor.read.facts.model import Flow
from auditor.read.group import exact

_LOW: Final = (1 << 64) - 1
_16, _32 = np.uint64(16), np.uint64(32)


@dataclass(frozen=True, slots=True)
class Ends:
    """One-way 5-tuples as columns: `meta` is vantage << 8 | protocol, ports are source << 16 | destination."""

    meta: U64
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    sport: U64
    dport: U64


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


def pair(rows: Directed, facts: Sequence[tuple[int, Flow]]) -> Paired:
    """Pair one-way rows into flows; `facts` are vantages and one-way 5-tuples."""
    distinct = {key: number for number, key in enumerate(dict.fromkeys(facts))}
    which = np.array([distinct[key] for key in facts], np.int64)
    ends = _joined(_of_rows(rows), _of_facts(list(distinct)))
    flip = _greater(ends)
    keys = [
        ends.meta,
        np.where(flip, ends.dst_hi, ends.src_hi),
        np.where(flip, ends.dst_lo, ends.src_lo),
        np.where(flip, ends.src_hi, ends.dst_hi),
        np.where(flip, ends.src_lo, ends.dst_lo),
        np.where(flip, ends.dport << _16 | ends.sport, ends.sport << _16 | ends.dport),
    ]
    order, starts = exact(keys)
    count, leaders = len(rows), order[starts]
    packets = leaders < count  # in a group, rows stand before facts
    flow = np.empty(len(order), np.int64)
    flow[order] = np.repeat(np.where(packets, np.cumsum(packets) - 1, -1), np.diff(starts, append=len(order)))
    of_rows = order < count
    leader = leaders[packets]
    meta, a_hi, a_lo, b_hi, b_lo, ports = (key[leader] for key in keys)
    return Paired(
        meta,
        a_hi,
        a_lo,
        b_hi,
        b_lo,
        (ports >> _16).astype(np.int64),
        (ports & np.uint64(0xFFFF)).astype(np.int64),
        leader,
        flow[:count],
        order[of_rows],
        (np.cumsum(of_rows) - 1)[starts[packets]],
        ~flip[order[of_rows]],
        flow[count:][which],
        flip[count:][which].astype(np.int64),
    )


def _of_rows(rows: Directed) -> Ends:
    meta = rows.vantage.astype(np.uint64) << np.uint64(8) | rows.protocol
    ports = (rows.sport.astype(np.uint64), rows.dport.astype(np.uint64))
    return Ends(meta, rows.src_hi, rows.src_lo, rows.dst_hi, rows.dst_lo, *ports)


def _of_facts(facts: Sequence[tuple[int, Flow]]) -> Ends:
    columns = zip(
        *(
            (vantage << 8 | protocol, src >> 64, src & _LOW, dst >> 64, dst & _LOW, sport, dport)
            for vantage, (src, sport, dst, dport, protocol) in facts
        ),
        strict=True,
    )
    return Ends(*(np.array(column, np.uint64) for column in columns)) if facts else Ends(*[np.empty(0, np.uint64)] * 7)


def _joined(rows: Ends, facts: Ends) -> Ends:
    names = Ends.__slots__
    return Ends(*(np.concatenate([getattr(rows, name), getattr(facts, name)]) for name in names))


def _greater(ends: Ends) -> Bool:
    """Say whether the source is the greater end."""
    greater = ends.sport > ends.dport
    for source, target in ((ends.src_lo, ends.dst_lo), (ends.src_hi, ends.dst_hi)):
        greater = (source > target) | ((source == target) & greater)
    return greater
