"""Random profiles of Traffic Manager, nested in each other, the same in the syntaxes in which they are written."""

import json
import random
from typing import Any

METHODS = ("Priority", "Priority", "Weighted", "Performance", "Geographic", "Geographic", "MultiValue", "Subnet")
REGIONS = ("WORLD", "GEO-EU", "GEO-AS", "DE", "CN", "US", "US-CA", "XJ")
SUBNETS = ({"first": "198.51.100.0", "scope": 24}, {"first": "203.0.113.7", "last": "203.0.113.9"},
           {"first": "203.0.113.200"}, {"first": "2001:db8::", "scope": 32})  # fmt: skip
TARGETS = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "eu.example.net", "cn.example.net", "us.example.net")
SYNTAXES = ("template", "children", "az", "rest", "hcl", "state")
TYPE = "Microsoft.Network/trafficManagerProfiles"

Tree = dict[str, Any]


def configuration(chance: random.Random) -> dict[str, bytes]:
    """Write profiles in any syntax, with few enough faults to try all combinations."""
    return written(described(chance), chance.choice(SYNTAXES))


def described(chance: random.Random) -> list[Tree]:
    """Make up profiles, each of which may lead to those before it."""
    made: list[Tree] = []
    for level in range(chance.choice((1, 2, 2, 3, 4))):
        made.append(_profile(chance, level, [each["name"] for each in made]))
    return made


def _profile(chance: random.Random, level: int, below: list[str]) -> Tree:
    method = chance.choice(METHODS)
    profile: Tree = {"name": f"p{level}", "method": method, "path": chance.choice(("/", "/", "/up"))}
    if chance.random() < 0.04:
        profile["status"] = "Disabled"
    count = chance.randint(1, 3)
    subnets = chance.sample(SUBNETS, len(SUBNETS))
    codes = chance.sample(REGIONS, len(REGIONS))
    ranks = chance.sample(range(1, 9), count)
    profile["endpoints"] = [
        _endpoint(chance, f"e{level}{number}", method, below, subnets, codes, ranks[number]) for number in range(count)
    ]
    return profile


def _endpoint(
    chance: random.Random, name: str, method: str, below: list[str], subnets: list[Tree], codes: list[str], rank: int
) -> Tree:
    endpoint: Tree = {"name": name, "kind": "externalEndpoints", "priority": rank}
    if below and method != "MultiValue" and chance.random() < 0.65:
        endpoint |= {"kind": "nestedEndpoints", "child": chance.choice([*below, below[-1]])}
        if chance.random() < 0.5:
            endpoint["minChildEndpoints"] = chance.randint(1, 3)
        for family in ("IPv4", "IPv6"):
            if chance.random() < 0.25:
                endpoint[f"minChildEndpoints{family}"] = chance.randint(0, 2)
    else:
        endpoint["target"] = chance.choice(TARGETS[:3] if method == "MultiValue" else TARGETS)
        if chance.random() < 0.12:
            endpoint["alwaysServe"] = "Enabled"
    if method == "Geographic":
        endpoint["geoMapping"] = [codes.pop() for _ in range(chance.randint(1, 2)) if codes]
    elif chance.random() < 0.1:
        endpoint["geoMapping"] = [chance.choice(REGIONS)]
    if chance.random() < {"Subnet": 0.7, "Performance": 0.25, "Geographic": 0.2}.get(method, 0) and subnets:
        endpoint["subnets"] = [subnets.pop()]
    if chance.random() < 0.1:
        endpoint["endpointStatus"] = "Disabled"
    return endpoint


def written(made: list[Tree], syntax: str) -> dict[str, bytes]:
    """Write profiles: file names and their content."""
    if syntax in ("hcl", "state"):
        return _hcl(made) if syntax == "hcl" else _state(made)
    if syntax in ("template", "children"):
        return _template(made, inline=syntax == "template")
    profiles = []
    for each in made:
        nested = {"properties": _properties(each)} if syntax == "rest" else _properties(each)
        endpoints = [_listed(each["name"], one, flat=syntax == "az") for one in each["endpoints"]]
        (nested["properties"] if syntax == "rest" else nested)["endpoints"] = endpoints
        profiles.append({"id": _id(each["name"]), "name": each["name"], "type": TYPE, "location": "global", **nested})
    return {"profiles.json": json.dumps({"value": profiles} if syntax == "rest" else profiles, indent=1).encode()}


def _id(name: str) -> str:
    return f"/subscriptions/0/resourceGroups/g/providers/{TYPE}/{name}"


def _properties(profile: Tree) -> Tree:
    return {
        "profileStatus": profile.get("status", "Enabled"),
        "trafficRoutingMethod": profile["method"],
        "dnsConfig": {"relativeName": profile["name"], "ttl": 30},
        "monitorConfig": {"protocol": "HTTPS", "port": 443, "path": profile["path"]},
        "maxReturn": 2,
    }


def _inner(endpoint: Tree, child: str) -> Tree:
    found = {key: value for key, value in endpoint.items() if key not in ("name", "kind", "child")}
    return {**found, "weight": 1, **({"targetResourceId": child} if child else {})}


def _listed(profile: str, endpoint: Tree, flat: bool) -> Tree:
    kind = endpoint["kind"]
    inner = _inner(endpoint, _id(endpoint["child"]) if "child" in endpoint else "")
    head = {"id": f"{_id(profile)}/{kind}/{endpoint['name']}", "name": endpoint["name"], "type": f"{TYPE}/{kind}"}
    return {**head, **inner} if flat else {**head, "properties": inner}


def _template(made: list[Tree], inline: bool) -> dict[str, bytes]:
    resources: list[Tree] = []
    for each in made:
        profile = {
            "type": TYPE,
            "apiVersion": "2022-04-01",
            "name": f"[variables('{each['name']}')]",
            "location": "global",
        }
        properties = _properties(each)
        endpoints = []
        for one in each["endpoints"]:
            child = f"[resourceId('{TYPE}', variables('{one['child']}'))]" if "child" in one else ""
            kind = f"{TYPE}/{one['kind']}"
            if inline:
                endpoints.append({"name": one["name"], "type": kind, "properties": _inner(one, child)})
            else:
                name = f"[concat(variables('{each['name']}'), '/', '{one['name']}')]"
                resources.append(
                    {"type": kind, "apiVersion": "2022-04-01", "name": name, "properties": _inner(one, child)}
                )
        properties["endpoints"] = endpoints
        resources.append({**profile, "properties": properties})
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "variables": {each["name"]: each["name"] for each in made},
        "resources": resources,
    }
    return {"azuredeploy.json": json.dumps(template, indent=2).encode()}


_HCL = {"target": "target", "geoMapping": "geo_mappings", "minChildEndpoints": "minimum_child_endpoints",
        "minChildEndpointsIPv4": "minimum_required_child_endpoints_ipv4", "priority": "priority",
        "minChildEndpointsIPv6": "minimum_required_child_endpoints_ipv6"}  # fmt: skip


def _resource(endpoint: Tree) -> tuple[str, Tree]:
    """Give the type of a resource of Terraform, and its plain attributes."""
    found: Tree = {"name": endpoint["name"]} | {_HCL[key]: value for key, value in endpoint.items() if key in _HCL}
    if "endpointStatus" in endpoint:
        found["enabled"] = False
    if "alwaysServe" in endpoint:
        found["always_serve_enabled"] = True
    return f"azurerm_traffic_manager_{endpoint['kind'].removesuffix('Endpoints')}_endpoint", found


def _hcl(made: list[Tree]) -> dict[str, bytes]:
    blocks = []
    for each in made:
        monitor = f'protocol = "HTTPS"\n    port = 443\n    path = "{each["path"]}"'
        blocks.append(
            f'resource "azurerm_traffic_manager_profile" "{each["name"]}" {{\n  name = "{each["name"]}"\n'
            f'  traffic_routing_method = "{each["method"]}"\n  profile_status = "{each.get("status", "Enabled")}"\n'
            f'  dns_config {{\n    relative_name = "{each["name"]}"\n    ttl = 30\n  }}\n'
            f"  monitor_config {{\n    {monitor}\n  }}\n}}\n"
        )
        for one in each["endpoints"]:
            kind, plain = _resource(one)
            lines = [f"  {key} = {json.dumps(value)}" for key, value in plain.items()]
            lines.append(f"  profile_id = azurerm_traffic_manager_profile.{each['name']}.id")
            if "child" in one:
                lines.append(f"  target_resource_id = azurerm_traffic_manager_profile.{one['child']}.id")
            for subnet in one.get("subnets", []):
                inner = "".join(f"    {key} = {json.dumps(value)}\n" for key, value in subnet.items())
                lines.append(f"  subnet {{\n{inner}  }}")
            blocks.append("\n".join([f'resource "{kind}" "{one["name"]}" {{', *lines, "}\n"]))
    return {"main.tf": "\n".join(blocks).encode()}


def _state(made: list[Tree]) -> dict[str, bytes]:
    resources = []
    for each in made:
        monitor = {"protocol": "HTTPS", "port": 443, "path": each["path"], "custom_header": []}
        values = {
            "id": _id(each["name"]), "name": each["name"], "traffic_routing_method": each["method"],
            "profile_status": each.get("status", "Enabled"), "dns_config": [{"relative_name": each["name"], "ttl": 30}],
            "monitor_config": [monitor], "max_return": 0, "tags": {}, "traffic_view_enabled": False,
        }  # fmt: skip
        resources.append(_made("azurerm_traffic_manager_profile", each["name"], values))
        for one in each["endpoints"]:
            kind, plain = _resource(one)
            plain |= {
                "profile_id": _id(each["name"]),
                "subnet": one.get("subnets", []),
                "custom_header": [],
                "weight": 1,
            }
            if "child" in one:
                plain["target_resource_id"] = _id(one["child"])
            resources.append(_made(kind, one["name"], plain))
    state = {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"resources": resources}}}
    return {"state.json": json.dumps(state, indent=1).encode()}


def _made(kind: str, name: str, values: Tree) -> Tree:
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}
