"""Seal a digest: give every touched end the audience of its session, and the place that all evidence leaves it.

What is known of a participant counts within its session only, for people move; what is known of a place
counts wherever its address occurs.  Private addresses name other machines at every vantage, so for them
"wherever" means the same vantage.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from auditor.digest import PARTY
from auditor.judge.audience import Audience, Member, audiences, members
from auditor.judge.held import Evidence, Integers, codes, enum, enums
from auditor.model import countries, flow

LOCAL: Final = (
    r"^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\.|"
    r"0\.|224\.0\.0\.|255\.255\.255\.255$|f[cd][0-9a-f]{2}:|fe[89a-f][0-9a-f]:|ff02:|::1?$)"
)
"""Addresses that mean another machine elsewhere: those that `enrich.special` calls private, as text."""

_KEEP: Final = ("vantage", "basis", "app", "plane", "service", "outcome", "encrypted")
_COUNTS: Final = ("flows", "packets", "bytes", "first_ns", "last_ns", "witness")
_BLANK: Final = {
    "role": flow.UNKNOWN, "label": "", "site": "", "operator": "", "claimed": "", "proven": countries.ANYWHERE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sealed:
    """A digest that is ready to be judged."""

    ends: pl.DataFrame  # one row per end of each row of the digest: ENDS
    members: tuple[Member, ...]
    audiences: tuple[Audience, ...]  # the first is nobody
    people: pl.DataFrame  # audience, member -> example, witness, vantage, role: the smallest of each
    names: tuple[str, ...]  # of the sessions that have one, by id; a flow of its own has a greater id


def seal(digest: pl.DataFrame) -> Sealed:
    """Make a row of each end of a DIGEST, with its audience (a number) and its place (country sets)."""
    names = digest["session"].drop_nulls().unique().sort()
    ends = _ends(digest, names)
    touch, machine = _touches(ends)
    ends = enums(ends.drop("addr"))
    evidence = Evidence(ends)
    party, own = ends["party"].to_numpy(), ends["own"].to_numpy()
    for some, group in ((~party, machine), (party & ~own, touch)):
        evidence.combine(np.flatnonzero(some), group[some])
    folk, member = members(ends, evidence, touch)
    crowds, audience = audiences(ends, member, touch)
    ends = ends.with_columns(
        audience=pl.Series(audience),
        touch=pl.Series(touch),
        member=pl.Series(member),
        possible=enum(evidence.column(1))[1],
        proof=enum(evidence.column(2))[1],
    ).filter("there")
    takers = _present(ends).filter(pl.col("member") >= 0).group_by("audience", "member")
    people = takers.agg(pl.col("example", "witness", "vantage", "role").min())
    ends = ends.drop("account", "label", "claimed", "proven", "there", "party", "carried")
    return Sealed(ends, folk, crowds, people, tuple(names))


def _present(ends: pl.DataFrame) -> pl.DataFrame:
    """Leave out who was turned away from a session in which something went on."""
    rejected = pl.col("outcome") == flow.REJECTED
    busy = ends.filter(~rejected)["id"].unique()
    return ends.filter(~rejected | ~pl.col("id").is_in(busy.implode()))


def _ends(digest: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Make two rows of each: first all of src, then all of dst.  `there` is false where nothing is known of an end."""
    ids = pl.DataFrame({"session": names, "name": pl.int_range(len(names), eager=True)})
    name = digest.select("session").join(ids, on="session", how="left", maintain_order="left")["name"]
    rows = _coded(digest.drop("session")).lazy().with_row_index("row")
    rows = rows.with_columns(pl.col("row").cast(pl.Int64), name=name).with_columns(
        id=pl.coalesce("name", pl.col("row") + len(names)),
        own=pl.col("name").is_null(),
        carried=(pl.col("outcome") == flow.CARRIED) & (pl.col("basis") != flow.OFFERED),
    )
    return pl.concat([_side(rows, "src", "from"), _side(rows, "dst", "to")]).collect()


def _coded(digest: pl.DataFrame) -> pl.DataFrame:
    """Make Enums of all text but addresses, of both ends the same; where nothing is said there is a word for that."""
    alike: list[tuple[list[str], str | None]] = [([name], "") for name in ("account", *_KEEP)]
    alike += [([f"{side}_{name}" for side in flow.SIDES], word) for name, word in (*_BLANK.items(), ("example", None))]
    for names, word in alike:
        said = pl.concat([digest[name].drop_nulls().unique().rename("") for name in names])
        words = said if word is None else pl.concat([said, pl.Series("", [word], pl.String)])
        kind = pl.Enum(words.unique().sort())
        columns = (pl.col(name) if word is None else pl.col(name).fill_null(word) for name in names)
        digest = digest.with_columns(column.cast(kind) for column in columns)
    return digest


def _side(rows: pl.LazyFrame, side: str, direction: str) -> pl.LazyFrame:
    ends = rows.select(
        "row", "id", "own", "carried", "account", *_KEEP, *_COUNTS,
        dst=pl.lit(side == "dst"),
        direction=pl.when("known").then(pl.lit(direction)).otherwise(pl.lit(flow.UNKNOWN)),
        addr=f"{side}_addr",
        example=f"{side}_example",
        **{name: f"{side}_{name}" for name in _BLANK},
    )  # fmt: skip
    blank = [pl.col("example").is_null(), *(pl.col(name) == word for name, word in _BLANK.items())]
    there = ~pl.all_horizontal(blank)
    return ends.with_columns(there=there, party=there & pl.col("role").is_in(PARTY))


def _touches(ends: pl.DataFrame) -> tuple[Integers, Integers]:
    """Number the touches (one address in one session, or one end of a flow of its own), and the machines touched.

    Ends without an address are told apart by what is known of them.
    """
    addr = pl.col("addr")
    if ends["vantage"].n_unique() > 1:
        addr = pl.when(addr.str.contains(LOCAL)).then(pl.format("{}@{}", "addr", "vantage")).otherwise(addr)
    if ends["addr"].has_nulls():
        addr = pl.coalesce(addr, pl.concat_str(pl.lit("#"), "role", "claimed", "proven", "site", separator="&"))
    distinct, machine = codes(ends.select(addr).to_series())
    own, party = ends["own"].to_numpy(), ends["party"].to_numpy()
    touch = np.arange(len(ends), dtype=np.int64)
    in_session = (ends["id"].to_numpy() * len(distinct) + machine) * 2 + party
    _, number = np.unique(in_session[~own], return_inverse=True)
    touch[~own] = len(ends) + number
    return touch, machine
