"""Sessions that several Call-IDs make."""

import random

from auditor.read.facts.model import Dialog, Fact, Tie
from auditor.read.said import Said
from auditor.read.ties import LEGS, united

FLOW = (1, 2, 3, 4, 17)


def dialog(call: str, is_call: bool = True) -> Dialog:
    return Dialog(0, 1, 2, 3, 4, 5, FLOW, call, True, is_call)


def tie(call: str, identifier: str) -> Tie:
    return Tie(0, 1, 2, 3, 4, 5, call, identifier)


def calls(*facts: Fact) -> list[str]:
    return [fact.call_id for fact in united(Said.of(facts)).facts() if isinstance(fact, Dialog)]


def test_chains_of_ties_are_one_session_in_any_order() -> None:
    facts = [*map(dialog, "abcdef"), *(tie(call, one) for call, one in zip("abbccdef", "11223345", strict=True))]
    for seed in range(10):
        random.Random(seed).shuffle(facts)
        assert sorted(calls(*facts)) == ["a", "a", "a", "a", "e", "f"]


def test_registrations_tie_nothing_and_an_identifier_of_all_calls_says_nothing() -> None:
    assert calls(dialog("a"), dialog("b", False), tie("a", "1"), tie("b", "1")) == ["a", "b"]
    many = [f"{i:04}" for i in range(LEGS + 1)]
    assert calls(*map(dialog, many), *(tie(call, "1") for call in many)) == many
    assert set(calls(*map(dialog, many[1:]), *(tie(call, "1") for call in many[1:]))) == {"0001"}


def test_a_chain_of_too_many_ties_nothing() -> None:
    many = [f"{i:04}" for i in range(LEGS + 1)]
    chain = [tie(call, str(i + k)) for i, call in enumerate(many) for k in (0, 1)]
    assert calls(*map(dialog, many), *chain) == many
    assert set(calls(*map(dialog, many[1:]), *chain[2:])) == {"0001"}
