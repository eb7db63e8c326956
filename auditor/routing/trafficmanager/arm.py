"""Templates of Azure Resource Manager: profiles with their endpoints, and where the things are to which these lead.

"Understand the structure and syntax of ARM templates", "Set name and type for child resources", "Conditional
deployment", "Resource iteration", "Using linked and nested templates".  What `az bicep build` makes of Bicep is one.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from auditor.routing.documents import Document
from auditor.routing.model import Line
from auditor.routing.terraform.values import Value, of_json
from auditor.routing.trafficmanager import hosts
from auditor.routing.trafficmanager.expressions import Scope
from auditor.routing.trafficmanager.model import (
    Config,
    GivenEndpoint,
    GivenProfile,
    Resource,
    Symbol,
    clipped,
    endpoint_kind,
    is_profile,
    profile_id,
    suffix,
)
from auditor.routing.trafficmanager.parse import lowered

TEMPLATE: Final = re.compile(r"deploymentTemplate\.json#?$", re.I)
PARAMETERS: Final = re.compile(r"deploymentParameters\.json#?$", re.I)
DEPLOYMENT: Final = "microsoft.resources/deployments"
TURN: Final = 250
"""What a resource in a loop is taken to cost, as `Scope.affords` counts it."""
NESTED: Final = 20
"""Templates in templates."""

_DEPLOYED: Final = "whether it exists, or how often, is known only when it is deployed; give the values of parameters"
_KNOWN: Final = frozenset(
    """type apiversion name properties location tags dependson condition copy comments resources metadata scope kind sku
    identity zones existing id""".split()
)


def sniff(tree: Any) -> bool:
    """Say whether a document is a template with profiles or endpoints, however deep, or with resources of any type."""
    stack = [tree] if is_template(tree) else []
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack += each
        elif isinstance(each, dict):
            kind = each.get("type")
            if isinstance(kind, str) and (_ours(kind.partition("@")[0]) or _is_expression(kind, each)):
                return True
            stack += [inner for inner in each.values() if isinstance(inner, list | dict)]
    return False


def _is_expression(kind: str, resource: Mapping[str, Any]) -> bool:
    """Say whether the type of a resource is an expression."""
    return kind.startswith("[") and not kind.startswith("[[") and any(key.lower() == "apiversion" for key in resource)


def _ours(kind: str) -> bool:
    return is_profile(kind) or bool(endpoint_kind(kind))


def is_template(tree: Any) -> bool:
    """Say whether a document is a template of any resources."""
    schema = tree.get("$schema") if isinstance(tree, dict) else None
    return isinstance(schema, str) and bool(TEMPLATE.search(schema))


def parameters(document: Document) -> dict[str, Value] | None:
    """Return the values of a file of parameters; None: it is none."""
    tree = document.tree
    schema = tree.get("$schema") if isinstance(tree, dict) else None
    if not isinstance(schema, str) or not PARAMETERS.search(schema):
        return None
    root = of_json(tree, document.marks, document.file)
    return _given(lowered(lowered(root).get("parameters", Value(None, root.at))))


def _given(named: Mapping[str, Value]) -> dict[str, Value]:
    """Return what parameters are given: a value each, or a secret, which nobody tells."""
    found = {name: lowered(each) for name, each in named.items()}
    return {
        name: parts.get("value") or Value(Symbol(f"${{parameters('{name}')}}"), named[name].at)
        for name, parts in found.items()
    }


def read(document: Document, config: Config, given: Mapping[str, Value]) -> None:
    """Take a template into a configuration."""
    _Reading(config).template(of_json(document.tree, document.marks, document.file), given, 0)


class _Reading:
    """Templates that are being read, one in the other."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.effort = [0, 0]  # of all templates together

    def template(self, root: Value, given: Mapping[str, Value], deep: int, outer: Scope | None = None) -> None:
        parts = lowered(root)
        variables = lowered(parts.get("variables"))
        scope = outer or Scope(lowered(parts.get("parameters")), given, variables, effort=self.effort)
        loops = variables.get("copy")
        if outer is None and loops is not None and isinstance(loops.data, list):
            made = scope.value(Value({"copy": loops}, loops.at))
            for name, value in lowered(made).items():
                scope.known[f"variables {name}"] = value
        resources = parts.get("resources")
        if resources is not None:
            self.all(resources, scope, "", "", deep)

    def all(self, resources: Value, scope: Scope, kind: str, name: str, deep: int) -> None:
        """Take resources, in a list or by their symbolic names."""
        data = resources.data
        if not isinstance(data, list | dict):
            self.config.unclear(resources.at, "resources", "which resources there are is not known; write them out")
            return
        for each in data.values() if isinstance(data, dict) else data:
            if isinstance(each.data, dict):
                self.copies(each, scope, kind, name, deep)
            else:
                self.config.unclear(each.at, str(each.data)[:100], "is no resource; write it out")

    def copies(self, value: Value, scope: Scope, kind: str, name: str, deep: int) -> None:
        """Take a resource as often as it is copied; `kind` and `name` are those of the resource around it."""
        parts = lowered(value)
        loop = lowered(parts.get("copy"))
        if not loop:
            self.resource(value, parts, scope, kind, name, deep)
            return
        count = scope.count(loop.get("count"))
        label = loop["name"].data if "name" in loop and isinstance(loop["name"].data, str) else ""
        if count is None:
            if _matters(parts):
                self.config.unclear(parts["copy"].at, "copy", _DEPLOYED)
            self.resource(value, parts, scope, kind, name, deep)
        for number in range(count or 0):
            if not scope.affords(TURN):
                self.config.unclear(parts["copy"].at, "copy", "makes more resources than can be looked at; make fewer")
                return
            self.resource(value, parts, scope.turn(label, number), kind, name, deep)

    def resource(self, value: Value, parts: dict[str, Value], scope: Scope, around: str, above: str, deep: int) -> None:
        kind, name = self.text(parts, "type", scope), self.text(parts, "name", scope)
        if around and not kind.lower().startswith(around.lower()):
            kind, name = f"{around}/{kind}", type(name)(f"{above}/{name}")
        where = parts["name"].at if "name" in parts else value.at
        ours = _ours(kind)
        if "@" in kind and not isinstance(kind, Symbol):  # as extensions write it: type and version in one
            if _matters(parts):
                why = "a type with its version is not read; write type and apiVersion apart, or give what `az` shows"
                self.config.unclear(parts["type"].at, clipped(kind), why)
            return
        if isinstance(kind, Symbol):
            self.config.unclear(parts["type"].at, kind, "a type of resource that is not known; write it out")
        existing = "existing" in parts and parts["existing"].data is True
        if ours and not existing and "existing" in parts and parts["existing"].data not in (None, False):
            self.config.unclear(parts["existing"].at, clipped(name), "`existing` is true or false; correct it")
        if "condition" in parts:
            exists = scope.value(parts["condition"]).data
            if exists is False:
                return
            if exists is not True and (ours or kind.lower() == DEPLOYMENT):
                self.config.unclear(parts["condition"].at, clipped(name), _DEPLOYED)
        if ours and not existing:
            for key, each in parts.items():
                if key not in _KNOWN:
                    self.config.unclear(each.at, key, "is no part of a resource that is known; remove it")
        if existing:
            pass
        elif is_profile(kind):
            self.profile(name, parts, scope, where)
        elif endpoint_kind(kind):
            profile, _, own = name.rpartition("/")
            found = self.properties(parts, scope)
            endpoint = GivenEndpoint(own, endpoint_kind(kind), found, where, inline=False)
            self.config.loose.append((profile_id(profile), endpoint))
        elif kind.lower() == DEPLOYMENT:
            self.deployment(name, parts, scope, deep)
        else:
            self.place(kind, name, parts, scope)
        if "resources" in parts:
            self.all(parts["resources"], scope, kind, name, deep)

    def text(self, parts: dict[str, Value], key: str, scope: Scope) -> str:
        data = scope.value(parts[key]).data if key in parts else None
        return data if isinstance(data, str) else ""

    def properties(self, parts: dict[str, Value], scope: Scope) -> dict[str, Value]:
        if "properties" not in parts:
            return {}
        found = scope.value(parts["properties"])
        if not isinstance(found.data, dict):
            self.config.unclear(found.at, str(found.data)[:100], "properties are known only when it is deployed")
        return lowered(found)

    def profile(self, name: str, parts: dict[str, Value], scope: Scope, at: Line) -> None:
        found = self.properties(parts, scope)
        given = GivenProfile(name, (profile_id(name),), found, at)
        self.config.given.append(given)
        endpoints(self.config, given, found.get("endpoints"))

    def place(self, kind: str, name: str, parts: dict[str, Value], scope: Scope) -> None:
        """Note where a resource is to which endpoints may lead."""
        kinds, names = kind.split("/"), name.split("/")
        if len(kinds) - 1 != len(names) or not name:
            return
        pairs = "/".join(f"{one}/{other}" for one, other in zip(kinds[1:], names, strict=True))
        region = hosts.declared(self.text(parts, "location", scope))
        self.config.resources[suffix(f"/{kinds[0]}/{pairs}")] = Resource(name, region)

    def deployment(self, name: str, parts: dict[str, Value], scope: Scope, deep: int) -> None:
        """Take the template in a deployment."""
        found = lowered(parts.get("properties"))
        options = lowered(found.get("expressionevaluationoptions"))
        chosen = scope.value(options["scope"]) if "scope" in options else None
        inner = chosen is not None and str(chosen.data).lower() == "inner"
        if chosen is not None and str(chosen.data).lower() not in ("inner", "outer", "notspecified"):
            why = "whether its template has parameters of its own is not known; write `inner` or `outer`"
            self.config.unclear(chosen.at, clipped(name) or "a deployment", why)
        if "template" not in found or deep >= NESTED:
            at = found["templatelink"].at if "templatelink" in found else parts["type"].at
            why = "what a linked template makes is not known; give that template"
            self.config.unclear(at, clipped(name) or "a deployment", why)
            return
        if not isinstance(found["template"].data, dict):
            why = "which template this is is known only when it is deployed; give that template"
            self.config.unclear(found["template"].at, clipped(name) or "a deployment", why)
            return
        given = _given(lowered(scope.value(found["parameters"]))) if "parameters" in found else {}
        self.template(found["template"], given if inner else {}, deep + 1, None if inner else scope)


def _matters(parts: Mapping[str, Value]) -> bool:
    """Say whether a resource may make profiles or endpoints."""
    kind = parts["type"].data if "type" in parts else ""
    told = isinstance(kind, str) and not kind.startswith("[")
    kind = kind.partition("@")[0] if isinstance(kind, str) else ""
    return not told or _ours(kind) or kind.lower() == DEPLOYMENT


def endpoints(config: Config, profile: GivenProfile, value: Value | None) -> None:
    """Take the endpoints that stand in a profile."""
    if value is None or value.data is None:
        return
    if not isinstance(value.data, list):
        why = "which endpoints it has is known only when it is deployed; give the values, or what `az` shows of it"
        config.unclear(value.at, f"endpoints of {profile.name}", why)
        return
    for each in value.data:
        parts = lowered(each)
        kind = parts["type"].data if "type" in parts else ""
        known = endpoint_kind(kind) if isinstance(kind, str) else ""
        if not known:
            config.unclear(
                each.at, str(kind)[:100] or "an endpoint", "is no type of an endpoint; write one of the three"
            )
            continue
        inner = lowered(parts["properties"]) if "properties" in parts else without(parts)
        name = parts.get("name") or each
        text = name.data if isinstance(name.data, str) else ""
        profile.endpoints.append(GivenEndpoint(text, known, inner, name.at))


def without(parts: Mapping[str, Value]) -> dict[str, Value]:
    """Return the properties of what `az` shows, which stand beside what every resource has."""
    common = "id name type location tags resourcegroup etag systemdata apiversion".split()
    return {key: value for key, value in parts.items() if key not in common}
