"""Touches that no packet shows: what elements attest happened, and what signalling offered.

Attested: the elements that a SIP message has passed (Via, Record-Route), a TURN allocation in use and the peers behind
it.  Offered: media ends and candidates, routes, redirects.  Of both only addresses that can be a place on the
Internet count, and of a call's only those to which no packet of that call was seen to go.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

import numpy as np
import polars as pl

from auditor.model.flow import ATTESTED, OFFERED, SOURCE_SHIFT, UNKNOWN, frame
from auditor.read.arrays import Bool
from auditor.read.facts.model import CONTROL, Dialog, End, Fact, Flow, Hop, Media, Peer, Redirect, Relayed
from auditor.read.facts.text import reachable, reachable_ones
from auditor.read.said import Columns, Said
from auditor.read.written import text

_PASSED: Final = {"via": UNKNOWN, "origin": UNKNOWN, "record-route": "server"}
_AHEAD: Final = ("route", "path", "service-route", "contact")
_DISCARD: Final = 9  # the port of candidates that only open connections (RFC 6544, section 4.5)


@dataclass(frozen=True, slots=True)
class Told:
    """One exchange that somebody told of; `src` is who heard of it or uses it, `dst` the end that was named."""

    fact: Fact
    basis: str
    src: End
    dst: End
    plane: str
    app: str
    transport: str = "udp"
    src_role: str = UNKNOWN
    dst_role: str = UNKNOWN
    session: str | None = None


def told(
    said: Said, in_use: Callable[[int, Flow], bool], went: pl.DataFrame, own: Container[tuple[int, int]]
) -> list[Told]:
    """Derive rows from facts; `in_use` says whether media was relayed on a TURN client's flow.

    `went` has the ends from or to which packets of a call were seen to go: call, hi, lo, port.
    `own` are the vantages and public addresses of clients that were seen under others: not places, but participants,
    unless an element names them as a server or relay; who tells a client its address can't erase what others attest.
    One row for each session and named end, the one told first; what is attested is not listed as offered too.
    """
    best: dict[Any, dict[str, Told]] = defaultdict(dict)
    media, hops, dialogs = said.of_kind(Media), said.of_kind(Hop), said.of_kind(Dialog)
    calls, called = (facts["vantage"] << 32 | facts["call_id"] for facts in (dialogs.take(dialogs["call"]), hops))
    hops = hops.take(np.isin(called, calls) | ~hops.says("kind", "contact"))  # in a registration it is the client
    rest = chain.from_iterable(said.of_kind(kind).facts() for kind in (Relayed, Peer, Redirect))
    for fact in chain(_unseen(media, went, ~media.says("kind", CONTROL)), _unseen(hops, went), rest):
        row = _row(fact, in_use)
        if row is None or not reachable(row.dst[0]):
            continue
        if (fact.vantage, row.dst[0]) in own and row.dst_role == UNKNOWN:
            continue
        found = best[fact.vantage, row.session, row.plane, row.dst, row.src[0] if row.session is None else None]
        old = found.get(row.basis)
        pair = (row,) if old is None else (row, old) if _rank(row) < _rank(old) else (old, row)
        found[row.basis] = _joined(*pair) if len(pair) == 2 else row
    return [found.get(ATTESTED) or found[OFFERED] for found in best.values()]


def _unseen(facts: Columns, went: pl.DataFrame, exactly: Bool | None = None) -> Iterator[Any]:
    """Yield the facts that name a place to which no packet of their call went: at any port, or `exactly` the named."""
    hi, lo = facts.address
    some = np.flatnonzero(~facts.nowhere & reachable_ones(hi, lo))
    call = pl.Series(facts.texts, dtype=pl.String).gather(facts["call_id"][some])
    rows = pl.DataFrame({"call": call, "hi": hi[some], "lo": lo[some], "port": facts["port"][some], "at": some})
    kinds = [(np.ones(len(some), bool), ["call", "hi", "lo"])]
    if exactly is not None:
        kinds = [(exactly[some], ["call", "hi", "lo", "port"]), (~exactly[some], ["call", "hi", "lo"])]
    for which, key in kinds:
        missing = rows.filter(pl.Series(which)).join(went.select(key).unique(), on=key, how="anti")
        yield from facts.take(missing["at"].to_numpy()).facts()


def _rank(row: Told) -> Any:
    return row.fact.first_ns, row.dst_role == UNKNOWN, row.src, row.src_role, row.dst_role, row.app


def _joined(row: Told, other: Told) -> Told:
    """Keep a row, with the least witness and the widest time of both, so that the order of facts plays no part."""
    first, second = row.fact, other.fact
    role = row.dst_role if row.dst_role != UNKNOWN else other.dst_role
    witness, last = min(first.witness, second.witness), max(first.last_ns, second.last_ns)
    return replace(row, fact=replace(first, witness=witness, last_ns=last), dst_role=role)


def _row(fact: Fact, in_use: Callable[[int, Flow], bool]) -> Told | None:
    match fact:
        case Media():
            return _announced(fact)
        case Hop():
            return _passed(fact)
        case Relayed():
            basis = ATTESTED if in_use(fact.vantage, fact.flow) else OFFERED
            client, server = _ends(fact.flow)
            if fact.address == server[0]:  # seen already: media to the relay goes through the server's socket
                return None
            return Told(fact, basis, client, (fact.address, fact.port), "media", "turn", "udp", "client", "relay")
        case Peer():
            client, _ = _ends(fact.flow, from_server=fact.answer)
            basis = ATTESTED if fact.carried or in_use(fact.vantage, fact.flow) else OFFERED
            return Told(fact, basis, client, (fact.address, fact.port), "media", "turn", "udp", "client")
        case Redirect(kind="alternate"):
            return Told(
                fact, OFFERED, _ends(fact.flow)[0], (fact.address, fact.port), "signalling", "stun", "udp", "client"
            )
    return None


def _announced(fact: Media) -> Told | None:
    if not fact.port or (fact.port == _DISCARD and fact.kind.startswith("candidate")):
        return None
    relay = "relay" if fact.kind == "candidate relay" else UNKNOWN
    heard, end = (fact.flow[2], 0), (fact.address, fact.port)
    if fact.kind == CONTROL:
        return Told(fact, OFFERED, heard, end, "signalling", fact.media, "tcp", session=fact.call_id)
    return Told(fact, OFFERED, heard, end, "media", "", dst_role=relay, session=fact.call_id)


def _passed(fact: Hop) -> Told | None:
    """A request has passed its Via chain before its sender; an answer goes back along it beyond its receiver."""
    if fact.address < 0 or not (fact.kind in _PASSED or fact.kind in _AHEAD):
        return None
    basis = ATTESTED if fact.kind in _PASSED else OFFERED
    near = fact.flow[0] if fact.request or fact.kind not in ("via", "origin") else fact.flow[2]
    role = _PASSED.get(fact.kind, UNKNOWN)
    transport = {6: "tcp", 132: "sctp"}.get(fact.flow[4], "udp")
    end = (fact.address, fact.port)
    return Told(fact, basis, (near, 0), end, "signalling", "sip", transport, dst_role=role, session=fact.call_id)


def _ends(flow: Flow, from_server: bool = True) -> tuple[End, End]:
    """Return client and server of a flow."""
    source, target = (flow[0], flow[1]), (flow[2], flow[3])
    return (target, source) if from_server else (source, target)


def rows(found: Sequence[Told], vantages: Sequence[str]) -> pl.DataFrame:
    """Write told exchanges as FLOW rows: no packets, and the record that tells of them."""
    ordered = sorted(
        found, key=lambda row: (row.fact.first_ns, row.fact.vantage, row.session or "", row.dst, row.src, row.plane)
    )
    return frame({
        "source": [row.fact.witness >> SOURCE_SHIFT for row in ordered],
        "record": [row.fact.witness & (1 << SOURCE_SHIFT) - 1 for row in ordered],
        "basis": [row.basis for row in ordered],
        "vantage": [vantages[row.fact.vantage] for row in ordered],
        "transport": [row.transport for row in ordered],
        "app": [row.app for row in ordered],
        "plane": [row.plane for row in ordered],
        "session": [row.session for row in ordered],
        "first_ns": [row.fact.first_ns for row in ordered],
        "last_ns": [row.fact.last_ns for row in ordered],
        "src_addr": [text(row.src[0]) for row in ordered],
        "src_port": [row.src[1] for row in ordered],
        "src_role": [row.src_role for row in ordered],
        "dst_addr": [text(row.dst[0]) for row in ordered],
        "dst_port": [row.dst[1] for row in ordered],
        "dst_role": [row.dst_role for row in ordered],
    })  # fmt: skip
