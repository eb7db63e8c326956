"""Rules and sources whose time is over, or not yet come."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from auditor.model.rule import Rule
from auditor.rules import format as form
from auditor.rules.files import shown
from auditor.rules.lint import naming
from auditor.rules.lint.given import Given, Remark
from auditor.rules.speak import day

_MONTHS: Final = 12


def expired(given: Given) -> Iterator[Remark]:
    """Find rules that judge nothing any more; a note where another rule of the pack takes over."""
    for rule in given.rules:
        if rule.until_ns is not None and rule.until_ns <= given.now:
            heir = next((each.id for each in given.rules if _follows(each, rule)), "")
            what = f"judges no traffic since {day(rule.until_ns)}" + (f"; {heir} takes over" if heir else "")
            remedy = "keep it for traffic of its time" if heir else "write what follows it, or let it hold for longer"
            yield given.remark("expired", "note" if heir else "warning", rule, what, remedy, "valid", "until")


def _follows(heir: Rule, rule: Rule) -> bool:
    if rule.until_ns is None or heir.pack != rule.pack or heir.id == rule.id:
        return False
    return (
        heir.since_ns is not None
        and heir.since_ns <= rule.until_ns
        and (heir.until_ns or rule.until_ns + 1) > rule.until_ns
    )


def not_yet(given: Given) -> Iterator[Remark]:
    """Find rules whose time has not come."""
    for rule in given.rules:
        if rule.since_ns is not None and rule.since_ns > given.now:
            what = f"judges no traffic before {day(rule.since_ns)}"
            yield given.remark(
                "not-yet", "note", rule, what, "nothing, if its text enters into force then", "valid", "from"
            )


def stale_packs(given: Given) -> Iterator[Remark]:
    """Find packs that nobody has looked at for long."""
    for document, pack in given.packs:
        if _months(pack.date, given.as_of) > given.stale:
            what = f"pack {pack.id} is of {_ago(pack.date, given.as_of)}"
            remedy = "check its rules against their texts, and give it the date of that day"
            yield Remark("stale-pack", "warning", shown(document.file), document.line("date"), "", what, remedy)


def stale_territories(given: Given) -> Iterator[Remark]:
    """Find sets of countries that change with time, that rules use, and whose newest source is old."""
    files = [(document, pack.territories) for document, pack in given.packs]
    if given.shared:
        files.append((given.shared[0], given.shared[1].territories))
    used = naming.used(given)
    for document, territories in files:
        for name, territory in territories.items():
            if not territory.members or name not in used:
                continue
            at = document.line("territories", name)
            newest = _newest(territory)
            if newest is None:
                what, remedy = f"territory {name} changes with time and names no dated source", "date its sources"
            elif _months(newest, given.as_of) > given.stale:
                what = f"territory {name} changes with time, and its newest source is of {_ago(newest, given.as_of)}"
                remedy = "look whether members have come or gone, and date the source"
            else:
                continue
            yield Remark("stale-territory", "note", shown(document.file), at, "", what, remedy)


def _newest(territory: form.Territory) -> date | None:
    return max((source.date for source in territory.sources if source.date), default=None)


def references(given: Given) -> Iterator[Remark]:
    """Find references without a day, which can't age, and with one that has not come."""
    for rule in given.rules:
        for index, reference in enumerate(rule.references):
            at = ("references", index)
            if not reference.date:
                what = (
                    f"reference `{reference.title}` has no date, so nobody can see whether the text has changed since"
                )
                yield given.remark("reference-date", "note", rule, what, "add the date of the text", *at)
            elif date.fromisoformat(reference.date) > given.as_of:
                what = f"reference `{reference.title}` is of {reference.date}, which has not come"
                yield given.remark("reference-date", "warning", rule, what, "write the date of the text", *at, "date")


def _months(since: date, until: date) -> int:
    """Return the whole months between two days."""
    months = (until.year - since.year) * _MONTHS + until.month - since.month
    return months - (until.day < since.day)


def _ago(since: date, until: date) -> str:
    return f"{since}, {_months(since, until)} months ago"
