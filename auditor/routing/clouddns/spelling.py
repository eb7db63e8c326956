"""Record sets of Terraform in the spelling of the API: blocks become objects, names lose their underscores."""

from collections.abc import Callable, Mapping
from typing import Final

from auditor.routing.model import Unread
from auditor.routing.terraform import Value, items

_SPELT: Final[Mapping[str, str]] = {
    "health_checked_targets": "healthCheckedTargets", "internal_load_balancers": "internalLoadBalancers",
    "external_endpoints": "externalEndpoints", "load_balancer_type": "loadBalancerType", "ip_address": "ipAddress",
    "ip_protocol": "ipProtocol", "network_url": "networkUrl", "health_check": "healthCheck",
    "dns_name": "dnsName", "source_regions": "sourceRegions",
}  # fmt: skip
_IDLE: Final = frozenset({"id", "timeouts", "ttl", "project", "managed_zone"})
_ONCE: Final = "a block that stands once is expected here; remove the others"


def record_set(value: Value, unread: list[Unread]) -> Value:
    """Write a record set as the API does."""
    told = {key: each for key, each in value.data.items() if key not in _IDLE and key != "routing_policy"}
    blocks = items(value.data.get("routing_policy"))
    if len(blocks) > 1:
        unread.append(Unread(blocks[1].at, "routing_policy", _ONCE))
    if blocks:
        told["routingPolicy"] = _policy(blocks[0])
    return Value(told, value.at)


def _policy(block: Value) -> Value:
    if not isinstance(block.data, dict):
        return block
    told = {_SPELT.get(key, key): each for key, each in block.data.items() if not empty(each)}
    fence = told.pop("enable_geo_fencing", None)
    backup = told.pop("primary_backup", None)
    if "wrr" in told:
        told["wrr"] = Value({"items": _items(told["wrr"])}, told["wrr"].at)
    if "geo" in told or fence is not None:
        told["geo"] = _geo(told.get("geo"), fence)
    if backup is not None:
        told["primaryBackup"] = _once(backup, _backup)
    return Value(told, block.at)


def _geo(listed: Value | None, fence: Value | None) -> Value:
    told = {}
    if listed is not None:
        told["items"] = _items(listed)
    if fence is not None:
        told["enableFencing"] = fence
    return Value(told, next(iter(told.values())).at)


def _backup(data: Mapping[str, Value]) -> dict[str, Value]:
    told = {key: each for key, each in data.items() if not empty(each)}
    fence, primary, geo = (told.pop(key, None) for key in ("enable_geo_fencing_for_backups", "primary", "backup_geo"))
    trickle = told.pop("trickle_ratio", None)
    if primary is not None:
        told["primaryTargets"] = _once(primary, _targets)
    if geo is not None or fence is not None:
        told["backupGeoTargets"] = _geo(geo, fence)
    if trickle is not None:
        told["trickleTraffic"] = trickle
    return told


def _items(listed: Value) -> Value:
    """Write the items of a policy, which are blocks."""
    if not isinstance(listed.data, list | dict):
        return listed
    return Value([_once(each, _item) for each in items(listed)], listed.at)


def _item(data: Mapping[str, Value]) -> dict[str, Value]:
    told = {_SPELT.get(key, key): each for key, each in data.items() if not empty(each)}
    if "healthCheckedTargets" in told:
        told["healthCheckedTargets"] = _once(told["healthCheckedTargets"], _targets)
    return told


def _targets(data: Mapping[str, Value]) -> dict[str, Value]:
    told = {_SPELT.get(key, key): each for key, each in data.items() if not empty(each)}
    balancers = told.get("internalLoadBalancers")
    if balancers is not None and isinstance(balancers.data, list | dict):
        told["internalLoadBalancers"] = Value([_once(each, _spelt) for each in items(balancers)], balancers.at)
    return told


def _spelt(data: Mapping[str, Value]) -> dict[str, Value]:
    return {_SPELT.get(key, key): each for key, each in data.items() if not empty(each)}


def respelt(value: Value) -> Value:
    """Write a block as the API does."""
    return _once(value, _spelt)


def _once(value: Value, write: Callable[[Mapping[str, Value]], dict[str, Value]]) -> Value:
    """Write a block that stands once; whatever else stands there is left for the reader to tell."""
    one = value.data[0] if isinstance(value.data, list) and len(value.data) == 1 else value
    return Value(write(one.data), one.at) if isinstance(one.data, dict) else one


def empty(value: Value | None) -> bool:
    """Say whether nothing stands there: plans write out what a resource leaves out."""
    return value is None or value.data is None or value.data in ("", [], {})
