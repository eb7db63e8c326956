"""Find configurations among files and folders, and read them."""

import os
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auditor.model.errors import InputError, InputErrors, gathering
from auditor.routing import envoy, istio, unread
from auditor.routing.formats import FORMATS
from auditor.routing.model import File, Routing
from auditor.routing.store import FILES, Store

BESIDE: Final = {istio.FORMAT, envoy.FORMAT}
"""Formats whose documents may stand in one file, and whose readers leave each other's alone."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was given, read."""

    routings: tuple[Routing, ...]
    files: tuple[File, ...]  # that bear on them, by name, each once
    passed: int  # files of folders that are of no known format


def collect(paths: Sequence[str], store: Store, earlier: str = "") -> Collected:
    """Read all configurations at some paths.

    Raise InputErrors for what can't be read; a file that is named itself has to be a configuration.  Of an `earlier`
    state, by its name, what was not there yet is no error.
    """
    given: dict[str, list[File]] = {name: [] for name in FORMATS}
    along: list[tuple[File, list[str]]] = []  # with the formats of which they are themselves
    unnamed: set[str] = set()
    with gathering() as problems:
        for path, named in _expanded(paths, store):
            with problems.kept(), _of(earlier):
                file = store.read(path)
                if not named:
                    unnamed.add(path)
                if file is None and (earlier or not named):
                    continue  # a pipe, a device, a link to nothing
                if file is None:
                    raise InputError(path, "is no file that exists; give a routing configuration, or a folder of them")
                names = _formats(_readable(file))
                if names and _wide(file):
                    raise InputError(path, "is not UTF-8 text; save it as UTF-8")
                for name in names:
                    given[name].append(file)
                if any(each.belongs(file) for each in FORMATS.values()):
                    along.append((file, names))
                elif names:
                    continue
                elif named:
                    known = ", ".join(name for name in FORMATS if name != unread.FORMAT)
                    raise InputError(path, f"is no routing configuration that is known ({known}); see docs/gate.md")
        asked = [name for name, files in given.items() if files]
        for file, names in along:
            readers = [name for name in asked if name not in names and FORMATS[name].belongs(file)]
            for name in readers:
                given[name].append(file)
        routings: list[Routing] = []
        for name, files in given.items():
            if files:
                with problems.kept(), _of(earlier):
                    routings += FORMATS[name].read(files, store)
    if not routings and not earlier:
        raise InputError(
            ", ".join(paths[:3]), "holds no routing configuration; give the files that decide who is sent where"
        )
    files_ = {file.name: file for routing in routings for file in routing.files}
    return Collected(tuple(routings), tuple(files_[name] for name in sorted(files_)), len(unnamed - files_.keys()))


@contextmanager
def _of(earlier: str) -> Iterator[None]:
    """Say of errors in an earlier state that they are there."""
    try:
        yield
    except InputError as error:
        if not earlier:
            raise
        raise InputErrors(
            InputError(f"{earlier}:{each.source}", each.message, each.record, each.column) for each in error.each
        ) from None


def _wide(file: File) -> bool:
    """Say whether it is text of two bytes a character, or four (RFC 4627, section 3), as some tools read it."""
    return b"\0" in file.data[:4] or file.data[:2] in (b"\xff\xfe", b"\xfe\xff")


def _readable(file: File) -> File:
    """Return a file as UTF-8, as far as that goes."""
    if not _wide(file):
        return file
    head = file.data[:4]
    wide = head[:2] in (b"\0\0",) or head[2:] == b"\0\0"
    kind = "utf-32" if wide else "utf-16"
    if head[:2] not in (b"\xff\xfe", b"\xfe\xff") and head != b"\0\0\xfe\xff":
        kind += "-be" if head[:1] == b"\0" else "-le"
    return File(file.name, file.data.decode(kind, "replace").encode())


def _formats(file: File) -> list[str]:
    """Name the formats that a file is of: one, or several that share its language."""
    names = [name for name, each in FORMATS.items() if each.sniff(file)]
    beside = {*BESIDE, unread.FORMAT} if names and names[0] in BESIDE else BESIDE
    return [name for name in names if name == names[0] or FORMATS[name].belongs(file) or {names[0], name} <= beside]


def _expanded(paths: Sequence[str], store: Store) -> list[tuple[str, bool]]:
    """List files, each once and by the name under which it was given; and whether it was named itself."""
    found: dict[str, tuple[str, bool]] = {}
    for path in map(_name, paths):
        held = store.inside(path)
        for each in [path] if held is None else held:
            found.setdefault(posixpath.normpath(each), (posixpath.normpath(each), held is None))
        if len(found) > FILES:
            raise InputError(path, f"holds more than {FILES:,} files; name the configurations in it")
    return list(found.values())


def _name(path: str) -> str:
    """Name a file from the folder in which the command runs, as code hosts do, if it is inside of that."""
    whole = Path(os.path.abspath(path))
    here = Path.cwd()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else Path(path).as_posix()
