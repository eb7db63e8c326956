"""Bad input through the command: a clear error or a counted status, the right exit code, nothing readable lost."""

import json
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.captures import pcap, udp

ERROR, OPEN = 2, 3


def auditor(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "auditor", *map(str, arguments)], input=stdin, capture_output=True, timeout=120
    )


def assert_refused(run: subprocess.CompletedProcess[bytes], *words: str) -> None:
    said = run.stderr.decode()
    assert run.returncode == ERROR, said
    assert "Traceback" not in said
    assert all(word in said for word in words), said


def report(run: subprocess.CompletedProcess[bytes]) -> dict:
    assert b"Traceback" not in run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def whole() -> bytes:
    return pcap([udp(f"198.51.100.{i % 9 + 1}", 4000 + i, "192.0.2.1", 5000, b"x" * i) for i in range(60)])


def test_missing_file() -> None:
    assert_refused(auditor("audit", "nowhere.pcap"), "nowhere.pcap")


def test_directory_without_captures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    assert_refused(auditor("audit", tmp_path), tmp_path.name)


def test_glob_without_matches(tmp_path: Path) -> None:
    assert_refused(auditor("audit", tmp_path / "*.pcap"), "*.pcap")


def test_an_empty_file_is_said_to_be_one(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(b"")
    run = auditor("audit", tmp_path / "a.pcap")
    assert run.returncode == OPEN
    assert b"a.pcap is empty" in run.stdout
    (tmp_path / "b.pcap").write_bytes(whole)
    assert b"a.pcap is empty" in auditor("audit", tmp_path).stdout


@pytest.mark.parametrize("content", [b"\xd4\xc3", b"just some text, no capture\n" * 9, bytes(4096)])
def test_what_is_no_capture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(content)
    assert_refused(auditor("audit", tmp_path / "a.pcap"), "a.pcap")


def test_random_bytes_behind_a_header_are_never_clean(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(whole[:24] + random.Random(1).randbytes(9000))
    run = auditor("audit", tmp_path / "a.pcap", "--format", "json", "--allow-empty")
    assert run.returncode == OPEN
    assert report(run)["verdict"] == "open"


@pytest.mark.parametrize("cut", [25, 39, 41, 200, -1])
def test_a_cut_capture_keeps_what_is_whole(tmp_path: Path, whole: bytes, cut: int) -> None:
    (tmp_path / "a.pcap").write_bytes(whole[:cut])
    run = auditor("audit", tmp_path / "a.pcap", "--format", "json", "--allow-empty")
    assert run.returncode == OPEN
    packets, at = 0, 24
    while at + 16 <= len(whole[:cut]) and at + 16 + struct.unpack_from("<I", whole, at + 8)[0] <= len(whole[:cut]):
        packets, at = packets + 1, at + 16 + struct.unpack_from("<I", whole, at + 8)[0]
    assert report(run)["coverage"]["packets"] == packets


def test_one_bad_file_does_not_hide_the_good_ones(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "good.pcap").write_bytes(whole)
    (tmp_path / "cut.pcap").write_bytes(whole[:1000])
    found = report(auditor("audit", tmp_path, "--format", "json"))
    assert [entry["name"].rpartition("/")[2] for entry in found["inputs"]] == ["cut.pcap", "good.pcap"]
    assert found["coverage"]["packets"] > 60


def test_standard_input(whole: bytes) -> None:
    run = auditor("audit", "-", "--format", "json", "--allow-empty", "--allow-open", stdin=whole)
    assert run.returncode == 0, run.stderr
    assert report(run)["coverage"]["packets"] == 60


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("id: [unclosed", "line"),
        ("id: x\nid: y\n", "id"),
        ("a: &x 1\nb: *x\n", "line"),
        ("id: lonely\n", "lonely"),
        ("\x00\xff", "rule"),
    ],
)
def test_unreadable_rule(tmp_path: Path, whole: bytes, text: str, word: str) -> None:
    (tmp_path / "a.pcap").write_bytes(whole)
    (tmp_path / "rule.yaml").write_text(text, encoding="latin-1")
    assert_refused(auditor("audit", tmp_path / "a.pcap", "--rules", tmp_path / "rule.yaml"), "rule.yaml")


def test_rule_with_an_unknown_country(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(whole)
    (tmp_path / "rule.yaml").write_text(RULE.replace("CN", "QQ"))
    run = auditor("audit", tmp_path / "a.pcap", "--rules", tmp_path / "rule.yaml")
    assert_refused(run, "rule.yaml:5:30: ", "QQ")


RULE = """\
id: no-china
title: Nothing touches China
severity: high
applies: {}
must_not_touch: {countries: [CN], as: [server, relay]}
why: Because a test says so.
fix: Move it.
references: [{title: A test, kind: policy}]
examples:
  pass: [{participants: [US], touches: [{country: US, as: server, plane: media}]}]
  fail: [{participants: [US], touches: [{country: CN, as: server, plane: media}]}]
  open: [{participants: [US], touches: [{country: [CN, HK], as: server, plane: media}]}]
"""


def test_unknown_pack(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(whole)
    assert_refused(auditor("audit", tmp_path / "a.pcap", "--rules", "no-such-pack"), "no-such-pack")


def test_bad_inventory(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(whole)
    (tmp_path / "i.yaml").write_text("sites:\n  - name: x\n    networks: [10.0.0.1/8]\n    country: US\n")
    run = auditor("audit", tmp_path / "a.pcap", "--inventory", tmp_path / "i.yaml")
    assert_refused(run, "i.yaml:3:16: ", "10.0.0.")


def test_bad_database(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(whole)
    (tmp_path / "g.mmdb").write_bytes(b"not a database")
    assert_refused(auditor("audit", tmp_path / "a.pcap", "--geo", tmp_path / "g.mmdb"), "g.mmdb")


def test_output_that_can_not_be_written(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "a.pcap").write_bytes(whole)
    run = auditor("audit", tmp_path / "a.pcap", "--format", "json", "--output", tmp_path / "no" / "r.json")
    assert_refused(run, "r.json")


def test_bad_address() -> None:
    assert_refused(auditor("locate", "300.1.2.3"), "300.1.2.3")


def test_usage() -> None:
    assert auditor("audit").returncode == ERROR
    assert auditor("audit", "x.pcap", "--format", "docx").returncode == ERROR
    assert_refused(auditor("audit", "x.pcap", "--format", "json", "--output", "a", "--output", "b"), "--output")
