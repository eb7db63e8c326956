"""Files of a folder become one module, and the same resources whichever syntax or plan they come from."""

import json
from typing import Any

import pytest

from auditor.model.errors import InputError
from auditor.routing.model import Line
from auditor.routing.store import Kept
from auditor.routing.terraform import (
    Configuration,
    Ref,
    Unresolved,
    evaluate,
    holes,
    is_show,
    is_terraform,
    load,
    plain,
)


def loaded(files: dict[str, str | bytes], *given: str) -> list[Configuration]:
    store = Kept({name: data.encode() if isinstance(data, str) else data for name, data in files.items()})
    return load([store.read(name) for name in given or files], store)  # type: ignore[misc]


def single(files: dict[str, str | bytes], *given: str) -> Configuration:
    (found,) = loaded(files, *given)
    return found


def data(found: Configuration, address: str) -> Any:
    return {name: plain(value) for name, value in found.by_address[address].attributes.items()}


POOLS = """variable "name" {
  default = "eu"
}

resource "pool" "eu" {
  name = var.name
  origins {
    name    = "a"
    address = "192.0.2.1"
  }
  origins {
    name    = "b"
    address = "192.0.2.2"
  }
}
"""
BALANCER = """resource "balancer" "www" {
  default_pools = [
    pool.eu.id,
  ]
  comment = null
}
"""


def test_files_of_a_folder_are_one_module_with_places() -> None:
    files: dict[str, str | bytes] = {"net/pools.tf": POOLS, "net/www.tf": BALANCER}
    found = single(files, "net/www.tf")
    assert [file.name for file in found.files] == ["net/pools.tf", "net/www.tf"]
    assert [each.address for each in found.of("balancer", "pool")] == ["balancer.www"]  # the pool was not asked for
    balancer = found.by_address["balancer.www"]
    assert balancer.at == Line("net/www.tf", 1)
    assert set(balancer.attributes) == {"default_pools"}
    (pool,) = balancer.attributes["default_pools"].data
    assert (pool.data, pool.at) == (Ref("pool.eu", "id"), Line("net/www.tf", 3))
    eu = found.find(pool.data)
    assert eu is not None
    assert plain(eu.attributes["name"]) == "eu"
    assert [each.at.line for each in eu.attributes["origins"].data] == [7, 11]
    assert [each.data["address"].at.line for each in eu.attributes["origins"].data] == [9, 13]


def test_values_of_variables_in_their_order() -> None:
    files: dict[str, str | bytes] = {"main.tf": POOLS}
    assert data(single(files), "pool.eu")["name"] == "eu"
    files["terraform.tfvars"] = 'name = "one"\n'
    assert data(single(files), "pool.eu")["name"] == "one"
    files["b.auto.tfvars"] = 'name = "two"\n'
    files["a.auto.tfvars.json"] = '{"name": "three"}'
    assert data(single(files, "main.tf"), "pool.eu")["name"] == "two"
    files["prod.tfvars"] = 'name = "four"\n'
    unsure = data(single(files, "main.tf"), "pool.eu")["name"]  # nobody gave it, and it may be what is used
    assert isinstance(unsure, Unresolved)
    assert "prod" not in unsure.text
    assert "beside" in unsure.why
    assert data(single(files, "main.tf", "prod.tfvars"), "pool.eu")["name"] == "four"
    files["test.tfvars"] = 'name = "five"\n'
    lost = data(single(files), "pool.eu")["name"]
    assert isinstance(lost, Unresolved)
    assert "several" in lost.why
    files["test.tfvars"] = 'name = "four"\n'
    assert data(single(files), "pool.eu")["name"] == "four"


def test_a_variable_without_a_value_says_so() -> None:
    found = single({"main.tf": 'variable "v" {}\nresource "t" "r" {\n  x = var.v\n}\n'})
    (hole,) = holes(found.by_address["t.r"].attributes["x"])
    assert "has no value" in hole.why
    assert hole.unread.at == Line("main.tf", 3)
    assert hole.unread.text == "var.v"


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", "5", "5"),
        ("number", '"5"', 5),
        ("bool", '"true"', True),
        ("list(string)", "[1]", ["1"]),
        ("set(string)", '["b", "a", "b"]', ["a", "b"]),
        ("map(number)", '{ a = "1" }', {"a": 1}),
        (
            "object({ a = string, b = optional(number, 7), c = optional(string) })",
            '{ a = "x", d = 1 }',
            {"a": "x", "b": 7, "c": None},
        ),
        ("list(object({ w = optional(number, 1) }))", "[{}]", [{"w": 1}]),
        ("any", "[1]", [1]),
    ],
)
def test_types_of_variables(kind: str, given: str, value: Any) -> None:
    code = f'variable "v" {{\n  type = {kind}\n  default = {given}\n}}\nresource "t" "r" {{\n  x = var.v\n}}\n'
    assert data(single({"main.tf": code}), "t.r")["x"] == value


def test_count_and_for_each() -> None:
    code = """
resource "pool" "many" {
  for_each = { b = "192.0.2.2", a = "192.0.2.1" }
  address  = each.value
  name     = each.key
}
resource "pool" "two" {
  count = 2
  name  = "n${count.index}"
}
resource "pool" "none" {
  count = false ? 1 : 0
}
resource "pool" "some" {
  count = var.absent
  name  = count.index
}
resource "balancer" "x" {
  pools = [for k, p in pool.many : p.id]
  other = pool.two[1].name
  lost  = pool.some[0].id
  named = pool.many["a"].address
}
"""
    found = single({"main.tf": code})
    assert sorted(found.by_address) == [
        "balancer.x", 'pool.many["a"]', 'pool.many["b"]', "pool.some[?]", "pool.two[0]", "pool.two[1]",
    ]  # fmt: skip
    assert data(found, 'pool.many["a"]') == {"address": "192.0.2.1", "name": "a"}
    some = found.by_address["pool.some[?]"]
    assert some.exists is not None
    assert "how many" in some.exists.why
    assert isinstance(data(found, "pool.some[?]")["name"], Unresolved)
    balancer = data(found, "balancer.x")
    assert balancer["pools"] == [Ref('pool.many["a"]', "id"), Ref('pool.many["b"]', "id")]
    assert (balancer["other"], balancer["named"]) == ("n1", "192.0.2.1")
    assert isinstance(balancer["lost"], Unresolved)


def test_dynamic_blocks() -> None:
    code = """
locals {
  origins = { b = 2, a = 1 }
}
resource "pool" "p" {
  origins {
    name = "first"
  }
  dynamic "origins" {
    for_each = local.origins
    content {
      name   = origins.key
      weight = origins.value
    }
  }
  dynamic "rules" {
    for_each = [1]
    iterator = it
    content {
      dynamic "inner" {
        for_each = ["x"]
        content {
          v = "${it.value}${inner.value}"
        }
      }
    }
  }
  dynamic "lost" {
    for_each = var.absent
    content {}
  }
}
"""
    found = data(single({"main.tf": code}), "pool.p")
    assert found["origins"] == [{"name": "first"}, {"name": "a", "weight": 1}, {"name": "b", "weight": 2}]
    assert found["rules"] == [{"inner": [{"v": "1x"}]}]
    assert isinstance(found["lost"][0], Unresolved)


def test_modules_that_are_here_are_followed() -> None:
    files: dict[str, str | bytes] = {
        "main.tf": """
module "eu" {
  source   = "./pool"
  for_each = toset(["de", "fr"])
  name     = "eu-${each.key}"
}
module "other" {
  source = "example/other/provider"
}
resource "balancer" "x" {
  pools = [module.eu["de"].id, module.eu["fr"].id]
  name  = module.eu["de"].name
  lost  = module.other.id
}
""",
        "pool/main.tf": 'variable "name" {}\nresource "pool" "p" {\n  name = var.name\n}\n',
        "pool/outputs.tf": 'output "id" {\n  value = pool.p.id\n}\noutput "name" {\n  value = pool.p.name\n}\n',
    }
    for given in (("main.tf",), tuple(files)):
        found = single(files, *given)
        balancer = data(found, "balancer.x")
        assert balancer["pools"] == [Ref('module.eu["de"].pool.p', "id"), Ref('module.eu["fr"].pool.p', "id")]
        assert balancer["name"] == "eu-de"
        assert isinstance(balancer["lost"], Unresolved)
        assert data(found, 'module.eu["fr"].pool.p') == {"name": "eu-fr"}
        assert [(each.at.line, each.text) for each in found.unread] == [(7, "module module.other")]


def test_modules_that_call_each_other_end() -> None:
    with pytest.raises(InputError, match="never end"):
        loaded({"a/m.tf": 'module "b" {\n  source = "../b"\n}\n', "b/m.tf": 'module "a" {\n  source = "../a"\n}\n'})


def test_overriding_files() -> None:
    found = single({
        "main.tf": 'resource "t" "r" {\n  a = 1\n  b = 2\n  part {\n    v = 1\n  }\n  part {\n    v = 2\n  }\n}\n'
        "locals {\n  l = 1\n}\n",
        "x_override.tf": 'resource "t" "r" {\n  b = local.l\n  part {\n    v = 3\n  }\n}\nlocals {\n  l = 9\n}\n',
    })  # fmt: skip
    assert data(found, "t.r") == {"a": 1, "b": 9, "part": [{"v": 3}]}


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ('resource "t" "r" {\n  a = 1\n  a = 2\n}\n', 3, "stands twice"),
        ('resource "t" "r" {}\n\nresource "t" "r" {}\n', 3, "defined twice"),
        ("locals {\n  a = 1\n}\nlocals {\n  a = 1\n}\n", 5, "defined twice"),
        ('resource "t" "r" {\n  a = t.%[3]s.id\n}\n', 2, "is not HCL"),
        ('resource "t" "r" {\n  a = "\n}\n', 2, "is not HCL"),
        ('resource "t" "r" {\n', 2, "ends too early"),
        ("a = <<EOT\nx\n", 1, "is not HCL"),
        ("\x00", 1, "control character"),
        (b'a = "\xff"', 1, "UTF-8"),
    ],
)
def test_what_is_no_configuration(code: str | bytes, line: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        loaded({"main.tf": code})
    assert caught.value.source == "main.tf"
    assert caught.value.record == line


def test_a_broken_file_beside_matters_only_for_what_is_missing() -> None:
    files: dict[str, str | bytes] = {"main.tf": 'resource "t" "r" {\n  a = 1\n  b = local.l\n}\n', "other.tf": "{"}
    found = data(single(files, "main.tf"), "t.r")
    assert found["a"] == 1
    assert isinstance(found["b"], Unresolved)
    assert "a file beside" in found["b"].why
    with pytest.raises(InputError):
        loaded(files)


def test_every_file_that_is_no_configuration_is_told() -> None:
    with pytest.raises(InputError) as caught:
        loaded({"a.tf": "{", "b.tf": "x = 1\n", "c.tf": "]"})
    assert [each.source for each in caught.value.each] == ["a.tf", "c.tf"]


def test_json_syntax_is_the_same() -> None:
    tree = {
        "//": "a comment",
        "variable": {"n": {"default": 2}},
        "resource": {
            "pool": {"eu": {"count": "${var.n}", "name": "p${count.index}", "origins": [{"address": "192.0.2.1"}]}},
            "balancer": {"x": [{"pools": ["${pool.eu[0].id}", "literal"], "map": {"DE": ["${pool.eu[1].id}"]}}]},
        },
    }
    found = single({"main.tf.json": json.dumps(tree, indent=1)})
    assert data(found, "pool.eu[1]") == {"name": "p1", "origins": [{"address": "192.0.2.1"}]}
    assert data(found, "balancer.x") == {
        "pools": [Ref("pool.eu[0]", "id"), "literal"],
        "map": {"DE": [Ref("pool.eu[1]", "id")]},
    }
    lines = json.dumps(tree, indent=1).split("\n")
    value = found.by_address["balancer.x"].attributes["map"].data["DE"]
    assert '"DE"' in lines[value.at.line - 1]
    assert "pool.eu[1]" in lines[value.data[0].at.line - 1]


def resource(address: str, values: dict[str, Any]) -> dict[str, Any]:
    kind, name = address.rpartition("module.")[2].split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name.split("[")[0], "values": values}


PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "planned_values": {
        "root_module": {
            "resources": [
                resource("balancer.x", {"fallback": "known", "weight": 0.5, "none": None}),
                resource("pool.eu", {"name": "eu"}),
            ],
            "child_modules": [
                {"address": "module.a", "resources": [resource("module.a.balancer.y", {"list": [None, "z"]})]},
            ],
        }
    },
    "resource_changes": [
        {
            "address": "balancer.x",
            "change": {
                "after_unknown": {
                    "id": True, "pools": [True], "two": [True, True], "deep": {"DE": [True]}, "text": True,
                }
            },
        },
        {"address": "module.a.balancer.y", "change": {"after_unknown": {"list": [True, False]}}},
    ],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": "balancer.x",
                    "expressions": {
                        "pools": {"references": ["pool.eu.id", "pool.eu"]},
                        "two": {"references": ["pool.eu.id", "pool.eu", "pool.us.id", "pool.us"]},
                        "deep": {"references": ["pool.eu.id", "pool.eu"]},
                        "text": {"references": ["var.v"]},
                    },
                }
            ],
            "module_calls": {
                "a": {
                    "module": {
                        "resources": [
                            {"address": "balancer.y", "expressions": {"list": {"references": ["pool.p.id", "pool.p"]}}}
                        ]
                    }
                }
            },
        }
    },
}  # fmt: skip


def test_plans() -> None:
    text = json.dumps(PLAN)
    found = single({"plan.json": text})
    x = data(found, "balancer.x")
    assert x["fallback"] == "known"
    assert x["weight"] * 2 == 1
    assert x["pools"] == [Ref("pool.eu", "id")]
    assert x["deep"] == {"DE": [Ref("pool.eu", "id")]}
    assert all(
        isinstance(each, Unresolved) and set(each.refs) == {Ref("pool.eu", "id"), Ref("pool.us", "id")}
        for each in x["two"]
    )
    assert len(x["two"]) == 2
    assert isinstance(x["text"], Unresolved)
    assert "none" not in x
    assert "id" not in x
    assert data(found, "module.a.balancer.y")["list"] == [Ref("module.a.pool.p", "id"), "z"]
    assert found.by_address["pool.eu"].at == Line("plan.json", 1)


def test_a_plan_gets_lines_and_references_from_its_code() -> None:
    code = 'resource "pool" "eu" {\n  name = "eu"\n}\nresource "pool" "us" {}\nresource "balancer" "x" {\n'
    code += '  fallback = "known"\n\n  two = [pool.us.id, pool.eu.id]\n}\n'
    found = single({"main.tf": code, "plan.json": json.dumps(PLAN)})
    x = found.by_address["balancer.x"]
    assert x.at == Line("main.tf", 5)
    assert x.attributes["fallback"].at == Line("main.tf", 6)
    assert plain(x.attributes["two"]) == [Ref("pool.us", "id"), Ref("pool.eu", "id")]
    assert {each.address for each in found.of("balancer")} == {"balancer.x", "module.a.balancer.y"}


def test_states() -> None:
    state = {
        "format_version": "1.0",
        "values": {"root_module": {"resources": [resource("pool.eu", {"id": "abc", "name": "eu"})]}},
    }
    assert data(single({"state.json": json.dumps(state)}), "pool.eu") == {"id": "abc", "name": "eu"}


@pytest.mark.parametrize("tree", [
    {"planned_values": 3}, {"planned_values": {"root_module": []}},
    {"planned_values": {"root_module": {"resources": {}}}},
    {"planned_values": {"root_module": {"child_modules": [1]}}},
])  # fmt: skip
def test_odd_plans_are_refused_with_their_line(tree: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="unchanged") as caught:
        loaded({"p.json": json.dumps({"format_version": "1", **tree})})
    assert caught.value.record == 1


def test_files_are_known() -> None:
    store = Kept({"a.tf": b"", "b.json": json.dumps(PLAN).encode(), "c.json": b'{"result": []}', "d.tfvars": b""})
    files = {name: store.read(name) for name in store.files}
    assert [name for name, file in files.items() if file and is_terraform(file)] == ["a.tf", "d.tfvars"]
    assert [name for name, file in files.items() if file and is_show(file)] == ["b.json"]


def test_large_and_hostile_files_take_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="larger than"):
        loaded({"main.tf": b"a = 1\n" * 1_000_000})
    for code in ("x = " + "(" * 100_000, 'x = "' + "${" * 100_000, "x = [" + "[]," * 20_000, "/*" + "x" * 1_000_000):
        with pytest.raises(InputError):
            loaded({"main.tf": code})
    monkeypatch.setattr(evaluate, "WORK", 20_000)
    for code in (
        "locals {\n  a = [for x in range(1000) : [for y in range(1000) : [for z in range(1000) : z]]]\n}\n"
        'resource "t" "r" {\n  x = local.a\n}\n',
        'resource "t" "r" {\n  count = 16000\n  x = [for y in range(1000) : y]\n}\n',
    ):
        with pytest.raises(InputError, match="too many steps"):
            loaded({"main.tf": code})
