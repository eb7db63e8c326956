"""How profiles lead to each other, when endpoints are online, and which of them may answer whom.

What the interpreter (`replay`) and the graph (`graph`) have in common; neither sees the other.  "Traffic Manager
endpoint monitoring", "Nested Traffic Manager profiles", "Traffic Manager routing methods", "Traffic Manager FAQ".
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from auditor.routing.addresses import is_address
from auditor.routing.model import Fault, Line
from auditor.routing.trafficmanager.conditions import ALWAYS, NEVER, AtLeast, Condition, at_least, conjoined, implies
from auditor.routing.trafficmanager.geography import Who
from auditor.routing.trafficmanager.model import (
    GEOGRAPHIC,
    MULTIVALUE,
    NESTED,
    PERFORMANCE,
    PRIORITY,
    SUBNET,
    Config,
    Endpoint,
    Profile,
    clipped,
    suffix,
)
from auditor.routing.trafficmanager.nesting import Nesting

Stages = Sequence[Sequence[Endpoint]]


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of a profile for some clients: any of the first stage that are online answer, else of the next."""

    stages: Stages
    forced: Sequence[Endpoint]  # who answers if none is: any of these


class Tree:
    """All profiles of a configuration."""

    def __init__(self, config: Config) -> None:
        self.config = config
        nested = Nesting(config)
        self.child = nested.child
        self.faults: dict[str, Fault] = {}
        self.too_large = nested.too_large
        self._own: dict[Endpoint, frozenset[str]] = {}
        self._cut = nested.cut
        self._eligible: dict[Profile, list[Endpoint]] = {}
        self._codes: dict[Profile, dict[str, list[Endpoint]]] = {}
        self._groups: dict[tuple[Profile, Who], tuple[Group, ...]] = {}
        self._online: dict[tuple[Endpoint, bool, bool, bool], Condition] = {}
        self._told: set[Endpoint] = set()
        self._probes()

    def _probes(self) -> None:
        """Name what can fail: a target, for all that probe it; and what probes it in another way than others, alone."""
        hows: dict[str, dict[tuple[str, str], int]] = {}
        probing = [
            (profile, each) for profile in self.config.profiles for each in profile.endpoints if self.is_leaf(each)
        ]
        for profile, each in probing:
            numbers = hows.setdefault(_probed(profile, each), {})
            numbers.setdefault((profile.how, each.how), len(numbers) + 1)
        for profile, each in probing:
            if each.served:
                self._own[each] = frozenset()
                continue
            probed = _probed(profile, each)
            shown = clipped(probed)
            if each.kind == NESTED:
                found = {f"profile:{probed}": f"profile {shown} has too few endpoints online"}
            else:
                found = {f"target:{probed}": f"{shown} fails its health checks"}
            if len(hows[probed]) > 1:
                number = hows[probed][profile.how, each.how]
                found[f"check:{probed} ({number})"] = f"{shown} fails the health checks of {clipped(profile.name)}"
            self._own[each] = frozenset(found)
            for ident, text in found.items():
                self.faults.setdefault(ident, Fault(ident, text, each.at))

    def is_leaf(self, each: Endpoint) -> bool:
        """Say whether an endpoint is answered itself: no profile that is known is behind it."""
        return each not in self.child and each not in self._cut

    def own(self, each: Endpoint) -> frozenset[str]:
        """Return the faults that take an endpoint away which is answered itself."""
        return self._own[each]

    def stopped(self, each: Endpoint) -> bool:
        """Say whether a nested endpoint is Stopped: its child is disabled, or has nothing that is enabled."""
        return not self.is_leaf(each) and (each in self._cut or not self.eligible(self.child[each]))

    def eligible(self, profile: Profile) -> list[Endpoint]:
        """List the endpoints of a profile that may answer at all."""
        if profile not in self._eligible:
            some = profile.endpoints if profile.enabled else ()
            self._eligible[profile] = [each for each in some if each.enabled and not self.stopped(each)]
        return self._eligible[profile]

    def counted(self, each: Endpoint, who: Who) -> list[tuple[int, list[Endpoint]]]:
        """List what the profile behind a nested endpoint needs to be online: so many, each time of these."""
        child = self.child[each]
        every = [one for one in self.eligible(child) if who.served or not one.served]
        strict = who.strict and child.method == MULTIVALUE
        found = [(each.minimum, every)]
        for version, low in ((4, each.minimum4), (6, each.minimum6)):
            least = int(strict) if low is None else low
            if least:
                found.append(
                    (least, [one for one in every if self.family(one) in (version, 0 if who.named else version)])
                )
        return found

    def family(self, each: Endpoint) -> int:
        """Return 4 or 6 for an endpoint that is an address; 0: it is a name or a profile."""
        if not self.is_leaf(each) or not is_address(each.target):
            return 0
        return ipaddress.ip_address(each.target).version

    def online(self, each: Endpoint, who: Who) -> Condition:
        """Return when an endpoint is online."""
        if self.is_leaf(each):
            return self._own[each]
        key = (each, who.strict, who.named, who.served)
        if key not in self._online:
            if self.stopped(each):
                self._online[key] = NEVER
            else:
                parts = [
                    at_least(need, tuple(self.online(one, who) for one in some))
                    for need, some in self.counted(each, who)
                ]
                self._online[key] = at_least(len(parts), tuple(parts)) if len(parts) > 1 else parts[0]
        return self._online[key]

    def carried(self, profile: Profile, who: Who, each: Endpoint, gate: Condition) -> Condition:
        """Return what is required where an endpoint is chosen that is online, behind something that is required."""
        online = self.online(each, who)
        return online if self.spread(profile, who, gate) is not None else conjoined(online, gate)

    def spread(self, profile: Profile, who: Who, gate: Condition) -> int | None:
        """Return how many endpoints have to be online, if that is all that is required and any of all may answer."""
        groups = self.groups(profile, who)
        if not isinstance(gate, AtLeast) or len(groups) != 1 or len(groups[0].stages) != 1:
            return None
        every = [self.online(each, who) for each in self.eligible(profile) if who.served or not each.served]
        if len(every) != len(groups[0].stages[0]):
            return None
        some = tuple(each for each in every if each not in (ALWAYS, NEVER))
        return gate.need + every.count(ALWAYS) if gate.parts == some and gate.need > 1 else None

    def forces(self, profile: Profile, group: Group, who: Who, gate: Condition) -> bool:
        """Say whether something may be required and true while no endpoint of a group is online."""
        del profile
        parts = tuple(conjoined(self.online(each, who), gate) for stage in group.stages for each in stage)
        return not implies(gate, at_least(1, parts))

    def groups(self, profile: Profile, who: Who) -> tuple[Group, ...]:
        """List who of a profile may answer a client; nothing is no answer."""
        key = (profile, who)
        if key not in self._groups:
            self._groups[key] = tuple(self._grouped(profile, who))
        return self._groups[key]

    def _grouped(self, profile: Profile, who: Who) -> Iterator[Group]:
        every = self.answering(self.eligible(profile), who)
        mapped = self.mapped(profile, who)
        if profile.method == GEOGRAPHIC:
            found = self.answering(mapped or self.matched(profile, who), who, silent=True)
            groups = [Group((), found)]
        elif profile.method == SUBNET:
            fallback = [each for each in every if not each.blocks]
            here = self.answering(mapped, who)
            stages = [stage for stage in (here, fallback) if stage]
            if mapped and not who.falls:
                groups = [Group((), here)]
            else:
                groups = [Group(stages, (here or fallback) if mapped else fallback)]
        elif profile.method == PERFORMANCE and mapped:
            groups = [Group((self.answering(mapped, who), every), every)]
        elif profile.method == PRIORITY:
            ranks = sorted({each.rank for each in every})
            stages = [[each for each in every if each.rank == rank] for rank in ranks]
            groups = [Group(stages, stages[0] if stages else ())]
        elif profile.method == MULTIVALUE:
            families = [[each for each in every if self.family(each) == version] for version in (4, 6, 0)]
            groups = [Group((some,), some) for some in families]
        else:
            groups = [Group((every,), every)]
        yield from (Group([stage for stage in each.stages if stage], each.forced) for each in groups if each.forced)

    def answering(self, some: Iterable[Endpoint], who: Who, silent: bool = False) -> list[Endpoint]:
        """List those that have an answer for a client; a profile may have none for a region or a subnet."""
        found = []
        for each in some:
            if self.is_leaf(each) or (each in self.child and self.groups(self.child[each], who)):
                found.append(each)
            elif not silent and each not in self._told and not self.stopped(each):
                self._told.add(each)
                text = "has no answer for some clients: whether another endpoint then answers is not documented"
                self.config.remark(each.at, f"{clipped(each.name)} {text}, and looked at")
        return found

    def mapped(self, profile: Profile, who: Who) -> list[Endpoint]:
        """List the endpoints to whose subnets a client belongs, among those that are enabled."""
        some = profile.endpoints if profile.enabled else ()
        return [each for each in some if each.enabled and (profile, each) in who.mapped]

    def matched(self, profile: Profile, who: Who) -> list[Endpoint]:
        """List the endpoints that have the smallest region of a client which any has; one, if all is well."""
        if profile not in self._codes:
            codes = self._codes[profile] = {}
            for each in profile.endpoints if profile.enabled else ():
                for code in dict.fromkeys(code for code, _ in each.codes) if each.enabled else ():
                    codes.setdefault(code, []).append(each)
        codes = self._codes[profile]
        return next((codes[code] for code in who.codes if code in codes), [])

    def line(self, profile: Profile, who: Who) -> Line:
        """Return where a class of clients is matched."""
        for each in self.mapped(profile, who):
            return next((block[3] for block in each.blocks), each.at)
        if profile.method == GEOGRAPHIC:
            for each in self.matched(profile, who):
                lines = dict(reversed(each.codes))
                return next((lines[code] for code in who.codes if code in lines), each.at)
        return profile.at

    def below(self, profile: Profile) -> Sequence[Profile]:
        """List a profile and all to which it leads."""
        found = {profile: None}
        stack = [profile]
        while stack:
            for each in stack.pop().endpoints:
                child = self.child.get(each)
                if child is not None and each.enabled and child not in found:
                    found[child] = None
                    stack.append(child)
        return tuple(found)

    def entries(self) -> list[Profile]:
        """List the profiles for whose names clients ask; a profile to which another one leads is a part of that one."""
        inner: dict[Profile, Profile] = {}
        for profile in self.config.profiles:
            for each in profile.endpoints if profile.enabled else ():
                if each.enabled and each in self.child:
                    inner.setdefault(self.child[each], profile)
        for profile, parent in inner.items():
            self.config.remark(
                profile.at,
                f"profile {clipped(profile.name)} is judged as a part of {clipped(parent.name)} (line {parent.at.line})"
                ", and not for those who ask for it by its own name",
            )
        return [each for each in self.config.profiles if each not in inner]


def _probed(profile: Profile, each: Endpoint) -> str:
    """Name what is probed."""
    if each.kind == NESTED:
        return suffix(each.resource) or each.target or f"{profile.name}/{each.name}"
    return each.target or suffix(each.resource) or f"{profile.name}/{each.name}"
