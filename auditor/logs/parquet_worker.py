"""A process that reads Parquet files for another one, which a damaged or hostile file then can't end.

A file is read some rows at a time.  Each request is a line of JSON on standard input; the answer is, for each portion,
a number (eight bytes, the lowest first) and as many bytes of an Arrow stream, then a zero: all rows were read.
"""

import json
import os
import sys
from contextlib import suppress
from io import BytesIO
from typing import Any, BinaryIO, Final

import polars as pl

MEMORY: Final = 8 << 30
"""Bytes of address space: a page that claims to be larger ends this process and no other."""
SECOND: Final = 1_000_000_000


def main() -> int:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)  # whatever prints must not print into the answers,
        os.dup2(nothing.fileno(), 2)  # and a library that gives up on a file tells a stack that nobody can use
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        try:
            answer(json.loads(line), answers)
        except BrokenPipeError:
            return 0
    return 0


def answer(asked: dict[str, Any], answers: BinaryIO) -> None:
    """Read what is asked for: the keys path, rows (in the file), portion (rows at once), columns, texts."""
    wanted = set(asked["columns"])
    frame = pl.scan_parquet(asked["path"], glob=False, hive_partitioning=False, missing_columns="raise")
    kinds = {name: kind for name, kind in frame.collect_schema().items() if name in wanted}
    frame = frame.select((text if asked["texts"] else plain)(name, kind) for name, kind in kinds.items())
    at = 0
    while at < asked["rows"]:
        found = frame.slice(at, asked["portion"]).collect()
        if found.is_empty():
            break
        at += len(found)
        stream = BytesIO()
        found.write_ipc_stream(stream)
        answers.write(stream.tell().to_bytes(8, "little"))
        answers.write(stream.getbuffer())
    answers.write(bytes(8))
    answers.flush()


def plain(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a column as whole numbers (of a time: seconds since 1970) or as text; null for what is neither."""
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.epoch("s").alias(name)
    if kind.is_integer():
        return column.cast(pl.Int64, strict=False)
    if isinstance(kind, pl.Binary):
        return column.cast(pl.String, strict=False)
    return pl.lit(None, pl.String).alias(name) if kind.is_nested() else column.cast(pl.String, strict=False)


def text(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a column as text, times as ISO 8601, with their zone if they have one; null for what has none."""
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        pattern = "%Y-%m-%dT%H:%M:%S%.9f" + ("+00:00" if kind.time_zone else "")
        return (column.dt.convert_time_zone("UTC") if kind.time_zone else column).dt.strftime(pattern).alias(name)
    return pl.lit(None, pl.String).alias(name) if kind.is_nested() else column.cast(pl.String, strict=False)


if __name__ == "__main__":
    sys.exit(main())
