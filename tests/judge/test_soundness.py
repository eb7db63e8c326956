"""Thousands of small sessions, judged at once and then world by world: no verdict is wrong, few are needlessly open."""

import random
from collections import Counter
from typing import Any

import pytest

from auditor.judge import scope
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN
from auditor.model import countries
from auditor.model.report import Finding
from auditor.model.rule import Names, Population, Rule
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
    "encrypted or not": {"planes": ("media", "media", "signalling", "unknown"), "ciphers": True, "weak": 0.2},
}
NEEDLESS = {"roles not known": 0.04, "participants judged themselves": 0.03}
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
        label=chance.choice(["acme", "apex"]) if labelled and "labels" in options else "acme" if labelled else "",
        operator=chance.choice(["", "Acme", "Apex"]) if words else "",
        site=chance.choice(["", "north"]) if words else "",
    )  # fmt: skip


def some_rule(chance: random.Random, number: int, options: dict[str, Any]) -> Rule:
    acme = chance.random() < 0.5
    words = options.get("words")

    def maybe(*all_names: str) -> Names | None:
        return (
            names(chance.choice(all_names), negated=chance.random() < 0.5) if words and chance.random() < 0.5 else None
        )

    return rule(
        f"{number}",
        quantifier=chance.choice(["all", "any", "mixed", "none"] + [""] * bool(words)),
        population=Population("p", "CN" if acme else subset(chance), frozenset({"acme"} if acme else ())),
        roster=options.get("roster", "as-observed"),
        planes=chance.choice([None, frozenset({"media"})]),
        recognised=chance.random() < 0.3,
        services=maybe("zoom", "teams"),
        directions=chance.choice([None, frozenset({"to"})]) if words else None,
        verb="must_be_encrypted" if options.get("ciphers") else chance.choice(["must_stay_in", "must_not_touch"]),
        countries=subset(chance),
        operators=maybe("Acme", "Apex"),
        asserted=maybe("zoom", "teams"),
        sites=maybe("north"),
        roles=options.get("roles", frozenset({"server", "relay"})),
        since_ns=chance.choice([None, 10, 20]),
        until_ns=chance.choice([None, None, 30]),
        proof=options.get("proof", False),
    )


def traffic(chance: random.Random, options: dict[str, Any], count: int = 150) -> list[list[Row]]:
    return [session(chance, i, options) for i in range(count)]


def together(sessions: list[list[Row]]) -> list[Row]:
    return [row for rows in sessions for row in rows]


@pytest.mark.parametrize("family", FAMILIES)
def test_worlds_agree_with_every_verdict(family: str) -> None:
    options, chance = FAMILIES[family], random.Random(family)
    sessions, share = traffic(chance, options), options.get("share", 1)
    judged = [some_rule(chance, i, options) for i in range(60)]
    lives = scope.homes(judged)
    found = by_session(outcomes(together(sessions), judged))
    seen: Counter[str] = Counter()
    for i in range(len(sessions)):
        near = together(sessions[i // share * share : i // share * share + share])
        for each in chance.sample(judged, 8):
            if (f"{i}", each.id) not in found:
                continue
            try:
                real = brute.outcomes(near, f"{i}", each, lives)
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
