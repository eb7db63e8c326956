"""What a surge of demand does to the clients of findings, where it is known what pools can carry and who asks."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from auditor.model.surge import Surge
from auditor.routing.model import Routing
from auditor.routing.surge.headroom import Rising
from auditor.routing.touches import Way

MOST: Final = 16
"""Sets of clients and pools for which a surge is tried; findings of different planes share them."""


class Surges:
    """Surges on some configurations, each tried once; with `then` they are compared with those of an earlier state."""

    def __init__(self, routings: Sequence[Routing], then: Sequence[Routing] | None = None) -> None:
        self._routings, self._then = routings, then
        self._known: dict[tuple[int, frozenset[str], frozenset[str]], Surge] = {}
        self._rising: dict[int, Rising] = {}  # by the identity of a configuration
        self._knowing = {id(each): _knows(each) for each in (*routings, *(then or ()))}  # asked for each finding

    def of(self, ways: Sequence[Way]) -> Surge | None:
        """Return the surge that first brings the clients of some ways to their pools.

        None: no configuration of theirs knows capacities and demand.
        """
        found = []
        for number in sorted({way.routing for way in ways}):
            routing = self._routings[number]
            if not self._knowing[id(routing)]:
                continue
            mine = [way for way in ways if way.routing == number]
            key = number, frozenset(way.client.name for way in mine), frozenset(way.pool for way in mine)
            if key not in self._known and len(self._known) < MOST:
                self._known[key] = self._tried(routing, key[1], key[2])
            if key in self._known:
                found.append(self._known[key])
        return min(found, key=lambda each: (each.at is None, each.at or 0)) if found else None

    def _tried(self, routing: Routing, clients: frozenset[str], pools: frozenset[str]) -> Surge:
        done = self._rises(routing).headroom(clients, pools)
        if self._then is None:
            return done
        sites = {routing.pools[pool].site for pool in pools}
        earlier = [self._first(each, clients, sites) for each in self._then if self._knowing[id(each)]]
        known = [at for at in earlier if at is not None]
        return replace(done, compared=True, before=min(known) if known else None)

    def _first(self, routing: Routing, clients: frozenset[str], sites: set[str]) -> Fraction | None:
        pools = [pool.name for pool in routing.pools.values() if pool.site in sites]
        return self._rises(routing).done.first(clients, pools)

    def _rises(self, routing: Routing) -> Rising:
        if id(routing) not in self._rising:
            self._rising[id(routing)] = Rising(routing)
        return self._rising[id(routing)]


def _knows(routing: Routing) -> bool:
    capacities = any(pool.capacity is not None for pool in routing.pools.values())
    return capacities and any(client.demand for client in routing.clients)
