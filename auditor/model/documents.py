"""YAML documents that people write (rules, inventories, catalogues), read strictly and with the line of every key.

YAML is read in the core schema of YAML 1.2.2 (section 10.3.2), so `NO` is Norway and `010` is ten; PyYAML alone
reads YAML 1.1.  What lets one file mean two things (anchors, aliases, tags, merge keys, repeated keys,
several documents) is refused, and every refusal names the line and the remedy: these files decide verdicts.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import yaml
from msgspec import inspect

from auditor.model.errors import InputError

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32
MAX_DIGITS: Final = 40  # of an integer: more is no number that any field here holds

T = TypeVar("T")
Key = str | int
Place = tuple[Key, ...]

_described: Final[Any] = lru_cache(inspect.type_info)  # slow for a large type, and the same for a thousand files
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {**dict.fromkeys(("true", "True", "TRUE"), True), **dict.fromkeys(("false", "False", "FALSE"), False)}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its tree of plain dicts, lists and scalars, and the line of every key and item."""

    file: str  # as the user named it
    tree: Any
    lines: Mapping[Place, int] = field(default_factory=dict)
    sha256: str = ""  # of the bytes as stored

    def line(self, *path: Key) -> int:
        """Return the line (from 1) of a key or item, or of the nearest one above it that the file has."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def error(self, message: str, *path: Key) -> InputError:
        """Make the error that names this file and the line of a key path."""
        return InputError(self.file, message, self.line(*path))


def load(path: Path | str) -> Document:
    """Read one YAML file.  Raise InputError (with the line) for whatever is not one strict document."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"can't be read ({error.strerror}); give a readable YAML file") from None
    return loads(data, str(path))


@lru_cache(64)  # rules ask the catalogue for its services, and the audit for all of it; nobody changes a document
def loads(data: bytes, file: str) -> Document:
    """Read one YAML document from its bytes; `file` is its name in errors.  Raise InputError."""
    if len(data) > MAX_BYTES:
        raise InputError(file, f"is larger than {MAX_BYTES >> 20} MiB; split it into several files")
    text = _decoded(data, file)
    lines: dict[Place, int] = {}
    try:
        tree = _document(yaml.parse(text, Loader=_LOADER), file, lines)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, file) from None
    except yaml.YAMLError as error:
        raise InputError(file, f"is not YAML: {error}") from None
    return Document(file, tree, lines, hashlib.sha256(data).hexdigest())


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str) -> InputError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    what = " ".join(filter(None, (error.context, error.problem)))
    tabbed = re.match(r"\s*\t", "".join(text.split("\n")[line - 1 : line]))
    hint = "; indent with spaces, not tabs" if tabbed else ""
    return InputError(file, f"is not YAML: {what}{hint}", line)


def _decoded(data: bytes, file: str) -> str:
    """Decode UTF-8, with or without a byte order mark, and refuse characters that YAML doesn't allow."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(file, "is not UTF-8 text; save it as UTF-8", line) from None
    if bad := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise InputError(file, f"holds the control character U+{ord(bad[0]):04X}; remove it", line)
    return text


def _document(events: Iterator[Any], file: str, lines: dict[Place, int]) -> Any:
    """Build the tree of the one document in a stream of events, and fill `lines`."""
    next(events)  # the start of the stream
    start = next(events)
    if not isinstance(start, yaml.DocumentStartEvent):
        raise InputError(file, "is empty; write at least one key")
    if start.tags or (start.version and tuple(start.version) != (1, 2)):
        raise InputError(file, "has a directive; only `%YAML 1.2` is allowed", 1)
    first = next(events)
    lines[()] = first.start_mark.line + 1
    tree = _node(first, events, file, lines, ())
    next(events)  # the end of the document
    following = next(events)
    if not isinstance(following, yaml.StreamEndEvent):
        raise InputError(file, "holds several documents; keep one a file", following.start_mark.line + 1)
    return tree


def _node(event: Any, events: Iterator[Any], file: str, lines: dict[Place, int], path: Place) -> Any:
    """Build the node that begins with this event."""
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        raise InputError(file, f"alias `*{event.anchor}` is not allowed; write the value out", line)
    if getattr(event, "anchor", None):
        raise InputError(file, f"anchor `&{event.anchor}` is not allowed; remove it", line)
    if getattr(event, "tag", None):
        raise InputError(file, f"tag `{event.tag}` is not allowed; remove it", line)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, file, line)
    if len(path) >= MAX_DEPTH:
        raise InputError(file, f"is nested more than {MAX_DEPTH} levels deep; flatten it", line)
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, file, lines, path)
    return _sequence(events, file, lines, path)


def _mapping(events: Iterator[Any], file: str, lines: dict[Place, int], path: Place) -> dict[str, Any]:
    built: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = event.start_mark.line + 1
        key = _node(event, events, file, lines, path) if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) else None
        if not isinstance(key, str):
            raise InputError(file, "a key must be text; put it in quotes", line)
        if key == "<<" and not event.style:
            raise InputError(file, "merge key `<<` is not allowed; write the keys out", line)
        if key in built:
            earlier = lines[(*path, key)]
            raise InputError(file, f"key `{key}` stands twice (first in line {earlier}); keep one", line)
        lines[(*path, key)] = line
        built[key] = _node(next(events), events, file, lines, (*path, key))
    return built


def _sequence(events: Iterator[Any], file: str, lines: dict[Place, int], path: Place) -> list[Any]:
    built: list[Any] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        here = (*path, len(built))
        lines[here] = event.start_mark.line + 1
        built.append(_node(event, events, file, lines, here))
    return built


def _scalar(event: Any, file: str, line: int) -> Any:
    """Resolve a scalar by the core schema; quoted and block scalars are always text."""
    if any("\ud800" <= char <= "\udfff" for char in event.value):  # an escape in quotes; not every parser minds
        raise InputError(file, "an escape is no character; write the character itself", line)
    if event.style:
        return event.value
    try:
        return resolve(event.value)
    except ValueError as error:
        raise InputError(file, str(error), line) from None


def resolve(text: str) -> Any:
    """Give a plain scalar its meaning in the core schema.  Raise ValueError for a number that is absurdly long."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if not (text[0].isascii() and (text[0].isdigit() or text[0] in "+-.")):
        return text
    if len(text) > MAX_DIGITS and (_INT.fullmatch(text) or _HEX.fullmatch(text) or _OCTAL.fullmatch(text)):
        raise ValueError(f"a number of {len(text)} digits; put it in quotes if it is text")
    for pattern, base in ((_INT, 10), (_OCTAL, 8), (_HEX, 16)):
        if pattern.fullmatch(text):
            return int(text, base)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def convert(document: Document, kind: type[T]) -> T:
    """Make a document's tree a msgspec struct or dataclass.

    Unknown keys and values outside a fixed choice are refused with the nearest known one; every
    InputError carries the line of what is wrong.
    """
    _check(document, document.tree, _described(kind), ())
    try:
        return msgspec.convert(document.tree, kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        path = _path(document.tree, where.removesuffix("`"), kind, message)
        raise document.error(_worded(message, path), *path) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which of the known words was probably meant, as the end of a message; else list them."""
    choices = sorted(known)
    if close := difflib.get_close_matches(word, choices, 1, 0.6):
        return f"did you mean `{close[0]}`?"
    return f"known: {', '.join(choices)}" if len(choices) <= 24 else "see the documentation for what is known"


def _check(document: Document, tree: Any, kind: inspect.Type, path: Place) -> None:
    """Refuse unknown keys and choices in a tree, before msgspec, which can't name the nearest ones."""
    branches = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    for branch in branches:
        if isinstance(tree, dict) and isinstance(branch, inspect.StructType | inspect.DataclassType):
            fields = {each.encode_name: each.type for each in branch.fields}
            for key, value in tree.items():
                if key not in fields:
                    raise document.error(f"unknown key `{key}`; {nearest(key, fields)}", *path, key)
                _check(document, value, fields[key], (*path, key))
        elif isinstance(tree, dict) and isinstance(branch, inspect.DictType):
            for key, value in tree.items():
                _check(document, value, branch.value_type, (*path, key))
        elif isinstance(tree, list) and isinstance(branch, inspect.ListType | inspect.VarTupleType | inspect.SetType):
            for index, value in enumerate(tree):
                _check(document, value, branch.item_type, (*path, index))
    if isinstance(tree, str):
        choices = [str(v) for each in branches if isinstance(each, inspect.LiteralType) for v in each.values]
        if choices and tree not in choices and not any(isinstance(each, inspect.StrType) for each in branches):
            raise document.error(f"`{tree}` is not allowed here; {nearest(tree, choices)}", *path)


def _path(tree: Any, where: str, kind: Any, message: str) -> Place:
    """Turn a path of msgspec (`.rules[3].id`, `[...]` for any key of a dict) into keys and indices."""
    path: list[Key] = []
    here = tree
    for name, index in re.findall(r"\.([^.\[\]]+)|\[([^\]]*)\]", where):
        if index == "...":
            key: Key = next((k for k in here if _fails_alone(tree, path, k, kind, message)), "")
        else:
            key = name or int(index)
        if isinstance(here, dict) and key not in here:
            break
        path.append(key)
        here = here[key]
    return tuple(path)


def _fails_alone(tree: Any, path: list[Key], key: str, kind: Any, message: str) -> bool:
    """Say whether msgspec complains of this key of the dict at `path`: does it fail when the others are gone?"""

    def pruned(node: Any, rest: list[Key]) -> Any:
        if not rest:
            return {key: node[key]}
        copy = node.copy()
        copy[rest[0]] = pruned(node[rest[0]], rest[1:])
        return copy

    try:
        msgspec.convert(pruned(tree, path), kind)
    except msgspec.ValidationError as error:
        return str(error).startswith(message)
    return False


_WORDS: Final = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing",
    "array": "a list", "object": "a mapping (key: value)", "date": "a date (YYYY-MM-DD)",
}  # fmt: skip


def _worded(message: str, path: Place) -> str:
    """Say what msgspec says in the words of someone who writes YAML."""
    what = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "this value"
    if match := re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`", message):
        wanted = " or ".join(_WORDS.get(word, word) for word in match[1].split(" | "))
        hint = "; put it in quotes" if "str" in match[1].split(" | ") and match[2] in ("int", "float", "bool") else ""
        return f"{what} must be {wanted}, not {_WORDS.get(match[2], match[2])}{hint}"
    if match := re.fullmatch(r"Object missing required field `([^`]+)`", message):
        return f"key `{match[1]}` is missing; add it"
    if message == "Invalid RFC3339 encoded date":
        return f"{what} must be a date that exists, written YYYY-MM-DD"
    return f"{what} is wrong: {message[0].lower()}{message[1:]}"


ALWAYS: Final = (1 << 63) - 2
"""Nanoseconds from 1970 to 2262, the last that columns hold: 9999-12-31 means that there is no end."""


def nanoseconds(day: date) -> int:
    """Return the first nanosecond of a day, counted from 1970-01-01 UTC; with the first and last that columns hold."""
    moment = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000
    return max(-ALWAYS, min(moment, ALWAYS))
