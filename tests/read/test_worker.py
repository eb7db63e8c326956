import io
import pickle
import subprocess
import sys
from pathlib import Path

from auditor.read.source import sources
from tests.read.files import PLAIN, pcap


def test_a_process_answers_on_its_own_pipe_only(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap([PLAIN] * 5))
    jobs = [(0, sources([str(tmp_path / "a.pcap")])[0], 0)]
    command = [sys.executable, "-m", "auditor.read.worker"]
    done = subprocess.run(command, input=pickle.dumps(jobs), capture_output=True, check=True)
    stream = io.BytesIO(done.stdout)
    messages = []
    while stream.tell() < len(done.stdout):
        messages.append(pickle.load(stream))
    assert [kind for kind, _ in messages if kind != "read"] == ["done", "found"]
    part, readings = messages[-1][1]
    assert part.packets == {0: 5}
    assert readings == []
    assert sum(size for kind, size in messages if kind == "read") == (tmp_path / "a.pcap").stat().st_size
    assert done.stderr == b""


def test_it_imports_no_tables_and_no_scapy() -> None:
    heavy = ("polars", "pandas", "scapy", "zstandard", "yaml", "cryptography")
    code = f"import sys, auditor.read.worker; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
