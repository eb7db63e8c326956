from typing import Any

import pytest

from auditor.logs.monitors import fields
from auditor.logs.monitors.stamps import Stamp, stamp

NS = 1600000000 * 10**9


@pytest.mark.parametrize(
    ("value", "ns", "zoneless"),
    [
        ("2020-09-13T12:26:40Z", NS, False),
        ("2020-09-13T14:26:40.000000001+02:00", NS + 1, False),
        ("2020/09/13 12:26:40", NS, True),
        ("2020-09-13T12:26:40,5+0000", NS + 500_000_000, False),
        ("2020-09-13 12:26", NS - 40 * 10**9, True),
        ("2016-12-31T23:59:60Z", 1483228800 * 10**9, False),  # a leap second
        ("2020-09-13T12:26:61Z", 0, False),
        ("2020-02-30T12:26:40Z", 0, False),
        ("1980-01-01T00:00:00Z", 0, False),
        ("1600000000", NS, False),
        ("1600000000.123456", NS + 123456000, False),
        (1600000000123, NS + 123_000_000, False),
        (1600000000.25, NS + 250_000_000, False),
        (1600000000123456, NS + 123_456_000, False),
        (1600000000123456789, NS + 123456789, False),
        ("-", 0, False),
        (True, 0, False),
        (float("nan"), 0, False),
        (float("inf"), 0, False),
        (1 << 70, 0, False),
        (None, 0, False),
        ("9" * 5000, 0, False),
    ],
)
def test_moments(value: Any, ns: int, zoneless: bool) -> None:
    assert fields.moment(value) == (ns, zoneless)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", 12), ("-1", None), ("1.5", None), ("", None), ("9" * 30, None), (7, 7), (-7, None), (True, None), (2.0, 2),
     ("²", None),
     (float("nan"), None), (1 << 70, None), (None, None)],
)  # fmt: skip
def test_counts(value: Any, expected: int | None) -> None:
    assert fields.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("192.0.2.1:80", ("192.0.2.1", 80)), ("[2001:db8::1]:80", ("2001:db8::1", 80)),
     ("2001:db8::1", ("2001:db8::1", 0)),
     ("192.0.2.1", ("192.0.2.1", 0)), ("a:99999", ("a", 0)), ("", ("", 0)), ("[", ("", 0))],
)  # fmt: skip
def test_ends(value: str, expected: tuple[str, int]) -> None:
    assert fields.ended(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("6", "tcp"),
        (17, "udp"),
        ("TCP", "tcp"),
        ("ip/47", "ip/47"),
        ("GRE", "ip/47"),
        ("999", ""),
        ("whatever", ""),
        (None, ""),
    ],
)
def test_transports(value: Any, expected: str) -> None:
    assert fields.transport(value) == expected
    assert fields.transport("icmp", "2001:db8::1") == "icmp6"


def test_call_ids_are_named_as_in_captures() -> None:
    assert fields.call("a84b@example.org") == "a84b@example.org"
    assert fields.call("zoom:1") == "sip:zoom:1"
    assert fields.call("a\x1bb") == "a%1Bb"
    assert fields.call("-") is None


def test_hosts_by_name_are_marked() -> None:
    assert fields.host("App.example.net") == "@host:app.example.net"
    assert fields.host("192.0.2.1") == "192.0.2.1"
    assert fields.host("999.0.2.1") == "999.0.2.1"  # no address, and no name either
    assert fields.host("=cmd()") == "=cmd()"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("<13>Sep 13 12:26:40 fw1 ", Stamp(0, False, "fw1")),
        ("Sep 13 2020 12:26:40.5 UTC: ", Stamp(NS + 500_000_000, False, "")),
        ("Sep 13 12:26:40 2020 fw1 : ", Stamp(NS, True, "fw1")),
        ("2020-09-13T12:26:40Z 2001:db8::1 ", Stamp(NS, False, "2001:db8::1")),
        ("Foo 13 2020 12:26:40 x", Stamp()),
        ("", Stamp()),
    ],
)
def test_headers(header: str, expected: Stamp) -> None:
    assert stamp(header) == expected
