"""Fields of logs made into what columns hold: bounded, total, and nothing guessed."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

import polars as pl

from auditor.logs.model import DEFAULTS, Nameless, rows
from auditor.logs.protocols import NAMES, WORDS
from auditor.model.flow import HOST
from auditor.read.codes import APPS
from auditor.read.facts.text import address, line_text, name_text

SIZE: Final = 100_000
"""Rows that are put into one frame."""
LONGEST: Final = 1_024
"""Characters of a field that are kept: an address, a port or an identifier is shorter."""
GREATEST: Final = 1 << 60
"""Counts beyond it are no counts."""
NS: Final = 1_000_000_000

ZONELESS: Final = "Times bear no zone and were read as UTC."
YEARLESS: Final = "Times of syslog that bear no year are unknown, unless the message has its own."
UNTIMED: Final = "Some records have no time that can be read."

TRANSPORTS: Final = {**WORDS, **{str(number): name for number, name in enumerate(NAMES)}}
"""Transports by the names and numbers that logs give them, in lower case."""
APP_NAMES: Final = APPS[2:]

Row = dict[str, Any]


def frames(found: Iterable[Row], size: int = SIZE) -> Iterator[pl.LazyFrame]:
    """Put rows, each with some of the columns of LOG, into frames."""
    kept: list[Row] = []
    for row in found:
        kept.append(row)
        if len(kept) >= size:
            yield _frame(kept)
            kept = []
    if kept:
        yield _frame(kept)


def _frame(kept: list[Row]) -> pl.LazyFrame:
    given = {name for row in kept for name in row}
    return rows({name: [row.get(name, default) for row in kept] for name, default in ALL.items() if name in given})


ALL: Final = {"record": 0, **DEFAULTS}


def text(value: Any) -> str:
    """Return a text, cut to what a field may hold; of what is no text, none."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < GREATEST else ""
    value = value[:LONGEST]
    return value if value.isascii() else str(value.encode("utf-8", "replace"), "utf-8")


def name(value: Any) -> str:
    """Write the name of a host as the readers of captures do; empty for what is no text."""
    return _name(value[:LONGEST]) if isinstance(value, str) and value not in ("", "-") else ""


@lru_cache(1 << 14)
def _name(value: str) -> str:
    return name_text(value.encode("utf-8", "replace"))


def is_address(value: str) -> bool:
    """Say whether this is a literal IPv4 or IPv6 address."""
    return address(value.encode("utf-8", "replace")) is not None


def call(value: Any) -> str | None:
    """Name the session of a Call-ID as the reader of SIP does, so that a log and a capture of one call meet.

    No Call-ID is the name of another protocol's session (`ice:a:b`, `zoom:…`).
    """
    if not isinstance(value, str) or value in ("", "-"):
        return None
    found = line_text(value[:LONGEST].encode("utf-8", "replace"))
    return (f"sip:{found}" if _OTHERS.match(found) else found) or None


_OTHERS: Final = re.compile("[a-z0-9]+:")


def count(value: Any) -> int | None:
    """Read a count that is not negative; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if 0 <= value < GREATEST else None
    if isinstance(value, str):
        if not value.isascii() or not value.isdigit() or len(value) > 19:
            return None
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < GREATEST else None


def port(value: Any) -> int:
    """Read a port; 0 for what is none."""
    number = count(value)
    return number if number is not None and number < 65536 else 0


def transport(value: Any, address: str = "") -> str:
    """Name a transport out of its name or number; ICMP between IPv6 addresses is ICMPv6."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    found = _transport(str(value)[:32])
    return "icmp6" if found == "icmp" and ":" in address else found


@lru_cache(1 << 10)
def _transport(value: str) -> str:
    value = value.strip().lower()
    number = value.removeprefix("ip/")
    if number.isascii() and number.isdigit() and len(number) < 4 and int(number) < 256:
        return NAMES[int(number)]
    return WORDS.get(value, "")


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ISO: Final = re.compile(
    r"(\d{4}[-/]\d\d[-/]\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?\Z",
    re.ASCII,
)
LIMITS: Final = (631_152_000 * NS, 7_258_118_400 * NS)  # 1990 to 2200: times outside are none


def moment(value: Any) -> tuple[int, bool]:
    """Read a time: nanoseconds since 1970 UTC (0: none that can be read), and whether it bore no zone.

    ISO 8601 with any of its separators; a number is seconds, milli-, micro- or nanoseconds, told by its magnitude.
    """
    if isinstance(value, str):
        found = _ISO.match(value[:40].strip())
        return _civil(found) if found else (epoch(value), False)
    return epoch(value), False


def _civil(found: re.Match[str]) -> tuple[int, bool]:
    day, minute, second, part, zone = found.groups()
    begun = _minute(day, minute, zone)
    if not begun or (second or "") > "60":
        return 0, not zone
    return begun + int(second or 0) * NS + int((part or "0").ljust(9, "0")), not zone


@lru_cache(1 << 12)
def _minute(day: str, minute: str, zone: str | None) -> int:
    """Return when a minute began; logs have many records of each."""
    year, month, date = (int(each) for each in (day[:4], day[5:7], day[8:]))
    return civil(year, month, date, int(minute[:2]), int(minute[3:]), 0, offset(zone))


@lru_cache(256)
def offset(zone: str | None) -> int:
    """Return the seconds by which a zone (`+0200`, `-05:00`, `Z`) is ahead of UTC."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -seconds if zone[0] == "-" else seconds


def civil(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    ahead: int = 0,
) -> int:
    """Return the nanoseconds since 1970 UTC of a time of day; 0 for one that does not exist, or is absurd."""
    try:
        leap = second == 60  # which clocks of computers don't have (RFC 3339, section 5.7)
        moment = datetime(year, month, day, hour, minute, second - leap, tzinfo=timezone(timedelta(seconds=ahead)))
    except ValueError:
        return 0
    since = moment - _EPOCH
    return plausible((since.days * 86_400 + since.seconds + leap) * NS)


def epoch(value: Any) -> int:
    """Read a number as a time since 1970: its magnitude tells seconds, milli-, micro- and nanoseconds apart."""
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.match(value):
            return 0
        whole, _, part = value.partition(".")
        digits = len(whole)
        scale = 9 if digits < 12 else 6 if digits < 15 else 3 if digits < 18 else 0
        return plausible(int(whole) * 10**scale + (int(part[:scale].ljust(scale, "0")) if scale and part else 0))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 62:
        return 0
    if isinstance(value, int):
        return epoch(str(value))
    scale = NS if value < 1e11 else 10**6 if value < 1e14 else 1000 if value < 1e17 else 1
    micro = round(value * (scale / 1000))  # what a double of this size can tell
    return plausible(micro * 1000)


_NUMBER: Final = re.compile(r"\d{1,19}(\.\d{0,40})?\Z", re.ASCII)


def plausible(ns: int) -> int:
    """Return a time, or 0 for one that no record of traffic has: before 1990 or after 2200."""
    return ns if LIMITS[0] <= ns < LIMITS[1] else 0


def seconds(value: Any) -> int:
    """Read a length of time in seconds, whole or not, as nanoseconds; 0 for what is none."""
    if isinstance(value, str):
        if not _NUMBER.match(value):
            return 0
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        return 0
    return round(value * 1_000_000) * 1000


def host(value: str) -> str:
    """Return what stands for an end in a row: its address, or its name where a log writes names of hosts."""
    if is_address(value) or not _HOST.match(value):
        return value
    return Nameless(f"{HOST}{value.lower()}")


_HOST: Final = re.compile(r"(?=[^.]{0,63}[A-Za-z])[A-Za-z0-9_]([A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?\Z", re.ASCII)


def ended(end: str) -> tuple[str, int]:
    """Divide `192.0.2.1:80`, `[2001:db8::1]:80`, `192.0.2.1/80` or an address alone into address and port."""
    end = end.strip()
    if end.startswith("["):
        inner, _, rest = end[1:].partition("]")
        return inner, port(rest.lstrip(":"))
    if end.count(":") == 1:
        whole, _, number = end.partition(":")
        return whole, port(number)
    return end, 0
