"""Properties become profiles and endpoints; whatever isn't understood is kept.

Traffic Manager REST API 2022-04-01 (Profiles, Endpoints: Create Or Update); "Traffic Manager FAQ" on subnets.  Names
of properties are compared without regard to case, as Azure Resource Manager does it.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditor.routing.addresses import is_address
from auditor.routing.model import Line
from auditor.routing.terraform.values import Ref, Unresolved, Value, number, shown
from auditor.routing.trafficmanager import geography
from auditor.routing.trafficmanager.model import (
    AZURE,
    ENDPOINTS,
    EXTERNAL,
    GEOGRAPHIC,
    METHODS,
    NESTED,
    OVERRIDDEN,
    PRIORITY,
    Block,
    Config,
    Endpoint,
    GivenEndpoint,
    GivenProfile,
    Profile,
    Symbol,
    clipped,
    held,
)

_PROFILE: Final = frozenset("profilestatus trafficroutingmethod dnsconfig monitorconfig endpoints".split())
_PROFILE_IDLE: Final = frozenset("trafficviewenrollmentstatus maxreturn allowedendpointrecordtypes recordtype".split())
"""What says nothing of who is answered which endpoint: of several that may be returned any may be."""
_ENDPOINT: Final = frozenset(
    """endpointstatus alwaysserve targetresourceid target weight priority endpointlocation minchildendpoints
    minchildendpointsipv4 minchildendpointsipv6 geomapping subnets customheaders""".split()
)
ENDPOINT_IDLE: Final = frozenset({"endpointmonitorstatus"})
MONITOR_IDLE: Final = frozenset({"profilemonitorstatus"})
BLOCKS: Final = 5_000
"""Ranges of addresses in one configuration."""

UNKNOWN: Final = "this property is not known; remove it, or ask for a newer release"
_UNRESOLVED: Final = (
    "is known only when it is deployed; give its value (a file of parameters, or what `az` shows of it)"
)


def lowered(value: Value | None) -> dict[str, Value]:
    """Return the entries of an object by their names in small letters; of anything else none.

    Of names that differ in case alone nobody knows which one counts.
    """
    data = value.data if value is not None else None
    found: dict[str, Value] = {}
    for key, each in data.items() if isinstance(data, dict) else ():
        low = str(key).lower()
        found[low] = Value(Symbol(f"${{{clipped(low)} twice}}"), each.at) if low in found else each
    return found


def open_(data: Any) -> bool:
    """Say whether a value is known only later."""
    return isinstance(data, Symbol | Unresolved | Ref)


def key_of(endpoint: GivenEndpoint) -> tuple[str, str]:
    """Return what tells an endpoint apart in its profile."""
    return endpoint.name.lower(), endpoint.kind


class Reading:
    """A profile that is being read."""

    def __init__(self, config: Config, given: GivenProfile, ranges: list[int]) -> None:
        self.config, self.given, self.ranges = config, given, ranges

    def profile(self) -> Profile:
        """Make the profile."""
        given = self.given
        found = given.properties
        self._strange(found, _PROFILE | _PROFILE_IDLE)
        method = self._word(found, "trafficroutingmethod", METHODS, "")
        if found.get("trafficroutingmethod", Value(None, given.at)).data is None:
            self.config.unclear(given.at, given.name, f"needs a routing method; give one of {', '.join(METHODS)}")
        status = self._word(found, "profilestatus", ("Enabled", "Disabled"), "Enabled")
        dns = lowered(found.get("dnsconfig"))
        name = dns["relativename"].data if "relativename" in dns else None
        if not isinstance(name, str) and "fqdn" in dns and isinstance(dns["fqdn"].data, str):
            name = dns["fqdn"].data.partition(".")[0]
        endpoints = given.endpoints
        if len(endpoints) > ENDPOINTS:
            why = f"a profile has {ENDPOINTS} endpoints at most; the others are not looked at"
            self.config.unclear(endpoints[ENDPOINTS].at, f"{len(endpoints)} endpoints", why)
            endpoints = endpoints[:ENDPOINTS]
        self._doubles(endpoints)
        ranks = self._ranks(endpoints, method)
        made = [self._endpoint(each, method, rank) for each, rank in zip(endpoints, ranks, strict=True)]
        self._clashes(made)
        return Profile(
            given.name, given.at, given.ids, name if isinstance(name, str) else "", method, status == "Enabled",
            _written(found.get("monitorconfig"), MONITOR_IDLE), tuple(made),
        )  # fmt: skip

    def _doubles(self, endpoints: list[GivenEndpoint]) -> None:
        seen: dict[tuple[str, str], GivenEndpoint] = {}
        for each in endpoints:
            other = seen.setdefault(key_of(each), each)
            if other is not each:
                why = f"stands twice in its profile (first in line {other.at.line} of {other.at.file}); keep one"
                self.config.unclear(each.at, each.name, why)

    def _ranks(self, endpoints: list[GivenEndpoint], method: str) -> list[int]:
        """Return the order in which endpoints are tried: lower ones first, and equal ones in any order."""
        if method not in (PRIORITY, ""):
            return [0] * len(endpoints)
        silent = [each for each in endpoints if each.properties.get("priority", Value(None, each.at)).data is None]
        if len(silent) == len(endpoints) and all(each.inline for each in endpoints):
            return list(range(len(endpoints)))  # "a default priority based on the endpoint order is used"
        if len(silent) == len(endpoints) == 1:
            return [0]
        if silent:
            why = "has no priority, and the order in which endpoints are made is not known; give each one"
            self.config.unclear(silent[0].at, silent[0].name, why)
            return [0] * len(endpoints)
        found = [self._number(each.properties, "priority", 1, 1000, None) for each in endpoints]
        if None in found:
            return [0] * len(endpoints)
        ranks = [each or 0 for each in found]
        for at, each in enumerate(endpoints):
            if ranks.index(ranks[at]) != at:
                why = "no two endpoints of a profile have the same priority; change one"
                self.config.unclear(each.properties["priority"].at, f"priority {ranks[at]} of {each.name}", why)
        return ranks

    def _endpoint(self, given: GivenEndpoint, method: str, rank: int) -> Endpoint:
        found = given.properties
        self._strange(found, _ENDPOINT | ENDPOINT_IDLE)
        self._number(found, "weight", 1, 1000, None)
        served = self._word(found, "alwaysserve", ("Disabled", "Enabled"), "Disabled") == "Enabled"
        nested = given.kind == NESTED
        if served and nested:
            why = "health checks can't be disabled on nested profiles; remove it"
            self.config.unclear(found["alwaysserve"].at, given.name, why)
        if not nested:
            for name in ("minchildendpoints", "minchildendpointsipv4", "minchildendpointsipv6"):
                if name in found and found[name].data:
                    self.config.remark(
                        found[name].at, f"{clipped(given.name)} is no nested endpoint: {name} is ignored"
                    )
        target, resource = self._text(found, "target"), self._text(found, "targetresourceid")
        if not target and not resource:
            what = {AZURE: "targetResourceId", EXTERNAL: "target", NESTED: "targetResourceId"}[given.kind]
            self.config.unclear(given.at, given.name, f"needs a {what}; write it, or give what `az` shows of it")
        low = self._number(found, "minchildendpoints", 1, 1000, None) if nested else None
        return Endpoint(
            given.name, given.kind, given.at, target, resource,
            self._word(found, "endpointstatus", ("Enabled", "Disabled"), "Enabled") == "Enabled", served and not nested,
            rank, self._text(found, "endpointlocation"), tuple(self._codes(given, method)),
            tuple(self._blocks(given, method)), 1 if low is None else low,
            self._number(found, "minchildendpointsipv4", 0, 1000, None) if nested else None,
            self._number(found, "minchildendpointsipv6", 0, 1000, None) if nested else None,
            _written(found.get("customheaders"), frozenset()),
        )  # fmt: skip

    def _codes(self, given: GivenEndpoint, method: str) -> Iterator[tuple[str, Line]]:
        """Yield the regions that are mapped to an endpoint, where the method goes by them."""
        value = given.properties.get("geomapping")
        items = self._items(value, "a list of regions") if value is not None else []
        if method and method != GEOGRAPHIC:
            if items and value is not None:
                text = f"geoMapping of {clipped(given.name)} is a dead fence: routing method {method} ignores it"
                self.config.remark(value.at, text)
            return
        for each in items:
            if open_(each.data) or not isinstance(each.data, str):
                self._lost(each, "a region")
            elif geography.known(code := each.data.upper()):
                yield code, each.at
            else:
                why = "is no region of Traffic Manager; write a code of its hierarchy, such as GEO-EU, DE or US-CA"
                self.config.unclear(each.at, "GB" if code == "UK" else each.data, why)
        if not items and method == GEOGRAPHIC:
            why = "each endpoint of a profile of routing method Geographic needs regions; write them"
            self.config.unclear(given.at, given.name, why)

    def _blocks(self, given: GivenEndpoint, method: str) -> Iterator[Block]:
        value = given.properties.get("subnets")
        items = self._items(value, "a list of subnets") if value is not None else []
        if items and value is not None and method not in (*OVERRIDDEN, ""):
            why = "subnets work with routing methods Subnet, Performance and Geographic alone; remove them"
            self.config.unclear(value.at, f"subnets of {given.name}", why)
            return
        for each in items:
            block = self._block(each)
            self.ranges[0] += 1
            if block is None:
                continue
            if self.ranges[0] > BLOCKS:
                self.config.unclear(each.at, given.name, f"more than {BLOCKS} subnets are not looked at; give fewer")
                return
            yield block

    def _block(self, value: Value) -> Block | None:
        """Read a subnet: its first address with the last one, or with the bits of a mask, or alone."""
        parts = lowered(value)
        first, last, scope = (parts[key].data if key in parts else None for key in ("first", "last", "scope"))
        if any(map(open_, (first, last, scope, value.data))):
            self.config.unclear(value.at, first or "a subnet", _UNRESOLVED)
            return None
        try:
            bits = number(scope)
            if isinstance(first, str) and bits is not None and not last:
                network = ipaddress.ip_network(f"{first}/{bits}")
                return network.version, int(network.network_address), int(network.broadcast_address), value.at
            begin = ipaddress.ip_address(first if isinstance(first, str) else "")
            end = ipaddress.ip_address(last) if isinstance(last, str) and last else begin
            if begin.version == end.version and int(begin) <= int(end) and parts.keys() <= {"first", "last", "scope"}:
                return begin.version, int(begin), int(end), value.at
        except ValueError:
            pass
        text = " ".join(f"{key} {each.data}" for key, each in parts.items())
        self.config.unclear(value.at, text or "a subnet", "is no subnet: write its first address, and last or scope")
        return None

    def _clashes(self, made: list[Endpoint]) -> None:
        """Tell regions and subnets that two endpoints have."""
        codes: dict[str, Endpoint] = {}
        for each in made:
            for code, at in each.codes:
                other = codes.setdefault(code, each)
                if other is not each and each.enabled and other.enabled:
                    why = "a region can be mapped to one endpoint of a profile, and either may answer; keep one"
                    self.config.unclear(at, f"{code}: {each.name}, {other.name}", why)
        ranges = sorted(
            ((*block, each) for each in made if each.enabled for block in each.blocks), key=lambda one: one[:3]
        )
        before: tuple[int, int, int, Line, Endpoint] | None = None
        for one in ranges:
            if before and before[0] == one[0] and one[1] <= before[2] and one[4] is not before[4]:
                why = "subnets of two endpoints overlap, and either may answer; correct one"
                self.config.unclear(one[3], f"{one[4].name}, {before[4].name}", why)
            if before is None or before[0] != one[0] or one[2] > before[2]:
                before = one

    def _items(self, value: Value, what: str) -> list[Value]:
        if value.data is None:
            return []
        if isinstance(value.data, list):
            return value.data
        self._lost(value, what)
        return []

    def _strange(self, found: Mapping[str, Value], known: frozenset[str]) -> None:
        for name, value in found.items():
            if name not in known and value.data not in (None, "", [], {}, False):
                self.config.unclear(value.at, name, UNKNOWN)

    def _lost(self, value: Value, what: str) -> None:
        data = value.data
        if isinstance(data, Unresolved):
            self.config.unclear(value.at, data.text, data.why)
        elif open_(data):
            self.config.unclear(value.at, str(data), _UNRESOLVED)
        else:
            text = shown(str(data)) if isinstance(data, str | int) else "…"
            self.config.unclear(value.at, text, f"is no {what.removeprefix('a ')}; correct it")

    def _word(self, found: Mapping[str, Value], name: str, known: tuple[str, ...], default: str) -> str:
        value = found.get(name)
        if value is None or value.data is None:
            return default
        word = value.data.lower() if isinstance(value.data, str) and not open_(value.data) else None
        for each in known:
            if each.lower() == word:
                return each
        self._lost(value, f"{name} that is known ({', '.join(known)})")
        return default

    def _number(self, found: Mapping[str, Value], name: str, low: int, high: int, default: int | None) -> int | None:
        value = found.get(name)
        if value is None or value.data is None:
            return default
        amount = number(value.data) if not open_(value.data) else None
        if isinstance(amount, int) and low <= amount <= high:
            return amount
        if amount == 0 and name == "weight":
            return default  # older answers of the API have it where nothing was given
        self._lost(value, f"{name} from {low} to {high}")
        return default

    def _text(self, found: Mapping[str, Value], name: str) -> str:
        return held(self._whole(found, name))

    def _whole(self, found: Mapping[str, Value], name: str) -> str:
        value = found.get(name)
        data = value.data if value is not None else None
        if isinstance(data, Symbol):
            return data
        if isinstance(data, Unresolved):
            return Symbol(f"${{{data.text}}}")
        if isinstance(data, Ref):
            return Symbol(f"${{{data}}}")
        if isinstance(data, str):
            text = data.strip()
            if name == "target" and not is_address(text):
                return text.rstrip(".").lower()
            return str(ipaddress.ip_address(text)) if name == "target" else text
        return ""


def _written(value: Value | None, without: frozenset[str]) -> str:
    """Write settings of probes so that equal ones are written alike."""
    if value is None or value.data in (None, "", [], {}):
        return ""
    data = value.data
    if isinstance(data, dict):
        parts = sorted((str(key).lower(), each) for key, each in data.items() if str(key).lower() not in without)
        inner = ((key, _written(each, without)) for key, each in parts)
        return ", ".join(f"{key} {text}" for key, text in inner if text)
    if isinstance(data, list):
        return f"[{'; '.join(_written(each, without) for each in data)}]"
    return str(data)
