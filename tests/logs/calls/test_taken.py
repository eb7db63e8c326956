import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.logs.calls import taken


@pytest.mark.parametrize(
    ("value", "ns"),
    [
        ("2022-03-01T10:15:14Z", 1_646_129_714 * 10**9),
        ("2020-02-25T18:52:21.2169889Z", 1_582_656_741_216_988_900),
        ("2022-03-01T12:15:14+02:00", 1_646_129_714 * 10**9),
        ("2022-03-01 10:15:14", 1_646_129_714 * 10**9),
        (1_646_129_714, 1_646_129_714 * 10**9),
        (1_646_129_714_500, 1_646_129_714_500 * 10**6),
        ("1646129714.25", 1_646_129_714_250_000_000),
        ("1554461443064073", 1_554_461_443_064_073_000),
        (1_646_129_714_000_000_001, 1_646_129_714_000_000_001),
        ("0001-01-01T00:00:00Z", 0),
        ("2022-13-01T10:15:14Z", 0),
        ("9999-12-31T23:59:59-23:59", 0),
        (164_612_971, 0),
        (float("inf"), 0),
        (float("nan"), 0),
        (10**400, 0),
        (True, 0),
        (None, 0),
        ("", 0),
        (["2022"], 0),
    ],
)
def test_times(value: object, ns: int) -> None:
    assert taken.moment(value) == ns


def test_a_time_without_a_zone_is_told() -> None:
    notes: set[str] = set()
    taken.moment("2022-03-01T10:15:14Z", notes)
    assert not notes
    taken.moment("2022-03-01 10:15:14", notes)
    assert notes == {taken.NO_ZONE}


def test_absurd_spans_have_no_time() -> None:
    first, last = 1_646_129_714 * 10**9, 1_646_129_855 * 10**9
    assert taken.span(first, last) == {"first_ns": first, "last_ns": last}
    assert taken.span(0, last) == {"first_ns": last, "last_ns": last}
    assert taken.span(last, first)["detail"] == taken.ODD_TIME
    assert taken.span(first, first * 2)["first_ns"] == 0


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" [2001:db8::1] ", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("0.0.0.0", ""),
        ("::", ""),
        ("x.x.x.x", ""),
        ("10.0.x.x", ""),
        ("6d2c.local", ""),
        ("192.0.2.1" * 100, ""),
        (3, ""),
        (None, ""),
    ],
)
def test_addresses(value: object, address: str) -> None:
    assert taken.address(value) == address


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4))
def test_nothing_raises(value: object) -> None:
    assert isinstance(taken.moment(value), int)
    assert 0 <= taken.port(value) < 1 << 16
    assert isinstance(taken.address(value), str)
    taken.text({"a": value}, "a").encode()
    assert taken.masked(taken.text({"a": value}, "a")).startswith("@masked:")


def test_surrogates_and_long_names_become_harmless() -> None:
    assert taken.text({"a": "x\ud800"}, "a") == "x?"
    name = taken.session("zoom", "x" * 10_000_000)
    assert name is not None
    assert len(name) < 64
