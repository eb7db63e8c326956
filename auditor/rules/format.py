"""What may stand in a rule file, a pack file and the file of territories: their shape, before names are resolved.

The classes are the format: unknown keys, wrong kinds and words outside a fixed choice are refused while a
file is made into one of them, with the line.  docs/rules.md explains the keys to those who write rules.
"""

from datetime import date as Day  # several fields are named `date`
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Word = Annotated[str, Meta(min_length=1)]
Code = Annotated[str, Meta(min_length=1)]  # an ISO 3166-1 alpha-2 code; which ones exist is checked with the line
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Plane = Literal["media", "signalling", "keys", "recording", "management", "telemetry", "other"]
Role = Literal["client", "server", "relay", "hop"]
Basis = Literal["observed", "attested", "offered", "reported", "configured"]
Direction = Literal["to", "from"]
Roster = Literal["as-observed", "complete"]
By = Literal["location", "account"]
Outcome = Literal["carried", "unanswered", "rejected"]
Severity = Literal["low", "medium", "high", "critical"]
Words = Annotated[tuple[Word, ...], Meta(min_length=1)]
Codes = Annotated[tuple[Code, ...], Meta(min_length=1)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping whose keys are all known."""


class Except(Strict, frozen=True):
    """`{except: [a, b]}`: everything but these."""

    names: Words = field(name="except")


class Source(Strict, frozen=True):
    """Where a fact stands that the file relies on, and of which day that text is."""

    title: Word
    url: str = ""
    date: Day | None = None


class Members(Strict, frozen=True):
    """Countries that belong to a territory for a time: from the first moment (UTC) of `from` to that of `until`."""

    countries: Codes
    since: Day | None = field(name="from", default=None)
    until: Day | None = None
    note: str = ""


class Territory(Strict, frozen=True):
    """A set of countries that one text means by one word; other territories may be part of it."""

    title: Word
    countries: tuple[Code, ...] = ()
    members: tuple[Members, ...] = ()  # who belongs to it for a time only
    includes: tuple[Word, ...] = ()
    note: str = ""
    sources: tuple[Source, ...] = ()


class Territories(Strict, frozen=True):
    territories: dict[str, Territory]


class Population(Strict, frozen=True):
    """Whoever is in these countries or bears one of these labels of the inventory."""

    title: str = ""
    countries: Codes | Except | None = None
    territory: Word | Except | None = None
    labels: tuple[Word, ...] = ()
    note: str = ""


class Operator(Strict, frozen=True):
    """Whoever runs places, and the country from which they are controlled."""

    names: Words  # as location databases, the catalogue and the inventory call them
    countries: Codes  # several: it may be any of them
    note: str = ""
    sources: tuple[Source, ...] = ()


class Operators(Strict, frozen=True):
    operators: tuple[Operator, ...]


class Pack(Strict, frozen=True):
    """pack.yaml: what a folder of rules has in common."""

    id: Slug
    title: Word
    version: Word
    date: Day
    description: Word
    populations: dict[str, Population] = {}
    territories: dict[str, Territory] = {}
    operators: tuple[Operator, ...] = ()  # besides those of operators.yaml
    rules: tuple[Slug, ...] = ()  # the order in which they are read and reported


class Applies(Strict, frozen=True):
    """Which touches a rule speaks of; what is left out is not asked."""

    participants: Word | None = None  # "all overseas", "any mainland", "mixed mainland", "none mainland"
    roster: Roster = "as-observed"
    by: By | None = None  # location: where they are; account: their labels and accounts alone; left out: either
    planes: Annotated[tuple[Plane, ...], Meta(min_length=1)] | None = None
    recognised: bool = False
    services: Words | Except | None = None
    direction: Direction | None = None
    bases: Annotated[tuple[Basis, ...], Meta(min_length=1)] | None = None
    outcomes: Annotated[tuple[Outcome, ...], Meta(min_length=1)] | None = None


class Must(Strict, frozen=True):
    """The conditions of an assertion: all of them for `must_stay_in`, not all of them for `must_not_touch`."""

    territory: Word | Words | Except | None = None
    countries: Codes | Except | None = None
    operators: Words | Except | None = None
    operator_territory: Word | Words | Except | None = None  # the country of whoever runs the place
    operator_countries: Codes | Except | None = None
    services: Words | Except | None = None
    sites: Words | Except | None = None
    selection: Literal["host", "participants"] | None = None  # what whose account has chosen; must_stay_in only
    roles: Annotated[tuple[Role, ...], Meta(min_length=1)] = field(name="as", default=("server", "relay"))


class NotObservable(Strict, frozen=True):
    """`not_observable: {evidence: ...}`: what no traffic can show, and what would show it instead."""

    evidence: Word


class Encrypted(Strict, frozen=True):
    """`must_be_encrypted: {}`: between any two ends; a place of which role its exchanges count."""

    roles: Annotated[tuple[Role, ...], Meta(min_length=1)] = field(
        name="as", default=("client", "server", "relay", "hop")
    )


class Valid(Strict, frozen=True):
    """The days of traffic that a rule judges: from the first moment (UTC) of `from` to that of `until`."""

    since: Day | None = field(name="from", default=None)
    until: Day | None = None


class Reference(Strict, frozen=True):
    """The text that a rule rests on."""

    title: Word
    kind: Literal["law", "policy", "standard", "report"] = "policy"
    url: str = ""
    article: str = ""
    date: Day | None = None


class Control(Strict, frozen=True):
    """A control of a framework that the rule gives evidence for."""

    framework: Word
    id: Word


class Person(Strict, frozen=True):
    """A participant of an example; without a country, anywhere."""

    country: Code | Codes | None = None
    label: str = ""  # a population of the inventory
    account: str = ""


class Touch(Strict, frozen=True):
    """A touched place of an example; without a country, anywhere; what else is left out is not known."""

    country: Code | Codes | None = None
    role: Role | Literal["unknown"] = field(name="as", default="server")
    plane: Plane | Literal["unknown"] = "unknown"
    operator: str = ""
    service: str = ""
    site: str = ""
    holds: str = ""  # whose data the place holds, by the inventory
    direction: Direction | None = None
    basis: Basis = "observed"
    outcome: Literal["", "unanswered", "rejected"] = ""
    encrypted: bool | Literal["unknown"] = "unknown"
    evidence: Literal["proof", "claim"] = "proof"


class Chosen(Strict, frozen=True):
    """What one account opted into and out of."""

    into: Words | None = field(name="in", default=None)
    out: tuple[Word, ...] = ()


class Situation(Strict, frozen=True):
    """One session as an example tells it."""

    touches: Annotated[tuple[Touch, ...], Meta(min_length=1)]
    participants: tuple[Code | Codes | Person, ...] = ()
    roster: Roster = "as-observed"
    account: str = ""  # whose session it is, where a record says so
    selections: dict[str, Chosen] = {}  # what accounts have chosen; `default`: all others
    date: Day | None = None
    note: str = ""


Situations = Annotated[tuple[Situation, ...], Meta(min_length=1)]


class Examples(Strict, frozen=True):
    """Situations in which the rule passes, fails, stays open or has nothing to say."""

    opens: Situations = field(name="open")
    passes: tuple[Situation, ...] = field(name="pass", default=())
    fails: tuple[Situation, ...] = field(name="fail", default=())
    not_applicable: tuple[Situation, ...] = ()


class Rule(Strict, frozen=True):
    """One rule file."""

    id: Slug
    title: Word
    severity: Severity
    why: Word
    fix: Word
    references: Annotated[tuple[Reference, ...], Meta(min_length=1)]
    examples: Examples
    applies: Applies = Applies()
    must_not_touch: Must | None = None
    must_stay_in: Must | None = None
    must_be_encrypted: Encrypted | None = None
    not_observable: NotObservable | None = None
    controls: tuple[Control, ...] = ()
    valid: Valid = Valid()
    proof: Literal["required"] | None = None


class Region(Strict, frozen=True):
    """A region of a provider: countries, a territory, or sites of the inventory."""

    countries: Codes | None = None
    territory: Word | Words | None = None
    sites: Words | None = None
    title: str = ""


class Account(Chosen, frozen=True, kw_only=True):
    """The choice of one account, and when it held."""

    account: Word
    valid: Valid = Valid()
    note: str = ""


class Selections(Strict, frozen=True):
    """selections.yaml: what accounts opted into and out of."""

    regions: dict[str, Region] = {}
    default: Chosen | None = None
    accounts: tuple[Account, ...] = ()
    table: str = ""
