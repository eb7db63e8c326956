"""What may stand in an example of a rule, and in a file of tests: one session, as somebody tells it.

The classes are the format, as in `rules.format`; their docstrings are what an editor shows (`reports/schema/`).
"""

from datetime import date as Day  # a field is named `date`
from typing import Annotated, Literal

from msgspec import Meta, field

from auditor.rules.vocabulary import Chosen, Code, Codes, Slug, Strict

Plane = Literal["media", "signalling", "keys", "recording", "management", "telemetry", "other"]
Role = Literal["client", "server", "relay", "hop"]
Basis = Literal["observed", "attested", "offered", "reported", "configured"]
Direction = Literal["to", "from"]
Roster = Literal["as-observed", "complete"]


class Person(Strict, frozen=True):
    """A participant of an example.

    country: Where they are: a code, or a list of which it is one. Left out: anywhere.
    label: Their population in the inventory.
    account: Their account.
    """

    country: Code | Codes | None = None
    label: str = ""
    account: str = ""


class Touch(Strict, frozen=True):
    """A touched place of an example; what is left out is not known.

    country: Where it is: a code, or a list of which it is one. Left out: anywhere.
    as: Its role.
    plane: What the traffic carries.
    operator: Who runs it.
    service: The id of its service.
    site: Its name in the inventory.
    holds: Whose data it holds, by the inventory.
    direction: to: the session was opened towards it. from: the session was opened by it.
    basis: How the touch is known.
    outcome: What came of it, if nothing was carried.
    encrypted: Whether packets show that the exchange is encrypted.
    evidence: proof of the country, or a claim: a database says so.
    """

    country: Code | Codes | None = None
    role: Role | Literal["unknown"] = field(name="as", default="server")
    plane: Plane | Literal["unknown"] = "unknown"
    operator: str = ""
    service: str = ""
    site: str = ""
    holds: str = ""
    direction: Direction | None = None
    basis: Basis = "observed"
    outcome: Literal["", "unanswered", "rejected"] = ""
    encrypted: bool | Literal["unknown"] = "unknown"
    evidence: Literal["proof", "claim"] = "proof"


class Situation(Strict, frozen=True):
    """One session as an example tells it.

    touches: The places that it touched.
    participants: Who took part: a code, a list of codes (one of these), or a mapping.
    roster: complete: those who are named are all there were.
    account: Whose session it is, where a record says so.
    selections: What accounts have selected, each by its name; `default`: all others.
    date: The day of the session. Left out: a day on which the rule applies.
    note: What the example shows.
    """

    touches: Annotated[tuple[Touch, ...], Meta(min_length=1)]
    participants: tuple[Code | Codes | Person, ...] = ()
    roster: Roster = "as-observed"
    account: str = ""
    selections: dict[str, Chosen] = field(default_factory=dict)
    date: Day | None = None
    note: str = ""


Situations = Annotated[tuple[Situation, ...], Meta(min_length=1)]


class Examples(Strict, frozen=True):
    """Situations that show what the rule does; at least one each of pass, fail and open.

    open: It can't be decided; what no traffic can show is always so.
    pass: What the rule allows.
    fail: What the rule forbids.
    not_applicable: Of what the rule doesn't speak.
    """

    opens: Situations = field(name="open")
    passes: tuple[Situation, ...] = field(name="pass", default=())
    fails: tuple[Situation, ...] = field(name="fail", default=())
    not_applicable: tuple[Situation, ...] = ()


class Test(Strict, frozen=True):
    """Situations besides the examples of a rule, and what the rule makes of them; one at least.

    rule: The id of the rule.
    pass: What the rule allows.
    fail: What the rule forbids.
    open: It can't be decided.
    not_applicable: Of what the rule doesn't speak.
    """

    rule: Slug
    passes: tuple[Situation, ...] = field(name="pass", default=())
    fails: tuple[Situation, ...] = field(name="fail", default=())
    opens: tuple[Situation, ...] = field(name="open", default=())
    not_applicable: tuple[Situation, ...] = ()


class Tests(Strict, frozen=True):
    """A file of tests of rules.

    tests: Rules, each with situations; a rule may stand here more than once.
    """

    tests: Annotated[tuple[Test, ...], Meta(min_length=1)]
