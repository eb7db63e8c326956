from dataclasses import replace

import pytest

from auditor.model.countries import CODES
from auditor.model.report import Participants, Place, Verdict
from auditor.report import words

from . import samples


@pytest.mark.parametrize(
    ("ns", "digits", "text"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (1_585_897_200_123_456_789, 9, "2020-04-03T07:00:00.123456789Z"),
        (1_585_897_200_123_956_789, 3, "2020-04-03T07:00:00.123Z"),
        (-1, 9, "1969-12-31T23:59:59.999999999Z"),
        (2**63 - 1, 0, "2262-04-11T23:47:16Z"),
    ],
)
def test_times(ns: int, digits: int, text: str) -> None:
    assert words.utc(ns, digits) == text


def test_a_span_in_one_second_is_one_time() -> None:
    second = 1_585_897_200_000_000_000
    assert words.span(second, second + 5) == "2020-04-03 07:00:00 UTC"
    assert words.span(second, second + 60 * 10**9) == "2020-04-03 07:00:00 to 2020-04-03 07:01:00 UTC"
    assert words.span(0, 0) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("CN", "mainland China"),
        ("CN+HK", "mainland China or Hong Kong"),
        ("AT+BE+CN+DE+FR", "one of 5 countries (AT, BE, CN, DE, FR)"),
        ("-CN+RU", "anywhere but mainland China and Russia"),
        ("+".join(CODES[:40]), "one of 40 countries"),
        ("-CN", "anywhere but mainland China"),
        ("*", "anywhere"),
        ("", ""),
    ],
)
def test_country_sets(value: str, text: str) -> None:
    assert words.where(value) == text


def test_every_code_has_a_name() -> None:
    assert {code for code in CODES if words.country(code) == code} == set()


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (41_812_028, "41.8 MB")]
)
def test_sizes(count: int, text: str) -> None:
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("population", "text"),
    [
        ("all overseas", "2 sessions of overseas participants"),
        ("any mainland", "2 sessions with mainland participants"),
        ("mixed mainland", "2 sessions between mainland and other participants"),
        ("", "2 sessions"),
        ("{0.__class__}", "2 sessions"),
    ],
)
def test_people(population: str, text: str) -> None:
    assert words.people(population, 2) == text


def test_a_contradiction_names_no_country() -> None:
    finding = replace(samples.OPEN, place=Place("!", "contradiction", "", "Example Transit"), endpoint_count=3)
    assert words.happened(finding) == (
        "1 session of overseas participants exchanged audio, video or shared screens with a place whose proofs "
        "contradict each other: Example Transit, 103.122.166.55 and 2 more addresses."
    )


def test_an_offer_is_no_exchange() -> None:
    assert "no packet was seen to go there" in words.happened(samples.ANYWHERE)
    assert "exchanged" not in words.happened(samples.ANYWHERE)


def test_an_uncertain_end_is_said_to_be_one() -> None:
    text = words.whose(Participants("CN", "tenant-7", "192.0.2.1", certain=False))
    assert text == (
        "Mainland China, labelled tenant-7 (for example 192.0.2.1); this end may be a participant or a place"
    )


def test_titles() -> None:
    assert words.title(samples.FAIL) == "Traffic went where the rules forbid it"
    assert words.title(samples.EMPTY) == "Nothing in this evidence falls under the rules"
    assert words.title(samples.PASS) == "Everything that was examined stayed where the rules allow"
    assert "not everything could be decided" in words.title(samples.UNDECIDED)
    assert "examined" in words.title(replace(samples.PASS, verdict=Verdict.OPEN))
