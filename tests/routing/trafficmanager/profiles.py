"""Profiles of a few endpoints, written as `az network traffic-manager profile list` shows them, and what is said."""

import json
from dataclasses import replace
from typing import Any

from auditor.routing import trafficmanager
from auditor.routing.model import Client, File, Routing
from auditor.routing.reach import reach
from auditor.routing.store import Kept
from tests.routing import brute

Tree = dict[str, Any]
TYPE = "Microsoft.Network/trafficManagerProfiles"


def ident(name: str) -> str:
    """Return the id of a profile."""
    return f"/subscriptions/0/resourceGroups/g/providers/{TYPE}/{name}"


def external(name: str, target: str = "", **more: Any) -> Tree:
    """Make an external endpoint; its target is named after it."""
    return {"name": name, "type": f"{TYPE}/externalEndpoints", "target": target or f"{name}.example.net", **more}


def nested(child: str, low: int = 1, **more: Any) -> Tree:
    """Make an endpoint that leads to a profile, of whose name it is."""
    kind = f"{TYPE}/nestedEndpoints"
    return {"name": child, "type": kind, "targetResourceId": ident(child), "minChildEndpoints": low, **more}


def profile(name: str, method: str, *endpoints: Tree, **more: Any) -> Tree:
    """Make a profile."""
    ranked = [{"priority": at, **each} for at, each in enumerate(endpoints, 1)] if method == "Priority" else endpoints
    monitor = {"protocol": "HTTPS", "port": 443, "path": "/"}
    return {
        "id": ident(name), "name": name, "type": TYPE, "location": "global", "trafficRoutingMethod": method,
        "profileStatus": "Enabled", "dnsConfig": {"relativeName": name, "ttl": 30}, "monitorConfig": monitor,
        "endpoints": list(ranked), **more,
    }  # fmt: skip


def read(*profiles: Tree) -> Routing:
    """Read profiles; what is proven of each class has to be what the interpreter does."""
    return texts(**{"list.json": json.dumps(list(profiles), indent=1)})


def texts(**given: str) -> Routing:
    """Read files together; names have `__` for a dot that Python has not."""
    files = [File(name.replace("__", "."), text.encode()) for name, text in given.items()]
    assert all(trafficmanager.sniff(each) or trafficmanager.belongs(each) for each in files)
    (routing,) = trafficmanager.read(files, Kept({each.name: each.data for each in files}))
    seen: dict[tuple[int, bool], Client] = {}
    for each in routing.clients:
        seen.setdefault((id(each.root), each.root is None), each)
    assert brute.disagreements(replace(routing, clients=list(seen.values()))) == []
    return routing


def clients(routing: Routing, name: str) -> list[Client]:
    """Return the classes of a name: several if it is not known which holds."""
    return [each for each in routing.clients if each.name == name]


def ways(routing: Routing, name: str) -> dict[str, list[str]]:
    """Return the sites that can answer a class, with a smallest outage that makes each of them, in any reading."""
    found: dict[str, list[str]] = {}
    for each in clients(routing, name):
        for pool, way in sorted(reach(each.root, routing.pools).pools.items(), key=lambda pair: pair[1].size):
            site = routing.pools[pool].site
            if site not in found or len(way.outages) < len(found[site]):
                found[site] = sorted(way.outages)
    return found


def down(*targets: str) -> list[str]:
    """Return the faults of some targets."""
    return sorted(f"target:{each}.example.net" for each in targets)


def answers(routing: Routing, name: str, *targets: str) -> set[str]:
    """Ask the interpreter for the sites that may answer while some targets are down, in any reading."""
    faults = frozenset(down(*targets))
    assert faults <= set(routing.faults)
    found = [routing.replay(each, faults).pools for each in clients(routing, name)]
    assert found, f"no class {name}"
    return {routing.pools[pool].site.partition(".")[0] for pools in found for pool in pools}


def unread(routing: Routing) -> list[str]:
    """Return why lines were not understood."""
    return [each.why for each in routing.unread]


def remarks(routing: Routing) -> str:
    """Return what is remarked."""
    return "\n".join(each.text for each in routing.remarks)
