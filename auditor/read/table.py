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
"""Rows of parts that are merged into one, at first; then twice what was left, so that merging stays linear."""

_NONE: Final = np.empty(0, np.uint64)


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
            self._limit = max(MERGE, 2 * self.rows)

    def take_over(self, other: "Table") -> None:
        """Take the rows of another table away from it."""
        parts, other.parts, other.rows = other.parts, [], 0
        for part in parts:
            self.append(part)

    def merge(self, quietly: bool = False) -> None:
        """Make all parts one, without two rows of the same key; `quietly`: `after` is not called."""
        if not self.parts:
            return
        parts, self.parts = self.parts, []
        columns: list[Column] = []
        for number in range(self.keys + len(self.folds)):  # one by one: there is no room for all of them twice
            columns.append(np.concatenate([part[number] for part in parts]) if len(parts) > 1 else parts[0][number])
            for part in parts:
                part[number] = _NONE
        order, starts = exact(columns[: self.keys])
        if len(starts) < len(order):
            leaders = order.take(starts)
            for number in range(len(columns)):
                fold = self.folds[number - self.keys] if number >= self.keys else ""
                column = columns[number]
                columns[number] = reduced(fold, column, order, starts) if fold else column.take(leaders)
        self.parts = [columns]
        self.rows = len(starts)
        if self.after and not quietly:
            self.after(self)

    def columns(self) -> list[Column]:
        """Return the merged columns, keys first."""
        self.merge()
        if not self.parts:
            return [np.empty(0, np.uint64)] * self.keys + [np.empty(0, np.int64)] * len(self.folds)
        return self.parts[0]

    def drained(self) -> list[Column]:
        """Return the merged columns, and forget them."""
        columns = self.columns()
        self.parts, self.rows = [], 0
        return columns

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
