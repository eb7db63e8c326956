"""Examples of rule files: told in a few words, judged as traffic is."""

from typing import Any

import pytest

from auditor import rules
from auditor.judge import examples
from auditor.model.rule import Rule
from tests.builders import names, rule

NS = 1_000_000_000


def relay(country: Any = "CN", **more: Any) -> dict[str, Any]:
    return {"country": country, "as": "relay", "plane": "media", **more}


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"participants": ["US", "CA"], "touches": [relay("US")]}, "pass"),
        ({"participants": ["US", "CA"], "touches": [relay()]}, "fail"),
        ({"participants": ["US"], "touches": [relay("US"), relay()]}, "fail"),
        ({"participants": ["US"], "touches": [relay(["CN", "HK"])]}, "open"),
        ({"participants": [["CN", "US"]], "touches": [relay()]}, "open"),
        ({"participants": [{"label": "overseas"}], "touches": [relay()]}, "fail"),
        ({"participants": [{}], "touches": [relay()]}, "open"),
        ({"participants": ["CN"], "touches": [relay()]}, "not_applicable"),
        ({"participants": [], "touches": [relay()]}, "open"),
        ({"participants": ["US"], "touches": [relay(None)]}, "open"),
        ({"participants": ["US"], "touches": [relay(evidence="claim")]}, "fail"),
        ({"participants": ["US"], "touches": [relay(basis="offered")]}, "open"),
        ({"participants": ["US"], "touches": [relay(outcome="unanswered")]}, "open"),
        ({"participants": ["US"], "touches": [relay(outcome="rejected")]}, "not_applicable"),
        ({"participants": ["US"], "touches": [relay(**{"as": "hop"})]}, "not_applicable"),
    ],
)
def test_situations(situation: dict[str, Any], expected: str) -> None:
    assert examples.verdict(rule(), situation) == expected


def test_conditions_that_an_example_leaves_out_are_not_known() -> None:
    towards = rule(directions=frozenset({"to"}))
    fails = {"participants": ["US"], "touches": [relay(direction="to")]}
    assert examples.verdict(towards, fails) == "fail"
    assert examples.verdict(towards, {"participants": ["US"], "touches": [relay(direction="from")]}) == "not_applicable"
    assert examples.verdict(towards, {"participants": ["US"], "touches": [relay()]}) == "open"
    acme = rule(operators=names("Acme"), sites=names("north"), asserted=names("zoom"))
    full = {"operator": "Acme", "site": "north", "service": "zoom"}
    assert examples.verdict(acme, {"participants": ["US"], "touches": [relay(**full)]}) == "fail"
    assert examples.verdict(acme, {"participants": ["US"], "touches": [relay()]}) == "open"


def test_a_complete_roster_is_all_there_are() -> None:
    complete = rule(roster="complete")
    seen = {"participants": ["US"], "touches": [relay()]}
    assert examples.verdict(complete, seen) == "open"
    assert examples.verdict(complete, {**seen, "roster": "complete"}) == "fail"


def test_without_a_date_an_example_is_of_a_day_on_which_the_rule_applies() -> None:
    seen = {"participants": ["US"], "touches": [relay()]}
    day = 86_400 * NS
    for dated in (rule(since_ns=day), rule(until_ns=day), rule(since_ns=day, until_ns=2 * day)):
        assert examples.verdict(dated, seen) == "fail"
    assert examples.verdict(rule(since_ns=day), {**seen, "date": "1970-01-01"}) == "not_applicable"
    assert examples.verdict(rule(since_ns=day), {**seen, "date": "1970-01-02"}) == "fail"


def test_a_proof_is_asked_of_claims() -> None:
    strict = rule(proof=True)
    assert examples.verdict(strict, {"participants": ["US"], "touches": [relay(evidence="claim")]}) == "open"
    assert examples.verdict(strict, {"participants": ["US"], "touches": [relay()]}) == "fail"


def test_examples_that_disagree_are_named() -> None:
    seen = {"participants": ["US"], "touches": [relay()]}
    lying: Rule = rule("liar", examples={"pass": (seen,), "fail": (seen,)}, file="liar.yaml")
    assert examples.check(lying) == ["liar.yaml: example 1 of `pass` of rule liar is fail"]


@pytest.mark.parametrize("shipped", rules.load(rules.shipped()).rules, ids=lambda each: each.id)
def test_every_example_of_every_shipped_rule(shipped: Rule) -> None:
    assert any(shipped.examples.values())
    assert examples.check(shipped) == []
