"""The commands of evidence, as processes: what they write, and how they fail."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.evidence import pcapng_file
from tools import samples

CAPTURE = samples.SAMPLES / "zoom-2020-incident.pcapng"
OPTIONS = ["--inventory", str(samples.SAMPLES / "zoom-2020-incident.inventory.yaml"), "--workers", "1"]
FINDING = "bcde3a2c24a4f341"


def run(*words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    command = [sys.executable, "-m", "auditor", *words]
    done = subprocess.run(command, capture_output=True, cwd=cwd, env=environment, timeout=120)
    assert b"Traceback" not in done.stderr
    return done


def test_sessions_in_every_format(tmp_path: Path) -> None:
    for suffix in ("txt", "csv", "json", "parquet"):
        target = tmp_path / f"s.{suffix}"
        assert run("sessions", str(CAPTURE), *OPTIONS, "--finding", "bcde", "-o", str(target)).returncode == 0
    assert (tmp_path / "s.txt").read_text().startswith("2 sessions of overseas-keys-avoid-mainland, fail, bcde3a2c")
    rows = json.loads((tmp_path / "s.json").read_text())
    table = pl.read_parquet(tmp_path / "s.parquet")
    assert [row["session"] for row in rows] == table["session"].to_list()
    assert [row["places"] for row in rows] == table["places"].to_list() == [["52.81.151.250"]] * 2
    assert pl.read_csv(tmp_path / "s.csv")["participants"].to_list() == ["99.224.10.20", "73.162.10.20"]
    assert [row["findings"] for row in rows] == [[FINDING]] * 2


def test_flows_as_the_name_of_the_output_says(tmp_path: Path) -> None:
    for suffix in ("csv", "json", "parquet"):
        assert run("flows", str(CAPTURE), *OPTIONS, "-o", str(tmp_path / f"f.{suffix}")).returncode == 0
    assert len(json.loads((tmp_path / "f.json").read_text())) == 12
    assert pl.read_parquet(tmp_path / "f.parquet").height == pl.read_csv(tmp_path / "f.csv").height == 12
    done = run("flows", str(CAPTURE), *OPTIONS, "-o", "-", cwd=tmp_path)
    assert done.stdout == (tmp_path / "f.csv").read_bytes()
    assert not (tmp_path / "-").exists()


def test_without_the_options_of_the_audit_it_says_what_to_give() -> None:
    done = run("show", FINDING, str(CAPTURE), "--workers", "1")
    assert done.returncode == 2
    assert (
        b"give the options of the `auditor audit` that named it, such as --rules, --inventory, --geo, --columns"
        in done.stderr
    )


def test_show_in_both_formats(tmp_path: Path) -> None:
    done = run("show", "bcde", str(CAPTURE), *OPTIONS)
    assert done.returncode == 0
    assert b"RECORDS" in done.stdout
    assert run("show", "bcde", str(CAPTURE), *OPTIONS, "-o", str(tmp_path / "f.json")).returncode == 0
    assert json.loads((tmp_path / "f.json").read_text())["finding"]["id"] == FINDING


def test_extract_to_a_file_and_to_a_pipe(tmp_path: Path) -> None:
    target = tmp_path / "e.pcapng"
    done = run("extract", FINDING[:5], str(CAPTURE), *OPTIONS, "-o", str(target))
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"31 packets of 1 input for finding bcde3a2c24a4f341" in done.stderr
    piped = run("extract", FINDING[:5], str(CAPTURE), *OPTIONS, "-o", "-")
    assert piped.stdout == target.read_bytes()
    assert len(pcapng_file.parse(piped.stdout).packets) == 31
    assert [path.name for path in tmp_path.iterdir()] == ["e.pcapng"]
    audited = run("audit", str(target), *OPTIONS, "--format", "json")
    assert [(found["id"], found["verdict"]) for found in json.loads(audited.stdout)["findings"]] == [(FINDING, "fail")]


def test_from_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "auditor", "extract", "bcde", "-", *OPTIONS, "-o", str(tmp_path / "e.pcapng")]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, input=CAPTURE.read_bytes(), capture_output=True, cwd=root, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(pcapng_file.parse((tmp_path / "e.pcapng").read_bytes()).packets) == 31


@pytest.mark.parametrize("command", ["show", "extract", "sessions"])
def test_an_unknown_finding_is_named_with_the_nearest(command: str, tmp_path: Path) -> None:
    wrong = "bcde3a2c24a4f342"
    words = ["--finding", wrong, str(CAPTURE)] if command == "sessions" else [wrong, str(CAPTURE)]
    more = ["-o", str(tmp_path / "e.pcapng")] if command == "extract" else []
    done = run(command, *words, *OPTIONS, *more)
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"did you mean {FINDING}?".encode() in done.stderr
    assert b"`auditor audit`" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    capture = tmp_path / "a.pcapng"
    capture.write_bytes(CAPTURE.read_bytes())
    for command in (["extract", "bcde"], ["show", "bcde"], ["sessions"]):
        done = run(*command, str(capture), *OPTIONS, "-o", str(capture))
        assert done.returncode == 2
        assert b"is read by this audit" in done.stderr
    assert capture.read_bytes() == CAPTURE.read_bytes()


def test_an_output_that_can_not_be_written_is_no_bug(tmp_path: Path) -> None:
    done = run("extract", "bcde", str(CAPTURE), *OPTIONS, "-o", str(tmp_path / "no" / "e.pcapng"))
    assert done.returncode == 2
    assert b"does its folder exist?" in done.stderr
    assert run("extract", "bcde", str(CAPTURE)).returncode == 2  # without an output
