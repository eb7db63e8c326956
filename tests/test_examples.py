"""Every sample, audited: the same bytes as the committed reports, and the verdict that its line promises."""

from typing import Any

import pytest
import yaml

from auditor.report import baseline
from tools import samples

EXAMPLES = samples.HERE / "reports" / "examples"
EXPECTED: dict[str, Any] = yaml.safe_load((samples.SAMPLES / "expected.yaml").read_text())
ALL = list(samples.samples())


@pytest.fixture(scope="module", params=ALL, ids=[name for name, _, _ in ALL])
def sample(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    name, capture, inventory = request.param
    return name, samples.reports(capture, inventory)


def test_reports_are_the_committed_ones(sample: tuple[str, dict[str, str]]) -> None:
    name, reports = sample
    for suffix, text in reports.items():
        committed = EXAMPLES / f"{name}.{suffix}"
        assert text == committed.read_text(encoding="utf-8"), f"{committed} differs: look at it, then `make examples`"


def test_reports_of_configurations_are_the_committed_ones() -> None:
    for name, reports in samples.gates():
        for suffix, text in reports.items():
            committed = EXAMPLES / f"{name}.{suffix}"
            assert text == committed.read_text(encoding="utf-8"), f"{committed}: look at it, then `make examples`"


def test_every_example_has_its_sample() -> None:
    names = {name for name, _, _ in ALL} | {name for name, _ in samples.gates()}
    assert {path.name.partition(".")[0] for path in EXAMPLES.iterdir()} == names


def test_the_example_of_a_baseline_is_that_of_the_incident() -> None:
    report = (EXAMPLES / f"{samples.IN_CI}.json").read_bytes()
    known = samples.HERE / "docs" / "examples" / "incident.baseline.json"
    assert baseline.written(baseline.of_report(report, "report")) == known.read_text()
