"""Attributes of load balancers become what `model` describes; whatever isn't understood is kept.

The names of both versions of the Terraform provider and of the API are taken: version 4 has blocks (`region_pools` with
`region` and `pool_ids`, `default_pool_ids`, `fallback_pool_id`), version 5 and the API have maps.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from auditor.model import countries
from auditor.routing.cloudflare.model import (
    ORDERED,
    REGIONS,
    SPREAD,
    Balancer,
    Listed,
    Named,
    OriginPool,
    Rule,
    Settings,
)
from auditor.routing.cloudflare.reading import Reading, amount, first, flag, is_open, not_a, objects, strange, word
from auditor.routing.cloudflare.sources import Thing, key_of
from auditor.routing.model import Line
from auditor.routing.terraform import Ref, Unresolved, Value
from auditor.routing.terraform.values import number

IDLE: Final = frozenset(
    """id name description ttl zone_id zone_name account_id created_on modified_on networks session_affinity
    session_affinity_ttl session_affinity_attributes timeouts""".split()
)
"""Attributes of a balancer that keep a client where it is, or say nothing about where it goes."""
ROUTING: Final = frozenset(
    """default_pools default_pool_ids fallback_pool fallback_pool_id pop_pools country_pools region_pools
    steering_policy random_steering adaptive_routing location_strategy""".split()
)
OWN: Final = frozenset({"enabled", "proxied", "rules"})
RULE_READ: Final = frozenset("name condition disabled overrides fixed_response terminates priority".split())
DISABLED: Final = (
    "the DNS records of its name answer instead, or nobody if there are none, and they are not read here; say in a "
    "routing.yaml where they lead, or take the balancer out"
)
MODES: Final = ("pop", "resolver_ip")
ECS: Final = ("always", "never", "proximity", "geo")


def read_balancers(reading: Reading) -> None:
    """Read all balancers that are enabled."""
    names: set[tuple[str, Any]] = set()
    for thing in reading.things.balancers:
        reading.current = len(reading.balancers)
        found, at = thing.value.data, thing.value.at
        if not flag(found, "enabled", True, reading):
            name = word(found, "name", thing.key, reading)
            reading.current = None
            reading.lost(found["enabled"].at, f"load balancer {name} is disabled", DISABLED)
            continue
        balancer = _balancer(thing, reading)
        zone = found.get("zone_id")
        same = (balancer.name, zone.data if zone and isinstance(zone.data, str | Ref) else None)
        if same in names:
            reading.current = None
            reading.lost(at, balancer.name, "another load balancer has this name too; keep one")
        names.add(same)
        reading.balancers.append(balancer)
    reading.current = None


def _balancer(thing: Thing, reading: Reading) -> Balancer:
    found, at = thing.value.data, thing.value.at
    strange(found, ROUTING | OWN | IDLE, reading, thing.exists)
    name = word(found, "name", thing.key, reading)
    proxied = flag(found, "proxied", False, reading)
    given = {"default": Listed((), at), **settings(found, reading)}
    if not {"default_pools", "default_pool_ids"} & set(found):
        reading.lost(at, name, "a load balancer needs default pools; write them")
    if not {"fallback_pool", "fallback_pool_id"} & set(found):
        reading.lost(at, name, "a load balancer needs a fallback pool; write it")
    return Balancer(name, proxied, Settings(**given), _rules(found.get("rules"), reading), at)


def settings(found: Mapping[Any, Value], reading: Reading) -> dict[str, Any]:
    """Read the attributes that decide where a request goes, as far as they are there."""
    lines: dict[str, Line] = {}
    given: dict[str, Any] = {"lines": lines}
    for names, read, target in _FIELDS:
        for name in names:
            if name in found and found[name].data is not None:
                value = read(found[name], reading)
                if value is not None:
                    given[target] = value
                    lines[target] = found[name].at
    for name, read_parts in _PARTS.items():
        part = first(found.get(name), reading)
        if part:
            given.update(read_parts(part, reading))
    return given


def _listed(value: Value, reading: Reading) -> Listed:
    if isinstance(value.data, Unresolved | Ref) or not isinstance(value.data, list):
        not_a(value, "list of pools", reading)
        return Listed((), value.at)
    return Listed(tuple(each for item in value.data if (each := _named(item, reading))), value.at)


def _named(value: Value, reading: Reading) -> Named | None:
    if isinstance(value.data, Unresolved):
        reading.hole(value.data, value.at)
        keys = {each.address for each in value.data.refs if each.attribute == "id"}
        if len(keys) == 1 == len(value.data.refs):
            return _undefined(keys.pop(), value.at, reading)
        return None
    key = key_of(value.data, reading.things)
    if key is None:
        not_a(value, "pool", reading)
        return None
    if key not in reading.pools and isinstance(value.data, Ref):
        reading.lost(value.at, str(value.data), "this pool is not defined in the files that were given; give its file")
    return _undefined(key, value.at, reading)


def _undefined(key: str, at: Line, reading: Reading) -> Named:
    """Name a pool of which nothing else may be known."""
    if key not in reading.pools:
        reading.pools[key] = OriginPool(key, key, True, (), 1, "?", (), False, at, known=False)
    return Named(key, at)


def _mapping(kind: str, checked: Callable[[str], str]) -> Callable[[Value, Reading], dict[str, Listed]]:
    def read(value: Value, reading: Reading) -> dict[str, Listed]:
        found: dict[str, Listed] = {}
        for key, pools, at in _pairs(value, kind, reading):
            code = key.upper() if isinstance(key, str) else ""
            if problem := checked(code):
                reading.lost(at, str(key), problem)
            elif code in found:
                reading.lost(at, code, f"{kind} {code} stands twice; keep one")
            else:
                found[code] = Listed(_listed(pools, reading).pools, at)
        return found

    return read


def _pairs(value: Value, kind: str, reading: Reading) -> Iterator[tuple[Any, Value, Line]]:
    """Give codes with their pools: of a map, or of blocks."""
    if isinstance(value.data, dict) and kind not in value.data:
        for key, pools in value.data.items():
            yield key, pools, pools.at
        return
    for block in objects(value, reading):
        key, pools = block.data.get(kind), block.data.get("pool_ids")
        if key is None or pools is None or not isinstance(key.data, str):
            lost = key.data if key and isinstance(key.data, Unresolved) else None
            reading.lost(
                block.at, lost.text if lost else kind, lost.why if lost else f"needs {kind} and pool_ids; mend it"
            )
        else:
            yield key.data, pools, block.at


def _country(code: str) -> str:
    return "" if countries.known(code) else "is no country of ISO 3166-1; use its two letters"


def _region(code: str) -> str:
    return "" if code in REGIONS else f"is no region of Cloudflare; use one of {', '.join(REGIONS)}"


def _pop(code: str) -> str:
    return "" if 2 < len(code) < 6 and code.isalnum() else "is no code of a point of presence; use its three letters"


def _policy(value: Value, reading: Reading) -> str | None:
    if isinstance(value.data, str) and value.data in (*ORDERED, *SPREAD):
        return value.data
    not_a(value, f"steering policy ({', '.join(filter(None, (*ORDERED, *SPREAD)))})", reading)
    return None


_FIELDS: Final[tuple[tuple[tuple[str, ...], Callable[[Value, Reading], Any], str], ...]] = (
    (("default_pools", "default_pool_ids"), _listed, "default"),
    (("fallback_pool", "fallback_pool_id"), _named, "fallback"),
    (("pop_pools",), _mapping("pop", _pop), "pops"),
    (("country_pools",), _mapping("country", _country), "countries"),
    (("region_pools",), _mapping("region", _region), "regions"),
    (("steering_policy",), _policy, "policy"),
)


def _steering(part: Mapping[Any, Value], reading: Reading) -> dict[str, Any]:
    strange(part, frozenset({"default_weight", "pool_weights"}), reading)
    weights: dict[str, Fraction] = {}
    given = part.get("pool_weights")
    if given is not None and given.data is not None and not isinstance(given.data, dict):
        not_a(given, "map of weights", reading)
    elif given is not None and given.data:
        for name, value in given.data.items():
            key, weight = key_of(name, reading.things), number(value.data)
            if key is None or weight is None or weight < 0:
                not_a(value, "weight of a pool", reading)
            else:
                weights[key] = Fraction(weight)
    return {"weights": weights, "default_weight": amount(part, "default_weight", 1, reading)}


def _adaptive(part: Mapping[Any, Value], reading: Reading) -> dict[str, Any]:
    strange(part, frozenset({"failover_across_pools"}), reading)
    return {"across": flag(part, "failover_across_pools", False, reading)}


def _strategy(part: Mapping[Any, Value], reading: Reading) -> dict[str, Any]:
    strange(part, frozenset({"mode", "prefer_ecs"}), reading)
    given = {"mode": word(part, "mode", "pop", reading), "ecs": word(part, "prefer_ecs", "proximity", reading)}
    for name, field_name, known in (("mode", "mode", MODES), ("prefer_ecs", "ecs", ECS)):
        if given[field_name] not in known:
            reading.lost(part[name].at, given[field_name], f"is none of {', '.join(known)}; mend it")
            given[field_name] = known[0]
    return given


_PARTS: Final[dict[str, Callable[[Mapping[Any, Value], Reading], dict[str, Any]]]] = {
    "random_steering": _steering,
    "adaptive_routing": _adaptive,
    "location_strategy": _strategy,
}


def _rules(value: Value | None, reading: Reading) -> tuple[Rule, ...]:
    """Read the rules that are enabled, in the order of their execution."""
    if value is None or value.data is None:
        return ()
    found: list[tuple[Fraction, Rule]] = []
    given: list[bool] = []
    for each in objects(value, reading):
        part = each.data
        strange(part, RULE_READ, reading)
        given.append("priority" in part and part["priority"].data is not None)
        if flag(part, "disabled", False, reading):
            continue
        overrides = first(part.get("overrides"), reading)
        strange(overrides, ROUTING | IDLE, reading)
        fixed = bool(first(part.get("fixed_response"), reading))
        condition = word(part, "condition", "", reading)
        if "condition" in part and is_open(part["condition"]):
            condition = "?"
        rule = Rule(
            word(part, "name", "", reading), condition, settings(overrides, reading), fixed,
            fixed or flag(part, "terminates", False, reading), each.at,
        )  # fmt: skip
        found.append((amount(part, "priority", 0, reading), rule))
    if any(given):
        if not all(given):
            reading.lost(
                value.at, "priority", "some rules have no priority, so their order is not known; give each one"
            )
        found.sort(key=lambda pair: pair[0])
    return tuple(rule for _, rule in found)
