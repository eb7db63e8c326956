"""Random configurations of LiveKit's server."""

import random as randoms
from typing import Any

import yaml

REGIONS = ("us-west-2", "eu-central-1", "cn-north-1", "mars", "ap-southeast-1")


def configuration(random: randoms.Random) -> dict[str, bytes]:
    """Return a configuration, by file name."""
    names = random.sample(REGIONS, random.randint(0, 5))
    kind = random.choice(["regionaware", "regionaware", "regionaware", "any", "sysload", "cpuload", "nearest"])
    spots = (0, 0, 10, -40.5, 60)
    listed = [{"name": name, "lat": random.choice(spots), "lon": random.choice(spots)} for name in names]
    if listed and random.random() < 0.1:
        listed.append({**random.choice(listed), "lat": 1})
    tree: dict[str, Any] = {"port": 7880, "node_selector": {"kind": kind, "sysload_limit": 0.7, "regions": listed}}
    if random.random() < 0.5:
        tree["region"] = random.choice(names or REGIONS)
    return {"livekit.yaml": yaml.safe_dump(tree, sort_keys=False).encode()}
