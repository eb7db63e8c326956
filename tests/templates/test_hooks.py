"""Hooks of pre-commit: the manifest as pre-commit itself reads it, and run by it on a sample repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.samples import HERE

from .runner import environment, git

MANIFEST = HERE / ".pre-commit-hooks.yaml"


def test_pre_commit_takes_the_manifest() -> None:
    from pre_commit.clientlib import load_manifest

    assert [hook["id"] for hook in load_manifest(str(MANIFEST))] == ["residency-gate", "residency-rules-lint"]


def ran(repository: Path, scratch: Path, ident: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a hook of the manifest with pre-commit, which would install it; here it is installed already."""
    (hook,) = (each for each in yaml.safe_load(MANIFEST.read_text()) if each["id"] == ident)
    hook |= {"language": "unsupported", "args": list(arguments), "always_run": True}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repository, "add", "--all")
    env = environment(scratch, PRE_COMMIT_HOME=str(scratch / "home"), GIT_CONFIG_GLOBAL=os.devnull)
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"],
        cwd=repository, env=env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("dns here", "--inventory", "inventory.yaml"), None),
        (("surge.yaml", "--inventory", "inventory.yaml"), 1),
        (("missing.yaml",), 2),
    ],
)
def test_the_gate_as_a_hook(repository: Path, scratch: Path, arguments: tuple[str, ...], code: int | None) -> None:
    done = ran(repository, scratch, "residency-gate", *arguments)
    assert done.returncode == (1 if code else 0), done.stdout
    assert ("Passed" if code is None else f"exit code: {code}") in done.stdout


def test_lint_as_a_hook(repository: Path, scratch: Path) -> None:
    done = ran(repository, scratch, "residency-rules-lint", "policy")
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout
    (repository / "policy" / "end-to-end-keys.yaml").write_text("id: [")
    assert "exit code: 2" in ran(repository, scratch, "residency-rules-lint", "policy").stdout
