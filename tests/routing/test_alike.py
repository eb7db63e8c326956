# ruff: noqa: E501 - a case stands on a line
"""Names that are answered alike share their classes in large zones, and nothing that is proven of them changes."""

import json
import random
from typing import Any

import pytest

from auditor.model.countries import CODES
from auditor.routing import alike
from auditor.routing.collect import collect
from auditor.routing.model import Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import brute, clouddns_random, route53_random
from tests.routing.clouddns import zones as google
from tests.routing.parts import parts
from tests.routing.route53 import zones as amazon

Known = set[tuple[str, tuple[str, ...], str, frozenset[tuple[str, int]]]]


def known(routing: Routing) -> Known:
    """Say who can reach which sites, by how many outages."""
    proof = prove(routing)
    found: Known = set()
    for client in routing.clients:
        pools = proof[id(client.root) if client.root else 0].pools
        ends = frozenset((routing.pools[name].site, each.size) for name, each in pools.items())
        found.add((client.countries, client.networks, client.via, ends))
    return found


def copied(files: dict[str, bytes]) -> dict[str, bytes]:
    """Add names to zones that stand for the first one in them."""
    made = dict(files)
    for name, data in files.items():
        if not data.lstrip().startswith((b"{", b"[")):
            continue
        tree = json.loads(data)
        held = tree if isinstance(tree, list) else tree.get("rrsets") or tree.get("ResourceRecordSets")
        named = [(make, key) for make, key in ((google, "name"), (amazon, "Name")) if held and key in held[-1]]
        for make, key in named:
            held += [make.one(f"copy{i}.example.com.", held[-1][key], kind="CNAME") for i in range(3)]  # type: ignore[attr-defined]
            made[name] = json.dumps(tree, indent=1).encode()
    return made


@pytest.mark.parametrize("module", [clouddns_random, route53_random])
def test_what_is_proven_is_the_same(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = 0
    for seed in range(25):
        files = copied(module.configuration(random.Random(f"alike {seed}")))
        told = {}
        for most in (1 << 40, 0):
            monkeypatch.setattr(alike, "SHARED", most)
            (told[most],) = collect(list(files), Kept(files)).routings
        assert known(told[0]) == known(told[1 << 40])
        assert {each.at for each in told[0].unread} <= {each.at for each in told[1 << 40].unread}
        assert bool(told[0].unread) == bool(told[1 << 40].unread)
        fewer += len(told[0].clients) < len(told[1 << 40].clients)
        for each in parts(told[0], 6):
            assert brute.disagreements(each) == []
    assert fewer


def listed(make: Any, count: int, addresses: int) -> Routing:
    sets = [make.one(f"h{i}.example.com.", f"192.0.2.{i % addresses + 1}") for i in range(count)]
    sets += [make.one(f"c{i}.example.com.", "h0.example.com.", kind="CNAME") for i in range(count)]
    if make is google:
        return google.files(
            **{"zone.json": {"rrsets": [make.one("example.com.", "ns-cloud-b1.googledomains.com.", kind="NS"), *sets]}}
        )
    return amazon.files(**{"zone.json": {"ResourceRecordSets": sets}})


@pytest.mark.parametrize("make", [google, amazon])
def test_large_zones_have_classes_for_what_is_answered(make: Any) -> None:
    found = listed(make, 300, 7)
    kinds = {client.name.partition(" ")[2].rpartition(" ")[0] for client in found.clients}
    assert all("and others alike" in kind for kind in kinds)
    assert len(found.clients) <= 16 * (len(CODES) + 2)
    assert {site for *_, ends in known(found) for site, _ in ends} == {f"192.0.2.{i}" for i in range(1, 8)}
    for client in found.clients[:: len(CODES) // 2]:
        pools = found.replay(client, frozenset()).pools
        assert pools == set(prove(found)[id(client.root)].pools)


def test_small_zones_tell_every_name() -> None:
    found = listed(google, 2, 1)
    assert {client.name.split()[0] for client in found.clients} == {
        "h0.example.com",
        "h1.example.com",
        "c0.example.com",
        "c1.example.com",
    }


def test_what_differs_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "SHARED", 0)
    items = [google.at("us-east1", google.ends("192.0.2.1")), google.at("europe-west1", google.ends("192.0.2.2"))]
    probe = {"healthCheck": google.PROBE}
    sets = [
        google.one("a.example.com.", geo={"items": items}, **probe),
        google.one("b.example.com.", geo={"items": items, "enableFencing": True}, **probe),
        google.one("c.example.com.", geo={"items": items[::-1], "enableFencing": True}, **probe),
        google.one("d.example.com.", wrr={"items": [{"weight": 1, "rrdatas": ["192.0.2.1"]}, {"weight": 0, "rrdatas": ["192.0.2.2"]}]}),
        google.one("e.example.com.", wrr={"items": [{"weight": 0, "rrdatas": ["192.0.2.1"]}, {"weight": 1, "rrdatas": ["192.0.2.2"]}]}),
        google.one("f.example.com.", geo={"items": json.loads(json.dumps(items))}, **probe),
    ]  # fmt: skip
    routing = google.files(**{"zone.json": {"rrsets": [google.one("example.com.", google.PUBLIC, kind="NS"), *sets]}})
    names = {client.name.rpartition(" ")[0] for client in routing.clients}
    assert names == {"a.example.com A and others alike", *(f"{letter}.example.com A" for letter in "bcde")}
