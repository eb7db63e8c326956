"""Files of Terraform that several formats share."""

from auditor.routing.collect import collect
from auditor.routing.store import Kept

MAIN = b"""
variable "pool" {}
resource "cloudflare_load_balancer" "b" {
  name          = "www.example.com"
  default_pools = [var.pool]
  fallback_pool = var.pool
}
resource "aws_route53_record" "r" {
  zone_id = "Z1"
  name    = "api.example.com"
  type    = "A"
  records = ["192.0.2.1"]
  ttl     = 60
}
"""


def test_one_file_may_be_of_several_formats() -> None:
    found = collect(["main.tf"], Kept({"main.tf": MAIN}))
    assert {routing.format for routing in found.routings} == {"route53", "cloudflare"}
    assert [file.name for file in found.files] == ["main.tf"]


def test_values_of_variables_are_read_along() -> None:
    files = {"main.tf": MAIN, "prod.tfvars": b'pool = "abc"\n', "notes.txt": b"x"}
    alone = collect(["main.tf"], Kept(files))
    (open_one,) = [routing for routing in alone.routings if routing.format == "cloudflare"]
    assert any("has no value" in each.why for each in open_one.unread)
    found = collect(["main.tf", "prod.tfvars"], Kept(files))
    (known,) = [routing for routing in found.routings if routing.format == "cloudflare"]
    assert not known.unread
    assert set(known.pools) == {"abc"}
    assert [file.name for file in known.files] == ["main.tf", "prod.tfvars"]
