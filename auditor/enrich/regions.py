"""Where a region or data centre is that a log names by its provider's code: `aws/eu-west-1`, `zoom/SC`.

The table is data (`auditor/data/regions.yaml`), each provider with its sources.  What it says is the provider's word on
its own machines, hence a claim: AWS counts Local Zones in other countries as part of a region, for one.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from auditor.enrich.format import ID, ProviderText, RegionsText
from auditor.model.countries import known, of
from auditor.model.documents import Document, convert, loads
from auditor.model.errors import InputError
from auditor.model.report import Database

FILE: Final = "auditor/data/regions.yaml"
CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,62}")
MAX_CODE: Final = 128
"""Characters of a code with its provider; longer text is none."""

Table = dict[str, tuple[dict[str, str], re.Pattern[str]]]
"""Provider -> country sets by code in small letters; and the pattern of a zone, which begins with its region."""


@lru_cache(1 << 12)
def countries(code: str) -> str:
    """Return the country set in which a region is, given as `provider/code` in any case; empty if it is not known."""
    provider, slash, region = code.lower().partition("/") if len(code) <= MAX_CODE else ("", "", "")
    if not slash or provider not in _table():
        return ""
    where, zone = _table()[provider]
    if region in where:
        return where[region]
    found = zone.fullmatch(region)
    return where.get(found[1], "") if found else ""


def codes(provider: str) -> tuple[str, ...]:
    """List the codes of a provider's regions, without the provider; raise KeyError for one that is not known."""
    return tuple(_table()[provider][0])


def database() -> Database:
    """Return what a report says of the table; its date is that of the youngest source."""
    document = _document()
    given = convert(document, RegionsText)
    dates = [source.date for provider in given.providers for source in provider.sources if source.date]
    return Database("regions of providers", document.sha256, max(dates).isoformat() if dates else "", kind="regions")


@cache
def _table() -> Table:
    return table(_document())


def _document() -> Document:
    try:
        data = files("auditor.data").joinpath("regions.yaml").read_bytes()
    except OSError:
        raise InputError(FILE, "is missing; install the package again") from None
    return loads(data, FILE)


def table(document: Document) -> Table:
    """Read a file of regions.  Raise InputError, with file and place, for what does not fit or is said twice."""
    found: Table = {}
    for index, provider in enumerate(convert(document, RegionsText).providers):
        here = ("providers", index)
        if not ID.fullmatch(provider.id):
            raise document.error(f"`{provider.id}` is no id; use a-z, 0-9, dots and hyphens", *here, "id")
        if provider.id in found:
            raise document.error(f"provider `{provider.id}` stands twice; keep one", *here, "id")
        if provider.regions and not provider.sources:
            raise document.error("regions without a source; say who tells where they are", *here, "sources")
        try:
            zone = re.compile(f"(.+?)(?:{provider.zone})")
        except re.error:
            raise document.error(f"`{provider.zone}` is no pattern", *here, "zone") from None
        found[provider.id] = _regions(document, index, provider), zone
    return found


def _regions(document: Document, index: int, provider: ProviderText) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, named in provider.regions.items():
        here = ("providers", index, "regions", code)
        if not CODE.fullmatch(code):
            raise document.error(f"`{code}` is no code of a region", *here, of_key=True)
        if code.lower() in found:
            raise document.error(f"region `{code}` stands twice; keep one", *here, of_key=True)
        codes = [named] if isinstance(named, str) else named
        if not codes or not all(map(known, codes)):
            raise document.error(f"`{'+'.join(codes)}` is no country; write ISO 3166-1 codes, such as DE", *here)
        found[code.lower()] = of(codes)
    return found
