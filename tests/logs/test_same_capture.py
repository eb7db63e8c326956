"""One real capture, and what exporters made of it: the same pairs of addresses, packets and verdicts, whoever tells.

What a format can't say is computed from the capture and the log: pairs that the exporter left out or counted less
packets of; IPv6, for which NetFlow 5 has no field; planes and services that only payload shows; times without a date.
"""

import ipaddress
import shutil
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from auditor import pipeline
from auditor.model import flow
from tests import corpus

CAPTURE = corpus.FOLDER / "ndpi_wechat.pcap"
EXPORTS = sorted(path.name for path in corpus.logs() if path.name.startswith("derived_") and "wechat" in path.name)
PROGRAMS = {".nfcapd": "nfdump", ".argus": "ra"}
INCOMPLETE = ("derived_nfcapd", "derived_nfdump")
"""nfpcapd, which wrote them, left out pairs, and counted less of others."""
pytestmark = [
    corpus.logs_needed,
    pytest.mark.skipif(not CAPTURE.exists(), reason="the capture of which these are exports is not here"),
]
COUNTRIES = ("CN", "US", "")
"""Of the sites in turn; of the last nobody says where it is."""
RULE = """
id: {id}
title: Something
severity: high
applies: {{participants: all overseas{planes}}}
{asserts}
why: It was promised.
fix: Do something about it.
references: [{{title: A promise, kind: policy}}]
examples:
  pass: [{{participants: [CA], touches: [{{country: US, plane: media, as: server}}]}}]
  fail: [{{participants: [CA], touches: [{{country: CN, plane: media, as: server}}]}}]
  open: [{{participants: [CA], touches: [{{country: [CN, US], plane: media, as: server}}]}}]
"""
PACK = """
id: promises
title: Promises
description: Without dates, so that records without times are judged alike.
version: "1"
date: 2020-01-01
populations: {overseas: {title: people abroad, countries: {except: [CN]}, labels: [overseas]}}
rules: [anything, anything-stays, media]
"""
RULES = {
    "anything": {"planes": "", "asserts": "must_not_touch: {territory: china-mainland}"},
    "anything-stays": {"planes": "", "asserts": "must_stay_in: {countries: [US, CA]}"},
    "media": {"planes": ", planes: [media]", "asserts": "must_not_touch: {territory: china-mainland}"},
}
Pair = tuple[str, str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an inventory for the addresses that occur in the capture, and rules without dates."""
    found = tmp_path_factory.mktemp("promises")
    (found / "rules").mkdir()
    (found / "rules" / "pack.yaml").write_text(PACK)
    for name, parts in RULES.items():
        (found / "rules" / f"{name}.yaml").write_text(RULE.format(id=name, **parts))
    frame = pipeline.located([CAPTURE], workers=1).frame.filter(pl.col("status") == flow.OK)
    addresses = {ipaddress.ip_address(each) for side in flow.SIDES for each in frame[f"{side}_addr"]}
    sites = sorted((each for each in addresses if each.is_global and not each.is_multicast), key=lambda ip: ip.packed)
    entries = [
        {"name": f"site-{ip}", "networks": [str(ip)], **({"country": country} if country else {"operator": "Somebody"})}
        for number, ip in enumerate(sites)
        for country in [COUNTRIES[number % len(COUNTRIES)]]
    ]
    own = sorted({str(ip) for ip in addresses if ip.is_private and not (ip.is_multicast or ip.is_unspecified)})
    inventory = {
        "vantage": {"name": "tap", "country": "CA"},
        "clients": [{"networks": own, "country": "CA", "population": "overseas"}],
        "sites": entries,
    }
    (found / "inventory.yaml").write_text(yaml.safe_dump(inventory))
    assert len(entries) >= len(COUNTRIES)
    return found


class Told:
    """What one input tells through an audit, of pairs of addresses and of places."""

    def __init__(self, path: Path, folder: Path) -> None:
        inventory = folder / "inventory.yaml"
        found = pipeline.audit([path], rules=[folder / "rules"], inventory=inventory, workers=1)
        basis = flow.OBSERVED if path == CAPTURE else flow.REPORTED  # exports travel in captures of their own
        rows = found.located.frame.filter((pl.col("status") == flow.OK) & (pl.col("basis") == basis))
        if path.suffix == ".argus" or "argus" in path.name:  # ra writes other numbers where the group of IGMP belongs
            rows = rows.filter(pl.col("transport") != "ip/2")
        self.packets: dict[Pair, int] = defaultdict(int)
        self.rows: dict[Pair, list[dict[str, Any]]] = defaultdict(list)
        self.sites: dict[str, set[Pair]] = defaultdict(set)
        for row in rows.iter_rows(named=True):
            pair = tuple(sorted((row["src_addr"], row["dst_addr"])))
            self.packets[pair] += row["src_packets"] + row["dst_packets"]
            self.rows[pair].append(row)
            for side in flow.SIDES:
                self.sites[row[f"{side}_site"]].add(pair)
        self.verdicts = {
            (each.rule, each.place.site, str(each.verdict), each.proven)
            for each in found.report.findings
            if each.basis == basis and each.place.site
        }

    def all_of(self, pair: Pair, name: str) -> set[Any]:
        return {row[name] for row in self.rows[pair]}


@pytest.fixture(scope="module")
def told(folder: Path) -> Callable[[Path], Told]:
    return cache(lambda path: Told(path, folder))


@pytest.fixture(params=EXPORTS)
def both(request: pytest.FixtureRequest, told: Callable[[Path], Told]) -> tuple[str, Told, Told]:
    """Name of an export, what it tells, and what the capture tells."""
    path = corpus.LOGS[0] / request.param
    if (program := PROGRAMS.get(path.suffix)) and not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    return request.param, told(path), told(CAPTURE)


def six(pair: Pair) -> bool:
    return any(":" in each for each in pair)


def exported(name: str, pair: Pair, capture: Told) -> bool:
    """Say whether a format has a place for a pair: version 5 has none for IPv6; of ra see `Told`."""
    if "v5" in name:
        return not six(pair)
    return not ("argus" in name and capture.all_of(pair, "transport") == {"ip/2"})


def whole(log: Told, capture: Told) -> set[Pair]:
    """Pairs of which the exporter counted every packet."""
    return {pair for pair, packets in capture.packets.items() if log.packets.get(pair) == packets}


def test_pairs_and_their_packets_are_the_same(both: tuple[str, Told, Told]) -> None:
    name, log, capture = both
    assert set(log.packets) <= set(capture.packets)
    assert all(packets <= capture.packets[pair] for pair, packets in log.packets.items())
    wanted = {pair for pair in capture.packets if exported(name, pair, capture)}
    if not name.startswith(INCOMPLETE):
        assert {pair: capture.packets[pair] for pair in wanted} == dict(log.packets)
    assert len(whole(log, capture)) > len(wanted) // 3


def test_outcomes_and_roles_are_the_same(both: tuple[str, Told, Told]) -> None:
    """Of one way alone, the payload shows that other protocols than TCP, UDP and ICMP carried something."""
    _, log, capture = both
    for pair in whole(log, capture):
        carried = [flow.CARRIED in each.all_of(pair, "outcome") for each in (log, capture)]
        others = all(each.startswith("ip/") for each in capture.all_of(pair, "transport"))
        assert carried == ([False, True] if others else [carried[1]] * 2)
        roles = [
            {(row[f"{side}_addr"], row[f"{side}_role"]) for row in each.rows[pair] for side in flow.SIDES}
            for each in (log, capture)
        ]
        assert roles[0] == roles[1]


def test_verdicts_of_places_are_the_same(both: tuple[str, Told, Told]) -> None:
    """Of rules that ask for no plane the same everywhere, of those that do, where only payload shows it, no less."""
    _, log, capture = both
    compared = 0
    for site in filter(None, capture.sites):
        pairs = capture.sites[site]
        if not pairs <= whole(log, capture):
            continue
        shown = any(
            capture.all_of(pair, what) != log.all_of(pair, what) for pair in pairs for what in ("plane", "service")
        )
        for rule, parts in RULES.items():
            one, other = (
                {(verdict, proven) for each, place, verdict, proven in told.verdicts if (each, place) == (rule, site)}
                for told in (log, capture)
            )
            if not (shown and parts["planes"]):
                assert one == other, (rule, site)
                compared += 1
            elif ("fail", True) in one | other:
                assert ("fail", True) in other, (rule, site)  # what less is known of is never more certain
    assert compared >= len(RULES) * 2


def test_all_verdicts_occur(told: Callable[[Path], Told]) -> None:
    verdicts = told(CAPTURE).verdicts
    assert {verdict for _, _, verdict, _ in verdicts} == {"fail", "open"}
    assert {site for site in told(CAPTURE).sites if site} > {site for _, site, _, _ in verdicts}
