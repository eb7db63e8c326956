"""A minimum cut between pools and those who can fill them, in whole numbers (Dinic's algorithm)."""

from collections.abc import Sequence
from itertools import pairwise

Edges = Sequence[Sequence[int]]


def overfull(capacity: Sequence[int], demand: Sequence[int], edges: Edges) -> list[int]:
    """Return the pools T that make capacity(T) - demand(those with an edge to a pool of T) largest, if that is above 0.

    `edges` lists, of each pool, the indices in `demand` of those who can fill it.  Empty: no set is above 0.  Of
    several best sets it is the smallest, which is a part of all others, so it doesn't depend on any order.
    """
    spare, want = list(capacity), list(demand)
    flow: list[dict[int, int]] = [{} for _ in capacity]  # what a pool gets of whom
    back: list[set[int]] = [set() for _ in demand]  # pools that get something of them
    while True:
        level, met, reached = _levels(spare, want, edges, back)
        if not reached:
            return sorted(level)
        tried: list[int] = [0] * len(capacity)
        left: list[list[int]] = [sorted(pools) for pools in back]
        for pool in level:
            if level[pool] == 0:
                while spare[pool] and _push(pool, spare, want, edges, flow, back, level, met, tried, left):
                    pass


def _levels(
    spare: Sequence[int], want: Sequence[int], edges: Edges, back: Sequence[set[int]]
) -> tuple[dict[int, int], dict[int, int], bool]:
    """Go from the pools that are not full, layer by layer: distances of pools and of those who fill them."""
    level = {pool: 0 for pool, room in enumerate(spare) if room}
    met: dict[int, int] = {}
    layer = sorted(level)
    depth = 0
    while layer:
        found = sorted({who for pool in layer for who in edges[pool] if who not in met})
        met.update(dict.fromkeys(found, depth))
        if any(want[who] for who in found):
            return level, met, True
        depth += 1
        layer = sorted({pool for who in found for pool in back[who] if pool not in level})
        level.update(dict.fromkeys(layer, depth))
    return level, met, False


def _push(
    start: int, spare: list[int], want: list[int], edges: Edges, flow: list[dict[int, int]], back: list[set[int]],
    level: dict[int, int], met: dict[int, int], tried: list[int], left: list[list[int]],
) -> bool:  # fmt: skip
    """Fill one pool by one way through the layers; False if there is none left."""
    path: list[tuple[int, int]] = []  # pool, who
    pool = start
    while True:
        if tried[pool] < len(edges[pool]):
            who = edges[pool][tried[pool]]
            if met.get(who) == level[pool]:
                if want[who]:
                    _filled([*path, (pool, who)], spare, want, flow, back)
                    return True
                following = _next(who, level, met, left, back)
                if following is not None:
                    path.append((pool, who))
                    pool = following
                    continue
            tried[pool] += 1
        elif path:
            level[pool] = -1
            pool = path.pop()[0]
        else:
            return False


def _next(
    who: int, level: dict[int, int], met: dict[int, int], left: list[list[int]], back: Sequence[set[int]]
) -> int | None:
    while left[who]:
        pool = left[who][-1]
        if level.get(pool) == met[who] + 1 and pool in back[who]:
            return pool
        left[who].pop()
    return None


def _filled(
    path: Sequence[tuple[int, int]], spare: list[int], want: list[int], flow: list[dict[int, int]], back: list[set[int]]
) -> None:
    """Let the first pool of a way be filled: everybody on it fills that one instead of the next, the last has more."""
    last = path[-1][1]
    moved = [flow[following][who] for (_, who), (following, _) in pairwise(path)]
    amount = min(spare[path[0][0]], want[last], *moved)
    spare[path[0][0]] -= amount
    want[last] -= amount
    for (pool, who), (following, _) in pairwise(path):
        flow[following][who] -= amount
        if not flow[following][who]:
            del flow[following][who]
            back[who].discard(following)
        flow[pool][who] = flow[pool].get(who, 0) + amount
        back[who].add(pool)
    pool, who = path[-1]
    flow[pool][who] = flow[pool].get(who, 0) + amount
    back[who].add(pool)
