"""Three-valued logic on audiences and categories, case by case."""

import numpy as np
import pytest

from auditor.judge import scope
from auditor.judge.audience import NOBODY, Audience, Member
from auditor.judge.scope import Crowds
from auditor.model.rule import Population, Scope
from tests.builders import MAINLAND, OVERSEAS, rule

AT_HOME = Member(True, True, (), "CN", "*")
ABROAD = Member(True, True, (), "CA", "CA")
EITHER = Member(True, True, (), "CN+HK", "*")
LABELLED = Member(True, True, ("mainland",), "*", "*")
MAYBE = Member(True, False, (), "CN", "CN")
SITE = Member(False, True, ("mainland",), "*", "*")
MEMBERS = (AT_HOME, ABROAD, EITHER, LABELLED, MAYBE, SITE)


def answers(*people: Member, proof: bool = False, roster: str = "as-observed") -> dict[str, int]:
    """What every quantifier says of mainland people in a session of these."""
    audience = Audience(tuple(MEMBERS.index(p) for p in people), len(people) == 1 and people[0].person)
    lives = scope.homes(rule(population=MAINLAND, folk=(OVERSEAS,)))
    crowds = Crowds(MEMBERS, [NOBODY, audience])
    found = {}
    for quantifier in ("all", "any", "mixed", "none"):
        decided = crowds.decide(Scope(quantifier, MAINLAND, roster), proof, lives)
        assert decided is not None
        found[quantifier] = int(decided[1])
    return found


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([AT_HOME], [1, 1, -1, -1]),
        ([ABROAD], [-1, -1, -1, 1]),
        ([EITHER], [0, 0, -1, 0]),
        ([LABELLED], [1, 1, -1, -1]),
        ([AT_HOME, ABROAD], [-1, 1, 1, -1]),
        ([AT_HOME, EITHER], [0, 1, 0, -1]),
        ([ABROAD, EITHER], [-1, 0, 0, 0]),
        ([ABROAD, MAYBE], [-1, 0, 0, 0]),
        ([AT_HOME, MAYBE], [1, 1, -1, -1]),
        ([MAYBE], [0, 0, 0, 0]),
        ([SITE], [1, 1, -1, -1]),
        ([], [0, 0, 0, 0]),
    ],
)
def test_quantifiers(people: list[Member], expected: list[int]) -> None:
    assert list(answers(*people).values()) == expected


def test_claims_are_not_heard_where_proof_is_asked() -> None:
    assert answers(AT_HOME, proof=True) == {"all": 0, "any": 0, "mixed": -1, "none": 0}
    assert answers(ABROAD, proof=True)["none"] == 1


def test_an_observed_roster_refutes_all_and_establishes_any() -> None:
    assert answers(AT_HOME, ABROAD, roster="complete") == {"all": -1, "any": 1, "mixed": 1, "none": -1}
    assert answers(AT_HOME, roster="complete") == {"all": 0, "any": 1, "mixed": 0, "none": -1}
    assert answers(ABROAD, roster="complete") == {"all": -1, "any": 0, "mixed": 0, "none": 0}


def test_a_rule_without_quantifier_asks_nobody() -> None:
    assert Crowds((), [NOBODY]).decide(Scope(), False, ()) is None


def test_a_sites_label_refutes_people_who_live_elsewhere() -> None:
    lives = dict(scope.homes(rule(population=MAINLAND, folk=(OVERSEAS,))))
    assert scope.belongs(SITE, MAINLAND, False, lives) == 1
    assert scope.belongs(SITE, OVERSEAS, False, lives) == -1
    assert scope.belongs(SITE, OVERSEAS, False, {}) == 0
    assert scope.belongs(Member(False, True, ("staff",), "*", "*"), Population("staff", "CN"), False, {}) == 1
    assert scope.belongs(LABELLED, OVERSEAS, False, lives) == 0, "people travel"


@pytest.mark.parametrize(
    ("value", "wanted", "recognised", "expected"),
    [
        ("media", {"media"}, False, 1),
        ("media", {"keys"}, False, -1),
        ("keys+media", {"media"}, False, 0),
        ("keys+media", {"media", "keys"}, False, 1),
        ("unknown", {"media"}, False, 0),
        ("unknown", {"media"}, True, -1),
        ("keys+media", {"media"}, True, -1),
        ("media", {"media"}, True, 1),
    ],
)
def test_planes(value: str, wanted: set[str], recognised: bool, expected: int) -> None:
    assert scope.plane(value, frozenset(wanted), recognised) == expected


def test_roles_and_directions() -> None:
    assert scope.role("relay", frozenset({"relay"})) == 1
    assert scope.role("unknown", frozenset({"relay"})) == 0
    assert scope.role("unknown", frozenset({"client", "server", "relay", "hop"})) == 1
    assert scope.direction("to", frozenset({"from"})) == -1
    assert scope.direction("unknown", frozenset({"from"})) == 0
    assert scope.direction("unknown", frozenset({"to", "from"})) == 1


def test_dates_hold_for_the_first_and_the_last_moment() -> None:
    first = np.array([1, 1, 1, 10, 19, 20], np.int64)
    last = np.array([9, 10, 30, 30, 25, 25], np.int64)
    assert scope.during(first, last, 10, 20).tolist() == [-1, 1, 0, 1, 1, -1]
    assert scope.during(first, last, None, None).tolist() == [1] * 6


def test_what_bears_no_time_is_not_outside_of_any() -> None:
    first, last = np.array([0, 0, 0, 0], np.int64), np.array([0, 5, 15, 25], np.int64)
    assert scope.during(first, last, 10, 20).tolist() == [0, 0, 1, 0]
    assert scope.during(first, last, 10, None).tolist() == [0, 0, 1, 1]
    assert scope.during(first, last, None, None).tolist() == [1] * 4
