"""Records of octoDNS as a graph of pools, and what they answer under given outages."""

from collections.abc import Sequence
from dataclasses import replace

from auditor.routing.addresses import is_address
from auditor.routing.model import Answer, Client, Fault, First, Line, Node, Pool, Site, Spread, Step, Unread, Use
from auditor.routing.octodns.classes import Chain, Class, classes
from auditor.routing.octodns.model import DOWN, GEO, OBEY, POOL, Record, Value, Values


class Builder:
    """Gathers the parts of a routing."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.hosts = _hosts(records)
        self.clients: list[Client] = []
        self.pools: dict[str, Pool] = {}
        self.sites: dict[str, Site] = {}
        self.faults: dict[str, Fault] = {}
        self.unread: list[Unread] = []
        self.seen: dict[str, Line] = {}
        self.cases: dict[tuple[str, int], tuple[_Part, Chain]] = {}

    def add(self, record: Record) -> None:
        """Add the classes of a record, and all that they can be answered."""
        twice = self.seen.setdefault(record.title, record.at)
        if twice != record.at:
            why = f"stands in line {twice.line} too, and octoDNS refuses this; keep one"
            record.problems.append((record.at, record.title, why))
        part = _Part(self, record, f"{record.title} (line {record.at.line})" if twice != record.at else record.title)
        names: dict[str, None] = {}
        for each in classes(record):
            client = part.client(each)
            names[client.name] = None
            self.clients.append(client)
            self.cases[client.name, id(client.root)] = part, each.chain
        self.unread += record.unread(names)

    def site(self, value: Value, address: bool) -> str:
        """Name the site of a value."""
        name = value.text or "(nothing)"
        if name not in self.sites:
            host = name.rstrip(".")
            known = (name,) if address and is_address(name) else ()
            self.sites[name] = Site(name, value.at, known, hosts=() if address else (host,))
            if not address and host in self.hosts:
                self.sites[name] = replace(self.sites[name], addresses=self.hosts[host])
        return name

    def replay(self, client: Client, down: frozenset[str]) -> Answer:
        """Say what octoDNS answers a class while these health checks fail."""
        part, chain = self.cases[client.name, id(client.root)]
        steps = [Step(client.at, f"{client.name} is matched here")]
        for values in chain.rungs():
            up = [value for value in values.values if part.is_up(values, value, down)]
            if up:
                texts = ", ".join(dict.fromkeys(value.text for value in up))
                steps.append(Step(values.at, f"{values.title}: {texts} may answer"))
                return Answer(frozenset(part.pool(values, value) for value in up), tuple(steps))
            steps.append(Step(values.at, f"{values.title}: no value is up, go on"))
        return Answer(frozenset(), tuple(steps))


class _Part:
    """One record among those of a zone."""

    def __init__(self, whole: Builder, record: Record, title: str) -> None:
        self.whole = whole
        self.record = record
        self.title = title
        self.roots: dict[int, Node | None] = {}  # by identity of the chain
        self.kept: list[Chain] = []  # so that no identity is given twice
        self.nodes: dict[int, Node | None] = {}

    def client(self, each: Class) -> Client:
        name = f"{self.record.title} {each.name}"
        return Client(name, each.at, self.root(each.chain), each.countries, each.networks, via="the resolver")

    def root(self, chain: Chain) -> Node | None:
        """Make the choice along a chain; chains with one end share its nodes."""
        links: list[Chain] = []
        link: Chain | None = chain
        while link is not None and id(link) not in self.roots:
            links.append(link)
            link = link.then
        rest = self.roots[id(link)] if link is not None else None
        for link in reversed(links):
            node = self.node(link.values)
            if node is not None and rest is not None:
                rest = First((node, rest), link.values.at, label=link.values.title)
            else:
                rest = node or rest
            self.roots[id(link)] = rest
            self.kept.append(link)
        return rest

    def node(self, values: Values) -> Node | None:
        """Make the choice among values, of which any that is up may answer; None if none ever is."""
        if id(values) not in self.nodes:
            weights: dict[str, int] = {}
            uses: dict[str, Use] = {}
            for value in values.values:
                if value.status != DOWN:
                    name = self.added(values, value)
                    weights[name] = weights.get(name, 0) + value.weight
                    uses.setdefault(name, Use(name, value.at))
            children = tuple(uses.values())
            made = Spread(children, values.at, tuple(weights.values()), label=values.title) if children else None
            self.nodes[id(values)] = made
        return self.nodes[id(values)]

    def pool(self, values: Values, value: Value) -> str:
        """Name the pool of a value: the same value twice in a pool is one, unless only one of both is checked."""
        status = "" if value.status == OBEY else f" ({value.status})"
        return f"{self.title} {values.title}: {value.text}{status}"

    def added(self, values: Values, value: Value) -> str:
        name = self.pool(values, value)
        if name not in self.whole.pools:
            site = self.whole.site(value, self.record.type in ("A", "AAAA"))
            check = self.check(values, value)
            self.whole.pools[name] = Pool(name, site, frozenset({check}) if check else frozenset())
            if check and check not in self.whole.faults:
                what = f"the `geo` entry {values.name}" if values.kind == GEO else value.text
                text = f"the health check of {what} for {self.record.title} fails"
                self.whole.faults[check] = Fault(check, text, value.at)
        return name

    def check(self, values: Values, value: Value) -> str:
        """Name the health check that takes a value away; empty if none does."""
        if values.kind == GEO:
            return f"check:{self.record.title} {GEO} {values.name}"
        if values.kind == POOL and value.status == OBEY:
            return f"check:{self.record.title} {value.text}"
        return ""

    def is_up(self, values: Values, value: Value, down: frozenset[str]) -> bool:
        return value.status != DOWN and self.check(values, value) not in down


def _hosts(records: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """Return the addresses of hosts whose records stand in the same zone and never change."""
    found: dict[str, set[str]] = {}
    changing = {record.name for record in records if record.dynamic or record.geo or record.type not in ("A", "AAAA")}
    for record in records:
        if record.name.endswith(".") and record.name not in changing:
            addresses = {value.text for value in record.values.values if is_address(value.text)}
            found.setdefault(record.name.rstrip(".").lower(), set()).update(addresses)
    return {host: tuple(sorted(addresses)) for host, addresses in found.items()}
