"""Open what an audit judges by: places, the service catalogue, rules, what accounts selected, waivers.

Heavy libraries are imported when something is opened, so commands that only help stay quick.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from auditor.model.errors import gathering

if TYPE_CHECKING:
    from auditor.enrich.catalogue import Catalogue
    from auditor.enrich.places import Places
    from auditor.model.baseline import Baseline
    from auditor.rules import RuleSet
    from auditor.rules.waivers import Waivers

DEFAULT_PACK: Final = "zoom-2020"


def open_all(
    rules: Sequence[str | Path] | None,
    inventory: str | Path | None,
    geo: Sequence[str | Path],
    services: Sequence[str | Path],
    selections: str | Path | None = None,
) -> "tuple[Places, Catalogue, RuleSet]":
    """Open what an audit judges by.  Raise InputErrors for all that is wrong with any of these files."""
    with gathering() as problems:
        known = None
        with problems.kept():
            known = catalogue(services)
        with problems.kept():
            ruleset = load_rules(rules, None if known is None else known.titles, selections)
        places = open_places(inventory, geo)
        problems.settle()
        assert known is not None
        return places, known, ruleset


def load_rules(
    packs: Sequence[str | Path] | None, services: Iterable[str] | None = (), selections: str | Path | None = None
) -> "RuleSet":
    """Load the rules of an audit: packs by name or path; without any, the default pack.

    Rules may also name `services`.  Those that hold only with selections, or only without, are left out with a note.
    """
    from auditor import rules

    loaded = rules.load([str(pack) for pack in packs] if packs else [DEFAULT_PACK], services, selections)
    return rules.fitting(loaded, selections is not None)


def load_waivers(files: Sequence[str | Path], ruleset: "RuleSet", as_of: date | None) -> "Waivers":
    """Load what files waive of these rules, to be judged as of a day (of UTC)."""
    from auditor.rules import waivers

    return waivers.load(files, ruleset.rules, as_of)


def load_baseline(file: str | Path | None) -> "Baseline | None":
    """Load the findings that are known already; None: no file was given."""
    if file is None:
        return None
    from auditor.report.baseline import load

    return load(file)


def all_rules(
    packs: Sequence[str] | None, services: Sequence[str | Path] = (), selections: str | Path | None = None
) -> "RuleSet":
    """Load rule packs by name or path; without any, every pack that is shipped."""
    from auditor import rules

    with gathering() as problems:
        titles: Iterable[str] | None = None
        with problems.kept():
            titles = catalogue(services).titles if services else ()
        return rules.load(list(packs) if packs else rules.shipped(), titles, selections)


def open_places(inventory: str | Path | None, geo: Sequence[str | Path]) -> "Places":
    """Open the shipped location data, the user's databases and the inventory."""
    from auditor.enrich.places import open_places as places

    return places(inventory=inventory, geo=tuple(geo))


def catalogue(own: Sequence[str | Path] = ()) -> "Catalogue":
    """Load the shipped service catalogue, and the user's files, which come before it."""
    from auditor import rules
    from auditor.enrich.catalogue import load_catalogue

    return load_catalogue(rules.catalogue_files(), own)


def notes(rules: Sequence[str | Path] | None) -> tuple[str, ...]:
    """Say what a reader of the report has to know about how it came about."""
    return () if rules else (f"No rules were named, so the built-in pack {DEFAULT_PACK} was used.",)
