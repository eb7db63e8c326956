from dataclasses import fields
from pathlib import Path

import pytest

from auditor.model.rule import Assertion, Scope
from tests.rules.lint.packs import PACK, checks, found, rule

STAY = "must_stay_in: {countries: [%s]}"
TOUCH = "must_not_touch: {countries: [%s]}"


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        (("{}", STAY % "CN"), ("{}", STAY % "US, CA"), "error"),
        (("{}", STAY % "CN"), ("{}", STAY % "CN, US"), ""),
        (("{}", STAY % "CN"), ("{}", TOUCH % "CN, HK"), "error"),
        (("{}", STAY % "CN, US"), ("{}", TOUCH % "CN"), ""),
        (("{}", "must_not_touch: {countries: {except: [CN]}}"), ("{}", TOUCH % "CN"), "error"),
        (("{planes: [media]}", STAY % "CN"), ("{planes: [keys]}", STAY % "US"), ""),
        (("{planes: [media]}", STAY % "CN"), ("{planes: [keys, media]}", STAY % "US"), "error"),
        (("{planes: [media, recording]}", STAY % "CN"), ("{planes: [keys, media]}", STAY % "US"), "warning"),
        (("{services: [zoom]}", STAY % "CN"), ("{services: {except: [zoom]}}", STAY % "US"), ""),
        (("{direction: to}", STAY % "CN"), ("{direction: from}", STAY % "US"), ""),
        (("{}", "must_stay_in: {countries: [CN], as: [hop]}"), ("{}", STAY % "US"), ""),
        (("{participants: any mainland}", STAY % "CN"), ("{participants: any american}", STAY % "US"), "warning"),
        (("{participants: all mainland}", STAY % "CN"), ("{participants: all american}", STAY % "US"), "note"),
        (
            ("{participants: all mainland, by: location}", STAY % "CN"),
            ("{participants: all american}", STAY % "US"),
            "",
        ),
        (("{participants: all american}", STAY % "CN"), ("{participants: all overseas}", STAY % "US"), "error"),
        (("{participants: mixed mainland}", STAY % "CN"), ("{participants: all mainland}", STAY % "US"), ""),
        (("{participants: none overseas}", STAY % "CN"), ("{participants: all mainland}", STAY % "US"), "error"),
        (("{}", "must_stay_in: {operators: [Google]}"), ("{}", "must_not_touch: {operators: [Google, Zoom]}"), "error"),
        (("{}", "must_stay_in: {operators: [Google]}"), ("{}", "must_not_touch: {operators: {except: [Google]}}"), ""),
        (
            ("{}", "must_stay_in: {operators: [Google]}"),
            ("{}", "must_not_touch: {operators: [Google], countries: [CN]}"),
            "",
        ),
        (
            ("{}", "must_stay_in: {operators: [Google], countries: [CN]}"),
            ("{}", "must_not_touch: {operators: [Google], countries: [CN, HK]}"),
            "error",
        ),
        (("{}", "must_be_encrypted: {}"), ("{}", STAY % "US"), ""),
    ],
)  # fmt: skip
def test_contradictions(tmp_path: Path, one: tuple[str, str], other: tuple[str, str], severity: str) -> None:
    wanted = [("contradiction", severity, "b")] if severity else []
    said = checks(tmp_path, rule("a", *one), rule("b", *other))
    assert [each for each in said if each[0] == "contradiction"] == wanted
    turned = checks(tmp_path, rule("a", *other), rule("b", *one))
    assert [each for each in turned if each[0] == "contradiction"] == wanted


def test_rules_of_different_times_contradict_nothing(tmp_path: Path) -> None:
    one = rule("a", "{}", STAY % "CN", "valid: {until: 2027-01-01}")
    other = rule("b", "{}", STAY % "US", "valid: {from: 2026-06-01}")
    (remark,) = found(tmp_path, one, other)
    assert "(from 2026-06-01)" in remark.what
    assert remark.severity == "warning"  # neither time holds the other
    assert checks(tmp_path, one, other.replace("2026-06-01", "2027-01-01")) == [("not-yet", "note", "b")]


def test_three_rules_that_leave_nothing_together(tmp_path: Path) -> None:
    rules = [
        rule("a", "{planes: [media]}", STAY % "CN, US"),
        rule("b", "{}", STAY % "US, FR", severity="low"),
        rule("c", "{}", STAY % "FR, CN"),
        rule("d", "{}", STAY % "FR, CN, US"),
    ]
    said = [each for each in found(tmp_path, *rules) if each.check == "no-place-left"]
    assert [(each.rule, each.severity) for each in said] == [("a", "error")]
    assert "with b, c no country is left" in said[0].what


@pytest.mark.parametrize(
    ("narrow", "wide", "shadows"),
    [
        (("{planes: [media]}", TOUCH % "CN"), ("{}", TOUCH % "CN"), True),
        (("{planes: [media]}", TOUCH % "CN"), ("{}", TOUCH % "CN, HK"), True),
        (("{}", TOUCH % "CN, HK"), ("{planes: [media]}", TOUCH % "CN"), False),
        (("{}", STAY % "CN, US"), ("{}", STAY % "CN"), True),
        (("{}", TOUCH % "CN"), ("{}", STAY % "US"), True),
        (("{}", "must_not_touch: {countries: [CN], operators: [Google]}"), ("{}", TOUCH % "CN"), True),
        (("{}", STAY % "US"), ("{}", "must_not_touch: {countries: {except: [US, CA]}}"), False),
        (("{}", STAY % "US, CA"), ("{}", "must_not_touch: {countries: {except: [US]}}"), True),
        (("{participants: all american}", TOUCH % "CN"), ("{participants: all overseas}", TOUCH % "CN"), True),
        (("{participants: any american}", TOUCH % "CN"), ("{participants: all overseas}", TOUCH % "CN"), False),
        (("{}", "must_stay_in: {countries: [US], selection: host}"), ("{}", STAY % "US"), False),
        (("{}", STAY % "US"), ("{}", "must_stay_in: {countries: [US], selection: host}"), True),
        (("{}", "must_be_encrypted: {as: [relay]}"), ("{}", "must_be_encrypted: {}"), True),
        (("{recognised: true, planes: [media]}", TOUCH % "CN"), ("{planes: [media]}", TOUCH % "CN"), True),
        (("{planes: [media]}", TOUCH % "CN"), ("{recognised: true, planes: [media]}", TOUCH % "CN"), False),
        (("{bases: [observed]}", TOUCH % "CN"), ("{}", TOUCH % "CN"), True),
        (("{outcomes: [carried, rejected]}", TOUCH % "CN"), ("{}", TOUCH % "CN"), False),
    ],
)  # fmt: skip
def test_shadows(tmp_path: Path, narrow: tuple[str, str], wide: tuple[str, str], shadows: bool) -> None:
    wanted = [("shadowed", "warning", "a")] if shadows else []
    said = checks(tmp_path, rule("a", *narrow, severity="low"), rule("b", *wide))
    assert [each for each in said if each[0] == "shadowed"] == wanted


def test_a_more_severe_rule_for_less_is_no_shadow(tmp_path: Path) -> None:
    narrow = rule("a", "{planes: [keys]}", TOUCH % "CN", severity="critical")
    assert checks(tmp_path, narrow, rule("b", "{}", TOUCH % "CN")) == []


def test_proof_is_asked_by_less_severe_rules(tmp_path: Path) -> None:
    proof = rule("a", "{}", TOUCH % "CN", "proof: required")
    assert checks(tmp_path, proof, rule("b", "{}", TOUCH % "CN")) == [("shadowed", "warning", "a")]


def test_duplicates_are_named_once_and_are_no_shadows(tmp_path: Path) -> None:
    pack = PACK + "territories: {here: {title: Here, countries: [CN]}}\n"
    rules = rule("a", "{}", TOUCH % "CN"), rule("b", "{}", "must_not_touch: {territory: here}", severity="low")
    (remark,) = found(tmp_path, *rules, pack=pack)
    assert (remark.check, remark.severity, remark.rule) == ("duplicate", "warning", "b")
    assert remark.what == f"means the same as a ({tmp_path}/p/a.yaml:1)"


def test_rules_of_two_packs_may_say_the_same(tmp_path: Path) -> None:
    from auditor.rules import lint
    from tests.rules.lint.packs import AS_OF, folder

    one = folder(tmp_path / "one", rule("a", "{}", TOUCH % "CN"))
    other = folder(tmp_path / "other", rule("b", "{}", TOUCH % "CN"), pack=PACK.replace("a-pack", "b-pack"))
    said = lint.remarks(lint.given([str(one), str(other)], AS_OF))
    assert [each.severity for each in said if each.check == "duplicate"] == ["note"]


def test_lint_knows_all_that_a_rule_can_say() -> None:
    """Whoever adds to scope or assertion says here that `crowd` and `asked` (and `rules.details`) heed it."""
    scope = {"quantifier", "population", "roster", "by", "planes", "services", "directions", "bases", "outcomes"}
    assert {each.name for each in fields(Scope)} == scope | {"recognised", "selections"}
    places = {"countries", "operators", "operated", "services", "sites", "selection", "roles"}
    assert {each.name for each in fields(Assertion)} == places | {"verb", "territory", "evidence"}
