"""Files of foreign tools, YAML or JSON, as trees of plain dicts, lists and scalars with the place of everything.

`auditor.model.documents` reads files that are written for the auditor and refuses what lets one file mean two things.
These files are written for others, so what those tools take is taken here too:

YAML   core schema of YAML 1.2.2 (section 10.3.2): `NO` is Norway; several documents; anchors, aliases and merge keys
       (`<<`, as in YAML 1.1); a tag that is not YAML's own stays as `(tag, value)`: CloudFormation's `("!Ref", "Zone")`
JSON   RFC 8259; several values may follow each other

Keys are the text that stands there, whatever it would mean as a value.  Refused, with line and remedy: a key that
stands twice in a mapping, keys that are no scalars, tabs as indentation, more depth or more use of aliases than anybody
writes.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import yaml

from auditor.model import strict
from auditor.model.documents import Document, decoded
from auditor.model.errors import InputError
from auditor.model.strict import Mark, Marks
from auditor.routing import jsontext
from auditor.routing.model import File

__all__ = ["MAX_DEPTH", "MAX_REPEATED", "Disputed", "Document", "load", "unveiled"]

MAX_DEPTH: Final = 100
MAX_REPEATED: Final = 1 << 18
"""Values that aliases and merge keys of one file repeat: a few lines can stand for billions."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NO_SPACE: Final = re.compile("[^ \t\r\n]")
_YAML: Final = (".yaml", ".yml")
_ENDS: Final = (*_YAML, ".json", ".template")
_VEIL: Final = re.compile(
    rb"""\\[xuU] | (?:^|[\s,\[{:-])[!&*][^\s,&] | (?:^|[\s,\[{-])\?\s | :[ \t]+(?:\#|[|>][-+0-9]*[ \t]*[\r\n\#])""",
    re.MULTILINE | re.VERBOSE,
)
"""Escapes, tags, anchors and aliases, keys behind `?`, values that stand on another line."""


class Disputed(str):
    """Text that stands without quotes and that YAML 1.1 takes for a truth value: `no`, `ON`, `y`.

    A reader whose tool reads YAML 1.1 asks for it; to all others it is text.
    """

    __slots__ = ()


_DISPUTED: Final = frozenset(
    form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.upper(), word.capitalize())
)


def load(file: File) -> list[Document]:
    """Read all documents of a file that hold anything.  Raise InputError, with the place, for what can't be read."""
    text = decoded(file.data, file.name)
    start = _NO_SPACE.search(text)
    if start and start[0] in "{[":
        try:
            return [Document(file.name, *each) for each in jsontext.values(text, file.name, MAX_DEPTH)]
        except InputError:
            if not file.name.endswith(_YAML):
                raise  # else it may be YAML that begins with a flow collection
    return [Document(file.name, *each) for each in _yaml(text, file.name)]


@lru_cache(4)  # every format asks for it; nobody who only looks at it changes it
def unveiled(file: File) -> tuple[Document, ...]:
    """Read a file in which words may be written otherwise than by their letters, so that no search finds them all.

    Formats are told by such searches, and what is of none is passed over where folders are read.  Empty: the words of
    this file are what they are, or it can't be read.
    """
    if not file.name.endswith(_ENDS) or not _VEIL.search(file.data):
        return ()
    try:
        return tuple(load(file))
    except InputError:
        return ()


def _yaml(text: str, file: str) -> Iterator[tuple[Any, Marks]]:
    try:
        loader = _LOADER(text)
        try:
            yield from _Composer(file, loader).documents()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        message, mark = strict.no_yaml(error, text)
        raise InputError(file, message, mark.line + 1, mark.column + 1) from None
    except yaml.YAMLError as error:
        raise InputError(file, f"is not YAML: {error}; mend it", 1, 1) from None


class _Composer:
    """Makes trees and marks of the events of one text."""

    def __init__(self, file: str, loader: Any) -> None:
        self.file = file
        self.next = loader.get_event
        self.anchors: dict[
            str, tuple[Any, Marks, int, int] | None
        ] = {}  # with nodes and height; None: not complete yet
        self.nodes = 0  # in what was composed so far, aliases written out
        self.repeated = 0  # of these, by aliases
        self.reached = 0  # the deepest of them, below the innermost anchor

    def error(self, message: str, mark: Any) -> InputError:
        return InputError(self.file, message, mark.line + 1, mark.column + 1)

    def documents(self) -> Iterator[tuple[Any, Marks]]:
        self.next()  # the start of the stream
        while type(self.next()) is yaml.DocumentStartEvent:
            self.anchors = {}
            tree, marks = self.node(self.next(), 0)
            self.next()  # the end of the document
            if tree is not None:
                yield tree, marks

    def node(self, event: Any, depth: int) -> tuple[Any, Marks]:
        """Build the node that begins with this event, and its marks."""
        if type(event) is yaml.AliasEvent:
            return self.alias(event, depth)
        self.reach(depth, event.start_mark)
        self.nodes += 1
        return self.anchored(event, depth) if event.anchor else self.content(event, depth)

    def reach(self, depth: int, mark: Any) -> None:
        if depth > MAX_DEPTH:
            raise self.error(f"is nested more than {MAX_DEPTH} levels deep; flatten it", mark)
        self.reached = max(self.reached, depth)

    def anchored(self, event: Any, depth: int) -> tuple[Any, Marks]:
        before, outside = self.nodes, self.reached
        self.anchors[event.anchor], self.reached = None, depth
        built, marks = self.content(event, depth)
        self.anchors[event.anchor] = built, marks, self.nodes - before + 1, self.reached - depth
        self.reached = max(outside, self.reached)
        return built, marks

    def content(self, event: Any, depth: int) -> tuple[Any, Marks]:
        mark = Mark(event.start_mark.line, event.start_mark.column)
        if type(event) is yaml.ScalarEvent:
            return self.scalar(event), mark
        built, marks = (self.mapping if type(event) is yaml.MappingStartEvent else self.sequence)(mark, depth + 1)
        own = event.tag in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
        return (built if own else (_short(event.tag), built)), marks

    def alias(self, event: Any, depth: int) -> tuple[Any, Marks]:
        name = event.anchor
        if name not in self.anchors:
            raise self.error(f"alias `*{name}` stands before its anchor; define `&{name}` above", event.start_mark)
        found = self.anchors[name]
        if found is None:
            raise self.error(f"alias `*{name}` stands within itself; remove it", event.start_mark)
        self.repeat(found[2], event.start_mark)
        self.reach(depth + found[3], event.start_mark)
        return found[0], found[1]

    def repeat(self, nodes: int, mark: Any) -> None:
        self.nodes += nodes
        self.repeated += nodes
        if self.repeated > MAX_REPEATED:
            message = f"aliases repeat more than {MAX_REPEATED} values; write out what is meant"
            raise self.error(message, mark)

    def sequence(self, mark: Mark, depth: int) -> tuple[Any, Marks]:
        built: list[Any] = []
        marks: list[Marks] = []
        while type(event := self.next()) is not yaml.SequenceEndEvent:
            value, inner = self.node(event, depth)
            built.append(value)
            marks.append(inner)
        return built, (mark, marks)

    def mapping(self, mark: Mark, depth: int) -> tuple[Any, Marks]:
        built: dict[str, Any] = {}
        marks: dict[str, tuple[Any, Marks]] = {}
        merged: list[tuple[Any, Marks]] = []
        while type(event := self.next()) is not yaml.MappingEndEvent:
            key = self.key(event, built, marks)
            value, inner = self.node(self.next(), depth)
            if key == "<<" and not event.style and _merges(value):
                merged.append((value, inner))
            else:
                built[key] = value
                marks[key] = Mark(event.start_mark.line, event.start_mark.column), inner
        for value, inner in merged:
            self.merge(value, inner, built, marks)
        return built, (mark, marks)

    def key(self, event: Any, built: dict[str, Any], marks: dict[str, tuple[Any, Marks]]) -> str:
        mark = event.start_mark
        if type(event) is yaml.AliasEvent:
            key = self.alias(event, 0)[0]
        elif type(event) is yaml.ScalarEvent:
            key = self.checked(event)
            if event.anchor:
                self.anchors[event.anchor] = key, Mark(mark.line, mark.column), 1, 0
        else:
            key = None
        if not isinstance(key, str):
            raise self.error("a key must be text; put it in quotes", mark)
        if key in built:
            raise self.error(f"key `{key}` stands twice (first in line {marks[key][0].line + 1}); keep one", mark)
        return key

    def merge(self, value: Any, inner: Marks, built: dict[str, Any], marks: dict[str, tuple[Any, Marks]]) -> None:
        """Add what a merge key brings: keys that stand in the mapping itself, or in an earlier mapping, win."""
        for source, places in zip(value, inner[1], strict=True) if isinstance(value, list) else [(value, inner)]:
            self.repeat(len(source), inner[0])
            for key in source:
                if key not in built:
                    built[key], marks[key] = source[key], places[1][key]

    def scalar(self, event: Any) -> Any:
        text = self.checked(event)
        match event.tag:
            case None:
                if event.style:
                    return text
            case "!" | "tag:yaml.org,2002:str":
                return str(text)
            case tag if not tag.startswith("tag:yaml.org,2002:"):
                return tag, str(text)
        try:
            return strict.resolve(text) if type(text) is str else text
        except ValueError as error:
            raise self.error(str(error), event.start_mark) from None

    def checked(self, event: Any) -> str:
        text: str = event.value
        if event.style == '"' and _SURROGATE.search(text):  # an escape; not every parser minds
            raise self.error("an escape is no character; write the character itself", event.start_mark)
        return Disputed(text) if not event.style and text in _DISPUTED else text


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _merges(value: Any) -> bool:
    """Say whether a value is what a merge key takes; else the key stays, as with octoDNS's `<<: !include file`."""
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(each, dict) for each in value))
