"""The house keeps its promises: documentation runs, help imports little, nothing speaks of where it was built."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
PAGES = [HERE / "README.md", *sorted((HERE / "docs").rglob("*.md"))]


def shown() -> list[tuple[str, str]]:
    """List every command that a console block of the documentation shows, with the page."""
    return [
        (page.name, line.removeprefix("$ "))
        for page in PAGES
        for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


@pytest.mark.parametrize(("page", "command"), [entry for entry in shown() if entry[1].startswith("auditor")])
def test_commands_of_the_documentation_run(page: str, command: str, tmp_path: Path) -> None:
    """A comment behind a command says its exit code where that is not 0."""
    line, _, comment = command.partition("  # exit ")
    (tmp_path / "out").mkdir()
    for name in ("sample_pcaps", "rules", "reports", "docs"):
        (tmp_path / name).symlink_to(HERE / name)
    program = f"{shlex.quote(sys.executable)} -m {line}"
    done = subprocess.run(["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert done.returncode == int(comment.split()[0] if comment else 0), f"{page}: {done.stderr}"


def test_python_of_the_readme_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(encoding="utf-8"), re.S)
    code = block + "\nassert result.verdict == 'fail' and len(result.findings) == 1 and len(result.flows) == 12\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_make_targets_of_the_documentation_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (HERE / "Makefile").read_text(), re.M))
    named = {line.split()[1] for _, line in shown() if line.startswith("make ")}
    assert named <= targets
    assert {"demo", "test"} <= named


MAPPED = (
    "read", "evidence", "enrich", "rules", "judge", "report", "report/ci", "report/page", "report/shape",
    "report/workshop", "routing/openstreetmap", "routing/plain", "routing/surge",
)  # fmt: skip


def test_maps_of_rooms_name_every_file_in_them() -> None:
    for room in MAPPED:
        folder = HERE / "auditor" / room
        told = set(re.findall(r"[a-z0-9]+", (folder / "__init__.py").read_text(encoding="utf-8")))
        there = {path.stem for path in folder.iterdir() if path.suffix == ".py" and path.stem != "__init__"}
        assert there <= told, f"{room}: {sorted(there - told)}"


def test_shares_in_the_documentation_are_the_measured_ones() -> None:
    """A percent may be lost to rounding, and two gained, before the page has to be written again."""
    shares = json.loads((HERE / "tests" / "data" / "corpus.json").read_text()).values()
    page = (HERE / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for name in ("recognised", "placed", "decided"):
        (said,) = re.findall(rf"^\| {name} \|.*?\| (\d+) % \|", page, re.M)
        assert -1 <= 100 * sum(row[name] for row in shares) / len(shares) - int(said) <= 2


def test_options_of_the_documentation_exist() -> None:
    from typer.main import get_command

    from auditor.cli import app

    root = get_command(app)
    commands = {**root.commands, **root.commands["rules"].commands}
    known = {
        name for command in (root, *commands.values()) for option in command.params for name in (*option.opts, "--help")
    }
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = {
        option for line in re.findall(r"`auditor [^`]*`", text) for option in re.findall(r"(?<!\S)--[a-z-]+", line)
    }
    assert named <= known


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from auditor.cli import app; print(*sorted(sys.modules))"
    modules = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not modules & {
        "numpy",
        "polars",
        "pandas",
        "scapy",
        "jinja2",
        "msgspec",
        "yaml",
        "maxminddb",
        "geoip2",
        "requests",
    }


def test_nothing_speaks_of_where_it_was_built() -> None:
    words = re.compile(
        "|".join(
            [
                "/wo" + "rk/",
                "/ro" + "ot/",
                "pythonh" + "osted",
                "registry\\.n" + "pm",
                "p" + "ypi\\.org",
                "deb\\.d" + "ebian",
            ]
        )
    )
    tracked = subprocess.run(["git", "ls-files"], cwd=HERE, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a checkout")
    for name in tracked.stdout.splitlines():
        path = HERE / name
        if path.is_file() and path.stat().st_size < 1_000_000:
            assert not words.search(path.read_text(encoding="utf-8", errors="replace")), name
