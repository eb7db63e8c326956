"""The laws that every audit keeps, as properties of random traffic; test_capture_laws has them on captures."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor import judge
from auditor.judge import scope
from auditor.judge.seal import seal
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN, Touches
from auditor.model import countries
from auditor.model.report import Report
from auditor.model.rule import Rule
from tests import brute
from tests.builders import Row, audit, frame, inputs
from tests.strategies import flows, rules

DATES = (10, 20, 30)
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(many, max_examples=25)
OWN = (None, None, "s1", "s2")

Outcomes = dict[tuple[str, str, int], int]


def outcomes(rows: Iterable[Row], judged: Sequence[Rule], dates: Sequence[int] = DATES) -> Outcomes:
    """Judge rows one by one: the worst of each touch by rule, session and address."""
    sealed = seal(judge.fold(frame(rows), dates).situations)
    touches = Touches(sealed, judged)
    found: Outcomes = {}
    ends = sealed.ends.select("id", "example", "vantage", "role").rows()
    for each in judged:
        outcomes = touches.judge(each, touches.view(each))
        for (session, *touched), outcome in zip(ends, touches.of_ends(outcomes).tolist(), strict=True):
            key = (sealed.names[session], each.id, hash(tuple(touched)))
            found[key] = min(found.get(key, NOT_APPLICABLE), outcome)
    return found


def by_session(found: Outcomes) -> dict[tuple[str, str], int]:
    worst: dict[tuple[str, str], int] = {}
    for (session, name, _), outcome in found.items():
        worst[session, name] = min(worst.get((session, name), NOT_APPLICABLE), outcome)
    return worst


@many
@given(st.lists(flows(OWN), max_size=12), st.lists(rules(), min_size=1, max_size=3))
def test_nothing_is_dropped(rows: list[Row], judged: list[Rule]) -> None:
    covered = audit(rows, *judged).coverage
    assert covered.packets == sum(row["src_packets"] + row["dst_packets"] for row in rows)
    assert sum(packets for _, packets in covered.records) == covered.packets
    assert sum(unread.packets for unread in covered.unread) + dict(covered.records).get("ok", 0) == covered.packets
    for _, counts in covered.judged:
        told = counts.passed + counts.failed + counts.open + counts.not_applicable
        assert told >= covered.touches >= covered.decided
        assert counts.on_claims <= counts.passed + counts.failed


@many
@given(
    st.lists(flows(OWN), min_size=1, max_size=12),
    st.lists(rules(), min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
def test_any_order_and_any_split_gives_the_same_report(rows: list[Row], judged: list[Rule], chance: Any) -> None:
    dates = judge.edges(judged)
    shuffled = chance.sample(rows, len(rows))
    cuts = sorted(chance.randrange(len(rows) + 1) for _ in range(3))
    parts = [judge.fold(frame(shuffled[i:j]), dates) for i, j in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    chance.shuffle(parts)
    merged = judge.merge([judge.merge(parts[:2]), judge.merge(parts[2:])])
    assert repr(judge.conclude(merged, judged, inputs=inputs())) == repr(audit(rows, *judged))


@many
@given(st.lists(flows(), min_size=1, max_size=6), st.lists(rules(), min_size=1, max_size=3), st.data())
def test_more_proof_never_flips_what_rests_on_proof(rows: list[Row], judged: list[Rule], data: Any) -> None:
    sharper = []
    for row in rows:
        side = data.draw(st.sampled_from(["src", "dst"]))
        more = data.draw(st.sampled_from(["*", "CN", "-CN", "CA+US", "CN+HK"]))
        proven = countries.text(countries.bits(row[f"{side}_proven"]) & countries.bits(more))
        sharper.append({**row, f"{side}_proven": proven})
    before, after = outcomes(rows, judged), outcomes(sharper, judged)
    assert before.keys() == after.keys()
    for touch, was in before.items():
        if was == FAIL_PROVEN:
            assert after[touch] in (FAIL_PROVEN, FAIL, OPEN)
        if was == PASS_PROVEN:  # proofs that now contradict each other leave the word to claims
            assert after[touch] in (PASS_PROVEN, PASS, OPEN, NOT_APPLICABLE)


@many
@given(
    st.lists(flows(), min_size=1, max_size=4), st.lists(rules(), min_size=1, max_size=3), st.sampled_from([(), DATES])
)
def test_no_concrete_world_contradicts_a_verdict(rows: list[Row], judged: list[Rule], dates: Sequence[int]) -> None:
    found = by_session(outcomes(rows, judged, dates))
    for (session, name), said in found.items():
        each = next(one for one in judged if one.id == name)
        try:
            real = brute.outcomes(rows, session, each, dict(scope.homes(each)))
        except brute.TooMany:
            continue
        if said in (FAIL, FAIL_PROVEN):
            assert real == {"fail"}, (session, each, real)
        elif said != OPEN:
            assert "fail" not in real, (session, each, real)
        if said == NOT_APPLICABLE:
            assert real <= {"na"}, (session, each, real)


@few
@given(st.lists(flows((None,)), min_size=1, max_size=8), st.lists(rules(), min_size=1, max_size=3))
def test_a_flow_of_its_own_is_judged_as_if_it_had_a_session_of_its_own(rows: list[Row], judged: list[Rule]) -> None:
    named = [{**row, "session": f"{i}"} for i, row in enumerate(rows)]

    def told(report: Report) -> list[Any]:
        kept = [
            (f.id, f.sessions, f.packets, f.bytes, f.first_ns, f.last_ns, f.participants, f.evidence)
            for f in report.findings
        ]
        return [report.verdict, report.coverage, kept]

    assert told(audit(rows, *judged)) == told(audit(named, *judged))


@few
@given(
    st.lists(flows(), min_size=1, max_size=6), st.lists(rules(), min_size=1, max_size=3), st.sampled_from([(), (20,)])
)
def test_dates_that_the_fold_did_not_know_only_leave_more_open(
    rows: list[Row], judged: list[Rule], dates: Sequence[int]
) -> None:
    coarse, fine = by_session(outcomes(rows, judged, dates)), by_session(outcomes(rows, judged))
    for key, said in coarse.items():
        assert said == OPEN or (said in (FAIL, FAIL_PROVEN)) == (fine[key] in (FAIL, FAIL_PROVEN)), key


HOSTILE = st.text(st.sampled_from("\t\n|@+&#,:~=-*!?\0'\"<>\\ aé￿"), min_size=1, max_size=6)


def _renamed(rule: Rule, called: dict[str, str]) -> Rule:
    """Return a rule that speaks of other names."""

    def rename(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, frozenset):
            return frozenset(called.get(name, name) for name in value)
        return replace(value, names=frozenset(called.get(name, name) for name in value.names))

    return replace(
        rule,
        applies=replace(
            rule.applies,
            services=rename(rule.applies.services),
            population=replace(rule.applies.population, labels=rename(rule.applies.population.labels)),
        ),
        asserts=replace(
            rule.asserts,
            operators=rename(rule.asserts.operators),
            services=rename(rule.asserts.services),
            sites=rename(rule.asserts.sites),
        ),
    )


@few
@given(st.lists(flows(OWN), min_size=1, max_size=8), st.lists(rules(), min_size=1, max_size=3), st.data())
def test_what_a_stranger_wrote_stays_text(rows: list[Row], judged: list[Rule], data: Any) -> None:
    """Whatever sessions, labels, vantages, operators, services and sites are called, the report is the same."""
    plain = ["s1", "s2", "acme", "office", "Acme", "Apex", "zoom", "teams", "north"]
    nasty = data.draw(st.lists(HOSTILE, min_size=len(plain), max_size=len(plain), unique=True))
    called = dict(zip(plain, nasty, strict=True))
    columns = [
        "session",
        "vantage",
        "service",
        *(f"{s}_{n}" for s in ("src", "dst") for n in ("label", "operator", "site")),
    ]
    renamed = [{**row, **{name: called.get(row[name], row[name]) for name in columns}} for row in rows]

    again = [_renamed(each, called) for each in judged]
    before, after = audit(rows, *judged), audit(renamed, *again)
    assert before.coverage == after.coverage
    assert before.verdict == after.verdict

    def told(report: Report, words: dict[str, str]) -> list[Any]:
        return sorted(
            (
                f.rule,
                f.verdict,
                f.place.countries,
                words.get(f.place.site, f.place.site),
                f.sessions,
                f.packets,
                f.plane,
            )
            for f in report.findings
        )

    assert told(before, called) == told(after, {})
    sessions = {name for finding in after.findings for name in finding.first_sessions if not name.startswith("flow ")}
    assert sessions <= {*nasty}
