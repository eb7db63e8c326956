"""What Cloud DNS answers under one outage, item by item, with the steps.

Documentation, "DNS routing policies and health checks": targets that fail their checks are left out; an item of which
all are unhealthy has failed, and then others of the policy answer, the next closest location, or the backups; with a
geofence the nearest location answers with all that it has; if nothing of a policy is healthy, all count as healthy.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from auditor.routing.clouddns.records import FAILOVER, GEO, WRR, Item, Key, RecordSet, Target
from auditor.routing.clouddns.tree import Tree
from auditor.routing.model import Answer, Line, Step
from auditor.routing.terraform.values import shown

MOST_STEPS: Final = 200


class Replay:
    """One question of a client under one outage."""

    def __init__(self, tree: Tree, location: str, down: frozenset[str]) -> None:
        self._tree, self._location, self._down = tree, location, down
        self._asked: set[Key] = set()
        self._pools: set[str] = set()
        self._steps: list[Step] = []

    def answer(self, key: Key) -> Answer:
        """Ask for a name."""
        self._name(key)
        return Answer(frozenset(self._pools), tuple(self._steps))

    def _step(self, at: Line, text: str) -> None:
        if len(self._steps) < MOST_STEPS:
            self._steps.append(Step(at, text))

    def _name(self, key: Key) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        for record in self._tree.config.records[key]:
            {WRR: self._weighted, GEO: self._located, FAILOVER: self._failing}.get(record.policy, self._simple)(record)

    def _healthy(self, target: Target) -> bool:
        return not target.checked or self._down.isdisjoint(self._tree.outages(target))

    def _up(self, item: Item) -> list[Target]:
        """List what is healthy of an item."""
        for target in item.targets:
            if not self._healthy(target):
                for ident, text in self._tree.outages(target).items():
                    if ident in self._down:
                        self._step(target.at, text)
        return [target for target in item.targets if self._healthy(target)]

    def _give(self, record: RecordSet, targets: Iterable[Target]) -> None:
        """Answer with targets; names are asked in turn."""
        for target in targets:
            goes = self._tree.goes(record, target)
            if not goes:
                self._step(target.at, f"{shown(record.label)} answers {shown(target.name)}")
                self._pools.add(target.pool)
            for go in goes:
                if self._tree.is_cut(record.key, go):
                    self._step(target.at, f"{shown(record.label)} leads in a circle: no answer")
                else:
                    self._step(target.at, f"{shown(record.label)} leads to {shown(go[1])}")
                    self._name(go)

    def _simple(self, record: RecordSet) -> None:
        for item in record.items:
            self._give(record, item.targets)

    def _weighted(self, record: RecordSet) -> None:
        found = [(item, self._up(item)) for item in record.items]
        healthy = [(item, up) for item, up in found if up]
        weighty = [(item, up) for item, up in healthy if item.weight]
        equal = not any(item.weight for item in record.items)
        if healthy and not weighty and not equal:
            self._step(record.at, "nothing that has a weight is healthy: what has none may answer")
        for _, up in weighty or healthy:
            self._give(record, up)
        if not healthy:
            self._step(record.at, f"nothing for {shown(record.label)} is healthy: all count as healthy")
            for item in record.items:
                if item.weight or equal:
                    self._give(record, item.targets)

    def _nearest(self, record: RecordSet) -> list[list[Item]]:
        """List what may be nearest: the item of the client's own location, or whichever."""
        location = self._tree.place(record, self._location)
        own = [item for item in record.items if location and item.location == location]
        return [own] if own else [[item] for item in record.items]

    def _backup(self, record: RecordSet, nearest: Sequence[Item]) -> tuple[list[Target], list[Target]]:
        """Say what locations answer while something is healthy, and what they answer if nothing is."""
        mine = [target for item in nearest for target in self._up(item)]
        whole = [target for item in nearest for target in item.targets]
        if mine:
            return mine, []
        label = ", ".join(shown(item.label) for item in nearest)
        if record.fenced:
            self._step(record.at, f"nothing in {label} is healthy, and its fence lets nobody out")
            return [], whole
        self._step(record.at, f"nothing in {label} is healthy: the next closest location answers")
        away = [target for item in record.items if item not in nearest for target in self._up(item)]
        return away, [] if away else whole

    def _located(self, record: RecordSet) -> None:
        for nearest in self._nearest(record):
            self._say_nearest(record, nearest)
            up, rest = self._backup(record, nearest)
            if not up:
                self._step(record.at, f"nothing else of {shown(record.label)} can answer: all of it counts as healthy")
            self._give(record, up or rest)

    def _say_nearest(self, record: RecordSet, nearest: Sequence[Item]) -> None:
        if len(record.items) > 1:
            location = self._tree.place(record, self._location)
            word = "is" if location and nearest[0].location == location else "may be"
            self._step(nearest[0].at, f"{shown(nearest[0].label)} {word} nearest")

    def _failing(self, record: RecordSet) -> None:
        primary = record.primary
        assert primary is not None
        main = self._up(primary)
        for nearest in self._nearest(record) or [[]]:
            up, rest = self._backup(record, nearest) if nearest else ([], [])
            if main and record.trickle < 1:
                self._give(record, main)
                if not record.trickle:
                    continue
                self._step(record.at, "a share always goes to the backups")
                self._give(record, up or rest)
            elif up:
                self._step(
                    record.at, "all goes to the backups" if main else "no primary target is healthy: the backups answer"
                )
                self._give(record, up)
            else:
                self._step(record.at, "no backup is healthy: what is answered may be any that is left, or all")
                self._give(record, main or primary.targets)
                self._give(record, rest)
