"""What Microsoft documents of each routing method, case by case."""

import pytest

from tests.routing.trafficmanager.profiles import (
    answers,
    clients,
    down,
    external,
    nested,
    profile,
    read,
    remarks,
    texts,
    unread,
    ways,
)


def test_priority_tries_endpoints_in_their_order_and_the_first_if_all_are_degraded() -> None:
    routing = read(
        profile("p", "Priority", external("c", priority=9), external("a", priority=1), external("b", priority=4))
    )
    assert unread(routing) == []
    assert answers(routing, "p *") == {"a"}
    assert answers(routing, "p *", "a") == {"b"}
    assert answers(routing, "p *", "a", "b") == {"c"}
    assert answers(routing, "p *", "a", "b", "c") == {"a"}
    assert ways(routing, "p DE") == {"a.example.net": [], "b.example.net": down("a"), "c.example.net": down("a", "b")}
    assert len(routing.clients) == 251


@pytest.mark.parametrize("method", ["Weighted", "Performance", "MultiValue"])
def test_others_share_among_those_online_and_among_all_if_none_is(method: str) -> None:
    routing = read(profile("p", method, external("a"), external("b"), maxReturn=1))
    assert answers(routing, "p *") == {"a", "b"}
    assert answers(routing, "p *", "a") == {"b"}
    assert answers(routing, "p *", "a", "b") == {"a", "b"}


def test_multivalue_answers_each_family_by_itself() -> None:
    routing = read(profile("p", "MultiValue", external("a", "192.0.2.1"), external("b", "2001:db8::1")))
    client = clients(routing, "p *")[0]
    found = routing.replay(client, frozenset({"target:192.0.2.1"}))
    assert found.pools == {"p/a", "p/b"}  # who asks for IPv4 finds nothing else
    assert routing.sites["2001:db8::1"].addresses == ("2001:db8::1",)


def test_disabled_endpoints_and_profiles_answer_nobody() -> None:
    routing = read(profile("p", "Priority", external("a", endpointStatus="Disabled"), external("b")))
    assert ways(routing, "p *") == {"b.example.net": []}
    routing = read(profile("p", "Priority", external("a"), profileStatus="Disabled"))
    assert [each.root for each in clients(routing, "p DE")] == [None]
    assert "is disabled: nobody gets an answer" in remarks(routing)
    assert answers(routing, "p DE") == set()


def test_what_is_always_served_is_not_probed() -> None:
    routing = read(profile("p", "Priority", external("a", alwaysServe="Enabled"), external("b")))
    assert ways(routing, "p *") == {"a.example.net": []}
    assert set(routing.faults) == set(down("b"))


GEO = profile(
    "p", "Geographic", external("world", geoMapping=["WORLD"]), external("eu", geoMapping=["GEO-EU", "US-CA"]),
    external("de", geoMapping=["DE"]), external("us", geoMapping=["US"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("who", "site"),
    [
        ("DE", "de"),
        ("FR", "eu"),
        ("US", "us"),
        ("US-CA", "eu"),
        ("CN", "world"),
        ("XJ", "eu"),
        ("XS", "world"),
        ("*", "world"),
    ],
)
def test_the_smallest_region_answers(who: str, site: str) -> None:
    routing = read(GEO)
    assert unread(routing) == []
    assert ways(routing, f"p {who}") == {f"{site}.example.net": []}


def test_a_region_has_no_failover() -> None:
    routing = read(GEO)
    assert answers(routing, "p DE", "de") == {"de"}
    assert answers(routing, "p DE", "de", "eu", "world", "us") == {"de"}


def test_classes_say_where_they_are() -> None:
    routing = read(GEO)
    where = {each.name: each.countries for each in routing.clients}
    assert [where[f"p {who}"] for who in ("XJ", "US-CA", "*", "DE")] == ["SJ", "US", "*", "DE"]
    assert "p EH" not in where  # the hierarchy does not have it


def test_a_region_without_an_endpoint_gets_no_answer_and_a_disabled_one_is_not_there() -> None:
    routing = read(
        profile(
            "p",
            "Geographic",
            external("eu", geoMapping=["GEO-EU"]),
            external("de", geoMapping=["DE"], endpointStatus="Disabled"),
        )
    )
    assert answers(routing, "p DE") == {"eu"}
    assert [each.root for each in clients(routing, "p CN") + clients(routing, "p *")] == [None, None]
    assert answers(routing, "p CN") == set()


def test_a_stopped_endpoint_of_a_region_leaves_it_without_an_answer() -> None:
    child = profile("c", "Weighted", external("a", endpointStatus="Disabled"))
    routing = read(
        profile("p", "Geographic", nested("c", geoMapping=["DE"]), external("world", geoMapping=["WORLD"])), child
    )
    assert answers(routing, "p DE") == set()
    assert answers(routing, "p FR") == {"world"}


def test_a_nested_profile_fails_over_within_a_region_and_nowhere_else() -> None:
    child = profile("c", "Priority", external("a"), external("b"))
    routing = read(
        profile("p", "Geographic", nested("c", geoMapping=["GEO-EU"]), external("world", geoMapping=["WORLD"])), child
    )
    assert ways(routing, "p DE") == {"a.example.net": [], "b.example.net": down("a")}
    assert answers(routing, "p DE", "a", "b") == {"a"}
    assert "c is judged as a part of p" in remarks(routing)
    assert not clients(routing, "c *")


def test_regions_count_with_no_other_method() -> None:
    routing = read(profile("p", "Priority", external("a", geoMapping=["DE"]), external("b")))
    assert "is a dead fence: routing method Priority ignores it" in remarks(routing)
    assert set(ways(routing, "p DE")) == {"a.example.net", "b.example.net"}


def test_a_nested_endpoint_is_online_while_enough_of_its_profile_is() -> None:
    child = profile("c", "Weighted", external("a"), external("b"), external("d"))
    for low, wanted in ((1, 3), (2, 2), (3, 1)):
        routing = read(profile("p", "Priority", nested("c", low), external("z")), child)
        assert len(ways(routing, "p *")["z.example.net"]) == wanted
    routing = read(profile("p", "Priority", nested("c", 4), external("z")), child)
    assert "is never online" in remarks(routing)
    assert answers(routing, "p *") == {"z"}
    assert answers(routing, "p *", "z") == {"a", "b", "d"}  # all degraded: as if online, and there three are


def test_the_order_within_a_nested_profile_stays_what_it_is() -> None:
    child = profile("c", "Priority", external("a"), external("b"), external("d"))
    routing = read(profile("p", "Priority", nested("c", 2), external("z")), child)
    assert answers(routing, "p *") == {"a"}
    assert answers(routing, "p *", "a") == {"b"}
    assert answers(routing, "p *", "a", "b") == {"z"}
    assert answers(routing, "p *", "a", "b", "z") == {"d"}
    assert ways(routing, "p *")["d.example.net"] == down("a", "b", "z")


def test_families_of_addresses_count_by_themselves() -> None:
    child = profile(
        "c", "MultiValue", external("a", "192.0.2.1"), external("b", "192.0.2.2"), external("d", "2001:db8::1")
    )
    both = {"minChildEndpointsIPv4": 2, "minChildEndpointsIPv6": 1}
    routing = read(profile("p", "Priority", nested("c", 1, **both), external("z")), child)
    client = clients(routing, "p *")[0]
    for target in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        assert routing.replay(client, frozenset({f"target:{target}"})).pools == {"p/z"}
    silent = read(profile("p", "Priority", nested("c"), external("z")), child)
    assert len(clients(silent, "p *")) == 2  # whether it needs one of each family is not said
    assert len(ways(silent, "p *")["z.example.net"]) == 1
    assert "that it needs one of each is looked at" in remarks(silent)


def test_whether_what_is_always_served_counts_as_online_is_looked_at_both_ways() -> None:
    child = profile("c", "Weighted", external("a", alwaysServe="Enabled"))
    routing = read(profile("p", "Priority", nested("c"), external("z")), child)
    assert answers(routing, "p *") == {"a", "z"}
    assert "always served count as online" in remarks(routing)


SUBNETS = profile(
    "p", "Subnet",
    external("a", subnets=[{"first": "198.51.100.0", "scope": 24}, {"first": "2001:db8::", "scope": 32}]),
    external("b", subnets=[{"first": "203.0.113.5", "last": "203.0.113.6", "scope": None}, {"first": "203.0.113.9"}]),
    external("rest"),
)  # fmt: skip


def test_subnets_go_to_their_endpoint_and_everybody_else_to_the_fallback() -> None:
    routing = read(SUBNETS)
    assert unread(routing) == []
    assert clients(routing, "p subnets of a")[0].networks == ("198.51.100.0/24", "2001:db8::/32")
    assert clients(routing, "p subnets of b")[0].networks == ("203.0.113.5/32", "203.0.113.6/32", "203.0.113.9/32")
    assert answers(routing, "p subnets of a") == {"a"}
    assert answers(routing, "p DE") == answers(routing, "p DE", "rest") == {"rest"}


def test_a_degraded_endpoint_of_a_subnet_may_answer_or_leave_it_to_the_fallback() -> None:
    routing = read(SUBNETS)
    assert answers(routing, "p subnets of a", "a") == {"a", "rest"}
    assert ways(routing, "p subnets of a") == {"a.example.net": [], "rest.example.net": down("a")}


def test_without_a_fallback_others_get_no_answer() -> None:
    routing = read(profile("p", "Subnet", external("a", subnets=[{"first": "198.51.100.0", "scope": 24}])))
    assert answers(routing, "p DE") == set()
    disabled = SUBNETS | {"endpoints": [{**each, "endpointStatus": "Disabled"} for each in SUBNETS["endpoints"][:1]] +
                          SUBNETS["endpoints"][1:]}  # fmt: skip
    routing = read(disabled)
    assert not clients(routing, "p subnets of a")  # as if its subnets did not exist


def test_subnets_override_performance_while_their_endpoint_is_online_and_regions_always() -> None:
    block = [{"first": "198.51.100.0", "scope": 24}]
    routing = read(profile("p", "Performance", external("a", subnets=block), external("b")))
    assert answers(routing, "p subnets of a") == {"a"}
    assert answers(routing, "p subnets of a", "a") == {"b"}
    assert answers(routing, "p DE") == {"a", "b"}
    routing = read(
        profile("p", "Geographic", external("a", geoMapping=["CN"], subnets=block), external("b", geoMapping=["WORLD"]))
    )
    assert answers(routing, "p subnets of a", "a") == {"a"}
    assert answers(routing, "p DE") == {"b"}
    routing = read(profile("p", "Weighted", external("a", subnets=block), external("b")))
    assert "subnets work with routing methods Subnet, Performance and Geographic alone; remove them" in unread(routing)


def test_subnets_and_regions_make_classes_of_both() -> None:
    """The example of the documentation: a subnet of its own, and everybody else by region."""
    routing = read(
        profile("p", "Subnet", external("isp", subnets=[{"first": "198.51.100.0", "scope": 24}]), nested("geo")),
        profile("geo", "Geographic", external("eu", geoMapping=["GEO-EU"]), external("world", geoMapping=["WORLD"])),
    )
    assert answers(routing, "p subnets of isp") == {"isp"}
    assert answers(routing, "p subnets of isp", "isp") == {"isp", "eu", "world"}
    assert answers(routing, "p DE") == {"eu"}
    assert answers(routing, "p CN") == {"world"}


def test_probes_of_one_target_fail_together_and_in_different_ways_alone_too() -> None:
    other = {"protocol": "TCP", "port": 80}
    routing = read(
        profile("p", "Priority", nested("c"), nested("d")),
        profile("c", "Weighted", external("a"), external("x", "a.example.net")),
        profile("d", "Weighted", external("b", "a.example.net"), external("y"), monitorConfig=other),
    )  # fmt: skip
    assert set(routing.faults) == {
        "target:a.example.net",
        "check:a.example.net (1)",
        "check:a.example.net (2)",
        *down("y"),
    }
    client = clients(routing, "p *")[0]
    assert routing.replay(client, frozenset({"check:a.example.net (2)"})).pools == {"c/a", "c/x"}
    assert routing.replay(client, frozenset({"check:a.example.net (1)"})).pools == {"d/b", "d/y"}
    assert answers(routing, "p *", "a") == {"y"}


def test_an_endpoint_whose_profile_has_nothing_for_a_client_is_passed_over() -> None:
    routing = read(
        profile("p", "Priority", nested("g"), external("z")),
        profile("g", "Geographic", external("eu", geoMapping=["GEO-EU"])),
    )
    assert answers(routing, "p DE") == {"eu"}
    assert answers(routing, "p CN") == {"z"}
    assert "whether another endpoint then answers is not documented" in remarks(routing)


def test_what_az_prints_as_yaml() -> None:
    text = """\
- dnsConfig: {relativeName: p}
  endpoints:
  - {name: a, target: a.example.net, type: Microsoft.Network/trafficManagerProfiles/externalEndpoints, priority: 1}
  - name: b
    priority: 2
    target: b.example.net
    type: Microsoft.Network/trafficManagerProfiles/externalEndpoints
  name: p  # https://portal.example.net/*
  trafficRoutingMethod: Priority
  type: Microsoft.Network/trafficManagerProfiles
"""
    routing = texts(list__yaml=text)
    assert unread(routing) == []
    assert answers(routing, "p DE") == {"a"}
    assert answers(routing, "p DE", "a") == {"b"}
