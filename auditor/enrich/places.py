"""Say of every end of every flow where it may be, who operates it, and what the inventory knows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from auditor.enrich import wide
from auditor.enrich.explain import Question, explain
from auditor.enrich.fold import fold
from auditor.enrich.ground import Said
from auditor.enrich.located import KEYS, TEXTS, locate
from auditor.enrich.opened import Opened, open_all
from auditor.enrich.reflect import reflected
from auditor.enrich.regional import claimed
from auditor.enrich.told import told
from auditor.model.flow import SIDES, UNKNOWN
from auditor.model.report import Database, Source


@dataclass(frozen=True, slots=True)
class Places:
    """Paths and settings: pickles, and opens its databases when first used, once per process."""

    inventory: str = ""  # path; empty: none
    geo: tuple[str, ...] = ()  # paths of the user's databases
    versions: tuple[tuple[int, int], ...] = ()  # time of change and size of each file: one that changed is opened anew

    def __call__(self, flows: pl.DataFrame, reflexive: pl.DataFrame | None = None) -> pl.DataFrame:
        """Fill label, site, operator, claimed and proven of both ends of FLOW rows.

        A site that is given already is the code of a region: see `regional`.
        The inventory also overrides role and plane: a plane that was found is kept if the site has it.  An operator
        that is already known is kept unless the inventory names another.  `reflexive` has the columns
        vantage, addr and public: the public addresses under which others saw a private one.
        """
        return fill(_opened(self), flows, reflexive)

    def vantages(self, names: Sequence[str]) -> tuple[list[str], list[int]]:
        """Return the names of the vantages of some inputs, sorted, and for each input the index of its own.

        An input of which no vantage is declared is of the vantage named by the empty text.
        """
        inventory = _opened(self).inventory
        each = [inventory.vantage_of(name) for name in names]
        known = sorted(set(each))
        return known, [known.index(vantage) for vantage in each]

    def seen_by(self, source: str, observer: str, carried: bool) -> str:
        """Return the vantage of an observer's records in an input: see `Inventory.seen_by`."""
        return _opened(self).inventory.seen_by(source, observer, carried)

    def explain(self, questions: Sequence[Question]) -> list[tuple[Source, ...]]:
        """List for each (address, vantage, first, last) what every source says, for traffic of that time.

        Times are nanoseconds; without one (None) every proof that was ever valid counts.
        """
        return explain(_opened(self), questions)

    def located(self, address: str, vantage: str = "") -> dict[str, str]:
        """Return what is known of one address without a time: claimed, proven, site, owner, operator and the others."""
        ends = pl.DataFrame([(vantage, address, -1, -1)], schema=KEYS, orient="row")
        return locate(_opened(self), ends).select(TEXTS).row(0, named=True)

    def networks(self, values: Sequence[str], moment: int | None) -> dict[str, wide.Spread]:
        """Say where the addresses of networks may be at a time (nanoseconds): see `wide.networks`."""
        return wide.networks(_opened(self), values, moment)

    def named(self, name: str, moment: int | None) -> Said:
        """Say what the inventory says of a site by its name at a time (nanoseconds)."""
        return wide.named(_opened(self), name, moment)

    def by_name(self) -> tuple[str, ...]:
        """Name the sites of the inventory that can be found by name alone, having no networks; in its order."""
        entries = _opened(self).inventory.entries
        return tuple(dict.fromkeys(entry.name for entry in entries if entry.name and not entry.networks))

    def bounds(self) -> tuple[int, ...]:
        """Return the moments (nanoseconds) at which some proof begins or ceases to hold."""
        return tuple(_opened(self).bounds.tolist())

    def databases(self) -> tuple[Database, ...]:
        """Describe every file that answers."""
        return _opened(self).databases()


def open_places(inventory: str | Path | None = None, geo: Sequence[str | Path] = ()) -> Places:
    """Open location data.  Raise InputError if the inventory or a database can't be used."""
    paths = ([str(inventory)] if inventory else []) + [str(path) for path in geo]
    stats = [Path(path).stat() for path in paths if Path(path).exists()]
    versions = tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)
    places = Places(str(inventory or ""), tuple(str(path) for path in geo), versions)
    _opened(places)
    return places


@lru_cache(4)
def _opened(places: Places) -> Opened:
    return open_all(places.inventory, places.geo)


def fill(opened: Opened, flows: pl.DataFrame, reflexive: pl.DataFrame | None) -> pl.DataFrame:
    """Add to flows what `locate` says of their ends."""
    begin, end = (
        pl.Series(name, opened.epochs(flows[f"{of}_ns"])) for name, of in (("begin", "first"), ("end", "last"))
    )
    ends = pl.concat(
        flows.select("vantage", pl.col(f"{side}_addr").alias("addr"), begin, end) for side in SIDES
    ).rechunk()
    distinct, ids = fold(ends)
    found = locate(opened, distinct)
    if reflexive is not None and len(reflexive):
        found = reflected(found, reflexive, lambda public: locate(opened, public))
    filled = flows
    for number, side in enumerate(SIDES):
        answers = found.select(TEXTS).select(pl.all().gather(ids[number * len(flows) : (number + 1) * len(flows)]))
        filled = claimed(filled.with_columns(_side(answers, side)), side, flows[f"{side}_site"])
        filled = told(filled, flows[f"{side}_role"], answers["ground"], side)
    return _overridden(filled).select(flows.columns)


def _side(answers: pl.DataFrame, side: str) -> list[pl.Expr]:
    """Give one side of the flows what was found of its addresses; its planes go to a column of their own."""
    operator, role = pl.col(f"{side}_operator"), pl.col(f"{side}_role")
    return [
        *(pl.lit(answers[name]).alias(f"{side}_{name}") for name in ("label", "site", "claimed", "proven", "planes")),
        pl.coalesce(_said(answers["owner"]), _said(operator), answers["operator"]).alias(f"{side}_operator"),
        pl.coalesce(_said(answers["role"]), role).alias(f"{side}_role"),
    ]


def _said(text: pl.Expr | pl.Series) -> pl.Expr:
    """Make the empty text null."""
    value = pl.lit(text) if isinstance(text, pl.Series) else text
    return pl.when(value != "").then(value)


def _overridden(flows: pl.DataFrame) -> pl.DataFrame:
    """Give flows of sites whose planes are declared one of those planes; ICMP is about traffic, and carries none."""
    icmp = pl.col("transport").is_in(("icmp", "icmp6"))
    sets = ["plane", "src_planes", "dst_planes"]
    declared = flows.filter((pl.col("src_planes") != "") | (pl.col("dst_planes") != "")).select(sets).unique()
    if not len(declared):
        return flows
    plane = [override(*row) for row in declared.iter_rows()]
    new = declared.with_columns(pl.Series("new_plane", plane, pl.String))
    joined = flows.join(new, on=sets, how="left", maintain_order="left")
    return joined.with_columns(plane=pl.when(icmp).then("plane").otherwise(pl.coalesce("new_plane", "plane")))


def override(plane: str, *declared: str) -> str:
    """Return the plane of a flow between sites: what was found if they have it, else all that they have in common.

    `declared` are the planes of its ends, joined by `+`, empty where none are declared; sites that have no plane in
    common may be using any of theirs.
    """
    sets = [set(planes.split("+")) for planes in declared if planes]
    allowed = set.intersection(*sets) or set.union(*sets)
    if plane != UNKNOWN and set(plane.split("+")) <= allowed:
        return plane
    return "+".join(sorted(allowed))
