"""The packets on which a finding rests, found in a second pass over the inputs by those who read them the first time.

Packets are sorted into flows by the same code as in an audit; where it would count them, their records are kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from auditor.evidence.case import Case
from auditor.evidence.keys import Exchanges, Keys
from auditor.evidence.wanted import WHY, Numbered, Wanted, numbered
from auditor.model.flow import SOURCE_SHIFT
from auditor.read.arrays import I64, U64
from auditor.read.classify import APPS, CODE
from auditor.read.directed import Flows, packed
from auditor.read.facts import parse
from auditor.read.facts.model import Dialog, Packet
from auditor.read.fragments import SPAN, Fragments
from auditor.read.headers import Packets
from auditor.read.part import Part, read_whole
from auditor.read.payloads import Facts
from auditor.read.window import Batch

MESSAGE: Final = 4096
"""Bytes of a message that are kept where it is to be shown."""
COLUMNS: Final = ("flow", "witness", "ns", "wire", "payload", "app", "back")


@dataclass
class Chosen:
    """The records that were found, as columns; sorted by witness once all inputs are read."""

    exchanges: Exchanges
    calls: Sequence[frozenset[str] | None]  # of each flow: the calls whose messages count, None: everything
    limit: int | None = None  # packets of each flow
    details: bool = False  # False: flows and witnesses are all that is asked, which takes a third of the room
    counts: I64 = field(default_factory=lambda: np.zeros(0, np.int64))  # of each flow: all of its packets
    parts: list[list[NDArray[Any]]] = field(default_factory=list)
    left: int = 0  # packets beyond the limit

    def find(self, packets: Packets, which: I64, app: NDArray[np.uint8], vantage: int) -> tuple[I64, NDArray[np.bool_]]:
        """Return the flows of the packets at these positions, and which go from their flow's destination."""
        rest = packed(packets.ports[which], packets.protocol[which], app[which], vantage)
        return self.exchanges.find([word[which] for word in packets.address], rest)

    def keep(self, *columns: NDArray[Any]) -> None:
        """Keep packets (COLUMNS), of each flow no more than the limit."""
        flow = columns[0]
        if not len(flow):
            return
        order = np.argsort(flow, kind="stable")
        starts = np.flatnonzero(np.diff(flow[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
        place = np.empty(len(order), np.int64)
        place[order] = rank + self.counts[flow[order]]
        np.add.at(self.counts, flow, 1)
        if self.limit is not None:
            some = place < self.limit
            self.left += int(np.count_nonzero(~some))
            columns = tuple(column[some] for column in columns)
        if not self.details:
            none = np.zeros(len(columns[0]), np.uint8)
            columns = (columns[0].astype(np.int32), columns[1], none, none, none, none, columns[6])
        self.parts.append(list(columns))

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all that was kept, by witness."""
        if not self.parts:
            return {name: np.empty(0, np.int64) for name in COLUMNS}
        whole = [np.concatenate(each) for each in zip(*self.parts, strict=True)]
        order = np.argsort(whole[1], kind="stable")
        self.parts = [[column[order] for column in whole]]
        return dict(zip(COLUMNS, self.parts[0], strict=True))


class _Flows(Flows):
    """Takes packets as the flow table does, and keeps those of the wanted flows."""

    def __init__(self, chosen: Chosen) -> None:
        super().__init__()
        self._chosen = chosen
        self._whole = np.array([calls is None for calls in chosen.calls], bool)

    def add(
        self, address: list[U64], rest: U64, media: Any, length: I64, payload: I64, ns: I64, witness: I64, flags: Any
    ) -> None:
        flow, back = self._chosen.exchanges.find(address, rest)
        some = np.flatnonzero(flow >= 0)
        some = some[self._whole[flow[some]]]
        app = (rest[some] >> np.uint64(40) & np.uint64(0xFF)).astype(np.uint8)
        columns = (flow, witness, ns, length, payload)
        self._chosen.keep(*(column[some] for column in columns), app, back[some])


class _Fragments(Fragments):
    """Remembers fragments between the ends of wanted flows, each by its record, until their datagrams are known."""

    def __init__(self, chosen: Chosen) -> None:
        super().__init__()
        self._chosen = chosen
        self._leading: dict[int, list[list[NDArray[Any]]]] = {1: [], 4: []}
        self._later: dict[int, list[list[NDArray[Any]]]] = {1: [], 4: []}

    def add(self, flows: Flows, packets: Packets, app: Any, vantage: int, length: I64, ns: I64, witness: I64) -> None:
        words = len(packets.address)
        for which, names, kept in (
            (packets.later, packets.identification[: len(packets.later)], self._later),
            (packets.leading, packets.identification[len(packets.later) :], self._leading),
        ):
            none = np.zeros(len(which), np.uint64)
            rest = packed(none, packets.protocol[which], np.zeros(len(which), np.uint8), vantage)
            near = self._chosen.exchanges.near([word[which] for word in packets.address], rest)
            some, names, rest = which[near], names[near], rest[near]
            named = names | packets.protocol[some].astype(np.uint64) << np.uint64(32) | np.uint64(vantage << 48)
            span = (ns[some] // SPAN).astype(np.int64).view(np.uint64)
            keys = [*(word[some] for word in packets.address), named, span]
            if len(some):
                kept[words].append([*keys, rest, witness[some], ns[some], length[some], packets.length[some]])

    def choose(self, apart: bool) -> None:
        """Keep the fragments of chosen datagrams, and those without one of flows that have no ports.

        `apart`: there were too many fragments, so the audit told all later ones apart by addresses alone.
        """
        kept = self._chosen.columns()
        for words, parts in self._later.items():
            if not parts:
                continue
            later = [np.concatenate(each) for each in zip(*parts, strict=True)]
            key, (rest, witness, *more) = later[: words + 2], later[words + 2 :]
            first = np.full(len(witness), -1, np.int64)
            if self._leading[words] and not apart:
                leading = [np.concatenate(each) for each in zip(*self._leading[words], strict=True)]
                first = _first(key, leading[: words + 2], leading[words + 3])
            place = np.searchsorted(kept["witness"], first)
            chosen = np.append(kept["witness"], -1)[place] == np.where(first < 0, -2, first)
            flow, back = self._chosen.exchanges.find(key[:words], rest)
            alone = (first < 0) & (flow >= 0)
            flow[chosen], back[chosen] = kept["flow"][place[chosen]], kept["back"][place[chosen]]
            some = np.flatnonzero(chosen | alone)
            app = np.full(len(some), CODE["other"], np.uint8)
            self._chosen.keep(flow[some], witness[some], *(column[some] for column in more), app, back[some])


def _first(key: list[U64], leading: list[U64], witness: I64) -> I64:
    """Return the record of the first fragment of each datagram, -1: none was seen (see `fragments.SPAN`)."""
    known = Keys(leading, witness)
    first = np.full(len(key[0]), -1, np.int64)
    for ahead in (0, 1, -1):
        missing = np.flatnonzero(first < 0)
        span = (key[-1].view(np.int64) - ahead).view(np.uint64)
        first[missing] = known.find([column[missing] for column in (*key[:-1], span)])
    return first


class _Messages(Facts):
    """Reads messages of flows that several calls share, and keeps those that are to be shown."""

    def __init__(self, chosen: Chosen, shown: I64) -> None:
        super().__init__()
        self._chosen = chosen
        self._shared = any(calls is not None for calls in chosen.calls)
        self._shown = shown
        self.messages: dict[int, tuple[str, bytes]] = {}  # witness -> kind of payload, its first bytes

    def read(
        self, batch: Batch, packets: Packets, which: I64, app: NDArray[np.uint8], witness: I64, vantage: int
    ) -> None:
        if len(self._shown):
            place = np.minimum(np.searchsorted(self._shown, witness[which]), len(self._shown) - 1)
            for at in which[self._shown[place] == witness[which]].tolist():
                self.messages[int(witness[at])] = APPS[app[at]], self._payload(packets, at)[:MESSAGE]
        if self._shared:
            self._of_calls(batch, packets, which[app[which] == CODE["sip"]], app, witness, vantage)

    def _of_calls(
        self, batch: Batch, packets: Packets, which: I64, app: NDArray[np.uint8], witness: I64, vantage: int
    ) -> None:
        flow, back = self._chosen.find(packets, which, app, vantage)
        ours = []
        for i in np.flatnonzero(flow >= 0).tolist():
            calls = self._chosen.calls[flow[i]]
            if calls is not None and self._belongs(self._payload(packets, int(which[i])), calls):
                ours.append(i)
        some = which[ours]
        index = packets.index[some]
        columns = (witness[some], batch.ns[index], batch.wire[index], packets.length[some], app[some])
        self._chosen.keep(flow[ours], *columns, back[ours])

    @staticmethod
    def _payload(packets: Packets, at: int) -> bytes:
        return bytes(packets.data.data[int(packets.body[at]) : int(packets.end[at])])

    @staticmethod
    def _belongs(payload: bytes, calls: frozenset[str]) -> bool:
        """Say whether a message is of one of these calls, or of none: registrations show who serves whom."""
        said = [fact for fact in parse("sip", payload, Packet(0, 0, 0, 0, 0, 17, 0, 0)) if isinstance(fact, Dialog)]
        return any(fact.call_id in calls or not fact.call for fact in said)


@dataclass(frozen=True, slots=True)
class Found:
    """What the second pass found."""

    packets: dict[str, NDArray[Any]]  # COLUMNS, by witness
    counts: I64  # of each wanted flow: its packets
    flows: Numbered
    left: int  # packets beyond the limit
    messages: dict[int, tuple[str, bytes]]

    def records(self, wanted: Wanted) -> tuple[I64, NDArray[np.uint8]]:
        """Return the witnesses of all records, ascending and once each, and why they are evidence (index into WHY).

        Of a flow whose packets do not show its ends (they are wrapped, say) the first record stands for it.
        """
        flows, unseen = self.flows, np.flatnonzero((self.counts == 0) & (self.flows.first >= 0))
        single = np.array(list(wanted.records), np.int64)
        reasons = np.array([WHY.index(each) for each in wanted.records.values()], np.uint8)
        witness = np.concatenate([self.packets["witness"].astype(np.int64), flows.first[unseen], single])
        because = np.concatenate([flows.why[self.packets["flow"].astype(np.int64)], flows.why[unseen], reasons])
        order = np.lexsort((because, witness))
        first = np.diff(witness[order], prepend=-1) > 0
        return witness[order][first], because[order][first]


def choose(
    case: Case,
    wanted: Wanted,
    *,
    limit: int | None = None,
    details: bool = False,
    shown: Sequence[int] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Look for the packets of wanted flows, of each no more than `limit`, and for the messages in `shown` records.

    Without `details` only flows and witnesses are told of them.  Memory grows with the packets that are found, and not
    with the inputs.
    """
    flows = numbered(case, wanted)
    exchanges = Exchanges(flows.rows, case.reading.coarse)
    chosen = Chosen(exchanges, flows.calls, limit, details, np.zeros(len(flows.rows), np.int64))
    fragments, messages = _Fragments(chosen), _Messages(chosen, np.array(sorted(shown), np.int64))
    part = Part(_Flows(chosen), fragments, messages)
    done, total = 0, sum(source.size for source in case.reading.sources)

    def advanced(size: int) -> None:
        nonlocal done
        done = min(total, done + size)
        if progress:
            progress(done, total)

    for index, (source, vantage) in enumerate(
        zip(case.reading.sources[: case.reading.captures], case.reading.of, strict=False)
    ):
        read_whole(part, index, source, vantage, advanced)
    fragments.choose(case.reading.fragments_apart)
    return Found(chosen.columns(), chosen.counts, flows, chosen.left, messages.messages)


def part_of(witness: I64, source: int) -> slice:
    """Return where the records of one source stand among ascending witnesses."""
    bounds = np.searchsorted(witness, [source << SOURCE_SHIFT, source + 1 << SOURCE_SHIFT])
    return slice(int(bounds[0]), int(bounds[1]))
