"""Cloudflare Load Balancing: Terraform (provider versions 4 and 5), plans and states, and answers of the API.

Every balancer has a class of clients for each country and one for those whose country can't be found out; what decides
beyond that (which point of presence answers, whether a rule applies) makes several clients of one name.
"""

from collections.abc import Sequence
from typing import Final

from auditor.model import countries
from auditor.routing.cloudflare import parse
from auditor.routing.cloudflare.cases import OTHER, TooManyWays, cases, countries_named
from auditor.routing.cloudflare.graph import Graphs
from auditor.routing.cloudflare.model import Balancer, Case
from auditor.routing.cloudflare.remarks import remarks
from auditor.routing.cloudflare.replay import Interpreter
from auditor.routing.cloudflare.sources import belongs, gather, sniff
from auditor.routing.model import UNCLASSIFIED, Client, File, Routing, Unread
from auditor.routing.store import Store

__all__ = ["FORMAT", "belongs", "read", "sniff"]

FORMAT: Final = "cloudflare"


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read all balancers of these files as one configuration.  Raise InputError for what can't be read."""
    things = gather(files, store)
    reading = parse.Reading(things)
    parse.read_pools(reading)
    parse.read_balancers(reading)
    graphs = Graphs(reading.pools)
    treated: dict[Client, Case] = {}
    unread = list(things.unread)
    for balancer in reading.balancers:
        try:
            for client, case in _clients(balancer, graphs):
                treated.setdefault(client, case)
        except TooManyWays:
            why = "its rules combine in too many ways to follow; give conditions that name countries or regions"
            unread.append(Unread(balancer.rules[0].at, balancer.name, why, _names(balancer)))
    for each, index in reading.unread:
        names = _names(reading.balancers[index]) if index is not None and index < len(reading.balancers) else ()
        unread.append(Unread(each.at, each.text, each.why, names))
    found = sorted(
        {*reading.remarks, *remarks(reading.balancers, reading.pools)}, key=lambda each: (each.at, each.text)
    )
    return [
        Routing(
            FORMAT, tuple(dict.fromkeys(things.files)), list(treated), graphs.pools, graphs.sites, graphs.faults,
            Interpreter(treated, reading.pools), tuple(dict.fromkeys(unread)), tuple(found),
        )
    ]  # fmt: skip


def _clients(balancer: Balancer, graphs: Graphs) -> list[tuple[Client, Case]]:
    own = countries_named(balancer)
    others = cases(balancer, OTHER)
    found: list[tuple[Client, Case]] = []
    rest = [(graphs.root(case), case) for case in others]
    for code in (*countries.CODES, UNCLASSIFIED):
        ways = rest
        if code in own or code == UNCLASSIFIED:
            ways = [(graphs.root(case), case) for case in cases(balancer, None if code == UNCLASSIFIED else code)]
        claimed = countries.ANYWHERE if code == UNCLASSIFIED else code
        for root, case in ways:
            at = case.chosen.at if case.chosen is not None else case.applied[-1].at
            found.append((Client(f"{balancer.name} {code}", at, root, claimed, via=case.via), case))
    return found


def _names(balancer: Balancer) -> tuple[str, ...]:
    return tuple(f"{balancer.name} {code}" for code in (*countries.CODES, UNCLASSIFIED))
