"""Where rules are looked over and tried before they judge: strings together what `auditor rules` does.

Nothing is decided here, as in the pipeline; what the commands share is opening the files that rules are held against.
"""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model import labels
from auditor.model.errors import InputError

if TYPE_CHECKING:
    from auditor.rules.lint import Excused, Given, Remark, Stock
    from auditor.rules.new import Wanted
    from auditor.rules.promises import Covered, Tried

Paths = Sequence[str | Path]


def trial(
    packs: Sequence[str] | None, tests: Paths = (), *, services: Paths = ()
) -> "tuple[list[Tried], list[Covered]]":
    """Run the examples of rules and the tests beside them, and those in `tests`; count what each rule was shown to do.

    Without names, those of all packs that are shipped.  Raise InputError for what doesn't load.
    """
    from auditor import opening, rules
    from auditor.judge import examples
    from auditor.rules import promises

    names = list(packs) if packs else rules.shipped()
    loaded = opening.all_rules(names, services)
    tried = examples.tried(promises.promises(loaded, names, tests))
    return tried, promises.coverage(loaded.rules, tried)


def look_over(
    packs: Sequence[str] | None,
    as_of: date,
    *,
    inventory: str | Path | None = None,
    services: Paths = (),
    waivers: Paths = (),
    stale: int | None = None,
) -> "Given":
    """Open all that lint looks at, for these packs; without names, for all that are shipped.

    `as_of` is the day by which dates are judged, `stale` the months after which sources are old.  Raise InputError for
    what doesn't load.
    """
    from auditor import opening, rules
    from auditor.enrich import embedded
    from auditor.rules import lint

    known = opening.catalogue(services)
    run = {entry.operator for entry in (*known.names.values(), *known.apps.values())}
    run |= {each.entry.operator for each in known.networks}
    given = lint.given(
        list(packs) if packs else rules.shipped(),
        as_of,
        services=list(known.titles),
        operators=frozenset(run - {""}) | embedded.operators(),
        stock=stock(inventory) if inventory else None,
        stale=lint.STALE if stale is None else stale,
    )
    return replace(given, waivers=_excused(waivers, given)) if waivers else given


def _excused(paths: Paths, given: "Given") -> "tuple[Excused, ...]":
    """Load waivers, and say of those that do nothing why not."""
    from auditor.judge import waive
    from auditor.rules import waivers
    from auditor.rules.lint import Excused

    loaded = waivers.load(paths, given.rules, given.as_of).waivers
    needless = dict(waive.shadowed(loaded))
    found = []
    for each in loaded:
        why, remedy = "", ""
        if each.expires <= given.as_of:
            why, remedy = f"expired on {each.expires}", "remove it, or have it approved anew"
        elif wider := needless.get(each):
            why, remedy = f"is needless: {wider.file}, line {wider.line}, accepts as much for as long", "remove it"
        found.append(Excused(each.rule, each.file, each.line, why, remedy))
    return tuple(found)


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


def write_pack(wanted: "Wanted", folder: Path) -> list[Path]:
    """Write a new pack and return its files; nothing is written unless it loads and does what it promises.

    Raise InputError for a folder that exists, and for what makes no pack.
    """
    from auditor.rules import load, new, packs, speaks

    if folder.exists() or folder.is_symlink():
        raise InputError(str(folder), "exists already, and nothing is overwritten; name another folder")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", wanted.id):
        raise InputError(str(folder), f"`{wanted.id}` names the pack: use small letters, digits and single hyphens")
    wanted = replace(wanted, territory=packs.territory(wanted.participants.partition(" ")[2]))
    texts = new.pack(wanted)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as space:
            draft = Path(space) / folder.name
            draft.mkdir()
            for name, text in texts.items():
                (draft / name).write_text(text, encoding="utf-8")
            _tried(draft)
            sentences = [(rule.id, speaks(rule)) for rule in load([f"{draft}"]).rules]
            (draft / "README.md").write_text(new.readme(wanted, sentences), encoding="utf-8")
            draft.rename(folder)
    except OSError as error:
        raise InputError(str(folder), f"can't be written: {error.strerror}; does the folder above it exist?") from None
    return [folder / name for name in sorted([*texts, "README.md"])]


def _tried(draft: Path) -> None:
    """Refuse a pack that doesn't load, or whose examples don't hold: then its options exclude each other."""
    try:
        tried, covered = trial([str(draft)])
    except InputError as error:
        raise InputError("auditor rules new", f"{error.message} (in what would be {Path(error.source).name})") from None
    wrong = [each.promise.rule.id for each in tried if not each.kept]
    wrong += [each.rule.id for each in covered if each.missing]
    if wrong:
        raise InputError("auditor rules new", f"the options make no rule that works ({wrong[0]}); change them")
