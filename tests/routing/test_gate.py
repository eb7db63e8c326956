"""Configurations through the whole gate: proven, judged, compared with an earlier state."""

import json
import os
import subprocess
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from auditor.enrich.places import open_places
from auditor.gate import Gate, gate
from auditor.model import countries
from auditor.model.errors import InputError
from auditor.model.report import KNOWN, NEW, Finding, Verdict
from auditor.model.route import Reaching
from auditor.report import RENDERERS
from auditor.routing import formats
from auditor.routing.model import Answer, Line, Routing, Site, Unread
from auditor.routing.placed import placed
from tests.cli.test_evidence import run

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "gate"
DAY = date(2026, 11, 1)
RULES = """
id: overseas-avoids-china
title: Overseas sessions must not touch China
severity: critical
applies: {participants: all overseas, planes: [media]}
must_not_touch: {territory: china, as: [server, relay]}
valid: {from: 2020-04-03}
why: It was promised.
references: [{title: A promise, kind: policy}]
fix: Take the sites out.
examples:
  pass: [{participants: [US], touches: [{country: US, as: server, plane: media}]}]
  fail: [{participants: [US], touches: [{country: CN, as: server, plane: media}]}]
  open: [{participants: [US], touches: [{country: [CN, HK], as: server, plane: media}]}]
"""
PACK = """
id: own
title: Own rules
version: 1.0.0
date: 2026-01-01
description: Rules of a test.
territories: {china: {title: Mainland China, countries: [CN]}}
populations: {overseas: {title: Customers, countries: [CA, US, SG, MY, ID]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("routing.yaml", "surge.yaml", "inventory.yaml"):
        (tmp_path / name).write_text((EXAMPLES / name).read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gated(*paths: str, **options: Any) -> Gate:
    return gate(list(paths), **{"inventory": "inventory.yaml", "as_of": DAY, **options})


def finding(found: Gate, site: str, plane: str = "media") -> Finding:
    (one,) = [each for each in found.report.findings if (each.place.site, each.plane) == (site, plane)]
    return one


def test_a_configuration_that_keeps_to_the_rules_passes(folder: Path) -> None:
    found = gated("routing.yaml")
    assert found.verdict == "pass"
    (known,) = found.report.configurations
    assert (known.clients, known.graphs, known.pools, known.ways, known.never) == (10, 5, 7, 25, 0)
    assert known.ways + known.never + known.unlisted == known.clients * known.pools
    assert dict(found.report.coverage.records) == {"ok": 21}
    text = RENDERERS["text"](found.report)
    assert "PASS  No combination of outages sends clients where the rules forbid it." in text


def test_capacity_that_was_added_for_a_surge(folder: Path) -> None:
    found = gated("surge.yaml")
    assert found.verdict == "fail"
    shanghai = finding(found, "shanghai")
    first, second, third = shanghai.routes
    assert first.clients == ("southeast asia SG", "southeast asia MY", "southeast asia ID")
    assert first.outages == ("pool singapore is down",)
    assert (first.edge.line, [step.line for step in first.steps]) == (21, [21, 21])
    assert [len(route.outages) for route in (second, third)] == [3, 3]
    assert shanghai.reaching == (Reaching(1, 3), Reaching(3, 2))
    assert shanghai.surge is not None
    assert shanghai.surge.at == Fraction(38, 27)
    assert [(each.source, each.record) for each in shanghai.evidence] == [("surge.yaml", n) for n in (21, 15, 15)]
    page = RENDERERS["html"](found.report)
    assert "Where clients can be sent" in page
    assert '<figure class="graph">' in page
    assert "Under a surge of demand" in page
    assert "Classes of clients: 3 with 1 outage and 2 with 3 outages." in page
    told = json.loads(RENDERERS["json"](found.report))
    assert {each["surge"]["at"] for each in told["findings"]} == {"38/27", "16/11"}
    assert "line 21" not in RENDERERS["text"](found.report)  # places are written as compilers do
    assert "surge.yaml:21" in RENDERERS["text"](found.report)


def test_the_verdict_does_not_hang_on_names_or_order(folder: Path) -> None:
    text, inventory = ((folder / name).read_text() for name in ("surge.yaml", "inventory.yaml"))
    for number, name in enumerate(("toronto", "ashburn", "shanghai", "tianjin", "singapore", "san-jose")):
        text, inventory = text.replace(name, f"s{number}"), inventory.replace(name, f"s{number}")
    head, _, clients = text.partition("clients:\n")
    turned = "".join(reversed(clients.splitlines(keepends=True)))
    (folder / "other.yaml").write_text(f"{head}clients:\n{turned}")
    (folder / "inventory.yaml").write_text(inventory)
    other = gated("other.yaml")
    assert other.verdict == "fail"
    assert sorted(len(route.outages) for route in finding(other, "s2").routes) == [1, 3, 3]


def test_a_site_whose_place_nobody_knows_stays_open(folder: Path) -> None:
    inventory = "\n".join(
        line for line in (folder / "inventory.yaml").read_text().splitlines() if "shanghai" not in line
    )
    (folder / "inventory.yaml").write_text(inventory)
    found = gated("surge.yaml")
    (unknown,) = [
        each
        for each in found.report.findings
        if (each.place.site, each.rule) == ("shanghai", "overseas-media-avoids-mainland")
    ]
    assert unknown.verdict == Verdict.OPEN
    assert [settle.fact for settle in unknown.settles] == ["site"]


NAMED = """
sites:
  - {name: ams, country: NL}
  - {name: sin, country: CN}
  - {name: lon, country: GB}
"""


def test_an_inventory_by_data_centre_holds_for_all_services_there(folder: Path) -> None:
    (folder / "geo-maps").write_text(
        "prod => { datacenters => [ams, sin], map => { NA => [ams], AS => { SG => [sin], default => [ams] } } }\n"
    )
    services = (
        f"{name} => {{ map => prod, service_types => up, dcmap => {{ ams => 192.0.2.{n}, sin => 198.51.100.{n} }} }}\n"
        for n, name in enumerate(("www", "api"), 1)
    )
    (folder / "geo-resources").write_text("".join(services))
    (folder / "named.yaml").write_text(NAMED)
    found = gated("geo-maps", "geo-resources", inventory="named.yaml", planes=["media"])
    assert found.verdict == "fail"
    (failed,) = [
        each
        for each in found.report.findings
        if each.verdict == Verdict.FAIL and each.rule == "overseas-media-avoids-mainland"
    ]
    assert (failed.verdict, failed.place.site) == (Verdict.FAIL, "sin")
    assert {route.pool for route in failed.routes} == {"geoip!www/sin", "geoip!api/sin"}
    assert [note for note in found.report.notes if note.endswith("leads to one of the name: lon.")]


def test_pools_that_share_an_endpoint_and_are_placed_apart_decide_nothing(folder: Path) -> None:
    (folder / "named.yaml").write_text(NAMED)
    both = Site("198.51.100.1", Line("x", 1), ("198.51.100.1",), also=("ams", "sin", "nobody"))
    one = replace(both, name="198.51.100.2", also=("nobody", "sin"))
    sites = {site.name: site for site in (both, one)}
    routing = Routing("x", (), [], {}, sites, {}, lambda client, down: Answer(frozenset(), ()))
    first, second = placed([routing], open_places("named.yaml"), None, ["media"]).sites.to_dicts()
    assert (first["dst_proven"], first["dst_site"]) == (countries.NOWHERE, "198.51.100.1")
    assert (second["dst_proven"], second["dst_site"]) == ("CN", "sin")


def test_what_the_sites_carry_has_to_be_said(folder: Path) -> None:
    text = (folder / "surge.yaml").read_text().replace("planes: [media, keys]\n", "")
    (folder / "surge.yaml").write_text(text)
    assert gated("surge.yaml").verdict == "open"
    assert gated("surge.yaml", planes=["media"]).verdict == "fail"
    assert gated("surge.yaml", planes=["telemetry"]).verdict == "open"  # nothing in scope is no all-clear


def test_rules_hold_on_the_day_that_is_asked(folder: Path) -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "pack.yaml").write_text(PACK)
    (folder / "rules" / "rule.yaml").write_text(RULES)
    assert gated("surge.yaml", rules=["rules"]).verdict == "fail"
    assert gated("surge.yaml", rules=["rules"], as_of=None).verdict == "open"
    before = gated("surge.yaml", rules=["rules"], as_of=date(2019, 1, 1))
    assert (before.verdict, before.report.empty) == ("open", True)


def test_networks_are_where_their_addresses_are(folder: Path) -> None:
    routing = """
routing: 1
planes: [media]
pools: [{name: beijing-1, site: beijing}]
sites: [{name: beijing, country: CN}]
clients:
  - {name: office, networks: [198.51.100.0/25], first: [beijing-1]}
  - {name: nobody, networks: [192.0.2.0/24], first: [beijing-1]}
"""
    inventory = """
clients:
  - {networks: [198.51.100.0/24], country: CA, population: overseas}
sites:
  - {name: beijing, country: CN}
"""
    (folder / "net.yaml").write_text(routing)
    (folder / "inventory.yaml").write_text(inventory)
    found = gated("net.yaml")
    verdicts = {each.routes[0].clients[0]: (each.verdict, each.proven) for each in found.report.findings}
    assert verdicts == {"office": (Verdict.FAIL, True), "nobody": (Verdict.OPEN, False)}


def _with(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let the plain format say something else."""
    plain = formats.FORMATS["routing.yaml"]

    def read(*given: Any) -> list[Routing]:
        return [replace(routing, **changes) for routing in plain.read(*given)]

    monkeypatch.setitem(formats.FORMATS, "routing.yaml", replace(plain, read=read))


def test_lines_that_were_not_understood_keep_a_proof_from_passing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with(monkeypatch, unread=[Unread(Line("routing.yaml", 4), "x", "a word that is not known; take it out")])
    found = gated("routing.yaml")
    assert found.verdict == "open"
    assert dict(found.report.coverage.records) == {"ok": 20, "unsupported": 1}
    assert "1 line of routing.yaml: unsupported (a word that is not known; take it out), first at line 4" in (
        " ".join(RENDERERS["text"](found.report).split())
    )


def test_what_is_too_tangled_to_prove_is_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.routing import reach
    from auditor.routing.adding import Adding
    from auditor.routing.diagram import TooLargeError
    from auditor.routing.diagrams import Drawing

    def full(*_: object) -> None:
        raise TooLargeError

    monkeypatch.setattr(Adding, "reached", lambda *_: None)
    monkeypatch.setattr(Drawing, "reached", full)
    found = gated("surge.yaml")
    assert found.verdict == "open"
    assert found.report.configurations[0].unproven == 33
    assert {each.verdict for each in found.report.findings} == {Verdict.OPEN}
    assert found.report.findings[0].routes[0].proven == ""
    assert {each.outages for known in found.report.findings for each in known.reaching} == {None}
    assert reach.BOUNDED == "not proven"
    assert gated("routing.yaml").verdict == "open"


def test_a_proof_that_its_interpreter_does_not_follow_is_a_bug(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.routing.model import Answer

    _with(monkeypatch, replay=lambda *_: Answer(frozenset(), ()))
    with pytest.raises(AssertionError, match="its rules don't"):
        gated("surge.yaml")


class TestAgainst:
    """What a change made possible."""

    def test_from_impossible_to_a_multiple_of_the_demand(self, folder: Path) -> None:
        found = gated("surge.yaml", against="routing.yaml")
        shanghai = finding(found, "shanghai")
        assert [(route.compared, route.before) for route in shanghai.routes] == [(True, None)] * 3
        assert [[change.line for change in route.changes] for route in shanghai.routes] == [[21], [15], [15]]
        assert "singapore, shanghai, san-jose" in shanghai.routes[0].changes[0].added[0]
        assert shanghai.surge is not None
        assert (shanghai.surge.compared, shanghai.surge.before, shanghai.surge.at) == (True, None, Fraction(38, 27))
        text = " ".join(RENDERERS["text"](found.report).split())
        assert "before the change, no outages would have done it" in text
        assert "beyond 1.4 times the demand, with nothing down" in text
        assert "before the change, at none" in text

    def test_what_was_so_before_decides_nothing(self, folder: Path) -> None:
        found = gated("surge.yaml", against="surge.yaml")
        assert found.verdict == "pass"
        assert {each.standing for each in found.report.findings} == {KNOWN}
        text = " ".join(RENDERERS["text"](found.report).split())
        assert text.startswith("PASS All that was found is known from before the change; what else was examined is")
        assert all(route.before == len(route.outages) for each in found.report.findings for route in each.routes)
        back = gated("routing.yaml", against="surge.yaml")
        assert back.verdict == "pass"
        assert back.report.baseline is not None
        assert len(back.report.baseline.fixed) == 4

    def test_an_order_that_makes_it_easier_is_new(self, folder: Path) -> None:
        text = (folder / "surge.yaml").read_text()
        (folder / "worse.yaml").write_text(
            text.replace("[ashburn, san-jose, toronto, shanghai, tianjin]", "[ashburn, shanghai, san-jose, toronto]")
        )
        found = gated("worse.yaml", against="surge.yaml")
        assert finding(found, "shanghai").standing == NEW
        routes = finding(found, "shanghai").routes
        assert [(route.clients[0], route.before, len(route.outages)) for route in routes] == [
            ("united states", 3, 1), ("canada", 3, 2),
        ]  # fmt: skip

    def test_less_capacity_alone_brings_it_sooner(self, folder: Path) -> None:
        text = (folder / "surge.yaml").read_text()
        (folder / "less.yaml").write_text(
            text.replace("name: san-jose, capacity: 700", "name: san-jose, capacity: 650")
        )
        found = gated("less.yaml", against="surge.yaml")
        shanghai = finding(found, "shanghai")
        assert shanghai.standing == NEW
        assert shanghai.surge is not None
        assert shanghai.surge.before == Fraction(38, 27)
        assert shanghai.surge.at is not None
        assert shanghai.surge.at < Fraction(38, 27)
        assert gated("surge.yaml", against="less.yaml").verdict == "pass"

    def test_a_class_that_got_another_name_is_the_same(self, folder: Path) -> None:
        text = (folder / "surge.yaml").read_text()
        (folder / "named.yaml").write_text(text.replace("name: southeast asia", "name: asean"))
        assert gated("named.yaml", against="surge.yaml").verdict == "pass"

    def test_a_site_that_keeps_its_name_and_moves_is_new(self, folder: Path) -> None:
        text = "\n".join((
            "routing: 1", "planes: [media]",
            "sites: [", "  {name: east, country: DE}", "  ,{name: home, country: CA}]",
            "pools: [{name: home}, {name: east}]",
            "clients: [", "  {name: ours, countries: [CA], population: overseas, first: [home, east]}]",
        ))  # fmt: skip
        (folder / "then.yaml").write_text(text)
        (folder / "moved.yaml").write_text(text.replace("country: DE", "country: CN"))
        found = gated("moved.yaml", against="then.yaml")
        assert found.verdict == "fail"
        route = finding(found, "east").routes[0]
        assert (route.before, len(route.outages)) == (None, 1)
        assert [(change.line, change.added) for change in route.changes] == [(4, ("  {name: east, country: CN}",))]
        assert gated("moved.yaml", against="moved.yaml").verdict == "pass"

    def test_a_class_that_keeps_its_name_and_is_somebody_else_is_new(self, folder: Path) -> None:
        text = "\n".join((
            "routing: 1", "planes: [media]", "pools: [{name: shanghai}]",
            "clients: [", "  {name: known, countries: [CA], population: overseas, first: [shanghai]}",
            "  ,{name: lab, networks: [198.51.100.0/24], population: mainland, first: [shanghai]}]",
        ))  # fmt: skip
        (folder / "then.yaml").write_text(text)
        (folder / "now.yaml").write_text(text.replace("population: mainland", "population: overseas"))
        found = gated("now.yaml", against="then.yaml")
        assert found.verdict == "fail"
        new = [each for each in found.report.findings if each.verdict == Verdict.FAIL and each.standing == NEW]
        assert [route.clients for each in new for route in each.routes if route.before is None] == [("lab",)]
        assert [change.line for route in new[0].routes for change in route.changes] == [6]

    def test_a_revision_is_read_without_touching_the_work_tree(self, folder: Path) -> None:
        git("init", "-q", ".")
        (folder / "conf").mkdir()
        (folder / "conf" / "routing.yaml").write_bytes((folder / "routing.yaml").read_bytes())
        git("add", ".")
        git("commit", "-qm", "one")
        (folder / "conf" / "routing.yaml").write_bytes((folder / "surge.yaml").read_bytes())
        before = status()
        for paths in (["conf/routing.yaml"], ["conf"]):
            found = gated(*paths, against="HEAD")
            assert finding(found, "shanghai").standing == NEW
            assert finding(found, "shanghai").routes[0].changes[0].file == "conf/routing.yaml"
        assert status() == before
        git("commit", "-qam", "two")
        assert gated("conf", against="HEAD").verdict == "pass"
        assert gated("conf", against="HEAD~1").verdict == "fail"
        os.chdir("conf")
        assert gated("routing.yaml", against="HEAD~1", inventory="../inventory.yaml").verdict == "fail"

    def test_what_was_not_there_before_is_new(self, folder: Path) -> None:
        git("init", "-q", ".")
        git("commit", "-qm", "nothing", "--allow-empty")
        assert {each.standing for each in gated("surge.yaml", against="HEAD").report.findings} == {NEW}

    def test_folders(self, folder: Path) -> None:
        for name, source in (("old", "routing.yaml"), ("new", "surge.yaml")):
            (folder / name).mkdir()
            (folder / name / "routing.yaml").write_bytes((folder / source).read_bytes())
        assert gated("new", against="old").verdict == "fail"
        assert gated("new/routing.yaml", against="old").verdict == "fail"
        assert gated("old", against="new").verdict == "pass"
        (folder / "then" / "new").mkdir(parents=True)
        (folder / "then" / "new" / "routing.yaml").write_bytes((folder / "routing.yaml").read_bytes())
        assert finding(gated("new", against="then"), "shanghai").standing == NEW

    @pytest.mark.parametrize(
        ("against", "said"),
        [
            ("nonsense", "is no folder, and this is no git repository"),
            ("empty", "holds none of surge.yaml"),
            ("--upload-pack=x", "is no folder"),
        ],
    )
    def test_what_can_not_be_compared_is_told(self, folder: Path, against: str, said: str) -> None:
        (folder / "empty").mkdir()
        with pytest.raises(InputError, match=said):
            gated("surge.yaml", against=against)

    def test_revisions_that_are_none(self, folder: Path) -> None:
        git("init", "-q", ".")
        git("commit", "-qm", "nothing", "--allow-empty")
        for against in ("nonsense", "--all", "HEAD:x", "-"):
            with pytest.raises(InputError, match="neither a folder nor a revision"):
                gated("surge.yaml", against=against)

    def test_an_earlier_state_that_is_broken_is_told_to_be_that_one(self, folder: Path) -> None:
        (folder / "old").mkdir()
        (folder / "old" / "surge.yaml").write_text("routing: 1\nclients: []\n")
        with pytest.raises(InputError, match=r"^old:surge.yaml"):
            gated("surge.yaml", against="old")


def git(*words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


def status() -> bytes:
    return subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True).stdout


class TestCommand:
    """Exit codes and outputs, as a process."""

    def test_exit_codes(self, folder: Path) -> None:
        common = ("--inventory", "inventory.yaml", "--as-of", "2026-11-01")
        for words, code in (
            (("routing.yaml",), 0),
            (("surge.yaml",), 1),
            (("surge.yaml", "--against", "surge.yaml"), 0),
            (("missing.yaml",), 2),
            (("inventory.yaml",), 2),
            (("surge.yaml", "--rules", "ru-152fz"), 3),
        ):
            done = run("gate", *words, *common, cwd=folder)
            assert done.returncode == code, (words, done.stderr)

    def test_a_report_never_overwrites_what_it_is_of(self, folder: Path) -> None:
        before = (folder / "surge.yaml").read_bytes()
        done = run("gate", "surge.yaml", "--inventory", "inventory.yaml", "-o", "surge.yaml", cwd=folder)
        assert done.returncode == 2
        assert (folder / "surge.yaml").read_bytes() == before

    def test_hostile_names_stay_text(self, folder: Path) -> None:
        text = (folder / "surge.yaml").read_text().replace("shanghai", "'<script>alert(1)</script>'")
        text = text.replace("name: southeast asia", 'name: "\\u202e\\x1b[2Jsea<b>"')
        (folder / "surge.yaml").write_text(text)
        (folder / "inventory.yaml").write_text(
            (folder / "inventory.yaml").read_text().replace("shanghai", "'<script>alert(1)</script>'")
        )
        found = gated("surge.yaml")
        page, told = RENDERERS["html"](found.report), RENDERERS["text"](found.report)
        assert "<script" not in page
        assert "<b>" not in page
        assert "\x1b" not in told
        assert "\u202e" not in told + page
