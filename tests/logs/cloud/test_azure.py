import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.enrich.regions import countries
from auditor.logs.cloud import FORMATS, azure_nsg, azure_vnet
from auditor.logs.cloud import azure as it
from tests.logs.cloud.reading import FLOWS, read, rows, states

GROUP = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WEB"
NETWORK = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/Main"
LOG = "/SUBSCRIPTIONS/0/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/{}/FLOWLOGS/L"


def nsg(*rules: list[Any], version: int = 2) -> dict[str, Any]:
    flows = [
        {"rule": f"r{number}", "flows": [{"mac": "000D3A000001", "flowTuples": each}]}
        for number, each in enumerate(rules)
    ]
    return {
        "time": "2024-05-01T10:00:00.0000000Z",
        "systemId": "0",
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": GROUP,
        "operationName": "NetworkSecurityGroupFlowEvents",
        "properties": {"Version": version, "flows": flows},
    }


def vnet(*tuples: Any, watcher: str = "NETWORKWATCHER_CHINANORTH3", target: str = NETWORK) -> dict[str, Any]:
    return {
        "time": "2024-05-01T10:00:00.0000000Z",
        "flowLogVersion": 4,
        "macAddress": "000D3A000001",
        "category": "FlowLogFlowEvent",
        "flowLogResourceID": LOG.format(watcher),
        "targetResourceID": target,
        "flowRecords": {"flows": [{"aclID": "0", "flowGroups": [{"rule": "r", "flowTuples": list(tuples)}]}]},
    }


ALLOWED = "1714557600,10.0.0.4,203.0.113.7,50000,443,T,O,A,E,12,3400,10,56000"
BEGUN = "1714557590,10.0.0.4,203.0.113.7,50000,443,T,O,A,B,,,,"
DENIED = "1714557601,198.51.100.9,10.0.0.4,4444,53,U,I,D,B,,,,"
OLD = "1714557602,198.51.100.9,10.0.0.4,4444,22,T,I,A"
TOTAL = ("src_packets", "src_bytes", "dst_packets", "dst_bytes")


def test_a_tuple_of_a_group_counts_both_directions(tmp_path: Path) -> None:
    found, told = read(tmp_path, azure_nsg, json.dumps({"records": [nsg([BEGUN, ALLOWED], [DENIED])]}).encode())
    begun, ended, denied = found
    assert [begun[name] for name in TOTAL] == [0, 0, 0, 0]
    assert [ended[name] for name in TOTAL] == [12, 3400, 10, 56000]
    assert (ended["src_addr"], ended["src_port"], ended["dst_addr"], ended["dst_port"]) == (
        "10.0.0.4",
        50000,
        "203.0.113.7",
        443,
    )
    assert (ended["transport"], ended["opened"], ended["outcome"]) == ("tcp", "handshake", None)
    assert ended["first_ns"] == ended["last_ns"] == 1_714_557_600_000_000_000
    assert ended["observer"] == GROUP.lower()
    assert (denied["transport"], denied["opened"], denied["outcome"]) == ("udp", "", "rejected")
    assert [row["records"] for row in found] == [1, 1, 1]
    assert not told.notes | told.limits


def test_version_1_tells_that_and_not_how_much(tmp_path: Path) -> None:
    found, told = read(tmp_path, azure_nsg, json.dumps(nsg([OLD, OLD[:-1] + "D"], version=1)).encode())
    assert [(row["src_packets"], row["dst_packets"], row["outcome"], row["opened"]) for row in found] == [
        (0, None, None, "handshake"),
        (0, None, "rejected", "handshake"),
    ]
    assert told.notes == {it.UNCOUNTED}


def test_a_tuple_of_a_network(tmp_path: Path) -> None:
    record = vnet(
        "1714557600123,10.0.0.4,10.1.0.9,50000,5060,17,O,C,X,7,700,0,0",
        "1714557600124,2001:db8::9,2001:db8::4,0,0,58,I,D,NX,0,0,0,0",
        "1714557600125,10.0.0.4,203.0.113.7,443,50001,6,O,E,NX_HW_NOT_SUPPORTED,1,60,1,60",
    )
    found, told = read(tmp_path, azure_vnet, json.dumps({"records": [record]}, indent=2).encode())
    continued, denied, reversed_ = found
    assert [continued[name] for name in TOTAL] == [7, 700, 0, 0]
    assert (continued["transport"], continued["encrypted"], continued["opened"]) == ("udp", "yes", "")
    assert continued["first_ns"] == 1_714_557_600_123_000_000
    assert (denied["transport"], denied["outcome"], denied["encrypted"]) == ("icmp6", "rejected", "")
    assert (reversed_["opened"], reversed_["encrypted"]) == ("", "")  # its state may have timed out
    assert {row["observer"] for row in found} == {NETWORK.lower()}
    assert [(row["src_site"], row["dst_site"]) for row in found] == [
        ("azure/chinanorth3", ""), ("", "azure/chinanorth3"), ("azure/chinanorth3", ""),
    ]  # fmt: skip
    assert countries("azure/chinanorth3") == "CN"
    assert not told.notes


@pytest.mark.parametrize(
    ("target", "watcher", "observer", "site"),
    [
        (NETWORK + "/subnets/a", "NetworkWatcher_westeurope", NETWORK.lower(), "azure/westeurope"),
        ("/x/networkInterfaces/nic", "ours", "/x/networkinterfaces/nic", ""),
        ("x" * 600, "NetworkWatcher_" + "x" * 600, "", ""),
        (7, "", "", ""),
    ],
)
def test_where_it_was_seen(tmp_path: Path, target: Any, watcher: str, observer: str, site: str) -> None:
    record = vnet("1714557600123,10.0.0.4,10.1.0.9,50000,5060,17,O,C,X,7,700,0,0", watcher=watcher, target=target)
    found, _ = read(tmp_path, azure_vnet, json.dumps(record).encode())
    assert [(row["observer"], row["src_site"]) for row in found] == [(observer, site)]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (ALLOWED + ",9", ("unsupported", it.NEWER)),
        (ALLOWED.rpartition(",")[0], ("malformed", it.TORN)),
        ("", ("malformed", it.TORN)),
        (7, ("malformed", it.TORN)),
        (None, ("malformed", it.TORN)),
        ({"a": 1}, ("malformed", it.TORN)),
        (ALLOWED.replace("10.0.0.4", ""), ("malformed", it.NOWHERE)),
        (ALLOWED.replace("50000", "70000"), ("malformed", it.NUMBERS)),
        (ALLOWED.replace("12,3400", "-1,3400"), ("malformed", it.NUMBERS)),
        (ALLOWED.replace("12,3400", f"{1 << 51},3400"), ("malformed", it.NUMBERS)),
        (ALLOWED.replace("1714557600", "soon"), ("malformed", it.NUMBERS)),
        (ALLOWED.replace(",T,", ",S,"), ("malformed", it.NUMBERS)),
        (ALLOWED.replace(",O,", ",X,"), ("malformed", it.WORDS)),
        (ALLOWED.replace(",E,", ",Z,"), ("malformed", it.WORDS)),
        (ALLOWED.replace("1714557600", "171455760"), ("ok", it.ODD)),
        (ALLOWED.replace("1714557600", "1714557600000"), ("ok", "")),
        (ALLOWED.replace("10.0.0.4", "=cmd()|<script>\x1b"), ("ok", "")),
    ],
)
def test_every_tuple_is_a_record(tmp_path: Path, text: Any, state: tuple[str, str]) -> None:
    found, _ = read(tmp_path, azure_nsg, json.dumps({"records": [nsg([text, ALLOWED])]}).encode())
    expected = {("ok", ""): 1}
    expected[state] = expected.get(state, 0) + 1
    assert states(found) == expected
    if state[1] == it.ODD:
        assert {row["first_ns"] for row in found if row["detail"]} == {0}


def test_records_of_other_kinds_are_counted(tmp_path: Path) -> None:
    others: list[Any] = [
        {"category": "NetworkSecurityGroupEvent", "properties": {"vnetResourceGuid": "0"}},
        7,
        None,
        "x",
        [],
    ]
    empty = [nsg(), nsg([]), vnet()]
    found, _ = read(tmp_path, azure_nsg, json.dumps({"records": [*others, *empty, nsg([ALLOWED])]}).encode())
    assert states(found) == {("unsupported", it.OTHER): 5, ("no_address", it.EMPTY): 3, ("ok", ""): 1}
    assert {row["record"] for row in found} == set(range(1, 10))


WHOLE = [
    nsg([BEGUN, ALLOWED]),
    nsg([DENIED], [OLD]),
    vnet("1714557600123,10.0.0.4,10.1.0.9,50000,5060,17,O,C,X,7,700,0,0"),
]
FORMS = {
    "document": json.dumps({"records": WHOLE}).encode(),
    "pretty": b"\xef\xbb\xbf" + json.dumps({"records": WHOLE}, indent=4).replace("\n", "\r\n").encode(),
    "array": json.dumps(WHOLE).encode(),
    "lines": b"\n".join(json.dumps(each).encode() for each in WHOLE),
    "several documents": b"\n".join(json.dumps({"records": [each]}).encode() for each in WHOLE),
    "one after another": b"".join(json.dumps(each, indent=1).encode() for each in WHOLE),
    "with members around": json.dumps({"version": 1, "records": WHOLE, "nextLink": {"a": [1]}}).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_the_form_of_the_document_does_not_matter(tmp_path: Path, form: str, packed: bool) -> None:
    found, told = read(tmp_path, azure_nsg, FORMS[form], packed)
    for row in found:
        row.pop("record")
    expected, _ = read(tmp_path, azure_nsg, FORMS["document"])
    for row in expected:
        row.pop("record")
    assert found == expected
    assert len(found) == 5
    assert not told.limits | set(told.lost)


def test_a_blob_that_ends_within_a_record_says_so(tmp_path: Path) -> None:
    data = FORMS["document"]
    found, _ = read(tmp_path, azure_nsg, data[: data.rindex(b"flowLogVersion")])
    assert states(found) == {("ok", ""): 4, ("truncated", "a JSON value without an end"): 1}
    found, _ = read(tmp_path, azure_nsg, data[:-2])  # only the document is not closed
    assert states(found) == {("ok", ""): 5}


def test_tuples_are_read_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = read(tmp_path, azure_nsg, FORMS["array"])
    monkeypatch.setattr(it, "MANY", 1)
    assert read(tmp_path, azure_nsg, FORMS["array"])[0] == whole


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (FORMS["document"], ["azure-nsg"]),
        (FORMS["pretty"], ["azure-nsg"]),
        (json.dumps(vnet("x")).encode(), ["azure-vnet"]),
        (json.dumps({"records": [vnet("x")]}, indent=2).encode()[:700], ["azure-vnet"]),
        (b'{"text": "\\"category\\": \\"FlowLogFlowEvent\\""}', []),
        (b'# About "category": "FlowLogFlowEvent"', []),
        (b'{"records": []}', []),
        (b"", []),
        (b"\xff\xfe{", []),
    ],
)
def test_it_is_told_by_its_content(head: bytes, names: list[str]) -> None:
    assert [name for name, reader in FORMATS.items() if reader.sniff(head)] == names


@pytest.mark.skipif(not FLOWS.is_dir(), reason=f"real logs are not here: {FLOWS} (AUDITOR_CORPUS names their folder)")
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("azure_nsg_v1_docsample.json", "azure-nsg"),
        ("azure_nsg_v2_elastic.ndjson", "azure-nsg"),
        ("azure_vnet_v4_PT1H_docsample.json", "azure-vnet"),
    ],
)
def test_real_samples_are_read_whole(name: str, form: str) -> None:
    data = (FLOWS / name).read_bytes()
    assert [each for each, reader in FORMATS.items() if reader.sniff(data)] == [form]
    raw = [text.split(",") for text in re.findall(r'"(\d{10,13},[^"]+)"', data.decode())]
    found, _ = rows(FLOWS / name, FORMATS[form])
    assert raw
    assert states(found) == {("ok", ""): len(raw)}
    for row, fields in zip(found, raw, strict=True):
        assert [row["src_addr"], row["dst_addr"], str(row["src_port"]), str(row["dst_port"])] == fields[1:5]
        assert str(row["first_ns"]).rstrip("0") == fields[0].rstrip("0")
        if len(fields) > 8:
            assert [row[each] for each in TOTAL] == [int(field or 0) for field in fields[-4:]]
        assert (row["outcome"] == "rejected") == (fields[7] == "D")
