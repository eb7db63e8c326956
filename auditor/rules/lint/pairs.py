"""Rules that contradict, repeat or shadow each other."""

from collections.abc import Callable, Iterator
from functools import reduce
from itertools import combinations, permutations
from typing import Final

from auditor.model.rule import SEVERITIES, Names, Rule
from auditor.rules.lint import sets
from auditor.rules.lint.asked import allowed_countries, exclude_each_other, forbids_no_more
from auditor.rules.lint.crowd import inside, meet
from auditor.rules.lint.given import Given, Remark
from auditor.rules.speak import day


def contradictions(given: Given) -> Iterator[Remark]:
    """Find pairs of rules that can't both be kept: an error where one scope lies in the other."""
    for one, other in combinations(given.rules, 2):
        clashes = [(a, b) for a in one.eras() for b in other.eras() if exclude_each_other(a, b) and meet(a, b, False)]
        usual = [(a, b) for a, b in clashes if meet(a, b, True)]
        always = [(a, b) for a, b in usual if inside(a, b, True) or inside(b, a, True)]
        if always:
            yield _clash(given, other, one, always[0], "error", "whatever is in the scope of one of them breaks a rule")
        elif usual:
            said = "a session in the scope of both breaks one of them; the report calls it a conflict"
            yield _clash(given, other, one, usual[0], "warning", said)
        elif clashes:
            said = "only for people who belong to a population by label and are where it is not"
            yield _clash(given, other, one, clashes[0], "note", said)


def _clash(given: Given, rule: Rule, other: Rule, eras: tuple[Rule, Rule], severity: str, said: str) -> Remark:
    starts = [era.since_ns for era in eras if era.since_ns is not None]
    when = f" (from {day(max(starts))})" if starts else ""
    what = f"contradicts {other.id}: no place is allowed by both{when}; {said}"
    return given.remark("contradiction", severity, rule, what, f"part their scopes, or change {_where(given, other)}")


def _where(given: Given, rule: Rule) -> str:
    return f"{rule.id} ({given.remark('', '', rule, '', '').place})"


def no_place_left(given: Given) -> Iterator[Remark]:
    """Find rules that leave no country together, though each two of them would."""
    placed = [(era, allowed) for rule in given.rules for era in rule.eras() if (allowed := allowed_countries(era))]
    for era, mine in placed:
        wider = [(other, allowed) for other, allowed in placed if other.id == era.id or inside(era, other, True)]
        needed = _needed([(other.id, allowed) for other, allowed in wider if other.id != era.id], mine)
        if len(needed) > 1:
            rule = next(each for each in given.rules if each.id == era.id)
            what = f"with {', '.join(needed)} no country is left for what is in its scope"
            yield given.remark("no-place-left", "error", rule, what, "part their scopes, or allow more places")


def _needed(others: list[tuple[str, Names]], mine: Names) -> list[str]:
    """Return the rules that are needed to leave nothing, none if something is left."""
    if reduce(sets.both, (allowed for _, allowed in others), mine) != sets.NONE:
        return []
    for leave in sorted({name for name, _ in others}, reverse=True):
        fewer = [each for each in others if each[0] != leave]
        if reduce(sets.both, (allowed for _, allowed in fewer), mine) == sets.NONE:
            others = fewer
    return sorted({name for name, _ in others})


def duplicates(given: Given) -> Iterator[Remark]:
    """Find rules that mean the same."""
    for one, other in combinations(given.rules, 2):
        if _says_no_more(one, other) and _says_no_more(other, one):
            severity = "warning" if one.pack == other.pack else "note"
            what = f"means the same as {_where(given, one)}"
            yield given.remark("duplicate", severity, other, what, "keep one of them, with the references of both")


def shadowed(given: Given) -> Iterator[Remark]:
    """Find rules that find nothing which another rule, no less severe, doesn't find too."""
    for rule, wide in permutations(given.rules, 2):
        weightier = SEVERITIES.index(wide.severity) >= SEVERITIES.index(rule.severity)
        if weightier and _says_no_more(rule, wide) and not _says_no_more(wide, rule):
            severity = "warning" if rule.pack == wide.pack else "note"
            what = f"is shadowed by {_where(given, wide)}, which finds all that it finds"
            yield given.remark(
                "shadowed", severity, rule, what, "remove it, or make it say more, or make it more severe"
            )


def _says_no_more(rule: Rule, wide: Rule) -> bool:
    """Say whether whatever violates one rule violates the other one too."""
    return all(any(_covered(era, other) for other in wide.eras()) for era in rule.eras())


def _covered(era: Rule, wide: Rule) -> bool:
    weaker = any(asked(wide) and not asked(era) for asked in _WEAKER)
    return not weaker and forbids_no_more(era, wide) and inside(era, wide, False)


_WEAKER: Final[tuple[Callable[[Rule], bool], ...]] = (
    lambda rule: rule.proof,
    lambda rule: rule.applies.roster == "complete",
    lambda rule: rule.applies.recognised,
    lambda rule: bool(rule.asserts.evidence),
)
"""What lets a rule fail less often than the same rule without it."""
