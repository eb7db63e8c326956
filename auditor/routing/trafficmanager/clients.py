"""Who asks, and how Traffic Manager classifies them: by region, by subnet, or not at all.

What is classified is the resolver, or the subnet that it names (RFC 7871).  Every profile has a class for each country,
since one that goes by no region answers everybody; classes that are treated alike share one graph.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Final

from auditor.model import countries
from auditor.routing.addresses import is_address
from auditor.routing.model import UNCLASSIFIED, Answer, Client, File, Node, Routing, Site, Step
from auditor.routing.trafficmanager import geography, hosts
from auditor.routing.trafficmanager.geography import Who
from auditor.routing.trafficmanager.graph import Graph, Pools, TooManyError
from auditor.routing.trafficmanager.model import (
    AZURE,
    GEOGRAPHIC,
    MULTIVALUE,
    NESTED,
    OVERRIDDEN,
    PROVIDER,
    SUBNET,
    Config,
    Endpoint,
    Profile,
    Symbol,
    clipped,
    last,
    suffix,
)
from auditor.routing.trafficmanager.replay import Replay
from auditor.routing.trafficmanager.tree import Tree

VIA: Final = "the resolver"
MOST: Final = 1_000_000
"""Classes of a configuration; of more, those of profiles that answer everybody alike are one each, of no country."""

CLASSES: Final = 50_000
"""Classes of clients of one profile that are told apart by their subnets."""

Mapped = frozenset[tuple[Profile, Endpoint]]

_TOO_LARGE: Final = "so many endpoints lead to each other that it can't be looked at; nest fewer profiles"
_STRICT: Final = (
    "says nothing of IPv4 and IPv6 endpoints of the MultiValue profile: that it needs one of each is looked at"
)
_NAMED: Final = "whether endpoints that are no addresses count as IPv4 or IPv6 is not documented: both are looked at"
_SERVED: Final = "whether endpoints that are always served count as online here is not documented: both are looked at"


class Asked:
    """The classes of clients of one configuration, with their graphs and how each is replayed."""

    def __init__(self, config: Config) -> None:
        self.tree = Tree(config)
        self.pools = Pools(self.tree)
        self.sites: dict[str, Site] = {}
        self.clients: list[Client] = []
        self._config = config
        self._ways: dict[int, tuple[Profile, Who]] = {}  # by the identity of a graph
        self._none: dict[str, tuple[Profile, Who]] = {}  # by the name of a client without a graph
        self._seen: set[tuple[str, int]] = set()
        self._remarked: set[tuple[Endpoint, str]] = set()
        self._place()
        entries = self.tree.entries()
        self._many = len(entries) * len(countries.CODES) > MOST
        taken = Counter(each.name for each in entries)
        for each in entries:
            twice = f" (line {each.at.line} of {each.at.file})" if taken[each.name] > 1 else ""
            self._ask(f"{clipped(each.name)}{twice}", each)

    def replay(self, client: Client, down: frozenset[str]) -> Answer:
        """Answer a client under an outage."""
        profile, who = self._ways[id(client.root)] if client.root is not None else self._none[client.name]
        if profile in self.tree.too_large:
            return Answer(frozenset(), (Step(profile.at, _TOO_LARGE),))
        return Replay(self.tree, self.pools, who, down).answer(profile)

    def _ask(self, name: str, profile: Profile) -> None:
        """Make the classes of those who ask for one profile."""
        tree = self.tree
        if profile in tree.too_large:
            self._config.unclear(profile.at, name, _TOO_LARGE)
            self._add(f"{name} {UNCLASSIFIED}", profile, Who(), {}, ())
            return
        if not tree.eligible(profile):
            why = "has no endpoint that is enabled" if profile.enabled else "is disabled"
            self._config.remark(profile.at, f"profile {name} {why}: nobody gets an answer")
        below = tree.below(profile)
        deciding = [each for each in below if each.method == GEOGRAPHIC]
        states = {code for each in deciding for one in each.endpoints for code, _ in one.codes if code[2:3] == "-"}
        roots: dict[tuple[object, ...], Node | None] = {}
        readings = self._readings(profile, below)
        everybody = list(geography.classes(states)) if deciding else [Who()]
        begun = len(self.clients)
        for reading in readings:
            for who in everybody:
                same = replace(who, strict=reading.strict, named=reading.named, served=reading.served)
                self._add(f"{name} {who.text}", profile, same, roots, deciding)
        if not deciding and not self._many:
            everywhere = self.clients[begun:]
            for each, code in product(everywhere, countries.CODES):
                self.clients.append(replace(each, name=f"{name} {code}", countries=code))
                if each.root is None:
                    self._none[f"{name} {code}"] = self._none[each.name]
        blocks = self._blocks(below)
        if len(blocks) * len(everybody) > CLASSES:
            why = "its subnets and regions make more classes of clients than can be looked at; give fewer"
            self._config.unclear(profile.at, name, why)
            blocks = {}
        for mapped, networks in blocks.items():
            falls = (True, False) if any(each.method == SUBNET for each, _ in mapped) else (True,)
            names = " + ".join(sorted(f"{each.name}" for _, each in mapped))
            for reading, fall, who in product(readings, falls, everybody):
                same = replace(
                    who, mapped=mapped, falls=fall, strict=reading.strict, named=reading.named, served=reading.served
                )
                self._add(f"{name} {clipped(f'subnets of {names}')}", profile, same, roots, deciding, networks)

    def _add(
        self,
        name: str,
        profile: Profile,
        who: Who,
        roots: dict[tuple[object, ...], Node | None],
        deciding: Sequence[Profile],
        networks: tuple[str, ...] = (),
    ) -> None:
        """Make a class; those whom every profile treats alike share a graph."""
        alike = (who.mapped, who.falls, who.strict, who.named, who.served)
        key = (*alike, *(tuple(map(id, self.tree.matched(each, who))) for each in deciding))
        if key not in roots:
            roots[key] = self._graph(profile, who)
            if roots[key] is not None:
                self._ways[id(roots[key])] = (profile, who)
        root = roots[key]
        if (name, id(root)) in self._seen:
            return
        self._seen.add((name, id(root)))
        if root is None:
            self._none.setdefault(name, (profile, who))
        where = countries.ANYWHERE if networks else who.countries
        self.clients.append(Client(name, self.tree.line(profile, who), root, where, networks, via=VIA))

    def _graph(self, profile: Profile, who: Who) -> Node | None:
        """Make the graph of a profile; of one that can't be written out it is told, and nothing is claimed."""
        if profile in self.tree.too_large or not self.tree.groups(profile, who):
            return None
        try:
            return Graph(self.tree, self.pools, who).whole(profile)
        except TooManyError:
            self.tree.too_large.add(profile)
            self._config.unclear(profile.at, profile.name, _TOO_LARGE)
            return None

    def _readings(self, entry: Profile, below: Sequence[Profile]) -> list[Who]:
        """List how what is not documented may be meant, as far as it matters for one profile."""
        tree = self.tree
        found = {"strict": False, "named": False, "served": False}
        for profile in below:
            for each in profile.endpoints:
                if each not in tree.child or not each.enabled or tree.stopped(each):
                    continue
                child = tree.child[each]
                self._never(each)
                if profile is entry and profile.method == GEOGRAPHIC:
                    continue  # whether it is online makes no difference
                some = tree.eligible(child)
                silent = child.method == MULTIVALUE and None in (each.minimum4, each.minimum6)
                matters = {
                    "strict": silent,
                    "named": bool(silent or each.minimum4 or each.minimum6) and not all(map(tree.family, some)),
                    "served": any(one.served for one in some),
                }
                for flag, text in (("strict", _STRICT), ("named", _NAMED), ("served", _SERVED)):
                    found[flag] |= matters[flag]
                    if matters[flag] and (each, flag) not in self._remarked:
                        self._remarked.add((each, flag))
                        self._config.remark(each.at, f"{clipped(each.name)}: {text}")
        return [
            Who(strict=strict, named=named, served=served)
            for strict in ((False, True) if found["strict"] else (False,))
            for named in ((False, True) if found["named"] else (False,))
            for served in ((True, False) if found["served"] else (True,))
        ]

    def _never(self, each: Endpoint) -> None:
        """Remark what asks for more endpoints than there are."""
        counts = self.tree.counted(each, Who(named=True))
        if (each, "") not in self._remarked and any(need > len(some) for need, some in counts):
            self._remarked.add((each, ""))
            text = "asks for more endpoints than its profile has, so it is never online"
            self._config.remark(each.at, f"{clipped(each.name)} {text}")

    def _blocks(self, below: Sequence[Profile]) -> dict[Mapped, tuple[str, ...]]:
        """Give the networks of clients whom the subnets of endpoints treat alike."""
        edges = set[tuple[int, int]]()
        for profile in below:
            for each in profile.endpoints if profile.method in (*OVERRIDDEN, "") else ():
                for version, begin, end, _ in each.blocks if each.enabled else ():
                    edges |= {(version, begin), (version, end + 1)}
        found: dict[Mapped, list[str]] = {}
        for mapped, version, begin, end in self._sweep(below, sorted(edges)) if edges else ():
            one, other = (ipaddress.IPv4Address, ipaddress.IPv6Address)[version == 6], end
            networks = ipaddress.summarize_address_range(one(begin), one(other))
            found.setdefault(mapped, []).extend(map(str, networks))
        return {mapped: tuple(networks) for mapped, networks in found.items()}

    def _sweep(
        self, below: Sequence[Profile], edges: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[Mapped, int, int, int]]:
        """Yield ranges of addresses between edges, with the endpoints that have them."""
        starts: dict[tuple[int, int], list[tuple[int, tuple[Profile, Endpoint]]]] = {}
        for profile in below:
            for each in profile.endpoints if profile.method in (*OVERRIDDEN, "") else ():
                for version, begin, end, _ in each.blocks if each.enabled else ():
                    starts.setdefault((version, begin), []).append((end, (profile, each)))
        active: list[tuple[int, tuple[Profile, Endpoint]]] = []
        for (version, begin), following in zip(edges, [*edges[1:], (0, 0)], strict=True):
            active = [one for one in active if one[0] >= begin] if active else []
            active += starts.get((version, begin), [])
            if active and following[0] == version:
                yield frozenset(pair for _, pair in active), version, begin, following[1] - 1
            elif following[0] != version:
                active = []

    def _place(self) -> None:
        """Make the sites to which clients are sent."""
        places: dict[str, list[tuple[Endpoint, Site]]] = {}
        for profile in self._config.profiles:
            for each in profile.endpoints:
                if self.tree.is_leaf(each):
                    site = self._site(each)
                    places.setdefault(site.name, []).append((each, site))
                    self.pools.site(each, site.name)
        meant: dict[str, set[str]] = {}  # by the names of endpoints, of which several profiles may have the same
        for name, found in places.items():
            for other in {other for _, site in found for other in site.also}:
                meant.setdefault(other, set()).add(name)
        for name, found in places.items():
            sites = [site for _, site in found]
            regions = {site.region for site in sites} - {""}
            every = dict.fromkeys(other for site in sites for other in site.also if other and other != name)
            also = [other for other in every if len(meant[other]) == 1]
            region = regions.pop() if len(regions) == 1 else ""
            self.sites[name] = replace(sites[0], region=region, also=tuple(also))

    def _site(self, each: Endpoint) -> Site:
        """Make the site of an endpoint that is answered itself.

        Where the location of an external endpoint is declared it is only the Azure region that is closest to it.
        """
        made = self._config.resources.get(suffix(each.resource)) if each.kind != NESTED else None
        target = each.target if not isinstance(each.target, Symbol) else ""
        host = target or (made.host if made else "")
        name = host or (made.name if made else "") or each.target or last(each.resource) or each.name
        names = (each.name, made.name if made else "")
        if is_address(host):
            return Site(name, each.at, addresses=(host,), also=names)
        region = hosts.region(host) if host else ""
        if not region and made:
            region = made.region
        if not region and (each.kind == AZURE or (host and hosts.ours(host) and each.kind != NESTED)):
            region = hosts.declared(each.location)
        addresses = (made.address,) if made and made.address else ()
        return Site(name, each.at, addresses, region, hosts=(host,) if host and not addresses else (), also=names)


def routing(config: Config, files: tuple[File, ...]) -> Routing:
    """Make what is proven of what was read."""
    asked = Asked(config)
    return Routing(
        format=PROVIDER, files=files, clients=asked.clients, pools=asked.pools.found, sites=asked.sites,
        faults=asked.tree.faults, replay=asked.replay, unread=tuple(dict.fromkeys(config.unread)),
        remarks=tuple(dict.fromkeys(config.remarks)),
    )  # fmt: skip
