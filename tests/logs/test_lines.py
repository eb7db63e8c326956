import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.logs import lines
from auditor.logs.lines import Block, blocks, pieces
from auditor.logs.model import Told
from auditor.read.source import Source


def source(path: Path, data: bytes, packing: str = "") -> Source:
    (path / "it").write_bytes(data)
    return Source("it", str(path / "it"), len(data), "text", packing)


@given(st.binary(max_size=60), st.integers(1, 9))
def test_blocks_are_the_text_cut_between_lines(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int
) -> None:
    path = tmp_path_factory.mktemp("text")
    found = list(blocks(source(path, data), Told(), size))
    assert b"".join(block.data for block in found) == data
    assert all(block.data.endswith(b"\n") for block in found[:-1])
    number = 1
    for block in found:
        assert block.number == number
        number += block.data.count(b"\n")


@given(st.binary(max_size=60), st.integers(1, 9))
def test_pieces_are_the_text(tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int) -> None:
    assert b"".join(pieces(source(tmp_path_factory.mktemp("text"), data), Told(), size)) == data


def test_a_line_that_is_too_long_is_cut_and_the_next_ones_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST", 16)
    data = b"a\n" + b"x" * 100 + b"\nb\n" + b"y" * 70
    found = list(blocks(source(tmp_path, data), Told(), 8))
    assert [block.number for block in found if block.cut] == [2, 4]
    assert [block.data for block in found if not block.cut] == [b"a\n", b"b\n"]
    assert [block for block in found if block.data == b"b\n"] == [Block(3, b"b\n")]


def test_damage_is_told_and_what_came_before_is_kept(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\ntwo\n" * 1000)
    told = Told()
    found = list(blocks(source(tmp_path, packed[:-12], "gzip"), told))
    assert b"".join(block.data for block in found).startswith(b"one\ntwo\n")
    assert list(told.lost) == ["the gzip stream is cut or damaged"]


@given(st.binary(max_size=60), st.integers(1, 9), st.integers(1, 4))
def test_no_block_has_more_lines_than_a_table_has_room_for(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int, most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "MOST", most)
        found = list(blocks(source(tmp_path_factory.mktemp("text"), data.replace(b"a", b"\n")), Told(), size))
    assert b"".join(block.data for block in found) == data.replace(b"a", b"\n")
    assert all(0 < block.lines <= most for block in found)
    number = 1
    for block in found:
        assert block.number == number
        number += block.data.count(b"\n")
