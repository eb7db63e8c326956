"""What is held of an end: the labels, claims and proofs of all evidence about it.

They are put together once per distinct combination, for ends are many and combinations few.  Claims are
or-ed and proofs are and-ed, so neither the order of the evidence nor its repetition matters.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.model import countries, labels

Integers = npt.NDArray[np.int64]
Held = tuple[tuple[str, ...], str, str]
"""Labels, the countries that are possible by all evidence, and those that the proofs alone leave."""

_SAID: Final = ("label", "claimed", "proven")


def codes(values: pl.Series) -> tuple[pl.Series, Integers]:
    """Return the distinct texts of a column, sorted, and the number of each row; null is numbered like the first."""
    distinct, column = enum(values)
    return distinct, column.to_physical().cast(pl.Int64).fill_null(0).to_numpy()


def enum(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the distinct texts of a column, sorted, and the column as an Enum: as fast as numbers, and still text."""
    if isinstance(values.dtype, pl.Enum):
        return values.dtype.categories, values
    distinct = values.drop_nulls().unique().sort()
    return distinct, values.cast(pl.Enum(distinct))


def enums(frame: pl.DataFrame) -> pl.DataFrame:
    """Make Enums of all columns of text, side by side."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    found = frame.select(pl.col(texts).drop_nulls().unique().sort().implode())
    return frame.with_columns(pl.col(name).cast(pl.Enum(found[name][0])) for name in texts)


class Evidence:
    """A ledger of combinations of evidence: rows refer to it by number, since rows are many and combinations few."""

    def __init__(self, ends: pl.DataFrame) -> None:
        """Number what single rows say (their `mark`)."""
        columns = [codes(ends[name]) for name in _SAID]
        mixed = np.zeros(len(ends), np.int64)
        for distinct, number in columns:
            mixed = mixed * len(distinct) + number
        _, first, mark = np.unique(mixed, return_index=True, return_inverse=True)
        self._mark = mark.astype(np.int64)
        self._said = list(ends.select(_SAID)[first].iter_rows())
        self._numbers: dict[tuple[int, ...], int] = {}
        self.held: list[Held] = []
        alone = [self._number((mark,)) for mark in range(len(first))]
        self.rows: Integers = np.array(alone, np.int64)[self._mark]  # what is held of each row by itself

    def combine(self, rows: Integers, group: Integers) -> None:
        """Let the evidence of all rows of a group count for each of them."""
        for some in _disagreeing(group, self._mark[rows]):
            members = rows[some]
            self.rows[members] = self._number(tuple(np.unique(self._mark[members]).tolist()))

    def _number(self, marks: tuple[int, ...]) -> int:
        if marks not in self._numbers:
            self.held.append(_put_together([self._said[mark] for mark in marks]))
            self._numbers[marks] = len(self.held) - 1
        return self._numbers[marks]

    def column(self, index: int) -> pl.Series:
        """Return the possible (1) or the proven (2) countries of each row."""
        return pl.Series([held[index] for held in self.held], dtype=pl.String).gather(self.rows)


def _put_together(said: list[tuple[str, str, str]]) -> Held:
    claims, proof = 0, countries.WORLD
    for _, claimed, proven in said:
        claims |= countries.bits(claimed) if claimed else 0
        proof &= countries.bits(proven)
    called = tuple(sorted({part for label, _, _ in said for part in labels.split(label)}))
    return called, countries.text(claims & proof or proof), countries.text(proof)


def _disagreeing(group: Integers, mark: Integers) -> list[Integers]:
    """List the groups (as positions) of whose rows not all say the same."""
    if not len(group):
        return []
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1)).astype(np.int64)
    ordered = mark[order]
    several = np.minimum.reduceat(ordered, starts) < np.maximum.reduceat(ordered, starts)
    bounds = np.append(starts, len(group))
    return [order[bounds[i] : bounds[i + 1]] for i in np.flatnonzero(several)]
