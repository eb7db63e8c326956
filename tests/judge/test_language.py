"""Parts of the rule language one by one: how people belong, attempts, operators, selections, the unseen."""

from typing import Any

import pytest

from auditor.judge import examples
from auditor.model.report import Verdict
from auditor.model.rule import Choice, Operated, Population, Selection
from auditor.report.phrases import happened
from tests.builders import audit, but, client, counts, facts, flow, rule, server

ACME = Population("acme", "CN", frozenset({"acme"}))


@pytest.mark.parametrize(
    ("by", "label", "country", "said"),
    [
        ("", "acme", "US", "fail"),
        ("", "", "CN", "fail"),
        ("location", "acme", "US", "not_applicable"),
        ("location", "other", "CN", "fail"),
        ("account", "acme", "US", "fail"),
        ("account", "account:acme", "US", "fail"),
        ("account", "guests, account:acme", "US", "fail"),
        ("account", "account:other", "CN", "not_applicable"),
        ("account", "", "CN", "open"),
        ("account", "guests", "CN", "open"),
    ],
)
def test_people_belong_by_place_or_by_account(by: str, label: str, country: str, said: str) -> None:
    row = flow(**client("1.1.1.1", proven=country, label=label), **server("2.2.2.2", proven="CN"))
    assert counts(audit([row], rule(population=ACME, by=by))) == {said: 1}


@pytest.mark.parametrize(("where", "said"), [("CN", "not_applicable"), ("-CN", "open"), ("!", "open")])
def test_the_label_of_another_population_excludes_only_those_who_live_apart(where: str, said: str) -> None:
    staff, abroad = Population("staff", where, frozenset({"staff"})), Population("abroad", "US", frozenset({"abroad"}))
    row = flow(**client("1.1.1.1", proven="US", label="abroad"), **server("2.2.2.2", proven="CN"))
    assert counts(audit([row], rule(population=staff, by="account", folk=(staff, abroad)))) == {said: 1}


@pytest.mark.parametrize(
    ("outcome", "asked", "said"),
    [
        ("", {"carried"}, {"fail": 1}),
        ("unanswered", {"carried"}, {"open": 1}),
        ("unanswered", {"carried", "unanswered"}, {"fail": 1}),
        ("rejected", {"carried"}, {}),
        ("rejected", {"rejected"}, {"fail": 1}),
        ("", {"rejected"}, {"open": 1}),
    ],
)
def test_attempts_count_where_a_rule_says_so(outcome: str, asked: set[str], said: dict[str, int]) -> None:
    row = flow(outcome=outcome, **client("1.1.1.1", proven="US"), **server("2.2.2.2", proven="CN"))
    assert counts(audit([row], rule(outcomes=frozenset(asked)))) == said


@pytest.mark.parametrize("session", ["call", None])
def test_what_was_rejected_changes_nothing_for_other_rules(session: str | None) -> None:
    held = flow(session=session, **client("1.1.1.1", proven="US"), **server("2.2.2.2", proven="CN"))
    refused = {**held, "record": 2, "outcome": "rejected", "src_addr": "9.9.9.9", "src_proven": "CN"}
    plain, asks = rule("plain"), rule("asks", outcomes=frozenset({"carried", "rejected"}))
    both = audit([held, refused], plain, asks)
    assert counts(both) == {"fail": 1}
    alone = audit([held, refused], plain)
    assert [entry for entry in both.findings if entry.rule == "plain"] == list(alone.findings)
    assert both.participants == alone.participants
    assert both.touched == alone.touched


@pytest.mark.parametrize(
    ("operator", "said"),
    [("Red Cloud", "fail"), ("Blue Cloud", "pass"), ("Both", "open"), ("Unheard", "open"), ("", "open")],
)
def test_who_controls_an_operator_is_asked_of_a_table(operator: str, said: str) -> None:
    homes = {"Red Cloud": "CN", "Blue Cloud": "US", "Both": "CN+US"}
    row = flow(**client("1.1.1.1", proven="US"), **server("2.2.2.2", proven="US", operator=operator))
    report = audit([row], rule(countries=None, operated=Operated("CN+RU", homes)))
    assert counts(report) == {said: 1}
    assert (("operator", "2.2.2.2") in facts(report)) == (said == "open")
    assert not any(finding.proven for finding in report.findings), "names are claims"


CHOICES = {"acme": Choice("US"), "globex": Choice(outside="CN"), "initech": Choice(sites=frozenset({"fra-1"}))}


@pytest.mark.parametrize(
    ("people", "host", "place", "whose", "said"),
    [
        (["account:acme"], "acme", {"proven": "US"}, "host", "pass"),
        (["account:acme"], "acme", {"proven": "CN"}, "host", "fail"),
        (["account:acme"], "", {"proven": "FR", "site": "par-1"}, "host", "open"),
        (["account:acme"], "acme", {"proven": "CN+US"}, "host", "open"),
        (["account:acme", "account:globex"], "", {"proven": "FR"}, "host", "open"),
        (["account:acme", "account:globex"], "", {"proven": "CN", "site": "pek-1"}, "host", "fail"),
        (["account:acme", "account:globex"], "", {"proven": "FR"}, "participants", "fail"),
        (["account:acme", "account:globex"], "globex", {"proven": "FR"}, "host", "pass"),
        (["account:acme"], "acme", {"proven": "FR"}, "host", "fail"),
        (["account:unlisted"], "unlisted", {"proven": "JP"}, "host", "pass"),
        (["account:unlisted"], "unlisted", {"proven": "CN"}, "host", "fail"),
        ([""], "", {"proven": "CN", "site": "pek-1"}, "host", "fail"),
        ([""], "", {"proven": "CN"}, "host", "open"),
        ([""], "", {"proven": "US"}, "host", "open"),
        (["account:initech"], "initech", {"proven": "DE", "site": "fra-1"}, "host", "pass"),
        (["account:initech"], "initech", {"proven": "DE", "site": "fra-2"}, "host", "fail"),
        (["account:initech"], "initech", {"proven": "DE"}, "host", "open"),
    ],
)
def test_a_session_stays_where_its_account_chose(
    people: list[str], host: str, place: dict[str, Any], whose: str, said: str
) -> None:
    rows = [
        flow(
            session="call",
            record=i,
            account=host,
            **client(f"1.1.1.{i}", proven="US", label=label),
            **server("2.2.2.2", **place),
        )
        for i, label in enumerate(people, 1)
    ]
    asks = rule(
        quantifier="", countries=None, verb="must_stay_in", selection=Selection(whose, CHOICES, Choice(outside="CN"))
    )
    report = audit(rows, asks)
    assert counts(report) == {said: 1}
    assert all(settle.fact in ("account", "site", "vantage") for f in report.findings for settle in f.settles)


def test_without_a_file_of_selections_nothing_passes() -> None:
    row = flow(**client("1.1.1.1", proven="US", label="account:acme"), **server("2.2.2.2", proven="US"))
    report = audit([row], rule(quantifier="", countries=None, verb="must_stay_in", selection=Selection("host")))
    assert counts(report) == {"open": 1}
    assert facts(report) == {("account", "2.2.2.2")}


def test_what_no_traffic_shows_is_one_open_finding_and_never_passes() -> None:
    rows = [
        flow(record=i, plane=plane, **client("1.1.1.1", proven="US"), **server(f"2.2.2.{i}", proven=where))
        for i, (plane, where) in enumerate([("media", "US"), ("keys", "CN"), ("other", "*")], 1)
    ]
    unseen = rule(verb="not_observable", evidence="a list of copies", countries=None)
    report = audit(rows, unseen)
    assert counts(report) == {"open": 3}
    (finding,) = report.findings
    assert (finding.verdict, finding.place.countries, finding.plane, finding.sessions) == (
        Verdict.OPEN,
        "*",
        "unknown",
        3,
    )
    assert [settle.text for settle in finding.settles] == ["No traffic can show it. What would: a list of copies."]
    elsewhere = flow(**client("1.1.1.1", proven="CN"), **server("2.2.2.2", proven="US"))
    assert counts(audit([elsewhere], unseen)) == {"not_applicable": 1}


def test_examples_tell_of_accounts() -> None:
    asks = rule(quantifier="", countries=None, verb="must_stay_in", selection=Selection("host"))
    told = {"touches": [{"country": "CN"}], "account": "acme", "selections": {"acme": Choice("US")}}
    assert examples.verdict(asks, told) == "fail"
    assert examples.verdict(asks, {**told, "selections": {"acme": Choice("CN")}}) == "pass"
    assert examples.verdict(asks, {**told, "account": "globex"}) == "open"
    assert examples.verdict(asks, {**told, "account": "globex", "selections": {"default": Choice("US")}}) == "fail"


@pytest.mark.parametrize(("place", "said"), [("US", "pass"), ("CN", "open"), ("CN+US", "open"), ("*", "open")])
@pytest.mark.parametrize("verb", ["must_stay_in", "must_not_touch"])
def test_what_something_unseen_may_allow_is_open_and_never_fails(verb: str, place: str, said: str) -> None:
    where = "US" if verb == "must_stay_in" else but("US")
    row = flow(**client("1.1.1.1", proven="US"), **server("2.2.2.2", proven=place))
    report = audit([row], rule(verb=verb, countries=where, evidence="a contract"))
    assert counts(report) == {said: 1}
    settled = {settle.fact: settle.text for finding in report.findings for settle in finding.settles}
    assert set(settled) == {"pass": set(), "open": {"evidence"} if place == "CN" else {"site"}}[said]
    if place == "CN":
        assert settled["evidence"] == "That is allowed with this, which no traffic can show: a contract."
        assert happened(report.findings[0]).endswith(" No traffic can show whether that was allowed.")


def test_an_attempt_that_something_unseen_may_allow_is_told_as_an_attempt() -> None:
    row = flow(outcome="unanswered", **client("1.1.1.1", proven="US"), **server("2.2.2.2", proven="CN"))
    report = audit([row], rule(evidence="a contract"))
    assert {fact for fact, _ in facts(report)} == {"packets", "evidence"}
    assert happened(report.findings[0]).startswith("It is open whether ")


@pytest.mark.parametrize(
    ("account", "place", "said"),
    [
        ("acme", "CN", "fail"), ("acme", "US", "pass"), ("initech", "CN", "pass"), ("unlisted", "CN", "fail"),
        ("", "CN", "open"), ("", "US", "pass"),
    ],
)  # fmt: skip
def test_what_an_account_has_not_selected(account: str, place: str, said: str) -> None:
    choices = {"acme": Choice("US"), "initech": Choice("CN+US")}
    row = flow(account=account, **client("1.1.1.1", proven="US"), **server("2.2.2.2", proven=place))
    asks = rule(quantifier="", countries="CN", selection=Selection("host", choices, Choice(outside="CN")))
    assert counts(audit([row], asks)) == {said: 1}
