"""Who takes part in a flow and what it carries: service, plane, and the role of each end.

Nothing is guessed: an end that nothing below speaks of stays `unknown`, a participant or a place, and the judge
leaves open what hangs on it.  The first line that applies decides.

Plane        1. what the packets showed        2. the catalogue's entry for the socket (a network with ports)
             3. its entry for the name (server name of this flow, else DNS answers)     4. for the whole network
             5. for the protocol.  Only an end that serves counts: not the one that opened the flow, unless on
             a socket that the catalogue lists.  Entries that disagree leave any of theirs.
Service      the same without the packets; entries that disagree leave it unknown.
Operator     the catalogue's network; a name says nothing of who runs an address.
Role         1. what the reading or the inventory knows (STUN and TURN, registrations of SIP, calls, sites)
             2. the catalogue's network: server or relay
             3. the peer of a socket that the catalogue lists by port, itself on another port: client
             4. a carried flow that was opened (handshake, protocol) towards the port of a service of which only
                servers listen, or by a protocol with clients and servers (TLS, SSH, …) towards a port that systems
                don't hand out to clients: opened-to end server (TURN: relay; a name may say relay), opener client
             5. a carried flow of unknown opening between a well-known port (below 1024) of such a service, or
                a registered port that speaks its own protocol, and a port of no service: server and client;
                so where a public end on such a registered port faces a private one on a port that systems hand
                out, whatever they speak and unless the public end opened it (media on a STUN port: relay)
             6. who opened a flow towards a server or relay, or faces one from a private address: client (not where
                gateways and bridges are controlled by the same protocol as telephones: `CONTROLLED`)
             7. a private or carrier-NAT address that opened a flow to a public one: client
             8. the same end in another call on the same 5-tuple (a registration shows who serves whom)
             9. the same address in another flow of the same session, where those agree

SIP, XMPP between servers and the like give no role by port: a telephone listens on 5060 too.  Media between
two ends of which neither is known gives none either.  A name alone never makes an end a server: anybody can
answer DNS, so names only choose between server and relay for an end that packets show to serve.
Attempts (rejected, unanswered) show no role: nobody said that they serve.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from auditor.enrich.catalogue import Catalogue
from auditor.enrich.match import (
    GROUP,
    NOTHING,
    PRIVATE,
    PUBLIC,
    Codes,
    Known,
    coded,
    ends,
    lookup,
    situations,
    spread,
    union,
)
from auditor.enrich.ports import EPHEMERAL, LISTED, PEER, PLAIN, WELL_KNOWN, believed, port_classes
from auditor.model.flow import CARRIED, OBSERVED, REPORTED, SIDES, UNKNOWN

SERVING: Final = ("server", "relay")

SERVED: Final = frozenset({"tls", "quic", "http", "rtsp", "ssh", "rdp", "vnc", "telnet", "dns"})
"""Protocols that know a client and a server, whatever the port."""

CONTROLLED: Final = ("mgcp", "skinny", "h225", "megaco")
"""Protocols whose servers control trunk gateways and conference bridges too, which are no participants."""

TALK: Final = frozenset({"sip", "rtp", "rtcp", "dtls", "zoom", "zrtp", "h225", "h245", "iax"})
"""Protocols of which a participant's device may be either end."""


MEDIA: Final = frozenset({"rtp", "rtcp", "dtls", "turn"})
"""Protocols that make a relay of a server on a STUN port: what answers checks only carries no media."""


class End(NamedTuple):
    """One end of a flow, as far as its role and what it serves depend on it."""

    role: str = UNKNOWN
    kind: str = PUBLIC  # public, private or group
    port: str = EPHEMERAL  # well-known, peer, plain or ephemeral, or listed with the protocol of a registered port
    known: Known = NOTHING


class Situation(NamedTuple):
    """All of a flow that its service, plane and roles depend on: flows that are alike in it are decided at once."""

    src: End = End()
    dst: End = End()
    basis: str = OBSERVED
    app: str = ""
    plane: str = UNKNOWN
    service: str = ""
    opened: str = ""
    outcome: str = CARRIED


@dataclass(frozen=True, slots=True)
class Decision:
    service: str
    plane: str
    src_role: str
    dst_role: str


def who(flows: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Fill service, plane, roles and operators of a FLOW frame where they are not known yet.

    Rows keep their order and number, and each is decided by itself.  What follows from other ends and flows waits for
    `settle`, which comes after the inventory has overruled what was seen here.
    """
    if flows.is_empty():
        return flows
    where = lookup(catalogue)
    sides = {side: ends(flows, side, where) for side in SIDES}
    rows, inverse = _situations(flows, sides)
    decisions = [decide(row, catalogue) for row in rows]
    columns = [
        spread([getattr(decision, name) for decision in decisions], inverse).alias(name)
        for name in ("service", "plane", "src_role", "dst_role")
    ]
    return flows.with_columns(columns + [_operator(flows, side, *sides[side]) for side in SIDES])


def _situations(
    flows: pl.DataFrame, sides: dict[str, tuple[Codes, list[tuple[str, Known]]]]
) -> tuple[list[Situation], Codes]:
    names = ("basis", "app", "plane", "service", "opened", "outcome", "transport")
    columns = [coded(flows[name]) for name in names]
    for side in SIDES:
        port = _port_classes(columns[6], flows[f"{side}_port"])
        columns += [coded(flows[f"{side}_role"]), port, sides[side]]
    rows, inverse = situations(columns)
    return [Situation(_end(*row[7:10]), _end(*row[10:13]), *row[:6]) for row in rows], inverse


def _end(role: str, port: str, known: tuple[str, Known]) -> End:
    return End(role, known[0], port, known[1])


def _port_classes(transport: tuple[Codes, list[str]], ports: pl.Series) -> tuple[Codes, list[str]]:
    """Number the class of each port."""
    tables = [port_classes(name) for name in transport[1]]
    values = sorted({name for _, names in tables for name in names})
    table = np.stack([np.array([values.index(name) for name in names])[codes] for codes, names in tables])
    return table[transport[0], ports.to_numpy() & 0xFFFF], values


def _operator(flows: pl.DataFrame, side: str, codes: Codes, values: list[tuple[str, Known]]) -> pl.Series:
    given = flows[f"{side}_operator"]
    return given.zip_with(given != "", spread([known.operator for _, known in values], codes)).alias(given.name)


def decide(flow: Situation, catalogue: Catalogue) -> Decision:
    """Decide one situation by the table at the head of this module (6, 8 and 9 need other rows: `settle`)."""
    service, plane = carries(flow, catalogue)
    return Decision(flow.service or service, plane if flow.plane == UNKNOWN else flow.plane, *roles(flow))


def carries(flow: Situation, catalogue: Catalogue) -> tuple[str, str]:
    """Return the service and the plane of a flow as the catalogue sees it."""
    serving = [flow.dst.known]
    if not flow.opened or flow.src.known.by_port:
        serving.append(flow.src.known)
    listed = [known for known in serving if known != NOTHING]
    exact = [known for known in listed if known.by_port]
    chosen = exact or listed
    if not chosen:
        entry = catalogue.apps.get(flow.app)
        return (entry.service, entry.planes) if entry else ("", UNKNOWN)
    services = {known.service for known in chosen}
    return services.pop() if len(services) == 1 else "", union(*(known.planes for known in chosen))


def roles(flow: Situation) -> tuple[str, str]:
    """Return the roles of both ends, lines 1 to 5 and 7 of the table."""
    src, dst = (end.role if end.role != UNKNOWN else end.known.role or UNKNOWN for end in (flow.src, flow.dst))
    for by in (_by_socket, _by_protocol, _by_port, _by_registered, _by_nat):
        found = by(flow)
        src, dst = (old if old != UNKNOWN else new for old, new in zip((src, dst), found, strict=True))
    return src, dst


def _by_socket(flow: Situation) -> tuple[str, str]:
    if not _shows_roles(flow) or flow.src.known.by_port == flow.dst.known.by_port:
        return UNKNOWN, UNKNOWN
    return (UNKNOWN, "client") if flow.src.known.by_port else ("client", UNKNOWN)


def _by_protocol(flow: Situation) -> tuple[str, str]:
    if not flow.opened or not _shows_roles(flow) or not _serves(flow):
        return UNKNOWN, UNKNOWN
    server = "relay" if flow.app == "turn" else flow.dst.known.named or "server"
    return "client", server


def _serves(flow: Situation) -> bool:
    """Say whether being opened towards shows the destination to be a server."""
    port = flow.dst.port
    if port == WELL_KNOWN or flow.app == "turn":
        return True
    if port in (PEER, EPHEMERAL) or flow.app in TALK:
        return False
    return port.startswith(LISTED) or flow.app in SERVED


def _by_port(flow: Situation) -> tuple[str, str]:
    if flow.opened or not _shows_roles(flow):
        return UNKNOWN, UNKNOWN
    listens = tuple(believed(end.port, flow.app) for end in (flow.src, flow.dst))
    plain = tuple(end.port in (PLAIN, EPHEMERAL) for end in (flow.src, flow.dst))
    if listens == (False, True) and plain[0]:
        return "client", flow.dst.known.named or "server"
    if listens == (True, False) and plain[1]:
        return flow.src.known.named or "server", "client"
    return UNKNOWN, UNKNOWN


def _by_registered(flow: Situation) -> tuple[str, str]:
    """Believe a registered port of a public end that somebody behind a translator reached from a port handed out."""
    if not _shows_roles(flow):
        return UNKNOWN, UNKNOWN
    if _reached(flow.src, flow.dst):
        return "client", _kind_of_server(flow, flow.dst)
    if not flow.opened and _reached(flow.dst, flow.src):
        return _kind_of_server(flow, flow.src), "client"
    return UNKNOWN, UNKNOWN


def _reached(inside: End, outside: End) -> bool:
    behind = (inside.kind, outside.kind) == (PRIVATE, PUBLIC)
    return behind and inside.port == EPHEMERAL and outside.port.startswith(LISTED)


def _kind_of_server(flow: Situation, end: End) -> str:
    return "relay" if flow.app in MEDIA else end.known.named or "server"


def _by_nat(flow: Situation) -> tuple[str, str]:
    opener = flow.opened and flow.basis in SHOWN and _kinds(flow) == (PRIVATE, PUBLIC)
    return "client" if opener else UNKNOWN, UNKNOWN


SHOWN: Final = (OBSERVED, REPORTED)
"""Bases on which something was exchanged: packets, or what a log counted."""


def _shows_roles(flow: Situation) -> bool:
    return flow.basis in SHOWN and flow.outcome == CARRIED and GROUP not in _kinds(flow)


def _kinds(flow: Situation) -> tuple[str, str]:
    return flow.src.kind, flow.dst.kind
