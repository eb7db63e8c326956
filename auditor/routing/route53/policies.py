"""Traffic policies: documents from which Route 53 makes a tree of record sets.

"Traffic policy document format" (Amazon Route 53 API Reference).  Each rule becomes a group of records, as Route 53
makes them: an item that names another rule or a resource of AWS is an alias record, any other is a record with a
value.  What an item means that does not say EvaluateTargetHealth is not documented: both are possible.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing import jsontext
from auditor.routing.documents import MAX_DEPTH, Document
from auditor.routing.model import Line
from auditor.routing.route53 import hosts, listing
from auditor.routing.route53.elements import record
from auditor.routing.route53.records import Config, Place, flag, text

VERSION: Final = "AWSPolicyFormatVersion"
_ITEMS: Final = {
    "geo": "Locations", "geoproximity": "GeoproximityLocations", "latency": "Regions", "multivalue": "Items",
    "weighted": "Items",
}  # fmt: skip
_TOP: Final = frozenset({VERSION, "RecordType", "StartRule", "StartEndpoint", "Endpoints", "Rules"})
_WAY: Final = frozenset({"EndpointReference", "RuleReference", "EvaluateTargetHealth", "HealthCheck"})
_OWN: Final = {
    "failover": frozenset[str](),
    "geo": frozenset({"IsDefault", "Continent", "Country", "Subdivision"}),
    "geoproximity": frozenset({"Region", "Location", "Latitude", "Longitude", "Bias"}),
    "latency": frozenset({"Region"}),
    "multivalue": frozenset[str](),
    "weighted": frozenset({"Weight"}),
}
_VALUE: Final = "value"
_KINDS: Final = (
    "cloudfront", "application-load-balancer", "elastic-load-balancer", "network-load-balancer", "elastic-beanstalk",
    "s3-website",
)  # fmt: skip
_REGION: Final = "aws:route53:"


def sniff(tree: Any) -> bool:
    """Say whether a document is a traffic policy, or the API's answer that holds one."""
    if not isinstance(tree, dict):
        return False
    held = tree.get("TrafficPolicy")
    if isinstance(held, dict):
        return isinstance(held.get("Document"), str)
    return VERSION in tree and ("Rules" in tree or "Endpoints" in tree)


def read(document: Document, config: Config, name: str = "") -> None:
    """Take a policy into a configuration.  Raise InputError for a document within an answer that is no JSON."""
    tree = document.tree
    if isinstance(tree.get("TrafficPolicy"), dict):
        held = tree["TrafficPolicy"]
        line = document.line("TrafficPolicy", "Document")
        policy(config, written(held["Document"], document.file, line), lambda *_: Line(document.file, line),
               name or text(held.get("Name")) or document.file)  # fmt: skip
    else:
        policy(config, tree, listing.place(document), name or document.file)


def written(document: str, file: str, line: int) -> Any:
    """Return the tree of a document that stands as text in another one."""
    try:
        trees = [tree for tree, _ in jsontext.values(document, file, MAX_DEPTH)]
    except InputError as error:
        raise InputError(file, f"the document of a traffic policy {error.message}", line) from None
    if len(trees) != 1 or not isinstance(trees[0], dict):
        raise InputError(file, "the document of a traffic policy must be one JSON object; correct it", line)
    return trees[0]


def policy(config: Config, tree: dict[str, Any], at: Place, name: str) -> None:
    """Take the tree of a policy into a configuration, as a zone of its own."""
    for key in tree:
        if key not in _TOP:
            config.unclear(at(key), key, "is no part of a traffic policy; remove it")
    reading = _Reading(config, tree, at, f"traffic policy {name}")
    start, endpoint = text(tree.get("StartRule")), text(tree.get("StartEndpoint"))
    if bool(start) == bool(endpoint):
        config.unclear(at(), name, "needs either a StartRule or a StartEndpoint; write one")
    elif endpoint:
        reading.add(endpoint, {"EndpointReference": endpoint}, lambda *_: at("StartEndpoint"), {})
    else:
        reading.rules(start)


class _Reading:
    """A policy that is being read."""

    def __init__(self, config: Config, tree: dict[str, Any], at: Place, zone: str) -> None:
        self.config, self.at, self.zone = config, at, zone
        config.policies.add(zone)
        self.kind = text(tree.get("RecordType"))
        self.endpoints, self.all_rules = _mapping(tree.get("Endpoints")), _mapping(tree.get("Rules"))

    def rules(self, start: str) -> None:
        """Take a rule and all to which it leads."""
        seen = {start}
        stack = [start]
        while stack:
            ident = stack.pop()
            for number, (item, at) in enumerate(self.items(ident), 1):
                follow = text(item.get("RuleReference"))
                if follow and follow not in seen:
                    seen.add(follow)
                    stack.append(follow)
                self.item(ident, item, at, number)

    def items(self, ident: str) -> Iterator[tuple[dict[str, Any], Place]]:
        """Yield the items of a rule."""
        rule = self.all_rules.get(ident)
        if not isinstance(rule, dict) or text(rule.get("RuleType")) not in _OWN:
            self.config.unclear(
                self.at("Rules", ident),
                ident,
                "is no rule of this policy that is known; define it, or correct its type",
            )
            return
        key = _ITEMS.get(rule["RuleType"])
        for other in rule:
            if other not in ("RuleType", *((key,) if key else ("Primary", "Secondary"))):
                self.config.unclear(self.at("Rules", ident, other), other, "is no part of such a rule; remove it")
        found: list[tuple[Any, tuple[str | int, ...]]]
        if key is None:
            found = [(rule[role], (role,)) for role in ("Primary", "Secondary") if rule.get(role) is not None]
        else:
            listed = rule.get(key)
            found = [(each, (key, index)) for index, each in enumerate(listed if isinstance(listed, list) else [])]
        if not found:
            self.config.unclear(self.at("Rules", ident), ident, "leads nowhere; write its items")
        for item, path in found:
            at = self.below("Rules", ident, *path)
            if isinstance(item, dict):
                yield item, at
            else:
                self.config.unclear(at(), str(item), "must be a mapping; write it out")

    def below(self, *path: str | int) -> Place:
        return lambda *inner: self.at(*path, *inner)

    def item(self, ident: str, item: dict[str, Any], at: Place, number: int) -> None:
        rule = self.all_rules[ident]
        kind = rule["RuleType"]
        for key in item:
            if key not in _WAY and key not in _OWN[kind]:
                self.config.unclear(at(key), key, "is no part of an item of such a rule; remove it")
                return
        made: dict[str, Callable[[], dict[str, Any]]] = {
            "failover": lambda: {"Failover": "PRIMARY" if item is rule.get("Primary") else "SECONDARY"},
            "geo": lambda: {"GeoLocation": _location(item)},
            "geoproximity": lambda: {"GeoProximityLocation": {"AWSRegion": _near(item)}},
            "latency": lambda: {"Region": text(item.get("Region"))},
            "multivalue": lambda: {"MultiValueAnswer": True},
            "weighted": lambda: {"Weight": item.get("Weight", "")},
        }
        self.add(ident, item, at, {**made[kind](), "SetIdentifier": f"item {number}"})

    def add(self, ident: str, item: dict[str, Any], at: Place, given: dict[str, Any]) -> None:
        """Take an item as the record that Route 53 makes of it."""
        endpoint, follow = text(item.get("EndpointReference")), text(item.get("RuleReference"))
        if bool(endpoint) == bool(follow):
            self.config.unclear(at(), ident, "needs either an EndpointReference or a RuleReference; write one")
            return
        where = at("EndpointReference" if endpoint else "RuleReference")
        made: dict[str, Any] = {"Name": ident, "Type": self.kind, **given}
        if item.get("HealthCheck"):
            made["HealthCheckId"] = item["HealthCheck"]
        target = follow if follow else self.endpoint(endpoint, where, made)
        if target:
            made["AliasTarget"] = {"DNSName": target, "EvaluateTargetHealth": item.get("EvaluateTargetHealth")}
        if target is not None:
            record(self.config, made, lambda *_: where, zone=self.zone, silent=None)

    def endpoint(self, ident: str, at: Line, made: dict[str, Any]) -> str | None:
        """Return the name of the resource at an endpoint; empty: it is a value, which is noted; None: there is none."""
        endpoint = self.endpoints.get(ident)
        kind = text(endpoint.get("Type")) if isinstance(endpoint, dict) else ""
        if not isinstance(endpoint, dict) or kind not in (_VALUE, *_KINDS) or not text(endpoint.get("Value")):
            self.config.unclear(at, ident, "is no endpoint of this policy that is known; define it with type and value")
            return None
        value, region = text(endpoint["Value"]), text(endpoint.get("Region"))
        if kind == _VALUE:
            made["ResourceRecords"] = [{"Value": value}]
            return ""
        return value if hosts.ours(value.lower().removesuffix(".")) else f"{value}.s3-website.{region}.amazonaws.com"


def _location(item: dict[str, Any]) -> dict[str, Any]:
    if flag(item.get("IsDefault")) or item.get("Country") == "*":
        return {"CountryCode": "*"}
    keys = {"ContinentCode": "Continent", "CountryCode": "Country", "SubdivisionCode": "Subdivision"}
    return {to: item[key] for to, key in keys.items() if item.get(key)}


def _near(item: dict[str, Any]) -> str:
    location = item.get("Location")
    name = location.get("LocationName") if isinstance(location, dict) else item.get("Region")
    return text(name).removeprefix(_REGION)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
