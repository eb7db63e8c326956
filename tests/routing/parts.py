"""Configurations cut into what can be tried by itself: a class of clients, and the faults that bear on it."""

from collections.abc import Iterator
from dataclasses import replace

from auditor.routing.graph import leaves
from auditor.routing.model import Routing


def parts(routing: Routing, most: int = 10) -> Iterator[Routing]:
    """Yield each distinct graph with one of its clients, unless more faults bear on it than can be tried."""
    seen = {id(None)}
    for client in routing.clients:
        if id(client.root) in seen or client.root is None:
            continue
        seen.add(id(client.root))
        pools = {use.pool: routing.pools[use.pool] for use in leaves(client.root)}
        faults = {fault for pool in pools.values() for fault in pool.faults | pool.strains}
        if len(faults) <= most:
            yield replace(routing, clients=[client], faults={fault: routing.faults[fault] for fault in sorted(faults)})
