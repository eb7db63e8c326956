import json
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.cloud import FORMATS
from auditor.logs.cloud import hubble as it
from tests.logs.cloud.reading import FLOWS, read, rows, states

TIME = 1_718_351_137_186_193_305


def flow(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "time": "2024-06-14T07:45:37.186193305Z",
        "verdict": "FORWARDED",
        "IP": {"source": "10.0.0.4", "destination": "203.0.113.7", "ipVersion": "IPv4"},
        "l4": {"TCP": {"source_port": 50000, "destination_port": 443, "flags": {"SYN": True}}},
        "source": {"ID": 7, "cluster_name": "prod", "pod_name": "a"},
        "destination": {"identity": 2, "labels": ["reserved:world"]},
        "Type": "L3_L4",
        "node_name": "prod/one",
        "is_reply": False,
        "traffic_direction": "EGRESS",
    }
    return {**given, **changes}


def events(*flows: dict[str, Any]) -> bytes:
    return b"".join(
        json.dumps({"flow": each, "node_name": "prod/one", "time": each.get("time")}).encode() + b"\n" for each in flows
    )


def reply(flags: dict[str, bool], **changes: Any) -> dict[str, Any]:
    ends = {"source": "203.0.113.7", "destination": "10.0.0.4"}
    layer = {"TCP": {"source_port": 443, "destination_port": 50000, "flags": flags}}
    return flow(**{"IP": ends, "l4": layer, "is_reply": True, **changes})


def one(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    (row,), _ = read(folder, it, events(given))
    return row


def test_an_event_is_one_of_a_direction(tmp_path: Path) -> None:
    (row,), told = read(tmp_path, it, events(flow()))
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (
        "10.0.0.4",
        50000,
        "203.0.113.7",
        443,
    )
    assert (row["src_packets"], row["dst_packets"], row["src_bytes"], row["src_flags"]) == (1, None, 0, 2)
    assert (row["transport"], row["opened"], row["outcome"], row["app"]) == ("tcp", "handshake", None, "")
    assert (row["first_ns"], row["last_ns"], row["observer"]) == (TIME, TIME, "prod")
    assert told.notes == {it.COUNTED}


def test_a_reply_shows_who_opened_the_connection(tmp_path: Path) -> None:
    row = one(tmp_path, reply({"PSH": True, "ACK": True}))
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (
        "10.0.0.4",
        50000,
        "203.0.113.7",
        443,
    )
    assert (row["src_packets"], row["dst_packets"], row["src_flags"], row["dst_flags"]) == (None, 1, None, 24)
    assert (row["opened"], row["outcome"]) == ("handshake", None)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"verdict": "DROPPED", "drop_reason_desc": "POLICY_DENIED"}, "rejected"),
        ({"verdict": "TRACED"}, "unanswered"),
        ({"verdict": "TRANSLATED"}, "unanswered"),
        ({"verdict": "ERROR"}, None),
        ({"verdict": "AUDIT"}, None),
        ({"verdict": "REDIRECTED"}, None),
        ({"verdict": 7}, None),
    ],
)
def test_verdicts(tmp_path: Path, changes: dict[str, Any], outcome: str | None) -> None:
    assert one(tmp_path, flow(**changes))["outcome"] == outcome


@pytest.mark.parametrize(
    ("layer", "transport", "ports"),
    [
        ({"UDP": {"source_port": 5060, "destination_port": 5061}}, "udp", (5060, 5061)),
        ({"SCTP": {"source_port": 1, "destination_port": 2}}, "sctp", (1, 2)),
        ({"ICMPv4": {"type": 8}}, "icmp", (0, 0)),
        ({"ICMPv6": {"type": 135}}, "icmp6", (0, 0)),
        ({"VRRP": {"type": 1}}, "ip/112", (0, 0)),
        ({}, "", (0, 0)),
        (None, "", (0, 0)),
    ],
)
def test_transports(tmp_path: Path, layer: Any, transport: str, ports: tuple[int, int]) -> None:
    row = one(tmp_path, flow(l4=layer))
    assert (row["transport"], (row["src_port"], row["dst_port"])) == (transport, ports)
    assert (row["opened"], row["src_flags"]) == ("", None)


def test_nobody_opens_a_connection_from_a_well_known_port(tmp_path: Path) -> None:
    layer = {"TCP": {"source_port": 443, "destination_port": 50000, "flags": {"ACK": True}}}
    assert one(tmp_path, flow(l4=layer))["opened"] == ""
    assert one(tmp_path, flow(is_reply=None))["opened"] == ""


def test_an_answer_of_dns_names_addresses(tmp_path: Path) -> None:
    answer = {"query": "media.example.org.", "ips": ["198.51.100.9", "2001:db8::9", 7, ""], "rcode": 0}
    given = reply(
        {},
        l4={"UDP": {"source_port": 53, "destination_port": 40000}},
        Type="L7",
        l7={"type": "RESPONSE", "dns": answer},
    )
    (row,), told = read(tmp_path, it, events(given))
    assert told.names == {("prod", "198.51.100.9", "media.example.org"), ("prod", "2001:db8::9", "media.example.org")}
    assert (row["app"], row["opened"], row["src_addr"], row["dst_port"]) == ("dns", "protocol", "10.0.0.4", 53)


def test_what_else_an_event_tells(tmp_path: Path) -> None:
    given = flow(destination_names=["api.example.org"], l7={"type": "REQUEST", "http": {"method": "GET"}})
    given["IP"] = {**given["IP"], "encrypted": True}
    row = one(tmp_path, given)
    assert (row["dst_name"], row["src_name"], row["app"], row["encrypted"]) == ("api.example.org", "", "http", "yes")
    assert one(tmp_path, flow(destination_names=["a", "b"]))["dst_name"] == ""  # one address of two names


@pytest.mark.parametrize(
    ("labels", "site"),
    [
        (["eks.amazonaws.com/nodegroup=x", "topology.kubernetes.io/region=eu-west-1"], "aws/eu-west-1"),
        (["cloud.google.com/gke-nodepool=x", "topology.kubernetes.io/region=asia-east2"], "gcp/asia-east2"),
        (["topology.kubernetes.io/region=eu-west-1"], ""),  # whose region?
        (["eks.amazonaws.com/nodegroup=x", "topology.kubernetes.io/region=<b>"], ""),
        ([7, None], ""),
        ("x", ""),
    ],
)
def test_the_region_of_a_node_is_that_of_its_own_pods(tmp_path: Path, labels: Any, site: str) -> None:
    row = one(tmp_path, flow(node_labels=labels))
    assert (row["src_site"], row["dst_site"]) == (site, "")


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ({"lost_events": {"source": "PERF_EVENT_RING_BUFFER", "num_events_lost": "7"}}, ("no_address", it.GONE)),
        ({"node_status": {"state_change": "NODE_CONNECTED"}}, ("no_address", it.NO_FLOW)),
        ({"agent_event": {}}, ("no_address", it.NO_FLOW)),
        ({"flow": flow(IP=None)}, ("no_address", it.NO_IP)),
        ({"flow": flow(IP={"source": "x"})}, ("no_address", it.NO_IP)),
        ({"flow": flow(l4={"TCP": {"source_port": 70000}})}, ("malformed", it.TORN)),
        ({"flow": flow(time="soon")}, ("ok", "time out of range")),
        ({"flow": []}, ("unsupported", it.OTHER)),
        ({"a": 1}, ("unsupported", it.OTHER)),
        (7, ("unsupported", it.OTHER)),
        (None, ("unsupported", it.OTHER)),
        ("=cmd()", ("unsupported", it.OTHER)),
    ],
)
def test_every_line_is_a_record(tmp_path: Path, message: Any, state: tuple[str, str]) -> None:
    found, told = read(tmp_path, it, events(flow()) + json.dumps(message).encode() + b"\n" + b'{"flow":{"time"')
    assert states(found) == {("ok", ""): 1, state: 1, ("malformed", "a line that is no JSON value"): 1}
    assert told.limits == ({it.LOST} if state[1] == it.GONE else set())


def test_events_without_a_wrapper_and_in_an_array_are_read(tmp_path: Path) -> None:
    expected, _ = read(tmp_path, it, events(flow(), reply({"ACK": True})))
    bare = b"\n".join(json.dumps(each).encode() for each in (flow(), reply({"ACK": True})))
    array = json.dumps([flow(), reply({"ACK": True})], indent=1).encode()
    for data in (bare, array):
        assert it.sniff(data)
        assert read(tmp_path, it, data, packed=True)[0] == expected


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (events(flow()), ["hubble"]),
        (events(flow())[:700], ["hubble"]),
        (b'{"verdict": "FORWARDED"}', []),
        (b'{"flow": {"verdict": "MAYBE", "Type": "L3_L4"}}', []),
        (b"FORWARDED", []),
        (b"", []),
    ],
)
def test_it_is_told_by_its_content(head: bytes, names: list[str]) -> None:
    assert [name for name, reader in FORMATS.items() if reader.sniff(head)] == names


@pytest.mark.skipif(not FLOWS.is_dir(), reason=f"real logs are not here: {FLOWS} (AUDITOR_CORPUS names their folder)")
def test_real_samples_are_read_whole() -> None:
    path = FLOWS / "hubble_flows_tke_a.jsonl"
    assert [each for each, reader in FORMATS.items() if reader.sniff(path.read_bytes())] == ["hubble"]
    raw = [json.loads(line)["flow"] for line in path.read_text().splitlines()]
    found, _ = rows(path, it)
    assert states(found) == {("ok", ""): len(raw)}
    for row, given in zip(found, raw, strict=True):
        tcp = given["l4"]["TCP"]
        ends = {(given["IP"]["source"], tcp["source_port"]), (given["IP"]["destination"], tcp["destination_port"])}
        assert {(row["src_addr"], row["src_port"]), (row["dst_addr"], row["dst_port"])} == ends
        assert (row["dst_addr"] == given["IP"]["source"]) == given["is_reply"]
        assert str(row["first_ns"]).endswith(given["time"].rpartition(".")[2].removesuffix("Z"))
