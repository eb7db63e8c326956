"""Facts in columns: a table for each kind, in which a fact takes some hundred bytes and no Python object.

A row has the five words of `PLACE`, then what the facts of its kind say besides: an address as two words, numbers and
booleans in one, texts as numbers into a list, two to a word; then when and how often it was said, which is folded.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import compress
from operator import attrgetter
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from auditor.read import crowds
from auditor.read.arrays import I64, U64, Bool
from auditor.read.facts.model import Fact, Flow
from auditor.read.repeats import FOLDS
from auditor.read.table import Column, Table

PLACE: Final = ("src_hi", "src_lo", "dst_hi", "dst_lo", "rest")
"""Where the words of the addresses stand, and `rest`: vantage << 48 | protocol << 32 | source port << 16 | destination
port.  Of facts that speak of no flow all but the vantage is 0."""
TALLY: Final = ("witness", "first_ns", "last_ns", "packets", "bytes")
FEW: Final = 1 << 15  # facts that are made at a time

Kind = TypeVar("Kind", bound=Fact)
_LOW: Final = (1 << 64) - 1
_8, _16, _32, _48 = (np.uint64(n) for n in (8, 16, 32, 48))
_B, _S, _W = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)


class Layout:
    """Where the fields of one kind of facts stand in its rows: a word, a shift, and what is there."""

    def __init__(self, kind: type[Fact]) -> None:
        own = [(each.name, each.type) for each in fields(kind) if each.name not in ("vantage", *TALLY)]
        self.flow = any(type_ == Flow for _, type_ in own)
        self.names = tuple(name for name, _ in own)
        self.address = "address" in self.names
        word = len(PLACE) + 2 * self.address
        small = [(name, type_) for name, type_ in own if type_ in (int, bool) and name != "address"]
        small.sort(key=lambda each: each[1] is bool)
        self.small: dict[str, tuple[int, int]] = {}  # bit, width
        at = 0
        for name, type_ in small:
            self.small[name] = at, 1 if type_ is bool else 32
            at += self.small[name][1]
        self.sign = at  # the bit that says that there is no address (-1)
        self.smalls = word
        word += bool(small) or self.address
        texts = [name for name, type_ in own if type_ is str]
        self.texts = {name: (word + i // 2, 32 * (i % 2)) for i, name in enumerate(texts)}
        self.words = word + (len(texts) + 1) // 2
        self.read: Callable[[Any], tuple[Any, ...]] = attrgetter("vantage", *self.names)


LAYOUTS: Final = {kind: Layout(kind) for kind in Fact.__subclasses__()}


class Columns:
    """The facts of one kind; fields are columns by name, texts as numbers."""

    def __init__(self, kind: type[Kind], columns: Sequence[Column], texts: Sequence[str]) -> None:
        self.kind, self.columns, self.texts = kind, list(columns), texts
        self.layout = LAYOUTS[kind]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a field: numbers, booleans, the numbers of texts, the vantage, or a column of PLACE or TALLY."""
        if name in TALLY:
            return self.columns[self.layout.words + TALLY.index(name)]
        if name in PLACE:
            return self.columns[PLACE.index(name)]
        if name == "vantage":
            return (self["rest"] >> _48).view(np.int64)
        if name in self.layout.texts:
            word, shift = self.layout.texts[name]
            return (self.columns[word] >> np.uint64(shift) & _W).view(np.int64)
        bit, width = self.layout.small[name]
        value = self.columns[self.layout.smalls] >> np.uint64(bit) & np.uint64((1 << width) - 1)
        return value.view(np.int64) if width > 1 else value != 0

    @property
    def address(self) -> tuple[U64, U64]:
        """The words of the addresses; of none all bits are set."""
        return self.columns[len(PLACE)], self.columns[len(PLACE) + 1]

    @property
    def nowhere(self) -> Bool:
        """Which facts have no address."""
        none: Bool = self.columns[self.layout.smalls] >> np.uint64(self.layout.sign) & np.uint64(1) != 0
        return none

    def says(self, name: str, *wanted: str) -> Bool:
        """Say of which facts a field is one of these texts."""
        same: Bool = np.array([text in wanted for text in self.texts], bool)[self[name]]
        return same

    def with_text(self, name: str, new: I64) -> "Columns":
        """Return the facts with other texts in a field: by the number of each text that of the one in its place."""
        word, shift = self.layout.texts[name]
        columns = list(self.columns)
        columns[word] = columns[word] & ~(_W << np.uint64(shift)) | new[self[name]].view(np.uint64) << np.uint64(shift)
        return Columns(self.kind, columns, self.texts)

    def of_nobody(self, name: int) -> "Columns":
        """Return messages of calls as messages of none."""
        bit, _ = self.layout.small["call"]
        found = self.with_text("call_id", np.full(len(self.texts), name))
        found.columns[self.layout.smalls] = found.columns[self.layout.smalls] & ~np.uint64(1 << bit)
        return found

    def take(self, which: NDArray[Any] | slice) -> "Columns":
        """Return some rows, by their positions or by a mask."""
        return Columns(self.kind, [column[which] for column in self.columns], self.texts)

    def by_time(self) -> I64:
        """Return the positions in the order of the first time, then of place."""
        return np.lexsort((*(self[name] for name in reversed(PLACE)), self["first_ns"]))

    def facts(self) -> Iterator[Any]:
        """Make the facts, some at a time."""
        for begin in range(0, len(self), FEW):
            yield from self.take(slice(begin, begin + FEW))._made()

    def _made(self) -> Iterator[Fact]:
        own = [self._values(name) for name in self.layout.names]
        tallies = [self[name].tolist() for name in TALLY]
        return map(self.kind, self["vantage"].tolist(), *tallies, *own)

    def _values(self, name: str) -> list[Any]:
        """Return one field as Python has it."""
        if name == "flow":
            rest = self["rest"]
            sport, dport, protocol = (each.tolist() for each in (rest >> _16 & _S, rest & _S, rest >> _32 & _B))
            source, target = _whole(self["src_hi"], self["src_lo"]), _whole(self["dst_hi"], self["dst_lo"])
            return list(zip(source, sport, target, dport, protocol, strict=True))
        if name == "address":
            found = _whole(*self.address)
            for row in np.flatnonzero(self.nowhere).tolist():
                found[row] = -1
            return found
        values: list[Any] = self[name].tolist()
        return [self.texts[number] for number in values] if name in self.layout.texts else values


class Said:
    """The facts of all kinds."""

    def __init__(self) -> None:
        self.room = crowds.ROWS
        self.level = 0  # of the calls, one in 2 ** level is followed
        self.numbers: dict[str, int] = {}  # of texts
        self.tables: dict[type[Fact], Table] = {}
        self._instead: dict[type[Fact], Columns] = {}

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "Said":
        """Put facts into columns."""
        said = cls()
        kinds: dict[type[Fact], list[Fact]] = {}
        for fact in facts:
            kinds.setdefault(type(fact), []).append(fact)
        for kind, found in kinds.items():
            said.add(kind, *_read(kind, found))
        return said

    def add(self, kind: type[Fact], rows: Sequence[tuple[Any, ...]], tallies: Sequence[I64]) -> None:
        """Add facts of one kind: their fields as `Layout.read` reads them, and columns of their tallies."""
        self.table(kind).append(self._columns(kind, rows, tallies))

    def _columns(self, kind: type[Fact], rows: Sequence[tuple[Any, ...]], tallies: Sequence[I64]) -> list[Column]:
        form = LAYOUTS[kind]
        vantages, *own = zip(*rows, strict=True)
        by_name = dict(zip(form.names, own, strict=True))
        words = [np.zeros(len(rows), np.uint64) for _ in range(form.words)]
        words[4] |= _u64(vantages) << _48
        if form.flow:
            source, sport, target, dport, protocol = zip(*by_name["flow"], strict=True)
            words[:4] = [*_halves(source), *_halves(target)]
            words[4] |= _u64(protocol) << _32 | _u64(sport) << _16 | _u64(dport)
        if form.address:
            words[5:7] = _halves(by_name["address"])
            words[form.smalls] |= _u64([value < 0 for value in by_name["address"]]) << np.uint64(form.sign)
        for name, (bit, _) in form.small.items():
            words[form.smalls] |= _u64(by_name[name]) << np.uint64(bit)
        number, numbers = self.numbers.setdefault, self.numbers
        for name, (word, shift) in form.texts.items():
            words[word] |= _u64([number(text, len(numbers)) for text in by_name[name]]) << np.uint64(shift)
        return [*words, *(np.ascontiguousarray(column) for column in tallies)]

    def table(self, kind: type[Fact]) -> Table:
        """Return the table of the facts of one kind."""
        if kind not in self.tables:
            self.tables[kind] = Table(LAYOUTS[kind].words, FOLDS)
        return self.tables[kind]

    def join(self, other: "Said") -> None:
        """Take the facts of another away from it."""
        crowds.thin(self, other.level)
        crowds.thin(other, self.level)
        number, numbers = self.numbers.setdefault, self.numbers
        new = _u64([number(text, len(numbers)) for text in other.numbers])
        for kind, table in other.tables.items():
            texts = sorted({word for word, _ in LAYOUTS[kind].texts.values()})
            halves = {word: sum(at == word for at, _ in LAYOUTS[kind].texts.values()) for word in texts}
            parts, table.parts, table.rows = table.parts, [], 0
            for columns in parts:
                for word in texts:
                    old = columns[word]
                    columns[word] = new[(old & _W).view(np.int64)]
                    if halves[word] > 1:
                        columns[word] |= new[(old >> _32).view(np.int64)] << _32
                self.table(kind).append(columns)
        crowds.check(self)

    def keep(self, facts: Columns, more: bool = False) -> None:
        """Put some facts in the place of all of their kind, or beside them."""
        table = self.table(facts.kind)
        if not more:
            table.parts, table.rows = [], 0
        table.append(facts.columns)

    def forget(self) -> None:
        """Forget the texts that no fact has."""
        used = np.zeros(len(self.numbers), bool)
        for kind in self.tables:
            facts = self.of_kind(kind)
            for name in LAYOUTS[kind].texts:
                used[facts[name]] = True
        new = (np.cumsum(used) - 1).astype(np.uint64)
        self.numbers = {text: number for number, text in enumerate(compress(self.numbers, used.tolist()))}
        for kind, table in self.tables.items():
            for part in table.parts:
                for word, shift in LAYOUTS[kind].texts.values():
                    part[word] = crowds.renumbered(part[word], shift, new)

    def renumber(self, by: int) -> None:
        """Add a number to all witnesses."""
        for table in self.tables.values() if by else ():
            table.add(0, by)

    def of_kind(self, kind: type[Kind]) -> Columns:
        """Return the facts of one kind."""
        if kind in self._instead:
            return self._instead[kind]
        return Columns(kind, self.table(kind).columns(), list(self.numbers))

    def kinds(self) -> list[type[Fact]]:
        """List the kinds that there are, in an order of their own."""
        return sorted((kind for kind, table in self.tables.items() if len(table)), key=lambda kind: kind.__name__)

    def without(self, kind: type[Fact]) -> "Said":
        """Return all facts but those of a kind."""
        rest = Said()
        rest.level = self.level
        rest.numbers, rest._instead = dict(self.numbers), dict(self._instead)
        rest.tables = {each: table for each, table in self.tables.items() if each != kind}
        return rest

    def rename(self, kind: type[Fact], columns: Columns, more: Sequence[Fact] = ()) -> None:
        """Put the same facts under other names in the place of those of a kind; those that are now equal stay apart."""
        if more:
            both = zip(columns.columns, self._columns(kind, *_read(kind, more)), strict=True)
            columns = Columns(kind, [np.concatenate(each) for each in both], list(self.numbers))
        self._instead[kind] = columns

    def facts(self) -> list[Fact]:
        """Make all facts, in an order that depends on what was said alone: by their first record."""
        found = [fact for kind in self.kinds() for fact in self.of_kind(kind).facts()]
        found.sort(key=lambda fact: (fact.witness, type(fact).__name__, LAYOUTS[type(fact)].read(fact)))
        return found


def _read(kind: type[Fact], facts: Sequence[Fact]) -> tuple[list[tuple[Any, ...]], list[I64]]:
    tallies = np.array([[getattr(fact, name) for name in TALLY] for fact in facts], np.int64)
    return [LAYOUTS[kind].read(fact) for fact in facts], list(tallies.T)


def _u64(values: Sequence[Any]) -> U64:
    return np.array(values, np.uint64)


def _halves(values: Sequence[int]) -> list[U64]:
    """Split 128-bit numbers; -1 has all bits."""
    return [_u64([value >> 64 & _LOW for value in values]), _u64([value & _LOW for value in values])]


def _whole(high: U64, low: U64) -> list[int]:
    return [a << 64 | b for a, b in zip(high.tolist(), low.tolist(), strict=True)]
