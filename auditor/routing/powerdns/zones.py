"""Zones files of PowerDNS's GeoIP backend as data: domains, their records and their services.

Sources: docs/backends/geoip.rst and `GeoIPBackend::initialize` in modules/geoipbackend/geoipbackend.cc.  One mistake
and PowerDNS refuses the whole file; here the line stays unread, and the others are read.
"""

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.routing.documents import Document
from auditor.routing.model import Line, Unread

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ADDRESS: Final = ("A", "AAAA")
ALIAS: Final = ("CNAME", "ALIAS")
_ASIDE: Final = frozenset(
    "SOA NS MX TXT SRV CAA SPF PTR LOC NAPTR SSHFP TLSA DS DNSKEY CDS CDNSKEY HINFO RP OPENPGPKEY SMIMEA CERT".split()
)
"""Types that send nobody to an address by themselves; NS below the apex does, see `_item`."""
MAX_NAME: Final = 255  # characters, RFC 1035 section 2.3.4
_KEYS: Final = frozenset({"domain", "ttl", "records", "services", "mapping_lookup_formats", "custom_mapping"})


@dataclass(frozen=True, slots=True)
class Item:
    """One record."""

    type: str  # in capitals; empty for an empty non-terminal
    content: str
    weight: int
    at: Line


@dataclass(frozen=True, slots=True)
class Choice:
    """Names with placeholders, of which the first that has records answers."""

    formats: tuple[tuple[str, Line], ...]
    at: Line


@dataclass(slots=True)
class Service:
    """What a name answers: by network, and for the rest by family of addresses."""

    name: str
    at: Line
    rest: dict[int, Choice] = field(default_factory=dict)  # 4 and 6; none: no answer
    networks: dict[Network, Choice] = field(default_factory=dict)


@dataclass(slots=True)
class Domain:
    """One zone."""

    name: str
    at: Line
    records: dict[str, list[Item]] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)  # empty non-terminals, which end a search as records do
    lookups: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)


def plain(name: str) -> str:
    """Write a name of the DNS as it is compared."""
    return name.lower().removesuffix(".")


class Reader:
    """Reads one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.unread: list[Unread] = []
        tree = document.tree
        self.lookups, self.mapping = self.mapped(tree)
        for key in tree:
            if key not in ("domains", "mapping_lookup_formats", "custom_mapping"):
                self.problem("the GeoIP backend knows no such key; take it out", key)
        self.domains = [self.domain(each, "domains", index) for index, each in enumerate(tree["domains"])]

    def at(self, *path: Any) -> Line:
        return Line(self.document.file, self.document.place(*path, of_key=True)[0])

    def problem(self, why: str, *path: Any) -> None:
        self.unread.append(Unread(self.at(*path), str(path[-1])[:200], why))

    def entries(self, value: Any, *path: Any) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            self.problem("PowerDNS takes a mapping here; write one", *path)
        return value if isinstance(value, dict) else {}

    def mapped(self, given: dict[str, Any], *path: Any) -> tuple[tuple[str, ...], dict[str, str]]:
        formats = given.get("mapping_lookup_formats") or []
        if not isinstance(formats, list) or any("%mp" in str(each).replace("%%", "") for each in formats):
            self.problem(
                "PowerDNS takes a list of formats without `%mp` here; write one", *path, "mapping_lookup_formats"
            )
            formats = []
        custom = self.entries(given.get("custom_mapping"), *path, "custom_mapping")
        return tuple(map(str, formats)), {key: str(value) for key, value in custom.items()}

    def domain(self, given: Any, *path: Any) -> Domain:
        found = self.entries(given, *path)
        made = Domain(plain(str(found.get("domain", ""))), self.at(*path))
        for key in ("domain", "ttl"):
            if found.get(key) is None:
                self.problem(f"PowerDNS refuses a domain without `{key}`; write it into the same item", *path)
        for key in found:
            if key not in _KEYS:
                self.problem("the GeoIP backend knows no such key of a domain; take it out", *path, key)
        lookups, mapping = self.mapped(found, *path)
        made.lookups = lookups if "mapping_lookup_formats" in found else self.lookups
        made.mapping = mapping if "custom_mapping" in found else self.mapping
        for name, items in self.entries(found.get("records"), *path, "records").items():
            if self.long(name, *path, "records", name):
                continue
            made.records[plain(name)] = list(self.items(items, made, name, *path, "records", name))
        for name, value in self.entries(found.get("services"), *path, "services").items():
            if self.long(name, *path, "services", name):
                continue
            made.services[plain(name)] = self.service(value, *path, "services", name)
        self.fill(made)
        return made

    def long(self, text: str, *path: Any) -> bool:
        if len(text) > MAX_NAME:
            self.problem("is longer than a name can be; shorten it", *path)
        return len(text) > MAX_NAME

    def fill(self, made: Domain) -> None:
        """Put empty non-terminals over records, except at services, and over services."""
        for names, kept in ((made.records, made.services), (made.services, {})):
            for name in names:
                parent = name.partition(".")[2]
                while parent and (parent == made.name or parent.endswith(f".{made.name}")):
                    if parent in made.empty:
                        break  # and so are those above
                    if parent not in made.records and parent not in kept:
                        made.empty.add(parent)
                    parent = parent.partition(".")[2]

    def items(self, given: Any, domain: Domain, name: str, *path: Any) -> Iterator[Item]:
        if not isinstance(given, list):
            self.problem("PowerDNS takes a list of records here; write one", *path)
            return
        found: list[tuple[Item, bool]] = []
        for index, each in enumerate(given):
            if not isinstance(each, dict) or len(each) != 1:
                self.problem("a record is one type and its content; write each as an item of its own", *path, index)
                continue
            (kind,) = each
            item = self.item(kind.upper(), each[kind], *path, index, kind)
            below = plain(name) != domain.name
            if item[0].type == "NS" and below:
                self.problem(
                    "a delegation: other servers answer; prove what they are configured to", *path, index, kind
                )
            found.append(item)
        yield from _weighed(found)

    def item(self, kind: str, given: Any, *path: Any) -> tuple[Item, bool]:
        weight, weighted = 100, False
        content = given
        if isinstance(given, dict):
            content = given.get("content")
            for key in given:
                if key not in ("content", "ttl", "weight"):
                    self.problem("PowerDNS refuses this attribute of a record; take it out", *path, key)
            if "weight" in given:
                weight, weighted = given["weight"], True
                if type(weight) is not int or not 0 < weight < 1 << 31:
                    self.problem("PowerDNS takes weights from 1; write one", *path, "weight")
                    weight = 100
        elif isinstance(given, list | tuple):
            self.problem("PowerDNS takes text, or a mapping with `content`, here; write one", *path)
            content = None
        if kind == "LUA":
            self.problem("a program in Lua decides at run time; write out as records what it may answer", *path)
        elif kind not in (*ADDRESS, *ALIAS, *_ASIDE, "", "~", "NULL"):
            self.problem("what clients make of this type is not known; write A, AAAA or CNAME", *path)
        text = "" if content is None else str(content)
        if kind in (*ADDRESS, *ALIAS) and self.long(text, *path):
            text = ""
        if kind in ADDRESS and text and not _address(kind, text):
            self.problem("no address of this type; write one", *path)
            text = ""
        return Item(kind, text, weight, self.at(*path)), weighted

    def service(self, given: Any, *path: Any) -> Service:
        made = Service(plain(path[-1]), self.at(*path))
        if not isinstance(given, dict):
            choice = self.choice(given, *path)
            made.rest = {4: choice, 6: choice}
            return made
        for key, value in given.items():
            choice = self.choice(value, *path, key)
            if key == "default":
                made.rest |= {4: choice, 6: choice}
                continue
            try:
                network = ipaddress.ip_network(key, strict=False)
            except ValueError:
                self.problem("neither `default` nor a network, and PowerDNS refuses it; write one", *path, key)
                continue
            if not network.prefixlen:
                made.rest[network.version] = choice
            else:
                made.networks[network] = choice  # of two spellings, the last
        return made

    def choice(self, given: Any, *path: Any) -> Choice:
        at = self.at(*path)
        if not isinstance(given, list):
            given = [given]
            places = [at]
        else:
            places = [self.at(*path, index) for index in range(len(given))]
        if any(isinstance(each, dict | list | tuple) or each is None for each in given):
            self.problem("PowerDNS takes names here; write one, or a list of them", *path)
            return Choice((), at)
        if any(self.long(str(each), *path) for each in given):
            return Choice((), at)
        return Choice(tuple((str(each), place) for each, place in zip(given, places, strict=True)), at)


def _address(kind: str, text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == (4 if kind == "A" else 6)
    except ValueError:
        return False


def _weighed(found: list[tuple[Item, bool]]) -> Iterator[Item]:
    """Leave out what is never chosen: shares are thousandths, the last of a type takes the rest."""
    if not any(weighted for _, weighted in found):
        yield from (item for item, _ in found)
        return
    sums: dict[str, int] = {}
    last: dict[str, Item] = {}
    for item, _ in found:
        sums[item.type] = sums.get(item.type, 0) + item.weight
        last[item.type] = item
    for item, _ in found:
        (share,) = struct.unpack("f", struct.pack("f", item.weight / sums[item.type]))  # single precision
        if share * 1000 >= 1 or last[item.type] is item:
            yield item
