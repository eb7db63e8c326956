"""Weighs what is known of hops that a trace tells of: the address in an answer is what a router wrote there.

Routers answer from addresses that their neighbours lent them, so a range that its operator publishes claims where such
a hop is and proves nothing; what the inventory says of it, and where a private one stands, is what the user knows.  A
hop makes nobody a participant, and its label says nothing of whose data it is.
"""

from typing import Final

import numpy as np
import polars as pl

from auditor.enrich.match import PRIVATE, kinds
from auditor.model.countries import ANYWHERE, bits, possible, text
from auditor.model.flow import REPORTED

HOP: Final = "hop"


def told(filled: pl.DataFrame, role: pl.Series, ground: pl.Series, side: str) -> pl.DataFrame:
    """Correct located rows where `role`, as it was read, is that of a hop of a trace.

    `ground` is the country set that the inventory alone proves of the ends on this side.
    """
    rows = ((role == HOP) & (filled["basis"] == REPORTED)).arg_true()
    if not len(rows):
        return filled
    names = [f"{side}_{name}" for name in ("addr", "role", "label", "claimed", "proven")]
    ends = filled.select(names).rename(dict(zip(names, ("addr", "role", "label", "claimed", "proven"), strict=True)))
    ends = ends[rows].with_columns(ground=ground.gather(rows))
    codes, values = kinds(ends["addr"].fill_null(""))
    public = pl.Series(np.not_equal(codes, values.index(PRIVATE)))
    merely = public & (ends["ground"] == ANYWHERE) & (ends["proven"] != ANYWHERE)
    sets = ends.filter(merely).select("claimed", "proven").unique()
    weaker = [text(bits(possible(*row))) for row in sets.iter_rows()]
    sets = sets.with_columns(pl.Series("weaker", weaker, pl.String))
    ends = ends.with_columns(merely=merely).join(sets, on=["claimed", "proven"], how="left", maintain_order="left")
    ends = ends.with_columns(
        role=pl.when(pl.col("role") == "client").then(pl.lit(HOP)).otherwise("role"),
        label=pl.lit(""),
        claimed=pl.when("merely").then("weaker").otherwise("claimed"),
        proven=pl.when("merely").then(pl.lit(ANYWHERE)).otherwise("proven"),
    )
    return filled.with_columns(
        filled[f"{side}_{name}"].clone().scatter(rows, ends[name]) for name in ("role", "label", "claimed", "proven")
    )
