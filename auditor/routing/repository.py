"""A revision of a git repository as a store of files.

Nothing is checked out: objects are read by `git cat-file` (gitrevisions(7), git-cat-file(1)), so the work tree, the
index and the repository stay as they are.
"""

import fnmatch
import os
import posixpath
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.model import File
from auditor.routing.store import MOST, SKIPPED

OPTION: Final = "--against"
_REGULAR: Final = ("100644", "100755")
_LINK: Final = "120000"
_MODULE: Final = "160000"
_LINKS: Final = 40  # that a path may lead through
_AHEAD: Final = 500  # files that are read at once
_ALONE: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # of a partial clone; where git is too old for this, no protocol is allowed all the same
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
"""Of git's environment: reading a repository starts no program that its settings name, and no connection."""

_NOT_OURS: Final = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES"
    " GIT_NAMESPACE GIT_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_IMPLICIT_WORK_TREE GIT_INTERNAL_SUPER_PREFIX".split()
)
"""By which a hook, or whoever works at another repository, tells git where that one is.  The files that are compared
lie where the command runs, and so does their repository."""


def _git(*arguments: str, data: bytes = b"") -> bytes:
    """Run git, which asks nobody, locks nothing and fetches nothing.  Raise InputError for what it refuses."""
    settings = {name: value for name, value in os.environ.items() if name not in _NOT_OURS} | _ALONE
    try:
        done = subprocess.run(  # noqa: S603 - no shell; what the user wrote stands behind --end-of-options
            ["git", "--no-pager", *arguments], input=data, capture_output=True, check=False, env=settings
        )
    except FileNotFoundError:
        raise InputError(OPTION, "needs git, which is not installed; install it, or give a folder") from None
    except (OSError, ValueError):  # too long, or characters that no argument can hold
        raise InputError(OPTION, "git can't be run so; give a revision of this repository, or a folder") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        said = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
        raise InputError(OPTION, f"git says: {said}; give a revision of this repository")
    return done.stdout


def commit_of(revision: str) -> str:
    """Return the commit of a revision; empty if it is none, or this is no repository."""
    try:
        found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except InputError:
        return ""
    commit = found.decode("ascii", "replace").strip()
    return commit if re.fullmatch("[0-9a-f]{40,64}", commit) else ""


def opened(revision: str, paths: Sequence[str]) -> "Revision":
    """Open a revision of the repository in which the command runs, which has to hold the paths."""
    try:
        prefix = _named(_git("rev-parse", "--show-prefix"))
    except InputError as error:
        if "not a git repository" not in error.message:
            raise
        said = f"`{revision}` is no folder, and this is no git repository; give a folder or run inside a repository"
        raise InputError(OPTION, said) from None
    commit = commit_of(revision)
    if not commit:
        raise InputError(OPTION, f"`{revision}` is neither a folder nor a revision; {_remedy(revision)}")
    try:
        top = _named(_git("rev-parse", "--show-toplevel"))
    except InputError:
        said = "this repository has no work tree that could hold these files; run inside of one that has"
        raise InputError(OPTION, said) from None
    found = Revision(commit, prefix, os.path.realpath(top))
    for path in paths:
        found.holds(path)
    return found


def _remedy(revision: str) -> str:
    """Say what may be meant by a revision that there is not: branches that were only fetched have another name."""
    references = _named(_git("for-each-ref", "--format=%(refname)", "refs/remotes/")).splitlines()
    wanted = revision.removeprefix("refs/heads/")
    parts = (each.split("/", 3) for each in references)
    there = [f"{part[2]}/{part[3]}" for part in parts if len(part) == 4 and part[3] == wanted]
    if there:
        return f"there is no branch of that name here, but {' and '.join(map('`{}`'.format, there))}: give that"
    return "fetch it (`git fetch origin NAME`, then give `FETCH_HEAD`; a shallow clone lacks others)"


def _named(said: bytes) -> str:
    return said.decode("utf-8", "surrogateescape").removesuffix("\n")


@dataclass
class Revision:
    """The files of a commit, by names as seen from where the command runs."""

    commit: str
    prefix: str  # of the repository's folder in which the command runs, with a `/` at its end; empty: the root
    top: str = "/"  # where its root is
    _ahead: dict[str, bytes] = field(default_factory=dict)  # blobs that were read at once with others
    _listed: list[str] = field(default_factory=list)  # blobs of a folder, which will be asked for in this order

    @cached_property
    def _tree(self) -> Mapping[str, tuple[str, str]]:
        """Path in the repository -> mode and object."""
        found = {}
        for entry in filter(None, _git("ls-tree", "-r", "-z", "--full-tree", self.commit).split(b"\0")):
            facts, _, name = entry.partition(b"\t")
            mode, _, held = facts.decode("ascii").split(" ")
            found[name.decode("utf-8", "surrogateescape")] = mode, held
        return found

    @cached_property
    def _folders(self) -> Mapping[str, set[str]]:
        """Folder in the repository (empty: its root) -> names in it."""
        found: dict[str, set[str]] = {"": set()}
        for path in self._tree:
            name: str = path
            while name:
                above, _, last = name.rpartition("/")
                known = above in found
                found.setdefault(above, set()).add(last)
                name = "" if known else above
        return found

    def holds(self, path: str) -> None:
        """Raise InputError for a path of which the repository can know nothing."""
        name = self._inside(path)
        if name == ".." or name.startswith(("../", "/")):
            raise InputError(path, f"lies outside of the repository of `{OPTION}`; run inside of the one that holds it")
        parts = name.split("/")
        for length in range(1, len(parts) + 1):
            if self._tree.get("/".join(parts[:length]), ("",))[0] == _MODULE:
                raise InputError(path, f"lies in a submodule, a repository of its own; run `{OPTION}` inside of that")

    def _inside(self, name: str) -> str:
        if os.path.isabs(name):
            above, last = os.path.split(os.path.abspath(name))
            return Path(os.path.relpath(os.path.join(os.path.realpath(above), last), self.top)).as_posix()
        return posixpath.normpath(posixpath.join(self.prefix, name))

    def _real(self, path: str) -> str | None:
        """Follow links inside of the commit; None if they leave it, or go on without end."""
        todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        at: list[str] = []
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                if not at:
                    return None
                at.pop()
                continue
            at.append(part)
            mode, held = self._tree.get("/".join(at), ("", ""))
            if mode == _LINK:
                target = self._blob(held, path).decode("utf-8", "surrogateescape")
                links += 1
                if links > _LINKS or target.startswith("/"):
                    return None
                at.pop()
                todo += [part for part in reversed(target.split("/")) if part not in ("", ".")]
        return "/".join(at)

    def read(self, name: str) -> File | None:
        """Return a file of the commit; links are followed inside of it."""
        path = self._real(self._inside(name))
        mode, held = self._tree.get(path or "", ("", ""))
        return File(name, self._blob(held, name)) if mode in _REGULAR else None

    def _blob(self, held: str, name: str) -> bytes:
        if held not in self._ahead and held in self._listed:
            self._read_ahead(self._listed.index(held))
        if held in self._ahead:
            return self._ahead[held]
        if int(_git("cat-file", "-s", held)) > MOST:
            raise InputError(name, f"was larger than {MOST >> 20} MiB; give the configuration alone")
        return _git("cat-file", "blob", held)

    def _read_ahead(self, start: int) -> None:
        """Read blobs that will be asked for next, with one process: a folder may hold thousands."""
        some, self._listed = self._listed[start : start + _AHEAD], self._listed[start + _AHEAD :]
        asked = "".join(f"{held}\n" for held in some).encode()
        left, small = MOST, []
        for line in _git("cat-file", "--batch-check", data=asked).decode("ascii", "replace").splitlines():
            held, kind, size = (*line.split(" "), "", "")[:3]
            left -= int(size) if kind == "blob" else 0
            small += [held] if kind == "blob" and left >= 0 else []
        data = _git("cat-file", "--batch", data="".join(f"{held}\n" for held in small).encode())
        self._ahead = dict(_cut(data))

    def glob(self, pattern: str) -> list[str]:
        """List files by a pattern."""
        folder, _, last = pattern.rpartition("/")
        real = self._real(self._inside(folder or "."))
        names = sorted(self._folders.get(real, ())) if real is not None else []
        found = [name for name in names if fnmatch.fnmatchcase(name, last) and self._is_file(f"{real}/{name}")]
        return [posixpath.join(folder, name) for name in found]

    def _is_file(self, path: str) -> bool:
        return self._tree.get(self._real(path) or "", ("",))[0] in _REGULAR

    def inside(self, folder: str) -> list[str] | None:
        """List files in a folder of the commit as it would be on a disk: see `store.Disk`."""
        top = self._real(self._inside(folder))
        if top is None or top not in self._folders:
            return None
        found: list[str] = []
        seen = {top}
        stack = [(folder, top)]
        while stack:
            shown, at = stack.pop()
            below: list[tuple[str, str]] = []
            for name in sorted(self._folders[at]):
                path = posixpath.join(at, name)
                real = self._real(path)
                if real is not None and real in self._folders:
                    if real not in seen and name not in SKIPPED:
                        seen.add(real)
                        below.append((posixpath.join(shown, name), real))
                else:
                    found.append(posixpath.join(shown, name))
                    self._listed += [held for mode, held in [self._tree[path]] if mode in _REGULAR]
            stack += reversed(below)
        return found


def _cut(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut what `git cat-file --batch` writes into objects and their content."""
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        held, _, size = data[at:end].decode("ascii").split(" ")
        at = end + 1 + int(size)
        yield held, data[end + 1 : at]
        at += 1
