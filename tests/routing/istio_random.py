"""Random destination rules of Istio with their endpoints, as text."""

import random as randoms
from typing import Any

import yaml

REGIONS = ["eu", "us", "cn"]
ZONES = ["a", "b"]


def configuration(random: randoms.Random) -> dict[str, bytes]:
    """Return a rule, its endpoints and now and then settings of the mesh, by file name."""
    found = {"rule.yaml": text(rule(random))}
    if random.random() < 0.7:
        found["entry.yaml"] = text(entry(random))
    if random.random() < 0.2:
        mesh = {"localityLbSetting": setting(random)}
        found["mesh.yaml"] = text({"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator",
                                   "spec": {"meshConfig": mesh}})  # fmt: skip
    return {name: each.encode() for name, each in found.items()}


def text(tree: dict[str, Any]) -> str:
    return yaml.safe_dump(tree, sort_keys=False)


def rule(random: randoms.Random) -> dict[str, Any]:
    policy = traffic(random)
    if random.random() < 0.2:
        policy["portLevelSettings"] = [{"port": {"number": 443}, **traffic(random)}]
    spec: dict[str, Any] = {"host": random.choice(["app.example.com", "*.example.com"]), "trafficPolicy": policy}
    if random.random() < 0.2:
        spec["subsets"] = [{"name": "v1", "labels": {"v": "1"}, "trafficPolicy": traffic(random)}]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "app"},
        "spec": spec,
    }


def traffic(random: randoms.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if random.random() < 0.8:
        made["outlierDetection"] = {"consecutive5xxErrors": 1}
        if random.random() < 0.2:
            made["outlierDetection"]["minHealthPercent"] = random.choice([0, 10, 50])
    if random.random() < 0.85:
        made["loadBalancer"] = {"simple": "ROUND_ROBIN", "localityLbSetting": setting(random)}
    return made


def setting(random: randoms.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if random.random() < 0.4:
        made["enabled"] = random.random() < 0.9
    kind = random.random()
    if kind < 0.35:
        sources = random.sample(["eu/*", "us/a/*", "*", "cn"], random.randint(1, 2))
        made["distribute"] = [{"from": each, "to": targets(random)} for each in sources]
    elif kind < 0.75:
        made["failover"] = []
        for source in random.sample(REGIONS, random.randint(1, 2)):
            target = random.choice([each for each in REGIONS if each != source])
            made["failover"].append({"from": source, "to": target})
    elif kind < 0.9:
        made["failoverPriority"] = random.choice([
            ["topology.kubernetes.io/region"], ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"],
            ["v=1"], ["v"], ["topology.kubernetes.io/zone"],
        ])  # fmt: skip
    return made


def targets(random: randoms.Random) -> dict[str, int]:
    chosen = random.sample(["eu/*", "us/*", "cn/a/*"], random.randint(1, 2))
    return dict(zip(chosen, [100] if len(chosen) == 1 else [30, 70], strict=True))


def entry(random: randoms.Random) -> dict[str, Any]:
    endpoints = []
    static = random.random() < 0.8
    for number in range(random.randint(1, 5)):
        place = random.choice(REGIONS)
        if random.random() < 0.6:
            place += f"/{random.choice(ZONES)}"
        each: dict[str, Any] = {"address": f"192.0.2.{number}" if static else f"h{number}.example.net"}
        if random.random() < 0.95:
            each["locality"] = place
        if random.random() < 0.4:
            each["labels"] = {"v": random.choice(["1", "2"])}
        endpoints.append(each)
    spec = {"hosts": ["app.example.com"], "resolution": "STATIC" if static else "DNS", "endpoints": endpoints}
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "app"}, "spec": spec}
