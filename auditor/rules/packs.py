"""Load packs of rules: a folder with pack.yaml and one file a rule, by the name of a shipped pack or by path."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from auditor.model import timeline
from auditor.model.documents import ALWAYS, Document, convert, nanoseconds, nearest
from auditor.model.documents import load as read
from auditor.model.errors import InputError, Problems, gathering
from auditor.model.report import Database
from auditor.model.rule import Rule
from auditor.rules import files, resolve
from auditor.rules import format as form
from auditor.rules import named as names
from auditor.rules import selections as chosen
from auditor.rules.files import OPERATORS_FILE, PACK_FILE, TERRITORIES_FILE, builtin, catalogue_files
from auditor.rules.named import Named
from auditor.rules.selections import Selections

MOST_ERAS: Final = 20_000  # of all rules together, which are judged one by one


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
    named: Mapping[str, Named] = field(default_factory=dict, compare=False, repr=False)
    """Identifier of a rule -> what names may refer to in its file, and in its tests."""
    notes: tuple[str, ...] = ()  # what a reader of the report has to know of them


def fitting(known: RuleSet, selections: bool) -> RuleSet:
    """Leave out, with a note, rules that ask whether selections of accounts are given where that is otherwise.

    Raise InputError if none is left: an audit that judges nothing would be an answer that nobody asked for.
    """
    apart = "none" if selections else "given"
    left = tuple(rule.id for rule in known.rules if rule.applies.selections == apart)
    if not left:
        return known
    without = "where no selections are given" if selections else "where selections are given"
    if len(left) == len(known.rules):
        remedy = "leave out --selections" if selections else "add --selections FILE"
        raise InputError(known.rules[0].file, f"holds only for audits {without}; {remedy}")
    note = f"Not judged, for they hold only {without} (--selections FILE): {', '.join(left)}."
    rules = tuple(rule for rule in known.rules if rule.id not in left)
    return replace(known, rules=rules, notes=(*known.notes, note))


@dataclass(frozen=True, slots=True)
class Base:
    """What all packs share: what names may refer to, and what accounts have selected."""

    named: Named
    selections: Selections
    problems: Problems  # of all files that are read together


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A rule file that was read; not the document, of which there may be thousands."""

    source: str  # the path of the file
    place: tuple[int, int]  # line and column of the id
    id: str  # empty: it has none that could be read
    file: str  # its name in reports
    rule: Rule | None = None  # None: what its names mean isn't known, since the file of its pack can't be read
    named: Named | None = None


def load(packs: Sequence[str], services: Iterable[str] | None = (), selections: str | Path | None = None) -> RuleSet:
    """Load packs, each the name of a shipped one or the path of a folder or a rule file.

    Rules may name the shipped services and these (None: any, since the files that list them can't be read);
    `selections` is the file of what accounts have selected.

    A name of a shipped pack wins over a folder of that name here: write `./name` for the folder.  The same pack
    twice counts once.  Raise InputErrors for all that can't be read or resolved, and for two rules with one id.
    """
    with gathering() as problems:
        shared = read(builtin() / TERRITORIES_FILE, problems)
        given = convert(shared, form.Territories)
        base = _base(names.territories(shared, given.territories), services, selections, problems)
        loaded: list[_Loaded] = []
        about: list[Pack] = []
        for path in files.found(packs, problems):
            with problems.kept():
                pack, members = _folder(path, base) if path.is_dir() else _single(path, base)
                about += [pack] if pack else []
                loaded += members
        _refuse_twins(loaded, problems)
        rules = tuple(each.rule for each in loaded if each.rule)
        _refuse_eras(loaded, problems)
        known = Database(TERRITORIES_FILE, shared.sha256, _latest(given), kind="rules")
        others = [Database(each.file, each.sha256, each.date, kind="rules") for each in about]
        if any(rule.asserts.operated for rule in rules):
            operators = read(builtin() / OPERATORS_FILE)
            others.append(Database(OPERATORS_FILE, operators.sha256, "", kind="rules"))
        named = {each.id: each.named for each in loaded if each.named}
        return RuleSet(rules, tuple(about), (known, *others, *base.selections.databases), named)


def _base(
    territories: Mapping[str, names.Territory], services: Iterable[str] | None, selections: str | Path | None,
    problems: Problems,
) -> Base:  # fmt: skip
    choices = Selections()
    with problems.kept():
        choices = chosen.load(selections, territories) if selections else choices
    more = None if services is None else frozenset(services)
    allowed = None if more is None else lambda: _service_ids() | more
    return Base(Named(territories, {}, allowed, _operators), choices, problems)


def territory(name: str) -> str:
    """Return the country set, as it is last, of a territory that all packs know; empty if there is none so named."""
    shared = read(builtin() / TERRITORIES_FILE)
    known = names.territories(shared, convert(shared, form.Territories).territories)
    return timeline.at(known[name].where, ALWAYS) if name in known else ""


def operators() -> Mapping[str, str]:
    """Return the country set of every operator that is shipped."""
    return _operators()


def _folder(folder: Path, base: Base) -> tuple[Pack | None, list[_Loaded]]:
    """Load the pack in a folder, its rules in the order that pack.yaml gives or else by file name."""
    if not (folder / PACK_FILE).is_file():
        raise InputError(str(folder), f"has no {PACK_FILE}; add one, or name a single rule file")
    found = files.rules_in(folder)
    if not found:
        base.problems.add(InputError(str(folder), "holds no rule file; add one, such as my-rule.yaml"))
    told = {path: f"{folder.name}/{path.name}" for path in found}
    beside = _beside(folder, base)
    if beside is None:
        return None, _rules(told, base, None, "")
    document, given, named = beside
    pack = Pack(
        given.id, given.title, given.version, str(given.date), given.description, f"{folder.name}/{PACK_FILE}",
        document.sha256,
    )  # fmt: skip
    return pack, _ordered(_rules(told, base, named, given.id), document, given.rules, len(found))


def _single(path: Path, base: Base) -> tuple[None, list[_Loaded]]:
    """Load one rule file; what a pack.yaml beside it names counts."""
    if not (path.parent / PACK_FILE).is_file():
        alone = names.populations(Document("", {}), {}, base.named.territories)
        return None, _rules({path: path.name}, base, replace(base.named, populations=alone), "")
    beside = _beside(path.parent, base)
    named, pack = (beside[2], beside[1].id) if beside else (None, "")
    return None, _rules({path: path.name}, base, named, pack)


def _beside(folder: Path, base: Base) -> tuple[Document, form.Pack, Named] | None:
    """Read the pack.yaml of a folder, and add what it names; None, and noted, if that can't be."""
    known = base.named
    try:
        document = read(folder / PACK_FILE, base.problems)
        given = convert(document, form.Pack)
        territories = names.territories(document, given.territories, known.territories)
        populations = names.populations(document, given.populations, territories)
        own = names.operators(document, given.operators)
    except InputError as error:
        base.problems.add(error)
        return None
    folk = tuple(populations[name].ever() for name in sorted(given.populations) if name in populations)
    day = nanoseconds(given.date)
    found = Named(territories, populations, known.services, lambda: {**known.operators(), **own}, folk, day)
    return document, given, found


def _rules(files: Mapping[Path, str], base: Base, named: Named | None, pack: str) -> list[_Loaded]:
    """Load rule files, each of which has a name in reports, as far as they can be read."""
    loaded: list[_Loaded] = []
    for path, file in files.items():
        with base.problems.kept():
            document = read(path, base.problems)
            given = convert(document, form.Rule)
            ident = "" if ("id",) in document.blamed else given.id
            loaded.append(_Loaded(document.file, document.place("id"), ident, file))
            if named is not None:
                made = resolve.rule(document, given, named, pack, file, base.selections)
                loaded[-1] = replace(loaded[-1], rule=made, named=named)
    return loaded


def _ordered(loaded: list[_Loaded], document: Document, order: Sequence[str], files: int) -> list[_Loaded]:
    """Put rules into the order of pack.yaml, which has to name each of them once if it names any.

    If some of the `files` have no id that can be read, nothing is said of names without a rule.
    """
    if not order:
        return loaded
    ids = {each.id: each for each in loaded if each.id}
    whole = all(each.id for each in loaded) and len(loaded) == files
    place: dict[str, int] = {}
    for index, name in enumerate(order):
        if name not in ids and whole:
            document.problem(f"no rule file here has the id `{name}`; {nearest(name, ids)}", "rules", index)
        if place.setdefault(name, index) != index:
            document.problem(f"rule `{name}` stands twice; keep one", "rules", index)
    for name, each in ids.items():
        if name not in place:
            document.problem(f"rule `{name}` ({each.file}) is missing here; add it", "rules")
    return sorted(loaded, key=lambda each: place.get(each.id, len(order)))


def _refuse_twins(loaded: Sequence[_Loaded], problems: Problems) -> None:
    first: dict[str, _Loaded] = {}
    for each in loaded:
        if each.id in first:
            other = first[each.id]
            taken = f"the id `{each.id}` is taken by {other.file}, line {other.place[0]}; choose another"
            problems.add(InputError(each.source, taken, *each.place))
        elif each.id:
            first[each.id] = each


def _refuse_eras(loaded: Sequence[_Loaded], problems: Problems) -> None:
    many = 0
    for each in loaded:
        many += len(each.rule.eras()) if each.rule else 0
        if many > MOST_ERAS:
            said = f"with this rule, what the rules say changes more than {MOST_ERAS:,} times; audit by fewer at a time"
            problems.add(InputError(each.source, said, *each.place))
            return


def _latest(given: form.Territories) -> str:
    """Return the newest date of the sources of the territories."""
    sources = [source for territory in given.territories.values() for source in territory.sources]
    return max((str(source.date) for source in sources if source.date), default="")


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
