"""Terraform: the resources of the provider azurerm that make profiles and endpoints, from HCL, plans and states.

azurerm_traffic_manager_profile, _azure_endpoint, _external_endpoint, _nested_endpoint, and of versions before 3
azurerm_traffic_manager_endpoint (documentation of the provider).
"""

import re
from collections.abc import Mapping
from typing import Final

from auditor.routing.addresses import is_address
from auditor.routing.terraform import Configuration, Ref, Resource, Unresolved, Value
from auditor.routing.trafficmanager import hosts
from auditor.routing.trafficmanager import model as ours
from auditor.routing.trafficmanager.model import (
    AZURE,
    EXTERNAL,
    KINDS,
    NESTED,
    Config,
    GivenEndpoint,
    GivenProfile,
    Symbol,
    profile_id,
    suffix,
)

_PROFILE: Final = "azurerm_traffic_manager_profile"
_OLD: Final = "azurerm_traffic_manager_endpoint"
_ENDPOINTS: Final = {
    "azurerm_traffic_manager_azure_endpoint": AZURE,
    "azurerm_traffic_manager_external_endpoint": EXTERNAL,
    "azurerm_traffic_manager_nested_endpoint": NESTED,
    _OLD: "",
}
WORD: Final = re.compile(rb"azurerm_traffic_manager_|microsoft\.network/trafficmanagerprofiles", re.I)
_API: Final = ("azapi_resource", "azapi_update_resource", "azapi_resource_action")
_TEMPLATES: Final = (
    "azurerm_resource_group_template_deployment", "azurerm_subscription_template_deployment",
    "azurerm_management_group_template_deployment", "azurerm_tenant_template_deployment",
    "azurerm_template_deployment",
)  # fmt: skip

_COMMON: Final = frozenset(
    "id name resource_group_name tags timeouts fqdn profile_id profile_name type resource_group location".split()
)
_NAMES: Final[Mapping[str, str]] = {
    "profile_status": "profilestatus", "traffic_routing_method": "trafficroutingmethod", "dns_config": "dnsconfig",
    "monitor_config": "monitorconfig", "max_return": "maxreturn", "traffic_view_enabled": "trafficviewenrollmentstatus",
    "record_type": "recordtype", "target": "target", "target_resource_id": "targetresourceid", "weight": "weight",
    "priority": "priority", "endpoint_location": "endpointlocation", "endpoint_status": "endpointstatus",
    "endpoint_monitor_status": "endpointmonitorstatus", "geo_mappings": "geomapping", "subnet": "subnets",
    "custom_header": "customheaders", "min_child_endpoints": "minchildendpoints",
    "minimum_child_endpoints": "minchildendpoints", "minimum_required_child_endpoints_ipv4": "minchildendpointsipv4",
    "minimum_required_child_endpoints_ipv6": "minchildendpointsipv6",
}  # fmt: skip
"""What attributes are called in the API, in small letters."""
_SWITCHES: Final = {"enabled": "endpointstatus", "always_serve_enabled": "alwaysserve"}
_BLOCKS: Final = frozenset({"dns_config", "monitor_config"})
_EXISTS: Final = "whether it exists, or how often, is not known; give the plan as JSON (terraform show -json)"


def read(terraform: Configuration, config: Config) -> None:
    """Take the resources of a configuration into ours."""
    config.unread += terraform.unread
    config.remarks += terraform.assumptions("azurerm_traffic_manager_", *_API, *_TEMPLATES)
    for made in terraform.of(_PROFILE, *_ENDPOINTS, *_API, *_TEMPLATES):
        if made.type in _API:
            _api(made, config)
            continue
        if made.type in _TEMPLATES:
            _template(made, config)
            continue
        if made.exists is not None:
            config.unclear(made.at, made.address, _EXISTS)
        if made.type == _PROFILE:
            config.given.append(GivenProfile(_name(made), (made.address, *_ids(made)), _properties(made), made.at))
        else:
            _endpoint(made, terraform, config)


def _api(made: Resource, config: Config) -> None:
    kind = made.attributes.get("type")
    if kind is None or not isinstance(kind.data, str) or ours.suffix(kind.data).startswith(profile_id("").rstrip("/")):
        why = "resources of azapi are not read; give what `az network traffic-manager profile show` prints"
        config.unclear(made.at, made.address, why)


def _template(made: Resource, config: Config) -> None:
    """Tell a template that is deployed, unless it is known to make nothing of ours."""
    value = made.attributes.get("template_content") or made.attributes.get("template_body")
    text = value.data if value is not None and isinstance(value.data, str) else None
    if text is None or WORD.search(text.encode()) or "microsoft.resources/deployments" in text.lower():
        why = "templates in Terraform are not read; give what `az network traffic-manager profile show` prints"
        config.unclear(made.at, made.address, why)


def _name(made: Resource) -> str:
    value = made.attributes.get("name")
    return value.data if value is not None and isinstance(value.data, str) else made.address


def _ids(made: Resource) -> tuple[str, ...]:
    """Return what else a profile is named by: its id, where it is known, or its name."""
    value = made.attributes.get("id")
    if value is not None and isinstance(value.data, str):
        return (value.data,)
    name = made.attributes.get("name")
    return (profile_id(name.data),) if name is not None and isinstance(name.data, str) else ()


def _properties(made: Resource) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in made.attributes.items():
        if name in _COMMON:
            continue
        if name in _SWITCHES:
            found[_SWITCHES[name]] = _switch(value)
        elif name in _BLOCKS:
            blocks = value.data if isinstance(value.data, list) else [value]
            if len(blocks) == 1:
                parts = blocks[0].data
                inner = (
                    {str(key).replace("_", ""): each for key, each in parts.items()}
                    if isinstance(parts, dict)
                    else parts
                )
                found[_NAMES[name]] = Value(inner, blocks[0].at)
            elif blocks:
                found[name] = value  # stands twice, which the provider refuses
        else:
            found[_NAMES.get(name, name)] = _plain(value)
    return found


def _switch(value: Value) -> Value:
    data = value.data
    if data in (True, "true"):
        return Value("Enabled", value.at)
    return Value("Disabled", value.at) if data in (False, "false") else _plain(value)


def _plain(value: Value) -> Value:
    """Return a value, with lists as such: a block that stands alone is a list of one."""
    data = value.data
    if isinstance(data, dict):
        return Value([value], value.at)
    return Value(Symbol(f"${{{data}}}"), value.at) if isinstance(data, Ref) else value


def _endpoint(made: Resource, terraform: Configuration, config: Config) -> None:
    kind = _ENDPOINTS[made.type]
    if not kind:
        given = made.attributes.get("type")
        kind = KINDS.get(given.data.lower(), "") if given is not None and isinstance(given.data, str) else ""
        if not kind:
            config.unclear(made.at, made.address, "needs a type of endpoint: one of the three; write it")
            return
    properties = _properties(made)
    if "targetresourceid" in properties:
        properties["targetresourceid"] = _target(made.attributes["target_resource_id"], terraform, config)
    target = made.attributes.get("target")
    if kind == EXTERNAL and target is not None and isinstance(target.data, Ref):
        host = terraform.find(target.data)  # what it is called is known only later, and where it is perhaps now
        if host is not None:
            properties["targetresourceid"] = Value(host.address, target.at)
            config.resources[suffix(host.address)] = _place(host)
    endpoint = GivenEndpoint(_name(made), kind, properties, made.at, inline=False)
    config.loose.append((_profile(made, terraform), endpoint))


def _target(value: Value, terraform: Configuration, config: Config) -> Value:
    """Return the id of what an endpoint leads to, or the address of its resource; and note where that is."""
    data = value.data
    refs = data.refs if isinstance(data, Unresolved) else (data,) if isinstance(data, Ref) else ()
    found = terraform.find(refs[0]) if len(refs) == 1 and refs[0].attribute in ("id", "") else None
    if isinstance(data, str):
        found = next((each for each in terraform.resources if _is(each, data)), None)
    if found is not None:
        ident = data if isinstance(data, str) else found.address
        if found.type != _PROFILE:
            config.resources[suffix(ident)] = _place(found)
        return Value(ident, value.at)
    return Value(
        data if isinstance(data, str) else Symbol(f"${{{refs[0] if len(refs) == 1 else _text(data)}}}"), value.at
    )


def _text(data: object) -> str:
    return data.text if isinstance(data, Unresolved) else str(data)


def _is(made: Resource, ident: str) -> bool:
    value = made.attributes.get("id")
    return value is not None and isinstance(value.data, str) and value.data.lower() == ident.lower()


def _place(made: Resource) -> ours.Resource:
    """Say where a resource is, as far as its attributes do."""

    def told(*names: str) -> str:
        values = (made.attributes.get(name) for name in names)
        return next((each.data for each in values if each is not None and isinstance(each.data, str)), "")

    address = told("ip_address")
    return ours.Resource(
        told("name") or made.address, hosts.declared(told("location")), told("fqdn", "default_hostname"),
        address if is_address(address) else "",
    )  # fmt: skip


def _profile(made: Resource, terraform: Configuration) -> str:
    """Return what names the profile of an endpoint."""
    value = made.attributes.get("profile_id") or made.attributes.get("profile_name")
    data = value.data if value is not None else None
    refs = data.refs if isinstance(data, Unresolved) else (data,) if isinstance(data, Ref) else ()
    if len(refs) == 1 and terraform.find(refs[0]) is not None:
        return refs[0].address
    if isinstance(data, str):
        return data if "/" in data else profile_id(data)
    return f"${{{_text(data)}}}" if data is not None else made.address


__all__ = ["WORD", "read"]
