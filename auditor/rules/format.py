"""What may stand in a rule file: its shape, before names are resolved.

`rules.situations` has that of its examples, `rules.vocabulary` that of other files.

The classes are the format: unknown keys, wrong kinds and words outside a fixed choice are refused while a
file is made into one of them, with the place.  Their docstrings (what the mapping is, and a line for each key) are
what an editor shows (`reports/schema/`); docs/rules.md explains the keys to those who write rules.
"""

from datetime import date as Day  # several fields are named `date`
from typing import Annotated, Literal

from msgspec import Meta, field

from auditor.rules.situations import (
    Basis,
    Direction,
    Examples,
    Person,
    Plane,
    Role,
    Roster,
    Situation,
    Test,
    Tests,
    Touch,
)
from auditor.rules.vocabulary import (
    Account,
    Chosen,
    Code,
    Codes,
    Except,
    ExceptCodes,
    Members,
    Operator,
    Operators,
    Pack,
    Population,
    Region,
    Selections,
    Slug,
    Source,
    Strict,
    Territories,
    Territory,
    Valid,
    Word,
    Words,
)

__all__ = [
    "Account", "Applies", "Basis", "Chosen", "Code", "Codes", "Control", "Encrypted", "Examples", "Except",
    "ExceptCodes", "Members", "Must", "NotObservable", "Operator", "Operators", "Pack", "Person", "Plane",
    "Population", "Reference", "Region", "Rule", "Selections", "Situation", "Slug", "Source", "Strict", "Territories",
    "Territory", "Test", "Tests", "Touch", "Valid", "Word", "Words",
]  # fmt: skip

By = Literal["location", "account"]
Outcome = Literal["carried", "unanswered", "rejected"]
Whose = Literal["host", "participants"]
Severity = Literal["low", "medium", "high", "critical"]


class Applies(Strict, frozen=True):
    """Which traffic a rule speaks of; what is left out is not asked.

    participants: `all P`, `any P`, `mixed P` (some are, some are not) or `none P`; P is a population of the pack or a
        territory.
    roster: as-observed: participants that were seen count as all. complete: only a complete list decides `all` and
        `none`.
    by: How participants belong to P: by their location alone, or by their account or label alone. Left out: by either.
    planes: What the traffic carries.
    recognised: true: traffic whose plane is not known is out of the scope, rather than open.
    services: Ids of the service catalogue: a list, or `{except: [...]}`.
    direction: to: the session was opened towards the touched place. from: it was opened by that place.
    bases: How a touch has to be known to count. Left out: all but offered.
    outcomes: What has to have come of it. Left out: carried.
    selections: given: judged only in audits that know what accounts selected. none: only in those that don't.
    """

    participants: Word | None = None
    roster: Roster = "as-observed"
    by: By | None = None
    planes: Annotated[tuple[Plane, ...], Meta(min_length=1)] | None = None
    recognised: bool = False
    services: Words | Except | None = None
    direction: Direction | None = None
    bases: Annotated[tuple[Basis, ...], Meta(min_length=1)] | None = None
    outcomes: Annotated[tuple[Outcome, ...], Meta(min_length=1)] | None = None
    selections: Literal["given", "none"] | None = None


class Must(Strict, frozen=True):
    """Conditions of a place: `must_stay_in`: it meets all of them; `must_not_touch`: it doesn't meet all of them.

    territory: Where it is: a territory, several (any of them), or `{except: [...]}`.
    countries: The same by country codes; not together with `territory`.
    operators: Who runs it: a list of names, or `{except: [...]}`.
    operator_territory: From where whoever runs it is controlled: a territory, several, or `{except: [...]}`.
    operator_countries: The same by country codes; not together with `operator_territory`.
    services: Ids of the service catalogue: a list, or `{except: [...]}`.
    sites: Names of sites of the inventory: a list, or `{except: [...]}`.
    selection: must_stay_in only: what the account of the host, or of all participants, has selected.
    unselected: must_not_touch only: what the account of the host, or of all participants, has not selected.
    as: In which roles a place counts. Left out: server and relay.
    allowed_with: What no traffic shows and would allow it otherwise: then the rule is open there, and never fails.
    """

    territory: Word | Words | Except | None = None
    countries: Codes | ExceptCodes | None = None
    operators: Words | Except | None = None
    operator_territory: Word | Words | Except | None = None
    operator_countries: Codes | ExceptCodes | None = None
    services: Words | Except | None = None
    sites: Words | Except | None = None
    selection: Whose | None = None
    unselected: Whose | None = None
    allowed_with: Word | None = None
    roles: Annotated[tuple[Role, ...], Meta(min_length=1)] = field(name="as", default=("server", "relay"))


class NotObservable(Strict, frozen=True):
    """What a text asks for and no traffic can show: the rule is open wherever it applies, and never passes.

    evidence: What would show it instead.
    """

    evidence: Word


class Encrypted(Strict, frozen=True):
    """Every exchange is encrypted, hop by hop, between the two ends that packets show.

    as: Only exchanges of which one end has such a role. Left out: all.
    """

    roles: Annotated[tuple[Role, ...], Meta(min_length=1)] = field(
        name="as", default=("client", "server", "relay", "hop")
    )


class Reference(Strict, frozen=True):
    """A text that the rule rests on.

    title: What it is called, and who published it.
    kind: What it is. `law` only for the text of a law.
    url: Where it stands.
    article: Which part of it.
    date: Of which day it is.
    """

    title: Word
    kind: Literal["law", "policy", "standard", "report"] = "policy"
    url: str = ""
    article: str = ""
    date: Day | None = None


class Control(Strict, frozen=True):
    """A control of a framework that the rule gives evidence for.

    framework: Such as ISO/IEC 27001:2022.
    id: Such as A.5.14.
    """

    framework: Word
    id: Word


class Rule(Strict, frozen=True):
    """One rule: whom it speaks of, what it asserts, why, and how to mend a violation.

    id: What reports call it; unique among the rules that are loaded together.
    title: What it asks, in one sentence.
    severity: How bad a violation is.
    why: What it is for.
    fix: How to mend a violation.
    references: The texts that it rests on, at least one.
    examples: Situations that show what it does; `auditor rules test` runs them.
    applies: Which traffic it speaks of. Left out: all.
    must_not_touch: No place that is touched meets all of these conditions.
    must_stay_in: Every place that is touched meets all of these conditions.
    must_be_encrypted: Every exchange is encrypted, hop by hop. `{}` for all.
    not_observable: What is asked can't be seen in any traffic.
    controls: Controls of frameworks that it gives evidence for.
    valid: When it applies, by the time of the traffic. Left out: always.
    proof: required: what location databases merely claim doesn't count.
    """

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
