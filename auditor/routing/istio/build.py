"""Levels of endpoints as a graph of pools, and what a proxy does with them under given outages.

Envoy, "Priority levels", "Overprovisioning Factor" and "Panic threshold": a level is worth 140 % of its share of
healthy endpoints, cut to whole percents and to 100; it hands on what it lacks of 100 together with the levels before
it.  Istio sets the panic threshold to `minHealthPercent` (0: health is always asked).

Where all endpoints are listed, each fails by itself and the sums are Envoy's.  Where they are not, a locality may have
any number of them: it is healthy, weakened (some endpoints fail) or down, and whatever shares can follow may follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Final

from auditor.model.countries import ANYWHERE
from auditor.routing.addresses import is_address
from auditor.routing.istio.levels import Member
from auditor.routing.model import Answer, Client, Fault, First, Line, Node, Pool, Site, Spread, Step, Use

MOST_COUNTED: Final = 60  # endpoints whose sums are followed one by one
MOST_ASKED: Final = 16  # the same where health may no longer be asked
MOST_SUMS: Final = 2_000  # ways in which levels reach 100 percent together


@dataclass(frozen=True, slots=True)
class Plan:
    """What a class of clients of one host, subset and port is up against."""

    title: str
    levels: list[list[Member]]
    at: Line
    checked: bool
    panic: int  # percent of healthy endpoints below which health is not asked; 0: never
    counted: bool  # each member is one endpoint, and there are no others
    factor: int = 140  # percent that a level is worth for its share of healthy endpoints


class Builder:
    """Gathers the parts of a routing."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.pools: dict[str, Pool] = {}
        self.sites: dict[str, Site] = {}
        self.faults: dict[str, Fault] = {}
        self.plans: dict[tuple[str, int], Plan] = {}

    def add(self, name: str, countries: str, plan: Plan) -> None:
        """Add a class of clients."""
        root = self.root(plan)
        self.clients.append(Client(name, plan.at, root, countries, via="the workload that calls"))
        self.plans[name, id(root)] = plan

    def root(self, plan: Plan) -> Node | None:
        levels = [level for level in plan.levels if level]
        if not levels:
            return None
        if not plan.checked:
            return self.spread([self.use(plan, each) for level in levels for each in level], plan)
        if plan.counted:
            return self.summed(plan, levels)
        return self.weakened(plan, levels)

    def spread(
        self, children: Sequence[Node], plan: Plan, need: int = 1, label: str = "", weights: Sequence[int] = ()
    ) -> Spread:
        return Spread(tuple(children), plan.at, tuple(weights), Fraction(need), label=label)

    def weakened(self, plan: Plan, levels: list[list[Member]]) -> Node:
        """Make the choice where nobody knows how many endpoints a locality has."""
        rest: Node | None = None
        if plan.panic:
            every = [self.use(plan, each, blind=True) for level in levels for each in level]
            rest = self.spread(every, plan, label="too few are healthy")
        for number in reversed(range(len(levels))):
            some: list[Node] = [self.use(plan, each) for each in levels[number]]
            if rest is None:
                rest = self.spread(some, plan, label=f"level {number}")
            elif len(some) == 1:
                rest = First((some[0], rest), plan.at, label=f"level {number}")
            else:
                sound = [self.use(plan, each, sound=True) for each in levels[number]]
                full = self.spread(sound, plan, len(sound), label=f"level {number}")
                rest = First((full, self.spread([*some, rest], plan)), plan.at, label=f"level {number}")
        assert rest is not None
        return rest

    def summed(self, plan: Plan, levels: list[list[Member]]) -> Node:
        """Make the choice where every endpoint is listed: level by level, until they are worth 100 together.

        With a panic threshold that holds only if all levels together are worth 100.
        """
        uses = [[self.use(plan, each) for each in level] for level in levels]
        last = len(levels) - 1
        rest: Node | None = (
            self.full(plan, uses) if plan.panic else self.spread(uses[last], plan, label=f"level {last}")
        )
        for number in reversed(range(last)):
            full = self.full(plan, uses[: number + 1])
            if rest is not None:
                size = len(uses[number])
                weights = [*[1] * size, size + 1] if plan.panic else []
                need = size + 1 if plan.panic else 1
                rest = self.spread([*uses[number], rest], plan, need, weights=weights)
            nodes = [each for each in (full, rest) if each is not None]
            rest = First(tuple(nodes), plan.at, label=f"level {number}") if nodes else None
        if not plan.panic:
            assert rest is not None
            return rest
        short = self.short(plan, levels, uses)
        return First((rest, short), plan.at) if rest is not None else short

    def full(self, plan: Plan, uses: list[list[Use]]) -> Node | None:
        """Make what is up as long as levels are worth 100 together; None if they never are."""
        ways: list[Node] = []
        for counts in enough([len(level) for level in uses], plan.factor):
            parts = [self.spread(uses[at], plan, count) for at, count in enumerate(counts) if count]
            ways.append(self.spread(parts, plan, len(parts)) if len(parts) > 1 else parts[0])
        return self.spread(ways, plan) if len(ways) > 1 else ways[0] if ways else None

    def short(self, plan: Plan, levels: list[list[Member]], uses: list[list[Use]]) -> Node:
        """Make the choice where all levels together are worth less than 100.

        A level with less than the threshold is asked whole, as long as one of its endpoints is healthy; if all
        levels have less, all of them are asked whole.
        """
        blind = [[self.use(plan, each, blind=True) for each in level] for level in levels]
        asked: list[Node] = []
        calm: list[Node] = []
        for level, whole in zip(uses, blind, strict=True):
            enough_here = self.spread(level, plan, -(-plan.panic * len(level) // 100))
            weights = [*[2] * len(level), 1]
            some = self.spread([*level, self.spread(whole, plan)], plan, 2, weights=weights)
            asked.append(First((enough_here, some), plan.at))
            calm.append(enough_here)
        weights = [*[1] * len(asked), *[len(asked) + 1] * len(calm)]
        partly = self.spread([*asked, *calm], plan, len(asked) + 1, weights=weights)
        every = self.spread([each for whole in blind for each in whole], plan, label="too few are healthy")
        return First((partly, every), plan.at)

    def use(self, plan: Plan, member: Member, *, sound: bool = False, blind: bool = False) -> Use:
        """Make a leaf, with its pool, site and faults."""
        name = pool_name(plan, member, sound)
        at = member.at or plan.at
        if name not in self.pools:
            down, weak = f"down:{plan.title} {named(member)}", f"weak:{plan.title} {named(member)}"
            faults = ({down, weak} if sound else {down}) if plan.checked else set()
            what = "is found unhealthy" if plan.counted else "has no healthy endpoint"
            texts = {
                down: f"{named(member)} {what} for {plan.title}",
                weak: f"some endpoints of {named(member)} are unhealthy for {plan.title}, too many to do without",
            }
            strains = {weak} if plan.checked and not plan.counted and not sound else set()
            for fault in sorted(faults | strains):
                self.faults.setdefault(fault, Fault(fault, texts[fault], at))
            self.pools[name] = Pool(name, self.site(plan, member, at), frozenset(faults), frozenset(strains))
        return Use(name, at, blind or not plan.checked)

    def site(self, plan: Plan, member: Member, at: Line) -> str:
        name = named(member)
        hosts = tuple(each for each in member.addresses if not is_address(each))
        if member.addresses:
            name = f"{name} ({plan.title.split(' ')[0]})" if not plan.counted else name
        if name not in self.sites:
            addresses = tuple(each for each in member.addresses if is_address(each))
            region, where = member.locality.code, member.locality.countries
            claimed = "" if region or where == ANYWHERE else where
            self.sites[name] = Site(name, at, addresses, region, claimed, hosts=hosts)
        return name

    def replay(self, client: Client, down: frozenset[str]) -> Answer:
        """Say which endpoints a class's proxy asks while these faults are there."""
        plan = self.plans[client.name, id(client.root)]
        levels = [level for level in plan.levels if level]
        first = Step(client.at, f"{client.name} asks by the order that stands here")
        if not plan.checked or not levels:
            pools = [pool_name(plan, each, sound=False) for level in levels for each in level]
            text = "nobody checks endpoints: any may answer" if pools else "there is no endpoint left"
            return Answer(frozenset(pools), (first, Step(plan.at, text)))
        steps, pools = (_count if plan.counted else _weigh)(plan, levels, down)
        return Answer(frozenset(pools), (first, *steps))


def _count(plan: Plan, levels: list[list[Member]], down: frozenset[str]) -> tuple[list[Step], list[str]]:
    up = [[each for each in level if f"down:{plan.title} {named(each)}" not in down] for level in levels]
    healths = [min(100, plan.factor * len(some) // len(level)) for some, level in zip(up, levels, strict=True)]
    short = sum(healths) < 100
    panic = [short and 100 * len(some) < plan.panic * len(level) for some, level in zip(up, levels, strict=True)]
    steps: list[Step] = []
    asked: list[Member] = []
    for number, level in enumerate(levels):
        text = f"level {number}: {len(up[number])} of {len(level)} endpoints are healthy"
        steps.append(Step(level[0].at or plan.at, f"{text}, worth {healths[number]} % of the traffic"))
        if all(panic) or (panic[number] and up[number]):
            asked += level
            steps.append(Step(plan.at, f"level {number}: too few, so health is no longer asked"))
        elif sum(healths[:number]) < 100:
            asked += up[number]
    return steps, [pool_name(plan, each, sound=False) for each in asked]


def _weigh(plan: Plan, levels: list[list[Member]], down: frozenset[str]) -> tuple[list[Step], list[str]]:
    steps: list[Step] = []
    pools: list[str] = []
    last = None if plan.panic else len(levels) - 1
    for number, level in enumerate(levels):
        lost = [each for each in level if f"down:{plan.title} {named(each)}" in down]
        weak = [each for each in level if f"weak:{plan.title} {named(each)}" in down]
        if not lost and not weak and number != last:
            pools += [pool_name(plan, each, sound=len(level) > 1) for each in level]
            steps.append(Step(level[0].at or plan.at, f"level {number}: all is healthy, it keeps all traffic"))
            return steps, pools
        left = [each for each in level if each not in lost]
        pools += [pool_name(plan, each, sound=False) for each in left]
        names = ", ".join(named(each) for each in left) or "nothing"
        steps.append(Step(level[0].at or plan.at, f"level {number}: {names} is left, and may not be enough"))
    if plan.panic:
        pools += [pool_name(plan, each, sound=False) for level in levels for each in level]
        steps.append(Step(plan.at, "too few endpoints are healthy: health is no longer asked"))
    return steps, pools


def named(member: Member) -> str:
    """Name endpoints: by address where each stands alone, else by their locality and labels."""
    if member.count == 1 and member.addresses:
        return f"{member.locality} {member.addresses[0]}{f' port {member.port}' if member.port else ''}"
    labels = ", ".join(f"{key}={value}" for key, value in member.labels)
    return f"{member.locality} [{labels}]" if labels else str(member.locality)


def pool_name(plan: Plan, member: Member, sound: bool) -> str:
    """Name a pool; what is sound is another one than what is only up, since more can take it away."""
    state = ", all healthy" if sound else "" if plan.checked else ", unchecked"
    return f"{plan.title}: {named(member)}{state}"


def enough(sizes: list[int], factor: int) -> list[tuple[int, ...]]:
    """List the least numbers of healthy endpoints of some levels with which they are worth 100 together."""
    found: list[tuple[int, ...]] = []
    for counts in product(*(range(size + 1) for size in sizes)):
        if worth(counts, sizes, factor) >= 100:
            less = ((*counts[:at], count - 1, *counts[at + 1 :]) for at, count in enumerate(counts) if count)
            if all(worth(each, sizes, factor) < 100 for each in less):
                found.append(counts)
    return found


def worth(counts: tuple[int, ...], sizes: list[int], factor: int) -> int:
    """Return what levels are worth together, in percent."""
    return sum(min(100, factor * count // size) for count, size in zip(counts, sizes, strict=True))


def few(levels: list[list[Member]], panic: int, factor: int = 140) -> bool:
    """Say whether the sums of levels can be followed one by one."""
    sizes = [len(level) for level in levels if level]
    ways = 1
    for size in sizes:
        ways *= size + 1
    return (
        sum(sizes) <= (MOST_ASKED if panic else MOST_COUNTED) and ways <= MOST_SUMS and max(sizes, default=0) <= factor
    )
