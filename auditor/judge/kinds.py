"""Sort the ends of a sealed digest into kinds: what no rule can tell apart is of one kind, audiences apart.

Rules ask few questions, so ends are many and kinds are few: each question is put once to each distinct value
of a column, values of equal answers are one, and the distinct combinations of what is left are the kinds.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import polars as pl

from auditor import digest
from auditor.judge import conditions
from auditor.judge.held import codes
from auditor.judge.numbers import Integers, combined, dense, examples
from auditor.judge.scope import Kleene
from auditor.judge.selected import choices
from auditor.model import flow
from auditor.model.rule import Rule

APART: Final = ("client", "hop")
"""Roles of ends that are no touched places, though a rule can ask for them."""


class Column:
    """A column of texts: its distinct values, and what they answered."""

    def __init__(self, values: Sequence[object], code: Integers) -> None:
        self.values, self.code = values, code  # the code of an end is the index of its value
        self.answers: dict[tuple[object, ...], Kleene] = {}

    def put(self, question: Callable[..., object], about: tuple[object, ...]) -> None:
        """Put a question to every value, unless it was put before."""
        if (question, *about) not in self.answers:
            self.answers[question, *about] = np.array(self._answers(question, about), np.int8)

    def _answers(self, question: Callable[..., object], about: tuple[object, ...]) -> object:
        return [question(value, *about) for value in self.values]

    def classes(self) -> tuple[Integers, int]:
        """Number the values so that those of equal answers have equal numbers; return how many numbers there are."""
        if not self.answers or not len(self.values):
            return np.zeros(len(self.values), np.int64), 1
        distinct, number = np.unique(np.stack(list(self.answers.values())), axis=1, return_inverse=True)
        return number.reshape(-1), distinct.shape[1]


class Time(Column):
    """First and last moments: those between the same dates of rules are one value."""

    def __init__(self, first: Integers, last: Integers, dates: Sequence[int]) -> None:
        size = len(dates) + 2
        begun, ended = (np.where(at == 0, size - 1, np.searchsorted(dates, at, "right")) for at in (first, last))
        code, count = dense(begun * size + ended, size * size)
        some = examples(code, count)
        self._first, self._last = first[some], last[some]
        super().__init__(range(count), code)

    def _answers(self, question: Callable[..., object], about: tuple[object, ...]) -> object:
        return question(self._first, self._last, *about)


class Kinds:
    """The kinds of ends that some rules tell apart."""

    def __init__(self, ends: pl.DataFrame, rules: Sequence[Rule]) -> None:
        self._columns = {name: _column(ends[name]) for name in conditions.COLUMNS}
        first, last = (ends[name].to_numpy() for name in ("first_ns", "last_ns"))
        self._columns["time"] = Time(first, last, digest.edges(rules))
        eras = [era for rule in rules for era in rule.eras()]
        selections = list(dict.fromkeys(era.asserts.selection for era in eras if era.asserts.selection))
        if selections:
            for where in ("possible", "proof"):
                self._columns[f"{where} site"] = _pairs(self._columns[where], self._columns["site"])
        for era in eras:
            conditions.about(era, self._note)
            conditions.weak(era, self._note)
        for proof in (False, True):
            for era in eras:
                conditions.asserted(era, self._note, proof)
            for choice in (choice for selection in selections for choice in choices(selection)):
                conditions.chosen(choice, self._note, proof)
        self.of, self.size = self._numbered()  # the kind of each end; how many there are
        some = examples(self.of, self.size)
        self._value = {name: column.code[some] for name, column in self._columns.items()}
        self.apart = {role: self.ask("role", _is, role) == 1 for role in APART}
        self.rejected = self.ask("outcome", _is, flow.REJECTED) == 1

    def _note(self, column: str, question: Callable[..., object], *about: object) -> Kleene:
        self._columns[column].put(question, about)
        return np.zeros(1, np.int8)

    def _numbered(self) -> tuple[Integers, int]:
        """Number the kinds.  Of ends whose role no rule speaks of, no more matters than what coverage asks."""
        role, outcome = self._columns["role"], self._columns["outcome"]
        silent = np.max([np.full(len(role.values), -1, np.int8), *role.answers.values()], axis=0) == -1
        for name in APART:
            role.put(_is, (name,))
        outcome.put(_is, (flow.REJECTED,))
        rows = len(role.code)
        classes = ((column.code, *column.classes()) for column in self._columns.values() if column is not role)
        rest, size = combined(rows, ((of[code], count) for code, of, count in classes if count > 1))
        rest[silent[role.code]] = 0
        rejected = outcome.answers[_is, flow.REJECTED].astype(np.int64)
        of, count = role.classes()
        return combined(rows, [(rest, size), (of[role.code], count), (rejected[outcome.code], 2)])

    def ask(self, column: str, question: Callable[..., object], *about: object) -> Kleene:
        """Return what every kind answers to a question of one of the rules."""
        return self._columns[column].answers[question, *about][self._value[column]]


def _column(values: pl.Series) -> Column:
    distinct, code = codes(values)
    return Column(distinct.to_list(), code)


def _pairs(one: Column, other: Column) -> Column:
    size = max(len(other.values), 1)
    mixed, count = combined(len(one.code), [(one.code, len(one.values)), (other.code, size)])
    some = examples(mixed, count)
    pairs = zip(one.code[some].tolist(), other.code[some].tolist(), strict=True)
    return Column([(one.values[i], other.values[j]) for i, j in pairs], mixed)


def _is(value: str, word: str) -> bool:
    return value == word
