"""Random load balancers of Cloudflare, the same in the three syntaxes in which they are written."""

import json
import random
from dataclasses import replace
from typing import Any

from auditor.routing.model import Client, Routing

ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "a.example.net")
CONDITIONS = (
    "",
    'http.request.uri.path contains "/x"',
    'ip.geoip.country eq "DE"',
    'not (ip.src.country in {"DE" "US"})',
    'cf.load_balancer.region eq "WEU"',
    'ip.geoip.country eq "DE" and http.host eq "y"',
    'cf.load_balancer.name eq "other.example" || dns.qry.type == 28',
)
POLICIES = (
    "",
    "off",
    "geo",
    "random",
    "dynamic_latency",
    "proximity",
    "least_outstanding_requests",
    "least_connections",
)
SYNTAXES = ("v4", "v5", "api")


def configuration(chance: random.Random) -> dict[str, bytes]:
    """Write a configuration in any syntax, with few enough faults to try all combinations."""
    return written(described(chance), chance.choice(SYNTAXES))


def described(chance: random.Random) -> dict[str, Any]:
    """Make up pools and a balancer."""
    pools = [_pool(chance, i) for i in range(chance.randint(1, 4))]
    names = [pool["key"] for pool in pools]
    balancer: dict[str, Any] = {"proxied": chance.random() < 0.6, **_steering(chance, names, 1.0)}
    if chance.random() < 0.4:
        balancer["rules"] = [_rule(chance, names, i) for i in range(chance.randint(1, 3))]
    return {"pools": pools, "balancer": balancer}


def _pool(chance: random.Random, i: int) -> dict[str, Any]:
    some = chance.sample(ADDRESSES, chance.choice((1, 1, 2, 2, 3)))
    pool: dict[str, Any] = {
        "key": f"p{i}",
        "origins": [
            {
                "name": f"o{j}",
                "address": address,
                "enabled": chance.random() < 0.9,
                "weight": chance.choice((1, 0.5, 0)),
            }
            for j, address in enumerate(some)
        ],
    }
    if chance.random() < 0.75:
        pool["monitor"] = chance.choice(("m0", "m0", "m1"))
    if chance.random() < 0.3:
        pool["minimum_origins"] = chance.randint(1, 3)
    if chance.random() < 0.1:
        pool["enabled"] = False
    if chance.random() < 0.2:
        pool["load_shedding"] = {"default_percent": chance.choice((0, 20)), "default_policy": "random"}
    return pool


def _steering(chance: random.Random, names: list[str], share: float) -> dict[str, Any]:
    """Make up what a balancer has, and what rules override with a smaller share."""
    some = lambda: [chance.choice(names) for _ in range(chance.randint(1, 3))]  # noqa: E731
    made: dict[str, Any] = {}
    if chance.random() < share:
        made["default_pools"] = some()
    if chance.random() < share:
        made["fallback_pool"] = chance.choice(names)
    if chance.random() < 0.7 * share:
        made["steering_policy"] = chance.choice(POLICIES)
    for kind, codes in (("pop", ("LAX", "FRA")), ("country", ("DE", "US", "NO")), ("region", ("WEU", "ENAM"))):
        if chance.random() < 0.4 * share:
            made[f"{kind}_pools"] = {code: some() for code in chance.sample(codes, chance.randint(1, len(codes)))}
    if chance.random() < 0.3 * share:
        weights = {name: chance.choice((0, 0.5, 1)) for name in chance.sample(names, chance.randint(0, len(names)))}
        made["random_steering"] = {"default_weight": chance.choice((0, 1)), "pool_weights": weights}
    if chance.random() < 0.3 * share:
        made["adaptive_routing"] = {"failover_across_pools": chance.random() < 0.8}
    if chance.random() < 0.3 * share:
        mode, ecs = chance.choice(("pop", "resolver_ip")), chance.choice(("always", "never", "geo"))
        made["location_strategy"] = {"mode": mode, "prefer_ecs": ecs}
    return made


def _rule(chance: random.Random, names: list[str], i: int) -> dict[str, Any]:
    rule: dict[str, Any] = {"name": f"r{i}", "condition": chance.choice(CONDITIONS), "priority": chance.randint(0, 2)}
    if chance.random() < 0.15:
        rule["fixed_response"] = {"status_code": 403}
    else:
        rule["overrides"] = _steering(chance, names, 0.5) or {"fallback_pool": names[0]}
    if chance.random() < 0.2:
        rule["disabled"] = True
    if chance.random() < 0.3:
        rule["terminates"] = True
    return rule


def written(made: dict[str, Any], syntax: str) -> dict[str, bytes]:
    """Write a configuration: file names and their content."""
    if syntax == "api":
        pools = [{"id": pool["key"], "name": pool["key"], **_without(pool, "key")} for pool in made["pools"]]
        for pool in pools:
            pool.setdefault("enabled", True)
        balancer = {"id": "b", "name": "www.example.com", "enabled": True, **made["balancer"]}
        monitors = [{"id": name, "type": "https", "expected_codes": "200", "interval": 60} for name in ("m0", "m1")]
        return {
            "pools.json": json.dumps({"result": pools, "success": True}, indent=1).encode(),
            "balancers.json": json.dumps({"result": [balancer], "success": True}, indent=2).encode(),
            "monitors.json": json.dumps({"result": monitors}).encode(),
        }
    four = syntax == "v4"
    lines = [f'resource "cloudflare_load_balancer_monitor" "{name}" {{\n  type = "https"\n}}' for name in ("m0", "m1")]
    for pool in made["pools"]:
        body = [f'  name = "{pool["key"]}"']
        for name, value in _without(pool, "key").items():
            if name == "monitor":
                body.append(f"  monitor = cloudflare_load_balancer_monitor.{value}.id")
            else:
                body.append(_attribute(name, value, four, "  ", frozenset()))
        lines.append(_resource("cloudflare_load_balancer_pool", pool["key"], body))
    keys = frozenset(pool["key"] for pool in made["pools"])
    body = ['  name = "www.example.com"', '  zone_id = "z"']
    for name, value in made["balancer"].items():
        renamed = {"default_pools": "default_pool_ids", "fallback_pool": "fallback_pool_id"}.get(name, name)
        body.append(_attribute(renamed if four else name, value, four, "  ", keys))
    return {
        "pools.tf": "\n\n".join(lines).encode(),
        "main.tf": _resource("cloudflare_load_balancer", "b", body).encode(),
    }


def _without(of: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in of.items() if key != name}


def _resource(kind: str, name: str, body: list[str]) -> str:
    return "\n".join([f'resource "{kind}" "{name}" {{', *body, "}\n"])


def _attribute(name: str, value: Any, four: bool, indent: str, keys: frozenset[str]) -> str:
    """Write an attribute; version 4 has blocks for objects, and for each entry of a map of pools."""
    if four and name in ("pop_pools", "country_pools", "region_pools"):
        code = name.removesuffix("_pools")
        return "\n".join(
            f'{indent}{name} {{\n{indent}  {code} = "{key}"\n{indent}  pool_ids = {_value(pools, keys)}\n{indent}}}'
            for key, pools in value.items()
        )
    objects = value if isinstance(value, list) else [value]
    if four and all(isinstance(each, dict) for each in objects) and name != "pool_weights":
        blocks = []
        for each in objects:
            inner = [_attribute(key, part, four, f"{indent}  ", keys) for key, part in each.items()]
            blocks.append("\n".join([f"{indent}{name} {{", *inner, f"{indent}}}"]))
        return "\n".join(blocks)
    return f"{indent}{name} = {_value(value, keys)}"


def _value(value: Any, keys: frozenset[str]) -> str:
    if isinstance(value, dict):
        entries = [f"({_value(key, keys)}) = {_value(each, keys)}" for key, each in value.items()]
        return "\n".join(["{", *entries, "}"]) if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_value(each, keys) for each in value)}]"
    return f"cloudflare_load_balancer_pool.{value}.id" if value in keys else json.dumps(value)


def fewer(routing: Routing) -> Routing:
    """Leave out clients who are treated as others are, by one object: all countries that nothing names."""
    kept: list[Client] = []
    seen: set[int] = set()
    for client in routing.clients:
        if client.countries in ("DE", "US", "NO", "*") or id(client.root) not in seen:
            kept.append(client)
            seen.add(id(client.root))
    return replace(routing, clients=kept)
