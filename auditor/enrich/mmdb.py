"""Location databases that a user brings as `.mmdb` files, whatever their layout.

MaxMind and DB-IP nest (`country.iso_code`), IPinfo and ip-location-db are flat (`country` or `country_code`), AS
databases name no country at all.  Records are read through maxminddb, never geoip2, whose readers refuse types
that they don't know.  The format: MaxMind DB File Format Specification 2.0.  Everything in such a file is a
stranger's: names are cut and cleaned, and a file that breaks on the way is an InputError.
"""

import hashlib
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from auditor.enrich.addresses import Numbers
from auditor.enrich.codes import country_set
from auditor.enrich.tree import Tree, view
from auditor.model.errors import InputError
from auditor.model.report import Database

if TYPE_CHECKING:
    import maxminddb  # imported where a database is opened: most runs bring none

Codes = npt.NDArray[np.int64]

REMEDY: Final = "give a whole MaxMind, DB-IP or IPinfo file in .mmdb form"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a database says of an address."""

    countries: str = ""  # country set; empty: it names none
    anycast: bool = False
    operator: str = ""  # organisation
    number: str = ""  # AS number, written AS64496


NOTHING: Final = Answer()


@dataclass(frozen=True)
class UserDatabase:
    """One open database of the user's."""

    path: str
    reader: "maxminddb.Reader"
    tree: Tree

    @cached_property
    def name(self) -> str:
        """Its type and day, as reports cite it."""
        return f"{self._type} {self.date}".strip()

    @cached_property
    def _type(self) -> str:
        return text(self.reader.metadata().database_type) or Path(self.path).stem

    @cached_property
    def date(self) -> str:
        """The day on which it was built, YYYY-MM-DD; empty if it doesn't say."""
        try:
            return datetime.fromtimestamp(self.reader.metadata().build_epoch, UTC).strftime("%Y-%m-%d")
        except (OverflowError, ValueError, OSError, TypeError):
            return ""

    @cached_property
    def database(self) -> Database:
        """What a report says of it."""
        with open(self.path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        by_dbip = bool(re.search("db-?ip", self._type, re.IGNORECASE))
        credit = ("IP Geolocation by DB-IP", "https://db-ip.com") if by_dbip else ("", "")
        kind = "operator" if re.search(r"asn|isp|\bas\b", self._type, re.IGNORECASE) else "country"
        return Database(self._type, digest, self.date, *credit, kind)

    def answer(self, address: str) -> tuple[Answer, int]:
        """Return what it says of one address, and the length of the prefix for which it says so."""
        import maxminddb

        with self._guarded():
            try:
                record, length = self.reader.get_with_prefix_len(address)
            except ValueError as error:
                if isinstance(error, maxminddb.InvalidDatabaseError):
                    raise
                return NOTHING, 0  # an IPv6 address in a database of IPv4
            return read(record), length

    def answers(self, read_: Numbers, wanted: npt.NDArray[np.bool_]) -> tuple[Codes, list[Answer]]:
        """Return the code of every row, and what the codes stand for; code 0 (also of unwanted rows) says nothing."""
        records = np.full(read_.count, self.tree.count, np.int64)
        records[read_.rows4] = self.tree.find4(read_.values4)
        records[read_.rows6] = self.tree.find6(read_.values6)
        records[~wanted] = self.tree.count
        distinct, first, record = np.unique(records, return_index=True, return_inverse=True)
        numbers: dict[Answer, int] = {NOTHING: 0}
        texts = read_.texts(first)
        with self._guarded():
            answers = (
                read(self.reader.get(text)) if number != self.tree.count else NOTHING
                for number, text in zip(distinct.tolist(), texts, strict=True)
            )
            codes = [numbers.setdefault(answer, len(numbers)) for answer in answers]
        return np.array(codes, np.int64)[record], list(numbers)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        import maxminddb

        try:
            yield
        except (maxminddb.InvalidDatabaseError, UnicodeDecodeError, OverflowError, MemoryError, RecursionError) as why:
            raise InputError(self.path, f"is damaged ({text(str(why))}); {REMEDY}") from None


def open_database(path: str) -> UserDatabase:
    """Open a database.  Raise InputError if the file can't be read or is none."""
    import maxminddb

    try:
        reader = maxminddb.open_database(path)
        facts = reader.metadata()
        with open(path, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        tree = view(mapped, facts.node_count, facts.record_size, facts.ip_version)
    except OSError as error:
        raise InputError(path, f"can't be read ({error.strerror or error}); {REMEDY}") from None
    except (maxminddb.InvalidDatabaseError, ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        raise InputError(path, f"is no MaxMind database ({text(str(error))}); {REMEDY}") from None
    opened = UserDatabase(path, reader, tree)
    opened.answer("192.0.2.1")  # a file whose tree is broken shows it at once
    return opened


def read(record: Any) -> Answer:
    """Read the country, the operator and whether it is anycast out of a record of any known layout."""
    if not isinstance(record, dict):
        return NOTHING
    traits = record.get("traits")
    traits = traits if isinstance(traits, dict) else {}
    flags = (record.get("is_anycast"), record.get("anycast"), traits.get("is_anycast"))
    number = _number(_first(record, traits, "autonomous_system_number", "asn", "as_number"))
    operator = text(
        _first(record, traits, "autonomous_system_organization", "as_name", "as_organization", "organization")
    )
    return Answer(_country(record), any(flag in (True, "true", 1) for flag in flags), operator, number)


def _country(record: dict[str, Any]) -> str:
    """Return the country set that a record names.

    `registered_country` and `represented_country` are about registration and bases, not about where the address is.
    """
    country = record.get("country")
    if isinstance(country, dict):
        return country_set(country.get("iso_code")) or country_set(country.get("code"))
    for code in (record.get("country_code"), country, record.get("countryCode"), record.get("country_iso_code")):
        if found := country_set(code):
            return found
    return ""


def _first(record: dict[str, Any], traits: dict[str, Any], *keys: str) -> Any:
    return next((where[key] for where in (record, traits) for key in keys if where.get(key)), "")


def _number(value: Any) -> str:
    digits = str(value).upper().removeprefix("AS") if isinstance(value, int | str) else ""
    return f"AS{int(digits)}" if digits.isascii() and digits.isdigit() and len(digits) <= 10 else ""


def text(value: Any) -> str:
    """Clean a stranger's text: one line of printable characters, at most a hundred."""
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:100]).strip()
