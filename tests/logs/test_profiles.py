import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.logs import profiles
from auditor.logs.profiles import Profiles

KINDS = {"word": pl.String, "number": pl.Int32, "flag": pl.Boolean}
ROWS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b"]), st.one_of(st.none(), st.integers(-3, 3)), st.booleans()), min_size=1
)


def _rows(*given: tuple[str, int | None, bool]) -> pl.DataFrame:
    return pl.DataFrame(given, schema=KINDS, orient="row")


@given(ROWS, ROWS)
def test_equal_rows_have_one_number_in_whatever_part_they_come(
    first: list[tuple[str, int | None, bool]], second: list[tuple[str, int | None, bool]]
) -> None:
    known = Profiles(KINDS, 100)
    numbers = [known.of(_rows(*part)).to_list() for part in (first, second)]
    table = known.table().rows()
    assert [[table[number] for number in part] for part in numbers] == [first, second]
    assert len(table) == len({*first, *second})


@given(st.lists(st.tuples(st.just(""), st.integers(-5, 5), st.booleans()), min_size=1))
def test_small_numbers_are_told_apart_as_anything_is(rows: list[tuple[str, int | None, bool]]) -> None:
    frame = _rows(*rows)
    quick = Profiles(KINDS, 100).of(frame).to_list()
    wide = frame.with_columns(pl.col("number").cast(pl.Int64) * 10**15)
    slow = Profiles({**KINDS, "number": pl.Int64}, 100).of(wide).to_list()
    assert len({*zip(quick, slow, strict=True)}) == len({*quick}) == len({*slow})


def test_what_there_is_no_room_for_has_no_number() -> None:
    known = Profiles(KINDS, 2)
    assert known.of(_rows(("a", 1, True), ("b", 1, True), ("c", 1, True), ("a", 1, True))).to_list() == [0, 1, None, 0]
    assert known.of(_rows(("c", 1, True), ("b", 1, True))).to_list() == [None, 1]
    assert len(known.table()) == 2


@pytest.mark.parametrize(("size", "kept"), [(profiles.LONG - 1, 4), (profiles.LONG, 2)])
def test_long_texts_take_the_room_of_several(size: int, kept: int) -> None:
    known = Profiles(KINDS, 4)
    known.of(_rows(*((letter * size, 1, True) for letter in "abcdef")))
    assert len(known.table()) == kept
