r"""The language of gdnsd's configuration: hashes, arrays and strings, with the place of every key and value.

As gdnsd 3 reads it (gdnsd.config(5), "Low-level syntax" and "Including other files"; its grammar is libgdnsd/vscf.rl):
`#` and `;` begin comments, `=` and `=>` mean the same, commas behind values are optional, strings may be quoted, and
`\` escapes a character or, with three digits, a byte.  A key that stands twice is refused, as are nesting and files
beyond all reason.  `$include{...}` merges a file, the files of a folder or of a pattern into a hash, or is one value.
"""

import posixpath
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.model import File, Line
from auditor.routing.store import Store

DEEPEST: Final = 100  # brackets in brackets
CHAIN: Final = 20  # files that include files
INCLUDED: Final = 2_000  # files in all
BYTES: Final = 64 << 20  # of all files together
VALUES: Final = 1_000_000  # of all files together

_BARE: Final = r'(?:[^\]\[}{;# \t\r\n,"=\\$\0]|\\(?:[^0-9\r\n\0]|25[0-5]|(?:2[0-4]|[01][0-9])[0-9]|\r?\n))'
_TOKEN: Final = re.compile(
    rf"""(?:[ \t]|\r?\n|[;\#][^\r\n]*\r?\n)*+
    (?: (?P<bare>{_BARE}(?:{_BARE}|\$)*+)
      | "(?P<quoted>(?:[^"\r\\\0]|\r\n|\\(?:[^0-9\r\n\0]|25[0-5]|(?:2[0-4]|[01][0-9])[0-9]|\r?\n))*+)"
      | (?P<mark>=>?|[\[\]{{}},])
      | (?P<include>\$include\{{)
      | (?P<end>\Z) )""".encode(),
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(rb"\\(?:([0-9]{3})|(\r\n|.))", re.DOTALL)
_NEWLINE: Final = re.compile(rb"\n")


class Source:
    """A file, and where its lines begin."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.name = file.name
        self._lines: dict[int, Line] = {}

    @cached_property
    def _breaks(self) -> list[int]:
        return [found.start() for found in _NEWLINE.finditer(self.file.data)]

    def line(self, offset: int) -> Line:
        """Return file and line."""
        number = bisect_right(self._breaks, offset - 1) + 1
        if number not in self._lines:
            self._lines[number] = Line(self.name, number)
        return self._lines[number]

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1."""
        line = bisect_right(self._breaks, offset - 1)
        return line + 1, offset - (self._breaks[line - 1] + 1 if line else 0) + 1

    def error(self, offset: int, message: str) -> InputError:
        """Say what is wrong at a place."""
        return InputError(self.name, message, *self.place(offset))


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Something that stands in a file."""

    source: Source
    offset: int

    @property
    def at(self) -> Line:
        """Return file and line."""
        return self.source.line(self.offset)

    def error(self, message: str) -> InputError:
        """Say what is wrong with it."""
        return self.source.error(self.offset, message)


@dataclass(frozen=True, slots=True, eq=False)
class Text(Value):
    """A string."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Array(Value):
    """Values in their order."""

    items: list[Value]


@dataclass(frozen=True, slots=True, eq=False)
class Hash(Value):
    """Values by key, in their order; `keys` has the keys as they stand."""

    values: dict[str, Value]
    keys: dict[str, Text]

    def take(self, key: str) -> Value | None:
        """Return a value, None if there is none."""
        return self.values.get(key)


class Budget:
    """What all files together may still use, and what was read."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.values = VALUES
        self.bytes = BYTES
        self.sources: dict[str, Source] = {}
        self.included: dict[str, None] = {}  # names of files that others include
        self.count = 0

    def source(self, file: File) -> Source:
        """Note a file; the same one is noted once."""
        self.bytes -= len(file.data)
        self.count += 1
        if self.bytes < 0 or self.count > INCLUDED:
            raise InputError(file.name, f"too many files, or more than {BYTES >> 20} MiB of them; give less at a time")
        return self.sources.setdefault(file.name, Source(file))


def load(file: File, budget: Budget, above: tuple[str, ...] = ()) -> Hash | Array:
    """Read a file and what it includes; raise InputError, with its place, for whatever gdnsd refuses."""
    return _Parser(budget.source(file), budget, (*above, posixpath.normpath(file.name))).read()


class _Parser:
    """One file; a stack instead of recursion, since brackets nest as a stranger likes."""

    def __init__(self, source: Source, budget: Budget, above: tuple[str, ...]) -> None:
        self.source, self.budget, self.above = source, budget, above
        self.data = source.file.data
        self.at = 0  # behind the last token

    def _next(self) -> tuple[str, bytes, int]:
        """Return kind, text and offset of the next token."""
        found = _TOKEN.match(self.data, self.at)
        if found is None:
            raise self._unreadable()
        self.at = found.end()
        kind = found.lastgroup or "end"
        return kind, found[kind], found.start(kind) - (kind == "quoted")

    def _unreadable(self) -> InputError:
        space = re.compile(rb"(?:[ \t]|\r?\n|[;#][^\r\n]*\r?\n)*+").match(self.data, self.at)
        offset = space.end() if space else self.at
        head = self.data[offset : offset + 1]
        message = {
            b'"': "a string is not closed, or holds a byte or escape that is none; close it, and write `\\` as `\\\\`",
            b"\\": "an escape that is none; write `\\` and one character, or three digits up to 255",
            b"#": "a comment without a line's end, which gdnsd refuses; end the line",
            b";": "a comment without a line's end, which gdnsd refuses; end the line",
            b"\0": "a NUL byte; save the file as text",
            b"\r": "a carriage return without a line feed; save the file with one kind of line ends",
            b"$": "`$` begins no string but in `$include{file}`; put the string in quotes",
        }.get(head, "this can't be read; see gdnsd.config(5) for the syntax")
        return self.source.error(offset, message)

    def _spend(self, offset: int) -> None:
        self.budget.values -= 1
        if self.budget.values < 0:
            raise self.source.error(offset, f"more than {VALUES:,} values; split the configuration")

    def _string(self, raw: bytes, offset: int) -> Text:
        self._spend(offset)
        if b"\\" in raw:
            raw = _ESCAPE.sub(_unescaped, raw)
            if b"\0" in raw:
                raise self.source.error(offset, "a string with a NUL byte, at which gdnsd would cut it; take it out")
        return Text(self.source, offset, raw.decode("utf-8", "backslashreplace"))

    def read(self) -> Hash | Array:
        """Read all of it."""
        kind, raw, offset = self._next()
        top: Hash | Array = Hash(self.source, 0, {}, {})
        if kind == "mark" and raw == b"[":
            top = Array(self.source, offset, [])
            kind, raw, offset = self._next()
        stack: list[Hash | Array] = [top]
        closed = False  # only a top-level array closes before the file ends
        while kind != "end":
            if closed:
                raise self.source.error(offset, "something stands behind the array that is this file; take it out")
            inner = stack[-1]
            ends = raw == (b"]" if isinstance(inner, Array) else b"}") and (len(stack) > 1 or isinstance(inner, Array))
            if kind == "mark" and ends:
                closed = len(stack) == 1
                if not closed:
                    stack.pop()
            else:
                made = self._item(inner, kind, raw, offset)
                if made is not None:
                    if len(stack) >= DEEPEST:
                        raise self.source.error(offset, f"more than {DEEPEST} brackets lie in each other")
                    stack.append(made)
                    kind, raw, offset = self._next()
                    continue
            kind, raw, offset = self._next()
            if kind == "mark" and raw == b"," and not closed:
                kind, raw, offset = self._next()
        if len(stack) > 1 or (isinstance(top, Array) and not closed):
            raise stack[-1].error("this bracket is never closed; close it")
        return top

    def _item(self, inner: Hash | Array, kind: str, raw: bytes, offset: int) -> Hash | Array | None:
        """Add a value, or a key and its value; return what was opened, if something was."""
        key: Text | None = None
        if isinstance(inner, Hash):
            if kind == "include":
                self._merge(inner, offset)
                return None
            if kind not in ("bare", "quoted"):
                raise self.source.error(offset, f"a key is expected here, not `{raw.decode()}`")
            key = self._string(raw, offset)
            if key.text in inner.keys:
                raise _twice(key, inner.keys[key.text])
            kind, raw, offset = self._next()
            if kind != "mark" or raw not in (b"=", b"=>"):
                raise self.source.error(offset, f"`=>` is expected behind the key `{key.text}`")
            kind, raw, offset = self._next()
        value: Value
        if kind == "include":
            value = self._one(offset)
        elif kind == "mark" and raw in (b"{", b"["):
            self._spend(offset)
            value = Hash(self.source, offset, {}, {}) if raw == b"{" else Array(self.source, offset, [])
        elif kind in ("bare", "quoted"):
            value = self._string(raw, offset)
        else:
            raise self.source.error(offset, "a value is expected here")
        if isinstance(inner, Hash) and key is not None:
            inner.keys[key.text] = key
            inner.values[key.text] = value
        elif isinstance(inner, Array):
            inner.items.append(value)
        return value if kind == "mark" and isinstance(value, Hash | Array) else None

    def _names(self, offset: int) -> tuple[str, list[str]]:
        """Return what an include asks for, and the files that this is."""
        kind, raw, where = self._next()
        close = self._next()
        if kind not in ("bare", "quoted") or close[:2] != ("mark", b"}"):
            raise self.source.error(offset, "an include is written `$include{file}`")
        asked = self._string(raw, where).text
        pattern = posixpath.normpath(posixpath.join(posixpath.dirname(self.source.name), asked))
        if asked.startswith("/") or leads_out(pattern, self.above[0]):
            said = "leads out of the folder; write a path beside this file, and put the file there"
            raise self.source.error(where, f"the include of `{asked}` {said}")
        if self.budget.store.read(pattern) is not None:
            return asked, [pattern]
        plain = not any(char in pattern for char in "*?[")
        found = self.budget.store.glob(f"{pattern}/*" if plain else pattern)
        hidden = posixpath.basename(pattern).startswith(".") and not plain
        names = [name for name in found if hidden or not posixpath.basename(name).startswith(".")]
        if not names:
            said = f"there is no file `{pattern}`, which is included here; put it there, or take the include out"
            raise self.source.error(where, said)
        return asked, names

    def _included(self, name: str, offset: int) -> Hash | Array:
        name = posixpath.normpath(name)
        if name in self.above:
            chain = " -> ".join((*self.above[self.above.index(name) :], name))
            raise self.source.error(offset, f"files include each other in a circle: {chain}; take one include out")
        if len(self.above) >= CHAIN:
            raise self.source.error(offset, f"more than {CHAIN} files include each other; put them in one")
        file = self.budget.store.read(name)
        if file is None:
            raise self.source.error(offset, f"`{name}`, which is included here, can't be read")
        self.budget.included[name] = None
        return load(file, self.budget, self.above)

    def _one(self, offset: int) -> Value:
        asked, names = self._names(offset)
        if len(names) > 1:
            raise self.source.error(offset, f"`{asked}` is {len(names)} files, and a value can be one; name it")
        return self._included(names[0], offset)

    def _merge(self, into: Hash, offset: int) -> None:
        for name in self._names(offset)[1]:
            found = self._included(name, offset)
            if isinstance(found, Array):
                raise self.source.error(offset, f"`{name}` is an array, which can't be merged into a hash")
            for key, value in found.values.items():
                if key in into.keys:
                    raise _twice(found.keys[key], into.keys[key])
                into.keys[key], into.values[key] = found.keys[key], value


def leads_out(name: str, root: str) -> bool:
    """Say whether a file lies outside the folder of a root file and, where that is given as relative, outside here."""
    home = posixpath.dirname(root)
    below = not home or name.startswith(f"{home}/")
    if root.startswith(("/", "..")):
        return not below
    return name.startswith(("/", ".."))


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1])]) if found[1] else found[2]


def _twice(key: Text, before: Text) -> InputError:
    where = before.at
    return key.error(f"`{key.text}` stands here and in {where.file}, line {where.line}; keep one")
