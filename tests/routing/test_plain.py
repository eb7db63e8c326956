"""The plain format: what is read, with its lines; what is refused; and the proofs against its interpreter."""

import random
from fractions import Fraction

import pytest

from auditor.model.errors import InputError
from auditor.routing import plain
from auditor.routing.model import File, First, Routing, Use
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import brute, plain_random

TEXT = """\
routing: 1
title: Meetings
planes: [media, keys]
sites:
  - {name: toronto, country: CA, addresses: [192.0.2.1]}
  - {name: beijing, country: CN}
pools:
  - {name: toronto-1, site: toronto, capacity: 400}
  - {name: beijing-1, site: beijing, capacity: 0.5, domains: [backbone]}
  - {name: anycast, site: toronto, health: none}
groups:
  - name: asia
    any: [beijing-1, toronto-1]
    weights: [3, 1]
    at_least: 3
    when_all_down: any
clients:
  - {name: north, countries: [CA, US], population: overseas, demand: 300, first: [toronto-1, asia]}
  - {name: lab, networks: [198.51.100.0/24], tenant: acme, first: [anycast]}
  - {name: rest, everybody_else: true, any: [toronto-1]}
"""


def read(text: str) -> Routing:
    (found,) = plain.read([File("routing.yaml", text.encode())], Kept({}))
    return found


def test_what_a_file_says() -> None:
    found = read(TEXT)
    assert plain.sniff(found.files[0])
    assert [(client.name, client.countries, client.demand) for client in found.clients] == [
        ("north CA", "CA", Fraction(150)), ("north US", "US", Fraction(150)), ("lab", "*", None), ("rest *", "*", None),
    ]  # fmt: skip
    north, other, lab, rest = found.clients
    assert north.root is other.root
    assert (north.population, lab.account, lab.networks) == ("overseas", "acme", ("198.51.100.0/24",))
    assert found.pools["beijing-1"].faults == {"pool:beijing-1", "domain:backbone"}
    assert found.pools["beijing-1"].capacity == Fraction(1, 2)
    assert not found.pools["anycast"].faults
    assert found.sites["toronto"].addresses == ("192.0.2.1",)
    assert found.sites["beijing"].planes == ("keys", "media")
    assert isinstance(north.root, First)
    first, group = north.root.children
    assert isinstance(first, Use)
    assert (first.at.line, group.at.line) == (18, 12)
    proofs = prove(found)
    assert brute.told(proofs[id(north.root)]) == {"toronto-1": 0, "beijing-1": 1}
    assert brute.told(proofs[id(rest.root)]) == {"toronto-1": 0}
    steps = found.replay(north, frozenset({"pool:toronto-1"})).steps
    assert [(step.at.line, step.text) for step in steps] == [
        (18, "toronto-1 is down, go on"), (18, "asia is asked"), (13, "toronto-1 is down, go on"),
        (13, "beijing-1 serves"),
    ]  # fmt: skip
    assert brute.disagreements(found) == []


def test_random_configurations_are_proven_as_they_run() -> None:
    for seed in range(300):
        text = plain_random.configuration(random.Random(seed))["routing.yaml"].decode()
        assert brute.disagreements(read(text)) == [], f"{seed}\n{text}"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("[toronto-1, asia]", "[toronto-1, asai]", 18, "there is no pool or group `asai`; did you mean `asia`?"),
        ("site: beijing,", "site: bejing,", 9, "there is no site `bejing`; did you mean `beijing`?"),
        ("[CA, US]", "[CA, UK]", 18, "`UK` is no country code"),
        ("[CA, US]", "[CA, CA]", 18, "`CA` is among the clients of `north` already"),
        ("[beijing-1, toronto-1]", "[asia, toronto-1]", 13, "groups lead in a circle: asia -> asia"),
        ("name: anycast,", "name: toronto-1,", 10, "pool `toronto-1` stands twice"),
        ("name: asia", "name: anycast", 12, "`anycast` is the name of another pool or group"),
        ("everybody_else: true", "everybody_else: false", 20, "need one of `countries`, `networks` and"),
        ("health: none", "health: none, domains: [x]", 10, "nobody notices that its domains fail"),
        ("198.51.100.0/24", "198.51.100.1/24", 19, "is no network"),
        ("weights: [3, 1]", "weights: [3]", 14, "1 weights stand beside 2 names"),
        ("any: [toronto-1]", "any: [toronto-1], first: [anycast]", 20, "needs either `first` or `any`"),
        ("[192.0.2.1]", "[192.0.2.0/24]", 5, "is no address"),
        ("country: CN}", "region: aws/mars-1}", 6, "is no region that is known"),
        ("capacity: 400", "capacity: -1", 8, "-1"),
        ("routing: 1", "routing: 2", 1, "2"),
        ("routing: 1", "routing: 1\nrouting: 1", 2, "twice"),
        ("  - {name: rest", "\t- {name: rest", 20, "tab"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, line: int, said: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as refused:
        read(TEXT.replace(old, new, 1))
    assert any(each.record == line and said in each.message for each in refused.value.each), refused.value.each


def test_norway_is_a_country() -> None:
    found = read(TEXT.replace("[CA, US]", "[NO]"))
    assert found.clients[0].countries == "NO"


def test_groups_that_lie_too_deep_are_refused() -> None:
    deep = [f"  - {{name: g{i}, first: [{f'g{i + 1}' if i < 3_000 else 'p'}]}}" for i in range(3_001)]
    clients = ["clients:", "  - {name: c, everybody_else: true, first: [g0]}"]
    text = "\n".join(["routing: 1", "pools: [{name: p}]", "groups:", *deep, *clients])
    with pytest.raises(InputError, match="more than 100 groups lie in each other"):
        read(text)


def test_a_key_of_somebody_else_is_no_version() -> None:
    for text in ("routing:\n  enabled: true\n", "routing: enabled\n", "- routing: 1\n", "x: {routing: 1}\n"):
        assert not plain.sniff(File("settings.yaml", text.encode()))
    for text in ("routing: 1", "title: x\nrouting: 2\n", '\ufeff"routing": 1\n'):
        assert plain.sniff(File("f", text.encode()))
