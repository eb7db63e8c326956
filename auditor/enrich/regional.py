"""What follows from the region in which a record says that an end is: a claim, beside those of databases."""

from typing import Final

import polars as pl

from auditor.enrich import regions
from auditor.model import countries
from auditor.model.report import Source

NAMELESS: Final = "@"
"""Begins the name of an end that has no address; what follows may be the code of a region."""


def claimed(flows: pl.DataFrame, side: str, given: pl.Series) -> pl.DataFrame:
    """Add to the claims on one side of flows those of the regions that records gave, and keep their codes as sites."""
    if (given == "").all():
        return flows
    site, said = f"{side}_site", f"{side}_claimed"
    pairs = pl.DataFrame({"given": given, "claimed": flows[said]}).unique()
    joined = [_joined(code, before) for code, before in pairs.iter_rows()]
    known = pairs.with_columns(joined=pl.Series(joined, dtype=pl.String))
    rows = pl.DataFrame({"given": given, "claimed": flows[said]}).join(
        known, on=["given", "claimed"], how="left", maintain_order="left"
    )
    return flows.with_columns(
        rows["joined"].alias(said), pl.when(pl.col(site) == "").then(given).otherwise(pl.col(site)).alias(site)
    )


def _joined(code: str, before: str) -> str:
    found = regions.countries(code)
    return countries.text(countries.bits(found) | countries.bits(before)) if found and before else found or before


def explained(address: str) -> tuple[Source, ...]:
    """Say what the name of an end without address claims, if it is the code of a region."""
    found = regions.countries(address.removeprefix(NAMELESS))
    database = regions.database()
    name = f"{database.name} {database.date}, {address.removeprefix(NAMELESS)}"
    return (Source(name, "claim", found),) if found else ()
