"""Up to what multiple of the demand a client can't land in a pool, whatever the mix: for uneven surges and churn.

A uniform surge (`uniform`) is one story.  In others one country grows and another doesn't, sessions end in one pool and
begin in the next, and arrive in any order; but no country ever asks for more than its demand times the multiplier.
Before a client can land in a pool, all pools that the configuration puts before it have to be full at one moment
(or down).  Who fills a set T of them can only be countries that list a pool of T, so

    capacity(T) <= multiplier x demand(countries that list a pool of T)          for every subset T of those before it

and the client stays out while the multiplier is below  max over T of capacity(T) / demand(T).  Every subset proves a
bound.  By the theorem of max-flow and min-cut (Hall's condition) the best of them is also the least multiplier at which
demand suffices to fill all at once, so nothing better follows from the capacities alone.  The best subset is found by
Dinkelbach's method (W. Dinkelbach, On Nonlinear Fractional Programming, 1967), with a minimum cut as its step; the
bound is then the fraction of that subset, computed from it alone, so a fault in the search could only make it smaller.

The bound supposes, as `uniform` does, that sessions are small beside a capacity: a pool refuses only what it has no
room for.  It is never above the multiplier at a uniform surge.

Where clients move as a whole (`uniform.WHOLE_CLIENTS`) a pool refuses a client that is larger than the room it has.  Of
several pools each refuses the same demand then, which counts for one of them only in the sum above; so only sets of one
cluster count (pools that share a fault of having no room), for which the sum holds as it stands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Final

from auditor.routing.graph import fallen, leaves
from auditor.routing.model import ALL, Client, First, Node, Pool, Routing, Spread, Use
from auditor.routing.surge.cut import overfull
from auditor.routing.surge.uniform import FULL, WHOLE_CLIENTS, taken
from auditor.routing.surge.way import ZERO, inner, weighed

EDGES: Final = 30_000
"""Pairs of a pool and a kind of country up to which the best subset is searched; beyond: prefixes and single pools."""

STEPS: Final = 100_000
"""Nodes of a graph that are visited on the way to pools; beyond, nothing is promised (a bound of 0)."""

Front = tuple["Front", tuple[str, ...]] | None
"""What has to be full, as a list that grows at its head."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Below this multiplier a client can't land in a pool, whatever the mix."""

    at: Fraction | None  # None: it can at no multiplier
    pools: tuple[str, ...] = ()  # the certificate: their capacity, over ...
    clients: tuple[str, ...] = ()  # ... the demand of these, who list one of them


class Mix:
    """Bounds for one configuration under one outage (see `uniform.surge` for its arguments)."""

    def __init__(
        self, routing: Routing, down: frozenset[str] = frozenset(), lost: frozenset[str] = frozenset()
    ) -> None:
        empty = {pool.name for pool in routing.pools.values() if pool.capacity is not None and pool.capacity <= 0}
        self._out = taken(routing, down, lost) | empty
        self._strained = frozenset(pool.name for pool in routing.pools.values() if pool.strains & down)
        self._capacity = {pool.name: pool.capacity for pool in routing.pools.values()}
        whole = routing.format in WHOLE_CLIENTS
        self._units = {pool.name: _unit(pool) for pool in routing.pools.values()} if whole else {}
        self._names = [client.name for client in routing.clients]
        self._demand = [client.demand for client in routing.clients]
        self._listing: dict[str, list[int]] = {}  # of each pool: the clients that list it
        self._wanted, self._held = self._whole()
        self._alone: dict[str, int | None] = {}  # of each pool: what all ask for who list it; None: nobody knows
        self._closing: dict[int, tuple[str, ...] | None] = {}
        self._found: dict[tuple[str, ...], Bound] = {}
        listed: dict[int, set[str]] = {}
        for i, client in enumerate(routing.clients):
            key = id(client.root)
            if key not in listed:
                listed[key] = set() if client.root is None else {leaf.pool for leaf in leaves(client.root)}
                for node in inner(client.root):
                    if id(node) not in self._closing:
                        self._closing[id(node)] = self._closed(node)
            for pool in listed[key]:
                self._listing.setdefault(pool, []).append(i)
        for pool, some in self._listing.items():
            amounts = [self._wanted[i] for i in some]
            self._alone[pool] = None if None in amounts else sum(amount or 0 for amount in amounts)

    def _whole(self) -> tuple[list[int | None], dict[str, int]]:
        """Return demands and capacities as whole numbers of one unit."""
        held = {pool: max(ZERO, capacity) for pool, capacity in self._capacity.items() if capacity is not None}
        wanted = [None if demand is None else max(ZERO, demand) for demand in self._demand]
        unit = lcm(*(value.denominator for value in (*held.values(), *wanted) if value is not None))
        whole = [None if demand is None else int(demand * unit) for demand in wanted]
        return whole, {pool: int(capacity * unit) for pool, capacity in held.items()}

    def bound(self, client: Client, pools: Iterable[str]) -> Bound:
        """Bound the multiplier below which a client lands in none of these pools."""
        wanted = frozenset(pools)
        found: list[Bound] = []
        for steps, (leaf, front) in enumerate(self._ways(client.root)):
            if steps > STEPS:
                return Bound(ZERO)
            if leaf is not None and leaf.pool in wanted:
                found.append(self._bound(_listed(front)))
        return min(found, key=_early, default=Bound(None))

    def _ways(self, root: Node | None) -> Iterator[tuple[Use | None, Front]]:
        """Visit the nodes of a graph: each leaf that can be asked, with what has to be full before it is."""
        left: list[tuple[Node, Front, bool]] = [] if root is None else [(root, None, True)]
        while left:
            node, front, as_is = left.pop()
            if isinstance(node, Use):
                if as_is or node.blind or node.pool not in self._out:
                    yield node, front
                continue
            yield None, front
            left.extend(
                self._first(node, front, as_is) if isinstance(node, First) else self._spread(node, front, as_is)
            )

    def _first(self, node: First, front: Front, as_is: bool) -> Iterator[tuple[Node, Front, bool]]:
        for child in node.children:
            yield child, front, False
            closing = self._close(child)
            if closing is None:
                return
            front = (front, closing) if closing else front
        if as_is:
            yield from ((child, front, True) for child in fallen(node))

    def _spread(self, node: Spread, front: Front, as_is: bool) -> Iterator[tuple[Node, Front, bool]]:
        yield from ((child, front, False) for child in node.children)
        closing = self._close(node)
        if as_is and node.on_down == ALL and closing is not None:
            yield from ((child, (front, closing), True) for child in node.children)

    def _close(self, node: Node) -> tuple[str, ...] | None:
        """Return pools that are all full (or down) whenever a node passes demand on; None: it never does."""
        if isinstance(node, Use):
            if not node.blind and node.pool in self._out | self._strained:
                return ()
            return None if node.blind or self._capacity.get(node.pool) is None else (node.pool,)
        return self._closing[id(node)]

    def _closed(self, node: First | Spread) -> tuple[str, ...] | None:
        closing = [self._close(child) for child in node.children]
        if isinstance(node, First):
            needed = closing
        else:
            pairs = [(weight, pools) for (_, weight), pools in zip(weighed(node), closing, strict=True)]
            stays = sum(weight for weight, pools in pairs if pools is None)
            if stays >= node.need:
                return None
            needed = [pools for weight, pools in pairs if pools is not None and stays + weight >= node.need]
        if any(pools is None for pools in needed):
            return None
        return tuple(dict.fromkeys(pool for pools in needed for pool in pools or ()))

    def _bound(self, front: tuple[str, ...]) -> Bound:
        """Bound the multiplier below which these pools can't all be full."""
        if front not in self._found:
            self._found[front] = self._best(front)
        return self._found[front]

    def _best(self, front: tuple[str, ...]) -> Bound:
        proving = [pool for pool in front if self._alone.get(pool, 0) is not None]
        if not proving:
            return Bound(ZERO)  # there is nothing to fill, or somebody whose demand nobody knows may fill it
        never = sorted(pool for pool in proving if not self._alone.get(pool))
        if never:
            return self._certified(None, never[:1])
        if self._units:
            units = {self._units[pool] for pool in proving}
            some = [[pool for pool in proving if self._units[pool] == unit] for unit in sorted(units)]
            proof = max(some, key=self._ratio)
            return self._certified(self._ratio(proof), proof)
        proof = self._tried(proving)
        if sum(len(self._listing[pool]) for pool in proving) > 2 * EDGES:
            return self._certified(self._ratio(proof), proof)
        kinds = self._kinds(proving)
        while sum(map(len, kinds)) <= EDGES:
            better = self._better(proving, kinds, self._ratio(proof))
            if not better:
                break
            proof = better
        return self._certified(self._ratio(proof), proof)

    def _certified(self, at: Fraction | None, proof: Sequence[str]) -> Bound:
        listing = set[int]().union(*(self._listing.get(pool, ()) for pool in proof))
        who = {self._names[i] for i in listing if self._wanted[i]}
        return Bound(at, tuple(sorted(proof)), tuple(sorted(who)))

    def _ratio(self, pools: Sequence[str]) -> Fraction:
        """Divide what pools hold by the demand of the clients that list one of them."""
        who = set[int]().union(*(self._listing[pool] for pool in pools))
        return Fraction(sum(self._held[pool] for pool in pools), sum(self._wanted[i] or 0 for i in who))

    def _tried(self, pools: list[str]) -> list[str]:
        """Return the best of each pool alone, and the first few together."""
        best, asked = (self._held[pools[0]], self._alone[pools[0]] or 0), 0
        proof, held, who = pools[:1], 0, set[int]()
        for n, pool in enumerate(pools, 1):
            held += self._held[pool]
            new = [i for i in self._listing[pool] if i not in who]
            who.update(new)
            asked += sum(self._wanted[i] or 0 for i in new)
            for trial, some in (((self._held[pool], self._alone[pool] or 0), [pool]), ((held, asked), None)):
                if trial[0] * best[1] > best[0] * trial[1]:
                    best, proof = trial, some or pools[:n]
        return proof

    def _kinds(self, pools: Sequence[str]) -> dict[tuple[int, ...], int]:
        """Sum up the demand of those who list the same of these pools; their indices are the key."""
        lists: dict[int, list[int]] = {}
        for n, pool in enumerate(pools):
            for i in self._listing[pool]:
                lists.setdefault(i, []).append(n)
        kinds: dict[tuple[int, ...], int] = {}
        for i, listed in lists.items():
            if amount := self._wanted[i]:
                kinds[tuple(listed)] = kinds.get(tuple(listed), 0) + amount
        return kinds

    def _better(self, pools: Sequence[str], kinds: Mapping[tuple[int, ...], int], best: Fraction) -> list[str]:
        """Return pools whose ratio is above the best so far; none if it is the best of all."""
        edges: list[list[int]] = [[] for _ in pools]
        for who, kind in enumerate(sorted(kinds)):
            for n in kind:
                edges[n].append(who)
        capacity = [self._held[pool] * best.denominator for pool in pools]
        found = overfull(capacity, [kinds[kind] * best.numerator for kind in sorted(kinds)], edges)
        return [pools[n] for n in found]


def _unit(pool: Pool) -> str:
    return min((fault for fault in pool.faults if fault.startswith(FULL)), default=pool.name)


def _listed(front: Front) -> tuple[str, ...]:
    """Write out what has to be full, in the order in which it is asked, each once."""
    parts = []
    while front is not None:
        front, part = front
        parts.append(part)
    return tuple(dict.fromkeys(pool for part in reversed(parts) for pool in part))


def _early(bound: Bound) -> tuple[bool, Fraction, tuple[str, ...]]:
    return bound.at is None, bound.at or ZERO, bound.pools
