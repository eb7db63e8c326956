"""RIPE Atlas, scamper and mtr: results in the shapes of their documentation, whole, damaged and hostile."""

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.model import Told
from auditor.logs.traces import warts
from tests.logs.traces.read import ends, hops, kind, lines, read, silent

HERE, GATEWAY, FIRST, SECOND, SERVER = "127.0.0.1", "192.0.2.1", "198.51.100.1", "198.51.100.2", "203.0.113.9"
PROBE = "192.0.2.10"


def atlas(result: Any, **more: Any) -> dict[str, Any]:
    return {
        "fw": 5080, "af": 4, "msm_id": 7, "prb_id": 9, "type": "traceroute", "proto": "ICMP", "from": PROBE,
        "src_addr": "10.0.0.7", "dst_addr": SERVER, "dst_name": "server.example", "paris_id": 1,
        "timestamp": 1_700_000_000, "endtime": 1_700_000_009, "result": result, **more,
    }  # fmt: skip


def reply(address: str, **more: Any) -> dict[str, Any]:
    return {"from": address, "rtt": 1.25, "ttl": 60, "size": 28, **more}


LABELS = {
    "version": 2,
    "rfc4884": 0,
    "obj": [{"class": 1, "type": 1, "mpls": [{"exp": 0, "label": 7, "s": 1, "ttl": 1}]}],
}
PATH = [
    {"hop": 1, "result": [reply("10.0.0.1")] * 3},
    {"hop": 2, "result": [reply(FIRST, icmpext=LABELS), reply(SECOND, ittl=2), {"x": "*"}]},
    {
        "hop": 3,
        "result": [{"x": "*"}, {"late": 2, "from": GATEWAY, "ttl": 3, "size": 9}, reply(SERVER, err="p", dup=True)],
    },
]


def test_a_result_of_atlas(tmp_path: Path) -> None:
    rows = read(tmp_path, json.dumps(atlas(PATH)))
    assert ends(rows) == [(PROBE, SERVER, "")]
    assert hops(rows) == {"10.0.0.1", FIRST, SECOND, GATEWAY}
    assert not silent(rows)
    assert set(rows["transport"]) == {"icmp"}
    assert set(rows["observer"]) == {"atlas/9"}
    assert (set(rows["first_ns"]), set(rows["last_ns"])) == ({1_700_000_000 * 10**9}, {1_700_000_009 * 10**9})
    assert lines(rows) == {"ok": 1}


@pytest.mark.parametrize(
    ("wrap", "count"),
    [
        (lambda each: "\n".join(json.dumps(one) for one in each), 3),
        (lambda each: json.dumps(each), 3),
        (lambda each: json.dumps(each, indent=2), 3),
        (lambda each: json.dumps({"count": 3, "next": None, "results": each}), 3),
    ],
)
def test_lines_arrays_and_pages(wrap: Any, count: int, tmp_path: Path) -> None:
    rows = read(tmp_path, wrap([atlas(PATH, prb_id=number) for number in range(count)]))
    assert lines(rows) == {"ok": count}
    assert rows["observer"].n_unique() == count
    assert len(ends(rows)) == count


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (atlas([{"error": "name resolution failed"}], dst_addr=None), "no_address"),
        (atlas([{"hop": 1, "result": [{"error": "sendto failed: Network unreachable"}]}]), "no_address"),
        (atlas([{"hop": 1, "error": "sendto failed: Network unreachable"}]), "no_address"),
        (atlas([]), "no_address"),
        (atlas(None), "no_address"),
        (atlas({"a": 1}), "malformed"),
        (atlas(PATH, type="ping"), "unsupported"),
        (["traceroute"], "malformed"),
        (atlas("no trace at all"), "malformed"),
    ],
)
def test_results_without_a_path_are_counted(value: Any, status: str, tmp_path: Path) -> None:
    rows = read(tmp_path, json.dumps(atlas(PATH)) + "\n" + json.dumps(value))
    assert lines(rows) == {"ok": 1, status: 1}


def test_the_first_firmware_sent_text(tmp_path: Path) -> None:
    text = f"traceroute to {SERVER} ({SERVER}), 32 hops max\n 1  {GATEWAY}  1.2 ms\n 2  * * *\n 3  {SERVER}  2 ms\n"
    rows = read(tmp_path, json.dumps(atlas(text, fw=1, dst_addr=None, src_addr=None)))
    assert ends(rows) == [(PROBE, SERVER, "")]
    assert hops(rows) == {GATEWAY}
    assert silent(rows)
    assert set(rows["record"]) == {1}


@pytest.mark.parametrize(
    ("own", "public", "source"),
    [
        ("10.0.0.7", PROBE, PROBE),
        ("203.0.113.77", PROBE, "203.0.113.77"),
        (None, PROBE, PROBE),
        ("10.0.0.7", "", "10.0.0.7"),
    ],
)
def test_where_a_probe_is_its_public_address_tells(own: Any, public: str, source: str, tmp_path: Path) -> None:
    rows = read(tmp_path, json.dumps(atlas(PATH, **{"src_addr": own, "from": public})))
    assert set(rows["src_addr"]) == {source}


@pytest.mark.parametrize("hop", [255, 2])
def test_hops_that_were_skipped_or_silent(hop: int, tmp_path: Path) -> None:
    result = [{"hop": 1, "result": [reply(GATEWAY)]}, {"hop": hop, "result": [reply(SERVER)]}]
    assert silent(read(tmp_path, json.dumps(atlas(result)))) == (hop == 255)


@pytest.mark.parametrize(
    "damage",
    [
        {"hop": -1, "result": [reply(FIRST)]},
        {"hop": "two", "result": [reply(FIRST)]},
        {"hop": 10**30, "result": [reply(FIRST)]},
        {"hop": 2, "result": [reply("=cmd()"), reply("<script>"), reply(FIRST, rtt="soon")]},
        {"hop": 2, "result": [reply(FIRST, rtt=float("inf"))]},
        {"hop": True, "result": [reply(FIRST)]},
        None,
        {"hop": 2, "result": [[], 3, None, reply(FIRST)]},
    ],
)
def test_hostile_hops(damage: Any, tmp_path: Path) -> None:
    rows = read(tmp_path, json.dumps(atlas([PATH[0], damage, {"hop": 3, "result": [reply(SERVER)]}])))
    assert hops(rows) <= {"10.0.0.1", FIRST}
    assert ends(rows) == [(PROBE, SERVER, "")]


@pytest.mark.parametrize("time", [-1, 1e300, "now", None, 10**40, True])
def test_hostile_times(time: Any, tmp_path: Path) -> None:
    rows = read(tmp_path, json.dumps(atlas(PATH, timestamp=time, endtime=time, af=time, proto=time, prb_id=time)))
    assert set(rows["first_ns"]) <= {0, 10**9}


TX = {"sec": 1_700_000_000, "usec": 250_000}
PATH2 = {
    "type": "trace", "version": "0.1", "userid": 0, "method": "udp-paris", "src": PROBE, "dst": SERVER, "icmp_sum": 1,
    "stop_reason": "COMPLETED", "start": {**TX, "ftime": "x"}, "hop_count": 3, "firsthop": 1,
    "hops": [
        {"addr": GATEWAY, "probe_ttl": 1, "tx": TX, "rtt": 0.5},
        {"addr": FIRST, "probe_ttl": 2, "tx": TX, "rtt": 1.5, "icmpext": [{"ie_cn": 1, "ie_ct": 1}]},
        {"addr": SERVER, "probe_ttl": 3, "tx": TX, "rtt": 2.5},
    ],
}  # fmt: skip


def link(address: str, ttl: int) -> dict[str, Any]:
    return {"addr": address, "probes": [{"tx": TX, "ttl": ttl, "replies": [{"rtt": 1.5}]}]}


MESH = {
    "type": "tracelb", "version": "0.1", "userid": 0, "method": "icmp-echo", "src": "10.0.0.7", "dst": SERVER,
    "start": TX, "firsthop": 1, "probec_max": 3000, "nodec": 3, "linkc": 4,
    "nodes": [
        {"addr": "10.0.0.1", "q_ttl": 1, "linkc": 2, "links": [[link(FIRST, 2), link(SECOND, 2)]]},
        {"addr": FIRST, "q_ttl": 1, "linkc": 1, "links": [[link(SERVER, 3)]]},
        {"addr": SECOND, "q_ttl": 1, "linkc": 1, "links": [[link(SERVER, 3)]]},
    ],
}  # fmt: skip
CYCLE = {"type": "cycle-start", "list_name": "default", "id": 0, "hostname": "machine", "start_time": 1}
HEADED = {"UUID": "x", "TracerouteCallerVersion": "y", "CachedResult": False, "CachedUUID": ""}


def scamper(*values: Any) -> str:
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in (HEADED, CYCLE, *values))


def test_a_path_of_scamper(tmp_path: Path) -> None:
    rows = read(tmp_path, scamper(PATH2, {"type": "cycle-stop", "list_name": "default", "id": 0, "stop_time": 2}))
    assert ends(rows) == [(PROBE, SERVER, "")]
    assert hops(rows) == {GATEWAY, FIRST}
    assert not silent(rows)
    assert lines(rows) == {"ok": 1}
    assert set(rows["record"]) == {3}
    assert (set(rows["transport"]), set(rows["observer"])) == ({"udp"}, {"machine"})
    assert set(rows["first_ns"]) == {1_700_000_000_250_000_000}


def test_a_mesh_of_scamper(tmp_path: Path) -> None:
    rows = read(tmp_path, scamper(MESH))
    assert ends(rows) == [("10.0.0.7", SERVER, "")]
    assert hops(rows) == {"10.0.0.1", FIRST, SECOND}
    assert not silent(rows)
    lost = json.loads(json.dumps(MESH))
    lost["nodes"][1]["links"][0][0]["addr"] = "*"
    assert silent(read(tmp_path, scamper(lost)))


@pytest.mark.parametrize(
    ("value", "statuses", "quiet"),
    [
        (PATH2 | {"hops": [], "hop_count": 2}, {"ok": 1}, True),
        (PATH2 | {"hops": PATH2["hops"][:1], "stop_reason": "GAPLIMIT"}, {"ok": 1}, True),
        (PATH2 | {"hop_count": 9}, {"ok": 1}, True),
        (PATH2 | {"hops": [{"addr": "*"}, 7, None]}, {"ok": 1}, True),
        (MESH | {"nodes": []}, {"ok": 1}, True),
        (MESH | {"nodes": [7, {"addr": FIRST, "linkc": 1}]}, {"truncated": 1, "ok": 0}, True),
        (PATH2 | {"dst": "nowhere"}, {"malformed": 1}, False),
        (PATH2 | {"type": "ping"}, {"unsupported": 1}, False),
        (json.dumps(PATH2).replace("[", "", 1), {"malformed": 1}, False),
    ],
)
def test_what_scamper_left_out(value: Any, statuses: dict[str, int], quiet: bool, tmp_path: Path) -> None:
    rows = read(tmp_path, scamper(value))
    assert lines(rows) == statuses
    assert silent(rows) == quiet


HUBS = [
    {"count": 1, "host": "gw.example", "Loss%": 0.0, "Snt": 10, "Best": 0.2},
    {"count": 2, "host": f"r1.example ({FIRST})", "ASN": "AS64500", "Loss%": "20.0", "Snt": 10, "Best": 1.5},
    {"count": "3", "host": "???", "Loss%": 100.0, "Snt": 10, "Best": 0.0},
    {"count": 4, "host": SERVER, "Loss%": 0.0, "Snt": 10, "Best": 9.5},
]


def mtr(hubs: Any, target: str = SERVER) -> str:
    return json.dumps({"report": {"mtr": {"src": "machine", "dst": target, "tests": 10}, "hubs": hubs}}, indent=4)


@pytest.mark.parametrize("target", [SERVER, "server.example"])
def test_a_report_of_mtr(target: str, tmp_path: Path) -> None:
    rows = read(tmp_path, mtr(HUBS, target))
    assert ends(rows) == [(HERE, SERVER, "")]
    assert hops(rows) == {"@host:gw.example", FIRST}
    assert silent(rows)
    assert lines(rows) == {"ok": 1}
    assert set(rows["observer"]) == {"machine"}


def test_mtr_that_did_not_arrive(tmp_path: Path) -> None:
    assert ends(read(tmp_path, mtr(HUBS[:3]))) == [(HERE, SERVER, "unanswered")]
    assert ends(read(tmp_path, mtr(HUBS[:3], "server.example"))) == [(HERE, "@host:server.example", "unanswered")]
    named = read(tmp_path, mtr([*HUBS[:3], {**HUBS[3], "host": "server.example"}]))
    assert ends(named) == [(HERE, SERVER, "")]


CSV = f"""Mtr_Version,Start_Time,Status,Host,Hop,Ip,Loss%,Snt, ,Last,Avg,Best,Wrst,StDev,
MTR.0.95,1700000000,OK,{SERVER},1,{GATEWAY},0.00,10,0,0.31,0.30,0.20,0.40,0.01
MTR.0.95,1700000000,OK,{SERVER},2,???,100.00,10,0,0.00,0.00,0.00,0.00,0.00
MTR.0.95,1700000000,OK,{SERVER},3,{SERVER},0.00,10,0,9.31,9.30,9.20,9.40,0.01
MTR.0.95,1700000600,OK,{SERVER},1,{GATEWAY},0.00,10,0,0.31,0.30,0.20,0.40,0.01
what is this
"""
RAW = (
    f"x 0 33000\nh 0 {GATEWAY}\np 0 412 33000\nx 1 33001\nx 2 33002\n"
    f"h 2 {FIRST}\nd 2 r1.example\nh 2 {SECOND}\np 2 4100 33002\n"
)


def test_mtr_in_fields_and_raw_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, CSV)
    assert ends(rows) == [(HERE, SERVER, ""), (HERE, SERVER, "unanswered")]
    assert hops(rows) == {GATEWAY}
    assert lines(rows) == {"ok": 4, "malformed": 1}
    assert set(rows.filter(rows["status"] == "ok")["first_ns"]) == {1_700_000_000 * 10**9, 1_700_000_600 * 10**9}
    rows = read(tmp_path, RAW + "junk\n")
    assert ends(rows) == [(HERE, "@destination", "unanswered")]
    assert hops(rows) == {GATEWAY, FIRST, SECOND}
    assert silent(rows)
    assert lines(rows) == {"ok": 9, "malformed": 1}


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack(">HHI", 0x1205, kind, len(body)) + body


BINARY = record(1, b"list") + record(2, b"cycle") + record(6, bytes(40)) + record(8, bytes(70)) + record(4, b"stop")


def test_binary_records_without_the_program_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    told = Told()
    rows = read(tmp_path, BINARY, told)
    assert lines(rows) == {"unsupported": 2}
    assert rows["record"].to_list() == [3, 4]
    assert told.limits == {warts.REMEDY}
    assert lines(read(tmp_path, BINARY[:-3])) == {"unsupported": 2, "truncated": 1}
    assert lines(read(tmp_path, BINARY + b"what is this")) == {"unsupported": 2, "malformed": 1}
    assert kind(b"\x12\x05\x00\x01\x00\x00\x00\x02abno record here") == ""


def test_binary_records_through_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sc_warts2json"
    program.write_text("#!/bin/sh\ncat <<'END'\n" + json.dumps(CYCLE) + "\n" + json.dumps(PATH2) + "\nEND\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    rows = read(tmp_path, BINARY)
    assert ends(rows) == [(PROBE, SERVER, "")]
    assert lines(rows) == {"ok": 1, "malformed": 1}
    assert set(rows["record"]) == {3, 4}


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "trace"}',
        '{"report": {}}',
        '{"records": []}',
        "[]",
        "{}",
        '{"type":"traceroute","name":"x"}',
        "h 0 x\n",
    ],
)
def test_other_documents_are_not_taken(text: str) -> None:
    assert kind(text.encode()) == ""
