"""Scamper's binary records (warts), by way of scamper's own program where it is installed.

warts(5): every record has a magic number, a type and a length, so that records can be counted without it.
`sc_warts2json` (package scamper-utils of Debian) turns them into the JSON that `scamper` reads.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from auditor.logs.model import Told
from auditor.logs.traces import scamper
from auditor.logs.traces.trace import Found, Unread, written
from auditor.logs.values import Value
from auditor.model.status import MALFORMED, TRUNCATED, UNSUPPORTED
from auditor.read.source import Source, opened

MAGIC: Final = b"\x12\x05"
HEADER: Final = 8
TYPES: Final = range(1, 0x100)
LISTS: Final = (1, 2, 3, 4, 5)
"""Types that are no measurements: lists, cycles, addresses."""
PROGRAM: Final = "sc_warts2json"
MISSING: Final = "binary records of scamper, for which sc_warts2json is needed"
REMEDY: Final = (
    "Binary records of scamper (warts) are read through sc_warts2json, which is not installed: install scamper's "
    "utilities, or give the JSON that it writes."
)
LONGEST: Final = 1 << 26
CHUNK: Final = 1 << 20


def sniff(head: bytes) -> bool:
    """Say whether a file that begins so holds warts records: a list or a measurement, of a size that it can have."""
    kind, size = int.from_bytes(head[2:4], "big"), int.from_bytes(head[4:8], "big")
    if head[:2] != MAGIC or kind not in TYPES or len(head) < HEADER:
        return False
    return len(head) < HEADER + size + 2 or head[HEADER + size :][:2] == MAGIC


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows of LOG."""
    return written(traces(source, told), told)


def traces(source: Source, told: Told) -> Iterator[Found]:
    """Yield the traces of a file."""
    kinds, damage = _kinds(source, told)
    program = shutil.which(PROGRAM)
    if program is None:
        told.limits.add(REMEDY)
        yield from (Unread(number, UNSUPPORTED, MISSING) for number in kinds)
    else:
        yield from _decoded(source, program, kinds)
    if damage:
        yield damage


def _kinds(source: Source, told: Told) -> tuple[list[int], Unread | None]:
    """List the numbers of the records that hold measurements; also tell where the file is cut or damaged."""
    found: list[int] = []
    number = 0
    with opened(source) as stream:
        try:
            while head := _exactly(stream, HEADER):
                number += 1
                if head[:2] != MAGIC:
                    return found, Unread(number, MALFORMED, "no header of a record")
                if len(head) < HEADER or not _skip(stream, int.from_bytes(head[4:8], "big")):
                    return found, Unread(number, TRUNCATED, "a record without an end")
                if int.from_bytes(head[2:4], "big") not in LISTS:
                    found.append(number)
        except OSError as error:
            told.lose(0, str(error))
    return found, None


def _exactly(stream: object, size: int) -> bytes:
    parts = b""
    while len(parts) < size and (more := stream.read(size - len(parts))):  # type: ignore[attr-defined]
        parts += more
    return parts


def _skip(stream: object, size: int) -> bool:
    while size and (more := stream.read(min(size, CHUNK))):  # type: ignore[attr-defined]
        size -= len(more)
    return not size


def _decoded(source: Source, program: str, kinds: list[int]) -> Iterator[Found]:
    """Let scamper's program write JSON into a temporary file, whose measurements are in the order of the records."""
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        plain, written_ = Path(folder, "in.warts"), Path(folder, "out.json")
        with opened(source) as stream, plain.open("wb") as file:
            shutil.copyfileobj(stream, file, CHUNK)
        with written_.open("wb") as out:
            subprocess.run(  # noqa: S603  (a program of that name, and a path of ours)
                [program, str(plain)], stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False
            )
        yield from scamper.of_values(_values(written_, kinds))


def _values(path: Path, kinds: list[int]) -> Iterator[Value]:
    """Read the program's lines; a measurement that it left out is one that it couldn't read."""
    left = iter(kinds)
    with path.open("rb") as stream:
        while line := stream.readline(LONGEST):
            try:
                value = msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError):
                value = None
            cycle = isinstance(value, dict) and str(value.get("type", "")).startswith("cycle-")
            number = 0 if cycle else next(left, 0)
            if cycle or number:
                yield (
                    Value(number, value)
                    if value is not None
                    else Value(number, None, MALFORMED, "no JSON of the program")
                )
    for number in left:
        yield Value(number, None, MALFORMED, "a record that sc_warts2json can't read")
