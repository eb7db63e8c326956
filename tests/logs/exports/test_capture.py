"""Exports in captures: on any port, and only what is wholly one."""

import random
from pathlib import Path

import pytest

from auditor.logs.exports import bound, capture, in_capture, prepare, shared, worth
from auditor.logs.model import Told
from auditor.read.scan import scan
from auditor.read.source import Source, sources
from tests.logs.exports import build
from tests.logs.exports.build import DST, SRC, five, flow, nine, part, record5, template, ten
from tests.read.files import Frame, ether, ip4, pcap, udp

TEMPLATE = nine(part(0, template(256, build.FLOW)))
DATA = nine(part(256, flow() * 2), sequence=2)
EXPORTER, COLLECTOR = "203.0.113.1", "203.0.113.99"


def captured(
    path: Path, *payloads: bytes, ports: tuple[int, int] = (50000, 2055), sources_of: str = EXPORTER
) -> Source:
    frames = [
        Frame(ether(ip4(udp(payload, *ports), src=sources_of, dst=COLLECTOR, protocol=17))) for payload in payloads
    ]
    path.write_bytes(pcap(frames))
    return sources([str(path)])[0]


def test_records_bear_the_number_of_their_packet_and_the_exporter(tmp_path: Path) -> None:
    found, told = build.read(captured(tmp_path / "a.pcap", TEMPLATE, DATA, ports=(1, 40404)))
    assert found["record"].to_list() == [2, 2]
    assert found["observer"].to_list() == [f"{EXPORTER} domain 7"] * 2
    assert found["src_addr"].to_list() == [SRC, SRC]
    assert not told.limits


@pytest.mark.parametrize("payload", [TEMPLATE, DATA, five([record5()]), ten(part(2, template(256, build.FLOW)))])
@pytest.mark.parametrize("port", [2055, 40404])
def test_the_first_pass_says_whether_a_second_is_worth_it(tmp_path: Path, payload: bytes, port: int) -> None:
    found = captured(tmp_path / "a.pcap", payload, ports=(50000, port))
    assert worth(scan([found], [0], workers=1))


def test_other_datagrams_are_not_worth_it_and_no_exports(tmp_path: Path) -> None:
    chance = random.Random(7)
    payloads = [chance.randbytes(chance.randrange(8, 200)) for _ in range(300)]
    payloads += [five([record5()]) + b"x", five([record5()])[:-1], five([record5()], clock=9)]
    payloads += [b"\0\x0a\0\x10" + bytes(12), b"\0\0\0\5\0\0\0\1" + bytes(30)]
    found = captured(tmp_path / "a.pcap", *payloads, ports=(50000, 40404))
    assert not worth(scan([found], [0], workers=1))
    assert build.read(found)[0].is_empty()


def test_what_begins_as_an_export_on_its_port_is_said_to_be_unread(tmp_path: Path) -> None:
    found, told = build.read(captured(tmp_path / "a.pcap", TEMPLATE + b"\1" * 8))
    assert found.is_empty()
    assert told.limits == {capture.UNREADABLE}


def test_templates_of_another_exporter_serve_nobody(tmp_path: Path) -> None:
    first = captured(tmp_path / "a.pcap", TEMPLATE)
    second = captured(tmp_path / "b.pcap", DATA, sources_of="203.0.113.2")
    assert build.read(first, second)[0]["status"].to_list() == ["unsupported"]
    third = captured(tmp_path / "c.pcap", DATA, ports=(50001, 2055))
    assert build.read(first, third)[0]["status"].to_list() == ["ok", "ok"]


def test_any_split_of_a_capture_tells_the_same(tmp_path: Path) -> None:
    turned = nine(part(0, template(256, [(12, 4), (8, 4), *build.FLOW[2:]])), sequence=3)
    payloads = [TEMPLATE, DATA, turned, nine(part(256, flow()), sequence=4), nine(part(256, flow()), sequence=9)]
    whole, told = build.read(captured(tmp_path / "a.pcap", *payloads))
    assert whole["src_addr"].to_list() == [SRC, SRC, DST, DST]
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        parts = [captured(tmp_path / f"{i}.pcap", payloads[i]) for i in order]
        known = prepare(parts)
        assert {each for part in parts for each in _read(part, known)[1].limits} == told.limits
        assert sorted(row for part in parts for row in _read(part, known)[0]) == sorted(whole["src_addr"].to_list())


def _read(source: Source, known: object) -> tuple[list[str], Told]:
    told = Told()
    return build.whole(in_capture(source, told, known))["src_addr"].to_list(), told  # type: ignore[arg-type]


def test_fragments_of_exports_are_said_to_be_unread(tmp_path: Path) -> None:
    payload = udp(five([record5()] * 30), 50000, 2055)
    first = ether(ip4(payload[:800], src=EXPORTER, dst=COLLECTOR, protocol=17, fragment=0x2000))
    rest = ether(ip4(payload[800:], src=EXPORTER, dst=COLLECTOR, protocol=17, fragment=100))
    (tmp_path / "a.pcap").write_bytes(pcap([Frame(first), Frame(rest)]))
    found, told = build.read(sources([str(tmp_path / "a.pcap")])[0])
    assert found.is_empty()
    assert told.limits == {capture.FRAGMENTED}


def test_a_capture_that_was_cut_short_tells_of_truncated_records(tmp_path: Path) -> None:
    frame = ether(ip4(udp(five([record5()] * 3), 50000, 2055), src=EXPORTER, dst=COLLECTOR, protocol=17))
    (tmp_path / "a.pcap").write_bytes(pcap([Frame(frame[:-60], wire=len(frame))]))
    found, _ = build.read(sources([str(tmp_path / "a.pcap")])[0])
    assert sorted(found["status"].to_list()) == ["ok", "truncated"]


def test_readers_that_know_all_inputs(tmp_path: Path) -> None:
    first = captured(tmp_path / "a.pcap", TEMPLATE)
    second = build.source(tmp_path / "b", DATA)
    readers = bound(prepare([first, second]))
    assert build.whole(readers["pcap"].read(first, Told())).is_empty()
    assert build.whole(readers["netflow"].read(second, Told()))["status"].to_list() == ["ok", "ok"]
    assert readers["netflow"].sniff(DATA)
    assert not readers["pcap"].sniff(DATA)


def test_more_exports_than_are_kept_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "ROOM", 100)
    found, _ = build.read(captured(tmp_path / "a.pcap", TEMPLATE, DATA), captured(tmp_path / "b.pcap", DATA))
    assert found["src_addr"].to_list() == [SRC] * 4
