"""Records of one direction that nothing tells apart, put together while a log is read.

Most of a flow log repeats who talked with whom.  What rules can ask of a record is kept, also the interval between the
moments that rules and proofs know; of ports, what they stand for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.logs.model import Ports, Told
from auditor.logs.outcome import HEADERS
from auditor.logs.profiles import Profiles
from auditor.logs.room import Room
from auditor.logs.texts import ranked
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


SOME: Final = 1 << 17
"""Rows that are handed on at a time: with all columns of LOG they take some 100 MB."""
PORT, ADDRESS, KEY = 1 << 16, 1 << 32, 1 << 18
MOST: Final = 1 << 19
"""Combinations of keys that are kept apart in one input."""
COUNTED: Final = {
    "src_mark": "min", "dst_mark": "min", "first_ns": "min", "last_ns": "max", "src_packets": "sum", "src_bytes": "sum",
    "records": "sum",
}  # fmt: skip
ALIKE: Final = {"protocol": pl.Int32, "heavy": pl.Boolean, **dict.fromkeys(EPOCHS, pl.Int32)}
"""What tells groups apart beside ports, ends and what the reader names."""


class Together:
    """Takes records and gives groups of them."""

    def __init__(self, keys: Mapping[str, Any], told: Told) -> None:
        """Keep records apart that differ in their ends, or in `keys` (name and kind), of which there are few values."""
        self._edges = told.edges
        self._classes = _classes(told.ports)
        self._profiles = Profiles({**keys, **ALIKE}, MOST)
        self._ranked = Room(("pair", "rest"), COUNTED, "pair", times=3)  # of some 70 bytes each
        self._written = Room(("src_addr", "dst_addr", "rest"), COUNTED, "src_addr", times=2)

    def add(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Take records; return those that there was no room for, since what tells them apart has too many values.

        `rows` have the columns record, src_addr, dst_addr, protocol (a number, or null), first_ns, last_ns,
        src_packets, src_bytes, src_port and dst_port beside the keys.
        """
        marked = _marked(rows, self._edges, self._classes)
        marked = marked.with_columns(self._profiles.of(marked))
        left = marked.filter(pl.col("profile").is_null())
        marked = marked.filter(pl.col("profile").is_not_null()) if len(left) else marked
        numbered = marked.select(
            *(f"{side}_addr" for side in flow.SIDES),
            *COUNTED,
            packed("src_key", "dst_key").alias("rest"),
            pair("src_rank", "dst_rank").alias("pair"),
        )
        short = numbered["pair"].is_not_null()
        if not short.all():
            self._written.add(numbered.filter(~short))
            numbered = numbered.filter(short)
        self._ranked.add(numbered)
        return left

    def groups(self, said: Callable[[pl.DataFrame], pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield all groups, with columns of LOG; record and ports are those of the first record of a group.

        `said` makes the other columns of keys, of ALIKE; addresses are texts or ranks.
        """
        profiles = said(self._profiles.table())
        for room in (self._ranked, self._written):
            for part in room.parts(last=True):
                for some in part.iter_slices(SOME):
                    which = some.select(profile()).to_series()
                    yield _grouped(some).hstack(profiles.select(pl.all().gather(which)))


def pair(one: str, other: str) -> pl.Expr:
    """Put two ranks into one number; null if one of them is."""
    return pl.col(one).cast(pl.UInt64) * ADDRESS + pl.col(other)


def ranks(one: str, other: str) -> dict[str, pl.Expr]:
    """Take the two ranks of such a number, and name them."""
    pairs = pl.col("pair")
    return {one: (pairs // ADDRESS).cast(pl.UInt32), other: (pairs % ADDRESS).cast(pl.UInt32)}


def packed(one: str, other: str) -> pl.Expr:
    """Put the number of the profile and what stands for two ports into one number."""
    return (pl.col("profile") * KEY + (pl.col(one) + PORT)) * KEY + (pl.col(other) + PORT)


def profile() -> pl.Expr:
    """Take the number of the profile from such numbers."""
    return (pl.col("rest") // (KEY * KEY)).alias("profile")


def _grouped(part: pl.DataFrame) -> pl.DataFrame:
    ends = ranks("src_rank", "dst_rank") if "pair" in part.columns else {}
    return part.select(
        *(name for name in ("src_addr", "dst_addr") if not ends),
        "first_ns", "last_ns", "src_packets", "src_bytes", "records",
        record=pl.col("src_mark") // PORT,
        **{f"{side}_port": (pl.col(f"{side}_mark") % PORT).cast(pl.Int32) for side in flow.SIDES},
        **ends,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Classes:
    """What stands for the ports of each protocol: see `stands`."""

    begins: Numbers  # for each protocol, and for NOTHING, where its ports begin in
    classes: Numbers


NOTHING: Final = 256
"""Stands for a protocol that isn't told."""


def _classes(ports: Ports | None) -> _Classes:
    known = {number: (ports or {})[name] for number, name in TRANSPORTS.items() if name in (ports or {})}
    begins = np.zeros(NOTHING + 1, np.int64)  # of others each port stands for itself
    begins[list(known)] = np.arange(1, len(known) + 1) * PORT
    return _Classes(begins, np.concatenate([np.arange(PORT, dtype=np.int32), *known.values()]))


def _marked(rows: pl.DataFrame, edges: Sequence[int], known: _Classes) -> pl.DataFrame:
    """Give records what stands for their ports, and marks whose minimum is the first record with its ports."""
    ports = {side: rows[f"{side}_port"].fill_null(0).to_numpy() & 0xFFFF for side in flow.SIDES}
    begins = known.begins.take(rows["protocol"].fill_null(NOTHING).to_numpy())
    src, dst = ports.values()
    one, other = (known.classes.take(begins + port) for port in (src, dst))
    service, served = one > 0, other > 0
    keys = np.where(served & ~service, one, src), np.where(service & ~served, other, dst)
    record = rows["record"].to_numpy() * PORT
    ranks = ranked(pl.concat([rows["src_addr"], rows["dst_addr"]]))
    return rows.with_columns(
        *epochs(edges),
        pl.lit(1, pl.Int64).alias("records"),
        heavy=pl.col("src_bytes") > HEADERS * pl.col("src_packets"),
        src_rank=ranks.head(len(rows)),
        dst_rank=ranks.tail(len(rows)),
        **{f"{side}_key": pl.Series(values) for side, values in zip(flow.SIDES, keys, strict=True)},
        **{f"{side}_mark": pl.Series(record + values) for side, values in ports.items()},
    )
