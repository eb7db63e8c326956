"""A zone through the whole gate: a change that adds a site abroad, behind two failures."""

import json
from datetime import date
from pathlib import Path

import pytest

from auditor.gate import gate
from auditor.model.report import Verdict
from tests.routing.route53.zones import Tree, alias, check, one
from tests.routing.test_gate import PACK, RULES

INVENTORY = """\
sites:
  - {name: home, networks: [192.0.2.0/24], country: CA, planes: [media, keys, signalling], role: server}
  - {name: lb-1.cn-north-1.elb.amazonaws.com.cn, country: CN, planes: [media], role: server}
"""
BEFORE = (
    one("meet.example.com.", "192.0.2.1", Weight=1, SetIdentifier="a", HealthCheckId="h1"),
    one("meet.example.com.", "192.0.2.2", Weight=1, SetIdentifier="b", HealthCheckId="h2"),
)
ADDED = alias("meet.example.com.", "lb-1.cn-north-1.elb.amazonaws.com.cn.", Weight=0, SetIdentifier="spare")


def write(folder: Path, *records: Tree) -> None:
    (folder / "zone.json").write_text(json.dumps({"ResourceRecordSets": records}, indent=1))
    (folder / "checks.json").write_text(json.dumps({"HealthChecks": [check("h1"), check("h2")]}))
    (folder / "inventory.yaml").write_text(INVENTORY)
    (folder / "rules").mkdir()
    (folder / "rules" / "pack.yaml").write_text(PACK)
    (folder / "rules" / "own.yaml").write_text(RULES)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_zone_that_stays_at_home_passes(folder: Path) -> None:
    write(folder, *BEFORE)
    found = gate(["zone.json", "checks.json"], inventory="inventory.yaml", rules=["rules"], as_of=date(2026, 11, 1))
    assert found.verdict == "pass"


def test_weight_zero_is_no_fence(folder: Path) -> None:
    write(folder, *BEFORE, ADDED)
    found = gate(["."], inventory="inventory.yaml", rules=["rules"], as_of=date(2026, 11, 1))
    assert found.verdict == "fail"
    bad = [each for each in found.report.findings if each.verdict == Verdict.FAIL]
    assert {each.place.site for each in bad} == {"lb-1.cn-north-1.elb.amazonaws.com.cn"}
    text = (folder / "zone.json").read_text().splitlines()
    routes = [route for each in bad for route in each.routes]
    assert routes
    for route in routes:
        assert sorted(route.outages) == [f"h{i}.example.net fails its health checks" for i in (1, 2)]
        last = route.steps[-1]
        assert last.text == "meet.example.com A spare answers lb-1.cn-north-1.elb.amazonaws.com.cn"
        assert "meet.example.com." in text[last.line - 1]
        assert last.line > 20
