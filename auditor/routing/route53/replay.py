"""What Route 53 answers under one outage, record by record, with the steps.

"How Amazon Route 53 chooses records when health checking is configured" and "How health checks work in complex Amazon
Route 53 configurations" (Developer Guide): a record is chosen by the routing policy; if it is unhealthy another one,
until one is healthy; if none is, all count as healthy.
"""

from auditor.routing.model import Answer, Line, Step
from auditor.routing.route53.graph import Pools
from auditor.routing.route53.health import ALWAYS, Condition, both, holds, shown
from auditor.routing.route53.records import Record, clipped
from auditor.routing.route53.tree import At, Tree, Who

MOST_STEPS = 200


class Replay:
    """One question of a client under one outage."""

    def __init__(self, tree: Tree, pools: Pools, who: Who, down: frozenset[str]) -> None:
        self._tree, self._names, self._who, self._down = tree, pools, who, down
        self._known: dict[At, bool] = {}
        self._asked: set[tuple[At, Condition]] = set()
        self._pools: set[str] = set()
        self._steps: list[Step] = []

    def answer(self, at: At) -> Answer:
        """Ask a group."""
        self._group(at, ALWAYS)
        return Answer(frozenset(self._pools), tuple(self._steps))

    def _step(self, at: Line, text: str) -> None:
        if len(self._steps) < MOST_STEPS:
            self._steps.append(Step(at, text))

    def _healthy(self, record: Record, at: At) -> bool:
        """Say whether a record is healthy, and with it the target whose health it evaluates."""
        for go in self._tree.goes(record, at.family):
            if isinstance(go, str):
                if holds(self._tree.healthy(record, go, self._who), self._down):
                    return True
            elif not self._tree.is_cut(at, go) and holds(self._tree.own(record), self._down):
                evaluates = self._tree.evaluates(record, self._who)
                if self._any_healthy(go) or (not evaluates and self._some(go)):
                    return True
        return False

    def _any_healthy(self, at: At) -> bool:
        if at not in self._known:
            self._known[at] = any(
                self._healthy(each, at) for stage in self._tree.stages(at, self._who) for each in stage
            )
        return self._known[at]

    def _some(self, at: At) -> bool:
        """Say whether a group has something to answer where all its records count as healthy."""
        for stage in self._tree.stages(at, self._who)[:1]:
            for each in stage:
                for go in self._tree.goes(each, at.family):
                    if isinstance(go, str):
                        return True
                    if not self._tree.is_cut(at, go) and (self._any_healthy(go) or self._some(go)):
                        return True
        return False

    def _group(self, at: At, gate: Condition) -> None:
        """Answer for a group, on a way of which the health checks of aliases are healthy."""
        if (at, gate) in self._asked:
            return
        self._asked.add((at, gate))
        stages = self._tree.stages(at, self._who)
        if not stages:
            self._step(self._tree.group(at)[0].at, f"{clipped(at.key[1])}: no record is for this client: no answer")
            return
        for stage in stages:
            well = [each for each in stage if self._healthy(each, at)]
            for each in stage:
                if each not in well:
                    self._step(each.at, f"{clipped(each.label)} is unhealthy, go on")
            if well:
                for each in well:
                    self._record(each, at, gate, forced=False)
                return
        self._step(stages[0][0].at, f"none for {clipped(at.key[1])} is healthy: all count as healthy")
        for each in stages[0]:
            self._record(each, at, gate, forced=True)

    def _record(self, record: Record, at: At, gate: Condition, forced: bool) -> None:
        """Answer with a record that was chosen."""
        for go in self._tree.goes(record, at.family):
            if isinstance(go, str):
                self._step(record.at, f"{clipped(record.label)} answers {clipped(go)}")
                self._pools |= self._served(record, go, gate, forced)
            elif self._tree.is_cut(at, go):
                self._step(record.at, f"{clipped(record.label)} leads in a circle: no answer")
            else:
                self._step(record.at, f"{clipped(record.label)} leads to {clipped(go.key[1])}")
                self._group(go, gate if forced else both(gate, self._tree.own(record)))

    def _served(self, record: Record, go: str, gate: Condition, forced: bool) -> set[str]:
        """Name the pools of a place: one for each way in which what it rests on holds."""
        if forced and gate == ALWAYS:
            return {self._names.base(record, go, self._who)}
        whole = gate if forced else both(self._tree.healthy(record, go, self._who), gate)
        return {self._names.name(record, go, way) for way in shown(whole, self._down)}
