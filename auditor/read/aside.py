"""Keeps packets of rare shapes until they are many: NumPy takes about as long for ten of them as for a thousand."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from auditor.read.arrays import I64, SLACK
from auditor.read.window import Batch

FEW: Final = 4096
"""Packets that are rather copied: that takes a fifth of a microsecond each."""
MANY, LARGE = 16384, 8 << 20
"""Packets and bytes that are kept at most, and `FEW` or a batch more."""


class Aside:
    """Copies of packets of one link type."""

    def __init__(self) -> None:
        self._link = 0
        self._forget()

    def _forget(self) -> None:
        self._frames: list[bytes] = []
        self._columns: list[list[I64]] = []
        self._packets = self._bytes = 0

    def put(self, batch: Batch, which: I64) -> Iterator[Batch]:
        """Take these packets of a batch; yield a batch of packets whose turn it is: these, others, or none."""
        if not len(which):
            return
        start, *columns = (c.take(which) for c in (batch.start, batch.captured, batch.wire, batch.ns, batch.record))
        captured, wire, ns, record = columns
        if len(which) >= FEW or captured.sum() > LARGE:
            yield Batch(batch.data, batch.link, start, captured, wire, ns, record)
            return
        if self._packets and (self._link != batch.link or self._packets > MANY or self._bytes > LARGE):
            yield from self.drain()
        view = batch.data.data
        rows = zip(start.tolist(), (start + captured).tolist(), strict=True)
        frames = b"".join([view[first:last] for first, last in rows])
        self._link = batch.link
        self._frames.append(frames)
        self._columns.append(columns)
        self._packets += len(which)
        self._bytes += len(frames)

    def drain(self) -> Iterator[Batch]:
        """Yield all that is kept, as one batch."""
        if not self._packets:
            return
        data = np.frombuffer(b"".join([bytes(SLACK), *self._frames, bytes(SLACK)]), np.uint8)
        captured, wire, ns, record = (np.concatenate(each) for each in zip(*self._columns, strict=True))
        start = np.cumsum(captured) - captured + SLACK
        order = np.argsort(record)  # as in the capture, though several kinds of one batch were put here
        start, captured, wire, ns, record = (column.take(order) for column in (start, captured, wire, ns, record))
        self._forget()
        yield Batch(data, self._link, start, captured, wire, ns, record)
