"""Tables that are larger than memory: what doesn't fit waits in a temporary folder.

Rows are shared among buckets by what has to stay together, so that little is copied at a time.  Groups know sums,
minima and maxima only, so neither the order of rows nor what was put aside changes anything.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

MERGE: Final = 1 << 16
"""Rows of a bucket that wait to be put together with those of equal keys, at first; then as many as were left."""
FULL: Final = 1 << 20
"""Rows that are kept in memory; groups of exchanges take some 250 bytes each, half of it if numbers stand for texts."""
SHARES: Final = 16
"""Buckets."""


class Store:
    """Rows as they are; those that are alike in one column come out together."""

    def __init__(self, by: str, times: int = 1) -> None:
        """Make an empty table that keeps `times` FULL rows in memory."""
        self._by, self._full = by, times * FULL
        self._buckets: list[list[pl.DataFrame]] = [[] for _ in range(SHARES)]
        self._sizes = [0] * SHARES
        self._folder: Path | None = None
        self._files = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows."""
        if rows.is_empty():
            return
        share = (rows[self._by].hash() % SHARES).to_numpy().astype(np.uint8)
        order = np.argsort(share, kind="stable")
        ends = np.cumsum(np.bincount(share, minlength=SHARES)).tolist()
        for bucket, (start, end) in enumerate(pairwise([0, *ends])):
            if end > start:
                self._buckets[bucket].append(rows[order[start:end]])  # no slice, which would keep all in memory
                self._sizes[bucket] += end - start
                self._added(bucket)
        if sum(self._sizes) > self._full:
            self._crowded()

    def parts(self, last: bool = False) -> Iterator[pl.DataFrame]:
        """Yield all rows, a bucket at a time; the last time they make room as they go."""
        for bucket in range(SHARES):
            files = sorted(self._folder.glob(f"{bucket}-*")) if self._folder else []
            parts = [*map(pl.read_ipc, files), *self._buckets[bucket]]
            if last:
                self._buckets[bucket], self._sizes[bucket] = [], 0
            if parts:
                whole = pl.concat(parts)
                del parts
                yield self._whole(whole)

    def _added(self, bucket: int) -> None:
        """Look after a bucket that got rows."""

    def _crowded(self) -> None:
        """Make room, by writing all rows to the folder."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="auditor-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for bucket, parts in enumerate(self._buckets):
            if parts:
                pl.concat(parts).write_ipc(self._folder / f"{bucket}-{self._files}", compression="lz4")
        self._files += 1
        self._buckets, self._sizes = [[] for _ in range(SHARES)], [0] * SHARES

    def _whole(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows


class Room(Store):
    """Rows of some keys and of columns that are folded."""

    def __init__(self, keys: Sequence[str], folds: Mapping[str, str], by: str, times: int = 1) -> None:
        """Make an empty table of groups; those that are alike in `by`, one of the keys, come out together."""
        super().__init__(by, times)
        self._keys = list(keys)
        self._columns = [*keys, *folds]
        self._folds = [getattr(pl.col(name), fold)() for name, fold in folds.items()]
        self._limits = [MERGE] * SHARES

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows, of which other columns are left out."""
        super().add(rows.select(self._columns))

    def _added(self, bucket: int) -> None:
        if self._sizes[bucket] > self._limits[bucket]:
            self._merge(bucket)

    def _merge(self, bucket: int) -> None:
        if self._buckets[bucket]:
            merged = self._whole(pl.concat(self._buckets[bucket]))
            self._buckets[bucket], self._sizes[bucket] = [merged], len(merged)
            self._limits[bucket] = max(MERGE, 2 * len(merged))

    def _crowded(self) -> None:
        for bucket in range(SHARES):
            self._merge(bucket)
        if sum(self._sizes) > self._full // 2:
            super()._crowded()
            self._limits = [MERGE] * SHARES

    def _whole(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.lazy().group_by(self._keys).agg(self._folds).collect(engine="streaming")
