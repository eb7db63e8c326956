"""A part of HOCON (lightbend/config, HOCON.md) with the line of everything: what is beyond it is told, never guessed.

Read: objects with or without braces at the root, paths as keys, `=`, `:` or nothing before an object, commas or line
breaks, arrays, quoted, triple quoted and unquoted text, comments by `#` and `//`, keys that stand twice (objects are
merged, else the last holds).  Told as unknown, with their path: includes, substitutions, `+=`, and values that are
joined of several where one is no plain text.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.model.documents import decoded
from auditor.model.errors import InputError
from auditor.routing.model import File, Line

DEEPEST: Final = 50
LONGEST: Final = 50  # segments of a path

_GAP: Final = re.compile(r"(?:[ \t\r\ufeff]+|(?:\#|//)[^\n]*)*")
_WIDE: Final = re.compile(r"(?:[ \t\r\n\ufeff]+|(?:\#|//)[^\n]*)*")
_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_TRIPLE: Final = re.compile(r'"""(.*?)"""(?!")', re.DOTALL)
_PLAIN: Final = re.compile(r"(?:(?!//)[^$\"{}\[\]:=,+#`^?!@*&\\\s])+")
_SPACE: Final = re.compile(r"[ \t]+")
_REFERENCE: Final = re.compile(r"\$\{\??[^}\n]*\}")
_INCLUDE: Final = re.compile(r"include(?=[ \t\"])[^\n}]*")
_SEGMENT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[^".]+')
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Value:
    """A value: text, a dict or list of Values, or None if it is not known."""

    at: Line
    value: Any
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something beyond the part of HOCON that is read."""

    path: tuple[str, ...]  # below which nothing is certain
    at: Line
    text: str


@dataclass(slots=True)
class Tree:
    root: Value
    unknown: list[Unknown] = field(default_factory=list)

    def get(self, *path: str) -> Value | None:
        """Return what stands at a path; None if nothing does."""
        found: Value | None = self.root
        for key in path:
            found = found.value.get(key) if found is not None and isinstance(found.value, dict) else None
        return found


def parsed(file: File) -> Tree:
    """Read a file.  Raise InputError, with the place, for what is no HOCON."""
    return _Parser(decoded(file.data, file.name).replace("\r\n", "\n").replace("\r", "\n"), file.name).tree()


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self.text, self.file, self.at = text, file, 0
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.unknown: list[Unknown] = []

    def tree(self) -> Tree:
        self.skip(_WIDE)
        line = self.line()
        braced = self.takes("{")
        root: dict[str, Value] = {}
        self.fields(root, (), "}" if braced else "", 0)
        self.skip(_WIDE)
        if self.at < len(self.text):
            raise self.error("something stands behind the end of the object; remove it")
        return Tree(Value(line, root), self.unknown)

    def line(self) -> Line:
        return Line(self.file, bisect_right(self.breaks, self.at - 1) + 1 if self.at else 1)

    def error(self, message: str) -> InputError:
        before = self.text.rfind("\n", 0, self.at)
        return InputError(self.file, f"is no HOCON here: {message}", self.line().line, self.at - before)

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def takes(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def beyond(self, path: tuple[str, ...], line: Line, text: str) -> None:
        self.unknown.append(Unknown(path, line, text[:200]))

    def fields(self, into: dict[str, Value], path: tuple[str, ...], end: str, depth: int) -> None:
        if depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} levels; flatten it")
        while True:
            self.skip(_WIDE)
            if end and self.takes(end):
                return
            if self.at >= len(self.text):
                if end:
                    raise self.error(f"the file ends before `{end}`; close it")
                return
            line = self.line()
            if found := self.match(_INCLUDE):
                self.beyond(path, line, found[0].strip())
            else:
                self.entry(into, path, line, depth)
            self.separated(end)

    def separated(self, end: str) -> None:
        """Step over what stands between two entries: a comma, a line break, or both."""
        self.skip(_GAP)
        if self.at >= len(self.text) or (end and self.text.startswith(end, self.at)):
            return
        if self.text[self.at] not in ",\n":
            raise self.error("a comma or a line break is missing")
        self.skip(_WIDE)
        self.takes(",")

    def entry(self, into: dict[str, Value], path: tuple[str, ...], line: Line, depth: int) -> None:
        keys = self.key()
        whole = (*path, *keys)
        if depth + len(keys) > DEEPEST + LONGEST:
            raise self.error(f"more than {DEEPEST} levels; flatten it")
        for key in keys[:-1]:
            inner = into.get(key)
            if inner is None or not isinstance(inner.value, dict):
                inner = into[key] = Value(line, {})
            into = inner.value
        self.skip(_GAP)
        if self.takes("+="):
            self.beyond(whole, line, f"{'.'.join(whole)} +=")
            self.skip(_WIDE)
            self.value(whole, depth, None)
            into[keys[-1]] = Value(line, None)
            return
        if not (self.takes("=") or self.takes(":") or self.text.startswith("{", self.at)):
            raise self.error("`=`, `:` or `{` is missing behind a key")
        self.skip(_WIDE)
        before = into.get(keys[-1])
        into[keys[-1]] = self.value(whole, depth, before, line)

    def key(self) -> tuple[str, ...]:
        """Read a path: segments divided by dots, those in quotes taken as they are."""
        start = self.at
        while self.match(_QUOTED) or self.match(_PLAIN) or self.match(_SPACE):
            pass
        text = self.text[start : self.at].strip()
        if self.text.startswith('"""', start):
            raise self.error("a key in triple quotes; use single ones")
        keys: list[str] = []
        at = 0
        while True:
            found = _SEGMENT.match(text, at)
            if not found or len(keys) >= LONGEST:
                raise self.error("a key is missing, or has too many dots")
            keys.append(_unquoted(found[0]) if found[0][0] == '"' else found[0].strip())
            at = found.end()
            if at >= len(text):
                return tuple(keys)
            if text[at] != ".":
                raise self.error("a key of quoted and unquoted text together; put it in quotes")
            at += 1

    def value(self, path: tuple[str, ...], depth: int, before: Value | None, line: Line | None = None) -> Value:
        """Read a value up to a comma, a line break or the end of what it stands in."""
        here = self.line()
        line = line or here
        parts: list[str] = []
        kinds: list[str] = []
        made: Any = None
        start = self.at
        while self.at < len(self.text):
            sign = self.text[self.at]
            if found := self.match(_SPACE):
                parts.append(found[0])
            elif sign == "{":
                self.at += 1
                made = before.value if before is not None and isinstance(before.value, dict) else {}
                self.fields(made, path, "}", depth + 1)
                kinds.append("object")
            elif sign == "[":
                self.at += 1
                made = self.items(path, depth + 1)
                kinds.append("list")
            elif self.match(_REFERENCE):
                kinds.append("reference")
            elif found := self.match(_TRIPLE):
                parts.append(found[1])
                kinds.append("quoted")
            elif found := self.match(_QUOTED):
                parts.append(_unquoted(found[0]))
                kinds.append("quoted")
            elif self.text.startswith("//", self.at) or not (found := self.match(_PLAIN)):
                break
            else:
                parts.append(found[0])
                kinds.append("plain")
        if not kinds:
            raise self.error("a value is missing")
        if "reference" in kinds or (len(kinds) > 1 and not {"object", "list"}.isdisjoint(kinds)):
            self.beyond(path, here, self.text[start : min(self.at, start + 200)].split("\n")[0].strip())
            return Value(line, None)
        if kinds[0] in ("object", "list"):
            return Value(line, made)
        if self.text[self.at - 1] in " \t":
            parts.pop()  # of space, only what stands between values is part of them
        return Value(line, "".join(parts), "quoted" in kinds)

    def items(self, path: tuple[str, ...], depth: int) -> list[Value]:
        if depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} levels; flatten it")
        found: list[Value] = []
        while True:
            self.skip(_WIDE)
            if self.takes("]"):
                return found
            if self.at >= len(self.text):
                raise self.error("the file ends before `]`; close it")
            found.append(self.value(path, depth, None))
            self.separated("]")


def _unquoted(text: str) -> str:
    made = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]) if len(found[1]) == 1 else _sign(found[1]), text)
    return made[1:-1]


def _sign(code: str) -> str:
    sign = chr(int(code[1:], 16))
    return "\ufffd" if "\ud800" <= sign <= "\udfff" else sign
