"""What rules ask of a place, laid out by what is asked of it, so that it can be seen when two leave nothing.

A place is a country, an operator with a country of its own, a service and a site.  `must_stay_in` allows what meets
all of its conditions, `must_not_touch` whatever misses one of them.
"""

from collections.abc import Mapping
from functools import lru_cache

from auditor.model.rule import Names, Rule
from auditor.rules.lint import sets

Asked = Mapping[str, Names]
"""Condition -> the set in which its value has to lie; what is not asked is missing."""

PLACED = ("must_stay_in", "must_not_touch")


def conditions(rule: Rule) -> Asked:
    """Return the conditions of an assertion by their key in a rule file, selections apart."""
    must = rule.asserts
    operated = None if must.operated is None else must.operated.countries
    return _conditions(must.countries, operated, must.operators, must.services, must.sites)


@lru_cache(1 << 14)  # each rule is compared with each other one
def _conditions(
    place: str | None, operated: str | None, operators: Names | None, services: Names | None, sites: Names | None
) -> Asked:
    asked = {
        "countries": None if place is None else sets.of_countries(place),
        "operator_countries": None if operated is None else sets.of_countries(operated),
        "operators": operators,
        "services": services,
        "sites": sites,
    }
    return {name: names for name, names in asked.items() if names is not None}


def exclude_each_other(one: Rule, other: Rule) -> bool:
    """Say whether no place is allowed by both rules."""
    if one.asserts.evidence or other.asserts.evidence:  # something that no traffic shows may allow any
        return False
    asked, others = conditions(one), conditions(other)
    verbs = (one.asserts.verb, other.asserts.verb)
    if verbs == ("must_stay_in", "must_stay_in"):
        return any(sets.both(asked[name], others[name]) == sets.NONE for name in asked.keys() & others.keys())
    if verbs == ("must_stay_in", "must_not_touch"):
        return other.asserts.selection is None and _covers(others, asked)
    if verbs == ("must_not_touch", "must_stay_in"):
        return one.asserts.selection is None and _covers(asked, others)
    if (
        verbs == ("must_not_touch", "must_not_touch")
        and one.asserts.selection is None is other.asserts.selection
        and len(asked) == len(others) == 1
        and asked.keys() == others.keys()
    ):
        (name,) = asked
        return sets.both(sets.rest(asked[name]), sets.rest(others[name])) == sets.NONE
    return False


def _covers(wide: Asked, narrow: Asked) -> bool:
    """Say whether whatever meets the narrow conditions meets the wide ones."""
    return all(name in narrow and sets.within(narrow[name], each) for name, each in wide.items())


def forbids_no_more(one: Rule, other: Rule) -> bool:
    """Say whether whatever one rule forbids the other one forbids too."""
    verbs = (one.asserts.verb, other.asserts.verb)
    if verbs[0] not in PLACED or verbs[1] not in PLACED:
        return verbs[0] == verbs[1] and one.asserts.evidence == other.asserts.evidence
    asked, others = conditions(one), conditions(other)
    chosen = one.asserts.selection
    if verbs == ("must_not_touch", "must_not_touch"):
        return other.asserts.selection in (None, chosen) and _covers(others, asked)
    if verbs == ("must_stay_in", "must_stay_in"):
        return (chosen is None or chosen == other.asserts.selection) and _covers(asked, others)
    if verbs == ("must_not_touch", "must_stay_in"):
        return any(sets.both(asked[name], others[name]) == sets.NONE for name in asked.keys() & others.keys())
    if chosen is not None or other.asserts.selection is not None or len(asked) != 1:
        return False
    ((name, names),) = asked.items()
    return others.keys() == {name} and sets.within(sets.rest(names), others[name])


def allowed_countries(rule: Rule) -> Names | None:
    """Return the countries outside of which a rule allows no place; None: it allows places everywhere."""
    asked = conditions(rule)
    if rule.asserts.evidence:
        return None
    if rule.asserts.verb == "must_stay_in" and "countries" in asked:
        return asked["countries"]
    chosen = rule.asserts.selection
    if rule.asserts.verb == "must_not_touch" and asked.keys() == {"countries"} and chosen is None:
        return sets.rest(asked["countries"])
    return None
