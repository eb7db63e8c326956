import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.logs.lines import Block
from auditor.logs.tables import MORE, _split, table, told, typed

ROWS = [
    (b"1 2\n3 4\n", [(7, "1", "2", None), (8, "3", "4", None)]),
    (b"1 2\r\n3 4", [(7, "1", "2", None), (8, "3", "4", None)]),
    (b"1 2\n\n3 4\n", [(7, "1", "2", None), (8, None, None, None), (9, "3", "4", None)]),
    (b"\n1 2\n", [(7, None, None, None), (8, "1", "2", None)]),
    (b"1\n1 2 3\n", [(7, "1", None, None), (8, "1", "2", "3")]),
    (b'"1 2"\n"3 4\n', [(7, '"1', '2"', None), (8, '"3', "4", None)]),
    (b"\xff 2\n3 4\n", [(7, "�", "2", None), (8, "3", "4", None)]),
    (b"1\0 2\n", [(7, "1\0", "2", None)]),
    (b" 2\n", [(7, None, "2", None)]),
]


@pytest.mark.parametrize(("data", "expected"), ROWS)
def test_every_line_is_a_row_with_its_number(data: bytes, expected: list[object]) -> None:
    assert table(Block(7, data), ["a", "b"], " ").rows() == expected
    assert _split(data, ["a", "b"], " ").rows() == [row[1:] for row in expected]  # type: ignore[index]


def test_more_fields_than_names_show() -> None:
    found = table(Block(1, b"1 2 3 4 5\n1 2\n"), ["a", "b"], " ")
    assert found[MORE].is_not_null().to_list() == [True, False]


def test_blank_lines_are_told_apart() -> None:
    found = table(Block(1, b"1 2\n\n \n"), ["a", "b"], " ")
    assert found.filter(told(["a", "b"]))["record"].to_list() == [1]


@given(st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"")), min_size=1, max_size=20))
def test_any_bytes_give_a_row_a_line(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    if not data:
        return
    found = table(Block(1, data), ["a", "b", "c"], "\t")
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    assert found["record"].to_list() == list(range(1, count + 1))
    assert set(found.dtypes[1:]) == {pl.String}


KINDS = {"b": pl.Int32, "c": pl.Int64}
ODDITIES = st.one_of(
    st.text("0123456789+-_.eE'\"\r\x00\x0bx", max_size=6),
    st.integers(-(2**70), 2**70).map(str),
    st.integers(0, 30).map(lambda zeros: "0" * zeros + "7"),
    st.sampled_from(["-", "\u0661", "\u00a0", "1\u00a0", "NaN", "inf", "True"]),
)


@given(st.lists(st.lists(ODDITIES, min_size=1, max_size=5), min_size=1, max_size=8))
def test_the_parser_reads_those_numbers_that_a_cast_reads(lines: list[list[str]]) -> None:
    block = Block(3, "\n".join(map(" ".join, lines)).encode())
    whole, found = table(block, ["a", "b", "c"], " "), typed(block, ["a", "b", "c"], " ", KINDS)
    if found is not None:
        cast = whole.select(pl.col(name).cast(kind, strict=False) for name, kind in KINDS.items())
        assert found.select(*KINDS).rows() == cast.rows()
        assert found.select("record").rows() == whole.select("record").rows()
        assert (found[MORE].is_null() == whole[MORE].is_null()).all()


def test_only_columns_that_are_wanted_are_typed() -> None:
    found = typed(Block(1, b"x 1 2\n\n' 3 4\nz y 5 6\n"), ["a", "b", "c"], " ", KINDS)
    assert found is not None
    assert found.select("record", "b", "c", MORE).rows() == [
        (1, 1, 2, None), (2, None, None, None), (3, 3, 4, None), (4, None, 5, "6"),
    ]  # fmt: skip
    assert "a" not in found.columns


@pytest.mark.parametrize("data", [b"x 1 2\nx \t1 2\n", b"\x1f\x8b 1 2\n"])
def test_what_the_parser_would_read_otherwise_is_not_typed(data: bytes) -> None:
    assert typed(Block(1, data), ["a", "b", "c"], " ", KINDS) is None
    assert len(table(Block(1, data), ["a", "b", "c"], " ")) == data.count(b"\n")
