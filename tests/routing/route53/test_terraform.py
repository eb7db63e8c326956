"""Record sets of Terraform, from its files, plans and states."""

import json
from typing import Any

from auditor.routing.collect import collect
from auditor.routing.store import Kept
from tests.routing.route53.zones import Tree, answers, client, texts_of, unread, ways

CODE = """\
variable "domain" {
  default = "example.com"
}

resource "aws_route53_zone" "main" {
  name = var.domain
}

resource "aws_lb" "eu" {}

resource "aws_route53_health_check" "eu" {
  fqdn          = "eu.${var.domain}"
  port          = 443
  type          = "HTTPS"
  resource_path = "/up"
}

resource "aws_route53_health_check" "both" {
  type                   = "CALCULATED"
  child_health_threshold = 1
  child_healthchecks     = [aws_route53_health_check.eu.id]
}

resource "aws_route53_record" "eu" {
  zone_id         = aws_route53_zone.main.zone_id
  name            = "www"
  type            = "A"
  set_identifier  = "eu"
  health_check_id = aws_route53_health_check.both.id

  geolocation_routing_policy {
    continent = "EU"
  }

  alias {
    name                   = aws_lb.eu.dns_name
    zone_id                = aws_lb.eu.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "rest" {
  zone_id        = aws_route53_zone.main.zone_id
  name           = "www"
  type           = "A"
  set_identifier = "rest"
  ttl            = 60
  records        = ["192.0.2.1"]

  geolocation_routing_policy {
    country = "*"
  }
}

resource "aws_route53_record" "apex" {
  zone_id = aws_route53_zone.main.zone_id
  name    = ""
  type    = "A"

  alias {
    name                   = aws_route53_record.eu.fqdn
    zone_id                = aws_route53_zone.main.zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "weighted" {
  for_each       = { a = 1, b = 0 }
  zone_id        = aws_route53_zone.main.zone_id
  name           = "w.${var.domain}"
  type           = "A"
  set_identifier = each.key
  records        = ["192.0.2.${each.value + 2}"]

  weighted_routing_policy {
    weight = each.value
  }
}
"""
LB = "${aws_lb.eu.dns_name}"


def test_code_is_read_with_its_lines() -> None:
    routing = texts_of({"main.tf": CODE.encode()})
    assert unread(routing) == []
    eu, lines = "www.example.com A EU/DE", CODE.splitlines()
    assert ways(routing, eu) == {LB: [], "192.0.2.1": ["host:eu.example.com"]}
    assert answers(routing, eu, f"target:{LB}") == {"192.0.2.1"}
    assert lines[client(routing, eu).at.line - 1] == 'resource "aws_route53_record" "eu" {'
    assert ways(routing, "example.com A EU/DE") == ways(routing, eu)
    assert ways(routing, "w.example.com A *") == {"192.0.2.3": []}
    assert lines[routing.faults["host:eu.example.com"].at.line - 1].startswith(
        'resource "aws_route53_health_check" "eu"'
    )


def test_what_a_variable_leaves_open_is_told() -> None:
    code = CODE.replace('  default = "example.com"\n', "").replace('continent = "EU"', "continent = var.where")
    routing = texts_of({"main.tf": f'{code}variable "where" {{}}\n'.encode()})
    lines = code.splitlines()
    told = {lines[each.at.line - 1].strip() for each in routing.unread}
    assert any(line.startswith(("continent", "geolocation_routing_policy")) for line in told)
    assert {each.root is None for each in routing.clients if each.name.startswith("www ")} == {False}


def resource(kind: str, label: str, /, **values: Any) -> Tree:
    return {"address": f"{kind}.{label}", "mode": "managed", "type": kind, "name": label, "values": values}


def record(name: str, ident: str, value: str, **more: Any) -> Tree:
    return resource(
        "aws_route53_record", name, zone_id="Z1", name="www.example.com", type="A", ttl=60, records=[value],
        set_identifier=ident, alias=[], multivalue_answer_routing_policy=None, weighted_routing_policy=[],
        latency_routing_policy=[], allow_overwrite=None, timeouts=None, **more,
    )  # fmt: skip


def test_a_plan_is_read_with_its_modules() -> None:
    inner = {"address": "module.dns", "resources": [
        {**record("s", "s", "192.0.2.2", failover_routing_policy=[{"type": "SECONDARY"}]),
         "address": "module.dns.aws_route53_record.s"}]}  # fmt: skip
    plan = {
        "format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": {"root_module": {
            "resources": [
                resource("aws_route53_health_check", "h", type="TCP", ip_address="192.0.2.9", port=443, disabled=False,
                         invert_healthcheck=None, tags=None, child_healthchecks=None),
                record("p", "p", "192.0.2.1", failover_routing_policy=[{"type": "PRIMARY"}], health_check_id="hc-1")],
            "child_modules": [inner]}},
    }  # fmt: skip
    text = json.dumps(plan, indent=1)
    routing = texts_of({"plan.json": text.encode()})
    assert unread(routing) == []
    assert ways(routing, "www.example.com A *") == {"192.0.2.1": [], "192.0.2.2": ["check:hc-1"]}
    assert '"aws_route53_record.p"' in "".join(text.splitlines()[routing.sites["192.0.2.1"].at.line - 2 :][:14])


def test_a_state_ties_records_to_checks_by_their_ids() -> None:
    state = {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"resources": [
        resource("aws_route53_health_check", "h", id="hc-1", type="TCP", ip_address="192.0.2.9", port=443),
        record("p", "p", "192.0.2.1", failover_routing_policy=[{"type": "PRIMARY"}], health_check_id="hc-1"),
        record("s", "s", "192.0.2.2", failover_routing_policy=[{"type": "SECONDARY"}], health_check_id=""),
        resource("aws_route53_cidr_location", "l", cidr_collection_id="c1", name="x", cidr_blocks=["192.0.2.0/24"]),
        resource("aws_route53_traffic_policy", "t", name="t", document=json.dumps({
            "AWSPolicyFormatVersion": "2015-10-01", "RecordType": "A", "StartEndpoint": "e",
            "Endpoints": {"e": {"Type": "value", "Value": "192.0.2.5"}}})),
    ]}}}  # fmt: skip
    routing = texts_of({"state.json": json.dumps(state).encode()})
    assert unread(routing) == []
    assert ways(routing, "www.example.com A *") == {"192.0.2.1": [], "192.0.2.2": ["host:192.0.2.9"]}
    assert ways(routing, "e A *") == {"192.0.2.5": []}


def test_a_module_is_read_with_its_caller_though_that_one_is_of_another_cloud() -> None:
    caller = """\
module "dns" {
  source = "./dns"
  where  = "EU"
}

resource "cloudflare_load_balancer" "x" {
  zone_id          = "1"
  name             = "a.example.com"
  fallback_pool_id = "p"
  default_pool_ids = ["p"]
}
"""
    called = """\
variable "where" {}

resource "aws_route53_record" "r" {
  zone_id        = "Z1"
  name           = "www.example.com"
  type           = "A"
  ttl            = 60
  records        = ["192.0.2.1"]
  set_identifier = "r"

  geolocation_routing_policy {
    continent = var.where
  }
}
"""
    store = Kept({"main.tf": caller.encode(), "dns/r.tf": called.encode()})
    found = {each.format: each for each in collect(["main.tf", "dns/r.tf"], store).routings}
    assert set(found) == {"route53", "cloudflare"}
    assert unread(found["route53"]) == []
    assert ways(found["route53"], "www.example.com A EU/DE") == {"192.0.2.1": []}
    assert client(found["route53"], "www.example.com A NA/US").root is None
