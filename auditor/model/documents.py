"""YAML documents that people write (rules, inventories, catalogues), read strictly and with the place of every key.

Every refusal names file, line, column and remedy: these files decide verdicts.  Files that are read together
(`gathering`) tell all their errors at once; a file that is read alone, all errors of its shape.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from auditor.model import fits, strict
from auditor.model.errors import SHOWN, InputError, InputErrors, Problems
from auditor.model.kinds import Key, Place, is_strict, nearest
from auditor.model.strict import resolve

__all__ = [
    "ALWAYS",
    "MAX_BYTES",
    "Document",
    "Key",
    "convert",
    "decoded",
    "load",
    "loads",
    "nanoseconds",
    "nearest",
    "resolve",
]

MAX_BYTES: Final = 1 << 20

T = TypeVar("T")

_BREAK: Final = re.compile("\r\n|\r|\n")
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""Unprintable in YAML, or ends of lines in Unicode; a class of all other signs takes ten times as long to compile."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its tree of plain dicts, lists and scalars, and where every key and item stands."""

    file: str  # as the user named it
    tree: Any
    marks: strict.Marks = None
    sha256: str = ""  # of the bytes as stored
    problems: Problems | None = None  # of the files that are read together; None: the first problem is raised
    found: list[InputError] = field(default_factory=list, compare=False)  # what is noted of this file
    blamed: set[Place] = field(default_factory=set, compare=False)  # what was left out of it or got a stand-in

    def line(self, *path: Key) -> int:
        """Return the line (from 1) of a key or item, or of the nearest one above it that the file has."""
        return self.place(*path)[0]

    def place(self, *path: Key, of_key: bool = False) -> tuple[int, int]:
        """Return line and column (from 1) of a key's scalar value, or of the key itself (if asked, or its value is a
        list or mapping); of the nearest one above it that the file has if it has no such key."""
        marks, mark = self.marks, None
        for step in path:
            inner = marks[1] if isinstance(marks, tuple) else ()
            if isinstance(inner, dict) and step in inner:
                mark, marks = inner[step]
            elif isinstance(inner, list) and isinstance(step, int) and step < len(inner):
                mark, marks = None, inner[step]
            else:
                of_key = True
                break
        if mark is None or not (of_key or isinstance(marks, tuple)):
            mark = marks[0] if isinstance(marks, tuple) else marks
        return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)

    def error(self, message: str, *path: Key, of_key: bool = False) -> InputError:
        """Make the error that names this file and the place of a key path."""
        return InputError(self.file, message, *self.place(*path, of_key=of_key))

    def problem(self, message: str, *path: Key, of_key: bool = False) -> None:
        """Note what is wrong at a key path, and return: the caller goes on with something harmless.

        Raise it instead if this file is read alone, or has had more problems than anybody reads.  What only follows
        from another problem is not noted.
        """
        if any(path[: len(each)] == each or each[:-1] == path for each in self.blamed):
            return
        error = self.error(message, *path, of_key=of_key)
        if self.problems is None or len(self.found) >= SHOWN:
            raise error
        self.found.append(error)
        self.problems.add(error)


def load(path: Path | str, problems: Problems | None = None) -> Document:
    """Read one YAML file.  Raise InputError (with the place) for whatever is not one strict document.

    With `problems` what can be gone over is noted there instead.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"can't be read ({error.strerror}); give a readable YAML file") from None
    return loads(data, str(path), problems)


def loads(data: bytes, file: str, problems: Problems | None = None) -> Document:
    """Read one YAML document from its bytes; `file` is its name in errors.  Raise InputError as `load`."""
    tree, marks, sha256, refused = _parsed(data, file)
    if refused:
        _note(refused, problems)
    return Document(file, tree, marks, sha256, problems, list(refused))


def _note(errors: Sequence[InputError], problems: Problems | None) -> None:
    if problems is None:
        raise InputErrors(errors)
    problems.add(InputErrors(errors))


@lru_cache(64)  # rules ask the catalogue for its services, and the audit for all of it; nobody changes a tree
def _parsed(data: bytes, file: str) -> tuple[Any, strict.Marks, str, tuple[InputError, ...]]:
    if len(data) > MAX_BYTES:
        mega = MAX_BYTES >> 20
        raise InputError(file, f"is larger than {mega} MiB, which end here; split it", *_reached(data[:MAX_BYTES]))
    tree, marks, refused = strict.document(decoded(data, file), file)
    return tree, marks, hashlib.sha256(data).hexdigest(), refused


def decoded(data: bytes, file: str) -> str:
    """Decode UTF-8, with or without a byte order mark, and refuse characters that YAML doesn't allow or know.

    Raise InputError, with the place.

    Of the line breaks only LF, CR and both are left: others are characters to YAML 1.2 (section 5.4) and breaks to 1.1.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(file, "is not UTF-8 text; save it as UTF-8", *_reached(data[: error.start])) from None
    if bad := _REFUSED.search(text):
        message = f"holds the control character U+{ord(bad[0]):04X}; remove it"
        raise InputError(file, message, *_reached(text[: bad.start()].encode()))
    return text


def _reached(data: bytes) -> tuple[int, int]:
    """Return line and column of what follows these bytes."""
    lines = _BREAK.split(data.decode("utf-8-sig", "ignore"))
    return len(lines), len(lines[-1]) + 1


def convert(document: Document, kind: type[T]) -> T:
    """Make a document's tree a msgspec struct.

    Unknown keys, missing keys, wrong kinds and values outside a choice are refused, all of them, each with its place
    and the nearest known word.  If the document is one of several that are read together they are noted, and what is
    returned holds stand-ins for what is wrong, where that can be.  Raise InputError where not.
    """
    if not is_strict(kind):
        raise TypeError(f"{kind} lets unknown keys pass")
    try:
        return msgspec.convert(document.tree, kind)
    except msgspec.ValidationError as refusal:
        said = str(refusal)
    found = fits.examine(document.tree, kind)
    errors = [document.error(each.message, *each.path, of_key=each.of_key) for each in found.complaints]
    if not errors and not document.found:
        errors = [document.error(f"does not fit: {said[0].lower()}{said[1:]}; see the documentation")]
    document.found.extend(errors)
    document.blamed.update(found.blamed)
    _note(document.found, document.problems)
    try:
        return msgspec.convert(found.repaired, kind)
    except msgspec.ValidationError:
        raise InputErrors(document.found) from None


ALWAYS: Final = (1 << 63) - 2
"""Nanoseconds from 1970 to 2262, the last that columns hold: 9999-12-31 means that there is no end."""


def nanoseconds(day: date) -> int:
    """Return the first nanosecond of a day, counted from 1970-01-01 UTC; with the first and last that columns hold."""
    moment = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000
    return max(-ALWAYS, min(moment, ALWAYS))
