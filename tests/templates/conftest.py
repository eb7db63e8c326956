import shutil
from pathlib import Path

import pytest

from tools.samples import HERE

from .runner import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a configuration that is clean, the one after a surge, an inventory and a rule of its own."""
    folder = tmp_path / "a repository"
    gate = HERE / "docs" / "examples" / "gate"
    (folder / "dns here").mkdir(parents=True)
    shutil.copy(gate / "routing.yaml", folder / "dns here" / "routing.yaml")
    shutil.copy(gate / "surge.yaml", folder / "surge.yaml")
    shutil.copy(gate / "inventory.yaml", folder / "inventory.yaml")
    shutil.copytree(HERE / "rules" / "zoom-2020", folder / "policy")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "begin")
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
