"""Demand rises: what fills when, and who lands where."""

import random
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditor.routing.model import ALL, FIRST, LAST, Client, First, Node, Routing, Use
from auditor.routing.surge.uniform import Fill, Surged, surge
from tests.routing import brute
from tests.routing.surge.surging import (
    AT,
    NAMES,
    amounts,
    client,
    configurations,
    first,
    orders,
    outages,
    pool,
    risen,
    routing,
    spread,
    use,
)  # fmt: skip

few = settings(max_examples=150, phases=[Phase.explicit, Phase.generate], deadline=None)


def test_demand_goes_on_to_the_next_pool_when_the_first_is_full():
    done = surge(routing([client("DE", first("p0", "p1"), 2)], [pool("p0", 3), pool("p1", 10)]))
    assert done.reached == {("DE", "p0"): 0, ("DE", "p1"): Fraction(3, 2)}
    assert done.fills == (Fill(Fraction(3, 2), "p0", ("DE",)), Fill(Fraction(13, 2), "p1", ("DE",)))
    assert done.unserved == {"DE": Fraction(13, 2)}


def test_a_neighbours_demand_pushes_a_client_out_of_its_pool():
    clients = [client("DE", first("p0", "p1"), 1), client("FR", first("p2", "p0"), 4)]
    done = surge(routing(clients, [pool("p0", 3), pool("p1", None), pool("p2", 4)]))
    # FR fills p2 at 1; then p0, which holds 1, gets 5 for each 1 of the multiplier
    assert done.at("DE", "p1") == 1 + Fraction(2, 5)
    assert done.fills[1] == Fill(Fraction(7, 5), "p0", ("DE", "FR"))
    assert done.first(["DE", "FR"], ["p1"]) == Fraction(7, 5)
    assert done.first(["FR"], ["p1"]) is None


def test_pools_that_fill_at_once_fill_together():
    clients = [client("DE", first("p0", "p1", "p2"), 1), client("FR", first("p1", "p0", "p2"), 1)]
    done = surge(routing(clients, [pool("p0", 1), pool("p1", 1), pool("p2", None)]))
    assert [(fill.at, fill.pool) for fill in done.fills] == [(1, "p0"), (1, "p1")]
    assert done.at("DE", "p1") is None
    assert done.at("DE", "p2") == 1


def test_a_pool_without_room_is_full_from_the_start():
    done = surge(routing([client("DE", first("p0", "p1"))], [pool("p0", 0), pool("p1", None)]))
    assert done.reached == {("DE", "p1"): 0}
    assert done.fills == (Fill(Fraction(0), "p0", ()),)


def test_a_spread_shares_by_weight_among_those_with_room():
    done = surge(routing([client("DE", spread("p0", "p1", weights=(3, 1)), 4)], [pool("p0", 3), pool("p1", 4)]))
    # 3 and 1 for each 1 of the multiplier; p0 is full at 1, then p1 has 4
    assert [(fill.at, fill.pool) for fill in done.fills] == [(1, "p0"), (1 + Fraction(3, 4), "p1")]


def test_a_spread_below_its_need_is_passed_over():
    root = first(spread("p0", "p1", need=2), "p2")
    done = surge(routing([client("DE", root, 2)], [pool("p0", 1), pool("p1", 9), pool("p2", None)]))
    assert done.at("DE", "p2") == 1


@pytest.mark.parametrize(("on_down", "lands"), [(FIRST, {"p0"}), (LAST, {"p1"}), (ALL, {"p0", "p1"})])
def test_overload_goes_where_it_would_go_if_all_were_down(on_down: str, lands: set[str]):
    done = surge(
        routing([client("DE", first("p0", "p1", on_down=on_down))], [pool("p0", 1), pool("p1", 1)]),
        frozenset({"dc:p1"}),
    )
    assert not done.unserved
    assert {name for _, name in done.reached} == lands | {"p0"}
    if "p1" in lands:
        assert done.at("DE", "p1") == 1


def test_overload_without_on_down_finds_no_pool():
    done = surge(routing([client("DE", first("p0"), 2)], [pool("p0", 1)]))
    assert done.unserved == {"DE": Fraction(1, 2)}


def test_who_asks_blindly_never_goes_on_but_fills_what_others_need():
    clients = [client("DE", first(use("p0", blind=True), "p1")), client("FR", first("p0", "p1"))]
    done = surge(routing(clients, [pool("p0", 1), pool("p1", None)]))
    assert done.at("DE", "p1") is None
    assert done.at("FR", "p1") == Fraction(1, 2)


def test_an_outage_brings_it_forward():
    given_ = routing([client("DE", first("p0", "p1", "p2"), 2)], [pool("p0", 3), pool("p1", 5), pool("p2", None)])
    assert surge(given_).at("DE", "p2") == 4
    assert surge(given_, frozenset({"dc:p1"})).at("DE", "p2") == Fraction(3, 2)
    assert surge(given_, lost=frozenset({"site of p1"})) == surge(given_, frozenset({"dc:p1"}))
    assert surge(given_, frozenset({"dc:p0", "dc:p1"})).at("DE", "p2") == 0


def test_clients_without_demand_are_placed_but_fill_nothing():
    clients = [
        client("DE", first("p0", "p1")),
        client("FR", first("p0", "p1"), None),
        client("GB", first("p0", "p1"), 0),
    ]
    done = surge(routing(clients, [pool("p0", 2), pool("p1", None)]))
    assert done.at("FR", "p1") == done.at("GB", "p1") == 2
    assert done.unknown == ("FR",)
    assert done.fills[0].by == ("DE",)


def test_a_client_who_gets_no_answer_finds_no_pool():
    assert surge(routing([client("DE", None)], [pool("p0", 1)])).unserved == {"DE": 0}


def test_what_is_not_exact_says_so():
    clients = [client("DE", first("p0")), client("DE", first("p1"))]
    pools = [pool("p0", 1, strains=frozenset({"half"})), pool("p1", 1)]
    assert surge(routing(clients, pools)).doubtful == ("what holds for DE is not known",)
    assert surge(routing(clients[:1], pools), frozenset({"half"})).doubtful == ("how much p0 still takes is not known",)


@few
@given(configurations(), outages)
def test_it_agrees_with_working_everything_out_anew(configuration: Routing, down: frozenset[str]):
    done = surge(configuration, down)
    reached, fills = risen(configuration, down)
    assert dict(done.reached) == {key: at for key, at in reached.items() if key[1] is not None}
    assert dict(done.unserved) == {name: at for (name, pool), at in reached.items() if pool is None}
    assert [(fill.at, fill.pool) for fill in done.fills] == sorted(fills)


@few
@given(configurations(root=orders, known=True), st.integers(1, 10**6))
def test_sessions_one_by_one_land_where_it_says(configuration: Routing, seed: int):
    """Place single sessions, a thousandth of the demand each, in rounds and in any order within a round."""
    size, rounds = Fraction(1, 1000), 2500
    room = {name: p.capacity or Fraction(0) for name, p in configuration.pools.items()}
    landed: dict[tuple[str, str], Fraction] = {}
    asking = [c for c in configuration.clients if c.demand]
    shuffle = random.Random(seed).shuffle
    for turn in range(rounds):
        shuffle(asking)
        for c in asking:
            assert isinstance(c.root, First)
            assert c.demand is not None
            names = [leaf.pool for leaf in c.root.children if isinstance(leaf, Use)]
            place = next((name for name in names if room[name] > 0), None)
            if place is not None:
                room[place] -= c.demand * size
                landed.setdefault((c.name, place), turn * size)
        if not any(value > 0 for value in room.values()):
            break
    done = surge(configuration)
    slack = size * 200  # a session too many in a pool is one too few in the next, which a small rate makes longer
    names = {c.name for c in asking}
    late = [
        key for key, at in done.reached.items() if key[0] in names and at < 1 and _sure(done, at) and key not in landed
    ]
    assert not late
    for key, at in landed.items():
        expected = done.reached.get(key)
        if expected is not None and _sure(done, expected):
            assert abs(at - expected) < slack


def _sure(done: Surged, at: Fraction) -> bool:
    """Say whether no two fills stand so close before a multiplier that single sessions may swap them."""
    times = sorted({fill.at for fill in done.fills if fill.at <= at})
    return all(b - a > Fraction(1, 4) for a, b in pairwise(times))


@few
@given(configurations(), st.sets(st.sampled_from(NAMES)))
def test_it_goes_where_the_proof_says_of_the_same_outage(configuration: Routing, out: set[str]):
    """What is full is as what is down: the same pools answer."""
    pools = {name: replace(p, capacity=None) for name, p in configuration.pools.items()}
    down = frozenset(f"dc:{name}" for name in out)
    done = surge(replace(configuration, pools=pools), down)
    for c in configuration.clients:
        if c.root is not None:
            answers = brute.answered(c.root, pools, down)
            assert {pool for (name, pool), at in done.reached.items() if name == c.name and at == 0} == answers
            assert bool(answers) or c.name in done.unserved


@few
@given(configurations(), outages, st.randoms(use_true_random=False))
def test_no_order_of_the_input_matters(configuration: Routing, down: frozenset[str], chance: random.Random):
    clients, pools = list(configuration.clients), list(configuration.pools.items())
    chance.shuffle(clients)
    chance.shuffle(pools)
    assert surge(replace(configuration, clients=clients, pools=dict(pools)), down) == surge(configuration, down)


@few
@given(configurations(), st.fractions(Fraction(1, 9), 9))
def test_more_demand_by_a_factor_is_less_headroom_by_that_factor(configuration: Routing, factor: Fraction):
    grown = [replace(c, demand=(c.demand or 0) * factor) for c in configuration.clients]
    before, after = surge(configuration), surge(replace(configuration, clients=grown))
    assert dict(after.reached) == {key: at / factor for key, at in before.reached.items()}
    assert dict(after.unserved) == {name: at / factor for name, at in before.unserved.items()}


@few
@given(configurations())
def test_clients_that_are_treated_alike_are_as_one(configuration: Routing):
    """Half of a client's demand asked by another one of the same graph changes nothing."""
    clients = [
        replace(c, name=f"{c.name}{half}", demand=(c.demand or 0) / 2) for c in configuration.clients for half in "ab"
    ]
    before, after = surge(configuration), surge(replace(configuration, clients=clients))
    assert dict(after.reached) == {(n + h, p): at for (n, p), at in before.reached.items() for h in "ab"}


@few
@given(configurations(root=orders, known=True))
def test_nothing_is_lost_between_the_first_and_the_last_fill(configuration: Routing):
    """What all pools held when the last one filled is what was asked for until then by those who found one."""
    done = surge(configuration)
    full = sum((configuration.pools[fill.pool].capacity or Fraction(0) for fill in done.fills), Fraction(0))
    end = max((fill.at for fill in done.fills), default=Fraction(0))
    asked = sum(
        ((c.demand or Fraction(0)) * min(end, done.unserved.get(c.name, end)) for c in configuration.clients),
        Fraction(0),
    )
    filled = {fill.pool for fill in done.fills}
    held = sum((c.demand or Fraction(0) for c in configuration.clients), Fraction(0))
    if all(name in filled for _, name in done.reached) or not held:
        assert asked == full


@few
@given(st.lists(st.permutations(NAMES).map(lambda names: first(*names)), min_size=1, max_size=4), st.data())
def test_where_all_list_all_in_one_order_more_room_never_brings_it_forward(roots: list[Node], data: st.DataObject):
    """One order for all clients: what stands behind a pool is reached no earlier if that pool has more room."""
    roots = [roots[0]] * len(roots)
    pools = [pool(name, data.draw(amounts)) for name in NAMES]
    clients = [client(f"c{i}", root, data.draw(amounts)) for i, root in enumerate(roots)]
    small = surge(routing(clients, pools))
    grown = data.draw(st.sampled_from(pools))
    more = replace(grown, capacity=(grown.capacity or 0) + 1)
    large = surge(routing(clients, [more if p is grown else p for p in pools]))
    for key, at in large.reached.items():
        assert at >= small.reached.get(key, at)


def test_more_room_can_bring_it_forward():
    """Not so with different orders: DE's room in p0 keeps DE from filling the p2 that FR goes on to."""
    clients = [client("DE", first("p0", "p2")), client("FR", first("p1", "p2"))]
    tight = surge(routing(clients, [pool("p0", 1), pool("p1", 2), pool("p2", 1)]))
    roomy = surge(routing(clients, [pool("p0", 9), pool("p1", 2), pool("p2", 1)]))
    assert tight.at("FR", "p2") is None
    assert roomy.at("FR", "p2") == 2


def test_groups_may_lie_in_each_other_as_deep_as_somebody_likes():
    root: Node = use("p0")
    for _ in range(5000):
        root = spread(first(root))
    done = surge(routing([client("DE", first(root, "p1"), 2)], [pool("p0", 3), pool("p1", None)]))
    assert done.at("DE", "p1") == Fraction(3, 2)


def test_a_thousand_pools_and_250_countries_take_well_under_a_second_or_two():
    chance = random.Random(7)
    names = [f"p{i}" for i in range(1000)]
    pools = [pool(name, Fraction(chance.randint(1, 10**6), 1000)) for name in names]
    clients: list[Client] = []
    for i in range(250):
        order = names[:]
        chance.shuffle(order)
        clients.append(client(f"c{i}", First(tuple(Use(name, AT) for name in order), AT), chance.randint(1, 10**6)))
    given_ = routing(clients, pools)
    done = surge(given_)
    assert len(done.fills) == 1000
