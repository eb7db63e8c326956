from pathlib import Path

import pytest

from tests.rules.lint.packs import PACK, checks, found, rule


@pytest.mark.parametrize(
    ("applies", "asserts", "check"),
    [
        ("{participants: mixed china-mainland}", "must_stay_in: {countries: [US]}", ""),
        ("{participants: none world}", "must_stay_in: {countries: [US]}", "never-applies"),
        ("{participants: mixed world}", "must_stay_in: {countries: [US]}", "never-applies"),
        ("{participants: all nowhere, by: location}", "must_stay_in: {countries: [US]}", "never-applies"),
        ("{participants: all nowhere}", "must_stay_in: {countries: [US]}", ""),
        ("{participants: any staff, by: location}", "must_stay_in: {countries: [US]}", "never-applies"),
        ("{}", "must_stay_in: {territory: [one, other]}", "never-fails"),
        ("{}", "must_not_touch: {territory: {except: [one, other]}}", "never-fails"),
        ("{}", "must_not_touch: {territory: [one, other]}", "never-passes"),
        ("{}", "must_stay_in: {territory: {except: [one, other]}}", "never-passes"),
        ("{services: [zoom]}", "must_not_touch: {services: [sentry]}", "never-fails"),
        ("{services: [zoom]}", "must_not_touch: {services: {except: [zoom]}}", "never-fails"),
        ("{services: [zoom]}", "must_stay_in: {services: [zoom, sentry]}", "never-fails"),
        ("{services: [zoom]}", "must_stay_in: {services: [sentry]}", "never-passes"),
        ("{services: [zoom]}", "must_not_touch: {services: [zoom]}", "never-passes"),
        ("{services: [zoom]}", "must_not_touch: {services: [zoom], countries: [CN]}", ""),
        ("{services: {except: [zoom]}}", "must_not_touch: {services: [sentry]}", ""),
        ("{}", "must_not_touch: {operator_countries: [CN]}", ""),
        ("{}", "must_stay_in: {selection: host}", ""),
        ("{}", "must_be_encrypted: {}", ""),
        ("{}", "not_observable: {evidence: A list}", ""),
    ],
)
def test_what_can_never_be(tmp_path: Path, applies: str, asserts: str, check: str) -> None:
    pack = PACK + (
        "  world: {territory: whole}\n"
        "  nowhere: {territory: {except: [whole]}, labels: [x]}\n"
        "territories:\n  one: {title: One, countries: [CN]}\n"
        "  other: {title: Other, includes: [the-rest]}\n"
        "  whole: {title: All, includes: [one, other]}\n"
        f"  the-rest: {{title: Rest, countries: [{_all_but('CN')}]}}\n"
    )
    wanted = [(check, "error", "a")] if check else []
    assert [each for each in checks(tmp_path, rule("a", applies, asserts), pack=pack) if each[2]] == wanted


def _all_but(code: str) -> str:
    from auditor.model import countries

    return ", ".join(each for each in countries.CODES if each not in (code, "XK")) + ", XK" * (code != "XK")


def test_an_operator_country_that_nobody_has_is_a_warning(tmp_path: Path) -> None:
    text = rule("a", "{}", "must_not_touch: {operator_countries: [AQ]}")
    assert checks(tmp_path, text) == [("never-fails", "warning", "a")]
    text = rule("a", "{}", "must_stay_in: {operator_countries: [AQ]}")
    assert checks(tmp_path, text) == [("never-passes", "warning", "a")]
    pack = PACK + "operators: [{names: [Ice], countries: [AQ]}]\n"
    assert checks(tmp_path, text, pack=pack) == []


def test_one_empty_era_of_several_is_named_with_its_time(tmp_path: Path) -> None:
    pack = PACK + (
        "territories:\n"
        "  union: {title: Union, sources: [{title: T, date: 2026-01-01}],"
        " members: [{countries: [FR], from: 2000-01-01, until: 2010-01-01}]}\n"
    )
    text = rule("a", "{}", "must_not_touch:\n  territory: union")
    (remark,) = found(tmp_path, text, pack=pack)
    assert (remark.check, remark.severity, remark.line) == ("never-fails", "warning", 8)
    assert remark.what == "never fails until 2000-01-01: no place meets its condition `countries`"


def test_proof_of_who_runs_a_place_comes_from_an_inventory(tmp_path: Path) -> None:
    text = rule("a", "{}", "must_not_touch: {operators: [Google]}", "proof: required")
    assert checks(tmp_path, text) == [("proof-from-inventory", "note", "a")]
