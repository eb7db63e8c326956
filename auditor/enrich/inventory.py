"""The user's inventory: which networks are where, whose they are, and where captures were taken.

It is a proof, since whoever runs a network knows where it stands, and it wins over every database.

    vantages:
      - {name: toronto, sources: ["toronto-*.pcap"], country: CA, private: [10.1.0.0/16]}
    sites:
      - {name: beijing-kms, networks: [203.0.113.0/24], country: CN, operator: Example, planes: [keys], role: server,
         holds: mainland, valid: {from: 2019-01-01, until: 2020-04-03}}
    clients:
      - {networks: [198.51.100.0/24], tenant: acme, population: overseas, country: US}

`countries: [CN, HK]` names several; `vantage: {name: toronto, country: CA}` is the only vantage, of all inputs.
"""

import fnmatch
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final, Literal

import msgspec

from auditor.enrich.addresses import CARRIERS
from auditor.model import documents, labels
from auditor.model.countries import known, of
from auditor.model.documents import Document, nanoseconds
from auditor.model.flow import PLANES

Network = IPv4Network | IPv6Network
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Role = Literal["client", "server", "relay", "hop"]
Plane = Literal["media", "signalling", "keys", "recording", "management", "telemetry", "other"]
ALWAYS: Final = (-(1 << 63), (1 << 63) - 1)


class Valid(msgspec.Struct, forbid_unknown_fields=True):
    """From the first day on, until the day before the second."""

    from_: date | None = msgspec.field(default=None, name="from")
    until: date | None = None


class SiteFile(msgspec.Struct, forbid_unknown_fields=True):
    name: Text
    networks: Text | list[Text]
    country: Text | None = None
    countries: list[Text] = []
    operator: Text = ""
    planes: list[Plane] = []
    role: Role | None = None
    holds: Text = ""
    valid: Valid | None = None


class ClientsFile(msgspec.Struct, forbid_unknown_fields=True):
    networks: Text | list[Text]
    tenant: Text = ""
    population: Text = ""
    country: Text | None = None
    countries: list[Text] = []
    valid: Valid | None = None


class VantageFile(msgspec.Struct, forbid_unknown_fields=True):
    name: Text
    country: Text | None = None
    sources: Text | list[Text] = "*"
    private: Text | list[Text] = []


class File(msgspec.Struct, forbid_unknown_fields=True):
    vantage: VantageFile | None = None
    vantages: list[VantageFile] = []
    sites: list[SiteFile] = []
    clients: list[ClientsFile] = []


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


@dataclass(frozen=True, slots=True)
class Inventory:
    file: str = ""
    sha256: str = ""
    entries: tuple[Entry, ...] = ()
    vantages: tuple[Vantage, ...] = ()

    def vantage_of(self, source: str) -> str:
        """Return the name of the first vantage whose pattern matches an input's name or its last part, else empty."""
        last = source.replace("\\", "/").rpartition("/")[2]
        for vantage in self.vantages:
            if any(fnmatch.fnmatchcase(name, glob) for glob in vantage.sources for name in (source, last)):
                return vantage.name
        return ""


def load_inventory(path: str) -> Inventory:
    """Read an inventory.  Raise InputError, with file, line and remedy, for whatever it does not allow."""
    document = documents.load(path)
    file = documents.convert(document, File)
    if file.vantage and file.vantages:
        raise document.error("`vantage` and `vantages` exclude each other; list them all under `vantages`", "vantage")
    sites = [_site(document, site, ("sites", at)) for at, site in enumerate(file.sites)]
    clients = [_clients(document, group, ("clients", at)) for at, group in enumerate(file.clients)]
    single = [_vantage(document, file.vantage, ("vantage",))] if file.vantage else []
    vantages = [_vantage(document, vantage, ("vantages", at)) for at, vantage in enumerate(file.vantages)]
    _distinct(document, vantages)
    return Inventory(document.file, document.sha256, (*sites, *clients), (*single, *vantages))


def _site(document: Document, site: SiteFile, path: tuple[str, int]) -> Entry:
    if not _countries(document, site, path) and not (site.operator or site.planes or site.role or site.holds):
        raise document.error(f"site `{site.name}` says nothing of its networks; add its country", *path)
    _named(document, site, ("holds",), path)
    return Entry(
        site.name,
        _networks(document, site.networks, (*path, "networks")),
        _countries(document, site, path),
        site.operator,
        tuple(plane for plane in sorted(PLANES) if plane in site.planes),
        site.role or "",
        site.holds,
        _valid(document, site.valid, (*path, "valid")),
        document.line(*path),
    )


def _clients(document: Document, group: ClientsFile, path: tuple[str, int]) -> Entry:
    countries = _countries(document, group, path)
    if not (group.population or group.tenant or countries):
        raise document.error("client networks need a population, a tenant or a country; add one", *path)
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
            raise document.error(f"`{getattr(entry, name)}` {fault}", *path, name)


def _vantage(document: Document, vantage: VantageFile, path: tuple[str | int, ...]) -> Vantage:
    country = _country(document, vantage.country, (*path, "country")) if vantage.country else ""
    private = _networks(document, vantage.private, (*path, "private")) if vantage.private else ()
    if private and not country:
        raise document.error("`private` networks are of no use without a `country`; add it", *path, "private")
    sources = (vantage.sources,) if isinstance(vantage.sources, str) else tuple(vantage.sources)
    return Vantage(vantage.name, sources, country, private)


def _distinct(document: Document, vantages: list[Vantage]) -> None:
    seen: set[str] = set()
    for at, vantage in enumerate(vantages):
        if vantage.name in seen:
            raise document.error(
                f"vantage `{vantage.name}` stands twice; put all its sources in one", "vantages", at, "name"
            )
        seen.add(vantage.name)


def _countries(document: Document, entry: SiteFile | ClientsFile, path: tuple[str | int, ...]) -> str:
    """Return the country set of an entry, empty if it names none."""
    if entry.country and entry.countries:
        raise document.error("`country` and `countries` exclude each other; keep one", *path, "country")
    if entry.country:
        return _country(document, entry.country, (*path, "country"))
    codes = [_country(document, code, (*path, "countries", at)) for at, code in enumerate(entry.countries)]
    return of(codes) if codes else ""


def _country(document: Document, code: str, path: tuple[str | int, ...]) -> str:
    if not known(code):
        hint = f"; did you mean `{code.upper()}`?" if known(code.upper()) else "; write an ISO 3166-1 code such as CN"
        raise document.error(f"`{code}` is no country code{hint}", *path)
    return code


def _networks(document: Document, texts: str | list[str], path: tuple[str | int, ...]) -> tuple[Network, ...]:
    """Read networks or single addresses; host bits that are set, which may be a typing error, are refused."""
    if isinstance(texts, str):
        return (_network(document, texts, path),)
    if not texts:
        raise document.error(f"`{path[-1]}` is empty; list at least one network", *path)
    return tuple(_network(document, text, (*path, at)) for at, text in enumerate(texts))


def _network(document: Document, text: str, path: tuple[str | int, ...]) -> Network:
    try:
        wide = ip_network(text.strip(), strict=False)
    except ValueError:
        raise document.error(f"`{text}` is no network; write it as 192.0.2.0/24 or 2001:db8::/32", *path) from None
    if wide.version == 6 and wide.prefixlen >= 96 and wide.network_address.packed[:12] in CARRIERS:
        inner = int(wide.network_address) & 0xFFFFFFFF
        return IPv4Network((inner, wide.prefixlen - 96))
    try:
        return ip_network(text.strip())
    except ValueError:
        raise document.error(f"`{text}` has host bits set; did you mean `{wide}`?", *path) from None


def _valid(document: Document, valid: Valid | None, path: tuple[str | int, ...]) -> tuple[int, int]:
    if valid is None:
        return ALWAYS
    first = ALWAYS[0] if valid.from_ is None else nanoseconds(valid.from_)
    until = ALWAYS[1] if valid.until is None else nanoseconds(valid.until)
    if first >= until:
        raise document.error("`until` is not after `from`; swap them", *path)
    return first, until
