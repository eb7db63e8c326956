"""At what multiple of the demand does a client land where: every client's demand grows alike, pools fill and stay full.

Every class of clients asks for `demand` times one multiplier, which rises from 0.  What is placed stays; what is added
goes where the configuration sends it now.  A pool is *full* once it holds its `capacity`, and from then on is **passed
over like one that is down**: where demand goes in a state is what `reach` says of an outage of the pools that are down
or full, with shares:

* `Use`: the pool.  With `blind` nobody asks whether it is up, so nobody asks whether it is full: it takes what comes.
* `First`: its first child that is open (a leaf that is neither down nor full; a node that has an open child).
* `Spread`: its open children, each by its weight among them, while these weights reach `need`; else it is not open.
* Overload, no child is open: a `First` or `Spread` above passes over the node.  Where it is asked all the same (the
  root of a client, or a child that an `on_down` names), `on_down` answers as it would if all were down: that child is
  asked as it is, and a leaf takes demand beyond its capacity.  `all` shares by weight.  With `none` it finds no pool.

A pool without a capacity never fills.  Between two fills all is linear, so the simulation goes from fill to fill, in
fractions: no rounding anywhere.  Pools that fill at one multiplier fill together, so no order of the input matters.

**What the figures mean**: at a *uniform* surge, of sessions that are small beside a capacity, the first of a client's
demand lands in a pool beyond the multiplier given (0: it is sent there from the first session on).  When one country
grows more than another, or sessions end and others come, it can be earlier: see `mix`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from typing import Final

from auditor.routing.model import Node, Routing
from auditor.routing.surge.way import ZERO, Flow, Orders, Way

FULL: Final = "full:"
"""Faults whose ids begin so say that a pool has no room: a surge finds out when, so it tries no such outage."""

WHOLE_CLIENTS: Final = {"OpenStreetMap": "the script moves whole countries, not sessions: it can be earlier"}
"""Formats in which a client goes as a whole to a pool that has room for all of it, and what that means."""


@dataclass(frozen=True, slots=True, order=True)
class Fill:
    """A pool is full from here on."""

    at: Fraction  # multiplier of the demand
    pool: str
    by: tuple[str, ...]  # clients whose demand the last of it was, sorted; empty: it never had room


@dataclass(frozen=True, slots=True)
class Surged:
    """What a uniform surge does under one outage."""

    reached: Mapping[tuple[str, str], Fraction]
    """Of (client, pool): the multiplier beyond which the first of its demand lands there; absent: at none."""
    unserved: Mapping[str, Fraction]  # of clients: beyond this some of their demand finds no pool; absent: at none
    fills: tuple[Fill, ...]  # in the order in which it happens; ties by name
    unknown: tuple[str, ...] = ()
    """Clients of unknown demand: they are placed but fill nothing, so the figures hold only if they ask for nothing."""
    doubtful: tuple[str, ...] = ()
    """Why the figures are not exact: several readings of a client may hold, or a fault leaves only a part of a pool."""

    def at(self, client: str, pool: str) -> Fraction | None:
        """Return the multiplier beyond which the first of a client's demand lands in a pool; None: at no multiplier."""
        return self.reached.get((client, pool))

    def first(self, clients: Iterable[str], pools: Iterable[str]) -> Fraction | None:
        """Return the smallest multiplier beyond which any of these clients lands in any of these pools."""
        pools = list(pools)
        return min((at for c in clients for p in pools if (at := self.at(c, p)) is not None), default=None)


def surge(routing: Routing, down: frozenset[str] = frozenset(), lost: frozenset[str] = frozenset()) -> Surged:
    """Let demand rise on a configuration under an outage: faults that are there (`down`), and sites that are gone.

    A lost site takes all its pools with it, whatever monitors them.  Capacities and demands below 0 count as 0.
    """
    run = _Run(routing, down, lost, {})
    for _ in run.go():
        pass
    told = _told(run.groups, run.reached)
    return Surged(
        reached={(client, pool): at for client, pool, at in told if pool is not None},
        unserved={client: at for client, pool, at in told if pool is None},
        fills=tuple(sorted(run.fills)),
        unknown=tuple(sorted({client.name for client in routing.clients if client.demand is None})),
        doubtful=_doubtful(routing, down),
    )


def landing(
    routing: Routing,
    outage: tuple[frozenset[str], frozenset[str]],
    clients: Collection[str],
    pools: Collection[str],
    before: Fraction | None,
    orders: Orders,
) -> tuple[Fraction, str, str] | None:
    """Return the first landing of any of these clients in any of these pools: multiplier, client, pool.

    None if there is none, or none below the multiplier `before`.  `outage` is what `surge` takes; `orders` is empty at
    first, and whoever calls again gives it again.
    """
    run = _Run(routing, *outage, orders)
    for changed in run.go():
        if before is not None and run.now >= before:
            break
        landed = [(run.now, i, pool) for i in changed for pool, at in run.reached[i].items() if at == run.now]
        found = [
            (at, name, pool)
            for at, i, pool in landed
            if pool is not None and pool in pools
            for name in run.groups[i].clients
            if name in clients
        ]
        if found:
            return min(found)
    return None


def taken(routing: Routing, down: frozenset[str], lost: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the names of the pools that an outage takes away."""
    return frozenset(pool.name for pool in routing.pools.values() if pool.faults & down or pool.site in lost)


@dataclass(slots=True)
class _Group:
    """Clients of one graph, who all go the same way."""

    root: Node | None
    demand: Fraction
    clients: list[str]
    asking: list[str]  # those of them that ask for anything


def _grouped(routing: Routing) -> list[_Group]:
    groups: dict[int, _Group] = {}
    for client in routing.clients:
        group = groups.setdefault(id(client.root), _Group(client.root, ZERO, [], []))
        group.clients.append(client.name)
        if client.demand is not None and client.demand > 0:
            group.demand += client.demand
            group.asking.append(client.name)
    return list(groups.values())


def _told(
    groups: Sequence[_Group], reached: Sequence[Mapping[str | None, Fraction]]
) -> list[tuple[str, str | None, Fraction]]:
    """Say of each client what is known of its group; of several readings of one client the earliest counts."""
    told: dict[tuple[str, str | None], Fraction] = {}
    for group, pools in zip(groups, reached, strict=True):
        for name in group.clients:
            for pool, at in pools.items():
                told[name, pool] = min(at, told.get((name, pool), at))
    return [(*key, told[key]) for key in sorted(told, key=lambda key: (key[0], key[1] or ""))]


def _doubtful(routing: Routing, down: frozenset[str]) -> tuple[str, ...]:
    readings: dict[str, set[int]] = defaultdict(set)  # of clients: the graphs of those that ask for something
    for client in routing.clients:
        if client.demand != 0:
            readings[client.name].add(id(client.root))
    several = [f"what holds for {name} is not known" for name, roots in readings.items() if len(roots) > 1]
    part = [f"how much {pool.name} still takes is not known" for pool in routing.pools.values() if pool.strains & down]
    whole = [WHOLE_CLIENTS[routing.format]] if routing.format in WHOLE_CLIENTS else []
    return tuple(sorted(several) + sorted(part) + whole)


class _Run:
    """The state of a surge: what is full, who goes where, and how fast each pool fills."""

    def __init__(self, routing: Routing, down: frozenset[str], lost: frozenset[str], orders: Orders) -> None:
        out = taken(routing, down, lost)
        pools = [pool for pool in routing.pools.values() if pool.name not in out]
        self.limits = {pool.name: max(ZERO, pool.capacity) for pool in pools if pool.capacity is not None}
        full = [pool for pool, limit in self.limits.items() if not limit]
        self.groups = _grouped(routing)
        self.way = Way({*out, *full}, orders)
        self.now = ZERO
        self.fills = [Fill(ZERO, pool, ()) for pool in full]
        self.reached: list[dict[str | None, Fraction]] = [{} for _ in self.groups]
        self._flows: list[Flow] = [{} for _ in self.groups]
        self._users: dict[str | None, set[int]] = defaultdict(set)  # groups that send to a pool now
        self._rates: dict[str | None, Fraction] = defaultdict(Fraction)  # what a pool gets for each 1 of the multiplier
        self._bases: dict[str | None, Fraction] = defaultdict(Fraction)  # what a pool holds, less its rate times `now`
        self._queue: list[tuple[Fraction, str]] = []
        self._due: dict[str, Fraction] = {}  # when a pool will be full, as things stand

    def go(self) -> Iterator[Collection[int]]:
        """Go from fill to fill until nothing changes any more; yield who went elsewhere, after each."""
        self._turn(range(len(self.groups)))
        yield range(len(self.groups))
        while self._queue:
            self.now, pool = heappop(self._queue)
            if self._due.get(pool) != self.now:
                continue
            full = {pool}
            while self._queue and self._queue[0][0] == self.now:
                _, other = heappop(self._queue)
                if self._due.get(other) == self.now:
                    full.add(other)
            for name in full:
                del self._due[name]
                by = {client for i in self._users[name] for client in self.groups[i].asking}
                self.fills.append(Fill(self.now, name, tuple(sorted(by))))
            self.way.close(full)
            changed = sorted({i for name in full for i in self._users[name]})
            self._turn(changed)
            yield changed

    def _turn(self, changed: Iterable[int]) -> None:
        """Send groups where they now go, and say again when the pools they left or found will be full."""
        before: dict[str | None, Fraction] = {}
        for i in changed:
            group, old = self.groups[i], self._flows[i]
            new = self._flows[i] = self.way.flow(group.root)
            for pool in old.keys() | new.keys():
                before.setdefault(pool, self._rates[pool])
                self._rates[pool] += group.demand * (new.get(pool, ZERO) - old.get(pool, ZERO))
                (self._users[pool].add if pool in new else self._users[pool].discard)(i)
            for pool in new:
                self.reached[i].setdefault(pool, self.now)
        for pool, rate in before.items():
            if self._rates[pool] != rate:
                self._bases[pool] += (rate - self._rates[pool]) * self.now
                self._plan(pool)

    def _plan(self, pool: str | None) -> None:
        """Say when a pool will be full; nothing is planned for one that is, or that gets nothing."""
        if pool is None or pool not in self.limits or pool in self.way.out:
            return
        self._due.pop(pool, None)
        if self._rates[pool] > 0:
            self._due[pool] = due = (self.limits[pool] - self._bases[pool]) / self._rates[pool]
            heappush(self._queue, (due, pool))
