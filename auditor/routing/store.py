"""Where configurations lie: readers ask here for files that others include, and never look at the disk themselves.

So the same readers read a folder, a revision of a repository, or a test's dictionary.  Names are paths as the user
gave them, with `/` between their parts.
"""

import fnmatch
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from auditor.model.errors import InputError
from auditor.routing.model import File

MOST: Final = 64 << 20
"""Bytes of one file: configuration that people or generators write is far smaller."""


class Store(Protocol):
    """A place that holds files."""

    def read(self, name: str) -> File | None:
        """Return a file; None if there is none of this name.  Raise InputError if it can't be read."""

    def glob(self, pattern: str) -> list[str]:
        """List the names of files that match a pattern with `*`, `?` and `[...]`, none of which crosses a `/`."""


class Disk:
    """The files of this machine."""

    def read(self, name: str) -> File | None:
        """Return a file, by a path that may be relative to the folder in which the command runs."""
        path = Path(name)
        if not path.is_file():
            return None
        try:
            with path.open("rb") as stream:
                data = stream.read(MOST + 1)
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
