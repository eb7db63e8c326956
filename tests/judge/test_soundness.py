"""Thousands of small sessions, judged at once and then world by world: no verdict is wrong, few are needlessly open."""

import math
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from auditor.judge import scope
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN
from auditor.model import countries
from auditor.model.report import Finding
from auditor.model.rule import Choice, Names, Operated, Population, Rule, Selection
from tests import brute
from tests.builders import Row, audit, end, flow, names, rule
from tests.test_laws import by_session, outcomes

WORDS = {FAIL_PROVEN: "fail", FAIL: "fail", OPEN: "open", PASS: "pass", PASS_PROVEN: "pass", NOT_APPLICABLE: "na"}
FAMILIES: dict[str, dict[str, Any]] = {
    "people and places": {},
    "planes not known": {"planes": ("media", "media+signalling", "unknown")},
    "roles not known": {"odd": 0.3},
    "offers and attempts": {"weak": 0.4},
    "proofs beside claims": {"proofs": 0.5},
    "sites that hold data": {"clients": 0.0, "labels": True},
    "operators, services, sites": {"words": True},
    "participants judged themselves": {"roles": frozenset({"client", "server", "relay"})},
    "complete rosters": {"roster": "complete"},
    "only proof counts": {"proofs": 0.7, "proof": True},
    "private addresses at two vantages": {"vantages": ("", "office"), "prefix": "10.", "proofs": 0.4},
    "places that sessions share": {"share": 3, "proofs": 0.4},
    "people belong by account": {"labels": True, "accounts": True, "by": ("", "location", "account")},
    "sites belong by account": {"clients": 0.0, "labels": True, "accounts": True, "by": ("account", "location")},
    "operators' countries": {"words": True, "operated": True},
    "selections": {"labels": True, "accounts": True, "words": True, "selection": True},
    "what was not selected": {"labels": True, "accounts": True, "selection": True, "unselected": True},
    "what a paper may allow": {"words": True, "proofs": 0.5, "weak": 0.2, "excuses": True},
    "attempts that count": {"weak": 0.5, "outcomes": True},
    "sets that change": {"eras": True},
    "encrypted or not": {"planes": ("media", "media", "signalling", "unknown"), "ciphers": True, "weak": 0.2},
}
NEEDLESS = {"roles not known": 0.04, "participants judged themselves": 0.03, "sites belong by account": 0.02}
"""At most this share (else one in a hundred) is open although all worlds agree: what is correlated is judged apart."""


def subset(chance: random.Random, most: int = 3) -> str:
    return countries.of(chance.sample(brute.HERE[:4], chance.randint(1, most)))


def session(chance: random.Random, i: int, options: dict[str, Any]) -> list[Row]:
    rows = []
    for record in range(1, chance.randint(1, 3) + 1):
        first = chance.choice([0, 10, 20, 30])
        weak = chance.random() < options.get("weak", 0)
        row = flow(
            session=f"{i}",
            record=record,
            plane=chance.choice(options.get("planes", ("media", "keys"))),
            outcome=chance.choice(["unanswered", "rejected", ""]) if weak else "",
            basis=chance.choice(["offered", "attested"]) if weak else "observed",
            account=chance.choice(["", "", "", "acme", "apex"]) if options.get("selection") else "",
            service=chance.choice(["", "zoom", "teams"]) if options.get("words") else "zoom",
            vantage=chance.choice(options.get("vantages", ("",))),
            opened=chance.choice(["", "handshake"]) if options.get("words") else "handshake",
            app=chance.choice(["stun", "rtp", ""]),
            encrypted=chance.choice(["yes", "no", ""]),
            first_ns=first,
            last_ns=first + chance.choice([0, 0, 25]),
        )
        for side in ("src", "dst"):
            row |= one_end(chance, i, side, options)
        if row["src_addr"] != row["dst_addr"]:
            rows.append(row)
    return rows


def one_end(chance: random.Random, i: int, side: str, options: dict[str, Any]) -> Row:
    if side == "src" and chance.random() < options.get("clients", 0.8):
        role, number = "client", chance.randint(1, 2)
    elif chance.random() < options.get("odd", 0):
        role, number = "unknown", 3
    else:
        role, number = chance.choice(["server", "relay"]), chance.randint(4, 5)
    labelled = number in (2, 4) and options.get("labels", True) and (role == "client" or "labels" in options)
    words = options.get("words")
    return end(
        side, f"{options.get('prefix', '')}{number}.{i // options.get('share', 1)}", role,
        chance.choice(["", *[subset(chance, 2)] * 3]),
        subset(chance, 2) if chance.random() < options.get("proofs", 0.2) else "*",
        label=a_label(chance, options) if labelled else "",
        operator=chance.choice(["", "Acme", "Apex"]) if words else "",
        site=chance.choice(["", "north"]) if words else "",
    )  # fmt: skip


def a_label(chance: random.Random, options: dict[str, Any]) -> str:
    if "accounts" in options:
        return chance.choice(["acme", "account:acme", "guests, account:apex", "guests", "account:other"])
    return chance.choice(["acme", "apex"]) if "labels" in options else "acme"


def some_choice(chance: random.Random) -> Choice:
    inside = chance.choice([None, subset(chance)])
    return Choice(inside, frozenset(chance.choice([[], ["north"]])), subset(chance, 1), frozenset())


def some_selection(chance: random.Random) -> Selection:
    accounts = {name: some_choice(chance) for name in chance.sample(["acme", "apex"], chance.randint(0, 2))}
    return Selection(chance.choice(["host", "participants"]), accounts, chance.choice([None, some_choice(chance)]))


def with_eras(chance: random.Random, whole: Rule) -> Rule:
    """Let the sets of a rule change at a moment."""
    people, asserts = whole.applies.population, whole.asserts
    assert people is not None
    later = replace(
        whole,
        applies=replace(whole.applies, population=replace(people, countries=subset(chance))),
        asserts=replace(asserts, countries=subset(chance)),
    )
    start = -math.inf if whole.since_ns is None else whole.since_ns
    if not start < 15 < (math.inf if whole.until_ns is None else whole.until_ns):
        return whole
    return replace(later, versions=(replace(whole, until_ns=15), replace(later, since_ns=15)))


def some_rule(chance: random.Random, number: int, options: dict[str, Any]) -> Rule:
    acme = chance.random() < 0.5
    words = options.get("words")

    def maybe(*all_names: str) -> Names | None:
        return (
            names(chance.choice(all_names), negated=chance.random() < 0.5) if words and chance.random() < 0.5 else None
        )

    more: dict[str, Any] = {"by": chance.choice(options.get("by", ("",)))}
    verb = "must_be_encrypted" if options.get("ciphers") else chance.choice(["must_stay_in", "must_not_touch"])
    if options.get("operated"):
        more |= {"operated": Operated(subset(chance), {"Acme": subset(chance, 2), "Apex": "US"}), "countries": None}
    elif options.get("selection"):
        more |= {"selection": some_selection(chance), "countries": None}
        verb = "must_not_touch" if options.get("unselected") else "must_stay_in"
    else:
        more |= {"countries": subset(chance)}
    if options.get("excuses") and chance.random() < 0.7:
        more |= {"evidence": "a paper"}
    if options.get("outcomes"):
        more |= {"outcomes": frozenset(chance.choice([["carried"], ["carried", "unanswered"], ["unanswered"]]))}
    made = rule(
        f"{number}",
        quantifier=chance.choice(["all", "any", "mixed", "none"] + [""] * bool(words)),
        population=Population("p", "CN" if acme else subset(chance), frozenset({"acme"} if acme else ())),
        roster=options.get("roster", "as-observed"),
        planes=chance.choice([None, frozenset({"media"})]),
        recognised=chance.random() < 0.3,
        services=maybe("zoom", "teams"),
        directions=chance.choice([None, frozenset({"to"})]) if words else None,
        verb=verb,
        operators=maybe("Acme", "Apex"),
        asserted=maybe("zoom", "teams"),
        sites=maybe("north"),
        roles=options.get("roles", frozenset({"server", "relay"})),
        since_ns=chance.choice([None, 10, 20]),
        until_ns=chance.choice([None, None, 30]),
        proof=options.get("proof", False),
        **more,
    )
    return with_eras(chance, made) if options.get("eras") else made


def traffic(chance: random.Random, options: dict[str, Any], count: int = 150) -> list[list[Row]]:
    return [session(chance, i, options) for i in range(count)]


def together(sessions: list[list[Row]]) -> list[Row]:
    return [row for rows in sessions for row in rows]


@pytest.mark.parametrize("family", FAMILIES)
def test_worlds_agree_with_every_verdict(family: str) -> None:
    options, chance = FAMILIES[family], random.Random(family)
    sessions, share = traffic(chance, options), options.get("share", 1)
    judged = [some_rule(chance, i, options) for i in range(60)]
    found = by_session(outcomes(together(sessions), judged))
    seen: Counter[str] = Counter()
    for i in range(len(sessions)):
        near = together(sessions[i // share * share : i // share * share + share])
        for each in chance.sample(judged, 8):
            if (f"{i}", each.id) not in found:
                continue
            try:
                real = brute.outcomes(near, f"{i}", each, dict(scope.homes(each)))
            except brute.TooMany:
                continue
            said = found[f"{i}", each.id]
            assert said > FAIL or real == {"fail"}, (near, each, real)
            assert said <= OPEN or "fail" not in real, (near, each, real)
            assert said != NOT_APPLICABLE or real <= {"na"}, (near, each, real)
            seen[WORDS[said]] += 1
            seen["needless"] += said == OPEN and (real == {"fail"} or "fail" not in real)
    assert min(seen["fail"], seen["pass"], seen["open"]) > 10, seen
    assert seen["needless"] / (sum(seen.values()) - seen["needless"]) <= NEEDLESS.get(family, 0.01), seen


@pytest.mark.parametrize(
    "family", ["proofs beside claims", "private addresses at two vantages", "operators, services, sites"]
)
def test_more_proof_never_flips_what_rests_on_proof(family: str) -> None:
    options, chance = {**FAMILIES[family], "proofs": 0.5}, random.Random(family)
    rows = together(traffic(chance, options, 400))
    judged = [some_rule(chance, i, options) for i in range(40)]
    sharper = []
    for row in rows:
        side = chance.choice(["src", "dst"])
        more = countries.bits(chance.choice(["*", "-CN", "CN+US", "CA+US", "CN+HK"]))
        sharper.append({**row, f"{side}_proven": countries.text(countries.bits(row[f"{side}_proven"]) & more)})
    before, after = outcomes(rows, judged), outcomes(sharper, judged)
    turned = Counter((before[touch], after[touch]) for touch in before)
    # Where new proofs contradict each other, what was proven may rest on claims again.
    allowed = {FAIL_PROVEN: {FAIL_PROVEN, FAIL, OPEN}, PASS_PROVEN: {PASS_PROVEN, PASS, OPEN, NOT_APPLICABLE}}
    for (was, now), count in turned.items():
        assert now in allowed.get(was, {now}), (was, now, count)
    assert turned[FAIL, PASS_PROVEN], "claims are overruled by proofs"
    assert turned[OPEN, FAIL_PROVEN], "what is open closes"
    assert turned[FAIL_PROVEN, OPEN], "contradictions are exposed"


def test_folding_flows_of_their_own_changes_no_count() -> None:
    """A flow without a session is judged in the fold exactly as if it had a session of its own."""
    options, chance = {"odd": 0.2, "labels": True, "clients": 0.6, "words": True, "weak": 0.2}, random.Random("fold")
    rows = [{**row, "record": i} for i, row in enumerate(together(traffic(chance, options, 500)))]
    judged = [some_rule(chance, i, options) for i in range(40)]
    own = audit([{**row, "session": None} for row in rows], *judged)
    named = audit([{**row, "session": f"{i}"} for i, row in enumerate(rows)], *judged)
    assert own.coverage == named.coverage
    assert [_told(finding) for finding in own.findings] == [_told(finding) for finding in named.findings]


def _told(finding: Finding) -> tuple[Any, ...]:
    seen = finding.sessions, finding.packets, finding.bytes, finding.first_ns, finding.last_ns
    return finding.id, seen, finding.participants, finding.evidence[0]
