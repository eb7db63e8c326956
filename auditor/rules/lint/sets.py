"""Sets of names, or of all names but some, compared.

Country sets are the same: a set text lists its codes, or those it leaves out where they are fewer, so of two sets that
leave out some none is part of one that doesn't, and both have members in common.
"""

from functools import lru_cache
from typing import Final

from auditor.model import countries
from auditor.model.rule import Names

ALL: Final = Names(frozenset(), True)
NONE: Final = Names(frozenset())


@lru_cache(1 << 12)
def of_countries(place: str) -> Names:
    """Return a country set as names of codes."""
    if place in (countries.ANYWHERE, countries.NOWHERE):
        return ALL if place == countries.ANYWHERE else NONE
    return Names(frozenset(place.removeprefix("-").split("+")), place.startswith("-"))


def both(one: Names, other: Names) -> Names:
    """Return what is in both sets."""
    if one.negated and other.negated:
        return Names(one.names | other.names, True)
    if one.negated:
        return Names(other.names - one.names)
    return Names(one.names - other.names if other.negated else one.names & other.names)


def within(one: Names, other: Names) -> bool:
    """Say whether all of one set is in the other."""
    if one.negated:
        return other.negated and other.names <= one.names
    return not (one.names & other.names) if other.negated else one.names <= other.names


def rest(one: Names) -> Names:
    """Return what a set leaves out."""
    return Names(one.names, not one.negated)
