"""The user's inventory: which networks are where, whose they are, and where captures were taken.

It is a proof, since whoever runs a network knows where it stands, and it wins over every database.

    vantages:
      - {name: toronto, sources: ["toronto-*.pcap"], country: CA, private: [10.1.0.0/16]}
      - {name: branch, observers: ["192.0.2.1*"], country: NL}
    sites:
      - {name: beijing-kms, networks: [203.0.113.0/24], country: CN, operator: Example, planes: [keys], role: server,
         holds: mainland, valid: {from: 2019-01-01, until: 2020-04-03}}
    clients:
      - {networks: [198.51.100.0/24], tenant: acme, population: overseas, country: US}

`countries: [CN, HK]` names several; `vantage: {name: toronto, country: CA}` is the only vantage, of all inputs.
"""

import fnmatch
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from auditor.enrich.addresses import CARRIERS
from auditor.enrich.format import ClientsFile, File, SiteFile, Valid, VantageFile
from auditor.model import documents, labels
from auditor.model.countries import known, of
from auditor.model.documents import Document, nanoseconds
from auditor.model.errors import gathering
from auditor.model.flow import INSIDE, PLANES, inside
from auditor.model.reserved import instead

Network = IPv4Network | IPv6Network
ALWAYS: Final = (-(1 << 63), (1 << 63) - 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the inventory says of some networks."""

    name: str  # of a site; empty for client networks
    networks: tuple[Network, ...]
    countries: str = ""  # country set; empty: not said
    operator: str = ""
    planes: tuple[str, ...] = ()
    role: str = ""
    label: str = ""  # a site's `holds`; of a client network its population and its tenant (model.labels)
    valid: tuple[int, int] = ALWAYS  # nanoseconds; the second is not included
    line: int = 0  # in the file

    @property
    def title(self) -> str:
        """What evidence calls it."""
        return f"inventory: {self.name or ', '.join(labels.names(labels.split(self.label))) or 'clients'}"


@dataclass(frozen=True, slots=True)
class Vantage:
    """A place where captures were taken."""

    name: str
    sources: tuple[str, ...]  # shell patterns of input names
    country: str = ""
    private: tuple[Network, ...] = ()  # where its country holds; empty: all private addresses
    observers: tuple[str, ...] = ()  # shell patterns of who logged records; empty: all, but for what captures carry

    def holds(self, source: str, observer: str, carried: bool) -> bool:
        """Say whether it is that of the records of an observer in an input, which a capture `carried` or not."""
        last = source.replace("\\", "/").rpartition("/")[2]
        if not any(fnmatch.fnmatchcase(name, glob) for glob in self.sources for name in (source, last)):
            return False
        if not self.observers:
            return not carried
        return any(fnmatch.fnmatchcase(observer, glob) for glob in self.observers)


@dataclass(frozen=True, slots=True)
class Inventory:
    file: str = ""
    sha256: str = ""
    entries: tuple[Entry, ...] = ()
    vantages: tuple[Vantage, ...] = ()

    def vantage_of(self, source: str, observer: str = "", carried: bool = False) -> str:
        """Return the name of the first vantage whose patterns match, else empty.

        Those of sources match an input's name or its last part.  What a capture `carried` (exports of flows) was seen
        elsewhere: a vantage holds for it only if it lists observers.
        """
        return next((each.name for each in self.vantages if each.holds(source, observer, carried)), "")

    def seen_by(self, source: str, observer: str, carried: bool = False) -> str:
        """Return the vantage of the records of an observer: the declared one, else the observer.

        What was seen in tunnels stays so, and nobody is taken for a vantage by being called like one.
        """
        outside = observer.removesuffix(INSIDE).rstrip(" ")
        name = self.vantage_of(source, outside, carried) or self._stranger(outside)
        return inside(name) if outside != observer else name

    def _stranger(self, observer: str) -> str:
        while any(observer == vantage.name for vantage in self.vantages):
            observer = f"observer {observer}"
        return observer


def load_inventory(path: str) -> Inventory:
    """Read an inventory.  Raise InputErrors, with places and remedies, for all that it does not allow."""
    with gathering() as problems:
        document = documents.load(path, problems)
        return _inventory(document, documents.convert(document, File))


def _inventory(document: Document, file: File) -> Inventory:
    if file.vantage and file.vantages:
        said = "`vantage` and `vantages` exclude each other; list them all under `vantages`"
        document.problem(said, "vantage", of_key=True)
    sites = [_site(document, site, ("sites", at)) for at, site in enumerate(file.sites)]
    clients = [_clients(document, group, ("clients", at)) for at, group in enumerate(file.clients)]
    single = [_vantage(document, file.vantage, ("vantage",))] if file.vantage else []
    vantages = [_vantage(document, vantage, ("vantages", at)) for at, vantage in enumerate(file.vantages)]
    _distinct(document, vantages)
    return Inventory(document.file, document.sha256, (*sites, *clients), (*single, *vantages))


def _site(document: Document, site: SiteFile, path: tuple[str, int]) -> Entry:
    countries = _countries(document, site, path)
    if not (site.country or site.countries or site.operator or site.planes or site.role or site.holds):
        document.problem(f"site `{site.name}` says nothing of itself; add its country", *path)
    _named(document, site, ("holds",), path)
    return Entry(
        site.name,
        () if site.networks is None else _networks(document, site.networks, (*path, "networks")),
        countries,
        site.operator,
        tuple(plane for plane in sorted(PLANES) if plane in site.planes),
        site.role or "",
        site.holds,
        _valid(document, site.valid, (*path, "valid")),
        document.line(*path),
    )


def _clients(document: Document, group: ClientsFile, path: tuple[str, int]) -> Entry:
    countries = _countries(document, group, path)
    if not (group.population or group.tenant or group.country or group.countries):
        document.problem("client networks need a population, a tenant or a country; add one", *path)
    _named(document, group, ("population", "tenant"), path)
    return Entry(
        "",
        _networks(document, group.networks, (*path, "networks")),
        countries,
        role="client",
        label=labels.joined(group.population, group.tenant),
        valid=_valid(document, group.valid, (*path, "valid")),
        line=document.line(*path),
    )


def _named(document: Document, entry: object, fields: tuple[str, ...], path: tuple[str, int]) -> None:
    """Refuse names that can't be part of a label."""
    for name in fields:
        if fault := labels.fault(getattr(entry, name)):
            document.problem(f"`{getattr(entry, name)}` {fault}", *path, name)


def _vantage(document: Document, vantage: VantageFile, path: tuple[str | int, ...]) -> Vantage:
    country = _country(document, vantage.country, (*path, "country")) if vantage.country else ""
    private = _networks(document, vantage.private, (*path, "private")) if vantage.private else ()
    if private and not vantage.country:
        document.problem("`private` networks are of no use without a `country`; add it", *path, "private")
    sources = (vantage.sources,) if isinstance(vantage.sources, str) else tuple(vantage.sources)
    observers = (vantage.observers,) if isinstance(vantage.observers, str) else tuple(vantage.observers)
    return Vantage(vantage.name, sources, country, private, observers)


def _distinct(document: Document, vantages: list[Vantage]) -> None:
    seen: set[str] = set()
    for at, vantage in enumerate(vantages):
        if vantage.name in seen:
            document.problem(
                f"vantage `{vantage.name}` stands twice; put all its sources in one", "vantages", at, "name"
            )
        seen.add(vantage.name)


def _countries(document: Document, entry: SiteFile | ClientsFile, path: tuple[str | int, ...]) -> str:
    """Return the country set of an entry, empty if it names none."""
    if entry.country and entry.countries:
        document.problem("`country` and `countries` exclude each other; keep one", *path, "country", of_key=True)
    if entry.country:
        return _country(document, entry.country, (*path, "country"))
    codes = [_country(document, code, (*path, "countries", at)) for at, code in enumerate(entry.countries)]
    return of(filter(None, codes)) if any(codes) else ""


def _country(document: Document, code: str, path: tuple[str | int, ...]) -> str:
    """Return a country's code, empty (and noted) if there is no such country."""
    if not known(code):
        document.problem(f"`{code}` is no country code; {instead(code)}", *path)
        return ""
    return code


def _networks(document: Document, texts: str | list[str], path: tuple[str | int, ...]) -> tuple[Network, ...]:
    """Read networks or single addresses; host bits that are set, which may be a typing error, are refused."""
    if not texts:
        document.problem(f"`{path[-1]}` is empty; list at least one network", *path)
    at = {path: texts} if isinstance(texts, str) else {(*path, number): text for number, text in enumerate(texts)}
    return tuple(found for where, text in at.items() if (found := _network(document, text, where)) is not None)


def _network(document: Document, text: str, path: tuple[str | int, ...]) -> Network | None:
    try:
        wide = ip_network(text.strip(), strict=False)
    except ValueError:
        document.problem(f"`{text}` is no network; write it as 192.0.2.0/24 or 2001:db8::/32", *path)
        return None
    if wide.version == 6 and wide.prefixlen >= 96 and wide.network_address.packed[:12] in CARRIERS:
        inner = int(wide.network_address) & 0xFFFFFFFF
        return IPv4Network((inner, wide.prefixlen - 96))
    try:
        return ip_network(text.strip())
    except ValueError:
        document.problem(f"`{text}` has host bits set; did you mean `{wide}`?", *path)
        return None


def _valid(document: Document, valid: Valid | None, path: tuple[str | int, ...]) -> tuple[int, int]:
    if valid is None:
        return ALWAYS
    first = ALWAYS[0] if valid.from_ is None else nanoseconds(valid.from_)
    until = ALWAYS[1] if valid.until is None else nanoseconds(valid.until)
    if first >= until:
        document.problem("`until` is not after `from`; swap them", *path)
    return first, until
