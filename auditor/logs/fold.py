"""Records of one exchange become one row: both directions, all intervals, in whatever input they stand.

A log tells of an exchange in many records, often one direction in each.  Rows are kept by who, with whom, on which
service's port and in which stretch of time between the moments that rules and proofs know, so their number grows with
what can be told apart and not with the length of the log; what doesn't fit into memory waits in a temporary folder.

Ports.  Where one end's port is a service's and the other's is not, the other's differ from connection to connection
and mean nothing, so they are one, unless all ports are to be kept.  Of the others both ports tell exchanges apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import numpy as np
import polars as pl

from auditor.logs import outcome, texts, ties
from auditor.logs.model import DEFAULTS, LOG, Ports
from auditor.logs.profiles import Profiles
from auditor.logs.room import Room, Store
from auditor.logs.together import EPOCHS, SOME, epochs, packed, pair, profile, ranks, stands
from auditor.model import flow

PROFILE: Final = (
    "observer", "basis", "transport", "app", "plane", "service", "session", "account", "outcome", "encrypted",
    "detail", *EPOCHS, "a_name", "a_role", "a_site", "b_name", "b_role", "b_site",
)  # fmt: skip
"""What rows are told apart by beside their ends: few values, so they stand as one number."""
FOLDS: Final = {
    "records": "sum", "witness": "min", "first_ns": "min", "last_ns": "max",
    "a_packets": "sum", "b_packets": "sum", "a_bytes": "sum", "b_bytes": "sum",
    **outcome.FOLDS,
}  # fmt: skip
MOST: Final = 1 << 21
"""Combinations of values of the columns of PROFILE that are kept apart; each session is one."""
SOURCE, PORT = 1 << flow.SOURCE_SHIFT, 1 << 16
"""A witness is source, record and both ports in one Int128, so that its minimum is those of one record."""


class Folder:
    """Takes rows of LOG and gives rows of FLOW."""

    def __init__(self, ports: Ports | None, edges: Sequence[int]) -> None:
        """Make an empty table; without `ports` all ports are kept.  `edges` are moments in nanoseconds."""
        self._ports = ports
        self._edges = edges
        self._profiles = Profiles(_PROFILES, MOST)
        self._crowded: list[pl.DataFrame] = []
        self._tied = Store("tie")
        self._ranked = Room(("pair", "rest"), FOLDS, "pair", times=2)
        self._written = Room(("together", "a_addr", "b_addr", "rest"), FOLDS, "together")

    def add(self, rows: pl.DataFrame, source: int) -> pl.DataFrame:
        """Take rows with status ok and all columns of LOG; return those whose addresses are none.

        Their observers stand for vantages: private addresses of one of these mean one machine each.
        """
        rows = texts.addressed(rows)
        src, dst = (pl.any_horizontal(pl.col(f"{side}_addr", f"{side}_rank").is_not_null()) for side in flow.SIDES)
        whole = src & dst
        bad, rows = rows.filter(~whole), rows.filter(whole)
        if len(rows):
            sourced = rows.with_columns(source=pl.lit(source, pl.Int64))
            tied = pl.col("tie").is_not_null()
            self._tied.add(sourced.filter(tied))
            self._fold(sourced.filter(~tied))
        return bad

    def close(self) -> None:
        """Put the records together that tell of one exchange each: no more rows come."""
        for some in self._tied.parts(last=True):
            self._fold(ties.united(some))
        self._tied = Store("tie")

    def _fold(self, rows: pl.DataFrame) -> None:
        """Take rows of which all ends have an address; those of sessions, and what is no IPv4, stay texts."""
        short = pl.col("session").is_null() & pl.col("src_rank").is_not_null() & pl.col("dst_rank").is_not_null()
        which = rows.select(short).to_series()
        ranked_, written = (rows, rows.clear()) if which.all() else (rows.filter(which), rows.filter(~which))
        if len(ranked_):
            sided = self._sided(ranked_, "rank")
            self._ranked.add(sided.select("rest", *FOLDS, pair=pair("a_rank", "b_rank")))
        if len(written):
            sided = self._sided(texts.written(written), "addr")
            own = pl.struct("a_addr", "b_addr").hash()
            shared = pl.when(pl.col("session").is_null()).then(own).otherwise(pl.col("session").hash())
            self._written.add(sided.select("a_addr", "b_addr", "rest", *FOLDS, together=shared))

    def crowded(self) -> pl.DataFrame:
        """Return how many records (source, record: the first one, records) were left out, for want of room."""
        counts = pl.DataFrame(schema={"source": pl.Int64, "record": pl.Int64, "records": pl.Int64})
        rows = pl.concat([counts, *self._crowded])
        return rows.group_by("source").agg(pl.col("record").min(), pl.col("records").sum())

    def flows(self) -> Iterator[pl.DataFrame]:
        """Yield FLOW rows; all rows of one exchange, and of one session, are in one of the frames."""
        profiles = self._profiles.table()
        written = (part.select("a_addr", "b_addr", profile(), *FOLDS) for part in self._written.parts())
        for part in _gathered(chain(map(_spelled, self._ranked.parts()), written)):
            of_session = profiles["session"].gather(part["profile"]).is_not_null()
            for some in (part.filter(of_session), *part.filter(~of_session).iter_slices(SOME)):
                if some.is_empty():
                    continue
                yield _written(some.hstack(profiles.select(pl.all().gather(some["profile"]))))

    def _sided(self, rows: pl.DataFrame, end: str) -> pl.DataFrame:
        """Call the lesser end a and the other b, whichever way a record goes, and say what the record shows.

        Ends are told apart by `end`, which is rank or addr: both have one order.
        """
        keyed = outcome.shown(rows.with_columns(_keys(rows, self._ports)))
        src, dst = (pl.col(f"{side}_{end}") for side in flow.SIDES)
        straight = keyed.select((src < dst) | ((src == dst) & (pl.col("src_key") <= pl.col("dst_key")))).to_series()
        sides = {
            f"{to}_{name}": pl.when(straight).then(f"{one}_{name}").otherwise(f"{other}_{name}")
            for to, one, other in (("a", "src", "dst"), ("b", "dst", "src"))
            for name in (end, "port", "key", "name", "role", "site", "packets", "bytes", *outcome.SIDED)
        }
        found = keyed.select("source", "whole", *RECORDWIDE, *epochs(self._edges), **sides)
        number = pl.col("source").cast(pl.Int128) * SOURCE + pl.col("record")
        ports = pl.col("a_port").cast(pl.Int64) * PORT + pl.col("b_port")
        found = found.with_columns(self._profiles.of(found), outcome.both(), witness=number * PORT * PORT + ports)
        if found["profile"].null_count():
            self._crowded.append(found.filter(pl.col("profile").is_null()).select("source", "record", "records"))
            found = found.filter(pl.col("profile").is_not_null())
        return found.with_columns(packed("a_key", "b_key").alias("rest"))


PORTED: Final = ("tcp", "udp", "sctp", "")
"""Transports with ports; what logs write in their place for ICMP differs from direction to direction."""
RECORDWIDE: Final = (
    "record", "records", "observer", "basis", "transport", "app", "plane", "service", "session", "account", "outcome",
    "encrypted", "detail", "first_ns", "last_ns",
)  # fmt: skip
_KINDS: Final = {**LOG, **dict.fromkeys(EPOCHS, pl.Int32)}
_PROFILES: Final = {name: _KINDS.get(name, pl.String) for name in PROFILE}


def _gathered(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Put small parts together, so that few are cut in two: what follows costs by the part, too."""
    some: list[pl.DataFrame] = []
    for part in parts:
        some.append(part)
        if sum(map(len, some)) >= SOME // 2:
            yield pl.concat(some)
            some = []
    if some:
        yield pl.concat(some)


def _spelled(part: pl.DataFrame) -> pl.DataFrame:
    """Write the addresses of exchanges that were told apart by ranks."""
    ends = map(texts.spelled, part.select(**ranks("a_addr", "b_addr")))
    return part.select(profile(), *FOLDS).with_columns(ends).select("a_addr", "b_addr", "profile", *FOLDS)


def complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Give rows of some columns of LOG the others, and those alone."""
    given = rows.collect_schema().names()
    missing = [pl.lit(DEFAULTS[name], kind).alias(name) for name, kind in LOG.items() if name not in given]
    return rows.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in LOG.items())


def _keys(rows: pl.DataFrame, ports: Ports | None) -> list[pl.Series]:
    """Return what stands for the ports of both ends of each row."""
    src, dst = (rows[f"{side}_port"].fill_null(0).to_numpy() & 0xFFFF for side in flow.SIDES)
    ported = rows["transport"].is_in(PORTED).to_numpy()
    keys = [np.where(ported, port, 0) for port in (src, dst)]
    for transport in ports or {}:
        here = (rows["transport"] == transport).to_numpy()
        keys = [np.where(here, each, key) for each, key in zip(stands(ports, transport, src, dst), keys, strict=True)]
    return [pl.Series(f"{side}_key", key, pl.Int32) for side, key in zip(flow.SIDES, keys, strict=True)]


def _written(rows: pl.DataFrame) -> pl.DataFrame:
    """Write rows as FLOW: src is who opened the exchange, where that is known, else the lesser end."""
    witness, turned = pl.col("witness"), pl.col("turned")
    settled = outcome.settled(rows).with_columns(
        a_port=(witness // PORT % PORT).cast(pl.Int32),
        b_port=(witness % PORT).cast(pl.Int32),
        number=witness // (PORT * PORT),
    )
    sides = {
        f"{to}_{name}": pl.when(turned).then(f"{other}_{name}").otherwise(f"{one}_{name}")
        for to, one, other in (("src", "a", "b"), ("dst", "b", "a"))
        for name in ("addr", "port", "name", "role", "site", "packets", "bytes")
    }
    same = ("basis", "transport", "app", "plane", "service", "session", "account", "encrypted", "detail", "outcome")
    found = settled.select(
        *same, "opened", "first_ns", "last_ns", "records",
        vantage="observer",
        source=(pl.col("number") // SOURCE).cast(pl.Int32),
        record=(pl.col("number") % SOURCE).cast(pl.Int64),
        **sides,
    )  # fmt: skip
    return flow.frame(found.to_dict())
