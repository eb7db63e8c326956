r"""The ASCII writer of Zeek: fields between separators, under headers that say what they are.

    #separator \x09
    #set_separator  ,
    #empty_field    (empty)
    #unset_field    -
    #path   conn
    #fields ts  uid  id.orig_h ...
    #types  time  string  addr ...

Headers hold until the next ones, so logs that were put one after another are read, each as what it is.  A value that
would be mistaken for a separator or an unset field is escaped, and so is a number sign at the beginning of a line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from auditor.logs.lines import LONG, Block, blocks
from auditor.logs.model import Told, unread
from auditor.logs.monitors import zeek_logs
from auditor.logs.monitors.fields import moment
from auditor.logs.tables import MORE, NUMBER, table
from auditor.logs.tables import told as filled
from auditor.model.status import MALFORMED, TRUNCATED
from auditor.read.source import Source

ESCAPED: Final = ("query", "server_name", "host", "call_id")
EMPTIED: Final = frozenset(("query", "answers", "server_name", "server_scid", "tunnel_parents", "host", "service"))
"""Fields that may be texts or sets without anything in them."""
SEPARATORS: Final = frozenset(map(chr, range(1, 127))) - {"\n", "\r", "#", '"'}
FIELDS: Final = 256
"""Fields of a record at most: monitors with many packages have some 60."""
HEADERS: Final = 1_000
"""Different headers of one file; what stands below more of them is not read."""
Numbers = NDArray[np.int64]

_ESCAPE: Final = re.compile(r"\\x([0-9a-fA-F]{2})|\\(\\)")
_SEPARATOR: Final = re.compile(rb"\A(?:#[^\n]*\n){0,64}?#separator (?:\\x[0-9a-fA-F]{2}|[^\s\\])+\r?\n")
_FIELDS: Final = re.compile(rb"\n#fields[^\w\n]\S+")


@dataclass(frozen=True, slots=True)
class Header:
    """What the lines below it are."""

    separator: str = "\t"
    inner: str = ","  # between the elements of a set
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def after(self, line: str) -> "Header":
        """Return the header that holds after one of its lines; it is the same after a comment."""
        if line.startswith("#separator "):
            return Header(separator=unescaped(line.removeprefix("#separator ").strip("\r\n")) or "\t")
        key, *values = line.rstrip("\r\n").split(self.separator)
        value = values[0] if values else ""
        match key:
            case "#set_separator":
                return replace(self, inner=unescaped(value))
            case "#empty_field":
                return replace(self, empty=value)
            case "#unset_field":
                return replace(self, unset=value)
            case "#path":
                return replace(self, path=value.lower())
            case "#fields":
                return replace(self, fields=_distinct(values), types=())
            case "#types":
                return replace(self, types=tuple(values))
        return self


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Keep the first of fields that are called the same, and none that is called as a column of ours."""
    first = {name: at for at, name in reversed(list(enumerate(names))) if name not in (NUMBER, MORE)}
    return tuple(name if first.get(name) == at else f"\0{at}" for at, name in enumerate(names))


def sniff(head: bytes) -> bool:
    """Say whether the lines of the header stand at the beginning."""
    return bool(_SEPARATOR.match(head) and _FIELDS.search(head))


def unescaped(text: str) -> str:
    r"""Read `\xHH` and `\\`."""
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", text)
    try:
        return raw.encode("latin-1").decode("utf-8")  # escapes are of bytes
    except UnicodeError:
        return raw


def read(source: Source, told: Told) -> Iterator[pl.LazyFrame]:
    """Yield rows, the lines of each header in a block together."""
    header, known = Header(), set[Header]()
    for block in blocks(source, told):
        if block.cut:
            yield unread([block.number], MALFORMED, LONG)
            continue
        header, groups = _grouped(block, header)
        for each, stretches in groups.items():
            known.add(each)
            readable = 0 < len(each.fields) <= FIELDS and each.separator in SEPARATORS and len(known) <= HEADERS
            data = b"".join(stretch.data for stretch in stretches) if len(stretches) > 1 else stretches[0].data
            numbers = np.concatenate([stretch.number + np.arange(_lines(stretch.data)) for stretch in stretches])
            if readable:
                yield from _rows(each, data, numbers, told)
            else:
                yield from _headless(data, numbers)


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _headless(data: bytes, numbers: Numbers) -> Iterator[pl.LazyFrame]:
    found = [n for n, line in zip(numbers.tolist(), data.split(b"\n"), strict=False) if line.strip() and line[0] != 35]
    if found:
        yield unread(found, MALFORMED, "no header that says what the fields are")


def _grouped(block: Block, header: Header) -> tuple[Header, dict[Header, list[Block]]]:
    """Divide a block where the header changes: the header that holds at its end, and the lines below each."""
    groups: dict[Header, list[Block]] = {}
    start, number = 0, block.number
    for at, end in _comments(block.data):
        after = header.after(block.data[at:end].decode("utf-8", "replace"))
        if after != header:
            number = _keep(groups, header, block.data[start:at], number)
            start, header = at, after
    _keep(groups, header, block.data[start:], number)
    return header, groups


def _comments(data: bytes) -> Iterator[tuple[int, int]]:
    """List where the lines that begin with a number sign begin and end."""
    at = 0 if data.startswith(b"#") else data.find(b"\n#") + 1
    while at or data.startswith(b"#"):
        end = data.find(b"\n", at)
        yield at, len(data) if end < 0 else end
        at = data.find(b"\n#", end) + 1 if end >= 0 else 0
        if not at:
            return


def _keep(groups: dict[Header, list[Block]], header: Header, data: bytes, number: int) -> int:
    """Keep the lines below a header, if there are any but comments; return the number of the line behind them."""
    lines = _lines(data) if data else 0
    if data and not (data.startswith(b"#") and data.count(b"\n#") + 1 == lines):
        groups.setdefault(header, []).append(Block(number, data))
    return number + lines


def _rows(header: Header, data: bytes, numbers: Numbers, told: Told) -> Iterator[pl.LazyFrame]:
    found = table(Block(1, data), header.fields, header.separator).with_columns(pl.Series(NUMBER, numbers))
    if _plain(header, found, data):
        yield from zeek_logs.rows_of(header.path, _cleaned(header, found, told), header.inner, told)
        return
    comment = pl.col(header.fields[0]).str.starts_with("#").fill_null(False)
    found = found.filter(filled(header.fields) & ~comment)
    wrong = pl.col(MORE).is_not_null()
    if header.unset and header.empty:  # else a field without text is one
        wrong |= pl.any_horizontal(pl.col(*header.fields).is_null())
    bad = found.filter(wrong)[NUMBER].to_list()
    last = int(numbers[-1]) if not data.endswith(b"\n") else 0
    cut = [number for number in bad if number == last]
    if whole := [number for number in bad if number != last]:
        yield unread(whole, MALFORMED, "other fields than the header says")
    if cut:
        yield unread(cut, TRUNCATED, "a line that was cut")
    found = found.filter(~wrong)
    if len(found):
        yield from zeek_logs.rows_of(header.path, _cleaned(header, found, told), header.inner, told)


def _plain(header: Header, found: pl.DataFrame, data: bytes) -> bool:
    """Say whether all lines are records with all fields, as nearly always."""
    if data.startswith(b"#") or b"\n#" in data or found[MORE].null_count() < len(found):
        return False
    return not any(found[name].null_count() for name in header.fields)


def _cleaned(header: Header, found: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Keep the fields that are read: what is unset becomes null, and times become nanoseconds."""
    wanted = [name for name in header.fields if name in zeek_logs.WANTED]
    said: dict[str, pl.Expr] = {name: pl.when(pl.col(name) != header.unset).then(pl.col(name)) for name in wanted}
    for name in EMPTIED.intersection(wanted):
        said[name] = pl.when(pl.col(name) == header.empty).then(pl.lit("")).otherwise(said[name])
    texts = [column.alias(name) for name, column in said.items()]
    kinds = zip(header.fields, header.types, strict=False)
    others = [name for name, kind in kinds if "addr" in kind and name not in zeek_logs.ENDS]
    named = [~pl.col(name).is_in([header.unset, header.empty]) for name in others]
    cleaned = found.select(NUMBER, *texts, pl.any_horizontal(*named, False).alias(zeek_logs.ELSEWHERE))
    for name in ESCAPED:
        if name in wanted and cleaned[name].str.contains("\\", literal=True).any():
            plain = {each: unescaped(each) for each in cleaned[name].drop_nulls().unique().to_list()}
            cleaned = cleaned.with_columns(pl.col(name).replace(plain))
    return cleaned.with_columns(
        nanoseconds(cleaned, "ts").alias("ts"),
        nanoseconds(cleaned, "duration").alias("duration"),
    )


def nanoseconds(found: pl.DataFrame, name: str) -> pl.Series:
    """Read seconds with their fractions, in microseconds as Zeek writes them; also ISO 8601, as zeek-cut does."""
    if name not in found.columns:
        return pl.Series(name, [0] * len(found), dtype=pl.Int64)
    value = pl.col(name).cast(pl.Float64, strict=False)
    read = (value * 1e6).round().cast(pl.Int64, strict=False) * 1000
    ns = found.select(pl.when(value.is_between(0, 4e9)).then(read).alias(name)).to_series()
    if name == "ts" and ns.null_count():
        texts = found[name].filter(ns.is_null()).unique().drop_nulls().to_list()
        others = {each: moment(each)[0] for each in texts if each[:1] != "X"}
        if any(others.values()):
            ns = ns.fill_null(found[name].replace_strict(others, default=0, return_dtype=pl.Int64))
    return ns.fill_null(0)
