"""The files of OpenStreetMap's script as a `Routing`: classes of clients, graphs of clusters, faults."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Final

from auditor.model import countries
from auditor.routing import continents, documents
from auditor.routing.model import (
    NONE,
    UNCLASSIFIED,
    Client,
    Fault,
    File,
    First,
    Line,
    Node,
    Pool,
    Remark,
    Routing,
    Site,
    Spread,
    Unread,
    Use,
)  # fmt: skip
from auditor.routing.openstreetmap.clusters import clusters
from auditor.routing.openstreetmap.countries import demand, origins
from auditor.routing.openstreetmap.model import Cluster, Origin, Server
from auditor.routing.openstreetmap.rank import Ranked, allocated, ranked
from auditor.routing.openstreetmap.replay import Script
from auditor.routing.surge.uniform import FULL

FORMAT: Final = "OpenStreetMap"

VIA: Final = "the resolver, or the network that it names"

NOT_MAPPED: Final = "XK"
"""The script writes no entry for it."""


class Reader:
    """One configuration."""

    def __init__(self, file: File, wanted: File | None, lands: File) -> None:
        self.file = file
        self.files = tuple(each for each in (file, wanted, lands) if each is not None)
        self.unread: list[Unread] = []
        self.remarks: list[Remark] = []
        self.document = documents.load(file)
        self.clusters = clusters(file, self.document, self.unread, self.remarks)
        self.demand = demand(wanted, documents.load(wanted)) if wanted else None
        self.origins = origins(lands)
        self.pools: dict[str, Pool] = {}
        self.sites: dict[str, Site] = {}
        self.faults: dict[str, Fault] = {}
        self.nodes: dict[tuple[str, Line], Node] = {}
        self.roots: dict[tuple[tuple[tuple[str, Line], ...], ...], Node] = {}

    def routing(self) -> Routing:
        """Put it together."""
        self._check()
        for cluster in self.clusters:
            self._cluster(cluster)
        ranks = {origin.code: ranked(origin, self.clusters) for origin in self.origins}
        default = self._default()
        clients = [client for origin in self.origins for client in self._clients(origin, ranks[origin.code], default)]
        clients.append(Client(UNCLASSIFIED, Line(self.file.name, 1), default, demand=Fraction(0), via=VIA))
        self._room(ranks)
        script = Script(self.clusters, {origin.code: origin for origin in self.origins}, default)
        return Routing(
            FORMAT, self.files, clients, self.pools, self.sites, self.faults, script.answer, self.unread, self.remarks
        )

    def _remark(self, at: Line, text: str) -> None:
        self.remarks.append(Remark(at, text))

    def _check(self) -> None:
        """Say what has no effect."""
        known = {origin.code for origin in self.origins}
        names = {origin.name for origin in self.origins}
        lands = {origin.continent for origin in self.origins}
        for cluster in self.clusters:
            for (_, kind), items in sorted(cluster.lists.items()):
                there = {"countries": known, "continents": lands, "origins": names}[kind]
                for item, at in items.items():
                    if item not in there:
                        self.remarks.append(
                            Remark(at, f"{item} is none of the {kind} of countries.xml: nothing matches it")
                        )
            for item, at in cluster.lists.get(("denied", "countries"), {}).items():
                if any(item in cluster.lists.get((how, "countries"), {}) for how in ("preferred", "allowed")):
                    self.remarks.append(
                        Remark(at, f"{item} is denied here in vain: it is allowed or preferred, which wins")
                    )
        for code, (_, at) in (self.demand or {}).items():
            if code not in known:
                self._remark(at, f"{code} is no country of countries.xml: its demand counts nowhere")
            elif code == NOT_MAPPED:
                self._remark(at, f"the script sends {code} to the default; its demand is left out here")

    def _cluster(self, cluster: Cluster) -> None:
        full = FULL + cluster.name
        self.faults[full] = Fault(full, f"cluster {cluster.name} has no room for another country", cluster.at)
        for server in cluster.servers:
            faults = {full}
            for test in server.tests or ():
                check = f"check:{test}"
                self.faults.setdefault(check, Fault(check, f"StatusCake test {test} fails or is paused", server.at))
                faults.add(check)
            if server.tests is None:
                check = f"untested:{server.pool}"
                text = f"{server.pool}, which has no test, counts as down (as it does once StatusCake is asked)"
                self.faults[check] = Fault(check, text, server.at)
                self.remarks.append(
                    Remark(server.at, f"{server.pool} has no test: it counts as down if StatusCake is asked")
                )
                faults.add(check)
            site = server.site if server.site not in self.sites else f"{cluster.name}/{server.pool}"
            hosts = (server.cname,) if server.cname and not server.addresses else ()
            self.sites[site] = Site(site, server.at, server.addresses, hosts=hosts)
            self.pools[server.pool] = Pool(server.pool, site, frozenset(faults), capacity=server.capacity)

    def _clients(self, origin: Origin, ranks: list[list[Ranked]], default: Node | None) -> list[Client]:
        """Make the classes of one country: two where editions of GeoNames put it on different continents."""
        amount, at = (self.demand or {}).get(origin.code, (Fraction(0), origin.at))
        if not countries.known(origin.code):
            why = "is no country code that is known; look at who is meant, and give them as a country of ISO 3166-1"
            self.unread.append(Unread(origin.at, origin.code, why, ()))
            return []
        homes = continents.either("geonames", origin.code)
        found = []
        if origin.code != NOT_MAPPED and origin.continent in homes:
            share = None if self.demand is None else amount
            found.append(Client(origin.code, at, self._root(ranks), origin.code, demand=share, via=VIA))
        elif origin.code != NOT_MAPPED:
            said = f"{origin.code} stands under {origin.continent}, where GeoIP doesn't have it: it gets the default"
            self._remark(origin.at, said)
        if origin.code == NOT_MAPPED or set(homes) != {origin.continent}:
            found.append(Client(origin.code, at, default, origin.code, demand=Fraction(0), via=VIA))
        return found

    def _root(self, ranks: list[list[Ranked]]) -> Node | None:
        """Make the order of one ranking, or find it; clusters at one distance are one step of it."""
        key = tuple(tuple((each.cluster.name, each.at) for each in tied) for tied in ranks)
        if not key:
            return None
        if key not in self.roots:
            steps = []
            for tied in ranks:
                nodes = tuple(self._node(each.cluster, each.at) for each in tied)
                steps.append(nodes[0] if len(nodes) == 1 else Spread(nodes, tied[0].at))
            self.roots[key] = First(tuple(steps), self.clusters[0].at, NONE, "ranking")
        return self.roots[key]

    def _node(self, cluster: Cluster, at: Line) -> Node:
        """Make the node of a cluster: its servers by weight."""
        key = (cluster.name, at)
        if key not in self.nodes:
            if len(cluster.servers) == 1:
                self.nodes[key] = Use(cluster.servers[0].pool, at)
            else:
                uses = tuple(Use(server.pool, server.at) for server in cluster.servers)
                self.nodes[key] = Spread(uses, at, _weights(cluster.servers), label=cluster.name)
        return self.nodes[key]

    def _default(self) -> Node | None:
        """Return what clients get whose country is not in the map: the first of the default clusters by name."""
        some = sorted((cluster for cluster in self.clusters if cluster.default), key=lambda cluster: cluster.name)
        if not some:
            return None
        (cluster, at), servers = (some[0], some[0].default_at), some[0].servers
        return Use(servers[0].pool, at, blind=True) if len(servers) == 1 else self._node(cluster, at)

    def _room(self, ranks: dict[str, list[list[Ranked]]]) -> None:
        """Say which clusters are too small at the declared demand already, as the script finds it."""
        if self.demand is None:
            return
        amounts = {origin.code: self.demand.get(origin.code, (Fraction(0), origin.at))[0] for origin in self.origins}
        found = allocated(ranks, amounts)
        if found is None:
            return
        given, raised = found
        if raised is None:
            why = "no limit of any cluster lets all countries find room: the script never ends; give it capacity"
            self.unread.append(Unread(self.clusters[0].at, self.clusters[0].name, why))
            return
        if raised:
            times = "once" if raised == 1 else f"{raised} times"
            said = f"the clusters have too little room for all countries: the script raises limits by a tenth {times}"
            self._remark(self.clusters[0].at, said)
        pushed: dict[str, list[str]] = {}
        for code, steps in ranks.items():
            if steps and given[code] != steps[0][0].cluster.name:
                pushed.setdefault(steps[0][0].cluster.name, []).append(code)
        for cluster in self.clusters:
            if codes := sorted(pushed.get(cluster.name, [])):
                some = ", ".join(codes[:8]) + (f" and {len(codes) - 8} more" if len(codes) > 8 else "")
                said = f"at the declared demand {cluster.name} has no room for {some}: they go on to another cluster"
                self._remark(cluster.at, said)


def _weights(servers: Sequence[Server]) -> tuple[int, ...]:
    unit = lcm(*(server.capacity.denominator for server in servers))
    return tuple(max(1, int(server.capacity * unit)) for server in servers)
