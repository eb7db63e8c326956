"""What can answer under each combination of outages, one by one: the slow way that proofs are held against."""

from collections.abc import Callable
from itertools import combinations

from auditor.routing.model import ALL, FIRST, LAST, First, Node, Pool, Routing, Spread, Use
from auditor.routing.reach import Reach, reach

Fewest = dict[str, int]
"""Pool -> the fewest outages under which it can answer."""


def outages(faults: set[str], answers: Callable[[frozenset[str]], frozenset[str]]) -> Fewest:
    """Ask under every combination of faults."""
    found: Fewest = {}
    for size in range(len(faults) + 1):
        for down in combinations(sorted(faults), size):
            for pool in answers(frozenset(down)):
                found.setdefault(pool, size)
    return found


def told(proof: Reach) -> Fewest:
    """Return what a proof says, in the same shape."""
    return {pool: each.size for pool, each in proof.pools.items()}


def disagreements(routing: Routing, most: int = 12) -> list[str]:
    """Hold the proof of every class of clients against the interpreter of its format; return what differs."""
    faults = set(routing.faults)
    assert len(faults) <= most, f"{len(faults)} faults are too many to try every combination"
    wrong = []
    for client in routing.clients:
        proof = reach(client.root, routing.pools)
        slow = outages(faults, lambda down, client=client: routing.replay(client, down).pools)  # type: ignore[misc]
        if told(proof) != slow:
            wrong.append(f"{client.name}: proven {told(proof)}, found {slow}")
        for pool, each in proof.pools.items():
            if len(each.outages) != each.size or pool not in routing.replay(client, each.outages).pools:
                wrong.append(f"{client.name}: {sorted(each.outages)} does not bring {pool}")
    return wrong


def answered(node: Node, pools: dict[str, Pool], down: frozenset[str]) -> frozenset[str]:
    """Say which pools may answer below a node of a graph, by the words of `model`."""
    if isinstance(node, Use):
        return frozenset({node.pool})
    up = [child for child in node.children if is_up(child, pools, down)]
    if isinstance(node, Spread):
        asked = up if is_up(node, pools, down) else list(node.children) if node.on_down == ALL else []
    elif up:
        asked = []
        for child in node.children:
            asked += [child] if is_up(child, pools, down) else []
            if is_full(child, pools, down):
                break
    else:
        asked = {FIRST: node.children[:1], LAST: node.children[-1:], ALL: node.children}.get(node.on_down, ())  # type: ignore[assignment]
    return frozenset().union(*(answered(child, pools, down) for child in asked))


def is_up(node: Node, pools: dict[str, Pool], down: frozenset[str]) -> bool:
    if isinstance(node, Use):
        return node.blind or not pools[node.pool].faults & down
    up = [is_up(child, pools, down) for child in node.children]
    if isinstance(node, First):
        return any(up)
    weights = node.weights or (1,) * len(up)
    return sum(weight for weight, each in zip(weights, up, strict=True) if each) >= node.need


def is_full(node: Node, pools: dict[str, Pool], down: frozenset[str]) -> bool:
    if isinstance(node, Use):
        return node.blind or not (pools[node.pool].faults | pools[node.pool].strains) & down
    if isinstance(node, First):
        return any(is_full(child, pools, down) for child in node.children)
    return is_up(node, pools, down)
