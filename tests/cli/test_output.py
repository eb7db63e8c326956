import stat
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
