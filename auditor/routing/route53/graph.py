"""The graph of a group: what is proven about it must be what the interpreter (`replay`) does.

A group answers with any of its first stage who are healthy, else of the next stage; if nobody is healthy, with the
first stage.  An alias that evaluates the health of its target is healthy if any record of it is, and its own health
check is.  Since a node is up by its leaves alone, a health check of an alias is put on all leaves below ("gate");
where the alias is asked though it is unhealthy, the same group is asked without it.
"""

from fractions import Fraction
from typing import Final

from auditor.routing.model import ALL, FIRST, LAST, First, Line, Node, Pool, Spread, Use
from auditor.routing.route53.health import ALWAYS, NEVER, AtLeast, Condition, both
from auditor.routing.route53.records import Record, clipped
from auditor.routing.route53.tree import At, Go, Tree, Who


class Pools:
    """The pools of a configuration: a record and where it leads, and what takes that away.

    Most have one; where conditions are not just a list of faults there is one for each way to fulfil them.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.found: dict[str, Pool] = {}
        self._plain: dict[tuple[int, str], frozenset[str]] = {}
        self._name: dict[tuple[int, str, frozenset[str]], str] = {}
        self._taken: dict[str, int] = {}

    def base(self, record: Record, value: str, who: Who) -> str:
        """Return the pool of a record by its own health alone."""
        own = self._tree.healthy(record, value, who)
        return self.name(record, value, own if isinstance(own, frozenset) else ALWAYS)

    def name(self, record: Record, value: str, faults: frozenset[str]) -> str:
        """Return the pool of a record which some faults take away."""
        plain = self._plain.get((id(record), value))
        if plain is None:
            own = self._tree.healthy(record, value, Who())
            plain = self._plain[id(record), value] = own if isinstance(own, frozenset) else ALWAYS
        key = (id(record), value, faults)
        if key not in self._name:
            unless = "" if faults == plain else f" (unless {', '.join(sorted(faults)) or 'nothing'})"
            text = clipped(f"{record.label} -> {value}{unless}")
            again = self._taken[text] = self._taken.get(text, 0) + 1
            name = self._name[key] = text if again == 1 else f"{text} ({again})"
            self.found[name] = Pool(name, value, faults)
        return self._name[key]


MOST: Final = 20_000
"""Groups in one graph, each counted once for every set of health checks of aliases by which it is reached."""


class TooManyError(Exception):
    """A graph would have more than MOST groups."""


class Graph:
    """The graphs of clients who are classified alike."""

    def __init__(self, tree: Tree, pools: Pools, who: Who) -> None:
        self._tree, self._pools, self._who = tree, pools, who
        self._full: dict[At, Node] = {}
        self._gated: dict[tuple[At, Condition], Node] = {}
        self._forced: dict[tuple[At, Condition], Node] = {}
        self._made = 0

    def whole(self, at: At) -> Node:
        """Make the graph of a group.  Raise TooManyError if it would be too large."""
        self._made = 0
        return self.full(at)

    def full(self, at: At) -> Node:
        """Make what a group answers; it is up if a record is healthy."""
        if at not in self._full:
            stages = self._tree.stages(at, self._who)
            parts = [_spread([self._record(each, at) for each in stage], stage[0].at) for stage in stages]
            self._full[at] = _first(parts, stages[0][0].at if stages else _line(self._tree, at), FIRST)
        return self._full[at]

    def _record(self, record: Record, at: At) -> Node:
        goes = self._tree.goes(record, at.family)
        return _spread([self._go(record, go, at) for go in goes], record.at)

    def _go(self, record: Record, go: Go, at: At) -> Node:
        """Make one way of a record: up if it is healthy; asked, it answers even if it is not."""
        if isinstance(go, str):
            return self._place(record, go)
        line = record.alias.at if record.alias else record.at
        own = self._tree.own(record)
        if self._tree.is_cut(at, go):
            return _nothing(line)
        evaluates = self._tree.evaluates(record, self._who)
        if own == ALWAYS:
            return self.full(go) if evaluates else _first([self.full(go), self._force(go, ALWAYS)], line)
        anyway = _never(self.full(go), line)
        if own == NEVER:
            return anyway
        gated = [self._gate(go, own)] if evaluates else [self._gate(go, own), self._force(go, own)]
        return First((*gated, anyway), line, LAST)

    def _place(self, record: Record, value: str) -> Node:
        condition = self._tree.healthy(record, value, self._who)
        base = self._pools.base(record, value, self._who)
        if isinstance(condition, frozenset):
            return Use(base, record.at)
        anyway = _never(Use(base, record.at, blind=True), record.at)
        if condition == NEVER:
            return anyway
        return First((self._while(condition, record, value), anyway), record.at, LAST)

    def _while(self, condition: Condition, record: Record, value: str) -> Node:
        """Make what is up while a condition holds, and leads where a record does."""
        if isinstance(condition, AtLeast):
            parts = tuple(self._while(part, record, value) for part in condition.parts)
            return Spread(parts, record.at, need=Fraction(condition.need))
        return Use(self._pools.name(record, value, condition), record.at)

    def _gate(self, at: At, gate: Condition) -> Node:
        """Make a group that is up only while a condition holds too; nobody asks it if it is not up."""
        key = (at, gate)
        if key not in self._gated:
            self._count()
            stages = self._tree.stages(at, self._who)
            parts = [
                _spread([self._gated_record(each, at, gate) for each in stage], stage[0].at, on_down="none")
                for stage in stages
            ]
            self._gated[key] = _first(parts, _line(self._tree, at))
        return self._gated[key]

    def _gated_record(self, record: Record, at: At, gate: Condition) -> Node:
        made: list[Node] = []
        for go in self._tree.goes(record, at.family):
            if isinstance(go, str):
                made.append(self._while(both(self._tree.healthy(record, go, self._who), gate), record, go))
            elif self._tree.is_cut(at, go):
                made.append(_nothing(record.at))
            else:
                condition = both(self._tree.own(record), gate)
                evaluates = self._tree.evaluates(record, self._who)
                ways = [self._gate(go, condition)]
                made.append(_first(ways if evaluates else [*ways, self._force(go, condition)], record.at))
        return _spread(made, record.at, on_down="none")

    def _count(self) -> None:
        self._made += 1
        if self._made > MOST:
            raise TooManyError

    def _force(self, at: At, gate: Condition) -> Node:
        """Make what a group answers if none of its records is healthy: it is up while the gate holds."""
        key = (at, gate)
        if key not in self._forced:
            self._count()
            stages = self._tree.stages(at, self._who)
            first = [self._forced_record(each, at, gate) for each in stages[0]] if stages else []
            self._forced[key] = _spread(first, _line(self._tree, at), on_down="none")
        return self._forced[key]

    def _forced_record(self, record: Record, at: At, gate: Condition) -> Node:
        made: list[Node] = []
        for go in self._tree.goes(record, at.family):
            if isinstance(go, str):
                made.append(
                    Use(self._pools.base(record, go, self._who), record.at, blind=True)
                    if gate == ALWAYS
                    else self._while(gate, record, go)
                )
            elif self._tree.is_cut(at, go):
                made.append(_nothing(record.at))
            else:
                up = self.full(go) if gate == ALWAYS else self._gate(go, gate)
                made.append(_first([up, self._force(go, gate)], record.at))
        return _spread(made, record.at, on_down="none")


_TWO: Final = Fraction(2)


def _never(node: Node, at: Line) -> Node:
    """Make what is never up, and asks a node as it is if it is asked itself."""
    return Spread((node,), at, need=_TWO, on_down=ALL)


def _nothing(at: Line) -> Node:
    return Spread((), at)


def _spread(nodes: list[Node], at: Line, on_down: str = ALL) -> Node:
    distinct = tuple({id(node): node for node in nodes}.values())
    return distinct[0] if len(distinct) == 1 else Spread(distinct, at, on_down=on_down)


def _first(nodes: list[Node], at: Line, on_down: str = "none") -> Node:
    return nodes[0] if len(nodes) == 1 else First(tuple(nodes), at, on_down)


def _line(tree: Tree, at: At) -> Line:
    return tree.group(at)[0].at
