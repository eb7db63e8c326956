"""A table of groups that takes rows by the million and keeps one row for each key.

Sums, minima, maxima and ORs only: the same rows give the same table in any order and any split.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.read.arrays import I64, U64
from auditor.read.group import exact

Column = NDArray[Any]
FOLDS: Final[dict[str, np.ufunc]] = {"sum": np.add, "min": np.minimum, "max": np.maximum, "or": np.bitwise_or}
MERGE: Final = 1 << 17
"""Rows of parts that are merged into one, at first; then three times what was left, so that merging stays linear."""


class Table:
    """Rows of `keys` 64-bit key columns, and value columns that are folded as `folds` says."""

    def __init__(self, keys: int, folds: Sequence[str], after: Callable[["Table"], None] | None = None) -> None:
        """Make an empty table; `after` is called when rows were merged, and may `rekey` them quietly."""
        self.keys = keys
        self.after = after
        self.folds = tuple(folds)
        self.parts: list[list[Column]] = []
        self.rows = 0
        self._limit = MERGE

    def __len__(self) -> int:
        return self.rows

    def append(self, columns: Sequence[Column]) -> None:
        """Add rows that are groups already; some of them may share keys."""
        self.parts.append(list(columns))
        self.rows += len(columns[0])
        if self.rows > self._limit:
            self.merge()
            self._limit = max(MERGE, 3 * self.rows)

    def merge(self, quietly: bool = False) -> None:
        """Make all parts one, without two rows of the same key; `quietly`: `after` is not called."""
        if not self.parts:
            return
        columns = [np.concatenate(each) for each in zip(*self.parts, strict=True)]
        order, starts = exact(columns[: self.keys])
        if len(starts) < len(order):
            values = [FOLDS[f].reduceat(c.take(order), starts) for f, c in self._valued(columns)]
            columns = [key.take(order.take(starts)) for key in columns[: self.keys]] + values
        self.parts = [columns]
        self.rows = len(starts)
        if self.after and not quietly:
            self.after(self)

    def _valued(self, columns: list[Column]) -> list[tuple[str, Column]]:
        return list(zip(self.folds, columns[self.keys :], strict=True))

    def columns(self) -> list[Column]:
        """Return the merged columns, keys first."""
        self.merge()
        if not self.parts:
            return [np.empty(0, np.uint64)] * self.keys + [np.empty(0, np.int64)] * len(self.folds)
        return self.parts[0]

    def add(self, value: int, amount: int) -> None:
        """Add an amount to the value column of this number."""
        for part in self.parts:
            part[self.keys + value] = part[self.keys + value] + amount

    def rekey(self, keys: Sequence[U64], quietly: bool = False) -> None:
        """Replace the key columns of the merged table, and join the rows that are now equal."""
        if self.parts:
            self.parts = [[*keys, *self.parts[0][self.keys :]]]
            self.merge(quietly)


def reduced(fold: str, values: Column, order: I64, starts: I64) -> Column:
    """Fold the values of each group."""
    result: Column = FOLDS[fold].reduceat(values.take(order), starts)
    return result
