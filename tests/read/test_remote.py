"""Inputs at addresses: a real S3 server on the loopback interface, and fsspec's store in memory."""

import gzip
import hashlib
import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.formats import named
from auditor.model.errors import InputError
from auditor.read import remote
from auditor.read.source import Source, opened, sources
from tests.read.files import PLAIN, pcap

PCAP = pcap([PLAIN] * 3)
TRACE = b"traceroute to 203.0.113.9 (203.0.113.9), 30 hops max\n 1  192.0.2.1  1 ms\n 2  203.0.113.9  2 ms\n"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    remote.forget()
    yield
    remote.forget()


def found(*urls: str) -> dict[str, str]:
    return {source.name: source.described for source in sources(urls, named)}


def content(source: Source) -> bytes:
    with opened(source) as stream:
        return stream.readall()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    moto = pytest.importorskip("moto.server", reason="moto, the server of these tests, is not installed")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def _ask(server: str, what: str, data: bytes = b"") -> None:
    """Tell the server itself something."""
    headers = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/{what}", data, headers, method="POST")).close()


@pytest.fixture
def store(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import s3fs

    _ask(server, "reset")
    for name, value in {
        "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "verysecret",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    made = s3fs.S3FileSystem()
    made.mkdir("evidence")
    yield made
    s3fs.S3FileSystem.clear_instance_cache()


def test_objects_prefixes_and_globs(store: Any) -> None:
    for key, data in {
        "2026/01/a.pcap": PCAP,
        "2026/01/b.pcap.gz": gzip.compress(PCAP),
        "2026/02/way.txt": TRACE,
        "2026/02/readme.md": b"nothing of ours",
        "2026/02/lost.log": b"what is this",
        "2026/empty/": b"",
    }.items():
        store.pipe(f"evidence/{key}", data)
    base = "s3://evidence/2026"
    whole = {
        f"{base}/01/a.pcap": "pcap",
        f"{base}/01/b.pcap.gz": "pcap+gzip",
        f"{base}/02/lost.log": "unreadable",
        f"{base}/02/way.txt": "traceroute-text",
    }
    assert found(base) == found(f"{base}/") == found("s3://evidence") == whole
    assert found(f"{base}/*/*.gz", f"{base}/01/b.pcap.gz") == {f"{base}/01/b.pcap.gz": "pcap+gzip"}
    assert found(f"{base}/**/*.pcap*") == {name: form for name, form in whole.items() if "/01/" in name}
    assert found(f"{base}/0*") == whole
    passed: set[str] = set()
    for source in sources([base], named, passed):
        with store.open(source.name) as stream:
            stored = stream.read()
        assert Path(source.path).read_bytes() == stored
        assert source.size == len(stored)
    assert passed == {f"{base}/02/readme.md"}
    with pytest.raises(InputError, match=r"neither a capture nor a log"):
        found(f"{base}/02/*")


def test_an_audit_tells_what_it_read(store: Any) -> None:
    from auditor import pipeline

    store.pipe("evidence/way.txt", TRACE)
    store.pipe("evidence/other.bin", b"\0\1\2")
    report = pipeline.audit("s3://evidence", workers=1).report
    assert [(entry.name, entry.bytes, entry.sha256) for entry in report.inputs] == [
        ("s3://evidence/way.txt", len(TRACE), hashlib.sha256(TRACE).hexdigest())
    ]
    assert any("1 other file in the given folders was passed over" in note for note in report.notes)


def test_another_audit_reads_what_is_there_now(store: Any) -> None:
    from auditor import pipeline

    for data in (TRACE, TRACE.replace(b"203.0.113.9", b"198.51.100.7")):
        store.pipe("evidence/way.txt", data)
        (entry,) = pipeline.audit("s3://evidence", workers=1).report.inputs
        assert entry.sha256 == hashlib.sha256(data).hexdigest()


def test_more_objects_than_a_page_of_the_store_lists(store: Any) -> None:
    import asyncio

    import fsspec.asyn

    async def fill() -> None:
        await asyncio.gather(*(store._pipe_file(f"evidence/many/{number:04}.txt", TRACE) for number in range(1_050)))

    fsspec.asyn.sync(store.loop, fill)
    assert len(remote.listed("s3://evidence/many")) == 1_050


def test_a_large_object_is_fetched_whole_and_of_another_kind_only_its_beginning(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "FIRST", 1 << 16)
    monkeypatch.setattr(remote, "CHUNK", 1 << 14)
    large = pcap([PLAIN] * 20_000)
    store.pipe("evidence/large.pcap", large)
    store.pipe("evidence/movie.mkv", bytes(1 << 20))
    (source,) = sources(["s3://evidence"], named)
    assert content(source) == large
    sizes = {Path(each.path).stat().st_size for each in remote.listed("s3://evidence")}
    assert sizes == {len(large), 1 << 16}
    monkeypatch.setattr(remote, "MOST", 1 << 18)
    remote.forget()
    with pytest.raises(InputError, match="from addresses in one run"):
        sources(["s3://evidence"], named)


@pytest.mark.parametrize("url", ["s3://evidence/none.pcap", "s3://nowhere/x", "s3://nowhere", "s3://evidence/*.none"])
def test_what_is_missing_is_told(url: str, store: Any) -> None:
    with pytest.raises(InputError, match=r"nothing is there|no such object") as error:
        found(url)
    assert error.value.source == url


def test_who_is_denied_is_told_how_to_get_in(store: Any, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    from auditor.cli import main

    store.pipe("evidence/a.pcap", PCAP)
    _ask(server, "reset-auth", b"0")
    try:
        store.invalidate_cache()
        assert _exit(main, ["audit", "s3://evidence/a.pcap"]) == 2
    finally:
        _ask(server, "reset-auth", b"inf")
    said = capsys.readouterr().err
    assert "s3://evidence/a.pcap: access denied; check the credentials" in " ".join(said.split())
    assert "verysecret" not in said
    assert "AKIDEXAMPLE" not in said


def _exit(main: Any, arguments: list[str]) -> int:
    sys.argv[1:] = arguments
    try:
        return int(main() or 0)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_a_store_that_does_not_answer(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setattr(s3fs.core.S3FileSystem, "retries", 1, raising=False)
    with pytest.raises(InputError, match=r"can't be read \(\w+\); check the address"):
        found("s3://evidence/a.pcap")


def test_memory() -> None:
    fsspec = pytest.importorskip("fsspec", reason="the extra remote is not installed")
    memory = fsspec.filesystem("memory")
    memory.pipe({"/logs/way.txt": TRACE, "/logs/a.pcap": PCAP})
    try:
        assert found("memory://logs") == {"memory://logs/a.pcap": "pcap", "memory://logs/way.txt": "traceroute-text"}
    finally:
        memory.rm("/logs", recursive=True)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://user:secret@host.example/a/b.pcap?X-Amz-Signature=secret#x", "https://host.example/a/b.pcap"),
        ("s3://key:secret@bucket/a/b", "s3://bucket/a/b"),
        ("s3://bucket/a?b#c", "s3://bucket/a?b#c"),
        ("abfs://container@account.dfs.example/a", "abfs://container@account.dfs.example/a"),
        ("ftp://user:secret@host/a", "ftp://"),
    ],
)
def test_names_bear_no_credentials(url: str, name: str) -> None:
    assert remote.cleaned(url) == name
    assert remote.is_url(url)


def test_other_schemes_and_missing_libraries_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is of no known kind; known are s3://"):
        sources(["ftp://user:secret@host/a"])
    for scheme, extra in (("s3", "s3"), ("gs", "gcs"), ("az", "azure"), ("https", "http")):
        monkeypatch.setitem(sys.modules, "fsspec.core", None)
        with pytest.raises(InputError, match=rf"pip install 'residency-auditor\[{extra}\]'"):
            sources([f"{scheme}://there/a"])


def test_nothing_is_imported_for_files(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "a.pcap").write_bytes(PCAP)
    code = (
        "import sys, json; from auditor.read.source import sources; sources([sys.argv[1]]);"
        "print(json.dumps([name for name in sys.modules if name.split('.')[0] in ('fsspec', 's3fs', 'aiohttp')]))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True)
    assert json.loads(ran.stdout) == []
