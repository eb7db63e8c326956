"""Count touches by outcome, rule by rule, and keep the worst that is said of each place.

A touch is one address in one session.  Several flows may touch it; the worst that a rule says of them counts.  So
a touch is an audience and a set of kinds of ends, and equal ones are counted at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.judge.held import codes
from auditor.judge.kinds import APART
from auditor.judge.numbers import TABLE, Integers, combined, dense, distinct, examples, ranges, runs
from auditor.judge.seal import Sealed
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN, Outcomes, Touches, View
from auditor.model import flow
from auditor.model.coverage import Judged
from auditor.model.rule import Rule

PLACE: Final = ("possible", "site", "operator")
_NO_TOUCH: Final = NOT_APPLICABLE + 1


@dataclass(frozen=True, slots=True)
class Sets:
    """Distinct sets of kinds.  Those of one kind come first, and have its number."""

    kinds: int
    members: Integers  # of all other sets, one after another
    starts: Integers

    def __len__(self) -> int:
        return self.kinds + len(self.starts)

    def least(self, of_kinds: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Return the least of each set (columns), of what is given of each kind (columns)."""
        if not len(self.starts):
            return of_kinds
        return np.hstack([of_kinds, np.minimum.reduceat(of_kinds[:, self.members], self.starts, axis=1)])


@dataclass(frozen=True, slots=True)
class Cases:
    """All that rules can judge apart in what is said of places: columns of equal length."""

    audience: Integers
    kind: Integers
    place: Integers  # row of `places`
    places: pl.DataFrame  # PLACE


@dataclass(frozen=True, slots=True)
class Seen:
    """Touches as some rules see them, which see audiences alike: in each of the ways of their view (rows)."""

    view: View
    at: Integers  # ways (rows) and sets of kinds (columns) of touches, as places in such a table
    weight: npt.NDArray[Any]  # how many touches are there
    worst: npt.NDArray[np.int8]  # that these rules say of each kind of end (columns)
    undecided: npt.NDArray[np.int8]  # 0 where one of them decides, else 1


class Tally:
    """Counts of touches.  Of a flow of its own each end is one, as often as the flow occurred."""

    def __init__(self, touches: Touches, sealed: Sealed) -> None:
        """Put equal touches together, and what all rules have to judge alike of each place."""
        kinds = touches.kinds
        self._kinds = kinds
        self._all = ~np.any([kinds.apart[role] for role in APART], axis=0)
        self._place = self._all & ~kinds.rejected
        self._sets, touched = _touched(touches, sealed.ends)
        self._audience, self._set, self._weight = (touched[name].to_numpy() for name in ("audience", "set", "weight"))
        there = self._sets.least(np.where(self._place, 0, 1).astype(np.int8)[None])[0] == 0
        self._undecided = np.flatnonzero(there[self._set])
        self.touches = int(self._weight[self._undecided].sum())  # the touched places
        self._cases = _cases(touches, sealed.ends)
        self._worst = np.full(len(self._cases.audience), NOT_APPLICABLE, np.int8)
        self._judged: dict[str, Judged] = {}

    def seen(self, view: View) -> Seen:
        """Begin to count for rules that see audiences alike; `put` ends it."""
        ways, sets = int(view.of.max()) + 1, len(self._sets)
        at, weight = (view.of * sets)[self._audience] + self._set, self._weight
        if ways * sets <= TABLE:
            whole = np.bincount(at, weight, ways * sets)
            at = np.flatnonzero(whole)
            weight = whole[at]
        shape = ways, self._sets.kinds
        return Seen(view, at, weight, np.full(shape, NOT_APPLICABLE, np.int8), np.ones(shape, np.int8))

    def add(self, seen: Seen, outcomes: Outcomes) -> None:
        """Count what a rule says; ends of participants, and hops, are no touches unless the rule says so."""
        rule, outcome = outcomes.rule, outcomes.outcome
        counted = self._all.copy()
        for role, kinds in self._kinds.apart.items():
            if role in rule.asserts.roles:
                counted |= kinds
        if flow.REJECTED not in rule.applies.outcomes:
            counted &= ~self._kinds.rejected
        worst = self._sets.least(np.where(counted, outcome, _NO_TOUCH).astype(np.int8))
        counts = np.bincount(worst.ravel()[seen.at], seen.weight, _NO_TOUCH + 1).astype(np.int64).tolist()
        self._judged[rule.id] = Judged(
            passed=counts[PASS] + counts[PASS_PROVEN],
            failed=counts[FAIL] + counts[FAIL_PROVEN],
            open=counts[OPEN],
            not_applicable=counts[NOT_APPLICABLE],
            on_claims=counts[FAIL] + counts[PASS],
        )
        np.minimum(seen.worst, outcome, out=seen.worst)
        seen.undecided[self._place & (outcome != OPEN) & (outcome != NOT_APPLICABLE)] = 0

    def put(self, seen: Seen) -> None:
        """Add what some rules said of places to what others did."""
        of, some = seen.view.of, self._undecided
        undecided = self._sets.least(seen.undecided)
        at = (of * len(self._sets))[self._audience[some]] + self._set[some]
        self._undecided = some[undecided.take(at) == 1]
        at = (of * self._sets.kinds)[self._cases.audience] + self._cases.kind
        np.minimum(self._worst, seen.worst.take(at), out=self._worst)

    def judged(self, rules: Sequence[Rule]) -> tuple[tuple[str, Judged], ...]:
        """Return the counts of each rule."""
        return tuple((rule.id, self._judged[rule.id]) for rule in rules)

    @property
    def worst(self) -> pl.DataFrame:
        """The worst that any rule said of each place: PLACE, worst."""
        places = self._cases.places[self._cases.place].with_columns(worst=pl.Series(self._worst))
        return places.group_by(PLACE).agg(pl.col("worst").min())

    @property
    def decided(self) -> int:
        """Count the touched places of which at least one rule decided."""
        return self.touches - int(self._weight[self._undecided].sum())

    @property
    def empty(self) -> bool:
        """Say whether nothing was in the scope of any rule."""
        return not any(counts.passed + counts.failed + counts.open for counts in self._judged.values())


def _cases(touches: Touches, ends: pl.DataFrame) -> Cases:
    """List what is distinct of audiences, kinds and places together; clients, and what was rejected, touch none."""
    kinds = touches.kinds
    some = np.flatnonzero(~(kinds.apart["client"] | kinds.rejected)[kinds.of])
    ends, kind = ends.select(PLACE)[some], kinds.of[some]
    columns = [(code, len(values)) for values, code in (codes(ends[name]) for name in PLACE)]
    place, places = combined(len(some), columns)
    spot, spots = combined(len(some), [(place, places), (kind, kinds.size)])
    audience, number = np.divmod(distinct(touches.audience[some] * spots + spot), max(spots, 1))
    first = examples(spot, spots)
    return Cases(audience, kind[first][number], place[first][number], ends[examples(place, places)])


def _touched(touches: Touches, ends: pl.DataFrame) -> tuple[Sets, pl.DataFrame]:
    """Return the distinct touches (`audience`, `set`), and how many there are of each (`weight`)."""
    size, kind, audience = touches.kinds.size, touches.kinds.of, touches.audience
    own, touch = ends["own"].to_numpy(), ends["touch"].to_numpy()
    group, member = np.divmod(distinct(touch[~own] * size + kind[~own]), max(size, 1))
    starts, counts = runs(group)
    several = counts > 1
    sets, number = _sets(size, group[np.repeat(several, counts)], member[np.repeat(several, counts)])
    crowd = np.zeros(int(touch.max(initial=-1)) + 1, np.int64)
    crowd[touch] = audience
    in_session = pl.DataFrame({
        "audience": crowd[group[np.concatenate([starts[~several], starts[several]])]],
        "set": np.concatenate([member[starts[~several]], size + number]),
        "weight": np.ones(len(starts), np.int64),
    })  # fmt: skip
    alone = pl.DataFrame({"audience": audience[own], "set": kind[own], "weight": ends["flows"].to_numpy()[own]})
    return sets, pl.concat([in_session, alone]).group_by("audience", "set").agg(pl.col("weight").sum())


def _sets(kinds: int, group: Integers, member: Integers) -> tuple[Sets, Integers]:
    """Number the distinct sets, given as their sorted members group by group; return the number of each group.

    Neighbours are put together in pairs, and pairs of pairs, until one number is left of each group.
    """
    starts, counts = runs(group)
    number, size = member, kinds
    while len(group) > len(starts):
        begin, length = runs(group)
        left = (np.arange(len(group)) - np.repeat(begin, length)) % 2 == 0
        partner = np.where(np.append(group[1:] == group[:-1], False), np.append(number[1:] + 1, 0), 0)
        number, size = dense((number * (size + 1) + partner)[left], size * (size + 1))
        group = group[left]
    some = examples(number, size) if len(starts) else starts
    ends = counts[some].cumsum()
    return Sets(kinds, member[ranges(starts[some], counts[some])], ends - counts[some]), number
