"""CloudFormation templates, as YAML or JSON, with the values of their parameters where they are given.

AWS::Route53::RecordSet, RecordSetGroup, HealthCheck, HostedZone and CidrCollection ("Template reference").  Parameters
are given as `aws cloudformation --parameters` takes them, or in a template configuration file of CodePipeline.
"""

from collections.abc import Mapping
from typing import Any, Final

from auditor.routing.documents import Document
from auditor.routing.model import Line
from auditor.routing.route53 import listing
from auditor.routing.route53.checks import check
from auditor.routing.route53.elements import record
from auditor.routing.route53.intrinsics import Template
from auditor.routing.route53.records import GEO, Config, Place, Symbol, clipped, named, text

PREFIX: Final = "AWS::Route53::"
SET, GROUP, CHECK, ZONE, BLOCKS = (
    f"{PREFIX}{kind}" for kind in ("RecordSet", "RecordSetGroup", "HealthCheck", "HostedZone", "CidrCollection")
)
_MACROS: Final = ("AWS::LanguageExtensions", "AWS::Serverless", "AWS::CodeDeployBlueGreen", "AWS::SecretsManager")
"""Macros that make no record sets out of resources which are none (SAM does so only of domains)."""
_DEPLOYED: Final = "whether it exists is known only when it is deployed; give the values of its condition"


def sniff(tree: Any) -> bool:
    """Say whether a document is a template with something of Route 53."""
    if not isinstance(tree, dict) or not isinstance(tree.get("Resources"), dict):
        return False
    return any(_made(each) for each in tree["Resources"].values())


def _made(resource: Any) -> bool:
    return isinstance(resource, dict) and text(resource.get("Type")).startswith(PREFIX)


def parameters(tree: Any) -> dict[str, str] | None:
    """Return the values of parameters that a document gives; None: it gives none."""
    if isinstance(tree, list) and tree and all(isinstance(each, dict) and "ParameterKey" in each for each in tree):
        return {
            text(each["ParameterKey"]): text(each["ParameterValue"])
            for each in tree
            if each.get("ParameterValue") is not None
        }
    if isinstance(tree, dict) and set(tree) <= {"Parameters", "Tags", "StackPolicy"}:
        given = tree.get("Parameters")
        if isinstance(given, dict) and given and all(isinstance(each, str | int | float) for each in given.values()):
            return {key: text(each) for key, each in given.items()}
    return None


def read(document: Document, config: Config, given: Mapping[str, str], alone: bool) -> None:
    """Take a template into a configuration; `alone` says whether it is the only one."""
    reading = _Reading(document, config, Template(document.tree, given, "" if alone else f" ({document.file})"))
    reading.macros()
    private: dict[str, Line] = {}
    for name, resource in reading.template.resources.items():
        if name.startswith("Fn::"):
            config.unclear(
                reading.at("Resources", name)(), name, "makes resources by a loop; give the processed template"
            )
        elif isinstance(resource, dict):
            reading.resource(name, resource, private)
    reading.privately(private)


class _Reading:
    """A template that is being read."""

    def __init__(self, document: Document, config: Config, template: Template) -> None:
        self.document, self.config, self.template = document, config, template
        self.zones: dict[str, list[Line]] = {}

    def at(self, *path: str | int) -> Place:
        return listing.place(self.document, *path)

    def macros(self) -> None:
        """Tell macros, which may make anything of a template."""
        named_ = self.document.tree.get("Transform")
        for each in named_ if isinstance(named_, list) else [named_] if named_ is not None else []:
            if not text(each).startswith(_MACROS):
                self.config.unclear(
                    self.at()("Transform"), text(each), "a macro changes this template; give the processed template"
                )

    def resource(self, name: str, resource: dict[str, Any], private: dict[str, Line]) -> None:
        kind = text(resource.get("Type"))
        at = self.at("Resources", name)
        if kind.startswith("AWS::Serverless::") and "Route53" in _inner(resource, "Properties", "Domain"):
            self.config.unclear(at(), name, "makes record sets of a domain; give the processed template")
        if not kind.startswith(PREFIX):
            return
        if "Condition" in resource:
            exists = self.template.condition(text(resource["Condition"]))
            if exists is False:
                return
            if exists is None:
                self.config.unclear(at("Condition"), name, _DEPLOYED)
        given = resource.get("Properties")
        properties = self.template.value(given if isinstance(given, dict) else {})
        if not isinstance(properties, dict):
            self.config.unclear(at("Properties"), name, "properties must be a mapping; write them out")
            return
        self.made(kind, name, properties, private)

    def made(self, kind: str, name: str, given: dict[str, Any], private: dict[str, Line]) -> None:
        """Take a resource whose values are known as far as they are."""
        at = self.at("Resources", name, "Properties")
        if kind == SET:
            record(self.config, given, at, zone=self.zone(given, {}))
        elif kind == GROUP:
            sets = given.get("RecordSets")
            if not isinstance(sets, list):
                self.config.unclear(at("RecordSets"), name, "its record sets are not known; write them out")
                return
            for index, each in enumerate(sets):
                where = self.at("Resources", name, "Properties", "RecordSets", index)
                if isinstance(each, dict):
                    record(self.config, each, where, zone=self.zone(each, given))
                else:
                    self.config.unclear(where(), f"{name}: {each}", "a record set must be a mapping; write it out")
        elif kind == CHECK:
            config = given.get("HealthCheckConfig")
            if isinstance(config, dict):
                here = self.at("Resources", name, "Properties", "HealthCheckConfig")
                # the health check itself is known by the line of its name
                check(self.config, self.template.ident(name), config, _own(self.at("Resources", name), here))
            else:
                self.config.unclear(at(), name, "needs a HealthCheckConfig; write it out")
        elif kind == BLOCKS:
            self.blocks(name, given)
        elif kind == ZONE and isinstance(given.get("Name"), str):
            self.config.apexes.add(named(given["Name"]))
        if kind == ZONE and given.get("VPCs"):
            private[_zone(given.get("Name"))] = at("VPCs")
            private[f"${{{name}}}"] = at("VPCs")

    def zone(self, given: dict[str, Any], group: dict[str, Any]) -> str:
        """Tell zones apart by what names them."""
        for source in (given, group):
            for key in ("HostedZoneId", "HostedZoneName"):
                if source.get(key) is not None:
                    if key == "HostedZoneName":
                        self.config.apexes.add(named(text(source[key])))
                    return _zone(source[key])
        return ""

    def blocks(self, name: str, given: dict[str, Any]) -> None:
        locations = given.get("Locations")
        for index, each in enumerate(locations if isinstance(locations, list) else []):
            at = self.at("Resources", name, "Properties", "Locations", index)
            blocks = each.get("CidrList") if isinstance(each, dict) else None
            if not isinstance(blocks, list) or isinstance(each.get("LocationName"), Symbol):
                self.config.unclear(at(), name, "its blocks are not known; write them out")
                continue
            for block in blocks:
                listing.add_block(
                    self.config, self.template.ident(name), text(each.get("LocationName")), text(block), at()
                )

    def privately(self, private: dict[str, Line]) -> None:
        """Tell geolocation in private zones, which goes by the region of the network that asks."""
        for (zone, *_), group in self.config.records.items():
            for each in group:
                if zone in private and each.policy == GEO and each.at.file == self.document.file:
                    self.config.unclear(
                        each.at, each.label,
                        "a private zone answers by the region of the network that asks; review it by hand",
                    )  # fmt: skip


def _own(name: Place, inner: Place) -> Place:
    return lambda *path: inner(*path) if path else name()


def _zone(value: Any) -> str:
    return clipped(str(named(text(value))))


def _inner(tree: Any, *path: str) -> Any:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}
