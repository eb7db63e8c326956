"""Configurations as they were: in another folder, or in a revision of the repository, which is only read.

Nothing is checked out: objects are read by `git cat-file` (gitrevisions(7), git-cat-file(1)), so the work tree, the
index and the repository stay as they are.
"""

import os
import posixpath
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.model import File
from auditor.routing.store import MOST, Disk, Kept, Store, inside

OPTION: Final = "--against"
_REGULAR: Final = ("100644", "100755")
_LINK: Final = "120000"
_ALONE: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # of a partial clone; where git is too old for this, no protocol is allowed all the same
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
"""Of git's environment: reading a repository starts no program that its settings name, and no connection."""


def earlier(against: str, paths: Sequence[str]) -> Store:
    """Open the state that configurations are compared with: a folder or a file if there is one, else a revision."""
    if os.path.isdir(against):
        return Elsewhere(_roots(against, paths))
    if os.path.isfile(against):
        if len(paths) != 1 or os.path.isdir(paths[0]):
            raise InputError(OPTION, f"{against} is a file; give one configuration file to compare with it")
        held = Disk().read(against)
        assert held is not None
        return Kept({posixpath.normpath(_relative(paths[0])): held.data})
    return Revision(*_resolved(against))


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


def _git(*arguments: str, data: bytes | None = None) -> bytes:
    """Run git, which asks nobody, locks nothing and fetches nothing.  Raise InputError for what it refuses."""
    settings = {**os.environ, **_ALONE}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what the user wrote stands behind --end-of-options
            ["git", "--no-pager", *arguments], input=data, capture_output=True, check=False, env=settings
        )
    except FileNotFoundError:
        raise InputError(OPTION, "needs git, which is not installed; install it, or give a folder") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(OPTION, f"git says: {said[-1] if said else 'nothing'}; give a revision of this repository")
    return done.stdout


def _resolved(revision: str) -> tuple[str, str]:
    """Return a revision's commit, and where in the repository the command runs."""
    try:
        prefix = _git("rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").removesuffix("\n")
    except InputError:
        said = f"`{revision}` is no folder, and this is no git repository; give a folder or run inside a repository"
        raise InputError(OPTION, said) from None
    try:
        found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except InputError:
        said = f"`{revision}` is neither a folder nor a revision; fetch it (a shallow clone lacks others)"
        raise InputError(OPTION, said) from None
    return found.decode().strip(), prefix


@dataclass(slots=True)
class Revision:
    """The files of a commit, by names as seen from where the command runs."""

    commit: str
    prefix: str  # of the repository's folder in which the command runs, with a `/` at its end; empty: the root
    _names: dict[str, tuple[str, str]] = field(default_factory=dict)  # path in the repository -> mode, object

    def _tree(self) -> dict[str, tuple[str, str]]:
        if not self._names:
            listed = _git("ls-tree", "-r", "-z", "--full-tree", self.commit)
            for entry in filter(None, listed.split(b"\0")):
                facts, _, name = entry.partition(b"\t")
                mode, _, held = facts.decode("ascii").split(" ")
                self._names[name.decode("utf-8", "surrogateescape")] = mode, held
        return self._names

    def _inside(self, name: str) -> str:
        return posixpath.normpath(posixpath.join(self.prefix, name))

    def _outside(self, path: str) -> str:
        return posixpath.relpath(path, self.prefix or ".")

    def read(self, name: str) -> File | None:
        """Return a file of the commit; links are followed inside of it."""
        path = self._inside(name)
        for _ in range(10):
            mode, held = self._tree().get(path, ("", ""))
            if mode in _REGULAR:
                return File(name, self._blob(held, name))
            if mode != _LINK:
                return None
            target = self._blob(held, name).decode("utf-8", "surrogateescape")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        return None

    def _blob(self, held: str, name: str) -> bytes:
        size = int(_git("cat-file", "-s", held))
        if size > MOST:
            raise InputError(name, f"was larger than {MOST >> 20} MiB; give the configuration alone")
        return _git("cat-file", "blob", held)

    def glob(self, pattern: str) -> list[str]:
        """List files by a pattern."""
        names = {self._outside(path): b"" for path, (mode, _) in self._tree().items() if mode in (*_REGULAR, _LINK)}
        return Kept(names).glob(pattern)

    def inside(self, folder: str) -> list[str] | None:
        """List files in a folder of the commit."""
        found = inside(sorted(self._tree()), self._inside(folder))
        return None if found is None else [self._outside(path) for path in found]
