import pytest

from auditor.model.countries import CODES
from auditor.report import words


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


def test_names_bear_their_article_inside_a_sentence() -> None:
    assert words.where("NL+US", sentence=True) == "the Netherlands or the United States"
    assert words.where("NL+US") == "Netherlands or United States"
    assert words.where("-KY", sentence=True) == "anywhere but the Cayman Islands"
