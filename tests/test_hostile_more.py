"""Odd uses of the command: streams that are closed or full, outputs that are inputs, file names that act."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.captures import pcap, udp
from tests.test_hostile import RULE

SAMPLES = Path(__file__).resolve().parents[1] / "sample_pcaps"
INCIDENT = ["zoom-2020-incident.pcapng", "--inventory", "zoom-2020-incident.inventory.yaml"]
FULL = Path("/dev/full")


def shell(line: str, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of a shell in which `auditor` is the command and "$@" are the arguments."""
    whole = f'auditor() {{ "{sys.executable}" -m auditor "$@"; }}; {line}'
    path = os.pathsep.join([str(SAMPLES.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        ["bash", "-c", whole, "bash", *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": path},
    )


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([udp("198.51.100.1", 4000, "192.0.2.1", 5000, b"x")] * 3))
    return path


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("auditor audit nowhere 2>&-", 2),
        ("auditor audit nowhere <&- >&- 2>&-", 2),
        ("auditor audit - --allow-empty <&-", 0),
        ("auditor rules list >&-", 0),
        ("auditor rules list | true", 0),  # with pipefail 141, or 0 if it was quicker than its reader
    ],
)
def test_closed_streams(tmp_path: Path, line: str, code: int) -> None:
    run = shell(line, tmp_path)
    assert (run.returncode, b"bug:" in run.stderr) == (code, False), run.stderr


@pytest.mark.parametrize("line", ['auditor audit "$@" >&-', 'set -o pipefail; auditor audit "$@" | true'])
def test_whoever_reads_the_report_the_exit_code_is_its_verdict(line: str) -> None:
    assert shell(line, SAMPLES, *INCIDENT, "--format", "json").returncode == 1


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("line", ["auditor locate 1.1.1.1 >/dev/full", "auditor rules list >/dev/full"])
def test_a_full_disk(tmp_path: Path, line: str) -> None:
    run = shell(line, tmp_path)
    assert (run.returncode, b"bug:" in run.stderr) == (2, False), run.stderr
    assert shell("auditor audit nowhere 2>/dev/full", tmp_path).returncode == 2


@pytest.mark.parametrize(
    "line",
    [
        "auditor audit a.pcap -o a.pcap",
        "auditor audit . -o a.pcap",
        "auditor audit a.pcap -o link.pcap",
        "auditor audit a.pcap --inventory i.yaml -o i.yaml",
        "auditor audit a.pcap --format json --format html -o r -o ./r",
        "auditor flows a.pcap -o a.pcap",
        "auditor audit a.pcap --rules pack -o pack/b.yaml",
        "auditor audit a.pcap --rules ./pack -o pack/pack.yaml",
        "auditor audit a.pcap --rules pack/b.yaml -o pack/pack.yaml",
        "auditor rules test pack -o pack/tests/b.test.yaml",
        "auditor audit a.pcap --selections s.yaml -o s.csv",
    ],
)
def test_a_report_overwrites_nothing_that_is_read(capture: Path, line: str) -> None:
    folder = capture.parent
    (folder / "i.yaml").write_text("vantage: {name: here, country: US}\n")
    (folder / "s.yaml").write_text("table: s.csv\n")
    (folder / "s.csv").write_text("account,in\nacme,US\n")
    (folder / "pack" / "tests").mkdir(parents=True)
    for name in ("b.yaml", "pack.yaml", "tests/b.test.yaml"):
        (folder / "pack" / name).write_text("{}\n")
    os.link(capture, folder / "link.pcap")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run = shell(line, folder)
    assert run.returncode == 2, run.stderr
    assert b"is read by" in run.stderr or b"one file" in run.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_names_of_files_are_no_formulas(capture: Path) -> None:
    """Also not bytes that are no UTF-8, which no table can hold."""
    for name in (b"=cmd|calc.pcap", b"\xff\n\xe2\x80\xae.pcap"):
        path = capture.parent.joinpath(os.fsdecode(name))
        shutil.copy(capture, path)
        run = shell('auditor flows "$@"', capture.parent, path.name)
        assert run.returncode == 0, run.stderr
        row = run.stdout.decode().splitlines()[1]
        assert len(run.stdout.decode().splitlines()) == 2
        assert "'=cmd" in row or "\\udcff" in row
        assert "\u202e" not in row


@pytest.mark.parametrize("valid", ["{from: 0001-01-01, until: 9999-12-31}", "{until: 9999-12-31}"])
def test_dates_that_no_clock_reaches(capture: Path, valid: str) -> None:
    site = f"{{name: a, networks: 192.0.2.1, country: CN, role: server, valid: {valid}}}"
    (capture.parent / "i.yaml").write_text(f"sites: [{site}]\n")
    (capture.parent / "rule.yaml").write_text(RULE + f"valid: {valid}\n")
    run = shell("auditor audit a.pcap --rules rule.yaml --inventory i.yaml --allow-empty", capture.parent)
    assert run.returncode in (0, 1, 3), run.stderr
    assert shell("auditor rules test rule.yaml", capture.parent).returncode == 0


def test_a_capture_without_times_is_outside_of_no_rule(tmp_path: Path) -> None:
    """Simple packet blocks bear none, and a clock that is not known is no all-clear."""
    frame = udp("198.51.100.1", 4000, "192.0.2.1", 53, b"x")
    blocks = [
        (0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
        (1, struct.pack("<HHI", 1, 0, 0)),
        (3, struct.pack("<I", len(frame)) + frame + bytes(-len(frame) % 4)),
    ]
    whole = (struct.pack("<II", t, len(b) + 12) + b + struct.pack("<I", len(b) + 12) for t, b in blocks)
    (tmp_path / "a.pcapng").write_bytes(b"".join(whole))
    (tmp_path / "rule.yaml").write_text(RULE + "valid: {from: 2020-01-01}\n")
    (tmp_path / "i.yaml").write_text("sites: [{name: a, networks: 192.0.2.1, country: CN, role: server}]\n")
    run = shell("auditor audit a.pcapng --rules rule.yaml --inventory i.yaml --allow-empty", tmp_path)
    assert (run.returncode, b"bears no time" in b" ".join(run.stdout.split())) == (3, True), run.stdout


def test_what_rules_and_inventories_say_steers_no_terminal(tmp_path: Path) -> None:
    evil = '"e\\e[31m\\u202e\\nSECOND"'
    (tmp_path / "rule.yaml").write_text(RULE.replace("Nothing touches China", evil).replace("Move it.", evil))
    site = f"{{name: {evil}, operator: {evil}, networks: 192.0.2.1, country: CN}}"
    (tmp_path / "i.yaml").write_text(f"sites: [{site}]\n")
    lines = "locate 192.0.2.1 --inventory i.yaml", "rules list rule.yaml", "rules show no-china --rules rule.yaml"
    for line in lines:
        said = shell(f"auditor {line}", tmp_path).stdout.decode()
        assert "e\\x1b[31m\\u202e\\x0aSECOND" in said
        assert not {"\x1b", "\u202e", "SECOND"} & {*said, *said.split()}


def test_output_that_nobody_reads_is_no_bug(tmp_path: Path) -> None:
    """The flow table is far longer than a pipe holds, so its writer meets the end of its reader."""
    frames = [udp("198.51.100.1", 4000 + i, "192.0.2.1", 5000, b"x") for i in range(3000)]
    (tmp_path / "many.pcap").write_bytes(pcap(frames))
    run = shell("auditor flows many.pcap | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert run.returncode in (0, 141)
    assert b"bug:" not in run.stderr
