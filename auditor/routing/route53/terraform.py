"""Terraform: the resources of the AWS provider that make record sets, from HCL, plans and states.

aws_route53_record, aws_route53_health_check, aws_route53_cidr_location, aws_route53_traffic_policy and aws_route53_zone
(documentation of the provider).  Names are completed by the name of their zone, as the provider does it.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from auditor.routing.model import Line
from auditor.routing.route53 import listing, policies
from auditor.routing.route53.checks import check
from auditor.routing.route53.elements import record
from auditor.routing.route53.records import Config, Place, Resource, Symbol, named, text
from auditor.routing.terraform import Configuration, Ref, Unresolved, Value
from auditor.routing.terraform import Resource as Made

SET, CHECK, BLOCKS, POLICY, ZONE, COLLECTION = (
    f"aws_route53_{kind}"
    for kind in ("record", "health_check", "cidr_location", "traffic_policy", "zone", "cidr_collection")
)
WORD: Final = b"aws_route53_"

_IDLE: Final = tuple(
    f"aws_route53_{kind}"
    for kind in "delegation_set hosted_zone_dnssec key_signing_key query_log resolver_ vpc_association_ zone_as".split()
)
_SILENT: Final = frozenset({"id", "fqdn", "allow_overwrite", "timeouts", "zone_id", "ttl", "name", "type", "region"})
_BLOCKS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "alias": ("AliasTarget", {
        "name": "DNSName", "zone_id": "HostedZoneId", "evaluate_target_health": "EvaluateTargetHealth"}),
    "geolocation_routing_policy": ("GeoLocation", {
        "continent": "ContinentCode", "country": "CountryCode", "subdivision": "SubdivisionCode"}),
    "geoproximity_routing_policy": ("GeoProximityLocation", {
        "aws_region": "AWSRegion", "bias": "Bias", "coordinates": "Coordinates", "local_zone_group": "LocalZoneGroup"}),
    "cidr_routing_policy": ("CidrRoutingConfig", {"collection_id": "CollectionId", "location_name": "LocationName"}),
    "failover_routing_policy": ("Failover", {"type": ""}),
    "latency_routing_policy": ("Region", {"region": ""}),
    "weighted_routing_policy": ("Weight", {"weight": ""}),
}  # fmt: skip
"""Blocks, the elements of the API that they are, and the same of what stands in them; empty: the block's one value."""
_PLAIN: Final = {
    "records": "ResourceRecords", "set_identifier": "SetIdentifier", "health_check_id": "HealthCheckId",
    "multivalue_answer_routing_policy": "MultiValueAnswer",
}  # fmt: skip
_CHECK: Final = {
    "type": "Type", "fqdn": "FullyQualifiedDomainName", "ip_address": "IPAddress", "port": "Port",
    "resource_path": "ResourcePath", "search_string": "SearchString", "request_interval": "RequestInterval",
    "failure_threshold": "FailureThreshold", "measure_latency": "MeasureLatency", "invert_healthcheck": "Inverted",
    "disabled": "Disabled", "child_healthchecks": "ChildHealthChecks", "child_health_threshold": "HealthThreshold",
    "enable_sni": "EnableSNI", "regions": "Regions", "routing_control_arn": "RoutingControlArn",
    "insufficient_data_health_status": "InsufficientDataHealthStatus",
}  # fmt: skip
_NO_PROBE: Final = frozenset({
    "cloudwatch_alarm_name", "cloudwatch_alarm_region", "reference_name", "triggers", "tags", "tags_all", "id", "arn",
    "region",
})  # fmt: skip
_EXISTS: Final = "whether it exists, or how often, is not known; give the plan as JSON (terraform show -json)"
_DUALSTACK: Final = re.compile(r'"?dualstack\.\$\{[^{}]*\}"?')
_EMPTY: Final[tuple[Any, ...]] = (None, "", [])


def read(terraform: Configuration, config: Config) -> None:
    """Take the resources of a configuration into ours."""
    reading = _Reading(terraform, config)
    config.unread += terraform.unread
    config.remarks += terraform.assumptions(WORD.decode())
    _others(terraform, config)
    for each in terraform.of(SET, CHECK, BLOCKS, POLICY):
        if each.exists is not None:
            config.unclear(each.at, each.address, _EXISTS)
        {SET: reading.set, CHECK: reading.check, BLOCKS: reading.blocks, POLICY: reading.policy}[each.type](each)


def _others(terraform: Configuration, config: Config) -> None:
    """Tell what else of Route 53 there is: it may make records too, as `aws_route53_records_exclusive` does."""
    policies = any(True for _ in terraform.of(POLICY))
    for each in terraform.resources:
        if not each.managed or each.at.file not in terraform.given or not each.type.startswith(WORD.decode()):
            continue
        if each.type in (SET, CHECK, BLOCKS, POLICY, ZONE, COLLECTION) or each.type.startswith(_IDLE):
            continue
        if not (policies and each.type == f"{POLICY}_instance"):
            config.unclear(each.at, each.address, "this kind of resource is not known here; write its records out")


class _Reading:
    """A configuration that is being read."""

    def __init__(self, terraform: Configuration, config: Config) -> None:
        self.terraform, self.config = terraform, config

    def plain(self, value: Value | None, ident: bool = False) -> Any:
        """Return what a value is, as far as that is known; `ident` says whether ids of resources are wanted."""
        data = None if value is None else value.data
        if isinstance(data, Ref):
            return self.referred(data, ident)
        if isinstance(data, Unresolved):
            whole = len(data.refs) == 1 and _DUALSTACK.fullmatch(data.text)
            return Resource(f"dualstack.${{{data.refs[0]}}}") if whole else Symbol(f"${{{data.text}}}")
        if isinstance(data, list):
            return [self.plain(each, ident) for each in data]
        if isinstance(data, dict):
            return {str(key): self.plain(each, ident) for key, each in data.items()}
        return float(data) if isinstance(data, Fraction) else data

    def referred(self, ref: Ref, ident: bool) -> Any:
        """Return what stands for an attribute that only the provider knows."""
        if ident and ref.attribute == "id":
            return ref.address
        made = self.terraform.find(ref)
        if made is not None and made.type == SET and ref.attribute in ("fqdn", "name"):
            return self.name(made)
        return Resource(f"${{{ref}}}") if _kind(ref.address) != SET else Symbol(f"${{{ref}}}")

    def name(self, made: Made) -> Any:
        """Return the name of a record, completed by that of its zone."""
        name = self.plain(made.attributes.get("name"))
        zone = self.zone(made)[1]
        if isinstance(name, Symbol) or not zone:
            return text(name) if not isinstance(name, Symbol) else name
        plain, end = named(text(name)), named(zone)
        return plain if plain.endswith(end) else f"{plain}.{end}" if plain else end

    def zone(self, made: Made) -> tuple[str, str]:
        """Return what tells the zone of a record apart, and the name of the zone; empty: it is not known."""
        value = made.attributes.get("zone_id")
        data = None if value is None else value.data
        if isinstance(data, Ref):
            found = self.terraform.find(data)
            name = self.plain(found.attributes.get("name")) if found is not None else None
            return data.address, name if isinstance(name, str) and not isinstance(name, Symbol) else ""
        for each in self.terraform.resources:
            if each.type == ZONE and isinstance(data, str):
                own = each.attributes.get("zone_id") or each.attributes.get("id")
                name = self.plain(each.attributes.get("name"))
                if own is not None and own.data == data and isinstance(name, str) and not isinstance(name, Symbol):
                    return data, name
        return text(self.plain(value)), ""

    def set(self, made: Made) -> None:
        """Take a record."""
        given: dict[str, Any] = {"Name": self.name(made), "Type": self.plain(made.attributes.get("type"))}
        lines: dict[tuple[str | int, ...], Line] = {}
        for key, value in made.attributes.items():
            if key in _PLAIN:
                known = self.plain(value, ident=key == "health_check_id")
                if known not in _EMPTY:
                    given[_PLAIN[key]] = known
                    lines[_PLAIN[key],] = value.at
            elif key in _BLOCKS:
                self.block(key, value, given, lines)
            elif key not in _SILENT and value.data not in _EMPTY:
                given[key] = self.plain(value)
                lines[key,] = value.at
        zone, name = self.zone(made)
        if name:
            self.config.apexes.add(named(name))
        record(self.config, given, _places(made.at, lines), zone=zone)

    def block(self, key: str, value: Value, given: dict[str, Any], lines: dict[tuple[str | int, ...], Line]) -> None:
        element, inner = _BLOCKS[key]
        blocks = value.data if isinstance(value.data, list) else [value]
        if not blocks or value.data is None:
            return
        data = blocks[0].data
        lines[element,] = blocks[0].at
        if len(blocks) > 1 or not isinstance(data, dict):
            given[element] = Symbol(f"${{{key}}}")
            return
        ident = key == "cidr_routing_policy"
        known = {name: self.plain(each, ident) for name, each in data.items()}
        for name, each in data.items():
            lines[element, inner.get(name, name)] = each.at
        if "" in inner.values():
            (only,) = inner
            given[element] = known.get(only, "")
        else:
            given[element] = {inner.get(name, name): each for name, each in known.items() if each not in _EMPTY}

    def check(self, made: Made) -> None:
        """Take a health check, which is known by its address."""
        given: dict[str, Any] = {}
        lines: dict[tuple[str | int, ...], Line] = {}
        for key, value in made.attributes.items():
            known = self.plain(value, ident=key == "child_healthchecks")
            if key in _NO_PROBE or known in _EMPTY:
                continue
            given[_CHECK.get(key, key)] = known
            lines[_CHECK.get(key, key),] = value.at
        at = _places(made.at, lines)
        check(self.config, made.address, given, at)
        own = made.attributes.get("id")
        if own is not None and isinstance(own.data, str) and made.address in self.config.checks:
            self.config.also[own.data] = made.address

    def blocks(self, made: Made) -> None:
        """Take the blocks of a location of a CIDR collection."""
        collection = text(self.plain(made.attributes.get("cidr_collection_id"), ident=True))
        location, blocks = self.plain(made.attributes.get("name")), made.attributes.get("cidr_blocks")
        if blocks is None or not isinstance(blocks.data, list) or isinstance(location, Symbol):
            self.config.unclear(made.at, made.address, "its blocks are not known; give the plan as JSON")
            return
        for each in blocks.data:
            listing.add_block(self.config, collection, text(location), text(self.plain(each)), each.at)

    def policy(self, made: Made) -> None:
        """Take a traffic policy, whose document is JSON."""
        value = made.attributes.get("document")
        document = self.plain(value)
        if value is None or not isinstance(document, str) or isinstance(document, Symbol):
            self.config.unclear(
                made.at, made.address, "the document of this traffic policy is not known; give the plan as JSON"
            )
            return
        tree = policies.written(document, value.at.file, value.at.line)
        policies.policy(self.config, tree, lambda *_: value.at, made.address)


def _places(whole: Line, lines: Mapping[tuple[str | int, ...], Line]) -> Place:
    """Return what tells the lines of an element: its own, or of the nearest thing around it."""

    def at(*path: str | int) -> Line:
        for end in range(len(path), 0, -1):
            if path[:end] in lines:
                return lines[path[:end]]
        return whole

    return at


def _kind(address: str) -> str:
    """Return the type of the resource that an address names."""
    found = re.search(r"(?:^|\.)(?:data\.)?([a-z][a-z0-9_]*)\.[^.\[]+(?:\[.*\])?$", address)
    return found[1] if found else ""
