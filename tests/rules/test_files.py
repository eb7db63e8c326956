"""Where a reader of a report finds a rule: from the folder of the run, or among the shipped ones; no other path."""

from pathlib import Path

import pytest

from auditor import rules
from auditor.rules.files import builtin, placed

from .test_packs import RULE


def test_of_a_shipped_pack_it_is_the_name_there() -> None:
    path = builtin() / "zoom-2020" / "pack.yaml"
    assert placed(str(path)) == "rules/zoom-2020/pack.yaml"
    named = {path.name for path in builtin().glob("zoom-2020/*.yaml")} - {"pack.yaml", "zoom-2020.test.yaml"}
    assert {rule.path for rule in rules.load(["zoom-2020"]).rules} == {f"rules/zoom-2020/{name}" for name in named}


def test_of_ones_own_it_is_the_way_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policies" / "eu").mkdir(parents=True)
    (tmp_path / "policies" / "eu" / "a rule.yaml").write_text(RULE.replace("all overseas", "all"))
    monkeypatch.chdir(tmp_path)
    for given in ("policies/eu/a rule.yaml", "./policies//eu/a rule.yaml", str(tmp_path / "policies/eu/a rule.yaml")):
        assert placed(given) == "policies/eu/a rule.yaml"


def test_of_one_elsewhere_it_is_no_path_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert placed(str(tmp_path / "there" / "deep" / "rule.yaml")) == "deep/rule.yaml"
    assert placed("../rule.yaml") == f"{tmp_path.name}/rule.yaml"
