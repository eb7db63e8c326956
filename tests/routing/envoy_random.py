"""Random load assignments of Envoy, as text."""

import random as randoms
from typing import Any

import yaml


def configuration(random: randoms.Random) -> dict[str, bytes]:
    """Return a cluster or an assignment alone, by file name."""
    tree = tree_of(random)
    return {"envoy.yaml": yaml.safe_dump(tree, sort_keys=False).encode()}


def tree_of(random: randoms.Random) -> dict[str, Any]:
    assignment = assigned(random)
    if random.random() < 0.3:
        return assignment
    cluster: dict[str, Any] = {"name": "app", "type": "STATIC", "load_assignment": assignment}
    if random.random() < 0.8:
        cluster["outlier_detection"] = {}
    if random.random() < 0.6:
        cluster["common_lb_config"] = {"healthy_panic_threshold": {"value": random.choice([0, 0, 30, 100])}}
    return {"static_resources": {"clusters": [cluster]}}


def assigned(random: randoms.Random) -> dict[str, Any]:
    groups = []
    number = 0
    for priority in range(random.randint(1, 3)):
        for _ in range(random.randint(1, 2)):
            endpoints = []
            for _ in range(random.randint(1, 2)):
                number += 1
                socket = {"address": f"192.0.2.{number}", "port_value": 443}
                endpoints.append({"endpoint": {"address": {"socket_address": socket}}})
            groups.append({"locality": {"region": random.choice(["eu", "us", "cn"])}, "priority": priority,
                           "lb_endpoints": endpoints})  # fmt: skip
    made: dict[str, Any] = {"cluster_name": "app", "endpoints": groups}
    if random.random() < 0.3:
        made["policy"] = {"overprovisioning_factor": random.choice([100, 140, 200])}
    return made
