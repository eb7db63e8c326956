"""Records of one direction that nothing tells apart, put together while a log is read.

Most of a flow log repeats who talked with whom.  What rules can ask of a record is kept, also the interval between the
moments that rules and proofs know; of ports, what they stand for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.logs.model import Ports, Told
from auditor.logs.outcome import HEADERS
from auditor.logs.room import Room
from auditor.model import flow
from auditor.read.layout import TRANSPORTS

Numbers = npt.NDArray[Any]
EPOCHS: Final = ("begun", "ended")


def epochs(edges: Sequence[int]) -> list[pl.Expr]:
    """Number the intervals between edges in which `first_ns` and `last_ns` lie; 0: of a time that isn't known."""
    return [
        pl.when(pl.col(time) == 0)
        .then(0)
        .otherwise(
            1 + pl.sum_horizontal(pl.lit(0, pl.Int32), *(pl.col(time).ge(edge).cast(pl.Int32) for edge in edges))
        )
        .cast(pl.Int32)
        .alias(name)
        for time, name in zip(("first_ns", "last_ns"), EPOCHS, strict=True)
    ]


def stands(ports: Ports | None, transport: str, src: Numbers, dst: Numbers) -> tuple[Numbers, Numbers]:
    """Return what stands for the ports of both ends: of one that is no service's, beside one that is, its class."""
    table = (ports or {}).get(transport)
    if table is None:
        return src, dst
    one, other = table.take(src), table.take(dst)
    return np.where((one <= 0) & (other > 0), one, src), np.where((other <= 0) & (one > 0), other, dst)


KEPT: Final = 1 << 21
"""Groups that are kept in memory, some 100 bytes each."""
SOME: Final = 1 << 17
"""Rows that are handed on at a time: with all columns of LOG they take some 100 MB."""
PORT: Final = 1 << 16
COUNTED: Final = {
    "src_mark": "min", "dst_mark": "min", "first_ns": "min", "last_ns": "max", "src_packets": "sum", "src_bytes": "sum",
    "records": "sum",
}  # fmt: skip
BITS: Final = {"heavy": 1, "protocol": 9, "src_key": 18, "dst_key": 18, **dict.fromkeys(EPOCHS, 9)}
"""Bits that small numbers take in the one number by which groups are told apart, after they were made positive."""
SHIFT: Final = {"heavy": 0, "protocol": 1, "src_key": PORT, "dst_key": PORT, **dict.fromkeys(EPOCHS, 0)}
MOST: Final = (1 << BITS["begun"]) - 1
"""Edges up to which the numbers of epochs fit."""


class Together:
    """Takes records and gives groups of them."""

    def __init__(self, keys: Mapping[str, Any], told: Told) -> None:
        """Keep records apart that differ in `keys` (name and kind), or in the protocol."""
        self._keys = dict(keys)
        self._packed = [name for name in BITS if name not in EPOCHS or len(told.edges) < MOST]
        plain = [name for name in BITS if name not in self._packed]
        self._by = ["packed", *plain, *keys]
        self._told = told
        share = next((name for name, kind in keys.items() if kind == pl.String), "packed")
        self._room = Room(self._by, COUNTED, share, KEPT)

    def add(self, rows: pl.DataFrame) -> None:
        """Take records.

        `rows` have the columns record, protocol (a number, or null), first_ns, last_ns, src_packets, src_bytes,
        src_port and dst_port beside the keys.
        """
        marked = _marked(rows, self._told).with_columns(pl.lit(1, pl.Int64).alias("records"), self._number())
        self._room.add(marked.select(*self._by, *COUNTED))

    def groups(self) -> Iterator[pl.DataFrame]:
        """Yield all groups, with the column `records`; record and ports are those of the first record of a group."""
        for part in self._room.parts():
            for some in part.iter_slices(SOME):
                yield some.with_columns(
                    *self._numbers(),
                    *(pl.col(name).cast(pl.String) for name, kind in self._keys.items() if kind == pl.Categorical),
                    record=pl.col("src_mark") // PORT,
                    **{f"{side}_port": (pl.col(f"{side}_mark") % PORT).cast(pl.Int32) for side in flow.SIDES},
                ).drop("packed")

    def _number(self) -> pl.Expr:
        packed = pl.lit(0, pl.Int64)
        for name in self._packed:
            packed = packed * (1 << BITS[name]) + pl.col(name).fill_null(-1) + SHIFT[name]
        return packed.alias("packed")

    def _numbers(self) -> Iterator[pl.Expr]:
        left = pl.col("packed")
        for name in reversed(self._packed):
            value = (left % (1 << BITS[name]) - SHIFT[name]).cast(pl.Int32)
            yield (pl.when(value >= 0).then(value) if name == "protocol" else value).alias(name)
            left = left // (1 << BITS[name])


def _marked(rows: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Give records what stands for their ports, and marks whose minimum is the first record with its ports."""
    ports = {side: rows[f"{side}_port"].fill_null(0).to_numpy() & 0xFFFF for side in flow.SIDES}
    key = dict(ports)
    for number, transport in TRANSPORTS.items():
        here = (rows["protocol"] == number).fill_null(False).to_numpy()
        if here.any():
            found = stands(told.ports, transport, *ports.values())
            key = {side: np.where(here, each, key[side]) for side, each in zip(flow.SIDES, found, strict=True)}
    record = rows["record"].to_numpy() * PORT
    return rows.with_columns(
        *epochs(told.edges),
        heavy=(pl.col("src_bytes") > HEADERS * pl.col("src_packets")).cast(pl.Int64),
        **{f"{side}_key": pl.Series(values.astype(np.int64)) for side, values in key.items()},
        **{f"{side}_mark": pl.Series(record + values) for side, values in ports.items()},
    )
