from datetime import date
from pathlib import Path

import pytest

from auditor.rules import lint
from tests.rules.lint.packs import PACK, checks, found, rule

STAY = "must_stay_in: {countries: [US]}"


def test_a_rule_whose_time_is_over(tmp_path: Path) -> None:
    text = rule("a", "{}", STAY, "valid:\n  until: 2026-11-23")
    (remark,) = found(tmp_path, text)
    assert (remark.check, remark.severity, remark.line) == ("expired", "warning", 9)
    assert remark.what == "judges no traffic since 2026-11-23"
    assert found(tmp_path, text, as_of=date(2026, 11, 22)) == []


def test_a_rule_that_another_one_follows_is_noted(tmp_path: Path) -> None:
    old, new = (
        rule("a", "{}", STAY, "valid: {until: 2025-07-01}"),
        rule("b", "{}", STAY, "valid: {from: 2025-07-01}"),
    )
    (remark,) = found(tmp_path, old, new)
    assert (remark.check, remark.severity) == ("expired", "note")
    assert remark.what.endswith("; b takes over")
    assert checks(tmp_path, old, new.replace("from: 2025-07-01", "from: 2025-07-02"))[0][1] == "warning"


def test_a_rule_before_its_time(tmp_path: Path) -> None:
    assert checks(tmp_path, rule("a", "{}", STAY, "valid: {from: 2026-12-01}")) == [("not-yet", "note", "a")]


@pytest.mark.parametrize(("as_of", "old"), [(date(2028, 1, 31), False), (date(2028, 2, 1), True)])
def test_a_pack_ages(tmp_path: Path, as_of: date, old: bool) -> None:
    said = checks(tmp_path, rule("a", "{}", STAY), as_of=as_of)
    own = [each for each in said if each[0] == "stale-pack"]
    assert own == ([("stale-pack", "warning", "")] if old else [])
    assert not [each for each in checks(tmp_path, rule("a", "{}", STAY), as_of=as_of, stale=60) if "stale" in each[0]]


def test_a_changing_territory_ages_by_its_newest_source(tmp_path: Path) -> None:
    members = "members: [{countries: [FR], from: 2000-01-01}], "

    def remarks(sources: str, members: str = members, asked: str = "must_stay_in: {territory: v}") -> list[lint.Remark]:
        pack = PACK + f"territories:\n  u: {{title: U, countries: [DE], {members}sources: [{sources}]}}\n"
        pack += "  v: {title: V, includes: [u]}\n"
        return [each for each in found(tmp_path, rule("a", "{}", asked), pack=pack) if "stale" in each.check]

    assert remarks("{title: T, date: 2026-01-01}, {title: S, date: 2010-01-01}") == []
    assert remarks("{title: T, date: 2010-01-01}", members="") == []
    assert remarks("{title: T, date: 2010-01-01}", asked=STAY) == []  # nothing uses it
    (old,) = remarks("{title: T, date: 2024-01-01}")
    assert old.what == "territory u changes with time, and its newest source is of 2024-01-01, 34 months ago"
    assert old.severity == "note"
    (undated,) = remarks("{title: T}")
    assert undated.what.endswith("names no dated source")


def test_references_have_days_that_have_come(tmp_path: Path) -> None:
    text = rule("a", "{}", STAY, "references:\n  - {title: One}\n  - title: Two\n    date: 2027-01-01")
    none, late = found(tmp_path, text)
    assert (none.severity, none.line, none.check) == ("note", 9, "reference-date")
    assert (late.severity, late.line, late.what) == (
        "warning",
        11,
        "reference `Two` is of 2027-01-01, which has not come",
    )
