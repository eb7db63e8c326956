import random
from io import BytesIO

import polars as pl
import pytest

from auditor.read.footer import MAGIC, Footer, footer, telling


def parquet(frame: pl.DataFrame) -> bytes:
    stream = BytesIO()
    frame.write_parquet(stream, row_group_size=10)
    return stream.getvalue()


FRAME = pl.DataFrame({
    "a": range(35), "b": ["x"] * 35, "c": [[1, 2]] * 35, "d": [{"a": 1, "e": {"f": 2}}] * 35, "g": [1.5] * 35,
})  # fmt: skip
DATA = parquet(FRAME)


def read(data: bytes) -> Footer | None:
    return footer(telling(BytesIO(data)))


def test_a_footer_tells_the_plain_columns_and_the_rows() -> None:
    assert read(DATA) == Footer(("a", "b", "g"), 35)
    assert read(parquet(FRAME.clear())) == Footer(("a", "b", "g"), 0)


def test_a_schema_of_many_columns_and_a_footer_longer_than_is_looked_at() -> None:
    wide = pl.DataFrame({f"column_{number}": [1] for number in range(3000)})
    said = read(parquet(wide))
    assert said is not None
    assert len(said.names) == 3000


BROKEN = [
    b"", MAGIC, MAGIC * 2, MAGIC + bytes(4) + MAGIC, MAGIC + b"\xff\xff\xff\x7f" + MAGIC, DATA[:-1],
    DATA[: len(DATA) // 2], b"x" + DATA[1:-4] + b"PARE",
    MAGIC + b"\x19\xfc\xff\xff\xff\xff\x0f" + b"\x07\0\0\0" + MAGIC,
]  # fmt: skip


@pytest.mark.parametrize("data", BROKEN)
def test_what_is_no_footer(data: bytes) -> None:
    assert read(data) is None


def test_damage_raises_nothing() -> None:
    chance = random.Random(7)
    told = telling(BytesIO(DATA))
    for _ in range(3000):
        damaged = bytearray(told)
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        found = footer(bytes(damaged[: chance.randint(4, len(damaged))]))
        assert found is None or len(found.names) <= 4096
