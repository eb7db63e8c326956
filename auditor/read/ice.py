"""Ties flows to one session by ICE: who checks a path names both sides' fragments in the check (RFC 8445, 7.2.2).

Both fragments are random and made for one session, and all candidate pairs of it name the same two.  Short ones may
come again, so flows are tied within one vantage, while their checks overlap, and where they share an address: a
wrong tie would add people to a session, and who takes part decides rules.  For the same reason a check that
nobody answered joins only where others of the session show both of its ends.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from auditor.model.flow import CARRIED
from auditor.read.arrays import I64
from auditor.read.facts.model import Ice, Media, Relayed
from auditor.read.outcome import OUTCOMES
from auditor.read.pairing import Paired
from auditor.read.placed import Placed
from auditor.read.said import Columns

GAP: Final = 30_000_000_000
"""Nanoseconds after which a side that hears no answer stops sending (RFC 7675, section 5.1)."""

Socket = tuple[int, int]


@dataclass(slots=True)
class _Session:
    """Flows that are one session, by their numbers."""

    vantage: int
    pairs: set[str]
    first_ns: int
    last_ns: int
    flows: set[int] = field(default_factory=set)
    ends: set[Socket] = field(default_factory=set)

    def __lt__(self, other: "_Session") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[int, int, list[Socket], list[str]]:
        return self.first_ns, self.vantage, sorted(self.ends), sorted(self.pairs)


def tied(placed: Placed, calls: pl.DataFrame, outcomes: I64) -> dict[int, str]:
    """Name the session of each flow of ICE; `calls` are flows that carry media of calls, `outcomes` as in `outcome`.

    A session of which one call announced both fragments, or carries the media of a flow, is that call.
    """
    facts, which, _ = placed.only(Ice)
    found = _components(placed.flows, [(fact, flow) for fact, flow in zip(facts, which, strict=True) if flow >= 0])
    _relayed(placed, found)
    by_flow: dict[int, set[str]] = defaultdict(set)
    for flow, call in calls.select("flow", "call").iter_rows():
        by_flow[flow].add(call)
    announced = _announced(placed.said.of_kind(Media))
    names: dict[int, str] = {}
    used: dict[str, int] = defaultdict(int)
    for session in sorted(found):
        own = set().union(*(by_flow.get(flow, set()) for flow in session.flows))
        own = own or _of_both(session, announced)
        name = own.pop() if len(own) == 1 else _named(session, used)
        for flow in _shown(session, placed.flows, outcomes):
            names.setdefault(flow, name)
    return names


def _named(session: _Session, used: dict[str, int]) -> str:
    name = f"ice:{min(session.pairs)}"
    used[name] += 1
    return name if used[name] == 1 else f"{name}#{used[name]}"


def _ends(flows: Paired, flow: int) -> tuple[Socket, Socket]:
    return (
        (int(flows.a_hi[flow]) << 64 | int(flows.a_lo[flow]), int(flows.a_port[flow])),
        (int(flows.b_hi[flow]) << 64 | int(flows.b_lo[flow]), int(flows.b_port[flow])),
    )


def _components(flows: Paired, facts: Sequence[tuple[Ice, int]]) -> list[_Session]:
    """Put flows together that share fragments and an address, or (ICE restarted) all of their sockets, in time."""
    parent = list(range(len(facts)))
    near: dict[tuple[int, object, object], list[int]] = defaultdict(list)
    for number, (fact, flow) in enumerate(facts):
        near[fact.vantage, flow, None].append(number)
        for address, _ in _ends(flows, flow):
            near[fact.vantage, fact.pair, address].append(number)
    for members in near.values():
        members.sort(key=lambda number: facts[number][0].first_ns)
        last, head = facts[members[0]][0].last_ns, members[0]
        for number in members[1:]:
            fact = facts[number][0]
            if fact.first_ns <= last + GAP:
                parent[_root(parent, number)] = _root(parent, head)
            else:
                head = number
            last = max(last, fact.last_ns)
    found: dict[int, _Session] = {}
    for number, (fact, flow) in enumerate(facts):
        root = _root(parent, number)
        session = found.setdefault(root, _Session(fact.vantage, set(), fact.first_ns, fact.last_ns))
        session.pairs.add(fact.pair)
        session.first_ns, session.last_ns = min(session.first_ns, fact.first_ns), max(session.last_ns, fact.last_ns)
        session.flows.add(flow)
        session.ends.update(_ends(flows, flow))
    return list(found.values())


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _relayed(placed: Placed, found: Iterable[_Session]) -> None:
    """Add the flow of a client to its relay where the same socket took part in one of these sessions alone."""
    by_socket: dict[tuple[int, Socket], list[_Session]] = defaultdict(list)
    for session in found:
        for end in session.ends:
            by_socket[session.vantage, end].append(session)
    more: list[tuple[_Session, int]] = []
    for fact, flow, _ in zip(*placed.only(Relayed), strict=True):
        client = fact.flow[2], fact.flow[3]
        sessions = [
            session
            for session in by_socket.get((fact.vantage, client), ())
            if fact.first_ns <= session.last_ns + GAP and session.first_ns <= fact.last_ns + GAP
        ]
        if flow >= 0 and len(sessions) == 1:
            more.append((sessions[0], flow))
    for session, flow in more:
        session.flows.add(flow)


def _announced(facts: Columns) -> dict[tuple[int, str], set[str]]:
    """Say which calls announced each fragment at a vantage."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    for fact in facts.take(~facts.says("ufrag", "")).facts():
        found[fact.vantage, fact.ufrag].add(fact.call_id)
    return found


def _of_both(session: _Session, announced: Mapping[tuple[int, str], set[str]]) -> set[str]:
    """Return the calls that announced both fragments of a session."""
    calls: set[str] = set()
    for pair in session.pairs:
        one, other = (announced.get((session.vantage, fragment), set()) for fragment in pair.split(":"))
        calls |= one & other
    return calls


def _shown(session: _Session, flows: Paired, outcomes: I64) -> list[int]:
    """List the flows of a session without those checks that nobody answered and that would add an end to it."""
    carried = OUTCOMES.index(CARRIED)
    here = {address for flow in session.flows if outcomes[flow] == carried for address, _ in _ends(flows, flow)}
    return sorted(
        flow
        for flow in session.flows
        if outcomes[flow] == carried or all(address in here for address, _ in _ends(flows, flow))
    )
