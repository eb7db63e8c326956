"""Addresses as text, for many at once: distinct ones are written once and handed out by number.

IPv4 is put together from two halves out of a table; IPv6, which is rarer, goes through the C library.
"""

import ipaddress
from functools import cache
from socket import AF_INET6, inet_ntop
from typing import Final

import numpy as np
import polars as pl

from auditor.read.arrays import I64, U64
from auditor.read.group import exact

_LOW: Final = (1 << 64) - 1
_16, _32, _HALF, _V4 = np.uint64(16), np.uint64(32), np.uint64(0xFFFF), np.uint64(0xFFFF)


def numbered(hi: U64, lo: U64) -> tuple[U64, U64, I64]:
    """Return the distinct addresses in ascending order, and the number of each given one among them."""
    four = np.flatnonzero((hi == 0) & (lo >> _32 == _V4))
    numbers = np.empty(len(lo), np.int64)
    values, inverse = np.unique(lo[four].astype(np.uint32), return_inverse=True)
    numbers[four] = inverse
    if len(four) == len(lo):
        low = values.astype(np.uint64) | _V4 << _32
        return np.zeros(len(values), np.uint64), low, numbers
    six = np.ones(len(lo), bool)
    six[four] = False
    six_hi, six_lo = hi[six], lo[six]
    order, starts = exact([six_hi, six_lo])
    ranks = np.lexsort((six_lo[order[starts]], six_hi[order[starts]]))
    place = np.empty(len(starts), np.int64)
    place[ranks] = np.arange(len(starts))
    member = np.empty(len(order), np.int64)
    member[order] = np.repeat(place, np.diff(starts, append=len(order)))
    numbers[six] = member + len(values)
    leaders = order[starts[ranks]]
    return (
        np.concatenate([np.zeros(len(values), np.uint64), six_hi[leaders]]),
        np.concatenate([values.astype(np.uint64) | _V4 << _32, six_lo[leaders]]),
        numbers,
    )


def texts(hi: U64, lo: U64) -> pl.Series:
    """Write addresses as RFC 5952 says, IPv4-mapped ones as IPv4; IPv4 must come first, as `numbered` has it."""
    four = int(np.count_nonzero((hi == 0) & (lo >> _32 == _V4)))
    halves = {"upper": _halves().gather(lo[:four] >> _16 & _HALF), "lower": _halves().gather(lo[:four] & _HALF)}
    written = pl.DataFrame(halves).select(pl.concat_str("upper", "lower", separator=".").alias("addr"))["addr"]
    rest = [text(high << 64 | low) for high, low in zip(hi[four:].tolist(), lo[four:].tolist(), strict=True)]
    return pl.concat([written, pl.Series("addr", rest, pl.String)])


@cache
def _halves() -> pl.Series:
    return pl.Series([f"{number >> 8}.{number & 255}" for number in range(1 << 16)])


def text(value: int) -> str:
    """Write one 128-bit address."""
    if value >> 32 == 0xFFFF:
        return f"{value >> 24 & 255}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"
    if value >> 32 == 0:  # the C library writes ::192.0.2.1 here (RFC 4291, 2.5.5.1, deprecated)
        return str(ipaddress.IPv6Address(value))
    return inet_ntop(AF_INET6, value.to_bytes(16, "big"))
