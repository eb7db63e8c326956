"""Thousands of small sessions, judged at once and then each world by world: no verdict is wrong, and few are needlessly open."""

import random
from collections import Counter
from typing import Any

import pytest

from auditor.judge import scope
from auditor.judge.verdicts import FAIL, NOT_APPLICABLE, OPEN
from auditor.model import countries
from auditor.model.rule import Names, Population, Rule
from tests import brute
from tests.builders import Row, end, flow, names, rule
from tests.test_laws import by_session, outcomes

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
}
NEEDLESS = {  # at most this share is open although all worlds agree: what is correlated is judged apart
    "participants judged themselves": 0.12,
    "roles not known": 0.12,
}


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
            opened=chance.choice(["", "handshake"]) if options.get("words") else "handshake",
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
        side, f"{number}.{i}", role,
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
        return names(chance.choice(all_names), negated=chance.random() < 0.5) if words and chance.random() < 0.5 else None

    return rule(
        f"{number}",
        quantifier=chance.choice(["all", "any", "mixed", "none"] + [""] * bool(words)),
        population=Population("p", "CN" if acme else subset(chance), frozenset({"acme"} if acme else ())),
        roster=options.get("roster", "as-observed"),
        planes=chance.choice([None, frozenset({"media"})]),
        services=maybe("zoom", "teams"),
        directions=chance.choice([None, frozenset({"to"})]) if words else None,
        verb=chance.choice(["must_stay_in", "must_not_touch"]),
        countries=subset(chance),
        operators=maybe("Acme", "Apex"),
        asserted=maybe("zoom", "teams"),
        sites=maybe("north"),
        roles=options.get("roles", frozenset({"server", "relay"})),
        since_ns=chance.choice([None, 10, 20]),
        until_ns=chance.choice([None, None, 30]),
        proof=options.get("proof", False),
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_worlds_agree_with_every_verdict(family: str) -> None:
    options, chance = FAMILIES[family], random.Random(family)
    sessions = [session(chance, i, options) for i in range(150)]
    judged = [some_rule(chance, i, options) for i in range(60)]
    lives = scope.homes(judged)
    found = by_session(outcomes([row for rows in sessions for row in rows], judged))
    seen: Counter[str] = Counter()
    for i, rows in enumerate(sessions):
        for each in chance.sample(judged, 8):
            if (f"{i}", each.id) not in found:
                continue
            try:
                real = brute.outcomes(rows, f"{i}", each, lives)
            except brute.TooMany:
                continue
            said = found[f"{i}", each.id]
            seen["fail" if said <= FAIL else "open" if said == OPEN else "na" if said == NOT_APPLICABLE else "pass"] += 1
            seen["needless"] += said == OPEN and (real == {"fail"} or "fail" not in real)
            assert said > FAIL or real == {"fail"}, (rows, each, real)
            assert said <= OPEN or "fail" not in real, (rows, each, real)
            assert said != NOT_APPLICABLE or real <= {"na"}, (rows, each, real)
    total = sum(seen.values()) - seen["needless"]
    print(family, dict(seen), round(seen["needless"] / total, 3))
    assert min(seen["fail"], seen["pass"], seen["open"]) > 10 or family == "complete rosters"
    assert seen["needless"] / total <= NEEDLESS.get(family, 0.05)
