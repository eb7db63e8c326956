"""What an open finding asks for closes it: supplied as asked, round by round, until nothing is open."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from auditor.judge.settle import Subject, settles
from auditor.model.report import Settle, Verdict
from auditor.model.rule import Choice, Rule
from tests.builders import OVERSEAS, Row, audit, client, end, facts, flow, inputs, names, rule, server
from tests.judge.test_soundness import FAMILIES, some_rule, together, traffic

SIDES = ("src", "dst")
SOURCES = [entry.name for entry in inputs()]
LOCAL = ("10.", "192.168.")


def country(addr: str) -> str:
    return random.Random(addr).choice(["CN", "HK", "US", "CA"])


def ends(rows: list[Row], wanted: Callable[[Row, str], bool], **columns: Any) -> list[Row]:
    """Change columns of the ends that are wanted."""
    found = []
    for row in rows:
        new = dict(row)
        for side in SIDES:
            if wanted(row, side):
                new |= {f"{side}_{name}": value for name, value in columns.items()}
        found.append(new)
    return found


def supply(rows: list[Row], judged: Rule, settle: Settle) -> tuple[list[Row], Rule]:
    """Do as a finding asks: what a line of the inventory, of the catalogue or another capture would change."""
    where, fact = settle.subject, settle.fact

    def of(row: Row, side: str) -> bool:
        return bool(row[f"{side}_addr"] == where)

    def flows_of(**columns: Any) -> list[Row]:
        return [{**row, **columns} if of(row, "src") or of(row, "dst") else row for row in rows]

    if fact == "client":
        return ends(rows, of, role="client", proven=country(where), claimed=""), judged
    if fact == "site":
        place = {"proven": country(where), "claimed": "", "site": "north", "operator": "Acme"}
        role = (
            {} if not any(of(r, s) and r[f"{s}_role"] == "unknown" for r in rows for s in SIDES) else {"role": "server"}
        )
        holds = {"label": judged.applies.population.name} if "holds" in settle.text else {}
        return ends(rows, of, **place, **role, **holds), judged
    if fact == "vantage":
        here = [row for row in rows if SOURCES[row["source"]] == where]
        away = [row for row in rows if SOURCES[row["source"]] != where]
        declared = [{**row, "vantage": where} for row in here]
        return [*ends(declared, lambda r, s: r[f"{s}_addr"].startswith(LOCAL), proven="US"), *away], judged
    if fact == "coverage":
        return rows, replace(judged, applies=replace(judged.applies, roster="as-observed"))
    if fact == "evidence":  # there is none
        return rows, replace(judged, asserts=replace(judged.asserts, evidence=""))
    if fact == "operator":
        asserts = judged.asserts
        if asserts.operated is not None:
            homes = {**asserts.operated.homes, "Acme": country(where)}
            judged = replace(judged, asserts=replace(asserts, operated=replace(asserts.operated, homes=homes)))
        return ends(rows, of, operator="Acme"), judged
    if fact == "account":
        chosen = judged.asserts.selection
        if chosen is None:
            return ends(rows, of, label="account:acme"), judged
        chosen = replace(chosen, accounts={**chosen.accounts, "acme": Choice("US")}, whose="host")
        return flows_of(account="acme"), replace(judged, asserts=replace(judged.asserts, selection=chosen))
    changes: dict[str, list[Row]] = {
        "plane": flows_of(plane="media"),
        "service": flows_of(service="zoom"),
        "packets": [
            {**row, "encrypted": row["encrypted"] or "yes", "app": row["app"].replace("stun", "rtp")}
            for row in flows_of(outcome="", basis="observed")
        ],
        "direction": [{**row, "opened": "handshake"} for row in rows],
        "date": [{**row, "first_ns": row["first_ns"] or 1, "last_ns": row["first_ns"] or 1} for row in rows],
    }
    return changes[fact], judged


def closed(rows: list[Row], judged: Rule, rounds: int = 12) -> int:
    """Supply what is asked until nothing is open; return after how many rounds."""
    for i in range(rounds):
        report = audit(rows, judged)
        asked = [settle for finding in report.findings for settle in finding.settles]
        if not any(finding.verdict == Verdict.OPEN for finding in report.findings):
            return i
        assert all(finding.settles for finding in report.findings if finding.verdict == Verdict.OPEN)
        subjects: set[str] = set()
        for settle in asked:
            if settle.subject not in subjects:  # one may be asked for as a site or as a client: it is one of them
                subjects.add(settle.subject)
                rows, judged = supply(rows, judged, settle)
    raise AssertionError((rows, judged, asked))


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_open_closes_when_what_it_asks_for_is_supplied(family: str) -> None:
    options, chance = FAMILIES[family], random.Random(family)
    judged = [some_rule(chance, i, options) for i in range(30)]
    share = options.get("share", 1)
    rounds = [
        closed(together(sessions), chance.choice(judged))
        for sessions in (traffic(chance, options, share) for _ in range(15))
    ]
    assert max(rounds) > 0, "some were open"


def test_flows_of_their_own_close_too() -> None:
    rows = [
        flow(record=i, plane="unknown", **client(f"192.168.7.{i}"), **end("dst", f"3.80.0.{i}", "unknown"))
        for i in (1, 2)
    ]
    assert closed(rows, rule(planes=frozenset({"media"}))) > 0


def asked(*rows: Row, **fields: Any) -> set[tuple[str, str]]:
    return facts(audit(rows, rule(**fields)))


PERSON, PLACE = client("142.1.33.4", proven="CA"), server("52.81.151.250", proven="CN")


def test_each_condition_names_its_fact() -> None:
    there = "52.81.151.250"
    unknown = flow(plane="unknown", **PERSON, **PLACE)
    assert asked(unknown, planes=frozenset({"media"})) == {("plane", there)}
    assert asked(unknown, services=names("zoom")) == {("service", there)}
    assert asked(unknown, asserted=names("zoom")) == {("service", there)}
    assert asked(unknown, operators=names("Acme")) == {("operator", there)}
    assert asked(unknown, sites=names("north")) == {("site", there)}
    assert asked(unknown, directions=frozenset({"to"})) == {("direction", "a.pcap")}
    assert asked(flow(**PERSON, **end("dst", there, "unknown", proven="CN"))) == {("site", there), ("client", there)}
    assert asked(flow(first_ns=0, last_ns=30, **PERSON, **PLACE), since_ns=10, until_ns=20) == {("date", "a.pcap")}
    assert asked(flow(**client("8.8.8.8"), **PLACE)) == {("client", "8.8.8.8")}
    assert asked(flow(**client("10.0.0.1"), **PLACE)) == {("client", "10.0.0.1"), ("vantage", "a.pcap")}
    assert asked(flow(**client("10.0.0.1"), **PLACE, vantage="office")) == {("client", "10.0.0.1")}
    assert asked(flow(**PERSON, **server("fd00::1"))) == {("site", "fd00::1"), ("vantage", "a.pcap")}
    assert asked(flow(**client("8.8.8.8", proven="!"), **PLACE)) == {("client", "8.8.8.8")}
    assert asked(unknown, verb="must_be_encrypted") == {("packets", "142.1.33.4"), ("packets", there)}
    assert asked(flow(**PERSON, **PLACE, encrypted="no", outcome="unanswered"), verb="must_be_encrypted") == {
        ("packets", "142.1.33.4"),
        ("packets", there),
    }
    own = rule(roles=frozenset({"client"}), quantifier="")
    assert facts(audit([flow(**client("8.8.8.8"), **PLACE)], own)) == {("client", "8.8.8.8")}


def test_what_does_not_matter_is_not_asked() -> None:
    """Where a place is allowed wherever it may be, nobody has to say what it is; nor where the rule does not apply."""
    assert not asked(
        flow(plane="unknown", **client("8.8.8.8"), **server("3.80.0.1", proven="US")), planes=frozenset("a")
    )
    assert not asked(flow(plane="unknown", **client("8.8.8.8", proven="CN"), **server("9.9.9.9")))


def test_a_site_that_holds_data_of_unknown_people_is_asked_for_its_label() -> None:
    sender = server("3.80.0.1", proven="US", side="src", label="somebody")
    (finding,) = audit([flow(**sender, **PLACE)], rule(population=OVERSEAS)).findings
    assert [(settle.fact, settle.subject) for settle in finding.settles] == [("site", "3.80.0.1")]
    assert "holds" in finding.settles[0].text


def test_what_a_configuration_names_is_called_so() -> None:
    host = Subject("@host:a.example.net", "server", "", "routing.yaml", configured=True)
    (operator,) = settles([("operator", [host])], [])
    assert (operator.subject, operator.text) == (
        "a.example.net", "Say under sites in the inventory who operates a.example.net."
    )  # fmt: skip
