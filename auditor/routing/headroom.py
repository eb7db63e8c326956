"""How far protected clients are from forbidden pools when demand rises, and what leads there, also in an outage."""

from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Final

from auditor.model.surge import Filled, Headroom, Outage, Surge
from auditor.routing.graph import leaves
from auditor.routing.mix import Bound, Mix
from auditor.routing.model import Routing
from auditor.routing.surge import FULL, Surged, surge, taken

TRIES: Final = 64
"""Outages that are tried one by one; those of pools that demand comes to first are tried first."""

_NONE: Final = frozenset[str]()


def headroom(
    routing: Routing,
    clients: Collection[str],
    pools: Collection[str],
    down: frozenset[str] = _NONE,
    lost: frozenset[str] = _NONE,
    tries: int = TRIES,
) -> Surge:
    """Tell what a surge does to clients (names) who must not land in pools (names), under an outage.

    `down` and `lost` are those of `surge.surge`; `tries` is the number of further single outages to try.
    """
    done = surge(routing, down, lost)
    wanted = frozenset(pools)
    rows = _rows(routing, Mix(routing, down, lost), done, frozenset(clients), wanted)
    outages, untried = _outages(routing, done, rows, wanted, down, lost, tries)
    return Surge(
        pools=tuple(sorted(wanted)),
        headroom=rows,
        fills=tuple(Filled(fill.at, fill.pool, fill.by) for fill in _leading(routing, done, rows)),
        outages=outages,
        untried=untried,
        unserved=min((done.unserved[row.client] for row in rows if row.client in done.unserved), default=None),
        unknown=done.unknown,
        doubtful=done.doubtful,
    )


def _rows(
    routing: Routing, mix: Mix, done: Surged, clients: frozenset[str], wanted: frozenset[str]
) -> tuple[Headroom, ...]:
    came: dict[str, list[tuple[Fraction, str]]] = {}
    for (name, pool), at in done.reached.items():
        came.setdefault(name, []).append((at, pool))
    rows: dict[str, Headroom] = {}
    for client in routing.clients:
        name = client.name
        if name not in clients:
            continue
        pairs = sorted(came.get(name, ()))
        landed = next(((since, pool) for since, pool in pairs if pool in wanted), None)
        bound = mix.bound(client, wanted)
        other = rows.get(name)  # another reading of the same client
        if other is not None and other.safe is not None and (bound.at is None or other.safe < bound.at):
            bound = Bound(other.safe, other.proof)
        front = tuple(pool for since, pool in pairs if pool not in wanted and (landed is None or since < landed[0]))
        rows[name] = Headroom(
            name,
            client.countries,
            landed[0] if landed else None,
            landed[1] if landed else "",
            bound.at,
            bound.pools,
            front,
        )
    return tuple(sorted(rows.values(), key=lambda row: (row.at is None, row.at or 0, row.client)))


def _leading(routing: Routing, done: Surged, rows: Collection[Headroom]) -> list[Filled]:
    """Keep the fills without which the first landing would not be: of pools before it, and of those before these."""
    first = next(iter(rows), None)
    fills = [Filled(fill.at, fill.pool, fill.by) for fill in done.fills]
    if first is None or first.at is None:
        return fills
    asking = {client.name for client in routing.clients if client.demand}
    comes: dict[str, list[tuple[Fraction, str]]] = {}  # pools that a client comes to
    senders: dict[str, list[tuple[Fraction, str]]] = {}  # clients that come to a pool
    for (client, pool), at in done.reached.items():
        comes.setdefault(client, []).append((at, pool))
        if client in asking:
            senders.setdefault(pool, []).append((at, client))
    ends = {fill.pool: fill.at for fill in fills}
    needed, left = set[str](), [(first.at, first.client)]
    seen = set(left)
    while left:
        until, client = left.pop()
        for at, pool in comes.get(client, ()):
            if at < until and ends.get(pool, until + 1) <= until and pool not in needed:
                needed.add(pool)
                new = {(since, other) for since, other in senders.get(pool, ()) if since < ends[pool]} - seen
                seen |= new
                left.extend(sorted(new))
    roots = [client.root for client in routing.clients if client.name == first.client and client.root is not None]
    listed = {leaf.pool for root in roots for leaf in leaves(root)}
    return [fill for fill in fills if fill.pool in needed or (not fill.by and fill.pool in listed)]


def _outages(
    routing: Routing,
    done: Surged,
    rows: Collection[Headroom],
    wanted: frozenset[str],
    down: frozenset[str],
    lost: frozenset[str],
    tries: int,
) -> tuple[tuple[Outage, ...], int]:
    """Try each single site and fault; one that touches no pool before the first landing changes nothing."""
    clients = [row.client for row in rows]
    limit = next((row.at for row in rows), None)
    came: dict[str, Fraction] = {}
    for (_, pool), at in done.reached.items():
        came[pool] = min(at, came.get(pool, at))
    gone = taken(routing, down, lost)
    trials: dict[frozenset[str], tuple[str, str, frozenset[str], frozenset[str]]] = {}
    for kind, id in [
        *(("fault", name) for name in sorted(routing.faults) if not name.startswith(FULL)),
        *(("site", name) for name in sorted(routing.sites)),
    ]:
        more = (down, lost | {id}) if kind == "site" else (down | {id}, lost)
        pools = taken(routing, *more) - gone
        matters = [came[pool] for pool in pools if pool in came and (limit is None or came[pool] < limit)]
        if matters and not wanted <= gone | pools:
            trials.setdefault(pools, (kind, id, *more))
    ordered = sorted(trials.items(), key=lambda trial: (min(came[p] for p in trial[0] if p in came), trial[1][:2]))
    found = [_tried(routing, *trial, clients, wanted) for _, trial in ordered[:tries]]
    worse = [outage for outage in found if outage.at is not None and (limit is None or outage.at < limit)]
    worse.sort(key=lambda outage: (outage.at or 0, outage.kind, outage.id))
    return tuple(worse), len(ordered) - len(found)


def _tried(
    routing: Routing,
    kind: str,
    id: str,
    down: frozenset[str],
    lost: frozenset[str],
    clients: Iterable[str],
    wanted: frozenset[str],
) -> Outage:
    done = surge(routing, down, lost)
    landed = [(at, client, pool) for client in clients for pool in wanted if (at := done.at(client, pool)) is not None]
    return Outage(kind, id, *min(landed)) if landed else Outage(kind, id, None)
