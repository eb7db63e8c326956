"""The graph by which a configuration chooses, as a picture: who is asked in which order, what is down, what serves.

Only geometry is worked out here; the page writes it as SVG.  No state is told by colour alone: each has its own line
and says its name.
"""

from dataclasses import dataclass
from typing import Final

from auditor.model.route import Branch, Route
from auditor.report.routed import STATES
from auditor.report.words import many

WIDTH: Final = 190  # of a box, in units of the view box
HEIGHT: Final = 46
_ACROSS: Final = 60  # between columns
_DOWN: Final = 14  # between boxes of a column
_LETTERS: Final = 21  # of a label that fit in a box
_SHORT: Final = {"serves": "serves", "asked": "asked", "down": "down", "idle": "not asked"}


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    title: str
    note: str
    state: str
    whole: str  # the title, whatever its length
    clients: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    d: str  # path data
    state: str
    order: str  # the number of the choice, where choices have an order
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Graph:
    """All that the page draws."""

    box: str
    wide: float
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    told: str  # what a reader hears who sees no picture


def drawn(route: Route) -> Graph | None:
    """Lay out the graph of a route: clients on the left, pools on the right."""
    if not route.graph:
        return None
    depths, rows = _places(route.graph)
    step = HEIGHT + _DOWN
    boxes = [_clients(route, rows[0] * step)]
    for branch, depth, row in zip(route.graph, depths, rows, strict=True):
        boxes.append(_box(branch, (depth + 1) * (WIDTH + _ACROSS), row * step))
    edges = [_edge(boxes[0], boxes[1], "asked", "")]
    for at, branch in enumerate(route.graph):
        for number, child in enumerate(branch.children, 1):
            state = route.graph[child].state
            edges.append(_edge(boxes[at + 1], boxes[child + 1], state, str(number) if branch.kind == "first" else ""))
    wide = (max(depths) + 2) * (WIDTH + _ACROSS) - _ACROSS + 4
    high = max(box.y for box in boxes) + HEIGHT + 4
    return Graph(f"-2 -2 {wide} {high}", wide, tuple(boxes), tuple(edges), _told(route))


def _places(graph: tuple[Branch, ...]) -> tuple[list[int], list[float]]:
    """Return column and row of each node: leaves in their order, others in the middle of what is below them."""
    depths = [0] * len(graph)
    for at, branch in enumerate(graph):  # parents stand before their children
        for child in branch.children:
            depths[child] = depths[at] + 1
    rows = [0.0] * len(graph)
    free = 0
    stack = [(0, False)]
    while stack:
        at, ready = stack.pop()
        children = graph[at].children
        if not children:
            rows[at] = free
            free += 1
        elif ready:
            rows[at] = (rows[children[0]] + rows[children[-1]]) / 2
        else:
            stack.append((at, True))
            stack.extend((child, False) for child in reversed(children))
    return depths, rows


def _clients(route: Route, y: float) -> Box:
    name = route.clients[0]
    note = "clients" if route.client_count == 1 else f"and {many(route.client_count - 1, 'more class', 'more classes')}"
    return Box(0, y, _cut(name), note, "clients", name, clients=True)


def _box(branch: Branch, x: float, y: float) -> Box:
    kind = {"first": "first that is up", "any": "any that is up"}.get(branch.kind)
    title = branch.label or kind or ""
    note = STATES[branch.state] if kind is None or not branch.label else f"{kind}: {_SHORT[branch.state]}"
    place = f"{branch.place.file}:{branch.place.line}"
    whole = f"{title} ({branch.site}), {place}" if branch.site and branch.site != title else f"{title}, {place}"
    return Box(x, y, _cut(title), note, branch.state, whole)


def _cut(text: str) -> str:
    """Shorten a label in its middle: what tells classes and pools apart stands at their ends."""
    if len(text) <= _LETTERS:
        return text
    return f"{text[: _LETTERS // 3]}…{text[_LETTERS // 3 + 1 - _LETTERS :]}"


def _edge(one: Box, other: Box, state: str, order: str) -> Edge:
    x, y, to, at = one.x + WIDTH, one.y + HEIGHT / 2, other.x, other.y + HEIGHT / 2
    middle = (x + to) / 2
    return Edge(f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {at:g} {to:g} {at:g}", state, order, to - 14, at - 6)


def _told(route: Route) -> str:
    pools = [branch for branch in route.graph if branch.kind == "pool"]
    down = ", ".join(branch.label for branch in pools if branch.state == "down") or "nothing"
    return f"Down: {down}. {route.pool} serves {route.clients[0]}."
