"""What gdnsd answers under one given outage, step by step: its own way through its configuration, without any graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.routing.gdnsd.maps import Order
from auditor.routing.gdnsd.monitors import DOWN, UP, WATCHED
from auditor.routing.gdnsd.nodes import FORCED, NO_ANSWER, Orders, center_faults, reached, walked
from auditor.routing.gdnsd.shapes import Answers, Center, Group, Key, Member, Meta, Nowhere, Pair, Resource
from auditor.routing.model import Answer, Client, Line, Step


@dataclass(frozen=True, slots=True)
class Asked:
    """What a class of clients asks for."""

    key: Key
    orders: Orders
    at: Line
    first: str = ""  # of a list by distance: the data centre that comes first
    near: Order | None = None
    limit: int = 0


@dataclass(slots=True)
class Replay:
    """The interpreter; callable as `Routing.replay`."""

    found: Mapping[Key, Resource]
    held: set[Key]
    bare: bool
    asked: dict[tuple[str, int], Asked] = field(default_factory=dict)

    def __call__(self, client: Client, down: frozenset[str]) -> Answer:
        """Say who answers a client while some faults are there."""
        asked = self.asked[client.name, id(client.root)]
        told = _Told(self, down, asked.orders)
        resource = self.found[asked.key]
        path = "!".join(asked.key)
        if isinstance(resource, Meta):
            path = "" if self.bare else path
            what = f"{resource.name} looks up its list for {client.name.rpartition(' ')[2]}"
            told.steps.append(Step(asked.at, what))
            if asked.near is not None:
                _, pools = told.near(resource, asked, path)
            elif not walked(resource, asked.orders):
                told.steps.append(Step(asked.at, "the list is empty, so there is no answer"))
                pools = frozenset()
            else:
                _, pools = told.meta(resource, False, path)
        else:
            _, pools = told.resource(resource, False, path)
        return Answer(pools, tuple(told.steps))


Found = tuple[bool, frozenset[str]]
"""Whether something is up, and the pools that answer when it is asked."""


@dataclass(slots=True)
class _Told:
    """One question."""

    replay: Replay
    down: frozenset[str]
    orders: Orders
    steps: list[Step] = field(default_factory=list)
    quiet: int = 0  # what lies below is known and asked again

    def say(self, at: Line, text: str) -> None:
        """Note a step."""
        if not self.quiet:
            self.steps.append(Step(at, text))

    def resource(self, resource: Resource, gone: bool, path: str) -> Found:
        """Ask a resource; with `gone` a data centre around it is down, and all in it."""
        if isinstance(resource, Nowhere):
            return not gone, frozenset({path})
        if isinstance(resource, Meta):
            return self.meta(resource, gone, path)
        found = [self.family(family, gone, path) for family in resource.families]
        if resource.whole:
            return all(up for up, _ in found), frozenset({path})
        return all(up for up, _ in found), frozenset().union(*(pools for _, pools in found))

    def member(self, member: Member, gone: bool) -> bool:
        """Say whether an address or host name is up."""
        if gone or member.dead:
            return False
        failing = [each.id for each in member.monitors if each.state == WATCHED and each.id in self.down]
        for each in failing:
            self.say(member.at, f"the check {each} fails")
        return not failing

    def family(self, family: Group | Pair, gone: bool, path: str) -> Found:
        """Ask the addresses of a family."""
        up = [self.member(member, gone) for member in family.members]
        names = [f"{path} {member.name}" for member in family.members]
        if isinstance(family, Pair):
            return any(up), frozenset({names[1] if up[1] and not up[0] else names[0]})
        there = sum(member.weight for member, each in zip(family.members, up, strict=True) if each)
        if there < family.need:
            if len(up) > 1 and not gone:
                self.say(family.at, f"{there} is up of the {family.need} that are asked for, so it is down")
            return False, frozenset(names)
        if family.blind:
            return True, frozenset(names)
        return True, frozenset(name for name, each in zip(names, up, strict=True) if each)

    def meta(self, meta: Meta, gone: bool, path: str) -> Found:
        """Go along a list of data centres."""
        there = walked(meta, self.orders)
        if not there:
            self.say(meta.at, "the list is empty, so there is no answer")
            return not gone, frozenset({f"{path} ({NO_ANSWER})"})
        for at, center in there:
            up, pools = self.center(meta, center, gone, path)
            if up:
                self.say(at, f"{center.name} answers")
                return True, pools
            self.say(at, f"{center.name} is down, go on")
        at, center = there[0]
        self.say(at, f"all are down: the first, {center.name}, answers")
        self.quiet += 1
        _, pools = self.center(meta, center, gone, path)
        self.quiet -= 1
        return False, pools

    def center(self, meta: Meta, center: Center, gone: bool, path: str) -> Found:
        """Ask a data centre."""
        gone = gone or self.gone(meta, center)
        target, here = reached(self.replay.found, meta, center, path, self.replay.bare)
        up, pools = self.resource(target, gone, here)
        if center.forced == DOWN:
            self.say(center.at, f"admin_state forces {center.name} down")
            return False, pools
        if center.forced == UP and not up:
            if not gone:
                self.say(center.at, f"admin_state forces {center.name} up")
            return not gone, self.fallen(target, gone, here)
        return up, pools

    def gone(self, meta: Meta, center: Center) -> bool:
        """Say whether a data centre is down by itself."""
        faults = center_faults(meta, center, self.replay.held)
        if self.replay.bare and not center.forced:
            faults = (f"dc:{center.name}",)
        return any(fault in self.down for fault in faults)

    def fallen(self, target: Resource, gone: bool, path: str) -> frozenset[str]:
        """Name who answers of a resource that is down and forced up."""
        self.quiet += 1
        try:
            if isinstance(target, Meta):
                return self._first_fallen(target, gone, path)
            if not isinstance(target, Answers) or target.whole:
                return frozenset({path if isinstance(target, Nowhere) else f"{path}{FORCED}"})
            found: frozenset[str] = frozenset()
            for number, family in enumerate(target.families):
                up, pools = self.family(family, gone, path)
                called = f"{path}{FORCED}" + (f" {number + 1}" if len(target.families) > 1 else "")
                found |= pools if up else {called}
            return found
        finally:
            self.quiet -= 1

    def _first_fallen(self, meta: Meta, gone: bool, path: str) -> frozenset[str]:
        """Ask the first data centre of a list that is down as a whole, as if it were forced up itself."""
        there = walked(meta, self.orders)
        if not there:
            return frozenset({f"{path} ({NO_ANSWER})"})
        center = there[0][1]
        target, here = reached(self.replay.found, meta, center, path, self.replay.bare)
        gone = gone or self.gone(meta, center)
        up, pools = self.resource(target, gone, here)
        if isinstance(target, Nowhere) or (isinstance(target, Meta) and not walked(target, self.orders)):
            return frozenset(f"{each}{FORCED}" for each in pools)
        return pools if up else self.fallen(target, gone, here)

    def near(self, meta: Meta, asked: Asked, path: str) -> Found:
        """Go along a list by distance, of which only the first is known."""
        assert asked.near is not None
        there = [(each.at, meta.centers[each.text]) for each in asked.near.names if each.text in meta.centers]
        ((at, first),) = [pair for pair in there if pair[1].name == asked.first]
        up, pools = self.center(meta, first, False, path)
        if up:
            self.say(at, f"{first.name} is the nearest, and answers")
            return True, pools
        self.say(at, f"{first.name} is the nearest, and down, go on")
        rest = [pair for pair in there if pair[1].name != asked.first] if asked.limit != 1 else []
        found: frozenset[str] = frozenset()
        any_up = False
        for line, center in rest:
            reached, others = self.center(meta, center, False, path)
            if reached:
                self.say(line, f"{center.name} is up, and answers if it is the next")
                found, any_up = found | others, True
        if any_up:
            return True, found
        self.say(at, f"all are down: the first, {first.name}, answers")
        return False, pools
