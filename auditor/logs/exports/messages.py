"""Datagrams become rows, once `learn` has gathered what their exporters say elsewhere.

Records are numbered as they come, from 1: those of data sets, and those of options; a set that can't be read counts as
one.  In a capture all records of a datagram bear the number of its packet.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from auditor.logs.exports import sflow, wire
from auditor.logs.exports.fields import Plan, plan
from auditor.logs.exports.memory import Known, Missing, Origin, When
from auditor.logs.exports.pending import Context, Pending
from auditor.logs.exports.records import unlike
from auditor.logs.exports.templates import Template
from auditor.logs.exports.variable import straighten
from auditor.logs.model import Told
from auditor.model import flow

NO_TEMPLATE: Final = {
    "nobody said it": "no template for this set",
    "it was withdrawn": "the template of this set was withdrawn",
    "exporters that can't be told apart disagree": "several templates for this set, of exporters not told apart",
}
"""Why a set can't be read."""
EMPTY: Final = "a template of no length"
OPTIONS: Final = "options of an exporter"
PADDING: Final = 4
"""Fewer bytes than these behind records are padding, whatever they hold (RFC 3954, section 5.3: it should be 0)."""
REST: Final = "bytes behind the records of a set"
CUT: Final = "cut before its end"
LIES: Final = "a set that is longer than its datagram"
RESERVED: Final = "a set of a reserved number"
MISSING: Final = (
    "Sequence numbers of an exporter have gaps: datagrams with records were lost before they were stored, and what "
    "they told is not examined."
)
SILENT: Final = (
    "Between exports that are hours apart, sequence numbers show that there were others, which are not here."
)
CROWDED: Final = "There are more templates and options than are kept, so not all exports could be decoded."
UNCHECKED: Final = (
    "There are more breaks in sequence numbers than are kept, so it is not known whether exports were lost."
)


@dataclass(frozen=True, slots=True)
class Datagram:
    """One export."""

    data: bytes
    at: int
    end: int  # of what is there
    stop: int  # where it should end
    kind: int
    origin: Origin
    place: int  # number of the packet in a capture, else that of the datagram
    arrived_ns: int = 0  # 0: a file doesn't tell

    @property
    def captured(self) -> bool:
        """Say whether a capture shows it."""
        return bool(self.origin.address)


Datagrams = Callable[[], Iterator[Datagram]]
"""Reads the datagrams of an input from the beginning."""
FIELDS: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    wire.V1: (
        (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (0, 2), (4, 1),
        (5, 1), (6, 1), (0, 11),
    ),
    wire.V5: (
        (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (0, 1), (6, 1),
        (4, 1), (5, 1), (0, 8),
    ),
    wire.V7: (
        (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (0, 2),
        (4, 1), (5, 1), (0, 12),
    ),
}  # fmt: skip
"""Fields of the records of fixed versions, as a template of version 9 would have them; 0: nothing of ours."""
FIXED: Final = {
    kind: Template(tuple((0, number or 210, length) for number, length in fields)) for kind, fields in FIELDS.items()
}


def when(datagram: Datagram, header: wire.Header) -> When:
    """Say when an exporter said something, as it has it itself; a file without exporters goes by its order."""
    return (header.export_ns // 10**9, header.sequence) if datagram.captured else (datagram.place, 0)


def records_of(data: bytes, at: int, end: int, layout: Plan) -> tuple[bytes, list[bytes], int, int]:
    """Return the records of a set, packet sections in them, how many there are, and where they end."""
    if layout.variable:
        raw, sections, stop = straighten(data, at, end, layout)
        return raw, sections, len(sections), stop
    if not layout.size:
        return b"", [], 0, at
    count = max(end - at, 0) // layout.size
    return data[at : at + count * layout.size], [], count, at + count * layout.size


@dataclass(slots=True)
class Reading:
    """One input that is decoded."""

    known: Known
    told: Told
    record: int = 0  # the last number that was given
    waiting: Pending = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = Pending(self.known, self.told.notes)

    def rows(self, datagrams: Iterable[Datagram]) -> Iterator[pl.LazyFrame]:
        """Yield the rows of an input."""
        if self.known.templates.crowded or self.known.rates.crowded:
            self.told.limits.add(CROWDED)
        if self.known.numbers.crowded:
            self.told.limits.add(UNCHECKED)
        for each in datagrams:
            if each.kind == wire.SFLOW:
                self._sflow(each)
            else:
                self._sets(each)
            if self.waiting.full:
                yield from self.waiting.flush()
        yield from self.waiting.flush()

    def _number(self, datagram: Datagram, count: int) -> int:
        """Number records; return the first number."""
        if datagram.captured:
            return datagram.place
        self.record += count
        return self.record - count + 1

    def _gaps(self, key: tuple[Origin, int, object]) -> None:
        if key in self.known.missing:
            self.told.limits.add(MISSING)
        if key in self.known.silent:
            self.told.notes.add(SILENT)

    def _sflow(self, datagram: Datagram) -> None:
        agent = sflow.Reader(self.waiting, self.told, lambda: self._number(datagram, 1), datagram.arrived_ns)
        key = agent.read(datagram.data, datagram.at, datagram.end, datagram.stop, datagram.origin)
        self._gaps((datagram.origin, wire.SFLOW, key))

    def _sets(self, datagram: Datagram) -> None:
        data, end = datagram.data, datagram.end
        header = wire.header(data, datagram.at, datagram.kind)
        context = self._context(datagram, header)
        self._gaps((datagram.origin, header.version, header.domain))
        if header.version in wire.FIXED:
            begin = datagram.at + wire.HEADERS[header.version]
            self._take(datagram, plan(FIXED[header.version], True), context, begin, datagram.stop)
            if end < datagram.stop:
                self.waiting.tell(self._number(datagram, 1), 1, flow.TRUNCATED, CUT)
            return
        stop = datagram.at + wire.HEADERS[datagram.kind]
        for number, begin, stop in wire.sets(data, datagram.at, end, datagram.kind):
            if number >= wire.DATA:
                self._data(datagram, header, context, number, begin, stop)
            elif number not in wire.TEMPLATES[datagram.kind]:
                self.waiting.tell(self._number(datagram, 1), 1, flow.MALFORMED, RESERVED)
        if stop > end or end < datagram.stop:
            lied = end == datagram.stop
            status, why = (flow.MALFORMED, LIES) if lied else (flow.TRUNCATED, CUT)
            self.waiting.tell(self._number(datagram, 1), 1, status, why)
        elif stop < end and any(data[stop:end]):
            self.waiting.tell(self._number(datagram, 1), 1, flow.MALFORMED, REST)

    def _context(self, datagram: Datagram, header: wire.Header) -> Context:
        address, at, started = datagram.origin.address, when(datagram, header), 0
        domain = header.domain if header.version in wire.TEMPLATES else 0
        if self.known.starts:
            for each in (domain, 0):
                try:
                    started = self.known.starts.find(datagram.origin, (header.version, each), at)
                    break
                except Missing:
                    continue
        observer = f"{address} domain {domain}" if domain else address
        return Context(
            datagram.origin, header.version, header.domain, at, header.export_ns, header.uptime, datagram.arrived_ns,
            observer.strip(), header.sampling, started,
        )  # fmt: skip

    def _data(
        self, datagram: Datagram, header: wire.Header, context: Context, number: int, begin: int, end: int
    ) -> None:
        key = header.version, header.domain, number
        try:
            template = self.known.templates.find(datagram.origin, key, context.when)
        except Missing as error:
            self.waiting.tell(self._number(datagram, 1), 1, flow.UNSUPPORTED, NO_TEMPLATE[str(error)])
            return
        layout = plan(template, header.version == wire.V9)
        if not layout.size and not layout.variable:
            self.waiting.tell(self._number(datagram, 1), 1, flow.UNSUPPORTED, EMPTY)
            return
        status, detail = (flow.NO_ADDRESS, OPTIONS) if template.options else unlike(layout.known, layout.odd)
        if not template.options and status and layout.known & {"ip_section", "frame_section"}:
            status, detail = "", ""
        self._take(datagram, layout, context, begin, end, status, detail)

    def _take(
        self,
        datagram: Datagram,
        layout: Plan,
        context: Context,
        begin: int,
        end: int,
        status: str = "",
        detail: str = "",
    ) -> None:
        """Take the records of a set: as flows, or counted under one reason."""
        raw, sections, count, stop = records_of(datagram.data, begin, min(end, datagram.end), layout)
        if count:
            first = self._number(datagram, count)
            if status:
                self.waiting.tell(first, count, status, detail)
            else:
                self.waiting.add(layout, raw, context, first, 0 if datagram.captured else 1, sections)
        if end <= datagram.end and end - stop >= PADDING and any(datagram.data[stop:end]):
            self.waiting.tell(self._number(datagram, 1), 1, flow.MALFORMED, REST)
