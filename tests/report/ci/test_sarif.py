"""SARIF as its schema has it, and as GitHub's code scanning takes it (its page on SARIF support, and its limits)."""

import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from auditor.model.report import Evidence, Report, RuleText
from auditor.model.route import Route, Stage
from auditor.report.ci import pointed, sarif
from tests.report import samples

SCHEMA = json.loads((Path(__file__).parents[2] / "data" / "schemas" / "sarif-2.1.0.json").read_text())
VALID = jsonschema.Draft7Validator(SCHEMA)
URI = re.compile(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")


def log(report: Report) -> dict[str, Any]:
    text = sarif.render(report)
    assert text.isascii()
    told: dict[str, Any] = json.loads(text)
    VALID.validate(told)
    return told


def run(report: Report) -> dict[str, Any]:
    (only,) = log(report)["runs"]
    return dict(only)


def takes(told: dict[str, Any]) -> None:
    """Assert what GitHub asks of a file beyond the schema."""
    assert told["$schema"]
    assert told["version"] == "2.1.0"
    (only,) = told["runs"]
    driver = only["tool"]["driver"]
    assert driver["name"]
    rules = driver["rules"]
    assert len(rules) <= 25_000
    assert len(only["results"]) <= 5_000
    for rule in rules:
        assert rule["id"]
        assert len(rule["name"]) <= 255
        assert 0 < len(rule["shortDescription"]["text"]) <= 1_024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1_024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
        assert len(rule["properties"]["tags"]) <= 10
        score = rule["properties"].get("security-severity")
        assert (score is not None) == ("security" in rule["properties"]["tags"])
        assert score is None or 0 < float(score) <= 10
    for result in only["results"]:
        assert result["message"]["text"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        (place,) = result["locations"]
        assert re.fullmatch(r".+:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
        for each in (place, *result["relatedLocations"]):
            where = each["physicalLocation"]
            assert URI.fullmatch(where["artifactLocation"]["uri"])
            assert not where["artifactLocation"]["uri"].startswith(("/", "../"))
            assert all(number > 0 for number in where.get("region", {}).values())
        assert set(place["physicalLocation"]["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert len(result["relatedLocations"]) <= 1_000
    category, _, number = only["automationDetails"]["id"].rpartition("/")
    assert (category.count("/"), number) == (1, "")


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_report_is_valid_and_github_takes_it(name: str) -> None:
    takes(log(samples.SAMPLES[name]))


def test_what_traffic_did_stands_at_the_rule_and_names_its_records() -> None:
    first = run(samples.FAIL)["results"][0]
    (place,) = first["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == samples.KEYS_RULE.path
    assert place["physicalLocation"]["region"]["startLine"] == samples.KEYS_RULE.line
    assert first["relatedLocations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "2020-incident.pcap"}}
    assert "packet 118" in first["relatedLocations"][0]["message"]["text"]
    assert first["level"] == "error"
    assert first["message"]["text"].startswith("Violation, proven: 2 sessions of overseas participants exchanged ")


def test_what_a_configuration_would_do_stands_at_its_line() -> None:
    only = run(samples.GATE)
    (result,) = only["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "dns/over%20seas.yaml"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 42
    assert [each["physicalLocation"]["region"]["startLine"] for each in result["relatedLocations"]] == [42, 7, 3]
    assert only["automationDetails"]["id"] == "residency-auditor/gate/"
    assert run(samples.FAIL)["automationDetails"]["id"] == "residency-auditor/audit/"


def test_a_route_is_told_step_by_step() -> None:
    first, second = Stage("dns/über see.yaml", 40, "toronto is down, go on"), Stage("dns/über see.yaml", 42, "serves")
    route = Route("routing.yaml", ("canada", "quebec"), 2, "p", "s", second, ("pool {0} is down",), "yes", 3, (first,))
    (result,) = run(replace(samples.GATE, findings=(replace(samples.CONFIGURED, routes=(route,)),)))["results"]
    (flow,) = result["codeFlows"]
    assert flow["message"]["text"] == "canada, quebec, with 1 outage: pool {{0}} is down"
    steps = [each["location"] for each in flow["threadFlows"][0]["locations"]]
    assert [each["physicalLocation"]["region"]["startLine"] for each in steps] == [40, 42]
    assert steps[0]["physicalLocation"]["artifactLocation"]["uri"] == "dns/%C3%BCber%20see.yaml"
    for said in ("What has to fail: pool", "toronto is down, go on", "The line to change: "):
        assert said in result["message"]["text"]


def test_an_open_question_is_shown_and_is_no_security_alert() -> None:
    only = run(samples.FAIL)
    rules = only["tool"]["driver"]["rules"]
    question = next(each for each in only["results"] if each["properties"]["verdict"] == "open")
    rule = rules[question["ruleIndex"]]
    assert rule["id"] == question["ruleId"] == f"{samples.OPEN.rule}/open"
    assert "security-severity" not in rule["properties"]
    assert question["level"] == "warning"
    assert "kind" not in question
    assert question["message"]["text"].startswith("Open question: It is open whether ")
    assert "To settle it: List 103.122.166.55" in question["message"]["text"]


@pytest.mark.parametrize(
    ("severity", "level", "score", "doubted"),
    [
        ("critical", "error", "9.5", "warning"),
        ("high", "error", "8.0", "warning"),
        ("medium", "warning", "5.5", "warning"),
        ("low", "note", "2.5", "note"),
    ],
)
def test_severities(severity: str, level: str, score: str, doubted: str) -> None:
    rule = replace(samples.KEYS_RULE, severity=severity)
    found = (replace(samples.KEYS, severity=severity), replace(samples.OPEN, rule=rule.id, severity=severity))
    only = run(replace(samples.FAIL, rules=(rule,), findings=found))
    assert [each["level"] for each in only["results"]] == [level, doubted]
    described = only["tool"]["driver"]["rules"]
    assert [each["defaultConfiguration"]["level"] for each in described] == [level, doubted]
    assert described[0]["properties"]["security-severity"] == score


def test_waived_findings_are_suppressed_with_their_justification() -> None:
    results = run(samples.WAIVED)["results"]
    assert [len(each["suppressions"]) for each in results] == [0, 1, 1]
    (one,) = results[1]["suppressions"]
    assert (one["kind"], one["status"]) == ("external", "accepted")
    assert samples.WAIVER.reason in one["justification"]
    assert "2026-12-01" in one["justification"]
    assert one["location"]["physicalLocation"]["region"]["startLine"] == samples.WAIVER.line
    assert not any("suppressions" in each for each in run(samples.FAIL)["results"])
    told = run(samples.WAIVED)["invocations"][0]["toolConfigurationNotifications"]
    assert len(told) == 5


def test_states_against_a_baseline() -> None:
    only = run(samples.HELD)
    assert [each["baselineState"] for each in only["results"]] == ["new", "unchanged"]
    notes = [each["message"]["text"] for each in only["invocations"][0]["toolExecutionNotifications"]]
    assert any("1 new, 1 known, 1 fixed" in note for note in notes)
    assert any("0123456789abcdef" in note for note in notes)
    assert not any("baselineState" in each for each in run(samples.FAIL)["results"])


def test_what_was_not_examined_is_notified() -> None:
    told = run(samples.FAIL)["invocations"][0]["toolExecutionNotifications"]
    warnings = [each["message"]["text"] for each in told if each["level"] == "warning"]
    assert warnings == [
        "Not examined: 2 packets of 2020-incident.pcap, malformed (IPv4 header cut), first at packet 7.",
        "Not examined: 1 packet of 2020-incident.pcap, truncated (capture length), first at packet 44,480.",
        "Not examined: 120 bytes of 2020-incident.pcap: the file ends inside a record.",
    ]
    (empty,) = [
        each["message"]["text"]
        for each in run(samples.EMPTY)["invocations"][0]["toolExecutionNotifications"]
        if each["level"] == "warning"
    ]
    assert "no all-clear" in empty
    passed = run(samples.PASS)["invocations"][0]["toolExecutionNotifications"]
    assert not [each for each in passed if each["level"] != "note"]


def test_fingerprints_outlive_lines_counts_and_evidence() -> None:
    moved = replace(samples.KEYS, sessions=9, evidence=(Evidence("other.pcap", 9, "x"),), packets=1)
    later = replace(samples.FAIL, findings=(moved,), rules=(replace(samples.KEYS_RULE, line=99),))
    first, second = (run(report)["results"][0]["partialFingerprints"] for report in (samples.FAIL, later))
    assert first == second
    every = [each["partialFingerprints"]["primaryLocationLineHash"] for each in run(samples.FAIL)["results"]]
    assert len(set(every)) == len(every)


def test_of_more_findings_than_are_shown_the_worst_stay_and_the_rest_is_counted() -> None:
    told = json.loads(sarif.render(samples.crowd(12_000)))
    takes(told)
    (only,) = told["runs"]
    assert len(only["results"]) == 5_000
    assert {each["properties"]["verdict"] for each in only["results"]} == {"fail"}
    (first, *_) = only["invocations"][0]["toolExecutionNotifications"]
    assert first["message"]["text"].startswith("7,000 findings of 12,000 left out here")


def test_a_file_that_can_not_be_packed_small_enough_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "LARGEST", 60_000)
    text = sarif.render(samples.crowd(2_000))
    assert len(zlib.compress(text.encode(), 6)) <= 60_000
    (only,) = json.loads(text)["runs"]
    left = 2_000 - len(only["results"])
    assert 0 < left < 2_000
    told = only["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert told.startswith(f"{left:,} findings of 2,000 left out here")


def test_very_many_rules_are_described_in_part() -> None:
    rules = tuple(replace(samples.KEYS_RULE, id=f"rule-{i}") for i in range(13_000))
    found = (replace(samples.KEYS, rule="rule-12999"),)
    told = json.loads(sarif.render(replace(samples.FAIL, rules=rules, findings=found)))
    takes(told)
    assert told["runs"][0]["results"][0]["ruleId"] == "rule-12999"


def test_a_stranger_writes_no_links_and_no_placeholders() -> None:
    said = "see [here](http://evil.example) {0} and [1](1)"
    finding = replace(samples.KEYS, evidence=(Evidence(said, 1, said),))
    rule = replace(samples.KEYS_RULE, why=said, references=((said, "", "https://e.example/a)b", "", ""),))
    only = run(replace(samples.FAIL, findings=(finding,), rules=(rule,)))
    (result,) = only["results"]
    for text in (result["message"]["text"], result["relatedLocations"][0]["message"]["text"]):
        assert "](" not in text
        assert "{{0}}" in text
    marked = only["tool"]["driver"]["rules"][0]["help"]["markdown"]
    assert "](" not in marked
    assert "://" not in marked


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.yaml", "a/b.yaml"),
        ("./a//b.yaml", "a/b.yaml"),
        ("/etc/gdnsd/config", "etc/gdnsd/config"),
        ("../../a.yaml", "a.yaml"),
        ("a/../../../b", "b"),
        ("s3://bucket/x y.log", "s3/bucket/x%20y.log"),
        ("c:x%41?.yaml#1", "c%3Ax%2541%3F.yaml%231"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("a\nb\x1b\u202e", "a%0Ab%1B%E2%80%AE"),
        ("a\udcff", "a%ED%B3%BF"),
    ],
)
def test_paths_are_relative_and_encoded(path: str, expected: str) -> None:
    found = pointed.uri(pointed.relative(path))
    assert found == expected
    assert URI.fullmatch(found)
    assert unquote(found, errors="surrogatepass").lstrip("/") == pointed.relative(path)


def test_a_rule_without_a_title_or_a_sentence_still_has_descriptions() -> None:
    bare = RuleText("r", "", "low", "", "", (), "", "", "")
    takes(log(replace(samples.FAIL, rules=(bare,), findings=(replace(samples.KEYS, rule="r"),))))
