"""Sessions that fall under rules of which one asks for what the other forbids."""

import random
from itertools import combinations
from typing import Any

import pytest

from auditor.model import countries
from auditor.model.report import Report, Verdict
from auditor.model.rule import Choice, Population, Rule, Selection
from tests.builders import Row, audit, client, flow, rule, server
from tests.judge.test_soundness import some_rule, together, traffic

EU = Population("eu", "DE+FR")
CHINA = Population("china", "CN")


def stays(id: str, people: Population, where: str, **more: Any) -> Rule:
    return rule(id, quantifier="any", population=people, verb="must_stay_in", countries=where, **more)


def meeting(place: str = "CN", *people: str, session: str | None = "m", **more: Any) -> list[Row]:
    return [
        flow(
            session=session,
            record=i,
            plane="media",
            **client(f"1.1.1.{i}", proven=where),
            **server(f"2.2.2.{len(place)}{ord(place[0])}", proven=place),
            **more,
        )
        for i, where in enumerate(people or ("DE", "CN"), 1)
    ]


def told(report: Report) -> list[tuple[tuple[str, ...], int]]:
    return [(conflict.rules, conflict.sessions) for conflict in report.conflicts]


@pytest.mark.parametrize("place", ["CN", "DE", "US", "*"])
def test_wherever_a_session_is_two_laws_conflict(place: str) -> None:
    laws = stays("pipl", CHINA, "CN"), stays("gdpr", EU, "DE+FR")
    report = audit([*meeting(place), *meeting(place, "DE", session="home")], *laws)
    assert told(report) == [(("pipl", "gdpr"), 1)]
    (conflict,) = report.conflicts
    assert (conflict.first_sessions, conflict.planes) == (("m",), ("media",))
    for finding in report.findings:
        others = {"pipl": ("gdpr",), "gdpr": ("pipl",)}[finding.rule]
        assert finding.conflicts == others


def test_a_finding_without_a_torn_session_names_no_conflict() -> None:
    laws = stays("pipl", CHINA, "CN"), stays("gdpr", EU, "DE+FR")
    report = audit([*meeting("DE"), *meeting("US", "DE", session="home")], *laws)
    found = {(finding.rule, finding.place.countries): finding.conflicts for finding in report.findings}
    assert found == {("pipl", "DE"): ("gdpr",), ("gdpr", "US"): ()}


def test_forbidden_and_demanded_conflict_and_what_only_may_bind_does_not() -> None:
    keeps, away = stays("keeps", CHINA, "CN"), rule("away", quantifier="any", population=EU, countries="CN+RU")
    assert told(audit(meeting(), keeps, away)) == [(("keeps", "away"), 1)]
    assert told(audit(meeting("CN", "DE", "CN+HK"), keeps, away)) == []
    assert (
        told(
            audit(
                meeting(),
                keeps,
                rule("away", population=EU, countries="CN+RU", planes=frozenset({"keys"}), quantifier="any"),
            )
        )
        == []
    )
    assert told(audit(meeting(outcome="unanswered"), keeps, away)) == []
    assert told(audit(meeting(), keeps, rule("away", quantifier="any", population=EU, countries="RU"))) == []


def test_three_rules_of_which_any_two_can_be_obeyed() -> None:
    laws = [
        stays(name, CHINA, where) for name, where in (("a", "CN+US"), ("b", "CN+FR"), ("c", "FR+US"), ("d", "CN+FR+US"))
    ]
    assert told(audit(meeting(), *laws)) == [(("a", "b", "c"), 1)]


def test_laws_conflict_only_in_the_time_of_both() -> None:
    later = stays("later", EU, "DE+FR", since_ns=5_000)
    rows = [*meeting(), *meeting(session="then", first_ns=6_000, last_ns=7_000)]
    report = audit(rows, stays("pipl", CHINA, "CN"), later)
    assert [(c.rules, c.first_sessions) for c in report.conflicts] == [(("pipl", "later"), ("then",))]


def test_flows_of_their_own_are_counted_and_named() -> None:
    laws = (
        rule("one", quantifier="", verb="must_stay_in", countries="CN"),
        rule("two", quantifier="", verb="must_stay_in", countries="FR"),
    )
    rows = [*meeting(session=None), *meeting("US", session=None)]
    report = audit(rows, *laws)
    assert told(report) == [(("one", "two"), 4)]
    assert report.conflicts[0].first_sessions[0] == "flow a.pcap#1"


@pytest.mark.parametrize("seed", range(4))
def test_a_torn_session_passes_no_two_rules_that_exclude_each_other(seed: int) -> None:
    chance = random.Random(f"torn {seed}")
    rows = together(traffic(chance, {"proofs": 0.8}, 40))
    judged = [some_rule(chance, i, {}) for i in range(12)]
    report = audit(rows, *judged)
    by_id = {each.id: each for each in judged}
    seen = 0
    for conflict in report.conflicts:
        left = countries.WORLD
        for name in conflict.rules:
            must = by_id[name].asserts
            mask = countries.bits(must.countries or "*")
            left &= mask if must.verb == "must_stay_in" else countries.WORLD & ~mask
        assert not left, "no country is left"
        for one, other in combinations(conflict.rules, 2):
            assert one != other
        seen += 1
        alone = audit(
            [row for row in rows if row["session"] in conflict.first_sessions], *(by_id[n] for n in conflict.rules)
        )
        assert alone.findings, "such a session breaks a rule, or leaves one open"
        assert alone.verdict != Verdict.PASS
    assert seen, "no session was torn"


def test_what_a_paper_may_allow_or_an_account_select_excludes_nothing() -> None:
    europe = stays("gdpr", EU, "DE+FR")
    paper = stays("pipl", CHINA, "CN", evidence="a security assessment")
    assert told(audit(meeting("US"), paper, europe)) == []
    choices = Selection("host", {}, Choice(outside="DE+FR"))
    opted = rule("opted", quantifier="any", population=CHINA, countries="DE+FR", selection=choices)
    assert told(audit(meeting("DE"), opted, europe)) == []
    never = rule("never", quantifier="any", population=CHINA, countries="DE+FR")
    assert told(audit(meeting("DE"), never, europe)) == [(("never", "gdpr"), 1)]
