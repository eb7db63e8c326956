"""What may stand in a `routing.yaml`, the plain format for what no other reader knows: shapes, nothing looked up.

The classes are the format, as those of `enrich.format` are; their docstrings are what an editor shows.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from auditor.enrich.format import Plane, Text
from auditor.model.schema import Country, schema_of

Amount = Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Share = Annotated[int, Meta(ge=1, le=1_000_000)]
Whole = Annotated[int, Meta(ge=0, le=1_000_000)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping whose keys are all known."""


class SitePlain(Strict, frozen=True):
    """A place where sessions are carried. The inventory can prove where it is, by this name or by its addresses.

    name: What pools, reports and rules (`sites`) call it.
    country: Where it is, by your word: a claim, unless the inventory says so too.
    countries: Several countries, if you know only so much; not together with `country`.
    addresses: Single addresses of it.
    region: The code of a provider's region, such as aws/eu-west-1.
    planes: What it carries. Left out: what the file says at its beginning.
    """

    name: Name
    country: Country | None = None
    countries: list[Country] = []
    addresses: list[Text] = []
    region: Text = ""
    planes: list[Plane] = []


class PoolPlain(Strict, frozen=True):
    """Capacity at a site that is chosen as one, and fails as one.

    name: What groups, clients and reports call it.
    site: Where it is. Left out: a site of the same name.
    health: `monitored`: it is passed over while it is down. `none`: nobody asks, it always counts as up.
    domains: What else takes it down: a power feed, a link, a control plane that several pools share.
    capacity: What it can carry, in the unit of `demand`. Left out: not known, so it never fills.
    """

    name: Name
    site: Text = ""
    health: Literal["monitored", "none"] = "monitored"
    domains: list[Name] = []
    capacity: Amount | None = None


class GroupPlain(Strict, frozen=True):
    """A choice among pools and other groups. Has either `first` or `any`.

    name: What clients and other groups call it.
    first: In this order: the first that is up serves.
    any: All that are up serve, in shares.
    weights: The shares of those under `any`, whole numbers in the same order. Left out: equal ones.
    at_least: How much has to be up for it to count as up: so many of `any`, or so much of their weights.
    when_all_down: Who serves when it is not up: nobody (`nothing`), the `first` or the `last` one, or `any` of them.
    """

    name: Name
    first: list[Name] = []
    any: list[Name] = []
    weights: list[Share] = []
    at_least: Whole = 1
    when_all_down: Literal["nothing", "first", "last", "any"] = "nothing"


class ClientsPlain(Strict, frozen=True):
    """A class of clients who are treated alike. Has `countries`, `networks` or `everybody_else`; and `first` or `any`.

    name: What reports call it.
    countries: Where they are, as whoever routes them classifies them.
    networks: From which networks they come.
    everybody_else: Whoever is in no other class, wherever that is.
    population: A population of the rules to which they belong by your word.
    tenant: The account to which they belong.
    demand: What they ask for together, in the unit of `capacity`. Left out: not known.
    first: In this order: the first that is up serves.
    any: All that are up serve, in shares.
    weights: The shares of those under `any`, whole numbers in the same order. Left out: equal ones.
    at_least: How much has to be up for `any` to serve: so many of them, or so much of their weights.
    when_all_down: Who serves when nothing is up: nobody (`nothing`), the `first` or the `last` one, or `any` of them.
    """

    name: Name
    countries: list[Country] = []
    networks: list[Text] = []
    everybody_else: bool = False
    population: Text = ""
    tenant: Text = ""
    demand: Amount | None = None
    first: list[Name] = []
    any: list[Name] = []
    weights: list[Share] = []
    at_least: Whole = 1
    when_all_down: Literal["nothing", "first", "last", "any"] = "nothing"


class RoutingPlain(Strict, frozen=True):
    """Who is sent where, in which order, and what can fail.

    routing: The version of this format: 1.
    title: What it routes.
    planes: What the sites carry, unless a site says otherwise.
    sites: Places. A pool whose site is not listed is at a site of which only the name is known.
    pools: What can be chosen.
    groups: Choices that several classes of clients share.
    clients: Classes of clients.
    """

    routing: Literal[1]
    clients: list[ClientsPlain]
    pools: list[PoolPlain]
    title: Text = ""
    planes: list[Plane] = []
    sites: list[SitePlain] = []
    groups: list[GroupPlain] = []


def routing_schema() -> str:
    """Write the JSON Schema of a `routing.yaml`."""
    return schema_of(RoutingPlain, "urn:residency-auditor:auditor-routing:v1", "Routing of residency-auditor", {})
