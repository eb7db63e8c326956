import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from auditor.logs.calls import documents, freeswitch
from auditor.logs.model import Told
from tests.logs.calls.reading import rows, table

SDP = "v=0\r\nc=IN IP4 203.0.113.20\r\nm=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 97\r\n"
VARIABLES = {
    "direction": "inbound", "uuid": "a-leg", "sip_call_id": "abc@203.0.113.20", "sip_network_ip": "203.0.113.10",
    "sip_network_port": "5060", "sip_via_protocol": "udp", "sip_local_network_addr": "198.51.100.1",
    "sip_full_via": "SIP/2.0/UDP 203.0.113.10;branch=z9,SIP/2.0/UDP 10.0.0.4:5062;received=192.0.2.44;branch=z8",
    "sip_invite_record_route": "<sip:192.0.2.60:5070;lr>", "remote_media_ip": "203.0.113.20",
    "remote_media_port": "4000", "local_media_ip": "198.51.100.1", "local_media_port": "24000", "switch_r_sdp": SDP,
    "rtp_audio_in_packet_count": "500", "rtp_audio_out_packet_count": "510", "rtp_audio_in_raw_bytes": "86000",
    "rtp_audio_out_raw_bytes": "87720", "start_epoch": "1585735200", "answer_epoch": "1585735202",
    "end_epoch": "1585735260", "start_uepoch": "1585735200123456",
}  # fmt: skip


def xml(variables: dict[str, str], encode: bool = True) -> str:
    inner = "".join(f"<{name}>{quote(value) if encode else value}</{name}>" for name, value in variables.items())
    channel = f"<channel_data><direction>{variables.get('direction', '')}</direction></channel_data>"
    return f"<?xml version='1.0'?>\n<cdr core-uuid='c'>{channel}<variables>{inner}</variables></cdr>\n"


NAMES = ("basis", "plane", "src_addr", "src_port", "dst_addr", "dst_port", "dst_role", "encrypted")


@pytest.mark.parametrize("form", ["xml", "json", "plain json"])
def test_a_leg(tmp_path: Path, form: str) -> None:
    encoded = {name: quote(value) for name, value in VARIABLES.items()}
    data = {
        "xml": xml(VARIABLES),
        "json": json.dumps({"core-uuid": "c", "switchname": "fs1", "variables": encoded}),
        "plain json": json.dumps({"variables": VARIABLES}),
    }[form]
    assert rows(freeswitch, tmp_path, data, *NAMES) == [
        ("reported", "signalling", "203.0.113.10", 5060, "198.51.100.1", 0, "server", "no"),
        ("attested", "signalling", "203.0.113.10", 0, "192.0.2.44", 5062, "unknown", ""),
        ("attested", "signalling", "203.0.113.10", 0, "192.0.2.60", 5070, "server", ""),
        ("reported", "media", "203.0.113.20", 4000, "198.51.100.1", 24_000, "server", "no"),
        ("offered", "media", "198.51.100.1", 0, "203.0.113.20", 4002, "unknown", ""),
    ]
    found = table(freeswitch, tmp_path, data)
    assert set(found["session"]) == {"abc@203.0.113.20"}
    assert set(found["first_ns"]) == {1_585_735_200_123_456_000}
    media = found.filter(plane="media", basis="reported").to_dicts()[0]
    assert (media["src_packets"], media["dst_packets"], media["src_bytes"], media["dst_bytes"]) == (
        500,
        510,
        86000,
        87720,
    )
    assert found["records"].to_list() == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("via", "role"),
    [
        (VARIABLES["sip_full_via"], "server"),
        ("SIP/2.0/UDP 203.0.113.10,SIP/2.0/UDP 10.0.0.4", "server"),
        ("SIP/2.0/UDP 10.0.0.4;received=203.0.113.10", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_peer_with_others_behind_it_is_a_proxy(tmp_path: Path, via: str, role: str) -> None:
    found = table(freeswitch, tmp_path, xml(VARIABLES | {"sip_full_via": via}))
    assert found["src_role"][0] == role
    assert set(found["opened"]) == {""}


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({}, ""),
        ({"rtp_audio_in_packet_count": "0"}, "unanswered"),
        ({"rtp_audio_in_packet_count": "", "answer_epoch": "0", "billsec": "0"}, "unanswered"),
        ({"rtp_audio_in_packet_count": "", "answer_epoch": "0", "endpoint_disposition": "EARLY MEDIA"}, ""),
        ({"rtp_audio_in_packet_count": "", "answer_epoch": ""}, ""),
    ],
)
def test_media_that_nobody_answered(tmp_path: Path, changed: dict[str, str], outcome: str) -> None:
    found = rows(freeswitch, tmp_path, xml(VARIABLES | changed), "plane", "basis", "outcome")
    assert [row[2] for row in found if row[:2] == ("media", "reported")] == [outcome]


@pytest.mark.parametrize(
    ("changed", "encrypted"),
    [
        ({}, "no"),
        ({"rtp_secure_media_confirmed_audio": "true"}, "yes"),
        ({"switch_r_sdp": SDP.replace("RTP/AVP", "RTP/SAVP")}, ""),
        ({"switch_r_sdp": SDP.replace("AVP 0\r\n", "AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n")}, ""),
        ({"switch_r_sdp": ""}, ""),
    ],
)
def test_encryption_of_media(tmp_path: Path, changed: dict[str, str], encrypted: str) -> None:
    found = rows(freeswitch, tmp_path, xml(VARIABLES | changed), "plane", "basis", "encrypted")
    assert [row[2] for row in found if row[:2] == ("media", "reported")] == [encrypted]


def test_a_leg_to_a_gateway_without_a_call_id(tmp_path: Path) -> None:
    leg = {
        "direction": "outbound", "uuid": "b-leg", "originator": "a-leg", "sip_gateway_name": "carrier",
        "sip_destination_url": "sip:+1@203.0.113.30:5080", "sip_local_network_addr": "198.51.100.1",
    }  # fmt: skip
    assert rows(freeswitch, tmp_path, xml(leg), "session", "src_addr", "dst_addr", "dst_role") == [
        ("freeswitch:a-leg", "198.51.100.1", "203.0.113.30", "server")
    ]


def test_a_record_without_addresses(tmp_path: Path) -> None:
    assert table(freeswitch, tmp_path, xml({"uuid": "x"}))["status"].to_list() == ["no_address"]


def test_documents_follow_each_other(tmp_path: Path) -> None:
    one = xml({"sip_network_ip": "203.0.113.1", "direction": "inbound"})
    told = Told()
    data = one + "\n<!-- a -->" + one + "what" + one + "<cdr><variables><a>1</a>"
    found = table(freeswitch, tmp_path, data, told)
    assert found.select("record", "status").rows() == [(1, "ok"), (2, "ok"), (3, "ok"), (4, "truncated")]
    assert told.lost == {"no part of a call detail record": 4}


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        ("<cdr><!DOCTYPE a [<!ENTITY b 'c'>]><variables/></cdr>", "a document with a document type, which is not read"),
        ("<cdr><variables>&lol;</variables></cdr>", "no well-formed XML"),
        ("<cdr><variables><a></variables></cdr>", "no well-formed XML"),
    ],
)
def test_bad_documents(tmp_path: Path, bad: str, detail: str) -> None:
    found = table(freeswitch, tmp_path, bad + xml(VARIABLES))
    assert found.select("record", "status", "detail").rows()[0] == (1, "malformed", detail)
    assert found["record"].to_list()[1] == 2


def test_a_document_type_before_the_record_is_lost_and_never_parsed(tmp_path: Path) -> None:
    laughs = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]>"
    data = laughs + "<cdr><channel_data/><variables><uuid>&lol2;</uuid></variables></cdr>"
    told = Told()
    found = table(freeswitch, tmp_path, data, told)
    assert found["status"].to_list() == ["malformed"]
    assert sum(told.lost.values()) > 0


def test_a_document_that_never_ends_takes_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST", 1 << 14)
    monkeypatch.setattr(documents, "PIECE", 1 << 12)
    data = "<cdr><variables>" + "<a>b</a>" * 20_000 + "</variables></cdr>" + xml(VARIABLES)
    found = table(freeswitch, tmp_path, data)
    assert found.select("record", "status").unique(maintain_order=True).rows() == [(1, "malformed"), (2, "ok")]


def test_hostile_variables(tmp_path: Path) -> None:
    nasty: dict[str, Any] = dict.fromkeys(VARIABLES, "\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n\x00")
    found = table(freeswitch, tmp_path, json.dumps({"variables": nasty | {"sip_network_ip": "203.0.113.1"}}))
    assert found["records"].sum() == 1
    assert "192.0.2.9" not in found["dst_addr"].to_list()


@pytest.mark.parametrize("head", [b"", b"<cdr", b"<html><variables>", b'{"variables": {}}', b"variables sip_call_id"])
def test_what_is_no_record(head: bytes) -> None:
    assert not freeswitch.sniff(head)
