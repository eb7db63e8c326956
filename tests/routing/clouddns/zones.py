"""Zones of a few record sets, written as the API lists them, and what is said of them."""

import json
from typing import Any

from auditor.routing import clouddns
from auditor.routing.graph import leaves
from auditor.routing.model import Client, File, Routing
from auditor.routing.reach import reach
from auditor.routing.store import Kept

Tree = dict[str, Any]

PUBLIC, PRIVATE = "ns-cloud-b1.googledomains.com.", "ns-gcp-private.googledomains.com."
PROBE = "https://www.googleapis.com/compute/v1/projects/p/global/healthChecks/probe"


def one(name: str, *values: str, kind: str = "A", **policy: Any) -> Tree:
    """Make a record set with values, or with a routing policy."""
    made: Tree = {"kind": "dns#resourceRecordSet", "name": name, "type": kind, "ttl": 60, "signatureRrdatas": []}
    return {**made, **({"routingPolicy": policy} if policy else {"rrdatas": list(values)})}


def plain(location: str, *values: str) -> Tree:
    """Make an item of a location with values that nobody checks."""
    return {"location": location, "rrdatas": list(values)}


def ends(*addresses: str) -> Tree:
    """Make external endpoints."""
    return {"externalEndpoints": list(addresses)}


def balancers(*addresses: str, region: str = "", port: str = "443") -> Tree:
    """Make internal load balancers."""
    made = {"loadBalancerType": "regionalL4ilb", "port": port, "ipProtocol": "tcp", "project": "p",
            "networkUrl": "projects/p/global/networks/n", **({"region": region} if region else {})}  # fmt: skip
    return {"internalLoadBalancers": [{**made, "ipAddress": each} for each in addresses]}


def at(location: str, targets: Tree, *values: str) -> Tree:
    """Make an item of a location with targets that are checked."""
    return {"location": location, "healthCheckedTargets": targets, **({"rrdatas": list(values)} if values else {})}


def weighing(weight: float, targets: Tree) -> Tree:
    """Make an item of a weight with targets that are checked."""
    return {"weight": weight, "healthCheckedTargets": targets}


def zone(*sets: Tree, server: str = PRIVATE) -> Routing:
    """Read a zone."""
    apex = one("example.com.", server, kind="NS")
    return files(**{"zone.json": {"kind": "dns#resourceRecordSetsListResponse", "rrsets": [apex, *sets]}})


def files(**trees: Any) -> Routing:
    """Read JSON files together."""
    return texts_of({name: json.dumps(tree, indent=1).encode() for name, tree in trees.items()})


def texts_of(texts: dict[str, bytes]) -> Routing:
    """Read files together."""
    given = [File(name, text) for name, text in texts.items()]
    assert all(clouddns.sniff(each) or clouddns.belongs(each) for each in given)
    (routing,) = clouddns.read(given, Kept(texts))
    return routing


def client(routing: Routing, name: str) -> Client:
    """Return the class of clients of a name."""
    return next(each for each in routing.clients if each.name == name)


def ways(routing: Routing, name: str) -> dict[str, list[str]]:
    """Return the sites that can answer a class, with a smallest outage that makes each of them."""
    found: dict[str, list[str]] = {}
    proof = reach(client(routing, name).root, routing.pools)
    for pool, each in sorted(proof.pools.items(), key=lambda pair: pair[1].size):
        found.setdefault(routing.pools[pool].site, sorted(each.outages))
    return found


def listed(routing: Routing, name: str) -> set[str]:
    """Return the sites that the graph of a class names."""
    root = client(routing, name).root
    return {routing.pools[use.pool].site for use in leaves(root)} if root else set()


def answers(routing: Routing, name: str, *down: str) -> set[str]:
    """Ask the interpreter for the sites that may answer under an outage."""
    assert set(down) <= set(routing.faults)
    answer = routing.replay(client(routing, name), frozenset(down))
    return {routing.pools[pool].site for pool in answer.pools}


def unread(routing: Routing) -> list[str]:
    """Return why lines were not understood."""
    return [each.why for each in routing.unread]


def remarks(routing: Routing) -> str:
    """Return all remarks."""
    return "\n".join(each.text for each in routing.remarks)
