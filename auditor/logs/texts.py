"""Addresses as logs write them, made canonical (RFC 5952; IPv4 where an IPv6 address carries one).

IPv4 addresses are ranks while records are put together, for numbers take half the room of texts and half the time:
32 bits that are in the same order as the texts, since each octet is the rank of its own text.
"""

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from auditor.enrich.addresses import parse, quads, write
from auditor.model.flow import SIDES

_BY_TEXT: Final = sorted(range(256), key=str)
_RANK: Final = np.argsort(_BY_TEXT).astype(np.uint8)
_NONE: Final = pl.Series([None], dtype=pl.UInt32)


def ranked(texts: pl.Series) -> pl.Series:
    """Return the ranks of IPv4 addresses; null for null and for any other text.

    Where few of them are distinct, each of those is read once.
    """
    some = texts.gather_every(max(1, len(texts) // SAMPLE))
    if len(some) < SAMPLE or 2 * some.n_unique() > len(some) or texts.null_count():
        return _ranks(texts)
    numbers = texts.cast(pl.Categorical(pl.Categories.random())).to_physical().to_numpy()  # their texts are forgotten
    place = np.zeros(int(numbers.max()) + 1, np.int64)
    place[numbers] = np.arange(len(texts))  # of some text of this number
    return _ranks(texts.gather(place)).gather(numbers)


SAMPLE: Final = 1 << 13
"""Texts of which it is counted how many are distinct: finding all of those takes longer the more there are."""


def _ranks(texts: pl.Series) -> pl.Series:
    numbers = quads(texts)
    ranks = pl.Series(_RANK[numbers.fill_null(0).to_numpy().view(np.uint8)].view(np.uint32))
    return ranks.zip_with(numbers.is_not_null(), _NONE) if numbers.null_count() else ranks


def spelled(ranks: pl.Series) -> pl.Series:
    """Write the addresses of ranks."""
    high, low = (_halves().gather(half) for half in (ranks // (1 << 16), ranks % (1 << 16)))
    return pl.select(pl.concat_str(high, pl.lit("."), low).alias(ranks.name)).to_series()


def written(rows: pl.DataFrame) -> pl.DataFrame:
    """Write the addresses of rows of LOG of which a reader gave the ranks alone."""
    for side in SIDES:
        name, rank = rows[f"{side}_addr"], rows[f"{side}_rank"]
        if (name.is_null() & rank.is_not_null()).any():
            rows = rows.with_columns(name.zip_with(name.is_not_null(), spelled(rank)))
    return rows


@cache
def _halves() -> pl.Series:
    """Return the texts of two octets by their ranks."""
    octets = [str(octet) for octet in _BY_TEXT]
    return pl.Series([f"{one}.{other}" for one in octets for other in octets])


def addressed(rows: pl.DataFrame) -> pl.DataFrame:
    """Make the addresses of rows of LOG canonical, and give those that are IPv4 their ranks, where they have none.

    The address is null, and so is the rank, for a text that is none.  What readers made up stays.
    """
    for side in SIDES:
        name, rank = f"{side}_addr", f"{side}_rank"
        if not rows[rank].null_count():
            continue
        ranks = rows[rank].zip_with(rows[rank].is_not_null(), ranked(rows[name]))
        rows = rows.with_columns(ranks.alias(rank))
        odd = rows.filter(pl.col(rank).is_null() & ~pl.col(f"{side}_nameless"))[name].unique().drop_nulls()
        if len(odd):
            canon = pl.Series([canonical(text) for text in odd], dtype=pl.String)
            known = pl.DataFrame({name: odd, "canonical": canon, "found": ranked(canon)})
            joined = rows.select(name).join(known, on=name, how="left", maintain_order="left")
            kept = pl.col(rank).is_not_null() | pl.col(f"{side}_nameless")
            rows = rows.with_columns(
                pl.when(kept).then(name).otherwise(joined["canonical"]).alias(name),
                pl.coalesce(rank, joined["found"]).alias(rank),
            )
    return rows


def canonical(text: str) -> str | None:
    """Return an address in its canonical text; None for anything else."""
    try:
        return write(*parse(text.strip().strip("[]").partition("%")[0]))
    except ValueError:
        return None
