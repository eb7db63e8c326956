"""Zones of a few records, written as the API lists them, and what is said of them."""

import json
from typing import Any

from auditor.routing import route53
from auditor.routing.model import Client, File, Routing
from auditor.routing.reach import reach
from auditor.routing.store import Kept

Tree = dict[str, Any]


def one(name: str, *values: str, kind: str = "A", **more: Any) -> Tree:
    """Make a record set with values."""
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": each} for each in values], **more}


def alias(name: str, target: str, health: bool | None = True, kind: str = "A", **more: Any) -> Tree:
    """Make an alias record."""
    to = {"HostedZoneId": "Z1", "DNSName": target, "EvaluateTargetHealth": health}
    return {"Name": name, "Type": kind, "AliasTarget": to, **more}


def check(ident: str, **config: Any) -> Tree:
    """Make a health check; by default of an endpoint of its own."""
    probe = {"Type": "TCP", "FullyQualifiedDomainName": f"{ident}.example.net", "Port": 443}
    return {"Id": ident, "CallerReference": "x", "HealthCheckConfig": config or probe, "HealthCheckVersion": 1}


def zone(*records: Tree, checks: tuple[Tree, ...] = ()) -> Routing:
    """Read a zone."""
    return files(**{"zone.json": {"ResourceRecordSets": list(records)}, "checks.json": {"HealthChecks": list(checks)}})


def files(**trees: Any) -> Routing:
    """Read JSON files together."""
    texts = {name: json.dumps(tree, indent=1).encode() for name, tree in trees.items()}
    return texts_of(texts)


def texts_of(texts: dict[str, bytes]) -> Routing:
    """Read files together."""
    given = [File(name, text) for name, text in texts.items()]
    assert all(route53.sniff(each) for each in given)
    (routing,) = route53.read(given, Kept(texts))
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


def answers(routing: Routing, name: str, *down: str) -> set[str]:
    """Ask the interpreter for the sites that may answer under an outage."""
    assert set(down) <= set(routing.faults)
    answer = routing.replay(client(routing, name), frozenset(down))
    return {routing.pools[pool].site for pool in answer.pools}


def unread(routing: Routing) -> list[str]:
    """Return why lines were not understood."""
    return [each.why for each in routing.unread]
