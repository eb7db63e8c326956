from dataclasses import replace
from pathlib import Path

from auditor import rules
from auditor.model.rule import Assertion, Control, Names, Operated, Population, Rule, Scope, Selection
from auditor.rules.details import details
from tests.rules.test_dated import club


def said(rule: Rule, heading: str, full: bool = False) -> list[str]:
    return dict(details(rule, full=full)).get(heading, [])


ANY = Scope()
STAY = Assertion("must_stay_in", "CN")


def made(scope: Scope = ANY, must: Assertion = STAY, **more: object) -> Rule:
    return Rule("r", "R", "low", scope, must, "w", "f", **more)  # type: ignore[arg-type]


def test_every_shipped_rule_says_all_of_its_parts() -> None:
    for rule in rules.load(rules.shipped()).rules:
        parts = dict(details(rule))
        assert {"Whom", "Which traffic", "When", "What counts as evidence", "What stays open"} <= parts.keys()
        assert len(parts["What it promises"]) == sum(map(len, rule.examples.values()))
        assert all(paragraph == paragraph.strip() for paragraphs in parts.values() for paragraph in paragraphs)
        assert len(parts["What it rests on"]) == len(rule.references)


def test_whom() -> None:
    staff = Population("staff", labels=frozenset({"staff", "admins"}))
    people = said(made(Scope("none", staff, "complete", "account")), "Whom")
    assert people[0] == "Sessions of which no participant belongs to staff."
    assert people[1] == "staff: whoever is labelled admins or staff."
    assert "alone, wherever they are" in people[2]
    assert people[3].startswith("A complete list of participants is asked for")
    assert said(made(), "Whom") == ["Every session, whoever takes part."]


def test_countries_are_said_in_full() -> None:
    wide = made(Scope("all", Population("overseas", "-CN")))
    assert said(wide, "Whom")[1] == "overseas: whoever is in every country but CN."
    assert said(wide, "Whom", full=True)[1].startswith("overseas: whoever is in 249 countries: AD, AE, AF")
    many = "AT+BE+BG+CY+CZ+DE+DK+EE+ES+FI+FR+GR+HR+HU+IE"
    assert said(made(must=Assertion("must_stay_in", many)), "What must be")[1].endswith("HU, IE")


def test_traffic() -> None:
    scope = Scope(
        planes=frozenset({"media", "keys"}),
        services=Names(frozenset({"zoom"}), True),
        directions=frozenset({"from"}),
    )
    assert said(made(scope), "Which traffic") == [
        "Traffic that is keys or media, or of which that is not known.",
        "Traffic of any service but zoom, or of which the service is not known.",
        "Traffic that was opened by the place, or of which that is not known.",
        "A place counts where it is a relay or server, or may be one; as client or hop it does not.",
    ]
    known = said(made(replace(scope, recognised=True)), "Which traffic")[0]
    assert known.endswith("what is not recognised is out of scope.")


def test_assertions() -> None:
    must = Assertion(
        "must_not_touch",
        operators=Names(frozenset({"Acme"})),
        operated=Operated("CN", {"Ice": "AQ", "Jade": "CN"}, "mainland China"),
        services=Names(frozenset({"zoom"}), True),
        sites=Names(frozenset({"x"})),
    )
    assert said(made(must=must), "What must not be") == [
        "No such place may be all of this at once:",
        "- run by Acme",
        "- run by somebody controlled from mainland China: CN (known of Jade)",
        "- serving any service but zoom",
        "- the site x of the inventory",
    ]
    chosen = Assertion("must_stay_in", selection=Selection("host", file="s.yaml"))
    assert said(made(must=chosen), "What must be")[1] == (
        "- where the account whose session it is has chosen to be, by s.yaml"
    )
    unseen = made(must=Assertion("not_observable", evidence="A list."))
    assert said(unseen, "What no traffic shows")[0] == "What would show it: A list."
    assert said(unseen, "What stays open") == ["Always, wherever it applies or may apply."]
    secret = made(Scope(bases=frozenset({"observed"})), Assertion("must_be_encrypted"))
    assert said(secret, "What counts as evidence")[1].endswith("is not judged.")


def test_evidence() -> None:
    scope = Scope(bases=frozenset({"observed", "offered"}), outcomes=frozenset({"carried", "rejected"}))
    evidence = said(made(scope, proof=True), "What counts as evidence")
    assert evidence[0] == "What packets show (observed) and what was merely offered (offered) counts."
    assert "(configured) is open at most, where it would be a violation." in evidence[1]
    assert evidence[2] == "An exchange that carried something or that was rejected counts."
    assert evidence[3] == "One that nobody answered is open at most, where it would be a violation."
    assert evidence[4].startswith("Only proof of a place counts")


def test_times_and_changing_sets(tmp_path: Path) -> None:
    dated = club(tmp_path)
    short, full = said(dated, "When"), said(dated, "When", full=True)
    assert short[0] == "Traffic of any time."
    assert "They changed: since " in short[2]
    assert len(full) == len(short) + len(dated.eras())
    assert "when it was" in said(dated, "What stays open")[0]
    assert said(made(since_ns=0), "When")[0].startswith("Traffic from 1970-01-01 (UTC)")


def test_controls_are_listed() -> None:
    assert said(made(controls=(Control("ISO/IEC 27001:2022", "A.5.14"),)), "Controls it gives evidence for") == [
        "ISO/IEC 27001:2022: A.5.14"
    ]
