"""Envoy's load assignments: endpoints by priority and locality, as EDS serves them or as they stand in clusters.

Reference: Envoy, config.endpoint.v3 (`ClusterLoadAssignment`), config.cluster.v3 (`Cluster`), "Priority levels",
"Degraded endpoints", "Panic threshold"; keys in snake case or camel case, as protobuf's JSON has them.  A client is
whoever the proxy serves.  Where the cluster is not given, its panic threshold is Envoy's own (50 %), and endpoints are
taken to be checked.  Names of hosts stand for any number of endpoints.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditor.model.countries import ANYWHERE
from auditor.model.errors import InputError
from auditor.routing.addresses import is_address
from auditor.routing.documents import Document, load, unveiled
from auditor.routing.istio.build import Builder, Plan, few
from auditor.routing.istio.levels import Member
from auditor.routing.istio.localities import Locality
from auditor.routing.istio.parts import Part
from auditor.routing.model import UNCLASSIFIED, File, Remark, Routing, Unread
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

FORMAT: Final = "envoy"
PANIC: Final = 50
FACTOR: Final = 140
DEEPEST: Final = 20  # levels of a file below which assignments are looked for

_SEEN: Final = re.compile(rb"lb_endpoints|lbEndpoints")
_ASSIGNMENT: Final = frozenset({"@type", "cluster_name", "endpoints", "policy", "named_endpoints"})
_GROUP: Final = frozenset({"locality", "lb_endpoints", "priority", "load_balancing_weight", "metadata"})
_ENDPOINT: Final = frozenset({"endpoint", "health_status", "load_balancing_weight", "metadata"})
_LEADS: Final = frozenset({"address", "additional_addresses", "hostname", "health_check_config"})
_POLICY: Final = frozenset({"drop_overloads", "overprovisioning_factor", "endpoint_stale_after"})
_GOOD: Final = ("", "UNKNOWN", "HEALTHY", "0", "1")
_BAD: Final = ("UNHEALTHY", "DRAINING", "TIMEOUT", "2", "3", "4")


@dataclass(frozen=True, slots=True)
class Found:
    """An assignment, and the cluster in which it stands."""

    assignment: Part
    cluster: Part | None


def sniff(file: File) -> bool:
    """Say whether a file holds load assignments."""
    if not _SEEN.search(file.data):
        return _holds(unveiled(file))
    try:
        return _holds(load(file))
    except InputError:
        return b"apiVersion" not in file.data


def _holds(documents: Sequence[Document]) -> bool:
    return any(True for each in documents for _ in _found(Part(each, (), each.tree), None, 0))


def _found(part: Part, cluster: Part | None, depth: int) -> Iterator[Found]:
    """Find assignments anywhere in a document: in bootstraps, discovery responses and dumps of configuration."""
    if depth > DEEPEST or (isinstance(part.value, dict) and "apiVersion" in part.value):
        return
    if isinstance(part.value, dict) and _is_assignment(part):
        yield Found(part, cluster)
        return
    inner = part.items()
    for key, value in part.entries().items():
        if key in ("load_assignment", "loadAssignment") and isinstance(value.value, dict):
            yield Found(value, part)
        else:
            inner.append(value)
    for each in inner:
        yield from _found(each, cluster, depth + 1)


def _is_assignment(part: Part) -> bool:
    groups = part.get("endpoints").items()
    return any(_get(group, "lb_endpoints").value is not None for group in groups)


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read the assignments of each file as one configuration.  Raise InputError for what is no YAML or JSON."""
    return [_read(file) for file in files]


def _read(file: File) -> Routing:
    builder = Builder()
    unread: list[Unread] = []
    remarks: list[Remark] = []
    seen: set[str] = set()
    for document in load(file):
        unread += _elsewhere(Part(document, (), document.tree))
        for found in _found(Part(document, (), document.tree), None, 0):
            title = _get(found.assignment, "cluster_name").text() or "cluster without name"
            name = f"{title} {UNCLASSIFIED}"
            reading = _Assignment(found, f"{title} (line {found.assignment.at.line})" if title in seen else title)
            seen.add(title)
            builder.add(name, ANYWHERE, reading.plan())
            unread += [Unread(part.at, what[:200], why, (name,)) for part, what, why in reading.problems]
            remarks += reading.remarks
    return Routing(FORMAT, (file,), builder.clients, builder.pools, builder.sites, builder.faults, builder.replay,
                   unread, remarks)  # fmt: skip


def _elsewhere(whole: Part) -> Iterator[Unread]:
    """Yield the clusters of which it is not here where they lead: by discovery, or in the words of old versions."""
    known: set[str] = set()
    clusters: list[Part] = []
    asked = [(whole, 0)]
    for part, depth in asked:
        if depth > DEEPEST or part.get("apiVersion").value is not None:
            continue
        if isinstance(part.value, dict) and _is_assignment(part):
            known |= {_get(part, "cluster_name").text()} - {""}
        for key, inner in part.entries().items():
            clusters += [each for each in inner.items() if each.entries()] if key == "clusters" else []
            clusters += [inner] if key == "cluster" and {"name", "type"} <= inner.entries().keys() else []
            asked.append((inner, depth + 1))
        asked += [(inner, depth + 1) for inner in part.items()]
    for cluster in clusters:
        named = {cluster.get("name").text(), _get(_get(cluster, "eds_cluster_config"), "service_name").text()}
        if _get(cluster, "load_assignment").value is None and cluster.get("name").text() and not named & known:
            why = "where this cluster leads is not here; give its load assignment"
            yield Unread(cluster.at, cluster.get("name").text()[:200], why)


class _Assignment:
    def __init__(self, found: Found, title: str) -> None:
        self.part = found.assignment
        self.cluster = found.cluster
        self.title = title
        self.problems: list[tuple[Part, str, str]] = []
        self.remarks: list[Remark] = []

    def problem(self, part: Part, what: str, why: str) -> None:
        self.problems.append((part, what, why))

    def plan(self) -> Plan:
        self.unknown(self.part, _ASSIGNMENT)
        if _get(self.part, "named_endpoints").value:
            self.problem(_get(self.part, "named_endpoints"), "named_endpoints", "named endpoints are not followed")
        factor = self.policy()
        panic = self.panic()
        ranks: dict[int, list[Member]] = {}
        for group in self.part.get("endpoints").items():
            self.unknown(group, _GROUP)
            ranks.setdefault(self.number(_get(group, "priority"), 0), []).extend(self.members(group))
        if sorted(ranks) != list(range(len(ranks))):
            self.problem(
                self.part.get("endpoints"), "priority", "Envoy refuses gaps between priorities; number them on"
            )
        levels = [ranks[rank] for rank in sorted(ranks)]
        checked = self.checked()
        every = [address for level in levels for member in level for address in member.addresses]
        counted = few(levels, panic, factor) and all(map(is_address, every))
        if checked and not few(levels, panic, factor):
            why = "too many endpoints to follow Envoy's sums; give one cluster with fewer"
            self.problem(self.part.get("endpoints"), "endpoints", why)
        if not checked:  # all are healthy for ever, so what is behind the first 100 percent gets nothing
            levels = levels[: -(-100 // min(100, factor))]
        return Plan(self.title, levels, self.part.get("endpoints").at, checked, panic, counted, factor)

    def unknown(self, part: Part, known: frozenset[str]) -> None:
        seen: set[str] = set()
        for key, inner in part.entries().items():
            if _snake(key) not in known:
                self.problem(inner, key, "no field that is known here; remove it if it routes nobody")
            elif _snake(key) in seen:
                self.problem(inner, key, "stands twice, in both ways in which it can be written; keep one")
            seen.add(_snake(key))

    def number(self, part: Part, default: int) -> int:
        value = part.get("value").value if isinstance(part.value, dict) else part.value
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.problem(part, part.text(), "no number that Envoy takes; write one")
            return default
        return value

    def policy(self) -> int:
        """Return the overprovisioning factor, in percent."""
        policy = self.part.get("policy")
        weighted = _get(policy, "weighted_priority_health")
        if weighted.value:
            self.problem(weighted, "weighted_priority_health", "health by weight is not followed; give equal weights")
        self.unknown(policy, _POLICY | {"weighted_priority_health"})
        for drop in _get(policy, "drop_overloads").items():
            self.remarks.append(Remark(drop.at, f"{self.title}: a part of the requests is dropped, whoever is healthy"))
        return self.number(_get(policy, "overprovisioning_factor"), FACTOR) or FACTOR

    def panic(self) -> int:
        """Return the panic threshold of the cluster, in percent."""
        if self.cluster is None:
            text = f"the cluster is not given: below {PANIC} % healthy endpoints, Envoy's own threshold, any may answer"
            self.remarks.append(Remark(self.part.get("endpoints").at, f"{self.title}: {text}"))
            return PANIC
        common = _get(self.cluster, "common_lb_config")
        for key in ("zone_aware_lb_config", "locality_weighted_lb_config"):
            inner = _get(common, key)
            if _get(inner, "fail_traffic_on_panic").value:
                self.problem(
                    inner, "fail_traffic_on_panic", "failing in a panic is not followed; set the threshold to 0"
                )
            if key.startswith("locality") and inner.value is not None:
                self.weights(inner)
        for key in ("lb_subset_config", "load_balancing_policy"):
            if _get(self.cluster, key).value is not None:
                self.problem(_get(self.cluster, key), key, "this choice of endpoints is not followed")
        threshold = _get(common, "healthy_panic_threshold")
        percent = min(100, self.number(threshold, PANIC))
        if percent:
            at = threshold.at if threshold.value is not None else self.cluster.at
            text = f"below {percent} % healthy endpoints health is no longer asked, and any may answer"
            self.remarks.append(Remark(at, f"{self.title}: {text}"))
        return percent

    def weights(self, inner: Part) -> None:
        for group in self.part.get("endpoints").items():
            if not _get(group, "load_balancing_weight").value:
                why = "a locality without weight gets nothing where localities are weighted; give it one or remove it"
                self.problem(group, "load_balancing_weight", why)

    def checked(self) -> bool:
        """Say whether endpoints are ever found unhealthy."""
        if self.cluster is None:
            return True
        return any(_get(self.cluster, key).value is not None for key in ("health_checks", "outlier_detection"))

    def members(self, group: Part) -> Iterator[Member]:
        place = group.get("locality")
        parts = [place.get("region").text(), place.get("zone").text(), _get(place, "sub_zone").text()]
        locality = Locality(*(part.replace("\0", "") for part in parts))
        for each in _get(group, "lb_endpoints").items():
            self.unknown(each, _ENDPOINT)
            status = _get(each, "health_status").text().upper()
            if status not in _GOOD:
                why = (
                    "degraded endpoints are not followed"
                    if status not in _BAD
                    else "out of use now, and maybe not later"
                )
                self.problem(_get(each, "health_status"), status, f"{why}; give an assignment in which all are healthy")
            endpoint = each.get("endpoint")
            self.unknown(endpoint, _LEADS)
            socket = _get(endpoint.get("address"), "socket_address")
            address = socket.get("address").text()
            if not address:
                self.problem(each, "address", "no address of a socket, so nobody knows where it leads; write one")
                address = f"without address in line {each.at.line}"
            if _get(endpoint, "additional_addresses").value:
                more = _get(endpoint, "additional_addresses")
                self.problem(more, "additional_addresses", "Envoy may take any of them; write each as an endpoint")
            yield Member(locality, (), (address,), each.at, 1, _get(socket, "port_value").text())


def _get(part: Part, key: str) -> Part:
    """Return what stands at a key, in snake case or in camel case."""
    camel = re.sub("_(.)", lambda match: match[1].upper(), key)
    found: Any = part.value
    return part.get(camel) if isinstance(found, dict) and camel in found else part.get(key)


def _snake(key: str) -> str:
    return re.sub("([A-Z])", lambda match: f"_{match[1].lower()}", key)
