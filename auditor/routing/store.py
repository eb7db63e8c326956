"""Where configurations lie: readers ask here for files that others include, and never look at the disk themselves.

So the same readers read a folder, a revision of a repository, or a test's dictionary.  Names are paths as the user
gave them, with `/` between their parts.
"""

import fnmatch
import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from auditor.model.errors import InputError
from auditor.routing.model import File

MOST: Final = 64 << 20
"""Bytes of one file: configuration that people or generators write is far smaller."""

FILES: Final = 100_000
"""Files of the given folders."""

SKIPPED: Final = frozenset({".git", ".terraform", "node_modules", "__pycache__"})
"""Folders of tools, which hold no configuration of anybody's own."""


class Store(Protocol):
    """A place that holds files."""

    def read(self, name: str) -> File | None:
        """Return a file; None if there is none of this name.  Raise InputError if it can't be read."""

    def glob(self, pattern: str) -> list[str]:
        """List the names of files that match a pattern with `*`, `?` and `[...]`, none of which crosses a `/`."""

    def inside(self, folder: str) -> list[str] | None:
        """List the names of all files in a folder and the folders in it; None if it is no folder."""


class Disk:
    """The files of this machine."""

    def read(self, name: str) -> File | None:
        """Return a file, by a path that may be relative to the folder in which the command runs."""
        try:
            if not os.path.isfile(name):  # a pipe or a device may never end
                return None
            with open(name, "rb", opener=_at_once) as stream:
                data = stream.read(MOST + 1) or b""
        except OSError as error:
            raise InputError(name, f"can't be read ({error.strerror}); give a readable file") from None
        if len(data) > MOST:
            raise InputError(name, f"is larger than {MOST >> 20} MiB; give the configuration alone")
        return File(name, data)

    def glob(self, pattern: str) -> list[str]:
        """List files by a pattern."""
        folder, _, last = pattern.rpartition("/")
        found = [path for path in Path(folder or ".").glob(last) if path.is_file()] if last else []
        return sorted(posixpath.join(folder, path.name) for path in found)

    def inside(self, folder: str) -> list[str] | None:
        """List files in a folder, but for those of tools; links to other folders are followed, each once.

        Raise InputError for folders that can't be looked into: what is in them is not known to be harmless.
        """
        if not os.path.isdir(folder):
            return None
        found: list[str] = []
        seen = {os.path.realpath(folder)}
        for at, folders, files in os.walk(folder, onerror=_closed, followlinks=True):
            folders[:] = [name for name in sorted(folders) if name not in SKIPPED and _new(at, name, seen)]
            found += [posixpath.join(at, name) for name in sorted(files)]
            if len(found) > FILES:
                raise InputError(folder, f"holds more than {FILES:,} files; name the configurations in it")
        return found


def _at_once(name: str, flags: int) -> int:
    """Open a file that is not waited for: some of those under /proc have nothing to say until something happens."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _closed(error: OSError) -> None:
    raise InputError(str(error.filename), f"can't be looked into ({error.strerror}); let it be read, or take it out")


def _new(at: str, name: str, seen: set[str]) -> bool:
    """Say whether a folder was not there yet by another name."""
    real = os.path.realpath(os.path.join(at, name))
    new = real not in seen
    seen.add(real)
    return new


@dataclass(frozen=True, slots=True)
class Kept:
    """Files that are in memory."""

    files: Mapping[str, bytes]

    def read(self, name: str) -> File | None:
        """Return a file."""
        data = self.files.get(posixpath.normpath(name))
        return None if data is None else File(name, data)

    def glob(self, pattern: str) -> list[str]:
        """List files by a pattern."""
        folder, _, last = posixpath.normpath(pattern).rpartition("/")
        parts = [name.rpartition("/") for name in sorted(self.files)]
        return [posixpath.join(at, name) for at, _, name in parts if at == folder and fnmatch.fnmatchcase(name, last)]

    def inside(self, folder: str) -> list[str] | None:
        """List files in a folder."""
        return inside(sorted(self.files), folder)


@dataclass(frozen=True, slots=True)
class Changed:
    """A store of which one file is another, or (None) is not there."""

    store: Store
    name: str
    data: bytes | None

    def read(self, name: str) -> File | None:
        """Return a file."""
        if posixpath.normpath(name) == self.name:
            return None if self.data is None else File(name, self.data)
        return self.store.read(name)

    def glob(self, pattern: str) -> list[str]:
        """List files by a pattern."""
        found = self.store.glob(pattern)
        return found if self.data is not None else [name for name in found if posixpath.normpath(name) != self.name]

    def inside(self, folder: str) -> list[str] | None:
        """List files in a folder."""
        found = self.store.inside(folder)
        if found is None or self.data is not None:
            return found
        return [name for name in found if posixpath.normpath(name) != self.name]


def inside(names: Sequence[str], folder: str) -> list[str] | None:
    """List those of sorted names that lie in a folder; None if there are none."""
    start = posixpath.normpath(folder) + "/" if posixpath.normpath(folder) != "." else ""
    found = [name for name in names if name.startswith(start) and not SKIPPED.intersection(name.split("/"))]
    return found or None
