"""Zones of bad will, and of mishap: circles, doubles, text without end, numbers of records that nobody has."""

import json
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from auditor.model.errors import InputError
from auditor.routing import route53
from auditor.routing.model import File
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import brute, route53_random
from tests.routing.route53.test_policies import POLICY
from tests.routing.route53.zones import alias, answers, check, files, one, texts_of, unread, ways, zone

N = "n.example.com."


def test_aliases_in_a_circle_answer_nobody_and_are_told() -> None:
    routing = zone(alias("a.example.com.", "b.example.com."), alias("b.example.com.", "a.example.com."),
                   alias("c.example.com.", "c.example.com."), one("ok.example.com.", "192.0.2.1"))  # fmt: skip
    assert [each.split(",")[0] for each in unread(routing)] == ["leads back to itself"] * 2
    for name in ("a.example.com A *", "b.example.com A *", "c.example.com A *"):
        assert ways(routing, name) == {}
        assert answers(routing, name) == set()
    assert ways(routing, "ok.example.com A *") == {"192.0.2.1": []}


def test_names_in_a_circle_are_told() -> None:
    routing = zone(one("a.example.com.", "b.example.com.", kind="CNAME"),
                   one("b.example.com.", "a.example.com.", kind="CNAME"))  # fmt: skip
    assert {each.split(",")[0] for each in unread(routing)} == {"leads back to itself"}


def test_a_long_chain_ends_and_is_told() -> None:
    chain = [alias(f"n{i}.example.com.", f"n{i + 1}.example.com.") for i in range(300)]
    routing = zone(*chain, one("n300.example.com.", "192.0.2.1"))
    assert any(each.startswith("leads through more than") for each in unread(routing))
    assert ways(routing, "n290.example.com A *") == {"192.0.2.1": []}


def test_two_definitions_of_one_record_may_both_answer_and_are_told() -> None:
    routing = zone(one(N, "192.0.2.1", Weight=1, SetIdentifier="a"), one(N, "192.0.2.2", Weight=1, SetIdentifier="a"))
    (found,) = routing.unread
    assert found.why == "is defined twice; keep one definition"
    assert found.text == "n.example.com A a (first in line 4)"
    assert answers(routing, "n.example.com A *") == {"192.0.2.1", "192.0.2.2"}


def test_two_records_of_one_place_and_two_policies_are_told() -> None:
    place = {"GeoLocation": {"CountryCode": "*"}}
    routing = zone(one(N, "192.0.2.1", SetIdentifier="a", **place), one(N, "192.0.2.2", SetIdentifier="b", **place),
                   one(N, "192.0.2.3", SetIdentifier="c", Weight=1))  # fmt: skip
    assert {each.split(",")[0].split(";")[0] for each in unread(routing)} == {
        "two records have one place", "records of one name and type have one routing policy",
    }  # fmt: skip
    assert answers(routing, "n.example.com A *") == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}


def test_calculated_checks_that_watch_each_other_are_told() -> None:
    circle = [check(one_, Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=[other])
              for one_, other in (("x", "y"), ("y", "x"))]  # fmt: skip
    routing = zone(one(N, "192.0.2.1", Failover="PRIMARY", SetIdentifier="p", HealthCheckId="x"),
                   one(N, "192.0.2.2", Failover="SECONDARY", SetIdentifier="s"), checks=tuple(circle))  # fmt: skip
    assert [each.split(";")[0] for each in unread(routing)] == [
        "a calculated health check can watch only plain ones whose ids are known"
    ]
    assert ways(routing, "n.example.com A *")["192.0.2.2"] == ["check:y"]


def test_a_tree_whose_checks_multiply_is_told_and_nothing_is_claimed() -> None:
    records = [
        alias(f"n{i}.example.com.", f"n{i + 1}.example.com.", Weight=1, SetIdentifier=str(k), HealthCheckId=f"h{i}-{k}")
        for i in range(20) for k in range(20)
    ]  # fmt: skip
    routing = zone(*records, one("n20.example.com.", "192.0.2.1"))
    assert [each.split("; ")[1] for each in unread(routing)] == ["have them at the records with values instead"]
    assert all(each.root is None for each in routing.clients)


def test_hostile_text_stays_text_and_what_is_said_of_it_is_ours() -> None:
    evil = '\x1b[2J=cmd()<script>"\u202e' + "x" * 5000
    routing = files(**{"zone.json": {"ResourceRecordSets": [
        one(evil, "192.0.2.1"), one(N, evil), one(N, "192.0.2.1", **{evil: 1}), alias(N, evil), {"Name": evil},
        one(N, "192.0.2.1", Weight=evil, SetIdentifier=evil), 7, {"Name": N, "Type": ["A"]}]}})  # fmt: skip
    assert len(routing.unread) >= 7
    for each in routing.unread:
        assert "x" * 50 not in each.why
        assert "\x1b" not in each.why
        assert len(each.text) <= 200


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe{", b'{"ResourceRecordSets": [' + b"[" * 5000, b'{"ResourceRecordSets": {"a": 1}}',
     b'{"ResourceRecordSets": []}', b'{"ResourceRecordSets": [null]}', b'{"Changes": [{"ResourceRecordSet": 1}]}',
     b'{"ResourceRecordSets": [], "HealthChecks": 3}', b'{"Resources": {"a": {"Type": "AWS::Route53::RecordSet"}}}',
     b'{"Resources": {"a": {"Type": "AWS::Route53::RecordSetGroup", "Properties": {"RecordSets": [1]}}}}',
     b'{"Resources": {"a": {"Type": "AWS::Route53::HealthCheck", "Properties": {"HealthCheckConfig": []}}}}',
     b'{"AWSPolicyFormatVersion": 1, "Rules": []}', b"Resources: {a: {Type: AWS::Route53::RecordSet, Properties: 1}}",
     b"Resources:\n\ta: {Type: AWS::Route53::RecordSet}", b'{"HealthChecks": [{"Id": 1, "HealthCheckConfig": {}}]}',
     b'resource "aws_route53_record" "a" {', b'resource "aws_route53_record" "a" {}'],
)  # fmt: skip
def test_whatever_is_given_is_read_or_refused_in_words(data: bytes) -> None:
    for name in ("zone.json", "zone.yaml", "main.tf"):
        file = File(name, data)
        if route53.sniff(file):
            with suppress(InputError):
                for routing in route53.read([file], Kept({name: data})):
                    assert set(prove(routing)) >= {id(each.root) for each in routing.clients if each.root}


JUNK: list[Any] = [None, True, 0, -1, 1.5, "", [], {}, "x" * 300, ["a"], {"Ref": "X"}, {"Fn::If": ["a", "b", "c"]}, "*",
                   "\x00", "..", "192.0.2.300", {"Fn::Sub": "${a"}, 10**30]  # fmt: skip


def spoiled(tree: Any, chance: random.Random) -> Any:
    """Put something else in some place of a tree, or take something away."""
    at = tree
    while isinstance(at, dict | list) and at:
        key = chance.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if chance.random() < 0.2 or not isinstance(at[key], dict | list) or not at[key]:
            if isinstance(at, dict) and chance.random() < 0.2:
                del at[key]
            else:
                at[key] = json.loads(json.dumps(chance.choice(JUNK)))
            break
        at = at[key]
    return tree


@pytest.mark.parametrize("first", [0, 40])
def test_spoiled_files_are_read_or_refused_and_proven_right(first: int) -> None:
    for seed in range(first, first + 40):
        chance = random.Random(seed)
        trees = {name: json.loads(text) for name, text in route53_random.configuration(chance).items()}
        trees["policy.json"] = json.loads(json.dumps(POLICY))
        for _ in range(4):
            spoiled(trees[chance.choice(list(trees))], chance)
        texts = {name: json.dumps(tree).encode() for name, tree in trees.items()}
        given = [file for file in (File(name, text) for name, text in texts.items()) if route53.sniff(file)]
        with suppress(InputError):
            for routing in route53.read(given, Kept(texts)):
                kept = {id(each.root) if each.root else each.name: each for each in routing.clients}
                few = replace(routing, clients=list(kept.values())[:10])
                assert len(few.faults) > 8 or brute.disagreements(few) == [], seed
                assert all(each.at.line >= 1 and len(each.why) < 250 for each in routing.unread)


def test_functions_of_templates_that_stand_for_billions_end() -> None:
    conditions = {f"C{i}": {"Fn::And": [{"Condition": f"C{i + 1}"}] * 2} for i in range(2000)}
    names = {f"R{i}": {"Type": "AWS::Route53::RecordSet", "Properties": {
        "Name": {"Fn::Join": ["", [{"Ref": f"R{i + 1}"}] * 10]}, "Type": "A", "ResourceRecords": ["192.0.2.1"]}}
        for i in range(200)}  # fmt: skip
    names["R0"]["Condition"] = "C0"
    routing = texts_of({"dns.json": json.dumps({"Conditions": conditions, "Resources": names}).encode()})
    assert routing.unread


def test_ten_megabytes_are_read_in_bounded_time() -> None:
    said: dict[str, Any] = {"Comment": "x" * 500}
    said |= {"Weight": 1, "SetIdentifier": "b" * 100}
    records = [one(f"{'a' * 60}.n{i}.example.com.", f"2001:db8::{i:x}", kind="AAAA", **said) for i in range(12000)]
    data = json.dumps({"ResourceRecordSets": records}, indent=1).encode()
    assert len(data) > 10_000_000
    (routing,) = route53.read([File("zone.json", data)], Kept({}))
    assert len(routing.clients) == 12000  # of so many names the classes are not told apart by country
    assert all(each.countries == "*" for each in routing.clients)


def test_more_records_of_a_name_than_there_can_be_are_told() -> None:
    records = [one(N, "192.0.2.1", Weight=1, SetIdentifier=str(i)) for i in range(1500)]
    routing = zone(*records)
    assert unread(routing) == ["more records of one name and type than Route 53 takes; remove some"]
