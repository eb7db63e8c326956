"""A copy of standard input leaves no name behind, however a run ends."""

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.read import temporary

ROOT = Path(__file__).resolve().parents[2]
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def run(*command: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Start Python with a folder for temporary files of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    return subprocess.Popen([sys.executable, *command], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_file_without_a_name_is_read_by_other_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary.tempfile, "tempdir", str(tmp_path))
    file, path = temporary.unnamed(".spool")
    with file:
        file.write(b"evidence")
        file.flush()
        assert not list(tmp_path.iterdir())
        told = subprocess.run([sys.executable, "-c", f"print(open({path!r}).read())"], capture_output=True, check=True)
        assert told.stdout == b"evidence\n"
    assert not Path(path).exists()


def test_where_the_system_shows_no_open_files_it_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(temporary.os, "getpid", lambda: 0)
    file, path = temporary.unnamed(".spool")
    with file:
        assert list(tmp_path.iterdir()) == [Path(path)]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_audit_of_standard_input_that_is_killed_leaves_nothing(number: int, tmp_path: Path) -> None:
    child = run("-m", "auditor", "audit", "-", folder=tmp_path)
    assert child.stdin
    child.stdin.write(HEADER + bytes(1 << 22))
    child.stdin.flush()  # it has read most of this: more than a pipe holds
    assert not list(tmp_path.iterdir())
    child.send_signal(number)
    child.communicate()
    assert child.returncode != 0
    assert not list(tmp_path.iterdir())
