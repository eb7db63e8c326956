"""Fold many rows to their distinct ones, so that what is dear is done once for each."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl


def fold(rows: pl.DataFrame) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """Return the distinct rows in the order in which they first occur, and for each row the index of its own.

    Rows are told apart by 64-bit hashes, which is several times faster than a join on text; should two differ
    and hash alike, which takes a search for such rows, they are joined after all.
    """
    varying = rows.select(name for name in rows.columns if not constant(rows[name]))
    if varying.width == 0 and len(rows):
        return rows.head(1), np.zeros(len(rows), np.int64)
    numbered = pl.DataFrame({"key": varying.hash_rows()}).with_row_index("row")
    first = numbered.select(pl.col("row").min().over("key"))["row"]
    fresh = first.to_numpy() == np.arange(len(rows))
    distinct, ids = rows.filter(fresh), (np.cumsum(fresh) - 1)[first.to_numpy()]
    if all(rows[name].eq_missing(distinct[name].gather(ids)).all() for name in varying.columns):
        return distinct, ids
    distinct = rows.unique(maintain_order=True)
    joined = rows.join(
        distinct.with_row_index("id"), on=rows.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return distinct, joined["id"].to_numpy().astype(np.int64)


def constant(values: pl.Series) -> bool:
    """Say whether all values are equal: of logs most columns are, and comparing costs least."""
    return bool(values.eq_missing(values.head(1)).all())


def numbered(codes: npt.NDArray[np.int64], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Do for numbers from 0 to below `size` what numpy.unique does, without sorting.

    Return the first place of each that occurs, in ascending order, and for each number its index among those.
    """
    if size > max(SPAN, len(codes)):
        _, first, which = np.unique(codes, return_index=True, return_inverse=True)
        return first, which
    place = np.full(size, -1)
    place[codes[::-1]] = np.arange(len(codes))[::-1]
    taken = np.flatnonzero(place >= 0)
    first = place[taken]
    place[taken] = np.arange(len(taken))
    return first, place[codes]


SPAN: Final = 1 << 20
"""Numbers for which a place is kept at least, however few there are to be told apart."""
