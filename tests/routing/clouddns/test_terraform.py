"""Record sets of Terraform, from its files, plans and states."""

import json
import random
from typing import Any

from auditor.routing.collect import collect
from auditor.routing.model import Routing
from auditor.routing.reach import prove
from auditor.routing.store import Kept
from tests.routing import clouddns_random
from tests.routing.clouddns.zones import client, texts_of, unread, ways

CODE = """\
variable "name" {
  default = "meet"
}

resource "google_dns_managed_zone" "main" {
  name       = "main"
  dns_name   = "example.com."
  visibility = "private"
}

resource "google_compute_address" "eu" {
  name   = "eu"
  region = "europe-west3"
}

resource "google_compute_instance" "us" {
  name = "us"
  zone = "us-central1-b"

  network_interface {
    network = "default"
    access_config {
    }
  }
}

resource "google_dns_record_set" "geo" {
  name         = "${var.name}.${google_dns_managed_zone.main.dns_name}"
  managed_zone = google_dns_managed_zone.main.name
  type         = "A"
  ttl          = 30

  routing_policy {
    enable_geo_fencing = true

    dynamic "geo" {
      for_each = { "europe-west3" = "10.0.0.1", "us-central1" = "10.0.1.1" }
      content {
        location = geo.key
        health_checked_targets {
          internal_load_balancers {
            load_balancer_type = "regionalL4ilb"
            ip_address         = geo.value
            port               = "443"
            ip_protocol        = "tcp"
            network_url        = google_compute_network.n.id
            project            = "p"
            region             = geo.key
          }
        }
      }
    }
  }
}

resource "google_dns_record_set" "failover" {
  name         = "api.example.com."
  managed_zone = google_dns_managed_zone.main.name
  type         = "A"

  routing_policy {
    primary_backup {
      primary {
        internal_load_balancers {
          ip_address  = google_compute_address.eu.address
          port        = "443"
          ip_protocol = "tcp"
          network_url = "projects/p/global/networks/n"
          project     = "p"
        }
      }
      backup_geo {
        location = "us-central1"
        rrdatas  = [google_compute_instance.us.network_interface[0].access_config[0].nat_ip]
      }
    }
  }
}
"""


def line(text: str) -> int:
    return CODE[: CODE.index(text)].count("\n") + 1


def test_code_is_evaluated_with_the_line_of_everything() -> None:
    routing = texts_of({"main.tf": CODE.encode()})
    assert unread(routing) == []
    assert ways(routing, "meet.example.com A europe-west3") == {"10.0.0.1": []}
    assert routing.sites["10.0.0.1"].region == "gcp/europe-west3"
    assert routing.sites["10.0.0.1"].at.line == line("ip_address         = geo.value")
    eu = "${google_compute_address.eu.address}"
    us = "${google_compute_instance.us.network_interface[0].access_config[0].nat_ip}"
    (fault,) = ways(routing, "api.example.com A europe-west3")[us]
    assert fault == f"host:{eu} in projects/p/global/networks/n"
    assert routing.sites[eu].region == "gcp/europe-west3"
    assert routing.sites[us].region == ""
    assert client(routing, "api.example.com A *").at.line == line('resource "google_dns_record_set" "failover"')


def test_what_a_variable_hides_is_open_with_its_line() -> None:
    for text, other, why in (
        ("enable_geo_fencing = true", "enable_geo_fencing = var.fence", "has no value"),
        ("location = geo.key", "location = var.place", "has no value"),
        ("us.network_interface[0].access_config[0].nat_ip]", "us.name, var.ip]", "has no value"),
        ("for_each = {", "for_each = var.none ? {} : {", "has no value"),
    ):  # fmt: skip
        code = CODE.replace(text, other)
        assert code != CODE
        variables = "".join(f'variable "{name}" {{}}\n' for name in ("fence", "place", "ip", "none"))
        routing = texts_of({"main.tf": code.encode(), "variables.tf": variables.encode()})
        assert any(why in each.why and each.at.file == "main.tf" for each in routing.unread), (other, unread(routing))
    fence = CODE.replace("enable_geo_fencing = true", "enable_geo_fencing = var.fence")
    routing = texts_of({"main.tf": fence.encode(), "v.tf": b'variable "fence" {}'})
    assert set(ways(routing, "meet.example.com A europe-west3")) == {"10.0.0.1", "10.0.1.1"}  # the fence may be off


def test_a_zone_that_is_looked_up_does_not_say_how_clients_are_located() -> None:
    code = CODE.replace('resource "google_dns_managed_zone" "main"', 'data "google_dns_managed_zone" "main"')
    code = code.replace('  dns_name   = "example.com."\n  visibility = "private"\n', "")
    code = code.replace("google_dns_managed_zone.main", "data.google_dns_managed_zone.main")
    routing = texts_of({"main.tf": code.encode()})
    assert unread(routing) == []  # but internal load balancers are checked in private zones alone
    public = CODE.replace('  visibility = "private"\n', "")
    assert {each.split(",")[0] for each in unread(texts_of({"main.tf": public.encode()}))} == {
        "Cloud DNS checks internal load balancers in private zones alone"
    }


def test_a_count_that_is_not_known_and_a_response_policy_are_open() -> None:
    counted = CODE.replace('  name         = "api', '  count        = var.many\n  name         = "api')
    more = 'variable "many" {}\nresource "google_dns_response_policy_rule" "r" {\n  rule_name = "r"\n}\n'
    routing = texts_of({"main.tf": (counted + more).encode()})
    assert any(each.startswith("whether it exists, or how often") for each in unread(routing))
    assert any(each.startswith("a response policy answers before zones do") for each in unread(routing))


def shapes(routing: Routing) -> dict[str, dict[str, int]]:
    """Return what can answer each class, and by how many outages, however files are written."""
    proofs = prove(routing)
    found: dict[str, dict[str, int]] = {}
    for each in routing.clients:
        sizes = found.setdefault(each.name, {})
        for pool, reached in proofs[id(each.root)].pools.items():
            site = routing.pools[pool].site
            sizes[site] = min(reached.size, sizes.get(site, reached.size))
    return found


def test_every_syntax_means_the_same() -> None:
    for seed in range(40):
        made = clouddns_random.described(random.Random(seed))
        seen: list[Any] = []
        for syntax in clouddns_random.SYNTAXES:
            texts = clouddns_random.written(made, syntax)
            (routing,) = collect(list(texts), Kept(texts)).routings
            assert routing.format == "clouddns"
            whys = sorted(each.why for each in routing.unread)
            seen.append((shapes(routing), whys, len(routing.remarks)))
        assert all(each == seen[0] for each in seen[1:]), seed


def test_it_lives_in_one_module_with_other_formats() -> None:
    other = b"""\
resource "aws_route53_record" "a" {
  zone_id = "Z1"
  name    = "a.example.org"
  type    = "A"
  records = ["192.0.2.9"]
}
"""
    files = {"gcp.tf": CODE.encode(), "aws.tf": other, "both.tfvars": b'name = "join"\n'}
    found = collect(list(files), Kept(files)).routings
    assert sorted(each.format for each in found) == ["clouddns", "route53"]
    (own,) = (each for each in found if each.format == "clouddns")
    assert any(each.name == "join.example.com A europe-west3" for each in own.clients)


def test_a_state_is_read_as_what_there_is() -> None:
    state = {
        "format_version": "1.0", "terraform_version": "1.9.0",
        "values": {"root_module": {"resources": [
            {"address": "google_dns_record_set.a", "mode": "managed", "type": "google_dns_record_set", "name": "a",
             "values": {"id": "x", "name": "a.example.com.", "type": "A", "ttl": 5, "rrdatas": [], "project": "p",
                        "managed_zone": "z", "routing_policy": [
                            {"wrr": [], "geo": [{"location": "europe-west3", "rrdatas": ["10.0.0.1"],
                                                 "health_checked_targets": []}],
                             "enable_geo_fencing": False, "health_check": "", "primary_backup": []}]}}]}},
    }  # fmt: skip
    routing = texts_of({"state.json": json.dumps(state, indent=1).encode()})
    assert ways(routing, "a.example.com A *") == {"10.0.0.1": []}
    assert unread(routing) == []
