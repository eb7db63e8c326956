"""Reachability where every fault takes away one pool of a graph alone: what has to fail adds up.

Then children fail independently of each other, so the cheapest way to a leaf is the sum of the cheapest ways past
those before it; no search is needed, and a thousand pools cost a thousand additions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.routing.graph import Way, below_first, fallen
from auditor.routing.model import NONE, First, Node, Pool, Spread, Use


@dataclass(frozen=True, slots=True)
class _Cost:
    """Faults that something takes, as a list that shares its beginning with others."""

    size: int
    last: tuple[str, ...] = ()
    before: "tuple[_Cost, ...]" = ()

    def plus(self, other: "_Cost | None") -> "_Cost | None":
        """Add what else it takes; None: it can't be had."""
        return None if other is None else _Cost(self.size + other.size, (), (self, other))

    def faults(self) -> frozenset[str]:
        """List them."""
        found: set[str] = set()
        stack = [self]
        while stack:
            each = stack.pop()
            found.update(each.last)
            stack.extend(each.before)
        return frozenset(found)


_NOTHING = _Cost(0)


def reached(root: Node, pools: Mapping[str, Pool]) -> list[Way] | None:
    """Return the leaves that can answer, each with a smallest set of faults; None: what fails does not just add up."""
    if not _independent(root, pools):
        return None
    costs = _Costs(root, pools)
    found = list(_walk(root, _NOTHING, True, costs))
    down = costs.down(root)
    if down is not None:
        found += _walk(root, down, False, costs)
    return [(use, cost.size, cost.faults) for use, cost in found]


def _independent(root: Node, pools: Mapping[str, Pool]) -> bool:
    """Say whether it is a tree in which every fault stands once, of nodes whose costs add up."""
    nodes: set[int] = set()
    faults: set[str] = set()
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        if id(node) in nodes:
            return False
        nodes.add(id(node))
        if isinstance(node, Use):
            pool = pools[node.pool]
            both = () if node.blind else (*pool.faults, *pool.strains)
            if len({*both, *faults}) < len(both) + len(faults):
                return False
            faults.update(both)
            continue
        if not node.children or (isinstance(node, Spread) and not _even(node)):
            return False  # without children it is never up: then its siblings are not all free to be
        stack.extend(node.children)
    return True


def _even(node: Spread) -> bool:
    """Say whether all its children count alike, and what answers when it is down are leaves."""
    return (
        len(set(node.weights)) <= 1
        and node.need <= (node.weights[0] if node.weights else 1) * len(node.children)
        and (node.on_down == NONE or all(isinstance(child, Use) for child in node.children))
    )


class _Costs:
    """What it takes to bring nodes down, or to make them share with others."""

    def __init__(self, root: Node, pools: Mapping[str, Pool]) -> None:
        self._pools = pools
        self._known: dict[tuple[int, bool], _Cost | None] = {}
        for node in below_first(root):
            for sharing in (False, True):
                self._known[id(node), sharing] = self._worked_out(node, sharing)

    def down(self, node: Node) -> _Cost | None:
        """Return what takes a node down; None: nothing does."""
        return self._known[id(node), False]

    def share(self, node: Node) -> _Cost | None:
        """Return what makes a node share with those behind it; None: nothing does."""
        return self._known[id(node), True]

    def _worked_out(self, node: Node, sharing: bool) -> _Cost | None:
        if isinstance(node, Use):
            pool = self._pools[node.pool]
            faults = pool.faults | pool.strains if sharing else pool.faults
            return None if node.blind or not faults else _Cost(1, (min(faults),))
        if isinstance(node, First):
            return _sum([self._known[id(child), sharing] for child in node.children])
        weight = node.weights[0] if node.weights else 1
        if node.need <= 0 or not weight:
            return None
        spare = len(node.children) - -(-node.need // weight)  # as many may fail before it does
        costs = [cost for child in node.children if (cost := self.down(child)) is not None]
        costs.sort(key=lambda cost: cost.size)
        return _sum(list(costs[: spare + 1])) if len(costs) > spare else None


def _sum(costs: "list[_Cost | None]") -> _Cost | None:
    total: _Cost | None = _NOTHING
    for cost in costs:
        total = total and total.plus(cost)
    return total


def _walk(node: Node, cost: _Cost, up: bool, costs: _Costs) -> Iterator[tuple[Use, _Cost]]:
    """Yield the leaves that answer where a node is asked while it is up (or down), and what that takes."""
    stack = [(node, cost, up)]
    while stack:
        at, spent, state = stack.pop()
        if isinstance(at, Use):
            yield at, spent
        elif not state:
            stack.extend((child, spent, False) for child in fallen(at))
        elif isinstance(at, Spread):
            stack.extend((child, spent, True) for child in at.children)
        else:
            passed: _Cost | None = spent
            for child in at.children:
                if passed is None:
                    break
                stack.append((child, passed, True))
                share = costs.share(child)
                passed = None if share is None else passed.plus(share)
