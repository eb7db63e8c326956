"""Legs of one session that have different Call-IDs, as behind a back-to-back user agent, tied by Session-ID (RFC 7989).

Nothing else ties them: a proxy's own headers mean what it likes.  The session is called by the least of its Call-IDs.
"""

from collections import Counter, defaultdict
from typing import Final

import numpy as np

from auditor.read.arrays import distinct
from auditor.read.facts.model import Dialog, Hop, Media, Tie
from auditor.read.said import Said

LEGS: Final = 256
"""Call-IDs of one session: an element that gives all calls the same identifier, or chains them, tells none apart."""


def united(said: Said) -> Said:
    """Return all facts but ties, those of tied calls under one Call-ID."""
    names = _names(said)
    found = said.without(Tie)
    if names:
        new = np.arange(len(said.numbers))
        new[[said.numbers[call] for call in names]] = [said.numbers[name] for name in names.values()]
        for kind in (Dialog, Media, Hop):
            found.rename(kind, said.of_kind(kind).with_text("call_id", new))
    return found


def legs(said: Said) -> dict[str, set[str]]:
    """Return the Call-IDs of each session that has several, by the name of the session."""
    found: dict[str, set[str]] = defaultdict(set)
    for call, session in _names(said).items():
        found[session] |= {call, session}
    return dict(found)


def _names(said: Said) -> dict[str, str]:
    """Return the name of the session of each Call-ID that is tied to others."""
    above: dict[str, str] = {}

    def top(call: str) -> str:
        while (higher := above.get(call, call)) != call:
            above[call] = above.get(higher, higher)
            call = higher
        return call

    texts = list(said.numbers)
    for calls in _tied(said):
        first, *rest = sorted(top(texts[call]) for call in calls)
        above.update(dict.fromkeys(rest, first))
    names = {call: top(call) for call in above}
    sizes = Counter(names.values())
    return {call: name for call, name in names.items() if sizes[name] < LEGS}


def _tied(said: Said) -> list[list[int]]:
    """List the numbers of the Call-IDs of each identifier that ties some."""
    ties, dialogs = said.of_kind(Tie), said.of_kind(Dialog)
    called = np.zeros(len(said.numbers), bool)
    called[dialogs["call_id"][dialogs["call"]]] = True
    some = ties.take(called[ties["call_id"]])
    pairs = np.array(distinct(some["identifier"] << 32 | some["call_id"]), np.int64)
    starts = np.flatnonzero(np.diff(pairs >> 32, prepend=-1))
    ends = np.append(starts[1:], len(pairs))
    tie = (ends - starts > 1) & (ends - starts <= LEGS)
    calls: list[int] = (pairs & 0xFFFFFFFF).tolist()
    return [calls[start:end] for start, end in zip(starts[tie].tolist(), ends[tie].tolist(), strict=True)]
