import bz2
import gzip
import hashlib
import io
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from auditor.model.errors import InputError
from auditor.read.source import hashed, opened, sources
from auditor.read.unpack import unpacked
from tests.read.files import PLAIN, PLAIN_FLOW, accounted, enhanced, flows, interface, pcap, read, section

Pack = Callable[[bytes], bytes]
PACKINGS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstandard.ZstdCompressor(write_content_size=False).compress(data),
}
each_packing = pytest.mark.parametrize("packing", PACKINGS)
PCAP = pcap([PLAIN] * 3)
PCAPNG = section() + interface() + enhanced(PLAIN) * 3


@each_packing
@pytest.mark.parametrize(("content", "form"), [(PCAP, "pcap"), (PCAPNG, "pcapng")])
def test_formats_are_told_by_content(packing: str, content: bytes, form: str, tmp_path: Path) -> None:
    stored = PACKINGS[packing](content)
    found = read(tmp_path, stored, "report.txt")
    assert flows(found) == {PLAIN_FLOW: 3}
    entry = found.inputs[0]
    assert (entry.format, entry.bytes, entry.name) == (f"{form}+{packing}", len(stored), "report.txt")
    assert entry.sha256 == hashlib.sha256(stored).hexdigest()


@each_packing
def test_several_frames_are_one_stream(packing: str, tmp_path: Path) -> None:
    pack = PACKINGS[packing]
    assert flows(read(tmp_path, pack(PCAP[:50]) + pack(PCAP[50:]))) == {PLAIN_FLOW: 3}


@each_packing
def test_a_cut_stream_is_told_even_between_records(packing: str, tmp_path: Path) -> None:
    content = pcap([PLAIN] * 20_000)
    stored = PACKINGS[packing](content)
    for size in (len(stored) - 1, len(stored) - 9, len(stored) // 2):
        found = read(tmp_path, stored[:size])
        assert accounted(found)
        assert [why for _source, _bytes, why in found.unread_bytes] == [f"the {packing} stream is cut or damaged"]


@each_packing
def test_a_damaged_stream_is_told(packing: str, tmp_path: Path) -> None:
    stored = bytearray(PACKINGS[packing](os.urandom(200) + bytes(1)))
    stored[len(stored) // 2] ^= 0xFF
    stream = unpacked(packing, io.BytesIO(bytes(stored[:-3])))  # type: ignore[arg-type]
    with pytest.raises(OSError, match=f"the {packing} stream is cut or damaged"):
        stream.readall()


def test_folders_globs_and_repeats(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.pcap", "a.cap", "in/deep/c"):
        (tmp_path / name).write_bytes(PCAP)
    (tmp_path / "notes.txt").write_text("no capture")
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    base = tmp_path.name
    assert [s.name for s in sources([str(tmp_path)])] == [f"{base}/a.cap", f"{base}/b.pcap", f"{base}/in/deep/c"]
    assert [s.name for s in sources([str(tmp_path / "b.pcap"), str(tmp_path / "?.*ap")])] == ["a.cap", "b.pcap"]
    assert [s.name for s in sources([str(tmp_path / "i*")])] == ["in/deep/c"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pcap", b"this is text", "neither a capture nor a log"),
        ("a.gz", gzip.compress(b"this is text", mtime=0), "gzip-compressed"),
    ],
)
def test_what_is_no_capture_is_an_error(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        sources([str(tmp_path / name)])
    with pytest.raises(InputError, match="no capture"):
        sources([str(tmp_path)])


@each_packing
def test_a_stream_that_is_damaged_from_the_start_is_counted(packing: str, tmp_path: Path) -> None:
    stored = PACKINGS[packing](PCAP)[:9]
    found = read(tmp_path, stored)
    assert found.unread_bytes == [(0, 9, f"the {packing} stream is cut or damaged")]
    assert found.inputs[0].format == f"unreadable+{packing}"
    assert [source.format for source in sources([str(tmp_path)])] == ["unreadable"]


def test_missing_things_are_errors(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.pcap", "no such file"), (tmp_path / "*.pcap", "nothing matches")):
        with pytest.raises(InputError, match=message):
            sources([str(path)])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        sources([str(tmp_path / "pipe")])


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].pcap").write_bytes(PCAP)
    assert [source.name for source in sources([str(tmp_path / "a[1].pcap")])] == ["a[1].pcap"]


def test_an_empty_file_is_an_input_without_packets(tmp_path: Path) -> None:
    found = read(tmp_path, b"")
    assert (found.inputs[0].format, found.inputs[0].packets) == ("empty", 0)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(PCAP))))
    found = sources(["-"])
    assert [(source.name, source.format, source.packing) for source in found] == [("-", "pcap", "gzip")]
    with opened(found[0]) as stream:
        assert stream.read() == PCAP
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text")))
    with pytest.raises(InputError, match=r"^-: neither a capture nor a log"):
        sources(["-"])


def test_a_file_that_grows_is_read_as_it_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(PCAP)
    found = sources([str(tmp_path / "a.pcap")])
    with (tmp_path / "a.pcap").open("ab") as stream:
        stream.write(b"more")
    assert hashed(found[0]) == hashlib.sha256(PCAP).hexdigest()
    with opened(found[0]) as whole:
        assert whole.readall() == PCAP  # type: ignore[attr-defined]


def test_a_bomb_unpacks_in_bounded_steps() -> None:
    stored = zstandard.ZstdCompressor().compress(bytes(64 << 20))
    stream = unpacked("zstd", io.BytesIO(stored))  # type: ignore[arg-type]
    total = 0
    while block := stream.read(1 << 20):
        total += len(block)
        assert len(block) <= 1 << 20
    assert total == 64 << 20


def test_a_file_in_a_folder_that_promises_a_capture_and_is_none_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "good.pcap").write_bytes(pcap([]))
    (tmp_path / "bad.pcap.gz").write_bytes(b"no gzip either")
    (tmp_path / "notes.txt").write_text("nothing")
    assert [(each.name.rpartition("/")[2], each.format) for each in sources([str(tmp_path)])] == [
        ("bad.pcap.gz", "unreadable"),
        ("good.pcap", "pcap"),
    ]
