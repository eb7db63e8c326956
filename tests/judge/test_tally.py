"""Counts by kinds and audiences are those that touch by touch would give: each rule asked of each end, one by one."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import judge
from auditor.judge import conditions, scope
from auditor.judge.conditions import CONDITIONS
from auditor.judge.numbers import combined, dense, distinct, examples, ranges, runs
from auditor.judge.seal import Sealed, seal
from auditor.judge.tally import _sets
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN, Touches
from auditor.model.coverage import Judged
from auditor.model.rule import Choice, Operated, Rule, Selection
from tests.builders import audit, client, flow, frame, names, rule, server
from tests.judge.test_soundness import FAMILIES, some_rule, together, traffic


class Plain:
    """The judge without its economy: every question is put to every end."""

    def __init__(self, sealed: Sealed, judged: Sequence[Rule]) -> None:
        self.sealed, self.ends = sealed, sealed.ends
        self.crowds = scope.Crowds(sealed.members, sealed.audiences)

    def ask(self, column: str, question: Any, *about: Any) -> Any:
        if column == "time":
            return question(self.ends["first_ns"].to_numpy(), self.ends["last_ns"].to_numpy(), *about)
        return np.array([question(value, *about) for value in self.ends[column]], np.int8)

    def selected(self, selection: Selection, proof: bool) -> Any:
        """Say of every end whether those whose choice counts agree that it may be touched."""
        listed, default = selection.accounts, selection.default
        anybody = [*listed.values(), default]

        def said(options: list[Choice | None], place: tuple[str, str]) -> int:
            answers = {0 if choice is None else choice.holds(*place) for choice in options}
            return answers.pop() if len(answers) == 1 else 0

        answers = []
        for number, *place in self.ends.select("audience", "proof" if proof else "possible", "site").iter_rows():
            audience = self.sealed.audiences[number]
            who = [self.sealed.members[member] for member in audience.members]
            each = [[listed.get(name, default) for name in member.accounts] or anybody for member in who]
            if selection.whose == "participants":
                one = [said(options, tuple(place)) for options in each]
                sure = [max(0, a) if not member.sure else a for a, member in zip(one, who, strict=True)]
                answers.append(min(sure, default=said(anybody, tuple(place))))
            elif audience.accounts:
                answers.append(said([listed.get(name, default) for name in audience.accounts], tuple(place)))
            else:
                answers.append(said(anybody, tuple(place)))
        return np.array(answers, np.int8)

    def decide(self, each: Rule, proof: bool) -> tuple[Any, ...]:
        scoped = conditions.about(each, self.ask)
        crowd = self.crowds.decide(each.applies, proof, self.lives)
        if crowd is not None:
            scoped["participants"] = crowd[self.ends["audience"].to_numpy()]
        asserted = conditions.asserted(each, self.ask, proof)
        if each.asserts.selection:
            chosen = self.selected(each.asserts.selection, proof)
            asserted["selection"] = -chosen if each.asserts.verb == "must_not_touch" else chosen
        applies = np.minimum.reduce([np.ones(len(self.ends), np.int8), *scoped.values()])
        value = np.minimum.reduce([np.ones(len(self.ends), np.int8), *asserted.values()])
        value = -value if each.asserts.verb == "must_not_touch" else value
        bits = np.zeros(len(self.ends), int)
        for asked, undecided in ((scoped, applies == 0), (asserted, value == 0)):
            for name, answer in asked.items():
                bit = 1 << CONDITIONS.index(name) if name in CONDITIONS else 0
                bits |= np.where(undecided & (answer == 0), bit, 0)
        if each.asserts.excusable:
            bits |= np.where(value == -1, 1 << CONDITIONS.index("evidence"), 0)
            weak = (applies == 1) & (value == -1) & conditions.weak(each, self.ask)
            bits |= np.where(weak, 1 << CONDITIONS.index("packets"), 0)
            value = np.maximum(value, 0)
        return (applies == 1) & (value == -1), (applies >= 0) & (value == 1), applies == -1, bits

    def judge(self, each: Rule) -> tuple[Any, Any]:
        """Return outcome and reasons of every end, of all eras."""
        self.lives = scope.homes(each)
        said = [self._judge(era) for era in each.eras()]
        outcome = np.minimum.reduce([outcome for outcome, _ in said])
        return outcome, np.bitwise_or.reduce([np.where(one == outcome, why, 0) for one, why in said])

    def _judge(self, each: Rule) -> tuple[Any, Any]:
        fails, passes, outside, bits = self.decide(each, each.proof)
        shown_fails, shown_passes, *_ = self.decide(each, True)
        weak = fails & conditions.weak(each, self.ask)
        choices = [
            (outside, NOT_APPLICABLE), (weak, OPEN), (fails & shown_fails, FAIL_PROVEN), (fails, FAIL),
            (passes & shown_passes, PASS_PROVEN), (passes, PASS),
        ]  # fmt: skip
        outcome = np.select([holds for holds, _ in choices], [said for _, said in choices], OPEN)
        packets = 1 << CONDITIONS.index("packets")
        return outcome, np.where(outcome == OPEN, np.where(weak, packets, bits), 0)

    def counts(self, each: Rule) -> Judged:
        said = self.judge(each)[0]
        worst: dict[int, int] = {}
        weight: dict[int, int] = {}
        names = ("touch", "role", "outcome", "own", "flows")
        for (touch, role, came, own, flows), one in zip(
            self.ends.select(names).iter_rows(), said.tolist(), strict=True
        ):
            if role in ("client", "hop") and role not in each.asserts.roles:
                continue
            if came == "rejected" and came not in each.applies.outcomes:
                continue
            worst[touch] = min(worst.get(touch, NOT_APPLICABLE), one)
            weight[touch] = flows if own else 1
        number = [sum(weight[touch] for touch, one in worst.items() if one == kind) for kind in range(6)]
        return Judged(
            passed=number[PASS] + number[PASS_PROVEN], failed=number[FAIL] + number[FAIL_PROVEN],
            open=number[OPEN], not_applicable=number[NOT_APPLICABLE], on_claims=number[FAIL] + number[PASS],
        )  # fmt: skip

    def places(self, judged: Sequence[Rule]) -> tuple[int, int]:
        """Count the touched places, and those of which some rule decided."""
        said = [self.judge(each)[0] for each in judged]
        decided = np.any([(some != OPEN) & (some != NOT_APPLICABLE) for some in said], axis=0)
        found: dict[int, tuple[int, bool]] = {}
        names = ("touch", "role", "outcome", "own", "flows")
        for i, (touch, role, came, own, flows) in enumerate(self.ends.select(names).iter_rows()):
            if role not in ("client", "hop") and came != "rejected":
                found[touch] = flows if own else 1, bool(decided[i]) or found.get(touch, (0, False))[1]
        return sum(count for count, _ in found.values()), sum(count for count, sure in found.values() if sure)


def spoken(each: Rule, chance: random.Random) -> Rule:
    """Let a rule say more: how people belong, attempts, operators, selections, eras."""
    choices = {"acme": Choice("US"), "apex": Choice(outside="CN", sites=frozenset({"north"}))}
    applies = replace(
        each.applies,
        by=chance.choice(["", "", "location", "account"]),
        outcomes=frozenset(chance.choice([["carried"], ["carried", "unanswered"], ["carried", "rejected"]])),
    )
    asserts = each.asserts
    if asserts.verb != "must_be_encrypted":
        asserts = replace(
            asserts,
            verb=chance.choice([asserts.verb] * 5 + ["not_observable"]),
            countries=chance.choice([asserts.countries, None]),
            operated=chance.choice([None, None, Operated("CN", {"Acme": "CN", "Apex": "US"})]),
            selection=chance.choice(
                [None, Selection(chance.choice(["host", "participants"]), choices, chance.choice([None, Choice("HK")]))]
            ),
        )
    said = replace(each, applies=applies, asserts=asserts)
    if chance.random() < 0.7:
        return said
    other = replace(said, asserts=replace(asserts, countries="CN+US"), proof=False)
    return replace(other, versions=(replace(said, until_ns=15, proof=False), replace(other, since_ns=15)))


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("language", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_kinds_and_sets_judge_as_ends_one_by_one_would(family: str, language: bool, named: bool) -> None:
    options, chance = {"vantages": ("", "office"), **FAMILIES[family]}, random.Random(f"plain {family}")
    rows = together(traffic(chance, options, 100))
    rows = [row if named or chance.random() < 0.3 else {**row, "session": None} for row in rows]
    rows += chance.choices(rows, k=100)
    judged = [some_rule(chance, i, options) for i in range(20)]
    if language:
        judged = [spoken(each, chance) for each in judged]
        rows = [
            {**row, "account": chance.choice(["", "", "acme", "apex"]),
             "src_label": chance.choice(["", "acme", "account:acme", "account:apex", "account:other"])}
            for row in rows
        ]  # fmt: skip
    digest = judge.fold(frame(rows), judge.edges(judged), judge.asks_rejected(judged))
    sealed = seal(digest.situations)
    plain, touches = Plain(sealed, judged), Touches(sealed, judged)
    for view, alike in touches.views(judged):
        for each in alike:
            outcomes, (outcome, why) = touches.judge(each, view), plain.judge(each)
            assert touches.of_ends(outcomes).tolist() == outcome.tolist()
            hits = touches.hits(outcomes)
            assert hits.ends.tolist() == np.flatnonzero(outcome <= OPEN).tolist()
            assert hits.outcome.tolist() == outcome[hits.ends].tolist()
            assert hits.why.tolist() == why[hits.ends].tolist()
    covered = judge.conclude(digest, judged).coverage
    assert dict(covered.judged) == {each.id: plain.counts(each) for each in judged}
    assert (covered.touches, covered.decided) == plain.places(judged)


def test_a_place_is_as_bad_as_the_worst_said_of_it_and_not_of_its_like() -> None:
    """Two places that no rule tells apart are one kind; only one of them is touched by those whom the rule is about."""
    at_home, abroad = client("1.1.1.1", proven="CN"), client("142.1.33.4", proven="CA")
    rows = [
        flow(**abroad, **server("52.81.0.1", proven="CN", operator="Sinnet")),
        flow(**at_home, **server("52.81.0.2", proven="CN", operator="Other")),
    ]
    said = {str(touched.place.operator): str(touched.verdict) for touched in audit(rows).touched}
    assert said == {"Sinnet": "fail", "Other": "not_applicable"}


def test_kinds_are_what_rules_ask_and_not_what_traffic_offers() -> None:
    rows = [flow(app=f"app {i}", **client("8.8.8.8"), **server(f"52.81.0.{i}", operator=f"o{i}")) for i in range(50)]
    sealed = seal(judge.fold(frame(rows)).situations)
    assert Touches(sealed, [rule()]).kinds.size == 2, "the clients, and the servers"
    assert Touches(sealed, [rule(), rule("by", operators=names("o7"))]).kinds.size == 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.integers(0, 4), min_size=2), max_size=30))
def test_sets_are_numbered_by_what_is_in_them(given_sets: list[set[int]]) -> None:
    groups = np.array([i for i, some in enumerate(given_sets) for _ in some], np.int64)
    members = np.array([member for some in given_sets for member in sorted(some)], np.int64)
    sets, number = _sets(5, groups, members)
    for one, set_one in zip(number, given_sets, strict=True):
        for other, set_other in zip(number, given_sets, strict=True):
            assert (one == other) == (set_one == set_other)
    assert len(sets) == 5 + len({frozenset(some) for some in given_sets})
    values = np.array([[4, 2, 3, 0, 1]], np.int8)
    least = sets.least(values)[0]
    assert least[:5].tolist() == values[0].tolist()
    for i, some in zip(number, given_sets, strict=True):
        assert least[5 + i] == min(values[0, member] for member in some)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**7)), max_size=20))
def test_numbers_are_renumbered_in_order_by_table_and_by_sorting(pairs: list[tuple[int, int]]) -> None:
    small, large = (np.array([pair[i] for pair in pairs], np.int64) for i in (0, 1))
    number, size = combined(len(pairs), [(small, 4), (large, 10**7 + 1)])
    assert size == len(set(pairs))
    assert [number[i] for i in range(len(pairs))] == [sorted(set(pairs)).index(pair) for pair in pairs]
    some = examples(number, size)
    assert [pairs[i] for i in some] == sorted(set(pairs))
    assert all(pairs.index(pairs[i]) == i for i in some), "the first place where each stands"
    assert distinct(large).tolist() == sorted(set(large.tolist()))
    assert dense(small, 4)[0].tolist() == dense(small, 10**9)[0].tolist()


def test_runs_and_ranges() -> None:
    starts, counts = runs(np.array([2, 2, 2, 5, 7, 7]))
    assert (starts.tolist(), counts.tolist()) == ([0, 3, 4], [3, 1, 2])
    assert ranges(np.array([10, 4]), np.array([2, 3])).tolist() == [10, 11, 4, 5, 6]
    assert ranges(np.array([], np.int64), np.array([], np.int64)).tolist() == []
