"""Attributes of load balancers and pools become what `model` describes; whatever isn't understood is kept.

The names of both versions of the Terraform provider and of the API are taken: version 4 has blocks (`region_pools` with
`region` and `pool_ids`, `default_pool_ids`, `fallback_pool_id`), version 5 and the API have maps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
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
    Origin,
    OriginPool,
    Rule,
    Settings,
)
from auditor.routing.cloudflare.sources import Thing, Things, key_of
from auditor.routing.model import Line, Remark, Unread
from auditor.routing.terraform import Ref, Unresolved, Value, items
from auditor.routing.terraform.values import number, shown, truth_of

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
POOL_IDLE: Final = frozenset(
    """id description latitude longitude notification_email notification_filter created_on modified_on disabled_at
    account_id networks origin_steering timeouts""".split()
)
"""Attributes of a pool that don't say whether it is used: which endpoint is taken is open anyway."""
POOL_READ: Final = frozenset(
    "name enabled origins minimum_origins monitor monitor_group check_regions load_shedding health_sources".split()
)
ORIGIN_READ: Final = frozenset("name address enabled weight port header virtual_network_id".split())
ORIGIN_IDLE: Final = frozenset({"flatten_cname", "disabled_at", "failure_reason", "healthy"})
RULE_READ: Final = frozenset("name condition disabled overrides fixed_response terminates priority".split())
MODES: Final = ("pop", "resolver_ip")
ECS: Final = ("always", "never", "proximity", "geo")

UNKNOWN: Final = "this attribute is not known; remove it, or ask for a newer release"


@dataclass(slots=True)
class Reading:
    """What was found so far."""

    things: Things
    pools: dict[str, OriginPool] = field(default_factory=dict)
    balancers: list[Balancer] = field(default_factory=list)
    unread: list[tuple[Unread, int | None]] = field(default_factory=list)  # with the balancer for which it matters
    remarks: list[Remark] = field(default_factory=list)
    current: int | None = None

    def lost(self, at: Line, text: str, why: str) -> None:
        """Keep what was not understood."""
        self.unread.append((Unread(at, shown(text), why), self.current))

    def hole(self, found: Unresolved, at: Line) -> None:
        """Keep what could not be evaluated, where it is used."""
        self.lost(at, found.text, found.why)


def read_pools(reading: Reading) -> None:
    """Read all pools; two of one key are kept as the first, and the second as not understood."""
    for thing in reading.things.pools:
        if thing.key in reading.pools:
            reading.lost(thing.value.at, thing.key, "another pool has this identifier too; keep one")
            continue
        reading.pools[thing.key] = _pool(thing, reading)


def _pool(thing: Thing, reading: Reading) -> OriginPool:
    found, at = thing.value.data, thing.value.at
    _strange(found, POOL_READ | POOL_IDLE, reading, thing.exists)
    origins = tuple(_origins(found.get("origins"), reading))
    title = _word(found, "name", "", reading)
    monitors = [_monitor(found.get(name), reading) for name in ("monitor", "monitor_group")]
    shedding = _first(found.get("load_shedding"), reading)
    percents = [_amount(shedding, name, 0, reading) for name in ("default_percent", "session_percent")]
    regions = found.get("check_regions")
    checked = tuple(sorted(str(each.data) for each in items(regions))) if regions else ()
    sources = tuple(str(each.data) for each in items(found.get("health_sources")))
    minimum = _amount(found, "minimum_origins", 1, reading)
    return OriginPool(
        thing.key, title or thing.key, _flag(found, "enabled", True, reading), origins, max(1, int(minimum)),
        " and ".join(filter(None, monitors)), (*checked, *sources), any(each > 0 for each in percents), at,
    )  # fmt: skip


def _origins(value: Value | None, reading: Reading) -> Iterator[Origin]:
    if value is None:
        return
    for each in _objects(value, reading):
        found = each.data
        _strange(found, ORIGIN_READ | ORIGIN_IDLE, reading)
        address = _word(found, "address", "", reading)
        at = found["address"].at if "address" in found else each.at
        if not address and not (isinstance(found.get("address"), Value) and _open(found["address"])):
            reading.lost(at, "address", "an endpoint needs an address; write it, or give the plan as JSON")
        name = _word(found, "name", address, reading)
        port, network = (found[key].data if key in found else None for key in ("port", "virtual_network_id"))
        hosts = sorted(str(part) for part in _flat(found.get("header")))
        probed = (str(port or ""), str(network or ""), *hosts)
        weight = _amount(found, "weight", 1, reading)
        yield Origin(name, address, _flag(found, "enabled", True, reading), weight, probed, at)


def _flat(value: Value | None) -> Iterator[Any]:
    data = value.data if value else None
    if isinstance(data, dict):
        for key in sorted(data, key=str):
            if key not in ("header", "values"):
                yield str(key).lower()
            yield from _flat(data[key])
    elif isinstance(data, list):
        for each in data:
            yield from _flat(each)
    elif data is not None:
        yield str(data).lower() if str(data).lower() == "host" else data


def _monitor(value: Value | None, reading: Reading) -> str:
    if value is None or value.data in (None, ""):
        return ""
    if isinstance(value.data, Unresolved):
        reading.hole(value.data, value.at)
        return f"monitor of line {value.at.line}"
    if isinstance(value.data, Ref):
        return value.data.address
    return reading.things.keys.get(str(value.data), str(value.data))


def read_balancers(reading: Reading) -> None:
    """Read all balancers that are enabled."""
    names: set[tuple[str, Any]] = set()
    for thing in reading.things.balancers:
        reading.current = len(reading.balancers)
        found, at = thing.value.data, thing.value.at
        if not _flag(found, "enabled", True, reading):
            name = _word(found, "name", thing.key, reading)
            text = (
                f"load balancer {shown(name)} is disabled: the DNS records of that name answer, which are not read here"
            )
            reading.remarks.append(Remark(found["enabled"].at, text))
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
    _strange(found, ROUTING | OWN | IDLE, reading, thing.exists)
    name = _word(found, "name", thing.key, reading)
    proxied = _flag(found, "proxied", False, reading)
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
        part = _first(found.get(name), reading)
        if part:
            given.update(read_parts(part, reading))
    return given


def _listed(value: Value, reading: Reading) -> Listed:
    if isinstance(value.data, Unresolved | Ref) or not isinstance(value.data, list):
        _not_a(value, "list of pools", reading)
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
        _not_a(value, "pool", reading)
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
    for block in _objects(value, reading):
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
    _not_a(value, f"steering policy ({', '.join(filter(None, (*ORDERED, *SPREAD)))})", reading)
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
    _strange(part, frozenset({"default_weight", "pool_weights"}), reading)
    weights: dict[str, Fraction] = {}
    given = part.get("pool_weights")
    if given is not None and given.data is not None and not isinstance(given.data, dict):
        _not_a(given, "map of weights", reading)
    elif given is not None and given.data:
        for name, value in given.data.items():
            key, weight = key_of(name, reading.things), number(value.data)
            if key is None or weight is None or weight < 0:
                _not_a(value, "weight of a pool", reading)
            else:
                weights[key] = Fraction(weight)
    return {"weights": weights, "default_weight": _amount(part, "default_weight", 1, reading)}


def _adaptive(part: Mapping[Any, Value], reading: Reading) -> dict[str, Any]:
    _strange(part, frozenset({"failover_across_pools"}), reading)
    return {"across": _flag(part, "failover_across_pools", False, reading)}


def _strategy(part: Mapping[Any, Value], reading: Reading) -> dict[str, Any]:
    _strange(part, frozenset({"mode", "prefer_ecs"}), reading)
    given = {"mode": _word(part, "mode", "pop", reading), "ecs": _word(part, "prefer_ecs", "proximity", reading)}
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
    for each in _objects(value, reading):
        part = each.data
        _strange(part, RULE_READ, reading)
        given.append("priority" in part and part["priority"].data is not None)
        if _flag(part, "disabled", False, reading):
            continue
        overrides = _first(part.get("overrides"), reading)
        _strange(overrides, ROUTING | IDLE, reading)
        fixed = bool(_first(part.get("fixed_response"), reading))
        condition = _word(part, "condition", "", reading)
        if "condition" in part and _open(part["condition"]):
            condition = "?"
        rule = Rule(
            _word(part, "name", "", reading), condition, settings(overrides, reading), fixed,
            fixed or _flag(part, "terminates", False, reading), each.at,
        )  # fmt: skip
        found.append((_amount(part, "priority", 0, reading), rule))
    if any(given):
        if not all(given):
            reading.lost(
                value.at, "priority", "some rules have no priority, so their order is not known; give each one"
            )
        found.sort(key=lambda pair: pair[0])
    return tuple(rule for _, rule in found)


def _objects(value: Value, reading: Reading) -> Iterator[Value]:
    for each in items(value):
        if isinstance(each.data, dict):
            yield each
        else:
            _not_a(each, "block or object", reading)


def _first(value: Value | None, reading: Reading) -> dict[Any, Value]:
    found = list(_objects(value, reading)) if value is not None else []
    if len(found) > 1:
        reading.lost(found[1].at, "block", "stands twice; keep one")
    return found[0].data if found else {}


def _open(value: Value) -> bool:
    return isinstance(value.data, Unresolved | Ref)


def _not_a(value: Value, what: str, reading: Reading) -> None:
    if isinstance(value.data, Unresolved):
        reading.hole(value.data, value.at)
    else:
        text = str(value.data) if isinstance(value.data, str | int | Fraction | Ref) else "…"
        reading.lost(value.at, text, f"is no {what}; mend it, or give the plan as JSON")


def _word(found: Mapping[Any, Value], name: str, default: str, reading: Reading) -> str:
    value = found.get(name)
    if value is None or value.data is None:
        return default
    if isinstance(value.data, str):
        return value.data
    _not_a(value, "text", reading)
    return default


def _flag(found: Mapping[Any, Value], name: str, default: bool, reading: Reading) -> bool:
    value = found.get(name)
    if value is None or value.data is None:
        return default
    truth = truth_of(value.data)
    if truth is None:
        _not_a(value, "truth value", reading)
        return default
    return truth


def _amount(found: Mapping[Any, Value], name: str, default: int, reading: Reading) -> Fraction:
    value = found.get(name)
    if value is None or value.data is None:
        return Fraction(default)
    amount = number(value.data)
    if amount is None or amount < 0:
        _not_a(value, "number of zero or more", reading)
        return Fraction(default)
    return Fraction(amount)


def _strange(
    found: Mapping[Any, Value], known: frozenset[str], reading: Reading, exists: Unresolved | None = None
) -> None:
    """Keep attributes that are not known, unless they are empty."""
    if exists is not None:
        reading.hole(exists, exists.at)
    for name, value in found.items():
        if name not in known and value.data not in (None, "", [], {}, False):
            reading.lost(value.at, str(name), UNKNOWN)
