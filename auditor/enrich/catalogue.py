"""The service catalogue: which names and networks belong to which service, what they carry, and who runs it.

It is data (`rules/catalogue/*.yaml`, one or more services a file), so that a new service costs no code:

    services:
      - id: zoom
        title: Zoom Meetings
        operator: Zoom Video Communications
        sources: [{title: Network firewall settings, url: https://…, date: 2026-01-01}]
        apps: [zoom]                                      # protocols that no other service speaks
        names: [{suffix: zoom.us, plane: signalling, role: server}]
        networks: [{prefix: 170.114.0.0/16, transport: udp, ports: [8801-8810], plane: media, role: relay}]

`plane` is one plane, a list of planes, or absent: not known.  A suffix matches whole labels and the longest one wins.
Of the networks that hold an address and fit the transport and the port, the longest prefix wins, and among
equal prefixes an entry with ports before one without, then one with a transport before one without.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from auditor.model.documents import Document, convert, load
from auditor.model.flow import UNKNOWN
from auditor.model.report import Database

Plane = Literal["media", "signalling", "keys", "recording", "management", "telemetry", "other"]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)] | str
Network = IPv4Network | IPv6Network
K = TypeVar("K")
V = TypeVar("V")

MAX_NAME: Final = 253  # characters of a domain name (RFC 1035, section 2.3.4); longer text is no name

_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_SUFFIX: Final = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


class NameText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A domain and everything below it, as a file writes it."""

    suffix: str
    plane: Plane | list[Plane] | None = None
    role: Literal["server", "relay"] = "server"


class NetworkText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network, perhaps only some ports of it, as a file writes it."""

    prefix: str
    transport: Literal["tcp", "udp", "sctp"] | None = None
    ports: list[Port] | None = None
    plane: Plane | list[Plane] | None = None
    role: Literal["server", "relay"] = "server"


class SourceText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where what is said of a service was published, and when it was read."""

    title: str
    url: str = ""
    date: datetime.date | None = None


class ServiceText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service as a file writes it."""

    id: str
    title: str
    operator: str = ""
    sources: list[SourceText] = []
    apps: list[str] = []
    names: list[NameText] = []
    networks: list[NetworkText] = []


class CatalogueText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole catalogue file."""

    services: list[ServiceText]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of an end that matches a name or a network."""

    service: str
    operator: str = ""
    planes: str = UNKNOWN  # as in the column `plane` of a flow
    role: str = "server"  # server or relay
    by_port: bool = False  # the entry names ports: it speaks of the socket and not of the whole host


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """A network of the catalogue, and to which of its sockets the entry applies."""

    network: Network
    transport: str  # empty: any
    ports: tuple[tuple[int, int], ...]  # first and last of each range, sorted; empty: any
    entry: Entry

    def fits(self, transport: str, port: int) -> bool:
        """Say whether a socket of this network is meant."""
        if self.transport not in ("", transport):
            return False
        return not self.ports or any(first <= port <= last for first, last in self.ports)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All services of all files."""

    titles: dict[str, str] = field(default_factory=dict)  # service id -> title
    names: dict[str, Entry] = field(default_factory=dict)  # suffix -> entry
    networks: tuple[NetworkEntry, ...] = ()  # in the order of preference
    apps: dict[str, Entry] = field(default_factory=dict)  # protocol -> entry
    databases: tuple[Database, ...] = ()

    def named(self, name: str) -> Entry | None:
        """Return what is known of a domain name: the entry of its longest suffix that is listed."""
        if len(name) > MAX_NAME + 1:
            return None
        rest = name.lower().rstrip(".")
        while rest not in self.names:
            _, dot, rest = rest.partition(".")
            if not dot:
                return None
        return self.names[rest]


def load_catalogue(paths: Iterable[Path | str], own: Iterable[Path | str] = ()) -> Catalogue:
    """Read catalogue files; what the user's `own` say of a name, sockets or protocol counts before the others.

    A service of a user's file may have the id of a shipped one, and then adds to it.  Raises InputError, with file and
    line, for what does not fit the format above, and where two entries of equal rank speak of the same name, the same
    sockets, the same protocol or the same service id: neither could be preferred.
    """
    listed, theirs = _Listed(), _Listed()
    for document in [load(path) for path in sorted(map(str, paths))]:
        _read(document, listed)
    for document in [load(path) for path in sorted(map(str, own))]:
        _read(document, theirs)
    networks = {**listed.networks, **theirs.networks}
    return Catalogue(
        listed.titles | theirs.titles,
        listed.names | theirs.names,
        tuple(sorted(networks.values(), key=_preference)),
        listed.apps | theirs.apps,
        (*listed.databases, *theirs.databases),
    )


@dataclass(slots=True)
class _Listed:
    """What files of one rank say."""

    titles: dict[str, str] = field(default_factory=dict)
    names: dict[str, Entry] = field(default_factory=dict)
    networks: dict[tuple[Network, str, tuple[tuple[int, int], ...]], NetworkEntry] = field(default_factory=dict)
    apps: dict[str, Entry] = field(default_factory=dict)
    databases: list[Database] = field(default_factory=list)


def _read(document: Document, known: _Listed) -> None:
    file = convert(document, CatalogueText)
    for index, service in enumerate(file.services):
        here = ("services", index)
        if not _ID.fullmatch(service.id):
            raise document.error(f"`{service.id}` is no service id; use a-z, 0-9, dots and hyphens", *here, "id")
        _put(known.titles, service.id, service.title, document, (*here, "id"))
        for number, app in enumerate(service.apps):
            _put(known.apps, app, Entry(service.id, service.operator), document, (*here, "apps", number))
        for number, name in enumerate(service.names):
            where = (*here, "names", number, "suffix")
            _put(known.names, _suffix(name.suffix, document, where), _entry(service, name), document, where)
        for number, network in enumerate(service.networks):
            place = (*here, "networks", number)
            made = _network(service, network, document, place)
            _put(known.networks, (made.network, made.transport, made.ports), made, document, place)
    known.databases.append(_database(document, file))


def _put(known: dict[K, V], key: K, value: V, document: Document, where: tuple[str | int, ...]) -> None:
    if key in known:
        said = key[0] if isinstance(key, tuple) else key
        raise document.error(f"`{said}` is listed twice in the catalogue; keep one", *where)
    known[key] = value


def _entry(service: ServiceText, text: NameText | NetworkText) -> Entry:
    named = [text.plane] if isinstance(text.plane, str) else text.plane
    planes = "+".join(sorted(set(named))) if named else UNKNOWN
    by_port = isinstance(text, NetworkText) and bool(text.ports)
    return Entry(service.id, service.operator, planes, text.role, by_port)


def _suffix(text: str, document: Document, where: tuple[str | int, ...]) -> str:
    if len(text) > MAX_NAME or not _SUFFIX.fullmatch(text):
        raise document.error(f"`{text}` is no domain suffix; write it in lower case like `zoom.us`", *where)
    return text


def _network(service: ServiceText, text: NetworkText, document: Document, where: tuple[str | int, ...]) -> NetworkEntry:
    try:
        network = ip_network(text.prefix)
    except ValueError:
        message = f"`{text.prefix}` is no network; write it like `170.114.0.0/16`, without host bits"
        raise document.error(message, *where, "prefix") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        raise document.error(f"`{text.prefix}` is IPv4-mapped; write it as IPv4", *where, "prefix")
    ports = [_ports(port, document, (*where, "ports", number)) for number, port in enumerate(text.ports or [])]
    if ports and not text.transport:
        raise document.error("`ports` need a `transport`; add `transport: udp` or `tcp`", *where, "ports")
    return NetworkEntry(network, text.transport or "", tuple(sorted(set(ports))), _entry(service, text))


def _ports(text: int | str, document: Document, where: tuple[str | int, ...]) -> tuple[int, int]:
    match = _PORTS.fullmatch(str(text))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= 65535:
        raise document.error(f"`{text}` is no port or range of ports; write `8801` or `8801-8810`", *where)
    return first, last


def _preference(entry: NetworkEntry) -> tuple[int, int, bool, bool, str, tuple[tuple[int, int], ...]]:
    """Order entries so that the first that holds a socket is the one that counts, whatever file came first."""
    wide = 128 - 32 if isinstance(entry.network, IPv4Network) else 0
    length = entry.network.prefixlen + wide
    return (
        -length,
        int(entry.network.network_address),
        not entry.ports,
        not entry.transport,
        entry.transport,
        entry.ports,
    )


def _database(document: Document, file: CatalogueText) -> Database:
    """Describe a file for the report: its date is that of the youngest source."""
    dates = [source.date for service in file.services for source in service.sources if source.date]
    name = f"service catalogue: {Path(document.file).stem}"
    return Database(name, document.sha256, max(dates).isoformat() if dates else "", kind="catalogue")
