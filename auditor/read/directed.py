"""Folds packets into one-way flows: one row for each vantage, 5-tuple, kind of payload and stream of media.

Memory is bounded by `ROWS` whatever the traffic: where a capture has more one-way flows, they are told
apart by less (`Coarse`).  How coarse depends on the number of distinct flows alone, and a finer table can
always be made coarser, so neither the order nor the split of the input changes the result.  The same holds of
streams: what looks like more than `STREAMS` of them on one flow is noise, in one row (`_quiet`).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.model.errors import InputError
from auditor.read.arrays import I64, U8, U64
from auditor.read.group import exact, grouped
from auditor.read.rtp import NOISE, Marks
from auditor.read.table import Column, Table, reduced

ROWS: Final = 1 << 23
"""One-way flows that are kept apart: about 800 MB."""
STREAMS: Final = 64
"""Streams (SSRC and payload type) of a one-way flow that are kept apart; a room of people on one socket has fewer."""
NAMES: Final = ("packets", "bytes", "payload", "first_ns", "last_ns", "witness", "flags", "progress")
FOLDS: Final = ("sum", "sum", "sum", "min", "max", "min", "or", "or")
"""The value columns, and how those of two rows become one."""

EXACT, NO_STREAMS, ONE_PORT, NO_PORTS = range(4)
"""How coarse: all of it; without the streams of media; without the higher of two ports, mostly the client's, either;
without ports."""

_8, _16, _32, _40, _48 = (np.uint64(n) for n in (8, 16, 32, 40, 48))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Directed:
    """One-way flows as columns of equal length, sorted by witness."""

    vantage: NDArray[np.uint16]
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    sport: NDArray[np.uint16]
    dport: NDArray[np.uint16]
    protocol: NDArray[np.uint8]
    app: NDArray[np.uint8]  # index into classify.APPS
    packets: I64
    bytes: I64  # on the wire, with link header
    payload: I64  # of these, bytes behind the transport header
    first_ns: I64
    last_ns: I64
    witness: I64  # source << 40 | record, the least
    flags: NDArray[np.uint16]  # of headers.py, ORed
    stream: U64  # of rtp.py: which stream of media; 0: none or not known
    progress: I64  # of rtp.py: which parts of the ranges of sequence numbers and timestamps occurred

    def __len__(self) -> int:
        return len(self.packets)


class Flows:
    """The one-way flows of both IP versions while they grow."""

    def __init__(self, rows: int = ROWS) -> None:
        self.limit = rows
        self.coarse = EXACT
        self.four = Table(3, FOLDS, _quiet)
        self.six = Table(6, FOLDS, _quiet)

    def add(
        self, address: list[U64], rest: U64, media: Marks | None, length: I64, payload: I64, ns: I64, witness: I64,
        flags: Column,
    ) -> None:  # fmt: skip
        """Add packets in the order of their witnesses; `rest` is `packed`, and `media` is what `rtp.marks` says."""
        keys = [*address, coarser(rest, self.coarse)]
        if media:
            keys.append(without(media[0], self.coarse))
        order, starts = grouped(keys)
        leaders = order.take(starts)
        if (ns[1:] >= ns[:-1]).all():
            first, last = ns.take(leaders), ns.take(order.take(np.append(starts[1:], len(order)) - 1))
        else:
            first, last = (reduced(fold, ns, order, starts) for fold in ("min", "max"))
        none = np.zeros(len(starts), np.int64)
        self._append([
            *(key.take(leaders) for key in keys), *([] if media else [none.view(np.uint64)]),
            np.diff(starts, append=len(order)),
            reduced("sum", length, order, starts), reduced("sum", payload, order, starts), first, last,
            witness.take(leaders),
            reduced("or", flags, order, starts) if flags.any() else np.zeros(len(starts), np.uint8),
            reduced("or", media[1], order, starts) if media else none,
        ])  # fmt: skip

    def append(self, address: list[U64], rest: U64, values: list[Column]) -> None:
        """Add rows of no known stream that are folded already; `values` are those of `NAMES`."""
        self._append([*address, coarser(rest, self.coarse), np.zeros(len(rest), np.uint64), *values])

    def _append(self, columns: list[Column]) -> None:
        (self.four if len(columns) == 3 + len(FOLDS) else self.six).append(columns)
        self._bound()

    def join(self, other: "Flows") -> None:
        """Take over the rows of another table, as fine as the coarser of both."""
        coarse = max(self.coarse, other.coarse)
        for table, more in ((self.four, other.four), (self.six, other.six)):
            table.take_over(more)
        self._coarsen(coarse, self.coarse != other.coarse)
        self._bound()

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        for table in (self.four, self.six):
            table.add(NAMES.index("witness"), by)

    def _bound(self) -> None:
        if len(self.four) + len(self.six) > self.limit:
            self._settle()

    def _settle(self) -> None:
        """Merge, and forget as much as it takes: what is noise counts as the streams that were found in it."""
        self.four.merge()
        self.six.merge()
        while sum(_size(table, self.coarse) for table in (self.four, self.six)) > self.limit:
            if self.coarse == NO_PORTS:
                raise InputError(
                    "captures",
                    f"more than {self.limit:,} pairs of addresses; audit parts of them, by time or by network",
                )
            self._coarsen(self.coarse + 1, True)

    def _coarsen(self, coarse: int, needed: bool) -> None:
        self.coarse = coarse
        for table in (self.four, self.six) if needed else ():
            *address, rest, stream = table.columns()[: table.keys]
            table.rekey([*address, coarser(rest, coarse), without(stream, coarse)])

    def directed(self) -> Directed:
        """Return all rows, in their final form, and forget them."""
        self._settle()
        four, six = self.four.drained(), self.six.drained()
        source, target = (_native(four[0] & _W, 4), _native(four[0] >> _32, 4))
        mapped = np.uint64(0xFFFF) << _32
        none = np.zeros(len(source), np.uint64)
        rows = [none, source | mapped, none, target | mapped, *four[1:]], [*(_native(w, 8) for w in six[:4]), *six[4:]]
        del four, six, target
        columns: list[Column] = []
        while rows[0]:  # column by column: there is no room for all of them twice
            columns.append(np.concatenate([each.pop(0) for each in rows]))
        if ((columns[0][len(source) :] == 0) & (columns[1][len(source) :] >> _32 == _S)).any():
            whole = Table(6, FOLDS, _quiet)  # an IPv6 header with mapped addresses is the same flow as an IPv4 header
            whole.append(columns)
            columns = whole.drained()
        return _unpacked(columns)


def packed(ports: U64, protocol: U8, app: NDArray[np.uint8], vantage: int) -> U64:
    """Pack what a flow is told apart by besides its addresses; ports as they lie in memory, source first."""
    rest = protocol.astype(np.uint64)
    rest |= app.astype(np.uint64) << _8
    rest |= np.uint64(vantage << 16)
    rest <<= _32
    rest |= ports
    return rest


def coarser(rest: U64, coarse: int) -> U64:
    """Forget ports: the higher one of two, or both.  The same packets keep one key, whatever was forgotten before."""
    if coarse < ONE_PORT:
        return rest
    source, target = _native(rest & _S, 2), _native((rest >> _16) & _S, 2)
    if coarse == NO_PORTS:
        source, target = np.zeros_like(source), np.zeros_like(target)
    else:
        both = (source != 0) & (target != 0)  # else this was done before, or there was one port only
        source, target = np.where(both & (source > target), 0, source), np.where(both & (target > source), 0, target)
    return (rest >> _32 << _32) | _native(source, 2) | _native(target, 2) << _16


def without(stream: U64, coarse: int) -> U64:
    """Forget which stream a packet belongs to, if flows are to be told apart without."""
    return stream if coarse < NO_STREAMS else np.where(stream != 0, NOISE, np.uint64(0))


def _quiet(table: Table) -> None:
    """Put the streams of each flow that seems to have more than `STREAMS` into one row, as those that join it later.

    A set of streams that is replaced by one word once it is too large is a fold like others: in any order the same.
    """
    *ends, stream = (column for column in table.parts[0][: table.keys])
    which = np.flatnonzero(stream)
    if len(which) <= STREAMS and not (stream == NOISE).any():
        return
    order, starts = exact([end.take(which) for end in ends])
    noise = np.maximum.reduceat((stream.take(which) == NOISE).take(order), starts)
    sizes = np.diff(starts, append=len(order))
    noisy = (noise & (sizes > 1)) | (sizes > STREAMS)
    if noisy.any():
        kept = stream.copy()
        kept[which[order[np.repeat(noisy, sizes)]]] = NOISE
        table.rekey([*ends, kept], quietly=True)


def _size(table: Table, coarse: int) -> int:
    """Count the rows of a merged table; of noise, as many as would have been kept: so more packets never count less."""
    noise = table.columns()[table.keys - 1] == NOISE if coarse < NO_STREAMS else np.zeros(0, bool)
    return len(table) + (STREAMS - 1) * int(noise.sum())


def _native(value: U64, size: int) -> U64:
    """Turn the lowest `size` bytes, lowest first, into a number in network order, or back."""
    return value.byteswap() >> np.uint64(64 - 8 * size)


def _unpacked(columns: list[Column]) -> Directed:
    """Sort rows by witness, of which no two share one, and split the packed key; the columns are used up."""
    order = np.argsort(columns[6 + NAMES.index("witness")])
    src_hi, src_lo, dst_hi, dst_lo, rest, stream, *values = (columns.pop(0).take(order) for _ in range(len(columns)))
    named: dict[str, Any] = dict(zip(NAMES, values, strict=True))
    named["flags"] = named["flags"].astype(np.uint16)
    return Directed(
        (rest >> _48).astype(np.uint16), src_hi, src_lo, dst_hi, dst_lo,
        _native(rest & _S, 2).astype(np.uint16), _native((rest >> _16) & _S, 2).astype(np.uint16),
        ((rest >> _32) & _B).astype(np.uint8), ((rest >> _40) & _B).astype(np.uint8), stream=stream, **named,
    )  # fmt: skip
