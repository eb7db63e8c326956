import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.logs import profiles, tables, together
from auditor.logs.cloud import FORMATS, aws, tgw, vpc
from auditor.logs.cloud.instants import ODD
from auditor.logs.lines import blocks
from tests.logs.cloud.reading import FLOWS, read, rows, states

START = 1_714_557_600
PLAIN = f"2 123456789012 eni-1 10.0.0.4 203.0.113.7 50000 443 6 12 3400 {START} {START + 60} ACCEPT OK"
NODATA = f"2 123456789012 eni-1 - - - - - - - {START} {START + 60} - NODATA"
SKIPPED = NODATA.replace("NODATA", "SKIPDATA")
VALUES: dict[str, Any] = {
    "version": 10, "account-id": "123456789012", "interface-id": "eni-1", "srcaddr": "10.0.0.4",
    "dstaddr": "203.0.113.7", "srcport": 50000, "dstport": 443, "protocol": 6, "packets": 12, "bytes": 3400,
    "start": START, "end": START + 60, "action": "ACCEPT", "log-status": "OK", "vpc-id": "vpc-1", "tcp-flags": 2,
    "region": "eu-west-1", "flow-direction": "egress",
}  # fmt: skip


def log(*records: dict[str, Any], **changes: Any) -> bytes:
    """Write records under a header; what they don't name stands as in VALUES, and None leaves a field out."""
    names = list({**VALUES, **_dashed(changes), **{k: 0 for each in records for k in each}})
    names = [name for name in names if _dashed(changes).get(name, 0) is not None]
    whole = [{**VALUES, **_dashed(changes), **each} for each in records or ({},)]
    lines = [names, *([str(each.get(name, "-")) for name in names] for each in whole)]
    return "".join(" ".join(line) + "\n" for line in lines).encode()


def _dashed(values: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in values.items()}


def test_the_default_format(tmp_path: Path) -> None:
    found, told = read(tmp_path, aws, "\n".join([PLAIN, NODATA, SKIPPED]).encode())
    assert states(found) == {("ok", ""): 1, ("no_address", vpc.NODATA): 1, ("no_address", vpc.SKIPDATA): 1}
    (row,) = [each for each in found if each["status"] == "ok"]
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (
        "10.0.0.4",
        50000,
        "203.0.113.7",
        443,
    )
    assert (row["src_packets"], row["src_bytes"], row["dst_packets"], row["dst_bytes"]) == (12, 3400, None, None)
    assert (row["first_ns"], row["last_ns"]) == (START * 10**9, (START + 60) * 10**9)
    assert (row["transport"], row["observer"], row["outcome"], row["opened"]) == ("tcp", "123456789012", None, "")
    assert told.limits == {vpc.SKIPPED}


@pytest.mark.parametrize("count", range(14, len(vpc.ORDER) + 1))
def test_the_fields_of_every_version_in_their_order(tmp_path: Path, count: int) -> None:
    names = vpc.ORDER[:count]
    line = " ".join(str(VALUES.get(name, "-")) for name in names).encode()
    assert aws.fields(line) == names
    (row,), _ = read(tmp_path, aws, line)
    assert (row["status"], row["src_addr"], row["observer"]) == (
        "ok",
        "10.0.0.4",
        "vpc-1" if count > 14 else "123456789012",
    )


@pytest.mark.parametrize(
    ("changes", "sites"),
    [
        ({}, ("aws/eu-west-1", "")),
        ({"flow_direction": "ingress"}, ("", "aws/eu-west-1")),
        ({"flow_direction": "-"}, ("", "")),
        ({"region": None}, ("", "")),
        ({"region": None, "az_id": "euw1-az2"}, ("aws/euw1-az2", "")),
        ({"az_id": "euw1-az2"}, ("aws/eu-west-1", "")),
        ({"sublocation_type": "localzone", "sublocation_id": "us-east-1-scl-1a"}, ("aws/us-east-1-scl-1a", "")),
        (
            {"sublocation_type": "wavelength", "sublocation_id": "eu-west-2-wl1-lon-wlz-1"},
            ("aws/eu-west-2-wl1-lon-wlz-1", ""),
        ),
        ({"sublocation_type": "localzone"}, ("", "")),
        ({"sublocation_id": "us-east-1-scl-1a"}, ("", "")),
        ({"sublocation_id": "-"}, ("aws/eu-west-1", "")),
        ({"sublocation_type": "outpost", "sublocation_id": "arn:aws:outposts:x"}, ("", "")),  # it stands anywhere
        ({"sublocation_type": "-", "sublocation_id": "-"}, ("aws/eu-west-1", "")),
        ({"pkt_srcaddr": "10.9.9.9"}, ("", "")),  # of what passes an interface, its region tells nothing
        ({"pkt_srcaddr": "10.0.0.4"}, ("aws/eu-west-1", "")),
        ({"region": "<script>"}, ("", "")),
        (dict.fromkeys(("interface_id", "vpc_id", "action")), ("", "")),  # it may be a transit gateway's
    ],
)
def test_where_the_interface_is(tmp_path: Path, changes: dict[str, Any], sites: tuple[str, str]) -> None:
    (row,), _ = read(tmp_path, aws, log(tcp_flags=0, **changes))
    assert (row["src_site"], row["dst_site"]) == sites


def test_the_true_ends_stand_in_the_packet(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, aws, log(pkt_srcaddr="198.51.100.9", pkt_dstaddr="-"))
    assert (row["src_addr"], row["dst_addr"]) == ("198.51.100.9", "203.0.113.7")


@pytest.mark.parametrize(
    ("flags", "opened", "turned", "src_flags"),
    [("2", "handshake", False, 2), ("3", "handshake", False, 19), ("18", "handshake", True, 18), ("0", "", False, 16),
     ("4", "", False, 4), ("1", "", False, 17)],
)  # fmt: skip
def test_flags_tell_who_opened(tmp_path: Path, flags: str, opened: str, turned: bool, src_flags: int) -> None:
    (row,), _ = read(tmp_path, aws, log(tcp_flags=flags))
    ends = (("203.0.113.7", 443), ("10.0.0.4", 50000))[:: 1 if turned else -1]
    assert ((row["src_addr"], row["src_port"]), (row["dst_addr"], row["dst_port"])) == ends
    sender = "dst" if turned else "src"
    assert (row["opened"], row[f"{sender}_flags"], row[f"{sender}_packets"]) == (opened, src_flags, 12)


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"action": "REJECT"}, "outcome", "rejected"),
        ({"action": "REJECT", "reject_reason": "BPA"}, "outcome", "rejected"),
        ({"encryption_status": "1"}, "encrypted", "yes"),
        ({"encryption_status": "3"}, "encrypted", "yes"),
        ({"encryption_status": "0"}, "encrypted", ""),
        ({"encryption_status": "-"}, "encrypted", ""),
        ({"protocol": "132", "tcp_flags": "0"}, "transport", "sctp"),
        ({"protocol": "253", "tcp_flags": "0"}, "transport", "ip/253"),
        ({"srcaddr": "=cmd()|<script>"}, "src_addr", "=cmd()|<script>"),
        ({"new_field": "x"}, "status", "ok"),
    ],
)
def test_what_else_a_record_tells(tmp_path: Path, changes: dict[str, Any], column: str, value: str) -> None:
    (row,), _ = read(tmp_path, aws, log(**changes))
    assert row[column] == value


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (START // 10, START, (START, START)),
        (START, "0", (START, START)),
        (START + 60, START, (0, 0)),
        (START - 10**7, START, (0, 0)),
        (0, 0, (0, 0)),
    ],
)
def test_times_that_can_not_be_right(tmp_path: Path, start: int, end: int, expected: tuple[int, int]) -> None:
    found, _ = read(tmp_path, aws, log({"start": start, "end": end}, {}))
    odd, whole = sorted(found, key=lambda row: row["record"])
    assert (odd["first_ns"], odd["last_ns"], odd["detail"]) == (*(each * 10**9 for each in expected), ODD)
    assert (whole["first_ns"], whole["last_ns"], whole["detail"]) == (START * 10**9, (START + 60) * 10**9, "")


def test_a_format_with_one_time_or_none(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, aws, log(start=None))
    assert (row["first_ns"], row["last_ns"], row["detail"]) == ((START + 60) * 10**9, (START + 60) * 10**9, "")
    (row,), _ = read(tmp_path, aws, log(start=None, end=None))
    assert (row["first_ns"], row["last_ns"], row["detail"]) == (0, 0, "")


@pytest.mark.parametrize("cut", range(40, len(PLAIN)))
def test_a_log_that_ends_within_a_line(tmp_path: Path, cut: int) -> None:
    found, _ = read(tmp_path, aws, f"{PLAIN}\n{PLAIN[:cut]}".encode())
    counted = states(found)
    assert sum(counted.values()) == 2
    assert counted["ok", ""] == 1
    assert {status for status, _ in counted} == {"ok", "malformed"}


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (PLAIN + " more", ("malformed", vpc.TORN)),
        (PLAIN.replace("50000", "70000"), ("malformed", vpc.NUMBERS)),
        (PLAIN.replace(" 12 ", " -12 "), ("malformed", vpc.NUMBERS)),
        (PLAIN.replace(" 12 ", f" {1 << 51} "), ("malformed", vpc.NUMBERS)),
        (PLAIN.replace("ACCEPT", "MAYBE"), ("malformed", vpc.TORN)),
        (PLAIN.replace(" OK", " WHO"), ("malformed", vpc.TORN)),
        ('"' + PLAIN, ("ok", "")),  # a stray quote joins no lines
        ("\xff\xfe", ("malformed", vpc.TORN)),
        ("x" * 10_000_000, ("malformed", vpc.TORN)),
        (PLAIN.replace("10.0.0.4 203.0.113.7", "- -"), ("no_address", vpc.NOBODY)),
    ],
)
def test_every_line_is_a_record(tmp_path: Path, line: str, state: tuple[str, str]) -> None:
    found, _ = read(tmp_path, aws, f"{PLAIN}\n\n{line}\n{PLAIN}\n".encode("latin-1"))
    expected = {("ok", ""): 2}
    expected[state] = expected.get(state, 0) + 1
    assert states(found) == expected


def test_files_put_together_have_several_headers(tmp_path: Path) -> None:
    data = log({}, {}) + log({}, region=None) + b"\n" + log({"srcport": 1}, new_field="x")
    found, _ = read(tmp_path, aws, data)
    assert states(found) == {("ok", ""): 4}
    assert {row["src_port"] for row in found} == {1, 50000}


def test_a_format_without_a_status_says_what_it_can_not_say(tmp_path: Path) -> None:
    found, told = read(tmp_path, aws, log({}, {"srcaddr": "-", "dstaddr": "-", "packets": "-"}, log_status=None))
    assert states(found) == {("ok", ""): 1, ("no_address", vpc.NOBODY): 1}
    assert told.notes == {vpc.UNTOLD}


def test_a_header_without_addresses_is_no_error(tmp_path: Path) -> None:
    names = "interface-id bytes packets log-status"
    found, told = read(tmp_path, aws, f"{names}\neni-1 3400 12 OK\neni-1 - - SKIPDATA\n".encode())
    assert states(found) == {("no_address", vpc.NOWHERE): 1, ("no_address", vpc.SKIPDATA): 1}
    assert told.limits == {vpc.SKIPPED}


GATEWAY: dict[str, Any] = {
    "version": 6, "resource-type": "TransitGateway", "account-id": "123456789012", "tgw-id": "tgw-1",
    "tgw-src-vpc-id": "vpc-1", "tgw-dst-vpc-id": "vpc-2", "tgw-src-az-id": "euw1-az1", "srcaddr": "10.0.0.4",
    "dstaddr": "203.0.113.7", "srcport": 50000, "dstport": 443, "protocol": 6, "packets": 12, "bytes": 3400,
    "start": START, "end": START + 60, "log-status": "OK", "type": "IPv4", "packets-lost-no-route": 0,
    "packets-lost-blackhole": 0, "packets-lost-mtu-exceeded": 0, "packets-lost-ttl-expired": 0, "tcp-flags": 2,
    "region": "eu-west-1", "flow-direction": "ingress",
}  # fmt: skip


def gateway(header: bool = False, **changes: Any) -> bytes:
    values = {**GATEWAY, **_dashed(changes)}
    line = " ".join(str(values.get(name, "-")) for name in vpc.TRANSIT)
    return (" ".join(vpc.TRANSIT) + "\n" if header else "").encode() + line.encode()


@pytest.mark.parametrize("header", [False, True])
def test_a_transit_gateway(tmp_path: Path, header: bool) -> None:
    (row,), told = read(tmp_path, tgw, gateway(header))
    assert (row["status"], row["src_addr"], row["dst_addr"], row["dst_port"]) == ("ok", "10.0.0.4", "203.0.113.7", 443)
    assert (row["observer"], row["src_site"], row["dst_site"]) == ("tgw-1", "", "")  # who sent it may be elsewhere
    assert (row["opened"], row["outcome"], row["src_packets"], row["dst_packets"]) == ("handshake", None, 12, None)
    assert not told.notes | told.limits


def test_what_a_gateway_lost_reached_nobody(tmp_path: Path) -> None:
    (row,), _ = read(tmp_path, tgw, gateway(packets_lost_blackhole=12))
    assert row["outcome"] == "unanswered"
    (row,), _ = read(tmp_path, tgw, gateway(packets_lost_blackhole=3))
    assert row["outcome"] is None


def test_a_gateway_with_nothing_to_tell(tmp_path: Path) -> None:
    empty = dict.fromkeys(("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes"), "-")
    found, told = read(tmp_path, tgw, gateway(True, **empty, log_status="SKIPDATA"))
    assert states(found) == {("no_address", vpc.SKIPDATA): 1}
    assert told.limits == {vpc.SKIPPED}


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (PLAIN.encode(), ["aws-vpc"]),
        (b"\n" + NODATA.encode(), ["aws-vpc"]),
        (log(), ["aws-vpc"]),
        (log(new_field="x"), ["aws-vpc"]),
        (f"2024-05-01T10:00:00.000Z {PLAIN}".encode(), ["aws-vpc"]),
        (gateway(), ["aws-tgw"]),
        (gateway(True), ["aws-tgw"]),
        (b"tgw-id tgw-attachment-id packets-lost-no-route\n", ["aws-tgw"]),
        (b"srcaddr and dstaddr are the ends of a flow\n", []),
        (b"version start end\n", []),
        (b"2 3 4 5 6 7 8 9 10 11 12 13 14 15\n", []),
        (b"# " + PLAIN.encode(), []),
        (b"9" * 5000 + PLAIN.encode(), []),
        (b"\xff" * 100, []),
        (b"", []),
    ],
)
def test_it_is_told_by_its_content(head: bytes, names: list[str]) -> None:
    assert [name for name, reader in FORMATS.items() if reader.sniff(head)] == names


@pytest.mark.skipif(not FLOWS.is_dir(), reason=f"real logs are not here: {FLOWS} (AUDITOR_CORPUS names their folder)")
@pytest.mark.parametrize(
    ("name", "form", "header"),
    [
        ("aws_vpc_v2_flowlogs_reader.log", "aws-vpc", False),
        ("aws_vpc_v2_mixed.log", "aws-vpc", False),
        ("aws_vpc_v3_header.log", "aws-vpc", True),
        ("aws_vpc_v5_all_fields_noheader.log", "aws-vpc", False),
        ("aws_tgw_v6_header.log", "aws-tgw", True),
    ],
)
def test_real_samples_are_read_whole(name: str, form: str, header: bool) -> None:
    data = (FLOWS / name).read_text()
    assert [each for each, reader in FORMATS.items() if reader.sniff(data.encode())] == [form]
    found, _ = rows(FLOWS / name, FORMATS[form])
    lines = [line for line in data.splitlines() if line.strip()][header:]
    assert sum(row["records"] for row in found) == len(lines)
    addresses = [re.findall(r"(?<=\s)(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:]+)(?=\s)", line) for line in lines]
    for row in found:
        (told,) = addresses[row["record"] - 1 - header : row["record"] - header]
        assert (row["status"] == "ok") == bool(told)
        if told:
            assert {row["src_addr"], row["dst_addr"]} <= {*told}


def test_files_put_together_may_hold_nothing_that_can_be_read(tmp_path: Path) -> None:
    header = log().partition(b"\n")[0] + b"\n"
    found, _ = read(tmp_path, aws, header + b"torn\n" + header + b"torn\n" + header)
    assert states(found) == {("malformed", vpc.TORN): 2}


@pytest.mark.parametrize("size", [1, 100, 250, 1 << 20])
def test_a_header_holds_wherever_a_block_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    one, other = log({}).partition(b"\n")[0], b"srcaddr dstaddr interface-id srcport dstport packets bytes protocol"
    lines = [one, log({}).split(b"\n")[1], other, b"192.0.2.1 192.0.2.2 eni-1 5 6 1 40 6", b"", other] * 3
    lines += [b"srcaddr dstaddr", b"srcaddr what ever 5 6 1 40 6"]
    monkeypatch.setattr(aws, "blocks", partial(blocks, size=size))
    found, _ = read(tmp_path, aws, b"\n".join(lines))
    assert states(found) == {("ok", ""): 7, ("malformed", vpc.NUMBERS): 1}  # what only begins like a header is a record
    assert {row["src_port"] for row in found if row["status"] == "ok"} == {50000, 5}


def test_thousands_of_headers_take_no_longer_than_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(aws, "table", lambda *given: calls.append(1) or tables.table(*given))
    pair = log({}) + b"srcaddr dstaddr interface-id srcport\n192.0.2.1 192.0.2.2 eni-1 5\n"
    found, _ = read(tmp_path, aws, pair * 2_000)
    assert sum(states(found).values()) == 4_000
    assert len(calls) < 10
    monkeypatch.setattr(aws, "HEADERS", 1)
    found, _ = read(tmp_path, aws, pair * 3)
    assert states(found)["malformed", aws.MANY] == 3


OTHERS = [
    PLAIN.replace("10.0.0.4", "2001:db8::4"), PLAIN.replace("443", "-"), PLAIN.replace("443", "\t443"),
    PLAIN.replace("443", "+443"), PLAIN.replace("443", "70000"), PLAIN + " more", PLAIN[:60], "", NODATA, SKIPPED,
    PLAIN.replace("10.0.0.4", "-"), PLAIN.replace("10.0.0.4", "10.0.0.04"), PLAIN.replace("eni-1", "\udcff"),
    PLAIN.replace("eni-1", '"eni'), " ".join(vpc.ORDER[:14]), " ".join([*vpc.ORDER[1:14], "version"]),
    " ".join([*vpc.ORDER[:3], "dstaddr", "srcaddr", *vpc.ORDER[5:14]]),
]  # fmt: skip
"""Lines that are odd in some way, among them headers: the same names, and others."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from([PLAIN, *OTHERS]), st.integers(1, 9)), min_size=1, max_size=6))
def test_records_that_are_read_quickly_tell_what_their_text_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[tuple[str, int]]
) -> None:
    lines = [line for odd, count in parts for line in [PLAIN] * count + [odd]]
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    monkeypatch.setattr(aws, "typed", tables.typed)
    quick = read(tmp_path, aws, data)
    monkeypatch.setattr(aws, "typed", lambda *given: None)
    assert _told(*quick) == _told(*read(tmp_path, aws, data))


def _told(found: list[dict[str, Any]], told: Any) -> Any:
    return sorted(map(repr, found)), told


def test_few_odd_records_are_read_again_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    monkeypatch.setattr(aws, "table", lambda block, *more: sizes.append(block.lines) or tables.table(block, *more))
    found, _ = read(tmp_path, aws, "\n".join([PLAIN] * 9 + [NODATA] + [PLAIN] * 9).encode())
    assert sizes == [1]
    assert states(found) == {("ok", ""): 18, ("no_address", vpc.NODATA): 1}
    assert [row["record"] for row in found if row["status"] != "ok"] == [10]


def test_accounts_that_there_is_no_room_for_are_not_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 3)
    found, told = read(tmp_path, aws, log(*({"account-id": f"10000000000{number}"} for number in range(5))))
    assert states(found) == {("ok", ""): 3, ("unsupported", profiles.MANY): 2}
    assert told.limits == {profiles.CROWDED}
    assert [row["record"] for row in found if row["status"] != "ok"] == [5]
