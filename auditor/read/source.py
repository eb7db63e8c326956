"""Finds captures and logs: files, folders, globs, addresses and standard input, told by content and not by name.

Compressed files are read as streams.  A file is read up to the size that it had when it was found, so one
that is still written to gives one consistent answer.
"""

import atexit
import glob
import hashlib
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.read import footer, pcap, pcapng, remote, snoop
from auditor.read.folders import promises
from auditor.read.temporary import unnamed
from auditor.read.unpack import MAGICS, unpacked

HEAD: Final = 1 << 16
"""Bytes that tell the format: the header and, for the variants of pcap, the first records."""
SPOOL: Final = 64 << 30
"""Bytes of standard input that are kept in a temporary file; more is refused."""
STDIN: Final = "-"

FORMATS: Final[dict[str, Callable[[bytes], bool]]] = {
    "pcap": pcap.sniff,
    "pcapng": pcapng.sniff,
    "snoop": snoop.sniff,
}
NEITHER: Final = (
    "neither a capture nor a log of a known format; a column map reads any other table (--columns, see "
    "docs/columns.md), editcap converts other captures"
)
NOTHING: Final = "empty"
UNREADABLE: Final = "unreadable"
"""Formats of a file without any bytes, and of a compressed one that is damaged before its format could be told."""


@dataclass(frozen=True, slots=True)
class Source:
    """One capture or log, as it was found."""

    name: str  # as given, without folders above the one that was named
    path: str
    size: int  # bytes as stored
    format: str  # pcap, pcapng, snoop or a format of logs; empty or unreadable
    packing: str = ""  # gzip, zstd, xz or bzip2

    @property
    def is_capture(self) -> bool:
        """Whether packets are looked for in it: what is empty or unreadable is told where those are counted."""
        return self.format in FORMATS or self.format in (NOTHING, UNREADABLE)

    @property
    def described(self) -> str:
        """The format as a report names it."""
        return f"{self.format}+{self.packing}" if self.packing else self.format


Named = Callable[[bytes], str | None]
"""Names the format of what begins so; None: none of those that it knows."""


def _nothing(head: bytes) -> str | None:
    return None


def sources(paths: Sequence[str], others: Named = _nothing, passed: set[str] | None = None) -> list[Source]:
    """Expand files, folders (and folders in them), globs, addresses and `-` into captures and logs, sorted by name.

    `others` names the formats of logs.  Raise InputError for what is missing, can't be read, or is neither; files of
    other kinds in a folder are passed over and added to `passed`, unless their name promises a capture or a log: those
    are inputs that can't be read.  A folder without any input is an error.
    """
    found: dict[str, Source] = {}
    over: set[str] = set() if passed is None else passed
    remote.renew()
    for path in paths:
        for source in _expand(path, others, over):
            found.setdefault(os.path.realpath(source.path), source)
    return sorted(found.values(), key=lambda source: (source.name, source.path))


def _expand(path: str, others: Named, passed: set[str]) -> Iterator[Source]:
    if path == STDIN:
        yield _spooled(others)
    elif remote.is_url(path):
        yield from _fetched(path, others, passed)
    elif os.path.isdir(path):
        yield from _folder(path, others, passed)
    elif os.path.exists(path) or not glob.has_magic(path):
        yield _file(path, os.path.basename(path), others)
    else:
        matches = sorted(glob.glob(path, recursive=True))
        if not matches:
            raise InputError(path, "nothing matches this pattern; quote it only if the shell should not expand it")
        for match in matches:
            if os.path.isdir(match):
                yield from _folder(match, others, passed)
            else:
                yield _file(match, os.path.basename(match), others)


def _folder(path: str, others: Named, passed: set[str]) -> Iterator[Source]:
    """Find the captures and logs in a folder; symbolic links to folders are not followed, so there are no loops."""
    base = os.path.basename(os.path.abspath(path))
    found: list[Source] = []
    for folder, inner, files in os.walk(path, onerror=_refuse):
        inner.sort()
        for name in sorted(files):
            whole = os.path.join(folder, name)
            if not stat.S_ISREG(os.stat(whole, follow_symlinks=True).st_mode if os.path.exists(whole) else 0):
                continue
            short = Path(base, os.path.relpath(whole, path)).as_posix()
            try:
                source = _file(whole, short, others)
            except NotACapture:
                if not promises(name):
                    passed.add(os.path.realpath(whole))
                    continue
                source = Source(short, whole, os.path.getsize(whole), UNREADABLE)  # counted, or it would look clean
            found.append(source)
    yield from _some(found, path)


def _some(found: list[Source], path: str) -> list[Source]:
    """Return what was found in a folder; raise InputError if nothing of it is an input."""
    if all(source.format == UNREADABLE and not source.packing for source in found):
        raise InputError(
            path, "no capture and no log of a known format, compressed or not, in this folder; see docs/inputs.md"
        )
    return found


def _fetched(url: str, others: Named, passed: set[str]) -> Iterator[Source]:
    """Fetch what is at an address; of other kinds in a folder only the beginning."""
    objects, found = remote.listed(url), []
    for each in objects:
        try:
            _file(remote.fetch(each, whole=False), each.name, others)
            found.append(_file(remote.fetch(each, whole=True), each.name, others))
        except InputError as error:
            if not (each.inside and isinstance(error, NotACapture)):
                raise InputError(each.name, error.message) from error
            if not promises(each.promised):
                passed.add(each.name)
                continue
            path = remote.fetch(each, whole=True)
            found.append(Source(each.name, path, os.path.getsize(path), UNREADABLE))
    yield from _some(found, remote.cleaned(url)) if all(each.inside for each in objects) else found


def _refuse(error: OSError) -> None:
    raise InputError(str(error.filename), f"can't be read: {error.strerror}")


class NotACapture(InputError):
    """A file of another kind."""


def _file(path: str, name: str, others: Named) -> Source:
    """Look into a file; raise NotACapture if it isn't one, InputError if it can't be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before it is opened: a pipe would wait for a writer
            raise InputError(path, "not a regular file; a stream can be given on standard input, as -")
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            head = stream.read(HEAD)
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file; check the path, relative ones count from the working directory"
        ) from error
    except OSError as error:
        raise InputError(path, f"can't be read: {error.strerror}") from error
    if not head:
        return Source(name, path, 0, NOTHING)
    packing = next((each for each, magic in MAGICS.items() if head.startswith(magic)), "")
    if packing:
        head, damaged = _unpacked_head(Source(name, path, size, "", packing))
        if damaged and len(head) < pcap.HEADER:
            return Source(name, path, size, UNREADABLE, packing)
    if head.startswith(footer.MAGIC):
        head = _footed(Source(name, path, size, "", packing))
        if footer.footer(head) is None:
            return Source(name, path, size, UNREADABLE, packing)
    form = next((each for each, sniff in FORMATS.items() if sniff(head)), None) or others(head)
    if form is None:
        raise NotACapture(path, f"the {packing}-compressed data in it are {NEITHER}" if packing else NEITHER)
    return Source(name, path, size, form, packing)


def _footed(source: Source) -> bytes:
    """Return what tells the kind of a Parquet file, which stands at its end."""
    with opened(source, 0 if source.packing else footer.start(source.size)) as stream:
        try:
            return footer.telling(stream)
        except OSError:
            return footer.MAGIC


def _unpacked_head(source: Source) -> tuple[bytes, bool]:
    """Unpack the beginning; also say whether it is damaged, which the scan will tell where the format is known."""
    head = bytearray()
    with opened(source) as stream:
        try:
            while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
                head += more
        except OSError:
            return bytes(head), True
    return bytes(head), False


def _spooled(others: Named) -> Source:
    """Keep standard input in a temporary file without a name, so that it can be hashed and split as others."""
    spool, path = unnamed(".spool")
    atexit.register(spool.close)
    left = SPOOL
    while left and (block := sys.stdin.buffer.read(min(1 << 20, left))):
        spool.write(block)
        left -= len(block)
    if not left:
        raise InputError(STDIN, f"more than {SPOOL >> 30} GiB on standard input; give a file instead")
    spool.flush()
    try:
        return _file(path, STDIN, others)
    except InputError as error:
        raise InputError(STDIN, error.message) from error


@contextmanager
def opened(source: Source, at: int = 0, advanced: Callable[[int], None] | None = None) -> Iterator[io.RawIOBase]:
    """Open a capture as a stream of its unpacked bytes; `at` is an offset into one that isn't compressed.

    `advanced` is told how many bytes of the stored file were read.
    """
    try:
        stored = open(source.path, "rb", buffering=0)  # noqa: SIM115  (the with statement is the next one)
    except OSError as error:
        raise InputError(source.name, f"can't be read: {error.strerror}") from error
    with stored:
        stored.seek(at)
        stream = _Limited(stored, source.size - at, advanced)
        yield unpacked(source.packing, stream) if source.packing else stream


class _Limited(io.RawIOBase):
    """The first bytes of a file, up to the size that it had."""

    def __init__(self, stream: io.FileIO, size: int, advanced: Callable[[int], None] | None) -> None:
        self._stream = stream
        self._left = size
        self._advanced = advanced

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int:
        got = self._stream.readinto(memoryview(into)[: self._left]) or 0
        self._left -= got
        if self._advanced:
            self._advanced(got)
        return got


def hashed(source: Source) -> str:
    """Return the SHA-256 of the bytes as stored."""
    digest = hashlib.sha256()
    block = bytearray(1 << 20)
    view = memoryview(block)
    left = source.size
    with open(source.path, "rb", buffering=0) as stream:
        while left and (got := stream.readinto(view[: min(len(block), left)])):
            digest.update(view[:got])
            left -= got
    return digest.hexdigest()
