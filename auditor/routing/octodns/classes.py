"""Who is treated alike by a record of octoDNS, and what they are answered, rung by rung.

Subnets before places, provinces before countries before continents, and the rule for all last
(docs/dynamic_records.rst, "Rule ordering").  A rule with subnets and places holds for whoever matches either: so
octodns-ns1 1.0 and octodns-azure 1.2 render it, and octodns-route53 1.3 refuses it.  Where rules stand in an order that
octoDNS refuses, the first that matches and the one that matches best are both possible.  So are both continents of a
country that octoDNS (Cyprus: AS) and the databases of the providers (EU) place on different ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.model.countries import ANYWHERE, CODES
from auditor.routing import continents
from auditor.routing.model import UNCLASSIFIED, Line
from auditor.routing.octodns.model import Network, Prefixes, Record, Values


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """What is answered: these values while one of them is up, else what comes then."""

    values: Values
    then: "Chain | None" = None

    def rungs(self) -> Iterator[Values]:
        """Yield one after the other."""
        rung: Chain | None = self
        while rung is not None:
            yield rung.values
            rung = rung.then


PROVIDERS: Final = ("octodns", "geonames")


@dataclass(frozen=True, slots=True)
class Class:
    """A class of clients of a record; several of one name if it is not known which holds."""

    name: str
    at: Line
    chain: Chain
    countries: str = ANYWHERE
    networks: tuple[str, ...] = ()


def classes(record: Record) -> Iterator[Class]:
    """Yield the classes of a record, each of the world's countries among them if anything depends on the place."""
    if record.dynamic:
        return _Dynamic(record).classes()
    if record.geo:
        return _old(record)
    return iter([Class(UNCLASSIFIED, record.at, Chain(record.values))])


class _Dynamic:
    def __init__(self, record: Record) -> None:
        self.record = record
        self.last = Chain(record.values)
        self.chains: dict[str, Chain] = {}
        self.places: dict[str, tuple[int, int]] = {}  # code -> first and last rule that name it
        for number, rule in enumerate(record.rules):
            for code, _ in rule.geos:
                self.places[code] = self.places.get(code, (number,))[0], number
        every = [number for number, rule in enumerate(record.rules) if not rule.geos and not rule.subnets]
        self.catching = (every[0], every[-1]) if every else None

    def classes(self) -> Iterator[Class]:
        yield from self.networks()
        for country in CODES:
            yield from self.country(country)
        for number in sorted(set(self.catching or ())):
            yield self.made(UNCLASSIFIED, number, ANYWHERE)
        if not self.catching:
            yield Class(UNCLASSIFIED, self.record.at, self.last)

    def made(self, name: str, number: int, countries: str) -> Class:
        rule = self.record.rules[number]
        at = next((at for code, at in rule.geos if f"{name}-".startswith(f"{code}-")), rule.at)
        return Class(name, at, self.chain(rule.pool), countries)

    def country(self, country: str) -> Iterator[Class]:
        homes = _homes(country)
        name = f"{homes[0]}-{country}"
        provinces = [code for code in self.places if code.startswith(f"{name}-")]
        for place in (*provinces, name):
            matched = {number for home in homes for number in self.matched(place, home)}
            for number in sorted(matched):
                yield self.made(place, number, country)
            if not matched:
                yield Class(place, self.record.at, self.last, country)

    def matched(self, place: str, home: str) -> set[int]:
        """Name the rule that first matches a place, and that which matches it best: of a sound record, the same."""
        parts = place.split("-")
        levels = ["-".join(parts[:length]) for length in range(len(parts), 1, -1)]
        found = [self.places[level] for level in (*levels, home) if level in self.places]
        return _candidates([*found, self.catching] if self.catching else found)

    def networks(self) -> Iterator[Class]:
        """Yield a class for the subnets of each rule."""
        owners: Prefixes[tuple[int, int]] = Prefixes()
        first: dict[Network, int] = {}
        for number, rule in enumerate(self.record.rules):
            for network, _ in rule.subnets:
                owners.add(network, (first.setdefault(network, number), number))
        grouped: dict[int, list[str]] = {}
        for network in first:
            for number in sorted(_candidates(list(owners.over(network)))):
                grouped.setdefault(number, []).append(str(network))
        for number, networks in sorted(grouped.items()):
            rule = self.record.rules[number]
            name = f"{networks[0]} and {len(networks) - 1} more" if len(networks) > 1 else networks[0]
            yield Class(name, rule.subnets[0][1], self.chain(rule.pool), networks=tuple(networks))

    def chain(self, pool: str) -> Chain:
        """Return a pool, its fallbacks as far as they go, and the values of the record; ends of chains are shared."""
        names: list[str] = []
        name: str | None = pool
        while name in self.record.pools and name not in self.chains:
            names.append(name)
            name = self.record.pools[name].fallback
        rest = self.chains.get(name, self.last) if name is not None else self.last
        for name in reversed(names):
            rest = self.chains[name] = Chain(self.record.pools[name], rest)
        return rest


def _candidates(found: Sequence[tuple[int, int]]) -> set[int]:
    """Of rules that match, the best ones first, keep those that some provider may take."""
    return {*found[0], min(first for first, _ in found)} if found else set()


def _old(record: Record) -> Iterator[Class]:
    """Yield the classes of a record with the old `geo`, for each way in which providers understand it.

    docs/geo_records.md: the values of the record fail over for all entries, and serve everybody at providers without
    support; Route 53 asks the entries of the larger places first.
    """
    last = Chain(record.values)
    made: dict[tuple[str, ...], Chain] = {(): last}
    for country in CODES:
        homes = _homes(country)
        name = f"{homes[0]}-{country}"
        for place in (*(code for code in record.geo if code.startswith(f"{name}-")), name):
            ways = dict.fromkeys(way for home in homes for way in _ways(record, place, home))
            for way in ways:
                if way not in made:
                    rest = last
                    for code in reversed(way):
                        rest = Chain(record.geo[code], rest)
                    made[way] = rest
                yield Class(place, made[way].values.at, made[way], country)
    yield Class(UNCLASSIFIED, record.values.at, last)


def _ways(record: Record, place: str, home: str) -> Iterable[tuple[str, ...]]:
    """Return the codes whose entries are asked one after the other, for each way."""
    parts = place.split("-")
    levels = [*("-".join(parts[:length]) for length in range(len(parts), 1, -1)), home]
    found = tuple(level for level in levels if level in record.geo)
    return (found[:1], found, ())


def _homes(country: str) -> tuple[str, ...]:
    """Name the continents of a country, that of octoDNS first if it knows the country."""
    return tuple(dict.fromkeys(filter(None, (continents.of(provider, country) for provider in PROVIDERS))))
