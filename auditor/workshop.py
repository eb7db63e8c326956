"""Where rules are looked over and tried before they judge: strings together what `auditor rules` does.

Nothing is decided here, as in the pipeline; what the commands share is opening the files that rules are held against.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model import labels

if TYPE_CHECKING:
    from auditor.rules.lint import Given, Remark, Stock
    from auditor.rules.promises import Covered, Tried

Paths = Sequence[str | Path]


def trial(
    packs: Sequence[str] | None, tests: Paths = (), *, services: Paths = ()
) -> "tuple[list[Tried], list[Covered]]":
    """Run the examples of rules and the tests beside them, and those in `tests`; count what each rule was shown to do.

    Without names, those of all packs that are shipped.  Raise InputError for what doesn't load.
    """
    from auditor import pipeline, rules
    from auditor.judge import examples
    from auditor.rules import promises

    names = list(packs) if packs else rules.shipped()
    loaded = pipeline.all_rules(names, services)
    tried = examples.tried(promises.promises(loaded, names, tests))
    return tried, promises.coverage(loaded.rules, tried)


def look_over(
    packs: Sequence[str] | None,
    as_of: date,
    *,
    inventory: str | Path | None = None,
    services: Paths = (),
    stale: int | None = None,
) -> "Given":
    """Open all that lint looks at, for these packs; without names, for all that are shipped.

    `as_of` is the day by which dates are judged, `stale` the months after which sources are old.  Raise InputError for
    what doesn't load.
    """
    from auditor import pipeline, rules
    from auditor.enrich import embedded
    from auditor.rules import lint

    known = pipeline.catalogue(services)
    run = {entry.operator for entry in (*known.names.values(), *known.apps.values())}
    run |= {each.entry.operator for each in known.networks}
    return lint.given(
        list(packs) if packs else rules.shipped(),
        as_of,
        services=list(known.titles),
        operators=frozenset(run - {""}) | embedded.operators(),
        stock=stock(inventory) if inventory else None,
        stale=lint.STALE if stale is None else stale,
    )


def remarks(given: "Given") -> "list[Remark]":
    """Return what is wrong with rules, as far as can be known without traffic."""
    from auditor.rules import lint

    return lint.remarks(given)


def stock(inventory: str | Path) -> "Stock":
    """Return what an inventory names, for rules to be compared with."""
    from auditor.enrich.inventory import load_inventory
    from auditor.rules.lint import Label, Stock

    loaded = load_inventory(str(inventory))
    borne = [(part, entry) for entry in loaded.entries for part in labels.split(entry.label)]
    return Stock(
        loaded.file,
        tuple(Label(entry.name, entry.line, entry.countries) for entry in loaded.entries if entry.name),
        tuple(Label(part, entry.line) for part, entry in borne if not part.startswith(labels.ACCOUNT)),
        tuple(
            Label(part.removeprefix(labels.ACCOUNT), entry.line)
            for part, entry in borne
            if part.startswith(labels.ACCOUNT)
        ),
        frozenset(entry.operator for entry in loaded.entries if entry.operator),
    )
