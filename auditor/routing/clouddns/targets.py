"""What record sets answer: values, load balancers and endpoints, out of values in the spelling of the API."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from auditor.enrich import regions
from auditor.routing.clouddns.records import ADDRESSES, BALANCER, ENDPOINT, MOST, PLAIN, Config, Target
from auditor.routing.clouddns.sources import Things
from auditor.routing.clouddns.spelling import empty
from auditor.routing.terraform import Ref, Unresolved, Value
from auditor.routing.terraform.nodes import MADE
from auditor.routing.terraform.values import shown

UNKNOWN: Final = "is not known here; remove it, or ask for a newer release"
OPEN: Final = "is only known elsewhere; give the plan as JSON (terraform show -json)"

_CHECKED: Final = frozenset({"kind", "internalLoadBalancers", "externalEndpoints"})
_BALANCER: Final = frozenset({
    "kind", "loadBalancerType", "ipAddress", "port", "ipProtocol", "networkUrl", "project", "region",
})  # fmt: skip
_HINT: Final = re.compile(r"\"?(ipv[46]hint|key0*[46])=?(.*)", re.IGNORECASE)
_HINTS: Final = "is a hint in other words; write ipv4hint= or ipv6hint= with addresses"
_GLOBAL: Final = "globalL7ilb"
_TYPES: Final = ("regionalL4ilb", "regionalL7ilb", _GLOBAL, "none")


LONGEST: Final = 2_000
"""Characters of a name that is kept whole, for every class of clients repeats it; the DNS has 253 at most."""


def named(text: str) -> str:
    """Return a name as record sets are compared by it: `www.Example.com.` is `www.example.com`."""
    if len(text) > LONGEST:
        text = f"{text[:200]}… {sha256(text.encode(errors='replace')).hexdigest()}"
    return text if text.startswith("${") else text.lower().removesuffix(".")


@dataclass(slots=True)
class Place:
    """A record set that is being read."""

    label: str
    type: str
    check: str


class Targets:
    """Reads what record sets answer, and tells what is not understood."""

    def __init__(self, things: Things, config: Config) -> None:
        self.things, self.config = things, config

    def text(self, value: Value | None) -> str:
        """Return what stands there as text, or what stands for it."""
        data = None if value is None else value.data
        if isinstance(data, Ref):
            return f"${{{data}}}"
        if isinstance(data, Unresolved):
            return f"${{{data.text}}}"
        if isinstance(data, bool) or data is None or isinstance(data, list | dict):
            return ""
        return str(data)

    def others(self, data: Mapping[str, Value], known: frozenset[str]) -> None:
        """Tell what is not known."""
        for key, value in data.items():
            if key not in known and not empty(value):
                self.config.unclear(value.at, str(key), UNKNOWN)

    def hole(self, value: Value | None) -> bool:
        """Tell a value that is not known; say whether it is one."""
        data = None if value is None else value.data
        if isinstance(data, Unresolved):
            self.config.unread.append(data.unread)
        elif isinstance(data, Ref) and value is not None:
            self.config.unclear(value.at, f"${{{data}}}", OPEN)
        return isinstance(data, Ref | Unresolved)

    def each(self, value: Value | None, place: Place) -> Iterator[Value]:
        """Yield the values of a list; one that is not known stands for any number."""
        if value is None or empty(value):
            return
        if isinstance(value.data, Ref | Unresolved):
            yield value
        elif isinstance(value.data, list):
            yield from value.data[:MOST]
            if len(value.data) > MOST:
                self.config.unclear(value.at, place.label, "more values than Cloud DNS takes; remove some")
        else:
            self.config.unclear(value.at, place.label, "values are a list; correct it")

    def plain(self, value: Value | None, place: Place, label: str) -> tuple[Target, ...]:
        """Read values that nobody checks."""
        found: dict[str, Target] = {}
        for each in self.each(value, place):
            name = self.end(each, place.type, place)
            if name and name not in found:
                found[name] = self.target(name, each, place, label)
            for hint in islice(self.hints(each, place), MOST + 1):
                if len(found) > MOST:
                    self.config.unclear(each.at, place.label, "more hints than anybody follows; remove some")
                    break
                found.setdefault(hint, self.target(hint, each, place, label))
        return tuple(found.values())

    def hints(self, value: Value, place: Place) -> Iterator[str]:
        """Yield the addresses at which a value hints (RFC 9460, section 7.3); with a priority of 0 it has none."""
        parts = self.text(value).split()
        if place.type not in ("HTTPS", "SVCB") or isinstance(value.data, Ref | Unresolved) or parts[:1] == ["0"]:
            return
        for each in parts[2:]:
            found = _HINT.match(each)
            for text in found[2].strip('"').split(",") if found else ():
                try:
                    if found and found[1].lower().startswith("key"):
                        raise ValueError
                    yield str(ipaddress.ip_address(text))
                except ValueError:
                    self.config.unclear(value.at, f"{place.label}: {each}", _HINTS)
                    return

    def end(self, value: Value, kind: str, place: Place) -> str:
        """Return the address or the host to which a value leads; empty: it is none."""
        data = value.data
        if isinstance(data, Ref | Unresolved):
            if isinstance(data, Unresolved) and data.why != MADE:  # else somewhere that is open by itself
                self.config.unread.append(data.unread)
            return self.text(value)
        text = self.text(value)
        parts = text.split()
        if kind in ADDRESSES:
            try:
                made = ipaddress.IPv4Address(text) if kind == "A" else ipaddress.IPv6Address(text)
                if "%" not in text:
                    return str(made)
            except ValueError:
                pass
        elif (kind == "CNAME" and len(parts) == 1) or (kind != "CNAME" and len(parts) >= (4 if kind == "SRV" else 2)):
            host = parts[0] if kind == "CNAME" else parts[3] if kind == "SRV" else parts[1]
            if host == ".":  # the service is not there (RFC 2782), or is at the name itself (RFC 9460)
                if kind in ("HTTPS", "SVCB"):
                    return place.label.rpartition(" ")[0]
                return ""
            return named(host)
        self.config.unclear(value.at, f"{place.label}: {text}", f"is no value of type {kind}; correct it")
        return ""

    def target(self, name: str, value: Value, place: Place, label: str, **more: Any) -> Target:
        pool = self.config.pool(" ".join(filter(None, (place.label, label))) + f" -> {name}")
        if isinstance(value.data, Ref) and "region" not in more:
            more["region"] = self.things.regions.get(value.data.address, "")
        return Target(pool, shown(name) if name.startswith("${") else name, value.at, **more)

    def checked(self, value: Value | None, place: Place, label: str) -> tuple[Target, ...]:
        """Read targets whose health is checked."""
        if empty(value):
            return ()
        assert value is not None
        if self.hole(value) or not isinstance(value.data, dict):
            if not isinstance(value.data, Ref | Unresolved):
                self.config.unclear(value.at, place.label, "targets that are checked are an object; correct it")
            return ()
        self.others(value.data, _CHECKED)
        found: dict[tuple[str, str, str], Target] = {}
        for each in self.each(value.data.get("internalLoadBalancers"), place):
            made = self.balancer(each, place, label)
            if made is not None:
                found.setdefault((made.checked, made.host, made.how), made)
        for each in self.each(value.data.get("externalEndpoints"), place):
            name = self.end(each, place.type, place)
            key = (ENDPOINT, name, place.check)
            if name and key not in found:
                found[key] = self.target(name, each, place, label, checked=ENDPOINT, how=place.check)
        if place.type not in ADDRESSES:
            self.config.unclear(value.at, place.label, "targets are checked for the types A and AAAA alone; correct it")
            return tuple(replace(each, checked=PLAIN) for each in found.values())
        return tuple(found.values())

    def balancer(self, value: Value, place: Place, label: str) -> Target | None:
        if self.hole(value) or not isinstance(value.data, dict):
            if not isinstance(value.data, Ref | Unresolved):
                self.config.unclear(value.at, place.label, "a load balancer is an object; correct it")
            return None
        data = value.data
        self.others(data, _BALANCER)
        given = data.get("ipAddress")
        if given is None:
            self.config.unclear(value.at, place.label, "a load balancer needs an ipAddress; give it one")
            return None
        name = self.end(given, place.type, place)
        if not name:
            return None
        kind = self.text(data.get("loadBalancerType"))
        if kind and kind not in _TYPES and not self.hole(data.get("loadBalancerType")):
            self.config.unclear(data["loadBalancerType"].at, kind, f"is none of {', '.join(_TYPES[:3])}; correct it")
        region = f"gcp/{self.text(data.get('region'))}"
        where = {"region": ""} if kind == _GLOBAL else {"region": region} if regions.countries(region) else {}
        how = " ".join(filter(None, (self.text(data.get(key)) for key in ("ipProtocol", "port"))))
        return self.target(
            name, given, place, label, checked=BALANCER, network=_network(self.text(data.get("networkUrl"))),
            how=how, **where,
        )  # fmt: skip


def _network(url: str) -> str:
    """Return the one spelling of a network's address."""
    found = re.search(r"(?:^|/)(projects/[^/]+/global/networks/[^/]+)$", url)
    return found[1] if found else url
