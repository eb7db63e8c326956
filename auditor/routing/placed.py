"""Who the clients of a configuration are, and where the sites are to which it can send them.

A class of clients is where its format says it is (a claim of whatever classifies them), or where its networks are.  A
site is where the inventory says that a site of its name is, where its addresses are, and where the configuration
itself says it is: the first of these is a proof, the last a claim.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from auditor.enrich import regional, regions, wide
from auditor.enrich.ground import Said
from auditor.model import countries, flow, labels
from auditor.model.report import Source
from auditor.routing.model import Client, Routing, Site

if TYPE_CHECKING:
    from auditor.enrich.explain import Question
    from auditor.enrich.places import Places

NAMELESS: Final = regional.NAMELESS
OWN: Final = "the configuration itself"


@dataclass(frozen=True, slots=True)
class Placed:
    """What is known of the ends of some configurations."""

    clients: pl.DataFrame  # client (number over all configurations), session and the columns of `src_...`
    sites: pl.DataFrame  # routing, site, plane and the columns of `dst_...`: a row for each address and plane
    said: dict[str, tuple[Source, ...]] = field(default_factory=dict)  # end -> what is known by its name

    def explain(self, places: "Places") -> "Callable[[Sequence[Question]], list[tuple[Source, ...]]]":
        """Return what says of ends why they are believed to be where they are."""
        return partial(_explained, self.said, places)


def _explained(
    said: dict[str, tuple[Source, ...]], places: "Places", questions: "Sequence[Question]"
) -> list[tuple[Source, ...]]:
    found = places.explain(questions)
    return [(*said.get(question[0], ()), *sources) for question, sources in zip(questions, found, strict=True)]


def placed(routings: Sequence[Routing], places: "Places", moment: int | None, planes: Sequence[str]) -> Placed:
    """Look everybody up, at a time in nanoseconds; `planes` is what sites carry of which nothing else says it."""
    said: dict[str, tuple[Source, ...]] = {}
    clients = _clients(routings, places, moment)
    return Placed(clients, _sites(routings, places, moment, planes, said), said)


def _clients(routings: Sequence[Routing], places: "Places", moment: int | None) -> pl.DataFrame:
    names: dict[str, set[int]] = {}
    for number, routing in enumerate(routings):
        for client in routing.clients:
            names.setdefault(client.name, set()).add(number)
    every = [network for routing in routings for client in routing.clients for network in client.networks]
    spreads = places.networks(every, moment)
    rows: list[tuple[int | str, ...]] = []
    for routing in routings:
        for client in routing.clients:
            own = client.name if len(names[client.name]) == 1 else f"{client.name} ({routing.files[0].name})"
            rows.append((len(rows), own, NAMELESS + own, "client", *_client(client, spreads)))
    kinds: dict[str, Any] = {"client": pl.Int64, "session": pl.String}
    kinds |= {f"src_{name}": pl.String for name in ("addr", "role", "label", "claimed", "proven")}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _client(client: Client, spreads: Mapping[str, wide.Spread]) -> tuple[str, str, str]:
    """Return label, claimed and proven of a class."""
    label = labels.joined(client.population, client.account)
    claimed = "" if client.countries == countries.ANYWHERE else client.countries
    if not client.networks:
        return label, claimed, countries.ANYWHERE
    near = far = 0
    found = [spreads[network] for network in client.networks]
    for each in found:
        near |= countries.bits(each.possible)
        far |= countries.bits(each.proven)
    near &= countries.bits(client.countries) or countries.WORLD
    told = {each.label for each in found}
    label = label or (told.pop() if len(told) == 1 else "")
    known = countries.text(near)
    return label, "" if known == countries.ANYWHERE else known, countries.text(far)


_DST: Final = ("addr", "name", "role", "label", "site", "operator", "claimed", "proven")


def _sites(
    routings: Sequence[Routing],
    places: "Places",
    moment: int | None,
    planes: Sequence[str],
    said: dict[str, tuple[Source, ...]],
) -> pl.DataFrame:
    ends = [
        (number, site, address)
        for number, routing in enumerate(routings)
        for site in routing.sites.values()
        for address in (*site.addresses, *(f"{NAMELESS}host:{host}" for host in site.hosts)) or (NAMELESS + site.name,)
    ]
    count = len(ends)
    columns = {"dst_addr": [address if address[:1] != NAMELESS else None for *_, address in ends]}
    times = {name: [moment or 0] * count for name in ("first_ns", "last_ns")}
    asked = flow.frame({**columns, **times, "dst_role": ["server"] * count, "basis": [flow.CONFIGURED] * count})
    found = places(asked).select("plane", *(f"dst_{name}" for name in _DST)).to_dicts() if count else []
    rows = []
    for (number, site, address), end in zip(ends, found, strict=True):
        for plane, *texts in _site(site, address, end, places, moment, planes, said):
            rows.append((number, site.name, plane, *texts))
    kinds: dict[str, Any] = {"routing": pl.Int64, "of": pl.String, "plane": pl.String}
    return pl.DataFrame(rows, schema={**kinds, **{f"dst_{name}": pl.String for name in _DST}}, orient="row")


def _named(site: Site, places: "Places", moment: int | None) -> Said:
    """Return what the inventory says of a site by its name, else by its other names, which have to agree."""
    own = places.named(site.name, moment)
    if own != Said() or not site.also:
        return own
    found = [said for name in site.also if (said := places.named(name, moment)) != Said()]
    proofs = tuple(entry for said in found for entry in said.proofs)
    claims = tuple(entry for said in found for entry in said.claims)
    alike = {name: {getattr(said, name) for said in found} for name in ("site", "operator", "planes", "role", "label")}
    return Said(proofs, claims, **{name: texts.pop() for name, texts in alike.items() if len(texts) == 1})


def _site(
    site: Site,
    address: str,
    end: dict[str, str],
    places: "Places",
    moment: int | None,
    planes: Sequence[str],
    said: dict[str, tuple[Source, ...]],
) -> list[tuple[str, ...]]:
    """Return plane and _DST of an end, once for each plane that it carries."""
    by_name = _named(site, places, moment)
    region = regions.countries(site.region) if site.region else ""
    claims = [each for each in (end["dst_claimed"], site.countries, region) if each]
    claims += [entry.countries for entry in by_name.claims]
    mask = 0
    for claim in claims:
        mask |= countries.bits(claim)
    ground = countries.bits(end["dst_proven"])
    proven = countries.text(ground & countries.bits(by_name.ground))
    if ground == countries.WORLD and (
        others := _elsewhere(by_name.ground, (end["dst_claimed"], site.countries, region))
    ):
        mask |= others | countries.bits(by_name.ground)
        proven = countries.text(mask)
    own = Source(OWN, "claim", site.countries, site.name)
    said[address] = (
        *wide.sources(by_name),
        *([own] if site.countries else []),
        *(regional.explained(NAMELESS + site.region) if site.region else ()),
    )
    carried = by_name.planes or (end["plane"] if end["plane"] != flow.UNKNOWN else "")
    each_plane = carried.split("+") if carried else [*(site.planes or planes)] or [flow.UNKNOWN]
    texts = (
        address,
        address.removeprefix(f"{NAMELESS}host:") if address.startswith(f"{NAMELESS}host:") else "",
        by_name.role or end["dst_role"],
        by_name.label or end["dst_label"],
        by_name.site or end["dst_site"] or site.name,
        by_name.operator or end["dst_operator"],
        countries.text(mask) if mask else "",
        proven,
    )
    return [(plane, *texts) for plane in each_plane]


def _elsewhere(ground: str, claims: Sequence[str]) -> int:
    """Return the countries of claims that a proof by nothing but a name excludes.

    A name is not an address: two sites may bear one.  Where all that is said of this one is elsewhere, it is open of
    which of the two the proof speaks, until the inventory has the addresses too.
    """
    near = countries.bits(ground)
    if near == countries.WORLD:
        return 0
    far = 0
    for claim in filter(None, claims):
        mask = countries.bits(claim)
        far |= 0 if mask & near else mask
    return far
