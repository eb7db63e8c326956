"""A trace: which addresses answered on the way from a host to a destination, and what did not answer.

Every reader of this family makes a `Trace` of a record, and `written` makes rows of it:

    src → dst    the trace itself; its source is a client, its destination a participant or a place (role unknown);
                 carried if the destination answered
    src → hop    one row for each address that answered on the way, with the role hop
    src → @silent hop    once, if something on the way did not answer: it may be anywhere, so that no rule that asks for
                 hops (`as: [hop]`) passes over it

All rows of a trace are of one session, named by its two ends: a rule on hops asks who takes part, and that may be the
destination.  Traces between the same ends share it, so that a digest grows with pairs of ends and not with
repetitions; where an end is private or not told, the session also names the observer, if no other has its name, or
what was measured.

A private address that answered behind a public one is of somebody else's network, and not of the network where the
trace was made; it is written as `@beyond:address`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import polars as pl

from auditor.logs.model import Nameless, Told, rows, unread
from auditor.logs.traces.addresses import canonical, private
from auditor.model import flow

HERE: Final = "127.0.0.1"
"""The source of a trace that doesn't tell its own: the machine where it was made, at the vantage of its file."""
SILENT: Final = Nameless("@silent hop")
BEYOND: Final = "@beyond:"
NOWHERE: Final = Nameless("@destination")
"""Stand for addresses: what did not answer, another network's private address, an end that is not told."""
BATCH: Final = 100_000
"""Rows of a frame, at least, but for the last."""
LONGEST_NAME: Final = 255
RECORDS: Final = 10_000
"""Records of one trace at most; what goes on for longer is taken for another, of which the beginning is missing."""
HOPS: Final = 255
"""Of a path, at most: the time to live is a byte (RFC 791, section 3.1)."""
ARROW: Final = " → "  # not ASCII, so that no identifier that a stranger wrote looks like a session of ours
SILENT_SOME: Final = (
    "Some hops of traces did not answer, and may be anywhere: "
    "rules that ask for hops (`as: [hop]`) stay open for these."
)
JUDGED: Final = (
    "Traces tell of the path of probes, hop by hop; hops are judged only by rules that ask for them (`as: [hop]`)."
)


class Answer(NamedTuple):
    """An address (or a host without one) that answered probes on the way."""

    hop: int  # its distance; 0: not known
    addr: str  # as written, or `@host:name`
    record: int  # which says so
    rtts: tuple[float, ...] = ()  # milliseconds
    replies: int = 1


@dataclass(slots=True)
class Trace:
    """One trace, as far as its record tells."""

    record: int
    source: str = ""  # address; empty: not told
    target: str = ""  # address, or `@host:name`; empty: not told
    observer: str = ""
    single: bool = False  # nobody else is called as the observer is
    transport: str = ""
    first_ns: int = 0
    last_ns: int = 0
    answers: list[Answer] = field(default_factory=list)
    stars: list[tuple[int, int]] = field(default_factory=list)  # hop that did not answer, and the record that says so
    others: list[int] = field(default_factory=list)  # records that belong to it and tell of no hop
    more: int = 0  # how many more of these there are
    probes: int = 0  # that were not answered
    reached: bool = False  # the destination answered, whatever address it has
    ends: bool = False  # where the destination isn't told: the last that answered is it
    hops: int = 0  # how long the path is at least; 0: not told
    status: str = flow.OK  # of the record, where it tells less than it says
    detail: str = ""


class Unread(NamedTuple):
    """A record of which no trace can be made."""

    record: int
    status: str
    detail: str


def full(trace: Trace) -> bool:
    """Say whether a trace of many records has as many as one can have."""
    return len(trace.answers) + len(trace.stars) + len(trace.others) >= RECORDS


Found = Trace | Unread


def observer(name: Any) -> str:
    """Clean the name of the machine that made a trace."""
    return "".join(c for c in name[:LONGEST_NAME] if c.isprintable()).strip() if isinstance(name, str) else ""


def written(found: Iterable[Found], told: Told) -> Iterator[pl.LazyFrame]:
    """Make LOG rows of traces, some at a time."""
    batch: list[tuple[Any, ...]] = []
    none: list[Unread] = []
    for each in found:
        if isinstance(each, Unread):
            none.append(each)
        else:
            told.notes.add(JUDGED)
            batch += _rows(each)
            if batch[-1][5] == SILENT:
                told.notes.add(SILENT_SOME)
        if len(batch) + len(none) >= BATCH:
            yield from _frames(batch, none)
            batch, none = [], []
    yield from _frames(batch, none)


COLUMNS: Final = (
    "record", "records", "status", "detail", "src_addr", "dst_addr", "dst_role", "outcome", "src_packets",
    "dst_packets", "session", "observer", "transport", "first_ns", "last_ns",
)  # fmt: skip


def _frames(batch: list[tuple[Any, ...]], none: list[Unread]) -> Iterator[pl.LazyFrame]:
    if batch:
        columns = dict(zip(COLUMNS, map(list, zip(*batch, strict=True)), strict=True))
        client = pl.when(pl.col("src_addr").is_not_null())
        yield rows(columns).with_columns(
            src_role=client.then(pl.lit("client")).otherwise(pl.lit(flow.UNKNOWN)),
            opened=client.then(pl.lit("protocol")).otherwise(pl.lit("")),
        )
    for status, detail in sorted({(each.status, each.detail) for each in none}):
        yield unread([each.record for each in none if each[1:] == (status, detail)], status, detail)


@dataclass(slots=True)
class _End:
    """The far end of one row: its records are those that no row before it counts."""

    addr: str
    role: str
    outcome: str
    records: list[int] = field(default_factory=list)
    replies: int = 0
    probes: int = 0


def _rows(trace: Trace) -> list[tuple[Any, ...]]:
    """Make the rows of one trace; every record that it is made of is counted in one of them."""
    source = canonical(trace.source) or HERE
    ends = _ends(trace, source)
    session = _session(trace, source, next(end.addr for end in ends if end.role == flow.UNKNOWN))
    about = (session, trace.observer, trace.transport, trace.first_ns, trace.last_ns or trace.first_ns)
    claimed: set[int] = set()
    out: list[tuple[Any, ...]] = []
    if trace.status != flow.OK:  # a row of its own: what could be read of the record is judged all the same
        claimed.add(trace.record)
        out.append(
            (trace.record, 1, trace.status, trace.detail, None, None, flow.UNKNOWN, None, 0, 0, None, *about[1:])
        )
    for end in ends:
        own = set(end.records) - claimed
        claimed |= own
        at = min(own, default=min(end.records, default=trace.record))
        counts = (end.replies + end.probes, end.replies)
        count = len(own) + (trace.more if end.role == flow.UNKNOWN else 0)
        out.append((at, count, flow.OK, "", source, end.addr, end.role, end.outcome, *counts, *about))
    return out


def _ends(trace: Trace, source: str) -> list[_End]:
    """List what a trace touched: its destination first, then hops by their addresses, then the silent one."""
    target, hops, last = _sorted(trace, source)
    reached = trace.reached or bool(target.replies)
    target.outcome = flow.CARRIED if reached else flow.UNANSWERED
    found = [target, *(hops[addr] for addr in sorted(hops))]
    heard = {answer.hop for answer in trace.answers if answer.hop}
    mute = [(hop, record) for hop, record in trace.stars if hop not in heard and not (reached and hop > last > 0)]
    missing = _missing(trace, heard | {hop for hop, _ in mute}, last)
    if mute or missing or not reached:
        crossed = any(hop < last for hop, _ in mute) or missing
        found.append(_End(SILENT, "hop", flow.CARRIED if crossed else flow.UNANSWERED))
    quiet = [record for _, record in trace.stars] + trace.others
    (found[-1] if found[-1].addr == SILENT and trace.stars else target).records += quiet
    found[-1].probes += trace.probes if found[-1].addr == SILENT else 0
    if not any(end.records for end in found):
        target.records.append(trace.record)
    return found


def _sorted(trace: Trace, source: str) -> tuple[_End, dict[str, _End], int]:
    """Part the answers into those of the destination and those of hops; also return the distance of the last."""
    wanted = trace.target if trace.target.startswith("@") else canonical(trace.target)
    last = max((answer.hop for answer in trace.answers), default=0)
    ends = trace.ends and not any(hop > last for hop, _ in trace.stars)
    if not wanted and ends and (final := [each for each in trace.answers if each.hop == last]):
        wanted = canonical(final[0].addr) or final[0].addr
        trace.reached = True
    target = _End(wanted or NOWHERE, flow.UNKNOWN, flow.UNANSWERED)
    abroad = _abroad(trace)
    hops: dict[str, _End] = {}
    for answer in trace.answers:
        address = canonical(answer.addr) or answer.addr
        if address in (wanted, source):
            end = target
            if address == wanted:
                end.replies += answer.replies
        else:
            if not address.startswith("@") and private(address) and (answer.hop > abroad or not answer.hop):
                address = Nameless(BEYOND + address)
            end = hops.setdefault(address, _End(address, "hop", flow.CARRIED))
            end.replies += answer.replies
        end.records.append(answer.record)
    return target, hops, last


def _abroad(trace: Trace) -> int:
    """Return the distance of the first public address."""
    first = HOPS + 1
    for answer in trace.answers:
        if 0 < answer.hop < first and not private(canonical(answer.addr)):
            first = answer.hop
    return first


def _missing(trace: Trace, seen: set[int], last: int) -> bool:
    """Say whether there are distances of which the trace says nothing."""
    whole = max(last, min(trace.hops, HOPS))
    return any(hop not in seen for hop in range(1, min(whole, HOPS) + 1))


def is_trace(session: pl.Expr) -> pl.Expr:
    """Say which sessions are traces."""
    return (session.str.starts_with("trace ") & session.str.contains(ARROW, literal=True)).fill_null(False)


def _session(trace: Trace, source: str, end: str) -> str:
    """Name the session by its ends; see the head of this module."""
    name = f"{source}{ARROW}{end}"
    if not (private(source) or private(end)):
        return f"trace {name}"
    by = f"trace by {trace.observer}: {name}" if trace.observer else f"trace {name}"
    if trace.single:
        return by
    seen = (trace.first_ns, [each[:2] + each[3:] for each in trace.answers], [hop for hop, _ in trace.stars])
    return f"{by} {hashlib.sha256(repr(seen).encode()).hexdigest()[:12]}"


def round_trips(trace: Trace) -> Iterator[tuple[str, str, str, float, int]]:
    """Yield observer, source, address, least round trip (milliseconds) and number of samples, an address a row."""
    source = canonical(trace.source) or HERE
    times: dict[str, list[float]] = {}
    for answer in trace.answers:
        if address := canonical(answer.addr):
            times.setdefault(address, []).extend(time for time in answer.rtts if 0 <= time < 1e6)
    for address, samples in times.items():
        if samples and address != source:
            yield trace.observer, source, address, min(samples), len(samples)
