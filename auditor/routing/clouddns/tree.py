"""How record sets lead to each other, who asks for them, and what fails: what graphs and the interpreter share."""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from auditor.routing.addresses import is_address
from auditor.routing.clouddns.records import (
    ADDRESSES,
    BALANCER,
    ENDPOINT,
    FAILOVER,
    GEO,
    PRIVATE,
    PUBLIC,
    SIMPLE,
    UNCLEAR,
    WRR,
    Config,
    Key,
    RecordSet,
    Target,
)
from auditor.routing.model import Fault
from auditor.routing.terraform.values import shown

DEEPEST: Final = 32
"""Names that lead to each other one by one; resolvers give up earlier."""

FOLLOWED: Final = ("A", "AAAA", "CNAME")
"""Types that are asked for where a name leads."""


class Tree:
    """All record sets of a configuration."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._names: dict[str, dict[str, list[Key]]] = {}  # zone -> name -> keys of types that are followed
        self._below: dict[str, set[str]] = {}  # zone -> all names around names
        self._anywhere: dict[str, list[Key]] = {}
        for key in config.records:
            zone, name, kind = key
            if kind in FOLLOWED:
                self._names.setdefault(zone, {}).setdefault(name, []).append(key)
                self._anywhere.setdefault(name, []).append(key)
            around = self._below.setdefault(zone, set())
            while name and name not in around:
                around.add(name)
                name = name.partition(".")[2]
        self.hows: dict[str, set[str]] = {}  # what fails -> the ways in which it is checked
        for group in config.records.values():
            for record in group:
                for item in record.every:
                    for target in item.targets:
                        if target.checked:
                            self.hows.setdefault(target.host, set()).add(target.how)
        self._stated: dict[str, set[str]] = {}  # how record sets name a zone -> visibility
        self._apexes: dict[tuple[str, str], set[str]] = {}  # file, or empty for all, and name of the apex -> visibility
        for each in config.zones:
            for ident in each.ids:
                self._stated.setdefault(ident, set()).add(each.visibility)
            for ident in (*each.ids, "") if each.dns else ():
                self._apexes.setdefault((ident, each.dns), set()).add(each.visibility)
        self._seen: dict[Key, str] = {}
        self._goes: dict[tuple[str, str], tuple[Key, ...]] = {}
        self._located: dict[Key, frozenset[str] | None] = {}
        self._cut: set[tuple[Key, Key]] = set()
        self._cut = self._circles()

    def goes(self, record: RecordSet, target: Target) -> tuple[Key, ...]:
        """Return the record sets to which a target leads: those that a resolver finds that asks for its name."""
        if record.type in ADDRESSES or is_address(target.name):
            return ()
        at = (record.zone, target.name)
        if at not in self._goes:
            own = self._owner(*at)
            self._goes[at] = tuple(own or self._anywhere.get(target.name, ()))
        return self._goes[at]

    def _owner(self, zone: str, name: str) -> list[Key]:
        """Find a name in a zone (RFC 1034, section 4.3.2; wildcards: RFC 4592)."""
        names, around = self._names.get(zone, {}), self._below.get(zone, set())
        rest = name
        if name in around or "." not in name:
            return names.get(name, [])
        while "." in rest:
            rest = rest.partition(".")[2]
            if f"*.{rest}" in names:
                return names[f"*.{rest}"]
            if rest in around:
                return []
        return []

    def is_cut(self, key: Key, go: Key) -> bool:
        """Say whether a way is not followed, since it leads in a circle."""
        return (key, go) in self._cut

    def next(self, key: Key) -> Iterator[tuple[RecordSet, Target, Key]]:
        """Yield the record sets to which one leads."""
        for record in self.config.records[key]:
            for item in record.every:
                for target in item.targets:
                    for go in self.goes(record, target):
                        if not self.is_cut(key, go):
                            yield record, target, go

    def _circles(self) -> set[tuple[Key, Key]]:
        """Find the ways that lead back to where they come from, or too deep, and tell them."""
        cut: set[tuple[Key, Key]] = set()
        height: dict[Key, int] = {}
        under: set[Key] = set()
        for root in self.config.records:
            if root in height:
                continue
            height[root] = 0
            under.add(root)
            stack = [(root, self.next(root))]
            via: list[Target] = []
            while stack:
                key, ways = stack[-1]
                found = next(ways, None)
                if found is None:
                    stack.pop()
                    under.discard(key)
                    if stack:
                        self._rise(via.pop(), stack[-1][0], key, cut, height)
                    continue
                _, target, go = found
                if go in under:
                    self._tell(target, key, go, cut, "leads back to itself")
                elif go in height:
                    self._rise(target, key, go, cut, height)
                else:
                    height[go] = 0
                    under.add(go)
                    stack.append((go, self.next(go)))
                    via.append(target)
        return cut

    def _rise(self, target: Target, key: Key, go: Key, cut: set[tuple[Key, Key]], height: dict[Key, int]) -> None:
        if height[go] >= DEEPEST:
            self._tell(target, key, go, cut, f"leads through more than {DEEPEST} names")
        else:
            height[key] = max(height[key], height[go] + 1)

    def _tell(self, target: Target, key: Key, go: Key, cut: set[tuple[Key, Key]], what: str) -> None:
        if (key, go) not in cut:
            cut.add((key, go))
            self.config.unclear(
                target.at, f"{key[1]} {key[2]} -> {go[1]}",
                f"{what}, and is not followed; remove the circle or the detours",
            )  # fmt: skip

    def located(self, key: Key) -> frozenset[str] | None:
        """List the locations that a record set, or one to which it leads, tells apart; None: it asks for none."""
        if key not in self._located:
            waiting = [key]
            found = {key}
            while waiting:
                for _, _, go in self.next(waiting.pop()):
                    if go not in found:
                        found.add(go)
                        waiting.append(go)
            asking = [
                each for one in found for each in self.config.records[one]
                if each.policy in (GEO, FAILOVER) and len(each.items) > 1
            ]  # fmt: skip
            locations = {self.place(each, item.location) for each in asking for item in each.items} - {""}
            self._located[key] = frozenset(locations) if asking else None
        return self._located[key]

    def visibility(self, record: RecordSet) -> str:
        """Say whether the zone of a record set is public or private, as far as these files say it."""
        if record.key not in self._seen:
            self._seen[record.key] = self._visibility(record)
        return self._seen[record.key]

    def _visibility(self, record: RecordSet) -> str:
        zone = record.zone
        if zone in self.config.listed:
            found = self._closest(zone, record.name) or self._closest("", record.name)
        elif zone and zone in self._stated:
            found = _one(self._stated[zone])
        else:
            found = UNCLEAR if zone else self._closest("", record.name)
        kinds = {target.checked for item in record.every for target in item.targets} & {BALANCER, ENDPOINT}
        return found or {BALANCER: PRIVATE, ENDPOINT: PUBLIC}.get("".join(kinds), UNCLEAR)

    def _closest(self, zone: str, name: str) -> str:
        """Return the visibility on which the smallest zones around a name agree; of one file, or of all."""
        while name:
            if (zone, name) in self._apexes:
                return _one(self._apexes[zone, name])
            name = name.partition(".")[2]
        return UNCLEAR

    def place(self, record: RecordSet, location: str) -> str:
        """Return the location of a client as it counts for a record set: what a public zone sees is the resolver."""
        return location if location and self.visibility(record) == PRIVATE else ""

    @cached_property
    def entries(self) -> list[Key]:
        """The record sets whose names clients ask for: one to which a routing policy leads is a part of it."""
        inner: dict[Key, RecordSet] = {}
        for key in self.config.records:
            for record, target, go in self.next(key):
                if record.policy != SIMPLE and not _idle(record, target):
                    inner.setdefault(go, record)
        found = [key for key in self.config.records if key not in inner]
        if not found:
            return list(self.config.records)
        for key, by in inner.items():
            first = self.config.records[key][0]
            self.config.remark(
                first.at,
                f"{shown(first.label)} is judged as a part of {shown(by.label)} (line {by.at.line}), and not for those "
                "who ask for it by its own name",
            )
        return found

    def outages(self, target: Target) -> dict[str, str]:
        """Give the faults that take a target away, with what has happened then.

        What fails is the endpoint: checks of it in the same way fail together, those in different ways together or
        alone.
        """
        if not target.checked:
            return {}
        name = shown(target.host)
        what = f"load balancer {name} is unhealthy" if target.checked == BALANCER else f"{name} fails its health checks"
        found = {f"host:{target.host}": what}
        if len(self.hows[target.host]) > 1:
            found[f"check:{target.host} {target.how}"] = f"the check of {name} ({shown(target.how) or 'unnamed'}) fails"
        return found

    @cached_property
    def faults(self) -> dict[str, Fault]:
        """Whatever can fail."""
        found: dict[str, Fault] = {}
        for group in self.config.records.values():
            for record in group:
                for item in record.every:
                    for target in item.targets:
                        for ident, text in self.outages(target).items():
                            found.setdefault(ident, Fault(ident, text, target.at))
        return found


def _idle(record: RecordSet, target: Target) -> bool:
    """Say whether a target never answers: it has no weight, and something that has one is never unhealthy."""
    some = [item for item in record.items if record.policy == WRR and target in item.targets]
    return (
        bool(some)
        and not any(item.weight for item in some)
        and any(item.weight and item.lasting for item in record.items)
    )


def _one(found: set[str]) -> str:
    return next(iter(found)) if len(found) == 1 else UNCLEAR
