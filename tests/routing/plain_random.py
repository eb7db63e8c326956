"""Random configurations in the plain format."""

import random
from typing import Any

import yaml


def configuration(chance: random.Random) -> dict[str, bytes]:
    """Write a `routing.yaml` with few enough faults to try all combinations."""
    domains = [f"d{i}" for i in range(chance.randint(0, 2))]
    pools: list[dict[str, Any]] = []
    for i in range(chance.randint(1, 6)):
        pool: dict[str, Any] = {"name": f"p{i}"}
        if chance.random() < 0.15:
            pool["health"] = "none"
        elif domains and chance.random() < 0.5:
            pool["domains"] = chance.sample(domains, chance.randint(1, len(domains)))
        pools.append(pool)
    names = [pool["name"] for pool in pools]
    groups: list[dict[str, Any]] = []
    for i in range(chance.randint(0, 3)):
        groups.append({"name": f"g{i}", **_choice(chance, [*names, *(group["name"] for group in groups)])})
    every = [*names, *(group["name"] for group in groups)]
    clients = [
        {"name": f"c{i}", **who, **_choice(chance, every)}
        for i, who in enumerate(({"countries": ["CA", "US"]}, {"everybody_else": True}))
    ]
    text = {"routing": 1, "pools": pools, "clients": clients, **({"groups": groups} if groups else {})}
    return {"routing.yaml": yaml.safe_dump(text, sort_keys=False).encode()}


def _choice(chance: random.Random, names: list[str]) -> dict[str, Any]:
    some = [chance.choice(names) for _ in range(chance.randint(1, 4))]
    if chance.random() < 0.6:
        return {"first": some, "when_all_down": chance.choice(["nothing", "first", "last", "any"])}
    choice: dict[str, Any] = {"any": some, "when_all_down": chance.choice(["nothing", "any"])}
    if chance.random() < 0.5:
        choice["weights"] = [chance.randint(1, 3) for _ in some]
    choice["at_least"] = chance.randint(0, 1 + sum(choice.get("weights", [1] * len(some))))
    return choice
