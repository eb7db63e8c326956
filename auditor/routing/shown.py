"""How a configuration sends clients to a place, for a report: outages, steps, the line to change, the graph."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from auditor.model.route import Branch, Configuration, Reaching, Route, Stage
from auditor.routing.graph import below_first
from auditor.routing.model import First, Line, Node, Pool, Routing, Use
from auditor.routing.reach import BOUNDED, Reach
from auditor.routing.touches import Proofs, Way

ROUTES: Final = 5
"""Routes of a finding that are told; others take as many outages or more."""
CLIENTS: Final = 20
STEPS: Final = 200
BRANCHES: Final = 40


class Told:
    """Configurations, and what is proven of them."""

    def __init__(self, routings: Sequence[Routing], proofs: Proofs) -> None:
        self._routings, self._proofs = routings, proofs
        files = {file.name: file.data for routing in routings for file in routing.files}
        self._graphs: dict[int, int] = {}  # root -> its number, in the order of the configuration
        for routing in routings:
            for client in routing.clients:
                self._graphs.setdefault(id(client.root), len(self._graphs))
        self._lines = {name: data.splitlines() for name, data in files.items()}

    def routes(
        self, ways: Iterable[Way], full: bool, blame: Callable[[Route, Way], Route] | None = None
    ) -> tuple[Route, ...]:
        """Tell the ways of a finding, those with the fewest outages first; classes that are treated alike together.

        Only the first and shortest is told if not in `full`, without steps and graph.  With `blame`, each says what it
        took before a change.
        """
        ordered = sorted(ways, key=lambda way: (way.reached.size, *self._alike(way), way.client.at))
        groups = [list(group) for _, group in groupby(ordered, key=self._alike)]
        told = [(self._route(group, full), group[0]) for group in groups[: ROUTES if full else 1]]
        return tuple(blame(route, way) if blame else route for route, way in told)

    def reaching(self, ways: Iterable[Way]) -> tuple[Reaching, ...]:
        """Count the classes of some ways by the fewest outages that each takes."""
        fewest: dict[tuple[int, str], float] = {}
        for way in ways:
            size = way.reached.size if way.reached.proven else math.inf
            named = way.routing, way.client.name
            fewest[named] = min(size, fewest.get(named, math.inf))
        counts = sorted(Counter(fewest.values()).items())
        return tuple(Reaching(None if size == math.inf else int(size), count) for size, count in counts)

    def _route(self, alike: list[Way], full: bool) -> Route:
        way = alike[0]
        routing = self._routings[way.routing]
        reach = self._reach(way)
        down = way.reached.outages
        steps: tuple[Stage, ...] = ()
        if way.reached.proven and full:
            answer = routing.replay(way.client, down)
            if way.pool not in answer.pools:
                raise AssertionError(
                    f"{routing.format}: the proof brings {way.client.name} to {way.pool}, its rules don't"
                )
            steps = tuple(Stage(step.at.file, step.at.line, step.text) for step in answer.steps[:STEPS])
        names = tuple(dict.fromkeys(each.client.name for each in alike))
        return Route(
            format=routing.format,
            clients=names[:CLIENTS],
            client_count=len(names),
            pool=way.pool,
            site=routing.pools[way.pool].site,
            edge=self.stage(way.reached.at),
            outages=tuple(sorted(routing.faults[fault].text for fault in down)),
            proven=reach.how if way.reached.proven else "",
            faults=reach.faults,
            steps=steps,
            graph=_graph(way.client.root, routing, down, self) if full else (),
        )

    def _alike(self, way: Way) -> tuple[Line, str, int]:
        """Return what classes have in common that are told together: edge, pool, and the graph that decides."""
        return way.reached.at, way.pool, self._graphs[id(way.client.root)]

    def _reach(self, way: Way) -> Reach:
        return self._proofs[way.routing][id(way.client.root)]

    def stage(self, at: Line) -> Stage:
        """Quote a line of a configuration."""
        lines = self._lines.get(at.file, [])
        text = lines[at.line - 1] if 0 < at.line <= len(lines) else b""
        return Stage(at.file, at.line, text[:400].decode("utf-8", "replace").strip())

    def configurations(self) -> tuple[Configuration, ...]:
        """Tell what was proven of each."""
        pairs = zip(self._routings, self._proofs, strict=True)
        return tuple(_configuration(routing, proof) for routing, proof in pairs)


def _configuration(routing: Routing, proof: Mapping[int, Reach]) -> Configuration:
    counts = dict.fromkeys(("ways", "never", "unlisted", "unproven"), 0)
    for client in routing.clients:
        reach = proof[id(client.root) if client.root is not None else 0]
        unproven = len(reach.pools) if reach.how == BOUNDED else 0
        counts["unproven"] += unproven
        counts["ways"] += len(reach.pools) - unproven
        counts["never"] += len(reach.listed) - len(reach.pools)
        counts["unlisted"] += len(routing.pools) - len(reach.listed)
    marked = sorted(routing.remarks, key=lambda remark: remark.at)
    return Configuration(
        tuple(file.name for file in routing.files), routing.format, len(routing.clients),
        len({id(client.root) for client in routing.clients if client.root is not None}), len(routing.pools),
        len(routing.faults), **counts,
        remarks=tuple(Stage(each.at.file, each.at.line, each.text) for each in marked),
    )  # fmt: skip


def _graph(root: Node | None, routing: Routing, down: frozenset[str], told: Told) -> tuple[Branch, ...]:
    """Draw what is below a node, breadth first, as it is under some outages."""
    if root is None:
        return ()
    up = _up(root, routing.pools, down)
    order: list[tuple[Node, bool]] = [(root, True)]
    branches: list[Branch] = []
    for node, asked in order:
        standing = up[id(node)]
        if isinstance(node, Use):
            state = "serves" if asked else "idle" if standing else "down"
            pool = routing.pools[node.pool]
            branches.append(Branch(node.pool, "pool", state, told.stage(node.at), site=pool.site))
            continue
        kept = node.children[: max(0, BRANCHES - len(order))]
        children = tuple(range(len(order), len(order) + len(kept)))
        chosen = _asked(node, up) if asked else set()
        order += [(child, at in chosen) for at, child in enumerate(kept)]
        kind = "first" if isinstance(node, First) else "any"
        state = "asked" if asked else "idle" if standing else "down"
        branches.append(Branch(node.label, kind, state, told.stage(node.at), children))
    return tuple(branches)


def _asked(node: Node, up: Mapping[int, bool]) -> set[int]:
    """Return which children a node asks that is itself asked; of pools that are not full the picture tells nothing."""
    assert not isinstance(node, Use)
    standing = [at for at, child in enumerate(node.children) if up[id(child)]]
    if isinstance(node, First):
        last = len(node.children) - 1
        fallen = {"first": {0}, "last": {last}, "all": set(range(last + 1))}.get(node.on_down, set())
        return {standing[0]} if standing else fallen
    return set(standing) if up[id(node)] else set(range(len(node.children))) if node.on_down == "all" else set()


def _up(root: Node, pools: Mapping[str, Pool], down: frozenset[str]) -> dict[int, bool]:
    up: dict[int, bool] = {}
    for node in below_first(root):
        if isinstance(node, Use):
            up[id(node)] = node.blind or not (pools[node.pool].faults & down)
        elif isinstance(node, First):
            up[id(node)] = any(up[id(child)] for child in node.children)
        else:
            weights = node.weights or (1,) * len(node.children)
            some = zip(weights, node.children, strict=True)
            up[id(node)] = sum(weight for weight, child in some if up[id(child)]) >= node.need
    return up
