"""Nothing is fitted to the samples: moved to other addresses, ports, names and times they get the same verdicts.

The script that writes the samples is rewritten as text, and with it the inventories and the catalogue.  Without
inventory and catalogue a verdict may only open, and what it then asks for, supplied, closes it.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from auditor import pipeline, rules
from auditor.model import countries, flow, labels
from auditor.model.report import Report
from tools import samples

HERE = samples.SAMPLES
NAMES = [name for name, _, _ in samples.samples()]
EXPECTED: dict[str, Any] = yaml.safe_load((HERE / "expected.yaml").read_text())

# Participants move to other networks of the same country, sites within the ranges of their operator.
ADDRESSES = {
    "99.224.10.20": "142.1.33.4",
    "73.162.10.20": "128.32.10.77",
    "98.207.10.20": "129.79.78.4",
    "101.80.20.30": "166.111.4.100",
    "58.246.10.20": "202.120.2.30",
    "52.81.151.250": "52.80.19.7",
    "47.96.12.": "47.97.201.",
    "18.205.93.": "18.206.17.",
    "3.235.82.40": "3.235.82.99",
    "3.235.83.17": "3.235.83.200",
    "31.13.66.19": "31.13.71.36",
    "192.168.10.": "172.20.5.",
    "192.168.1.": "10.77.3.",
    "10.20.0.": "10.99.8.",
    "139.196.20.": "139.196.77.",
}
WORDS = {
    "zoom.us": "mooz.us",
    "facebook.com": "kalender.com",
    "example.com": "example.net",
    "example.cn": "beispiel.cn",
    "alice": "amelie",
    "carol": "conrad",
}
LATER = timedelta(days=33)


def moved(text: str) -> str:
    """Write a text with other addresses and names."""
    table = {**ADDRESSES, **WORDS}
    pattern = "|".join(rf"(?<![\d.]){re.escape(a)}" for a in sorted(ADDRESSES, key=len, reverse=True))
    pattern += "|" + "|".join(re.escape(word) for word in WORDS)
    return re.sub(pattern, lambda found: table[found.group()], text)


def shifted(text: str) -> str:
    """Write a script with other times and other ports of clients and relays, odd ones too."""
    text = re.sub(r"20\d\d-\d\d-\d\d(?=T)", lambda d: (date.fromisoformat(d.group()) + LATER).isoformat(), text)
    return re.sub(r"(?<![\w.:#])([345]\d{4})(?![\w.])", lambda port: str(int(port.group()) + 131), text)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of samples that were moved, with their inventories and a catalogue."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for path in HERE.glob("*.py"):
        changed = shifted(moved(path.read_text()))
        assert path.name in ("payloads.py", "wire.py") or changed != path.read_text()
        (folder / path.name).write_text(changed)
    for path in HERE.glob("*.inventory.yaml"):
        (folder / path.name).write_text(moved(path.read_text()))
    for path in rules.catalogue_files():
        (folder / f"catalogue-{path.name}").write_text(moved(path.read_text()))
    subprocess.run([sys.executable, str(folder / "make.py")], check=True)
    return folder


def files(folder: Path, name: str) -> tuple[Path, Path | None]:
    capture = next(path for path in folder.iterdir() if path.name.startswith(f"{name}.pcap"))
    inventory = folder / f"{name}.inventory.yaml"
    return capture, inventory if inventory.exists() else None


def said(report: Report) -> list[list[str]]:
    return sorted([f.rule, str(f.verdict), f.plane, f.place.countries] for f in report.findings)


@pytest.mark.parametrize("name", NAMES)
def test_samples_say_what_they_must(name: str) -> None:
    capture, inventory = files(HERE, name)
    assert said(pipeline.audit(capture, inventory=inventory, workers=1).report) == sorted(EXPECTED[name]["findings"])


@pytest.mark.parametrize("name", NAMES)
def test_moved_samples_say_the_same(name: str, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capture, inventory = files(elsewhere, name)
    original = files(HERE, name)
    before = pipeline.audit(original[0], inventory=original[1], workers=1)
    monkeypatch.setattr(rules, "catalogue_files", lambda: sorted(elsewhere.glob("catalogue-*.yaml")))
    assert capture.read_bytes() != original[0].read_bytes()
    report = pipeline.audit(capture, inventory=inventory, workers=1).report
    assert said(report) == said(before.report)
    assert report.verdict == before.verdict
    assert dict(report.coverage.records) == dict(before.report.coverage.records)


ORDER = {"fail": {"fail", "open"}, "pass": {"pass", "open"}, "open": {"open"}}


@pytest.fixture
def nothing_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "none.yaml").write_text("services: []\n")
    monkeypatch.setattr(rules, "catalogue_files", lambda: [tmp_path / "none.yaml"])


class Truth:
    """What the inventory and the catalogue knew of a sample, address by address."""

    def __init__(self, frame: pl.DataFrame, inventory: Path | None) -> None:
        self.rows = list(self._ends(frame))
        self.inventory = yaml.safe_load(inventory.read_text()) if inventory else {}
        self.services: dict[str, Any] = {}

    @staticmethod
    def _ends(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
        for side in flow.SIDES:
            names = ("addr", "role", "operator", "label", "claimed", "proven")
            yield from (
                frame.filter(pl.col("status") == "ok")
                .select("plane", "service", *(pl.col(f"{side}_{name}").alias(name) for name in names))
                .iter_rows(named=True)
            )

    def entry(self, address: str) -> tuple[str, dict[str, Any]]:
        """Return the section and the line of an inventory that tell the truth about an address."""
        own = [row for row in self.rows if row["addr"] == address]
        place = countries.members(countries.possible(own[0]["claimed"], own[0]["proven"]))
        known = {"networks": [address], "countries": list(place)} if len(place) < 50 else {"networks": [address]}
        roles = {row["role"] for row in own} - {flow.UNKNOWN}
        label = next((row["label"] for row in own if row["label"]), "")
        if roles == {"client"}:
            accounts = labels.accounts(labels.split(label))
            folk = [part for part in labels.split(label) if not part.startswith(labels.ACCOUNT)]
            said = {"population": "".join(folk), "tenant": "".join(accounts)}
            return "clients", {**known, **{name: text for name, text in said.items() if text}}
        planes = sorted({plane for row in own for plane in row["plane"].split("+")} & set(flow.PLANES))
        known |= {"name": f"site-{address}", "operator": own[0]["operator"] or "Somebody"}
        known |= {"role": next(iter(roles))} if len(roles) == 1 else {}
        known |= {"planes": planes} if planes else {}
        return "sites", {**known, **({"holds": label} if label else {})}

    def supply(self, have: dict[str, Any], report: Report) -> bool:
        """Add to an inventory what open findings ask for; say whether there was anything to add."""
        size = len(str(have)) + len(self.services)
        for settle in [settle for finding in report.findings for settle in finding.settles]:
            if settle.fact == "vantage":
                have.update({key: self.inventory[key] for key in ("vantage", "vantages") if key in self.inventory})
            elif settle.fact == "service":
                name = next(row["service"] for row in self.rows if row["addr"] == settle.subject)
                source = {"title": "A test", "url": "https://example.com", "date": "2020-01-01"}
                line = {"id": name, "title": name, "operator": name, "sources": [source]}
                self.services[settle.subject] = line | {"networks": [{"prefix": f"{settle.subject}/32"}]}
            elif any(row["addr"] == settle.subject for row in self.rows):
                section, line = self.entry(settle.subject)
                if line not in have.setdefault(section, []):
                    have[section].append(line)
        return len(str(have)) + len(self.services) > size


@pytest.mark.usefixtures("nothing_listed")
@pytest.mark.parametrize("name", NAMES)
def test_without_inventory_and_catalogue_a_verdict_may_only_open(name: str) -> None:
    capture, _ = files(HERE, name)
    wanted = "fail" if EXPECTED[name]["exit"] == 1 else "pass"
    report = pipeline.audit(capture, workers=1).report
    assert str(report.verdict) in ORDER[wanted]
    fails = {(f.rule, f.plane) for f in report.findings if f.verdict == "fail"}
    assert {rule for rule, _ in fails} <= {entry[0] for entry in EXPECTED[name]["findings"]}
    assert all(f.settles for f in report.findings if f.verdict == "open")


@pytest.mark.parametrize("name", NAMES)
def test_what_open_findings_ask_for_closes_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audited: Callable[[str], pipeline.Audit]
) -> None:
    truth = Truth(audited(name).located.frame, files(HERE, name)[1])
    listed = tmp_path / "services.yaml"
    listed.write_text("services: []\n")
    monkeypatch.setattr(rules, "catalogue_files", lambda: [listed])
    capture, _ = files(HERE, name)
    have: dict[str, Any] = {}
    report = pipeline.audit(capture, workers=1).report
    asked = 0
    while any(f.verdict == "open" for f in report.findings) and truth.supply(have, report):
        asked += 1
        (tmp_path / f"{asked}.yaml").write_text(yaml.safe_dump(have))
        listed.write_text(yaml.safe_dump({"services": list(truth.services.values())}))
        report = pipeline.audit(capture, inventory=tmp_path / f"{asked}.yaml", workers=1).report
    assert not [f for f in report.findings if f.verdict == "open"]
    assert asked > 0 or said(report) == sorted(EXPECTED[name]["findings"])


@pytest.fixture
def audited() -> Callable[[str], pipeline.Audit]:
    def audit(name: str) -> pipeline.Audit:
        capture, inventory = files(HERE, name)
        return pipeline.audit(capture, inventory=inventory, workers=1)

    return audit
