"""Services of the GeoIP backend as classes of clients, and what each is answered.

`GeoIPBackend::lookup`: records of the name itself come along; of the names that a service lists the first that has
records, or is an empty non-terminal, ends the search; if none does, the last becomes a CNAME, which the server follows
while it stays within its own zones, wildcards included.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final, NamedTuple

from auditor.model.countries import ANYWHERE, CODES
from auditor.model.errors import InputError
from auditor.routing.model import (
    UNCLASSIFIED,
    Answer,
    Client,
    Line,
    Node,
    Pool,
    Remark,
    Site,
    Spread,
    Step,
    Unread,
    Use,
)
from auditor.routing.powerdns.expand import Pattern, Place, depends, expand, fits, places, wide
from auditor.routing.powerdns.zones import ADDRESS, ALIAS, Choice, Domain, Item, Network, Reader, Service, plain

MAX_CLASSES: Final = 1 << 18
MAX_STEPS: Final = 1 << 22
MAX_CUT: Final = 500  # networks of a service; of more, one within another counts for both
_DEPTH: Final = 10  # CNAMEs that the server follows

RECORDS, LEADS, NOTHING = "records", "leads", "nothing"


class Outcome(NamedTuple):
    """How the search of a service may end: at records of a name, at a CNAME to one, or nowhere."""

    kind: str
    name: str
    at: Line


class Leaf(NamedTuple):
    """An address or host that is answered."""

    text: str
    at: Line
    weight: int
    address: bool


class Case(NamedTuple):
    """What a client of a class meets."""

    domain: Domain
    name: str
    outcome: Outcome
    place: Place


class Builder:
    """Gathers the parts of a routing."""

    def __init__(self, reader: Reader) -> None:
        self.clients: list[Client] = []
        self.pools: dict[str, Pool] = {}
        self.sites: dict[str, Site] = {}
        self.unread: list[Unread] = []
        self.remarks: list[Remark] = []
        self.said: set[tuple[Line, str]] = set()
        self.roots: dict[tuple[Leaf, ...], Node | None] = {}
        self.cases: dict[tuple[str, int], Case] = {}
        self.reached: set[tuple[str, str]] = set()
        self.fitting: dict[tuple[str, Pattern], list[str]] = {}
        self.spent = 0
        self.domains: dict[str, Domain] = {}
        for domain in reader.domains:
            if self.domains.setdefault(domain.name, domain) is not domain:
                self.problem(domain.at, domain.name, "a second domain of this name is never asked; put both together")
        texts = [text for domain in self.domains.values() for text in _texts(domain)]
        self.varies = any(depends(text) for text in texts)
        for domain in self.domains.values():
            for service in domain.services.values():
                self.service(domain, service)
        for domain in self.domains.values():
            self.rest(domain)

    def problem(self, at: Line, text: str, why: str) -> None:
        if (at, why) not in self.said:
            self.said.add((at, why))
            self.unread.append(Unread(at, text[:200], why))

    def service(self, domain: Domain, service: Service) -> None:
        """Add the classes of a service."""
        for network, choice in service.networks.items():
            cut = _without(network, service.networks)
            for country in ("", *CODES) if self.varies and cut else ("",) * bool(cut):
                for place in places(country):
                    if place.family == network.version:
                        self.add(domain, service, str(network), choice, place, networks=cut)
        for country in (*CODES, "") if self.varies else ("",):
            for place in places(country):
                choice_of_rest = service.rest.get(place.family)
                self.add(domain, service, country or UNCLASSIFIED, choice_of_rest, place, country or ANYWHERE)

    def add(
        self, domain: Domain, service: Service, name: str, choice: Choice | None, place: Place,
        countries: str = ANYWHERE, networks: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        title = f"{service.name} {name}"
        self.spend(1, service.at)
        for outcome in self.outcomes(domain, service, choice, place):
            self.client(title, choice.at if choice else service.at, Case(domain, service.name, outcome, place),
                        countries, networks)  # fmt: skip

    def client(self, title: str, at: Line, case: Case, countries: str, networks: tuple[str, ...] = ()) -> None:
        root = self.root(tuple(dict.fromkeys(self.leaves(case, 0))))
        if (title, id(root)) in self.cases:
            return
        self.cases[title, id(root)] = case
        self.clients.append(Client(title, at, root, countries, networks, via="the resolver"))
        if len(self.clients) > MAX_CLASSES:
            raise InputError(at.file, f"makes more than {MAX_CLASSES} classes of clients; split the file", at.line, 1)

    def outcomes(self, domain: Domain, service: Service, choice: Choice | None, place: Place) -> list[Outcome]:
        """Return each end that the search may have."""
        found: list[Outcome] = []
        if choice is None or not choice.formats:
            return [Outcome(NOTHING, "", service.at)]
        open_ended: list[tuple[str, Line]] = []
        for text, at in choice.formats:
            open_ended = []
            for pattern in expand(text, place, domain):
                pattern = (*pattern[:-1], pattern[-1].removesuffix("."))
                pattern = tuple(part.lower() for part in pattern)
                names = self.names(domain, pattern)
                found += [Outcome(RECORDS, name, at) for name in names]
                self.reached |= {(domain.name, name) for name in names}
                if len(pattern) > 1:
                    why = "names by region, city, operator, address or time that have no records can't be followed; "
                    self.problem(at, text, why + "end the list with a name that always has records")
                    open_ended.append(("", at))
                elif not names:
                    open_ended.append((pattern[0], at))
            if not open_ended:
                return found
        return found + [Outcome(LEADS if name else NOTHING, name, at) for name, at in open_ended]

    def names(self, domain: Domain, pattern: Pattern) -> list[str]:
        if len(pattern) == 1:
            return [pattern[0]] if pattern[0] in domain.records or pattern[0] in domain.empty else []
        key = domain.name, pattern
        if key not in self.fitting:
            self.spend(len(domain.records) + len(domain.empty), domain.at)
            self.fitting[key] = [name for name in (*domain.records, *domain.empty) if fits(pattern, name)]
        return self.fitting[key]

    def spend(self, steps: int, at: Line) -> None:
        self.spent += steps
        if self.spent > MAX_STEPS:
            raise InputError(at.file, "has more names than can be held against each other; split the file", at.line, 1)

    def leaves(self, case: Case, depth: int) -> Iterator[Leaf]:
        """Yield all that is answered."""
        domain, own, outcome, place = case
        items = list(domain.records.get(own, ()))
        if outcome.kind == LEADS:
            if not items and own not in domain.empty:  # else the server answers nothing
                yield from self.follow(outcome.name, outcome.at, 100, place, depth + 1)
            return
        if outcome.kind == RECORDS and outcome.name != own:
            items += domain.records.get(outcome.name, ())
        for item in items:
            self.spend(1, item.at)
            if item.type in ADDRESS and item.content:
                yield Leaf(item.content, item.at, item.weight, True)
            elif item.type in ALIAS and item.content:
                for pattern in expand(item.content, place, domain):
                    if len(pattern) > 1:
                        why = "where this leads depends on more than a country; write names without such placeholders"
                        self.problem(item.at, item.content, why)
                    else:
                        yield from self.follow(plain(pattern[0]), item.at, item.weight, place, depth + 1)

    def follow(self, name: str, at: Line, weight: int, place: Place, depth: int) -> Iterator[Leaf]:
        """Yield what a name leads to."""
        domain = self.of(name)
        if domain is None:
            yield Leaf(name, at, weight, False)
        elif depth <= _DEPTH:
            self.spend(1, at)
            found = _existing(domain, name)
            if found is None:
                return
            self.reached.add((domain.name, found))
            for outcome in self.ends(domain, found, place):
                for leaf in self.leaves(Case(domain, found, outcome, place), depth):
                    yield leaf._replace(weight=weight)

    def ends(self, domain: Domain, name: str, place: Place) -> list[Outcome]:
        service = domain.services.get(name)
        if service is None:
            return [Outcome(RECORDS, name, domain.at)]
        if service.networks:
            why = "is led to by other names, and answers by network; give those names the networks"
            self.problem(service.at, service.name, why)
        return self.outcomes(domain, service, service.rest.get(place.family), place)

    def of(self, name: str) -> Domain | None:
        """Find the domain of a name, the smallest that holds it."""
        while name:
            if name in self.domains:
                return self.domains[name]
            name = name.partition(".")[2]
        return None

    def root(self, leaves: tuple[Leaf, ...]) -> Node | None:
        if leaves not in self.roots:
            weights: dict[str, int] = {}
            for leaf in leaves:
                weights[leaf.text] = weights.get(leaf.text, 0) + leaf.weight
                address = (str(ip_address(leaf.text)),) if leaf.address else ()
                self.sites.setdefault(
                    leaf.text, Site(leaf.text, leaf.at, address, hosts=() if leaf.address else (leaf.text,))
                )
                self.pools.setdefault(leaf.text, Pool(leaf.text, leaf.text))
            first = {leaf.text: leaf.at for leaf in reversed(leaves)}
            uses = tuple(Use(text, first[text]) for text in weights)
            self.roots[leaves] = Spread(uses, leaves[0].at, tuple(weights.values())) if uses else None
        return self.roots[leaves]

    def rest(self, domain: Domain) -> None:
        """Add names that no service answers: nobody's own ones are for everybody, others are noted."""
        formats = [wide(text.lower()) for service in domain.services.values() for text, _ in _formats(service)]
        formats = list(dict.fromkeys((*each[:-1], each[-1].removesuffix(".")) for each in formats))
        inner: list[Line] = []
        for name, items in domain.records.items():
            kept = [item for item in items if item.type in (*ADDRESS, *ALIAS)]
            if kept and name not in domain.services and (domain.name, name) in self.reached:
                inner.append(kept[0].at)
            if not kept or name in domain.services or (domain.name, name) in self.reached:
                continue
            self.spend(len(formats), kept[0].at)
            if any(fits(each, name) for each in formats):
                why = "no country that is known leads here; rename it for one, or take it out"
                self.problem(kept[0].at, name, why)
                continue
            for country in (*CODES, "") if any(depends(item.content) for item in kept) else ("",):
                for place in places(country):
                    case = Case(domain, name, Outcome(RECORDS, name, kept[0].at), place)
                    self.client(f"{name} {country or UNCLASSIFIED}", kept[0].at, case, country or ANYWHERE)
        if inner:
            text = "and not for those who ask for them by their own name"
            said = f"names of {domain.name} to which services lead ({len(inner):,}) are judged as parts of these"
            self.remarks.append(Remark(inner[0], f"{said}, {text}"))

    def replay(self, client: Client, down: frozenset[str]) -> Answer:
        """Say what the backend answers a class; nothing that is down is known to it."""
        case = self.cases[client.name, id(client.root)]
        steps = [Step(client.at, f"{client.name} is matched here")]
        found: set[str] = set()
        asked = [(case, 0)]
        for (domain, own, outcome, place), depth in asked:
            items: list[Item] = [*domain.records.get(own, ())]
            led: list[tuple[str, Line]] = []
            if outcome.kind == LEADS:
                steps.append(Step(outcome.at, f"no name has records, {outcome.name} is answered as a CNAME"))
                led = [] if items or own in domain.empty else [(outcome.name, outcome.at)]
                items = []
            elif outcome.kind == RECORDS:
                steps.append(Step(outcome.at, f"{outcome.name} answers"))
                items += domain.records.get(outcome.name, []) if outcome.name != own else []
            for item in items:
                if item.type in ADDRESS and item.content:
                    found.add(item.content)
                    steps.append(Step(item.at, f"{item.content} may answer"))
                elif item.type in ALIAS and item.content:
                    patterns = expand(item.content, place, domain)
                    led += [(plain(each[0]), item.at) for each in patterns if len(each) == 1]
            for name, at in led:
                inner = self.of(name)
                there = _existing(inner, name) if inner else None
                if inner is None:
                    found.add(name)
                    steps.append(Step(at, f"{name} lies elsewhere"))
                elif there is not None and depth < _DEPTH:
                    ends = self.ends(inner, there, place)
                    asked += [(Case(inner, there, end, place), depth + 1) for end in ends]
        return Answer(frozenset(found), tuple(steps))


def _formats(service: Service) -> Iterator[tuple[str, Line]]:
    for choice in (*service.rest.values(), *service.networks.values()):
        yield from choice.formats


def _texts(domain: Domain) -> Iterator[str]:
    for service in domain.services.values():
        yield from (text for text, _ in _formats(service))
    for items in domain.records.values():
        yield from (item.content for item in items if item.type in ALIAS)


def _existing(domain: Domain, name: str) -> str | None:
    """Find a name, or the wildcard that stands for it."""
    if name in domain.records or name in domain.services or name in domain.empty:
        return name
    while name != domain.name:
        name = name.partition(".")[2]
        if f"*.{name}" in domain.records or f"*.{name}" in domain.services:
            return f"*.{name}"
        if name in domain.records or name in domain.services or name in domain.empty:
            return None
    return None


def _without(network: Network, others: dict[Network, Choice]) -> tuple[str, ...]:
    """Return what of a network no smaller one of the service takes away."""
    if len(others) > MAX_CUT:
        return (str(network),)
    left: list[Network] = [network]
    for other in others:
        if other != network and other.version == network.version and other.subnet_of(network):  # type: ignore[arg-type]
            cut: list[Network] = []
            for each in left:
                if other.subnet_of(each):  # type: ignore[arg-type]
                    cut += each.address_exclude(other)  # type: ignore[arg-type]
                elif not each.subnet_of(other):  # type: ignore[arg-type]
                    cut.append(each)
            left = cut
    return tuple(map(str, sorted(left)))
