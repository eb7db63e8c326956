"""A report as JUnit XML: a suite a rule, a case a finding, and nothing that is open, waived or unread looks green."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from auditor.model.coverage import Judged
from auditor.model.report import Report
from auditor.report.ci import junit
from auditor.report.ci.junit import render
from tests.report import samples
from tests.report.workshop.test_junit import conforms


def parsed(report: Report) -> ElementTree.Element:
    text = render(report)
    root = ElementTree.fromstring(text)
    conforms(root)
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for suite in root:
            assert int(suite.attrib[name]) == len(suite.findall(f"testcase/{tag}"))
        if name in root.attrib:
            assert int(root.attrib[name]) == len(root.findall(f".//{tag}"))
    assert int(root.attrib["tests"]) == len(root.findall(".//testcase"))
    return root


def suites(report: Report) -> dict[str, ElementTree.Element]:
    return {suite.attrib["name"]: suite for suite in parsed(report)}


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_report_conforms_and_is_read_as_it_is_meant(name: str) -> None:
    report = samples.SAMPLES[name]
    parsed(report)
    read = JUnitXml.fromstring(render(report).encode())
    cases = [case for suite in read for case in suite]
    kinds = [type(case.result[0]) if case.result else None for case in cases]
    counting = report.counting
    assert kinds.count(Failure) == sum(each.verdict == "fail" for each in counting)
    lacking = sum(each.verdict == "open" for each in counting)
    assert (kinds.count(Error) > 0) == (lacking > 0 or report.undecided or report.empty)
    assert kinds.count(Skipped) >= len(report.findings) - len(counting)


def test_a_violation_is_a_failure_and_an_open_question_an_error() -> None:
    found = suites(samples.FAIL)
    keys, media = (found[f"zoom-2020/{rule.id}"] for rule in samples.FAIL.rules)
    (failure,) = keys.iter("failure")
    assert failure.attrib["type"] == "violation.critical"
    assert failure.attrib["message"].startswith("Violation, proven: 2 sessions of overseas participants exchanged")
    lines = (failure.text or "").splitlines()
    assert lines[0] == f"{samples.KEYS_RULE.path}:{samples.KEYS_RULE.line}"
    assert any("packet 118" in line for line in lines)
    errors = list(media.iter("error"))
    assert [each.attrib["type"] for each in errors] == ["open", "open"]
    assert "It is open whether" in errors[0].attrib["message"]
    assert not list(media.iter("failure"))


def test_what_is_waived_or_known_is_skipped_and_never_a_failure_inside() -> None:
    for report, word in (
        (samples.ALL_WAIVED, "Waived until 2026-12-01"),
        (samples.ALL_KNOWN, "Known from the baseline"),
    ):
        root = parsed(report)
        assert not root.findall(".//failure")
        assert not root.findall(".//error")
        skipped = [each.attrib["message"] for each in root.findall(".//skipped")]
        assert sum(message.startswith(word) for message in skipped) == len(report.findings)


def test_a_rule_that_holds_passes_and_one_that_is_not_applicable_says_so() -> None:
    found = suites(samples.PASS)
    assert all(len(suite) == 1 for suite in found.values())
    assert not [each for suite in found.values() for each in suite.iter("skipped")]
    coverage = replace(samples.CLEAN, judged=((samples.KEYS_RULE.id, Judged(8)), (samples.MEDIA_RULE.id, Judged())))
    keys, media = (suites(replace(samples.PASS, coverage=coverage))[f"zoom-2020/{r.id}"] for r in samples.PASS.rules)
    assert not list(keys.iter("skipped"))
    (skipped,) = media.iter("skipped")
    assert skipped.attrib["message"].startswith("Not applicable")


def test_what_was_not_examined_is_an_error_and_so_is_nothing_at_all() -> None:
    errors = [each.attrib["message"] for each in suites(samples.FAIL)["examined"].iter("error")]
    assert len(errors) == 3
    assert errors[0].startswith("Not examined: 2 packets of 2020-incident.pcap, malformed")
    (empty,) = suites(samples.EMPTY)["examined"].iter("error")
    assert "no all-clear" in empty.attrib["message"]
    assert not list(suites(samples.PASS)["examined"].iter("error"))


def test_the_baseline_is_told() -> None:
    (skipped,) = suites(samples.HELD)["examined"].iter("skipped")
    assert "1 new, 1 known, 1 fixed" in skipped.attrib["message"]
    assert "0123456789abcdef" in (skipped.text or "")


def test_names_of_cases_are_unique_and_the_same_in_the_next_run() -> None:
    def names(report: Report) -> list[tuple[str, str]]:
        suites = [suite for suite in parsed(report) if suite.attrib["name"] != "examined"]
        return [(c.attrib["classname"], c.attrib["name"]) for suite in suites for c in suite]

    assert len(set(names(samples.TORN))) == len(names(samples.TORN))
    later = tuple(replace(each, sessions=77, endpoints=("192.0.2.1",), evidence=()) for each in samples.TORN.findings)
    assert names(replace(samples.TORN, findings=later)) == names(samples.TORN)


def test_very_many_findings_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "MOST", 500)
    root = parsed(samples.crowd(1_500))
    said = [each.attrib["message"] for each in root.findall(".//skipped")]
    assert "1,000 more findings are left out here." in said


def test_what_is_no_xml_is_written_out() -> None:
    text = render(samples.HOSTILE)
    assert "\\x00" in text
    assert not {c for c in text if c < " "} - {"\n"}
    assert "<script>" not in text
