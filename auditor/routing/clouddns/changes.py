"""Changes of record sets, as the API takes them: made to the record sets that are given too.

Cloud DNS API Reference, "changes": what a change deletes has to be there as it spells it out, or it is refused.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from auditor.routing.clouddns.records import SILENT, Config
from auditor.routing.clouddns.sources import Thing, Things
from auditor.routing.terraform import Value


def changed(things: Things, config: Config, mark_of: Callable[[Thing], tuple[str, str]]) -> list[Thing]:
    """Return the record sets that there are when all changes are made; `mark_of` tells them apart in a zone."""
    kept: dict[tuple[str, str], list[Thing]] = {}
    for thing in things.sets:
        kept.setdefault(mark_of(thing), []).append(thing)
    whole = list(dict.fromkeys(things.listed))
    if (things.added or things.deleted) and not whole:
        at = (things.added or things.deleted)[0].value.at
        config.remark(at, "changes without the record sets that they change: what else the zone holds is not looked at")
    zones: dict[tuple[str, str], str] = {}
    for thing in things.deleted:
        mark = mark_of(thing)
        found = kept.get(mark, [])
        if len(found) == 1 and _content(found[0].value) == _content(thing.value):
            zones[mark] = found.pop().zone
        elif whole and mark[1] not in SILENT:
            why = (
                "what is deleted has to stand once in the record sets that are given, and alike; give those of its zone"
            )
            config.unclear(thing.value.at, " ".join(mark), why)
    zone = whole[0] if len(whole) == 1 else ""
    added = [replace(thing, zone=zones.get(mark_of(thing), zone)) for thing in things.added]
    return [*(thing for group in kept.values() for thing in group), *added]


def _content(value: Value) -> Any:
    """Return what a record set answers, without places: a change deletes what it spells out, or is refused."""
    data = value.data if isinstance(value.data, dict) else {}
    return [_bare(data[key]) if key in data else None for key in ("rrdatas", "routingPolicy")]


def _bare(value: Value) -> Any:
    data = value.data
    if isinstance(data, dict):
        made = {key: _bare(each) for key, each in data.items() if key not in ("kind", "signatureRrdatas")}
        return {key: each for key, each in made.items() if each not in (None, "", [], {}, False)} or None
    if isinstance(data, list):
        return [_bare(each) for each in data] or None
    return data
