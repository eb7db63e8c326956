"""Several logs of one monitor tell of one exchange: it is counted once, and what each of them knows is kept."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor import pipeline
from auditor.model.flow import INSIDE

CLIENT, SERVER, PHONE, PROXY, RESOLVER = "192.0.2.1", "198.51.100.7", "192.0.2.9", "198.51.100.60", "198.51.100.53"
AT = 1_600_000_000.5


def audited(folder: Path, logs: dict[str, list[dict[str, Any]]]) -> pl.DataFrame:
    """Write logs of JSON, a file each, and read all of them."""
    for name, records in logs.items():
        (folder / f"{name}.log").write_text("".join(json.dumps(each) + "\n" for each in records))
    found = pipeline.located([str(folder / "*.log")]).frame
    assert found["records"].sum() == sum(map(len, logs.values()))
    return found


def ends(uid: str, src: str, sport: int, dst: str, dport: int) -> dict[str, Any]:
    return {"ts": AT, "uid": uid, "id.orig_h": src, "id.orig_p": sport, "id.resp_h": dst, "id.resp_p": dport}


def conn(uid: str, src: str, sport: int, dst: str, dport: int, proto: str = "tcp", **more: Any) -> dict[str, Any]:
    counts = {"orig_pkts": 5, "orig_ip_bytes": 900, "resp_pkts": 4, "resp_ip_bytes": 800, "duration": 2.0}
    state = {"conn_state": "SF", "history": "ShADadFf"} if proto == "tcp" else {"conn_state": "SF", "history": "Dd"}
    return {**ends(uid, src, sport, dst, dport), "proto": proto, **counts, **state, **more}


TLS = ("Ca", CLIENT, 40000, SERVER, 443)
SIP = ("Cb", PHONE, 5060, PROXY, 5060)
DNS = ("Cc", CLIENT, 50000, RESOLVER, 53)
ZEEK: dict[str, list[dict[str, Any]]] = {
    "conn": [conn(*TLS, service="ssl"), conn(*SIP, proto="udp", service="sip"), conn(*DNS, proto="udp")],
    "ssl": [{**ends(*TLS), "version": "TLSv13", "cipher": "TLS_AES_128_GCM_SHA256", "server_name": "a.example.org",
             "established": True, "ssl_history": "CsiI"}],
    "sip": [{**ends(*SIP), "method": "INVITE", "call_id": "x@example.org", "seq": "1 INVITE", "status_code": 200,
             "request_path": [f"SIP/2.0/UDP {PHONE}:5060"], "response_path": [f"SIP/2.0/UDP {PHONE}:5060"]}],
    "dns": [{**ends(*DNS), "proto": "udp", "trans_id": 7, "query": "b.example.org", "qtype_name": "A", "rcode": 0,
             "rcode_name": "NOERROR", "answers": [PROXY], "rtt": 0.01}],
}  # fmt: skip


def test_zeek(tmp_path: Path) -> None:
    found = audited(tmp_path, ZEEK)
    tls = found.filter(dst_port=443)
    assert tls.select("src_addr", "src_port", "app", "encrypted", "dst_name", "src_packets", "dst_packets").rows() == [
        (CLIENT, 40000, "tls", "yes", "a.example.org", 5, 4)
    ]
    assert tls.select("opened", "outcome", "records").rows() == [("handshake", "", 2)]
    sip = found.filter(dst_port=5060)
    assert set(sip["session"]) == {"x@example.org"}
    assert (sip["src_packets"].sum(), sip["records"].sum()) == (5, 2)
    assert set(sip["dst_name"]) == {"b.example.org"}
    dns = found.filter(dst_port=53)
    assert dns.select("app", "outcome", "src_packets", "records").rows() == [("dns", "", 5, 2)]


def test_another_connection_with_the_same_uid_stays_apart(tmp_path: Path) -> None:
    other = conn("Ca", CLIENT, 40000, "203.0.113.9", 443)
    found = audited(tmp_path, {**ZEEK, "conn": [*ZEEK["conn"], other]})
    assert sorted(found.filter(dst_port=443).select("dst_addr", "dst_name", "src_packets").rows()) == [
        (SERVER, "a.example.org", 5),
        ("203.0.113.9", "", 5),
    ]


def test_what_only_the_connection_says_of_a_tunnel_holds_for_all(tmp_path: Path) -> None:
    inside = conn(*TLS, tunnel_parents=["Cz"])
    (tmp_path / "inventory.yaml").write_text("vantage: {name: office, country: CA}")
    (row,) = audited(tmp_path, {"conn": [inside], "ssl": ZEEK["ssl"]}).to_dicts()
    assert (row["vantage"], row["encrypted"]) == (INSIDE, "yes")
    found = pipeline.located([str(tmp_path / "*.log")], inventory=tmp_path / "inventory.yaml").frame
    assert found["vantage"].to_list() == [f"office {INSIDE}"]


BASE = {"timestamp": "2020-09-13T12:26:40.000001+0000", "flow_id": 7, "proto": "TCP"}
THERE = {"src_ip": CLIENT, "src_port": 40000, "dest_ip": SERVER, "dest_port": 8443}
BACK = {"src_ip": SERVER, "src_port": 8443, "dest_ip": CLIENT, "dest_port": 40000}


def event(kind: str, way: dict[str, Any], of: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**BASE, "event_type": kind, **way, kind: of, **more}


TIMES = {"start": "2020-09-13T12:26:40.5Z", "end": "2020-09-13T12:26:41.5Z"}
COUNTS = {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 900, "bytes_toclient": 800, **TIMES}
HELLO = event("tls", THERE, {"sni": "a.example.org", "version": "TLS 1.3"})
ONE_WAY = [
    event("netflow", THERE, {"pkts": 5, "bytes": 900, **TIMES}, tcp={"tcp_flags": "1b"}),
    event("netflow", BACK, {"pkts": 4, "bytes": 800, **TIMES}, tcp={"tcp_flags": "1b"}),
]
FLOW = event("flow", THERE, COUNTS, app_proto="tls", tcp={"tcp_flags_ts": "1b", "tcp_flags_tc": "1b"})


@pytest.mark.parametrize("given", [[FLOW, HELLO, *ONE_WAY], [HELLO, *ONE_WAY], [ONE_WAY[1], HELLO, ONE_WAY[0]]])
def test_suricata(tmp_path: Path, given: list[dict[str, Any]]) -> None:
    (row,) = audited(tmp_path, {"eve": given}).to_dicts()
    assert [row[f"{side}_{name}"] for side in ("src", "dst") for name in ("addr", "packets", "bytes")] == [
        CLIENT, 5, 900, SERVER, 4, 800,
    ]  # fmt: skip
    assert [row[name] for name in ("app", "encrypted", "dst_name", "outcome")] == ["tls", "yes", "a.example.org", ""]
    assert row["opened"]
    assert row["records"] == len(given)


def test_who_is_client_is_kept_where_the_count_began_with_the_server(tmp_path: Path) -> None:
    """A monitor that came late takes the server, whose packet it saw first, for the source of the flow."""
    late = event("flow", BACK, COUNTS, tcp={"tcp_flags_ts": "18", "tcp_flags_tc": "18"})
    (row,) = audited(tmp_path, {"eve": [late, HELLO]}).to_dicts()
    assert (row["src_addr"], row["opened"], row["src_packets"], row["dst_packets"]) == (CLIENT, "protocol", 4, 5)
    assert (row["dst_name"], row["src_name"]) == ("a.example.org", "")


def test_one_direction_of_an_open_connection_shows_that_there_was_another(tmp_path: Path) -> None:
    alone = {**COUNTS, "pkts_toclient": 0, "bytes_toclient": 0}
    given = event("flow", THERE, alone, tcp={"tcp_flags_ts": "1a", "tcp_flags_tc": "00"})
    (row,) = audited(tmp_path, {"eve": [given]}).to_dicts()
    assert row["outcome"] == ""
