"""What `az network traffic-manager profile list` and `show` print, and what the REST API answers and takes.

Properties stand beside the name of a profile (`az`) or under `properties` (REST); a list may be under `value`.  Single
endpoints (`az network traffic-manager endpoint list`) belong to the profile that their id names.
"""

from collections.abc import Iterator
from typing import Any

from auditor.routing.documents import Document
from auditor.routing.terraform.values import Value, of_json
from auditor.routing.trafficmanager.arm import endpoints, without
from auditor.routing.trafficmanager.model import (
    Config,
    GivenEndpoint,
    GivenProfile,
    endpoint_kind,
    is_profile,
    last,
    profile_id,
)
from auditor.routing.trafficmanager.parse import lowered


def sniff(tree: Any) -> bool:
    """Say whether a document is one of these."""
    if isinstance(tree, dict) and isinstance(tree.get("value"), list):
        tree = tree["value"]
    return any(_known(each) for each in (tree if isinstance(tree, list) else [tree]))


def _known(tree: Any) -> bool:
    if not isinstance(tree, dict) or "$schema" in tree:
        return False
    kind = tree.get("type")
    if isinstance(kind, str) and (is_profile(kind) or endpoint_kind(kind)):
        return True
    inner = tree.get("properties")
    inner = inner if isinstance(inner, dict) else tree
    return "trafficRoutingMethod" in inner and ("endpoints" in inner or "dnsConfig" in inner)


def _each(root: Value) -> Iterator[Value]:
    data = root.data
    if isinstance(data, dict) and "value" in data and isinstance(data["value"].data, list):
        data = data["value"].data
    yield from data if isinstance(data, list) else [root]


def read(document: Document, config: Config) -> None:
    """Take a document into a configuration."""
    root = of_json(document.tree, document.marks, document.file)
    following = lowered(root).get("nextlink")
    if following is not None and following.data:
        config.unclear(following.at, "nextLink", "more pages follow; give all of them")
    for each in _each(root):
        parts = lowered(each)
        texts = {key: value.data for key, value in parts.items() if isinstance(value.data, str)}
        found = lowered(parts["properties"]) if "properties" in parts else without(parts)
        at = parts.get("name", each).at
        kind, ident = texts.get("type", ""), texts.get("id", "")
        if endpoint_kind(kind):
            whole = ident.rpartition("/")[0].rpartition("/")[0]
            endpoint = GivenEndpoint(texts.get("name", ""), endpoint_kind(kind), found, at)
            config.loose.append((whole, endpoint))
        elif is_profile(kind) or "trafficroutingmethod" in found:
            dns = lowered(found.get("dnsconfig"))
            name = texts.get("name") or last(ident) or str(dns["relativename"].data if "relativename" in dns else "")
            profile = GivenProfile(name, (ident,) if ident else (profile_id(name),), found, at)
            config.given.append(profile)
            endpoints(config, profile, found.get("endpoints"))
        else:
            why = "is neither a profile nor an endpoint of Traffic Manager; give what `az` shows of these"
            config.unclear(each.at, ", ".join(sorted(parts))[:100] or "no object", why)
