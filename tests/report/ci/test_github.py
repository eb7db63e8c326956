"""Workflow commands as the runner of GitHub Actions parses them: `::name key=value,...::message`."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.report import Evidence, Report
from auditor.report.ci.github import command, render
from auditor.report.ci.pointed import Spot
from tests.report import samples

COMMAND = re.compile(r"::(?P<name>[a-z]+) (?P<properties>.*?)::(?P<data>.*)")


def runner(line: str) -> tuple[str, dict[str, str], str]:
    """Parse a line as the runner does: name, properties up to the next `::`, and the rest; then undo the escapes."""
    found = COMMAND.fullmatch(line)
    assert found, line
    properties = {}
    for each in found["properties"].split(","):
        key, _, value = each.partition("=")
        for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            value = value.replace(code, char)
        properties[key] = value
    data = found["data"].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return found["name"], properties, data


def commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    text = render(report)
    assert text.endswith("\n")
    assert not {c for c in text if c < " "} - {"\n"}
    return [runner(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_line_is_a_command(name: str) -> None:
    found = commands(samples.SAMPLES[name])
    assert {level for level, _, _ in found} <= {"error", "warning", "notice"}
    assert all(set(told) <= {"file", "line", "title"} for _, told, _ in found)
    assert found[-1][1]["title"] == f"Residency: {samples.SAMPLES[name].verdict}"


def test_levels_and_places() -> None:
    keys, media, *rest = commands(samples.FAIL)
    assert keys[0] == "error"
    assert (keys[1]["file"], keys[1]["line"]) == (samples.KEYS_RULE.path, "3")
    assert keys[1]["title"] == f"Violation, proven: {samples.KEYS_RULE.title}"
    assert "\nTo mend it: Remove the mainland key servers" in keys[2]
    assert (media[0], media[1]["file"]) == ("warning", "policies/überseeische regeln/media.yaml")
    assert [level for level, _, _ in rest] == ["warning"] * 4 + ["notice"]
    assert commands(samples.GATE)[0][1]["line"] == "42"
    assert {level for level, _, _ in commands(samples.ALL_WAIVED)} == {"notice"}
    assert {level for level, _, _ in commands(samples.ALL_KNOWN)} == {"notice"}


def test_very_many_are_cut_and_counted() -> None:
    found = commands(samples.crowd(1_000))
    levels = [level for level, _, _ in found]
    assert (levels.count("error"), levels.count("warning")) == (50, 53)
    assert "900 more findings" in found[-2][2]


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_no_text_begins_a_command_or_leaves_its_place(title: str, message: str, path: str) -> None:
    line = command("error", title, message, Spot(path, 7))
    assert "\n" not in line
    assert "\r" not in line
    level, told, data = runner(line)
    assert (level, told["line"], told["title"]) == ("error", "7", title)
    assert data == message


def test_a_strangers_lines_stay_text() -> None:
    said = "x\n::set-output name=verdict::pass\r\n::stop-commands::y %0A::add-mask::z ##[error]"
    rule = replace(samples.KEYS_RULE, title=said, path=said)
    finding = replace(samples.KEYS, evidence=(Evidence(said, 1, said),))
    text = render(replace(samples.FAIL, rules=(rule,), findings=(finding,)))
    assert all(line.startswith(("::error file=", "::warning title=", "::notice title=")) for line in text.splitlines())
    assert "%250A" in text
