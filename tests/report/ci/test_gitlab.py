"""Code quality as GitLab's page describes it: what each entry needs, and fingerprints that are unique and stay."""

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from auditor.model.report import Evidence, Report
from auditor.report.ci import gitlab
from auditor.report.ci.gitlab import render
from tests.report import samples

ENTRY = {  # docs.gitlab.com, Code Quality, "Code Quality report format"; the types are those of Code Climate's engine
    "type": "object",
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "properties": {
        "type": {"const": "issue"},
        "description": {"type": "string", "minLength": 1},
        "check_name": {"type": "string", "minLength": 1},
        "categories": {"type": "array", "items": {"enum": ["Security"]}},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "properties": {
                "path": {"type": "string", "pattern": "^[^/.]", "minLength": 1},
                "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}},
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
VALID = jsonschema.Draft202012Validator({"type": "array", "items": ENTRY})


def listed(report: Report) -> list[dict[str, Any]]:
    text = render(report)
    assert text.isascii()  # so there is no byte order mark either
    told: list[dict[str, Any]] = json.loads(text)
    VALID.validate(told)
    prints = [each["fingerprint"] for each in told]
    assert len(set(prints)) == len(prints)
    return told


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_report_is_valid(name: str) -> None:
    told = listed(samples.SAMPLES[name])
    assert bool(told) == (name not in ("pass",))


def test_severities_and_places() -> None:
    keys, media, _, *lacks = listed(samples.FAIL)
    assert keys["severity"] == "blocker"
    assert keys["location"] == {"path": samples.KEYS_RULE.path, "lines": {"begin": 3}}
    assert keys["description"].startswith("Violation, proven: ")
    assert (media["severity"], media["check_name"]) == ("major", samples.MEDIA_RULE.id)
    assert media["description"].startswith("Open question: It is open whether ")
    assert [each["check_name"] for each in lacks] == ["not-examined"] * 3
    assert lacks[0]["location"]["path"] == "2020-incident.pcap"
    assert listed(samples.GATE)[0]["location"] == {"path": "dns/over seas.yaml", "lines": {"begin": 42}}


def test_waived_and_known_ones_weigh_least_under_the_same_fingerprint() -> None:
    (fresh, *_), (held, *_) = listed(samples.FAIL), listed(replace(samples.FAIL, findings=(samples.ACCEPTED,)))
    assert held["fingerprint"] == fresh["fingerprint"]
    assert (held["severity"], held["description"][:7]) == ("info", "Waived:")
    assert [each["severity"] for each in listed(samples.HELD)] == ["major", "info"]


def test_fingerprints_outlive_lines_counts_and_evidence() -> None:
    moved = replace(samples.KEYS, sessions=9, evidence=(Evidence("other.pcap", 9, "x"),))
    report = replace(samples.FAIL, findings=(moved,), rules=(replace(samples.KEYS_RULE, line=99),))
    assert listed(report)[0]["fingerprint"] == listed(samples.FAIL)[0]["fingerprint"]


def test_an_audit_of_nothing_is_no_empty_list() -> None:
    (only,) = listed(samples.EMPTY)
    assert "no all-clear" in only["description"]


def test_very_many_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitlab, "MOST", 100)
    told = listed(samples.crowd(1_100))
    assert any(each["description"].startswith("1,000 more findings left out here") for each in told)


def test_texts_are_bounded_and_quiet() -> None:
    for each in listed(samples.HOSTILE):
        assert len(each["description"]) < 2_100
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", each["description"])
