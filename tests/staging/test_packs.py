"""Every rule of every shipped pack decides from captures what its examples promise, and the command says so."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor import rules
from auditor.cli import app
from auditor.cli.exits import guarded
from auditor.model.rule import Rule
from tests.staging import stage

SEEDS = (1, 2)
CODES = {"pass": 0, "fail": 1, "open": 3, "not_applicable": 3}
FOUND = ("fail", "open")
UNDECIDABLE = "not_observable"
"""Verb of rules that no flow decides: their examples are open, or the rule has nothing to say."""


@dataclass(frozen=True)
class Played:
    """A pack, its examples as evidence, and what an audit says of each."""

    rules: tuple[Rule, ...]
    evidence: stage.Evidence
    verdicts: dict[str, str]  # by label
    strange: list[str]


@pytest.fixture(scope="module", params=rules.shipped())
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp(request.param)
    loaded = rules.load([request.param]).rules
    evidence = stage.stage(loaded, folder, SEEDS)
    audit = stage.audited(evidence, [request.param]).located
    return Played(loaded, evidence, stage.verdicts(audit, evidence), stage.strangers(audit, evidence))


def test_evidence_gives_the_verdict_that_the_example_promises(played: Played) -> None:
    wrong = {
        each.label: played.verdicts[each.label]
        for each in played.evidence.staged
        if played.verdicts[each.label] != each.promised
    }
    assert wrong == {}


def test_evidence_says_what_the_example_says_and_no_more(played: Played) -> None:
    assert played.strange == []


def test_every_decidable_rule_passes_fails_and_stays_open_from_captures(played: Played) -> None:
    shown = defaultdict(set)
    for each in played.evidence.staged:
        shown[each.rule.id].add(played.verdicts[each.label])
    for rule in played.rules:
        wanted = {"open"} if rule.asserts.verb == UNDECIDABLE else {"pass", "open"}
        wanted |= {"fail"} if rule.asserts.verb != UNDECIDABLE and not rule.asserts.excusable else set()
        missing = {label: why for label, why in played.evidence.missing.items() if label.startswith(f"{rule.id}:")}
        assert shown[rule.id] >= wanted, f"{rule.id} shows {sorted(shown[rule.id])}; not staged: {missing}"


@pytest.mark.parametrize("promised", CODES)
def test_the_command_says_so_by_its_exit_code(
    played: Played, promised: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One example for each verdict, alone and with its rule alone."""
    cases = [each for each in played.evidence.staged if each.promised == promised]
    if not cases:
        pytest.skip(f"no example of the pack is {promised}")
    case, files = cases[len(cases) // 2], played.evidence.files
    words = ["audit", case.capture, "--rules", rules.builtin() / case.rule.file, "--inventory", files.inventory]
    words += [word for path in files.services for word in ("--catalogue", path)]
    words += [word for path in files.geo for word in ("--geo", path)]
    words += ["--selections", case.selections] if case.selections else []
    words += ["--workers", "1", "--format", "json"]
    monkeypatch.setattr("sys.argv", ["auditor", *map(str, words)])
    assert guarded(app) == CODES[promised], case.label
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == promised.replace("not_applicable", "open"), case.label
    assert {finding["rule"] for finding in report["findings"]} == ({case.rule.id} if promised in FOUND else set())
    assert report["empty"] == (promised == "not_applicable")


def test_what_can_not_be_staged_says_why(played: Played) -> None:
    assert all(played.evidence.missing.values())


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    (rule,) = (each for each in rules.load(["zoom-2020"]).rules if each.id == "overseas-media-avoids-mainland")
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        stage.stage([rule], tmp_path / name, SEEDS)
        written.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert written[0] == written[1]
    first = {name: data for name, data in written[0].items() if name.endswith(".1.pcap")}
    assert all(written[0][name.replace(".1.pcap", ".2.pcap")] != data for name, data in first.items())
