"""A table of groups that is larger than memory: what doesn't fit waits in a temporary folder, sorted by key.

Sums, minima and maxima only, so neither the order of rows nor what was put aside changes anything.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

MERGE: Final = 1 << 18
"""Rows that wait to be put together with those of equal keys, at first; then as many as were left."""
FULL: Final = 1 << 21
"""Groups that are kept in memory, some 300 MB."""
SHARES: Final = 32
"""Files that the groups are shared among, by their ends."""


class Room:
    """Rows of some keys and of columns that are folded."""

    def __init__(self, keys: Sequence[str], folds: Mapping[str, str], share: Sequence[str]) -> None:
        """Make an empty table; rows that are alike in `share` come out together."""
        self._keys, self._share = list(keys), list(share)
        self._folds = [getattr(pl.col(name), fold)() for name, fold in folds.items()]
        self._parts: list[pl.DataFrame] = []
        self._rows, self._limit = 0, MERGE
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self._files = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows; some of them may have equal keys."""
        self._parts.append(rows)
        self._rows += len(rows)
        if self._rows > self._limit:
            self._merge()
            if self._rows > FULL:
                self._put_aside()
            self._limit = max(MERGE, 2 * self._rows)

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield all groups."""
        self._merge()
        if self._aside is None:
            yield from self._parts
            return
        if self._parts:
            self._put_aside()
        for share in range(SHARES):
            files = sorted(Path(self._aside.name).glob(f"{share}-*"))
            if files:
                yield self._folded(pl.concat([pl.read_ipc(file) for file in files]))

    def _merge(self) -> None:
        if self._parts:
            self._parts = [self._folded(pl.concat(self._parts))]
            self._rows = len(self._parts[0])

    def _folded(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.lazy().group_by(self._keys).agg(self._folds).collect(engine="streaming")

    def _put_aside(self) -> None:
        if self._aside is None:
            self._aside = tempfile.TemporaryDirectory(prefix="auditor-")
        rows, self._parts, self._rows = pl.concat(self._parts), [], 0
        share = rows.select((pl.struct(self._share).hash() % SHARES).alias("share")).to_series()
        for (number,), some in rows.with_columns(share).partition_by("share", as_dict=True, include_key=False).items():
            some.write_ipc(Path(self._aside.name) / f"{number}-{self._files}", compression="lz4")
        self._files += 1
