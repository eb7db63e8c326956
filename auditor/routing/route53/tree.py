"""How record sets lead to each other: which group an alias or a name leads to, and who of a group may answer whom.

What the interpreter (`replay`) and the graph (`graph`) have in common; neither sees the other.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from auditor.routing.route53 import hosts
from auditor.routing.route53.health import Condition, Health, both
from auditor.routing.route53.records import (
    ADDRESSES,
    DEFAULT,
    FAILOVER,
    GEO,
    NETWORKS,
    SIMPLE,
    WEIGHTED,
    ZONES,
    Config,
    Key,
    Record,
    Symbol,
    clipped,
)

DEEPEST: Final = 32
"""Groups that lead to each other one by one; resolvers give up earlier."""


class At(NamedTuple):
    """A group as it is asked: for addresses of one family, whatever the types of the records on the way."""

    key: Key
    family: str  # A or AAAA


ELSEWHERE: Final = ("*",)
"""The place of records for whoever is in no location of a CIDR collection."""

Go = At | str
"""Where a record leads: to a group, or to an address or a host that is no name of the zone."""


@dataclass(frozen=True, slots=True)
class Who:
    """How Route 53 classifies a client; nothing is known of whom it can't classify."""

    continent: str = ""
    country: str = ""
    part: str = ""  # subdivision
    location: tuple[str, str] = ("", "")  # CIDR collection and location
    falls: bool = True  # whether the default answers where the record of its location is unhealthy: not documented
    evaluates: bool = True  # whether aliases that don't say so evaluate the health of their targets: not documented


class Tree:
    """All groups of a configuration, and the conditions of their records."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.health = Health(config)
        self._names: dict[str, dict[str, set[str]]] = {}  # zone -> name -> types
        self._backwards: dict[str, list[str]] = {}  # zone -> names read from their ends, sorted
        for zone, name, kind in config.records:
            self._names.setdefault(zone, {}).setdefault(name, set()).add(kind)
        self._anywhere: dict[tuple[str, str], list[str]] = {}  # name and type -> zones
        for zone, name, kind in config.records:
            self._anywhere.setdefault((name, kind), []).append(zone)
        self._goes: dict[tuple[int, str], tuple[Go, ...]] = {}
        self._placed: dict[Key, dict[tuple[str, ...], list[Record]]] = {}
        self._cut: set[tuple[At, At]] = set()
        self._look()

    def _look(self) -> None:
        """Go over all groups once: what is wrong with them is told here."""
        for key, group in self.config.records.items():
            first = group[0]
            for other in group:
                if other.policy != first.policy:
                    self.config.unclear(
                        other.at,
                        f"{other.label} ({other.policy}), {first.label} ({first.policy}, line {first.at.line})",
                        "records of one name and type have one routing policy; keep one",
                    )  # fmt: skip
            if first.policy == ZONES:
                self.config.unclear(
                    first.at, first.label, "AZ-affinity goes by the zone of a private network; any of them is possible"
                )
            self._doubles(group)
            for family in ADDRESSES if key[2] not in ADDRESSES else (key[2],):
                for record in group:
                    self.goes(record, family)
        self._cut = self._circles()

    def _doubles(self, group: list[Record]) -> None:
        """Tell records that claim one place."""
        seen: dict[tuple[object, ...], Record] = {}
        for record in group:
            if record.policy not in (GEO, NETWORKS, FAILOVER) or record.place[0] == "?":
                continue
            where = (record.policy, record.place, record.location, record.primary)
            other = seen.setdefault(where, record)
            if other is not record and other.id != record.id:
                what = f"{record.label}, {other.label} (line {other.at.line})"
                self.config.unclear(record.at, what, "two records have one place, and either may answer; keep one")

    def own(self, record: Record) -> Condition:
        """Return the condition that a record's own health check is healthy."""
        return self.health.of(record.check, record.at)

    def evaluates(self, record: Record, who: Who) -> bool:
        """Say whether the health of what a record leads to counts."""
        if record.alias is None:
            return False
        return who.evaluates if record.alias.evaluate is None else record.alias.evaluate

    def healthy(self, record: Record, go: str, who: Who) -> Condition:
        """Return the condition under which a record that leads to a place outside of the zone is healthy."""
        if record.alias is None or not self.evaluates(record, who) or hosts.unfailing(go):
            return self.own(record)
        return both(self.own(record), self.health.target(go, record.alias.at))

    def goes(self, record: Record, family: str) -> tuple[Go, ...]:
        """Say where a record leads those who ask for a family of addresses."""
        key = (id(record), family)
        if key not in self._goes:
            self._goes[key] = (
                (self._alias(record, family),)
                if record.alias
                else record.values
                if record.type in ADDRESSES
                else tuple(self._name(record.zone, value, family) for value in record.values)
            )
        return self._goes[key]

    def _alias(self, record: Record, family: str) -> Go:
        alias = record.alias
        assert alias is not None
        key = (record.zone, alias.name, record.type)
        if key not in self.config.records:
            zones = self._anywhere.get((alias.name, record.type), [])
            key = (zones[0], alias.name, record.type) if len(zones) == 1 else key
        if key in self.config.records:
            return At(key, family if record.type not in ADDRESSES else record.type)
        if not hosts.ours(alias.name) and not isinstance(alias.name, Symbol):
            self.config.unclear(
                alias.at, f"{record.label} -> {alias.name}",
                f"no record of type {record.type} has the name of this alias target; give the record sets of its zone",
            )  # fmt: skip
        return alias.name

    def _name(self, zone: str, name: str, family: str) -> Go:
        """Find what a resolver finds that asks for a name (RFC 1034, section 4.3.2; wildcards: RFC 4592)."""
        owner = self._owner(zone, name)
        types = self._names.get(zone, {}).get(owner, set())
        other = "A" if family == "AAAA" else "AAAA"
        kinds = (family, "CNAME", other)  # who finds no address of one family asks for the other one
        for kind in kinds:
            if kind in types:
                return At((zone, owner, kind), family)
        for kind in kinds:
            zones = self._anywhere.get((name, kind), [])
            if zones:
                return At((zones[0], name, kind), family)
        return name

    def _owner(self, zone: str, name: str) -> str:
        names = self._names.get(zone, {})
        if name in names or isinstance(name, Symbol):
            return name
        rest = name
        while "." in rest:
            rest = rest.partition(".")[2]
            if f"*.{rest}" in names:
                return f"*.{rest}"
            if rest in names or self._inner(zone, rest):
                break
        return name

    def _inner(self, zone: str, name: str) -> bool:
        """Say whether there are names below a name."""
        if zone not in self._backwards:
            self._backwards[zone] = sorted(each[::-1] for each in self._names[zone])
        names, start = self._backwards[zone], f".{name}"[::-1]
        at = bisect_left(names, start)
        return at < len(names) and names[at].startswith(start)

    def group(self, at: At) -> list[Record]:
        """Return the records of a group."""
        return self.config.records[at.key]

    def is_cut(self, at: At, go: Go) -> bool:
        """Say whether a way is not followed, since it leads in a circle."""
        return isinstance(go, At) and (at, go) in self._cut

    def next(self, at: At) -> Iterator[tuple[Record, At]]:
        """Yield the groups to which a group leads."""
        for record in self.group(at):
            for go in self.goes(record, at.family):
                if isinstance(go, At) and not self.is_cut(at, go):
                    yield record, go

    @cached_property
    def every(self) -> tuple[At, ...]:
        """All groups as they are asked."""
        return tuple(
            At(key, family)
            for key in self.config.records
            for family in (ADDRESSES if key[2] not in ADDRESSES else (key[2],))
        )

    def _circles(self) -> set[tuple[At, At]]:
        """Find the ways that lead back to where they come from, or too deep, and tell them."""
        cut: set[tuple[At, At]] = set()
        height: dict[At, int] = {}
        under: set[At] = set()  # those whose ways are being followed
        for root in self.every:
            if root in height:
                continue
            height[root] = 0
            under.add(root)
            stack = [(root, self.next(root))]
            via: list[Record] = []
            while stack:
                at, ways = stack[-1]
                found = next(ways, None)
                if found is not None:
                    record, go = found
                    if go in under:
                        self._tell(record, at, go, cut, True)
                    elif go in height:
                        self._rise(record, at, go, cut, height)
                    else:
                        height[go] = 0
                        under.add(go)
                        stack.append((go, self.next(go)))
                        via.append(record)
                    continue
                stack.pop()
                under.discard(at)
                if stack:
                    self._rise(via.pop(), stack[-1][0], at, cut, height)
        return cut

    def _rise(self, record: Record, at: At, go: At, cut: set[tuple[At, At]], height: dict[At, int]) -> None:
        if height[go] >= DEEPEST:
            self._tell(record, at, go, cut, False)
        else:
            height[at] = max(height[at], height[go] + 1)

    def _tell(self, record: Record, at: At, go: At, cut: set[tuple[At, At]], circle: bool) -> None:
        if (at, go) not in cut:
            cut.add((at, go))
            why = "leads back to itself" if circle else f"leads through more than {DEEPEST} names"
            self.config.unclear(
                record.alias.at if record.alias else record.at, f"{record.label} -> {go.key[1]}",
                f"{why}, and is not followed; remove the circle or the detours",
            )  # fmt: skip

    def stages(self, at: At, who: Who) -> list[list[Record]]:
        """List who of a group may answer a client: any of the first who are healthy, else of the next, and so on.

        If nobody is healthy, any of the first answers.  An empty list is no answer.
        """
        group = self.group(at)
        policy = group[0].policy
        if policy == GEO:
            wanted = [("", who.country, who.part)] if who.part else []
            wanted += [("", who.country, "")] if who.country else []
            wanted += [(who.continent, "", "")] if who.continent else []
            placed = self._places(at.key)
            found = [placed.get(place, []) for place in (*wanted, DEFAULT)]
        elif policy == NETWORKS:
            placed = self._places(at.key)
            mine = placed.get(who.location, [])
            found = [mine, placed.get(ELSEWHERE, []) if who.falls or not mine else []]
        elif policy == FAILOVER:
            found = [[each for each in group if each.primary is role] for role in (True, False)]
        elif policy == WEIGHTED:
            found = [[each for each in group if each.weight], [each for each in group if not each.weight]]
        else:
            return [group]
        others = [each for each in group if each.policy != policy]  # an error, and any of them may be what is meant
        stages = [stage for stage in found if stage]
        if others:
            return [[*stages[0], *others], *stages[1:]] if stages else [others]
        return stages

    def _places(self, key: Key) -> dict[tuple[str, ...], list[Record]]:
        if key not in self._placed:
            placed = self._placed[key] = {}
            for each in self.config.records[key]:
                if each.policy == GEO:
                    placed.setdefault(each.place, []).append(each)
                elif each.policy == NETWORKS:
                    placed.setdefault(ELSEWHERE if each.location[1] == "*" else each.location, []).append(each)
        return self._placed[key]

    def below(self, at: At) -> Sequence[At]:
        """List a group and all to which it leads."""
        found = {at: None}
        stack = [at]
        while stack:
            for _, go in self.next(stack.pop()):
                if go not in found:
                    found[go] = None
                    stack.append(go)
        return tuple(found)

    def entries(self) -> list[At]:
        """List the groups whose names clients ask for: a group to which a routing policy leads is a part of it."""
        inner: dict[Key, Record] = {}
        for at in self.every:
            for record, go in self.next(at):
                if record.policy != SIMPLE and go.key != at.key and go.key[1] not in self.config.apexes:
                    inner.setdefault(go.key, record)
        found = [at for at in self.every if at.key not in inner]
        if not found:
            return list(self.every)
        for key, record in inner.items():
            if not key[1].startswith("_") and key[0] not in self.config.policies:  # else nobody asks for it
                first = self.config.records[key][0]
                self.config.remark(
                    first.at,
                    f"{clipped(first.name)} {first.type} is judged as a part of {clipped(record.name)} (line "
                    f"{record.at.line}), and not for those who ask for it by its own name",
                )
        return found
