"""`auditor rules`: what its commands print, where to, and with which exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from auditor.cli import app, exits
from tests.rules.lint.packs import folder, rule
from tests.rules.test_packs import RULE
from tests.rules.test_packs import folder as pack_of
from tests.rules.test_promises import TESTS, UNSEEN, pack_with

CLASH = (
    rule("a", "{planes: [media]}", "must_stay_in: {countries: [US]}"),
    rule("b", "{}", "must_stay_in: {countries: [FR]}"),
)
WAIVERS = """\
waivers:
  - rule: a
    match: {countries: [CN]}
    reason: It is moved.
    owner: operations
    approved: 2026-11-01
    expires: 2026-11-20
  - rule: a
    match: {planes: [media]}
    reason: It is moved.
    owner: operations
    approved: 2026-11-01
    expires: 2026-12-01
  - rule: a
    match: {planes: [media], countries: [CN]}
    reason: It is moved.
    owner: operations
    approved: 2026-11-01
    expires: 2026-12-01
  - rule: no-rule
    match: {planes: [media]}
    reason: It is moved.
    owner: operations
    approved: 2026-11-01
    expires: 2026-12-01
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def ran(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["auditor", "rules", *map(str, arguments)])
        code = exits.guarded(app)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return ran


def test_lint_exits_with_1_on_errors_and_on_warnings_if_strict(run, tmp_path: Path) -> None:
    path = folder(tmp_path / "p", *CLASH)
    code, out, _ = run("lint", path, "--as-of", "2026-11-23")
    assert code == 1
    assert f"{path}/b.yaml:1: error: b: contradicts a: no place is allowed by both; " in out
    assert out.endswith("2 rules: 1 error, 0 warnings, 5 notes\n")
    old = folder(tmp_path / "old", CLASH[0])
    assert run("lint", old, "--as-of", "2029-11-23")[0] == 0
    assert run("lint", old, "--as-of", "2029-11-23", "--strict")[0] == 1
    assert run("lint", old, "--as-of", "2029-11-23", "--strict", "--stale-after", "99")[0] == 0


def test_lint_as_json(run, tmp_path: Path) -> None:
    file = tmp_path / "lint.json"
    code, out, _ = run("lint", folder(tmp_path / "p", *CLASH), "--as-of", "2026-11-23", "-o", file)
    said = json.loads(file.read_text(encoding="utf-8"))
    assert (code, out) == (1, "")
    assert (said["format"], said["as_of"], said["rules"]) == ("auditor-lint/v1", "2026-11-23", 2)
    assert (said["errors"], said["warnings"], said["notes"]) == (1, 0, 5)
    (error,) = [each for each in said["remarks"] if each["severity"] == "error"]
    assert (error["check"], error["rule"], error["line"]) == ("contradiction", "b", 1)


def test_lint_tells_of_waivers_that_do_nothing(run, tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(WAIVERS, encoding="utf-8")
    path = folder(tmp_path / "p", CLASH[0])
    code, out, _ = run("lint", path, "--as-of", "2026-11-23", "--waivers", file)
    assert code == 0
    lines = [line for line in out.splitlines() if "[waiver]" in line]
    assert [line.partition(" warning: ")[2].partition(";")[0] for line in lines] == [
        "a: expired on 2026-11-20",
        "a: is needless: w.yaml, line 8, accepts as much for as long",
        "no-rule: waives no-rule, and no rule here is called so",
    ]


def test_rules_that_do_not_load_are_no_matter_of_lint(run, tmp_path: Path) -> None:
    path = folder(tmp_path / "p", rule("a", "{}", "must_stay_in: {countries: [UK]}"))
    code, _, error = run("lint", path)
    assert code == 2
    assert "a.yaml:7:28: unknown country `UK`; the code is exceptionally reserved" in error


def test_tests_exit_with_1_if_a_promise_is_broken(run, tmp_path: Path) -> None:
    good = pack_with(tmp_path)
    code, out, _ = run("test", good)
    assert (code, out.splitlines()[-1]) == (
        0, "3 examples, 3 tests, 0 wrong; 1 of 1 rule shown to do all that is asked",
    )  # fmt: skip
    bad = tmp_path / "bad.yaml"
    bad.write_text(TESTS.replace("pass:", "fail:"), encoding="utf-8")
    code, out, _ = run("test", good, "--tests", bad)
    assert code == 1
    assert f"{bad}:4: a-rule promises fail and is pass: somebody in US and somebody in FR with a server in FR" in out


def test_coverage_is_required_where_that_is_asked(run, tmp_path: Path) -> None:
    path = pack_of(tmp_path / "p", unseen=UNSEEN)
    assert run("test", path)[0] == 0
    code, out, _ = run("test", path, "--require-coverage")
    assert code == 1
    assert "never shown to be not_applicable" in out


def test_results_go_to_junit_by_the_name_of_the_file(run, tmp_path: Path) -> None:
    file = tmp_path / "results.xml"
    code, out, _ = run("test", pack_with(tmp_path), "-o", file)
    assert (code, out) == (0, "")
    assert ElementTree.parse(file).getroot().attrib["tests"] == "7"
    assert run("test", pack_with(tmp_path), "--format", "junit")[1].startswith('<?xml version="1.0" encoding="UTF-8"?>')


def test_show_finds_rules_and_names_those_that_are_not_there(run, tmp_path: Path) -> None:
    path = pack_of(tmp_path / "p", a_rule=RULE)
    code, out, _ = run("show", "a-pack/a-rule", "--rules", path)
    assert code == 0
    assert out.startswith("a-rule (high): A rule\n")
    assert "    Fails: somebody in US with a server in CN, media.\n" in out
    code, out, _ = run("show", "a-rule", "--rules", path, "--format", "json", "--full")
    assert json.loads(out)["rules"][0]["id"] == "a-rule"
    code, _, error = run("show", "b-rule", "--rules", path)
    assert code == 2
    assert "there is no such rule" in error


def test_new_writes_a_pack_once(run, tmp_path: Path) -> None:
    path = tmp_path / "sg-notice"
    options = (
        "--country",
        "SG",
        "--verb",
        "must_stay_in",
        "--participants",
        "all sg",
        "--reference",
        "Notice",
        "-o",
        path,
    )
    code, out, _ = run("new", *options)
    assert (code, len(out.splitlines())) == (0, 4)
    assert run("test", path, "--require-coverage")[0] == 0
    code, _, error = run("new", *options)
    assert code == 2
    assert "nothing is overwritten" in error
    assert run("new", *options[2:-1], tmp_path / "other")[0] == 2
