"""The graph of a record set: what is proven about it must be what the interpreter (`replay`) does.

The graph of a record set is always up: what nobody checks never fails, and if all that is checked fails, Cloud DNS
answers as if it were healthy.  So every graph ends in leaves that are blind.
"""

from collections.abc import Sequence
from typing import Final

from auditor.routing.clouddns.records import FAILOVER, GEO, WRR, Item, Key, RecordSet, Target
from auditor.routing.clouddns.tree import Tree
from auditor.routing.model import ALL, First, Line, Node, Pool, Spread, Use

Way = tuple[list[list[Item]], list[Item]]
"""The items of which any that is healthy answers, in the order in which they are asked; and those that answer if none
of them is."""

ANY: Final = ""
"""The location of clients of whom it is not known what is nearest to them."""


class Graphs:
    """The graphs of a configuration, and the pools that they name."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.pools: dict[str, Pool] = {}
        self._known: dict[tuple[Key, str], Node] = {}
        self._ups: dict[tuple[int, str, bool], Node] = {}

    def whole(self, key: Key, location: str) -> Node:
        """Make the graph of all that may be served under a name."""
        at = (key, location if location in (self._tree.located(key) or ()) else ANY)
        if at not in self._known:
            group = self._tree.config.records[key]
            self._known[at] = _any([self._record(each, at[1]) for each in group], group[0].at)
        return self._known[at]

    def _record(self, record: RecordSet, location: str) -> Node:
        """Make the graph of a record set."""
        if record.policy == WRR:
            heavy, light = weighed(record.items)
            return self._way(record, ([heavy, light], heavy), location)
        if record.policy == GEO:
            ways = ways_of(record.items, record.fenced, self._tree.place(record, location))
            return _any([self._way(record, way, location) for way in ways], record.at, record.label)
        if record.policy == FAILOVER:
            ways = ways_of(record.items, record.fenced, self._tree.place(record, location))
            return _any([self._failover(record, way, location) for way in ways], record.at, record.label)
        return self._way(record, ([list(record.items)], list(record.items)), location)

    def _way(self, record: RecordSet, way: Way, location: str) -> Node:
        stages, last = way
        nodes = self._stages(record, stages, location)
        if not any(item.lasting for stage in stages for item in stage):
            nodes.append(self._items(record, last, location, True))
        return _first(nodes, record.at, record.label)

    def _stages(self, record: RecordSet, stages: Sequence[Sequence[Item]], location: str) -> list[Node]:
        """Make what answers while it is healthy, down to the first that always is."""
        nodes: list[Node] = []
        for stage in stages:
            if stage:
                nodes.append(self._items(record, stage, location, False))
            if any(item.lasting for item in stage):
                break
        return nodes

    def _failover(self, record: RecordSet, way: Way, location: str) -> Node:
        """Make the graph of a failover policy, with one way in which its backups are asked."""
        assert record.primary is not None
        stages, last = way
        at, label = record.at, record.label
        main = self._items(record, [record.primary], location, False)
        backups = self._stages(record, stages, location)
        lasting = any(item.lasting for stage in stages for item in stage)
        forced = [self._items(record, [record.primary], location, True), self._items(record, last, location, True)]
        if record.trickle < 1:
            usual = _first([main, *backups, *([] if lasting else [_any(forced, at)])], at, label)
            return usual if not record.trickle else _any([usual, self._way(record, way, location)], at, label)
        healthy = _first([main, forced[0]], at)
        return _first([*backups, *([] if lasting else [_any([healthy, forced[1]], at)])], at, label)

    def _items(self, record: RecordSet, items: Sequence[Item], location: str, blind: bool) -> Node:
        return _any([self._item(record, item, location, blind) for item in items], record.at)

    def _item(self, record: RecordSet, item: Item, location: str, blind: bool) -> Node:
        """Make what an item answers: its targets that are up, or all of them."""
        key = (id(item), location, blind)
        if key not in self._ups:
            self._ups[key] = _any(
                [self._target(record, target, location, blind) for target in item.targets], item.at, item.label
            )
        return self._ups[key]

    def _target(self, record: RecordSet, target: Target, location: str, blind: bool) -> Node:
        goes = self._tree.goes(record, target)
        if goes:
            led = [self.whole(go, location) for go in goes if not self._tree.is_cut(record.key, go)]
            return _any(led, target.at)
        if target.pool not in self.pools:
            self.pools[target.pool] = Pool(target.pool, target.name, frozenset(self._tree.outages(target)))
        return Use(target.pool, target.at, blind and bool(target.checked))


def weighed(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Split items into those that have a weight, and those of weight 0; all of weight 0 count alike."""
    heavy = [each for each in items if each.weight]
    return (heavy, [each for each in items if not each.weight]) if heavy else (list(items), [])


def ways_of(items: Sequence[Item], fenced: bool, location: str) -> list[Way]:
    """List in which ways locations may be asked: which is nearest is known for clients that have one of their own."""
    own = [each for each in items if location and each.location == location]
    others = [each for each in items if not location or each.location != location]
    if fenced:
        return [([nearest], nearest) for nearest in ([own] if own else [[each] for each in items])]
    return [([own, others], own)] if own else [([others], others)]


def _any(nodes: Sequence[Node], at: Line, label: str = "") -> Node:
    distinct = tuple({id(node): node for node in nodes}.values())
    return distinct[0] if len(distinct) == 1 else Spread(distinct, at, on_down=ALL, label=label)


def _first(nodes: Sequence[Node], at: Line, label: str = "") -> Node:
    return nodes[0] if len(nodes) == 1 else First(tuple(nodes), at, label=label)
