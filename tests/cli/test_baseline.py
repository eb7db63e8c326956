"""`auditor baseline` and `--baseline`, as commands."""

import io
import json
from pathlib import Path

import pytest

from auditor.cli import app, exits
from tools.samples import HERE

CAPTURE = str(HERE / "sample_pcaps" / "zoom-2020-incident.pcapng")
INVENTORY = str(HERE / "sample_pcaps" / "zoom-2020-incident.inventory.yaml")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["auditor", *words])
    return exits.guarded(app)


def audit(monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    return run(monkeypatch, "audit", CAPTURE, "--inventory", INVENTORY, "--workers", "1", *more)


def test_what_is_known_fails_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report, past, again = (str(tmp_path / name) for name in ("report.json", "known.json", "again.json"))
    assert audit(monkeypatch, "-o", report) == 1
    assert run(monkeypatch, "baseline", report, "-o", past) == 0
    assert audit(monkeypatch, "--baseline", past, "-o", again) == 0
    told = json.loads(Path(again).read_text())
    assert told["verdict"] == "pass"
    assert {each["standing"] for each in told["findings"]} == {"known"}
    assert told["baseline"]["file"].endswith("known.json")
    # a baseline of that report is the same
    renewed = str(tmp_path / "renewed.json")
    assert run(monkeypatch, "baseline", again, "-o", renewed) == 0
    assert Path(renewed).read_bytes() == Path(past).read_bytes()


def test_a_baseline_without_it_lets_it_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past = tmp_path / "known.json"
    past.write_text('{"format": "auditor-baseline/v1", "findings": []}')
    assert audit(monkeypatch, "--baseline", str(past), "-o", str(tmp_path / "r.txt")) == 1


def test_a_foreign_file_ends_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    past = tmp_path / "known.json"
    past.write_text('{"results": {}}')
    assert audit(monkeypatch, "--baseline", str(past)) == 2
    assert "is no baseline of this tool" in capsys.readouterr().err
    assert run(monkeypatch, "baseline", str(past)) == 2
    assert "is no report of this tool" in capsys.readouterr().err
    assert run(monkeypatch, "baseline", str(tmp_path / "none.json")) == 2


def test_neither_report_nor_baseline_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past = tmp_path / "known.json"
    past.write_text('{"format": "auditor-baseline/v1", "findings": []}')
    assert audit(monkeypatch, "--baseline", str(past), "-o", str(past)) == 2
    assert run(monkeypatch, "baseline", str(past), "-o", str(past)) == 2


def test_a_report_may_come_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    data = b'{"format": "auditor-report/v1", "findings": [{"id": "0123456789abcdef", "rule": "r", "verdict": "fail"}]}'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert run(monkeypatch, "baseline", "-") == 0
    (known,) = json.loads(capfdbinary.readouterr().out)["findings"]
    assert known == {"id": "0123456789abcdef", "rule": "r", "verdict": "fail"}
