"""What may stand in a pack file, in the files of territories and operators, and in one of selections.

The classes are the format, as in `rules.format`; their docstrings are what an editor shows (`reports/schema/`).
"""

from datetime import date as Day  # several fields are named `date`
from typing import Annotated

from msgspec import Meta, Struct, field

from auditor.model.schema import Country

Word = Annotated[str, Meta(min_length=1)]
Code = Country
Slug = Annotated[
    str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, title="small letters, digits and single hyphens")
]
Words = Annotated[tuple[Word, ...], Meta(min_length=1)]
Codes = Annotated[tuple[Code, ...], Meta(min_length=1)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping whose keys are all known."""


class Except(Strict, frozen=True):
    """Everything but these.

    except: What is left out; everything else is meant.
    """

    names: Words = field(name="except")


class ExceptCodes(Except, frozen=True):
    """All the world but these countries.

    except: What is left out; all the world else is meant.
    """

    names: Codes = field(name="except")


class Source(Strict, frozen=True):
    """Where a fact stands that the file relies on.

    title: What the text is called, and who published it.
    url: Where it stands.
    date: Of which day it is, or on which it was read.
    """

    title: Word
    url: str = ""
    date: Day | None = None


class Members(Strict, frozen=True):
    """Countries that belong to a territory for a time.

    countries: Who belongs to it.
    from: From the first moment (UTC) of this day on. Left out: always before.
    until: Until the first moment of this day; the day itself is not included. Left out: to this day.
    note: For readers of the file.
    """

    countries: Codes
    since: Day | None = field(name="from", default=None)
    until: Day | None = None
    note: str = ""


class Territory(Strict, frozen=True):
    """A set of countries that one text means by one word.

    title: What readers call it, within a sentence.
    countries: Who always belongs to it.
    members: Who belongs to it for a time only.
    includes: Territories that are part of it.
    note: What the set leaves out, and why.
    sources: The text that means it.
    """

    title: Word
    countries: tuple[Code, ...] = ()
    members: tuple[Members, ...] = ()
    includes: tuple[Word, ...] = ()
    note: str = ""
    sources: tuple[Source, ...] = ()


class Territories(Strict, frozen=True):
    """Sets of countries that every pack may use.

    territories: Each by its name.
    """

    territories: dict[str, Territory]


class Population(Strict, frozen=True):
    """People: whoever is in these countries or bears one of these labels of the inventory.

    title: What readers call them.
    countries: Where they are: a list of codes, or `{except: [...]}`.
    territory: The same by the name of a territory; not together with `countries`.
    labels: Labels of the inventory (of client networks, or what a site `holds`) that belong to it wherever they are.
    note: For readers of the file.
    """

    title: str = ""
    countries: Codes | ExceptCodes | None = None
    territory: Word | Except | None = None
    labels: tuple[Word, ...] = ()
    note: str = ""


class Operator(Strict, frozen=True):
    """Whoever runs places, and the country from which they are controlled.

    names: What location databases, the catalogue and the inventory call them.
    countries: From where they are controlled; several: it may be any of them.
    note: For readers of the file.
    sources: Where that stands.
    """

    names: Words
    countries: Codes
    note: str = ""
    sources: tuple[Source, ...] = ()


class Operators(Strict, frozen=True):
    """From where operators are controlled, for every pack.

    operators: One entry for each.
    """

    operators: tuple[Operator, ...]


class Pack(Strict, frozen=True):
    """pack.yaml: what a folder of rules has in common.

    id: The name of the pack; a shipped pack is called by it.
    title: What readers call it.
    version: Text, so put it in quotes; the report names it.
    date: The day of this version.
    description: What the rules are after, and what kind of text they rest on.
    populations: People of whom the rules speak, each group by its name. Every territory is one too.
    territories: Sets of countries of this pack, each by a name that is still free.
    operators: From where operators are controlled, besides those of operators.yaml.
    rules: The ids of all rules, in the order of the report. Left out: by file name.
    """

    id: Slug
    title: Word
    version: Word
    date: Day
    description: Word
    populations: dict[str, Population] = {}
    territories: dict[str, Territory] = {}
    operators: tuple[Operator, ...] = ()
    rules: tuple[Slug, ...] = ()


class Valid(Strict, frozen=True):
    """The days to which it applies, by the time of the traffic.

    from: From the first moment (UTC) of this day on. Left out: always before.
    until: Until the first moment of this day; the day itself is not included. Left out: to this day.
    """

    since: Day | None = field(name="from", default=None)
    until: Day | None = None


class Chosen(Strict, frozen=True):
    """What one account opted into and out of.

    in: All regions that it may use. Left out: any.
    out: Regions that it may not use.
    """

    into: Words | None = field(name="in", default=None)
    out: tuple[Word, ...] = ()


class Region(Strict, frozen=True):
    """A region of a provider: countries, a territory, or sites of the inventory; one of the three.

    countries: The countries in which it is.
    territory: The same by the name of a territory, or of several.
    sites: The sites of the inventory that make it up.
    title: What readers call it.
    """

    countries: Codes | None = None
    territory: Word | Words | None = None
    sites: Words | None = None
    title: str = ""


class Account(Chosen, frozen=True, kw_only=True):
    """The choice of one account, and when it held.

    account: Its name, as inventory and records call it.
    in: All regions that it may use. Left out: any.
    out: Regions that it may not use.
    valid: Since when and until when; choices of one account may not overlap.
    note: For readers of the file.
    """

    account: Word
    valid: Valid = Valid()
    note: str = ""


class Selections(Strict, frozen=True):
    """selections.yaml: what accounts opted into and out of.

    regions: Regions that accounts may choose, each by its name; territories and countries need not be listed.
    default: What holds for accounts that chose nothing.
    accounts: Choices of accounts.
    table: A CSV file beside this one with more accounts: account, in, out, from, until.
    """

    regions: dict[str, Region] = {}
    default: Chosen | None = None
    accounts: tuple[Account, ...] = ()
    table: str = ""
