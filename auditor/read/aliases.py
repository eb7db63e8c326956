"""Gives facts the name of their call where the message that they come from didn't say it.

Responses name a transaction, H.245 goes over a connection of its own, H.225 messages may have a call reference only.
Which call is meant says another message: by an `Alias`, or by the end that it announced for control.  Of several
the one counts that was told last before the fact, since such names are used again.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from auditor.read.facts.model import ALIAS, CONTROL, Alias, Dialog, End, Fact, Hop, Media
from auditor.read.said import Said

EARLY: Final = 5_000_000_000
"""Nanoseconds by which a message may seem to come before the one that explains it: clocks of several taps."""
STEPS: Final = 4  # from name to name

USED: Final = ("mgcp", "rtsp", "iax", "h225", "h245")
"""Protocols whose facts may have no name of their call."""

_H245: Final = f"{ALIAS}h245:"

Calls = Mapping[tuple[int, str | End], list[tuple[int, str]]]
"""By vantage and alias, or end of a control channel: when which call was told, in order."""


def resolved(said: Said) -> Said:
    """Return the facts that are no alias, each with the best name of its call; a name that nobody explains stays."""
    calls = _told(said)
    found = said.without(Alias)
    for kind in (Dialog, Media, Hop):
        rows = said.of_kind(kind)
        nameless = np.array([text[:1] == ALIAS for text in rows.texts], bool)[rows["call_id"]]
        if nameless.any():
            found.rename(kind, rows.take(~nameless), [_named(fact, calls) for fact in rows.take(nameless).facts()])
    return found


def _told(said: Said) -> Calls:
    calls: dict[tuple[int, str | End], list[tuple[int, str]]] = defaultdict(list)
    for alias in said.of_kind(Alias).facts():
        calls[alias.vantage, alias.alias].append((alias.first_ns, alias.call_id))
    media = said.of_kind(Media)
    for fact in media.take(media.says("kind", CONTROL) & media.says("media", "h245")).facts():
        calls[fact.vantage, (fact.address, fact.port)].append((fact.first_ns, fact.call_id))
    for found in calls.values():
        found.sort()
    return calls


def _named(fact: Fact, calls: Calls) -> Fact:
    assert isinstance(fact, Dialog | Media | Hop)
    name = fact.call_id
    for _ in range(STEPS):
        keys: list[str | End] = [name]
        if name.startswith(_H245):
            keys += [fact.flow[:2], fact.flow[2:4]]
        told = [_latest(calls[fact.vantage, key], fact.first_ns) for key in keys if (fact.vantage, key) in calls]
        if name[:1] != ALIAS or not told:
            break
        name = max(told)[1]
    return replace(fact, call_id=name.removeprefix(ALIAS))


def _latest(told: list[tuple[int, str]], time_ns: int) -> tuple[int, str]:
    """Return the last that was told before this time, else the first."""
    return told[max(0, bisect_right(told, time_ns + EARLY, key=lambda each: each[0]) - 1)]
