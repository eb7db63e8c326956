"""How far protected clients are from forbidden pools when demand rises, and what leads there, also in an outage."""

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Final

from auditor.model.surge import Filled, Headroom, Outage, Surge
from auditor.routing.graph import leaves
from auditor.routing.model import NONE, Client, First, Node, Routing
from auditor.routing.surge.mix import Bound, Mix
from auditor.routing.surge.uniform import FULL, Surged, landing, surge, taken
from auditor.routing.surge.way import Orders, inner

TRIES: Final = 64
"""Outages that are tried one by one; those of pools that demand comes to first are tried first."""

WORK: Final = 500_000
"""Pairs of a client and a pool over all tries: a second or two.  Of a larger configuration fewer are tried."""

_NONE: Final = frozenset[str]()


class Rising:
    """A configuration under an outage (see `uniform.surge`), worked out once for all questions that are asked of it."""

    def __init__(self, routing: Routing, down: frozenset[str] = _NONE, lost: frozenset[str] = _NONE) -> None:
        self.routing, self.down, self.lost = routing, down, lost
        self.done = surge(routing, down, lost)
        self._mix = Mix(routing, down, lost)

    def headroom(self, clients: Collection[str], pools: Collection[str], tries: int | None = None) -> Surge:
        """Tell what a surge does to clients (names) who must not land in pools (names).

        `tries` is how many further outages of one thing to try; None: as many as take a second or two.
        """
        routing, done, wanted = self.routing, self.done, frozenset(pools)
        if tries is None:
            tries = min(TRIES, WORK // max(1, len(routing.clients) * len(routing.pools)))
        rows = _rows(routing, self._mix, done, frozenset(clients), wanted)
        outages, untried = _outages(routing, done, rows, wanted, self.down, self.lost, tries)
        return Surge(
            pools=tuple(sorted(wanted)),
            headroom=rows,
            fills=_leading(routing, done, rows),
            outages=outages,
            untried=untried,
            unserved=min((done.unserved[row.client] for row in rows if row.client in done.unserved), default=None),
            unknown=done.unknown,
            doubtful=done.doubtful,
        )


def headroom(
    routing: Routing,
    clients: Collection[str],
    pools: Collection[str],
    down: frozenset[str] = _NONE,
    lost: frozenset[str] = _NONE,
    tries: int | None = None,
) -> Surge:
    """Tell what a surge does to clients who must not land in pools: one question (see `Rising`)."""
    return Rising(routing, down, lost).headroom(clients, pools, tries)


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


def _leading(routing: Routing, done: Surged, rows: Collection[Headroom]) -> tuple[Filled, ...]:
    """Keep the fills without which the first landing would not be: of pools before it, and of those before these.

    In an order the pools before a pool count; in other graphs all that are full by then, which may be too many.
    """
    first = next(iter(rows), None)
    fills = tuple(Filled(fill.at, fill.pool, fill.by) for fill in done.fills)
    if first is None or first.at is None:
        return fills
    ends = {fill.pool: fill.at for fill in fills}
    readings: dict[str, list[Client]] = {}
    for client in routing.clients:
        readings.setdefault(client.name, []).append(client)
    orders: dict[int, tuple[list[str], bool]] = {}
    asking = {client.name for client in routing.clients if client.demand}
    senders: dict[str, list[tuple[Fraction, str]]] = {}  # clients that come to a pool
    for (name, pool), at in done.reached.items():
        if name in asking:
            senders.setdefault(pool, []).append((at, name))
    needed: set[str] = set()
    left = [(first.at, first.at, first.client, first.pool)]
    while left:
        since, until, name, target = left.pop()
        for client in readings[name]:
            if id(client.root) not in orders:
                orders[id(client.root)] = _order(client.root)
            order, plain = orders[id(client.root)]
            some = order[: order.index(target)] if plain and target in order else order
            for pool in some:
                if pool not in needed and ends.get(pool, until + 1) <= (since if plain else until):
                    needed.add(pool)
                    full = ends[pool]
                    left += [(at, full, other, pool) for at, other in senders.get(pool, ()) if at < full]
    return tuple(fill for fill in fills if fill.pool in needed)


def _order(root: Node | None) -> tuple[list[str], bool]:
    """List the pools of a graph, and say whether it is a plain order: each once, one after the other, nothing else."""
    if root is None:
        return [], True
    names = [use.pool for use in leaves(root)]
    plain = all(isinstance(node, First) and node.on_down == NONE for node in inner(root))
    return list(dict.fromkeys(names)), plain and len(set(names)) == len(names)


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
    clients = {row.client for row in rows}
    limit = next((row.at for row in rows), None)
    came: dict[str, Fraction] = {}
    for (_, pool), at in done.reached.items():
        came[pool] = min(at, came.get(pool, at))
    gone = taken(routing, down, lost)
    trials: dict[frozenset[str], tuple[str, str]] = {}
    for pools, outage in _single(routing):
        pools -= gone
        matters = any(pool in came and (limit is None or came[pool] < limit) for pool in pools)
        if matters and not wanted <= gone | pools:
            trials.setdefault(pools, outage)
    ordered = sorted(trials.items(), key=lambda trial: (min(came[p] for p in trial[0] if p in came), trial[1]))
    worse, orders = [], Orders()
    for _, (kind, id) in ordered[:tries]:
        more = (down, lost | {id}) if kind == "site" else (down | {id}, lost)
        landed = landing(routing, more, clients, wanted, limit, orders)
        if landed:
            worse.append(Outage(kind, id, *landed))
    worse.sort(key=lambda outage: (outage.at or 0, outage.kind, outage.id))
    return tuple(worse), max(0, len(ordered) - tries)


def _single(routing: Routing) -> Iterator[tuple[frozenset[str], tuple[str, str]]]:
    """Yield each outage of one thing, with the pools that it takes away."""
    faults: dict[str, set[str]] = {name: set() for name in sorted(routing.faults) if not name.startswith(FULL)}
    sites: dict[str, set[str]] = {name: set() for name in sorted(routing.sites)}
    for pool in routing.pools.values():
        sites.setdefault(pool.site, set()).add(pool.name)
        for fault in pool.faults & faults.keys():
            faults[fault].add(pool.name)
    for kind, taking in (("fault", faults), ("site", sites)):
        yield from ((frozenset(pools), (kind, id)) for id, pools in taking.items())
