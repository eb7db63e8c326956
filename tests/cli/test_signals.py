"""Work that is interrupted: real processes, real signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.cli import output, progress, signals
from tests.captures import pcap, rtp

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="processes are watched through /proc")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A capture that takes a while: 230 MB, worth several processes."""
    path = tmp_path_factory.mktemp("large") / "large.pcap"
    whole = pcap(rtp("142.1.33.4", 40000, "52.81.151.250", 3480, count=50_000))
    with path.open("wb") as file:
        file.write(whole[:24])
        for _ in range(20):
            file.write(whole[24:])
    yield path
    path.unlink()


def children(of: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            found += [int(entry.name)] if parent == of else []
    return found


def bytes_read(by: int) -> int:
    return int(Path(f"/proc/{by}/io").read_text().split()[1])


def interrupted(number: int, workers: int, folder: Path, large: Path, *words: str) -> tuple[int, str, list[int]]:
    """Start a command and send it a signal while it reads; return its exit code, what it said, its workers."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    command = [sys.executable, "-m", "auditor", *words, str(large), "--workers", str(workers)]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        started: list[int] = []
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            started = children(process.pid)
            if started if workers > 1 else bytes_read(process.pid) > 60 << 20:
                break
            time.sleep(0.005)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        return process.returncode, said, started


def gone(pid: int) -> bool:
    """Say whether a process ends within some seconds (one that nobody waited for may still be listed)."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


@linux
@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "ended by SIGTERM")])
@pytest.mark.parametrize("workers", [1, 2])
def test_an_audit_ends_cleanly(number: int, word: str, workers: int, tmp_path: Path, large: Path) -> None:
    words = ("audit", "--format", "json", "-o", "report.json")
    code, said, started = interrupted(number, workers, tmp_path, large, *words)
    assert code == 128 + number, said
    (line,) = [line for line in said.splitlines() if line]
    assert line.startswith(f"auditor: {word} while reading")
    assert line.endswith("; nothing was written")
    assert not list(tmp_path.iterdir())
    assert bool(started) == (workers > 1)
    assert all(gone(pid) for pid in started)


@linux
def test_an_extraction_leaves_no_part_of_a_file(tmp_path: Path, large: Path) -> None:
    code, said, _ = interrupted(signal.SIGINT, 2, tmp_path, large, "extract", "abc", "-o", "e.pcapng")
    assert code == 130
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_how_far_it_came_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "WRITTEN", [])

    def work() -> None:
        with progress.shown("reading") as advanced:
            advanced(1_200_000, 3_000_000)
            raise signals.Ended(signal.SIGTERM)

    with pytest.raises(signals.Ended) as caught:
        work()
    said = signals.last_words(caught.value)
    assert said == "ended by SIGTERM while reading: 1.2 MB of 3.0 MB done; nothing was written"
    assert signals.exit_code(caught.value.number) == 143


def test_what_was_written_before_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "WRITTEN", [])
    output.write("x", tmp_path / "a.json")
    assert signals.last_words(signals.Ended(signal.SIGINT)) == f"interrupted; {tmp_path / 'a.json'} was written"


def test_an_interrupted_file_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")

    def work() -> None:
        with output.whole(tmp_path / "old") as file:
            file.write(b"new")
            raise signals.Ended(signal.SIGINT)

    with pytest.raises(signals.Ended):
        work()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old", "old")]
