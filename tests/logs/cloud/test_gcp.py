import json
from pathlib import Path
from typing import Any

import pytest

from auditor.enrich.regions import countries
from auditor.logs.cloud import FORMATS
from auditor.logs.cloud import gcp as it
from tests.logs.cloud.reading import FLOWS, read, rows, states

START, END = 1_718_351_137_186_193_305, 1_718_351_137_301_953_198


def record(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "connection": {
            "src_ip": "10.1.0.2",
            "src_port": 50000,
            "dest_ip": "203.0.113.7",
            "dest_port": 443,
            "protocol": 6,
        },
        "reporter": "SRC",
        "bytes_sent": "17760",
        "packets_sent": "12",
        "start_time": "2024-06-14T07:45:37.186193305Z",
        "end_time": "2024-06-14T07:45:37.301953198Z",
        "src_instance": {"project_id": "p", "vm_name": "v", "region": "europe-west4", "zone": "europe-west4-b"},
        "src_vpc": {"project_id": "host", "vpc_name": "main", "subnetwork_name": "s"},
        "dest_location": {"country": "usa", "asn": 64500},
    }
    return {**{name: value for name, value in given.items() if name not in changes}, **changes}


def entry(payload: Any) -> dict[str, Any]:
    return {
        "insertId": "1",
        "jsonPayload": payload,
        "logName": "projects/p/logs/compute.googleapis.com%2Fvpc_flows",
        "resource": {"type": "gce_subnetwork", "labels": {"project_id": "p", "location": "europe-west4-b"}},
        "timestamp": "2024-06-14T07:50:10.845445834Z",
    }


def lines(*entries: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in entries)


def test_a_record_is_one_direction(tmp_path: Path) -> None:
    (row,), told = read(tmp_path, it, lines(entry(record())))
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (
        "10.1.0.2",
        50000,
        "203.0.113.7",
        443,
    )
    assert (row["src_packets"], row["src_bytes"], row["dst_packets"], row["dst_bytes"]) == (12, 17760, None, None)
    assert (row["first_ns"], row["last_ns"], row["transport"]) == (START, END, "tcp")
    assert (row["observer"], row["src_site"], row["dst_site"]) == ("gcp/host/main", "gcp/europe-west4", "")
    assert (row["outcome"], row["opened"], row["basis"], row["status"], row["detail"]) == (
        None,
        "",
        "reported",
        "ok",
        "",
    )
    assert countries(row["src_site"]) == "NL"
    assert told.notes == {it.SAMPLED}


@pytest.mark.parametrize(
    ("changes", "observer", "sites"),
    [
        (
            {"reporter": "DEST", "dest_vpc": {"project_id": "q", "vpc_name": "two"}},
            "gcp/q/two",
            ("gcp/europe-west4", ""),
        ),
        ({"reporter": "DEST"}, "gcp/host/main", ("gcp/europe-west4", "")),
        (
            {"reporter": "DEST_GATEWAY", "dest_vpc": {"project_id": "q", "vpc_name": "two"}},
            "gcp/q/two",
            ("gcp/europe-west4", ""),
        ),
        ({"src_vpc": {}, "src_instance": None}, "gcp/p", ("", "")),
        ({"src_instance": {"zone": "asia-east2-a"}}, "gcp/host/main", ("gcp/asia-east2-a", "")),
        ({"src_instance": {}, "src_vpc": {"subnetwork_region": "us-east1"}}, "gcp/p", ("gcp/us-east1", "")),
        (
            {"src_instance": {}, "dest_gke_details": {"cluster": {"cluster_location": "me-west1"}}},
            "gcp/host/main",
            ("", "gcp/me-west1"),
        ),
        ({"src_instance": {"region": "<script>"}}, "gcp/host/main", ("", "")),
        ({"src_instance": {"region": ["europe-west4"]}}, "gcp/host/main", ("", "")),
    ],
)
def test_where_it_was_seen(tmp_path: Path, changes: dict[str, Any], observer: str, sites: tuple[str, str]) -> None:
    (row,), _ = read(tmp_path, it, lines(entry(record(**changes))))
    assert (row["observer"], (row["src_site"], row["dst_site"])) == (observer, sites)


def test_two_reports_of_the_same_packets_are_both_kept_and_said(tmp_path: Path) -> None:
    both = [record(reporter=each, dest_vpc={"project_id": "host", "vpc_name": "main"}) for each in ("SRC", "DEST")]
    found, told = read(tmp_path, it, lines(*map(entry, both)))
    assert [row["observer"] for row in found] == ["gcp/host/main"] * 2
    assert told.notes == {it.SAMPLED, it.BOTH}


def connection(**changes: Any) -> dict[str, Any]:
    return {"connection": {**record()["connection"], **changes}}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        (connection(src_port="50000", protocol="6"), ("ok", "")),
        (connection(src_port=50000.0, protocol=6.0), ("ok", "")),
        ({"bytes_sent": 17760, "packets_sent": "12.0"}, ("ok", "")),
        (connection(src_port=70000), ("malformed", it.NUMBERS)),
        (connection(src_port=1.5), ("malformed", it.NUMBERS)),
        (connection(protocol=None), ("malformed", it.NUMBERS)),
        (connection(protocol=True), ("malformed", it.NUMBERS)),
        ({"bytes_sent": -1}, ("malformed", it.NUMBERS)),
        ({"bytes_sent": "9" * 30}, ("malformed", it.NUMBERS)),
        ({"bytes_sent": "٣"}, ("ok", "")),
        ({"packets_sent": "inf"}, ("malformed", it.NUMBERS)),
        (connection(src_ip=""), ("malformed", it.NOWHERE)),
        (connection(dest_ip=7), ("malformed", it.NOWHERE)),
        (connection(src_ip="=cmd()<script>\x1b"), ("ok", "")),
        ({"connection": []}, ("unsupported", it.OTHER)),
        ({"start_time": "soon"}, ("ok", "time out of range")),
        ({"start_time": "2024-05-14T07:45:37Z"}, ("ok", "time out of range")),
        ({"end_time": "9999-05-14T07:45:37Z"}, ("ok", "time out of range")),
    ],
)
def test_every_entry_is_a_record(tmp_path: Path, changes: dict[str, Any], state: tuple[str, str]) -> None:
    found, _ = read(tmp_path, it, lines(entry(record(**changes)), entry(record())))
    assert states(found) == ({("ok", ""): 1, state: 1} if state != ("ok", "") else {state: 2})
    assert {row["record"] for row in found} == {1, 2}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-06-14 07:45:37.186193305 UTC", "2024-06-14 07:45:37.301953198 UTC", (START, END)),
        ("2024-06-14T09:45:37.186193305+02:00", "2024-06-14T07:45:37.301953198Z", (START, END)),
        ("1969-06-14T07:45:37Z", "2024-06-14T07:45:37.301953198Z", (END, END)),
        ("", "2024-06-14T07:45:37.301953198Z", (END, END)),
        ("2024-06-14T07:45:37.186193305", "2024-06-14T07:45:37.301953198Z", (END, END)),  # no zone
        ("2023-06-14T07:45:37Z", "2024-06-14T07:45:37Z", (0, 0)),
        ("x", None, (0, 0)),
    ],
)
def test_times(tmp_path: Path, start: str, end: Any, expected: tuple[int, int]) -> None:
    (row,), _ = read(tmp_path, it, lines(entry(record(start_time=start, end_time=end))))
    assert (row["first_ns"], row["last_ns"]) == expected


def flat(value: dict[str, Any], above: str = "jsonPayload") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in value.items():
        path = f"{above}.{name}"
        found |= flat(member, path) if isinstance(member, dict) else {path: member}
    return found


WHOLE = [entry(record()), entry(record(reporter="DEST"))]
FORMS = {
    "lines": lines(*WHOLE),
    "array": json.dumps(WHOLE, indent=2).encode(),
    "answer": json.dumps({"entries": WHOLE, "nextPageToken": "x"}).encode(),
    "pretty, one after another": b"".join(json.dumps(each, indent=2).encode() for each in WHOLE),
    "records alone": lines(*(each["jsonPayload"] for each in WHOLE)),
    "flat": lines(*(flat(each["jsonPayload"]) for each in WHOLE)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_the_export_does_not_matter(tmp_path: Path, form: str) -> None:
    expected, _ = read(tmp_path, it, FORMS["lines"])
    found, told = read(tmp_path, it, FORMS[form], packed=True)
    assert found == expected if form != "pretty, one after another" else len(found) == 2
    assert [name for name, reader in FORMATS.items() if reader.sniff(FORMS[form])] == ["gcp-vpc"]
    assert not told.limits | set(told.lost)


def test_entries_of_other_logs_and_torn_lines_are_counted(tmp_path: Path) -> None:
    data = lines(entry(record()), entry({"@type": "audit"}), {"textPayload": "x"}, 7, None) + b'{"jsonPayload": {"conn'
    found, _ = read(tmp_path, it, data)
    assert states(found) == {
        ("ok", ""): 1,
        ("unsupported", it.OTHER): 4,
        ("malformed", "a line that is no JSON value"): 1,
    }


def test_records_are_read_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = read(tmp_path, it, FORMS["lines"])
    monkeypatch.setattr("auditor.logs.cloud.pick.MANY", 1)
    assert read(tmp_path, it, FORMS["lines"])[0] == whole


@pytest.mark.parametrize(
    "head", [b"", b"[]", b'{"connection": {"src_ip": "x"}}', b'# "connection": {"src_ip" "reporter"']
)
def test_what_it_is_not(head: bytes) -> None:
    assert not it.sniff(head)


@pytest.mark.skipif(not FLOWS.is_dir(), reason=f"real logs are not here: {FLOWS} (AUDITOR_CORPUS names their folder)")
def test_real_samples_are_read_whole() -> None:
    path = FLOWS / "gcp_vpc_flow_a.ndjson"
    assert [each for each, reader in FORMATS.items() if reader.sniff(path.read_bytes())] == ["gcp-vpc"]
    raw = [json.loads(line)["jsonPayload"] for line in path.read_text().splitlines()]
    found, _ = rows(path, it)
    assert states(found) == {("ok", ""): len(raw)}
    for row, given in zip(found, raw, strict=True):
        ends = given["connection"]
        assert (row["src_addr"], row["dst_addr"]) == (ends["src_ip"], ends["dest_ip"])
        assert (row["src_port"], row["dst_port"]) == (ends["src_port"], ends["dest_port"])
        assert (row["src_packets"], row["src_bytes"]) == (int(given["packets_sent"]), int(given["bytes_sent"]))
        assert row["last_ns"] % 10**9 == int(given["end_time"].rpartition(".")[2].removesuffix("Z"))
