"""Bounds that hold whatever the mix."""

import random
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditor.routing.model import ALL, FIRST, Client, First, Node, Routing, Use
from auditor.routing.surge import mix
from auditor.routing.surge.cut import overfull
from auditor.routing.surge.mix import Bound, Mix
from auditor.routing.surge.uniform import surge
from tests.routing.surge.surging import (
    AT,
    NAMES,
    client,
    configurations,
    first,
    orders,
    outages,
    pool,
    routing,
    spread,
    use,
)  # fmt: skip

few = settings(max_examples=150, phases=[Phase.explicit, Phase.generate], deadline=None)


def bound(configuration: Routing, name: str, place: str, down: frozenset[str] = frozenset()) -> Bound:
    return Mix(configuration, down).bound(next(c for c in configuration.clients if c.name == name), [place])


def test_the_pools_before_it_have_to_be_full_at_once():
    clients = [client("DE", first("p0", "p1", "p2"), 2), client("FR", first("p1", "p0"), 1), client("GB", first("p3"))]
    given_ = routing(clients, [pool("p0", 3), pool("p1", 6), pool("p2", 1), pool("p3", 1)])
    assert bound(given_, "DE", "p2") == Bound(Fraction(9, 3), ("p0", "p1"), ("DE", "FR"))
    assert bound(given_, "DE", "p0") == Bound(Fraction(0))
    assert bound(given_, "DE", "p3") == Bound(None)
    assert bound(given_, "DE", "p2", frozenset({"dc:p1"})) == Bound(Fraction(1), ("p0",), ("DE", "FR"))


def test_one_pool_that_few_list_can_prove_more_than_all_together():
    clients = [client("DE", first("p0", "p1", "p2"), 1), client("FR", first("p1"), 99)]
    given_ = routing(clients, [pool("p0", 5), pool("p1", 1), pool("p2", 1)])
    assert bound(given_, "DE", "p2") == Bound(Fraction(5), ("p0",), ("DE",))


def test_what_never_fills_and_what_nobody_asks_of_stands_for_ever():
    clients = [
        client("DE", first("p0", "p1")),
        client("FR", first("p2", "p1"), 0),
        client("GB", first(use("p3", blind=True), "p1")),
    ]
    given_ = routing(clients, [pool("p0", None), pool("p1", 1), pool("p2", 1), pool("p3", 1)])
    assert bound(given_, "DE", "p1") == bound(given_, "GB", "p1") == Bound(None)
    assert bound(given_, "FR", "p1") == Bound(None, ("p2",))


def test_who_asks_for_nobody_knows_how_much_proves_nothing():
    clients = [client("DE", first("p0", "p1", "p2")), client("FR", first("p0"), None)]
    given_ = routing(clients, [pool("p0", 9), pool("p1", 2), pool("p2", 1)])
    assert bound(given_, "DE", "p2") == Bound(Fraction(2), ("p1",), ("DE",))
    assert bound(given_, "DE", "p1") == Bound(Fraction(0))


def test_a_pool_of_which_a_fault_leaves_a_part_passes_demand_on_at_once():
    given_ = routing([client("DE", first("p0", "p1"))], [pool("p0", 9, strains=frozenset({"half"})), pool("p1", 1)])
    assert bound(given_, "DE", "p1") == Bound(Fraction(9), ("p0",), ("DE",))
    assert bound(given_, "DE", "p1", frozenset({"half"})) == Bound(Fraction(0))


def test_of_a_spread_only_what_keeps_it_open_has_to_be_full():
    given_ = routing(
        [client("DE", first(spread("p0", "p1", weights=(3, 1), need=2), "p2"))],
        [pool("p0", 5), pool("p1", 7), pool("p2", 1)],
    )  # without p0 the weights are below the need; p1 may be empty
    assert bound(given_, "DE", "p2") == Bound(Fraction(5), ("p0",), ("DE",))
    assert bound(given_, "DE", "p1") == Bound(Fraction(0))


def test_overload_takes_all_pools():
    given_ = routing([client("DE", first("p0", first("p1"), on_down=FIRST))], [pool("p0", 5), pool("p1", 7)])
    assert bound(given_, "DE", "p0", frozenset({"dc:p0"})) == Bound(Fraction(7), ("p1",), ("DE",))
    both = routing([client("DE", spread("p0", "p1", need=2, on_down=ALL))], [pool("p0", 5), pool("p1", 7)])
    assert bound(both, "DE", "p1", frozenset({"dc:p0", "dc:p1"})) == Bound(Fraction(0))


def test_groups_may_lie_in_each_other_as_deep_as_somebody_likes():
    root: Node = use("p0")
    for _ in range(5000):
        root = spread(first(root))
    given_ = routing([client("DE", first(root, "p1"), 2)], [pool("p0", 3), pool("p1", None)])
    assert bound(given_, "DE", "p1").at == Fraction(3, 2)


def _best(configuration: Routing, front: Iterable[str]) -> Fraction | None:
    """Try all subsets."""
    best: Fraction | None = Fraction(0)
    pools = list(front)
    for size in range(1, len(pools) + 1):
        for some in combinations(pools, size):
            asked = sum(
                c.demand for c in configuration.clients
                if isinstance(c.root, First) and any(leaf.pool in some for leaf in c.root.children)  # type: ignore[union-attr]
            )  # fmt: skip
            held = sum(configuration.pools[name].capacity or Fraction(0) for name in some)
            if held and not asked:
                return None
            if asked and best is not None:
                best = max(best, Fraction(held, asked))
    return best


@few
@given(configurations(root=orders, known=True))
def test_it_is_the_best_of_all_subsets(configuration: Routing):
    mixed = Mix(configuration)
    for c in configuration.clients:
        assert isinstance(c.root, First)
        names = [leaf.pool for leaf in c.root.children if isinstance(leaf, Use)]
        for i, name in enumerate(names):
            if configuration.pools[name].capacity:
                assert mixed.bound(c, [name]).at == _best(configuration, names[:i])


@few
@given(configurations(), outages)
def test_a_uniform_surge_is_never_earlier(configuration: Routing, down: frozenset[str]):
    done, mixed = surge(configuration, down), Mix(configuration, down)
    clients = {c.name: c for c in configuration.clients}
    for (name, place), at in done.reached.items():
        least = mixed.bound(clients[name], [place]).at
        assert least is not None
        assert least <= at


@few
@given(configurations(root=orders, known=True), st.integers(0, 10**6))
def test_no_mix_of_sessions_that_come_and_go_beats_it(configuration: Routing, seed: int):
    """Let single sessions come and go in any order, below a multiplier, and see where they land."""
    chance = random.Random(seed)
    size, multiplier = Fraction(1, 8), Fraction(chance.randint(1, 12), 4)
    room = {name: p.capacity or Fraction(0) for name, p in configuration.pools.items()}
    asked = {c.name: Fraction(0) for c in configuration.clients}
    running: list[tuple[str, str]] = []
    landed: set[tuple[str, str]] = set()
    favoured = chance.sample(list(configuration.clients), chance.randint(1, len(configuration.clients)))
    for _ in range(400):
        if running and chance.random() < 0.35:
            name, place = running.pop(chance.randrange(len(running)))
            room[place] += size
            asked[name] -= size
            continue
        c = chance.choice(favoured)
        if asked[c.name] + size > (c.demand or 0) * multiplier:
            continue
        assert isinstance(c.root, First)
        place = next((leaf.pool for leaf in c.root.children if isinstance(leaf, Use) and room[leaf.pool] > 0), "")
        if place:
            room[place] -= size
            asked[c.name] += size
            running.append((c.name, place))
            landed.add((c.name, place))
    # the last session of a pool may take up to `size` more than its capacity, so there is a little less to fill
    mixed = Mix(configuration)
    clients = {c.name: c for c in configuration.clients}
    for name, place in landed:
        least = mixed.bound(clients[name], [place]).at
        assert least is not None
        assert least <= multiplier


@few
@given(configurations(root=orders, known=True))
def test_without_the_search_it_is_sound_and_no_better(configuration: Routing):
    exact = Mix(configuration)
    limit, mix.EDGES = mix.EDGES, -1  # type: ignore[misc]
    try:
        quick = Mix(configuration)
        for c in configuration.clients:
            for name in NAMES:
                loose, tight = quick.bound(c, [name]).at, exact.bound(c, [name]).at
                assert (loose is None) == (tight is None)
                assert loose is None or loose <= tight  # type: ignore[operator]
    finally:
        mix.EDGES = limit  # type: ignore[misc]


@few
@given(configurations(), outages, st.randoms(use_true_random=False))
def test_no_order_of_the_input_matters(configuration: Routing, down: frozenset[str], chance: random.Random):
    clients, pools = list(configuration.clients), list(configuration.pools.items())
    chance.shuffle(clients)
    chance.shuffle(pools)
    turned = replace(configuration, clients=clients, pools=dict(pools))
    for c in clients:
        for name in NAMES:
            assert Mix(turned, down).bound(c, [name]) == Mix(configuration, down).bound(c, [name])


@few
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=5), st.lists(st.integers(0, 9), min_size=1, max_size=5), st.data()
)
def test_a_cut_is_the_best_of_all_subsets(capacity: list[int], demand: list[int], data: st.DataObject):
    edges = [data.draw(st.lists(st.integers(0, len(demand) - 1), unique=True)) for _ in capacity]

    def gain(some: Iterable[int]) -> int:
        return sum(capacity[p] for p in some) - sum(demand[w] for w in {w for p in some for w in edges[p]})

    subsets = [some for size in range(len(capacity) + 1) for some in combinations(range(len(capacity)), size)]
    found = overfull(capacity, demand, edges)
    assert gain(found) == max(map(gain, subsets))
    assert all(set(found) <= set(some) for some in subsets if gain(some) == gain(found))


def test_250_countries_have_bounds_with_certificates():
    chance = random.Random(7)
    names = [f"p{i}" for i in range(30)]
    pools = [pool(name, Fraction(chance.randint(1, 10**6), 1000)) for name in names]
    clients: list[Client] = []
    for i in range(250):
        order = chance.sample(names, 20)
        clients.append(client(f"c{i}", First(tuple(Use(name, AT) for name in order), AT), chance.randint(1, 10**6)))
    mixed = Mix(routing(clients, pools))
    for c in clients[:27]:
        bound = mixed.bound(c, ["p0"])
        assert bound.at is None or bound.at == 0 or (bound.at > 0 and bound.pools)
