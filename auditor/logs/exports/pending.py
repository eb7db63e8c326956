"""Sets that wait to be decoded: those of one template together, since columns cost by the call."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.logs.exports import sections
from auditor.logs.exports.fields import MOST, Fields, Plan
from auditor.logs.exports.memory import Known, Missing, Origin, When
from auditor.logs.exports.records import Said, columns, rates
from auditor.logs.model import DEFAULTS, LOG
from auditor.read.arrays import I64

ROWS: Final = 1 << 17
BYTES: Final = 1 << 25
"""Rows and bytes that wait at most."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of all records of a set."""

    origin: Origin
    version: int
    domain: int
    when: When
    export_ns: int
    uptime: int
    arrived_ns: int
    observer: str
    sampling: int = 0
    started_ms: int = 0


@dataclass(slots=True)
class _Sets:
    """Sets of one template."""

    raw: list[bytes] = field(default_factory=list)
    first: list[int] = field(default_factory=list)  # number of the first record of each set
    step: list[int] = field(default_factory=list)  # 1: records are numbered; 0: all bear the number of their packet
    count: list[int] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    sections: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Unread:
    """Records that no row tells more of."""

    record: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    detail: list[str] = field(default_factory=list)

    def add(self, record: int, records: int, status: str, detail: str) -> None:
        """Count records under one reason, from the number of the first one."""
        self.record.append(record)
        self.records.append(records)
        self.status.append(status)
        self.detail.append(detail)


class Pending:
    """Rows of one source that are to come."""

    def __init__(self, known: Known, notes: set[str]) -> None:
        self._known, self._notes = known, notes
        self._sets: dict[Plan, _Sets] = {}
        self._sampled: list[tuple[int, int, bytes, int, int, Context, str, str | None]] = []
        self.unread = Unread()
        self._rows = self._bytes = 0

    def add(self, plan: Plan, raw: bytes, context: Context, first: int, step: int, taken: list[bytes]) -> None:
        """Take the records of a set; `taken` are the packet sections in them."""
        count = len(taken) if plan.variable else len(raw) // plan.size
        if not count:
            return
        sets = self._sets.setdefault(plan, _Sets())
        sets.raw.append(raw)
        sets.first.append(first)
        sets.step.append(step)
        sets.count.append(count)
        sets.contexts.append(context)
        sets.sections += taken
        self._rows += count
        self._bytes += len(raw) + sum(map(len, taken))

    def sample(
        self,
        record: int,
        link: int,
        wire: int,
        head: bytes,
        rate: int,
        context: Context,
        real: str = "",
        outcome: str | None = None,
    ) -> None:
        """Take the beginning of a packet of `wire` bytes that stands for `rate` packets; `real` is where it went."""
        self._sampled.append((link, wire, head, record, rate, context, real, outcome))
        self._rows += 1
        self._bytes += len(head)

    def tell(self, record: int, records: int, status: str, detail: str) -> None:
        """Count records that no row tells more of."""
        self.unread.add(record, records, status, detail)
        self._rows += 1

    @property
    def full(self) -> bool:
        return self._rows >= ROWS or self._bytes >= BYTES

    def flush(self) -> Iterator[pl.LazyFrame]:
        """Yield what waits."""
        frames = []
        for plan, sets in self._sets.items():
            if plan.known & {"ip_section", "frame_section"}:
                self._copied(plan, sets)
            else:
                frames.append(self._flows(plan, sets))
        if self._sampled:
            frames.append(self._samples())
        if self.unread.record:
            told = self.unread
            frames.append(pl.DataFrame({
                "record": told.record, "records": told.records, "status": told.status, "detail": told.detail,
            }))  # fmt: skip
        self._sets, self._sampled, self.unread = {}, [], Unread()
        self._rows = self._bytes = 0
        if frames:
            yield pl.concat([_typed(each) for each in frames], how="diagonal").lazy()

    def _flows(self, plan: Plan, sets: _Sets) -> pl.DataFrame:
        fields, said = self._fields(plan, sets)
        return pl.DataFrame(columns(fields, said, self._notes))

    def _fields(self, plan: Plan, sets: _Sets) -> tuple[Fields, Said]:
        size = max(plan.size, 1)
        whole = b"".join(sets.raw) if plan.size else bytes(sum(sets.count))
        fields = Fields(plan, np.frombuffer(whole, np.uint8).reshape(-1, size))
        counts = np.array(sets.count, np.int64)
        which = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        contexts = sets.contexts
        observers = sorted({each.observer for each in contexts})
        place = {observer: i for i, observer in enumerate(observers)}

        def column(values: list[int], kind: Any = np.int64) -> Any:
            return np.array(values, kind)[which]

        return fields, Said(
            column(sets.first) + within * column(sets.step),
            column([each.export_ns for each in contexts]),
            column([each.uptime for each in contexts]),
            column([each.started_ms for each in contexts], np.uint64),
            lambda kind, number: self._rate(contexts, which, kind, number),
            observers,
            column([place[each.observer] for each in contexts]),
            column([each.arrived_ns for each in contexts]),
        )

    def _rate(self, contexts: list[Context], which: I64, kind: str, number: I64) -> I64:
        """Look up at what rate the records' packets were counted; 0: nobody said."""
        if kind == "all" and any(each.sampling > 1 for each in contexts):
            return np.array([each.sampling for each in contexts], np.int64)[which]
        if not self._known.rates:
            return np.zeros(len(which), np.int64)
        pairs, place = np.unique(np.stack([which, number]), axis=1, return_inverse=True)
        found = [self.rate(contexts[each], kind, value) for each, value in pairs.T.tolist()]
        return np.array(found, np.int64)[place.reshape(-1)]

    def rate(self, context: Context, kind: str, number: int) -> int:
        """Return what options say of a sampler, an interface or all of an exporter, 0: nothing."""
        for domain in {context.domain: 0, 0: 0}:
            try:
                return self._known.rates.find(context.origin, (context.version, domain, kind, number), context.when)
            except Missing:
                continue
        return 0

    def _copied(self, plan: Plan, sets: _Sets) -> None:
        """Take packet sections out of records (RFC 5477, section 8.5)."""
        fields, said = self._fields(plan, sets)
        rate = rates(fields, said, self._notes).tolist()
        sizes = fields.count("frame_size").tolist()
        link = FRAME if "frame_section" in plan.known else PACKET
        heads = sets.sections or _fixed(plan, fields)
        which = np.repeat(np.arange(len(sets.count)), sets.count).tolist()
        for i, head in enumerate(heads):
            wire = max(sizes[i], len(head))
            self.sample(int(said.record[i]), link, wire, head, rate[i], sets.contexts[which[i]])

    def _samples(self) -> pl.DataFrame:
        """Decode the beginnings of packets."""
        link, wire, heads, record, rate, contexts, real, outcome = zip(*self._sampled, strict=True)
        frames = []
        number, scale, size = np.array(record, np.int64), np.array(rate, np.int64), np.array(wire, np.int64)
        octets = np.minimum(scale * size, MOST)
        arrived = np.array([each.arrived_ns for each in contexts], np.int64)
        observers = pl.Series([each.observer for each in contexts], dtype=pl.String)
        behind, ended = pl.Series(real, dtype=pl.String), pl.Series(outcome, dtype=pl.String)
        for rows in sections.decoded(heads, link, wire):
            place = rows.pop("place")
            outer = rows.pop("outer", np.ones(len(place), bool))
            if "dst_addr" in rows:
                there = behind.gather(place)
                rows["dst_addr"] = there.zip_with((there != "") & ~pl.Series(outer), rows["dst_addr"])
            frames.append(_typed(pl.DataFrame({
                **rows, "record": number[place], "observer": observers.gather(place), "outcome": ended.gather(place),
                "src_packets": np.where(outer, 0, scale[place]), "src_bytes": np.where(outer, 0, octets[place]),
                "first_ns": arrived[place], "last_ns": arrived[place],
            })))  # fmt: skip
        return pl.concat(frames, how="diagonal")


FRAME, PACKET = 1, 101
"""Link types: Ethernet, and IP of any version."""


def _fixed(plan: Plan, fields: Fields) -> list[bytes]:
    name = "frame_section" if "frame_section" in plan.places else "ip_section"
    at, length = plan.places[name]
    return [bytes(row[at : at + length]) for row in fields.raw]


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Give all columns their kinds, and those that others have their defaults."""
    missing = [pl.lit(DEFAULTS[name], LOG[name]).alias(name) for name in DEFAULTS if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in LOG.items())
