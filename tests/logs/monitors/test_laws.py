"""What holds of every reader: each record is counted once, wherever blocks end and whatever stands in it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.logs import lines
from auditor.logs.monitors import FORMATS, columns, syslog, zeek_tsv
from tests.logs.monitors import test_columns, test_proxies, test_suricata, test_syslog, test_zeek
from tests.logs.monitors.given import rows

SAMPLES: dict[str, str] = {
    "zeek": test_zeek.log("conn", test_zeek.CONN, *(test_zeek.conn("SF", "ShDd") for _ in range(9)))
    + test_zeek.log("ssh", "uid id.orig_h id.resp_h", "C 192.0.2.1 198.51.100.7"),
    "suricata": "".join(json.dumps(test_suricata.flow("1b", "1b", n, 4)) + "\n" for n in range(9)),
    "syslog": (test_syslog.pan() + test_syslog.SRX.format(kind="CLOSE", reason="TCP FIN") + "noise\n") * 4,
    "envoy": (test_proxies.ENVOY.format(flags="-", xff="-", up="198.51.100.7:1") + "\n") * 9,
    "nginx": (test_proxies.COMBINED + "\n\n") * 9,
    "columns": test_columns.HEADER + "\n" + (test_columns.LINE + "\n") * 9,
}


ODD = (b"", b"\xff", b"\0", b'"', b"\\", b"\t", b",", b"=cmd()", b"<script>", b"9" * 30, b"\x1b[2J")


@pytest.fixture
def readers(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "map.yaml").write_text(test_columns.BASE, encoding="utf-8")
    return {**FORMATS, "columns": columns.load([tmp_path / "map.yaml"])["columns/edge"]}


def records(data: bytes) -> int:
    return sum(1 for line in data.split(b"\n") if line.strip())


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_where_blocks_end_changes_nothing(
    name: str, size: int, tmp_path: Path, readers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = SAMPLES[name].encode()
    whole = rows(tmp_path, readers[name], data)
    small = partial(lines.blocks, size=size)
    for module in (lines, zeek_tsv, syslog, columns):
        monkeypatch.setattr(module, "blocks", small)
    assert rows(tmp_path, readers[name], data) == whole


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_log_each_record_is_counted_once(
    name: str, tmp_path: Path, readers: dict[str, Any], data: st.DataObject
) -> None:
    text = bytearray(SAMPLES[name].encode())
    begins = (
        text.index(b"\n1600") if name == "zeek" else text.index(b"\n") + 1
    )  # what is told by its first lines has them
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(begins, len(text) - 1))
        odd = data.draw(st.sampled_from(ODD))
        text[at : at + data.draw(st.integers(0, 9))] = odd
    raw = bytes(text)
    found = rows(tmp_path, readers[name], raw)
    if name == "zeek":
        expected = sum(1 for line in raw.split(b"\n") if line.strip() and not line.startswith(b"#"))
    elif name == "columns":
        expected = sum(1 for line in raw.split(b"\n")[1:] if line.strip() and line != test_columns.HEADER.encode())
    else:
        expected = records(raw)
    assert sum(row["records"] for row in found) == expected
    assert all(row["detail"].isascii() and "cmd" not in row["detail"] for row in found)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_line_of_ten_megabytes_is_one_record(name: str, tmp_path: Path, readers: dict[str, Any]) -> None:
    lines = SAMPLES[name].rstrip("\n").split("\n")
    half = len(lines[-1]) // 2
    long = lines[-1][:half] + "A" * 10_000_000 + lines[-1][half:]
    before = rows(tmp_path, readers[name], SAMPLES[name].encode())
    found = rows(tmp_path, readers[name], "\n".join([*lines, long, lines[-1], ""]).encode())
    assert sum(row["records"] for row in found) == sum(row["records"] for row in before) + 2
