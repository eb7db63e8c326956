"""The job of GitLab: against the schema of its CI files, and its script run on a sample repository."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from junitparser import JUnitXml

from tests.report.ci.test_gitlab import VALID
from tools.samples import HERE

from .runner import Ran, plain

TEMPLATE: dict[str, Any] = yaml.safe_load((HERE / "templates" / "residency-gate.yml").read_text(encoding="utf-8"))
JOB = TEMPLATE[".residency-gate"]


def test_it_is_valid_and_can_be_extended() -> None:
    schemas = resources.files("check_jsonschema").joinpath("builtin_schemas", "vendor")
    schema = json.loads(schemas.joinpath("gitlab-ci.json").read_text(encoding="utf-8"))
    check = jsonschema.validators.validator_for(schema)(schema)
    check.validate(TEMPLATE)
    check.validate({**TEMPLATE, "residency": {"extends": ".residency-gate", "variables": {"RESIDENCY_INPUTS": "dns/"}}})


def job(repository: Path, scratch: Path, **variables: str) -> Ran:
    """Run the script of the job; what comes before it fetches and installs this project."""
    given = {name: str(value) for name, value in JOB["variables"].items()} | variables
    return plain(repository, scratch, "\n".join(JOB["script"]), **given | {"RESIDENCY_HOME": str(HERE)})


def test_a_violation_shows_as_a_test_and_at_its_line(repository: Path, scratch: Path) -> None:
    ran = job(repository, scratch, RESIDENCY_INPUTS="surge.yaml\n", RESIDENCY_INVENTORY="inventory.yaml")
    assert ran.code == 1, ran.stderr
    assert ran.stdout.startswith("FAIL  ")
    reports = JOB["artifacts"]["reports"]
    quality = json.loads((repository / reports["codequality"]).read_text())
    VALID.validate(quality)
    assert {each["location"]["path"] for each in quality} == {"surge.yaml"}
    read = JUnitXml.fromfile(str(repository / reports["junit"]))
    assert (read.failures, read.errors) == (len(quality), 0)
    assert (repository / reports["junit"]).parent == repository / JOB["artifacts"]["paths"][0].rstrip("/")


def test_a_clean_configuration_passes(repository: Path, scratch: Path) -> None:
    ran = job(repository, scratch, RESIDENCY_INPUTS="dns here", RESIDENCY_INVENTORY="inventory.yaml")
    assert ran.code == 0, ran.stderr
    assert json.loads((repository / JOB["artifacts"]["reports"]["codequality"]).read_text()) == []
