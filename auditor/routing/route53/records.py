"""One model of what Route 53 holds, whatever wrote it down: record sets, health checks, blocks of addresses.

Amazon Route 53 API Reference: ResourceRecordSet, AliasTarget, GeoLocation, CidrRoutingConfig, HealthCheckConfig.
Every input (`listing`, `cloudformation`, `terraform`, `policies`) hands its record sets over in the spelling of that
reference.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from auditor.routing.model import Line, Remark, Unread

PROVIDER: Final = "route53"

SIMPLE, WEIGHTED, LATENCY, FAILOVER, GEO = "simple", "weighted", "latency", "failover", "geolocation"
NEAREST, MANY, NETWORKS, ZONES = "geoproximity", "multivalue", "IP-based", "AZ-affinity"

ADDRESSES: Final = ("A", "AAAA")
NAMES: Final = ("CNAME", "MX", "SRV", "HTTPS", "SVCB")
"""Types whose values are names of hosts."""
SILENT: Final = frozenset({"NS", "SOA", "TXT", "SPF", "CAA", "DS", "TLSA", "SSHFP", "PTR"})
"""Types that send no client anywhere."""

ENDPOINT: Final = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
CALCULATED: Final = "CALCULATED"
SUBDIVIDED: Final = ("US", "UA")
DEFAULT: Final = ("", "*", "")
_NOWHERE: Final = Line("", 0)

MOST: Final = 1000
"""Records of one name and type ("Quotas", Developer Guide: fewer than that of most routing policies)."""

Key = tuple[str, str, str]
"""What the record sets of a group have in common: zone, name, type."""


class Symbol(str):
    """Text that stands for a value which is known only when the configuration is deployed."""

    __slots__ = ()


class Resource(Symbol):
    """What a resource of the same deployment will be called, which is no record: `${LoadBalancer.DNSName}`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """Where an alias record points."""

    name: str  # as records are named
    evaluate: bool | None  # None: it does not say, and what then holds is not documented
    at: Line


@dataclass(frozen=True, slots=True)
class Record:
    """A record set."""

    zone: str  # what tells zones apart where the input names them
    name: str  # in small letters, without the dot at its end
    type: str
    id: str  # its SetIdentifier; empty: it has none
    at: Line
    policy: str
    values: tuple[str, ...] = ()  # addresses, or names of hosts
    alias: Alias | None = None
    check: str = ""  # id of a health check; empty: none
    weight: int = 0
    region: str = ""  # code of the region in which its resource is, by declaration
    place: tuple[str, str, str] = ("", "", "")  # continent, country, subdivision: one of the first two; see DEFAULT
    primary: bool = True
    location: tuple[str, str] = ("", "")  # CIDR collection and location

    @property
    def key(self) -> Key:
        """The group to which it belongs."""
        return self.zone, self.name, self.type

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.name} {self.type} {self.id}".strip()


@dataclass(frozen=True, slots=True)
class Check:
    """A health check."""

    id: str
    at: Line
    kind: str  # as HealthCheckConfig.Type
    host: str = ""  # address or name that is probed
    how: str = ""  # everything else of the probe
    threshold: int = 0
    children: tuple[str, ...] = ()
    inverted: bool = False
    disabled: bool = False


@dataclass(slots=True)
class Config:
    """Everything that was read."""

    records: dict[Key, list[Record]] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    apexes: set[str] = field(default_factory=set)  # names of zones, which clients ask for
    delegations: dict[tuple[str, str], Line] = field(default_factory=dict)  # name servers, by zone and name
    policies: set[str] = field(default_factory=set)  # zones that are traffic policies
    listed: set[tuple[str, ...]] = field(default_factory=set)  # name, type and id of all that a listing has
    pages: list[tuple[str, tuple[str, ...], Line | None]] = field(default_factory=list)
    """Of the pages of a listing: what it lists, with what the next one begins, and where it says that one follows."""
    also: dict[str, str] = field(default_factory=dict)  # other ids of health checks -> the one by which they are known
    networks: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # by collection and location
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    _first: dict[tuple[Key, str], Record] = field(default_factory=dict)
    _full: set[Key] = field(default_factory=set)

    def unclear(self, at: Line, text: str, why: str) -> None:
        """Note lines that are not understood."""
        self.unread.append(Unread(at, clipped(text), why))

    def remark(self, at: Line, text: str) -> None:
        """Note what its author may not have meant."""
        self.remarks.append(Remark(at, text))

    def add(self, record: Record) -> None:
        """Take a record set; a second definition of one is told, and kept as something that may answer."""
        other = self._first.setdefault((record.key, record.id), record)
        if other is not record:
            if _plain(other) == _plain(record):
                return  # pages that overlap
            self.unclear(
                record.at, f"{record.label} (first in line {other.at.line})", "is defined twice; keep one definition"
            )
        group = self.records.setdefault(record.key, [])
        if len(group) < MOST:
            group.append(record)
        elif record.key not in self._full:
            self._full.add(record.key)
            self.unclear(record.at, record.label, "more records of one name and type than Route 53 takes; remove some")

    def held(self, key: Key, ident: str) -> Record | None:
        """Return a record set."""
        return self._first.get((key, ident))

    def drop(self, record: Record) -> None:
        """Forget a record set."""
        self._first.pop((record.key, record.id), None)
        group = self.records[record.key] = [each for each in self.records[record.key] if each.id != record.id]
        if not group:
            del self.records[record.key]


def _plain(record: Record) -> Record:
    """Return a record set as if it stood elsewhere."""
    alias = record.alias and replace(record.alias, at=_NOWHERE)
    return replace(record, at=_NOWHERE, alias=alias)


Place = Callable[..., Line]
"""Where something stands: called with the keys that lead to it."""


def clipped(text: str) -> str:
    """Shorten text of a file so that it can be shown."""
    return text if len(text) <= 200 else f"{text[:199]}…"


_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def like(given: str, made: str) -> str:
    """Return text that stands for what other text stood for."""
    return type(given)(made) if isinstance(given, Symbol) else made


def named(text: str) -> str:
    r"""Return a name as records are compared by it: `\052.Example.com.` is `*.example.com`."""
    plain = _OCTAL.sub(lambda found: chr(int(found[1], 8) & 0xFF), text) if "\\" in text else text
    plain = (plain if isinstance(text, Symbol) else plain.lower()).removesuffix(".")
    return like(text, plain)


def flag(value: Any) -> bool | None:
    """Read a truth value, which some inputs write as text; None: it is none."""
    if isinstance(value, bool):
        return value
    text = value.lower() if isinstance(value, str) and not isinstance(value, Symbol) else ""
    return {"true": True, "false": False}.get(text)


def number(value: Any) -> int | None:
    """Read a whole number that is not negative, which some inputs write as text; None: it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and not isinstance(value, Symbol) and re.fullmatch("[0-9]{1,18}", value):
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None


def text(value: Any) -> str:
    """Return what stands there as text; nothing is empty."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def address(value: str, kind: str) -> str:
    """Return an address of a record type in its one form (RFC 5952); empty: it is none."""
    try:
        found = ipaddress.IPv4Address(value) if kind == "A" else ipaddress.IPv6Address(value)
    except ValueError:
        return ""
    return "" if "%" in value else str(found)
