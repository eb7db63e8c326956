"""What every reader of call records takes out of them: texts, numbers, addresses and times that are safe to keep.

Records are other people's JSON, XML and CSV: any field may be missing, of another kind, or as long as a file.  Nothing
here raises; what is not of the kind that was asked for is as if it were missing.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

import polars as pl

from auditor.logs.model import DEFAULTS, Nameless, rows
from auditor.logs.values import Value
from auditor.model.flow import HOST
from auditor.model.status import NO_ADDRESS
from auditor.read.facts.text import address as literal
from auditor.read.facts.text import reachable

Row = dict[str, Any]
"""Some of the columns of LOG."""

BATCH: Final = 50_000
"""Rows that are given on at a time."""
LONGEST: Final = 255
"""Characters of an identifier that is kept; of a longer one, its hash."""
MOST: Final = 1 << 53
"""Largest count that is believed: what JSON numbers can hold exactly (RFC 8259, section 6)."""
UNTOLD: Final = "tells of no addresses"
ODD_TIME: Final = "time out of range"
NO_ZONE: Final = "Times bear no zone and were read as UTC."


def text(record: Any, *names: str) -> str:
    """Return the first of these members of an object that is a text or a number, without spaces around it."""
    if not isinstance(record, dict):
        return ""
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and (plain := value.strip()):
            return plain if plain.isascii() else plain.encode("utf-8", "replace").decode("utf-8")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)[:LONGEST] if abs(value) <= MOST else ""  # digits of a huge one take their square in time
    return ""


def child(record: Any, name: str) -> dict[str, Any]:
    """Return a member that is an object."""
    value = record.get(name) if isinstance(record, dict) else None
    return value if isinstance(value, dict) else {}


def children(record: Any, name: str) -> list[dict[str, Any]]:
    """Return those elements of a member that are objects."""
    value = record.get(name) if isinstance(record, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def number(value: Any) -> int | None:
    """Read a count; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        plain = value.strip()
        if not plain.isascii() or not plain.isdigit() or len(plain) > 16:
            return None
        value = int(plain)
    if isinstance(value, int | float) and 0 <= value <= MOST:
        return int(value)
    return None


def port(value: Any) -> int:
    """Read a port; 0 for what is none."""
    found = number(value)
    return found if found is not None and found < 1 << 16 else 0


def ident(*parts: str) -> str:
    """Return a short name for something that its record names by any text."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def session(space: str, name: str) -> str | None:
    """Name a call or meeting within the names of one service; None without a name."""
    if not name:
        return None
    return f"{space}:{name if len(name) <= LONGEST else ident(name)}"


def masked(*parts: str) -> str:
    """Stand for an end whose address the record doesn't tell: it may be anywhere."""
    return Nameless(f"@masked:{ident(*parts)}")


def host(name: str) -> str:
    """Stand for an end that is known by its name only."""
    plain = name.strip().strip("[]").rstrip(".").lower()
    return Nameless(f"{HOST}{plain if len(plain) <= LONGEST else ident(plain)}")


def address(value: Any) -> str:
    """Return an address as written, without brackets and scope; empty for what is none, or stands for no machine."""
    if not isinstance(value, str) or len(value) > 64:
        return ""
    plain = value.strip().strip("[]").partition("%")[0]
    found = literal(plain.encode("utf-8", "replace"))
    return "" if found is None or found in (0, 0xFFFF << 32) else plain


def public(value: str) -> bool:
    """Say whether an address can be reached from anywhere."""
    found = literal(value.encode())
    return found is not None and reachable(found)


_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d{0,9})?\s?(?:(Z|z|UTC)|([+-])(\d\d):?(\d\d))?"
)
_DIGITS: Final = re.compile(r"[0-9]{9,19}(?:\.[0-9]{1,9})?")
_EARLIEST: Final = 631_152_000 * 10**9  # 1990
_LATEST: Final = 4_102_444_800 * 10**9  # 2100
_LONG: Final = 10 * 365 * 86_400 * 10**9


def moment(value: Any, told: set[str] | None = None) -> int:
    """Read a time as nanoseconds since 1970: ISO 8601 as texts, else seconds, milli-, micro- or nanoseconds; 0: none.

    `told` is given a note where a text bears no zone.
    """
    if isinstance(value, bool) or (isinstance(value, int | float) and not 0 < value < 1e19):
        return 0
    if isinstance(value, int | float) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
        return _counted(value)
    return _written(value[:48], told) if isinstance(value, str) else 0


def _counted(value: int | float | str) -> int:
    """Tell the unit by how large a time of 1990 to 2100 is in it."""
    whole, _, part = str(value).partition(".") if not isinstance(value, float) else (str(int(value)), "", "")
    if isinstance(value, float):
        part = f"{value % 1:.6f}"[2:]
    for unit in (10**9, 10**6, 10**3, 1):
        found = int(whole) * unit
        if _EARLIEST <= found < _LATEST:
            return found + int((part[:9] or "0").ljust(9, "0")) * unit // 10**9
    return 0


def _written(value: str, told: set[str] | None) -> int:
    found, zoned = _parsed(value.strip())
    if found and not zoned and told is not None:
        told.add(NO_ZONE)
    return found


@lru_cache(1 << 12)
def _parsed(value: str) -> tuple[int, bool]:
    found = _TIME.fullmatch(value)
    if not found:
        return 0, False
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    shift = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
    try:
        zone = timezone(-shift if found[9] == "-" else shift)
        at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return 0, False
    ns = int(at.timestamp()) * 10**9 + int((found[7] or "0").ljust(9, "0"))
    return (ns if _EARLIEST <= ns < _LATEST else 0), bool(found[8] or found[9])


def span(first: int, last: int) -> Row:
    """Return the columns of a time from and to; one that is not known is as the other, and absurd ones are none."""
    if first and last and not 0 <= last - first <= _LONG:
        return {"first_ns": 0, "last_ns": 0, "detail": ODD_TIME}
    return {"first_ns": first or last, "last_ns": last or first}


COLUMNS: Final = tuple(DEFAULTS)


def frames(found: Iterable[Row]) -> Iterator[pl.LazyFrame]:
    """Make frames of rows, some at a time."""
    batch: list[Row] = []
    for row in found:
        batch.append(row)
        if len(batch) == BATCH:
            yield _frame(batch)
            batch = []
    if batch:
        yield _frame(batch)


def _frame(batch: Sequence[Row]) -> pl.LazyFrame:
    used = {name for row in batch for name in row}
    names = ["record", *(name for name in COLUMNS if name in used)]
    return rows({name: [row.get(name, DEFAULTS.get(name)) for row in batch] for name in names})


def counted(record: int, found: Sequence[Row]) -> Iterator[Row]:
    """Number the rows of one record: the first stands for it; a record without rows tells of no addresses."""
    if not found:
        yield {"record": record, "status": NO_ADDRESS, "detail": UNTOLD}
    for place, row in enumerate(found):
        yield {**row, "record": record, "records": int(place == 0)}


def listed(values: Iterable[Value], read: Callable[[Any], Iterable[Sequence[Row]]]) -> Iterator[pl.LazyFrame]:
    """Read JSON values, each of which holds the rows of one record or, if it is a page, of several.

    Records are numbered through the source, from 1; of a text with one on each line, by the numbers of the lines.
    """

    def every() -> Iterator[Row]:
        number = 0
        for value in values:
            number = max(number, value.record - 1)
            if value.status:
                number += 1
                yield {"record": number, "status": value.status, "detail": value.detail}
                continue
            for found in list(read(value.value)) or [()]:
                number += 1
                yield from counted(number, found)

    return frames(every())
