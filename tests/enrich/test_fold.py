"""Folding keeps every row, also when hashes collide."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich.fold import fold

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
