"""A runner of composite actions, as far as ours needs one: expressions, conditions, environment, outputs.

It follows GitHub's pages on the metadata of actions, on contexts and on workflow commands: a step of `shell: bash` is a
file run by `bash --noprofile --norc -eo pipefail`, with what `env` says, and hands on what it writes to GITHUB_OUTPUT.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.report.ci.test_github import runner as command
from tools.samples import HERE

EXPRESSION: Final = re.compile(r"\$\{\{\s*([^}]+?)\s*\}\}")


@dataclass
class Ran:
    code: int
    stdout: str
    stderr: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


PROGRAM: Final = f'exec "{sys.executable}" -m auditor "$@"\n'


def shim(folder: Path, program: str) -> Path:
    """Put an `auditor` on the path of a job, as an installation does; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "auditor"
    file.write_text(f"#!/bin/sh\n{program}")
    file.chmod(0o755)
    return folder


def environment(scratch: Path, program: str = PROGRAM, **more: str) -> dict[str, str]:
    """Return what a job finds: little, so that nothing of the machine of the tests helps it."""
    path = f"{shim(scratch / 'bin', program)}:/usr/local/bin:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(scratch), "LANG": "C.UTF-8", "PYTHONPATH": str(HERE), **more}


def action(repository: Path, scratch: Path, program: str = PROGRAM, **inputs: str) -> Ran:
    """Run action.yml on a repository; `program` stands for the auditor."""
    told = yaml.safe_load((HERE / "action.yml").read_text(encoding="utf-8"))
    given = {name: str(each.get("default", "")) for name, each in told["inputs"].items()}
    assert inputs.keys() <= given.keys()
    given |= inputs
    known: dict[str, str] = {f"inputs.{name}": value for name, value in given.items()}
    known["github.action_path"] = str(HERE)
    out, summary, path = (scratch / name for name in ("output", "summary", "path"))
    for each in (out, summary, path):
        each.write_text("")
    base = environment(
        scratch,
        program,
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(out),
        GITHUB_STEP_SUMMARY=str(summary),
        GITHUB_PATH=str(path),
        GITHUB_WORKSPACE=str(repository),
        RUNNER_TEMP=str(scratch),
    )
    last = Ran(0, "", "")
    for step in told["runs"]["steps"]:
        if not _holds(step.get("if", ""), known):
            continue
        script = scratch / "step.sh"
        script.write_text(_filled(step["run"], known))
        env = base | {name: _filled(value, known) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=repository, env=env, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        known |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in _written(out).items()}
        last = Ran(done.returncode, done.stdout, done.stderr)
        if done.returncode:
            break
    last.outputs = {name: _filled(each["value"], known) for name, each in told["outputs"].items()}
    last.summary = summary.read_text(encoding="utf-8")
    return last


def _filled(text: Any, known: dict[str, str]) -> str:
    return EXPRESSION.sub(lambda found: known.get(found[1], ""), str(text))


def _holds(condition: str, known: dict[str, str]) -> bool:
    if not condition:
        return True
    found = re.fullmatch(r"([a-z.-]+) == '([^']*)'", condition)
    assert found, condition
    return known[found[1]] == found[2]


def _written(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())


def commands(stdout: str) -> list[tuple[str, dict[str, str], str]]:
    """Return the commands that the runner would obey: of lines that begin with `::`, unless it was told to stop."""
    found, stopped = [], ""
    for line in (each.lstrip() for each in stdout.splitlines()):
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.append(command(line))
    assert not stopped
    return found


def plain(repository: Path, scratch: Path, script: str, **more: str) -> Ran:
    """Run lines of a script as GitLab's runner does: in a shell that stops at the first error."""
    env = environment(scratch, **more)
    env.pop("GITHUB_OUTPUT", None)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=repository, env=env, capture_output=True, text=True, timeout=300
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def git(repository: Path, *words: str) -> str:
    """Run git there, apart from the settings of whoever runs the tests."""
    env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=repository, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout
