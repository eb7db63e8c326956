"""NetFlow and IPFIX: templates, options and numbers, whatever order they and data come in."""

import struct
from pathlib import Path
from typing import Any

import pytest

from auditor.logs.exports import messages, records
from auditor.model import flow as FLOW_ROW
from tests.logs.exports import build
from tests.logs.exports.build import (
    CLOCK,
    DST,
    NS,
    SRC,
    TEMPLATE,
    flow,
    nine,
    one,
    part,
    rows,
    template,
    ten,
)


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


def test_withdrawn_templates_serve_nothing(tmp_path: Path) -> None:
    described, data = part(2, template(256, build.FLOW)), part(256, flow())
    for gone in (struct.pack(">HH", 256, 0), struct.pack(">HH", 2, 0)):
        found, _ = rows(tmp_path, ten(described) + ten(data) + ten(part(2, gone)) + ten(data))
        assert [row["status"] for row in found] == ["ok", "unsupported"]


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
