"""The same findings whatever the order in which files are given, by name or in a folder, and whatever is hashed how."""

import importlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.gate import Gate
from auditor.model.errors import InputError
from tests.routing.test_gate import folder as folder
from tests.routing.test_gate import gated

FORMATS = ("cloudflare", "gdnsd", "istio", "octodns", "openstreetmap", "plain", "powerdns", "route53")


def said(*paths: str) -> Any:
    try:
        found: Gate = gated(*paths, inventory=None, planes=["media"])
    except InputError as error:
        return sorted(str(each) for each in error.each)
    rows = [
        (each.id, str(each.verdict), [(route.pool, len(route.outages)) for route in each.routes])
        for each in found.report.findings
    ]
    return found.verdict, rows, [each.name for each in found.report.inputs], dict(found.report.coverage.records)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_order_of_files_says_nothing(folder: Path, format_: str) -> None:
    module = importlib.import_module(f"tests.routing.{format_}_random")
    chance = random.Random(format_)
    for seed in range(3):
        files: dict[str, bytes] = module.configuration(random.Random(seed))
        home = folder / f"c{seed}"
        for name, data in files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(data)
        names = [f"c{seed}/{name}" for name in files]
        whole = said(f"c{seed}")
        assert said(*reversed(names)) == said(*names) == whole
        assert said(*chance.sample(names, len(names)), names[0]) == whole


def test_hashes_of_texts_say_nothing(folder: Path) -> None:
    made = set()
    words = ["gate", "surge.yaml", "--inventory", "inventory.yaml", "--as-of", "2026-11-01"]
    outputs = ["g.txt", "g.html", "g.json", "g.sarif", "g.xml", "g.md"]
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        options = [option for name in outputs for option in ("--output", name)]
        command = [sys.executable, "-m", "auditor", *words, *options]
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        assert done.returncode == 1, done.stderr
        made.add(tuple((folder / name).read_bytes() for name in outputs))
    (texts,) = made
    assert all(b"shanghai" in text for text in texts)
