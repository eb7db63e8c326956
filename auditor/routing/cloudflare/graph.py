"""Cases become graphs: what is asked in which order, and what each endpoint hangs on.

Sources: Cloudflare documentation, "How endpoints and pools become unhealthy", "Standard steering", "Load shedding",
"Adaptive routing", "Perform planned maintenance" (weight 0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from auditor.routing.addresses import is_address
from auditor.routing.cloudflare.model import WEIGHED, Case, Named, OriginPool
from auditor.routing.cloudflare.names import endpoint, outages, retried, serving
from auditor.routing.model import Fault, First, Line, Node, Pool, Site, Spread, Use


@dataclass(slots=True)
class Graphs:
    """Builds graphs, and collects the pools, sites and faults that they name."""

    origins: Mapping[str, OriginPool]
    pools: dict[str, Pool] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    known: dict[Any, Node | None] = field(default_factory=dict)

    def root(self, case: Case) -> Node | None:
        """Build the graph of a case; cases that are alike share one."""
        if case.chosen is None:
            return None
        settings = case.settings
        weights = tuple(sorted(settings.weights.items())) if settings.steering in WEIGHED else ()
        across = settings.across and case.balancer.proxied
        key = (settings.steering, case.chosen, settings.fallback, weights, settings.default_weight, across, case.label)
        if key not in self.known:
            self.known[key] = self.built(case, across)
        return self.known[key]

    def built(self, case: Case, across: bool) -> Node | None:
        settings, chosen = case.settings, case.chosen
        assert chosen is not None
        last = self.fallback(settings.fallback)
        asked = [(each, *parts) for each in chosen.pools if (parts := self.pool(each, across)) is not None]
        if settings.steering in ("off", "geo"):
            return self.ordered([(each, whole) for each, _, whole in asked], last, chosen.at, case.label)
        tail = [last] if last else []
        full: list[Node] = []
        beside: list[Node] = []  # what may answer whether or not others take all that they get
        for each, main, whole in asked:
            if settings.steering in WEIGHED and not settings.weights.get(each.pool, settings.default_weight):
                tail.insert(0, whole)
                continue
            sheds = self.origins[each.pool].sheds
            if not sheds:
                full.append(main)
            if sheds or main is not whole:
                beside.append(whole)
        steps = [each for each in (_any(full, chosen.at, case.label), _any(tail, chosen.at, case.label)) if each]
        core = _first(steps, chosen.at, case.label)
        return _any([*beside, *([core] if core else [])], chosen.at, case.label)

    def ordered(self, asked: Sequence[tuple[Named, Node]], last: Node | None, at: Line, label: str) -> Node | None:
        """Ask pools in their order; one that sheds traffic always shares with those behind it."""
        chain = [last] if last else []  # from the end
        for each, node in reversed(asked):
            if self.origins[each.pool].sheds and chain:
                rest = _first(chain[::-1], at, label)
                assert rest is not None
                chain = [Spread((node, rest), at, label=label)]
            else:
                chain.append(node)
        return _first(chain[::-1], at, label)

    def pool(self, named: Named, across: bool) -> tuple[Node, Node] | None:
        """Build what stands for a pool: its endpoints with a weight, and all; None if it has none in use."""
        pool = self.origins[named.pool]
        if not pool.known:
            return (self.only_named(pool, named.at, False),) * 2
        again = retried(pool, across)
        heavy, light = _weighed(pool)
        if not heavy:
            return None
        leaves = [self.leaf(pool, each, named.at, again) for each in heavy]
        need = pool.minimum if pool.monitor else 1
        main = (
            leaves[0]
            if len(leaves) == need == 1
            else Spread(tuple(leaves), named.at, need=Fraction(need), label=pool.title)
        )
        if not light or need > len(heavy):
            return main, main
        strains = frozenset().union(*(self.pools[leaf.pool].faults for leaf in leaves))
        spare = [self.leaf(pool, each, named.at, False, strains) for each in light]
        return main, First((main, First(tuple(spare), named.at, label=pool.title)), named.at, label=pool.title)

    def fallback(self, named: Named | None) -> Node | None:
        """Build what stands for the fallback pool: whether it is healthy is not asked."""
        if named is None:
            return None
        pool = self.origins[named.pool]
        if not pool.known:
            return self.only_named(pool, named.at, True)
        leaves = [self.leaf(pool, each, named.at, False, blind=True) for each in _weighed(pool)[0]]
        return _any(leaves, named.at, f"fallback {pool.title}")

    def leaf(
        self,
        pool: OriginPool,
        origin: Any,
        at: Line,
        again: bool,
        strains: frozenset[str] = frozenset(),
        blind: bool = False,
    ) -> Use:
        name = endpoint(pool, origin, again)
        found = outages(pool, origin, again)
        if name not in self.pools:
            site = origin.address or name
            self.pools[name] = Pool(name, site, frozenset(found), strains)
            addresses, hosts = ((site,), ()) if is_address(site) else ((), (site,) if origin.address else ())
            known = self.sites.get(site) or Site(site, origin.at, addresses=addresses, hosts=hosts)
            self.sites[site] = replace(known, also=tuple(dict.fromkeys((*known.also, pool.title))))
            for fault, text in found.items():
                self.faults.setdefault(fault, Fault(fault, text, origin.at))
        return Use(name, at, blind)

    def only_named(self, pool: OriginPool, at: Line, blind: bool) -> Use:
        fault = f"pool:{pool.key}"
        self.pools.setdefault(pool.key, Pool(pool.key, pool.key, frozenset({fault})))
        self.sites.setdefault(pool.key, Site(pool.key, pool.at))
        self.faults.setdefault(fault, Fault(fault, f"pool {pool.key} is unhealthy", pool.at))
        return Use(pool.key, at, blind)


def _weighed(pool: OriginPool) -> tuple[list[Any], list[Any]]:
    """Split the endpoints in use into those that have a weight, and those of weight 0; all of weight 0 count alike."""
    used = serving(pool)
    heavy = [each for each in used if each.weight]
    return (heavy, [each for each in used if not each.weight]) if heavy else (list(used), [])


def _any(nodes: Sequence[Node], at: Line, label: str) -> Node | None:
    return nodes[0] if len(nodes) == 1 else Spread(tuple(nodes), at, label=label) if nodes else None


def _first(nodes: Sequence[Node], at: Line, label: str) -> Node | None:
    return nodes[0] if len(nodes) == 1 else First(tuple(nodes), at, label=label) if nodes else None
