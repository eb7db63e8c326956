"""What a configuration would do, as rows of FLOW: who can be sent where, each a touch with the basis `configured`.

A pool of which it is only not excluded that it answers is an offer: it keeps rules open, and violates none.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from auditor.model import flow
from auditor.routing.model import Client, File, Routing
from auditor.routing.placed import Placed
from auditor.routing.reach import Reach, Reached, bounded

Proofs = Sequence[Mapping[int, Reach]]
"""For each configuration what is proven of its graphs, by the identity of their roots."""

COUNTED: Final = "lines of configuration that name nobody and nowhere"
"""Detail of a row that stands for the lines of a file without any way."""


class Way(NamedTuple):
    """A class of clients, and a pool that can answer it."""

    routing: int
    client: Client
    pool: str
    reached: Reached


class Ways:
    """All ways of some configurations, by class of clients: there are millions, and only those of findings are told."""

    def __init__(self, routings: Sequence[Routing], proofs: Proofs) -> None:
        """Number them.  Raise InputError if there are more than can be judged."""
        classes = [(at, client) for at, routing in enumerate(routings) for client in routing.clients]
        self._classes = classes
        self._pools = [proofs[at][id(client.root) if client.root else 0].pools for at, client in classes]
        self._ends = np.cumsum([len(pools) for pools in self._pools], dtype=np.int64)
        if classes:
            bounded(len(self), classes[-1][1].at)
        self._listed: dict[int, list[tuple[str, Reached]]] = {}  # of those classes that were asked for

    def __len__(self) -> int:
        """Return how many there are."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def __iter__(self) -> Iterator[Way]:
        """Yield one after the other."""
        for (at, client), pools in zip(self._classes, self._pools, strict=True):
            for pool, reached in pools.items():
                yield Way(at, client, pool, reached)

    def __getitem__(self, number: int) -> Way:
        """Return one, by its number from 0."""
        at = int(np.searchsorted(self._ends, number, "right"))
        listed = self._listed.get(at)
        if listed is None:
            listed = self._listed[at] = list(self._pools[at].items())
        pool, reached = listed[number - int(self._ends[at])]
        return Way(*self._classes[at], pool, reached)

    def columns(self, files: Mapping[str, int]) -> pl.DataFrame:
        """Return them as a table; `client` numbers the classes of all configurations, `files` number their files."""
        many = [len(pools) for pools in self._pools]
        reached = [each for pools in self._pools for each in pools.values()]
        return pl.DataFrame(
            {
                "way": np.arange(len(self)),
                "client": np.repeat(np.arange(len(many)), many),
                "routing": np.repeat(np.array([at for at, _ in self._classes], np.int64), many),
                "pool": list(chain.from_iterable(self._pools)),
                "source": [files[each.at.file] for each in reached],
                "record": [each.at.line for each in reached],
                "proven": [each.proven for each in reached],
            },
            schema=_EDGE,
        )


def touches(
    routings: Sequence[Routing], found: Ways, files: Sequence[File], known: Placed, moment: int | None
) -> pl.DataFrame:
    """Return FLOW rows with a further column `way`, an index into `found`; -1 in rows that only count lines.

    The records of all rows are the lines of the files that are not blank.
    """
    index = {file.name: at for at, file in enumerate(files)}
    pools = [(at, pool.name, pool.site) for at, routing in enumerate(routings) for pool in routing.pools.values()]
    rows = (
        found.columns(index)
        .join(pl.DataFrame(pools, schema=_POOL, orient="row"), on=["routing", "pool"], maintain_order="left")
        .join(known.clients, on="client", maintain_order="left")
        .join(known.sites, on=["routing", "of"], maintain_order="left")
        .with_columns(
            basis=pl.when("proven").then(pl.lit(flow.CONFIGURED)).otherwise(pl.lit(flow.OFFERED)),
            first_ns=pl.lit(moment or 0, pl.Int64),
            last_ns=pl.lit(moment or 0, pl.Int64),
        )
    )
    names = [name for name in flow.FLOW if name in rows.columns]
    told = flow.frame({name: rows[name] for name in names}).with_columns(way=rows["way"])
    return pl.concat([_counted(told, routings, files, index), _unread(routings, index)])


_EDGE: Final[dict[str, Any]] = {
    "way": pl.Int64, "client": pl.Int64, "routing": pl.Int64, "pool": pl.String, "source": pl.Int32,
    "record": pl.Int64, "proven": pl.Boolean,
}  # fmt: skip
_POOL: Final[dict[str, Any]] = {"routing": pl.Int64, "pool": pl.String, "of": pl.String}


def _counted(
    rows: pl.DataFrame, routings: Sequence[Routing], files: Sequence[File], index: Mapping[str, int]
) -> pl.DataFrame:
    """Give the lines that were understood to the first row of each file, or to a row of their own."""
    missed = dict.fromkeys(index, 0)
    for routing in routings:
        for line in {unread.at for unread in routing.unread}:
            missed[line.file] = missed.get(line.file, 0) + 1
    lines = {index[file.name]: max(0, file.lines - missed[file.name]) for file in files}
    first = rows.with_row_index("row").group_by("source").agg(pl.col("row").min())
    given = {row: lines.pop(source) for source, row in first.iter_rows()}
    left = pl.DataFrame(
        [(source, count) for source, count in sorted(lines.items()) if count],
        schema={"source": pl.Int32, "records": pl.Int64}, orient="row",
    )  # fmt: skip
    alone = flow.frame(
        {"source": left["source"], "records": left["records"], "record": [1] * len(left),
         "status": [flow.NO_ADDRESS] * len(left), "detail": [COUNTED] * len(left),
         "basis": [flow.CONFIGURED] * len(left)}
    ).with_columns(way=pl.lit(-1, pl.Int64))  # fmt: skip
    counts = np.zeros(len(rows), np.int64)
    counts[list(given)] = list(given.values())
    return pl.concat([rows.with_columns(pl.Series("records", counts)), alone])


def _unread(routings: Sequence[Routing], index: Mapping[str, int]) -> pl.DataFrame:
    """Return a row for each line that was not understood."""
    said = {unread.at: unread.why for routing in routings for unread in routing.unread}
    lines = sorted(said)
    count = len(lines)
    return flow.frame(
        {"source": [index[line.file] for line in lines], "record": [line.line for line in lines],
         "records": [1] * count, "status": [flow.UNSUPPORTED] * count, "detail": [said[line] for line in lines],
         "basis": [flow.CONFIGURED] * count}
    ).with_columns(way=pl.lit(-1, pl.Int64))  # fmt: skip
