"""One strict YAML document out of text: its tree, and where each key and value stands.

YAML is read in the core schema of YAML 1.2.2 (section 10.3.2), so `NO` is Norway and `010` is ten; PyYAML alone
reads YAML 1.1.  What lets one file mean two things (anchors, aliases, tags, merge keys, repeated keys,
several documents) is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import yaml

from auditor.model.errors import SHOWN, InputError, InputErrors

MAX_DEPTH: Final = 32
MAX_DIGITS: Final = 40  # of an integer: more is no number that any field here holds

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {**dict.fromkeys(("true", "True", "TRUE"), True), **dict.fromkeys(("false", "False", "FALSE"), False)}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Unreadable:
    """Stands in a tree for a value that was refused: nothing more is to be said of it."""

    def __repr__(self) -> str:
        return "unreadable"


UNREADABLE: Final = Unreadable()


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands, counted from 0, for who has no parser that says it."""

    line: int
    column: int = 0


Marks = Any
"""Where things stand, shaped like the tree: a scalar's mark; of a list (mark, [marks of items]); of a mapping
(mark, {key: (mark of the key, marks of the value)}).  A mark has `line` and `column`, both counted from 0."""


class _Reading:
    """The events of one text, and what was refused so far."""

    def __init__(self, file: str, event: Callable[[], Any]) -> None:
        self.file = file
        self.event = event  # the next one
        self.refused: list[InputError] = []

    def refuse(self, message: str, mark: Any) -> None:
        """Note what is wrong at a mark; raise what was noted when it is enough."""
        self.refused.append(InputError(self.file, message, mark.line + 1, mark.column + 1))
        if len(self.refused) >= SHOWN:
            self.stop()

    def end(self, message: str, mark: Any) -> NoReturn:
        """Raise what is wrong at a mark and makes the rest unreadable, with what was noted before."""
        self.refused.append(InputError(self.file, message, mark.line + 1, mark.column + 1))
        self.stop()

    def stop(self) -> NoReturn:
        raise InputErrors(self.refused)


def document(text: str, file: str) -> tuple[Any, Marks, tuple[InputError, ...]]:
    """Read the one document of a text: its tree, its marks, and what is refused though the rest can be read.

    Raise InputError for what ends the reading: what is no YAML, too deep, empty, or more than one document.
    """
    loader = _LOADER(text)
    reading = _Reading(file, loader.get_event)
    try:
        tree, marks = _document(reading)
    except yaml.MarkedYAMLError as error:
        _end_of_yaml(error, text, reading)
    except yaml.YAMLError as error:
        raise InputError(file, f"is not YAML: {error}; mend it", 1, 1) from None
    finally:
        loader.dispose()
    return tree, marks, tuple(reading.refused)


def _end_of_yaml(error: yaml.MarkedYAMLError, text: str, reading: _Reading) -> NoReturn:
    message, mark = no_yaml(error, text)
    try:
        reading.end(message, mark)
    except InputError as ended:
        raise ended from None


def no_yaml(error: yaml.MarkedYAMLError, text: str) -> tuple[str, Any]:
    """Say what is wrong with a text that a parser of YAML refused, with the remedy, and where."""
    mark: Any = error.problem_mark or error.context_mark
    begun: Any = error.context_mark
    since = f" from line {begun.line + 1} on" if begun and begun.line != mark.line else ""
    what = " ".join(filter(None, (error.context and f"{error.context}{since}", error.problem)))
    lines = text.split("\n")
    if mark.line >= len(lines):  # a parser may count the end of a text as one more line
        mark = Mark(len(lines) - 1, len(lines[-1]))
    hint = "indent with spaces, not tabs" if re.match(r"\s*\t", lines[mark.line]) else "mend it here or just before"
    return f"is not YAML: {what}; {hint}", mark


def _document(reading: _Reading) -> tuple[Any, Marks]:
    reading.event()  # the start of the stream
    start = reading.event()
    if type(start) is not yaml.DocumentStartEvent:
        reading.end("is empty; write at least one key", start.start_mark)
    if start.tags or (start.version and tuple(start.version) != (1, 2)):
        reading.refuse("has a directive; only `%YAML 1.2` is allowed, so remove it", start.start_mark)
    found = _node(reading.event(), reading, 0)
    reading.event()  # the end of the document
    following = reading.event()
    if type(following) is not yaml.StreamEndEvent:
        reading.end("holds several documents; keep one a file", following.start_mark)
    return found


def _node(event: Any, reading: _Reading, depth: int) -> tuple[Any, Marks]:
    """Build the node that begins with this event, and its marks."""
    kind = type(event)
    mark = event.start_mark
    if kind is yaml.AliasEvent:
        reading.refuse(f"alias `*{event.anchor}` is not allowed; write the value out", mark)
        return UNREADABLE, mark
    if event.anchor:
        reading.refuse(f"anchor `&{event.anchor}` is not allowed; remove it", mark)
    if event.tag:
        reading.refuse(f"tag `{event.tag}` is not allowed; remove it", mark)
    if kind is yaml.ScalarEvent:
        return _scalar(event, reading), mark
    if depth >= MAX_DEPTH:
        reading.end(f"is nested more than {MAX_DEPTH} levels deep; flatten it", mark)
    if kind is yaml.MappingStartEvent:
        return _mapping(reading, mark, depth + 1)
    return _sequence(reading, mark, depth + 1)


def _mapping(reading: _Reading, mark: Any, depth: int) -> tuple[Any, Marks]:
    built: dict[str, Any] = {}
    marks: dict[str, tuple[Any, Marks]] = {}
    while type(event := reading.event()) is not yaml.MappingEndEvent:
        at = event.start_mark
        key, _ = _node(event, reading, depth)
        value, inner = _node(reading.event(), reading, depth)
        if type(key) is not str:
            if key is not UNREADABLE:
                reading.refuse("a key must be text; put it in quotes", at)
        elif key == "<<" and not event.style:
            reading.refuse("merge key `<<` is not allowed; write the keys out", at)
        elif key in built:
            earlier = marks[key][0].line + 1
            reading.refuse(f"key `{key}` stands twice (first in line {earlier}); keep one", at)
        else:
            built[key] = value
            marks[key] = at, inner
    return built, (mark, marks)


def _sequence(reading: _Reading, mark: Any, depth: int) -> tuple[Any, Marks]:
    built: list[Any] = []
    marks: list[Marks] = []
    while type(event := reading.event()) is not yaml.SequenceEndEvent:
        value, inner = _node(event, reading, depth)
        built.append(value)
        marks.append(inner)
    return built, (mark, marks)


def _scalar(event: Any, reading: _Reading) -> Any:
    """Resolve a scalar by the core schema; quoted and block scalars are always text."""
    text = event.value
    if event.style:
        if event.style == '"' and _SURROGATE.search(text):  # an escape; not every parser minds
            reading.refuse("an escape is no character; write the character itself", event.start_mark)
            return UNREADABLE
        return text
    try:
        return resolve(text)
    except ValueError as error:
        reading.refuse(str(error), event.start_mark)
        return UNREADABLE


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
