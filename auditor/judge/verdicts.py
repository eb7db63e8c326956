"""Judge every touch by every rule: twice, with all evidence and with the proofs alone.

A rule sees audiences in few ways (all, some or none of those who take part belong to a population, or that is not
known), and ends of few kinds, so an outcome is one of a small table, and rules cost by the variety of the
traffic and not by its amount.  A verdict that holds on proofs alone is proven; otherwise it rests on claims.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from auditor.judge import conditions, scope
from auditor.judge.conditions import CONDITIONS
from auditor.judge.kinds import Kinds
from auditor.judge.numbers import Integers, combined, examples, ranges
from auditor.judge.scope import Crowds, Homes, Kleene
from auditor.judge.seal import Sealed
from auditor.judge.selected import Chosen, Counting, allowed
from auditor.model.rule import Choice, Rule, Selection

FAIL_PROVEN: Final = 0
FAIL: Final = 1
OPEN: Final = 2
PASS: Final = 3
PASS_PROVEN: Final = 4
NOT_APPLICABLE: Final = 5
"""Outcomes in the order in which a worse one counts for a touch that has several."""

_BIT: Final = {name: 1 << i for i, name in enumerate(CONDITIONS)}


@dataclass(frozen=True, slots=True)
class Face:
    """What a rule, in one era, sees of audiences in each of the ways of a view; None where it does not ask."""

    crowd: Kleene | None  # whether they are in scope
    shown: Kleene | None  # and whether proofs alone show it
    counting: Sequence[Counting] | None  # whose selections count


@dataclass(frozen=True, slots=True)
class View:
    """The ways in which some rules, which see audiences alike, see them."""

    of: Integers  # the way in which each audience is seen
    faces: tuple[Face, ...]  # one for each era


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says in one era of every kind of end (column), for each way in which it sees audiences (row)."""

    rule: Rule
    face: Face
    about: dict[str, Kleene]  # conditions of scope, participants apart, for each kind
    asserted: dict[str, Kleene]  # for each kind, or for each way and kind
    weak: npt.NDArray[np.bool_]
    outcome: npt.NDArray[np.int8]

    def why(self, way: Integers, kind: Integers) -> npt.NDArray[np.int32]:
        """Return bits of the CONDITIONS that keep these open; none for those that are not."""
        scoped = {name: answer[kind] for name, answer in self.about.items()}
        if self.face.crowd is not None:
            scoped["participants"] = self.face.crowd[way]
        asserted = {
            name: answer[kind] if answer.ndim == 1 else answer[way, kind] for name, answer in self.asserted.items()
        }
        applies, met = _all(scoped, len(kind)), _all(asserted, len(kind))
        failing = (applies == 1) & (_kept(self.rule, met) == -1)
        bits = np.where(failing & self.weak[kind], _BIT["packets"], 0).astype(np.int32)
        for asked, undecided in ((scoped, applies == 0), (asserted, met == 0)):
            for name, answer in asked.items():
                bits |= np.where(undecided & (answer == 0), _BIT.get(name, 0), 0).astype(np.int32)
        if self.rule.asserts.excusable:
            bits |= np.where(_kept(self.rule, met) == -1, _BIT["evidence"], 0).astype(np.int32)
        return np.where(self.outcome[way, kind] == OPEN, bits, 0).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The worst that a rule says in any era of every kind of end (column), for each way of its view (row)."""

    rule: Rule
    view: View
    eras: tuple[Judgement, ...]
    outcome: npt.NDArray[np.int8]

    def why(self, way: Integers, kind: Integers) -> npt.NDArray[np.int32]:
        """Return bits of the CONDITIONS that keep these open; none for those that are not."""
        outcome = self.outcome[way, kind]
        said = [np.where(era.outcome[way, kind] == outcome, era.why(way, kind), 0) for era in self.eras]
        bits: npt.NDArray[np.int32] = np.bitwise_or.reduce(said)
        return bits


@dataclass(frozen=True, slots=True)
class Hits:
    """The ends that a rule fails or can't decide, with what it says of each."""

    ends: Integers
    outcome: npt.NDArray[np.int8]
    why: npt.NDArray[np.int32]  # bits of the conditions that keep it open


class Touches:
    """The ends of a sealed digest, laid out so that each of some rules asks all of them at once."""

    def __init__(self, sealed: Sealed, rules: Sequence[Rule]) -> None:
        self.kinds = Kinds(sealed.ends, rules)
        self.audience: Integers = sealed.ends["audience"].to_numpy()
        self._sealed = sealed
        self._crowds = Crowds(sealed.members, sealed.audiences)
        self._selections: dict[Selection, Chosen] = {}

    def views(self, rules: Sequence[Rule]) -> Iterator[tuple[View, list[Rule]]]:
        """Put rules together that see audiences alike."""
        alike: dict[object, list[Rule]] = {}
        for rule in rules:
            alike.setdefault((scope.homes(rule), *(_sees(era) for era in rule.eras())), []).append(rule)
        for some in alike.values():
            yield self.view(some[0]), some

    def view(self, rule: Rule) -> View:
        """Sort audiences by the ways in which a rule sees them."""
        lives = scope.homes(rule)
        asked = [self._asked(era, lives) for era in rule.eras()]
        columns: list[tuple[Integers, int]] = []
        for crowd, shown, chosen in asked:
            if crowd is not None and shown is not None:
                columns.append((_states(crowd, shown), _STATES))
            if chosen is not None:
                columns.append((chosen.of, len(chosen.counting)))
        of, size = combined(len(self._sealed.audiences), columns)
        some = examples(of, size)
        faces = (
            Face(
                None if crowd is None else crowd[some],
                None if shown is None else shown[some],
                None if chosen is None else [chosen.counting[number] for number in chosen.of[some]],
            )
            for crowd, shown, chosen in asked
        )
        return View(of, tuple(faces))

    def _asked(self, era: Rule, lives: Homes) -> tuple[Kleene | None, Kleene | None, Chosen | None]:
        """Ask all audiences what a rule asks of them in one era."""
        shown = self._crowds.decide(era.applies, True, lives)
        crowd = shown if era.proof else self._crowds.decide(era.applies, False, lives)
        selection = era.asserts.selection
        if selection is None:
            return crowd, shown, None
        if selection not in self._selections:
            self._selections[selection] = Chosen(selection, self._sealed.audiences, self._sealed.members)
        return crowd, shown, self._selections[selection]

    def judge(self, rule: Rule, view: View) -> Outcomes:
        """Say of every kind of end how the rule judges it, in every way in which it sees an audience."""
        ways = int(view.of.max()) + 1
        eras = tuple(self._judge(era, face, ways) for era, face in zip(rule.eras(), view.faces, strict=True))
        return Outcomes(rule, view, eras, np.minimum.reduce([era.outcome for era in eras]))

    def _judge(self, rule: Rule, face: Face, ways: int) -> Judgement:
        about, weak = conditions.about(rule, self.kinds.ask), conditions.weak(rule, self.kinds.ask)
        shown = self._asserted(rule, face, proof=True)
        asserted = shown if rule.proof else self._asserted(rule, face, proof=False)
        size = self.kinds.size
        value, value_shown = (_value(rule, _all(asked, size)) for asked in (asserted, shown))
        case = (((_all(about, size) + 1) * 3 + value + 1) * 3 + value_shown + 1) * 2 + weak
        if face.crowd is None or face.shown is None:
            table = np.repeat(_OUTCOMES[-1:], ways, axis=0)
        else:
            table = _OUTCOMES[_states(face.crowd, face.shown)]
        if case.ndim == 1:
            outcome = table[:, case]
        else:  # row by row, for accounts can be many
            outcome = np.stack([of_way[cases] for of_way, cases in zip(table, case, strict=True)])
        return Judgement(rule, face, about, asserted, weak, outcome)

    def _asserted(self, rule: Rule, face: Face, proof: bool) -> dict[str, Kleene]:
        """Ask what the rule demands of places, and of places and audiences together."""
        asked = conditions.asserted(rule, self.kinds.ask, proof)
        if face.counting is not None:

            def ask(choice: Choice) -> Kleene:
                return conditions.chosen(choice, self.kinds.ask, proof)

            chosen = np.stack([allowed(each, ask, self.kinds.size) for each in face.counting])
            asked["selection"] = -chosen if rule.asserts.verb == "must_not_touch" else chosen  # there: not selected
        return asked

    def of_ends(self, outcomes: Outcomes) -> npt.NDArray[np.int8]:
        """Say of every end what a rule says of it."""
        return outcomes.outcome[outcomes.view.of[self.audience], self.kinds.of]

    def hits(self, outcomes: Outcomes) -> Hits:
        """List the ends that fail or are open."""
        bad = outcomes.outcome <= OPEN
        kinds = np.flatnonzero(bad.any(axis=0))
        if not len(kinds):
            return Hits(kinds, outcomes.outcome[kinds, kinds], outcomes.why(kinds, kinds))
        order, starts = self._by_kind
        some = np.sort(order[ranges(starts[kinds], starts[kinds + 1] - starts[kinds])])
        way, kind = outcomes.view.of[self.audience[some]], self.kinds.of[some]
        hit = bad[way, kind]
        way, kind = way[hit], kind[hit]
        return Hits(some[hit], outcomes.outcome[way, kind], outcomes.why(way, kind))

    @cached_property
    def _by_kind(self) -> tuple[Integers, Integers]:
        """Order the ends by kind: where each kind starts, and one more for the end."""
        counts = np.bincount(self.kinds.of, minlength=self.kinds.size)
        return np.argsort(self.kinds.of, kind="stable"), np.concatenate([[0], counts.cumsum()])


def _sees(era: Rule) -> tuple[object, ...]:
    """Return what tells how a rule sees audiences."""
    applies = era.applies
    return applies.quantifier, applies.population, applies.roster, applies.by, era.proof, era.asserts.selection


def _states(crowd: Kleene, shown: Kleene) -> Integers:
    """Return the rows of _OUTCOMES for what holds of audiences."""
    return (crowd.astype(np.int64) + 1) * 3 + shown + 1


def _value(rule: Rule, met: Kleene) -> Kleene:
    """Return what the assertion says; what something unseen may allow, it leaves open."""
    value = _kept(rule, met)
    return np.maximum(value, 0) if rule.asserts.excusable else value


def _kept(rule: Rule, met: Kleene) -> Kleene:
    return -met if rule.asserts.verb == "must_not_touch" else met


def _all(answers: dict[str, Kleene], size: int) -> Kleene:
    """Kleene's conjunction; of nothing, it holds."""
    out = np.ones(size, np.int8)
    for answer in answers.values():
        out = np.minimum(out, answer)
    return out


def _outcome(crowd: int, crowd_shown: int, spoken: int, value: int, value_shown: int, weak: int) -> int:
    """Combine whether the audience is in scope and whether the rule speaks of such ends with what it demands of them.

    `shown` is what the proofs alone say; `weak`, that nothing shows that anything reached this end.
    """
    applies, surely = min(crowd, spoken), min(crowd_shown, spoken)
    if applies == -1:
        return NOT_APPLICABLE
    if applies == 1 and value == -1:
        proven = surely == 1 and value_shown == -1
        return OPEN if weak else FAIL_PROVEN if proven else FAIL
    if value == 1:
        return PASS_PROVEN if surely >= 0 and value_shown == 1 else PASS
    return OPEN


_STATES: Final = 9  # ways in which an audience can be in scope, by all evidence and by proofs
_KLEENE: Final = (-1, 0, 1)
_OUTCOMES: Final = np.array(
    [
        [_outcome(*crowd, *case) for case in product(_KLEENE, _KLEENE, _KLEENE, (0, 1))]
        for crowd in product(_KLEENE, _KLEENE)
    ],
    np.int8,
)
"""Outcomes by what holds of the audience (row; the last also where the rule asks nothing of it) and of the end."""
