"""What rests on defaults of variables is told, and what files of values leave unsure is open."""

import pytest

from auditor.gate import gate
from auditor.routing.collect import collect
from auditor.routing.model import Line
from auditor.routing.store import Kept
from auditor.routing.terraform import Unresolved
from tests.routing.terraform.test_load import data, single

CODE = """variable "overflow" {
  default = []
}
variable "wanted" {
  default = false
}
variable "idle" {
  default = "x"
}
locals {
  targets = concat(["192.0.2.1"], var.overflow)
}
resource "aws_route53_record" "www" {
  zone_id = "Z1"
  name    = "www.example.com"
  type    = "A"
  records = local.targets
}
resource "aws_route53_record" "more" {
  count   = var.wanted ? 1 : 0
  zone_id = "Z1"
  name    = "www.example.org"
  type    = "A"
  records = local.targets
}
resource "aws_instance" "other" {
  name = var.idle
}
"""


def told(files: dict[str, str], *given: str) -> list[tuple[int, str]]:
    store = Kept({name: text.encode() for name, text in files.items()})
    found = collect(list(given or files), store).routings
    return [(each.at.line, each.text) for routing in found for each in routing.remarks if "default of" in each.text]


def test_defaults_that_decide_are_told_and_others_are_not() -> None:
    one, two = told({"main.tf": CODE})
    assert one[0] == 2
    assert "variable `overflow`" in one[1]
    assert "TF_VAR_overflow" in one[1]
    assert two[0] == 5  # nothing is made by it, and that rests on it
    assert "variable `wanted`" in two[1]


def test_values_that_are_given_are_no_assumptions() -> None:
    files = {"main.tf": CODE, "terraform.tfvars": 'overflow = ["192.0.2.2"]\nwanted = true\n'}
    assert told(files) == []


def test_defaults_go_through_modules_and_those_of_modules_are_fixed() -> None:
    root = """variable "on" {
  default = true
}
variable "address" {
  default = "192.0.2.1"
}
module "a" {
  source  = "./a"
  count   = var.on ? 1 : 0
  address = var.address
}
"""
    below = """variable "address" {}
variable "own" {
  default = "www"
}
resource "aws_route53_record" "www" {
  zone_id = "Z1"
  name    = "${var.own}.example.com"
  type    = "A"
  records = [var.address]
}
"""
    assert [line for line, _ in told({"main.tf": root, "a/main.tf": below})] == [2, 5]


def test_a_module_that_a_default_leaves_out_is_told() -> None:
    root = 'variable "on" {\n  default = false\n}\nmodule "a" {\n  source = "./a"\n  count = var.on ? 1 : 0\n}\n'
    below = 'resource "aws_route53_record" "www" {\n  name = "a.example"\n  type = "A"\n  records = ["192.0.2.1"]\n}\n'
    found = single({"main.tf": root, "a/main.tf": below})
    assert [each.at for each in found.assumptions("aws_route53_")] == [Line("main.tf", 2)]


def test_a_plan_assumes_nothing() -> None:
    plan = """{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{
      "address": "aws_route53_record.www", "type": "aws_route53_record", "name": "www", "mode": "managed",
      "values": {"zone_id": "Z1", "name": "www.example.com", "type": "A", "records": ["192.0.2.1"]}}]}}}"""
    assert told({"main.tf": CODE, "plan.json": plan}) == []


@pytest.mark.parametrize(
    ("files", "value"),
    [
        ({"a.tfvars": 'x = "1"', "b.tfvars": 'x = "1"'}, "1"),
        ({"a.tfvars": 'x = "1"', "b.tfvars": 'x = "2"'}, None),
        ({"a.tfvars": 'x = "1"', "b.tfvars": ""}, None),  # who takes b alone gets the default
        ({"a.tfvars": 'x = "d"', "b.tfvars": ""}, "d"),
        ({"a.tfvars": 'x = "1"', "b.tfvars": "", "terraform.tfvars": 'x = "1"'}, "1"),
        ({"a.tfvars": 'x = "1"', "b.tfvars": "", "terraform.tfvars": 'x = "3"'}, None),
        ({"a.tfvars": 'x = "1"', "other/b.tfvars": 'x = "2"', "other/main.tf": "locals {\n}\n"}, "1"),
    ],
)
def test_values_of_which_nobody_knows_which_are_used(files: dict[str, str], value: str | None) -> None:
    code: dict[str, str | bytes] = {
        "main.tf": 'variable "x" {\n  default = "d"\n}\nresource "t" "r" {\n  x = var.x\n}\n'
    }
    from tests.routing.terraform.test_load import loaded

    (found,) = [each for each in loaded({**code, **files}) if "t.r" in each.by_address]
    got = data(found, "t.r")["x"]
    assert got == value if value is not None else isinstance(got, Unresolved)


def test_a_file_of_values_for_what_has_no_default_is_taken_with_others() -> None:
    code = 'variable "x" {}\nvariable "y" {}\nresource "t" "r" {\n  x = var.x\n  y = var.y\n}\n'
    found = single({"main.tf": code, "common.tfvars": 'x = "1"', "prod.tfvars": 'y = "2"'})
    assert data(found, "t.r") == {"x": "1", "y": "2"}


def test_the_report_tells_them(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "main.tf").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    (told_of,) = gate("main.tf").report.configurations
    assert [each.line for each in told_of.remarks if "default of variable" in each.text] == [2, 5]
