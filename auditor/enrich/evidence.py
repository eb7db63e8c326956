"""Weigh what the sources say of one address: the union of claims within the intersection of proofs.

The same few lines serve the flow table, where each distinct situation is weighed once, and the explanation
of a single address, which adds what a stranger needs to check it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from auditor.enrich.embedded import UNPUBLISHED, Published
from auditor.enrich.ground import Levels, Said, covers, said
from auditor.enrich.inventory import Entry, Vantage
from auditor.enrich.mmdb import Answer
from auditor.model.countries import ANYWHERE, NOWHERE, WORLD, bits, text
from auditor.model.report import Source

PROOF, CLAIM, OVERRULED, OPERATOR = "proof", "claim", "overruled", "operator"


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that bears on where an address may be; `details` are added to evidence and change nothing."""

    first_ns: int | None  # of the traffic; None: not known
    last_ns: int | None
    country: str = ""  # what the shipped database names
    published: Published = UNPUBLISHED
    answers: tuple[Answer, ...] = ()  # of the user's databases
    levels: Levels = ()  # of the inventory
    vantage: Vantage | None = None  # where it was seen, if it is a private address there and the country is declared


@dataclass(frozen=True, slots=True)
class Names:
    """How evidence calls the sources, and when a published range proves anything."""

    country: str
    published: str  # day of the published ranges
    answers: tuple[str, ...]
    window: tuple[int, int]


NO_DETAILS: Final[dict[str, str]] = {}


def weigh(sources: Sequence[Source]) -> tuple[str, str]:
    """Return what is claimed (empty: nothing) and what the proofs leave (everywhere: nothing is proven)."""
    claimed, proven = 0, WORLD
    for source in sources:
        if source.kind == CLAIM:
            claimed |= bits(source.countries)
        elif source.kind == PROOF:
            proven &= bits(source.countries)
    return (text(claimed) if claimed else ""), text(proven)


def overrule(sources: Sequence[Source]) -> list[Source]:
    """Mark the claims that lie wholly outside the proofs.

    If the proofs contradict each other nothing is marked: there is no place for a claim to lie outside of.
    """
    _, proven = weigh(sources)
    if proven in (ANYWHERE, NOWHERE):
        return list(sources)
    proof = bits(proven)
    return [
        replace(source, kind=OVERRULED) if source.kind == CLAIM and not bits(source.countries) & proof else source
        for source in sources
    ]


def sources(here: Situation, names: Names, details: dict[str, str] = NO_DETAILS) -> list[Source]:
    """List what every source says: proofs, then claims; `details` maps the name of a source to its detail."""
    found = [*_inventory(said(here.levels, here.first_ns, here.last_ns), here.vantage), *_published(here, names)]
    if here.country:
        found.append(Source(names.country, CLAIM, here.country))
    for name, answer in zip(names.answers, here.answers, strict=True):
        if answer.anycast:
            found.append(Source(name, CLAIM, ANYWHERE, "anycast"))
        elif answer.countries:
            found.append(Source(name, CLAIM, answer.countries))
    return _anycast([replace(each, detail=_detail(each, details)) for each in found])


def _detail(source: Source, details: dict[str, str]) -> str:
    return "; ".join(filter(None, (details.get(source.name, ""), source.detail)))


def _inventory(entries: Said, vantage: Vantage | None) -> list[Source]:
    found = [Source(entry.title, PROOF, entry.countries, _line(entry)) for entry in entries.proofs]
    found += [
        Source(entry.title, CLAIM, entry.countries, f"{_line(entry)}, not valid at the time")
        for entry in entries.claims
    ]
    if vantage and not entries.proofs:
        found.append(Source(f"inventory: vantage {vantage.name}", PROOF, vantage.country, "private address there"))
    return found


def _line(entry: Entry) -> str:
    return f"line {entry.line}"


def published_name(range_: Published, names: Names) -> str:
    """Say how evidence calls a published range."""
    return ", ".join(filter(None, (f"{range_.feed} {names.published}", range_.region)))


def _published(here: Situation, names: Names) -> list[Source]:
    """A range with a known region: a proof while in date (its edge sites included), else a claim of the region."""
    range_ = here.published
    if not range_.claimed:
        return []
    name = published_name(range_, names)
    if range_.anycast:
        return [Source(name, CLAIM, ANYWHERE, "announced from many places")]
    if covers(names.window, here.first_ns, here.last_ns):
        edges = f"region in {range_.claimed}, edge sites abroad" if range_.proven != range_.claimed else ""
        return [Source(name, PROOF, range_.proven, edges)]
    return [Source(name, CLAIM, range_.claimed, "out of date for this traffic")]


def _anycast(found: list[Source]) -> list[Source]:
    """Overrule the countries that are claimed of an address that a source calls announced from many places."""
    if not any(source.kind == CLAIM and source.countries == ANYWHERE for source in found):
        return found
    return [
        replace(source, kind=OVERRULED, detail=f"{source.detail}; anycast".removeprefix("; "))
        if source.kind == CLAIM and source.countries != ANYWHERE
        else source
        for source in found
    ]
