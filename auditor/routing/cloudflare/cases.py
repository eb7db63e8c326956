"""Who may be treated how: the classes of clients of a balancer, and for each class every way that may be taken.

Which list of pools applies (Cloudflare documentation, "Geo steering", "Pool sets" on countries that can't be resolved,
"EDNS Client Subnet support", "Custom rules"):

* Geo: the pools of the point of presence that answers, else of the country, else of the region of that point of
  presence, else the default pools.  Which point of presence answers nobody can say from where a client is, so any may.
* The country is the client's where requests are proxied.  Else it is by `location_strategy`: of the resolver, or of the
  point of presence (the default); the client's subnet helps only those whose resolvers send it.
* All other policies know the default pools alone.
* A rule whose condition asks for more than countries and regions may apply or not.  With geo steering custom rules are
  said not to function as expected: then one that should apply may, or may not.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from auditor.routing.cloudflare.conditions import Facts, holds, named
from auditor.routing.cloudflare.model import REGIONS, Balancer, Case, Listed, Rule, Settings

MOST: Final = 64
"""Ways to combine rules that are followed for one class of clients."""

PRESENCE: Final = "the answering point of presence"
OTHER: Final = ""  # a country, or a region, that the configuration doesn't name

CASES: Final = 1024
"""Ways to be treated that are followed for one class of clients; ways that come to the same pools are one."""

Outcome = tuple[Settings, tuple[Rule, ...], bool]
"""Settings after rules, the rules that applied, and whether the last of them answers by itself."""


class TooManyWays(Exception):
    """More combinations of rules than are followed."""


def countries_named(balancer: Balancer) -> frozenset[str]:
    """List the countries that a balancer treats in a way of their own."""
    found = set(balancer.settings.countries)
    for rule in balancer.rules:
        override: Any = rule.overrides.get("countries", {})
        found.update(override, named(rule.condition)[0])
    return frozenset(found)


def cases(balancer: Balancer, country: str | None) -> list[Case]:
    """List the ways in which clients of a country may be treated; None: it can't be found out where they are.

    Raise TooManyWays.
    """
    regions: frozenset[str] = frozenset().union(*(named(rule.condition)[1] for rule in balancer.rules))
    found: dict[Any, Case] = {}
    for taken_for in [country] if country is not None else [*sorted(countries_named(balancer)), OTHER]:
        for region in (*sorted(regions & set(REGIONS)), OTHER):
            for settings, applied, fixed in outcomes(balancer, Facts(balancer.name, taken_for, region)):
                if fixed:
                    case = Case(balancer, settings, applied, None, "fixed response", PRESENCE if regions else "")
                    found.setdefault(("", id(applied[-1])), case)
                    continue
                for chosen, label, via in _lists(balancer, settings, country, region, regions):
                    via = PRESENCE if regions else via
                    alike = (tuple(each.pool for each in chosen.pools), via, *map(id, applied))
                    if alike not in found:
                        found[alike] = Case(balancer, settings, applied, chosen, label, via)
        if len(found) > CASES:
            raise TooManyWays
    return list(found.values())


def outcomes(balancer: Balancer, facts: Facts) -> list[Outcome]:
    """Apply the rules in their order, both ways where it is not known whether a condition is true."""
    doubted = balancer.settings.steering == "geo"
    going: list[tuple[Settings, tuple[Rule, ...]]] = [(balancer.settings, ())]
    ended: list[Outcome] = []
    for rule in balancer.rules:
        truth = holds(rule.condition, facts)
        if truth and doubted:
            truth = None
        following = [] if truth else list(going)
        for settings, applied in going if truth is not False else ():
            changed: Settings = replace(settings, **overridden(settings, rule))
            if rule.terminates:
                ended.append((changed, (*applied, rule), rule.fixed))
            else:
                following.append((changed, (*applied, rule)))
        going = following
        if len(going) + len(ended) > MOST:
            raise TooManyWays
    return [*ended, *((settings, applied, False) for settings, applied in going)]


def overridden(settings: Settings, rule: Rule) -> dict[str, Any]:
    """Give the fields that a rule replaces."""
    changed: dict[str, Any] = dict(rule.overrides)
    return {**changed, "lines": {**settings.lines, **changed.get("lines", {})}}


def _lists(
    balancer: Balancer, settings: Settings, country: str | None, region: str, asked: frozenset[str]
) -> Iterator[tuple[Listed, str, str]]:
    """Give the lists that may apply, with what chooses each and who is classified."""
    if settings.steering != "geo":
        yield settings.default, "default_pools", ""
        return
    for pop, pools in settings.pops.items():
        yield pools, f"pop_pools {pop}", PRESENCE
    anybody = country is None or (not balancer.proxied and settings.mode == "pop")
    who = (
        ""
        if balancer.proxied
        else "the resolver"
        if settings.ecs not in ("always", "geo")
        else "the client's subnet or the resolver"
    )
    if not anybody and country is not None and country in settings.countries:
        yield settings.countries[country], f"country_pools {country}", PRESENCE if settings.pops else who
        return
    for code, pools in settings.countries.items() if anybody else ():
        yield pools, f"country_pools {code}", PRESENCE
    via = PRESENCE if settings.pops or settings.regions or (anybody and settings.countries) else who
    for code, pools in settings.regions.items():
        if code == region or (region == OTHER and code not in asked):
            yield pools, f"region_pools {code}", via
    if region not in settings.regions and (region != OTHER or set(REGIONS) - set(settings.regions) - asked):
        yield settings.default, "default_pools", via
