from dataclasses import dataclass

import pytest
import typer

from auditor.cli import app as auditor_app
from auditor.cli import exits
from auditor.cli.reported import Severity
from auditor.model.errors import InputError, InputErrors
from auditor.model.rule import SEVERITIES


@dataclass
class Found:
    verdict: str
    severity: str


@dataclass
class Outcome:
    counting: tuple[Found, ...] = ()
    undecided: bool = False
    empty: bool = False


PASSED, UNDECIDED, EMPTY = Outcome(), Outcome((Found("open", "low"),), undecided=True), Outcome(empty=True)
BOTH, FAILED = Outcome(undecided=True, empty=True), Outcome((Found("fail", "low"),), undecided=True)


@pytest.mark.parametrize(
    ("report", "allow_open", "allow_empty", "code"),
    [
        (PASSED, False, False, 0),
        (UNDECIDED, False, False, 3),
        (UNDECIDED, True, False, 0),
        (UNDECIDED, False, True, 3),
        (EMPTY, False, False, 3),
        (EMPTY, False, True, 0),
        (EMPTY, True, False, 3),
        (BOTH, True, False, 3),
        (BOTH, False, True, 3),
        (BOTH, True, True, 0),
        (FAILED, True, True, 1),
    ],
)
def test_the_code_of_a_report(report: Outcome, allow_open: bool, allow_empty: bool, code: int) -> None:
    assert exits.of_report(report, allow_open=allow_open, allow_empty=allow_empty) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "undecided", "fail_on", "code"),
    [
        ([Found("fail", "low")], False, "low", 1),
        ([Found("fail", "low")], False, "medium", 0),
        ([Found("fail", "medium"), Found("fail", "critical")], False, "high", 1),
        ([Found("fail", "high")], False, "critical", 0),
        ([Found("fail", "high")], True, "critical", 3),
        ([Found("open", "low")], True, "critical", 3),
        ([Found("open", "critical")], True, "critical", 3),
    ],
)
def test_which_violations_fail(found: list[Found], undecided: bool, fail_on: str, code: int) -> None:
    report = Outcome(tuple(found), undecided)
    assert exits.of_report(report, allow_open=False, allow_empty=False, fail_on=fail_on) == code  # type: ignore[arg-type]


def test_severities_of_the_command_are_those_of_rules() -> None:
    assert tuple(Severity) == SEVERITIES


def test_help_instead_of_an_error_is_no_error_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["auditor"])
    assert exits.guarded(auditor_app) == 2
    shown = capsys.readouterr()
    assert "Commands" in shown.out + shown.err
    assert "error:" not in shown.err


def app_that(error: BaseException) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def command() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("a\x1b[31m.pcap", "is no capture"), 2, "is no capture"),
        (ValueError("odd"), 4, "ValueError: odd"),
        (MemoryError(), 4, "memory"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Exit(3), 3, ""),
    ],
)
def test_an_exception_becomes_a_line_and_a_code(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["auditor"])
    assert exits.guarded(app_that(error)) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert "\x1b" not in said


def test_several_errors_are_lines_that_editors_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["auditor"])
    many = [InputError("a\nb.yaml", "is \x1b[31mwrong", 3, 7), InputError("c.yaml", "can't be read")]
    assert exits.guarded(app_that(InputErrors(many))) == 2
    assert capsys.readouterr().err.splitlines() == [
        "a\\x0ab.yaml:3:7: is \\x1b[31mwrong",
        "c.yaml: can't be read",
        "auditor: error: 2 problems in 2 files; mend them and run again",
    ]
    assert exits.guarded(app_that(InputError("c.yaml", "is wrong", 1, 2))) == 2
    assert capsys.readouterr().err.splitlines() == [
        "c.yaml:1:2: is wrong",
        "auditor: error: 1 problem in 1 file; mend it and run again",
    ]
