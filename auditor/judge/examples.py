"""Judge the examples of a rule file by the functions that judge traffic: does a rule do what it promises?

A situation is told as one session: every participant exchanges a flow with every place that is touched.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any

from auditor.digest import asks_rejected, digest, edges
from auditor.judge.conclude import conclude
from auditor.model import countries, flow, labels
from auditor.model.documents import nanoseconds
from auditor.model.rule import Rule, Selection
from auditor.rules.promises import Promise, Tried

Situation = Mapping[str, Any]


def check(rule: Rule) -> list[str]:
    """Return a line for each example of a rule whose verdict is not the one that it stands under."""
    return [
        f"{rule.file or rule.id}: example {number} of `{promised}` of rule {rule.id} is {found}"
        for promised, situations in rule.examples.items()
        for number, situation in enumerate(situations, 1)
        if (found := verdict(rule, situation)) != promised
    ]


def tried(promises: Iterable[Promise]) -> list[Tried]:
    """Judge the situation of each promise."""
    return [Tried(each, verdict(each.rule, each.situation)) for each in promises]


def verdict(rule: Rule, situation: Situation) -> str:
    """Judge one situation: `fail`, `open`, `pass` or `not_applicable`, the first that any of its touches gets."""
    rule = _told(rule, situation)
    rows = list(flows(rule, situation))
    frame = flow.frame({name: [row[name] for row in rows] for name in rows[0]})
    ((_, judged),) = conclude(digest(frame, edges([rule]), asks_rejected([rule])), [rule]).coverage.judged
    counts = {"fail": judged.failed, "open": judged.open, "pass": judged.passed}
    return next((name for name, count in counts.items() if count), "not_applicable")


def _told(rule: Rule, situation: Situation) -> Rule:
    """Let a rule know what a situation tells besides traffic: whether all take part that do, and what they selected."""
    complete = situation.get("roster") == "complete"  # then those who are named are all there are
    selected = situation.get("selections")

    def told(era: Rule) -> Rule:
        applies, asserts = era.applies, era.asserts
        if complete:
            applies = replace(applies, roster="as-observed")
        if asserts.selection is not None:
            chosen = dict(selected or {})
            default = chosen.pop("default", None)
            asserts = replace(asserts, selection=Selection(asserts.selection.whose, chosen, default, "the example"))
        return replace(era, applies=applies, asserts=asserts)

    return replace(told(rule), versions=tuple(told(era) for era in rule.versions))


def flows(rule: Rule, situation: Situation) -> Iterator[dict[str, Any]]:
    """Tell a situation as FLOW rows; without a date, at a time at which the rule applies."""
    moment = _moment(rule, situation.get("date"))
    people = [_person(i, told) for i, told in enumerate(situation.get("participants", ()), 1)]
    places = list(enumerate(situation["touches"], 1))
    for record, (person, (number, touch)) in enumerate(product(people or [dict(_NOBODY)], places), 1):
        opener, other = ("dst", "src") if touch.get("direction") == "from" else ("src", "dst")
        yield {
            "record": record,
            "session": "example",
            "account": situation.get("account", ""),
            "basis": touch.get("basis", flow.OBSERVED),
            "outcome": touch.get("outcome") or flow.CARRIED,
            "encrypted": _ENCRYPTED[touch.get("encrypted", "unknown")],
            "plane": touch.get("plane", flow.UNKNOWN),
            "service": touch.get("service", ""),
            "opened": "protocol" if touch.get("direction") else "",
            "first_ns": moment,
            "last_ns": moment,
            "src_packets": 1,
            **{f"{opener}_{name}": value for name, value in person.items()},
            **{f"{other}_{name}": value for name, value in _place(number, touch).items()},
        }


_ENCRYPTED: Mapping[Any, str] = {True: flow.ENCRYPTED, False: flow.CLEAR, "unknown": flow.NOT_SHOWN}
_NOBODY: Mapping[str, Any] = {
    "addr": None, "role": flow.UNKNOWN, "label": "", "site": "", "operator": "",
    "claimed": "", "proven": countries.ANYWHERE,
}  # fmt: skip


def _person(number: int, told: Any) -> dict[str, Any]:
    person = told if isinstance(told, Mapping) else {"country": told}
    return {
        **_NOBODY,
        "addr": f"2001:db8::{number:x}",
        "role": "client",
        "label": labels.joined(person.get("label", ""), person.get("account", "")),
        "proven": _countries(person.get("country")),
    }


def _place(number: int, touch: Mapping[str, Any]) -> dict[str, Any]:
    where = _countries(touch.get("country"))
    claim = touch.get("evidence") == "claim"
    return {
        **_NOBODY,
        "addr": f"2001:db8:1::{number:x}",
        "role": touch.get("as", "server"),
        "label": touch.get("holds", ""),
        "site": touch.get("site", ""),
        "operator": touch.get("operator", ""),
        "claimed": where if claim else "",
        "proven": countries.ANYWHERE if claim else where,
    }


def _countries(told: Any) -> str:
    if told is None:
        return countries.ANYWHERE
    return countries.of([told] if isinstance(told, str) else told)


def _moment(rule: Rule, date: Any) -> int:
    """Return a time in nanoseconds: that of the example, else one at which the rule applies (as it stands last)."""
    if date is not None:
        return nanoseconds(datetime.fromisoformat(str(date))) or 1  # of 0, no time is known
    if rule.since_ns is not None:
        return rule.since_ns
    if rule.until_ns is None and rule.versions:
        return rule.versions[-1].since_ns or 0
    return 0 if rule.until_ns is None else rule.until_ns - 1
