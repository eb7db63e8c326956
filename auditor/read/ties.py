"""Legs of one session that have different Call-IDs, as behind a back-to-back user agent, tied by Session-ID (RFC 7989).

Nothing else ties them: a proxy's own headers mean what it likes.  The session is called by the least of its Call-IDs.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from auditor.read.facts.model import Dialog, Fact, Hop, Media, Tie

LEGS: Final = 256
"""Call-IDs of one session: an element that gives all calls the same identifier, or chains them, tells none apart."""


def united(facts: Sequence[Fact]) -> list[Fact]:
    """Return all facts but ties, those of tied calls under one Call-ID."""
    names = _names(facts)
    found: list[Fact] = []
    for fact in facts:
        if isinstance(fact, Tie):
            continue
        if names and isinstance(fact, Dialog | Media | Hop) and fact.call_id in names:
            fact = replace(fact, call_id=names[fact.call_id])
        found.append(fact)
    return found


def legs(facts: Sequence[Fact]) -> dict[str, set[str]]:
    """Return the Call-IDs of each session that has several, by the name of the session."""
    found: dict[str, set[str]] = defaultdict(set)
    for call, session in _names(facts).items():
        found[session] |= {call, session}
    return dict(found)


def _names(facts: Sequence[Fact]) -> dict[str, str]:
    """Return the name of the session of each Call-ID that is tied to others."""
    legs: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, Tie):
            legs[fact.identifier].add(fact.call_id)
    if not legs:
        return {}
    calls = {fact.call_id for fact in facts if isinstance(fact, Dialog) and fact.call}
    above: dict[str, str] = {}

    def top(call: str) -> str:
        while (higher := above.get(call, call)) != call:
            above[call] = above.get(higher, higher)
            call = higher
        return call

    for each in legs.values():
        if 1 < len(each & calls) <= LEGS:
            first, *rest = sorted(top(call) for call in each & calls)
            above.update(dict.fromkeys(rest, first))
    names = {call: top(call) for call in above}
    sizes = Counter(names.values())
    return {call: name for call, name in names.items() if sizes[name] < LEGS}
