"""Record sets as their elements are written, in the spelling of the API.

What can't be understood is noted with its line, and the rest is taken.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from auditor.model import countries
from auditor.routing import continents
from auditor.routing.documents import Disputed
from auditor.routing.model import Line
from auditor.routing.route53.records import (
    ADDRESSES,
    FAILOVER,
    GEO,
    LATENCY,
    MANY,
    NAMES,
    NEAREST,
    NETWORKS,
    PROVIDER,
    SILENT,
    SIMPLE,
    SUBDIVIDED,
    WEIGHTED,
    ZONES,
    Alias,
    Config,
    Place,
    Record,
    Resource,
    Symbol,
    address,
    flag,
    named,
    number,
    text,
)

_HINT: Final = re.compile(r"\"?(?:ipv[46]hint|key0*[46])\b", re.IGNORECASE)

_POLICIES: Final = {
    "Weight": WEIGHTED, "Region": LATENCY, "GeoLocation": GEO, "Failover": FAILOVER, "MultiValueAnswer": MANY,
    "CidrRoutingConfig": NETWORKS, "GeoProximityLocation": NEAREST, "AZAffinity": ZONES,
}  # fmt: skip
"""The element that makes a record set one of a routing policy."""
_OTHER: Final = frozenset({
    "Name", "Type", "SetIdentifier", "TTL", "ResourceRecords", "AliasTarget", "HealthCheckId",
    "TrafficPolicyInstanceId", "HostedZoneId", "HostedZoneName", "Comment",
})  # fmt: skip
LONGEST_NAME: Final = 1024  # of ResourceRecordSet.Name; a name with every character escaped is that long
LONGEST_ID: Final = 128


def record(config: Config, given: Mapping[str, Any], at: Place, zone: str = "", silent: bool | None = False) -> None:
    """Read a record set in the spelling of the API, and take it into a configuration.

    `silent` is what an alias means that does not say whether it evaluates the health of its target.  What can't be
    understood is noted in the configuration.
    """
    reading = _Reading(config, given, at, silent)
    name, kind = named(text(given.get("Name"))), text(given.get("Type")).upper()
    if kind == "SOA":
        config.apexes.add(name)
    if kind == "NS":
        config.delegations[zone, name] = at("Name")
    if kind in SILENT:
        return
    try:
        reading.checked(name, kind)
        policy = reading.policy()
        config.add(
            Record(
                zone=zone, name=name, type=kind, id=text(given.get("SetIdentifier")), at=at("Name"), policy=policy,
                values=reading.values(kind), alias=reading.alias(),
                check=text(given.get("HealthCheckId")),
                **reading.particulars(policy),
            )
        )  # fmt: skip
    except _UnclearError as error:
        config.unclear(error.at, error.text, error.why)


_DEPLOYED: Final = (
    "depends on what is known only when it is deployed; give its value (a default, a file of parameters, a plan, or "
    "the record sets as deployed)"
)


class _UnclearError(Exception):
    """A record set that can't be understood."""

    def __init__(self, at: Line, what: str, why: str) -> None:
        super().__init__(why)
        self.at, self.text, self.why = at, what, why


class _Reading:
    """One record set as it is given."""

    def __init__(self, config: Config, given: Mapping[str, Any], at: Place, silent: bool | None) -> None:
        self.config, self.given, self.at, self.silent = config, given, at, silent
        self.label = " ".join(filter(None, (text(given.get(key)) for key in ("Name", "Type", "SetIdentifier"))))

    def unclear(self, why: str, *path: str, what: str = "") -> _UnclearError:
        return _UnclearError(self.at(*path), what or self.label or "a record set", why)

    def known(self, value: Any, *path: str) -> str:
        """Return text; refuse what is known only at deployment."""
        if isinstance(value, Symbol):
            raise self.unclear(_DEPLOYED, *path, what=f"{self.label}: {value}")
        return text(value)

    def checked(self, name: str, kind: str) -> None:
        given = self.given
        for key in sorted(given):
            if key not in _OTHER and key not in _POLICIES:
                raise self.unclear("is no element of a record set that is known; remove it", key, what=key)
        if not name or not kind:
            raise self.unclear("a record set needs a name and a type; write both", "Name")
        self.known(kind if not isinstance(given.get("Type"), Symbol) else given["Type"], "Type")
        if kind not in ADDRESSES and kind not in NAMES:
            raise self.unclear("records of this type are not followed; review where they lead", "Type")
        if len(name) > LONGEST_NAME or len(text(given.get("SetIdentifier"))) > LONGEST_ID:
            raise self.unclear("is longer than Route 53 takes; shorten it", "Name")
        if given.get("TrafficPolicyInstanceId"):
            raise self.unclear(
                "is made by a traffic policy; give the document of that policy", "TrafficPolicyInstanceId"
            )

    def policy(self) -> str:
        """Say which routing policy it has."""
        given = self.given
        elements = [key for key in _POLICIES if given.get(key) is not None]
        if "MultiValueAnswer" in elements:
            many = flag(self.known(given["MultiValueAnswer"], "MultiValueAnswer").lower())
            if many is None:
                raise self.unclear("must be true or false; write one of them", "MultiValueAnswer")
            if not many:
                elements.remove("MultiValueAnswer")
        if len(elements) > 1:
            raise self.unclear(f"can't have both {' and '.join(elements)}; keep one routing policy", elements[1])
        return _POLICIES[elements[0]] if elements else SIMPLE

    def values(self, kind: str) -> tuple[str, ...]:
        given = self.given.get("ResourceRecords")
        if given is None:
            if self.given.get("AliasTarget") is None:
                raise self.unclear("has neither values nor an alias target; give one of them", "Name")
            return ()
        if self.given.get("AliasTarget") is not None:
            raise self.unclear("can't have both values and an alias target; keep one", "AliasTarget")
        if not isinstance(given, list) or not given:
            raise self.unclear("must be a list of values that is not empty; write them out", "ResourceRecords")
        found: dict[str, None] = {}
        for each in given:
            value = each.get("Value") if isinstance(each, dict) else each
            for one in self.targets(kind, value):
                found[one] = None
        return tuple(found)

    def targets(self, kind: str, value: Any) -> tuple[str, ...]:
        """Return the addresses and names to which a value sends clients."""
        if isinstance(value, Symbol):
            if kind not in ADDRESSES and not isinstance(value, Resource):
                self.config.unclear(self.at("ResourceRecords"), f"{self.label}: {value}", _DEPLOYED)
            return (named(value),)
        if not isinstance(value, str) or not value.strip():
            raise self.unclear("a value must be text; write an address or a name", "ResourceRecords")
        if kind in ADDRESSES:
            found = address(value.strip(), kind)
            if not found:
                raise self.unclear(
                    f"a record of type {kind} needs addresses of its family; correct it",
                    "ResourceRecords", what=value,
                )  # fmt: skip
            return (found,)
        return self.hosts(kind, value.split())

    def hosts(self, kind: str, fields: list[str]) -> tuple[str, ...]:
        """Return the host of a value (RFC 1035, 2782), and the addresses that it hints at (RFC 9460, section 7.3)."""
        where = {"CNAME": 0, "MX": 1, "SRV": 3, "HTTPS": 1, "SVCB": 1}[kind]
        if len(fields) <= where or (kind in ("CNAME", "MX", "SRV") and len(fields) > where + 1):
            raise self.unclear(f"is no value of type {kind}; correct it", "ResourceRecords", what=" ".join(fields))
        host = fields[where]
        if host == ".":
            host = text(self.given.get("Name")) if kind in ("HTTPS", "SVCB") else ""
        plain = ("ipv4hint=", "ipv6hint=")
        if any(_HINT.match(each) and not each.startswith(plain) for each in fields[where + 1 :]):
            raise self.unclear(
                "is a hint in other words; write ipv4hint= or ipv6hint=", "ResourceRecords", what=" ".join(fields)
            )
        hints = [
            hint.strip('"')
            for each in fields[where + 1 :]
            if each.startswith(plain)
            for hint in each.partition("=")[2].split(",")
        ]
        literal = [address(hint, "A") or address(hint, "AAAA") for hint in hints]
        if not all(literal):
            raise self.unclear("hints at what is no address; correct it", "ResourceRecords", what=" ".join(fields))
        return tuple(filter(None, (named(host), *literal)))

    def alias(self) -> Alias | None:
        given = self.given.get("AliasTarget")
        if given is None:
            return None
        if not isinstance(given, dict) or not isinstance(given.get("DNSName"), str):
            raise self.unclear("an alias target needs a DNSName; write it", "AliasTarget")
        for key in given:
            if key not in ("DNSName", "HostedZoneId", "EvaluateTargetHealth"):
                raise self.unclear("is no element of an alias target; remove it", "AliasTarget", key, what=key)
        health = given.get("EvaluateTargetHealth")
        evaluate = self.silent if health is None else flag(health)
        if evaluate is None and health is not None:
            self.known(health, "AliasTarget", "EvaluateTargetHealth")
            raise self.unclear("must be true or false; write one of them", "AliasTarget", "EvaluateTargetHealth")
        if isinstance(given["DNSName"], Symbol) and not isinstance(given["DNSName"], Resource):
            what = f"{self.label} -> {given['DNSName']}"
            self.config.unclear(self.at("AliasTarget", "DNSName"), what, _DEPLOYED)
        return Alias(named(given["DNSName"]), evaluate, self.at("AliasTarget", "DNSName"))

    def particulars(self, policy: str) -> dict[str, Any]:
        """Return what only records of its policy have."""
        given = self.given
        if policy == WEIGHTED:
            weight = number(self.known(given["Weight"], "Weight"))
            if weight is None or weight > 255:
                raise self.unclear("a weight is a whole number from 0 to 255; correct it", "Weight")
            return {"weight": weight}
        if policy == LATENCY:
            return {"region": self.known(given["Region"], "Region").lower()}
        if policy == FAILOVER:
            role = self.known(given["Failover"], "Failover")
            if role not in ("PRIMARY", "SECONDARY"):
                raise self.unclear("must be PRIMARY or SECONDARY; write one of them", "Failover")
            return {"primary": role == "PRIMARY"}
        if policy == GEO:
            return {"place": self.unplaced() or self.place()}
        if policy == NEAREST:
            near = self.inner("GeoProximityLocation", ("AWSRegion", "LocalZoneGroup", "Coordinates", "Bias"))
            return {"region": text(near.get("AWSRegion")).lower()}
        if policy == NETWORKS:
            block = self.inner("CidrRoutingConfig", ("CollectionId", "LocationName"))
            location = self.known(block.get("LocationName"), "CidrRoutingConfig", "LocationName")
            return {"location": (text(block.get("CollectionId")), location or "*")}
        return {}

    def inner(self, key: str, elements: tuple[str, ...]) -> dict[str, Any]:
        given = self.given[key]
        if not isinstance(given, dict):
            raise self.unclear("must be a mapping; write its elements out", key)
        for each in given:
            if each not in elements:
                raise self.unclear(f"is no element of {key}; remove it", key, each, what=each)
        return given

    def unplaced(self) -> tuple[str, str, str] | None:
        """Note a location that is known only at deployment: the record is kept, and answers nobody."""
        given = self.given["GeoLocation"]
        whole = [given] if isinstance(given, Symbol) else given.values() if isinstance(given, dict) else []
        for each in whole:
            if isinstance(each, Symbol):
                self.config.unclear(self.at("GeoLocation"), f"{self.label}: {each}", _DEPLOYED)
                return ("?", "", each)
        return None

    def place(self) -> tuple[str, str, str]:
        """Read a GeoLocation."""
        given = self.inner("GeoLocation", ("ContinentCode", "CountryCode", "SubdivisionCode"))
        read = {key: self.known(given.get(key), "GeoLocation", key) for key in given}
        for key in given:
            if isinstance(given[key], Disputed):
                self.config.unclear(
                    self.at("GeoLocation", key), f"{self.label}: {given[key]}",
                    "stands without quotes, which CloudFormation takes for a truth value; put it in quotes",
                )  # fmt: skip
        continent, country, part = (read.get(f"{key}Code", "") for key in ("Continent", "Country", "Subdivision"))
        whole = f"{self.label}: {' '.join(filter(None, (continent, country, part)))}"
        if bool(continent) == bool(country) or (part and country not in SUBDIVIDED):
            raise self.unclear(
                "a location is a continent, a country, or a country (US, UA) with a subdivision; write one of them",
                "GeoLocation", what=whole,
            )  # fmt: skip
        if continent and continent not in continents.codes(PROVIDER):
            raise self.unclear("is no continent of Route 53 (AF, AN, AS, EU, NA, OC, SA); correct it",
                               "GeoLocation", "ContinentCode", what=whole)  # fmt: skip
        if country and country != "*" and not continents.of(PROVIDER, country):
            known = "is a country for which Route 53 has no data" if countries.known(country) else "is no country"
            raise self.unclear(
                f"{known}; write a code of ISO 3166-1 that Route 53 knows", "GeoLocation", "CountryCode", what=whole
            )
        return continent, country, part
