from pathlib import Path

import pytest

from auditor.logs.formats import named
from auditor.read.folders import passed_over, promises
from auditor.read.source import sources
from tests.read.files import PLAIN, pcap


@pytest.mark.parametrize(
    "name",
    [
        "a.pcap", "a.pcap1", "a.pcapng.gz", "conn.log", "conn.log.1", "conn.log.2.gz", "access.log-20260101.zst",
        "x.csv", "x.tsv.bz2", "x.json", "x.jsonl.xz", "x.ndjson", "part-0.parquet", "cdr.xml", "nfcapd.202601010000",
        "1.nfcapd.current", "x.warts", "PT1H.json", "EVE.JSON",
        "123_vpcflowlogs_eu-west-1_fl-1_20260101T0000Z_ab.log.gz",
    ],
)  # fmt: skip
def test_names_that_promise(name: str) -> None:
    assert promises(name)


@pytest.mark.parametrize("name", ["README.md", "a.tar.gz", "notes.txt", "x.yaml", "log", "json", "a.py", "catalog"])
def test_other_names(name: str) -> None:
    assert not promises(name)


def test_what_a_folder_promises_and_nobody_can_read_is_counted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.pcap").write_bytes(pcap([PLAIN]))
    for name in ("in/conn.log", "in/x.json.gz", "in/notes.txt", "in/run.sh"):
        (tmp_path / name).write_bytes(b"what is this")
    passed: set[str] = set()
    found = {source.name.partition("/")[2]: source.format for source in sources([str(tmp_path)], named, passed)}
    assert found == {"a.pcap": "pcap", "in/conn.log": "unreadable", "in/x.json.gz": "unreadable"}
    assert {Path(path).name for path in passed} == {"notes.txt", "run.sh"}


def test_the_note_counts() -> None:
    assert passed_over(0) == ()
    assert passed_over(1)[0].startswith("1 other file in the given folders was passed over")
    assert passed_over(1_234)[0].startswith("1,234 other files in the given folders were passed over")
