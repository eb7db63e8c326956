"""What accounts have selected: the regions or sites in which their sessions may be carried, and since when.

    regions:
      china: {countries: [CN]}
      europe: {territory: eea}
      dedicated: {sites: [fra-1, fra-2]}
    default: {out: [china]}
    accounts:
      - {account: acme, in: [europe, dedicated], valid: {from: 2020-04-18}}
    table: accounts.csv

`in` is all that the account may use (left out: anything), `out` what it may not.  A name stands for a region of the
file, else for a territory, else for a country (ISO 3166-1).  The table holds more accounts, one a line, under the heads
`account`, `in`, `out`, `from` and `until`; several regions stand apart by spaces or semicolons.
"""

import csv
import hashlib
import io
import os
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from auditor.model import countries, labels, timeline
from auditor.model.documents import MAX_BYTES, Document, Key, convert, decoded, nearest
from auditor.model.documents import load as read
from auditor.model.errors import InputError, Problems, gathering
from auditor.model.report import Database
from auditor.model.rule import Choice, Selection
from auditor.model.strict import Mark
from auditor.model.timeline import Timeline
from auditor.rules import format as form
from auditor.rules.named import Territory, code_set, moments, territory

HEADS: Final = ("account", "in", "out", "from", "until")
MAX_TABLE: Final = 64 * MAX_BYTES  # a line takes some 60 bytes: about a million accounts


@dataclass(frozen=True, slots=True)
class Region:
    """Where a region is: countries over time, or sites by name."""

    where: Timeline = timeline.NEVER
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen, and from when (nanoseconds) until when."""

    into: tuple[Region, ...] | None  # None: anywhere
    out: tuple[Region, ...] = ()
    since: int = timeline.DAWN
    until: int = -timeline.DAWN

    def regions(self) -> tuple[Region, ...]:
        """Return all regions that the choice names."""
        return (*(self.into or ()), *self.out)

    def at(self, moment: int) -> Choice:
        """Return the choice with the countries that its regions hold at a moment."""
        inside = None if self.into is None else _countries(self.into, moment)
        return Choice(inside, _sites(self.into or ()), _countries(self.out, moment), _sites(self.out))


def _countries(regions: Sequence[Region], moment: int) -> str:
    mask = 0
    for region in regions:
        mask |= countries.bits(timeline.at(region.where, moment))
    return countries.text(mask)


def _sites(regions: Sequence[Region]) -> frozenset[str]:
    return frozenset(site for region in regions for site in region.sites)


@dataclass(frozen=True, slots=True)
class Selections:
    """All that accounts have selected; without a file, nothing is known of any."""

    accounts: Mapping[str, tuple[Chosen, ...]] = field(default_factory=dict)
    default: Chosen | None = None
    databases: tuple[Database, ...] = ()
    _made: dict[tuple[int, str], Selection] = field(default_factory=dict, compare=False, repr=False)

    def changes(self) -> set[int]:
        """Return the moments at which a choice begins or ends, or a region changes."""
        many = [each for chosen in self.accounts.values() for each in chosen]
        edges = {edge for each in many for edge in (each.since, each.until)} - {timeline.DAWN, -timeline.DAWN}
        regions = {region for each in (*many, *filter(None, [self.default])) for region in each.regions()}
        return edges | {moment for region in regions for moment in timeline.changes(region.where)}

    def at(self, moment: int, whose: str) -> Selection:
        """Return what is selected at a moment; `whose` choice counts, the rule says."""
        if (moment, whose) not in self._made:
            alike: dict[object, Choice] = {}  # accounts are many, and what they choose is little
            now: dict[str, Choice] = {}
            for account, many in self.accounts.items():
                for each in many:
                    if each.since <= moment < each.until or (moment == timeline.DAWN == each.since):
                        what = each.into, each.out
                        now[account] = alike[what] if what in alike else alike.setdefault(what, each.at(moment))
            default = None if self.default is None else self.default.at(moment)
            file = self.databases[0].name if self.databases else ""
            self._made[moment, whose] = Selection(whose, now, default, file)
        return self._made[moment, whose]


def load(path: Path | str, territories: Mapping[str, Territory]) -> Selections:
    """Read a file of selections and its table.  Raise InputErrors, with their places, for all that doesn't resolve."""
    with gathering() as problems:
        return _load(path, territories, problems)


def _load(path: Path | str, territories: Mapping[str, Territory], problems: Problems) -> Selections:
    document = read(path, problems)
    given = convert(document, form.Selections)
    names = {name: _region(document, region, territories, "regions", name) for name, region in given.regions.items()}
    for name in names:
        if countries.known(name) or name in territories:
            said = f"`{name}` is the name of a country or a territory, which every choice may name; choose another one"
            document.problem(said, "regions", name, of_key=True)
    default = None if given.default is None else chosen(document, given.default, names, territories, "default")
    found: dict[str, list[Chosen]] = {}
    for index, each in enumerate(given.accounts):
        at = ("accounts", index)
        since, until = moments(document, each.valid.since, each.valid.until, *at, "valid")
        _add(found, each.account, _valid(chosen(document, each, names, territories, *at), since, until), document, *at)
    databases = [Database(Path(document.file).name, document.sha256, "", kind="selections")]
    if given.table:
        try:
            table = _beside(Path(path), given.table)
        except ValueError as error:
            document.problem(f"`{given.table}` {error}", "table")
        else:
            databases.append(_table(table, found, names, territories, problems))
    return Selections({account: tuple(many) for account, many in found.items()}, default, tuple(databases))


def _beside(path: Path, table: str) -> Path:
    """Return the file of a table, which has to be a whole file in the folder of the selections.

    Raise ValueError otherwise: whoever sends selections would choose what is read of the machine that audits.
    """
    if table in (".", "..") or Path(table).name != table:
        raise ValueError("is no file beside this one; give its name alone")
    found = path.parent / table
    if os.path.exists(found) and not os.path.isfile(found):
        raise ValueError("is no regular file; give a CSV table")
    return found


def table_of(path: Path) -> Path | None:
    """Return the table that a file of selections names, whether or not it can be read; None if the file names none."""
    try:
        tree = read(path).tree if path.is_file() else None
        named = tree.get("table") if isinstance(tree, dict) else None
        return _beside(path, named) if isinstance(named, str) and named else None
    except (InputError, OSError, ValueError):
        return None


def _region(document: Document, given: form.Region, territories: Mapping[str, Territory], *path: Key) -> Region:
    if sum(each is not None for each in (given.countries, given.territory, given.sites)) != 1:
        document.problem(f"region `{path[-1]}` needs either countries, a territory or sites", *path)
    if given.sites is not None:
        return Region(sites=frozenset(given.sites))
    if given.territory is not None:
        return Region(territory(document, given.territory, territories, *path, "territory").where)
    return Region(timeline.always(code_set(document, given.countries or (), *path, "countries")))


def chosen(
    document: Document, given: form.Chosen, names: Mapping[str, Region], territories: Mapping[str, Territory],
    *path: Key,
) -> Chosen:  # fmt: skip
    """Resolve the regions that an account opted into and out of."""
    if given.into is None and not given.out:
        document.problem("says nothing; add regions under `in` or `out`", *path)
    into = None if given.into is None else _named(document, given.into, names, territories, *path, "in")
    return Chosen(into, _named(document, given.out, names, territories, *path, "out"))


def _named(
    document: Document, given: Sequence[str], names: Mapping[str, Region], territories: Mapping[str, Territory],
    *path: Key,
) -> tuple[Region, ...]:  # fmt: skip
    for index, name in enumerate(given):
        if _found(name, names, territories) is None:
            document.problem(f"unknown region `{name}`; {nearest(name, {*names, *territories})}", *path, index)
    return tuple(region for name in given if (region := _found(name, names, territories)))


def _found(name: str, names: Mapping[str, Region], territories: Mapping[str, Territory]) -> Region | None:
    if name in names:
        return names[name]
    if name in territories:
        return Region(territories[name].where)
    return Region(timeline.always(countries.of([name]))) if countries.known(name) else None


def _valid(chosen: Chosen, since: int | None, until: int | None) -> Chosen:
    first = timeline.DAWN if since is None else since
    return Chosen(chosen.into, chosen.out, first, -timeline.DAWN if until is None else until)


def _add(found: dict[str, list[Chosen]], account: str, chosen: Chosen, document: Document, *path: Key) -> None:
    """Keep one choice an account and time, in the order of time."""
    if fault := labels.fault(account) or ("begins or ends with a blank; leave it out" * (account != account.strip())):
        document.problem(f"`{account}` {fault}", *path)
    many = found.setdefault(account, [])
    at = bisect(many, chosen.since, key=_since)
    if any(chosen.since < other.until and other.since < chosen.until for other in many[max(at - 1, 0) : at + 1]):
        document.problem(f"account `{account}` has two selections at one time; give them dates", *path)
    many.insert(at, chosen)


def _since(chosen: Chosen) -> int:
    return chosen.since


def _table(
    path: Path, found: dict[str, list[Chosen]], names: Mapping[str, Region], territories: Mapping[str, Territory],
    problems: Problems,
) -> Database:  # fmt: skip
    """Add the accounts of a CSV table (RFC 4180) to those found; its first line holds the heads."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_TABLE + 1)
    except OSError as error:
        raise InputError(str(path), f"can't be read ({error.strerror}); give the table of accounts") from None
    if len(data) > MAX_TABLE:
        raise InputError(str(path), f"is larger than {MAX_TABLE >> 20} MiB; split it into several files")
    text = decoded(data, str(path))
    seen: list[InputError] = []  # of all rows, so that there is an end to them
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        heads = [head.strip().lower() for head in rows.fieldnames or ()]
        _check_heads(path, heads)
        rows.fieldnames = heads
        for row in rows:
            document = Document(str(path), {}, Mark(rows.line_num - 1), problems=problems, found=seen)
            _add(found, *_row(document, row, names, territories), document)
    except csv.Error as error:
        raise InputError(str(path), f"is not CSV ({error}); check its quotes", rows.line_num) from None
    return Database(path.name, hashlib.sha256(data).hexdigest(), "", kind="selections")


def _check_heads(path: Path, heads: Sequence[str]) -> None:
    for head in heads:
        if head not in HEADS or heads.count(head) > 1:
            raise InputError(str(path), f"unknown or repeated column `{head}`; the heads are {', '.join(HEADS)}", 1)
    if "account" not in heads:
        raise InputError(str(path), "has no column `account`; name it in the first line", 1)


def _row(
    document: Document, row: Mapping[str | None, str | None], names: Mapping[str, Region],
    territories: Mapping[str, Territory],
) -> tuple[str, Chosen]:  # fmt: skip
    """Read one line of the table."""
    if None in row:
        document.problem("has more fields than heads; put a field that holds commas in quotes")
    if None in row.values():
        document.problem("has fewer fields than heads; write the empty ones too, or what was cut off is not known")
    told = {head: (row.get(head) or "").strip() for head in HEADS}
    if not told["account"]:
        document.problem("names no account; fill the column `account`")
    into, out = (tuple(told[head].replace(";", " ").split()) for head in ("in", "out"))
    if told["in"] and not into:
        document.problem("names no region under `in`; leave it empty to allow any")
    given = form.Chosen(into or None, out)
    since, until = (_day(document, told[head]) for head in ("from", "until"))
    choice = chosen(document, given, names, territories)
    return told["account"], _valid(choice, *moments(document, since, until))


def _day(document: Document, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        document.problem(f"`{text}` is no day; write it as YYYY-MM-DD")
        return None
