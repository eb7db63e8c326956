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

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, TypeVar

from auditor.enrich.format import ID, PORTS, SUFFIX, CatalogueText, NameText, NetworkText, ServiceText
from auditor.model.documents import Document, convert, load
from auditor.model.errors import gathering
from auditor.model.flow import UNKNOWN
from auditor.model.report import Database

Network = IPv4Network | IPv6Network
K = TypeVar("K")
V = TypeVar("V")

MAX_NAME: Final = 253  # characters of a domain name (RFC 1035, section 2.3.4); longer text is no name


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

    @property
    def ports(self) -> tuple[tuple[int, int], ...]:
        """Return the ranges of ports (first and last) that entries tell apart from others."""
        return tuple(sorted({each for entry in self.networks for each in entry.ports}))

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
    place, for what does not fit the format above, and where two entries of equal rank speak of the same name, the same
    sockets, the same protocol or the same service id: neither could be preferred.
    """
    listed, theirs = _Listed(), _Listed()
    with gathering() as problems:
        for files, known in ((paths, listed), (own, theirs)):
            for path in sorted(map(str, files)):
                with problems.kept():
                    _read(load(path, problems), known)
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
        if not ID.fullmatch(service.id):
            document.problem(f"`{service.id}` is no service id; use a-z, 0-9, dots and hyphens", *here, "id")
        _put(known.titles, service.id, service.title, document, (*here, "id"))
        for number, app in enumerate(service.apps):
            _put(known.apps, app, Entry(service.id, service.operator), document, (*here, "apps", number))
        for number, name in enumerate(service.names):
            where = (*here, "names", number, "suffix")
            if _is_suffix(name.suffix, document, where):
                _put(known.names, name.suffix, _entry(service, name), document, where)
        for number, network in enumerate(service.networks):
            place = (*here, "networks", number)
            made = _network(service, network, document, place)
            if made is not None:
                _put(known.networks, (made.network, made.transport, made.ports), made, document, place)
    known.databases.append(_database(document, file))


def _put(known: dict[K, V], key: K, value: V, document: Document, where: tuple[str | int, ...]) -> None:
    if key in known:
        said = key[0] if isinstance(key, tuple) else key
        document.problem(f"`{said}` is listed twice in the catalogue; keep one", *where)
    known[key] = value


def _entry(service: ServiceText, text: NameText | NetworkText) -> Entry:
    named = [text.plane] if isinstance(text.plane, str) else text.plane
    planes = "+".join(sorted(set(named))) if named else UNKNOWN
    by_port = isinstance(text, NetworkText) and bool(text.ports)
    return Entry(service.id, service.operator, planes, text.role, by_port)


def _is_suffix(text: str, document: Document, where: tuple[str | int, ...]) -> bool:
    fits = len(text) <= MAX_NAME and SUFFIX.fullmatch(text) is not None
    if not fits:
        document.problem(f"`{text}` is no domain suffix; write it in lower case like `zoom.us`", *where)
    return fits


def _network(
    service: ServiceText, text: NetworkText, document: Document, where: tuple[str | int, ...]
) -> NetworkEntry | None:
    """Read a network; None, and noted, if it is none."""
    ports = [_ports(port, document, (*where, "ports", number)) for number, port in enumerate(text.ports or [])]
    if ports and not text.transport:
        document.problem("`ports` need a `transport`; add `transport: udp` or `tcp`", *where, "ports", of_key=True)
    try:
        network = ip_network(text.prefix)
    except ValueError:
        message = f"`{text.prefix}` is no network; write it like `170.114.0.0/16`, without host bits"
        document.problem(message, *where, "prefix")
        return None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped:
        document.problem(f"`{text.prefix}` is IPv4-mapped; write it as IPv4", *where, "prefix")
    return NetworkEntry(network, text.transport or "", tuple(sorted(set(ports))), _entry(service, text))


def _ports(text: int | str, document: Document, where: tuple[str | int, ...]) -> tuple[int, int]:
    match = PORTS.fullmatch(str(text))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= 65535:
        document.problem(f"`{text}` is no port or range of ports; write `8801` or `8801-8810`", *where)
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
