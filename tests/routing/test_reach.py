"""Proofs of reachability against every combination of outages, on graphs of all shapes."""

import random
from fractions import Fraction

import pytest

from auditor.routing import reach
from auditor.routing.diagram import Diagram, TooLargeError
from auditor.routing.diagrams import Drawing
from auditor.routing.model import ALL, FIRST, LAST, NONE, First, Line, Node, Pool, Spread, Use
from tests.routing import brute

AT = Line("routes", 1)


class Graphs:
    """Random graphs; with `shared`, faults and parts of the graph stand in several places."""

    def __init__(self, seed: int, shared: bool) -> None:
        self.random = random.Random(seed)
        self.shared = shared
        self.pools: dict[str, Pool] = {}
        self.made: list[Node] = []

    def faults(self, name: str) -> frozenset[str]:
        chance = self.random.random()
        if not self.shared:
            return frozenset({f"{name}-down"} if chance < 0.9 else ())
        some = {f"f{self.random.randrange(6)}" for _ in range(self.random.randint(1, 2))}
        return frozenset(some if chance < 0.9 else ())

    def use(self) -> Use:
        if self.shared and self.pools and self.random.random() < 0.2:
            name = self.random.choice(sorted(self.pools))
        else:
            name = f"p{len(self.pools)}"
            strains = frozenset({f"{name}-strained"} if self.random.random() < 0.2 else ())
            self.pools[name] = Pool(name, name, self.faults(name), strains)
        return Use(name, AT, blind=self.random.random() < 0.1)

    def node(self, depth: int) -> Node:
        if self.shared and self.made and self.random.random() < 0.1:
            return self.random.choice(self.made)
        if depth == 0 or len(self.pools) > 5 or self.random.random() < 0.2:
            return self.use()
        children = tuple(self.node(depth - 1) for _ in range(self.random.randint(0, 3)))
        if self.random.random() < 0.6:
            made: Node = First(children, AT, self.random.choice([NONE, FIRST, LAST, ALL]))
        else:
            weights = tuple(self.random.randint(0, 3) for _ in children) if self.random.random() < 0.4 else ()
            most = sum(weights) if weights else len(children)
            need = Fraction(self.random.randint(0, 2 * most + 1), 2)
            made = Spread(children, AT, weights, need, self.random.choice([NONE, ALL]))
        self.made.append(made)
        return made


@pytest.mark.parametrize("shared", [False, True])
def test_proofs_agree_with_every_combination_of_outages(shared: bool) -> None:
    reachable = unreachable = added = 0
    for seed in range(400):
        graphs = Graphs(seed, shared)
        root = graphs.node(3)
        pools = graphs.pools
        faults = {fault for pool in pools.values() for fault in pool.faults | pool.strains}
        if len(faults) > 10:
            continue
        slow = brute.outages(faults, lambda down: brute.answered(root, pools, down))  # noqa: B023 - used at once
        proof = reach.reach(root, pools)
        assert brute.told(proof) == slow, seed
        for pool, each in proof.pools.items():
            assert len(each.outages) == each.size
            assert pool in brute.answered(root, pools, each.outages), seed
        drawn = reach._fewest(Drawing(pools).reached(root))
        assert {pool: each.size for pool, each in drawn.items()} == slow, seed
        reachable += len(slow)
        unreachable += len(proof.listed - set(slow))
        added += proof.how == reach.ADDED
    assert reachable > 300
    assert unreachable > 30
    assert added > 100


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    pools = {f"p{i}": Pool(f"p{i}", "s", frozenset({f"f{i}"})) for i in range(5_000)}
    chain = First(tuple(Use(name, AT) for name in pools), AT, FIRST)
    proof = reach.reach(chain, pools)
    assert proof.how == reach.ADDED
    assert len(proof.pools["p4999"].outages) == 4_999
    assert brute.told(proof)["p0"] == 0
    nested: Node = Use("p0", AT)
    for i in range(1, 3_000):
        nested = First((nested, Use(f"p{i}", AT)), AT)
    assert len(reach.reach(nested, pools).pools["p2999"].outages) == 2_999
    shared = {**pools, "p9": Pool("p9", "s", frozenset({"f8", "f9"}))}
    tied = reach.reach(First(tuple(Use(f"p{i}", AT) for i in range(300)), AT), shared)
    assert tied.how == reach.DRAWN
    assert len(tied.pools["p299"].outages) == 298  # f8 takes two away


def test_what_is_too_large_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise TooLargeError

    pools = {"p": Pool("p", "s", frozenset({"f"})), "q": Pool("q", "s", frozenset({"f"}))}
    monkeypatch.setattr(Diagram, "choose", full)
    root = First((Use("p", AT), Use("q", Line("routes", 2))), AT)
    proof = reach.reach(root, pools)
    assert proof.how == reach.BOUNDED
    assert {pool: each.proven for pool, each in proof.pools.items()} == {"p": False, "q": False}
    assert proof.pools["q"].at == Line("routes", 2)


def test_nobody_answers_without_a_graph() -> None:
    assert reach.reach(None, {}).pools == {}
    assert reach.reach(First((), AT, ALL), {}).pools == {}


def test_weights_are_reached_by_some_and_not_by_others() -> None:
    diagram = Diagram()
    three = [diagram.variable(i) for i in range(3)]
    heavy = diagram.reaching(three, (3, 2, 2), 4)  # any two
    assert diagram.smallest(heavy) == (1, 2)
    assert diagram.smallest(diagram.both(heavy, diagram.neither(three[1]))) == (0, 2)
    assert diagram.smallest(diagram.reaching(three, (3, 2, 2), 8)) is None


def test_graphs_of_one_configuration_share_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.routing import diagrams

    pools = {f"p{i}": Pool(f"p{i}", "s", frozenset({f"f{i}", f"f{i + 1}"})) for i in range(6)}
    root = First(tuple(Use(name, AT) for name in pools), AT)
    whole = Drawing(pools)
    assert {len(whole.reached(root)) for _ in range(3)} == {6}
    monkeypatch.setattr(diagrams, "ALL", 400)
    few = Drawing(pools)
    assert len(few.reached(root)) == 6
    with pytest.raises(TooLargeError):
        [few.reached(root) for _ in range(99)]
