"""Reachability where every fault takes away one pool of a graph alone: what has to fail adds up.

Then children fail independently of each other, so the cheapest way to a leaf is the sum of the cheapest ways past
those before it; no search is needed, and a thousand pools cost a thousand additions.  Graphs of different clients
share nodes, of which all is worked out once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from auditor.routing.graph import Way, below_first, fallen
from auditor.routing.model import NONE, First, Node, Pool, Spread, Use


class _Cost(NamedTuple):
    """Faults that something takes, as a list that shares its beginning with others."""

    size: int
    last: tuple[str, ...] = ()
    before: tuple["_Cost", ...] = ()


_NOTHING = _Cost(0)


def _faults(*costs: _Cost) -> frozenset[str]:
    """List what some costs take together."""
    found: set[str] = set()
    stack = list(costs)
    while stack:
        each = stack.pop()
        found.update(each.last)
        stack.extend(each.before)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a node and all below it."""

    apart: bool  # every fault stands once, and what has to fail adds up
    faults: frozenset[str]
    pools: frozenset[str]  # all that are named
    down: _Cost | None  # what takes it down; None: nothing does
    share: _Cost | None  # what makes it share with those behind it


class Adding:
    """The graphs of one configuration."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools
        self._nodes: dict[int, _Known] = {}

    def known(self, root: Node) -> _Known:
        """Return what is known of a root."""
        for node in below_first(root, self._nodes):
            self._nodes[id(node)] = self._worked_out(node)
        return self._nodes[id(root)]

    def reached(self, root: Node) -> list[Way] | None:
        """Return the leaves that can answer below a root, each with a smallest set of faults.

        None: what fails does not just add up.
        """
        known = self.known(root)
        if not known.apart:
            return None
        found: list[Way] = [(use, cost.size, partial(_faults, cost)) for use, cost in _walk(root, self._nodes)]
        if known.down is not None:
            down = known.down
            found += [(use, down.size, partial(_faults, down)) for use in _fallen(root)]
        return found

    def _worked_out(self, node: Node) -> _Known:
        """Put together what is known of the children of a node."""
        if isinstance(node, Use):
            return self._leaf(node)
        below = [self._nodes[id(child)] for child in node.children]
        faults = frozenset[str]().union(*(each.faults for each in below))
        pools = frozenset[str]().union(*(each.pools for each in below))
        apart = all(each.apart for each in below) and sum(len(each.faults) for each in below) == len(faults)
        # without children it is never up: then its siblings are not all free to be
        if not apart or not below or (isinstance(node, Spread) and not _even(node)):
            return _Known(False, faults, pools, None, None)
        if isinstance(node, First):
            return _Known(True, faults, pools, _sum(each.down for each in below), _sum(each.share for each in below))
        down = _enough(node, below)
        return _Known(True, faults, pools, down, down)

    def _leaf(self, node: Use) -> _Known:
        pool = self._pools[node.pool]
        pools = frozenset({node.pool})
        if node.blind:
            return _Known(True, frozenset(), pools, None, None)
        if pool.faults & pool.strains:
            return _Known(False, pool.faults | pool.strains, pools, None, None)
        some = pool.faults or pool.strains
        down = _Cost(1, (min(pool.faults),)) if pool.faults else None
        return _Known(True, pool.faults | pool.strains, pools, down, _Cost(1, (min(some),)) if some else None)


def _even(node: Spread) -> bool:
    """Say whether all its children count alike, and what answers when it is down are leaves."""
    return (
        len(set(node.weights)) <= 1
        and node.need <= (node.weights[0] if node.weights else 1) * len(node.children)
        and (node.on_down == NONE or all(isinstance(child, Use) for child in node.children))
    )


def _enough(node: Spread, below: list[_Known]) -> _Cost | None:
    """Return what brings so many children down that the others don't reach what is needed."""
    weight = node.weights[0] if node.weights else 1
    if node.need <= 0 or not weight:
        return None
    spare = len(below) - -(-node.need // weight)  # as many may fail before it does
    costs = sorted((each.down for each in below if each.down is not None), key=lambda cost: cost.size)
    return _sum(iter(costs[: spare + 1])) if len(costs) > spare else None


def _walk(root: Node, nodes: Mapping[int, _Known]) -> Iterator[tuple[Use, _Cost]]:
    """Yield the leaves that answer where a node is asked while it is up, and what that takes."""
    stack: list[tuple[Node, _Cost]] = [(root, _NOTHING)]
    while stack:
        node, spent = stack.pop()
        if isinstance(node, Use):
            yield node, spent
        elif isinstance(node, Spread):
            stack.extend((child, spent) for child in node.children)
        else:
            for child in node.children:
                stack.append((child, spent))
                share = nodes[id(child)].share
                if share is None:
                    break
                spent = _plus(spent, share)


def _plus(one: _Cost, other: _Cost) -> _Cost:
    if not other.size:
        return one
    return _Cost(one.size + other.size, (), (one, other)) if one.size else other


def _sum(costs: Iterator[_Cost | None]) -> _Cost | None:
    total = _NOTHING
    for cost in costs:
        if cost is None:
            return None
        total = _plus(total, cost)
    return total


def _fallen(root: Node) -> Iterator[Use]:
    """Yield the leaves that answer while all below a root is down."""
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Use):
            yield node
        else:
            stack.extend(fallen(node))
