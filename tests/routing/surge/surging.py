"""Small random configurations with capacities, and a second way to let demand rise on them, written to be plain."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from auditor.routing.model import (
    ALL,
    FIRST,
    LAST,
    NONE,
    Answer,
    Client,
    Fault,
    First,
    Line,
    Node,
    Pool,
    Routing,
    Site,
    Spread,
    Use,
)  # fmt: skip

AT = Line("routing.yaml", 1)
NAMES = [f"p{i}" for i in range(6)]

amounts = st.one_of(st.integers(0, 6), st.fractions(0, 6, max_denominator=7)).map(Fraction)


def pool(name: str, capacity: Fraction | int | None, *, strains: frozenset[str] = frozenset()) -> Pool:
    limit = None if capacity is None else Fraction(capacity)
    return Pool(name, f"site of {name}", frozenset({f"dc:{name}"}), strains, capacity=limit)


def use(name: str, blind: bool = False) -> Use:
    return Use(name, AT, blind)


def first(*names: str | Node, on_down: str = NONE) -> First:
    return First(tuple(use(n) if isinstance(n, str) else n for n in names), AT, on_down)


def spread(*names: str | Node, weights: tuple[int, ...] = (), need: int = 1, on_down: str = NONE) -> Spread:
    return Spread(tuple(use(n) if isinstance(n, str) else n for n in names), AT, weights, Fraction(need), on_down)


def client(name: str, root: Node | None, demand: Fraction | int | None = 1) -> Client:
    return Client(name, AT, root, demand=None if demand is None else Fraction(demand))


def routing(clients: Iterable[Client], pools: Iterable[Pool]) -> Routing:
    pools = list(pools)
    return Routing(
        "test", (), list(clients), {p.name: p for p in pools},
        {p.site: Site(p.site, AT) for p in pools},
        {id: Fault(id, f"{id} is down", AT) for p in pools for id in sorted(p.faults | p.strains)},
        lambda client, down: Answer(frozenset(), ()),
    )  # fmt: skip


def trees(depth: int) -> st.SearchStrategy[Node]:
    leaf = st.builds(use, st.sampled_from(NAMES), st.sampled_from([False] * 7 + [True]))
    if not depth:
        return leaf
    below = st.lists(trees(depth - 1), min_size=1, max_size=3)

    @st.composite
    def spreads(draw: Any) -> Spread:
        children = draw(below)
        weights = draw(st.one_of(st.just(()), st.tuples(*[st.integers(1, 4)] * len(children))))
        need = draw(st.integers(1, sum(weights or (1,) * len(children))))
        return spread(*children, weights=weights, need=need, on_down=draw(st.sampled_from([NONE, ALL])))

    firsts = st.builds(lambda c, d: first(*c, on_down=d), below, st.sampled_from([NONE, NONE, FIRST, LAST, ALL]))
    return st.one_of(leaf, firsts, spreads())


orders = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True).map(lambda names: first(*names))


@st.composite
def configurations(draw: Any, root: st.SearchStrategy[Node] = trees(3), known: bool = False) -> Routing:  # noqa: B008
    limits = amounts if known else st.one_of(amounts, amounts, st.none())
    pools = [pool(name, draw(limits)) for name in NAMES]
    count = draw(st.integers(1, 5))
    return routing([client(f"c{i}", draw(root), draw(amounts)) for i in range(count)], pools)


outages = st.sets(st.sampled_from(NAMES), max_size=2).map(lambda names: frozenset(f"dc:{n}" for n in names))


def goes(node: Node, out: set[str]) -> dict[str | None, Fraction]:
    """Say where demand goes when these pools are out, straight from the definition."""
    if isinstance(node, Use):
        return {node.pool: Fraction(1)}
    weights = getattr(node, "weights", ()) or (1,) * len(node.children)
    pairs = list(zip(node.children, weights, strict=True))
    up = [(child, weight) for child, weight in pairs if is_open(child, out)]
    if is_open(node, out):
        asked = up[:1] if isinstance(node, First) else up
    else:
        asked = {NONE: [], FIRST: pairs[:1], LAST: pairs[-1:], ALL: pairs}[node.on_down]
    total: dict[str | None, Fraction] = {}
    for child, weight in asked:
        for name, share in goes(child, out).items():
            total[name] = total.get(name, Fraction(0)) + share * Fraction(weight, sum(w for _, w in asked))
    return total or {None: Fraction(1)}


def is_open(node: Node, out: set[str]) -> bool:
    if isinstance(node, Use):
        return node.blind or node.pool not in out
    if isinstance(node, First):
        return any(is_open(child, out) for child in node.children)
    weights = node.weights or (1,) * len(node.children)
    return sum(w for child, w in zip(node.children, weights, strict=True) if is_open(child, out)) >= node.need


def risen(
    configuration: Routing, down: frozenset[str]
) -> tuple[dict[tuple[str, str | None], Fraction], list[tuple[Fraction, str]]]:
    """Let demand rise, working everything out anew after each fill."""
    out = {p.name for p in configuration.pools.values() if p.faults & down}
    limits = {p.name: p.capacity for p in configuration.pools.values() if p.capacity is not None and p.name not in out}
    held = dict.fromkeys(limits, Fraction(0))
    now, reached, fills = Fraction(0), {}, []
    while True:
        for name in sorted(limits):
            if name not in out and held[name] >= limits[name]:
                fills.append((now, name))
                out.add(name)
        rates = dict.fromkeys(configuration.pools, Fraction(0))
        for c in configuration.clients:
            for name, share in (goes(c.root, out) if c.root else {None: Fraction(1)}).items():
                reached.setdefault((c.name, name), now)
                if name is not None:
                    rates[name] += share * c.demand
        steps = [(limits[n] - held[n]) / rates[n] for n in limits if n not in out and rates[n]]
        if not steps:
            return reached, fills
        for name in held:
            held[name] += rates[name] * min(steps)
        now += min(steps)
