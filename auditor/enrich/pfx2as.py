"""Tables of prefixes and the AS numbers that announce them, which a user brings: who operates an address, never where.

CAIDA's "Routeviews Prefix to AS mappings (pfx2as)": a line is prefix, length and AS number, parted by tabs or spaces;
several origins are joined by `_`, sets of an aggregate by `,`.  Plain or gzip.  Of a prefix with several origins nobody
is named, whatever a wider one says.  Names of AS numbers are those of the shipped data.
"""

import gzip
import hashlib
import re
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from auditor.enrich import embedded
from auditor.enrich.addresses import Numbers, parse
from auditor.enrich.intervals import Intervals, Range, build
from auditor.enrich.mmdb import NOTHING, Answer, Codes, text
from auditor.model.errors import InputError
from auditor.model.report import Database

GZIP: Final = b"\x1f\x8b"
LINES: Final = 4_000_000
"""Of a table, at most: both families together announce a third of that."""
LONGEST: Final = 4_096
_LINE: Final = re.compile(rb"([0-9A-Fa-f.:]{2,45})[\t ]+(\d{1,3})[\t ]+(\d{1,10}(?:[_,]\d{1,10})*)\s*$")
_SEVERAL: Final = re.compile(rb"[_,]")
_DAY: Final = re.compile(r"(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?!\d)")
REMEDY: Final = "give a whole table of prefixes and AS numbers, as CAIDA publishes them (pfx2as)"


@dataclass(frozen=True)
class Prefixes:
    """One table, asked as a database in `.mmdb` form is."""

    path: str
    sha256: str
    intervals: Intervals  # values are `AS number<tab>length of the prefix`

    @cached_property
    def name(self) -> str:
        """Its file's name, which bears its day, as reports cite it."""
        return text(Path(self.path).name)

    @cached_property
    def date(self) -> str:
        """The day in its name, YYYY-MM-DD; empty if there is none."""
        found = _DAY.search(Path(self.path).name)
        return "-".join(found.groups()) if found else ""

    @cached_property
    def database(self) -> Database:
        """What a report says of it."""
        return Database(self.name, self.sha256, self.date, kind="operator")

    def answer(self, address: str) -> tuple[Answer, int]:
        """Return what it says of one address, and the length of the prefix for which it says so."""
        said = self.intervals.span(*parse(address))[2]
        return _answer(said), int(said.partition("\t")[2] or 0)

    def answers(self, read: Numbers, wanted: npt.NDArray[np.bool_]) -> tuple[Codes, list[Answer]]:
        """Return the code of every row, and what the codes stand for; code 0 (also of unwanted rows) says nothing."""
        found = np.where(wanted, read.find(self.intervals), 0)
        distinct, inverse = np.unique(found, return_inverse=True)
        codes: dict[Answer, int] = {NOTHING: 0}
        of = [codes.setdefault(_answer(self.intervals.values[code]), len(codes)) for code in distinct.tolist()]
        return np.array(of, np.int64)[inverse], list(codes)


def _answer(said: str) -> Answer:
    number = said.partition("\t")[0]
    return Answer(operator=_named().get(number, f"AS{number}"), number=f"AS{number}") if number else NOTHING


@cache
def _named() -> dict[str, str]:
    """Return the names of operators by their AS numbers."""
    values = (value.split("\t") for value in embedded.shipped(embedded.OPERATOR).intervals.values if value)
    return {number: short or organisation for organisation, number, short in values}


def sniff(path: str) -> bool:
    """Say whether a file begins as such a table."""
    try:
        with open(path, "rb") as stored:
            packed = stored.read(2) == GZIP
        with gzip.open(path) if packed else open(path, "rb") as stream:
            return bool(_LINE.match(stream.readline(LONGEST)))
    except (OSError, EOFError, zlib.error):
        return False


def open_prefixes(path: str) -> Prefixes:
    """Read a table.  Raise InputError, with the number of the line, if it is none or not whole."""
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    try:
        for number, line in enumerate(_lines(path), 1):
            found = _LINE.match(line)
            if number > LINES or (line.strip() and not found):
                raise InputError(path, f"is no line of a prefix and its AS number; {REMEDY}", number)
            if found:
                version, first, last = _range(path, number, found[1].decode(), int(found[2]))
                several = _SEVERAL.search(found[3])
                ranges[version].append((first, last, "" if several else f"{int(found[3])}\t{int(found[2])}"))
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(path, f"can't be read whole ({text(str(error))}); {REMEDY}") from None
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Prefixes(path, digest, build(ranges[4], ranges[6]))


def _lines(path: str) -> Iterator[bytes]:
    with open(path, "rb") as stored:
        packed = stored.read(2) == GZIP
    with gzip.open(path) if packed else open(path, "rb") as stream:
        while line := stream.readline(LONGEST):
            yield line


def _range(path: str, number: int, address: str, length: int) -> tuple[int, int, int]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    width = 128 if family == socket.AF_INET6 else 32
    try:
        first = int.from_bytes(socket.inet_pton(family, address), "big")
    except OSError:
        first, length = 0, width + 1
    if length > width:
        raise InputError(path, f"is no prefix; {REMEDY}", number)
    hosts = (1 << (width - length)) - 1
    return 6 if width == 128 else 4, first & ~hosts, first | hosts
