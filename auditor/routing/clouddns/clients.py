"""Who asks, and how Cloud DNS classifies them.

Of a public zone it is the resolver, or the subnet that it names (EDNS client subnet); which location is nearest to it
is not published, so any may be.  Of a private zone it is the region of the virtual machine, or of the tunnel or
attachment by which a query comes ("DNS routing policies and health checks", on geolocation): a region that has an item
of its own is a class, all others are one, of which nobody knows what is nearest to them.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from auditor.enrich import regions
from auditor.model import countries
from auditor.routing.addresses import is_address
from auditor.routing.alike import shared
from auditor.routing.clouddns.alike import Shapes
from auditor.routing.clouddns.graph import ANY, Graphs
from auditor.routing.clouddns.records import PRIVATE, UNCLEAR, Config, Key
from auditor.routing.clouddns.remarks import remark
from auditor.routing.clouddns.replay import Replay
from auditor.routing.clouddns.tree import Tree
from auditor.routing.model import UNCLASSIFIED, Answer, Client, File, Line, Routing, Site

FORMAT: Final = "clouddns"

VIA: Final = "the resolver"
REGION: Final = "the region that the query comes from"

MOST: Final = 1_000_000
"""Classes of a configuration; of more, those whom every name answers alike are one each, of no country."""


class Asked:
    """The classes of clients of a configuration, with their graphs and how each is replayed."""

    def __init__(self, config: Config) -> None:
        self.tree = Tree(config)
        self.graphs = Graphs(self.tree)
        self.clients: list[Client] = []
        self._config = config
        self._ways: dict[str, tuple[Key, str]] = {}  # by the name of a client
        entries = self.tree.entries
        shapes = Shapes(config, self.tree)
        times = Counter(key[1:] for key in entries)
        named = (
            (f"{key[1]} {key[2]}{f' in {key[0]}' if times[key[1:]] > 1 else ''}", key, shapes.of(key))
            for key in entries
        )
        asked = shared(named, len(countries.CODES) + 1)
        many = len(asked) * (len(countries.CODES) + 1) > MOST
        for name, key in asked:
            self._ask(name, key, many)
        remark(self.tree)

    def replay(self, client: Client, down: frozenset[str]) -> Answer:
        """Answer a client under an outage."""
        key, location = self._ways[client.name]
        return Replay(self.tree, location, down).answer(key)

    def _ask(self, name: str, key: Key, many: bool) -> None:
        group = self._config.records[key]
        seen = {self.tree.visibility(record) for record in group}
        private = seen == {PRIVATE}
        located = self.tree.located(key)
        local = located is not None
        unclear = local and (UNCLEAR in seen or len(seen) > 1)
        if unclear:
            self._config.unclear(
                group[0].at,
                group[0].label,
                "whether its zone is public or private is not in these files, and with it how clients are located; "
                "give the managed zone (gcloud dns managed-zones list --format=json)",
            )
        via = (REGION if private else VIA) if local else "" if private else VIA
        if private and located is not None:
            for code in sorted(located):
                self._add(f"{name} {code}", key, code, regions.countries(f"gcp/{code}"), via)
        elif not (many or unclear):
            for text, country in _regions() if private else ((code, code) for code in countries.CODES):
                self._add(f"{name} {text}", key, ANY, country, via)
        self._add(f"{name} {UNCLASSIFIED}", key, ANY, countries.ANYWHERE, via)

    def _add(self, name: str, key: Key, location: str, country: str, via: str) -> None:
        root = self.graphs.whole(key, location)
        while name in self._ways:  # whatever names of zones do to it
            name += "'"
        self._ways[name] = (key, location)
        self.clients.append(Client(name, self._line(key, location), root, country, via=via))

    def _line(self, key: Key, location: str) -> Line:
        for record in self._config.records[key] if location else ():
            for item in record.items:
                if item.location == location:
                    return item.at
        return self._config.records[key][0].at

    def sites(self) -> dict[str, Site]:
        """Return where clients are sent; of what is declared of their regions, what all agree on."""
        found: dict[str, Site] = {}
        said: dict[str, set[str]] = {}
        for group in self._config.records.values():
            for record in group:
                for item in record.every:
                    for target in item.targets:
                        said.setdefault(target.name, set()).add(target.region)
                        if target.name in found:
                            continue
                        known = not target.name.startswith("${")
                        addresses = (target.name,) if known and is_address(target.name) else ()
                        hosts = (target.name,) if known and not addresses else ()
                        found[target.name] = Site(target.name, target.at, addresses, hosts=hosts)
        return {name: _placed(site, said[name] - {""}) for name, site in found.items()}


def _placed(site: Site, said: set[str]) -> Site:
    region = next(iter(said)) if len(said) == 1 else ""
    return Site(site.name, site.at, site.addresses, region, hosts=site.hosts)


def _regions() -> Iterator[tuple[str, str]]:
    """Yield the regions of Google Cloud, and where they are."""
    for code in regions.codes("gcp"):
        yield code, regions.countries(f"gcp/{code}")


def routing(config: Config, files: tuple[File, ...]) -> Routing:
    """Make what is proven of what was read."""
    asked = Asked(config)
    return Routing(
        format=FORMAT, files=files, clients=asked.clients, pools=asked.graphs.pools, sites=asked.sites(),
        faults=asked.tree.faults, replay=asked.replay, unread=tuple(dict.fromkeys(config.unread)),
        remarks=tuple(sorted(dict.fromkeys(config.remarks), key=lambda each: (each.at, each.text))),
    )  # fmt: skip
