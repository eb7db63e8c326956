"""Numbers for what rows are alike in: few values, so that one number stands for many columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from auditor.enrich.fold import fold


class Profiles:
    """The distinct values of some columns, numbered in the order in which they come."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        """Number no values yet of columns of these kinds."""
        self._columns = dict(columns)
        self._numbers: dict[tuple[Any, ...], int] = {}

    def of(self, rows: pl.DataFrame) -> pl.Series:
        """Return the number of each row."""
        distinct, which = fold(rows.select(*self._columns))
        numbers = [self._numbers.setdefault(row, len(self._numbers)) for row in distinct.iter_rows()]
        return pl.Series("profile", np.array(numbers, np.int64)[which])

    def table(self) -> pl.DataFrame:
        """Return the values by their numbers."""
        return pl.DataFrame(list(self._numbers), schema=self._columns, orient="row")
