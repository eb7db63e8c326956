"""Rows of Parquet files, some at a time, read by a process of their own.

A library that reads Parquet believes what a file says of its sizes, and gives up with the whole process where it can't
have so much memory.  So that process is another one; when it ends early, the rest of the file could not be read.
"""

import atexit
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Final

import polars as pl

from auditor.logs.model import Told, rows
from auditor.logs.tables import NUMBER
from auditor.model.errors import InputError
from auditor.model.status import MALFORMED
from auditor.read import staff
from auditor.read.footer import Footer, footer, start, telling
from auditor.read.source import Source, opened
from auditor.read.temporary import unnamed

PORTION: Final = 1 << 18
"""Rows that are read at once."""
DAMAGED: Final = "rows of a Parquet file that can't be read"
_SPARE: Final[list["_Reader"]] = []


class _Reader:
    """The other process."""

    def __init__(self) -> None:
        self.process = staff.start("auditor.logs.parquet_worker", {})

    def close(self) -> None:
        """End it."""
        staff.end(self.process)

    def portions(self, path: str, rows: int, columns: list[str], texts: bool) -> Iterator[pl.DataFrame]:
        """Yield rows; raise EOFError if the process ended before the rows did."""
        put, get = self.process.stdin, self.process.stdout
        assert put is not None
        assert get is not None
        asked = {"path": os.path.abspath(path), "rows": rows, "portion": PORTION, "columns": columns, "texts": texts}
        try:
            put.write(json.dumps(asked).encode() + b"\n")
            put.flush()
        except BrokenPipeError:
            raise EOFError from None
        while True:
            size = int.from_bytes(_exactly(get.read, 8), "little")
            if not size:
                return
            yield pl.read_ipc_stream(BytesIO(_exactly(get.read, size)))


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = read(size)
    if len(data) < size:
        raise EOFError
    return data


@contextmanager
def _lent() -> Iterator[_Reader]:
    """Lend a process, which serves again if nothing went wrong."""
    reader = _SPARE.pop() if _SPARE else _Reader()
    try:
        yield reader
    except BaseException:
        reader.close()
        raise
    _SPARE.append(reader)


@atexit.register
def _close() -> None:
    while _SPARE:
        _SPARE.pop().close()


def tables(
    source: Source, told: Told, wanted: Callable[[str], bool], texts: Mapping[str, str] | None = None
) -> Iterator[pl.DataFrame]:
    """Yield the columns that are wanted, as whole numbers or text, and the number of each row from 1.

    With `texts`, what columns are to be called, all are text: times in ISO 8601, with their zone if they have one.
    Rows that can't be read are one frame of LOG, with the columns `status` and `detail`.
    """
    said, why = _footer(source)
    done = 0
    if said and said.rows > 0:
        try:
            with _seekable(source) as path, _lent() as reader:
                names = [name for name in dict.fromkeys(said.names) if wanted(name)]
                for found in reader.portions(path, said.rows, names, texts is not None):
                    found = found.rename(dict(texts or {}), strict=False)
                    yield found.with_row_index(NUMBER, done + 1).with_columns(pl.col(NUMBER).cast(pl.Int64))
                    done += len(found)
        except (EOFError, OSError, pl.exceptions.PolarsError):
            why = DAMAGED
        missing = max(said.rows - done, 0)
        why = DAMAGED if missing else why
        records = max(1, min(missing, source.size * 1024))  # a footer may lie
    else:
        why, records = "" if said and said.rows == 0 else why or DAMAGED, 1
    if why:
        status = {"status": [MALFORMED], "detail": [DAMAGED]}
        yield rows({"record": [done + 1], "records": [records], **status}).collect()


def named(source: Source) -> Sequence[str]:
    """Return the names of all columns; none of a file that is damaged."""
    said, _ = _footer(source)
    return said.names if said else ()


def _footer(source: Source) -> tuple[Footer | None, str]:
    try:
        with opened(source, 0 if source.packing else start(source.size)) as stream:
            return footer(telling(stream)), ""
    except OSError:
        return None, DAMAGED


@contextmanager
def _seekable(source: Source) -> Iterator[str]:
    """Give the path of the file, or of what is packed in it."""
    if not source.packing:
        yield source.path
        return
    file, path = unnamed(".parquet")
    with file:
        with opened(source) as stream:
            left = LARGEST
            while left > 0 and (some := stream.read(1 << 20)):
                file.write(some)
                left -= len(some)
        if left <= 0:
            raise InputError(source.name, f"unpacks to more than {LARGEST >> 30} GiB; unpack it")
        file.flush()
        yield path


LARGEST: Final = 64 << 30
"""Bytes of a packed Parquet file when it is unpacked."""
