"""Who takes part in a situation and which places it touches, with the lines of the files that say so."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from msgspec.structs import replace

from auditor.model.rule import Rule
from auditor.rules.format import Person, Touch
from tests.staging import CannotStage, plot
from tests.staging.ground import Ground
from tests.staging.plot import UNKNOWN, Asked

KINDS = ("edge", "pop", "core", "dc", "zone")


@dataclass
class Place:
    """A touched place, or a participant of whom the example speaks as of one."""

    touch: Touch
    kind: str  # of the exchange that shows it
    address: str
    twin: str = ""  # another machine of the same site
    name: str = ""  # what TLS, QUIC or DNS calls it
    resolver: str = ""  # that is asked for this name


@dataclass
class Cast:
    """Fills the files of a ground with what one situation says, and nothing else."""

    rule: Rule
    asked: Asked
    ground: Ground
    rng: Random
    version: int = 4  # of IP
    hidden: bool = True  # packets alone show that somebody is a client, who faces servers from a private address
    folk: list[Any] = field(default_factory=list)  # as the example tells them

    def person(self, told: Any) -> str:
        """Give a participant an address, and the inventory what the example says of it."""
        self.folk.append(told)
        person = told if isinstance(told, Person) else Person(country=told)
        if person.country is None and not (person.label or person.account) and self.hidden:
            return self.ground.private(self.version, self.rng)  # behind a translator that nobody has listed
        address = self.ground.unplaced(self.version, self.rng)
        entry: dict[str, Any] = {"networks": [address], **where(person.country)}
        applies, choice = self.rule.applies, self.rule.asserts.selection
        if person.account:
            entry["tenant"] = person.account
        elif person.label and not applies.by and choice is None and self.rng.random() < 0.3:
            return self._listed(address, entry | {"tenant": person.label})  # rules may ask for accounts by name as well
        if person.label or len(entry) == 1:  # a client of whom nothing else is known is of a people that no rule knows
            entry["population"] = person.label or f"guests-{self.rng.randrange(1000)}"
        return self._listed(address, entry)

    def _listed(self, address: str, entry: dict[str, Any]) -> str:
        self.ground.clients.append(entry)
        return address

    def double(self) -> str:
        """Give an address to another person of whom the same is known as of the first."""
        return self.person(self.folk[0])

    def alike(self) -> bool:
        """Say whether a rule can't tell the participants apart, so that each alone is judged as all of them."""
        told = [each if isinstance(each, Person) else Person(country=each) for each in self.folk]
        located = self.rule.applies.by != "account"
        return len({(each.label, each.account, located and str(each.country)) for each in told}) == 1

    def guest(self, touch: Touch) -> Place:
        """Play a participant whose own end the example calls touched."""
        if touch.plane not in ("media", "signalling", UNKNOWN):
            raise CannotStage(f"a client on the plane `{touch.plane}`: packets between two clients don't show it")
        if touch.basis != "observed" or touch.outcome:
            raise CannotStage("a client of whom only others tell, or who never answered: it may be no participant")
        if (touch.site and self.asked.site) or (touch.operator and self.asked.operator) or touch.service:
            raise CannotStage("a client that is a site, or run by somebody, or a service: those are places")
        if self.asked.direction:
            raise CannotStage("the direction of an exchange between clients: a call asks both ways")
        kind = plot.carrier(replace(touch, role=UNKNOWN), self.asked, self.rng)
        if kind != "sip" and plot.SHOWS.get(kind, UNKNOWN) != touch.plane:
            raise CannotStage(f"a client on the plane `{touch.plane}` by `{kind}`: packets don't show the plane")
        return Place(touch, "met" if kind == "sip" else kind, self.person(Person(country=touch.country)))

    def place(self, touch: Touch, comers: int) -> Place:
        """Give a place its addresses, and the files what the example says of it."""
        kind = plot.carrier(touch, self.asked, self.rng)
        if touch.role == "hop" and comers > 1 and plot.tunnels(touch, self.asked):
            kind = "tunnel"
        twin = kind == "tunnel" or not comers
        plane = "" if plot.SHOWS.get(kind) == touch.plane or kind == "tunnel" else touch.plane.replace(UNKNOWN, "")
        name = f"{self.rng.choice(('api', 'n1', 'x', 'gw'))}{self.rng.randrange(1000)}.voice.example.com"
        if touch.service and touch.direction == "from" and self.asked.service:
            raise CannotStage("the service of a place that came itself: the catalogue speaks of those who serve")
        if unlisted(touch, self.asked):
            if kind in plot.TOLD or (touch.direction == "from" and plane):
                raise CannotStage("a place that is no site, of which nothing was seen: only the inventory knows it")
            addresses = self._catalogued(touch, plane, twin)
        else:
            named = plot.named(touch, kind, self.rule.applies.planes, self.rng)
            addresses = self._surveyed(touch, "" if named else plane, twin, not named)
            name = named or name
            if named:
                return self._called(Place(touch, kind, addresses[0], addresses[1] if twin else "", name))
        return Place(touch, kind, addresses[0], addresses[1] if twin else "", name)

    def _called(self, place: Place) -> Place:
        """Choose what tells the name of a place: a resolver too, if the rule doesn't speak of those."""
        planes = self.rule.applies.planes
        ways = ["tls", "quic", *(["looked-up"] if planes is not None and "other" not in planes else [])]
        place.kind = self.rng.choice(ways)
        place.resolver = self.ground.unplaced(self.version, self.rng) if place.kind == "looked-up" else ""
        return place

    def _addresses(self, touch: Touch, claim: bool, twin: bool) -> list[str]:
        if not claim or touch.country is None:
            return [self.ground.unplaced(self.version, self.rng) for _ in range(1 + twin)]
        codes = [touch.country] if isinstance(touch.country, str) else list(touch.country)
        operated = bool(touch.operator) or not self.asked.operator
        return [self.ground.claimed(codes, self.rng, operated) for _ in range(1 + twin)]

    def _surveyed(self, touch: Touch, plane: str, twin: bool, served: bool) -> list[str]:
        """Put a place into the inventory, and its service into a catalogue."""
        claim = touch.evidence == "claim"
        addresses = self._addresses(touch, claim, twin)
        entry: dict[str, Any] = {} if claim else where(touch.country)
        entry |= {"operator": touch.operator} if touch.operator else {}
        entry |= {"role": touch.role} if touch.role != UNKNOWN else {}
        entry |= {"planes": [plane]} if plane else {}
        entry |= {"holds": touch.holds} if touch.holds else {}
        if touch.site and not entry:
            raise CannotStage("a site of which nothing is known but its name: the inventory wants more")
        if entry:
            name = touch.site or f"{self.rng.choice(KINDS)}-{self.rng.randrange(1000)}"
            self.ground.sites.append({"name": name, "networks": addresses, **entry})
        if touch.service and served:
            self._served(touch.service, addresses, touch, "")
        return addresses

    def _catalogued(self, touch: Touch, plane: str, twin: bool) -> list[str]:
        """Tell of a place by databases and a catalogue alone, so that no site is known."""
        if self.asked.proof and touch.country is not None and touch.evidence == "proof":
            raise CannotStage("proof of a place that is no site: the inventory proves places by naming sites")
        if touch.holds:
            raise CannotStage("whose data is held by a place that is no site: the inventory alone says it")
        if touch.role not in ("server", "relay"):
            raise CannotStage(f"a {touch.role} that is no site: a catalogue lists servers and relays")
        if (touch.operator and touch.service) or (self.asked.service and not touch.service):
            raise CannotStage("a place that is no site, of which more is known than a catalogue without it would say")
        addresses = self._addresses(touch, True, twin)
        service = touch.service or f"service-{self.rng.randrange(1 << 30):x}"
        self._served(service, addresses, touch, plane)
        if touch.operator:
            self.ground.operators[service] = touch.operator
        return addresses

    def _served(self, service: str, addresses: Iterable[str], touch: Touch, plane: str) -> None:
        for address in addresses:
            width = 128 if ":" in address else 32
            role = touch.role if touch.role in ("server", "relay") else "server"
            entry = {"prefix": f"{address}/{width}", "role": role} | ({"plane": plane} if plane else {})
            self.ground.services.setdefault(service, []).append(entry)


def unlisted(touch: Touch, asked: Asked) -> bool:
    """Say whether a place has to be known without the inventory, which would give it the name of a site."""
    known = touch.country is not None or touch.operator or touch.plane not in (UNKNOWN, "media", "signalling")
    return asked.site and not touch.site and bool(known or touch.holds or touch.role != UNKNOWN)


def where(country: Any) -> dict[str, Any]:
    """Write a country, or several of which it is one, as the inventory does."""
    if country is None:
        return {}
    return {"country": country} if isinstance(country, str) else {"countries": list(country)}
