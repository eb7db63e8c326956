import gzip
import os
from pathlib import Path

import pytest

from auditor.read import scan as room
from auditor.read import staff
from auditor.read.scan import scan
from auditor.read.source import sources
from tests.read.files import PLAIN, pcap


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(staff, "WORTH", 1 << 12)
    monkeypatch.setattr(room, "WORTH", 1 << 12)
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(pcap([PLAIN] * 60))
    return tmp_path


def test_processes_that_wait_already_do_the_work(folder: Path) -> None:
    found = sources([str(folder)])
    alone = scan(found, [0, 0], workers=1)
    for asked in (2, 3):  # another number than is needed or than was started does no harm
        with staff.started([str(folder)], 2) as waiting:
            assert len(waiting) == 2
            shared = scan(found, [0, 0], workers=asked, staff=waiting)
        assert shared.directed.packets.tolist() == alone.directed.packets.tolist() == [120]
        assert all(worker.process.returncode is not None for worker in waiting)


def test_who_is_not_needed_ends_too(folder: Path) -> None:
    with pytest.raises(KeyError), staff.started([str(folder)], 2) as waiting:
        raise KeyError
    assert all(worker.process.returncode for worker in waiting)


@pytest.mark.parametrize("name", ["a.pcap", "missing.pcap", "-", "c*.pcap"])
def test_little_work_starts_nobody(name: str, folder: Path) -> None:
    with staff.started([str(folder / name) if name != "-" else name], 2) as waiting:
        assert waiting == []
    with staff.started([str(folder)], 1) as waiting:
        assert waiting == []


def test_globs_count(folder: Path) -> None:
    with staff.started([str(folder / "*.pcap")], 2) as waiting:
        assert len(waiting) == 2


def test_logs_start_nobody(folder: Path) -> None:
    (folder / "a.pcap").write_text("2 123456789012 eni-1 10.0.0.1 8.8.8.8 1 2 17 1 9 1 2 ACCEPT OK\n" * 200)
    (folder / "b.pcap").write_bytes(b"PAR1" + bytes(1 << 14))
    with staff.started([str(folder)], 2) as waiting:
        assert waiting == []
    (folder / "c.gz").write_bytes(gzip.compress(pcap([PLAIN])) + bytes(1 << 14))  # a capture may be inside
    with staff.started([str(folder)], 2) as waiting:
        assert len(waiting) == 2


def test_a_pipe_is_not_read_from(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with staff.started([str(folder / "pipe")], 2) as waiting:
        assert waiting == []
