import json
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.model import Told
from auditor.logs.monitors import FORMATS
from auditor.logs.monitors.suricata_events import DROPPED
from tests.corpus import FOLDER
from tests.logs.monitors.given import read, rows, some

BASE = {
    "timestamp": "2020-09-13T12:26:40.000001+0000", "flow_id": 7, "event_type": "flow", "src_ip": "192.0.2.1",
    "src_port": 4000, "dest_ip": "198.51.100.7", "dest_port": 443, "proto": "TCP",
}  # fmt: skip
NS = 1600000000000001000


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {**BASE, "event_type": kind, **more}


def events(tmp_path: Path, *given: Any, told: Told | None = None) -> list[dict[str, Any]]:
    return read(tmp_path, "suricata", "".join(json.dumps(each) + "\n" for each in given), told)


def flow(there: str, back: str, sent: int, got: int, **more: Any) -> dict[str, Any]:
    of = {"pkts_toserver": sent, "pkts_toclient": got, "bytes_toserver": 300, "bytes_toclient": 200, **more}
    of |= {"start": "2020-09-13T14:26:39.5+0200", "end": "2020-09-13T12:26:40.5Z"}
    return event("flow", app_proto="tls", flow=of, tcp={"tcp_flags_ts": there, "tcp_flags_tc": back})


@pytest.mark.parametrize(
    ("given", "outcome", "opened", "flags"),
    [
        (flow("1b", "1b", 5, 4), "", "handshake", (27, 27)),
        (flow("02", "00", 3, 0), None, "handshake", (2, 0)),
        (flow("02", "14", 1, 1), "rejected", "handshake", (2, 20)),
        (flow("18", "18", 5, 4), "", "", (24, 24)),
        (flow("1b", "1b", 5, 4, action="drop"), "", "handshake", (27, 27)),
        (flow("02", "00", 5, 0, action="drop"), "rejected", "handshake", (2, 0)),
        (flow("xyz", "", 5, 4), "", "", (None, None)),
    ],
)
def test_flows(
    tmp_path: Path, given: Any, outcome: str | None, opened: str, flags: tuple[int | None, int | None]
) -> None:
    (row,) = events(tmp_path, given)
    assert (row["outcome"], row["opened"], (row["src_flags"], row["dst_flags"])) == (outcome, opened, flags)
    assert (row["first_ns"], row["last_ns"]) == (1599999999500000000, 1600000000500000000)
    assert (row["src_bytes"], row["dst_bytes"], row["app"], row["tie"]) == (300, 200, "tls", "7")


def test_one_direction_is_one_direction(tmp_path: Path) -> None:
    (row,) = events(tmp_path, event("netflow", netflow={"pkts": 3, "bytes": 99}, tcp={"tcp_flags": "12"}))
    assert (row["src_packets"], row["src_bytes"], row["dst_packets"], row["outcome"], row["src_flags"]) == (
        3,
        99,
        None,
        None,
        18,
    )


def test_names_by_every_layout_of_dns(tmp_path: Path) -> None:
    back = {"src_ip": "198.51.100.7", "src_port": 53, "dest_ip": "192.0.2.1", "dest_port": 4000, "proto": "UDP"}
    a = {"rrname": "A.example.org", "rrtype": "A", "ttl": 1}
    told = Told()
    found = events(
        tmp_path,
        event("dns", dest_port=53, proto="UDP", dns={"type": "query", "rrname": "a.example.org", "rrtype": "A"}),
        event("dns", **back, dns={"type": "answer", "rdata": "203.0.113.1", **a}),
        event("dns", **back, dns={"version": 2, "type": "answer", "rrname": "b.example.org", "rrtype": "A", "answers": [
            {"rrname": "b.example.org", "rrtype": "CNAME", "rdata": "c.example.org"}, {**a, "rdata": "203.0.113.2"}]}),
        event("dns", **back, dns={"type": "answer", "rrname": "g.example.org", "grouped": {"AAAA": ["2001:db8::3"]}}),
        event("dns", dest_port=53, proto="UDP", dns={"version": 3, "type": "response", "queries": [
            {"rrname": "d.example.org", "rrtype": "A"}], "answers": [{**a, "rdata": "203.0.113.4"}]}),
        event("dns", **back, dns={"type": "answer", "rrname": "t.example", "rrtype": "TXT", "rdata": "203.0.113.5"}),
        told=told,
    )  # fmt: skip
    assert {(row["src_addr"], row["dst_addr"], row["dst_port"], row["app"], row["opened"]) for row in found} == {
        ("192.0.2.1", "198.51.100.7", 53, "dns", "protocol")
    }
    assert [row["outcome"] for row in found] == [None, "", "", "", "", ""]
    assert told.names == {
        ("", "203.0.113.1", "a.example.org"), ("", "203.0.113.2", "b.example.org"),
        ("", "203.0.113.2", "c.example.org"), ("", "2001:db8::3", "g.example.org"),
        ("", "203.0.113.4", "d.example.org"),
    }  # fmt: skip


def test_protocols(tmp_path: Path) -> None:
    found = events(
        tmp_path,
        event("tls", tls={"sni": "A.example.org", "version": "TLS 1.3"}),
        event("tls", tls={"version": "UNDETERMINED"}),
        event("tls", tls={"sni": "b.example.org"}, src_port=443, dest_port=5000),
        event("http", dest_port=80, http={"hostname": "<script>.example.org", "url": "/"}),
        event("quic", proto="UDP", quic={"sni": "q.example.org"}),
        event("smb", dest_port=445, smb={}),
        event("sip", proto="UDP", sip={"method": "INVITE", "call_id": "x@y"}),
    )
    assert some(found, "app", "dst_name", "encrypted", "opened", "dst_port", "outcome", "session") == [
        ("tls", "a.example.org", "yes", "protocol", 443, "", None),
        ("tls", "", "", "protocol", 443, "", None),
        ("tls", "b.example.org", "", "protocol", 443, "", None),
        ("http", "\\060script\\062.example.org", "no", "protocol", 80, "", None),
        ("quic", "q.example.org", "", "protocol", 443, None, None),
        ("", "", "", "protocol", 445, "", None),
        ("sip", "", "no", "", 443, None, "x@y"),
    ]


def test_alerts_count_with_their_flow(tmp_path: Path) -> None:
    of = {"pkts_toserver": 4, "pkts_toclient": 3, "bytes_toserver": 9, "bytes_toclient": 9}
    found = events(
        tmp_path,
        event("alert", alert={"action": "allowed"}, flow=of),
        event("alert", alert={"action": "blocked"}, flow=of, direction="to_client"),
        event("alert", alert={"action": "allowed"}, flow={**of, "pkts_toclient": 0}),
        event("drop", drop={"reason": "rules"}),
        event("fileinfo", flow={"src_ip": "198.51.100.7", "src_port": 443}),
    )
    assert some(found, "src_addr", "outcome", "src_packets") == [
        ("192.0.2.1", "", 0), ("198.51.100.7", "rejected", 0), ("192.0.2.1", None, 0),
        ("192.0.2.1", "rejected", 0),
        ("198.51.100.7", None, 0),
    ]  # fmt: skip


def test_descriptions_of_sessions_are_offers(tmp_path: Path) -> None:
    sdp = {"connection_data": "IN IP4 203.0.113.9", "media_descriptions": [
        {"media": "audio 5004 RTP/AVP 0"}, {"media": "video 5006/2 RTP/AVP 9", "connection_data": "IN IP6 2001:db8::1"},
        {"media": "video 0 RTP/AVP 9"}, {"media": 7}]}  # fmt: skip
    found = events(tmp_path, event("sip", proto="UDP", sip={"method": "INVITE", "sdp": sdp}))
    assert some(found, "records", "basis", "plane", "dst_addr", "dst_port") == [
        (1, "reported", "signalling", "198.51.100.7", 443),
        (0, "offered", "media", "203.0.113.9", 5004),
        (0, "offered", "media", "2001:db8::1", 5006),
    ]


def test_what_is_no_flow(tmp_path: Path) -> None:
    told = Told()
    found = events(
        tmp_path,
        {"timestamp": BASE["timestamp"], "event_type": "stats", "stats": {"capture": {"kernel_drops": 3}}},
        {"timestamp": "never", "event_type": "anomaly", "anomaly": {"type": "decode"}},
        {key: value for key, value in BASE.items() if key != "dest_ip"},
        {"some": "object"}, [1], {**BASE, "timestamp": "2020-09-13T12:26:40"},
        told=told,
    )  # fmt: skip
    assert [row["status"] for row in found] == [
        "no_address",
        "no_address",
        "unsupported",
        "malformed",
        "malformed",
        "ok",
    ]
    assert told.limits == {DROPPED}
    assert len(told.notes) == 1


@pytest.mark.parametrize("odd", [None, 7, -1, 1.5, [], {}, "x", "\ud800", True, "1" * 30])
def test_any_value_in_any_field(tmp_path: Path, odd: Any) -> None:
    whole = flow("1b", "1b", 5, 4)
    cases = [{**whole, key: odd} for key in whole if key != "event_type"]
    cases += [event(kind, **{kind: odd}) for kind in ("tls", "dns", "sip", "http", "alert", "netflow", "stats", "quic")]
    cases += [event("dns", dns={key: odd}) for key in ("answers", "rrname", "queries", "grouped", "rdata", "type")]
    found = events(tmp_path, whole, *cases)
    assert sum(row["records"] for row in found) == len(cases) + 1


@pytest.mark.parametrize("text", [b'{"event_type":"flow"}', b'{"timestamp":"x","event_type":"mine"}', b"{}", b"flow"])
def test_others_are_not_taken_for_events(text: bytes) -> None:
    assert not FORMATS["suricata"].sniff(text)


REAL = sorted((FOLDER.parent / "flows").glob("suricata_*"))


@pytest.mark.skipif(not REAL, reason="real logs are not here (AUDITOR_CORPUS names the folder)")
def test_real_events(tmp_path: Path) -> None:
    for path in REAL:
        data = path.read_bytes()
        found = rows(tmp_path, FORMATS["suricata"], data)
        for row, value in zip(found, map(json.loads, data.splitlines()), strict=True):
            ends = [(value["src_ip"], value["src_port"]), (value["dest_ip"], value["dest_port"])]
            assert sorted([(row["src_addr"], row["src_port"]), (row["dst_addr"], row["dst_port"])]) == sorted(ends)
            assert row["tie"] == str(value["flow_id"])
