"""Configurations as they were: in another folder, or in a revision of the repository, which is only read."""

import os
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auditor.model.errors import InputError
from auditor.routing import repository
from auditor.routing.model import File
from auditor.routing.repository import OPTION
from auditor.routing.store import Disk, Kept, Store

_PATH: Final = re.compile(r"\.{0,2}/|\.{1,2}\Z|.*[/\\]\Z", re.DOTALL)
"""What is a path and can be no revision (git-check-ref-format(1))."""


def earlier(against: str, paths: Sequence[str]) -> Store:
    """Open the state that configurations are compared with: a folder or a file if there is one, else a revision.

    Raise InputError for the name of both: a change that adds a folder called `main` must not choose what it is held
    against.
    """
    if not _PATH.match(against) and os.path.exists(against) and repository.commit_of(against):
        said = f"`{against}` is a revision, and a folder or file too; write `./{against}` or `refs/heads/{against}`"
        raise InputError(OPTION, f"{said} (or `{against}^0` for whatever revision)")
    if os.path.isdir(against):
        return Elsewhere(_roots(against, paths))
    if os.path.isfile(against):
        if len(paths) != 1 or os.path.isdir(paths[0]):
            raise InputError(OPTION, f"{against} is a file; give one configuration file to compare with it")
        held = Disk().read(against)
        assert held is not None
        return Kept({posixpath.normpath(_relative(paths[0])): held.data})
    return repository.opened(against, paths)


def _relative(path: str) -> str:
    whole = os.path.abspath(path)
    near = os.path.relpath(whole)
    return Path(path if near.startswith("..") else near).as_posix()


def _roots(folder: str, paths: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Say which path now stands for which path then."""
    names = [posixpath.normpath(_relative(path)) for path in paths]
    if all(os.path.exists(os.path.join(folder, name)) for name in names):
        return tuple((name, posixpath.join(folder, name)) for name in names)
    if len(names) == 1 and os.path.isdir(paths[0]):
        return ((names[0], folder),)
    last = [(name, posixpath.join(folder, posixpath.basename(name))) for name in names]
    if all(os.path.isfile(then) for _, then in last):
        return tuple(last)
    said = f"{folder} holds none of {', '.join(names[:3])}; give the folder that holds their earlier state"
    raise InputError(OPTION, said)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Files of other folders, by the names that they have now."""

    roots: tuple[tuple[str, str], ...]  # path now, path then

    def _then(self, name: str) -> str | None:
        name = posixpath.normpath(name)
        for now, then in self.roots:
            if name == now or name.startswith(f"{now}/") or now == ".":
                rest = name if now == "." else name[len(now) + 1 :]
                return posixpath.join(then, rest) if rest else then
            folder = posixpath.dirname(now)
            if os.path.isfile(then) and posixpath.dirname(name) == folder:  # what stands beside it is included by it
                return posixpath.join(posixpath.dirname(then), posixpath.basename(name))
        return None

    def _now(self, name: str) -> str:
        for now, then in self.roots:
            base = posixpath.dirname(then) if os.path.isfile(then) else then
            if name.startswith(f"{base}/"):
                folder = posixpath.dirname(now) if os.path.isfile(then) else now
                return posixpath.normpath(posixpath.join(folder, name[len(base) + 1 :]))
        return name

    def read(self, name: str) -> File | None:
        """Return a file as it was."""
        then = self._then(name)
        held = Disk().read(then) if then else None
        return held and File(name, held.data)

    def glob(self, pattern: str) -> list[str]:
        """List files by a pattern."""
        then = self._then(pattern)
        return [self._now(name) for name in Disk().glob(then)] if then else []

    def inside(self, folder: str) -> list[str] | None:
        """List files in a folder."""
        then = self._then(folder)
        found = Disk().inside(then) if then else None
        return None if found is None else [self._now(name) for name in found]
