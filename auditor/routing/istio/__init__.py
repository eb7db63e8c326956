"""Istio's load balancing by locality: destination rules, service and workload entries, and the settings of the mesh.

A client is a workload in a locality.  Where the endpoints of a host are not listed, the localities that the settings
name stand for them, with one for all that they don't name.  VirtualServices choose hosts, and are not read.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.documents import load, unveiled
from auditor.routing.istio import checks
from auditor.routing.istio.build import MOST_COUNTED, Builder, Plan, few
from auditor.routing.istio.levels import Member, Order, Setting, order, setting
from auditor.routing.istio.localities import ELSEWHERE, OTHER, Locality, pattern
from auditor.routing.istio.objects import (
    KINDS,
    NETWORKING,
    Host,
    Objects,
    Policy,
    gathered,
    hosts,
    namespaced,
    policies,
)
from auditor.routing.istio.parts import Part
from auditor.routing.model import UNCLASSIFIED, File, Remark, Routing, Unread
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

FORMAT: Final = "istio"
MOST_PAIRS: Final = 1_000_000
"""Of localities of clients and of endpoints, for one host: 1,000 of each."""

_SEEN: Final = re.compile(rb"networking\.istio\.io/|\bIstioOperator\b|\blocalityLbSetting\b")


def sniff(file: File) -> bool:
    """Say whether a file holds objects of Istio that bear on load balancing."""
    if not _SEEN.search(file.data):
        return any(_bears(each.tree) for each in unveiled(file))
    try:
        trees = [each.tree for each in load(file)]
    except InputError:
        return bool(re.search(rb"\bkind\s*[\"']?\s*:\s*[\"']?(?:" + "|".join(KINDS).encode() + rb")\b", file.data))
    return any(_bears(tree) for tree in trees)


def _bears(tree: object) -> bool:
    if not isinstance(tree, dict):
        return False
    if str(tree.get("kind", "")).endswith("List") and isinstance(tree.get("items"), list):
        return any(_bears(item) for item in tree["items"])
    if str(tree.get("apiVersion", "")).startswith(NETWORKING):
        return tree.get("kind") in KINDS
    return tree.get("kind") in ("IstioOperator", "ConfigMap") and "localityLbSetting" in str(tree)


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read all objects together: endpoints, rules and the mesh stand in files of their own."""
    found = gathered(files)
    mesh = found.meshes[0] if found.meshes else None
    builder = Builder()
    unread: list[Unread] = []
    remarks: list[Remark] = []
    first: dict[str, Part] = {}
    for each in found.rules:
        first.setdefault(namespaced(each.get("spec", "host").text(), each), each)
    for host, rule in _ruled(found):
        names: dict[str, None] = {}
        used: dict[int, Setting] = {}
        for title, labels, policy in _policies(rule):
            holds = setting(policy, mesh, rule.get("spec", "host").at if rule else host.at)
            used.setdefault(id(holds.part.value) if holds.part else 0, holds)
            whole = f"{host.name} {title}".strip()
            orders = _classes(builder, whole, host, labels, holds, names)
            unread += [Unread(part.at, part.text(), why, tuple(names)) for part, why in orders]
            remarks += checks.remarks(whole, policy, holds)
        if rule:
            unread += [Unread(part.at, what, why, tuple(names)) for part, what, why in checks.problems(rule, first)]
        for holds in used.values():
            unread += [Unread(part.at, what, why, tuple(names)) for part, what, why in checks.refused(holds)]
    unread += [Unread(part.at, part.text(), why) for part, why in found.problems]
    unread += [Unread(part.at, "localityLbSetting", "the mesh has two settings; give one") for part in found.meshes[1:]]
    return [
        Routing(FORMAT, tuple(files), builder.clients, builder.pools, builder.sites, builder.faults, builder.replay,
                tuple(dict.fromkeys(unread)), tuple(dict.fromkeys(remarks)))
    ]  # fmt: skip


def _ruled(found: Objects) -> Iterator[tuple[Host, Part | None]]:
    """Yield each host with each rule that may hold for it; a rule for an exact name wins over one with a wildcard."""
    known = hosts(found)
    exact: dict[str, list[Part]] = {}
    wild: dict[str, list[Part]] = {}
    for rule in found.rules:
        text = namespaced(rule.get("spec", "host").text(), rule)
        (wild if text.startswith("*") else exact).setdefault(text, []).append(rule)
    widest = sorted(wild, key=len, reverse=True)
    used: set[str] = set()
    for name, host in known.items():
        text = name if name in exact else next((each for each in widest if name.endswith(each[1:])), "")
        used.add(text)
        yield from ((host, rule) for rule in exact.get(text, wild.get(text, [])))
        if text not in exact and text not in wild:
            yield host, None
    for text, rules in (*exact.items(), *wild.items()):
        if text not in used or text in wild:  # hosts that are not listed fit a wildcard too
            yield from ((Host(text, rule.get("spec", "host").at, counted=False), rule) for rule in rules)


def _policies(rule: Part | None) -> Iterator[tuple[str, dict[str, str], Policy]]:
    """Yield the policies of a rule, and none for workloads that it doesn't select: those have the mesh's settings."""
    if rule is not None:
        yield from policies(rule)
    if rule is None or rule.get("spec", "workloadSelector").value is not None:
        nothing = Part((rule or _NOWHERE).document, (), None)
        yield "", {}, Policy(nothing, nothing)


def _classes(
    builder: Builder, title: str, host: Host, labels: dict[str, str], holds: Setting, names: dict[str, None]
) -> list[tuple[Part, str]]:
    """Add the classes of clients of one host, subset and port; return what can't be known of them."""
    unknown: dict[int, tuple[Part, str]] = {}
    universe = _universe(host, holds)
    grouped = list(_members(host, labels, holds, universe, single=False))
    if len(universe) * len(grouped) > MOST_PAIRS:
        message = f"`{host.name[:200]}` has more localities than can be told apart ({len(universe):,}); split its rules"
        raise InputError(host.at.file, message, host.at.line)
    counted = host.counted and holds.checked and len(host.endpoints) <= MOST_COUNTED
    listed = list(_members(host, labels, holds, universe, single=True)) if counted else []
    for client in universe:
        found: Order = order(holds, client, listed or grouped)
        single = bool(listed) and few(found.levels, holds.panic)
        if listed and not single:
            found = order(holds, client, grouped)
        for part, why in found.unknown:
            unknown[part.at.line] = part, why
        name = f"{title} {UNCLASSIFIED if client == ELSEWHERE else f'from {client}'}"
        names[name] = None
        plan = Plan(title, found.levels, found.at, holds.checked, holds.panic, single)
        builder.add(name, client.countries, plan)
    return list(unknown.values())


def _universe(host: Host, holds: Setting) -> list[Locality]:
    """List the localities in which clients are told apart: those named, what is around them, and all others."""
    texts = [text for each in holds.distribute for text in (each.get("from").text(), *each.get("to").entries())]
    texts += [each.get(key).text() for each in holds.failover for key in ("from", "to")]
    named = {pattern(text) for text in texts if text}
    named |= {endpoint.locality for endpoint in host.endpoints if endpoint.locality.region}
    around = {Locality(each.region, OTHER, OTHER) for each in named}
    around |= {Locality(each.region, each.zone, OTHER) for each in named if each.zone}
    return [*sorted((named | around) - {ELSEWHERE}), ELSEWHERE]


def _members(
    host: Host, labels: dict[str, str], holds: Setting, universe: list[Locality], *, single: bool
) -> Iterator[Member]:
    """Yield the endpoints of a host, or of a subset, that are alike; those that are not listed by their locality."""
    asked = [part.text().partition("=")[0] for part in holds.priority]
    listed = [each for each in host.endpoints if labels.items() <= each.labels.items()]
    groups: dict[tuple[Locality, tuple[tuple[str, str], ...], int], list[int]] = {}
    for number, endpoint in enumerate(listed):
        own = tuple((label, endpoint.labels[label]) for label in asked if label in endpoint.labels)
        groups.setdefault((endpoint.locality, own, number if single else 0), []).append(number)
    for (locality, own, _), numbers in groups.items():
        addresses = tuple(dict.fromkeys(listed[number].address for number in numbers))
        count = len(numbers) if single else 0
        yield Member(locality, own, addresses, listed[numbers[0]].at, count)
    if not host.fixed:
        for locality in universe:
            if not any(each.locality == locality for each in listed):
                yield Member(locality)


_NOWHERE: Final = Part(checks.NOTHING, (), None)
