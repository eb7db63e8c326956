"""Address text as numbers, for many addresses at once.

IPv4-mapped IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) and the well-known NAT64 prefix (`64:ff9b::192.0.2.1`,
RFC 6052 section 2.1) are read as the IPv4 address that they carry, for it names the same host.  The IPv4
address inside 6to4 (RFC 3056) or Teredo (RFC 4380) names a tunnel's end, and is not used.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich.intervals import V4, V6, Codes, Intervals

MAPPED: Final = b"\0" * 10 + b"\xff\xff"
NAT64: Final = b"\0\x64\xff\x9b" + b"\0" * 8
CARRIERS: Final = (MAPPED, NAT64)
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Addresses as numbers; a text that is no address is in neither family."""

    count: int
    rows4: Rows  # rows that hold IPv4 addresses, and
    values4: V4  # their values
    rows6: Rows
    values6: V6

    def texts(self, rows: Rows) -> list[str]:
        """Write the addresses of some rows; empty for a text that is no address."""
        where = np.full(self.count, -1, np.int64)
        where[self.rows4] = np.arange(len(self.rows4))
        where[self.rows6] = np.arange(len(self.rows6)) + len(self.rows4)
        return [self._text(at) for at in where[rows].tolist()]

    def _text(self, at: int) -> str:
        if at < 0:
            return ""
        if at < len(self.rows4):
            return socket.inet_ntoa(int(self.values4[at]).to_bytes(4, "big"))
        return socket.inet_ntop(socket.AF_INET6, self.values6[at - len(self.rows4)].ljust(16, b"\0"))

    def find(self, intervals: Intervals) -> npt.NDArray[np.int64]:
        """Return the code of every row; 0 (nothing is said) for a text that is no address."""
        codes = np.zeros(self.count, np.int64)
        codes[self.rows4] = _find(intervals.find4(self.values4))
        if len(self.rows6):
            codes[self.rows6] = _find(intervals.find6(self.values6))
        return codes


def _find(codes: Codes) -> npt.NDArray[np.int64]:
    return codes.astype(np.int64, copy=False)


def numbers(texts: pl.Series) -> Numbers:
    """Read addresses; null and texts that are no address are left out.

    Dotted quads are read by columns; what remains (IPv6, and whatever is odd) one by one, distinct or not.
    """
    read = quads(texts)
    values4 = read.drop_nulls().to_numpy()
    if len(values4) == len(texts):
        return Numbers(len(texts), np.arange(len(texts)), values4, np.empty(0, np.int64), np.empty(0, "S16"))
    rows4 = read.is_not_null().arg_true().to_numpy().astype(np.int64)
    other = (read.is_null() & texts.str.contains(":", literal=True)).fill_null(False).arg_true()
    return _with_colons(texts, rows4, values4, other.to_numpy().astype(np.int64))


_OCTET: Final = "(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
_QUAD: Final = rf"^(?:{_OCTET}\.){{3}}{_OCTET}$"
_DOT, _END, _ZERO = (ord(sign) for sign in ".\n0")


def quads(texts: pl.Series) -> pl.Series:
    """Read dotted quads without leading zeros as numbers of 32 bits; null for null and for any other text."""
    octets = _octets(texts)
    if octets is not None:
        return pl.Series(octets.view(">u4").astype(np.uint32).reshape(-1))
    quad = texts.str.contains(_QUAD).fill_null(False)
    found, some = np.zeros(len(texts), np.uint32), _octets(texts.filter(quad))
    assert some is not None, "a dotted quad that is none"
    found[quad.to_numpy()] = some.view(">u4").reshape(-1)
    return pl.Series(found).zip_with(quad, _NONE)


def _octets(texts: pl.Series) -> npt.NDArray[np.uint8] | None:
    """Read dotted quads, four numbers a row, all digits of all texts at once; None if any text is something else."""
    if texts.is_empty():
        return np.empty((0, 4), np.uint8)
    text = np.frombuffer(f"\n\n\n\n{texts.str.join(chr(_END)).item()}\n".encode(), np.uint8)
    digit = text - np.uint8(_ZERO)  # any other sign is more than 9, also what is less than 0
    ends = np.flatnonzero(digit > 9)[4:]  # of numbers
    if len(ends) != 4 * len(texts) or (text[ends].reshape(-1, 4) != _SIGNS).any():
        return None
    ones, tens, hundreds, more = (digit[ends - place] for place in (1, 2, 3, 4))
    two = tens < 10
    three = two & (hundreds < 10)
    tens *= two
    hundreds *= three
    low = tens * np.uint8(10) + ones
    wrong = (ones > 9) | (three & (more < 10)) | (two & (np.where(three, hundreds, tens) == 0))
    wrong |= (hundreds > 2) | ((hundreds == 2) & (low > 55))
    return None if wrong.any() else (low + hundreds * np.uint8(100)).reshape(-1, 4)


_SIGNS: Final = np.array([_DOT, _DOT, _DOT, _END], np.uint8)
_NONE: Final = pl.Series([None], dtype=pl.UInt32)


def _with_colons(texts: pl.Series, rows4: Rows, values4: V4, rows: Rows) -> Numbers:
    """Read the texts of these rows as IPv6, and move those that carry an IPv4 address to the others."""
    if not len(rows):
        return Numbers(len(texts), rows4, values4, rows, np.empty(0, "S16"))
    read = [_packed(text) for text in texts.gather(rows)]
    whole = np.array([packed is not None for packed in read])
    carried = np.array([packed is not None and packed[:12] in CARRIERS for packed in read])
    inner = [int.from_bytes(packed[12:], "big") for packed in read if packed and packed[:12] in CARRIERS]
    plain = [packed for packed in read if packed and packed[:12] not in CARRIERS]
    return Numbers(
        len(texts),
        np.concatenate([rows4, rows[carried]]),
        np.concatenate([values4, np.array(inner, np.uint32)]),
        rows[whole & ~carried],
        np.array(plain, "S16"),
    )


def _packed(text: str) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):  # ValueError: a null character in the text
        return None


def parse(text: str) -> tuple[int, int]:
    """Read one address as `(number, 4 or 6)`, IPv4 where it carries one.  Raise ValueError for anything else."""
    address = ipaddress.ip_address(text)
    if address.version == 6:
        if address.scope_id:
            raise ValueError(f"{text!r} has a scope")
        if address.packed[:12] in CARRIERS:
            return int.from_bytes(address.packed[12:], "big"), 4
    return int(address), address.version


def write(number: int, version: int) -> str:
    """Write an address in its canonical text (RFC 5952 for IPv6)."""
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))


def network(number: int, version: int, first: int, last: int) -> str:
    """Write the widest network that holds the address and lies between `first` and `last`."""
    width = 32 if version == 4 else 128
    for length in range(width + 1):
        hosts = (1 << (width - length)) - 1
        if number & ~hosts >= first and number | hosts <= last:
            break
    return f"{write(number & ~hosts, version)}/{length}"
