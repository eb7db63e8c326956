"""From one-way flows and facts to FLOW rows: every packet in exactly one row, each row with who, how and what for.

Packets of all rows equal those that were read.  Rows without packets stand beside them: a call's further use of
a 5-tuple, and what was attested or offered.  Nothing depends on the order or the split of the input but record numbers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import polars as pl

from auditor.model.flow import frame
from auditor.read import aliases, apps, calls, ice
from auditor.read.apps import Bits, bit
from auditor.read.arrays import I64, Bool
from auditor.read.calls import Share
from auditor.read.classify import APPS, CODE
from auditor.read.directed import Directed
from auditor.read.encrypted import encrypted
from auditor.read.facts.model import Dialog, End, Flow, Hello, Hop, Media, Name, Peer
from auditor.read.labels import Mapped, labelled, mapped, named_addresses, reflexive
from auditor.read.layout import Draft, Laid, draft, laid_out
from auditor.read.media import streams
from auditor.read.pairing import Paired, pair, summed
from auditor.read.passed import Carried
from auditor.read.placed import Placed
from auditor.read.said import Said
from auditor.read.ties import united
from auditor.read.told import rows as told_rows
from auditor.read.told import told
from auditor.read.wrapped import tied

BATCH: Final = 1 << 17
"""Rows of the flow table that are written at a time: some 100 MB with all that is found out about them."""
CALLED: Final = 1 << 15
"""And of those that belong to sessions, each of which may have a name of its own: as much."""


class Scanned(Protocol):
    """What of a scan is put together here."""

    @property
    def directed(self) -> Directed: ...
    @property
    def said(self) -> Said: ...
    @property
    def carried(self) -> Carried: ...
    @property
    def unread(self) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class Assembled:
    """The flow table of all captures, and what it takes to locate and to name its ends."""

    laid: Laid  # what packets showed
    others: pl.DataFrame  # FLOW: what was told, and what could not be read
    reflexive: pl.DataFrame  # vantage, addr, public: the public addresses under which others saw a client
    names: pl.DataFrame  # vantage, addr, name: DNS answers, one row a name
    passages: pl.DataFrame  # wrapped.PASSAGES: which tunnels carried which rows of the flow table
    streams: pl.DataFrame  # media.STREAM: each stream of media

    @property
    def flows(self) -> pl.DataFrame:
        """The flow table (FLOW)."""
        return pl.concat([self.laid.rows(slice(None)), self.others])

    def parts(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield the rows of the flow table with the passages of these rows: all at once if they are few."""
        if self.few:
            yield self.flows, self.passages
            return
        none = self.passages.clear()
        if len(self.passages):
            yield self._together()
        else:
            yield from ((rows, none) for rows in self.called())
        for rows in self.apart():
            yield rows, none

    @property
    def few(self) -> bool:
        """Say whether there are so few rows that they are understood all at once."""
        return len(self.laid) + len(self.others) <= BATCH

    def _together(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return those rows of the flow table that others may explain, and the passages of these rows."""
        some = np.flatnonzero(~self._alone())
        number = pl.DataFrame({"row": some}).with_row_index("new").with_columns(pl.col("new").cast(pl.Int64))
        passages = self.passages.join(number, on="row", how="left", maintain_order="left")
        passages = passages.with_columns(row="new").drop("new")
        return pl.concat([self.laid.rows(some), self.others]), passages

    def called(self) -> Iterator[pl.DataFrame]:
        """Yield the rows that are of calls or of SIP, and what was told, some at a time: all rows of a session at once.

        Rows of one 5-tuple may be in several of these frames, and explain each other (`enrich.roles.sockets`).
        """
        some = np.flatnonzero(~self._alone())
        session = np.concatenate([self.laid.columns["session"][some], self._sessions_of_others()])
        order = np.argsort(session, kind="stable")
        ordered = session[order]
        begin = 0
        while begin < len(order):
            end = min(begin + CALLED, len(order))
            if ordered[end - 1]:  # what is of no session can be parted anywhere
                end = int(np.searchsorted(ordered, ordered[end - 1], "right"))
            which = np.sort(order[begin:end])
            own = which[which < len(some)]
            yield pl.concat([self.laid.rows(some[own]), self.others[which[len(own) :] - len(some)]])
            begin = end

    def _sessions_of_others(self) -> I64:
        """Number the sessions of `others` as those of `laid`, and those that have no row there behind them; 0: none."""
        known = self.laid.words["session"]
        names = pl.concat([known, self.others["session"]]).drop_nulls().unique(maintain_order=True)
        numbers = pl.DataFrame({"session": names, "number": np.arange(1, len(names) + 1)})
        found = self.others.select("session").join(numbers, on="session", how="left", maintain_order="left")
        return found["number"].cast(pl.Int64).fill_null(0).to_numpy()

    def apart(self) -> Iterator[pl.DataFrame]:
        """Yield all other rows, some at a time: each is understood by itself."""
        rest = np.flatnonzero(self._alone())
        for begin in range(0, len(rest), BATCH):
            yield self.laid.rows(rest[begin : begin + BATCH])

    @property
    def wrapped_alone(self) -> int:
        """How many rows came through tunnels and are of no session."""
        rows = self.passages["row"].drop_nulls().unique().to_numpy()
        return int(np.count_nonzero(self.laid.columns["session"][rows] == 0))

    def _alone(self) -> Bool:
        alone = self.laid.alone()
        alone[self.passages["row"].drop_nulls().to_numpy()] = False
        return alone


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is known of each flow, without the one-way flows: with many flows the largest of all that is here."""

    placed: Placed
    known: Draft
    seen: Bits
    shares: Mapping[int, list[Share]]
    media: pl.DataFrame  # of calls.media
    clients: Set[Mapped]
    carried: Carried
    unread: Sequence[Any]
    streams: pl.DataFrame  # media.STREAM


def assemble(scan: Scanned, vantages: Sequence[str]) -> Assembled:
    """Put the flow table together; `vantages` are the names of the capture points by number."""
    return finished(sketched(scan, vantages), vantages)


def sketched(scan: Scanned, vantages: Sequence[str]) -> Sketch:
    """Pair one-way flows, and find out what each flow is, by its packets and by what signalling says of it."""
    rows = scan.directed
    said = named(scan)
    placed = Placed.of(said, scan.carried.inner, lambda ends: pair(rows, ends))
    flows = placed.flows
    seen = apps.carried(rows, flows)

    shares = calls.dialogs(*placed.only(Dialog))
    clients = mapped(said)
    ends = calls.announced(said.of_kind(Media), clients, calls.behind_nat(said.of_kind(Hop)))
    sums = summed(rows, flows)
    media = calls.media(ends, flows, sums, seen)
    expected = _marked(len(flows), media)
    seen = apps.recognised(seen, rows, flows, expected)
    known = draft(sums, placed, seen, encrypted(seen, rows, placed, media, clients))
    found = streams(rows, flows, seen, expected, vantages)
    placed = replace(placed, flows=flows.closed())
    return Sketch(placed, known, seen, shares, media, clients, scan.carried, scan.unread, found)


def finished(sketch: Sketch, vantages: Sequence[str]) -> Assembled:
    """Name sessions and ends, and lay the rows of the flow table out."""
    placed, shares, media, clients = sketch.placed, sketch.shares, sketch.media, sketch.clients
    flows, said = placed.flows, placed.said
    sessions = ice.tied(placed, media, sketch.known.outcome)
    own = {(vantage, public[0]) for vantage, _, public in clients}
    heard = told(said, _relaying(placed, sketch.seen), _went(flows, shares, media), own)
    others = pl.concat([told_rows(heard, vantages), _unread(sketch.unread)])
    answers = list(said.of_kind(Name).facts())
    labels = labelled(flows, answers, placed.all(Hello))
    laid = laid_out(flows, sketch.known, labels, shares, media, sessions, vantages)
    passages = tied(laid, sketch.carried, placed.others, vantages)
    names = named_addresses(answers, vantages)
    return Assembled(laid, others, reflexive(clients, vantages), names, passages, sketch.streams)


def named(scan: Scanned) -> Said:
    """Return the facts by the names of their sessions, which not every message says; aliases and ties are left out."""
    elsewhere = np.isin(np.arange(len(APPS)), [CODE[name] for name in aliases.USED])
    said = aliases.resolved(scan.said) if elsewhere.take(scan.directed.app).any() else scan.said
    return united(said)


def _marked(count: int, media: pl.DataFrame) -> Bool:
    marked = np.zeros(count, bool)
    marked[media["flow"].to_numpy()] = True
    return marked


def _relaying(placed: Placed, seen: Bits) -> Callable[[int, Flow], bool]:
    """Say of the flow between a TURN client and its server whether it carried media, in channels or indications."""
    turn = np.append(seen & bit("turn") != 0, False)
    used: set[tuple[int, End, End]] = set()
    for kind in placed.at:
        facts, flow, _ = placed.all(kind)
        carried = turn[flow] | facts["carried"] if kind is Peer else turn[flow]
        for fact in facts.take(carried).facts():
            used.add((fact.vantage, *_sorted(fact.flow)))
    return lambda vantage, flow: (vantage, *_sorted(flow)) in used


def _sorted(flow: Flow) -> tuple[End, End]:
    one, other = flow[:2], flow[2:4]
    return (one, other) if one <= other else (other, one)


def _went(flows: Paired, shares: Mapping[int, Sequence[Share]], media: pl.DataFrame) -> pl.DataFrame:
    """List the ends from or to which packets of a call were seen to go: call, hi, lo, port."""
    pairs = [(flow, share.call) for flow, found in shares.items() for share in found if share.call is not None]
    own = pl.DataFrame(pairs, {"flow": pl.Int64, "call": pl.String}, orient="row")
    used = pl.concat([own, media.select("flow", "call")])
    flow = used["flow"].to_numpy()
    sides = ((flows.a_hi, flows.a_lo, flows.a_port), (flows.b_hi, flows.b_lo, flows.b_port))
    ends = [{"hi": hi[flow], "lo": lo[flow], "port": port[flow]} for hi, lo, port in sides]
    return pl.concat([used.select("call").with_columns(**{k: pl.Series(v) for k, v in end.items()}) for end in ends])


def _unread(rows: Sequence[Any]) -> pl.DataFrame:
    """Write packets without a flow as FLOW rows: counted, with status and reason, and no addresses."""
    ordered = sorted(rows, key=lambda row: (row.source, row.status, row.reason))
    return frame({
        "source": [row.source for row in ordered],
        "record": [row.first_record for row in ordered],
        "status": [row.status for row in ordered],
        "detail": [row.reason for row in ordered],
        "first_ns": [row.first_ns for row in ordered],
        "last_ns": [row.last_ns for row in ordered],
        "src_packets": [row.packets for row in ordered],
        "src_bytes": [row.bytes for row in ordered],
    })  # fmt: skip
