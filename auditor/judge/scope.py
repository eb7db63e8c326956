"""Whom and what a rule speaks of, in Kleene's three-valued logic: 1 yes, -1 no, 0 not known.

`and` is the minimum, `or` the maximum, `not` the sign.  Each class of participants is asked once per
population; an audience is then the least or the greatest of its members.  An end that may be a place instead
can weaken what its session shows, and never establish anything.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from auditor.judge.audience import Audience, Member
from auditor.model import countries, flow
from auditor.model.rule import Population, Rule, Scope

Kleene = npt.NDArray[np.int8]


Homes = tuple[tuple[str, str], ...]
"""Labels and names of populations, and the countries (a set) in which the people live for whom each stands."""


def homes(rule: Rule) -> Homes:
    """Say of each label and name of a population of a rule's pack in which countries those live for whom it stands.

    A site that holds the data of `mainland` people holds nobody's who lives elsewhere.
    """
    found: dict[str, int] = {}
    for people in (*rule.folk, *(era.applies.population for era in rule.eras())):
        for label in (people.name, *people.labels) if people else ():
            found[label] = found.get(label, 0) | countries.bits(people.countries if people else countries.NOWHERE)
    return tuple((label, countries.text(mask)) for label, mask in sorted(found.items()) if mask)


def belongs(member: Member, people: Population, proof: bool, lives: Mapping[str, str], by: str = "") -> int:
    """Say whether such a participant belongs to a population; with `proof`, claims are not heard.

    `by` is how: by `location`, by `account` (labels and accounts), or (empty) by either.
    """
    if by != "location" and people.labels.intersection(member.names):
        return 1
    if by == "account":
        if not member.person and people.name in member.names:
            return 1
        return -1 if member.accounts or _apart(member, people, lives) else 0
    place = member.proof if proof else member.possible
    if not member.person:  # a site: its label is all that can tell whose data it holds
        if people.name in member.names:
            return 1
        known = [lives[label] for label in member.names if label in lives]
        place = known[0] if len(known) == 1 else countries.ANYWHERE
    return countries.within(place, people.countries)


def _apart(member: Member, people: Population, lives: Mapping[str, str]) -> bool:
    """Say whether a label is that of people who live nowhere where these do: others may well be among them."""
    known = [lives[name] for name in member.names if name in lives]
    return people.countries != countries.NOWHERE and any(countries.within(at, people.countries) == -1 for at in known)


class Crowds:
    """The audiences of a digest, laid out so that a rule asks all of them at once."""

    def __init__(self, members: Sequence[Member], audiences: Sequence[Audience]) -> None:
        nobody = len(members)  # stands in for an empty audience
        lists = [audience.members or (nobody,) for audience in audiences]
        self._members = members
        self._flat = np.array([m for some in lists for m in some], np.int64)
        self._starts = np.concatenate([[0], np.cumsum([len(some) for some in lists])[:-1]]).astype(np.int64)
        self._unsure = np.array([*(not member.sure for member in members), True])
        self._lone = np.array([audience.lone for audience in audiences])
        self._nobody = self._least(self._unsure.astype(np.int8)) == 1
        self._known: dict[tuple[Population, bool, str, Homes], tuple[Kleene, Kleene]] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def of_members(self, people: Population, proof: bool, by: str, lives: Homes) -> Kleene:
        """Say of each class whether it belongs; the last stands for nobody."""
        known = dict(lives)
        answers = [belongs(member, people, proof, known, by) for member in self._members]
        return np.array([*answers, 0], np.int8)

    def _bounds(self, people: Population, proof: bool, by: str, lives: Homes) -> tuple[Kleene, Kleene]:
        """Say of each audience whether all who take part belong, and whether any does."""
        if (people, proof, by, lives) not in self._known:
            known = self.of_members(people, proof, by, lives)
            every = self._least(np.where(self._unsure, np.maximum(known, 0), known))
            some = -self._least(-np.where(self._unsure, np.minimum(known, 0), known))
            self._known[people, proof, by, lives] = every, some
        return self._known[people, proof, by, lives]

    def decide(self, scope: Scope, proof: bool, lives: Homes) -> Kleene | None:
        """Say of each audience whether it is in a rule's scope; None where the rule does not ask."""
        if not scope.quantifier or scope.population is None:
            return None
        every, some = self._bounds(scope.population, proof, scope.by, lives)
        mixed = np.where(self._lone, -1, np.minimum(some, -every))
        answer = {"all": every, "any": some, "none": -some, "mixed": mixed}[scope.quantifier]
        answer = np.where(self._nobody, 0, answer)  # no one is certain to take part
        return (
            _as_complete(answer, scope.quantifier).astype(np.int8)
            if scope.roster == "complete"
            else answer.astype(np.int8)
        )

    def _least(self, of_members: npt.NDArray[np.int8]) -> Kleene:
        return np.minimum.reduceat(of_members[self._flat], self._starts).astype(np.int8)


def _as_complete(answer: npt.NDArray[np.int8], quantifier: str) -> npt.NDArray[np.int8]:
    """Keep what holds whoever else took part: those seen refute `all` and `none`, and establish `any` and `mixed`."""
    return np.minimum(answer, 0) if quantifier in ("all", "none") else np.maximum(answer, 0)


def inside(values: frozenset[str], wanted: frozenset[str]) -> int:
    """Say whether something that is one of `values` is one of `wanted`."""
    return bool(values & wanted) - bool(values - wanted)


def plane(value: str, wanted: frozenset[str], recognised: bool) -> int:
    """Say whether a flow's plane (one, several joined by `+`, or unknown: any) is one of those wanted.

    What only a name tells may be wanted and is never known not to be.  With `recognised`, what is not known to be
    wanted is not.
    """
    told = value.removesuffix(flow.NAMED)
    answer = inside(frozenset(flow.PLANES if told == flow.UNKNOWN else told.split("+")), wanted)
    if told != value:
        answer = max(answer, 0)
    return answer or (-1 if recognised else 0)


def role(value: str, wanted: frozenset[str]) -> int:
    """Say whether an end's role (unknown: any) is one of those wanted."""
    return inside(frozenset(flow.ROLES if value == flow.UNKNOWN else (value,)), wanted)


def direction(value: str, wanted: frozenset[str]) -> int:
    """Say whether a flow was opened towards its end (`to`), by it (`from`), or in one of these ways (unknown)."""
    return inside(frozenset(("to", "from") if value == flow.UNKNOWN else (value,)), wanted)


def during(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], since: int | None, until: int | None) -> Kleene:
    """Say whether flows touch the time in which a rule applies; their first and last moment are certain, 0: not known.

    What bears no time (some captures hold none) is not outside of any time.
    """
    if since is None and until is None:
        return np.ones(len(first), np.int8)
    since = np.iinfo(np.int64).min if since is None else since
    until = np.iinfo(np.int64).max if until is None else until
    begun, ended = first != 0, last != 0
    within = (begun & (since <= first) & (first < until)) | (ended & (since <= last) & (last < until))
    outside = begun & ended & ((last < since) | (first >= until))
    return np.where(within, 1, np.where(outside, -1, 0)).astype(np.int8)
