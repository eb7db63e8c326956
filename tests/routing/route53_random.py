"""Random small zones of Route 53: all routing policies, nested aliases, shared and calculated health checks."""

import json
import random
from typing import Any

PLACES: list[dict[str, str]] = [
    {"ContinentCode": "EU"}, {"ContinentCode": "NA"}, {"CountryCode": "DE"}, {"CountryCode": "US"},
    {"CountryCode": "US", "SubdivisionCode": "NY"}, {"CountryCode": "*"},
]  # fmt: skip
POLICIES = ("simple", "weighted", "latency", "failover", "geo", "near", "many", "cidr")
REGIONS = ("eu-west-1", "us-east-1", "cn-north-1", "ap-southeast-1")


def configuration(chance: random.Random) -> dict[str, bytes]:
    """Write what the API lists of a zone, its health checks and its CIDR collection."""
    checks = _checks(chance)
    records: list[dict[str, Any]] = []
    below: list[tuple[str, str]] = []
    for level in range(chance.randint(1, 4)):
        name = f"n{level}.example.com."
        kind = chance.choice(["A", "A", "AAAA", "CNAME"])
        records += _group(chance, name, kind, [each["Id"] for each in checks], below, level)
        below.append((name, kind))
    chance.shuffle(records)
    files = {
        "records.json": {"ResourceRecordSets": records, "IsTruncated": False},
        "checks.json": {"HealthChecks": checks},
        "blocks.json": {"CidrBlocks": [{"CidrBlock": "192.0.2.0/24", "LocationName": "office"}]},
    }
    return {name: json.dumps(each, indent=1).encode() for name, each in files.items()}


def _checks(chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for number in range(chance.randint(1, 4)):
        config: dict[str, Any] = {"Type": "TCP", "IPAddress": f"192.0.2.{chance.randint(1, 3)}", "Port": 443}
        if chance.random() < 0.3:
            config["Port"] = 80
        if chance.random() < 0.1:
            config = {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}}
        if chance.random() < 0.1:
            config["Inverted"] = True
        if chance.random() < 0.1:
            config["Disabled"] = True
        made.append({"Id": f"h{number}", "CallerReference": "x", "HealthCheckConfig": config, "HealthCheckVersion": 1})
    for number in range(chance.randint(0, 2)):
        some = chance.sample([each["Id"] for each in made], chance.randint(1, len(made)))
        some = [each for each in some if each.startswith("h")]
        config = {"Type": "CALCULATED", "HealthThreshold": chance.randint(0, len(some) + 1), "ChildHealthChecks": some}
        made.append({"Id": f"c{number}", "CallerReference": "x", "HealthCheckConfig": config, "HealthCheckVersion": 1})
    return made


def _group(
    chance: random.Random, name: str, kind: str, checks: list[str], below: list[tuple[str, str]], level: int
) -> list[dict[str, Any]]:
    policy = chance.choice(POLICIES if kind != "CNAME" else POLICIES[:6])
    records = []
    for number, one in enumerate(_particulars(chance, policy)):
        record: dict[str, Any] = {"Name": name, "Type": kind, **one}
        if policy != "simple":
            record["SetIdentifier"] = f"r{number}"
        targets = [target for target, its in below if its == kind]
        if policy != "many" and chance.random() < 0.6 and (targets or chance.random() < 0.3):
            host = chance.choice(targets) if targets else f"lb{number}.eu-west-1.elb.amazonaws.com."
            health = chance.random() < 0.6
            record["AliasTarget"] = {"HostedZoneId": "Z1", "DNSName": host, "EvaluateTargetHealth": health}
        else:
            record["TTL"] = 60
            record["ResourceRecords"] = [{"Value": each} for each in _values(chance, kind, level, number, below)]
        if policy != "simple" and chance.random() < (0.7 if "TTL" in record else 0.25):
            record["HealthCheckId"] = chance.choice([*checks, "elsewhere"])
        records.append(record)
    return records


def _values(chance: random.Random, kind: str, level: int, number: int, below: list[tuple[str, str]]) -> list[str]:
    if kind == "CNAME":
        return [chance.choice([*(name for name, _ in below), f"host{level}{number}.example.net."])]
    many = chance.randint(1, 2)
    prefix = "198.51.100." if kind == "A" else "2001:db8::"
    return [f"{prefix}{1 + level * 20 + number * 2 + each}" for each in range(many)]


def _particulars(chance: random.Random, policy: str) -> list[dict[str, Any]]:
    count = chance.randint(1, 3)
    if policy == "weighted":
        return [{"Weight": chance.choice([0, 0, 1, 5])} for _ in range(count)]
    if policy == "latency":
        return [{"Region": region} for region in chance.sample(REGIONS, count)]
    if policy == "failover":
        return [{"Failover": role} for role in chance.choice([["PRIMARY", "SECONDARY"], ["PRIMARY"], ["SECONDARY"]])]
    if policy == "geo":
        return [{"GeoLocation": place} for place in chance.sample(PLACES, chance.randint(1, len(PLACES)))]
    if policy == "near":
        return [{"GeoProximityLocation": {"AWSRegion": region, "Bias": 1}} for region in chance.sample(REGIONS, count)]
    if policy == "many":
        return [{"MultiValueAnswer": True} for _ in range(count)]
    if policy == "cidr":
        some = chance.sample(["office", "*", "elsewhere"], count)
        return [{"CidrRoutingConfig": {"CollectionId": "c", "LocationName": each}} for each in some]
    return [{}]
