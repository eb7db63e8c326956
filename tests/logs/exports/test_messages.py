"""NetFlow and IPFIX: what records say."""

import struct
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.exports import netflow, records
from auditor.logs.exports import times as clocks
from tests.logs.exports import build
from tests.logs.exports.build import (
    CLOCK,
    DST,
    NS,
    SRC,
    TEMPLATE,
    five,
    flow,
    nine,
    one,
    part,
    record5,
    rows,
    template,
    ten,
)


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


def test_ipv6_and_labels(tmp_path: Path) -> None:
    fields = [(8, 4), (12, 4), (27, 16), (28, 16), (70, 3), (2, 4)]
    data = bytes(8) + build.ip("2001:db8::1") + build.ip("2001:db8::2") + b"abc" + struct.pack(">I", 1)
    row = one(tmp_path, ten(part(2, template(256, fields)), part(256, data)))
    assert (row["src_addr"], row["dst_addr"]) == ("2001:db8::1", "2001:db8::2")


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
