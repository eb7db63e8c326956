"""Values of expressions: each as Terraform's documentation says, and nothing where only Terraform could know."""

from fractions import Fraction
from typing import Any

import pytest

from auditor.routing.model import Line
from auditor.routing.store import Kept
from auditor.routing.terraform import Ref, Unresolved, load, plain


def evaluated(text: str, before: str = "", **more: bytes) -> Any:
    """Evaluate an expression as the attribute `x` of a resource `t.r`."""
    code = f'{before}\nresource "t" "r" {{\n  x = {text}\n}}\n'.encode()
    files = {"main.tf": code, **{name.replace("_", "."): data for name, data in more.items()}}
    store = Kept(files)
    (found,) = load([store.read(name) for name in files], store)  # type: ignore[misc]
    return plain(found.by_address["t.r"].attributes["x"]) if "x" in found.by_address["t.r"].attributes else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("0.4", Fraction(2, 5)),
        ("1e3", 1000),
        ('"a\\tb\\u00e9\\"\\\\"', 'a\tbé"\\'),
        ('"$${x} %%{y}"', "${x} %{y}"),
        ('"${1}"', 1),
        ('"v${1}-${true}-${0.25}"', "v1-true-0.25"),
        ('[1, "a",\n  true,\n]', [1, "a", True]),
        ('{ a = 1, "b" : 2\n (upper("c")) = 3 }', {"a": 1, "b": 2, "C": 3}),
        ("{ a = 1\n a = 2 }", {"a": 2}),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 % 4", 3),
        ("-7 % 4", -3),
        ("1 / 4", Fraction(1, 4)),
        ("8 - 3 - 2", 3),
        ("1 == 1 && 2 > 1", True),
        ("false || !true", False),
        ('1 == "1"', False),
        ("true == 1", False),
        ("[1] == [1]", True),
        ('true ? "a" : b.c.d', "a"),
        ("[for x in [1, 2, 3] : x * 2 if x != 2]", [2, 6]),
        ('[for k, v in { b = 1, a = 2 } : "${k}${v}"]', ["a2", "b1"]),
        ('{ for x in ["a", "b"] : x => upper(x) }', {"a": "A", "b": "B"}),
        ('{ for x in ["a", "bb", "cc"] : length(x) > 1 ? "y" : "n" => x... }', None),
        ('[for i, x in ["a", "b"] : i]', [0, 1]),
        ("[{ n = 1 }, { n = 2 }][*].n", [1, 2]),
        ("[{ n = [1] }, { n = [2] }].*.n[1]", [2]),
        ("[{ n = [1, 5] }][*].n[1]", [5]),
        ("[1, 2].1", 2),
        ("concat([1], [2])", [1, 2]),
        ("concat([[1], [2]]...)", [1, 2]),
        ("merge({ a = 1 }, { a = 2, b = 3 })", {"a": 2, "b": 3}),
        ("keys({ b = 1, a = 2 })", ["a", "b"]),
        ("values({ b = 1, a = 2 })", [2, 1]),
        ('lookup({ a = 1 }, "b", 5)', 5),
        ("element([1, 2, 3], 4)", 2),
        ('join("-", ["a", "b"])', "a-b"),
        ('split(",", "a,b")', ["a", "b"]),
        ('format("%s-%03d%%", "a", 7)', "a-007%"),
        ('replace("a.b.c", ".", "-")', "a-b-c"),
        ("flatten([[1, [2]], 3])", [1, 2, 3]),
        ('toset(["b", "a", "b"])', ["a", "b"]),
        ("distinct([2, 1, 2])", [2, 1]),
        ('compact(["a", "", null])', ["a"]),
        ('coalesce(null, "", "x")', "x"),
        ("try({}.a, 3)", 3),
        ("can({}.a)", False),
        ("range(3)", [0, 1, 2]),
        ("range(1, 7, 3)", [1, 4]),
        ("slice([1, 2, 3], 1, 3)", [2, 3]),
        ('zipmap(["a"], [1])', {"a": 1}),
        ('contains(["a"], "a")', True),
        ('setsubtract(["a", "b"], ["a"])', ["b"]),
        ('setintersection(["a", "b"], ["b", "c"])', ["b"]),
        ('trimsuffix("a.", ".")', "a"),
        ("max(1, 3, 2)", 3),
        ("one([])", None),
        ("sum([1, 2])", 3),
        ('tonumber("0.5")', Fraction(1, 2)),
        ('jsonencode({ b = [1, null], a = "x" })', '{"a":"x","b":[1,null]}'),
        ("<<EOT\na ${1 + 1}\n b\nEOT\n", "a 2\n b\n"),
        ("<<-EOT\n    a\n      b\n    EOT\n", "a\n  b\n"),
        ('"a ${"b ${"c"}"}"', "a b c"),
    ],
)
def test_what_the_configuration_alone_decides(text: str, value: Any) -> None:
    found = evaluated(text)
    if text.endswith("... }"):
        assert found == {"n": ["a"], "y": ["bb", "cc"]}
    else:
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("var.absent", "not defined"),
        ("local.absent", "not defined"),
        ("each.key", "stands for nothing"),
        ("path.module", "stands for nothing"),
        ("terraform.workspace", "stands for nothing"),
        ('file("x")', "this function"),
        ("timestamp()", "this function"),
        ('"%{ if true }a%{ endif }"', "directives"),
        ('"${t.other.id}x"', "known only once"),
        ('t.other.id == "x"', "known only once"),
        ("{}.a", "no such attribute"),
        ("[][0]", "no such item"),
        ("1 / 0", "don't fit"),
        ('"a" + 1', "don't fit"),
        ("1e999999999", "too long"),
        ("var.absent ? 1 : 2", "not defined"),
        ("[for x in var.absent : x]", "not defined"),
        ("try(var.absent, 1)", "not defined"),
        ("coalesce(var.absent, 1)", "not defined"),
        ('{ for x in ["a", "a"] : x => 1 }', "one key"),
        ("range(2000)", "don't fit"),
        ("x", "stands for nothing"),
    ],
)
def test_what_is_not_known_says_why(text: str, why: str) -> None:
    found = evaluated(text, before='resource "t" "other" {}')
    assert isinstance(found, Unresolved)
    assert why in found.why
    assert found.at == Line("main.tf", 3)


def test_what_the_provider_makes_up_is_a_reference() -> None:
    assert evaluated("t.other.id", 'resource "t" "other" {}') == Ref("t.other", "id")
    assert evaluated('"${t.other.id}"', 'resource "t" "other" {}') == Ref("t.other", "id")
    assert evaluated("data.t.other.id", 'data "t" "other" {}') == Ref("data.t.other", "id")
    assert evaluated("{ (t.other.id) = 1 }", 'resource "t" "other" {}') == {Ref("t.other", "id"): 1}
    assert evaluated("t.other[*].id", 'resource "t" "other" {\n count = 2\n}') == [
        Ref("t.other[0]", "id"),
        Ref("t.other[1]", "id"),
    ]
    assert evaluated("[for k, o in t.other : o.id]", 'resource "t" "other" {\n for_each = toset(["b", "a"])\n}') == [
        Ref('t.other["a"]', "id"),
        Ref('t.other["b"]', "id"),
    ]


def test_attributes_that_are_written_are_followed() -> None:
    before = 'resource "t" "other" {\n name = "n"\n part {\n  v = 7\n }\n part {\n  v = 8\n }\n}'
    assert evaluated("t.other.name", before) == "n"
    assert evaluated("t.other.part[1].v", before) == 8
    assert evaluated('"${t.other.name}.example"', before) == "n.example"


def test_what_a_provider_may_add_to_a_block_is_not_missing() -> None:
    before = 'resource "t" "other" {\n part {\n  v = 7\n }\n sizes = { a = 1 }\n}'
    for text in ("t.other.part[0].made", 'try(t.other.part[0].made, "mine")'):
        assert evaluated(text, before).why.startswith("hangs on what is known only once it is made")
    assert evaluated('try(t.other.sizes.made, "mine")', before) == "mine"


def test_unresolved_parts_leave_the_rest() -> None:
    found = evaluated('{ a = [1, var.absent], b = "x" }')
    assert found["a"][0] == 1
    assert isinstance(found["a"][1], Unresolved)
    assert found["b"] == "x"


def test_cycles_end() -> None:
    found = evaluated("local.a", "locals {\n a = local.b\n b = [local.a]\n}")
    assert isinstance(found[0], Unresolved)
    assert "refers to itself" in found[0].why


def test_growth_is_bounded() -> None:
    doubling = "\n".join(f"  a{i} = [local.a{i - 1}, local.a{i - 1}]" for i in range(1, 60))
    texts = "\n".join(f'  t{i} = "${{local.t{i - 1}}}${{local.t{i - 1}}}"' for i in range(1, 60))
    powers = "\n".join(f"  n{i} = local.n{i - 1} * local.n{i - 1}" for i in range(1, 60))
    before = f'locals {{\n  a0 = [1]\n{doubling}\n  t0 = "x"\n{texts}\n  n0 = 3\n{powers}\n}}'
    for text in ("local.t30", "local.n30"):
        assert isinstance(evaluated(text, before), Unresolved)
    parts = [evaluated("local.a50", before)]
    for _ in range(1 << 19):  # as many values as one may hold, and no more
        parts.extend(parts.pop() if isinstance(parts[-1], list) else [])
        if not parts or isinstance(parts[-1], Unresolved):
            break
    assert isinstance(parts[-1], Unresolved)


def test_long_chains_and_deep_nesting_are_bounded() -> None:
    chain = "\n".join(f"  a{i} = local.a{i + 1}" for i in range(3000))
    assert isinstance(evaluated("local.a0", f"locals {{\n{chain}\n  a3000 = 1\n}}"), Unresolved)
    assert evaluated("local.a0", "locals {\n a0 = local.a1\n a1 = local.a2\n a2 = 7\n}") == 7
    deep: Any = evaluated("[" * 3000 + "]" * 3000)
    while isinstance(deep, list):
        deep = deep[0]
    assert isinstance(deep, Unresolved)
