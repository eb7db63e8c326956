"""Nothing is fitted to samples: a log of other addresses, ports, names and times gets the same verdicts.

Each format tells of three sessions: one that stayed where the rule allows, one that went where it forbids, and one
with an end that may be in either.  Without inventory nothing is proven any more, and what open findings ask for,
supplied, closes them.
"""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from auditor import pipeline
from auditor.model.report import Report
from tests.logs.exports import build
from tests.logs.monitors.test_syslog import PAN
from tests.logs.monitors.test_zeek import CONN
from tests.logs.monitors.test_zeek import log as zeek_log
from tests.logs.test_audited import HEAD as VPC

PACK: Final = """
id: promises
title: Promises
description: One rule without dates, since some logs bear no times.
version: "1"
date: 2020-01-01
populations: {overseas: {title: people abroad, countries: {except: [CN]}, labels: [overseas]}}
rules: [stays-out]
"""
RULE: Final = """
id: stays-out
title: Traffic of people abroad stays out of the mainland
severity: high
applies: {participants: all overseas}
must_not_touch: {territory: china-mainland, as: [server, relay, hop]}
why: It was promised.
fix: Send it elsewhere.
references: [{title: A promise, kind: policy}]
examples:
  pass: [{participants: [CA], touches: [{country: US, as: server}]}]
  fail: [{participants: [CA], touches: [{country: CN, as: server}]}]
  open: [{participants: [CA], touches: [{country: [CN, US], as: server}]}]
"""


@dataclass(frozen=True)
class World:
    """Where and when three sessions were, and what things are called there."""

    people: tuple[str, str, str]
    home: str
    mainland: str
    either: str
    exporter: str
    words: tuple[str, str]
    ports: tuple[int, int]  # of the first client, of all servers
    begin: int  # seconds
    phrases: tuple[str, str, str]  # of data centres: at home, in the mainland, and one that nobody knows

    @property
    def places(self) -> tuple[str, str, str]:
        return self.home, self.mainland, self.either

    def sessions(self) -> list[tuple[int, str, str, int]]:
        """Return number, client, place and the client's port of each session."""
        return [(n, *ends, self.ports[0] + 7 * n) for n, ends in enumerate(zip(self.people, self.places, strict=True))]

    def inventory(self) -> dict[str, Any]:
        sites = zip(("home", "mainland", "either"), self.places, (["US"], ["CN"], ["CN", "HK"]), strict=True)
        return {
            "vantage": {"name": self.words[0], "country": "CA"},
            "clients": [{"networks": list(self.people), "country": "CA", "population": "overseas"}],
            "sites": [
                {"name": f"{self.words[0]}-{name}", "networks": [ip], "countries": where, "role": "server"}
                for name, ip, where in sites
            ],
        }


HERE: Final = World(
    ("192.0.2.10", "192.0.2.11", "192.0.2.12"), "198.51.100.20", "203.0.113.30", "203.0.113.99", "192.0.2.254",
    ("alice", "example.com"), (50_000, 8801), 1_588_327_200,
    ("United States (SC Top)", "China (TJ Top)", "Atlantis (QQ Top)"),
)  # fmt: skip
ELSEWHERE: Final = World(
    ("10.99.8.3", "198.51.100.77", "172.20.5.9"), "192.0.2.200", "198.51.100.5", "203.0.113.1", "10.1.1.1",
    ("zoë-=cmd()", "beispiel.example"), (41_317, 8807), 1_699_999_000,
    ("United States (NY Top)", "China (TJ)", "Lemuria (XX Top)"),
)  # fmt: skip


def aws(world: World) -> dict[str, str | bytes]:
    lines = [
        f"2 1 eni-{world.words[0]} {src} {dst} {sport} {dport} 17 20 18000 {world.begin} {world.begin + n} ACCEPT OK"
        for n, client, place, port in world.sessions()
        for src, dst, sport, dport in (
            (client, place, port, world.ports[1]), (place, client, world.ports[1], port)
        )
    ]  # fmt: skip
    return {"flow.log": "\n".join([VPC, *lines]) + "\n"}


def azure(world: World) -> dict[str, str | bytes]:
    tuples = [
        f"{world.begin + n}000,{client},{place},{port},{world.ports[1]},17,O,E,NX,20,18000,18,15000"
        for n, client, place, port in world.sessions()
    ]
    flows = {"flows": [{"aclID": world.words[0], "flowGroups": [{"rule": "r", "flowTuples": tuples}]}]}
    target = f"/subscriptions/0/providers/Microsoft.Network/virtualNetworks/{world.words[0]}"
    record = {
        "time": datetime.fromtimestamp(world.begin, UTC).isoformat(),
        "flowLogVersion": 4, "category": "FlowLogFlowEvent",
        "macAddress": "000D3A000001", "flowLogResourceID": "/x", "targetResourceID": target, "flowRecords": flows,
    }  # fmt: skip
    return {"PT1H.json": json.dumps({"records": [record]})}


def nfdump(world: World) -> dict[str, str | bytes]:
    head = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows"
    lines = [
        f"{datetime.fromtimestamp(world.begin + n, UTC):%Y-%m-%d %H:%M:%S}.250,1.000,UDP,{ends},20,18000,1"
        for n, client, place, port in world.sessions()
        for ends in (f"{client},{port},{place},{world.ports[1]}", f"{place},{world.ports[1]},{client},{port}")
    ]
    return {"nfdump.csv": "\n".join([head, *lines]) + "\n"}


def zeek(world: World) -> dict[str, str | bytes]:
    ends = {
        n: f"{world.begin + n}.5 C{world.words[0]}{n} {client} {port} {place} 443"
        for n, client, place, port in world.sessions()
    }
    conn = [f"{each} tcp ssl 1.5 900 900 SF 0 ShADadFf 20 18000 18 15000 -" for each in ends.values()]
    fields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p"
    ssl = [f"{each} TLSv13 m{n}.{world.words[1]} T" for n, each in ends.items()]
    asked = [
        f"{world.begin}.1 D{n} {client} 5353 {world.exporter} 53 udp m{n}.{world.words[1]} A NOERROR {place}"
        for n, client, place, _ in world.sessions()
    ]
    return {
        "conn.log": zeek_log("conn", CONN, *conn),
        "ssl.log": zeek_log("ssl", f"{fields} version server_name established", *ssl),
        "dns.log": zeek_log("dns", f"{fields} proto query qtype_name rcode_name answers", *asked),
    }


def paloalto(world: World) -> dict[str, str | bytes]:
    text = ""
    for n, client, place, port in world.sessions():
        values = {"subtype": "end", "nat": "0.0.0.0", "app": "ssl", "proto": "tcp", "action": "allow", "packets": 9,
                  "sent": 4, "got": 5, "back": 200, "reason": "tcp-fin", "more": ""}  # fmt: skip
        at = datetime.fromtimestamp(world.begin + n, UTC)
        line = f"Sep 13 12:26:41 {world.words[0]} {PAN.format(**values)}\n".replace("192.0.2.1,", f"{client},")
        line = (
            line.replace("198.51.100.7,", f"{place},")
            .replace(",4000,443,", f",{port},{world.ports[1]},")
            .replace(",777,", f",{n},")
        )
        text += line.replace("2020/09/13 12:26:4", f"{at:%Y/%m/%d %H:%M:1}").replace(
            "Sep 13 12:26:41", f"{at:%b %d %H:%M:10}"
        )
    return {"pa.log": text}


def zoom(world: World) -> dict[str, str | bytes]:
    """Meetings of one each; where data centres are is what Zoom says, so an inventory proves the participants alone."""
    found: dict[str, str | bytes] = {}
    for n, phrase in enumerate(world.phrases):
        begin, end = (datetime.fromtimestamp(world.begin + n + more, UTC) for more in (0, 600))
        person = {
            "id": f"{world.words[0]}{n}", "user_id": str(n), "user_name": world.words[0], "ip_address": world.people[n],
            "location": world.words[1], "data_center": phrase, "full_data_center": f"{phrase};",
            "join_time": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "leave_time": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        found[f"{n}.json"] = json.dumps(
            {"page_count": 1, "page_size": 30, "total_records": 1, "participants": [person]}
        )
    return found


def traceroute(world: World) -> dict[str, str | bytes]:
    """Traces to the place at home, over a place each."""
    text = ""
    for n, _, place, _ in world.sessions():
        target = world.home.rpartition(".")[0] + f".{210 + n}"
        text += f"traceroute to m{n}.{world.words[1]} ({target}), 30 hops max, 60 byte packets\n"
        text += f" 1  {place}  4.{n} ms  4 ms  4 ms\n 2  {target}  9.{n} ms  9 ms  9 ms\n\n"
    return {"trace.txt": text}


def netflow(world: World) -> dict[str, str | bytes]:
    records = b"".join(
        build.flow(*ends, packets=20, octets=18_000)
        for _, client, place, port in world.sessions()
        for ends in ((client, place, (port, world.ports[1])), (place, client, (world.ports[1], port)))
    )
    sets = build.part(0, build.template(256, build.FLOW)), build.part(256, records)
    return {"nine.dat": build.nine(*sets, clock=world.begin, domain=world.ports[0] % 251)}


FORMATS: Final[dict[str, Callable[[World], dict[str, str | bytes]]]] = {
    "aws-vpc": aws, "azure-vnet": azure, "nfdump-csv": nfdump, "zeek": zeek, "syslog": paloalto, "zoom": zoom,
    "traceroute-text": traceroute, "netflow": netflow,
}  # fmt: skip


def inventory_of(name: str, world: World) -> dict[str, Any]:
    found = world.inventory()
    if name == "traceroute-text":
        network = world.home.rpartition(".")[0] + ".208/28"
        found["sites"].append({"name": world.words[1], "networks": [network], "country": "US", "role": "server"})
        found["clients"].append({"networks": ["127.0.0.1"], "country": "CA", "population": "overseas"})
    if name == "zeek":
        network = [world.exporter]
        found["sites"].append({"name": world.words[1], "networks": network, "country": "CA", "role": "server"})
    return found


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., pipeline.Audit]:
    def audit(name: str, world: World, inventory: dict[str, Any] | None) -> pipeline.Audit:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        (folder / "logs").mkdir(parents=True)
        (folder / "rules").mkdir()
        (folder / "rules" / "pack.yaml").write_text(PACK)
        (folder / "rules" / "stays-out.yaml").write_text(RULE)
        for file, data in FORMATS[name](world).items():
            (folder / "logs" / file).write_bytes(data.encode() if isinstance(data, str) else data)
        if inventory is not None:
            (folder / "inventory.yaml").write_text(yaml.safe_dump(inventory))
        return pipeline.audit(
            [folder / "logs"],
            rules=[folder / "rules"],
            inventory=folder / "inventory.yaml" if inventory is not None else None,
            workers=1,
        )

    return audit


def said(report: Report) -> list[Any]:
    return sorted((f.rule, str(f.verdict), f.plane, f.place.countries, f.proven, f.sessions) for f in report.findings)


def judged(report: Report) -> tuple[int, int, int]:
    ((_, counts),) = report.coverage.judged
    return counts.passed, counts.failed, counts.open


@pytest.mark.parametrize("name", FORMATS)
def test_moved_logs_say_the_same(name: str, audited: Callable[..., pipeline.Audit]) -> None:
    here = audited(name, HERE, inventory_of(name, HERE)).report
    there = audited(name, ELSEWHERE, inventory_of(name, ELSEWHERE)).report
    assert {each.format for each in (*here.inputs, *there.inputs)} == {name}
    assert dict(here.coverage.records).keys() == {"ok"}
    assert {str(each.verdict) for each in here.findings} == {"fail", "open"}
    assert all(judged(here))
    assert said(there) == said(here)
    assert judged(there) == judged(here)
    assert there.coverage.records == here.coverage.records
    assert [each.sha256 for each in here.inputs] != [each.sha256 for each in there.inputs]


@pytest.mark.parametrize("name", FORMATS)
def test_without_inventory_nothing_is_proven(name: str, audited: Callable[..., pipeline.Audit]) -> None:
    known = audited(name, HERE, inventory_of(name, HERE)).report
    report = audited(name, HERE, None).report
    assert report.verdict in ("open", "fail")
    assert {f.proven for f in report.findings if f.verdict == "fail"} <= {False}
    assert {f.rule for f in report.findings if f.verdict == "fail"} <= {f.rule for f in known.findings}
    assert all(f.settles for f in report.findings if f.verdict == "open")
    assert judged(report)[0] <= judged(known)[0]


def supplied(have: dict[str, Any], truth: dict[str, Any], report: Report) -> bool:
    """Add the lines of an inventory that open findings ask for; say whether there were any."""
    before = yaml.safe_dump(have)
    for settle in [settle for finding in report.findings for settle in finding.settles]:
        if settle.fact == "vantage":
            have["vantage"] = truth["vantage"]
        for section in ("clients", "sites"):
            for entry in truth[section]:
                if settle.subject in pieces(entry) and entry not in have.setdefault(section, []):
                    have[section].append(entry)
    return yaml.safe_dump(have) != before


def pieces(entry: dict[str, Any]) -> set[str]:
    return {str(ip) for network in entry["networks"] for ip in ipaddress.ip_network(network)}


@pytest.mark.parametrize("name", FORMATS)
def test_what_open_findings_ask_for_closes_them(name: str, audited: Callable[..., pipeline.Audit]) -> None:
    truth = inventory_of(name, HERE)
    for site in truth["sites"]:
        site["countries"] = site.get("countries", [site.get("country")])[-1:]  # either turns out to be Hong Kong
        site.pop("country", None)
    have: dict[str, Any] = {}
    report, asked = audited(name, HERE, have).report, 0
    while any(f.verdict == "open" for f in report.findings) and supplied(have, truth, report):
        asked += 1
        report = audited(name, HERE, have).report
    left = [finding for finding in report.findings if finding.verdict == "open"]
    assert asked
    assert judged(report)[0] >= 1
    assert judged(report)[1] >= 1
    if name == "zoom":  # no list of Zoom's tells where a code is that it does not publish, and no address is logged
        assert [{settle.fact for settle in finding.settles} for finding in left] == [{"coverage"}]
    else:
        assert left == []
