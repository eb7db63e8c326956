"""One model of what Route 53 holds, whatever wrote it down: record sets, health checks, blocks of addresses.

Amazon Route 53 API Reference: ResourceRecordSet, AliasTarget, GeoLocation, CidrRoutingConfig, HealthCheckConfig.  Every
input (`listing`, `cloudformation`, `terraform`, `policies`) hands its record sets over in the spelling of that reference.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from auditor.model import countries
from auditor.routing import continents
from auditor.routing.model import Line, Remark, Unread

PROVIDER: Final = "route53"

SIMPLE, WEIGHTED, LATENCY, FAILOVER, GEO = "simple", "weighted", "latency", "failover", "geolocation"
NEAREST, MANY, NETWORKS, ZONES = "geoproximity", "multivalue", "IP-based", "AZ-affinity"
_POLICIES: Final = {
    "Weight": WEIGHTED, "Region": LATENCY, "GeoLocation": GEO, "Failover": FAILOVER, "MultiValueAnswer": MANY,
    "CidrRoutingConfig": NETWORKS, "GeoProximityLocation": NEAREST, "AZAffinity": ZONES,
}  # fmt: skip
"""The element that makes a record set one of a routing policy."""

_OTHER: Final = frozenset({
    "Name", "Type", "SetIdentifier", "TTL", "ResourceRecords", "AliasTarget", "HealthCheckId", "TrafficPolicyInstanceId",
    "HostedZoneId", "HostedZoneName", "Comment",
})  # fmt: skip
ADDRESSES: Final = ("A", "AAAA")
NAMES: Final = ("CNAME", "MX", "SRV", "HTTPS", "SVCB")
"""Types whose values are names of hosts."""
SILENT: Final = frozenset({"NS", "SOA", "TXT", "SPF", "CAA", "DS", "TLSA", "SSHFP", "PTR"})
"""Types that send no client anywhere."""

LONGEST_NAME: Final = 1024  # of ResourceRecordSet.Name; a name with every character escaped is that long
LONGEST_ID: Final = 128
SUBDIVIDED: Final = ("US", "UA")
DEFAULT: Final = ("", "*", "")
_NOWHERE: Final = Line("", 0)

Key = tuple[str, str, str]
"""What the record sets of a group have in common: zone, name, type."""


class Symbol(str):
    """Text that stands for a value which is known only when the configuration is deployed."""

    __slots__ = ()


class Resource(Symbol):
    """What a resource of the same deployment will be called, which is no record: `${LoadBalancer.DNSName}`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """Where an alias record points."""

    name: str  # as records are named
    evaluate: bool | None  # None: it does not say, and what then holds is not documented
    at: Line


@dataclass(frozen=True, slots=True)
class Record:
    """A record set."""

    zone: str  # what tells zones apart where the input names them
    name: str  # in small letters, without the dot at its end
    type: str
    id: str  # its SetIdentifier; empty: it has none
    at: Line
    policy: str
    values: tuple[str, ...] = ()  # addresses, or names of hosts
    alias: Alias | None = None
    check: str = ""  # id of a health check; empty: none
    weight: int = 0
    region: str = ""  # code of the region in which its resource is, by declaration
    place: tuple[str, str, str] = ("", "", "")  # continent, country, subdivision: one of the first two; see DEFAULT
    primary: bool = True
    location: tuple[str, str] = ("", "")  # CIDR collection and location

    @property
    def key(self) -> Key:
        """The group to which it belongs."""
        return self.zone, self.name, self.type

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.name} {self.type} {self.id}".strip()


@dataclass(frozen=True, slots=True)
class Check:
    """A health check."""

    id: str
    at: Line
    kind: str  # as HealthCheckConfig.Type
    host: str = ""  # address or name that is probed
    how: str = ""  # everything else of the probe
    threshold: int = 0
    children: tuple[str, ...] = ()
    inverted: bool = False
    disabled: bool = False


@dataclass(slots=True)
class Config:
    """Everything that was read."""

    records: dict[Key, list[Record]] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    networks: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # by collection and location
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    _first: dict[tuple[Key, str], Record] = field(default_factory=dict)

    def unclear(self, at: Line, text: str, why: str) -> None:
        """Note lines that are not understood."""
        self.unread.append(Unread(at, clipped(text), why))

    def remark(self, at: Line, text: str) -> None:
        """Note what its author may not have meant."""
        self.remarks.append(Remark(at, text))

    def add(self, record: Record) -> None:
        """Take a record set; a second definition of one is told, and kept as something that may answer."""
        other = self._first.setdefault((record.key, record.id), record)
        if other is not record:
            if _plain(other) == _plain(record):
                return  # pages that overlap
            self.unclear(
                record.at, f"{record.label} (first in line {other.at.line})", "is defined twice; keep one definition"
            )
        self.records.setdefault(record.key, []).append(record)

    def held(self, key: Key, ident: str) -> Record | None:
        """Return a record set."""
        return self._first.get((key, ident))

    def drop(self, record: Record) -> None:
        """Forget a record set."""
        self._first.pop((record.key, record.id), None)
        group = self.records[record.key] = [each for each in self.records[record.key] if each.id != record.id]
        if not group:
            del self.records[record.key]


def _plain(record: Record) -> Record:
    """Return a record set as if it stood elsewhere."""
    alias = record.alias and replace(record.alias, at=_NOWHERE)
    return replace(record, at=_NOWHERE, alias=alias)


Place = Callable[..., Line]
"""Where something stands: called with the keys that lead to it."""


def clipped(text: str) -> str:
    """Shorten text of a file so that it can be shown."""
    return text if len(text) <= 200 else f"{text[:199]}…"


_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def like(given: str, made: str) -> str:
    """Return text that stands for what other text stood for."""
    return type(given)(made) if isinstance(given, Symbol) else made


def named(text: str) -> str:
    r"""Return a name as records are compared by it: `\052.Example.com.` is `*.example.com`."""
    plain = _OCTAL.sub(lambda found: chr(int(found[1], 8) & 0xFF), text) if "\\" in text else text
    plain = (plain if isinstance(text, Symbol) else plain.lower()).removesuffix(".")
    return like(text, plain)


def flag(value: Any) -> bool | None:
    """Read a truth value, which some inputs write as text; None: it is none."""
    if isinstance(value, bool):
        return value
    text = value.lower() if isinstance(value, str) and not isinstance(value, Symbol) else ""
    return {"true": True, "false": False}.get(text)


def number(value: Any) -> int | None:
    """Read a whole number that is not negative, which some inputs write as text; None: it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and not isinstance(value, Symbol) and re.fullmatch("[0-9]{1,18}", value):
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None


def text(value: Any) -> str:
    """Return what stands there as text; nothing is empty."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def record(
    config: Config, given: Mapping[str, Any], at: Place, zone: str = "", silent: bool | None = False
) -> None:
    """Read a record set in the spelling of the API, and take it into a configuration.

    `silent` is what an alias means that does not say whether it evaluates the health of its target.  What can't be
    understood is noted in the configuration.
    """
    reading = _Reading(config, given, at, silent)
    name, kind = named(text(given.get("Name"))), text(given.get("Type")).upper()
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
    "depends on what is known only when it is deployed; give its value (a default, a file of parameters, a plan, or the "
    "record sets as deployed)"
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
        hints = [
            hint.strip('"')
            for each in fields[where + 1 :]
            if each.startswith(("ipv4hint=", "ipv6hint="))
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
            return {"place": self.place()}
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

    def place(self) -> tuple[str, str, str]:
        """Read a GeoLocation."""
        given = self.inner("GeoLocation", ("ContinentCode", "CountryCode", "SubdivisionCode"))
        read = {key: self.known(given.get(key), "GeoLocation", key) for key in given}
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


def address(value: str, kind: str) -> str:
    """Return an address of a record type in its one form (RFC 5952); empty: it is none."""
    try:
        found = ipaddress.IPv4Address(value) if kind == "A" else ipaddress.IPv6Address(value)
    except ValueError:
        return ""
    return "" if "%" in value else str(found)


_PROBE: Final = ("Port", "Type", "ResourcePath", "SearchString", "EnableSNI")
_IGNORED: Final = frozenset({"RequestInterval", "FailureThreshold", "MeasureLatency", "Regions"})
_CHECK: Final = frozenset({
    *_PROBE, *_IGNORED, "IPAddress", "FullyQualifiedDomainName", "Inverted", "Disabled", "HealthThreshold",
    "ChildHealthChecks", "AlarmIdentifier", "InsufficientDataHealthStatus", "RoutingControlArn",
})  # fmt: skip
ENDPOINT: Final = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
CALCULATED: Final = "CALCULATED"
_SIGNALS: Final = ("CLOUDWATCH_METRIC", "RECOVERY_CONTROL")


def check(config: Config, ident: str, given: Mapping[str, Any], at: Place) -> None:
    """Read a HealthCheckConfig, and take it into a configuration."""
    for key in sorted(given):
        if key not in _CHECK:
            config.unclear(at(key), key, "is no element of a health check that is known; remove it")
    if ident in config.checks:
        before = f"{ident} (first in line {config.checks[ident].at.line})"
        config.unclear(at(), before, "is defined twice; keep one definition")
        return
    kind = text(given.get("Type")).upper()
    if kind not in (*ENDPOINT, *_SIGNALS, CALCULATED) or isinstance(given.get("Type"), Symbol):
        config.unclear(at("Type"), kind or ident, "is no type of health check that is known; correct it")
        return
    states = {}
    for key in ("Inverted", "Disabled"):
        state = False if given.get(key) is None else flag(given[key])
        if state is None:
            config.unclear(at(key), ident, f"{key} must be true or false; write one of them")
            return
        states[key] = state
    host = text(given.get("IPAddress")) or text(given.get("FullyQualifiedDomainName"))
    host = address(host, "A") or address(host, "AAAA") or named(host)
    how = " ".join(f"{key}={text(given[key])}" for key in _PROBE if given.get(key) is not None)
    if given.get("IPAddress"):
        how += f" Host={text(given.get('FullyQualifiedDomainName'))}"
    threshold, children = number(given.get("HealthThreshold")), given.get("ChildHealthChecks") or []
    if kind == CALCULATED and (threshold is None or not isinstance(children, list)):
        config.unclear(at("HealthThreshold"), ident, "needs a threshold and a list of children; write both")
        return
    config.checks[ident] = Check(
        ident, at(), kind, host if kind in ENDPOINT else "", how if kind in ENDPOINT else "", threshold or 0,
        tuple(dict.fromkeys(text(each) for each in children)) if kind == CALCULATED else (),
        states["Inverted"], states["Disabled"],
    )  # fmt: skip
