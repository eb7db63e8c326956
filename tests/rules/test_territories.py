"""The shipped territories change on the days on which their texts say so."""

from datetime import date, timedelta
from itertools import chain

import pytest

from auditor import rules
from auditor.model import countries, documents, timeline
from auditor.rules import format as form
from auditor.rules import named

DOCUMENT = documents.load(rules.builtin() / "territories.yaml")
GIVEN = documents.convert(DOCUMENT, form.Territories).territories
FOUND = named.territories(DOCUMENT, GIVEN)


def on(territory: str, day: str | date) -> set[str]:
    moment = documents.nanoseconds(date.fromisoformat(str(day)))
    return set(countries.members(timeline.at(FOUND[territory].where, moment)))


@pytest.mark.parametrize(
    ("territory", "country", "first", "end"),
    [
        ("eu", "AT", "1995-01-01", None), ("eu", "PL", "2004-05-01", None), ("eu", "RO", "2007-01-01", None),
        ("eu", "HR", "2013-07-01", None), ("eu", "GB", None, "2020-02-01"),
        ("eea", "LI", "1995-05-01", None), ("eea", "CY", "2004-05-01", None), ("eea", "BG", "2007-08-01", None),
        ("eea", "HR", "2014-04-12", None), ("eea", "GB", None, "2020-02-01"),
        ("gdpr-adequate", "CH", "2000-07-26", None), ("gdpr-adequate", "CA", "2001-12-20", None),
        ("gdpr-adequate", "AR", "2003-06-30", None), ("gdpr-adequate", "GG", "2003-11-21", None),
        ("gdpr-adequate", "IM", "2004-04-28", None), ("gdpr-adequate", "JE", "2008-05-08", None),
        ("gdpr-adequate", "FO", "2010-03-05", None), ("gdpr-adequate", "AD", "2010-10-19", None),
        ("gdpr-adequate", "IL", "2011-01-31", None), ("gdpr-adequate", "UY", "2012-08-21", None),
        ("gdpr-adequate", "NZ", "2012-12-19", None), ("gdpr-adequate", "JP", "2019-01-23", None),
        ("gdpr-adequate", "KR", "2021-12-17", None), ("gdpr-adequate", "GB", "2021-06-28", "2031-12-27"),
        ("gdpr-adequate", "US", "2000-07-26", "2015-10-06"), ("gdpr-adequate", "US", "2016-07-12", "2020-07-16"),
        ("gdpr-adequate", "US", "2023-07-10", None), ("gdpr-adequate", "BR", "2026-01-27", None),
        ("countries-of-concern-28cfr202", "HK", "2025-04-08", None),
        ("countries-of-concern-28cfr202", "VE", "2025-04-08", None),
    ],
)  # fmt: skip
def test_members_come_and_go_on_their_days(territory: str, country: str, first: str | None, end: str | None) -> None:
    if first is not None:
        assert country not in on(territory, date.fromisoformat(first) - timedelta(1))
        assert country in on(territory, first)
    if end is not None:
        assert country in on(territory, date.fromisoformat(end) - timedelta(1))
        assert country not in on(territory, end)


@pytest.mark.parametrize(
    ("day", "size"), [("1994-06-01", 12), ("2000-01-01", 15), ("2005-01-01", 25), ("2010-01-01", 27),
                      ("2014-01-01", 28), ("2026-01-01", 27)],
)  # fmt: skip
def test_the_union_has_as_many_members_as_it_had(day: str, size: int) -> None:
    assert len(on("eu", day)) == size


@pytest.mark.parametrize("day", ["2004-05-01", "2010-01-01", "2014-04-12", "2020-01-31", "2020-02-01", "2026-11-23"])
def test_the_area_is_the_union_and_three_more(day: str) -> None:
    assert on("eea", day) - on("eu", day) == {"IS", "LI", "NO"}
    assert on("eu", day) <= on("eea", day)


def test_no_country_of_the_area_needs_a_decision_and_parts_are_of_the_whole() -> None:
    moments = set(chain.from_iterable(timeline.changes(each.where) for each in FOUND.values()))
    for moment in moments:
        day = (date(1970, 1, 1) + timedelta(moment // 86_400_000_000_000)).isoformat()
        assert not on("gdpr-adequate", day) & on("eea", day), day
        assert on("gdpr-adequate-in-part", day) <= on("gdpr-adequate", day), day


def test_each_decision_says_where_it_stands() -> None:
    for members in GIVEN["gdpr-adequate"].members:
        assert members.since is not None
        assert "OJ L" in members.note or members.countries == ("BR",), members.countries


def test_china_is_another_set_for_another_law() -> None:
    assert on("china-mainland", "2026-01-01") == {"CN"}
    assert on("china-28cfr202", "2026-01-01") == {"CN", "HK", "MO"}
    assert on("countries-of-concern-28cfr202", "2026-01-01") >= on("china-28cfr202", "2026-01-01")


def test_the_territories_of_the_united_states_have_codes_of_their_own() -> None:
    assert on("united-states", "2026-01-01") == {"AS", "GU", "MP", "PR", "UM", "US", "VI"}
