"""Random zones: what is proven is what the interpreter does under every combination of outages."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from auditor.routing import route53
from auditor.routing.model import File, Routing
from auditor.routing.store import Kept
from tests.routing import brute, route53_random


def some(seed: int) -> Routing:
    texts = route53_random.configuration(random.Random(seed))
    (routing,) = route53.read([File(name, text) for name, text in texts.items()], Kept(texts))
    return routing


def distinct(routing: Routing) -> Routing:
    """Keep one class of clients for each graph."""
    kept = {id(each.root) if each.root else each.name: each for each in routing.clients}
    return replace(routing, clients=list(kept.values()))


@pytest.mark.parametrize("first", range(0, 80, 20))
def test_proofs_agree_with_every_combination_of_outages(first: int) -> None:
    for seed in range(first, first + 20):
        assert brute.disagreements(distinct(some(seed))) == [], seed


def test_random_zones_are_worth_trying() -> None:
    seen: Counter[str] = Counter()
    for seed in range(60):
        routing = some(seed)
        seen["faults"] += len(routing.faults) >= 3
        seen["graphs"] += len({id(each.root) for each in routing.clients}) >= 3
        seen["read"] += not routing.unread
        seen["ways"] += any("unless" in name for name in routing.pools)
    assert min(seen.values()) >= 5, seen
