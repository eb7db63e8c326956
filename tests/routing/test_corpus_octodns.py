"""octoDNS's own sample of dynamic records; what is expected is worked out from its text with a plain YAML parser."""

from collections import Counter
from typing import Any

import yaml

from auditor.model.countries import CODES
from auditor.routing import continents, octodns, route53
from auditor.routing.model import Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing.corpus import real


def sample() -> tuple[Routing, dict[str, Any], list[str]]:
    file = real("octodns/dynamic.tests.yaml")
    (routing,) = octodns.read([file], Kept({}))
    return routing, yaml.safe_load(file.data), file.data.decode().splitlines()


def test_the_sample_is_read_whole() -> None:
    routing, tree, lines = sample()
    assert octodns.sniff(routing.files[0])
    assert list(routing.unread) == []
    values = {value["value"] for record in tree.values() for each in record["dynamic"]["pools"].values()
              for value in each["values"]}  # fmt: skip
    assert values <= set(routing.sites)
    for site in routing.sites.values():
        assert site.name in lines[site.at.line - 1]
    for client in routing.clients:
        assert lines[client.at.line - 1].strip().startswith("-")


def test_every_country_gets_the_pool_of_its_rule_and_then_the_values() -> None:
    routing, tree, _ = sample()
    proof = prove(routing)
    seen: Counter[str] = Counter()
    for client in routing.clients:
        title, kind, place = client.name.split(" ")
        record = tree[title.removesuffix(".dynamic.tests.")]
        if place != "*" and len(continents_of(place)) > 1:
            continue
        rule = next(rule for rule in record["dynamic"]["rules"] if holds(rule, place))
        pool = record["dynamic"]["pools"][rule["pool"]]
        first = {each.split(": ", 1)[1] for each, found in proof[id(client.root)].pools.items() if not found.size}
        assert first == {str(value["value"]) for value in pool["values"]}, client.name
        checked = {value["value"] for value in pool["values"]}
        while pool.get("fallback"):
            pool = record["dynamic"]["pools"][pool["fallback"]]
            checked |= {value["value"] for value in pool["values"]}
        last = [found.size for each, found in proof[id(client.root)].pools.items() if f"{kind} values: " in each]
        assert set(last) == {len(checked)}, client.name
        seen[title] += 1
    assert len(seen) == len(tree)
    assert min(seen.values()) > 240


def continents_of(place: str) -> set[str]:
    country = place.split("-")[1] if "-" in place else place
    return {continents.of("octodns", country), continents.of("geonames", country)} - {""}


def holds(rule: dict[str, Any], place: str) -> bool:
    parts = place.split("-")
    levels = {"-".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return "geos" not in rule or bool(levels & set(rule["geos"]))


def test_both_continents_of_cyprus_are_looked_at() -> None:
    routing, _, _ = sample()
    names = Counter(client.name for client in routing.clients)
    assert {name.rsplit(" ", 1)[1] for name, count in names.items() if count > 1} <= {
        "AS-CY",
        "AS-CX",
        "AS-TL",
        "SA-GS",
    }
    assert names["a.dynamic.tests. A AS-CY"] == 2
    assert {client.countries for client in routing.clients} == {*CODES, "*"}


def test_what_octodns_makes_of_it_for_route_53_answers_alike() -> None:
    """Read what octodns-route53 rendered of one record, by the reader of Route 53: each country gets the same."""
    batch = real("route53/octodns-pool-only-in-fallback.change-batch.json")
    (rendered,) = route53.read([batch], Kept({}))
    written, _, _ = sample()
    here, there = answers(written, "pool-only-in-fallback."), answers(rendered, "pool-only-in-fallback.")
    assert len(there) > 240
    assert {country: here[country] for country in there} == there


def answers(routing: Routing, name: str) -> dict[str, set[tuple[tuple[str, int], ...]]]:
    """Tell for each country which addresses can answer, and how many checks have to fail for each."""
    proof = prove(routing)
    told: dict[str, set[tuple[tuple[str, int], ...]]] = {}
    for client in routing.clients:
        if not client.name.startswith(name):
            continue
        fewest: dict[str, int] = {}
        for pool, found in proof[id(client.root)].pools.items():
            (address,) = routing.sites[routing.pools[pool].site].addresses
            fewest[address] = min(found.size, fewest.get(address, found.size))
        told.setdefault(client.countries, set()).add(tuple(sorted(fewest.items())))
    return told
