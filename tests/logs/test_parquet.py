import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor.logs import parquet
from auditor.logs.model import Told
from auditor.model.errors import InputError
from auditor.read.source import Source
from tests.read.test_footer import parquet as written

FRAME = pl.DataFrame({
    "n": pl.Series(range(25), dtype=pl.Int16), "t": [f"x{number}" for number in range(25)], "u": [1.5] * 25,
    "when": pl.Series([1_714_557_600_000] * 25).cast(pl.Datetime("ms")), "bytes": pl.Series([b"ab"] * 25),
    "unwanted": [1] * 25,
})  # fmt: skip


@pytest.fixture(autouse=True)
def _portions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(parquet, "PORTION", 10)
    yield
    parquet._close()


def read(path: Path, data: bytes, packing: str = "") -> list[pl.DataFrame]:
    file = path / "a[1]*.parquet"
    file.write_bytes(gzip.compress(data) if packing else data)
    source = Source(file.name, str(file), file.stat().st_size, "", packing)
    return list(parquet.tables(source, Told(), lambda name: name != "unwanted"))


@pytest.mark.parametrize("packing", ["", "gzip"])
def test_rows_come_in_portions_with_their_numbers(tmp_path: Path, packing: str) -> None:
    found = read(tmp_path, written(FRAME), packing)
    assert [len(each) for each in found] == [10, 10, 5]
    whole = pl.concat(found)
    assert whole["record"].to_list() == list(range(1, 26))
    assert whole["n"].to_list() == list(range(25))
    assert whole["t"].to_list() == FRAME["t"].to_list()
    assert whole["u"].to_list() == ["1.5"] * 25
    assert whole["when"].to_list() == [1_714_557_600] * 25
    assert whole["bytes"].to_list() == ["ab"] * 25
    assert "unwanted" not in whole.columns


def test_a_file_without_rows_has_no_records(tmp_path: Path) -> None:
    assert read(tmp_path, written(FRAME.clear())) == []


def bad(found: list[pl.DataFrame]) -> list[dict[str, Any]]:
    return [row for each in found if "status" in each.columns for row in each.to_dicts()]


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" * 2, written(FRAME)[:-3], written(FRAME)[:200]])
def test_a_file_that_is_cut_is_a_record_that_can_not_be_read(tmp_path: Path, data: bytes) -> None:
    assert bad(read(tmp_path, data)) == [{"record": 1, "records": 1, "status": "malformed", "detail": parquet.DAMAGED}]


def test_a_footer_that_promises_more_rows_than_there_are(tmp_path: Path) -> None:
    data = bytearray(written(FRAME))
    size = int.from_bytes(data[-8:-4], "little")
    at = data.index(b"\x16" + bytes([2 * 25]), len(data) - 8 - size)  # i64, zigzag of 25
    data[at + 1] = 2 * 60
    found = read(tmp_path, bytes(data))
    (rest,) = bad(found)
    read_ = sum(len(each) for each in found if "status" not in each.columns)
    assert read_ + rest["records"] == 60
    assert rest["record"] == read_ + 1


def test_damage_ends_nothing_but_the_file(tmp_path: Path) -> None:
    chance, data = random.Random(3), written(FRAME)
    for _ in range(40):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        for each in read(tmp_path, bytes(damaged)):
            assert len(each)
    assert sum(len(each) for each in read(tmp_path, data)) == 25


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "LARGEST", 100)
    with pytest.raises(InputError, match="unpacks to more than"):
        read(tmp_path, written(FRAME), "gzip")


def test_a_reader_that_is_left_early_leaves_no_process(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(written(FRAME))
    some = parquet.tables(Source("f", str(file), file.stat().st_size, ""), Told(), lambda name: True)
    next(some)
    some.close()  # type: ignore[attr-defined]
    assert parquet._SPARE == []
