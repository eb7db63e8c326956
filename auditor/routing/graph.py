"""Walks over graphs of pools, without recursion: configurations nest as deeply as somebody likes."""

from collections.abc import Callable, Container, Iterator

from auditor.routing.model import ALL, FIRST, LAST, First, Node, Spread, Use

Way = tuple[Use, int, Callable[[], frozenset[str]]]
"""A leaf that can answer, how many faults that takes, and which."""


def leaves(root: Node) -> Iterator[Use]:
    """Yield the leaves below a node, each once, in the order of the configuration."""
    return (node for node in nodes(root) if isinstance(node, Use))


def nodes(root: Node) -> Iterator[Node]:
    """Yield a node and all below it, each once, parents first."""
    seen: set[int] = set()
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, First | Spread):
            stack.extend(reversed(node.children))


def below_first(root: Node, known: Container[int] = ()) -> list[Node]:
    """List all nodes, each behind those below it; those are left out whose identities are `known` already."""
    order: list[Node] = []
    done: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if id(node) in done or id(node) in known:
            continue
        if ready or isinstance(node, Use):
            done.add(id(node))
            order.append(node)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in node.children)
    return order


def fallen(node: First | Spread) -> tuple[Node, ...]:
    """Return the children that are asked when nothing below a node is up."""
    if not node.children:
        return ()
    return {FIRST: node.children[:1], LAST: node.children[-1:], ALL: node.children}.get(node.on_down, ())
