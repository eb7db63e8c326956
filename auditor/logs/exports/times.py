"""Times of records: of nine kinds, each as nanoseconds since 1970 UTC (RFC 7011, section 6.1; RFC 3954, section 8)."""

from typing import Final

import numpy as np

from auditor.logs.exports.wire import LEAST_NS
from auditor.read.arrays import I64, U64, Bool

DAY: Final = 86_400 * 10**9
LATEST: Final = 4_102_444_800 * 10**9
"""2100: a clock beyond is wrong."""
ABSURD: Final = "time out of range"
_NTP: Final = 2_208_988_800  # seconds from 1900 to 1970


def scaled(values: U64, by: int) -> I64:
    """Multiply; what can't be a time is negative."""
    most = np.uint64(LATEST // by)
    return np.where(values <= most, values * np.uint64(by), 0).astype(np.int64) - (values > most)


def ntp(values: U64) -> I64:
    """Read seconds since 1900 and fractions; what can't be a time is negative."""
    seconds = (values >> np.uint64(32)).astype(np.int64) - _NTP
    rest = ((values & np.uint64(0xFFFFFFFF)).astype(np.float64) * (10**9 / 2**32)).astype(np.int64)
    good = (seconds >= 0) & (seconds < LATEST // 10**9)
    found: I64 = np.where(good, seconds * 10**9 + rest, np.where(values == 0, 0, -1))
    return found


def before(export_ns: I64, behind_ms: I64) -> I64:
    """Return the time so many milliseconds before an export, 0 where the export bears no time."""
    found: I64 = np.where(export_ns > 0, export_ns - behind_ms * 10**6, 0)
    return found


def by_uptime(values: U64, export_ns: I64, uptime: I64) -> I64:
    """Place milliseconds since the exporter started by those that its header tells; both wrap after 49.7 days."""
    behind = (uptime - values.astype(np.int64) + (1 << 31)) % (1 << 32) - (1 << 31)
    return np.where(uptime >= 0, before(export_ns, behind), 0)


def by_start(values: U64, started_ms: U64, export_ns: I64) -> I64:
    """Place milliseconds since the exporter started by when that was, and the wraps since by when it was exported."""
    start = scaled(started_ms, 10**6)
    raw = start + (values & np.uint64(0xFFFFFFFF)).astype(np.int64) * 10**6
    turn = (1 << 32) * 10**6
    turns = np.where(export_ns > 0, (export_ns + DAY - raw) // turn, 0)
    return np.where(start > 0, raw + np.maximum(turns, 0) * turn, 0)


def placed(first: I64, last: I64, export_ns: I64) -> tuple[I64, I64, Bool]:
    """Return first and last, each the other where only one can be, and where something was out of range.

    A time can be that lies between 1990 and 2100, and no more than a day behind its export; of two that are decades
    apart (five years and more), the one nearer to the export counts.
    """
    told = (first != 0) | (last != 0)
    limit = np.where(export_ns >= LEAST_NS, export_ns + DAY, LATEST)
    first_good, last_good = ((each >= LEAST_NS) & (each <= limit) for each in (first, last))
    apart = first_good & last_good & ((last - first > 1825 * DAY) | (first - last > DAY))
    near = np.abs(first - export_ns) < np.abs(last - export_ns)
    first_good &= ~apart | near
    last_good &= ~apart | ~near
    odd = told & ((~first_good & (first != 0)) | (~last_good & (last != 0)))
    begun = np.where(first_good, first, np.where(last_good, last, 0))
    ended = np.where(last_good, last, np.where(first_good, first, 0))
    return np.minimum(begun, ended), np.maximum(begun, ended), odd
