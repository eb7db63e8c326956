"""What may stand in an inventory, in a file of the service catalogue and in that of regions: shapes, nothing looked up.

The classes are the format: unknown keys, wrong kinds and words outside a fixed choice are refused while a
file is made into one of them.  Their docstrings are what an editor shows (`reports/schema/`).
"""

import re
from datetime import date as Day  # a field is named `date`
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from auditor.model.schema import Country, has, schema_of

ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
SUFFIX: Final = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def _shown(pattern: re.Pattern[str]) -> Meta:
    """Tell editors of a pattern; whoever reads the file says in words what it asks."""
    return Meta(extra_json_schema={"pattern": f"^({pattern.pattern})$"})


Text = Annotated[str, Meta(min_length=1, max_length=200)]
Role = Literal["client", "server", "relay", "hop"]
Plane = Literal["media", "signalling", "keys", "recording", "management", "telemetry", "other"]
Id = Annotated[str, _shown(ID)]
Suffix = Annotated[str, _shown(SUFFIX)]
Port = Annotated[int, Meta(ge=0, le=65535)] | Annotated[str, _shown(PORTS)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping whose keys are all known."""


class Valid(Strict, frozen=True):
    """From the first day on, until the day before the second; outside, what is said is a claim and no proof.

    from: The first day (UTC). Left out: always before.
    until: The first day on which it does not hold any more. Left out: to this day.
    """

    from_: Day | None = field(default=None, name="from")
    until: Day | None = None


class SiteFile(Strict, frozen=True):
    """A place: servers or relays in some networks. Says at least one thing of them besides its name.

    name: What reports and rules (`sites`) call it; what routing configurations call so is this place too.
    networks: One network or a list of them, such as 192.0.2.0/24, 2001:db8::/32 or a single address. Left out: a place
        that only routing configurations name.
    country: Where it is. Proof: wins over every database.
    countries: Several countries, if you know only so much; not together with `country`.
    operator: Who runs it.
    planes: What it carries. Traffic that shows another plane itself keeps that.
    role: In which role it takes part.
    holds: Whose data it holds, a population of the rules: decides where two servers talk and no client is in sight.
    valid: Since when and until when all of this holds.
    """

    name: Text
    networks: Text | list[Text] | None = None
    country: Country | None = None
    countries: list[Country] = []
    operator: Text = ""
    planes: list[Plane] = []
    role: Role | None = None
    holds: Text = ""
    valid: Valid | None = None


class ClientsFile(Strict, frozen=True):
    """Participants: who comes from these networks. Needs a population, a tenant or a country.

    networks: One network or a list of them, such as 192.0.2.0/24, 2001:db8::/32 or a single address.
    tenant: Whose people they are: their account.
    population: A population of the rules; counts wherever the address is.
    country: Where they are. Proof: wins over every database.
    countries: Several countries, if you know only so much; not together with `country`.
    valid: Since when and until when all of this holds.
    """

    networks: Text | list[Text]
    tenant: Text = ""
    population: Text = ""
    country: Country | None = None
    countries: list[Country] = []
    valid: Valid | None = None


class VantageFile(Strict, frozen=True):
    """A point where captures were taken: private addresses are there.

    name: What reports call it.
    country: Where it is, and so where private addresses are. Left out: those may be anywhere.
    sources: Which inputs were taken there: shell patterns of file names, such as `toronto-*.pcap`. Left out: all.
    observers: Whose records of logs are from there: shell patterns of what `auditor flows` calls their vantage, such as
        an exporter's address. Left out: all, but for exports inside captures.
    private: The private networks that are there. Left out: all private addresses.
    """

    name: Text
    country: Country | None = None
    sources: Text | list[Text] = "*"
    observers: Text | list[Text] = []
    private: Text | list[Text] = []


class File(Strict, frozen=True):
    """What you know of your own networks: where they are, whose they are, and where captures were taken.

    vantage: The one point where all captures were taken.
    vantages: Several points where captures were taken; not together with `vantage`.
    sites: Places that are touched: servers and relays.
    clients: Networks of participants.
    """

    vantage: VantageFile | None = None
    vantages: list[VantageFile] = []
    sites: list[SiteFile] = []
    clients: list[ClientsFile] = []


_ONE_COUNTRY: Final = {"not": {"allOf": [has("country"), has("countries")]}}
_OF_SITES: Final = ("country", "countries", "operator", "planes", "role", "holds")
_OF_CLIENTS: Final = ("population", "tenant", "country", "countries")


def inventory_schema() -> str:
    """Write the JSON Schema of an inventory."""
    return schema_of(
        File,
        "urn:residency-auditor:auditor-inventory:v1",
        "Inventory of residency-auditor",
        {
            "File": {"not": {"allOf": [has("vantage"), has("vantages")]}},
            "SiteFile": {**_ONE_COUNTRY, "anyOf": [has(key) for key in _OF_SITES]},
            "ClientsFile": {**_ONE_COUNTRY, "anyOf": [has(key) for key in _OF_CLIENTS]},
            "VantageFile": {"if": has("private"), "then": has("country")},
        },
    )


class NameText(Strict, frozen=True):
    """A domain and everything below it.

    suffix: A domain in lower case, such as zoom.us; whole labels count, and the longest suffix wins.
    plane: What its ends carry: one plane or a list. Left out: not known.
    role: In which role they take part.
    """

    suffix: Suffix
    plane: Plane | list[Plane] | None = None
    role: Literal["server", "relay"] = "server"


class NetworkText(Strict, frozen=True):
    """A network, perhaps only some ports of it.

    prefix: The network without host bits, such as 170.114.0.0/16.
    transport: Left out: any.
    ports: Ports and ranges (8801-8810); they need a transport. Left out: all ports.
    plane: What its ends carry: one plane or a list. Left out: not known.
    role: In which role they take part.
    """

    prefix: str
    transport: Literal["tcp", "udp", "sctp"] | None = None
    ports: list[Port] | None = None
    plane: Plane | list[Plane] | None = None
    role: Literal["server", "relay"] = "server"


class SourceText(Strict, frozen=True):
    """Where what is said of a service was published, and when it was read.

    title: What the text is called.
    url: Where it stands.
    date: The day of the text, or on which it was read.
    """

    title: str
    url: str = ""
    date: Day | None = None


class ServiceText(Strict, frozen=True):
    """A service: how its ends are known, what they carry and who runs them.

    id: What rules call it (`services`): a-z, 0-9, dots and hyphens.
    title: What readers call it.
    operator: Who runs it.
    sources: Where what is said here was published.
    apps: Protocols that no other service speaks.
    names: Domains, each with everything below it.
    networks: Networks that the operator publishes.
    """

    id: Id
    title: str
    operator: str = ""
    sources: list[SourceText] = []
    apps: list[str] = []
    names: list[NameText] = []
    networks: list[NetworkText] = []


class CatalogueText(Strict, frozen=True):
    """Services: which names and networks belong to each.

    services: One entry for each service.
    """

    services: list[ServiceText]


def catalogue_schema() -> str:
    """Write the JSON Schema of a file of the catalogue."""
    return schema_of(
        CatalogueText,
        "urn:residency-auditor:auditor-catalogue:v1",
        "Service catalogue of residency-auditor",
        {"NetworkText": {"if": has("ports"), "then": has("transport")}},
    )


class ProviderText(Strict, frozen=True):
    """A provider: where the regions and data centres are that it names by code.

    id: What stands before the code: a-z, 0-9, dots and hyphens.
    title: What readers call it.
    sources: Where it says where they are.
    zone: A pattern of what follows the code of a region in the code of one of its zones. Left out: nothing.
    regions: The country of each code, or several where the provider says no more.
    """

    id: Id
    title: str
    sources: list[SourceText]
    regions: dict[str, Country | list[Country]]
    zone: str = ""


class RegionsText(Strict, frozen=True):
    """Where regions and data centres are.

    providers: One entry for each provider.
    """

    providers: list[ProviderText]


def regions_schema() -> str:
    """Write the JSON Schema of the file of regions."""
    return schema_of(RegionsText, "urn:residency-auditor:auditor-regions:v1", "Regions of residency-auditor")
