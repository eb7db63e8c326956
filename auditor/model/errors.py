"""The one error that a user may see: what could not be read, where, and what to do about it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SHOWN: Final = 50
"""Errors of a group that are written out, and that one file is searched for: who mends these runs again anyway."""


LONGEST: Final = 1_000
"""Characters of a message: what it quotes may be as long as a file."""


class InputError(Exception):
    """A file, rule or setting that the audit can't go on without; exit code 2.

    `source` names the file (or option), `record` its line or record counted from 1 (0: none), `column` the
    character of that line counted from 1 (0: not known), and `message` says what is wrong and how to mend it,
    as a phrase without a period.
    """

    def __init__(self, source: str, message: str, record: int = 0, column: int = 0) -> None:
        if len(message) > LONGEST:
            message = f"{message[: LONGEST // 2]}…{message[-LONGEST // 4 :]}"
        super().__init__(source, message, record, column)
        self.source = source
        self.message = message
        self.record = record
        self.column = column

    def __str__(self) -> str:
        if self.column:
            return f"{self.source}:{self.record}:{self.column}: {self.message}"
        where = f"{self.source}, line {self.record}" if self.record else self.source
        return f"{where}: {self.message}"

    @property
    def each(self) -> "tuple[InputError, ...]":
        """The single errors of which this one consists."""
        return (self,)

    def lines(self) -> list[str]:
        """Return a line for each error, the first of them, and how many more there are."""
        more = len(self.each) - SHOWN
        shown = [str(error) for error in self.each[:SHOWN]]
        return [*shown, f"and at least {more} more"] if more > 0 else shown


class InputErrors(InputError):
    """Several errors at once, by file in the order of reading and by place; as a single error it is the first."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        single: dict[Any, InputError] = {}
        for each in (each for error in errors for each in error.each):
            single.setdefault(each.args, each)
        files = {source: order for order, source in reversed(list(enumerate(each.source for each in single.values())))}
        self._each = tuple(
            sorted(single.values(), key=lambda each: (files[each.source], each.record, each.column, each.message))
        )
        first = self._each[0]
        super().__init__(first.source, first.message, first.record, first.column)

    @property
    def each(self) -> tuple[InputError, ...]:
        """The single errors, without repetitions."""
        return self._each

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __reduce__(self) -> tuple[type["InputErrors"], tuple[tuple[InputError, ...]]]:
        return InputErrors, (self._each,)


class Problems:
    """Errors of files that are read together: noted while the reading goes on, raised when it ends."""

    def __init__(self) -> None:
        self._found: list[InputError] = []

    def add(self, error: InputError) -> None:
        """Note an error, or each of several."""
        self._found.extend(error.each)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Note the error that ends what is done within, and go on behind it."""
        try:
            yield
        except InputError as error:
            self.add(error)

    def settle(self) -> None:
        """Raise what was noted, if anything was."""
        if self._found:
            raise InputErrors(self._found)


@contextmanager
def gathering() -> Iterator[Problems]:
    """Read files together: whatever is wrong with any of them is raised at the end, all at once."""
    problems = Problems()
    with problems.kept():
        yield problems
    problems.settle()
