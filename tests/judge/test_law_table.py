"""The law and the logic as one table: scope by touch by proof by waiver, against an evaluator of a few lines.

The evaluator shares no code with the judge: countries are Python sets, logic is two-valued, and every world that the
evidence leaves is tried one by one.
"""

from collections.abc import Sequence
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model import countries
from auditor.model.report import Report, Verdict
from auditor.model.rule import Population
from auditor.model.waiver import Match, Waiver
from tests.builders import audit, client, counts, flow, rule, server

HERE = ("CN", "HK", "US", "FR")  # FR stands for every country that no rule names
TODAY = date(2026, 11, 23)
Said = tuple[set[str] | None, set[str]]
"""What is said of an end: the countries claimed (None: nothing), and those that proofs leave."""


def left(said: Said, proof: bool) -> set[str]:
    """Return where an end may be; no country at all: its proofs contradict each other."""
    claimed, proven = said
    return proven if proof or claimed is None else claimed & proven or proven


def demanded(person: Said, place: Said, people: set[str], allowed: set[str], proof: bool) -> str:
    """Return the verdict that the design demands."""
    who, where = left(person, proof), left(place, proof)
    scopes = {country in people for country in who} or {True, False}
    values = {country in allowed for country in where} or {True, False}
    if scopes == {False}:
        return "not_applicable"
    if values == {True}:
        return "pass"
    return "fail" if scopes == {True} and values == {False} else "open"


def report(
    person: Said, place: Said, people: set[str], allowed: set[str], proof: bool, waivers: Sequence[Waiver] = ()
) -> Report:
    row = flow(
        session="call", plane="media",
        **client("198.51.100.1", *_words(person)), **server("203.0.113.1", *_words(place)),
    )  # fmt: skip
    asks = rule(
        population=Population("people", countries.of(people)),
        verb="must_stay_in",
        countries=countries.of(allowed),
        proof=proof,
    )
    return audit([row], asks, **({"waivers": waivers, "as_of": TODAY} if waivers else {}))


def _words(said: Said) -> tuple[str, str]:
    claimed, proven = said
    world = set(HERE) <= proven
    return ("" if claimed is None else countries.of(claimed)), ("*" if world else countries.of(proven))


def waiver(verdict: str, expires: date) -> Waiver:
    return Waiver("rule", Match(verdict), "moving", "ops", date(2026, 11, 1), expires)


SCOPES: dict[str, set[str]] = {"in": {"US"}, "out": {"HK"}, "open": {"US", "HK"}}
TOUCHES: dict[str, set[str]] = {"inside": {"US"}, "outside": {"CN"}, "open": {"US", "CN"}, "contradiction": set()}
TABLE: dict[tuple[str, str], str] = {
    **{("out", touch): "not_applicable" for touch in TOUCHES},
    **{(scope, "inside"): "pass" for scope in ("in", "open")},
    ("in", "outside"): "fail",
    ("in", "open"): "open",
    ("in", "contradiction"): "open",
    ("open", "outside"): "open",
    ("open", "open"): "open",
    ("open", "contradiction"): "open",
}


@pytest.mark.parametrize("waived", ["no", "in force", "expired"])
@pytest.mark.parametrize("proof", [False, True])
@pytest.mark.parametrize(("scope", "touch"), sorted(TABLE))
def test_every_case_of_the_table_on_proofs(scope: str, touch: str, proof: bool, waived: str) -> None:
    """Contradictions come of proofs alone; what rests on proofs doesn't depend on whether a rule asks for them."""
    person: Said = (None, SCOPES[scope])
    place: Said = (None, TOUCHES[touch])
    wanted = TABLE[scope, touch]
    assert demanded(person, place, {"US"}, {"US"}, proof) == wanted
    expires = date(2026, 12, 1) if waived == "in force" else TODAY
    waivers = [] if waived == "no" else [waiver(wanted, expires)] if wanted in ("fail", "open") else []
    found = report(person, place, {"US"}, {"US"}, proof, waivers)
    assert counts(found) == {wanted: 1}
    assert found.verdict == _overall(wanted, waived)
    assert [finding.waiver is not None for finding in found.findings] == [waived == "in force"] * (
        wanted in ("fail", "open")
    )
    assert all(finding.proven for finding in found.findings if finding.verdict == Verdict.FAIL)
    assert [use.state for use in found.waivers] == ["applied" if waived == "in force" else waived] * len(waivers)


def _overall(verdict: str, waived: str) -> str:
    """Return the verdict of a report with one touch: what is waived has no weight, what is out of scope is no pass."""
    if verdict == "not_applicable":
        return "open"
    return "pass" if verdict in ("fail", "open") and waived == "in force" else verdict


@pytest.mark.parametrize(("scope", "touch"), [key for key in sorted(TABLE) if "contradiction" not in key])
def test_every_case_of_the_table_on_claims(scope: str, touch: str) -> None:
    """A rule that asks for proof hears no claim: what they alone say is open."""
    everywhere = set(HERE)
    person: Said = (SCOPES[scope], everywhere)
    place: Said = (TOUCHES[touch], everywhere)
    assert counts(report(person, place, {"US"}, {"US"}, False)) == {TABLE[scope, touch]: 1}
    assert counts(report(person, place, {"US"}, {"US"}, True)) == {"open": 1}
    assert not any(finding.proven for finding in report(person, place, {"US"}, {"US"}, False).findings)


SOME = st.sets(st.sampled_from(HERE[:3]), min_size=1)
PROOFS = st.one_of(st.just(set(HERE)), st.sets(st.sampled_from(HERE[:3])))
ENDS = st.tuples(st.one_of(st.none(), SOME), PROOFS)


@settings(deadline=None)
@given(ENDS, ENDS, SOME, SOME, st.booleans())
def test_the_judge_agrees_with_every_world(
    person: Said, place: Said, people: set[str], allowed: set[str], proof: bool
) -> None:
    assert counts(report(person, place, people, allowed, proof)) == {demanded(person, place, people, allowed, proof): 1}


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(product(SCOPES, TOUCHES))
