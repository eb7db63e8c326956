"""What Cloudflare does under one given outage, told from what was parsed, step by step."""

from collections.abc import Mapping, Sequence

from auditor.routing.cloudflare.model import WEIGHED, Case, Listed, Named, Origin, OriginPool
from auditor.routing.cloudflare.names import endpoint, outages, retried, serving
from auditor.routing.model import Answer, Client, Line, Step


class Interpreter:
    """Replays outages for the clients of a configuration."""

    def __init__(self, cases: Mapping[Client, Case], pools: Mapping[str, OriginPool]) -> None:
        self.cases = cases
        self.pools = pools

    def __call__(self, client: Client, down: frozenset[str]) -> Answer:
        """Say which endpoints may answer a client while these faults are there."""
        case = self.cases[client]
        run = _Run(self.pools, case, down)
        for rule in case.applied:
            run.say(rule.at, f"rule {rule.name or rule.condition or 'without a condition'} applies")
        if case.chosen is None:
            run.say(case.applied[-1].at, "it answers with a fixed response")
        else:
            run.say(case.chosen.at, f"{case.label} under steering policy {case.settings.steering}")
            run.choose(case.chosen)
        return Answer(frozenset(run.found), tuple(run.steps))


class _Run:
    """One replay."""

    def __init__(self, pools: Mapping[str, OriginPool], case: Case, down: frozenset[str]) -> None:
        self.pools = pools
        self.settings = case.settings
        self.across = case.settings.across and case.balancer.proxied
        self.down = down
        self.found: set[str] = set()
        self.steps: list[Step] = []

    def say(self, at: Line, text: str) -> None:
        self.steps.append(Step(at, text))

    def choose(self, chosen: Listed) -> None:
        if self.settings.steering in ("off", "geo"):
            self.in_order(chosen.pools)
        else:
            self.any_of(chosen.pools)

    def in_order(self, pools: Sequence[Named]) -> None:
        for named in pools:
            up, enough = self.ask(named)
            if up and enough and not self.pools[named.pool].sheds:
                return
            if up:
                why = (
                    "sheds a part of its traffic"
                    if enough
                    else "has endpoints of weight 0 alone, which may not be used"
                )
                self.say(named.at, f"{self.pools[named.pool].title} {why}, go on")
        self.last()

    def any_of(self, pools: Sequence[Named]) -> None:
        """Take every pool that is healthy; those of weight 0 only if there is no other, the fallback then too."""
        taken = False
        spare: list[Named] = []
        for named in pools:
            weight = self.settings.weights.get(named.pool, self.settings.default_weight)
            if self.settings.steering in WEIGHED and not weight:
                self.say(named.at, f"{self.pools[named.pool].title} has weight 0")
                spare.append(named)
                continue
            up, enough = self.ask(named)
            if up and not self.pools[named.pool].sheds and enough:
                taken = True
        if not taken:
            self.say(self.settings.default.at, "no pool is left that takes all that it gets")
            for named in spare:
                self.ask(named)
            self.last()

    def ask(self, named: Named) -> tuple[bool, bool]:
        """Add the endpoints of a pool that may answer; say whether it is healthy, and has endpoints with a weight."""
        pool = self.pools[named.pool]
        if not pool.known:
            up = f"pool:{pool.key}" not in self.down
            self.say(named.at, f"pool {pool.title} is {'healthy' if up else 'unhealthy'}")
            if up:
                self.found.add(pool.key)
            return up, up
        used = serving(pool)
        if not used:
            self.say(named.at, f"pool {pool.title} is disabled or has no endpoint in use, go on")
            return False, False
        again = retried(pool, self.across)
        weighty = [each for each in used if each.weight] or list(used)
        spare = [each for each in used if each not in weighty]
        healthy = [each for each in weighty if not self.failed(pool, each, again)]
        minimum = pool.minimum if pool.monitor else 1
        if len(healthy) >= minimum:
            self.take(pool, healthy, again, named.at)
            return True, True
        self.say(named.at, f"pool {pool.title} has {len(healthy)} healthy endpoints of {minimum} that it needs")
        left = [each for each in spare if not self.failed(pool, each, False)] if minimum <= len(weighty) else []
        self.take(pool, left, False, named.at)
        return bool(left), False

    def take(self, pool: OriginPool, origins: Sequence[Origin], again: bool, at: Line) -> None:
        for origin in origins:
            self.found.add(endpoint(pool, origin, again))
            self.say(at, f"pool {pool.title} may answer with {origin.address}")

    def failed(self, pool: OriginPool, origin: Origin, again: bool) -> bool:
        there = [text for fault, text in outages(pool, origin, again).items() if fault in self.down]
        for text in there:
            self.say(origin.at, text)
        return bool(there)

    def last(self) -> None:
        """Use the fallback pool, whatever its health."""
        named = self.settings.fallback
        if named is None:
            return
        pool = self.pools[named.pool]
        used = serving(pool)
        if pool.known and not used:
            self.say(named.at, f"fallback pool {pool.title} is disabled or has no endpoint in use: there is no answer")
            return
        self.say(named.at, f"fallback pool {pool.title} is used, healthy or not")
        if pool.known:
            self.take(pool, [each for each in used if each.weight] or used, False, named.at)
        else:
            self.found.add(pool.key)
