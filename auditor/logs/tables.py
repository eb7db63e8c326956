"""Lines of fields between separators, as columns of text: by Polars, and no field is lost or joined by a stray quote.

Quotes mean nothing unless a format has them.  A line with more fields than there are names shows in `MORE`, one with
fewer has nulls, and so does a field without text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from auditor.logs.lines import Block

MORE: Final = "\0more"
"""Name of the column behind the last one: not null in a line that has more fields than there are names."""
NUMBER: Final = "record"


def table(block: Block, names: Sequence[str], separator: str, quote: str | None = None) -> pl.DataFrame:
    """Read a block of lines as the columns `record` (the number of the line) and `names`, all text, and MORE.

    Bytes that are no UTF-8 become U+FFFD.  Blank lines are rows without any text: see `told`.
    """
    found = _parsed(block.data, names, separator, quote)
    if found is None or len(found) != block.lines:  # a quote that spans lines, or what only a parser of files refuses
        found = _split(block.data, names, separator)
    return found.with_row_index(NUMBER, block.number).with_columns(pl.col(NUMBER).cast(pl.Int64))


def told(names: Sequence[str]) -> pl.Expr:
    """Say which rows of a table are no blank lines."""
    return pl.any_horizontal(pl.col(*names, MORE).is_not_null())


PACKED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
"""How what Polars would unpack begins, gzip, zstd and zlib among them: here it is text."""


TAB: Final = b"\t"
"""What the parser passes over before a number, and a cast of text to a number doesn't."""


def typed(block: Block, names: Sequence[str], separator: str, kinds: Mapping[str, Any]) -> pl.DataFrame | None:
    """Read those columns of a block that are in `kinds`, and MORE; null for a text that is none of its kind.

    That costs less than to read all columns as text and make numbers of some, and gives the same numbers.  None: these
    lines need `table`, as those do that are no UTF-8.
    """
    if block.data.startswith(PACKED) or TAB in block.data:
        return None
    try:
        found = pl.scan_csv(
            block.data,
            has_header=False,
            separator=separator,
            quote_char=None,
            schema={**{name: kinds.get(name, pl.String) for name in names}, MORE: pl.String},
            truncate_ragged_lines=True,
            missing_columns="insert",
            extra_columns="ignore",
            ignore_errors=True,
        )
        rows = found.select(*(name for name in names if name in kinds), MORE).collect()
    except (pl.exceptions.PolarsError, OSError):
        return None
    if len(rows) != block.lines:
        return None
    return rows.with_columns(pl.int_range(block.number, block.number + len(rows), eager=True).alias(NUMBER))


def _parsed(data: bytes, names: Sequence[str], separator: str, quote: str | None) -> pl.DataFrame | None:
    if data.startswith(PACKED):
        return None
    for encoding in ("utf8", "utf8-lossy"):
        try:
            return pl.read_csv(
                data,
                has_header=False,
                separator=separator,
                quote_char=quote,
                schema=dict.fromkeys((*names, MORE), pl.String),
                encoding=encoding,
                truncate_ragged_lines=True,
                missing_columns="insert",
                extra_columns="ignore",
            )
        except (pl.exceptions.PolarsError, OSError):
            continue
    return None


def _split(data: bytes, names: Sequence[str], separator: str) -> pl.DataFrame:
    lines = pl.Series(data.decode("utf-8", "replace").removesuffix("\n").split("\n"), dtype=pl.String)
    fields = lines.str.strip_suffix("\r").str.splitn(separator, len(names) + 1).struct.unnest()
    fields.columns = [*names, MORE]
    return fields.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep())
