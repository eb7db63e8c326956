"""Who asks, and how Route 53 classifies them: by country, by state (USA, Ukraine), by block of addresses, or not
at all.

"Values specific for geolocation records", "IP-based routing" (Developer Guide).  Every name and type has a class for
each country, since a record that has no location answers everybody; classes that are treated alike share one graph.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from auditor.model.countries import ANYWHERE
from auditor.routing import continents
from auditor.routing.alike import shared
from auditor.routing.model import FIRST, UNCLASSIFIED, Answer, Client, Fault, First, Line, Node, Routing, Site
from auditor.routing.model import File as FileRead
from auditor.routing.route53 import hosts
from auditor.routing.route53.graph import Graph, Pools, TooManyError
from auditor.routing.route53.records import (
    ADDRESSES,
    GEO,
    LATENCY,
    NEAREST,
    NETWORKS,
    PROVIDER,
    SUBDIVIDED,
    Config,
    Record,
    Symbol,
    clipped,
)
from auditor.routing.route53.remarks import remark
from auditor.routing.route53.replay import Replay
from auditor.routing.route53.tree import At, Tree, Who

VIA: Final = "the resolver"
"""Route 53 sees the resolver, or the subnet that it names (EDNS client subnet)."""


COUNTRIES: Final = 250
MOST: Final = 1_000_000
"""Classes of a configuration; of more, those of names that answer everybody alike are one each, of no country."""


class Asked:
    """The classes of clients of one configuration, with their graphs and how each is replayed."""

    def __init__(self, config: Config) -> None:
        self.tree = Tree(config)
        self.pools = Pools(self.tree)
        self.clients: list[Client] = []
        self._config = config
        self._ways: dict[int, tuple[At, Who]] = {}  # by the identity of a graph
        self._none: dict[str, tuple[At, Who]] = {}  # by the name of a client without a graph
        self._alike: dict[tuple[object, ...], int] = {}
        self._shape: dict[At, int] = {}
        self._told: set[tuple[str, str]] = set()
        self._too_many: set[At] = set()
        self._shared: dict[bool, Graph] = {}
        remark(config)
        names = shared(((name, at, self._shaped(at)) for name, at in self._names()), COUNTRIES)
        self._many = len(names) * COUNTRIES > MOST
        for name, at in names:
            self._ask(name, at)

    def replay(self, client: Client, down: frozenset[str]) -> Answer:
        """Answer a client under an outage."""
        at, who = self._ways[id(client.root)] if client.root is not None else self._none[client.name]
        return Replay(self.tree, self.pools, who, down).answer(at)

    def _names(self) -> Iterator[tuple[str, At]]:
        """Yield what clients ask for; types of one name that are answered alike are one."""
        named: dict[tuple[str, str], list[At]] = {}
        for at in self.tree.entries():
            named.setdefault(at.key[:2], []).append(at)
        zones: dict[str, set[str]] = {}
        for zone, name in named:
            zones.setdefault(name, set()).add(zone)
        for (zone, name), asked in named.items():
            shapes: dict[int, list[At]] = {}
            for at in asked:
                shapes.setdefault(self._shaped(at), []).append(at)
            for alike in shapes.values():
                kinds = list(dict.fromkeys(at.key[2] for at in alike))
                text = "+".join(kinds)
                if len(kinds) == 1 and kinds[0] not in ADDRESSES and len(alike) == 1:
                    text += f" ({alike[0].family})"
                within = f" in {zone}" if len(zones[name]) > 1 else ""
                yield f"{name} {text}{within}", alike[0]

    def _shaped(self, at: At) -> int:
        """Number what a group does, so that groups which do the same have one number."""
        if at not in self._shape:
            records = []
            for record in self.tree.group(at):
                goes = [
                    go if isinstance(go, str) else -1 if self.tree.is_cut(at, go) else self._shaped(go)
                    for go in self.tree.goes(record, at.family)
                ]
                alike = replace(
                    record, name="", type="", at=self.tree.group(at)[0].at, alias=None, values=(), check="", id=""
                )
                evaluates = record.alias.evaluate if record.alias else None
                records.append((alike, evaluates, self.tree.own(record), tuple(goes)))
            key = tuple((*_flat(alike), *rest) for alike, *rest in records)
            self._shape[at] = self._alike.setdefault(key, len(self._alike))
        return self._shape[at]

    def _ask(self, name: str, at: At) -> None:
        """Make the classes of those who ask for one name."""
        below = self.tree.below(at)
        deciding = [each for each in below if self.tree.group(each)[0].policy in (GEO, NETWORKS)]
        parts: dict[str, set[str]] = {country: set() for country in SUBDIVIDED}
        blocks: dict[tuple[str, str], Record] = {}
        for each in deciding:
            for record in self.tree.group(each):
                if record.place[2] and record.place[1]:
                    parts[record.place[1]].add(record.place[2])
                if record.policy == NETWORKS and record.location[1] != "*":
                    blocks.setdefault(record.location, record)
        silent = any(each.alias and each.alias.evaluate is None for one in below for each in self.tree.group(one))
        for evaluates in (True, False) if silent else (True,):
            if not deciding:
                self._everybody(name, at, Who(evaluates=evaluates))
                continue
            roots: dict[tuple[object, ...], tuple[Node | None, At, Who]] = {}
            for who in _classes(parts):
                who = replace(who, evaluates=evaluates)
                text = "/".join(filter(None, (who.continent, who.country, who.part))) or UNCLASSIFIED
                root = self._root(at, who, deciding, roots)
                line = self._line(at, who)
                self._add(Client(f"{name} {text}", line, root, who.country or ANYWHERE, via=VIA), at, who)
        for location, record in blocks.items():
            self._block(name, at, location, record, deciding, parts)

    def _everybody(self, name: str, at: At, who: Who) -> None:
        """Make the classes of those who ask for a name that is answered alike wherever they are."""
        shared = self._shared.setdefault(who.evaluates, Graph(self.tree, self.pools, who))
        root = self._graph(shared, at)
        if root is not None and id(root) in self._ways:  # of a record that only stands for it
            root = First((root,), self._line(at, who), FIRST)
        line = self._line(at, who)
        self._add(Client(f"{name} {UNCLASSIFIED}", line, root, via=VIA), at, who)
        if not self._many:
            self.clients += [Client(f"{name} {text}", line, root, country, via=VIA) for text, country in _countries()]

    def _block(
        self,
        name: str,
        at: At,
        location: tuple[str, str],
        record: Record,
        deciding: list[At],
        parts: dict[str, set[str]],
    ) -> None:
        """Make the class of a location of a CIDR collection; where its clients are is not known by their class."""
        collection, place = location
        networks = self._config.networks.get(location)
        if networks is None:
            if location not in self._told:
                self._told.add(location)
                self._config.unclear(
                    record.at, f"{record.label}: {collection} {place}",
                    "the blocks of this location are not in these files; give the CIDR collection "
                    "(aws route53 list-cidr-blocks)",
                )  # fmt: skip
            networks = ()
        elif not networks:
            return
        roots: dict[tuple[object, ...], tuple[Node | None, At, Who]] = {}
        placed = any(self.tree.group(each)[0].policy == GEO for each in deciding)
        for who in _classes(parts) if placed else (Who(),):
            for falls in (True, False):
                self._root(at, replace(who, location=location, falls=falls), deciding, roots)
        for root, _, who in list(roots.values()):
            self._add(
                Client(
                    f"{name} {clipped(place)}", self._line(at, who), root, networks=networks, via=VIA,
                ), at, who,
            )  # fmt: skip

    def _root(
        self, at: At, who: Who, deciding: list[At], roots: dict[tuple[object, ...], tuple[Node | None, At, Who]]
    ) -> Node | None:
        """Return the graph of a class, one for all whom every group treats alike."""
        key = tuple(tuple(tuple(map(id, stage)) for stage in self.tree.stages(each, who)) for each in deciding)
        if key not in roots:
            for each in deciding:
                if each != at and not self.tree.stages(each, who):
                    self._no_default(each)
            answered = bool(self.tree.stages(at, who))
            node = self._graph(Graph(self.tree, self.pools, who), at) if answered else None
            roots[key] = (node, at, who)
        return roots[key][0]

    def _graph(self, graph: Graph, at: At) -> Node | None:
        """Make the graph of a group; of one that can't be written out it is told, and nothing is claimed."""
        if at in self._too_many:
            return None
        try:
            return graph.whole(at)
        except TooManyError:
            self._too_many.add(at)
            record = self.tree.group(at)[0]
            if (record.name, record.type) not in self._told:
                self._told.add((record.name, record.type))
                self._config.unclear(
                    record.at, record.label,
                    "health checks of aliases that lead to further ones multiply to more than can be looked at; have "
                    "them at the records with values instead",
                )  # fmt: skip
            return None

    def _no_default(self, at: At) -> None:
        record = self.tree.group(at)[0]
        if (record.name, record.type) not in self._told:
            self._told.add((record.name, record.type))
            self._config.unclear(
                record.at, record.label,
                "has no default, and other records lead to it: what they answer clients who have no record here is not "
                "documented; add a record for `*`",
            )  # fmt: skip

    def _add(self, client: Client, at: At, who: Who) -> None:
        self.clients.append(client)
        if client.root is None:
            self._none[client.name] = (at, who)
        else:
            self._ways.setdefault(id(client.root), (at, who))

    def _line(self, at: At, who: Who) -> Line:
        stages = self.tree.stages(at, who)
        return (stages[0] if stages else self.tree.group(at))[0].at

    def faults(self) -> Mapping[str, Fault]:
        """Return what can fail."""
        return self.tree.health.faults

    def sites(self) -> dict[str, Site]:
        """Return where clients are sent."""
        regions: dict[str, set[str]] = {}
        lines: dict[str, Record] = {}
        for group in self._config.records.values():
            for record in group:
                families = ADDRESSES if record.type not in ADDRESSES else (record.type,)
                for go in {go for family in families for go in self.tree.goes(record, family) if isinstance(go, str)}:
                    lines.setdefault(go, record)
                    said = hosts.declared(record.region) if record.policy in (LATENCY, NEAREST) else ""
                    regions.setdefault(go, set()).add(said)
        return {go: _site(go, lines[go], regions[go] - {""}) for go in lines}


def _flat(record: Record) -> tuple[object, ...]:
    return (record.policy, record.weight, record.region, record.place, record.primary, record.location)


def _site(go: str, record: Record, said: set[str]) -> Site:
    """Make a site; of what records declare about its region only what all of them agree on."""
    try:
        return Site(go, record.at, addresses=(str(ipaddress.ip_address(go)),), region=_only(said))
    except ValueError:
        names = () if isinstance(go, Symbol) else (go,)
        return Site(go, record.at, region=hosts.region(go) or _only(said), hosts=names)


def _only(said: set[str]) -> str:
    return next(iter(said)) if len(said) == 1 else ""


@cache
def _countries() -> tuple[tuple[str, str], ...]:
    """Return the classes of all countries: their names, and the countries."""
    return tuple(
        (f"{continent}/{country}", country)
        for continent in continents.codes(PROVIDER)
        for country in continents.members(PROVIDER, continent)
    )


def _classes(parts: Mapping[str, set[str]]) -> Iterator[Who]:
    """Yield how clients can be classified; those whom nobody classifies come last."""
    for continent in continents.codes(PROVIDER):
        for country in continents.members(PROVIDER, continent):
            yield Who(continent, country)
            for part in sorted(parts.get(country, ())):
                yield Who(continent, country, part)
    yield Who()


def routing(config: Config, files: tuple[FileRead, ...]) -> Routing:
    """Make what is proven of what was read."""
    asked = Asked(config)
    return Routing(
        format=PROVIDER, files=files, clients=asked.clients, pools=asked.pools.found, sites=asked.sites(),
        faults=asked.faults(), replay=asked.replay, unread=tuple(config.unread), remarks=tuple(config.remarks),
    )  # fmt: skip
