"""Random zones: what is proven is what the interpreter does under every combination of outages."""

import random
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest

from auditor.routing.collect import collect
from auditor.routing.model import Routing
from auditor.routing.store import Kept
from tests.routing import brute, clouddns_random


def some(seed: int) -> Routing:
    """Read a random zone, with one class of clients for each graph."""
    texts = clouddns_random.configuration(random.Random(f"test {seed}"))
    (routing,) = collect(list(texts), Kept(texts)).routings
    return replace(routing, clients=list({id(each.root): each for each in routing.clients}.values()))


@pytest.mark.parametrize("first", range(0, 80, 20))
def test_proofs_agree_with_every_combination_of_outages(first: int) -> None:
    for seed in range(first, first + 20):
        assert brute.disagreements(some(seed)) == [], seed


def test_graphs_answer_as_the_interpreter_does_under_every_outage() -> None:
    """All pools are the same, and not only the fewest outages that bring each of them."""
    for seed in range(60):
        routing = some(seed)
        faults = sorted(routing.faults)[:7]
        for client in routing.clients:
            for size in range(len(faults) + 1):
                for down in map(frozenset, combinations(faults, size)):
                    assert client.root is not None
                    told = brute.answered(client.root, dict(routing.pools), down)
                    assert told == routing.replay(client, down).pools, (seed, client.name, down)


def test_random_zones_are_worth_trying() -> None:
    seen: Counter[str] = Counter()
    for seed in range(60):
        routing = some(seed)
        seen["faults"] += len(routing.faults) >= 3
        seen["graphs"] += len(routing.clients) >= 3
        seen["read"] += not routing.unread
        seen["several checks"] += any(each.startswith("check:") for each in routing.faults)
    assert min(seen.values()) >= 5, seen
