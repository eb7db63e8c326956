"""Judge every touch by every rule: twice, with all evidence and with the proofs alone.

Each condition is asked once of each distinct value, then spread over the touches by index, so rules cost by
the variety of the traffic and not by its amount.  A verdict that holds on proofs alone is proven; otherwise
it rests on claims.  Every condition that is not known is noted, for it names the fact that would settle it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from auditor.judge import scope
from auditor.judge.held import codes
from auditor.judge.scope import Crowds, Kleene
from auditor.judge.seal import Sealed
from auditor.judge.selected import selected
from auditor.model import countries, flow
from auditor.model.rule import Rule, Selection

CARRIED: Final = "carried"  # what rules call the outcome that flows leave empty
REJECTED: Final = flow.REJECTED

FAIL_PROVEN: Final = 0
FAIL: Final = 1
OPEN: Final = 2
PASS: Final = 3
PASS_PROVEN: Final = 4
NOT_APPLICABLE: Final = 5
"""Outcomes in the order in which a worse one counts for a touch that has several."""

CONDITIONS: Final = (
    "participants", "role", "plane", "scope service", "direction", "date",
    "countries", "operator", "service", "site", "packets", "encryption", "operator country", "selection", "evidence",
)  # fmt: skip
_BIT: Final = {name: 1 << i for i, name in enumerate(CONDITIONS)}


_ENCRYPTED: Final = {flow.ENCRYPTED: 1, flow.CLEAR: -1, flow.NOT_SHOWN: 0}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one rule says of every end."""

    outcome: npt.NDArray[np.int8]
    why: npt.NDArray[np.int32]  # bits of the conditions that keep it open

    def unknown(self, condition: str) -> npt.NDArray[np.bool_]:
        """Say which ends this condition keeps open."""
        return (self.why & _BIT[condition]) > 0


class Touches:
    """The ends of a sealed digest, laid out so that a rule asks all of them at once."""

    def __init__(self, sealed: Sealed, rules: Sequence[Rule]) -> None:
        names = (
            "role", "plane", "service", "direction", "basis", "outcome", "operator", "site", "possible", "proof",
            "encrypted", "app",
        )  # fmt: skip
        self._columns = {name: codes(sealed.ends[name]) for name in names}
        self._audience = sealed.ends["audience"].to_numpy()
        self._first, self._last = (sealed.ends[name].to_numpy() for name in ("first_ns", "last_ns"))
        self.crowds = Crowds(sealed.members, sealed.audiences, scope.homes(rules))
        self._sealed = sealed

    def ask(self, column: str, question: Callable[[str], int]) -> Kleene:
        """Ask something of every distinct value of a column; return the answer for each end."""
        values, number = self._columns[column]
        return np.array([question(value) for value in values], np.int8)[number]

    def judge(self, rule: Rule) -> Outcomes:
        """Say of every end how the rule judges it: the worst that it says in any of its eras."""
        said = [self._judge(era) for era in rule.eras()]
        if len(said) == 1:
            return said[0]
        outcome = np.minimum.reduce([each.outcome for each in said])
        why = np.bitwise_or.reduce([np.where(each.outcome == outcome, each.why, 0) for each in said])
        return Outcomes(outcome, why.astype(np.int32))

    def _judge(self, rule: Rule) -> Outcomes:
        about = self._about(rule)
        shown = self._decide(rule, about, proof=True)
        if rule.proof:
            fails, passes, why = shown
            proven_fail, proven_pass = fails, passes
        else:
            fails, passes, why = self._decide(rule, about, proof=False)
            proven_fail, proven_pass = fails & shown[0], passes & shown[1]
        weak = fails & self._weak(rule)
        outcome = np.full(len(why), OPEN, np.int8)
        outcome[passes] = PASS
        outcome[proven_pass] = PASS_PROVEN
        outcome[fails & ~weak] = FAIL
        outcome[proven_fail & ~weak] = FAIL_PROVEN
        outcome[why < 0] = NOT_APPLICABLE
        return Outcomes(outcome, np.where(weak, _BIT["packets"], np.where(outcome == OPEN, why, 0)).astype(np.int32))

    def _about(self, rule: Rule) -> dict[str, Kleene]:
        """Ask whether the rule speaks of such touches, participants apart."""
        applies = rule.applies
        asked = {"role": self.ask("role", lambda value: scope.role(value, rule.asserts.roles))}
        if REJECTED not in applies.outcomes:
            asked["outcome"] = self.ask("outcome", lambda value: -1 if value == flow.REJECTED else 1)
        if applies.planes is not None:
            planes = applies.planes
            asked["plane"] = self.ask("plane", lambda value: scope.plane(value, planes, applies.recognised))
        if applies.services is not None:
            asked["scope service"] = self.ask("service", applies.services.holds)
        if applies.directions is not None:
            directions = applies.directions
            asked["direction"] = self.ask("direction", lambda value: scope.direction(value, directions))
        if rule.since_ns is not None or rule.until_ns is not None:
            asked["date"] = scope.during(self._first, self._last, rule)
        if rule.asserts.verb == "must_be_encrypted":
            asked["exchange"] = self._exchanges(rule)
        return asked

    def _exchanges(self, rule: Rule) -> Kleene:
        """Say which ends are of exchanges that can be encrypted: seen, as the rule asks, and more than STUN alone."""
        shown = self.ask("basis", lambda value: value in rule.applies.bases)
        stun = self.ask("app", lambda value: value == "stun")
        known = self.ask("plane", lambda value: value == "signalling")  # what else STUN opened is of an unknown one
        return np.where((shown == 1) & (np.minimum(stun, known) == 0), 1, -1).astype(np.int8)

    def _decide(
        self, rule: Rule, about: dict[str, Kleene], proof: bool
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.int32]]:
        """Return which ends fail, which pass, and what is not known of them (negative: the rule does not apply)."""
        conditions = dict(about)
        crowd = self.crowds.decide(rule.applies, proof)
        if crowd is not None:
            conditions["participants"] = crowd[self._audience]
        applies = _all(conditions, len(self._audience))
        asserted = self._conditions(rule, proof)
        met = _all(asserted, len(self._audience))
        value = -met if rule.asserts.verb == "must_not_touch" else met
        fails, passes = (applies == 1) & (value == -1), (applies >= 0) & (value == 1)
        why = np.zeros(len(value), np.int32)
        for names, undecided in ((conditions, applies == 0), (asserted, value == 0)):
            for name, answer in names.items():
                why |= np.where(undecided & (answer == 0), _BIT.get(name, 0), 0).astype(np.int32)
        return fails, passes, np.where(applies == -1, -1, why).astype(np.int32)

    def _conditions(self, rule: Rule, proof: bool) -> dict[str, Kleene]:
        """Ask whether touched places meet the conditions of the assertion.

        Who operates a place and which service it is are known by names and AS numbers, which are claims, unless it is a
        site of the inventory.
        """
        asserts, asked = rule.asserts, {}
        if asserts.verb == "must_be_encrypted":
            return {"encryption": self.ask("encrypted", _ENCRYPTED.__getitem__)}
        if asserts.verb == "not_observable":
            return {"evidence": np.zeros(len(self._audience), np.int8)}
        declared = self.ask("site", bool)
        if asserts.countries is not None:
            allowed = asserts.countries
            asked["countries"] = self.ask(
                "proof" if proof else "possible", lambda value: countries.within(value, allowed)
            )
        for name, names in (("operator", asserts.operators), ("service", asserts.services), ("site", asserts.sites)):
            if names is not None:
                answer = self.ask(name, names.holds)
                asked[name] = answer * declared if proof and name != "site" else answer
        if asserts.operated is not None:
            answer = self.ask("operator", asserts.operated.holds)
            asked["operator country"] = answer * declared if proof else answer
        if asserts.selection is not None:
            asked["selection"] = self._selected(asserts.selection, "proof" if proof else "possible")
        return asked

    def _selected(self, selection: Selection, where: str) -> Kleene:
        """Ask whether what was touched is what the session's account has chosen."""
        (places, place), (sites, site) = self._columns[where], self._columns["site"]
        both, number = np.unique(place * len(sites) + site, return_inverse=True)
        pairs = [(places[key // len(sites)], sites[key % len(sites)]) for key in both.tolist()]
        sealed = self._sealed
        return selected(selection, pairs, sealed.audiences, sealed.members, number.astype(np.int64), self._audience)

    def _weak(self, rule: Rule) -> npt.NDArray[np.bool_]:
        """Say of which ends it is not shown that anything reached them: a violation there is at most open."""
        carried = self.ask("outcome", lambda value: (value or CARRIED) in rule.applies.outcomes)
        shown = self.ask("basis", lambda value: value in rule.applies.bases)
        weak: npt.NDArray[np.bool_] = np.minimum(carried, shown) == 0
        return weak


def _all(answers: dict[str, Kleene], size: int) -> Kleene:
    """Kleene's conjunction; of nothing, it holds."""
    out = np.ones(size, np.int8)
    for answer in answers.values():
        out = np.minimum(out, answer)
    return out
