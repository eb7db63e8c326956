"""Who saw what logs tell: observers, vantages that claim them, and what captures carry of others."""

from pathlib import Path

import polars as pl
import pytest

import auditor
from auditor import pipeline
from auditor.enrich.inventory import load_inventory
from auditor.logs.scan import CARRIED
from tests.logs.exports.build import DST, FLOW, flow, nine, part, template
from tests.logs.logbook import flow as logged
from tests.logs.logbook import folded, rows
from tests.logs.traces.test_judged import CN, atlas
from tests.read.files import Frame, ether, ip4, pcap, udp

FIRST, SECOND, COLLECTOR, HOST = "203.0.113.1", "203.0.113.2", "203.0.113.99", "10.0.0.1"
VANTAGES = """
vantages:
  - {name: collector, sources: ["*.pcap"], country: CA}
  - {name: branch, observers: ["203.0.113.1 *"], country: NL}
"""


def capture(path: Path) -> Path:
    """A capture in which two exporters tell of a machine with the same private address."""
    payloads = [(who, nine(part(0, template(256, FLOW)), part(256, flow(HOST)))) for who in (FIRST, SECOND)]
    frames = [Frame(ether(ip4(udp(data, 50000, 2055), src=who, dst=COLLECTOR, protocol=17))) for who, data in payloads]
    path.write_bytes(pcap(frames))
    return path


def read(path: Path, vantages: str = "") -> pl.DataFrame:
    (path.parent / "inventory.yaml").write_text(vantages or "sites: []")
    return pipeline.located([path], inventory=path.parent / "inventory.yaml").frame.filter(basis="reported")


def test_private_addresses_of_two_exporters_in_one_capture_are_two_machines(tmp_path: Path) -> None:
    found = read(capture(tmp_path / "a.pcap"))
    assert sorted(found["vantage"]) == [f"{FIRST} domain 7", f"{SECOND} domain 7"]
    declared = read(tmp_path / "a.pcap", VANTAGES)
    assert sorted(declared.select("vantage", "src_proven").rows()) == [
        (f"{SECOND} domain 7 at collector", "*"),
        ("branch", "NL"),
    ]
    assert declared["records"].to_list() == [1, 1]


def test_a_report_says_where_a_vantage_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text("vantage: {name: collector, country: CA}")
    path = capture(tmp_path / "a.pcap")
    assert CARRIED in auditor.audit([path], inventory=tmp_path / "inventory.yaml").report.notes
    (tmp_path / "inventory.yaml").write_text('vantage: {name: here, country: CA, observers: "*"}')
    whole = auditor.audit([path], inventory=tmp_path / "inventory.yaml")
    assert CARRIED not in whole.report.notes
    assert set(whole.flows["vantage"]) == {"here"}


def test_show_names_the_packets_that_carry_records(tmp_path: Path) -> None:
    from tests.cli.test_evidence import run

    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(
        f"sites: [{{name: abroad, networks: {DST}/32, country: CN, role: server, planes: [media]}}]\n"
        "clients: [{networks: 10.0.0.0/8, population: overseas, country: CA}]\n"
    )
    path = capture(tmp_path / "a.pcap")
    report = auditor.audit([path], inventory=inventory).report
    finding = next(each for each in report.findings if each.verdict == "fail")
    done = run("show", finding.id, str(path), "--inventory", str(inventory))
    assert done.returncode == 0
    assert b"The first of 1 log record of this exchange" in done.stdout


@pytest.mark.parametrize(
    ("observer", "carried", "vantage"),
    [
        ("sensor", False, "all"),
        ("", False, "all"),
        ("sensor in tunnels", False, "all in tunnels"),
        ("sensor", True, "sensor"),
        ("branch", True, "observer branch"),
        ("all in tunnels", True, "observer all in tunnels"),
        ("192.0.2.10", True, "branch"),
        ("192.0.2.10 in tunnels", False, "branch in tunnels"),
    ],
)
def test_nobody_becomes_a_vantage_by_being_called_like_one(
    tmp_path: Path, observer: str, carried: bool, vantage: str
) -> None:
    (tmp_path / "i.yaml").write_text('vantages: [{name: branch, observers: ["192.0.2.*"]}, {name: all}]')
    assert load_inventory(str(tmp_path / "i.yaml")).seen_by("it.log", observer, carried) == vantage


def test_traces_of_two_vantages_are_two_sessions(tmp_path: Path) -> None:
    for name in ("toronto", "shanghai"):
        (tmp_path / f"{name}.json").write_text(atlas([CN], source="10.0.0.5"))
    apart = "vantages: [{name: toronto, sources: toronto*}, {name: shanghai, sources: shanghai*}]"
    (tmp_path / "inventory.yaml").write_text(apart)
    found = auditor.flows([str(tmp_path / "*.json")], inventory=tmp_path / "inventory.yaml")
    assert sorted(found.groupby("session")["vantage"].nunique()) == [1, 1]
    (tmp_path / "inventory.yaml").write_text("vantage: {name: one}")
    assert auditor.flows([str(tmp_path / "*.json")], inventory=tmp_path / "inventory.yaml")["session"].nunique() == 1


def test_records_of_two_observers_stay_apart_and_those_of_one_vantage_do_not() -> None:
    ends = f"{HOST}:40000", f"{DST}:443"
    assert len(folded(rows(logged(*ends, observer="a"), logged(*ends, observer="b")))) == 2
    assert len(folded(rows(logged(*ends, observer="a"), logged(*ends, observer="a")))) == 1
