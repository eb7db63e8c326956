"""What lint looks at, and what it says: everything is read before the first check, so a check is a plain function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from auditor.model.documents import Document, Key, convert, nanoseconds
from auditor.model.documents import load as read
from auditor.model.rule import Rule
from auditor.rules import files, packs
from auditor.rules import format as form

SEVERITIES: Final = ("error", "warning", "note")
STALE: Final = 24
"""Months after which somebody should look whether a pack, or a set that changes with time, still stands."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong: where, what, and what to do about it."""

    check: str
    severity: str  # error | warning | note
    file: str
    line: int
    rule: str  # identifier; empty: of no single rule
    what: str
    remedy: str

    @property
    def place(self) -> str:
        """File and line, as editors and CI systems read them."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as it stands in its file."""

    document: Document
    given: form.Rule

    def line(self, *path: Key) -> int:
        """Return the line of a key, or of the rule's identifier if the file lacks it."""
        return self.document.line(*path) if path else self.document.line("id")


@dataclass(frozen=True, slots=True)
class Label:
    """Where an inventory names a label, or a site, and its country set."""

    name: str
    line: int
    countries: str = ""


@dataclass(frozen=True, slots=True)
class Stock:
    """What an inventory names, by which rules can be checked."""

    file: str
    sites: tuple[Label, ...] = ()
    labels: tuple[Label, ...] = ()  # populations of clients, and whose data sites hold
    accounts: tuple[Label, ...] = ()
    operators: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Excused:
    """A waiver: where it stands, and why it does nothing (empty: it may)."""

    rule: str
    file: str
    line: int
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Given:
    """Everything that is looked at."""

    rules: tuple[Rule, ...]
    as_of: date
    written: Mapping[str, Written] = field(default_factory=dict)  # identifier of a rule -> its file
    packs: tuple[tuple[Document, form.Pack], ...] = ()
    shared: tuple[Document, form.Territories] | None = None  # the territories that all packs may use
    homes: Mapping[str, str] = field(default_factory=dict)  # operator -> country set it is controlled from
    operators: frozenset[str] | None = None  # all names that a source may give to who runs a place; None: not known
    stock: Stock | None = None
    waivers: tuple[Excused, ...] = ()
    stale: int = STALE  # months

    @property
    def now(self) -> int:
        """The first nanosecond of the day as of which is judged."""
        return nanoseconds(self.as_of)

    def remark(self, check: str, severity: str, rule: Rule, what: str, remedy: str, *path: Key) -> Remark:
        """Make the remark that names a rule's file and the line of a key path."""
        written = self.written.get(rule.id)
        file, line = (files.shown(written.document.file), written.line(*path)) if written else (rule.file, rule.line)
        return Remark(check, severity, file, line, rule.id, what, remedy)


def given(
    names: Sequence[str], as_of: date, *, services: Sequence[str] = (), operators: frozenset[str] | None = None,
    stock: Stock | None = None, waivers: Sequence[Excused] = (), stale: int = STALE,
) -> Given:  # fmt: skip
    """Load packs by name or path, and the files they stand in.  Raise InputError for what doesn't load."""
    loaded = packs.load(list(names), services)
    written: dict[str, Written] = {}
    beside: dict[Path, tuple[Document, form.Pack]] = {}
    for path in files.rule_files(names):
        document = read(path)
        rule = convert(document, form.Rule)
        written[rule.id] = Written(document, rule)
        about = path.parent / files.PACK_FILE
        if about not in beside and about.is_file():
            document = read(about)
            beside[about] = document, convert(document, form.Pack)
    shared = read(files.builtin() / files.TERRITORIES_FILE)
    own = {name: "" for _, pack in beside.values() for each in pack.operators for name in each.names}
    homes = {**own, **packs.operators()}
    for each in loaded.rules:
        homes |= each.asserts.operated.homes if each.asserts.operated else {}
    return Given(
        loaded.rules, as_of, written, tuple(beside.values()), (shared, convert(shared, form.Territories)), homes,
        operators, stock, tuple(waivers), stale,
    )  # fmt: skip
