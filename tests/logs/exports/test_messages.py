"""NetFlow and IPFIX: what records say, whatever order templates and data come in."""

import struct
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.exports import messages, netflow, records
from auditor.logs.exports import times as clocks
from auditor.model import flow as FLOW_ROW
from tests.logs.exports import build
from tests.logs.exports.build import CLOCK, DST, SRC, five, flow, nine, part, record5, rows, template, ten

NS = 10**9
TEMPLATE = part(0, template(256, build.FLOW))


def one(path: Path, data: bytes) -> dict[str, Any]:
    found, _ = rows(path, data)
    assert len(found) == 1
    return found[0]


def test_version_5_tells_ends_counts_flags_and_times(tmp_path: Path) -> None:
    row = one(tmp_path, five([record5()]))
    assert (row["src_addr"], row["src_port"], row["dst_addr"], row["dst_port"]) == (SRC, 40000, DST, 443)
    assert (row["transport"], row["src_packets"], row["src_bytes"], row["dst_packets"]) == ("tcp", 3, 180, None)
    assert (row["src_flags"], row["dst_flags"], row["status"], row["outcome"]) == (0x1A, None, "ok", None)
    assert (row["first_ns"], row["last_ns"]) == (CLOCK * NS - 10 * NS, CLOCK * NS - 5 * NS)


def test_the_exporters_clock_wraps(tmp_path: Path) -> None:
    row = one(tmp_path, five([record5(first=(1 << 32) - 1000, last=500)], uptime=2000))
    assert (row["first_ns"], row["last_ns"]) == (CLOCK * NS - 3 * NS, CLOCK * NS - 1_500_000_000)


def test_icmp_has_no_ports_and_no_flags(tmp_path: Path) -> None:
    row = one(tmp_path, five([record5(protocol=1, ports=(0, 0x0800), flags=0)]))
    assert (row["transport"], row["src_port"], row["dst_port"], row["src_flags"]) == ("icmp", 0, 0, None)


def test_sampling_in_the_header_scales_counts(tmp_path: Path) -> None:
    found, told = rows(tmp_path, five([record5()], sampling=0x4000 | 50))
    assert (found[0]["src_packets"], found[0]["src_bytes"]) == (150, 9000)
    assert told.notes == {records.RATES.format(50)}


@pytest.mark.parametrize("kind", [1, 7])
def test_versions_1_and_7(tmp_path: Path, kind: int) -> None:
    ends = build.ip(SRC) + build.ip(DST) + bytes(8) + struct.pack(">IIIIHH", 3, 180, 90_000, 95_000, 40000, 443)
    body = ends + (bytes(2) + b"\6\0\x1a" + bytes(11) if kind == 1 else bytes(2) + b"\6\0" + bytes(12))
    head = struct.pack(">HHIII", kind, 1, 100_000, CLOCK, 0) + (b"" if kind == 1 else bytes(8))
    row = one(tmp_path, head + body)
    assert (row["src_addr"], row["dst_addr"], row["dst_port"], row["src_packets"]) == (SRC, DST, 443, 3)
    assert row["transport"] == "tcp"
    assert row["src_flags"] == (0x1A if kind == 1 else None)


@pytest.mark.parametrize("turned", [False, True])
def test_templates_serve_data_before_and_behind_them(tmp_path: Path, turned: bool) -> None:
    datagrams = [nine(TEMPLATE, sequence=1), nine(part(256, flow()), sequence=2)]
    row = one(tmp_path, b"".join(reversed(datagrams) if turned else datagrams))
    assert (row["src_addr"], row["dst_addr"], row["src_bytes"], row["observer"]) == (SRC, DST, 180, "domain 7")
    assert (row["first_ns"], row["last_ns"]) == (CLOCK * NS - 10 * NS, CLOCK * NS - 5 * NS)


def test_templates_of_one_file_serve_another(tmp_path: Path) -> None:
    first = build.source(tmp_path / "a", nine(TEMPLATE))
    second = build.source(tmp_path / "b", nine(part(256, flow())))
    for order in ((first, second), (second, first)):
        found, _ = build.read(*order)
        assert found["status"].to_list() == ["ok"]


def test_files_that_disagree_leave_a_third_open(tmp_path: Path) -> None:
    other = part(0, template(256, [(12, 4), (8, 4), *build.FLOW[2:]]))
    sources = [
        build.source(tmp_path / name, data)
        for name, data in {"a": nine(TEMPLATE), "b": nine(other), "c": nine(part(256, flow()))}.items()
    ]
    found, _ = build.read(*sources)
    assert found["status"].to_list() == [FLOW_ROW.UNSUPPORTED]
    assert found["detail"].to_list() == [messages.NO_TEMPLATE["exporters that can't be told apart disagree"]]


def test_no_template_no_row_but_a_count(tmp_path: Path) -> None:
    row = one(tmp_path, nine(part(300, flow())))
    assert (row["status"], row["detail"], row["records"]) == ("unsupported", "no template for this set", 1)


def test_a_template_of_another_domain_is_none(tmp_path: Path) -> None:
    assert one(tmp_path, nine(TEMPLATE, domain=1) + nine(part(256, flow()), domain=2))["status"] == "unsupported"


def test_the_last_definition_counts(tmp_path: Path) -> None:
    turned = part(0, template(256, [(12, 4), (8, 4), *build.FLOW[2:]]))
    data = part(256, flow())
    found, _ = rows(tmp_path, nine(TEMPLATE) + nine(data) + nine(turned) + nine(data))
    assert [row["src_addr"] for row in found] == [SRC, DST]


def test_padding_is_none_of_the_records_and_other_rests_are_told(tmp_path: Path) -> None:
    assert one(tmp_path, nine(TEMPLATE, part(256, flow() + b"\0\1\2")))["status"] == "ok"
    found, _ = rows(tmp_path, nine(TEMPLATE, part(256, flow() + b"\1" * 8)))
    assert sorted(row["status"] for row in found) == ["malformed", "ok"]


def test_a_cut_datagram_keeps_what_is_whole(tmp_path: Path) -> None:
    found, _ = rows(tmp_path, nine(TEMPLATE, part(256, flow() * 3))[:-10])
    assert sorted(row["status"] for row in found) == ["ok", "ok", "truncated"]
    found, _ = rows(tmp_path, five([record5()] * 3)[:-10])
    assert sorted(row["status"] for row in found) == ["ok", "ok", "truncated"]


def test_what_is_no_export_is_lost_and_counted(tmp_path: Path) -> None:
    found, told = rows(tmp_path, five([record5()]) + b"no export")
    assert [row["status"] for row in found] == ["ok"]
    assert sum(told.lost.values()) == 9


def test_a_count_that_lies_leaves_the_records_that_are_there(tmp_path: Path) -> None:
    data = bytearray(five([record5()] * 30))
    data[2] = 0xD9
    found, told = rows(tmp_path, bytes(data))
    assert [row["status"] for row in found] == ["ok"] * 30
    assert not told.lost


def test_ipfix_times_of_every_kind(tmp_path: Path) -> None:
    seconds, rest = CLOCK + 2_208_988_800, 1 << 31
    wire = (seconds << 32 | rest).to_bytes(8, "big")
    for fields, values, first in (
        (((150, 4), (151, 4)), struct.pack(">II", CLOCK, CLOCK + 1), CLOCK * NS),
        (((152, 8), (153, 8)), struct.pack(">QQ", CLOCK * 1000 + 5, CLOCK * 1000 + 9), CLOCK * NS + 5 * 10**6),
        (((154, 8), (155, 8)), wire * 2, CLOCK * NS + NS // 2),
        (((156, 8), (157, 8)), wire * 2, CLOCK * NS + NS // 2),
        (((158, 4), (159, 4)), struct.pack(">II", 2_000_000, 1_000_000), CLOCK * NS - 2 * NS),
        (((323, 8),), struct.pack(">Q", CLOCK * 1000), CLOCK * NS),
        (((150, 4), (161, 4)), struct.pack(">II", CLOCK - 9, 3000), (CLOCK - 9) * NS),
        (((160, 8), (22, 4), (21, 4)), struct.pack(">QII", (CLOCK - 60) * 1000, 1000, 2000), (CLOCK - 59) * NS),
    ):
        described = part(2, template(300, [(8, 4), (12, 4), *fields]))
        row = one(tmp_path, ten(described, part(300, build.ip(SRC) + build.ip(DST) + values)))
        assert (row["first_ns"], row["status"], row["detail"]) == (first, "ok", ""), fields


def test_a_start_in_options_places_records_of_uptimes_over_wraps(tmp_path: Path) -> None:
    turn = 1 << 32
    options = part(3, struct.pack(">HHH", 301, 2, 1) + struct.pack(">HHHH", 149, 4, 160, 8))
    said = part(301, struct.pack(">IQ", 7, CLOCK * 1000 - turn - 60_000))
    described = part(2, template(300, [(8, 4), (12, 4), (22, 4), (21, 4)]))
    data = part(300, build.ip(SRC) + build.ip(DST) + struct.pack(">II", 1000, 2000))
    found, _ = rows(tmp_path, ten(described, options) + ten(data) + ten(said))
    flows = [row for row in found if row["status"] == "ok"]
    assert [row["first_ns"] for row in flows] == [CLOCK * NS - 59 * NS]
    assert [row["detail"] for row in found if row["status"] == "no_address"] == [messages.OPTIONS]


@pytest.mark.parametrize(("first", "last"), [(0xFFFF_FFFF_FFFF_FFFF, CLOCK * 1000), (1000, CLOCK * 1000)])
def test_times_out_of_range_take_the_other(tmp_path: Path, first: int, last: int) -> None:
    described = part(2, template(300, [(8, 4), (12, 4), (152, 8), (153, 8)]))
    row = one(tmp_path, ten(described, part(300, build.ip(SRC) + build.ip(DST) + struct.pack(">QQ", first, last))))
    assert (row["first_ns"], row["last_ns"], row["detail"]) == (CLOCK * NS, CLOCK * NS, clocks.ABSURD)


def test_fields_of_any_length_enterprises_and_both_directions(tmp_path: Path) -> None:
    fields = [(8, 4), (96, 65535), (12, 4), (9999, 3, 4242), (1, 3), (2, 8), (1, 4, 29305), (2, 4, 29305), (239, 1)]
    name = b"\xff\x01\x00" + b"x" * 256
    first = build.ip(SRC) + b"\4name" + build.ip(DST) + b"abc" + b"\0\0\x64" + struct.pack(">QIIB", 2, 50, 1, 1)
    second = build.ip(DST) + name + build.ip(SRC) + b"abc" + b"\0\0\x64" + struct.pack(">QIIB", 2, 0, 0, 2)
    found, _ = rows(tmp_path, ten(part(2, template(300, fields)), part(300, first + second + bytes(3))))
    assert [(row["src_addr"], row["src_bytes"], row["dst_bytes"], row["opened"]) for row in found] == [
        (SRC, 100, 50, "handshake"), (SRC, 0, 100, "handshake"),
    ]  # fmt: skip
    assert [(row["src_packets"], row["dst_packets"]) for row in found] == [(2, 1), (0, 2)]


def test_sampling_by_options_of_samplers_interfaces_and_all(tmp_path: Path) -> None:
    def rated(fields: list[tuple[int, int]], values: bytes, own: list[tuple[int, int]], more: bytes) -> tuple[int, Any]:
        count = len(fields)
        options = struct.pack(">HHH", 301, 4, 4 * (count - 1)) + b"".join(struct.pack(">HH", *each) for each in fields)
        described = part(0, template(300, [(8, 4), (12, 4), (2, 4), *own]))
        data = part(300, build.ip(SRC) + build.ip(DST) + struct.pack(">I", 1) + more)
        found, told = rows(tmp_path, nine(part(1, options), described) + nine(data) + nine(part(301, values)))
        return next(row["src_packets"] for row in found if row["status"] == "ok"), told

    sampler = [(1, 4), (48, 1), (49, 1), (50, 4)]
    assert rated(sampler, struct.pack(">IBBI", 0, 3, 2, 100), [(48, 1)], b"\3")[0] == 100
    packets, told = rated(sampler, struct.pack(">IBBI", 0, 4, 2, 100), [(48, 1)], b"\3")
    assert (packets, told.notes) == (1, {records.UNKNOWN})
    interface = [(2, 4), (34, 4)]
    assert rated(interface, struct.pack(">II", 9, 20), [(10, 4)], struct.pack(">I", 9))[0] == 20
    assert rated(interface, struct.pack(">II", 9, 20), [(10, 4)], struct.pack(">I", 8))[0] == 1
    assert rated([(1, 4), (34, 4)], struct.pack(">II", 0, 30), [], b"")[0] == 30
    assert rated([(1, 4), (305, 4), (306, 4)], struct.pack(">III", 0, 1, 99), [], b"")[0] == 100
    assert rated([(1, 4), (311, 8)], struct.pack(">Id", 0, 0.002), [], b"")[0] == 500


def test_firewall_events_tell_who_opened_and_how_it_ended(tmp_path: Path) -> None:
    fields = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (40002, 4), (40004, 2), (233, 1), (231, 4), (232, 4), (323, 8)]

    def event(number: int, there: int, back: int, real: str = "0.0.0.0") -> bytes:
        ends = build.ip(SRC) + build.ip("203.0.113.7") + struct.pack(">HHB", 40000, 443, 6) + build.ip(real)
        return ends + struct.pack(">HBIIQ", 8443 if real != "0.0.0.0" else 0, number, there, back, CLOCK * 1000)

    data = part(256, event(2, 900, 800, DST) + event(3, 0, 0) + event(2, 60, 0))
    found, _ = rows(tmp_path, nine(part(0, template(256, fields)), data))
    assert [row["outcome"] for row in found] == ["", "rejected", None]
    assert [(row["src_bytes"], row["dst_bytes"]) for row in found] == [(900, 800), (0, 0), (60, 0)]
    assert [row["dst_addr"] for row in found] == [DST, "203.0.113.7", "203.0.113.7"]
    assert [row["dst_port"] for row in found] == [8443, 443, 443]
    assert {row["opened"] for row in found} == {"handshake"}


def test_nat_events_without_counts_are_attempts_and_bindings_no_traffic(tmp_path: Path) -> None:
    fields = [(230, 1), (4, 1), (8, 4), (225, 4), (12, 4), (323, 8)]

    def event(dst: str) -> bytes:
        return b"\1\6" + build.ip(SRC) + build.ip("203.0.113.1") + build.ip(dst) + struct.pack(">Q", CLOCK * 1000)

    found, _ = rows(tmp_path, ten(part(2, template(256, fields)), part(256, event(DST) + event("0.0.0.0"))))
    assert [(row["status"], row["outcome"]) for row in found] == [("ok", "unanswered"), ("no_address", "unanswered")]
    assert found[1]["detail"] == records.BINDING
    assert found[1]["src_addr"] is None


@pytest.mark.parametrize(
    ("fields", "status", "detail"),
    [
        ([(16, 4), (17, 4), (1, 4)], "unsupported", records.NAMELESS),
        ([(44, 4), (45, 4), (1, 4)], "unsupported", records.AGGREGATED),
        ([(12, 4), (1, 4)], "unsupported", records.AGGREGATED),
        ([(56, 6), (80, 6), (1, 4)], "no_address", records.FRAMES),
        ([(10, 4), (14, 4)], "no_address", records.NOTHING),
        ([(8, 5), (12, 4)], "unsupported", records.LENGTHS),
    ],
)
def test_records_that_name_no_ends_say_why(tmp_path: Path, fields: Any, status: str, detail: str) -> None:
    body = b"\1" * sum(length for _, length in fields)
    row = one(tmp_path, nine(part(0, template(256, fields)), part(256, body * 3)))
    assert (row["status"], row["detail"], row["records"]) == (status, detail, 3)


def test_one_end_of_zeros_is_not_taken_for_a_place(tmp_path: Path) -> None:
    found, _ = rows(tmp_path, five([record5(src="0.0.0.0"), record5(src="0.0.0.0", dst="255.255.255.255")]))
    assert [(row["status"], row["detail"]) for row in found] == [("unsupported", records.ONE_END), ("ok", "")]


def test_withdrawn_templates_serve_nothing(tmp_path: Path) -> None:
    described, data = part(2, template(256, build.FLOW)), part(256, flow())
    for gone in (struct.pack(">HH", 256, 0), struct.pack(">HH", 2, 0)):
        found, _ = rows(tmp_path, ten(described) + ten(data) + ten(part(2, gone)) + ten(data))
        assert [row["status"] for row in found] == ["ok", "unsupported"]


def test_ipv6_and_labels(tmp_path: Path) -> None:
    fields = [(8, 4), (12, 4), (27, 16), (28, 16), (70, 3), (2, 4)]
    data = bytes(8) + build.ip("2001:db8::1") + build.ip("2001:db8::2") + b"abc" + struct.pack(">I", 1)
    row = one(tmp_path, ten(part(2, template(256, fields)), part(256, data)))
    assert (row["src_addr"], row["dst_addr"]) == ("2001:db8::1", "2001:db8::2")


@pytest.mark.parametrize("step", [2, 3])
def test_gaps_in_numbers_are_no_clean_bill(tmp_path: Path, step: int) -> None:
    data = part(256, flow())
    numbers = [1, 2, 2 + step, 3 + step]
    _, told = rows(tmp_path, b"".join(nine(TEMPLATE, data, sequence=number) for number in numbers))
    assert told.limits == {messages.MISSING}


@pytest.mark.parametrize("numbers", [[1, 2, 3], [3, 1, 2], [1, 2, 2, 3], [0, 0, 0], [4294967295, 0, 1], [9, 10, 1, 2]])
def test_numbers_late_twice_wrapped_or_new_are_no_gaps(tmp_path: Path, numbers: list[int]) -> None:
    data = part(256, flow())
    clocks_of = [CLOCK + (5 if number < numbers[0] and numbers[0] == 9 else 0) for number in numbers]
    both = zip(numbers, clocks_of, strict=True)
    _, told = rows(tmp_path, b"".join(nine(TEMPLATE, data, sequence=n, clock=c) for n, c in both))
    assert not told.limits


def test_numbers_of_ipfix_count_records_before_or_with_those_of_the_message(tmp_path: Path) -> None:
    described, data = part(2, template(256, build.FLOW)), part(256, flow() * 5)
    for numbers in ([0, 5, 10], [5, 10, 15], [1, 2, 3]):
        _, told = rows(tmp_path, b"".join(ten(described, data, sequence=number) for number in numbers))
        assert not told.limits, numbers
    _, told = rows(tmp_path, ten(described, data, sequence=0) + ten(data, sequence=12))
    assert told.limits == {messages.MISSING}


def test_hours_between_exports_are_said_and_no_loss(tmp_path: Path) -> None:
    data = part(256, flow())
    _, told = rows(tmp_path, nine(TEMPLATE, data) + nine(data, sequence=900, clock=CLOCK + 7200))
    assert not told.limits
    assert told.notes == {messages.SILENT}


def test_sniffing_wants_a_datagram_and_what_follows(tmp_path: Path) -> None:
    good = five([record5()])
    assert netflow.sniff(good)
    assert netflow.sniff(good * 100)
    assert netflow.sniff(nine(TEMPLATE, part(256, flow())))
    assert not netflow.sniff(ten(part(2, template(256, build.FLOW))))
    assert not netflow.sniff(good + b"something else")
    assert not netflow.sniff(five([record5()], clock=5))
    for text in (b"", b"\0", b"\0\5", b"version,account", b"\0\5\0\1" + bytes(10), bytes(5000)):
        assert not netflow.sniff(text)
