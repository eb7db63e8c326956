"""What Route 53 answers, as its documentation says it: each claim of it by the interpreter, and by the proof."""

import pytest

from auditor.routing.model import Line
from tests.routing.route53.zones import alias, answers, check, client, one, unread, ways, zone

N = "n.example.com."
ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"
H1, H2, H3 = (f"host:h{i}.example.net" for i in (1, 2, 3))
CHECKS = tuple(check(f"h{i}") for i in (1, 2, 3))


def test_a_record_without_a_health_check_always_answers() -> None:
    routing = zone(one(N, ONE, Weight=1, SetIdentifier="a", HealthCheckId="h1"),
                   one(N, TWO, Weight=1, SetIdentifier="b"), checks=CHECKS)  # fmt: skip
    assert answers(routing, "n.example.com A *") == {ONE, TWO}
    assert answers(routing, "n.example.com A *", H1) == {TWO}
    assert ways(routing, "n.example.com A EU/DE") == {ONE: [], TWO: []}


def test_weight_zero_answers_when_all_others_are_down_and_never_when_none_is_healthy() -> None:
    routing = zone(
        one(N, ONE, Weight=5, SetIdentifier="a", HealthCheckId="h1"),
        one(N, TWO, Weight=1, SetIdentifier="b", HealthCheckId="h2"),
        one(N, THREE, Weight=0, SetIdentifier="c", HealthCheckId="h3"), checks=CHECKS,
    )  # fmt: skip
    assert answers(routing, "n.example.com A *", H1) == {TWO}
    assert answers(routing, "n.example.com A *", H1, H2) == {THREE}
    assert answers(routing, "n.example.com A *", H1, H2, H3) == {ONE, TWO}
    assert ways(routing, "n.example.com A *") == {ONE: [], TWO: [], THREE: [H1, H2]}


def test_weights_that_are_all_zero_are_equal() -> None:
    routing = zone(one(N, ONE, Weight=0, SetIdentifier="a"), one(N, TWO, Weight=0, SetIdentifier="b"))
    assert answers(routing, "n.example.com A *") == {ONE, TWO}


def test_failover_goes_back_to_the_primary_when_the_secondary_is_unhealthy_too() -> None:
    routing = zone(
        one(N, ONE, Failover="PRIMARY", SetIdentifier="p", HealthCheckId="h1"),
        one(N, TWO, Failover="SECONDARY", SetIdentifier="s", HealthCheckId="h2"), checks=CHECKS,
    )  # fmt: skip
    assert answers(routing, "n.example.com A *") == {ONE}
    assert answers(routing, "n.example.com A *", H1) == {TWO}
    assert answers(routing, "n.example.com A *", H1, H2) == {ONE}
    assert answers(routing, "n.example.com A *", H2) == {ONE}


GEO = (
    one(N, "192.0.2.10", GeoLocation={"CountryCode": "US", "SubdivisionCode": "NY"}, SetIdentifier="ny",
        HealthCheckId="h1"),
    one(N, "192.0.2.11", GeoLocation={"CountryCode": "US"}, SetIdentifier="us", HealthCheckId="h2"),
    one(N, "192.0.2.12", GeoLocation={"ContinentCode": "NA"}, SetIdentifier="na", HealthCheckId="h3"),
    one(N, "192.0.2.13", GeoLocation={"CountryCode": "*"}, SetIdentifier="rest"),
)  # fmt: skip


def test_the_smallest_region_answers_and_then_the_larger_ones() -> None:
    routing = zone(*GEO, checks=CHECKS)
    ny, us = "n.example.com A NA/US/NY", "n.example.com A NA/US"
    assert answers(routing, ny) == {"192.0.2.10"}
    assert answers(routing, ny, H1) == {"192.0.2.11"}
    assert answers(routing, ny, H1, H2) == {"192.0.2.12"}
    assert answers(routing, ny, H1, H2, H3) == {"192.0.2.13"}
    assert ways(routing, ny)["192.0.2.13"] == [H1, H2, H3]
    assert answers(routing, us) == {"192.0.2.11"}
    assert ways(routing, "n.example.com A NA/CA") == {"192.0.2.12": [], "192.0.2.13": [H3]}
    assert ways(routing, "n.example.com A EU/DE") == {"192.0.2.13": []}
    assert client(routing, ny).countries == client(routing, us).countries == "US"
    assert client(routing, "n.example.com A *").countries == "*"


def test_without_a_default_others_get_no_answer() -> None:
    routing = zone(*GEO[:3], checks=CHECKS)
    assert client(routing, "n.example.com A EU/DE").root is None
    assert client(routing, "n.example.com A *").root is None
    assert answers(routing, "n.example.com A EU/DE") == set()
    assert answers(routing, "n.example.com A NA/CA", H3) == {"192.0.2.12"}


def test_countries_of_one_treatment_share_a_graph() -> None:
    routing = zone(*GEO, checks=CHECKS)
    roots = {id(each.root) for each in routing.clients}
    assert len(roots) == 4
    assert client(routing, "n.example.com A EU/DE").root is client(routing, "n.example.com A AS/JP").root
    assert len({each.name for each in routing.clients}) == len(routing.clients) == 246 + 1 + 1


def test_all_healthy_values_of_a_multivalue_answer_are_given_and_all_when_none_is() -> None:
    routing = zone(*(one(N, f"192.0.2.{i}", MultiValueAnswer=True, SetIdentifier=str(i), HealthCheckId=f"h{i}")
                     for i in (1, 2)), checks=CHECKS)  # fmt: skip
    assert answers(routing, "n.example.com A *") == {ONE, TWO}
    assert answers(routing, "n.example.com A *", H1) == {TWO}
    assert answers(routing, "n.example.com A *", H1, H2) == {ONE, TWO}


@pytest.mark.parametrize("element", ["Region", "GeoProximityLocation"])
def test_any_may_be_nearest_and_the_region_is_what_the_record_declares(element: str) -> None:
    def near(region: str) -> object:
        return region if element == "Region" else {"AWSRegion": region, "Bias": 10}

    routing = zone(one(N, ONE, SetIdentifier="a", **{element: near("eu-west-1")}),
                   one(N, TWO, SetIdentifier="b", **{element: near("cn-north-1")}))  # fmt: skip
    assert ways(routing, "n.example.com A EU/DE") == {ONE: [], TWO: []}
    assert {site.name: site.region for site in routing.sites.values()} == {ONE: "aws/eu-west-1", TWO: "aws/cn-north-1"}


LEAVES = (
    one("eu.example.com.", ONE, Weight=1, SetIdentifier="a", HealthCheckId="h1"),
    one("eu.example.com.", TWO, Weight=1, SetIdentifier="b", HealthCheckId="h2"),
    one("us.example.com.", THREE),
)


def test_an_alias_that_evaluates_health_is_healthy_if_any_record_of_its_target_is() -> None:
    routing = zone(*LEAVES, alias(N, "eu.example.com.", Failover="PRIMARY", SetIdentifier="p"),
                   alias(N, "us.example.com.", Failover="SECONDARY", SetIdentifier="s"), checks=CHECKS)  # fmt: skip
    assert answers(routing, "n.example.com A *", H1) == {TWO}
    assert answers(routing, "n.example.com A *", H1, H2) == {THREE}
    assert ways(routing, "n.example.com A *") == {ONE: [], TWO: [], THREE: [H1, H2]}
    assert {each.name.split()[0] for each in routing.clients} == {"n.example.com"}  # the others are parts of its tree


def test_an_alias_that_does_not_evaluate_health_never_backs_out() -> None:
    routing = zone(*LEAVES, alias(N, "eu.example.com.", health=False, Failover="PRIMARY", SetIdentifier="p"),
                   alias(N, "us.example.com.", Failover="SECONDARY", SetIdentifier="s"), checks=CHECKS)  # fmt: skip
    assert answers(routing, "n.example.com A *", H1, H2) == {ONE, TWO}
    assert ways(routing, "n.example.com A *") == {ONE: [], TWO: []}


def test_a_health_check_of_an_alias_counts_beside_that_of_its_target() -> None:
    routing = zone(*LEAVES, alias(N, "eu.example.com.", Failover="PRIMARY", SetIdentifier="p", HealthCheckId="h3"),
                   alias(N, "us.example.com.", Failover="SECONDARY", SetIdentifier="s", HealthCheckId="h3"),
                   checks=CHECKS)  # fmt: skip
    assert answers(routing, "n.example.com A *", H1, H2) == {THREE}
    assert answers(routing, "n.example.com A *", H3) == {ONE, TWO}  # none is healthy: the primary answers
    assert answers(routing, "n.example.com A *", H3, H1) == {TWO}
    assert ways(routing, "n.example.com A *")[THREE] == [H1, H2]


def test_the_health_of_a_load_balancer_is_a_fault_and_its_name_tells_its_region() -> None:
    lb = "dualstack.lb-1.eu-west-1.elb.amazonaws.com"
    routing = zone(alias(N, f"{lb}.", Failover="PRIMARY", SetIdentifier="p"),
                   one(N, TWO, Failover="SECONDARY", SetIdentifier="s"))  # fmt: skip
    assert ways(routing, "n.example.com A *") == {lb: [], TWO: [f"target:{lb}"]}
    assert routing.sites[lb].region == "aws/eu-west-1"
    assert routing.sites[lb].hosts == (lb,)


def test_a_distribution_of_cloudfront_never_fails() -> None:
    routing = zone(alias(N, "d111111abcdef8.cloudfront.net.", Failover="PRIMARY", SetIdentifier="p"),
                   one(N, TWO, Failover="SECONDARY", SetIdentifier="s"))  # fmt: skip
    assert ways(routing, "n.example.com A *") == {"d111111abcdef8.cloudfront.net": []}
    assert any("CloudFront" in each.text for each in routing.remarks)


CALCULATED = (
    one(N, ONE, Failover="PRIMARY", SetIdentifier="p", HealthCheckId="c"),
    one(N, TWO, Failover="SECONDARY", SetIdentifier="s"),
)


@pytest.mark.parametrize(("threshold", "size"), [(0, None), (1, 3), (2, 2), (3, 1), (4, 0)])
def test_a_calculated_health_check_counts_its_children(threshold: int, size: int | None) -> None:
    children = ["h1", "h2", "h3"]
    whole = check("c", Type="CALCULATED", HealthThreshold=threshold, ChildHealthChecks=children)
    routing = zone(*CALCULATED, checks=(*CHECKS, whole))
    found = ways(routing, "n.example.com A *")
    assert (None if TWO not in found else len(found[TWO])) == size
    if size:
        assert answers(routing, "n.example.com A *", *[H1, H2, H3][:size]) == {TWO}


def test_health_checks_that_probe_one_endpoint_fail_together() -> None:
    same = {"Type": "HTTPS", "FullyQualifiedDomainName": "a.example.net", "Port": 443, "ResourcePath": "/up"}
    records = (one(N, ONE, Failover="PRIMARY", SetIdentifier="p", HealthCheckId="x"),
               one(N, TWO, Failover="SECONDARY", SetIdentifier="s", HealthCheckId="y"))  # fmt: skip
    together = zone(*records, checks=(check("x", **same), check("y", **same)))
    assert ways(together, "n.example.com A *") == {ONE: []}
    apart = zone(*records, checks=(check("x", **same), check("y", **{**same, "ResourcePath": "/other"})))
    found = ways(apart, "n.example.com A *")
    assert len(found[TWO]) == 1
    assert found[TWO] != ["host:a.example.net"]
    assert answers(apart, "n.example.com A *", "host:a.example.net") == {ONE}


def test_disabled_checks_are_healthy_and_inverted_ones_of_these_never() -> None:
    plain = {"Type": "TCP", "IPAddress": "192.0.2.9", "Port": 1}
    for inverted, expected in ((False, {ONE: []}), (True, {TWO: []})):
        routing = zone(*CALCULATED, checks=(check("c", **plain, Disabled=True, Inverted=inverted),))
        assert ways(routing, "n.example.com A *") == expected
        assert any("is disabled" in each.text for each in routing.remarks)


def test_an_inverted_check_is_an_outage_of_its_own_and_told() -> None:
    routing = zone(*CALCULATED, checks=(check("c", Type="TCP", IPAddress="192.0.2.9", Port=1, Inverted=True),))
    assert ways(routing, "n.example.com A *") == {ONE: [], TWO: ["check:c"]}
    assert any("inverted" in each.text for each in routing.remarks)


def test_a_health_check_that_probes_the_other_site_is_remarked_with_its_line() -> None:
    lbs = [f"{name}.eu-west-1.elb.amazonaws.com" for name in "ab"]
    probe = {"Type": "TCP", "FullyQualifiedDomainName": lbs[0], "Port": 443}
    routing = zone(
        alias(N, lbs[0], GeoLocation={"CountryCode": "*"}, SetIdentifier="a", HealthCheckId="x"),
        alias(N, lbs[1], GeoLocation={"ContinentCode": "EU"}, SetIdentifier="b", HealthCheckId="y"),
        checks=(check("x", **probe), check("y", **probe)),
    )  # fmt: skip
    (remark,) = [each for each in routing.remarks if "guards" in each.text]
    assert "health check y" in remark.text
    assert "n.example.com A b" in remark.text
    assert lbs[0] in remark.text
    assert remark.at.file == "checks.json"
    assert remark.at.line > 10
    assert ways(routing, "n.example.com A EU/DE")[lbs[0]] == [f"target:{lbs[1]}"]


def test_names_are_followed_inside_of_the_zone_with_wildcards() -> None:
    routing = zone(
        one(N, "x.y.example.com.", kind="CNAME"), one("\\052.y.example.com", ONE), one("*.y.example.com", "2001:db8::1",
            kind="AAAA"), one("out.example.com", "Elsewhere.example.net.", kind="CNAME"),
        one("_sip._tcp.example.com", "10 5 5060 n.example.com.", kind="SRV"), one("example.com", "5 out.example.com",
            kind="MX"),
    )  # fmt: skip
    assert ways(routing, "n.example.com CNAME (A) EU/DE") == {ONE: []}
    assert ways(routing, "n.example.com CNAME (AAAA) EU/DE") == {"2001:db8::1": []}
    assert ways(routing, "out.example.com CNAME *") == {"elsewhere.example.net": []}
    assert ways(routing, "_sip._tcp.example.com SRV (A) *") == {ONE: []}
    assert ways(routing, "example.com MX *") == {"elsewhere.example.net": []}
    assert routing.sites["elsewhere.example.net"].hosts == ("elsewhere.example.net",)


def test_types_that_are_answered_alike_are_one() -> None:
    lb = "lb-1.eu-west-1.elb.amazonaws.com"
    routing = zone(alias(N, lb), alias(N, lb, kind="AAAA"), one("m.example.com", ONE),
                   one("m.example.com", "2001:db8::1", kind="AAAA"))  # fmt: skip
    names = {each.name.removesuffix(" *") for each in routing.clients if each.name.endswith(" *")}
    assert names == {"n.example.com A+AAAA", "m.example.com A", "m.example.com AAAA"}


def test_the_line_of_a_way_is_that_of_its_record() -> None:
    routing = zone(*GEO, checks=CHECKS)
    lines = [each["Name"] for each in GEO]
    assert len(lines) == 4
    found = routing.replay(client(routing, "n.example.com A NA/US/NY"), frozenset({H1}))
    assert [each.at.file for each in found.steps] == ["zone.json", "zone.json"]
    first, second = (each.at for each in found.steps)
    assert first == Line("zone.json", 4)
    assert second.line > first.line + 8
    assert found.steps[0].text == "n.example.com A ny is unhealthy, go on"
    assert unread(routing) == []


def test_parts_of_a_tree_are_told_and_the_name_of_the_zone_is_asked_for_by_itself() -> None:
    tree = (alias(N, "example.com.", Weight=1, SetIdentifier="a"), alias(N, "_x.example.com.", Weight=1,
            SetIdentifier="b"), alias(N, "eu.example.com.", Weight=1, SetIdentifier="c"), one("_x.example.com.", ONE),
            one("eu.example.com.", TWO), one("example.com.", THREE))  # fmt: skip
    routing = zone(*tree, one("example.com.", "ns-1.example.net. a. 1 7200 900 1209600 86400", kind="SOA"))
    assert {each.name.split(" ")[0] for each in routing.clients} == {"n.example.com", "example.com"}
    (remark,) = routing.remarks
    assert remark.text.startswith("eu.example.com A is judged as a part of n.example.com (line 26)")
