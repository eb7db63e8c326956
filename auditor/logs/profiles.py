"""Numbers for what rows are alike in: few values, so that one number stands for many columns."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich.fold import SPAN, constant, fold, numbered

MANY: Final = "a record of one of too many accounts, networks or calls"
"""Why a record whose values have no number is not examined."""
CROWDED: Final = (
    "Records name more accounts, networks or calls than are kept apart: those of the ones that came last are not "
    "examined."
)
LONG: Final = 256
"""Characters that count as much as a row of values."""


class Profiles:
    """The distinct values of some columns, numbered in the order in which they come."""

    def __init__(self, columns: Mapping[str, Any], most: int) -> None:
        """Number no values yet of columns of these kinds, and never more than so many rows of them."""
        self._columns = dict(columns)
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._left = most

    def of(self, rows: pl.DataFrame) -> pl.Series:
        """Return the number of each row; null: there are too many others."""
        distinct, which = _distinct(rows.select(*self._columns))
        numbers = pl.Series("profile", map(self._number, distinct.iter_rows()), pl.Int64)
        return numbers.gather(which)

    def _number(self, row: tuple[Any, ...]) -> int | None:
        number = self._numbers.get(row)
        if number is None and self._left > 0:
            self._left -= 1 + sum(len(value) for value in row if isinstance(value, str)) // LONG
            number = self._numbers[row] = len(self._numbers)
        return number

    def table(self) -> pl.DataFrame:
        """Return the values by their numbers."""
        return pl.DataFrame(list(self._numbers), schema=self._columns, orient="row")


def _distinct(rows: pl.DataFrame) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """Return distinct rows, and for each row the index of its own: see `fold`, which does what is no small number."""
    code, size = np.zeros(len(rows), np.int64), 1
    for column in rows:
        if constant(column):
            continue
        if column.null_count() or not (column.dtype.is_integer() or column.dtype == pl.Boolean):
            return fold(rows)
        numbers = column.cast(pl.Int64).to_numpy()
        least, most = int(numbers.min()), int(numbers.max())
        size *= most - least + 1
        if size > SPAN:
            return fold(rows)
        code = code * (most - least + 1) + (numbers - least)
    first, which = numbered(code, size)
    return rows[first], which
