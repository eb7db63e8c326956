"""When health checks are healthy: as statements about faults, each of which is something that fails by itself.

What is probed fails, so health checks that probe one endpoint fail together.  A disabled check is healthy, a
calculated one is if enough of its children are ("How Amazon Route 53 determines whether a health check is healthy";
HealthThreshold, Disabled and Inverted of HealthCheckConfig in the API Reference).  An inverted check fails while what
it watches is well: that it does is taken as a fault of its own, whatever else fails, which can only add to what is
possible.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from auditor.routing.model import Fault, Line
from auditor.routing.route53.records import CALCULATED, ENDPOINT, Check, Config, Symbol, clipped


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True while at least `need` parts are; see `at_least`, which makes them."""

    need: int
    parts: "tuple[Condition, ...]"


Condition = frozenset[str] | AtLeast
"""Healthy while none of these faults is there; or while enough parts are."""

ALWAYS: Final[frozenset[str]] = frozenset()
NEVER: Final = AtLeast(1, ())


def at_least(need: int, parts: tuple[Condition, ...]) -> Condition:
    """Require some of several conditions, in the plainest form."""
    some = [part for part in parts if part not in (ALWAYS, NEVER)]
    need -= sum(part == ALWAYS for part in parts)
    if need <= 0:
        return ALWAYS
    if need > len(some):
        return NEVER
    if need < len(some):
        return AtLeast(need, tuple(some))
    plain: frozenset[str] = frozenset()
    rest: set[AtLeast] = set()
    for part in some:  # all of them: what asks for all of its own parts is no level of its own
        whole = part.parts if isinstance(part, AtLeast) and part.need == len(part.parts) else (part,)
        for each in whole:
            if isinstance(each, AtLeast):
                rest.add(each)
            else:
                plain |= each
    joined: tuple[Condition, ...] = ((plain,) if plain else ()) + tuple(sorted(rest, key=_written))
    return joined[0] if len(joined) == 1 else AtLeast(len(joined), joined)


def _written(condition: Condition) -> str:
    """Write a condition so that equal ones are written alike."""
    if isinstance(condition, frozenset):
        return ",".join(sorted(condition))
    return f"{condition.need}({';'.join(map(_written, condition.parts))})"


def both(one: Condition, other: Condition) -> Condition:
    """Require two conditions."""
    return at_least(2, (one, other))


def holds(condition: Condition, down: frozenset[str]) -> bool:
    """Say whether a condition is true under an outage."""
    if isinstance(condition, frozenset):
        return condition.isdisjoint(down)
    return sum(holds(part, down) for part in condition.parts) >= condition.need


def shown(condition: Condition, down: frozenset[str]) -> Iterator[frozenset[str]]:
    """Yield the plain conditions that make a condition true."""
    if isinstance(condition, frozenset):
        yield condition
    else:
        for part in condition.parts:
            if holds(part, down):
                yield from shown(part, down)


class Health:
    """The conditions of a configuration's health checks, and the faults that stand in them."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._known: dict[str, Condition] = {}
        self.faults: dict[str, Fault] = {}
        hosts: dict[str, set[str]] = {}
        for each in config.checks.values():
            if each.kind in ENDPOINT and each.host and not each.disabled:
                hosts.setdefault(each.host, set()).add(each.how)
        self._hosts = hosts

    def of(self, check: str, at: Line) -> Condition:
        """Return when a health check is healthy; `at` is who asks."""
        if not check:
            return ALWAYS
        check = self._config.also.get(check, check)
        if check not in self._known:
            self._known[check] = self._made(check, at)
        return self._known[check]

    def target(self, host: str, at: Line) -> frozenset[str]:
        """Return the condition that an AWS resource finds itself healthy."""
        return self._fault(f"target:{host}", f"nothing behind {clipped(host)} is healthy", at)

    def _fault(self, ident: str, text: str, at: Line) -> frozenset[str]:
        self.faults.setdefault(ident, Fault(ident, text, at))
        return frozenset((ident,))

    def _made(self, ident: str, at: Line) -> Condition:
        check = self._config.checks.get(ident)
        if check is None:
            self._config.remark(
                at, f"health check {clipped(ident)} is not in these files; it is taken as one that fails by itself"
            )
            return self._fault(f"check:{ident}", f"health check {clipped(ident)} fails", at)
        if check.disabled:
            self._config.remark(
                check.at,
                f"health check {clipped(ident)} is disabled: it counts as "
                + ("failed, since it is inverted" if check.inverted else "healthy, whatever happens"),
            )
            return NEVER if check.inverted else ALWAYS
        if check.inverted:
            self._config.remark(
                check.at,
                f"health check {clipped(ident)} is inverted: it counts as failed while what it watches is well; "
                "here that is an outage like others",
            )
            return self._fault(f"check:{ident}", f"health check {clipped(ident)}, which is inverted, fails", check.at)
        if check.kind == CALCULATED:
            return self._calculated(check)
        if check.kind in ENDPOINT and check.host:
            return self._probe(check)
        return self._fault(f"check:{ident}", f"health check {clipped(ident)} fails", check.at)

    def _probe(self, check: Check) -> frozenset[str]:
        """One fault takes away whoever probes the same thing; checks that probe a host in other ways fail alone too."""
        host = self._fault(f"host:{check.host}", f"{clipped(check.host)} fails its health checks", check.at)
        if len(self._hosts[check.host]) == 1:
            return host
        own = f"check:{check.host} {check.how}"
        return host | self._fault(own, f"health check {clipped(check.id)} fails", check.at)

    def _calculated(self, check: Check) -> Condition:
        """Count children; those that are calculated themselves, which Route 53 refuses, are taken to fail alone."""
        parts: list[Condition] = []
        for child in check.children:
            found = self._config.checks.get(self._config.also.get(child, child))
            if isinstance(child, Symbol) or (found is not None and found.kind == CALCULATED):
                why = "a calculated health check can watch only plain ones whose ids are known; name them"
                self._config.unclear(check.at, f"{check.id}: {child}", why)
                parts.append(self._fault(f"check:{child}", f"health check {clipped(child)} fails", check.at))
            else:
                parts.append(self.of(child, check.at))
        return at_least(check.threshold, tuple(parts))
