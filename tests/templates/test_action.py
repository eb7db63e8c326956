"""The action of GitHub, its steps run as a runner does, on a sample repository."""

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

from tools.samples import HERE

from .runner import action, commands

TEXT = (HERE / "action.yml").read_text(encoding="utf-8")


def test_its_metadata_is_as_published() -> None:
    schemas = resources.files("check_jsonschema").joinpath("builtin_schemas", "vendor")
    schema = json.loads(schemas.joinpath("github-actions.json").read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(schema)(schema).validate(yaml.safe_load(TEXT))


def test_no_input_is_ever_part_of_a_script() -> None:
    for step in yaml.safe_load(TEXT)["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
    assert "eval" not in (HERE / "templates" / "gate.sh").read_text(encoding="utf-8")


def test_a_clean_configuration_passes(repository: Path, scratch: Path) -> None:
    ran = action(repository, scratch, config="dns here", inventory="inventory.yaml", install="false")
    assert ran.code == 0, ran.stderr
    assert ran.outputs["verdict"] == "pass"
    assert ran.outputs["exit-code"] == "0"
    assert json.loads((repository / ran.outputs["report-path"]).read_text())["verdict"] == "pass"
    assert json.loads((repository / ran.outputs["sarif-path"]).read_text())["runs"][0]["results"] == []
    assert ran.summary.startswith("## PASS: ")
    assert {path.name for path in (repository / "residency-report").iterdir()} == {
        f"report.{name}" for name in ("json", "sarif", "xml", "gitlab.json", "github.txt", "md", "html")
    }


def test_a_violation_fails_the_job_and_stands_at_its_line(repository: Path, scratch: Path) -> None:
    ran = action(
        repository, scratch, config="\n  surge.yaml  \n\n", rules="policy", inventory="inventory.yaml", install="false"
    )
    assert ran.code == 1, ran.stderr
    assert ran.outputs["verdict"] == "fail"
    found = commands(ran.stdout)
    lines = (repository / "surge.yaml").read_text().splitlines()
    errors = [told for level, told, _ in found if level == "error"]
    assert errors
    for told in errors:
        assert told["file"] == "surge.yaml"
        assert re.search("shanghai|tianjin", lines[int(told["line"]) - 1])
    results = json.loads((repository / ran.outputs["sarif-path"]).read_text())["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in results]
    assert {each["artifactLocation"]["uri"] for each in places} == {"surge.yaml"}
    rules = [each["relatedLocations"][-1]["physicalLocation"] for each in results]
    names = ("keys-avoid", "media-avoids")
    assert {each["artifactLocation"]["uri"] for each in rules} == {f"policy/overseas-{n}-mainland.yaml" for n in names}
    assert ran.summary.startswith("## FAIL: ")


def test_severity_and_baseline_are_handed_on(repository: Path, scratch: Path) -> None:
    given = {"config": "surge.yaml", "inventory": "inventory.yaml", "install": "false"}
    first = action(repository, scratch, **given)
    words = [sys.executable, "-m", "auditor", "baseline", first.outputs["report-path"], "-o", "known.json"]
    subprocess.run(words, cwd=repository, env={"PYTHONPATH": str(HERE)}, check=True, capture_output=True)
    held = action(repository, scratch, baseline="known.json", **given)
    assert (held.code, held.outputs["verdict"]) == (0, "pass"), held.stderr
    refused = action(repository, scratch, **given | {"fail-on": "grave"})
    assert (refused.code, refused.outputs["verdict"], refused.outputs["exit-code"]) == (2, "error", "2")


def test_a_change_is_compared_with_a_revision(repository: Path, scratch: Path) -> None:
    routing = repository / "dns here" / "routing.yaml"
    routing.write_text((repository / "surge.yaml").read_text())
    ran = action(repository, scratch, config="dns here", inventory="inventory.yaml", against="HEAD", install="false")
    assert (ran.code, ran.outputs["verdict"]) == (1, "fail"), ran.stdout
    assert "What changed: " in ran.stdout
    results = json.loads((repository / ran.outputs["sarif-path"]).read_text())["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    assert set(places) == {"dns%20here/routing.yaml"}


def test_an_error_is_no_verdict_of_an_earlier_run(repository: Path, scratch: Path) -> None:
    given = {"inventory": "inventory.yaml", "install": "false"}
    assert action(repository, scratch, config="dns here", **given).code == 0
    ran = action(repository, scratch, config="missing.yaml", **given)
    assert (ran.code, ran.outputs["verdict"]) == (2, "error")
    assert not (repository / ran.outputs["report-path"]).exists()
    assert ran.summary == ""


def test_audits_run_by_it_too(repository: Path, scratch: Path) -> None:
    sample = HERE / "sample_pcaps" / "zoom-2020-incident"
    ran = action(
        repository, scratch, command="audit", config=f"{sample}.pcapng", inventory=f"{sample}.inventory.yaml",
        rules="policy", install="false", annotations="false",
    )  # fmt: skip
    assert (ran.code, ran.outputs["verdict"]) == (1, "fail"), ran.stderr
    assert ran.stdout.splitlines()[1].startswith("FAIL  ")
    assert commands(ran.stdout) == []
    (result,) = json.loads((repository / ran.outputs["sarif-path"]).read_text())["runs"][0]["results"]
    assert (
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "policy/overseas-keys-avoid-mainland.yaml"
    )


HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "x; touch pwned",
    "x' \"; touch pwned #",
    "${IFS}touch${IFS}pwned",
    "--help",
    "*",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_inputs_are_text(repository: Path, scratch: Path, hostile: str) -> None:
    """The auditor is given each of them whole, and behind `--` what might pass for an option."""
    given = dict.fromkeys(("config", "rules", "inventory", "waivers", "baseline", "against", "fail-on"), hostile)
    ran = action(repository, scratch, program=ECHO, **given, reports=f"out/{hostile}", install="false")
    assert (ran.code, ran.outputs["verdict"]) == (7, "error"), ran.stderr
    words = ran.stdout.partition("\n")[2].rpartition("\0")[0].split("\0")
    options = [words[i + 1] for i in range(len(words) - 1) if words[i] in OPTIONS]
    assert options == [hostile] * len(OPTIONS)
    assert words[-2:] == ["--", hostile]
    outputs = [words[i + 1] for i in range(len(words) - 1) if words[i] == "--output"]
    assert len(outputs) == 7
    assert all(each.startswith(f"out/{hostile}/report.") for each in outputs)
    assert not list(repository.rglob("pwned"))
    assert action(repository, scratch, program=ECHO, config="x", command=hostile, install="false").code == 2


OPTIONS = ("--rules", "--inventory", "--waivers", "--baseline", "--against", "--fail-on")
ECHO = "printf '%s\\0' \"$@\"\nexit 7\n"


def test_names_are_no_commands_of_the_runner(repository: Path, scratch: Path) -> None:
    forged = "::error title=forged::x"
    text = (repository / "surge.yaml").read_text().replace("shanghai", f'"{forged}"')
    (repository / f"{forged}.yaml").write_text(text)
    inventory = repository / "inventory.yaml"
    inventory.write_text(inventory.read_text().replace("shanghai", f'"{forged}"'))
    for given in ({}, {"annotations": "false"}, {"config": f"{forged}.json"}):
        (repository / f"{forged}.json").write_text("{")
        ran = action(
            repository,
            scratch,
            **{"config": f"{forged}.yaml", "inventory": "inventory.yaml", "install": "false"} | given,
        )
        assert ran.code == (2 if "config" in given else 1), ran.stdout
        assert forged in ran.stdout
        told = commands(ran.stdout)
        assert bool(told) == (not given)
        assert "forged" not in {each["title"] for _, each, _ in told}


def test_outputs_can_not_be_written_by_an_input(repository: Path, scratch: Path) -> None:
    ran = action(
        repository, scratch, config="surge.yaml", inventory="inventory.yaml", install="false",
        reports="out\nverdict=pass",
    )  # fmt: skip
    assert (ran.code, ran.outputs["verdict"]) == (1, "fail")
