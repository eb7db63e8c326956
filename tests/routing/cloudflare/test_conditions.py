"""Conditions of rules: what a country or a region decides, and that nothing else is."""

import pytest

from auditor.routing.cloudflare.conditions import Facts, holds, named

DE = Facts("www.example.com", "DE", "WEU")


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("", True),
        ('ip.geoip.country eq "DE"', True),
        ('ip.src.country == "US"', False),
        ('ip.src.country != "US"', True),
        ('ip.geoip.country in {"US" "DE"}', True),
        ('ip.geoip.country in {"US", "FR"}', None),
        ('not ip.geoip.country in {"US"}', True),
        ('!(ip.geoip.country eq "DE")', False),
        ('not not ip.geoip.country eq "DE"', True),
        ('ip.geoip.country eq "US" or ip.geoip.country eq "DE"', True),
        ('ip.geoip.country eq "DE" and cf.load_balancer.region eq "ENAM"', False),
        ('(ip.geoip.country eq "DE") xor (cf.load_balancer.region eq "WEU")', False),
        ('ip.geoip.country eq "US" && http.request.uri.path contains "/x"', False),
        ('ip.geoip.country eq "DE" || http.request.uri.path contains "/x"', True),
        ('ip.geoip.country eq "DE" && http.request.uri.path contains "/x"', None),
        ('http.request.uri.path contains "and or not ("', None),
        ('any(http.request.headers["x"][*] == "y") and ip.geoip.country eq "US"', False),
        ("dns.qry.type == 28", None),
        ('ip.geoip.continent eq "EU"', None),
        ('lower(ip.geoip.country) eq "de"', None),
        ("ip.geoip.country in {DE}", None),
        ("ip.geoip.country in $list", None),
        ('ip.geoip.country eq "DE" "US"', None),
        ('ip.geoip.country eq "D\\"E"', None),
        ('ip.geoip.country eq "DE" and', None),
        ('(ip.geoip.country eq "DE"', None),
        ('ip.geoip.country eq "DE")', None),
        ('cf.load_balancer.name eq "www.example.com"', True),
        ("(" * 5000, None),
        ("(" * 300 + 'ip.geoip.country eq "DE"' + ")" * 300, None),
        ("x" * 5000 + ' or ip.geoip.country eq "DE"', None),
        ("not " * 1000 + 'ip.geoip.country eq "DE"', True),
    ],
)
def test_conditions(condition: str, value: bool | None) -> None:
    assert holds(condition, DE) is value


def test_what_is_not_known_decides_nothing() -> None:
    nobody = Facts("www.example.com", None, None)
    assert holds('ip.geoip.country eq "DE"', nobody) is None
    assert holds('ip.geoip.country eq "DE" or cf.load_balancer.name eq "www.example.com"', nobody) is True


def test_what_is_named() -> None:
    assert named('ip.geoip.country in {"DE" "US"} and http.host eq "x"') == ({"DE", "US", "x"}, frozenset())
    assert named('cf.load_balancer.region eq "WEU"') == (frozenset(), {"WEU"})
    assert named("") == (frozenset(), frozenset())
