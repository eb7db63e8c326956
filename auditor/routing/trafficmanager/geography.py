"""The regions of Geographic routing: the world, groups of countries, countries, and states of some of them.

"Country/Region hierarchy used by Azure Traffic Manager for geographic traffic routing method".  Countries and groups
are in `auditor/data/continents.yaml`; what else the hierarchy has is here: three islands that ISO 3166-1 counts to
another country, and the states of Australia, Canada and the USA (and of the United Kingdom, which older editions have).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from auditor.model.countries import ANYWHERE
from auditor.routing import continents
from auditor.routing.trafficmanager.model import PROVIDER, Endpoint, Profile

WORLD: Final = "WORLD"
ISLANDS: Final = {"XJ": ("GEO-EU", "SJ"), "XE": ("GEO-NA", "BQ"), "XS": ("GEO-NA", "BQ")}
"""Jan Mayen, Sint Eustatius and Saba: with their group and their country."""
STATES: Final = {
    "AU": frozenset("ACT NSW NT QLD SA TAS VIC WA".split()),
    "CA": frozenset("AB BC MB NB NL NS NT NU ON PE QC SK YT".split()),
    "GB": frozenset("ENG NIR SCT WLS".split()),
    "US": frozenset(
        """AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH
        OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY""".split()
    ),
}


@dataclass(frozen=True, slots=True)
class Who:
    """How Traffic Manager classifies a client, and how what is not documented is taken."""

    group: str = ""
    country: str = ""  # a code of the hierarchy; empty: it is not known where they are
    state: str = ""
    mapped: frozenset[tuple[Profile, Endpoint]] = frozenset()  # endpoints to whose subnets they belong, by profile
    falls: bool = True  # Subnet: whether the fallback answers where the mapped endpoint is unhealthy
    strict: bool = False  # a nested MultiValue profile needs one endpoint of each family though nothing is said
    named: bool = False  # endpoints that are names, or profiles, count as IPv4 and as IPv6
    served: bool = True  # endpoints that are always served count as online for the profile above

    @property
    def codes(self) -> tuple[str, ...]:
        """The regions to which they belong, the smallest first."""
        return tuple(code for code in (self.state, self.country, self.group, WORLD) if code)

    @property
    def text(self) -> str:
        """How a class is called."""
        return self.state or self.country or "*"

    @property
    def countries(self) -> str:
        """Where they are."""
        return ISLANDS[self.country][1] if self.country in ISLANDS else self.country or ANYWHERE


def known(code: str) -> bool:
    """Say whether the hierarchy has a code."""
    country, _, state = code.partition("-")
    return (
        code == WORLD
        or code in continents.codes(PROVIDER)
        or code in ISLANDS
        or bool(continents.of(PROVIDER, code))
        or state in STATES.get(country, ())
    )


def classes(states: Iterable[str]) -> Iterator[Who]:
    """Yield how clients can be classified, by the states that are asked for; those whom nobody classifies come last."""
    wanted: dict[str, list[str]] = {}
    for code in sorted(states):
        wanted.setdefault(code[:2], []).append(code)
    for group in continents.codes(PROVIDER):
        for country in continents.members(PROVIDER, group):
            who = Who(group, country)
            yield who
            yield from (replace(who, state=code) for code in wanted.get(country, ()))
    yield from (Who(group, code) for code, (group, _) in ISLANDS.items())
    yield Who()
