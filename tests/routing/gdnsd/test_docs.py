"""The example of the page on gdnsd shows what the page says."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[3]
PAGE = (HERE / "docs" / "routing" / "gdnsd.md").read_text(encoding="utf-8")
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


def run(command: str, *more: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", *shlex.split(command, comments=True), *more]
    return subprocess.run(whole, cwd=HERE, capture_output=True, text=True, timeout=120)


def test_the_example_shows_the_change_that_has_to_be_undone() -> None:
    (command,) = COMMANDS
    told = json.loads(run(command, "--format", "json").stdout)
    assert "continents" in [each["name"] for each in told["databases"]]
    (failed,) = [each for each in told["findings"] if each["verdict"] == "fail"]
    text = json.dumps(failed)
    lines = (HERE / "docs" / "examples" / "gdnsd" / "geo-maps").read_text(encoding="utf-8").splitlines()
    changed = next(number for number, line in enumerate(lines, 1) if "added for the surge" in line)
    assert '"beijing"' in text
    assert re.search(rf'geo-maps", "line": {changed}\b', text)
    assert "data centre frankfurt of map meetings is down" in text
    assert "data centre toronto of map meetings is down" in text
