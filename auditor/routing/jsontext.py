"""JSON text (RFC 8259) as a tree with the place of everything: the libraries that read it fast keep no places."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.model.strict import MAX_DIGITS, Mark, Marks

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"([^"\\\x00-\x1f]*)((?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*)"')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile("true|false|null")
_WORDS: Final = {"true": True, "false": False, "null": None}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def values(text: str, file: str, depth: int) -> Iterator[tuple[Any, Marks]]:
    """Yield each value of a text, with its marks.

    Raise InputError, with the place, for what is no JSON, a key that stands twice, or more than `depth` levels.
    """
    scanner = _Scanner(text, file, depth)
    while scanner.skip():
        yield scanner.value()


class _Scanner:
    """Reads one text from its beginning to its end; `at` is what comes next."""

    def __init__(self, text: str, file: str, depth: int) -> None:
        self.text = text
        self.file = file
        self.depth = depth
        self.at = 0
        self.line = 0
        self.begun = 0  # where this line begins
        self.levels = 0

    def error(self, message: str, mark: Mark | None = None) -> InputError:
        line, column = (mark.line, mark.column) if mark else (self.line, self.at - self.begun)
        return InputError(self.file, message, line + 1, column + 1)

    def skip(self) -> str:
        """Go over white space; return the character that follows, empty at the end."""
        start = self.at
        self.at = end = _SPACE.match(self.text, start).end()  # type: ignore[union-attr]  # it matches nothing too
        if breaks := self.text.count("\n", start, end):
            self.line += breaks
            self.begun = self.text.rfind("\n", start, end) + 1
        return self.text[end : end + 1]

    def mark(self) -> Mark:
        return Mark(self.line, self.at - self.begun)

    def value(self) -> tuple[Any, Marks]:
        """Read the value that comes next."""
        first = self.skip()
        mark = self.mark()
        if first == "{":
            return self.within(self.mapping, mark)
        if first == "[":
            return self.within(self.sequence, mark)
        if first == '"':
            return self.string(), mark
        if found := _NUMBER.match(self.text, self.at):
            return self.number(found), mark
        if word := _WORD.match(self.text, self.at):
            self.at = word.end()
            return _WORDS[word[0]], mark
        raise self.error("is not JSON: a value is missing here; mend it here or just before")

    def within(self, read: Any, mark: Mark) -> tuple[Any, Marks]:
        self.levels += 1
        if self.levels > self.depth:
            raise self.error(f"is nested more than {self.depth} levels deep; flatten it", mark)
        self.at += 1
        built, inner = read(mark)
        self.levels -= 1
        return built, (mark, inner)

    def mapping(self, begin: Mark) -> tuple[Any, Any]:
        built: dict[str, Any] = {}
        marks: dict[str, tuple[Mark, Marks]] = {}
        if self.skip() == "}":
            self.at += 1
            return built, marks
        while True:
            if self.skip() != '"':
                raise self.error("is not JSON: a key in double quotes is missing here; mend it here or just before")
            mark = self.mark()
            key = self.string()
            if key in built:
                raise self.error(f"key `{key}` stands twice (first in line {marks[key][0].line + 1}); keep one", mark)
            if self.skip() != ":":
                raise self.error("is not JSON: a colon is missing here; mend it here or just before")
            self.at += 1
            built[key], inner = self.value()
            marks[key] = mark, inner
            if self.closed("}", begin):
                return built, marks

    def sequence(self, begin: Mark) -> tuple[Any, Any]:
        built: list[Any] = []
        marks: list[Marks] = []
        if self.skip() == "]":
            self.at += 1
            return built, marks
        while True:
            value, inner = self.value()
            built.append(value)
            marks.append(inner)
            if self.closed("]", begin):
                return built, marks

    def closed(self, end: str, begin: Mark) -> bool:
        """Go over what stands behind an item; say whether the collection ends."""
        found = self.skip()
        if found not in (",", end):
            since = f"what begins in line {begin.line + 1} goes on with a comma or ends with `{end}`"
            raise self.error(f"is not JSON: {since}; mend it here or just before")
        self.at += 1
        return found == end

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if not found:
            raise self.error(
                "is not JSON: this text has no end, or holds a tab, a line's end or an unknown escape; mend it"
            )
        if not found[2]:
            self.at = found.end()
            return found[1]
        text: str = json.loads(found[0])
        if _SURROGATE.search(text):
            raise self.error("an escape is no character; write the character itself")
        self.at = found.end()
        return text

    def number(self, found: re.Match[str]) -> int | float:
        if found[1] is None and found[2] is None:
            if len(found[0]) > MAX_DIGITS:
                raise self.error(f"a number of {len(found[0])} digits; put it in quotes if it is text")
            self.at = found.end()
            return int(found[0])
        self.at = found.end()
        return float(found[0])
