import random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.routing import istio
from auditor.routing.model import Client, File, Line, Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import istio_random
from tests.routing.brute import disagreements
from tests.routing.parts import parts

FAILOVER = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: app, namespace: prod}
spec:
  host: app
  trafficPolicy:
    loadBalancer:
      localityLbSetting:
        enabled: true
        failover:
          - from: us-east-1
            to: eu-west-1
    outlierDetection:
      consecutive5xxErrors: 1
      maxEjectionPercent: 100
"""
DISTRIBUTE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: app}
spec:
  host: app.example.com
  trafficPolicy:
    loadBalancer:
      localityLbSetting:
        distribute:
          - from: eu/*
            to:
              "eu/*": 80
              "us/a/*": 20
    outlierDetection: {}
"""
ENTRY = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: app}
spec:
  hosts: [app.example.com]
  resolution: STATIC
  endpoints:
    - {address: 192.0.2.1, locality: eu/a}
    - {address: 192.0.2.2, locality: eu/b}
    - {address: 192.0.2.3, locality: us/a}
    - {address: 192.0.2.4, locality: cn/a, labels: {v: "1"}}
"""
HOST = "app.example.com"


def read(*texts: str) -> Routing:
    files = [File(f"f{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    (routing,) = istio.read(files, Kept({}))
    return routing


def named(routing: Routing, name: str) -> list[Client]:
    return [client for client in routing.clients if client.name == name]


def fewest(routing: Routing, name: str) -> dict[str, int]:
    """Tell which sites a class can reach, and how many faults that takes."""
    (client,) = named(routing, name)
    found: dict[str, int] = {}
    for pool, each in prove(routing)[id(client.root) if client.root else 0].pools.items():
        site = routing.pools[pool].site
        found[site] = min(each.size, found.get(site, each.size))
    return found


def test_failover_is_an_order_and_no_fence() -> None:
    routing = read(FAILOVER)
    host = "app.prod.svc.cluster.local"
    assert [client.name for client in routing.clients] == [
        f"{host} from eu-west-1/*", f"{host} from us-east-1/*", f"{host} *",
    ]  # fmt: skip
    assert fewest(routing, f"{host} from us-east-1/*") == {"us-east-1/*": 0, "eu-west-1/*": 1, "any other region": 2}
    assert fewest(routing, f"{host} from eu-west-1/*") == {"eu-west-1/*": 0, "us-east-1/*": 1, "any other region": 1}
    assert fewest(routing, f"{host} *") == {"any other region": 0, "us-east-1/*": 1, "eu-west-1/*": 1}
    assert routing.unread == ()
    (remark,) = routing.remarks
    assert remark.at == Line("f0.yaml", 11)
    assert "no fence" in remark.text
    assert routing.sites["us-east-1/*"].region == "aws/us-east-1"
    assert named(routing, f"{host} from eu-west-1/*")[0].countries == "GB+IE"  # two providers have it
    assert routing.sites["eu-west-1/*"].region == ""
    assert routing.sites["eu-west-1/*"].countries == "GB+IE"
    assert named(routing, f"{host} *")[0].countries == "*"


def test_distribute_takes_endpoints_away() -> None:
    routing = read(DISTRIBUTE)
    assert fewest(routing, f"{HOST} from eu/*") == {"eu/*": 0, "us/a/*": 0}
    everywhere = {"eu/*": 0, "us/a/*": 0, "us/*": 0, "any other region": 0}
    assert fewest(routing, f"{HOST} *") == everywhere
    assert fewest(routing, f"{HOST} from us/*") == everywhere
    assert [remark.at.line for remark in routing.remarks] == [10]
    routing = read(DISTRIBUTE, ENTRY)
    assert fewest(routing, f"{HOST} from eu/*") == {"eu/a 192.0.2.1": 0, "eu/b 192.0.2.2": 0, "us/a 192.0.2.3": 0}
    assert fewest(routing, f"{HOST} *")["cn/a 192.0.2.4"] == 0
    routing = read(DISTRIBUTE.replace("eu/*\n", "'*'\n"), ENTRY)
    assert "cn/a 192.0.2.4" not in fewest(routing, f"{HOST} *")
    assert list(routing.remarks) == []


def test_without_outlier_detection_nothing_is_preferred() -> None:
    text = FAILOVER.replace("    outlierDetection:\n", "    connectionPool:\n")
    routing = read(text)
    everywhere = {"us-east-1/*": 0, "eu-west-1/*": 0, "any other region": 0}
    assert fewest(routing, "app.prod.svc.cluster.local from us-east-1/*") == everywhere
    assert routing.faults == {}
    assert "does nothing" in routing.remarks[0].text


def test_listed_endpoints_count_as_envoy_counts_them() -> None:
    text = FAILOVER.replace("host: app", f"host: {HOST}").replace("us-east-1", "eu").replace("eu-west-1", "us")
    routing = read(text, ENTRY)
    assert fewest(routing, f"{HOST} from eu/a") == {
        "eu/a 192.0.2.1": 0, "eu/b 192.0.2.2": 1, "us/a 192.0.2.3": 2, "cn/a 192.0.2.4": 3,
    }  # fmt: skip
    assert fewest(routing, f"{HOST} from cn/a")["us/a 192.0.2.3"] == 1
    assert routing.sites["cn/a 192.0.2.4"].addresses == ("192.0.2.4",)
    four = "".join(f"    - {{address: 198.51.100.{number}, locality: eu/b}}\n" for number in range(1, 4))
    routing = read(text, ENTRY + four)
    found = fewest(routing, f"{HOST} from eu/a")
    assert (found["eu/b 198.51.100.3"], found["us/a 192.0.2.3"], found["cn/a 192.0.2.4"]) == (1, 3, 4)


def test_two_weak_levels_may_be_enough_together() -> None:
    text = FAILOVER.replace("host: app", f"host: {HOST}").replace("us-east-1", "eu").replace("eu-west-1", "us")
    more = "    - {address: 192.0.2.5, locality: eu/a}\n    - {address: 192.0.2.6, locality: eu/b}\n"
    routing = read(text, ENTRY + more)
    (client,) = named(routing, f"{HOST} from eu/a")
    down = frozenset(f"down:{HOST} eu/{place}" for place in ("a 192.0.2.1", "b 192.0.2.2"))
    answer = routing.replay(client, down)
    assert {routing.pools[pool].site for pool in answer.pools} == {"eu/a 192.0.2.5", "eu/b 192.0.2.6"}
    assert [step.text for step in answer.steps][1:3] == [
        "level 0: 1 of 2 endpoints are healthy, worth 70 % of the traffic",
        "level 1: 1 of 2 endpoints are healthy, worth 70 % of the traffic",
    ]
    assert fewest(routing, f"{HOST} from eu/a")["us/a 192.0.2.3"] == 3


def test_a_panic_threshold_opens_everything() -> None:
    text = FAILOVER.replace("maxEjectionPercent: 100", "minHealthPercent: 30")
    routing = read(text)
    host = "app.prod.svc.cluster.local"
    (client,) = named(routing, f"{host} from us-east-1/*")
    down = frozenset(each for each in routing.faults if each.startswith("down:"))
    assert {routing.pools[pool].site for pool in routing.replay(client, down).pools} == {
        "us-east-1/*", "eu-west-1/*", "any other region",
    }  # fmt: skip
    calm = read(FAILOVER)
    (client,) = named(calm, f"{host} from us-east-1/*")
    assert calm.replay(client, down).pools == frozenset()
    assert [remark.at.line for remark in routing.remarks if "health is no longer asked" in remark.text] == [15]


def test_labels_order_endpoints_where_they_are_known() -> None:
    text = DISTRIBUTE[: DISTRIBUTE.index("        distribute")]
    text += "        failoverPriority: [v=1, topology.kubernetes.io/region]\n    outlierDetection: {}\n"
    routing = read(text, ENTRY)
    assert routing.unread == ()
    assert fewest(routing, f"{HOST} from eu/a") == {
        "cn/a [v=1]": 0, "eu/a 192.0.2.1": 1, "eu/b 192.0.2.2": 1, "us/a 192.0.2.3": 1,
    } or fewest(routing, f"{HOST} from eu/a")["eu/a 192.0.2.1"] == 1  # fmt: skip
    routing = read(text.replace("v=1", "v"), ENTRY)
    assert [(each.at.line, each.text) for each in routing.unread] == [(9, "v")]
    assert set(fewest(routing, f"{HOST} from eu/a").values()) == {0}


def test_ports_and_subsets_have_policies_of_their_own() -> None:
    text = (
        DISTRIBUTE
        + """\
    portLevelSettings:
      - port: {number: 443}
        connectionPool: {}
  subsets:
    - name: v1
      labels: {v: "1"}
    - name: v2
      labels: {}
      trafficPolicy: {loadBalancer: {simple: RANDOM}}
"""
    )
    routing = read(text, ENTRY)
    assert routing.unread == ()
    four = {f"{place} 192.0.2.{number}" for number, place in enumerate(["eu/a", "eu/b", "us/a", "cn/a"], 1)}
    unchecked = set(fewest(routing, f"{HOST} port 443 from eu/a"))
    assert unchecked == {f"{place} ({HOST})" for place in ("eu/a", "eu/b", "us/a", "cn/a")}
    assert len(fewest(routing, f"{HOST} from eu/a")) == 3
    assert fewest(routing, f"{HOST} subset v1 from eu/a") == {}
    assert fewest(routing, f"{HOST} subset v1 *") == {"cn/a 192.0.2.4": 0}
    assert set(fewest(routing, f"{HOST} subset v2 from eu/a")) == four


def test_the_mesh_speaks_where_the_rule_is_silent() -> None:
    mesh = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio}
data:
  mesh: |-
    defaultConfig: {}
    localityLbSetting:
      distribute:
        - from: "*"
          to: {"eu/*": 100}
"""
    assert istio.sniff(File("f", mesh.encode()))
    routing = read(ENTRY, mesh)
    assert set(fewest(routing, f"{HOST} *")) == {f"eu/a ({HOST})", f"eu/b ({HOST})"}
    assert named(routing, f"{HOST} *")[0].at == Line("f1.yaml", 9)
    routing = read(ENTRY, mesh, DISTRIBUTE.replace("eu/*\n", "'*'\n"))
    assert set(fewest(routing, f"{HOST} *")) == {"eu/a 192.0.2.1", "eu/b 192.0.2.2", "us/a 192.0.2.3"}
    off = DISTRIBUTE.replace("distribute:", "enabled: false\n        distribute:")
    assert len(fewest(read(ENTRY, mesh, off), f"{HOST} *")) == 4


def test_workload_entries_are_endpoints_of_what_selects_them() -> None:
    entry = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: app, namespace: prod}
spec:
  hosts: [app.example.com]
  resolution: STATIC
  workloadSelector: {labels: {app: x}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: one, namespace: prod}
spec: {address: 192.0.2.1, labels: {app: x, v: "1"}, locality: eu/a}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: two, namespace: test}
spec: {address: 192.0.2.2, labels: {app: x}, locality: us/a}
"""
    routing = read(entry, DISTRIBUTE.replace("eu/*\n", "'*'\n"))
    found = fewest(routing, f"{HOST} *")
    assert set(found) == {f"eu/a ({HOST})", "eu/a/*", "eu/*", "us/a/*"}
    assert routing.sites[f"eu/a ({HOST})"].addresses == ("192.0.2.1",)


def test_lists_and_json() -> None:
    text = """{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "networking.istio.io/v1",
"kind": "DestinationRule", "metadata": {"name": "a"},
"spec": {"host": "app", "trafficPolicy": {"outlierDetection": {}}}}]}"""
    assert istio.sniff(File("f.json", text.encode()))
    routing = read(text)
    assert [(client.name, client.at.line) for client in routing.clients] == [("app.default.svc.cluster.local *", 3)]


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "why"),
    [
        ("failover:", "failOver:", 10, "failOver", "no known field"),
        ("to: eu-west-1", "to: us-east-1", 11, "us-east-1 to us-east-1", "two different regions"),
        ("to: eu-west-1", "to: eu-west-1/a", 11, "us-east-1 to eu-west-1/a", "takes regions alone"),
        ("enabled: true", "enabled: 'yes'", 9, "yes", "no truth value"),
        ("enabled: true", "distribute: [{from: '*', to: {a: 100}}]", 10, "failover", "beside `distribute`"),
        ("enabled: true", "distribute: [{from: '*', to: {a: 90}}]", 9, "to", "whose sum is not 100"),
        ("enabled: true", "distribute: [{from: '*', to: {a: 100, b: 0}}]", 9, "0", "weights other than"),
        ("loadBalancer:\n", "loadBalancer:\n      simple: PASSTHROUGH\n", 8, "PASSTHROUGH", "choose the address"),
        ("    loadBalancer:\n", "    lb: x\n    loadBalancer:\n", 7, "lb", "no known field"),
        ("  host: app", "  hosts: app", 5, "hosts", "no known field"),
    ],
)
def test_what_istio_refuses_keeps_its_host_open(old: str, new: str, line: int, what: str, why: str) -> None:
    routing = read(FAILOVER.replace(old, new, 1))
    found = [each for each in routing.unread if each.at.line == line and each.text == what and why in each.why]
    assert len(found) == 1, routing.unread
    assert set(found[0].names) == {client.name for client in routing.clients}


def test_a_wildcard_holds_for_hosts_that_are_not_listed_too() -> None:
    routing = read(DISTRIBUTE.replace(HOST, "'*.example.com'").replace("eu/*\n", "'*'\n"), ENTRY)
    assert set(fewest(routing, f"{HOST} *")) == {"eu/a 192.0.2.1", "eu/b 192.0.2.2", "us/a 192.0.2.3"}
    assert set(fewest(routing, "*.example.com *")) == {"eu/*", "us/a/*"}


def test_two_rules_for_one_host_mean_either() -> None:
    routing = read(DISTRIBUTE, DISTRIBUTE.replace("eu/*\n", "'*'\n"), ENTRY)
    assert len(named(routing, f"{HOST} *")) == 2
    assert [(each.at.file, each.at.line) for each in routing.unread] == [("f1.yaml", 5)]


def test_templates_and_what_is_no_yaml_end_with_their_remedy() -> None:
    text = DISTRIBUTE.replace("host: app", "host: {{ .Values.host }}\n{{- end }}\n  x: app")
    assert istio.sniff(File("f", text.encode()))
    with pytest.raises(InputError, match="helm template"):
        read(text)
    with pytest.raises(InputError, match="tabs"):
        read(DISTRIBUTE.replace("  host", "\thost"))


@pytest.mark.parametrize(
    "text",
    ["", "kind: DestinationRule\n", "apiVersion: v1\nkind: Service\n",
     "apiVersion: networking.istio.io/v1\nkind: Gateway\n",
     "routing: 1\nx: networking.istio.io/v1\n"],
)  # fmt: skip
def test_others_are_not_taken_for_istio(text: str) -> None:
    assert not istio.sniff(File("f", text.encode()))


def test_random_rules_are_proven_as_they_are_replayed() -> None:
    randomly = random.Random(6)
    tried = 0
    for _ in range(80):
        files = [File(name, data) for name, data in istio_random.configuration(randomly).items()]
        (routing,) = istio.read(files, Kept({}))
        for part in parts(routing):
            tried += 1
            wrong = disagreements(part)
            assert not wrong, f"{wrong[0]}\n{[file.data for file in files]}"
    assert tried > 300


def test_listed_endpoints_get_what_envoy_gives_them() -> None:
    """Hold replays against the arithmetic of Istio and Envoy, written down once more from the tree of the rule."""
    randomly = random.Random(8)
    tried = 0
    while tried < 1_500:
        rule, entry = istio_random.rule(randomly), istio_random.entry(randomly)
        rule["spec"].pop("subsets", None)
        policy = rule["spec"]["trafficPolicy"]
        policy.pop("portLevelSettings", None)
        setting = policy.get("loadBalancer", {}).get("localityLbSetting", {})
        if setting.get("failoverPriority") == ["v"] or entry["spec"]["resolution"] != "STATIC":
            continue
        routing = read(yaml.safe_dump(rule), yaml.safe_dump(entry))
        endpoints = entry["spec"]["endpoints"]
        for client in [each for each in routing.clients if each.name.startswith(HOST)]:
            place = client.name.partition(" from ")[2]
            down = {each["address"] for each in endpoints if randomly.random() < 0.4}
            faults = frozenset(fault for fault in routing.faults if fault.split(" ")[-1] in down)
            replayed = {
                address
                for pool in routing.replay(client, faults).pools
                for address in routing.sites[routing.pools[pool].site].addresses
            }
            checked = "outlierDetection" in policy
            panic = policy.get("outlierDetection", {}).get("minHealthPercent", 0)
            meant = loaded(ranked(setting, checked, place, endpoints), down if checked else set(), panic)
            assert replayed == meant, (client.name, down, rule, entry)
            tried += 1


def ranked(setting: dict[str, Any], checked: bool, place: str, endpoints: list[dict[str, Any]]) -> list[list[str]]:
    """Put addresses into levels, for a client in a place such as `eu`, `eu/*` (a zone of its own) or elsewhere."""
    region, _, zone = place.partition("/")
    zone = "own" if zone.startswith("*") else zone.removesuffix("/*")
    subzone = "own" if place.endswith("/*") else ""
    region, zone, subzone = (region, zone, subzone) if place else ("own", "own", "own")
    where = {each["address"]: [*each.get("locality", "").split("/"), "", ""][:3] for each in endpoints}
    labels = {each["address"]: each.get("labels", {}) for each in endpoints}
    if setting.get("enabled") is False:
        return [list(where)]
    for each in setting.get("distribute", []):
        if fits([region, zone, subzone], each["from"]):
            return [[address for address in where if any(fits(where[address], target) for target in each["to"])]]
    if "distribute" in setting or not checked:
        return [list(where)]
    ranks: dict[int, list[str]] = {}
    for address, (there, its, sub) in where.items():
        rank = 3 if there != region else 2 if its != zone else 1 if sub != subzone else 0
        target = next((each["to"] for each in setting.get("failover", []) if each["from"] == region), None)
        if rank == 3 and target is not None and there != target:
            rank = 4
        if "failoverPriority" in setting:
            pairs = {"topology.kubernetes.io/region": (region, there), "topology.kubernetes.io/zone": (zone, its),
                     "v=1": ("1", labels[address].get("v", ""))}  # fmt: skip
            wanted = [pairs[label] for label in setting["failoverPriority"]]
            differs = [number for number, (ours, theirs) in enumerate(wanted) if ours != theirs]
            rank = len(wanted) - differs[0] if differs else 0
        ranks.setdefault(rank, []).append(address)
    return [ranks[rank] for rank in sorted(ranks)]


def fits(place: list[str], rule: str) -> bool:
    return all(want in ("*", "") or want == have for want, have in zip(rule.split("/"), place, strict=False))


def loaded(levels: list[list[str]], down: set[str], panic: int) -> set[str]:
    """Spread 100 % over levels as Envoy's load balancers do, and return the endpoints of those with a share."""
    healthy = [[each for each in level if each not in down] for level in levels]
    healths = [min(100, 140 * len(up) // len(level)) for up, level in zip(healthy, levels, strict=True) if level]
    total = min(100, sum(healths))
    panics = [
        total < 100 and 100 * len(up) / len(level) < panic for up, level in zip(healthy, levels, strict=True) if level
    ]
    if all(panics):
        return {each for level in levels for each in level}
    left, given = 100, set()
    for level, up, health, all_of_it in zip(levels, healthy, healths, panics, strict=True):
        share = min(left, health * 100 // total) if total else 0
        left -= share
        given |= set(level if all_of_it else up) if share else set()
    return given


def test_large_inputs_take_time_by_their_size() -> None:
    endpoints = "".join(
        f"    - {{address: 10.0.{i >> 8}.{i & 255}, locality: r{i % 40}/z{i % 3}}}\n" for i in range(5_000)
    )
    text = ENTRY[: ENTRY.index("    - {")] + endpoints
    routing = read(text, FAILOVER.replace("host: app", f"host: {HOST}"))
    assert sum(len(site.addresses) for site in routing.sites.values()) == 5_000


def test_hostile_numbers_of_objects_end_in_time() -> None:
    places = "".join(f"    - {{address: 10.0.{i >> 8}.{i & 255}, locality: r{i}}}\n" for i in range(2_000))
    with pytest.raises(InputError, match="more localities than can be told apart"):
        read(ENTRY[: ENTRY.index("    - {")] + places)
    rules = "---\n".join(
        f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: {{host: h{i}.example.com}}\n"
        for i in range(3_000)
    )
    assert len(read(rules).clients) == 3_000


@given(st.text("abpoolsrugevt:[]{}-, \n'\"!&*<\x1b=/0", max_size=200), st.integers(0, len(FAILOVER)))
def test_hostile_text_is_read_or_refused(noise: str, at: int) -> None:
    try:
        routing = read(FAILOVER[:at] + noise + FAILOVER[at:], ENTRY)
    except InputError as error:
        assert error.record >= 1  # noqa: PT017
        return
    assert all(each.at.line >= 1 for each in (*routing.unread, *routing.remarks))


def test_names_that_hold_our_own_sign_are_taken_as_others() -> None:
    routing = read(FAILOVER.replace("from: us-east-1", 'from: "\\0"'))
    assert all("\0" not in client.name for client in routing.clients)
