"""Zones of bad will, and of mishap: circles, junk, text without end, numbers of items that nobody has."""

import json
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from auditor.model.errors import InputError
from auditor.routing import clouddns
from auditor.routing.model import File
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import brute, clouddns_random
from tests.routing.clouddns.zones import PRIVATE, answers, files, one, plain, unread, ways, zone


def test_names_in_a_circle_answer_nobody_and_are_told() -> None:
    routing = zone(one("a.example.com.", "b.example.com.", kind="CNAME"),
                   one("b.example.com.", "a.example.com.", kind="CNAME"),
                   one("ok.example.com.", "192.0.2.1"))  # fmt: skip
    assert {each.split(",")[0] for each in unread(routing)} == {"leads back to itself"}
    assert ways(routing, "ok.example.com A *") == {"192.0.2.1": []}
    for each in routing.clients:
        if not each.name.startswith("ok"):
            assert ways(routing, each.name) == {}
            assert answers(routing, each.name) == set()


def test_a_long_chain_ends_and_is_told() -> None:
    chain = [one(f"n{i}.example.com.", f"n{i + 1}.example.com.", kind="CNAME") for i in range(300)]
    routing = zone(*chain, one("n300.example.com.", "192.0.2.1"))
    assert any(each.startswith("leads through more than") for each in unread(routing))
    assert ways(routing, "n290.example.com CNAME *") == {"192.0.2.1": []}


def test_hostile_text_stays_text_and_what_is_said_of_it_is_ours() -> None:
    evil = '\x1b[2J=cmd()<script>"\u202e' + "x" * 5000
    sets = [one(evil, "192.0.2.1"), one("n.example.com.", evil), one("m.example.com.", evil, kind="CNAME"),
            one("g.example.com.", geo={"items": [plain(evil, "192.0.2.1"), {evil: 1}, 7]}),
            one("k.example.com.", kind=evil),
            one("w.example.com.", wrr={"items": [{"weight": evil, "rrdatas": evil}]}), 7, {evil: 1}]  # fmt: skip
    routing = files(**{"z.json": sets})
    assert len(routing.unread) >= 8
    for each in routing.unread:
        assert "x" * 50 not in each.why
        assert "\x1b" not in each.why
        assert len(each.text) <= 200
    assert all(len(fault.text) < 700 for fault in routing.faults.values())
    assert all(len(pool) <= 210 for pool in routing.pools)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe{", b'{"rrsets": [' + b"[" * 5000, b'{"rrsets": {"a": 1}}', b'{"rrsets": []}',
     b'{"rrsets": [null]}', b'{"kind": "dns#resourceRecordSet"}', b'[{"kind": "dns#managedZone"}]',
     b'{"kind": "dns#change", "additions": 1}', b'{"kind": "dns#resourceRecordSetsListResponse", "rrsets": 3}',
     b'{"kind": "dns#resourceRecordSet", "name": ["a"], "type": {}, "routingPolicy": [], "rrdatas": 1}',
     b"kind: dns#resourceRecordSet\n\tname: a", b"kind: dns#managedZone\ndnsName: [1]\nname: 7\n",
     b'resource "google_dns_record_set" "a" {', b'resource "google_dns_record_set" "a" {}',
     b'resource "google_dns_record_set" "a" {\n routing_policy = []\n}',
     b'resource "google_dns_record_set" "a" {\n name = "a."\n type = "A"\n'
     b' routing_policy {\n }\n routing_policy {\n }\n}',
     b'resource "google_dns_managed_zone" "z" {\n visibility = 7\n}\n'
     b'resource "google_dns_record_set" "a" {\n name = []\n}'],
)  # fmt: skip
def test_whatever_is_given_is_read_or_refused_in_words(data: bytes) -> None:
    for name in ("zone.json", "zone.yaml", "main.tf"):
        file = File(name, data)
        if clouddns.sniff(file):
            with suppress(InputError):
                for routing in clouddns.read([file], Kept({name: data})):
                    assert set(prove(routing)) >= {id(each.root) for each in routing.clients if each.root}


JUNK: list[Any] = [None, True, 0, -1, 1.5, "", [], {}, "x" * 300, ["a"], {"a": 1}, "*", "\x00", "..", "192.0.2.300",
                   "${x}", 10**30, "europe-west3", [[]], [None], "n1.example.com."]  # fmt: skip


def spoiled(tree: Any, chance: random.Random) -> None:
    """Put something else in some place of a tree, or take something away."""
    at = tree
    while isinstance(at, dict | list) and at:
        key = chance.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if chance.random() < 0.15 or not isinstance(at[key], dict | list) or not at[key]:
            if isinstance(at, dict) and chance.random() < 0.2:
                del at[key]
            else:
                at[key] = json.loads(json.dumps(chance.choice(JUNK)))
            return
        at = at[key]


@pytest.mark.parametrize(("syntax", "name"), [("api", "zone.json"), ("plan", "plan.json")])
def test_spoiled_files_are_read_or_refused_and_proven_right(syntax: str, name: str) -> None:
    read = 0
    for seed in range(60):
        chance = random.Random(seed)
        tree = json.loads(clouddns_random.written(clouddns_random.described(chance), syntax)[name])
        for _ in range(4):
            spoiled(tree, chance)
        data = json.dumps(tree).encode()
        if not clouddns.sniff(File(name, data)):
            continue
        with suppress(InputError):
            for routing in clouddns.read([File(name, data)], Kept({})):
                kept = {id(each.root): each for each in routing.clients}
                few = replace(routing, clients=list(kept.values())[:10])
                assert len(few.faults) > 8 or brute.disagreements(few) == [], seed
                assert all(each.at.line >= 1 and len(each.why) < 250 for each in routing.unread)
                read += 1
    assert read >= (30 if syntax == "api" else 5)


def test_text_without_end_is_not_repeated_for_every_class() -> None:
    long = "x" * 3_000_000
    routing = zone(one(f"{long}1", "192.0.2.1"), one(f"{long}2", f"{long}3", kind="CNAME"))
    assert len({each.name.split(" A ")[0].split(" CNAME ")[0] for each in routing.clients}) == 2
    assert all(len(each.name) < 400 for each in routing.clients)
    assert all(len(name) < 400 for name in routing.sites)


def test_hints_without_end_are_told_once() -> None:
    for hints in ("1," * 300_000, ",".join(f"10.{at >> 8}.{at & 255}.1" for at in range(5_000))):
        routing = zone(one("n.example.com.", f"1 a.example.net. ipv4hint={hints}", kind="HTTPS"))
        assert len(unread(routing)) == 1
        assert len(routing.sites) <= 1001


def test_targets_that_are_called_alike_stay_apart() -> None:
    items = [plain("europe-west3", "192.0.2.1"), plain("europe-west3", "192.0.2.1"),
             {"location": "x -> 192.0.2.1 (2)", "rrdatas": ["192.0.2.1"]}]  # fmt: skip
    routing = zone(one("n.example.com.", geo={"items": items}))
    assert len(routing.pools) == 3
    assert brute.disagreements(routing) == []


def test_many_changes_take_little_time() -> None:
    sets = [one(f"n{i}.example.com.", "192.0.2.1") for i in range(10_000)]
    routing = files(**{"zone.json": {"rrsets": sets}, "c.json": {"additions": sets[:1], "deletions": sets[1:]}})
    assert unread(routing) == ["is defined twice, and either may be what is served; keep one definition"]


def test_ten_megabytes_are_read_in_bounded_time() -> None:
    sets = [one("example.com.", PRIVATE, kind="NS")]
    more = {"flavour": "x" * 2000}
    sets += [one(f"{'a' * 60}.n{i}.example.com.", f"2001:db8::{i:x}", kind="AAAA") | more for i in range(4500)]
    data = json.dumps(sets, indent=1).encode()
    assert len(data) > 10_000_000
    (routing,) = clouddns.read([File("zone.json", data)], Kept({}))
    assert len(routing.clients) == 4500  # of so many names the classes are not told apart by region
    assert all(each.countries == "*" for each in routing.clients)


def test_more_items_than_there_can_be_are_told() -> None:
    items = [plain("europe-west3", "192.0.2.1") for _ in range(3_000)]
    routing = zone(one("n.example.com.", geo={"items": items, "enableFencing": True}))
    assert "more items than Cloud DNS takes; remove some" in unread(routing)
    assert ways(routing, "n.example.com A *") == {"192.0.2.1": []}


def test_many_locations_under_many_names_stay_small() -> None:
    many = [plain(f"{place}", f"192.0.2.{i}") for i, place in enumerate(clouddns_random.LOCATIONS)]
    sets = [one(f"n{i}.example.com.", geo={"items": many}) for i in range(300)]
    routing = zone(*sets)
    assert len({id(each.root) for each in routing.clients}) == 300 * 5
