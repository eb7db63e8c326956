import errno
import stat
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

from auditor.cli import output
from auditor.model.errors import InputError


def test_the_nth_output_belongs_to_the_nth_format() -> None:
    assert output.pair(["text", "json", "html"], [Path("a"), Path("b")]) == [
        ("text", Path("a")),
        ("json", Path("b")),
        ("html", None),
    ]
    assert output.pair(["text"], [Path("-")]) == [("text", None)]


class Format(StrEnum):
    TEXT = "text"
    HTML = "html"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"


NAMES = {
    "r.HTML": "html",
    "r.htm": "html",
    "r.text": "text",
    "r.pdf": "text",
    "-": "text",
    "r.SARIF": "sarif",
    "r.sarif.json": "sarif",
    "r.json": "text",
    "r.xml": "junit",
    "r.md": "markdown",
    "sarif": "text",
    "md": "text",
    ".xml": "junit",
}


@pytest.mark.parametrize(("name", "format"), NAMES.items())
def test_the_name_of_an_output_says_its_format(name: str, format: str) -> None:
    assert output.named(Path(name), Format.TEXT) == format
    assert output.named(None, Format.HTML) == "html"


@pytest.mark.parametrize(
    ("formats", "outputs"), [(["text"], ["a", "b"]), (["text", "json"], []), (["text", "json"], ["-"])]
)
def test_what_can_not_be_told_apart_is_refused(formats: list[str], outputs: list[str]) -> None:
    with pytest.raises(InputError):
        output.pair(formats, [Path(name) for name in outputs])


def test_a_file_appears_whole_with_usual_permissions(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    output.write("new", path)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        output.write("x", tmp_path / "no" / "r.json")


def test_a_file_that_can_not_be_replaced_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space"):
        output.write("x", tmp_path / "r.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_standard_output_is_an_error_and_no_bug() -> None:
    code = "from auditor.cli import exits, output; import typer; app = typer.Typer()\n"
    code += "app.command()(lambda: output.write('x' * 100_000, None)); raise SystemExit(exits.guarded(app))"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "standard output: can't be written" in done.stderr
