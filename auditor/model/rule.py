"""A rule as the judge sees it: names resolved to country sets and labels, dates to nanoseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.model import countries

SEVERITIES: Final = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Names:
    """A set of names, or all names but these (`negated`)."""

    names: frozenset[str]
    negated: bool = False

    def holds(self, name: str) -> int:
        """Return 1 if the name is in the set, -1 if it is not, 0 if the name is not known (empty)."""
        if not name:
            return 0
        return 1 if (name in self.names) != self.negated else -1


@dataclass(frozen=True, slots=True)
class Population:
    """People: whoever is in these countries or bears one of these labels."""

    name: str
    countries: str = "!"  # country set
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Operated:
    """Whoever runs a place, by the country from which they are controlled."""

    countries: str  # country set
    homes: Mapping[str, str] = field(default_factory=dict, hash=False)  # operator -> country set
    territory: str = ""  # how the file named the set, for readers

    def holds(self, name: str) -> int:
        """Return 1 if the operator is of one of the countries, -1 if of none, 0 if that is not known."""
        return countries.within(self.homes.get(name, countries.ANYWHERE), self.countries)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where an account lets its data go: to what it opted into (None: anywhere) but for what it opted out of."""

    inside: str | None = None  # country set
    sites: frozenset[str] = frozenset()  # and these, by name
    outside: str = countries.NOWHERE  # country set
    banned: frozenset[str] = frozenset()

    def holds(self, place: str, site: str) -> int:
        """Return 1 if a place (a country set, and its site if known) is allowed, -1 if it is not, 0 if not known."""
        into = 1
        if self.inside is not None or self.sites:
            near = countries.within(place, self.inside or countries.NOWHERE)
            into = max(near, _named(site, self.sites))
        away = min(-countries.within(place, self.outside), -_named(site, self.banned))
        return min(into, away)


def _named(site: str, sites: frozenset[str]) -> int:
    if not sites:
        return -1
    return (1 if site in sites else -1) if site else 0


@dataclass(frozen=True, slots=True)
class Selection:
    """What accounts have chosen, and whose choice counts for a session."""

    whose: str  # host: of the account whose session it is; participants: of each who takes part
    accounts: Mapping[str, Choice] = field(default_factory=dict, hash=False)
    default: Choice | None = None  # of accounts that are not listed; None: not known
    file: str = ""  # empty: no selections were given


@dataclass(frozen=True, slots=True)
class Scope:
    """Which touches a rule speaks of; what is None is not asked."""

    quantifier: str = ""  # all, any, mixed or none of the participants belong to the population; empty: not asked
    population: Population | None = None
    roster: str = "as-observed"  # or `complete`
    by: str = ""  # how people belong: by `location`, by `account` (their labels and accounts), or empty: by either
    planes: frozenset[str] | None = None
    services: Names | None = None
    directions: frozenset[str] | None = None  # `to`: opened towards the touched place; `from`: opened by it
    bases: frozenset[str] = frozenset({"observed", "attested", "reported", "configured"})
    """A touch of another basis is at most open."""
    outcomes: frozenset[str] = frozenset({"carried"})
    """So is one of another outcome; one that was rejected is no touch at all unless it is among them."""
    recognised: bool = False  # True: traffic whose plane is not known is out of scope, rather than open
    selections: str = ""  # `given` or `none`: judged only where selections of accounts are known, or are not


@dataclass(frozen=True, slots=True)
class Assertion:
    """`must_stay_in`: every counted touch meets all conditions.  `must_not_touch`: none meets all of them.

    `must_be_encrypted`: every exchange was, hop by hop, between the two ends that packets show.
    `not_observable`: no traffic can show it, so it is open wherever the rule applies.
    """

    verb: str  # must_stay_in | must_not_touch | must_be_encrypted | not_observable
    countries: str | None = None  # country set; None: not asked
    operators: Names | None = None
    operated: Operated | None = None
    services: Names | None = None
    sites: Names | None = None
    selection: Selection | None = None
    roles: frozenset[str] = frozenset({"server", "relay"})
    territory: str = ""  # how the file named the set, for readers
    evidence: str = ""  # what would show what no traffic can: whether it was kept, or (with conditions) was excused

    @property
    def excusable(self) -> bool:
        """Say whether something that no traffic shows may allow what is forbidden: then it is open, and never fails."""
        return bool(self.evidence) and self.verb != "not_observable"


@dataclass(frozen=True, slots=True)
class Reference:
    title: str
    kind: str = ""  # law, policy, standard, report
    url: str = ""
    article: str = ""
    date: str = ""  # YYYY-MM-DD, of the text

    @property
    def said(self) -> str:
        """The title with article and date."""
        return ", ".join(filter(None, (self.title, self.article, self.date)))


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a framework that the rule gives evidence for."""

    framework: str
    id: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule file."""

    id: str
    title: str
    severity: str
    applies: Scope
    asserts: Assertion
    why: str
    fix: str
    since_ns: int | None = None  # judged only for traffic from here
    until_ns: int | None = None  # to here, not included
    proof: bool = False  # True: claims don't count
    references: tuple[Reference, ...] = ()
    examples: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # pass, fail, open, not_applicable -> situations
    controls: tuple[Control, ...] = ()
    folk: tuple[Population, ...] = ()
    """The populations of its pack, of which labels may tell: what a rule says depends on no other that is loaded."""
    pack: str = ""
    file: str = ""
    path: str = ""  # of the file, from the folder where the audit runs: see rules.files.placed
    line: int = 0
    sha256: str = ""
    versions: tuple["Rule", ...] = ()
    """Where sets that the rule names change with time: one rule for each time between changes, in order."""

    def eras(self) -> tuple["Rule", ...]:
        """Return the rules, each for a time of its own, that together are this rule; it speaks as one of them."""
        return self.versions or (self,)
