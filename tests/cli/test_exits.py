from dataclasses import dataclass

import pytest
import typer

from auditor.cli import exits
from auditor.model.errors import InputError


@dataclass
class Outcome:
    verdict: str
    empty: bool = False


@pytest.mark.parametrize(
    ("verdict", "empty", "allow_open", "allow_empty", "code"),
    [
        ("pass", False, False, False, 0),
        ("pass", True, False, False, 3),
        ("pass", True, False, True, 0),
        ("pass", True, True, False, 3),
        ("open", False, False, False, 3),
        ("open", False, True, False, 0),
        ("open", True, True, False, 3),
        ("open", True, False, True, 3),
        ("fail", False, True, True, 1),
    ],
)
def test_the_code_of_a_report(verdict: str, empty: bool, allow_open: bool, allow_empty: bool, code: int) -> None:
    assert exits.of_report(Outcome(verdict, empty), allow_open=allow_open, allow_empty=allow_empty) == code  # type: ignore[arg-type]


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
