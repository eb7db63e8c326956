"""Random profiles: what is proven is what the interpreter does under every combination of outages."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from auditor.routing.collect import collect
from auditor.routing.model import Routing
from auditor.routing.store import Kept
from tests.routing import brute, trafficmanager_random


def some(seed: int, syntax: str = "") -> Routing:
    chance = random.Random(seed)
    made = trafficmanager_random.described(chance)
    files = trafficmanager_random.written(made, syntax or chance.choice(trafficmanager_random.SYNTAXES))
    (routing,) = collect(list(files), Kept(files)).routings
    return routing


def distinct(routing: Routing) -> Routing:
    """Keep one class of clients for each graph."""
    kept = {id(each.root) if each.root else each.name[-4:]: each for each in routing.clients}
    return replace(routing, clients=list(kept.values()))


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_proofs_agree_with_every_combination_of_outages(first: int) -> None:
    for seed in range(first, first + 40):
        assert brute.disagreements(distinct(some(seed))) == [], seed


@pytest.mark.parametrize("syntax", trafficmanager_random.SYNTAXES[1:])
def test_every_syntax_says_the_same(syntax: str) -> None:
    for seed in range(12):
        routing, other = some(seed, "template"), some(seed, syntax)
        assert [each.why for each in other.unread] == [each.why for each in routing.unread] == []
        assert _told(other) == _told(routing), seed


def _told(routing: Routing) -> set[tuple[str, str, tuple[tuple[str, int], ...]]]:
    found = set()
    for each in distinct(routing).clients:
        slow = brute.outages(set(routing.faults), lambda down, client=each: routing.replay(client, down).pools)  # type: ignore[misc]
        found.add((each.name, each.countries, tuple(sorted(slow.items()))))
    return found


def test_random_profiles_are_worth_trying() -> None:
    seen: Counter[str] = Counter()
    for seed in range(80):
        routing = some(seed)
        seen["faults"] += len(routing.faults) >= 3
        seen["graphs"] += len({id(each.root) for each in routing.clients}) >= 3
        seen["read"] += not routing.unread
        seen["ways"] += any("unless" in name for name in routing.pools)
        seen["networks"] += any(each.networks for each in routing.clients)
    assert min(seen.values()) >= 5, seen
