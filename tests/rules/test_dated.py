"""Sets of countries that change with time make a rule several rules, each for a time of its own."""

from datetime import date
from pathlib import Path

import pytest

from auditor.judge import examples
from auditor.model.documents import nanoseconds
from auditor.model.rule import Rule
from auditor.rules import speaks
from tests.rules.test_packs import PACK, RULE, one, refused

DATED = (
    PACK
    + """\
territories:
  club:
    title: the club
    countries: [FR]
    members: [{countries: [GB], until: 2020-02-01}, {countries: [HR], from: 2013-07-01}]
  more: {title: the club and more, includes: [club], countries: [NO]}
"""
)


def ns(day: str) -> int:
    return nanoseconds(date.fromisoformat(day))


def club(tmp_path: Path, change: str = "") -> Rule:
    text = RULE.replace("must_not_touch: {territory: china-mainland}", "must_stay_in: {territory: more}" + change)
    return one(tmp_path / "pack", text.replace("country: US, plane", "country: FR, plane"), DATED)


def test_each_time_has_its_own_set(tmp_path: Path) -> None:
    rule = club(tmp_path)
    assert [(era.since_ns, era.until_ns, era.asserts.countries) for era in rule.eras()] == [
        (None, ns("2013-07-01"), "FR+GB+NO"),
        (ns("2013-07-01"), ns("2020-02-01"), "FR+GB+HR+NO"),
        (ns("2020-02-01"), None, "FR+HR+NO"),
    ]
    assert (rule.since_ns, rule.until_ns, rule.asserts.countries) == (None, None, "FR+HR+NO")
    assert speaks(rule).endswith(
        " As it stands from 2020-02-01 on; since 2013-07-01 places with HR; since 2020-02-01 places without GB."
    )


def test_only_the_time_in_which_a_rule_is_valid_counts(tmp_path: Path) -> None:
    rule = club(tmp_path, "\nvalid: {from: 2020-02-01}")
    assert rule.versions == ()
    assert rule.asserts.countries == "FR+HR+NO"


@pytest.mark.parametrize(
    ("country", "day", "said"),
    [
        ("GB", "2020-01-31", "pass"), ("GB", "2020-02-01", "fail"), ("HR", "2013-06-30", "fail"),
        ("HR", "2013-07-01", "pass"), ("FR", None, "pass"), ("GB", None, "fail"), ("US", "1999-01-01", "fail"),
    ],
)  # fmt: skip
def test_traffic_is_judged_by_the_set_of_its_time(tmp_path: Path, country: str, day: str | None, said: str) -> None:
    situation = {"participants": ["DE"], "date": day, "touches": [{"country": country, "plane": "media"}]}
    assert examples.verdict(club(tmp_path), situation) == said


def test_members_have_days_in_order_and_countries_that_exist(tmp_path: Path) -> None:
    backwards = DATED.replace("until: 2020-02-01", "from: 2020-02-01, until: 2020-02-01")
    assert "`until` must be a later day" in refused(tmp_path, RULE, backwards)
    assert "unknown country `UK`" in refused(tmp_path, RULE, DATED.replace("[GB]", "[UK]"))
