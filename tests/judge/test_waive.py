"""Waivers applied to findings: what one accepts, what it never accepts, and what becomes of the verdict."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.judge.waive import covers, matches, order, shadowed, text
from auditor.model import countries
from auditor.model.report import Finding, Place, Report, Verdict
from auditor.model.rule import Rule
from auditor.model.waiver import Match, Waiver
from tests import strategies
from tests.builders import Row, audit, client, end, flow, rule, server
from tests.report import samples

DAY = date(2026, 11, 23)
CANADA = client("142.1.33.4", proven="CA")
BEIJING = server("52.81.151.250", proven="CN", operator="Sinnet", site="beijing-kms")
BAD = flow(plane="media", **CANADA, **BEIJING)
UNKNOWN = flow(plane="media", record=9, **CANADA, **server("203.0.113.1"))
CUT = flow(status="truncated", detail="IPv4 header cut", src_packets=2, source=1, record=9)


def waiver(days: int = 10, rule: str = "rule", age: int = 5, **match: Any) -> Waiver:
    """A waiver that was approved `age` days before DAY and holds for `days` days."""
    start = DAY - timedelta(age)
    match = match or {"countries": "CN"}
    return Waiver(rule, Match(**match), "because", "an owner", start, start + timedelta(days), file="w.yaml", line=3)


def judged(rows: Sequence[Row], *waivers: Waiver, rules: Sequence[Rule] = (), **more: Any) -> Report:
    return audit(rows, *rules, waivers=waivers, as_of=DAY, **more)


def only(*rows: Row) -> Finding:
    (finding,) = audit(rows).findings
    return finding


def accepts(finding: Finding, /, **match: Any) -> bool:
    return matches(waiver(**match), finding)


def test_a_waived_violation_stays_and_decides_nothing() -> None:
    plain, waived = audit([BAD]), judged([BAD], waiver())
    (finding,) = waived.findings
    assert (plain.verdict, waived.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert replace(finding, waiver=None) == plain.findings[0]
    assert finding.waiver == text(waiver())
    assert (waived.counting, waived.waived, waived.as_of) == ((), (finding,), "2026-11-23")
    assert [(use.state, use.findings, use.shadowed) for use in waived.waivers] == [("applied", (finding.id,), ())]
    assert waived.coverage == plain.coverage
    assert waived.touched == plain.touched


def test_what_is_open_is_waived_only_where_a_waiver_says_so() -> None:
    (finding,) = audit([UNKNOWN]).findings
    assert judged([UNKNOWN], waiver(finding=finding.id)).verdict == Verdict.OPEN
    waived = judged([UNKNOWN], waiver(finding=finding.id, verdict="open"))
    assert waived.verdict == Verdict.PASS
    assert not waived.undecided
    assert judged([BAD], waiver(countries="CN", verdict="open")).verdict == Verdict.FAIL


def test_what_was_not_examined_can_not_be_waived() -> None:
    report = judged([BAD, CUT], waiver())
    assert (report.verdict, report.undecided, report.counting) == (Verdict.OPEN, True, ())
    assert judged([BAD], waiver(), limits=["more was there"]).verdict == Verdict.OPEN
    assert judged([BAD], waiver(), unread_bytes=[("a.pcap", 5, "cut record")]).verdict == Verdict.OPEN
    assert judged([], waiver()).empty


def test_a_waiver_holds_from_the_day_of_its_approval_until_the_day_on_which_it_expires() -> None:
    for age, days, state in [(0, 1, "applied"), (1, 1, "expired"), (5, 6, "applied"), (-1, 9, "pending")]:
        report = judged([BAD], waiver(days, age=age))
        (use,) = report.waivers
        assert use.state == state
        assert use.findings == (report.findings[0].id,)
        assert (report.verdict == Verdict.PASS) == (state == "applied")


def test_waivers_that_do_nothing_are_told() -> None:
    expired = waiver(days=1)
    report = judged([BAD], waiver(countries="RU"), waiver(rule="other"), expired, replace(expired, rule="other"))
    told = [(use.waiver.rule, use.state, len(use.findings), use.idle) for use in report.waivers]
    assert sorted(told) == [
        ("other", "expired", 0, True),
        ("other", "no rule", 0, True),
        ("rule", "expired", 1, False),
        ("rule", "unused", 0, True),
    ]
    assert report.verdict == Verdict.FAIL
    assert not judged([BAD], waiver(age=-3)).waivers[0].idle, "it will be needed"


def test_the_first_that_is_in_force_counts_and_the_others_are_shadowed() -> None:
    expired, first, second = (replace(waiver(), line=line) for line in (1, 2, 3))
    report = judged([BAD], second, replace(expired, expires=DAY), first)
    (finding,) = report.findings
    assert finding.waiver is not None
    assert finding.waiver.line == 2
    told = [(use.waiver.line, use.state, use.findings, use.shadowed) for use in report.waivers]
    assert told == [
        (1, "expired", (), (finding.id,)),
        (2, "applied", (finding.id,), ()),
        (3, "shadowed", (), (finding.id,)),
    ]
    assert not any(use.idle for use in report.waivers)


def test_waivers_need_a_day() -> None:
    with pytest.raises(ValueError, match="as of a day"):
        audit([BAD], waivers=[waiver()])
    assert audit([BAD]).as_of == ""


def test_a_place_that_may_be_elsewhere_is_not_excused() -> None:
    finding = only(BAD)
    assert accepts(finding, countries="CN")
    assert accepts(finding, countries="CN+HK")
    assert not accepts(finding, countries="HK")
    for place in ("CN+HK", "*", "-US", "!", ""):
        assert not accepts(replace(finding, place=replace(finding.place, countries=place)), countries="CN")
    assert not accepts(replace(finding, place=Place("!", "contradiction")), countries="*")


def test_names_are_exact_and_what_is_not_known_has_none() -> None:
    finding = only(BAD)
    for key, right in (("sites", "beijing-kms"), ("operators", "Sinnet")):
        assert accepts(finding, **{key: frozenset({"x", right})})
        assert not accepts(finding, **{key: frozenset({right[:-1], right.lower() + " "})})
        nameless = replace(finding, place=Place("CN", "located"))
        assert not accepts(nameless, **{key: frozenset({"", right})})


@pytest.mark.parametrize(
    ("plane", "named", "expected"),
    [
        ("media", ["media"], True),
        ("media", ["keys"], False),
        ("keys+media", ["media"], False),
        ("keys+media", ["media", "keys", "other"], True),
        ("telemetry?", ["telemetry"], False),
        ("unknown", ["media", "signalling", "keys", "recording", "management", "telemetry", "other"], False),
    ],
)
def test_planes_of_which_one_travelled(plane: str, named: list[str], expected: bool) -> None:
    assert accepts(replace(only(BAD), plane=plane), planes=frozenset(named)) == expected


def test_bases() -> None:
    offered = {**BAD, "basis": "offered", "session": "call"}
    (finding,) = audit([offered]).findings
    assert accepts(finding, verdict="open", bases=frozenset({"offered"}))
    assert not accepts(finding, verdict="open", bases=frozenset({"observed"}))


def test_what_no_traffic_shows_is_about_no_single_place() -> None:
    (finding,) = audit([BAD], rule(verb="not_observable")).findings
    assert finding.verdict == Verdict.OPEN
    for match in (
        {"countries": "CN"},
        {"planes": frozenset({"media"})},
        {"bases": frozenset({"observed"})},
        {"sites": frozenset({"beijing-kms"})},
    ):
        assert not accepts(finding, verdict="open", **match)
    assert accepts(finding, verdict="open", finding=finding.id)
    assert judged([BAD], waiver(verdict="open", finding=finding.id), rules=[rule(verb="not_observable")]).verdict == (
        Verdict.PASS
    )


def test_all_traffic_has_to_be_of_these_days() -> None:
    finding = only({**BAD, "first_ns": 100, "last_ns": 200})
    for since, until, expected in [
        (100, 201, True), (101, 300, False), (50, 200, False), (50, None, True), (None, 201, True), (None, 150, False),
    ]:  # fmt: skip
        assert accepts(finding, since_ns=since, until_ns=until) == expected
    timeless = only({**BAD, "first_ns": 0, "last_ns": 200}, {**BAD, "first_ns": 100, "last_ns": 200})
    assert not accepts(timeless, since_ns=-5)
    assert not accepts(timeless, until_ns=300)


NETWORKS = (ip_network("52.81.0.0/16"), ip_network("2001:db8::/32"))


def test_all_addresses_have_to_lie_in_the_networks() -> None:
    inside = only(BAD, {**BAD, "dst_addr": "2001:db8::1"})
    assert inside.every_endpoint
    assert accepts(inside, networks=NETWORKS)
    assert not accepts(inside, networks=NETWORKS[:1])
    assert not accepts(only(BAD, {**BAD, "dst_addr": "52.82.0.1"}), networks=NETWORKS)


def test_more_addresses_than_are_listed_are_not_excused() -> None:
    def many(count: int) -> Finding:
        return only(*({**BAD, "dst_addr": f"52.81.0.{number}"} for number in range(count)))

    assert accepts(many(20), networks=NETWORKS)
    assert not accepts(many(21), networks=NETWORKS)


def test_addresses_that_were_folded_into_one_are_not_excused() -> None:
    """Of flows of their own an end that may be a participant keeps but its smallest address: 99.9.9.9 is not listed."""
    there = [{**BAD, **end("dst", addr, "unknown", proven="CN")} for addr in ("52.81.0.1", "99.9.9.9")]
    accused = rule(roles=frozenset({"client", "server", "relay", "hop"}), quantifier="", population=None)

    def found(*rows: Row) -> Finding:
        (finding,) = [each for each in audit(rows, accused).findings if each.place.countries == "CN"]
        return finding

    assert (found(*there).endpoints, found(*there).every_endpoint) == (("52.81.0.1",), False)
    assert not accepts(found(*there), verdict=found(*there).verdict, networks=NETWORKS)
    assert accepts(found(there[0]), verdict=found(there[0]).verdict, networks=NETWORKS)
    called = [{**row, "session": "call"} for row in there]
    assert found(*called).endpoints == ("52.81.0.1", "99.9.9.9")
    assert found(*called).every_endpoint


def test_a_place_without_an_address_is_not_excused_by_addresses() -> None:
    finding = only(BAD, {**BAD, "dst_addr": None})
    assert finding.endpoints == ("52.81.151.250",)
    assert not accepts(finding, networks=NETWORKS)
    assert not accepts(replace(finding, endpoints=(), endpoint_count=0, every_endpoint=True), networks=NETWORKS)
    assert not accepts(replace(finding, endpoints=("relay.example",), every_endpoint=True), networks=NETWORKS)


# What a waiver accepts, told by brute force: every possibility that the finding leaves has to be named.

PLANES = ("media", "signalling", "keys", "recording", "management", "telemetry", "other")


def by_brute_force(waiver: Waiver, finding: Finding) -> bool:
    match, place = waiver.match, finding.place
    could_be = set(countries.members(place.countries)) or {"nowhere"}
    travelled = {"any"} if finding.plane == "unknown" or finding.plane[-1] == "?" else set(finding.plane.split("+"))
    asked = [
        {finding.rule} <= {waiver.rule},
        {str(finding.verdict)} <= {match.verdict},
        not match.finding or {finding.id} <= {match.finding},
        not match.countries or could_be <= set(countries.members(match.countries)),
        match.sites is None or (place.site != "" and place.site in match.sites),
        match.operators is None or (place.operator != "" and place.operator in match.operators),
        match.planes is None or travelled <= match.planes,
        match.bases is None or {finding.basis} <= match.bases,
        match.since_ns is None or (finding.first_ns > 0 and finding.first_ns >= match.since_ns),
        match.until_ns is None or (finding.first_ns > 0 and finding.last_ns < match.until_ns),
    ]
    if match.networks is not None:
        ends = [ip_address(address) for address in finding.endpoints]
        asked.append(bool(ends) and len(ends) == finding.endpoint_count and finding.every_endpoint)
        asked += [any(address in network for network in match.networks) for address in ends]
    return all(asked)


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.sets(st.sampled_from(values), min_size=1).map(frozenset)


def wider(*values: str) -> st.SearchStrategy[str]:
    """A country set that holds one of these, or none of them."""
    return st.builds(lambda one, more: countries.text(countries.bits(one) | more), st.sampled_from(values), more_places)


more_places = st.one_of(st.just(0), strategies.sets.map(countries.bits), st.just(countries.WORLD))
blocks = st.sets(st.sampled_from(["9.9.0.0/16", "9.9.0.1/32", "10.0.0.0/8", "7.7.0.0/24", "0.0.0.0/0"]), min_size=1)
MATCHES: dict[str, st.SearchStrategy[Any]] = {
    "finding": st.just("0" * 16),
    "countries": strategies.sets,
    "sites": some("north", "south"),
    "operators": some("Acme", "Apex"),
    "planes": some("media", "media", "keys", "signalling"),
    "bases": some("observed", "offered", "attested"),
    "networks": blocks.map(lambda few: tuple(map(ip_network, sorted(few)))),
    "since_ns": st.sampled_from([5, 15]),
    "until_ns": st.sampled_from([20, 46]),
}


@st.composite
def waivers(draw: Any, rules: Sequence[str], findings: Sequence[Finding] = ()) -> Waiver:
    """A waiver that asks a few things, mostly with a finding in mind."""
    rule, verdict, kinds = draw(st.sampled_from([*rules, "no-rule"])), draw(st.sampled_from(["fail", "open"])), MATCHES
    if findings and draw(st.integers(0, 3)):
        near = draw(st.sampled_from(findings))
        rule, verdict = near.rule, str(near.verdict)
        kinds = {**MATCHES, "finding": st.just(near.id), "countries": wider(near.place.countries)}
    asked = draw(st.sets(st.sampled_from(list(kinds)), min_size=1, max_size=2))
    match = Match(verdict=verdict, **{key: draw(kinds[key]) for key in sorted(asked)})
    start = DAY + timedelta(draw(st.sampled_from([-9, -3, -3, -3, 2])))
    until = start + timedelta(draw(st.sampled_from([1, 5, 20, 20])))
    place = draw(st.sampled_from(["a.yaml", "b.yaml"])), draw(st.integers(1, 40))
    return Waiver(rule, match, "a reason", "an owner", start, until, "", "", *place)


@st.composite
def cases(draw: Any) -> tuple[list[Row], list[Rule], list[Waiver], Report]:
    rows = draw(st.lists(strategies.flows(), min_size=2, max_size=8))
    rules = draw(st.lists(strategies.rules(), min_size=1, max_size=3, unique_by=lambda rule: rule.id))
    plain = audit(rows, *rules)
    drawn = st.lists(waivers([rule.id for rule in rules], plain.findings), min_size=1, max_size=8)
    return rows, rules, draw(drawn), plain


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_verdict_is_that_of_the_findings_that_no_valid_waiver_accepts(case: Any) -> None:
    rows, rules, given_, plain = case
    report = judged(rows, *given_, rules=rules)
    valid = [waiver for waiver in given_ if waiver.approved <= DAY < waiver.expires]
    left = [each for each in plain.findings if not any(by_brute_force(waiver, each) for waiver in valid)]
    assert sorted(each.id for each in report.counting) == sorted(each.id for each in left)
    assert {each.id: replace(each, waiver=None) for each in report.findings} == {e.id: e for e in plain.findings}
    unknown = left or plain.empty or plain.coverage.unexamined
    fails = any(each.verdict == Verdict.FAIL for each in left)
    assert report.verdict == (Verdict.FAIL if fails else Verdict.OPEN if unknown else Verdict.PASS)
    plain_rest = replace(plain, verdict=report.verdict, findings=(), as_of=str(DAY), waivers=report.waivers)
    assert replace(report, findings=()) == plain_rest


@settings(max_examples=40, deadline=None)
@given(cases(), st.randoms())
def test_any_order_of_waivers_gives_the_same_report(case: Any, random: Any) -> None:
    rows, rules, given_, _ = case
    shuffled = given_.copy()
    random.shuffle(shuffled)
    assert judged(rows, *given_, rules=rules) == judged(rows, *shuffled, rules=rules)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_what_became_of_waivers_is_told_of_all_and_truly(case: Any) -> None:
    rows, rules, given_, _ = case
    report = judged(rows, *given_, rules=rules)
    assert sorted(repr(use.waiver) for use in report.waivers) == sorted(repr(text(each)) for each in given_)
    counted = {each.id for each in report.counting}
    known = {rule.id for rule in rules}
    accepted: list[str] = []
    for use in report.waivers:
        if use.state == "applied":
            accepted += use.findings
        else:
            assert not use.findings or use.state in ("expired", "pending")
            assert set(use.findings) <= counted
        assert not set(use.shadowed) & counted
        assert (use.state == "no rule") <= (use.waiver.rule not in known)
    assert sorted(accepted) == sorted(each.id for each in report.waived)


NAMED = replace(samples.KEYS, id="1" * 16, rule="rule")


@settings(max_examples=300, deadline=None)
@given(st.lists(waivers(["rule"], [NAMED]), min_size=2, max_size=6), st.data())
def test_what_covers_another_accepts_all_that_it_does(given_: list[Waiver], data: Any) -> None:
    place = Place(data.draw(strategies.sets), "located", data.draw(st.sampled_from(["", "north"])), "Acme")
    finding = replace(
        samples.KEYS,
        id=data.draw(st.sampled_from(["1" * 16, "2" * 16])),
        rule="rule",
        verdict=data.draw(st.sampled_from([Verdict.FAIL, Verdict.OPEN])),
        plane=data.draw(st.sampled_from(["media", "keys", "media+signalling", "unknown"])),
        basis="observed",
        place=place,
        endpoints=("9.9.0.1",),
        endpoint_count=1,
        every_endpoint=True,
        first_ns=data.draw(st.sampled_from([0, 10, 30])),
        last_ns=45,
    )
    for one in given_:
        for other in given_:
            if covers(one, other) and matches(other, finding):
                assert matches(one, finding)
        assert covers(one, one)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_without_the_needless_ones_the_same_findings_are_waived(case: Any) -> None:
    rows, rules, given_, _ = case
    needless = shadowed(given_)
    kept = list(given_)
    for each, by in needless:
        kept.remove(each)
        assert covers(by, each)
    for day in (DAY - timedelta(4), DAY, DAY + timedelta(3)):
        every = audit(rows, *rules, waivers=given_, as_of=day)
        fewer = audit(rows, *rules, waivers=kept, as_of=day)
        assert {each.id for each in every.waived} == {each.id for each in fewer.waived}


def test_of_two_that_say_the_same_the_later_is_needless() -> None:
    early, late = replace(waiver(), line=1), replace(waiver(), line=9)
    assert shadowed([late, early]) == ((late, early),)
    longer = replace(late, expires=late.expires + timedelta(1))
    assert shadowed([longer, early]) == ((early, longer),)
    wider = replace(late, match=Match(countries="CN+HK"))
    assert shadowed([early, wider]) == ((early, wider),)
    assert shadowed([early, replace(late, rule="other"), replace(late, match=Match(verdict="open"))]) == ()


@settings(deadline=None)
@given(st.lists(waivers(["a", "b"]), max_size=8))
def test_needless_is_what_any_other_outdoes(given_: list[Waiver]) -> None:
    """However they are looked up: each is compared with every other here."""

    def outdone(one: Waiver, other: Waiver) -> bool:
        return covers(other, one) and other.approved <= one.approved and one.expires <= other.expires

    numbers = range(len(given_))
    ordered = sorted(given_, key=order)
    expected = [
        ordered[i]
        for i in numbers
        if any(
            i != j and outdone(ordered[i], ordered[j]) and (j < i or not outdone(ordered[j], ordered[i]))
            for j in numbers
        )
    ]
    assert [needless for needless, _ in shadowed(given_)] == expected


def test_thousands_of_waivers_are_looked_through_at_once() -> None:
    nets = [waiver(networks=(ip_network(f"10.{i >> 8}.{i & 255}.0/24"),), days=i % 20 + 1) for i in range(8_000)]
    begun = process_time()
    assert shadowed([*nets, *(waiver(finding=f"{i:016x}") for i in range(8_000))]) == ()
    assert process_time() - begun < 20
    wide = waiver(networks=(ip_network("10.0.0.0/9"),), days=30)
    assert {other for _, other in shadowed([*nets, wide])} == {wide}
    assert len(shadowed([*nets, wide])) == len(nets)
