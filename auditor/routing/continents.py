"""On which continent a classifier of clients puts a country, and which countries it puts on one.

The tables are data (`auditor/data/continents.yaml`), a section for each source, since they disagree: a default of a
continent has to be spread over the countries that its own classifier means.  Where editions of one source disagree a
country is on either continent, and a configuration has to hold with both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day  # a field is named `date`
from functools import cache
from importlib.resources import files
from typing import Final

from msgspec import Struct

from auditor.model import countries
from auditor.model.documents import Document, convert, loads
from auditor.model.errors import InputError
from auditor.model.report import Database

FILE: Final = "auditor/data/continents.yaml"

ASKING: Final = frozenset({"gdnsd", "octodns", "route53", "trafficmanager", "OpenStreetMap"})
"""Formats whose classes of clients rest on these tables."""


class SourceText(Struct, frozen=True, forbid_unknown_fields=True):
    """Who says so, and when that was last compared."""

    title: str
    url: str
    date: Day


class ProviderText(Struct, frozen=True, forbid_unknown_fields=True):
    """The continents of one classifier: codes of countries by its codes of continents."""

    id: str
    title: str
    sources: list[SourceText]
    continents: dict[str, list[str]]
    formerly: dict[str, str] = {}


class FileText(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    providers: list[ProviderText]


@dataclass(frozen=True, slots=True)
class Table:
    """The continents of one classifier."""

    members: Mapping[str, tuple[str, ...]]  # continent -> countries in alphabetical order
    home: Mapping[str, str]  # country -> continent
    formerly: Mapping[str, str]  # country -> the continent of older editions


def members(provider: str, continent: str) -> tuple[str, ...]:
    """List the countries of a continent; raise KeyError for a provider or continent that is not known."""
    return _tables()[provider].members[continent]


def of(provider: str, country: str) -> str:
    """Name the continent of a country, empty if it has none; raise KeyError for a provider that is not known."""
    return _tables()[provider].home.get(country, "")


def either(provider: str, country: str) -> tuple[str, ...]:
    """Name the continents on which editions of the source put a country, the present one first; empty if none does."""
    table = _tables()[provider]
    return tuple(code for code in (table.home.get(country), table.formerly.get(country)) if code)


def codes(provider: str) -> tuple[str, ...]:
    """List the continents of a provider in alphabetical order; raise KeyError for one that is not known."""
    return tuple(_tables()[provider].members)


def database() -> Database:
    """Return what a report says of the tables; their date is that of the youngest source."""
    document = _document()
    given = convert(document, FileText)
    dates = [source.date for provider in given.providers for source in provider.sources]
    return Database("continents", document.sha256, max(dates).isoformat(), kind="continents")


@cache
def _tables() -> dict[str, Table]:
    return tables(_document())


def _document() -> Document:
    try:
        data = files("auditor.data").joinpath("continents.yaml").read_bytes()
    except OSError:
        raise InputError(FILE, "is missing; install the package again") from None
    return loads(data, FILE)


def tables(document: Document) -> dict[str, Table]:
    """Read a file of continents.  Raise InputError, with file and place, for what is no country or is placed twice."""
    found: dict[str, Table] = {}
    for index, provider in enumerate(convert(document, FileText).providers):
        here = ("providers", index)
        if provider.id in found:
            raise document.error(f"provider `{provider.id}` stands twice; keep one", *here, "id")
        home: dict[str, str] = {}
        for continent, placed in provider.continents.items():
            for at, country in enumerate(placed):
                if not countries.known(country):
                    raise document.error(f"`{country}` is no country", *here, "continents", continent, at)
                if country in home:
                    raise document.error(f"`{country}` is placed twice; keep one", *here, "continents", continent, at)
                home[country] = continent
        for country, continent in provider.formerly.items():
            if continent not in provider.continents or home.get(country) in (None, continent):
                raise document.error(
                    f"`{country}: {continent}` is no other continent of it", *here, "formerly", country
                )
        ordered = {code: tuple(sorted(provider.continents[code])) for code in sorted(provider.continents)}
        found[provider.id] = Table(ordered, home, provider.formerly)
    return found
