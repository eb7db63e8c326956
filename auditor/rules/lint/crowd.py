"""Who can take part in a session: few kinds of people are enough to say whether two scopes meet.

A person is told, by two populations, by nothing but whether they belong to the one and to the other; a quantifier asks
nothing but which kinds take part.  So all sessions there can be are the sets of at most four kinds.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from auditor.model import countries
from auditor.model.rule import Names, Population, Rule, Scope
from auditor.rules.lint import sets

Kind = tuple[bool, bool]
_NOBODY = Population("")


@lru_cache(1 << 14)
def sessions(one: Scope, other: Scope, usual: bool) -> frozenset[tuple[bool, bool]]:
    """Say of all sessions whether their participants are in the one scope and in the other.

    `usual` leaves out people who bear the label of a population while they are where it isn't: travellers.
    """
    kinds = sorted(set(_kinds(one, other, usual)))
    crowds = (crowd for size in range(1, len(kinds) + 1) for crowd in combinations(kinds, size))
    return frozenset(
        (_holds(one.quantifier, [kind[0] for kind in crowd]), _holds(other.quantifier, [kind[1] for kind in crowd]))
        for crowd in crowds
    )


def _kinds(one: Scope, other: Scope, usual: bool) -> Iterator[Kind]:
    people = [scope.population or _NOBODY for scope in (one, other)]
    masks = [countries.bits(each.countries) for each in people]
    for first in (masks[0], countries.WORLD & ~masks[0]):
        for cell in (first & masks[1], first & ~masks[1]):
            if cell:
                for called in _called(people):
                    if not usual or all(_at_home(label, people, cell) for label in called):
                        yield _belongs(one, cell, called), _belongs(other, cell, called)


def _called(people: Sequence[Population]) -> Iterator[frozenset[str]]:
    """Return what somebody may be labelled: nothing, or one or two labels, each standing for all of its kind."""
    of = {label: tuple(label in each.labels for each in people) for each in people for label in sorted(each.labels)}
    labels = {which: label for label, which in of.items()}.values()
    for size in range(min(len(labels), 2) + 1):
        yield from map(frozenset, combinations(labels, size))


def _at_home(label: str, people: Iterable[Population], cell: int) -> bool:
    return all(
        countries.bits(each.countries) & cell or not countries.bits(each.countries)
        for each in people
        if label in each.labels
    )


def _belongs(scope: Scope, cell: int, called: frozenset[str]) -> bool:
    if scope.population is None:
        return True
    if scope.by != "location" and scope.population.labels & called:
        return True
    return scope.by != "account" and bool(countries.bits(scope.population.countries) & cell)


def _holds(quantifier: str, belong: list[bool]) -> bool:
    return {
        "": True,
        "all": all(belong),
        "any": any(belong),
        "mixed": any(belong) and not all(belong),
        "none": not any(belong),
    }[quantifier]


def meet(one: Rule, other: Rule, usual: bool) -> bool:
    """Say whether some touch of some session can be in the scope of both rules, at one time."""
    parts = zip(_parts(one), _parts(other), strict=True)
    return (
        _meet_in_time(one, other)
        and all(sets.both(mine, yours) != sets.NONE for mine, yours in parts)
        and (True, True) in sessions(one.applies, other.applies, usual)
    )


def inside(one: Rule, other: Rule, usual: bool) -> bool:
    """Say whether every touch in the scope of one rule is in that of the other, while the one rule applies."""
    parts = zip(_parts(one), _parts(other), strict=True)
    return (
        _inside_in_time(one, other)
        and all(sets.within(mine, yours) for mine, yours in parts)
        and (True, False) not in sessions(one.applies, other.applies, usual)
    )


def _parts(rule: Rule) -> tuple[Names, ...]:
    """Return the sets of which a touch has to be in each; what is not asked is all."""
    applies = rule.applies
    asked = (applies.planes, applies.directions, rule.asserts.roles, applies.bases, applies.outcomes)
    run = frozenset({applies.selections}) if applies.selections else None  # an audit has selections or has none
    return (applies.services or sets.ALL, *map(_named, (*asked, run)))


@lru_cache(1 << 10)
def _named(asked: frozenset[str] | None) -> Names:
    return sets.ALL if asked is None else Names(asked)


def _span(rule: Rule) -> tuple[float, float]:
    since = float("-inf") if rule.since_ns is None else rule.since_ns
    return since, float("inf") if rule.until_ns is None else rule.until_ns


def _meet_in_time(one: Rule, other: Rule) -> bool:
    (first, until), (other_first, other_until) = _span(one), _span(other)
    return max(first, other_first) < min(until, other_until)


def _inside_in_time(one: Rule, other: Rule) -> bool:
    (first, until), (other_first, other_until) = _span(one), _span(other)
    return other_first <= first and until <= other_until
