"""Load packs of rules: a folder with pack.yaml and one file a rule, by the name of a shipped pack or by path.

Rules are shipped as data: the folder `rules` at the top of a checkout, `auditor/_rules` in a wheel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from auditor.model.documents import Document, convert, nearest
from auditor.model.documents import load as read
from auditor.model.errors import InputError
from auditor.model.report import Database
from auditor.model.rule import Rule
from auditor.rules import format as form
from auditor.rules import named as names
from auditor.rules import resolve
from auditor.rules import selections as chosen
from auditor.rules.named import Named
from auditor.rules.selections import Selections

PACK_FILE: Final = "pack.yaml"
TERRITORIES_FILE: Final = "territories.yaml"
OPERATORS_FILE: Final = "operators.yaml"
SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack says about itself."""

    id: str
    title: str
    version: str
    date: str  # YYYY-MM-DD
    description: str
    file: str
    sha256: str  # of pack.yaml


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules to be judged together, in the order in which they are reported."""

    rules: tuple[Rule, ...]
    packs: tuple[Pack, ...]
    databases: tuple[Database, ...]  # the files besides the rules that decide what they mean, for a report to name


def builtin() -> Path:
    """Return the folder of the shipped rules, territories and catalogue."""
    package = Path(__file__).parents[1]
    shipped = package / "_rules"
    return shipped if shipped.is_dir() else package.parent / "rules"


def shipped() -> list[str]:
    """Return the names of the shipped packs, sorted."""
    return sorted(path.parent.name for path in builtin().glob(f"*/{PACK_FILE}"))


def catalogue_files() -> list[Path]:
    """Return the files of the shipped service catalogue, sorted."""
    return sorted((builtin() / "catalogue").glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Base:
    """What all packs share: what names may refer to, and what accounts have selected."""

    named: Named
    selections: Selections


def load(packs: Sequence[str], services: Iterable[str] = (), selections: str | Path | None = None) -> RuleSet:
    """Load packs, each the name of a shipped one or the path of a folder or a rule file.

    Rules may name the shipped services and these; `selections` is the file of what accounts have selected.

    A name of a shipped pack wins over a folder of that name here: write `./name` for the folder.  The same pack
    twice counts once.  Raise InputError for what can't be read or resolved, and for two rules with one id.
    """
    shared = read(builtin() / TERRITORIES_FILE)
    territories = names.territories(shared, convert(shared, form.Territories).territories)
    more = frozenset(services)
    choices = chosen.load(selections, territories) if selections else Selections()
    base = Base(Named(territories, {}, lambda: _service_ids() | more, _operators), choices)
    rules: list[Rule] = []
    about: list[Pack] = []
    for path in dict.fromkeys(_found(pack) for pack in packs):
        pack, members = _folder(path, base) if path.is_dir() else _single(path, base)
        about += [pack] if pack else []
        rules += members
    _refuse_twins(rules)
    known = Database(TERRITORIES_FILE, shared.sha256, _latest(shared), kind="rules")
    others = [Database(each.file, each.sha256, each.date, kind="rules") for each in about]
    if any(rule.asserts.operated for rule in rules):
        operators = read(builtin() / OPERATORS_FILE)
        others.append(Database(OPERATORS_FILE, operators.sha256, "", kind="rules"))
    return RuleSet(tuple(rules), tuple(about), (known, *others, *choices.databases))


def _found(pack: str) -> Path:
    if pack in shipped():
        return builtin() / pack
    path = Path(pack)
    if not path.exists():
        known = nearest(pack, shipped())
        raise InputError(pack, f"is neither a shipped pack nor a file or folder; {known}")
    return path.resolve()


def _folder(folder: Path, base: Base) -> tuple[Pack, list[Rule]]:
    """Load the pack in a folder, its rules in the order that pack.yaml gives or else by file name."""
    if not (folder / PACK_FILE).is_file():
        raise InputError(str(folder), f"has no {PACK_FILE}; add one, or name a single rule file")
    document, given = _pack(folder)
    mine = _of_pack(document, given, base)
    files = sorted(path for path in folder.iterdir() if _is_rule(path))
    if not files:
        raise InputError(str(folder), "holds no rule file; add one, such as my-rule.yaml")
    rules = [_rule(path, mine, given.id, f"{folder.name}/{path.name}") for path in files]
    pack = Pack(
        given.id, given.title, given.version, str(given.date), given.description, f"{folder.name}/{PACK_FILE}",
        document.sha256,
    )  # fmt: skip
    return pack, _ordered(rules, document, given.rules)


def _single(path: Path, base: Base) -> tuple[None, list[Rule]]:
    """Load one rule file; what a pack.yaml beside it names counts."""
    if (path.parent / PACK_FILE).is_file():
        document, given = _pack(path.parent)
        return None, [_rule(path, _of_pack(document, given, base), given.id, path.name)]
    alone = names.populations(Document("", {}), {}, base.named.territories)
    return None, [_rule(path, replace(base, named=replace(base.named, populations=alone)), "", path.name)]


def _pack(folder: Path) -> tuple[Document, form.Pack]:
    document = read(folder / PACK_FILE)
    return document, convert(document, form.Pack)


def _of_pack(document: Document, pack: form.Pack, base: Base) -> Base:
    """Add what a pack names."""
    known = base.named
    territories = names.territories(document, pack.territories, known.territories)
    populations = names.populations(document, pack.populations, territories)
    own = names.operators(document, pack.operators)
    return replace(base, named=Named(territories, populations, known.services, lambda: {**known.operators(), **own}))


def _is_rule(path: Path) -> bool:
    return path.suffix in SUFFIXES and path.name != PACK_FILE and not path.name.startswith(".") and path.is_file()


def _rule(path: Path, base: Base, pack: str, file: str) -> Rule:
    document = read(path)
    return resolve.rule(document, convert(document, form.Rule), base.named, pack, file, base.selections)


def _ordered(rules: list[Rule], document: Document, order: Sequence[str]) -> list[Rule]:
    """Put rules into the order of pack.yaml, which has to name each of them once if it names any."""
    if not order:
        return rules
    ids = {rule.id: rule for rule in rules}
    for index, name in enumerate(order):
        if name not in ids:
            raise document.error(f"no rule file here has the id `{name}`; {nearest(name, ids)}", "rules", index)
        if name in order[:index]:
            raise document.error(f"rule `{name}` stands twice; keep one", "rules", index)
    for rule in rules:
        if rule.id not in order:
            raise document.error(f"rule `{rule.id}` ({rule.file}) is missing here; add it", "rules")
    return sorted(rules, key=lambda rule: order.index(rule.id))


def _refuse_twins(rules: Sequence[Rule]) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in first:
            other = first[rule.id]
            raise InputError(
                rule.file, f"the id `{rule.id}` is taken by {other.file}, line {other.line}; choose another", rule.line
            )
        first[rule.id] = rule


def _latest(document: Document) -> str:
    """Return the newest date of the sources of the territories."""
    dates = [
        str(source.date)
        for territory in convert(document, form.Territories).territories.values()
        for source in territory.sources
        if source.date
    ]
    return max(dates, default="")


@lru_cache
def _service_ids() -> frozenset[str]:
    """Return the ids of the services in the catalogue."""
    return frozenset(
        service["id"] for file in catalogue_files() for service in read(file).tree["services"] if "id" in service
    )


@lru_cache
def _operators() -> Mapping[str, str]:
    """Return the country set of every operator that is known."""
    document = read(builtin() / OPERATORS_FILE)
    return names.operators(document, convert(document, form.Operators).operators)
