"""What Traffic Manager answers under one outage, profile by profile, with the steps.

"Traffic Manager routing methods"; "Traffic Manager endpoint monitoring" (traffic-routing methods, and the note that all
degraded endpoints count as online where all are); "Traffic Manager FAQ" (nested profiles, subnets).
"""

from collections.abc import Callable, Iterable
from typing import Final

from auditor.routing.model import Answer, Line, Step
from auditor.routing.trafficmanager.conditions import ALWAYS, Condition, shown
from auditor.routing.trafficmanager.geography import Who
from auditor.routing.trafficmanager.graph import Pools
from auditor.routing.trafficmanager.model import (
    GEOGRAPHIC,
    MULTIVALUE,
    PERFORMANCE,
    PRIORITY,
    SUBNET,
    Endpoint,
    Profile,
    clipped,
)
from auditor.routing.trafficmanager.tree import Tree

MOST_STEPS: Final = 200


class Replay:
    """One question of a client under one outage."""

    def __init__(self, tree: Tree, pools: Pools, who: Who, down: frozenset[str]) -> None:
        self._tree, self._names, self._who, self._down = tree, pools, who, down
        self._known: dict[Endpoint, bool] = {}
        self._asked: set[tuple[Profile, Condition]] = set()
        self._pools: set[str] = set()
        self._steps: list[Step] = []
        self._methods: dict[str, Callable[[Profile, Condition], None]] = {
            PRIORITY: self._priority, GEOGRAPHIC: self._geographic, SUBNET: self._subnet, MULTIVALUE: self._many,
            PERFORMANCE: self._nearest,
        }  # fmt: skip

    def answer(self, profile: Profile) -> Answer:
        """Ask a profile."""
        self._ask(profile, ALWAYS)
        return Answer(frozenset(self._pools), tuple(self._steps))

    def _say(self, at: Line, text: str) -> None:
        if len(self._steps) < MOST_STEPS:
            self._steps.append(Step(at, text))

    def _online(self, each: Endpoint) -> bool:
        """Say whether an endpoint is online; of a nested one count those of its profile that are."""
        if each not in self._known:
            tree = self._tree
            if tree.is_leaf(each):
                self._known[each] = each.served or not tree.own(each) & self._down
            elif tree.stopped(each):
                self._known[each] = False
            else:
                counts = tree.counted(each, self._who)
                self._known[each] = all(sum(map(self._online, some)) >= need for need, some in counts)
        return self._known[each]

    def _ask(self, profile: Profile, gate: Condition) -> None:
        if (profile, gate) in self._asked:
            return
        self._asked.add((profile, gate))
        if not profile.enabled:
            self._say(profile.at, f"profile {clipped(profile.name)} is disabled: no answer")
            return
        if profile.method:
            self._say(profile.at, f"profile {clipped(profile.name)} answers by routing method {profile.method}")
        self._methods.get(profile.method, self._any)(profile, gate)

    def _up(self, profile: Profile, some: Iterable[Endpoint], gate: Condition) -> bool:
        """Answer with those that are online; say whether there are any."""
        found = False
        for each in some:
            if self._online(each):
                found = True
                self._take(each, self._tree.carried(profile, self._who, each, gate))
            else:
                self._say(each.at, f"{clipped(each.name)} is degraded, go on")
        return found

    def _anyway(self, profile: Profile, some: list[Endpoint], gate: Condition, why: str) -> None:
        """Answer with endpoints whether they are online or not."""
        if some:
            self._say(profile.at, why)
        for each in some:
            self._take(each, gate)

    def _every(self, profile: Profile) -> list[Endpoint]:
        return self._tree.answering(self._tree.eligible(profile), self._who)

    def _priority(self, profile: Profile, gate: Condition) -> None:
        every = sorted(self._every(profile), key=lambda each: each.rank)
        for rank in dict.fromkeys(each.rank for each in every):
            if self._up(profile, [each for each in every if each.rank == rank], gate):
                return
        first = [each for each in every if each.rank == every[0].rank]
        self._anyway(profile, first, gate, "all endpoints are degraded and count as online, so the first answers")

    def _any(self, profile: Profile, gate: Condition) -> None:
        every = self._every(profile)
        if not self._up(profile, every, gate):
            self._anyway(profile, every, gate, "all endpoints are degraded, and count as online")

    def _nearest(self, profile: Profile, gate: Condition) -> None:
        mapped = self._tree.answering(self._tree.mapped(profile, self._who), self._who)
        if mapped:
            self._say(mapped[0].at, f"the client belongs to a subnet of {clipped(mapped[0].name)}")
            if self._up(profile, mapped, gate):
                return
        self._any(profile, gate)

    def _many(self, profile: Profile, gate: Condition) -> None:
        """Answer who asks for addresses of one family, and of the other."""
        every = self._every(profile)
        for version in (4, 6, 0):
            some = [each for each in every if self._tree.family(each) == version]
            if not self._up(profile, some, gate):
                self._anyway(profile, some, gate, "all of this family are degraded, and count as online")

    def _geographic(self, profile: Profile, gate: Condition) -> None:
        found = self._tree.mapped(profile, self._who)
        if found:
            self._say(found[0].at, f"the client belongs to a subnet of {clipped(found[0].name)}")
        else:
            found = self._tree.matched(profile, self._who)
        if not found:
            self._say(profile.at, f"no endpoint has the region of clients of {self._who.text}: no answer")
        for each in found:
            if self._tree.stopped(each):
                self._say(each.at, f"{clipped(each.name)} is stopped: no answer")
            elif self._tree.answering([each], self._who, silent=True):
                self._anyway(profile, [each], gate, "the one endpoint of a region answers whatever its health")

    def _subnet(self, profile: Profile, gate: Condition) -> None:
        tree, who = self._tree, self._who
        mapped = tree.mapped(profile, who)
        here = tree.answering(mapped, who)
        fallback = [each for each in self._every(profile) if not each.blocks]
        if mapped and not who.falls:
            self._anyway(profile, here, gate, "the endpoint of a subnet answers whatever its health, if it does at all")
            return
        for stage in (here, fallback):
            if stage and self._up(profile, stage, gate):
                return
        left = here or fallback
        if not left:
            self._say(profile.at, "no endpoint is for this client: no answer")
        self._anyway(profile, left, gate, "all endpoints for this client are degraded, and count as online")

    def _take(self, each: Endpoint, gate: Condition) -> None:
        """Answer with an endpoint that was chosen."""
        if not self._tree.is_leaf(each):
            child = self._tree.child[each]
            self._say(each.at, f"{clipped(each.name)} leads to profile {clipped(child.name)}")
            self._ask(child, gate)
            return
        self._say(each.at, f"{clipped(each.name)} may answer")
        self._pools.update(self._names.name(each, way) for way in shown(gate, self._down))
