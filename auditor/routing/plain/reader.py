"""A `routing.yaml` whose names are looked up, as a `Routing`."""

from collections.abc import Iterator
from fractions import Fraction
from ipaddress import ip_address, ip_network
from typing import Final

from auditor.enrich import regions
from auditor.model import countries, documents, labels
from auditor.model.documents import Document
from auditor.model.reserved import instead
from auditor.routing.model import (
    ALL,
    FIRST,
    LAST,
    NONE,
    UNCLASSIFIED,
    Client,
    Fault,
    File,
    First,
    Line,
    Node,
    Pool,
    Routing,
    Site,
    Spread,
    Use,
)  # fmt: skip
from auditor.routing.plain.format import ClientsPlain, GroupPlain, RoutingPlain
from auditor.routing.plain.replay import Plain

FORMAT: Final = "routing.yaml"
DOWN: Final = {"nothing": NONE, "first": FIRST, "last": LAST, "any": ALL}
DEEPEST: Final = 100  # groups in groups
MOST: Final = 10**15  # of capacity and demand

Choice = GroupPlain | ClientsPlain


class Reader:
    """One file, whose names are looked up."""

    def __init__(self, file: File, document: Document, plain: RoutingPlain) -> None:
        self.file, self.document, self.plain = file, document, plain
        self.sites: dict[str, Site] = {}
        self.pools: dict[str, Pool] = {}
        self.faults: dict[str, Fault] = {}
        self.blind: set[str] = set()
        self.groups: dict[str, tuple[int, GroupPlain]] = {}
        self.nodes: dict[str, Node] = {}

    def routing(self) -> Routing:
        """Put it together."""
        self._sites()
        self._pools()
        self._groups()
        clients = [each for at in range(len(self.plain.clients)) for each in self._clients(at)]
        if not self.document.found:
            self._nobody_twice()
        replay = Plain(self.document, self.plain, self.pools, self.blind).answer
        return Routing(FORMAT, (self.file,), clients, self.pools, self.sites, self.faults, replay)

    def _line(self, *path: str | int) -> Line:
        return Line(self.file.name, self.document.line(*path))

    def _sites(self) -> None:
        for at, site in enumerate(self.plain.sites):
            here = ("sites", at)
            if site.name in self.sites:
                self.document.problem(f"site `{site.name}` stands twice; keep one", *here, "name")
            if site.country and site.countries:
                self.document.problem("`country` and `countries` exclude each other; keep one", *here, "countries")
            codes = [site.country] if site.country else site.countries
            known = [code for code in codes if self._known(code, *here, "country" if site.country else "countries")]
            if site.region and not regions.countries(site.region):
                said = "is no region that is known; write it as aws/eu-west-1, or name the country"
                self.document.problem(f"`{site.region}` {said}", *here, "region")
            addresses = [self._address(text, *here, "addresses", n) for n, text in enumerate(site.addresses)]
            planes = tuple(sorted(site.planes or self.plain.planes))
            found = countries.of(known) if known else ""
            self.sites[site.name] = Site(site.name, self._line(*here), tuple(addresses), site.region, found, planes)

    def _known(self, code: str, *path: str | int) -> bool:
        if not countries.known(code):
            self.document.problem(f"`{code}` is no country code; {instead(code)}", *path)
        return countries.known(code)

    def _address(self, text: str, *path: str | int) -> str:
        try:
            return str(ip_address(text.strip()))
        except ValueError:
            self.document.problem(f"`{text}` is no address; write a single one, such as 192.0.2.1", *path)
            return text

    def _pools(self) -> None:
        for at, pool in enumerate(self.plain.pools):
            here = ("pools", at)
            if pool.name in self.pools:
                self.document.problem(f"pool `{pool.name}` stands twice; keep one", *here, "name")
            site = pool.site or pool.name
            if pool.site and pool.site not in self.sites and self.plain.sites:
                self._missing("site", pool.site, self.sites, *here, "site")
            where = self._line(*here)
            self.sites.setdefault(site, Site(site, where, planes=tuple(sorted(self.plain.planes))))
            if pool.health == "none" and pool.domains:
                said = "with `health: none` nobody notices that its domains fail; leave them out"
                self.document.problem(said, *here, "domains", of_key=True)
            faults = {} if pool.health == "none" else {f"pool:{pool.name}": f"pool {pool.name} is down"}
            faults |= {f"domain:{domain}": f"{domain} fails" for domain in pool.domains}
            for fault, text in faults.items():
                self.faults.setdefault(fault, Fault(fault, text, where))
            self.blind |= {pool.name} if pool.health == "none" else set()
            capacity = self._amount(pool.capacity, *here, "capacity")
            self.pools[pool.name] = Pool(pool.name, site, frozenset(faults), capacity=capacity)

    def _amount(self, amount: int | float | None, *path: str | int) -> Fraction | None:
        if amount is None or amount <= MOST:
            return None if amount is None else Fraction(str(amount))
        self.document.problem(f"`{amount}` is more than {MOST:,}; take a larger unit", *path)
        return None

    def _missing(self, kind: str, name: str, known: dict[str, object] | dict[str, Site], *path: str | int) -> None:
        hint = documents.nearest(name, list(known)) or f"add it, or name a {kind} that there is"
        self.document.problem(f"there is no {kind} `{name}`; {hint}", *path)

    def _groups(self) -> None:
        for at, group in enumerate(self.plain.groups):
            if group.name in self.pools or group.name in self.groups:
                said = f"`{group.name}` is the name of another pool or group; give each its own"
                self.document.problem(said, "groups", at, "name")
            else:
                self.groups[group.name] = at, group
        for name in self.groups:
            self._named(name, ())

    def _named(self, name: str, above: tuple[str, ...], *path: str | int) -> Node | None:
        """Return the node of a group, made once; None where that can't be."""
        if name in above:
            chain = " -> ".join((*above[above.index(name) :], name))
            self.document.problem(f"groups lead in a circle: {chain}; take one out", *path)
            return None
        if len(above) >= DEEPEST:
            self.document.problem(f"more than {DEEPEST} groups lie in each other; put them in one", *path)
            return None
        if name not in self.nodes:
            at, group = self.groups[name]
            made = self._choice(group, ("groups", at), (*above, name))
            if made is not None:
                self.nodes[name] = made
        return self.nodes.get(name)

    def _choice(self, choice: Choice, here: tuple[str, int], above: tuple[str, ...] = ()) -> Node | None:
        self._fits(choice, here)
        key = "first" if choice.first else "any"
        children: list[Node] = []
        for at, name in enumerate(choice.first or choice.any):
            path = (*here, key, at)
            if name in self.pools:
                children.append(Use(name, self._line(*path), blind=name in self.blind))
            elif name in self.groups:
                inner = self._named(name, above, *path)
                children += [inner] if inner is not None else []
            else:
                self._missing("pool or group", name, {**self.pools, **self.groups}, *path)
        if not children:
            return None
        down, where = DOWN[choice.when_all_down], self._line(*here)
        if choice.first:
            return First(tuple(children), where, down, choice.name)
        return Spread(tuple(children), where, tuple(choice.weights), Fraction(choice.at_least), down, choice.name)

    def _fits(self, choice: Choice, here: tuple[str, int]) -> None:
        """Refuse what contradicts itself."""
        if bool(choice.first) == bool(choice.any):
            self.document.problem(f"`{choice.name}` needs either `first` or `any`: the pools that serve", *here)
        if choice.first and (choice.weights or choice.at_least != 1):
            key = "weights" if choice.weights else "at_least"
            self.document.problem(f"`{key}` belongs to `any`; leave it out", *here, key, of_key=True)
        if choice.any and choice.weights and len(choice.weights) != len(choice.any):
            said = f"{len(choice.weights)} weights stand beside {len(choice.any)} names; give one for each"
            self.document.problem(said, *here, "weights", of_key=True)
        if choice.any and choice.when_all_down in ("first", "last"):
            said = "of what `any` names none is first; use `when_all_down: any` or `nothing`"
            self.document.problem(said, *here, "when_all_down")

    def _clients(self, at: int) -> Iterator[Client]:
        """Yield a class: one for each country, so that rules can tell them apart."""
        given, here = self.plain.clients[at], ("clients", at)
        ways = (bool(given.countries), bool(given.networks), given.everybody_else)
        if sum(ways) != 1:
            said = f"clients `{given.name}` need one of `countries`, `networks` and `everybody_else: true`"
            self.document.problem(said, *here)
        for key in ("population", "tenant"):
            if fault := labels.fault(getattr(given, key)):
                self.document.problem(f"`{getattr(given, key)}` {fault}", *here, key)
        root = self._choice(given, here)
        codes = [code for n, code in enumerate(given.countries) if self._known(code, *here, "countries", n)]
        networks = tuple(self._network(text, *here, "networks", n) for n, text in enumerate(given.networks))
        demand = self._amount(given.demand, *here, "demand")
        share = demand and demand / max(1, len(codes))  # in equal parts: they share one graph, so only the sum counts
        for code in codes or [""]:
            name = f"{given.name} {code}" if len(codes) > 1 else given.name
            name = f"{name} {UNCLASSIFIED}" if given.everybody_else else name
            yield Client(
                name, self._line(*here), root, code or countries.ANYWHERE, networks, given.population, given.tenant,
                share,
            )  # fmt: skip

    def _network(self, text: str, *path: str | int) -> str:
        try:
            return str(ip_network(text.strip()))
        except ValueError:
            self.document.problem(f"`{text}` is no network; write it as 192.0.2.0/24, without host bits", *path)
            return text

    def _nobody_twice(self) -> None:
        """Refuse two classes that claim the same people: nobody could say which of them holds."""
        seen: dict[str, str] = {}
        for at, given in enumerate(self.plain.clients):
            keys = [*given.countries, *given.networks, *([UNCLASSIFIED] if given.everybody_else else [])]
            for key in keys:
                where = (key, given.population, given.tenant)
                name = seen.setdefault(" ".join(where), given.name)
                if name != given.name or keys.count(key) > 1:
                    said = f"`{key}` is among the clients of `{name}` already; keep one of the two"
                    self.document.problem(said, "clients", at)
