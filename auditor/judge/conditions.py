"""What a rule asks of the ends of flows, condition by condition, in Kleene's logic.

Every question is put through `ask`, which puts it once to each distinct value of a column and lays the answers out;
so what rules ask can also be listed before anything is answered.
"""

from collections.abc import Callable, Collection
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from auditor.judge import scope
from auditor.judge.scope import Kleene
from auditor.model import countries, flow
from auditor.model.rule import Choice, Names, Operated, Rule

CONDITIONS: Final = (
    "participants", "role", "plane", "scope service", "direction", "date",
    "countries", "operator", "service", "site", "packets", "encryption", "operator country", "selection", "evidence",
)  # fmt: skip
"""Names of conditions that a fact can settle; `outcome` and `exchange` are none, for they are always known."""

COLUMNS: Final = (
    "role", "plane", "service", "direction", "basis", "outcome", "operator", "site", "possible", "proof",
    "encrypted", "app",
)  # fmt: skip
"""Columns of text that can be asked.

So can `time`, whose values are first and last moments, and `possible site` and `proof site`: country sets with sites.
"""

CARRIED: Final = "carried"  # what rules call the outcome that flows leave empty
_ENCRYPTED: Final = {flow.ENCRYPTED: 1, flow.CLEAR: -1, flow.NOT_SHOWN: 0}


class Ask(Protocol):
    """Puts a question to every value of a column; further arguments are handed on to it, and have to be hashable."""

    def __call__(self, column: str, question: Callable[..., object], *about: object) -> Kleene: ...


def about(rule: Rule, ask: Ask) -> dict[str, Kleene]:
    """Ask whether the rule speaks of such touches, participants apart."""
    applies = rule.applies
    asked = {"role": ask("role", scope.role, rule.asserts.roles)}
    if flow.REJECTED not in applies.outcomes:
        asked["outcome"] = ask("outcome", _not_rejected)
    if applies.planes is not None:
        asked["plane"] = ask("plane", scope.plane, applies.planes, applies.recognised)
    if applies.services is not None:
        asked["scope service"] = ask("service", _holds, applies.services)
    if applies.directions is not None:
        asked["direction"] = ask("direction", scope.direction, applies.directions)
    if rule.since_ns is not None or rule.until_ns is not None:
        asked["date"] = ask("time", scope.during, rule.since_ns, rule.until_ns)
    if rule.asserts.verb == "must_be_encrypted":
        asked["exchange"] = _exchanges(rule, ask)
    return asked


def asserted(rule: Rule, ask: Ask, proof: bool) -> dict[str, Kleene]:
    """Ask whether touched places meet the conditions of the assertion, selections apart.

    Who operates a place and which service it is are known by names and AS numbers, which are claims, unless it is a
    site of the inventory.
    """
    asserts, asked = rule.asserts, {}
    if asserts.verb == "must_be_encrypted":
        return {"encryption": ask("encrypted", _encrypted)}
    if asserts.verb == "not_observable":
        return {"evidence": ask("encrypted", _not_shown)}
    if asserts.countries is not None:
        asked["countries"] = ask("proof" if proof else "possible", countries.within, asserts.countries)
    for name, names in (("operator", asserts.operators), ("service", asserts.services), ("site", asserts.sites)):
        if names is not None:
            answer = ask(name, _holds, names)
            asked[name] = answer * ask("site", bool) if proof and name != "site" else answer
    if asserts.operated is not None:
        answer = ask("operator", _run_from, asserts.operated)
        asked["operator country"] = answer * ask("site", bool) if proof else answer
    return asked


def chosen(choice: Choice, ask: Ask, proof: bool) -> Kleene:
    """Ask whether what was touched is what some account has chosen; whose choice counts, its session tells."""
    return ask("proof site" if proof else "possible site", _chosen, choice)


def weak(rule: Rule, ask: Ask) -> npt.NDArray[np.bool_]:
    """Ask of which ends it is not shown that anything reached them: a violation there is at most open."""
    carried = ask("outcome", _counts, rule.applies.outcomes)
    shown = ask("basis", _one_of, rule.applies.bases)
    reached: npt.NDArray[np.bool_] = np.minimum(carried, shown) == 0
    return reached


def _exchanges(rule: Rule, ask: Ask) -> Kleene:
    """Ask which ends are of exchanges that can be encrypted: seen, as the rule asks, and more than STUN alone."""
    shown = ask("basis", _one_of, rule.applies.bases)
    stun = ask("app", _one_of, ("stun",))
    known = ask("plane", _one_of, ("signalling",))  # what else STUN opened is of an unknown one
    return np.where((shown == 1) & (np.minimum(stun, known) == 0), 1, -1).astype(np.int8)


def _holds(value: str, names: Names) -> int:
    return names.holds(value)


def _one_of(value: str, words: Collection[str]) -> bool:
    return value in words


def _counts(value: str, outcomes: Collection[str]) -> bool:
    return (value or CARRIED) in outcomes


def _not_rejected(value: str) -> int:
    return -1 if value == flow.REJECTED else 1


def _run_from(value: str, operated: Operated) -> int:
    return operated.holds(value)


def _chosen(value: tuple[str, str], choice: Choice) -> int:
    return choice.holds(*value)


def _not_shown(_value: str) -> int:
    return 0


def _encrypted(value: str) -> int:
    return _ENCRYPTED[value]
