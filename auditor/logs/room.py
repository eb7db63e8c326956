"""Tables that are larger than memory: what doesn't fit waits in a temporary folder.

Groups know sums, minima and maxima only, so neither the order of rows nor what was put aside changes anything.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

MERGE: Final = 1 << 18
"""Rows that wait to be put together with those of equal keys, at first; then as many as were left."""
FULL: Final = 1 << 20
"""Rows that are kept in memory, some 250 MB."""
SHARES: Final = 32
"""Files that rows are shared among, by what has to stay together."""


class Shares:
    """Rows in a temporary folder, shared among files."""

    def __init__(self, by: Sequence[str]) -> None:
        """Keep rows together that are alike in these columns."""
        self._by = list(by)
        self._folder: Path | None = None
        self._files = 0

    def put(self, rows: pl.DataFrame) -> None:
        """Write rows to the folder."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="auditor-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        share = rows.select((pl.struct(self._by).hash() % SHARES).alias("share")).to_series()
        for (number,), some in rows.with_columns(share).partition_by("share", as_dict=True, include_key=False).items():
            some.write_ipc(self._folder / f"{number}-{self._files}", compression="lz4")
        self._files += 1

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield all rows, some at a time."""
        for share in range(SHARES) if self._folder else ():
            assert self._folder
            if files := sorted(self._folder.glob(f"{share}-*")):
                yield pl.concat([pl.read_ipc(file) for file in files])


class Store:
    """Rows as they are; those that are alike in some columns come out together."""

    def __init__(self, by: Sequence[str]) -> None:
        """Keep rows together that are alike in these columns."""
        self._shares = Shares(by)
        self._parts: list[pl.DataFrame] = []
        self._rows, self._aside = 0, False

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows."""
        self._parts.append(rows)
        self._rows += len(rows)
        if self._rows > FULL:
            self._put_aside()

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield all rows, some at a time."""
        if self._aside and self._parts:
            self._put_aside()
        yield from self._shares.parts() if self._aside else [pl.concat(self._parts)] if self._parts else []

    def _put_aside(self) -> None:
        self._shares.put(pl.concat(self._parts))
        self._parts, self._rows, self._aside = [], 0, True


class Room:
    """Rows of some keys and of columns that are folded."""

    def __init__(self, keys: Sequence[str], folds: Mapping[str, str], by: Sequence[str]) -> None:
        """Make an empty table; groups that are alike in `by` come out together."""
        self._keys = list(keys)
        self._folds = [getattr(pl.col(name), fold)() for name, fold in folds.items()]
        self._parts: list[pl.DataFrame] = []
        self._rows, self._limit = 0, MERGE
        self._shares, self._aside = Shares(by), False

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
        """Yield all groups, some at a time."""
        self._merge()
        if self._aside and self._parts:
            self._put_aside()
        yield from map(self._folded, self._shares.parts()) if self._aside else self._parts

    def _merge(self) -> None:
        if self._parts:
            self._parts = [self._folded(pl.concat(self._parts))]
            self._rows = len(self._parts[0])

    def _folded(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.lazy().group_by(self._keys).agg(self._folds).collect(engine="streaming")

    def _put_aside(self) -> None:
        self._shares.put(pl.concat(self._parts))
        self._parts, self._rows, self._aside = [], 0, True
