"""The location databases that are shipped, opened when they are first asked.

Three files in `auditor/data`: the country that DB-IP gives, the AS number and who operates it, and the ranges
that operators publish themselves.  `sources.json` beside them records where they come from.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

from auditor.enrich.intervals import Intervals, unpack
from auditor.model.countries import ANYWHERE
from auditor.model.documents import nanoseconds
from auditor.model.errors import InputError
from auditor.model.report import Database

COUNTRY, OPERATOR, PUBLISHED = "country", "operator", "published"
PUBLISHED_DAYS: Final = 365
"""How long a published range is a proof: operators move ranges between regions, and say so only in the next file."""


@dataclass(frozen=True, slots=True)
class Published:
    """What an operator publishes of one of its ranges."""

    feed: str = ""  # "AWS ranges"
    operator: str = ""
    region: str = ""  # as the operator writes it
    claimed: str = ""  # the country of the region; empty: none is known; everywhere: announced from many places
    proven: str = ANYWHERE  # the countries in which its addresses may be: a region's edge sites may lie abroad
    length: int = 0  # of the published prefix

    @property
    def anycast(self) -> bool:
        """Whether the range is announced from many places at once."""
        return self.claimed == ANYWHERE


UNPUBLISHED: Final = Published()


@dataclass(frozen=True)
class Shipped:
    """One shipped database."""

    stem: str
    facts: dict[str, Any]
    data: bytes

    @cached_property
    def intervals(self) -> Intervals:
        """Its intervals.  Raise InputError if the file is damaged."""
        try:
            return unpack(self.data)
        except ValueError as error:
            raise InputError(f"auditor/data/{self.stem}.bin", f"{error}; install the package again") from None

    @property
    def name(self) -> str:
        """Its name and day, as reports cite it."""
        return f"{self.facts['name']} {self.facts['date']}"

    @property
    def database(self) -> Database:
        """What a report says of it; the hash is that of the bytes that were read."""
        facts = self.facts
        digest = hashlib.sha256(self.data).hexdigest()
        return Database(facts["name"], digest, facts["date"], facts["attribution"], facts["url"], facts["kind"])

    @cached_property
    def window(self) -> tuple[int, int]:
        """The time, in nanoseconds, from the day of the file until it is too old to prove anything."""
        day = date.fromisoformat(self.facts["date"])
        return nanoseconds(day), nanoseconds(day + timedelta(PUBLISHED_DAYS))


@cache
def shipped(stem: str) -> Shipped:
    """Open one of the shipped databases: COUNTRY, OPERATOR or PUBLISHED.  Raise InputError if it is missing."""
    folder = files("auditor.data")
    try:
        facts = json.loads(folder.joinpath("sources.json").read_text("utf-8"))[stem]
        return Shipped(stem, facts, folder.joinpath(f"{stem}.bin").read_bytes())
    except (OSError, ValueError, KeyError):
        raise InputError(f"auditor/data/{stem}.bin", "is missing or damaged; install the package again") from None


@cache
def range_of(code: int) -> Published:
    """Return what a code of the published ranges stands for; code 0 is an address that nobody published."""
    value = shipped(PUBLISHED).intervals.said(code)
    return _published(value) if value else UNPUBLISHED


def published() -> tuple[Published, ...]:
    """Return what all codes of the published ranges stand for."""
    return tuple(range_of(code) for code in range(len(shipped(PUBLISHED).intervals.values)))


def _published(value: str) -> Published:
    feed, operator, region, claimed, proven, length = value.split("\t")
    return Published(feed, operator, region, claimed, proven, int(length))


def operator(code: int) -> tuple[str, str]:
    """Return what a code of the operator database stands for: the operator's name, and `AS number organisation`."""
    return _operator(shipped(OPERATOR).intervals.said(code))


def _operator(value: str) -> tuple[str, str]:
    if not value:
        return "", ""
    organisation, number, short = value.split("\t")
    return short or organisation, f"AS{number} {organisation}".strip()


@cache
def operators() -> frozenset[str]:
    """Return every name that the shipped data gives to who runs an address."""
    registered = {_operator(value)[0] for value in shipped(OPERATOR).intervals.values}
    return frozenset(registered | {each.operator for each in published()}) - {""}
