"""Baselines: written out of reports, read strictly, and told in every format."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from auditor.model.errors import InputError
from auditor.model.report import Past, Verdict
from auditor.report import RENDERERS, baseline, known, overall, table
from auditor.report.jsonv1 import render
from auditor.report.text import render_text
from tests.report.page.test_html import Page

from . import samples

SCHEMA = Path(__file__).parents[2] / "reports" / "schema" / "auditor-baseline-v1.json"
IDS = {"a": "0" * 15 + "1", "b": "0" * 15 + "2"}


def numbered(report: object) -> bytes:
    """Return the JSON report with identifiers as audits give them."""
    told = json.loads(render(report))  # type: ignore[arg-type]
    for i, finding in enumerate(told["findings"]):
        finding["id"] = f"{15 - i:016x}"
    return json.dumps(told).encode()


def test_a_report_becomes_a_baseline_that_is_valid_and_the_same_again(tmp_path: Path) -> None:
    found = baseline.of_report(numbered(samples.WAIVED), "report.json")
    assert [each.rule for each in found] == [samples.OPEN.rule]  # what is waived has an owner
    found = baseline.of_report(numbered(samples.HELD), "report.json")
    assert [(each.id, each.verdict) for each in found] == [(f"{14:016x}", "fail"), (f"{15:016x}", "open")]
    text = baseline.written(found)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(text))
    assert [line for line in text.splitlines() if '"id"' in line] == text.splitlines()[3:5]
    (tmp_path / "known.json").write_text(text)
    read = baseline.load(tmp_path / "known.json")
    assert read.findings == found
    assert baseline.written(read.findings) == text
    assert json.loads(baseline.written(())) == {"format": "auditor-baseline/v1", "findings": []}


def test_the_committed_schema_is_the_declared_shape() -> None:
    assert SCHEMA.read_text() == baseline.schema()


def test_a_baseline_tells_no_address_and_no_name() -> None:
    text = baseline.written(baseline.of_report(numbered(samples.FAIL), "report.json"))
    for said in (*samples.KEYS.endpoints, samples.KEYS.place.operator, samples.KEYS.evidence[0].source):
        assert said not in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no baseline of this tool"),
        (b'{"format": "auditor-baseline/v1", "findings": [', "is no baseline of this tool"),
        (b'{"format": "auditor-baseline/v2", "findings": []}', "is no baseline of this tool"),
        (b'{"format": "auditor-baseline/v1"}', "is no baseline of this tool"),
        (b'{"version": "2.0.0", "results": {}}', "is no baseline of this tool"),
        (b"\xff\xfe{}", "is no baseline of this tool"),
        (b"[" * 100_000, "is no baseline of this tool"),
        (
            b'{"format": "auditor-baseline/v1", "findings": [{"id": "x", "rule": "r", "verdict": "fail"}]}',
            "[0]",
        ),
        (b'{"format": "auditor-baseline/v1", "findings": [], "owner": "me"}', "owner"),
        (render(samples.FAIL).encode(), "make one: `auditor baseline"),
    ],
)
def test_what_is_damaged_or_foreign_is_refused_with_the_way_on(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "known.json").write_bytes(content)
    with pytest.raises(InputError) as raised:
        baseline.load(tmp_path / "known.json")
    assert words in str(raised.value)
    assert "auditor baseline" in str(raised.value)


def test_what_is_no_report_is_refused() -> None:
    for content in (b"", b"{}", b'{"format": "auditor-report/v1"}', b'{"format": "x", "findings": []}', b"[" * 100_000):
        with pytest.raises(InputError, match="--format json"):
            baseline.of_report(content, "report.json")


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        baseline.load(tmp_path / "none.json")


def test_text_and_page_say_what_is_new_known_and_fixed() -> None:
    said = "Held against known.json: 1 new, 1 known, 1 fixed; 1 finding of rules that were not asked."
    text = " ".join(render_text(samples.HELD, width=200).split())
    page = Page(RENDERERS["html"](samples.HELD)).words
    for told in (text, page):
        assert said in told
        assert known.SAYS in told
        assert f"fixed: violation of {samples.KEYS_RULE.id} [0123456789abcdef]" in told
        assert "not asked: open question of another-rule [fedcba9876543210]" in told
        assert "nobody answers for" in told
    assert "KNOWN FAIL critical" in text
    assert "1 open question; known: 1 violation" in text
    for name in ("fail", "waived", "pass"):
        assert "baseline" not in render_text(samples.SAMPLES[name]).lower()
        assert "baseline" not in Page(RENDERERS["html"](samples.SAMPLES[name])).words.lower()


def test_a_pass_of_known_findings_does_not_say_that_all_is_well() -> None:
    assert overall.title(samples.ALL_KNOWN).startswith("All that was found is known from the baseline; ")
    assert overall.tally(samples.ALL_KNOWN) == "nothing that counts; known: 1 violation"
    both = replace(samples.ALL_KNOWN, findings=(samples.FAMILIAR, samples.ACCEPTED))
    assert overall.title(both).startswith("All that was found is waived or known from the baseline; ")
    assert overall.title(samples.HELD).startswith(
        "No violation was found beside those that are known from the baseline"
    )


def test_what_may_only_not_have_been_seen_is_not_called_fixed_without_a_word() -> None:
    unread = replace(samples.HELD, coverage=samples.FAIL.coverage)
    assert "what is called fixed may only not have been seen" in known.summary(unread)
    assert "may only" not in known.summary(samples.HELD)


def test_json_and_tables_hold_all_of_it() -> None:
    told = json.loads(render(samples.HELD))
    assert [each["standing"] for each in told["findings"]] == ["new", "known"]
    assert told["baseline"] == {
        "file": "known.json",
        "sha256": "b" * 64,
        "known": 1,
        "new": 1,
        "fixed": [{"id": "0123456789abcdef", "rule": samples.KEYS_RULE.id, "verdict": "fail"}],
        "unasked": [{"id": "fedcba9876543210", "rule": "another-rule", "verdict": "open"}],
    }
    assert json.loads(render(samples.FAIL))["baseline"] is None
    assert table.findings(samples.HELD)["standing"].tolist() == ["new", "known"]


def test_of_very_many_the_rest_is_counted() -> None:
    many = tuple(Past(f"{i:016x}", samples.KEYS_RULE.id, "fail") for i in range(3_000))
    report = replace(samples.HELD, verdict=Verdict.OPEN, baseline=replace(samples.PAST, fixed=many, unasked=()))
    assert "and 2,980 more; the JSON report lists all" in render_text(report)
    assert "and 2,800 more; the JSON report lists all" in RENDERERS["html"](report)
