import json
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.calls import msgraph
from auditor.logs.model import Told
from tests.logs.calls.reading import rows, table

PERSON = {"@odata.type": "#microsoft.graph.callRecords.participantEndpoint", "identity": {"user": {"id": "u"}}}
SERVICE = {"@odata.type": "#microsoft.graph.callRecords.serviceEndpoint"}
NETWORK = {
    "ipAddress": "10.0.0.4", "port": 50_010, "reflexiveIPAddress": "203.0.113.9", "relayIPAddress": "198.51.100.3",
    "relayPort": 3478, "connectionType": "wifi",
}  # fmt: skip


def segment(**changed: Any) -> dict[str, Any]:
    media = {
        "label": "main-audio", "callerNetwork": NETWORK, "calleeNetwork": {"ipAddress": "192.0.2.77", "port": 3480},
        "streams": [
            {"streamDirection": "callerToCallee", "packetUtilization": 60},
            {"streamDirection": "calleeToCaller", "packetUtilization": 700},
            {"streamDirection": "callerToCallee", "packetUtilization": 7},
        ],
    }  # fmt: skip
    return {
        "id": "s", "startDateTime": "2020-04-01T10:00:00Z", "endDateTime": "2020-04-01T11:00:00.5Z", "caller": PERSON,
        "callee": SERVICE, "media": [media],
    } | changed  # fmt: skip


def record(*segments: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "E523D2ED", "type": "groupCall", "modalities": ["audio"],
        "organizer": {"user": {"id": "o", "tenantId": "tenant-1"}},
        "sessions": [{"id": "s", "segments": list(segments)}],
    }  # fmt: skip


def test_a_media_is_an_exchange_and_relays_are_others(tmp_path: Path) -> None:
    found = table(msgraph, tmp_path, json.dumps(record(segment()))).to_dicts()
    first = {
        "record": 1, "records": 1, "session": "graph:e523d2ed", "account": "tenant-1", "basis": "reported",
        "src_addr": "203.0.113.9", "src_port": 0, "src_role": "client", "dst_addr": "192.0.2.77", "dst_port": 3480,
        "dst_role": "server", "plane": "media", "src_packets": 67, "dst_packets": 700, "outcome": "",
        "first_ns": 1_585_735_200 * 10**9, "last_ns": 1_585_738_800_500_000_000,
    }  # fmt: skip
    assert {name: found[0][name] for name in first} == first
    relay = {
        "record": 1, "records": 0, "src_addr": "203.0.113.9", "src_role": "client", "dst_addr": "198.51.100.3",
        "dst_port": 3478, "dst_role": "relay", "plane": "media+signalling", "app": "turn",
    }  # fmt: skip
    assert {name: found[1][name] for name in relay} == relay
    assert len(found) == 2


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("10.0.0.4", "203.0.113.9", ("203.0.113.9", 0)),
        ("10.0.0.4", "127.0.0.2", ("10.0.0.4", 50_010)),
        ("198.51.100.8", "203.0.113.9", ("198.51.100.8", 50_010)),
        ("10.0.0.4", None, ("10.0.0.4", 50_010)),
        ("10.0.0.4", "<script>", ("10.0.0.4", 50_010)),
    ],
)
def test_the_address_of_an_end(tmp_path: Path, inner: str, outer: str | None, expected: tuple[str, int]) -> None:
    network = NETWORK | {"ipAddress": inner, "reflexiveIPAddress": outer, "relayIPAddress": None}
    given = segment(media=[{"callerNetwork": network, "calleeNetwork": {"ipAddress": "192.0.2.77"}}])
    assert rows(msgraph, tmp_path, json.dumps(record(given)), "src_addr", "src_port") == [expected]


def test_an_end_that_tells_nothing_may_be_anywhere(tmp_path: Path) -> None:
    given = segment(callee=PERSON, media=[{"callerNetwork": NETWORK, "calleeNetwork": None}])
    found = rows(msgraph, tmp_path, json.dumps(record(given)), "dst_addr", "dst_role")[0]
    assert found[0].startswith("@masked:")
    assert found[1] == "client"


def test_a_call_that_was_never_set_up_is_unanswered(tmp_path: Path) -> None:
    failed = segment(failureInfo={"stage": "callSetup", "reason": "x"})
    assert rows(msgraph, tmp_path, json.dumps(record(failed)), "outcome", "dst_role") == [
        ("unanswered", "server"),
        ("", "relay"),
    ]


def test_pages_and_parts_name_their_call(tmp_path: Path) -> None:
    context = "https://graph.microsoft.com/v1.0/$metadata#communications/callRecords('E523D2ED')/sessions(segments())"
    page = {"@odata.context": context, "value": [{"id": "a", "segments": [segment()]}, {"id": "b", "segments": []}]}
    page["@odata.nextLink"] = "https://graph.microsoft.com/next"
    told = Told()
    found = table(msgraph, tmp_path, json.dumps(page), told)
    assert found.select("record", "records", "status", "session").rows() == [
        (1, 1, "ok", "graph:e523d2ed"),
        (1, 0, "ok", "graph:e523d2ed"),
        (2, 1, "no_address", None),
    ]
    assert told.notes == {msgraph.MORE}


def test_direct_routing_names_its_data_centres(tmp_path: Path) -> None:
    row = {
        "id": "9e8b", "callType": "ByotIn", "calleeNumber": "+1", "startDateTime": "2020-04-01T10:00:00Z",
        "endDateTime": "2020-04-01T10:01:00Z", "successfulCall": True, "mediaPathLocation": "USWE",
        "signalingLocation": "EUNO", "trunkFullyQualifiedDomainName": "SBC.example.org", "mediaBypassEnabled": False,
    }  # fmt: skip
    names = ("src_addr", "src_role", "dst_addr", "plane", "outcome")
    found = [(row[0].partition(":")[0] if row[1] == "client" else row[0], *row[1:])
             for row in rows(msgraph, tmp_path, json.dumps({"value": [row]}), *names)]  # fmt: skip
    assert found == [
        ("@masked", "client", "@teams/USWE", "media", ""),
        ("@host:sbc.example.org", "server", "@teams/USWE", "media", ""),
        ("@masked", "client", "@teams/EUNO", "signalling", ""),
        ("@host:sbc.example.org", "server", "@teams/EUNO", "signalling", ""),
    ]
    bypassed = rows(msgraph, tmp_path, json.dumps(row | {"mediaBypassEnabled": True, "successfulCall": False}), *names)
    assert [(each[2], each[3], each[4]) for each in bypassed] == [
        ("@host:sbc.example.org", "media", "unanswered"),
        ("@teams/EUNO", "signalling", ""),
        ("@teams/EUNO", "signalling", ""),
    ]


def test_pstn_calls_tell_of_no_addresses(tmp_path: Path) -> None:
    row = {"id": "1", "callType": "ucap_out", "calleeNumber": "+1", "usageCountryCode": "US", "duration": 3}
    found = table(msgraph, tmp_path, json.dumps({"value": [row, row]}))
    assert found.select("status", "records").rows() == [("no_address", 1), ("no_address", 1)]


@pytest.mark.parametrize("head", [b"", b"{}", b'{"sessions": []}', b'{"value": [{"id": 1}]}', b"callRecords", b"[1]"])
def test_what_is_not_graphs(head: bytes) -> None:
    assert not msgraph.sniff(head)
