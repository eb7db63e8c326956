"""Random zones of octoDNS, as text, and what their author meant."""

import random as randoms
from typing import Any

import yaml

ADDRESSES = [f"192.0.2.{number}" for number in range(1, 6)]
PLACES = [
    "EU",
    "EU-DE",
    "EU-NO",
    "AS",
    "AS-CY",
    "AS-CN",
    "NA",
    "NA-US",
    "NA-US-CA",
    "NA-US-NY",
    "NA-CA-QC",
    "SA-GS",
    "OC",
]
SUBNETS = ["198.51.100.0/24", "198.51.100.0/26", "203.0.113.0/24", "2001:db8::/32", "2001:db8:1::/48"]


def configuration(random: randoms.Random) -> dict[str, bytes]:
    """Return a zone file by its name."""
    return {"example.com.yaml": text(zone(random)).encode()}


def text(tree: dict[str, Any]) -> str:
    """Write a zone as octoDNS does."""
    return yaml.safe_dump(tree, explicit_start=True)


def zone(random: randoms.Random) -> dict[str, Any]:
    """Make up a zone of one or two records; most are sound, some are what octoDNS refuses."""
    made: dict[str, Any] = {"www": dynamic(random)}
    if random.random() < 0.3:
        made["old"] = old(random)
    if random.random() < 0.3:
        made["plain"] = {"type": "A", "value": random.choice(ADDRESSES)}
    if random.random() < 0.2:
        made["mail"] = {"type": "MX", "value": {"exchange": "mx.example.com.", "preference": 10}}
    return made


def dynamic(random: randoms.Random) -> dict[str, Any]:
    names = [f"pool{number}" for number in range(random.randint(1, 4))]
    pools = {name: pool(random, names[number + 1 :]) for number, name in enumerate(names)}
    if random.random() < 0.1:
        pools[random.choice(names)]["fallback"] = random.choice([*names, "nowhere", "default"])
    places = random.sample(PLACES, random.randint(0, 6))
    if random.random() < 0.8:
        places.sort(key=lambda place: -place.count("-"))
    rules: list[dict[str, Any]] = []
    while places:
        taken, places = places[: random.randint(1, 3)], places[3:]
        rules.append({"pool": random.choice(names), "geos": taken})
    if random.random() < 0.3:
        nets = random.sample(SUBNETS, random.randint(1, 3))
        rules.insert(0, {"pool": random.choice(names), "subnets": nets})
        if random.random() < 0.5:
            rules.insert(random.randint(0, 1), {"pool": random.choice(names), "subnets": random.sample(SUBNETS, 1)})
        if random.random() < 0.3:
            rules[0]["geos"] = ["AF"]
    if random.random() < 0.95:
        rules.append({"pool": random.choice(names)})
    if random.random() < 0.05:
        random.shuffle(rules)
    values = random.sample(ADDRESSES, random.randint(1, 2))
    return {"type": "A", "ttl": 60, "dynamic": {"pools": pools, "rules": rules}, "values": values}


def pool(random: randoms.Random, behind: list[str]) -> dict[str, Any]:
    entries: list[dict[str, Any]] = []
    for address in random.choices(ADDRESSES, k=random.randint(1, 3)):
        entry: dict[str, Any] = {"value": address}
        if random.random() < 0.3:
            entry["weight"] = random.randint(1, 100)
        if random.random() < 0.3:
            entry["status"] = random.choice(["up", "down", "obey"])
        entries.append(entry)
    made: dict[str, Any] = {"values": entries}
    if behind and random.random() < 0.6:
        made["fallback"] = random.choice(behind)
    return made


def old(random: randoms.Random) -> dict[str, Any]:
    places = random.sample(PLACES, random.randint(1, 4))
    geo = {place: random.sample(ADDRESSES, random.randint(1, 2)) for place in places}
    return {"type": "A", "geo": geo, "values": random.sample(ADDRESSES, 1)}
