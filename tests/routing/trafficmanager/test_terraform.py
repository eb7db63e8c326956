"""Profiles and endpoints of Terraform, from its files, plans and states."""

import json
from typing import Any

import pytest

from auditor.routing.collect import collect
from auditor.routing.store import Kept
from tests.routing.trafficmanager.profiles import Tree, answers, clients, ident, texts, unread, ways

CODE = """\
variable "prefix" {
  default = "meet"
}

resource "azurerm_resource_group" "g" {
  name     = "g"
  location = "West Europe"
}

resource "azurerm_public_ip" "eu" {
  name     = "ip-eu"
  location = azurerm_resource_group.g.location
}

resource "azurerm_traffic_manager_profile" "top" {
  name                   = "${var.prefix}-top"
  resource_group_name    = azurerm_resource_group.g.name
  traffic_routing_method = "Geographic"

  dns_config {
    relative_name = "${var.prefix}-top"
    ttl           = 30
  }

  monitor_config {
    protocol = "HTTPS"
    port     = 443
    path     = "/"
  }
}

resource "azurerm_traffic_manager_profile" "eu" {
  name                   = "${var.prefix}-eu"
  resource_group_name    = azurerm_resource_group.g.name
  traffic_routing_method = "Priority"

  dns_config {
    relative_name = "${var.prefix}-eu"
    ttl           = 30
  }

  monitor_config {
    protocol = "HTTPS"
    port     = 443
    path     = "/"
  }
}

resource "azurerm_traffic_manager_nested_endpoint" "eu" {
  name                    = "europe"
  profile_id              = azurerm_traffic_manager_profile.top.id
  target_resource_id      = azurerm_traffic_manager_profile.eu.id
  minimum_child_endpoints = 1
  geo_mappings            = ["GEO-EU"]
}

resource "azurerm_traffic_manager_external_endpoint" "world" {
  name         = "world"
  profile_id   = azurerm_traffic_manager_profile.top.id
  target       = "world.example.net"
  geo_mappings = ["WORLD"]

  subnet {
    first = "198.51.100.0"
    scope = "24"
  }
}

resource "azurerm_traffic_manager_azure_endpoint" "first" {
  name               = "first"
  profile_id         = azurerm_traffic_manager_profile.eu.id
  target_resource_id = azurerm_public_ip.eu.id
  priority           = 1
}

resource "azurerm_traffic_manager_external_endpoint" "second" {
  for_each   = { a = 2, b = 3 }
  name       = each.key
  profile_id = azurerm_traffic_manager_profile.eu.id
  target     = "${each.key}.example.net"
  priority   = each.value
  enabled    = each.key == "a"
}
"""


def test_code_is_read_with_its_lines() -> None:
    routing = texts(main__tf=CODE)
    assert unread(routing) == []
    assert ways(routing, "meet-top DE") == {"ip-eu": [], "a.example.net": ["target:azurerm_public_ip.eu"]}
    assert ways(routing, "meet-top CN") == {"world.example.net": []}
    assert clients(routing, "meet-top subnets of world")[0].networks == ("198.51.100.0/24",)
    assert routing.sites["ip-eu"].region == "azure/westeurope"
    lines = CODE.splitlines()
    assert lines[routing.sites["a.example.net"].at.line - 1].endswith('"second" {')
    assert lines[clients(routing, "meet-top DE")[0].at.line - 1].strip().startswith("geo_mappings")


def test_what_a_variable_leaves_open_is_told() -> None:
    code = (
        CODE.replace('["GEO-EU"]', "var.codes")
        .replace('"Priority"', "var.method")
        .replace("priority           = 1", "")
    )
    routing = texts(main__tf=f'{code}variable "codes" {{}}\nvariable "method" {{}}\n')
    lines = code.splitlines()
    told = {lines[each.at.line - 1].strip().partition(" ")[0] for each in routing.unread}
    assert told == {"geo_mappings", "traffic_routing_method", "resource"}


def test_the_old_endpoint_and_blocks_that_are_not_known() -> None:
    code = """\
resource "azurerm_traffic_manager_profile" "p" {
  name                   = "p"
  traffic_routing_method = "Weighted"
  monitor_config {
    protocol = "http"
  }
}
resource "azurerm_traffic_manager_endpoint" "e" {
  name            = "e"
  profile_name    = azurerm_traffic_manager_profile.p.name
  type            = "externalEndpoints"
  target          = "e.example.net"
  endpoint_status = "Enabled"
  weight          = 100
}
resource "azurerm_traffic_manager_endpoint" "n" {
  name                = "n"
  profile_name        = "p"
  type                = "nestedEndpoints"
  target_resource_id  = data.azurerm_traffic_manager_profile.x.id
  min_child_endpoints = 1
  shape               = "round"
}
resource "azapi_resource" "more" {
  type = "Microsoft.Network/trafficmanagerprofiles@2022-04-01"
}
"""
    routing = texts(main__tf=code)
    assert answers(routing, "p *") == {"e", "${data"}
    assert unread(routing) == [
        "resources of azapi are not read; give what `az network traffic-manager profile show` prints",
        "this property is not known; remove it, or ask for a newer release",
        "the profile to which it leads is not in these files; give it",
    ]


@pytest.mark.parametrize("kind", ["azapi_resource", "azapi_update_resource", "azapi_resource_action"])
def test_what_else_changes_profiles_is_told(kind: str) -> None:
    code = f'{CODE}\nresource "{kind}" "more" {{\n  type = "Microsoft.Network/trafficManagerProfiles@2022-04-01"\n}}\n'
    assert [why.partition(" are not read")[0] for why in unread(texts(main__tf=code))] == ["resources of azapi"]


def test_what_other_resources_make_of_profiles_is_told() -> None:
    more = """
resource "azapi_update_resource" "more" {
  type = "Microsoft.Network/trafficManagerProfiles@2022-04-01"
}
resource "azurerm_resource_group_template_deployment" "mail" {
  template_content = jsonencode({ resources = [{ type = "Microsoft.Network/publicIPAddresses", name = "x" }] })
}
resource "azurerm_resource_group_template_deployment" "ours" {
  template_content = jsonencode({ resources = [{ type = "Microsoft.Network/TrafficManagerProfiles", name = "x" }] })
}
resource "azurerm_subscription_template_deployment" "spec" {
  template_spec_version_id = "/subscriptions/0"
}
"""
    routing = texts(main__tf=CODE + more)
    assert sorted(each.text for each in routing.unread) == [
        "azapi_update_resource.more",
        "azurerm_resource_group_template_deployment.ours",
        "azurerm_subscription_template_deployment.spec",
    ]


def test_where_a_target_is_that_is_called_later() -> None:
    code = CODE.replace('target       = "world.example.net"', "target       = azurerm_public_ip.eu.fqdn")
    routing = texts(main__tf=code)
    assert unread(routing) == []
    assert ways(routing, "meet-top CN") == {"ip-eu": []}
    assert routing.sites["ip-eu"].region == "azure/westeurope"


def made(kind: str, name: str, /, **values: Any) -> Tree:
    kind = f"azurerm_{kind}"
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def test_a_state_ties_endpoints_to_profiles_and_addresses_by_ids() -> None:
    address = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/ip"
    resources = [
        made("public_ip", "ip", id=address, name="ip", location="westeurope", ip_address="192.0.2.1", fqdn=None),
        made("traffic_manager_profile", "p", id=ident("p"), name="p", traffic_routing_method="Weighted", tags=None),
        made("traffic_manager_azure_endpoint", "e", name="e", profile_id=ident("p"), target_resource_id=address,
             subnet=[], always_serve_enabled=True, enabled=True, weight=1, geo_mappings=None, custom_header=[]),
    ]  # fmt: skip
    state = {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"resources": resources}}}
    routing = texts(state__json=json.dumps(state))
    assert unread(routing) == []
    assert ways(routing, "p *") == {"ip": []}
    assert (routing.sites["ip"].addresses, routing.sites["ip"].region) == (("192.0.2.1",), "azure/westeurope")


def test_a_plan_with_its_code_follows_what_is_known_only_later() -> None:
    profile = made("traffic_manager_profile", "p", name="p", traffic_routing_method="Weighted")
    endpoint = made("traffic_manager_external_endpoint", "e", name="e", target="e.example.net", enabled=True)
    changes = [{"address": endpoint["address"], "change": {"after_unknown": {"profile_id": True, "id": True}}}]
    references = ["azurerm_traffic_manager_profile.p.id", "azurerm_traffic_manager_profile.p"]
    config = [{"address": endpoint["address"], "expressions": {"profile_id": {"references": references}}}]
    plan = {
        "format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes,
        "planned_values": {"root_module": {"resources": [profile, endpoint]}},
        "configuration": {"root_module": {"resources": config}},
    }  # fmt: skip
    routing = texts(plan__json=json.dumps(plan))
    assert unread(routing) == []
    assert ways(routing, "p *") == {"e.example.net": []}


def test_one_module_may_be_of_several_formats() -> None:
    record = """
resource "aws_route53_record" "r" {
  zone_id = "Z1"
  name    = "api.example.com"
  type    = "A"
  records = ["192.0.2.1"]
  ttl     = 60
}
"""
    files = {"main.tf": (CODE + record).encode(), "x.tfvars": b'prefix = "other"\n'}
    found = collect(["main.tf", "x.tfvars"], Kept(files))
    assert {each.format for each in found.routings} == {"route53", "trafficmanager"}
    (ours,) = [each for each in found.routings if each.format == "trafficmanager"]
    assert clients(ours, "other-top DE")
    assert [each.name for each in ours.files] == ["main.tf", "x.tfvars"]
