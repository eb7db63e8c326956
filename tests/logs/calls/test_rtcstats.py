import json
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.calls import internals as chrome
from auditor.logs.calls import rtcstats
from auditor.logs.calls.candidates import Candidate, described, of_report, served
from auditor.logs.model import Told
from tests.logs.calls.reading import rows, table

T = 1_585_735_200_000
LOCAL = {
    "type": "local-candidate", "candidateType": "srflx", "address": "203.0.113.4", "port": 5000, "protocol": "udp",
}  # fmt: skip
REMOTE = LOCAL | {"type": "remote-candidate", "candidateType": "host", "address": "198.51.100.6", "port": 10_000}
PAIR = {
    "type": "candidate-pair", "localCandidateId": "L", "remoteCandidateId": "R", "state": "succeeded",
    "nominated": True, "bytesSent": 100, "bytesReceived": 50, "packetsSent": 2, "packetsReceived": 1,
}  # fmt: skip
TRANSPORT = {"type": "transport", "selectedCandidatePairId": "P", "dtlsState": "connected"}
START: list[list[Any]] = [
    ["connectionInfo", None, {"path": "/room", "userAgent": "x"}, T],
    ["create", "PC_0", {"iceServers": [{"urls": ["turn:turn.example.org:443?transport=udp"]}]}, T],
    ["constraints", "PC_0", {"optional": [{"rtcStatsSFUP2P": False}]}, T],
    ["ontrack", "PC_0", "audio", T],
]


def dump(*events: list[Any]) -> str:
    return "\n".join(json.dumps(each) for each in (*START, *events))


def stats(at: int, **reports: Any) -> list[Any]:
    return ["getstats", "PC_0", {**reports, "timestamp": T + at}, T + at]


def exchanges(path: Path, data: str, *names: str, told: Told | None = None) -> list[tuple[Any, ...]]:
    found = rows(rtcstats, path, data, "basis", *names, told=told)
    return [row[1:] for row in found if row[0] != "offered"]


def test_the_selected_pair_is_an_exchange_with_its_last_counts(tmp_path: Path) -> None:
    data = dump(
        ["identity", None, {"meetingUniqueId": "m-1"}, T],
        stats(1000, L=LOCAL, R=REMOTE, P=PAIR, T=TRANSPORT),
        stats(2000, P={"bytesSent": 900, "bytesReceived": 800, "packetsSent": 9}),
        ["dominantSpeaker", None, "x", T],
    )
    found = table(rtcstats, tmp_path, data).filter(basis="reported", status="ok").to_dicts()
    expected = {
        "record": 6, "records": 2, "session": "rtcstats:m-1", "src_addr": "203.0.113.4", "src_port": 5000,
        "src_role": "client", "dst_addr": "198.51.100.6", "dst_port": 10_000, "dst_role": "server", "plane": "media",
        "src_bytes": 900, "dst_bytes": 800, "src_packets": 9, "dst_packets": 1, "encrypted": "yes", "outcome": "",
        "transport": "udp", "first_ns": (T + 1000) * 10**6, "last_ns": (T + 2000) * 10**6,
    }  # fmt: skip
    assert [{name: row[name] for name in expected} for row in found] == [expected]


def test_every_event_is_counted_once(tmp_path: Path) -> None:
    relay = LOCAL | {"candidateType": "relay", "address": "192.0.2.50", "url": "turn:turn.example.org:443"}
    data = (
        dump(stats(1, L=relay), stats(2, R=REMOTE), stats(3, P=PAIR, T=TRANSPORT), ["close", "PC_0", None, T]) + "\n?\n"
    )
    found = table(rtcstats, tmp_path, data)
    assert found["records"].sum() == 9
    assert sorted(found.filter(found["records"] > 0)["record"].to_list()) == list(range(1, 10))


def test_a_relay_of_its_own_stands_between(tmp_path: Path) -> None:
    relay = LOCAL | {
        "candidateType": "relay", "address": "192.0.2.50", "port": 60_000, "relayProtocol": "tls",
        "url": "turns:turn.example.org:443?transport=tcp", "relatedAddress": "203.0.113.4",
    }  # fmt: skip
    data = dump(stats(1, L=relay, R=REMOTE, P=PAIR, T=TRANSPORT))
    names = ("records", "src_addr", "src_role", "dst_addr", "dst_role", "dst_name", "transport", "src_bytes")
    assert exchanges(tmp_path, data, *names) == [
        (1, "203.0.113.4", "client", "192.0.2.50", "relay", "turn.example.org", "tcp", 100),
        (0, "192.0.2.50", "relay", "198.51.100.6", "server", "", "udp", 0),
    ]


def test_a_relay_of_the_other_side_names_who_is_behind_it(tmp_path: Path) -> None:
    remote = REMOTE | {"candidateType": "relay", "address": "192.0.2.60", "relatedAddress": "198.51.100.99"}
    data = dump(
        ["constraints", "PC_0", {"optional": [{"rtcStatsSFUP2P": True}]}, T],
        stats(1, L=LOCAL, R=remote, P=PAIR, T=TRANSPORT),
    )
    assert exchanges(tmp_path, data, "src_addr", "src_role", "dst_addr", "dst_role") == [
        ("203.0.113.4", "client", "192.0.2.60", "relay"),
        ("198.51.100.99", "client", "192.0.2.60", "relay"),
    ]


def test_masked_addresses_stay_unknown_or_are_those_of_the_events(tmp_path: Path) -> None:
    line = "candidate:1 1 udp 2 198.51.100.6 10000 typ host generation 0"
    local, remote = LOCAL | {"address": "x.x.x.x"}, REMOTE | {"address": "x.x.x.x"}
    data = dump(stats(1, L=local, R=remote, P=PAIR, T=TRANSPORT))
    src, dst = exchanges(tmp_path, data, "src_addr", "dst_addr")[0]
    assert src.startswith("@masked:")
    assert dst.startswith("@masked:")
    assert src != dst
    told = dump(["addIceCandidate", "PC_0", {"candidate": line}, T], stats(1, L=local, R=remote, P=PAIR, T=TRANSPORT))
    assert exchanges(tmp_path, told, "dst_addr") == [("198.51.100.6",)]


def test_a_private_host_is_seen_under_its_reflexive_address(tmp_path: Path) -> None:
    host = LOCAL | {"candidateType": "host", "address": "192.168.1.7"}
    data = dump(stats(1, L=host, L2=LOCAL, R=REMOTE, P=PAIR, T=TRANSPORT))
    assert exchanges(tmp_path, data, "src_addr", "src_port") == [("203.0.113.4", 0)]
    two = dump(stats(1, L=host, L2=LOCAL, L3=LOCAL | {"address": "198.51.100.4"}, R=REMOTE, P=PAIR, T=TRANSPORT))
    assert exchanges(tmp_path, two, "src_addr", "src_port") == [("192.168.1.7", 5000)]


def test_a_pair_that_never_carried_anything_was_not_answered(tmp_path: Path) -> None:
    idle = PAIR | {"bytesSent": 0, "bytesReceived": 0, "packetsSent": 0, "packetsReceived": 0}
    assert exchanges(tmp_path, dump(stats(1, L=LOCAL, R=REMOTE, P=idle, T=TRANSPORT)), "outcome") == [(None,)]
    failed = PAIR | {"state": "failed"}
    assert exchanges(tmp_path, dump(stats(1, L=LOCAL, R=REMOTE, P=failed, T=TRANSPORT)), "outcome") == []


def test_sessions_are_named_as_captures_name_them(tmp_path: Path) -> None:
    data = dump(
        ["setLocalDescription", "PC_0", {"type": "offer", "sdp": "v=0\r\na=ice-ufrag:bbbb\r\n"}, T],
        ["setRemoteDescription", "PC_0", {"type": "answer", "sdp": "v=0\r\na=ice-ufrag:aaaa\r\n"}, T],
        stats(1, L=LOCAL, R=REMOTE, P=PAIR, T=TRANSPORT),
    )
    assert exchanges(tmp_path, data, "session") == [("ice:aaaa:bbbb",)]


def test_servers_and_candidates_are_offers(tmp_path: Path) -> None:
    relay = "candidate:1 1 udp 41 192.0.2.50 60000 typ relay raddr 203.0.113.4 rport 5000"
    data = dump(
        ["onicecandidate", "PC_0", {"candidate": relay}, T],
        ["onicecandidate", "PC_0", {"candidate": "candidate:1 1 udp 1 10.0.0.9 5000 typ host"}, T],
        ["onicecandidate", "PC_0", None, T],
    )
    names = ("record", "records", "basis", "src_addr", "dst_addr", "dst_port", "dst_role")
    assert rows(rtcstats, tmp_path, data, *names) == [
        (2, 1, "offered", "203.0.113.4", "@host:turn.example.org", 443, "relay"),
        (5, 1, "offered", "203.0.113.4", "192.0.2.50", 60_000, "relay"),
    ]


def test_chromes_old_reports(tmp_path: Path) -> None:
    pair = {
        "type": "googCandidatePair", "googActiveConnection": "true", "googLocalAddress": "203.0.113.4:5000",
        "googRemoteAddress": "198.51.100.6:10000", "googLocalCandidateType": "stun", "googRemoteCandidateType": "local",
        "googTransportType": "udp", "bytesSent": "1187", "bytesReceived": "703",
    }  # fmt: skip
    channel = {"type": "googComponent", "selectedCandidatePairId": "C", "srtpCipher": "AES_CM_128_HMAC_SHA1_80"}
    found = exchanges(tmp_path, dump(stats(1, C=pair, Ch=channel)), "src_addr", "dst_addr", "dst_bytes", "encrypted")
    assert found == [("203.0.113.4", "198.51.100.6", 703, "yes")]


def test_firefox_says_selected_and_no_transport(tmp_path: Path) -> None:
    pair = PAIR | {"selected": True}
    other = PAIR | {"selected": False, "nominated": False, "localCandidateId": "X"}
    assert exchanges(tmp_path, dump(stats(1, L=LOCAL, R=REMOTE, P=pair, O=other)), "dst_addr") == [("198.51.100.6",)]


def test_version_three_has_numbers_for_names(tmp_path: Path) -> None:
    local = {"type": 7, "136": "srflx", "134": "203.0.113.4", "135": 5000, "116": "udp"}
    remote = {"type": 8, "136": "host", "134": "198.51.100.6", "135": 10_000}
    pair = {"type": 6, "148": "0", "149": "1", "118": "succeeded", "150": True, "80": 10, "41": 20}
    transport = {"type": 5, "125": "2", "123": "connected"}
    events: list[Any] = [
        [39, "p", {"iceServers": []}, T], [22, "p", "audio", 1000],
        ["g", "p", {"0": local, "1": remote, "2": pair, "3": transport, "t": T + 2000}, 1000],
        ["g", "p", {"2": {"80": 70}}, 1000], ["g", "p", {"2": None, "3": None}, 1000],
    ]  # fmt: skip
    data = "RTCStatsDump\n" + "\n".join(json.dumps(each) for each in [{"fileFormat": 3}, *events])
    found = table(rtcstats, tmp_path, data)
    names = ("record", "records", "src_addr", "dst_addr", "src_bytes", "dst_bytes", "encrypted", "plane", "last_ns")
    assert found.filter(status="ok").select(names).rows() == [
        (5, 2, "203.0.113.4", "198.51.100.6", 70, 20, "yes", "media", (T + 3000) * 10**6)
    ]
    assert found["records"].sum() == 5


def internals(**stats: Any) -> str:
    known = {
        "rtcConfiguration": "{ iceServers: [turn:turn.example.org:3478?transport=udp], bundlePolicy: max-bundle }",
        "url": "https://example.org/", "updateLog": [
            {"time": "2020-04-01T10:00:00.000Z", "type": "setLocalDescription",
             "value": "type: offer, sdp: v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:aaaa\r\n"},
            {"time": "2020-04-01T10:00:01.000Z", "type": "icecandidate", "value":
             "sdpMid: 0, sdpMLineIndex: 0, candidate: candidate:1 1 udp 41 192.0.2.50 60000 typ relay "
             "raddr 203.0.113.4 rport 5000, url: turn:turn.example.org:3478?transport=udp, relayProtocol: udp"},
        ],
        "stats": {key.replace("__", "-"): value for key, value in stats.items()},
    }  # fmt: skip
    return json.dumps({"getUserMedia": [], "PeerConnections": {"12-1": known, "12-2": {}}, "UserAgent": "x"})


def series(kind: str, *values: Any) -> dict[str, str]:
    times = {"startTime": "2020-04-01T10:00:02.000Z", "endTime": "2020-04-01T10:10:00.000Z"}
    return {**times, "statsType": kind, "values": json.dumps(values)}


def test_webrtc_internals(tmp_path: Path) -> None:
    reports = {"L": LOCAL, "R": REMOTE, "P": PAIR, "T": TRANSPORT}
    given = {
        f"{ident}__{name}": series(str(report["type"]), value)
        for ident, report in reports.items()
        for name, value in report.items()
        if name != "type"
    }
    given["P__bytesSent"] = series("candidate-pair", 0, 10, 400)
    found = table(chrome, tmp_path, internals(**given))
    names = ("record", "records", "status", "basis", "src_addr", "dst_addr", "dst_role", "src_bytes", "plane")
    assert found.select(names).rows() == [
        (2, 1, "no_address", "reported", None, None, "unknown", 0, "unknown"),
        (1, 1, "ok", "reported", "203.0.113.4", "198.51.100.6", "unknown", 400, "media"),
        (1, 0, "ok", "offered", "203.0.113.4", "@host:turn.example.org", "relay", 0, "media"),
        (1, 0, "ok", "offered", "203.0.113.4", "192.0.2.50", "relay", 0, "media"),
    ]
    times = found.filter(basis="reported", status="ok").select("first_ns", "last_ns").rows()
    assert times == [((T + 2000) * 10**6, (T + 600_000) * 10**6)]


def test_what_servers_send_tells_of_no_addresses(tmp_path: Path) -> None:
    line = json.dumps({"statsSessionId": "x", "type": "identity", "data": {"displayName": "=cmd()"}})
    assert table(rtcstats, tmp_path, f"{line}\n{line}\n")["status"].to_list() == ["no_address"] * 2


def test_no_more_is_kept_than_fits(tmp_path: Path) -> None:
    told = Told()
    events = [["create", f"PC_{i}", {}, T] for i in range(5_000)]
    found = table(rtcstats, tmp_path, "\n".join(map(json.dumps, events)), told)
    assert found["records"].sum() == 5_000
    assert len(told.limits) == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "candidate:1 1 UDP 2 203.0.113.4 5000 typ srflx raddr 10.0.0.1 rport 9",
            Candidate("203.0.113.4", 5000, "srflx", "udp"),
        ),
        ("candidate:1 1 tcp 2 2001:db8::1 9 typ host tcptype active", Candidate("2001:db8::1", 9, "host", "tcp")),
        ("candidate:1 1 udp 2 0b1c-2d.local 5000 typ host", Candidate("", 5000, "host", "udp")),
        ("candidate:1 1 udp 2 203.0.113.4 5000", None),
        ("", None),
    ],
)
def test_candidate_lines(line: str, expected: Candidate | None) -> None:
    assert described({"candidate": line}) == expected
    assert described(line) == expected


def test_urls_of_servers() -> None:
    given = {
        "iceServers": [{"urls": "stun:203.0.113.1"}, {"url": "turns:[2001:db8::3]:443"}, {"urls": [7, "http://x"]}, 3]
    }
    assert served(given) == [
        Candidate("203.0.113.1", 3478, "stun"),
        Candidate("2001:db8::3", 443, "turn", "tcp"),
    ]
    assert of_report({"candidateType": "relayed", "ipAddress": "192.0.2.1", "portNumber": "70000"}) == Candidate(
        "192.0.2.1", 0, "relay"
    )


@pytest.mark.parametrize(
    "head", [b"", b"[]", b'["a"]', b'{"PeerConnections": 1}', b"getstats", b'{"type": "identity"}']
)
def test_what_is_no_dump(head: bytes) -> None:
    assert not rtcstats.sniff(head)
