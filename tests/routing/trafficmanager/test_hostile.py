"""Files that nobody should trust: they end in an error with its place, or in lines that are not understood."""

import json
import time
from typing import Any

import pytest

from auditor.model.errors import InputError
from auditor.routing import trafficmanager
from auditor.routing.collect import collect
from auditor.routing.model import File, Routing
from auditor.routing.store import Kept
from tests.routing.trafficmanager.profiles import TYPE, clients, external, ident, nested, profile, read, remarks, unread

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
NAME = "=cmd()|'<script>alert(1)</script>\u202e\x07"


def bare(*profiles: Any) -> Routing:
    """Read without trying outages."""
    file = File("list.json", json.dumps(list(profiles)).encode())
    (routing,) = trafficmanager.read([file], Kept({}))
    return routing


def test_names_may_be_anything() -> None:
    routing = read(profile(NAME, "Weighted", external(NAME, NAME), external(NAME * 100, "b.example.net")))
    assert clients(routing, f"{NAME} DE")
    assert all(len(name) <= 250 for name in routing.pools)


@pytest.mark.parametrize(
    "change",
    [
        {"trafficRoutingMethod": 7}, {"trafficRoutingMethod": None}, {"endpoints": "x"}, {"endpoints": [1, None, {}]},
        {"endpoints": [{"name": [], "type": f"{TYPE}/nestedEndpoints"}]}, {"dnsConfig": [1]}, {"monitorConfig": "x"},
        {"endpoints": [external("a", target=[1], geoMapping={}, subnets=[[]], priority="x", weight=-1)]},
        {"profileStatus": {"a": 1}}, {"endpoints": [external("a", subnets=[{"first": "::", "last": "1.2.3.4"}])]},
        {"name": None, "id": None}, {"endpoints": [{**external("a"), "properties": 5}]},
    ],
)  # fmt: skip
def test_values_of_other_kinds_are_told(change: dict[str, Any]) -> None:
    for method in ("Subnet", "Geographic", "Priority"):
        routing = bare({**profile("p", method, external("a"), external("b")), **change})
        assert all(each.root is None or each.name for each in routing.clients)
        if "dnsConfig" not in change and "monitorConfig" not in change and "name" not in change:
            assert unread(routing)


@pytest.mark.parametrize(
    "text", ['[{"trafficRoutingMethod": "Weighted", "endpoints": [', '{"a": 1, "trafficRoutingMethod" "x"}']
)
def test_what_is_no_json_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as error:
        collect(["a.json"], Kept({"a.json": text.encode()}))
    assert (error.value.source, error.value.record) == ("a.json", 1)


def test_deep_and_wide_files_end_in_time() -> None:
    begun = time.monotonic()
    deep = File("a.json", b'{"trafficRoutingMethod": ' + b"[" * 100_000)
    with pytest.raises(InputError):
        trafficmanager.read([deep], Kept({}))
    many = bare(*(profile(f"p{at}", "Weighted", external("a")) for at in range(4_100)))
    assert len(many.clients) == 4_100  # one class each: what they reach is open
    wide = bare(profile("p", "Subnet", *(external(f"e{at}") for at in range(20_000))))
    assert "a profile has 200 endpoints at most; the others are not looked at" in unread(wide)
    blocks = [{"first": f"10.{at // 250}.{at % 250}.0", "scope": 24} for at in range(20_000)]
    mapped = bare(profile("p", "Subnet", external("a", subnets=blocks)))
    assert any("subnets are not looked at" in why for why in unread(mapped))
    assert time.monotonic() - begun < 60


def test_endpoints_that_multiply_are_not_written_out() -> None:
    levels = [
        profile(f"n{level}", "Priority", *({**nested(f"n{level + 1}", 2), "name": f"{at}"} for at in range(150)))
        for level in range(8)
    ]
    routing = bare(*levels, profile("n8", "Priority", *(external(f"e{at}") for at in range(150))))
    assert any("can't be looked at" in why for why in unread(routing))
    assert clients(routing, "n0 *")[0].root is None
    assert routing.replay(clients(routing, "n0 *")[0], frozenset()).pools == frozenset()


def test_counts_within_counts_are_proven_or_told() -> None:
    low = [profile(f"c{at}", "Priority", *(external(f"e{at}{each}") for each in range(12))) for at in range(12)]
    routing = bare(profile("p", "Priority", *(nested(f"c{at}", 6) for at in range(12)), external("z")), *low)
    assert routing.clients
    assert unread(routing) == [] or any("can't be looked at" in why for why in unread(routing))


def test_text_without_end_is_not_repeated_for_every_class() -> None:
    long = "x" * 3_000_000
    routing = bare(profile("p", "Weighted", external("a", long + "1"), external("b", long + "2")))
    assert len(routing.sites) == 2  # and not one
    assert all(len(name) < 300 for name in routing.sites)


def test_names_that_differ_in_case_alone_leave_open_which_one_counts() -> None:
    routing = bare(profile("p", "Weighted", external("a"), external("b", EndpointStatus="Enabled", endpointStatus="x")))
    assert len(unread(routing)) == 1
    routing = bare(profile("p", "Weighted", external("a", Target="b.example.net")))
    assert set(routing.sites) == {"${target twice}"}
    routing = bare(profile("p", "Weighted", external("a"), PROFILESTATUS="Disabled"))
    assert len(unread(routing)) == 1
    assert set(routing.pools) == {"p/a"}


def test_loops_in_loops_end_in_time() -> None:
    name = "[concat('x', copyIndex())]"
    made: Any = {"type": TYPE, "name": name, "properties": {"trafficRoutingMethod": "Weighted", "endpoints": []}}
    for options in ({}, {"expressionEvaluationOptions": {"scope": "inner"}}):
        tree = made
        for level in range(5):
            inner = {"$schema": SCHEMA, "resources": [tree]}
            tree = {"type": "Microsoft.Resources/deployments", "name": "d", "copy": {"name": f"c{level}", "count": 300},
                    "properties": {"template": inner, **options}}  # fmt: skip
        begun = time.monotonic()
        file = File("a.json", json.dumps({"$schema": SCHEMA, "resources": [tree]}).encode())
        (routing,) = trafficmanager.read([file], Kept({}))
        assert "makes more resources than can be looked at; make fewer" in unread(routing)
        assert time.monotonic() - begun < 30


def test_profiles_that_stand_twice() -> None:
    one = profile("p", "Weighted", external("a"))
    assert unread(read(one, one)) == []  # shown alone, and in a list
    changed = profile("p", "Weighted", external("b"))
    routing = read(one, changed)
    assert any("stands twice, and differs (first in line" in why for why in unread(routing))
    elsewhere = {**changed, "id": ident("p").replace("/g/", "/other/")}
    routing = read(one, elsewhere)
    assert unread(routing) == []
    assert {each.name for each in routing.clients if each.name.endswith(" DE")} != {"p DE"}


def test_endpoints_that_are_listed_alone_belong_to_their_profile() -> None:
    endpoint = {**external("a"), "id": f"{ident('p')}/externalEndpoints/a"}
    other = {**external("b"), "id": f"{ident('p')}/externalEndpoints/b"}
    routing = read(profile("p", "Weighted", external("a")), endpoint, other)
    assert unread(routing) == []
    assert set(routing.pools) == {"p/a", "p/b"}
    twice = read(profile("p", "Weighted", external("a"), external("a", "c.example.net")))
    assert any("stands twice in its profile" in why for why in unread(twice))


def test_more_pages_and_other_things_are_told() -> None:
    data = {"value": [profile("p", "Weighted", external("a")), {"name": "x"}], "nextLink": "https://example.net/2"}
    (routing,) = trafficmanager.read([File("a.json", json.dumps(data).encode())], Kept({}))
    assert sorted(unread(routing)) == [
        "is neither a profile nor an endpoint of Traffic Manager; give what `az` shows of these",
        "more pages follow; give all of them",
    ]
    assert not trafficmanager.sniff(File("role.json", f'{{"actions": ["{TYPE}/read"]}}'.encode()))


def test_a_profile_without_endpoints_answers_nobody() -> None:
    routing = read(profile("p", "Weighted"))
    assert "has no endpoint that is enabled: nobody gets an answer" in remarks(routing)
    assert clients(routing, "p *")[0].root is None


@pytest.mark.parametrize("body", [b"/* ", b'\\"', b"//\n/*"])
def test_comments_and_texts_without_end_are_gone_through_once(body: bytes) -> None:
    begun = time.monotonic()
    file = File("a.json", b'{"trafficRoutingMethod": "Priority", "x": // \n"' + body * 1_000_000)
    assert trafficmanager.sniff(file)  # it seems to be one, and can't be read
    assert time.monotonic() - begun < 10
