"""Waivers on the command line: what they change in the exit code, and what is said of those that do nothing."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import auditor
from auditor.cli import app, options
from auditor.cli.exits import guarded
from auditor.model.errors import InputError
from tests.evidence import pcapng_file
from tools import samples

CAPTURE = str(samples.SAMPLES / "zoom-2020-incident.pcapng")
INVENTORY = str(samples.SAMPLES / "zoom-2020-incident.inventory.yaml")
SHIPPED = str(samples.SAMPLES / "zoom-2020-incident.waivers.yaml")
FINDING = "bcde3a2c24a4f341"
WAIVED = ("--waivers", SHIPPED, "--as-of", "2020-04-10")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def started(command: str, *words: str) -> tuple[int, str, str]:
        line = ["auditor", command, *words, CAPTURE, "--inventory", INVENTORY, "--workers", "1"]
        monkeypatch.setattr("sys.argv", line)
        try:
            code = guarded(app)
        except SystemExit as left:
            code = int(left.code or 0)
        said = capfd.readouterr()
        return code, said.out, said.err

    return started


def waivers(path: Path, rule: str = "overseas-keys-avoid-mainland", start: str = "2020-04-03") -> str:
    until = date.fromisoformat(start) + timedelta(15)
    text = f"waivers:\n  - rule: {rule}\n    match: {{countries: [CN]}}\n    reason: A test.\n    owner: a test\n"
    path.write_text(f"{text}    approved: {start}\n    expires: {until}\n", encoding="utf-8")
    return str(path)


def test_a_waived_violation_is_told_and_does_not_fail(run: Run) -> None:
    assert run("audit")[0] == 1
    code, out, err = run("audit", *WAIVED)
    assert (code, err) == (0, "")
    assert f"WAIVED FAIL  critical  overseas-keys-avoid-mainland  [{FINDING}]" in out
    assert "judged as of 2020-04-10 (UTC): 1 in force." in " ".join(out.split())
    assert "ticket NET-42" in " ".join(out.split())


def test_once_it_has_expired_the_violation_counts_again(run: Run) -> None:
    code, out, err = run("audit", "--waivers", SHIPPED, "--as-of", "2020-04-18")
    assert code == 1
    said = (
        "zoom-2020-incident.waivers.yaml, line 4: Expired on 2020-04-18: 1 finding that it would accept counts again."
    )
    assert f"auditor: warning: {said}" in err
    assert said in " ".join(out.split())
    assert out.startswith("FAIL")
    assert f"\nFAIL  critical  overseas-keys-avoid-mainland  [{FINDING}]" in out
    assert run("audit", "--waivers", SHIPPED, "--as-of", "2020-04-17")[0] == 0


def test_unused_waivers_warn_or_fail(run: Run, tmp_path: Path) -> None:
    idle = ("--waivers", waivers(tmp_path / "idle.yaml", "overseas-media-avoids-mainland"))
    unknown = ("--waivers", waivers(tmp_path / "unknown.yaml", "no-such-rule"))
    for more, words in ((idle, "no finding is as it says"), (unknown, "no rule no-such-rule was asked")):
        code, _, err = run("audit", *WAIVED, *more)
        assert code == 0
        assert words in err
        assert run("audit", *WAIVED, *more, "--fail-on-unused-waivers")[0] == 2
    assert run("audit", *WAIVED, "--fail-on-unused-waivers")[0] == 0
    alone = (*idle, "--as-of", "2020-04-10", "--fail-on-unused-waivers")
    assert run("audit", *alone)[0] == 1, "it must not hide a violation"


def test_a_day_that_is_none_is_a_usage_error(run: Run) -> None:
    for day in ("2020-13-01", "10.4.2020", "today"):
        code, out, err = run("audit", "--waivers", SHIPPED, "--as-of", day)
        assert (code, out) == (2, "")
        assert "%Y-%m-%d" in err


def test_without_a_day_it_is_today_and_only_where_there_are_waivers(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = str(datetime.now(UTC).date())
    code, out, _ = run("audit", "--waivers", waivers(tmp_path / "now.yaml", start=today), "--format", "json")
    assert code == 0
    assert json.loads(out)["as_of"] >= today

    class Stopped:
        @staticmethod
        def now(_: object) -> None:
            raise AssertionError("the clock was read")

    monkeypatch.setattr(options, "datetime", Stopped)
    assert run("audit")[0] == 1
    assert run("audit", *WAIVED)[0] == 0


def test_a_wrong_file_costs_no_audit(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(Path(SHIPPED).read_text().replace("    expires: 2020-04-18\n", ""))
    code, out, err = run("audit", "--waivers", str(path), "--as-of", "2020-04-10")
    assert (code, out) == (2, "")
    assert str(path) in err
    assert "key `expires` is missing; add it" in err


def test_the_report_may_not_replace_waivers(run: Run, tmp_path: Path) -> None:
    path = waivers(tmp_path / "w.yaml")
    for command in (["audit"], ["sessions"], ["show", FINDING], ["extract", FINDING]):
        code, _, err = run(*command, "--waivers", path, "--as-of", "2020-04-10", "-o", path)
        assert (code, "is read by this audit" in err) == (2, True)
    assert "A test." in Path(path).read_text()


def test_evidence_of_a_waived_finding_says_so(run: Run, tmp_path: Path) -> None:
    said = "Accepted, and counts again from 2020-04-18: The two key servers leave the pool"
    code, out, _ = run("show", FINDING, *WAIVED)
    assert (code, out.startswith("WAIVED FAIL  critical"), said in " ".join(out.split())) == (0, True, True)
    assert json.loads(run("show", FINDING, *WAIVED, "--format", "json")[1])["finding"]["waiver"]["ticket"] == "NET-42"
    _, listed, _ = run("sessions", "--finding", FINDING, *WAIVED)
    assert f"fail  overseas-keys-avoid-mainland  {FINDING}  waived" in listed
    rows = json.loads(run("sessions", *WAIVED, "--format", "json")[1])
    plain = json.loads(run("sessions", "--format", "json")[1])
    assert [row["waived"] for row in rows if row["findings"]] == [[True], [True]]
    assert [{**row, "waived": [False] * len(row["findings"])} for row in rows] == plain
    target = tmp_path / "e.pcapng"
    assert run("extract", FINDING, *WAIVED, "-o", str(target))[0] == 0
    comments = pcapng_file.parse(target.read_bytes()).comments
    assert any(comment.startswith(said) for comment in comments)


def test_from_python() -> None:
    options_ = {"inventory": INVENTORY, "workers": 1}
    with pytest.raises(InputError, match="as of a day"):
        auditor.audit(CAPTURE, waivers=[SHIPPED], **options_)  # type: ignore[arg-type]
    done = auditor.audit(CAPTURE, waivers=[SHIPPED], as_of=date(2020, 4, 10), **options_)  # type: ignore[arg-type]
    (row,) = done.findings.to_dict("records")
    assert (done.verdict, row["verdict"], row["waived"], row["waiver_ticket"]) == ("pass", "fail", True, "NET-42")
    assert (row["waiver_owner"], row["waiver_expires"]) == ("network operations", "2020-04-18")
    assert done.report.databases[-1].kind == "waivers"
    table = auditor.sessions(CAPTURE, waivers=[SHIPPED], as_of=date(2020, 4, 10), **options_)
    assert table["waived"].explode().dropna().tolist() == [True, True]
