"""A rule as the judge sees it: names resolved to country sets and labels, dates to nanoseconds."""

from dataclasses import dataclass, field
from typing import Any, Final

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
class Scope:
    """Which touches a rule speaks of; what is None is not asked."""

    quantifier: str = ""  # all, any, mixed or none of the participants belong to the population; empty: not asked
    population: Population | None = None
    roster: str = "as-observed"  # or `complete`
    planes: frozenset[str] | None = None
    services: Names | None = None
    directions: frozenset[str] | None = None  # `to`: opened towards the touched place; `from`: opened by it
    bases: frozenset[str] = frozenset({"observed", "attested", "reported", "configured"})
    """A touch of another basis is at most open."""
    recognised: bool = False  # True: traffic whose plane is not known is out of scope, rather than open


@dataclass(frozen=True, slots=True)
class Assertion:
    """`must_stay_in`: every counted touch meets all conditions.  `must_not_touch`: none meets all of them.

    `must_be_encrypted`: every exchange was, hop by hop, between the two ends that packets show.
    """

    verb: str  # must_stay_in | must_not_touch | must_be_encrypted
    countries: str | None = None  # country set; None: not asked
    operators: Names | None = None
    services: Names | None = None
    sites: Names | None = None
    roles: frozenset[str] = frozenset({"server", "relay"})
    territory: str = ""  # how the file named the set, for readers


@dataclass(frozen=True, slots=True)
class Reference:
    title: str
    kind: str = ""  # law, policy, standard, report
    url: str = ""


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
    pack: str = ""
    file: str = ""
    line: int = 0
    sha256: str = ""
