import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.routing import envoy, istio
from auditor.routing.model import File, Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import envoy_random
from tests.routing.brute import disagreements
from tests.routing.parts import parts

CLUSTER = """\
static_resources:
  clusters:
    - name: app
      type: STATIC
      health_checks: [{timeout: 1s}]
      common_lb_config: {healthy_panic_threshold: {value: 0}}
      load_assignment:
        cluster_name: app
        endpoints:
          - locality: {region: eu-central-1, zone: a}
            lb_endpoints:
              - endpoint: {address: {socket_address: {address: 192.0.2.1, port_value: 443}}}
              - endpoint: {address: {socket_address: {address: 192.0.2.2, port_value: 443}}}
          - locality: {region: cn-north-1}
            priority: 1
            lb_endpoints:
              - endpoint: {address: {socket_address: {address: 192.0.2.3, port_value: 443}}}
        policy: {overprovisioning_factor: 140}
"""


def read(text: str) -> Routing:
    (routing,) = envoy.read([File("f.yaml", text.encode())], Kept({}))
    return routing


def fewest(routing: Routing) -> dict[str, int]:
    (client,) = routing.clients
    assert client.name == "app *"
    pools = prove(routing)[id(client.root) if client.root else 0].pools
    return {routing.sites[routing.pools[pool].site].addresses[0]: each.size for pool, each in pools.items()}


def test_a_level_hands_on_what_it_lacks() -> None:
    routing = read(CLUSTER)
    assert fewest(routing) == {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.3": 1}
    assert list(routing.unread) == []
    assert routing.remarks == []
    assert {site.region for site in routing.sites.values()} == {"aws/eu-central-1", "aws/cn-north-1"}
    assert fewest(read(CLUSTER.replace("140", "200"))) == {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.3": 2}


def test_a_panic_asks_everybody() -> None:
    text = CLUSTER.replace("healthy_panic_threshold: {value: 0}", "")
    routing = read(text)
    (client,) = routing.clients
    assert len(routing.replay(client, frozenset(routing.faults)).pools) == 3
    calm = read(CLUSTER)
    assert calm.replay(calm.clients[0], frozenset(calm.faults)).pools == frozenset()
    assert ["below 50 %" in remark.text for remark in routing.remarks] == [True]


def test_endpoints_that_nobody_checks_never_fail() -> None:
    routing = read(CLUSTER.replace("      health_checks: [{timeout: 1s}]\n", ""))
    assert routing.faults == {}
    assert fewest(routing) == {"192.0.2.1": 0, "192.0.2.2": 0}
    routing = read(CLUSTER.replace("      health_checks: [{timeout: 1s}]\n", "").replace("140", "60"))
    assert fewest(routing) == {"192.0.2.1": 0, "192.0.2.2": 0, "192.0.2.3": 0}


def test_json_in_camel_case_from_a_discovery_service() -> None:
    group = {"lbEndpoints": [{"endpoint": {"address": {"socketAddress": {"address": "192.0.2.1", "portValue": 1}}},
                              "healthStatus": "HEALTHY"}]}  # fmt: skip
    text = json.dumps({"resources": [{"@type": "x", "clusterName": "app", "endpoints": [group]}]})
    assert envoy.sniff(File("f", text.encode()))
    routing = read(text)
    assert fewest(routing) == {"192.0.2.1": 0}
    assert list(routing.unread) == []
    assert len(routing.remarks) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("priority: 1", "priority: 2", 9, "priority"),
        ("priority: 1", "priority: one", 15, "one"),
        ("443}}}\n          -", "443}}}\n                health_status: DEGRADED\n          -", 14, "DEGRADED"),
        ("overprovisioning_factor: 140", "weighted_priority_health: true", 18, "weighted_priority_health"),
        ("healthy_panic_threshold: {value: 0}", "locality_weighted_lb_config: {}", 10, "load_balancing_weight"),
        ("type: STATIC", "lb_subset_config: {}", 4, "lb_subset_config"),
        ("address: 192.0.2.3, ", "", 17, "address"),
        ("priority: 1", "prio: 1", 15, "prio"),
    ],
)  # fmt: skip
def test_what_is_not_followed_keeps_the_cluster_open(old: str, new: str, line: int, what: str) -> None:
    routing = read(CLUSTER.replace(old, new, 1))
    assert (line, what) in [(each.at.line, each.text) for each in routing.unread], routing.unread
    assert {each.names for each in routing.unread} == {("app *",)}


def test_names_stand_for_any_number_of_endpoints() -> None:
    routing = read(CLUSTER.replace("192.0.2.1", "a.example.net"))
    assert {site.hosts for site in routing.sites.values()} == {("a.example.net",), ()}
    assert any(fault.startswith("weak:") for fault in routing.faults)


def test_clusters_of_one_name_mean_either() -> None:
    lines = CLUSTER.splitlines(keepends=True)
    again = "".join(lines[2:]).replace("192.0.2.1,", "a.example.net,")
    routing = read(CLUSTER + again)
    assert [client.name for client in routing.clients] == ["app *", "app *"]
    assert sum("(line 23)" in name for name in routing.pools) == 5
    assert [wrong for part in parts(routing) for wrong in disagreements(part)] == []


def test_objects_of_kubernetes_are_left_to_others() -> None:
    text = "apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nspec: {endpoints: [{lb_endpoints: []}]}\n"
    assert not envoy.sniff(File("f", text.encode()))
    assert not istio.sniff(File("f", text.encode()))
    assert not envoy.sniff(File("f", b"a: lb_endpoints\n"))


def test_random_assignments_are_proven_replayed_and_shared_as_by_envoy() -> None:
    randomly = random.Random(9)
    for _ in range(200):
        tree = envoy_random.tree_of(randomly)
        routing = read(yaml.safe_dump(tree))
        assert list(routing.unread) == []
        (client,) = routing.clients
        assert [wrong for part in parts(routing, 9) for wrong in disagreements(part)] == []
        for _ in range(10):
            down = {f"192.0.2.{number}" for number in range(1, 13) if randomly.random() < 0.4}
            failing = frozenset(fault for fault in routing.faults if fault.split(" ")[2] in down)
            replayed = {pool.split(" ")[2] for pool in routing.replay(client, failing).pools}
            assert replayed == shared(tree, down), (tree, down)


def shared(tree: dict[str, Any], down: set[str]) -> set[str]:
    """Work out from the tree which endpoints get a share, by Envoy's arithmetic."""
    cluster = tree["static_resources"]["clusters"][0] if "static_resources" in tree else None
    assignment = cluster["load_assignment"] if cluster else tree
    levels: dict[int, list[str]] = {}
    for group in assignment["endpoints"]:
        addresses = [each["endpoint"]["address"]["socket_address"]["address"] for each in group["lb_endpoints"]]
        levels.setdefault(group["priority"], []).extend(addresses)
    if cluster is not None and "outlier_detection" not in cluster:
        return set(levels[0])
    factor = assignment.get("policy", {}).get("overprovisioning_factor", 140)
    panic = (
        50
        if cluster is None
        else cluster.get("common_lb_config", {}).get("healthy_panic_threshold", {"value": 50})["value"]
    )
    up = {at: [each for each in level if each not in down] for at, level in levels.items()}
    health = {at: min(100, factor * len(up[at]) // len(level)) for at, level in levels.items()}
    total = min(100, sum(health.values()))
    panics = {at: total < 100 and 100 * len(up[at]) / len(level) < panic for at, level in levels.items()}
    if all(panics.values()):
        return {each for level in levels.values() for each in level}
    left, given = 100, set()
    for at in sorted(levels):
        share = min(left, health[at] * 100 // total) if total else 0
        left -= share
        given |= set(levels[at] if panics[at] else up[at]) if share else set()
    return given


@given(st.text("abpoolsrugevt:[]{}-, \n'\"!&*<\x1b=/0", max_size=200), st.integers(0, len(CLUSTER)))
def test_hostile_text_is_read_or_refused(noise: str, at: int) -> None:
    try:
        routing = read(CLUSTER[:at] + noise + CLUSTER[at:])
    except InputError as error:
        assert error.record >= 1  # noqa: PT017
        return
    assert all(each.at.line >= 1 for each in (*routing.unread, *routing.remarks))
