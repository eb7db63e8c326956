"""The blocks `dynamic` (pools and rules) and `geo` (the old form) of a record, and what octoDNS would refuse there."""

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from auditor.routing import continents
from auditor.routing.documents import Disputed
from auditor.routing.model import Line
from auditor.routing.octodns.model import (
    DOWN,
    GEO,
    OBEY,
    POOL,
    UP,
    Network,
    Prefixes,
    Record,
    Rule,
    Value,
    Values,
    read_value,
)
from auditor.routing.octodns.spots import Spot

_PROVINCES: Final = {
    "CA": frozenset("AB BC MB NB NL NS NT NU ON PE QC SK YT".split()),
    "US": frozenset(
        "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC ND NE NH NJ NM "
        "NV NY OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY".split()
    ),
}


def read_dynamic(made: Record, spot: Spot) -> None:
    """Read pools and rules."""
    found = spot.entries()
    made.dynamic = True
    made.only(found, frozenset({"pools", "rules"}), "of `dynamic`")
    pools = found["pools"].entries() if "pools" in found else {}
    if not pools:
        made.problem(found.get("pools", spot), "pools", "octoDNS refuses `dynamic` without pools; define one")
    for name, pool in pools.items():
        if isinstance(name, Disputed):
            made.problem(pool, name, "octoDNS reads this as a truth value and refuses it; put it in quotes everywhere")
        made.pools[name] = _pool(made, name, pool)
    _fallbacks(made, pools)
    rules = found["rules"].items() if "rules" in found else []
    for number, rule in enumerate(rules, 1):
        _rule(made, number, rule)
    if not made.rules:
        made.problem(found.get("rules", spot), "rules", "octoDNS refuses `dynamic` without rules; write one")
    _order(made)
    _unused(made, pools)


def _pool(made: Record, name: str, spot: Spot) -> Values:
    found = spot.entries()
    made.only(found, frozenset({"values", "fallback"}), "of a pool")
    values = tuple(_pooled(made, item) for item in found["values"].items()) if "values" in found else ()
    if not values:
        made.problem(spot, name, "octoDNS refuses a pool without values; give it one")
    fallback = found.get("fallback")
    if fallback is None or fallback.value is None:
        return Values(name, spot.at, values, POOL)
    target = str(fallback.value)
    if target == "default":
        made.remark(fallback, "`fallback: default` means the values of the record to octoDNS, not a pool of that name")
        return Values(name, spot.at, values, POOL)
    return Values(name, spot.at, values, POOL, target)


def _pooled(made: Record, spot: Spot) -> Value:
    found = spot.entries()
    if "value" not in found:
        made.problem(spot, "value", "octoDNS refuses an entry without `value`; give it one")
        return Value("", spot.at)
    made.only(found, frozenset({"value", "weight", "status"}), "of a pool's value")
    weight, status = 1, OBEY
    if "weight" in found:
        weight = found["weight"].value
        if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 100:
            made.problem(found["weight"], weight, "octoDNS refuses weights other than 1 to 100; write one")
            weight = 1
    if "status" in found:
        status = found["status"].value
        if status not in (UP, DOWN, OBEY):
            made.problem(found["status"], status, "octoDNS refuses a status other than up, down and obey; write one")
            status = OBEY
        elif status != OBEY:
            text = (
                f"`status: {status}` is for NS1, Azure and Route 53; others check the value if `strict_supports` is off"
            )
            made.remark(found["status"], text)
    return read_value(made, found["value"], weight, status)


def _fallbacks(made: Record, pools: dict[str, Spot]) -> None:
    """Find fallbacks that lead nowhere or in a circle, and end the chain there; each pool is walked over once."""
    walked: dict[str, str] = {}
    for start in made.pools:
        name: str | None = start
        while name is not None and name not in walked:
            walked[name] = start
            following = made.pools[name].fallback
            why = ""
            if following is not None and following not in made.pools:
                why = "no pool is called so, and octoDNS refuses this; define it"
            elif following is not None and walked.get(following) == start:
                why = "fallbacks go in a circle, and octoDNS refuses this; end it"
            if why:
                made.problem(pools[name].entries()["fallback"], following, why)
                made.pools[name] = replace(made.pools[name], fallback=None)
                following = None
            name = following


def _rule(made: Record, number: int, spot: Spot) -> None:
    found = spot.entries()
    made.only(found, frozenset({"pool", "geos", "subnets"}), "of a rule")
    if "pool" not in found:
        made.problem(spot, f"rule {number}", "octoDNS refuses a rule without pool; give it one")
        return
    pool = found["pool"].value
    if not isinstance(pool, str) or pool not in made.pools:
        made.problem(found["pool"], pool, "no pool is called so, and octoDNS refuses this; define it")
    geos = _each(made, found.get("geos"), _place)
    subnets = _each(made, found.get("subnets"), _network)
    if subnets:
        text = "subnets are for NS1, Azure and Route 53; others match by `geos` alone if `strict_supports` is off"
        made.remark(found["subnets"], text)
    made.rules.append(Rule(str(pool), spot.at, tuple(geos), tuple(subnets)))


def _each(made: Record, spot: Spot | None, read: Callable[[str], Any]) -> list[tuple[Any, Line]]:
    found: list[tuple[Any, Line]] = []
    if spot is None or spot.value in ([], None):
        return found
    if not isinstance(spot.value, list):
        made.problem(spot, spot.value, "octoDNS refuses what is no list; put it in brackets")
    for item in spot.items():
        try:
            found.append((read(str(item.value)), item.at))
        except ValueError as error:
            made.problem(item, item.value, str(error))
    return found


def _place(code: str) -> str:
    """Check a code: continent, country and province, as octoDNS knows them."""
    continent, *inner = code.split("-")
    known = continent in continents.codes("octodns")
    if known and inner:
        known = continents.of("octodns", inner[0]) == continent
    if known and len(inner) > 1:
        known = len(inner) == 2 and inner[1] in _PROVINCES.get(inner[0], ())
    if not known:
        raise ValueError("octoDNS knows no such place; write continent-country-province, such as EU-NO or NA-US-CA")
    return code


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("no subnet, and octoDNS refuses it; write address/length without bits behind it") from None


def _order(made: Record) -> None:
    """Note rules whose order octoDNS refuses: what first matches and what matches best are two things then."""
    seen: dict[str, Line] = {}
    catching = None
    for rule in made.rules:
        if catching is not None:
            made.problems.append(
                (rule.at, f"pool: {rule.pool}", f"a rule for all stands before, in line {catching.line}")
            )
        for code, at in sorted(rule.geos):
            parts = code.split("-")
            above = ["-".join(parts[:length]) for length in range(1, len(parts) + 1)]
            before = next((seen[each] for each in above if each in seen), None)
            if before is not None:
                why = (
                    f"line {before.line} matches it already; octoDNS refuses this: put what is more special first, once"
                )
                made.problems.append((at, code, why))
            seen[code] = at
        if not rule.geos and not rule.subnets:
            catching = rule.at
    if made.rules and (made.rules[-1].geos or made.rules[-1].subnets):
        why = "the last rule has to be for all, or octoDNS refuses this: who matches none may get no answer; add one"
        made.problems.append((made.rules[-1].at, f"pool: {made.rules[-1].pool}", why))
    _subnet_order(made)


def _subnet_order(made: Record) -> None:
    seen: Prefixes[Line] = Prefixes()
    for rule in made.rules:
        for network, at in sorted(rule.subnets, key=lambda each: (each[0].version, each[0])):
            before = next(seen.over(network), None)
            if before is not None:
                why = (
                    f"line {before.line} matches it already; octoDNS refuses this: put what is more special first, once"
                )
                made.problems.append((at, str(network), why))
            seen.add(network, at)


def _unused(made: Record, pools: dict[str, Spot]) -> None:
    used = {rule.pool for rule in made.rules} | {pool.fallback for pool in made.pools.values()}
    for name in made.pools:
        if name not in used:
            made.remark(pools[name], f"no rule and no fallback leads to the pool `{name}`, which octoDNS refuses")


def read_geo(made: Record, spot: Spot) -> None:
    """Read values by place, of the time before `dynamic`."""
    for code, values in spot.entries().items():
        try:
            _place(code)
        except ValueError as error:
            made.problem(values, code, str(error))
            continue
        made.geo[code] = Values(code, values.at, tuple(read_value(made, item) for item in values.items()), GEO)
    made.remark(spot, "`geo` is old: providers that don't know it answer everybody with the values of the record")
