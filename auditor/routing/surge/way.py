"""Where a graph sends what is asked now, in shares, while pools go out one after another: `uniform` fills them."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from auditor.routing.graph import fallen
from auditor.routing.model import ALL, First, Node, Spread, Use

ZERO: Final = Fraction(0)
WHOLE: Final = Fraction(1)

Orders = dict[int, list[First | Spread]]
"""Of the identity of a root: the nodes below it that are no leaves, each behind those below it."""

Flow = Mapping[str | None, Fraction]
"""Shares of the pools that get a client's demand, which sum to 1; what finds no pool is under None."""


class Way:
    """Where graphs send what is asked now, while pools go out one after another and never come back.

    So what was closed stays closed: each `First` remembers how far it has come.
    """

    def __init__(self, out: Iterable[str], orders: Orders) -> None:
        self.out = set(out)
        self._inner = orders
        self._come: dict[int, int] = {}  # of a First: its children before this one are closed
        self._closed: set[int] = set()

    def close(self, pools: Iterable[str]) -> None:
        """Take pools out."""
        self.out.update(pools)

    def flow(self, root: Node | None) -> Flow:
        """Return where a client's demand goes now."""
        if root is None:
            return {None: WHOLE}
        if isinstance(root, Use):
            return {root.pool: WHOLE}
        if id(root) not in self._inner:
            self._inner[id(root)] = inner(root)
        order = self._inner[id(root)]
        for node in order:
            if id(node) not in self._closed and not self._stands(node):
                self._closed.add(id(node))
        flow: dict[str | None, Fraction] = {}
        parts = {id(root): WHOLE}
        for node in reversed(order):
            if id(node) in parts:
                self._share(node, parts[id(node)], parts, flow)
        return flow

    def _share(
        self, node: First | Spread, part: Fraction, parts: dict[int, Fraction], flow: dict[str | None, Fraction]
    ) -> None:
        """Hand what a node is asked for to those whom it asks."""
        asked = [(child, weight) for child, weight in self._asked(node) if weight > 0]
        whole = sum(weight for _, weight in asked)
        if not asked:
            flow[None] = flow.get(None, ZERO) + part
        for child, weight in asked:
            share = part * Fraction(weight, whole)
            if isinstance(child, Use):
                flow[child.pool] = flow.get(child.pool, ZERO) + share
            else:
                parts[id(child)] = parts.get(id(child), ZERO) + share

    def _open(self, node: Node) -> bool:
        """Say whether a node is open; of those below it this is known."""
        return node.blind or node.pool not in self.out if isinstance(node, Use) else id(node) not in self._closed

    def _stands(self, node: First | Spread) -> bool:
        if isinstance(node, First):
            come = self._come.get(id(node), 0)
            while come < len(node.children) and not self._open(node.children[come]):
                come += 1
            self._come[id(node)] = come
            return come < len(node.children)
        return sum(w for child, w in weighed(node) if self._open(child)) >= node.need

    def _asked(self, node: First | Spread) -> Sequence[tuple[Node, int]]:
        """Return the children that a node asks, with their weights."""
        closed = id(node) in self._closed
        if isinstance(node, Spread):
            every = weighed(node)
            return (
                [each for each in every if self._open(each[0])] if not closed else every if node.on_down == ALL else []
            )
        children = fallen(node) if closed else (node.children[self._come[id(node)]],)
        return [(child, 1) for child in children]


def weighed(node: Spread) -> list[tuple[Node, int]]:
    """List the children of a node with their weights."""
    return list(zip(node.children, node.weights or (1,) * len(node.children), strict=True))


def inner(root: Node | None) -> list[First | Spread]:
    """List the nodes of a graph that are no leaves, each behind those below it."""
    order: list[First | Spread] = []
    done: set[int] = set()
    stack: list[tuple[First | Spread, bool]] = [] if root is None or isinstance(root, Use) else [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done:
            continue
        if ready:
            done.add(id(node))
            order.append(node)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in node.children if not isinstance(child, Use))
    return order
