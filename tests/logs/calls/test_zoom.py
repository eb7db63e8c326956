import json
from pathlib import Path
from typing import Any

import pytest

from auditor.enrich.regions import countries
from auditor.logs.calls import zoom
from auditor.logs.model import Told
from tests.logs.calls.reading import rows, table

PERSON: dict[str, Any] = {
    "id": "abc", "user_id": "16778240", "user_name": "=cmd()", "ip_address": "203.0.113.5", "location": "Shenzhen (CN)",
    "network_type": "Wifi", "connection_type": "UDP", "data_center": "SC",
    "full_data_center": "United States (SC Top);",
    "join_time": "2020-04-01T10:00:00Z", "leave_time": "2020-04-01T11:00:00Z", "status": "in_meeting",
}  # fmt: skip
ENDS = ("record", "records", "src_addr", "src_role", "dst_addr", "dst_site", "dst_role", "plane", "transport")


def test_a_participant_is_a_client_of_its_data_centre(tmp_path: Path) -> None:
    found = table(zoom, tmp_path, json.dumps(PERSON)).to_dicts()
    assert len(found) == 1
    expected = {
        "record": 1, "records": 1, "status": "ok", "basis": "reported", "src_addr": "203.0.113.5",
        "src_role": "client", "dst_addr": "@zoom/united states.SC", "dst_site": "zoom/united states.SC",
        "dst_role": "server", "plane": "media", "transport": "udp", "app": "zoom", "outcome": "", "session": None,
        "first_ns": 1_585_735_200 * 10**9, "last_ns": 1_585_738_800 * 10**9,
    }  # fmt: skip
    assert {name: found[0][name] for name in expected} == expected


@pytest.mark.parametrize(
    ("short", "full", "sites", "where"),
    [
        ("SC", "", ["zoom/SC"], ["US"]),
        ("SC Top", "", ["zoom/SC"], ["US"]),
        ("TJ", "China (TJ Top);United States (SC Top);", ["zoom/china.TJ", "zoom/united states.SC"], ["CN", "US"]),
        ("Hong Kong SAR (HK Top)", "Hong Kong SAR (HK Top);", ["zoom/hong kong sar.HK"], ["HK"]),
        ("United States (NY)", "Germany (FR Top);", ["zoom/united states.NY", "zoom/germany.FR"], ["US", "DE"]),
        ("QQ", "", ["zoom/QQ"], [""]),
        ("Atlantis (QQ Top)", "", ["zoom/atlantis.QQ"], [""]),
        ("Germany", "", ["zoom/germany"], ["DE"]),
        ("", "", ["zoom/unknown"], [""]),
        ("<script>alert(1)</script>", ";;;", ["zoom/unknown"], [""]),
        ("美国 (SC Top)", "", ["zoom/SC"], ["US"]),
    ],
)
def test_data_centres(short: str, full: str, sites: list[str], where: list[str]) -> None:
    found = zoom.data_centres({"data_center": short, "full_data_center": full})
    assert found == sites
    assert [countries(site) for site in found] == where


def test_several_data_centres_are_rows_of_one_record(tmp_path: Path) -> None:
    person = PERSON | {"data_center": "China (TJ Top)", "full_data_center": "China (TJ Top);United States (SC Top);"}
    found = rows(zoom, tmp_path, json.dumps(person), *ENDS[:3], "dst_site")
    assert found == [(1, 1, "203.0.113.5", "zoom/china.TJ"), (1, 0, "203.0.113.5", "zoom/united states.SC")]


def test_pages_are_meetings(tmp_path: Path) -> None:
    other = PERSON | {"user_id": "2", "ip_address": "198.51.100.7"}
    by_uuid = {"uuid": "4444AAAiAAAAAiAiAiiAii==", "id": 5, "participants": [PERSON, other]}
    assert rows(zoom, tmp_path, json.dumps(by_uuid), "record", "session", "src_addr") == [
        (1, "zoom:4444AAAiAAAAAiAiAiiAii==", "203.0.113.5"),
        (2, "zoom:4444AAAiAAAAAiAiAiiAii==", "198.51.100.7"),
    ]
    started = {"id": 5, "start_time": "2020-04-01T10:00:00Z", "participants": [PERSON]}
    assert rows(zoom, tmp_path, json.dumps(started), "session") == [("zoom:5 2020-04-01T10:00:00Z",)]
    page = {"page_count": 1, "page_size": 30, "next_page_token": "", "participants": [PERSON, other]}
    names = {name for (name,) in rows(zoom, tmp_path, json.dumps(page), "session")}
    assert len(names) == 1
    assert names != {None}
    turned = {**page, "participants": [other, PERSON]}
    assert {name for (name,) in rows(zoom, tmp_path, json.dumps(turned), "session")} == names
    assert rows(zoom, tmp_path, json.dumps({"participants": [PERSON]}), "session") == [(None,)]


def test_lines_and_arrays_are_the_same_records(tmp_path: Path) -> None:
    people = [PERSON | {"ip_address": f"203.0.113.{i}"} for i in range(1, 6)]
    by_line = rows(zoom, tmp_path, "\n".join(map(json.dumps, people)), *ENDS)
    assert by_line == rows(zoom, tmp_path, json.dumps(people), *ENDS)
    assert [row[0] for row in by_line] == [1, 2, 3, 4, 5]
    gap = rows(zoom, tmp_path, "\n\n".join(map(json.dumps, people)), "record")
    assert gap == [(1,), (3,), (5,), (7,), (9,)]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("Public IP: 203.0.113.5; Local IP: 10.0.0.3", "203.0.113.5"),
        ("Local IP: 10.0.0.3; Public IP: 203.0.113.5", "203.0.113.5"),
        ("10.0.0.3", "10.0.0.3"),
        ("2001:db8::5", "2001:db8::5"),
        ("203.0.113.5, 198.51.100.1", "203.0.113.5"),
    ],
)
def test_addresses_of_participants(tmp_path: Path, given: str, address: str) -> None:
    assert rows(zoom, tmp_path, json.dumps(PERSON | {"ip_address": given}), "src_addr") == [(address,)]


def test_a_participant_without_an_address_may_be_anywhere(tmp_path: Path) -> None:
    one, other = PERSON | {"ip_address": ""}, PERSON | {"ip_address": "x.x.x.x", "user_id": "9"}
    found = [row[0] for row in rows(zoom, tmp_path, json.dumps([one, other, one]), "src_addr")]
    assert all(address.startswith("@masked:") for address in found)
    assert found[0] == found[2] != found[1]


def test_planes(tmp_path: Path) -> None:
    def plane(**changed: Any) -> str:
        return str(rows(zoom, tmp_path, json.dumps(PERSON | changed), "plane")[0][0])

    assert plane(connection_type="P2P") == "media+signalling"
    assert plane(connection_type="P2P", video_connection_type="UDP") == "media"
    assert plane(status="in_waiting_room") == "signalling"
    assert plane(connection_type="SSL") == "media"


def test_what_tells_of_no_address_is_counted(tmp_path: Path) -> None:
    report = {"id": "a", "name": "b", "join_time": "2020-04-01T10:00:00Z"}
    meetings = {"meetings": [{"uuid": "x", "participants": 4, "has_voip": True}], "page_count": 1}
    data = "\n".join(map(json.dumps, [PERSON, report, 7, meetings, [], None])) + '\n{"participants": [\n'
    found = table(zoom, tmp_path, data)
    assert found["status"].to_list() == ["ok", *["no_address"] * 5, "malformed"]
    assert found["records"].sum() == 7


def test_calls_of_zoom_phone(tmp_path: Path) -> None:
    log = {
        "call_id": "77", "date_time": "2020-04-01T10:00:00Z", "duration": 60, "mos": "4.4",
        "caller": {"phone_number": "+1", "device_public_ip": "203.0.113.8", "device_private_ip": "10.1.1.1"},
        "callee": {"extension_number": "12"},
    }  # fmt: skip
    found = rows(zoom, tmp_path, json.dumps({"call_logs": [log]}), "session", "src_addr", "dst_site", "last_ns")
    assert found[0] == ("zoom:77", "203.0.113.8", "zoom/phone", 1_585_735_260 * 10**9)
    assert found[1][1].startswith("@masked:")
    assert countries("zoom/phone") == ""


@pytest.mark.parametrize(
    "head",
    [b"", b"{}", b"[]", b"data_center", b'{"data_center": "SC"}', b'{"participants": []}', b"# Zoom\nfull_data_center"],
)
def test_what_is_not_zooms(head: bytes) -> None:
    assert not zoom.sniff(head)


def test_notes_of_times_without_a_zone(tmp_path: Path) -> None:
    told = Told()
    table(zoom, tmp_path, json.dumps(PERSON | {"join_time": "2020-04-01 10:00:00"}), told)
    assert told.notes == {"Times bear no zone and were read as UTC."}
