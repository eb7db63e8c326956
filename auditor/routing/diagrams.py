"""Reachability by decision diagrams: for every node the statement of when it is asked, when it is up, and when full."""

from collections.abc import Mapping, Sequence
from functools import partial

from auditor.routing.diagram import ALL, FALSE, MOST, TRUE, Diagram
from auditor.routing.graph import Way, below_first, fallen
from auditor.routing.model import First, Node, Pool, Spread, Use


class Drawing:
    """The graphs of one configuration, which share a bound of nodes."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._pools = pools
        self._left = ALL

    def reached(self, root: Node) -> list[Way]:
        """Return the leaves that can answer below a root, each with a smallest set of faults under which it does.

        Raise TooLargeError where the faults are tied to each other in too many ways.
        """
        diagram = Diagram(min(MOST, self._left))
        try:
            return _reached(root, self._pools, diagram)
        finally:
            self._left -= diagram.size


def _reached(root: Node, pools: Mapping[str, Pool], diagram: Diagram) -> list[Way]:
    order = below_first(root)
    faults: dict[str, int] = {}
    for node in reversed(order):
        if isinstance(node, Use) and not node.blind:
            pool = pools[node.pool]
            for fault in (*sorted(pool.faults), *sorted(pool.strains)):
                faults.setdefault(fault, len(faults))
    names = list(faults)
    states = _States(diagram, pools, faults)
    for node in order:
        states.add(node)
    asked = dict.fromkeys((id(node) for node in order), FALSE)
    asked[id(root)] = TRUE
    found: list[Way] = []
    for node in reversed(order):  # whoever asks a node stands before it
        guard = asked[id(node)]
        if isinstance(node, Use):
            smallest = diagram.smallest(guard)
            if smallest is not None:
                found.append((node, len(smallest), partial(_named, smallest, names)))
        else:
            for child, when in states.asks(node, guard):
                asked[id(child)] = diagram.either(asked[id(child)], when)
    return found


def _named(chosen: tuple[int, ...], names: Sequence[str]) -> frozenset[str]:
    return frozenset(names[each] for each in chosen)


class _States:
    """When nodes are up, and when full."""

    def __init__(self, diagram: Diagram, pools: Mapping[str, Pool], faults: Mapping[str, int]) -> None:
        self._diagram, self._pools, self._faults = diagram, pools, faults
        self._up: dict[int, int] = {}
        self._full: dict[int, int] = {}

    def add(self, node: Node) -> None:
        """Work out a node whose children are known."""
        key, diagram = id(node), self._diagram
        if isinstance(node, Use):
            pool = self._pools[node.pool]
            self._up[key] = TRUE if node.blind else self._none(pool.faults)
            self._full[key] = TRUE if node.blind else diagram.both(self._up[key], self._none(pool.strains))
        elif isinstance(node, First):
            self._up[key] = diagram.any_of([self._up[id(child)] for child in node.children])
            self._full[key] = diagram.any_of([self._full[id(child)] for child in node.children])
        else:
            weights, need = scaled(node)
            up = [self._up[id(child)] for child in node.children]
            self._up[key] = self._full[key] = diagram.reaching(up, weights, need)

    def _none(self, faults: frozenset[str]) -> int:
        variables = [self._diagram.variable(self._faults[fault]) for fault in sorted(faults)]
        return self._diagram.neither(self._diagram.any_of(variables))

    def asks(self, node: First | Spread, guard: int) -> list[tuple[Node, int]]:
        """Say which children a node asks when, if it is itself asked when `guard` is true."""
        diagram, up = self._diagram, self._up
        found: list[tuple[Node, int]] = []
        here = diagram.both(guard, up[id(node)]) if isinstance(node, Spread) else guard
        for child in node.children:
            found.append((child, diagram.both(here, up[id(child)])))
            if isinstance(node, First):
                here = diagram.both(here, diagram.neither(self._full[id(child)]))
        down = diagram.both(guard, diagram.neither(up[id(node)]))
        return [*found, *((child, down) for child in fallen(node))]


def scaled(node: Spread) -> tuple[tuple[int, ...], int]:
    """Return weights and need as whole numbers."""
    weights = node.weights or (1,) * len(node.children)
    by = node.need.denominator
    return tuple(weight * by for weight in weights), int(node.need * by)
