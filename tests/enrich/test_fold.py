"""Folding keeps every row, also when hashes collide."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich.fold import SPAN, fold, numbered

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "", None]), st.integers(0, 2)), max_size=30)


def frame(rows: list[tuple[str | None, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"text": pl.String, "number": pl.Int32}, orient="row")


@given(ROWS)
def test_every_row_finds_itself(rows: list[tuple[str | None, int]]) -> None:
    distinct, ids = fold(frame(rows))
    assert distinct.rows() == list(dict.fromkeys(rows))
    assert [distinct.rows()[at] for at in ids] == rows


@given(ROWS.filter(bool))
def test_rows_that_hash_alike_are_told_apart(rows: list[tuple[str | None, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.DataFrame, "hash_rows", lambda self: pl.repeat(7, len(self), dtype=pl.UInt64, eager=True))
        distinct, ids = fold(frame(rows))
    assert [distinct.rows()[at] for at in ids] == rows


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([51, SPAN * 4]))
def test_numbers_are_told_apart_as_by_sorting(values: list[int], size: int) -> None:
    codes = np.array(values, np.int64)
    _, places, which = np.unique(codes, return_index=True, return_inverse=True)
    first, found = numbered(codes, size)
    assert (first.tolist(), found.tolist()) == (places.tolist(), which.tolist())
