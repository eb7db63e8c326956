"""Configurations of any size and depth: an answer or a refusal with its place, within bounds, never a traceback."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.model import countries
from auditor.model.errors import InputError
from auditor.routing import reach
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated
from tests.routing.test_gate_attacks import HEAD

N = 20_000
LB = 'resource "cloudflare_load_balancer" "x" {\n'
DEEP = {
    "own.yaml": "routing: 1\npools: " + "[" * N + "]" * N,
    "own.json": '{"routing": 1, "pools": ' + "[" * N + "]" * N + "}",
    "blocks.yaml": "www:\n  type: A\n" + "".join(f"{' ' * at}x:\n" for at in range(2, 400)),
    "zone.yaml": "www: {type: A, value: " + "{a: " * N,
    "istio.yaml": "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nspec: " + "{a: " * N,
    "envoy.yaml": "lb_endpoints: " + "{a: " * N + "1" + "}" * N,
    "zones.yaml": "domains: [{domain: x, records: " + "[" * N + "]" * N + "}]",
    "records.json": '{"ResourceRecordSets": ' + '{"a": ' * N + "1" + "}" * N + "}",
    "pools.json": '{"result": [{"fallback_pool": ' + "[" * N + "]" * N + "}]}",
    "main.tf.json": '{"resource": {"cloudflare_load_balancer": ' + "[" * N + "]" * N + "}}",
    "main.tf": LB + "a {\n" * 3_000 + "}\n" * 3_000 + "}\n",
    "signs.tf": LB + f"a = {'!' * N}true\n}}\n",
    "geo-maps": "m => { datacenters => [a], map => " + "{ a => " * N + "x" + "}" * N + " }",
    "geo-resources": "m => { dcmap => " + "[" * N + "]" * N + " }",
    "jicofo.conf": "jicofo " + "{ a " * N + "}" * N,
    "lists.conf": "jicofo = " + "[" * N + "]" * N,
    "dots.conf": "jicofo" + ".a" * N + " = 1",
}
LONG = {
    "brackets.tf": f"{LB}a = {'(' * 2_000}1{')' * 2_000}\n}}\n",
    "lists.tf": f"{LB}a = {'[' * 2_000}{']' * 2_000}\n}}\n",
    "calls.tf": f"{LB}a = {'f(' * 2_000}{')' * 2_000}\n}}\n",
    "sums.tf": f"{LB}a = 1{'+1' * 2_000}\n}}\n",
    "choices.tf": f"{LB}a = {'true ? 1 : ' * 2_000}1\n}}\n",
    "dots.tf": f"{LB}a = a{'.b' * 2_000}\n}}\n",
    "templates.tf": LB + 'a = "' + '${"' * 300 + '"}' * 300 + '"\n}\n',
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_is_refused_with_its_place(folder: Path, name: str) -> None:
    (folder / name).write_text(DEEP[name])
    with pytest.raises(InputError) as caught:
        gated(name)
    assert caught.value.source == name
    assert "nested more than" in caught.value.message or name not in ("main.tf", "own.yaml", "zone.yaml")


@pytest.mark.parametrize("name", LONG)
def test_expressions_of_any_depth_end(folder: Path, name: str) -> None:
    """An attribute that is not known is not looked into: it keeps the gate open."""
    (folder / name).write_text(LONG[name])
    try:
        found = gated(name)
    except InputError as error:
        assert error.source == name  # noqa: PT017 - either is right
    else:
        assert found.verdict == "open"


def _bombs() -> Iterator[tuple[str, str]]:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 10))
    yield "own.yaml", f"routing: 1\npools: []\nclients: []\n{bomb}"
    yield "zone.yaml", f"www: {{type: A, value: 192.0.2.1}}\n{bomb}"
    yield "istio.yaml", f"apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n{bomb}"
    yield "zones.yaml", f"domains: [{{domain: a, records: {{}}}}]\n{bomb}"
    keys = ", ".join(f"k{at}: {at}" for at in range(5_000))
    rows = "".join(f"w{at}: {{<<: *x, type: A, value: 192.0.2.1}}\n" for at in range(500))
    yield "merged.yaml", f"x: &x {{{keys}}}\n{rows}"


@pytest.mark.parametrize(("name", "text"), list(_bombs()), ids=lambda each: each[:10])
def test_aliases_that_stand_for_billions(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(InputError, match=r"aliases repeat more than|is not allowed"):
        gated(name)


def test_pools_whose_place_nobody_knows(folder: Path) -> None:
    """Every pool is a finding of every rule, for every class: what they have in common is not written out."""
    names = [f"p{number}" for number in range(400)]
    pools = "".join(f"  - {{name: {name}}}\n" for name in names)
    order = f"countries: [{', '.join(countries.CODES)}], population: overseas, first: [{', '.join(names)}]"
    (folder / "own.yaml").write_text(f"{HEAD}pools:\n{pools}clients:\n  - {{name: all, {order}}}\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = gated("own.yaml")
    assert found.verdict == "open"
    assert len({each.place.site for each in found.report.findings}) == 400
    last = max(found.report.findings, key=lambda each: len(each.routes[0].outages))
    assert len(last.routes[0].outages) == 399
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 900 << 10  # KiB; it was 2.5 GiB


def test_more_ways_than_can_be_judged_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "MOST", 32)
    with pytest.raises(InputError, match="in more than 32 ways; give fewer configurations"):
        gated("surge.yaml")
    monkeypatch.setattr(reach, "MOST", 33)
    assert gated("surge.yaml").verdict == "fail"
