"""The data behind `auditor locate`: what every source says of some addresses, and the set that follows."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

from auditor.enrich.addresses import parse, write
from auditor.enrich.catalogue import Catalogue, NetworkEntry
from auditor.enrich.places import Places
from auditor.enrich.special import reason
from auditor.model.countries import ANYWHERE, members, possible, state
from auditor.model.errors import InputError

REGISTRY = "IANA special-purpose address registries"


def locate(addresses: Sequence[str], places: Places, services: Catalogue | None = None) -> list[dict[str, Any]]:
    """Return `{address, countries, state, site, operator, sources}` for each address, in the given order.

    `countries` lists codes; `["*"]` is anywhere, an empty list a contradiction of proofs.  `sources` are
    `{name, kind, countries, detail}`; what the service catalogue says of a network is no evidence of a place.
    Raises InputError for a text that is no address.
    """
    return [_answer(address, places, services or Catalogue()) for address in addresses]


def _answer(address: str, places: Places, services: Catalogue) -> dict[str, Any]:
    try:
        text = write(*parse(address.strip()))
    except ValueError:
        raise InputError(address[:100], "is no IPv4 or IPv6 address; write it as 192.0.2.1 or 2001:db8::1") from None
    (vantage,), _ = places.vantages([""])  # the one of all inputs, if there is one
    known = places.located(text, vantage)
    place = possible(known["claimed"], known["proven"])
    sources = [
        {"name": each.name, "kind": each.kind, "countries": listed(each.countries), "detail": each.detail}
        for each in places.explain([(text, vantage, None, None)])[0]
    ]
    if why := reason(text):
        sources.append({"name": REGISTRY, "kind": "claim", "countries": [ANYWHERE], "detail": why})
    sources += _services(text, services)
    return {
        "address": text,
        "countries": listed(place),
        "state": state(place),
        "site": known["site"],
        "operator": known["owner"] or known["operator"],
        "sources": sources,
    }


def _services(address: str, services: Catalogue) -> Iterator[dict[str, Any]]:
    """Name the services whose networks hold an address, the narrowest first."""
    where = ip_address(address)
    for entry in services.networks:
        if where.version == entry.network.version and where in entry.network:
            title = services.titles.get(entry.entry.service, entry.entry.service)
            yield {"name": f"service catalogue: {title}", "kind": "service", "countries": [], "detail": _detail(entry)}


def _detail(entry: NetworkEntry) -> str:
    ports = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in entry.ports)
    said = (str(entry.network), entry.transport, ports, entry.entry.role, entry.entry.planes.replace("+", ", "))
    return " ".join(word for word in said if word)


def listed(countries: str) -> list[str]:
    """List the codes of a country set; everywhere is `["*"]`, and what names none is empty."""
    if countries == ANYWHERE:
        return [ANYWHERE]
    return list(members(countries)) if countries else []
