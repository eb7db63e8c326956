"""A user's own services count in every command that reads the catalogue."""

import csv
import io
import json
from pathlib import Path

import pytest

from auditor.cli import app
from auditor.cli.exits import guarded
from auditor.read import initials
from tests.captures import pcap, udp
from tests.read.quic_packets import client_hello, crypto, initial

OURS = """
services:
  - {id: ours, title: Ours, names: [{suffix: zoom.us, plane: keys}], networks: [{prefix: 203.0.113.0/24, plane: media}]}
"""
RULE = """
id: a-rule
title: Nobody uses it
severity: low
applies: {services: [ours]}
must_not_touch: {territory: china-mainland}
why: a test asks
fix: none
references: [{title: a test, kind: policy}]
examples:
  pass: [{participants: [US], touches: [{country: US, as: server, service: ours}]}]
  fail: [{participants: [US], touches: [{country: CN, as: server, service: ours}]}]
  open: [{participants: [US], touches: [{country: [CN, HK], as: server, service: ours}]}]
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    hello = initial(crypto(0, client_hello("us04web.zoom.us")))
    frames = [
        udp("192.0.2.1", 50000, "203.0.113.9", 443, hello),
        udp("203.0.113.9", 443, "192.0.2.1", 50000, b"\xc3" * 60),
    ]
    (tmp_path / "a.pcap").write_bytes(pcap(frames))
    (tmp_path / "ours.yaml").write_text(OURS)
    (tmp_path / "rule.yaml").write_text(RULE)
    return {name: str(tmp_path / name) for name in ("a.pcap", "ours.yaml", "rule.yaml")}


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["auditor", *words])
    try:
        code = guarded(app)
    except SystemExit as left:
        code = int(left.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_flows_and_locate(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ("--catalogue", files["ours.yaml"])
    for more, expected in (((), "zoom"), (own, "ours")):
        code, out, _ = run(capsys, monkeypatch, "flows", files["a.pcap"], *more)
        (row,) = csv.DictReader(io.StringIO(out))
        assert (code, row["service"], row["names"]) == (0, expected, "us04web.zoom.us")
    code, out, _ = run(capsys, monkeypatch, "locate", "203.0.113.9", "--format", "json", *own)
    told = [source["detail"] for source in json.loads(out)[0]["sources"] if source["kind"] == "service"]
    assert (code, told) == (0, ["203.0.113.0/24 server media"])


def test_a_rule_may_name_it(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("audit", files["a.pcap"], "--rules", files["rule.yaml"])
    code, _, err = run(capsys, monkeypatch, *words)
    assert code == 2, err
    assert "unknown service `ours`" in err
    code, out, err = run(capsys, monkeypatch, *words, "--catalogue", files["ours.yaml"])
    assert code in (0, 3), err
    assert "service catalogue: ours" in out
    assert run(capsys, monkeypatch, "rules", "test", files["rule.yaml"], "--catalogue", files["ours.yaml"])[0] == 0


def test_names_that_were_left_out_are_said(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(initials, "CONNECTIONS", 0)
    _, out, _ = run(capsys, monkeypatch, "audit", files["a.pcap"])
    assert "QUIC connections" in out


def test_the_report_may_not_replace_it(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("audit", files["a.pcap"], "--catalogue", files["ours.yaml"], "-o", files["ours.yaml"])
    code, _, err = run(capsys, monkeypatch, *words)
    assert (code, "is read by this audit" in err) == (2, True)
    assert Path(files["ours.yaml"]).read_text() == OURS
