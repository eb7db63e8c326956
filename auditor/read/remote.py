"""Inputs in object stores and at other addresses: listed and fetched by fsspec, each into a temporary file.

`s3://bucket/key`, `gs://`, `az://` and `abfs://`, `https://` and `memory://`; a prefix is a folder, and `*`, `?`, `[…]`
and `**` are globs.  Libraries are imported when such an address is given, and not before.  Credentials are those that
the store's own tools use (environment, profiles, roles); none of them, and no error of a library, which may quote
them, gets into a name or a message.
"""

import errno
import glob
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from auditor.model.errors import InputError

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
EXTRAS: Final = {
    "s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure",
    "http": "http", "https": "http", "memory": "remote",
}  # fmt: skip
"""Of each scheme, the extra of this package that brings what reads it."""
WEB: Final = ("http", "https")
HOSTED: Final = ("abfs", "abfss")
"""Schemes whose addresses name a container before an @, and no user."""
MOST: Final = 64 << 30
"""Bytes that are kept in temporary files, of all objects together."""
FIRST: Final = 4 << 20
"""Bytes of an object that are fetched to see what it is."""
CHUNK: Final = 1 << 20
DENIED: Final = ("credential", "auth", "forbidden", "denied")
"""Words in the names of errors with which libraries say that nobody let them in."""


@dataclass(slots=True)
class Object:
    """One object, and as much of it as was fetched."""

    name: str  # its address, without credentials
    key: str  # as its store calls it
    store: Any
    inside: bool  # of a folder that was given, so that it may be of another kind
    path: str = ""
    fetched: int = 0
    whole: bool = False

    @property
    def promised(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]


def is_url(path: str) -> bool:
    """Say whether an input is an address and not a path."""
    return bool(_URL.match(path))


def cleaned(url: str) -> str:
    """Leave credentials, signatures and fragments out of an address."""
    scheme = url.partition("://")[0]
    if scheme.lower() not in EXTRAS:
        return f"{scheme}://"
    parts = urlsplit(url)
    host = parts.netloc if scheme in HOSTED else parts.netloc.rpartition("@")[2]
    path = parts.path if scheme in WEB else url.partition("://")[2].partition("/")[2]
    return f"{scheme}://{host}/{path.lstrip('/')}".rstrip("/")


def listed(url: str) -> list[Object]:
    """List the objects for which an address stands, by name.  Raise InputError, with a remedy, if there are none."""
    if url not in _LISTED:
        name = cleaned(url)
        store, path = _store(url, name)
        with _told(name):
            keys = _keys(store, path, url.partition("://")[0] in WEB)
        if not keys:
            said = "nothing is there; a prefix ends where a folder ends, and * stands for parts of names"
            raise InputError(name, said)
        objects = [Object(_named(url, key), key, store, inside) for key, inside in keys.items()]
        _LISTED[url] = sorted(objects, key=lambda each: each.name)
    return _LISTED[url]


_LISTED: Final[dict[str, list[Object]]] = {}
"""What is listed twice for one audit is not fetched twice."""


def renew() -> None:
    """Ask stores again: another audit begins, and what is at an address may have changed."""
    _LISTED.clear()


def _keys(store: Any, path: str, web: bool) -> dict[str, bool]:
    """Find objects, and whether each was found in a folder."""
    if web:
        return {path: False}
    matches = store.glob(path, detail=True) if glob.has_magic(path) else {path: store.info(path)}
    found: dict[str, bool] = {}
    for match, about in matches.items():
        folder = about["type"] == "directory"
        for key, each in (store.find(match, detail=True) if folder else {match: about}).items():
            if each["type"] == "file" and not _marker(key, each):
                found[key] = found.get(key, True) and folder
    return found


def _marker(key: str, about: dict[str, Any]) -> bool:
    """Say whether an empty object only stands for a folder, as consoles of stores make them."""
    return key.endswith("/") and not about.get("size")


def _named(url: str, key: str) -> str:
    return cleaned(key if is_url(key) else f"{url.partition('://')[0]}://{key.lstrip('/')}")


def _store(url: str, name: str) -> tuple[Any, str]:
    """Open the store of an address; return it, and the path in it."""
    scheme = url.partition("://")[0].lower()
    if scheme not in EXTRAS:
        known = ", ".join(f"{each}://" for each in EXTRAS)
        raise InputError(name, f"is of no known kind; known are {known} and paths of files")
    try:
        from fsspec.core import url_to_fs

        with _told(name):
            store, path = url_to_fs(url)
    except ImportError:
        raise InputError(name, f"needs more libraries: pip install 'residency-auditor[{EXTRAS[scheme]}]'") from None
    return store, path


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in our own words what went wrong: a library's may quote an address with its credentials."""
    try:
        yield
    except (InputError, ImportError):
        raise
    except FileNotFoundError:
        raise InputError(name, "no such object, folder or bucket; check the address") from None
    except Exception as error:
        kind = type(error).__name__
        if isinstance(error, PermissionError) or any(word in kind.lower() for word in DENIED):
            said = "access denied; check the credentials in the environment, and that they may list and read"
            raise InputError(name, said) from None
        said = f"can't be read ({kind}); check the address, the credentials in the environment and the network"
        raise InputError(name, said) from None


def fetch(wanted: Object, whole: bool) -> str:
    """Keep the beginning of an object, or all of it, in a temporary file; return its path."""
    if wanted.whole or (wanted.path and not whole):
        return wanted.path
    if not wanted.path:
        wanted.path = str(Path(_folder().name, str(len(_KEPT))))
        _KEPT[wanted.path] = 0
    wanted.fetched = 0
    with _told(wanted.name):
        stream = wanted.store.open(wanted.key, "rb", cache_type="readahead", block_size=FIRST)
    with stream, open(wanted.path, "wb") as kept:
        while whole or wanted.fetched < FIRST:
            with _told(wanted.name):
                more = stream.read(CHUNK)
            if not more:
                wanted.whole = True
                break
            wanted.fetched += len(more)
            _keep(wanted, kept, more)
    return wanted.path


def _keep(wanted: Object, kept: Any, more: bytes) -> None:
    _KEPT[wanted.path] = wanted.fetched
    if sum(_KEPT.values()) > MOST:
        raise InputError(wanted.name, f"more than {MOST >> 30} GiB from addresses in one run; give fewer of them")
    try:
        kept.write(more)
    except OSError as error:
        room = "there is no room in the folder for temporary files (TMPDIR names another)"
        raise InputError(
            wanted.name, room if error.errno == errno.ENOSPC else f"can't be kept: {error.strerror}"
        ) from None


_KEPT: Final[dict[str, int]] = {}
_FOLDERS: Final[list["tempfile.TemporaryDirectory[str]"]] = []


def _folder() -> "tempfile.TemporaryDirectory[str]":
    """Return the folder of this run, which goes when the process ends."""
    if not _FOLDERS:
        _FOLDERS.append(tempfile.TemporaryDirectory(prefix="auditor-"))
    return _FOLDERS[0]


def forget() -> None:
    """Remove what was fetched."""
    _LISTED.clear()
    _KEPT.clear()
    while _FOLDERS:
        _FOLDERS.pop().cleanup()
