"""Addresses as logs write them, made canonical (RFC 5952; IPv4 where an IPv6 address carries one)."""

from typing import Final

import polars as pl

from auditor.enrich.addresses import parse, write
from auditor.model.flow import SIDES

PLAIN: Final = r"^(?:(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])\.){3}(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$"


def addressed(rows: pl.DataFrame) -> pl.DataFrame:
    """Make the addresses of rows of LOG canonical; null for a text that is none.  What readers made up stays."""
    for side in SIDES:
        name = f"{side}_addr"
        whole = pl.col(name).str.contains(PLAIN) | pl.col(f"{side}_nameless")
        odd = rows.filter(~whole)[name].unique().drop_nulls()
        if len(odd):
            known = pl.DataFrame({name: odd, "canonical": [canonical(text) for text in odd]}, schema_overrides=_TEXT)
            joined = rows.select(name).join(known, on=name, how="left", maintain_order="left")["canonical"]
            rows = rows.with_columns(pl.when(whole).then(name).otherwise(joined).alias(name))
    return rows


_TEXT: Final = {"canonical": pl.String}


def canonical(text: str) -> str | None:
    """Return an address in its canonical text; None for anything else."""
    try:
        return write(*parse(text.strip().strip("[]").partition("%")[0]))
    except ValueError:
        return None
