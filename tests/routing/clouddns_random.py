"""Random record sets of Cloud DNS, the same in the syntaxes in which they are written: HCL, plan, API, gcloud."""

import json
import random
from typing import Any

LOCATIONS = ("europe-west3", "us-central1", "asia-east1", "me-west1")
SYNTAXES = ("hcl", "plan", "api", "yaml")
INTERNAL = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
EXTERNAL = ("192.0.2.1", "192.0.2.2", "192.0.2.3")

Tree = dict[str, Any]


def configuration(chance: random.Random) -> dict[str, bytes]:
    """Write a zone in any syntax, with few enough faults to try all combinations."""
    return written(described(chance), chance.choice(SYNTAXES))


def described(chance: random.Random) -> Tree:
    """Make up a zone and its record sets, in the spelling of the API."""
    visibility = chance.choice(("public", "private", "private"))
    sets: list[Tree] = []
    for level in range(chance.randint(1, 3)):
        kind = "CNAME" if sets and chance.random() < 0.4 else "A"
        record: Tree = {"name": f"n{level}.example.com.", "type": kind, "ttl": 60}
        values = _Values(chance, visibility, kind, [each["name"] for each in sets])
        policy = chance.random()
        if policy < 0.15:
            record["rrdatas"] = values.some()
        elif policy < 0.4:
            items = [{"weight": chance.choice((0, 0.5, 1, 2)), **values.item()} for _ in range(chance.randint(1, 3))]
            record["routingPolicy"] = {"wrr": {"items": items}}
        elif policy < 0.7 or kind == "CNAME":
            record["routingPolicy"] = {"geo": values.geo()}
        else:
            record["routingPolicy"] = {
                "primaryBackup": {
                    "primaryTargets": values.checked(),
                    "backupGeoTargets": values.geo(),
                    **({"trickleTraffic": chance.choice((0, 0.1, 1))} if chance.random() < 0.5 else {}),
                }
            }
        if visibility == "public" and "routingPolicy" in record:
            record["routingPolicy"]["healthCheck"] = "projects/p/global/healthChecks/probe"
        sets.append(record)
    if chance.random() < 0.5:
        chance.shuffle(sets)
    return {"visibility": visibility, "sets": sets}


class _Values:
    """What a record set may answer."""

    def __init__(self, chance: random.Random, visibility: str, kind: str, below: list[str]) -> None:
        self.chance, self.kind, self.below = chance, kind, below
        self.internal = visibility == "private"

    def some(self) -> list[str]:
        if self.kind == "CNAME":
            return [self.chance.choice([*self.below, "elsewhere.example.net.", "n1.example.com."])]
        pool = INTERNAL if self.internal else EXTERNAL
        return self.chance.sample(pool, self.chance.choice((1, 1, 2)))

    def checked(self) -> Tree:
        some = self.some()
        if not self.internal:
            return {"externalEndpoints": some}
        made = []
        for address in some:
            balancer = {
                "loadBalancerType": self.chance.choice(("regionalL4ilb", "globalL7ilb")), "ipAddress": address,
                "port": self.chance.choice(("80", "80", "443")), "ipProtocol": "tcp",
                "networkUrl": "https://www.googleapis.com/compute/v1/projects/p/global/networks/n", "project": "p",
            }  # fmt: skip
            if balancer["loadBalancerType"] == "regionalL4ilb":
                balancer["region"] = self.chance.choice(LOCATIONS)
            made.append(balancer)
        return {"internalLoadBalancers": made}

    def item(self) -> Tree:
        if self.kind == "CNAME":
            return {"rrdatas": self.some()}
        plain = self.chance.random()
        if plain < 0.25:
            return {"rrdatas": self.some()}
        made: Tree = {"healthCheckedTargets": self.checked()}
        if plain < 0.35:
            made["rrdatas"] = self.some()
        return made

    def geo(self) -> Tree:
        places = self.chance.sample(LOCATIONS, self.chance.randint(1, 3))
        geo: Tree = {"items": [{"location": place, **self.item()} for place in places]}
        if self.chance.random() < 0.5:
            geo["enableFencing"] = self.chance.random() < 0.7
        return geo


def written(made: Tree, syntax: str) -> dict[str, bytes]:
    """Write a zone: file names and their content."""
    private = made["visibility"] == "private"
    if syntax in ("hcl", "plan"):
        blocks = [terraform(each) for each in made["sets"]]
        zone = {"name": "main", "dns_name": "example.com.", "visibility": made["visibility"]}
        if syntax == "plan":
            sets = [("google_dns_record_set", f"r{at}", each) for at, each in enumerate(blocks)]
            resources = [
                {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}
                for kind, name, values in [("google_dns_managed_zone", "main", zone), *sets]
            ]
            plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}
            return {"plan.json": json.dumps(plan, indent=1).encode()}
        texts = [_hcl('resource "google_dns_managed_zone" "main"', zone)]
        for at, each in enumerate(blocks):
            text = _hcl(f'resource "google_dns_record_set" "r{at}"', each)
            texts.append(text.replace('"main"', "google_dns_managed_zone.main.name"))
        return {"main.tf": "\n".join(texts).encode()}
    server = "ns-gcp-private.googledomains.com." if private else "ns-cloud-a1.googledomains.com."
    apex = {"name": "example.com.", "type": "NS", "ttl": 21600, "rrdatas": [server]}
    sets = [{"kind": "dns#resourceRecordSet", "signatureRrdatas": [], **each} for each in (apex, *made["sets"])]
    if syntax == "api":
        tree = {"kind": "dns#resourceRecordSetsListResponse", "rrsets": sets}
        return {"zone.json": json.dumps(tree, indent=1).encode()}
    return {"zone.yaml": "".join(f"---\n{json.dumps(each, indent=2)}\n" for each in sets).encode()}


def terraform(record: Tree) -> Tree:
    """Write a record set in the spelling of the provider; blocks are lists."""
    told = {key: value for key, value in record.items() if key != "routingPolicy"}
    told["managed_zone"] = "main"
    if "routingPolicy" not in record:
        return told
    policy = record["routingPolicy"]
    block: Tree = {}
    if "wrr" in policy:
        block["wrr"] = [_item(each) for each in policy["wrr"]["items"]]
    if "geo" in policy:
        block["geo"] = [_item(each) for each in policy["geo"]["items"]]
        if "enableFencing" in policy["geo"]:
            block["enable_geo_fencing"] = policy["geo"]["enableFencing"]
    if "primaryBackup" in policy:
        given = policy["primaryBackup"]
        backup: Tree = {
            "primary": [_targets(given["primaryTargets"])],
            "backup_geo": [_item(each) for each in given["backupGeoTargets"]["items"]],
        }
        if "enableFencing" in given["backupGeoTargets"]:
            backup["enable_geo_fencing_for_backups"] = given["backupGeoTargets"]["enableFencing"]
        if "trickleTraffic" in given:
            backup["trickle_ratio"] = given["trickleTraffic"]
        block["primary_backup"] = [backup]
    if "healthCheck" in policy:
        block["health_check"] = policy["healthCheck"]
    return {**told, "routing_policy": [block]}


def _item(item: Tree) -> Tree:
    told = {key: value for key, value in item.items() if key != "healthCheckedTargets"}
    if "healthCheckedTargets" in item:
        told["health_checked_targets"] = [_targets(item["healthCheckedTargets"])]
    return told


def _targets(targets: Tree) -> Tree:
    if "externalEndpoints" in targets:
        return {"external_endpoints": targets["externalEndpoints"]}
    spelt = {
        "loadBalancerType": "load_balancer_type", "ipAddress": "ip_address", "ipProtocol": "ip_protocol",
        "networkUrl": "network_url",
    }  # fmt: skip
    return {
        "internal_load_balancers": [
            {spelt.get(key, key): value for key, value in each.items()} for each in targets["internalLoadBalancers"]
        ]
    }


def _hcl(head: str, body: Tree, indent: str = "") -> str:
    lines = [f"{indent}{head} {{"]
    for key, value in body.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [_hcl(key, each, f"{indent}  ") for each in value]
        else:
            lines.append(f"{indent}  {key} = {json.dumps(value)}")
    return "\n".join([*lines, f"{indent}}}", ""])
