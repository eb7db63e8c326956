"""Places in zone files of octoDNS, over the files that they include.

octoDNS reads YAML 1.1 (PyYAML) with `!include file` as a value, or as what a merge key brings; the path is relative to
the including file.  `!include [one, two]` puts mappings over each other, or lists behind each other (octodns/yaml.py,
`ContextLoader`, and docs/include_directive.rst).
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing.documents import Document, load
from auditor.routing.model import File, Line
from auditor.routing.store import Store

INCLUDE: Final = "!include"
MAX_INCLUDES: Final = 10_000  # of one zone file
MAX_NESTED: Final = 20
MAX_JOINED: Final = 1 << 20  # items and keys of files that are put together


class Reading:
    """The files of one zone."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.files: dict[str, File] = {}
        self.documents: dict[str, Document | None] = {}
        self.includes = 0
        self.size = 0  # of what was put together

    def open(self, file: File) -> "Spot":
        """Return the whole of a file.  Raise InputError for what octoDNS can't read either."""
        if file.name not in self.documents:
            found = load(file)
            if len(found) > 1:
                raise found[1].error("holds several documents, and octoDNS reads one; split the file")
            self.files[file.name] = file
            self.documents[file.name] = found[0] if found else None
        document = self.documents[file.name]
        return Spot(self, document or Document(file.name, None), (), document.tree if document else None)

    def include(self, path: Any, at: "Spot") -> "Spot":
        """Return what an include brings.  Raise InputError for one that can't be followed."""
        here = at.document
        if isinstance(path, list):
            return self.joined(tuple(self.include(each, at) for each in path), at)
        if not isinstance(path, str):
            raise here.error("`!include` takes the name of a file", *at.path)
        self.includes += 1
        if at.nested >= MAX_NESTED or self.includes > MAX_INCLUDES:
            raise here.error(f"includes go in a circle, or more than {MAX_NESTED} deep; remove one", *at.path)
        name = posixpath.normpath(posixpath.join(posixpath.dirname(here.file), path))
        file = self.files.get(name) or self.store.read(name)
        if file is None:
            raise here.error(f"includes `{path}`, which is not there; give that file too", *at.path)
        whole = self.open(file)
        return Spot(self, whole.document, (), whole.value, at.nested + 1).followed()

    def joined(self, parts: "tuple[Spot, ...]", at: "Spot") -> "Spot":
        """Put what several files bring together."""
        value: Any = None
        self.size += sum(len(part.value) for part in parts if isinstance(part.value, dict | list))
        if self.size > MAX_JOINED:
            raise at.document.error(f"includes put together more than {MAX_JOINED} values; split the zone", *at.path)
        if parts and all(isinstance(part.value, dict) for part in parts):
            value = {key: inner for part in parts for key, inner in part.value.items()}
        elif parts and all(isinstance(part.value, list) for part in parts):
            value = [inner for part in parts for inner in part.value]
        elif parts:
            raise at.document.error("includes files of which not all hold a mapping, or all a list", *at.path)
        return Spot(self, at.document, at.path, value, at.nested, parts)


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A value and where it stands."""

    reading: Reading
    document: Document
    path: tuple[Any, ...]
    value: Any
    nested: int = 0  # includes on the way here
    parts: "tuple[Spot, ...]" = ()  # of which files it is put together

    @property
    def at(self) -> Line:
        """The line of its key, or of itself if it is an item."""
        return Line(self.document.file, self.document.place(*self.path, of_key=True)[0])

    def followed(self) -> "Spot":
        """Go to what is included if this is an include."""
        if isinstance(self.value, tuple) and self.value[0] == INCLUDE:
            return self.reading.include(self.value[1], self)
        return self

    def entries(self) -> dict[str, "Spot"]:
        """Return the entries of a mapping, with what it merges; empty if it is none."""
        if not isinstance(self.value, dict):
            return {}
        found: dict[str, Spot] = {}
        for part in self.parts:
            found |= part.entries()
        if self.parts:
            return found
        for key, value in self.value.items():
            spot = Spot(self.reading, self.document, (*self.path, key), value, self.nested)
            if key == "<<" and self._includes(value):
                for source in spot.items() if isinstance(value, list) else [spot.followed()]:
                    found = {**source.entries(), **found}
            else:
                found[key] = spot.followed()
        return found

    @staticmethod
    def _includes(value: Any) -> bool:
        each = value if isinstance(value, list) else [value]
        return all(isinstance(one, tuple) and one[0] == INCLUDE for one in each)

    def items(self) -> list["Spot"]:
        """Return the items of a list; of anything else, itself alone."""
        return list(self._items())

    def _items(self) -> Iterator["Spot"]:
        if not isinstance(self.value, list):
            yield self
            return
        for part in self.parts:
            yield from part.items()
        if self.parts:
            return
        for index, value in enumerate(self.value):
            yield Spot(self.reading, self.document, (*self.path, index), value, self.nested).followed()

    def error(self, message: str) -> InputError:
        """Make the error that names this place."""
        return self.document.error(message, *self.path, of_key=True)
