"""Cloudflare Load Balancing: Terraform (provider versions 4 and 5), plans and states, and answers of the API.

Every balancer has a class of clients for each country and one for those whose country can't be found out; what decides
beyond that (which point of presence answers, whether a rule applies) makes several clients of one name.
"""

from collections.abc import Sequence
from typing import Final

from auditor.model import countries
from auditor.routing.cloudflare.balancers import read_balancers
from auditor.routing.cloudflare.cases import OTHER, TooManyWays, cases, countries_named
from auditor.routing.cloudflare.graph import Graphs
from auditor.routing.cloudflare.model import Balancer, Case
from auditor.routing.cloudflare.pools import read_pools
from auditor.routing.cloudflare.reading import Reading
from auditor.routing.cloudflare.remarks import remarks
from auditor.routing.cloudflare.replay import Interpreter
from auditor.routing.cloudflare.sources import belongs, gather, sniff
from auditor.routing.model import UNCLASSIFIED, Client, File, Node, Routing, Unread
from auditor.routing.store import Store

__all__ = ["FORMAT", "belongs", "read", "sniff"]

FORMAT: Final = "cloudflare"


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read all balancers of these files as one configuration.  Raise InputError for what can't be read."""
    return [_read(files, store)]


def _read(files: Sequence[File], store: Store) -> Routing:
    things = gather(files, store)
    reading = Reading(things)
    read_pools(reading)
    read_balancers(reading)
    graphs = Graphs(reading.pools)
    treated: dict[Client, Case] = {}
    unread = list(things.unread)
    for balancer in reading.balancers:
        classes, missed = _clients(balancer, graphs)
        for client, case in classes:
            treated.setdefault(client, case)
        if missed:
            why = "its rules combine in too many ways to follow; give conditions that name countries or regions"
            unread.append(Unread((balancer.rules or (balancer,))[0].at, balancer.name, why, missed))
    for each, index in reading.unread:
        names = _names(reading.balancers[index]) if index is not None and index < len(reading.balancers) else ()
        unread.append(Unread(each.at, each.text, each.why, names))
    told = {*things.remarks, *reading.remarks, *remarks(reading.balancers, reading.pools)}
    found = sorted(told, key=lambda each: (each.at, each.text))
    return Routing(
        FORMAT, tuple(dict.fromkeys(things.files)), list(treated), graphs.pools, graphs.sites, graphs.faults,
        Interpreter(treated, reading.pools), tuple(dict.fromkeys(unread)), tuple(found),
    )  # fmt: skip


def _clients(balancer: Balancer, graphs: Graphs) -> tuple[list[tuple[Client, Case]], tuple[str, ...]]:
    """Give the classes of clients of a balancer, and the names of those that can't be followed."""
    own = countries_named(balancer)
    found: list[tuple[Client, Case]] = []
    missed: list[str] = []
    rest = _ways(balancer, OTHER, graphs)
    for code in (*countries.CODES, UNCLASSIFIED):
        ways = rest
        if code in own or code == UNCLASSIFIED:
            ways = _ways(balancer, None if code == UNCLASSIFIED else code, graphs)
        claimed = countries.ANYWHERE if code == UNCLASSIFIED else code
        name = f"{balancer.name} {code}"
        if ways is None:
            missed.append(name)
        for root, case in ways or ():
            at = case.chosen.at if case.chosen is not None else case.applied[-1].at
            found.append((Client(name, at, root, claimed, via=case.via), case))
    return found, tuple(missed)


def _ways(balancer: Balancer, country: str | None, graphs: Graphs) -> list[tuple[Node | None, Case]] | None:
    try:
        return [(graphs.root(case), case) for case in cases(balancer, country)]
    except TooManyWays:
        return None


def _names(balancer: Balancer) -> tuple[str, ...]:
    return tuple(f"{balancer.name} {code}" for code in (*countries.CODES, UNCLASSIFIED))
