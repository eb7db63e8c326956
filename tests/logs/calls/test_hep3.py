import struct
import zlib
from ipaddress import ip_address
from pathlib import Path

import polars as pl
import pytest

import auditor
from auditor.logs.calls import hep3
from auditor.logs.calls.hep import Copy, decoded, from_file
from auditor.logs.fold import complete
from auditor.logs.model import Told
from auditor.read.source import Source
from tests.logs.calls.reading import rows, source, table

A, B = "203.0.113.5", "198.51.100.9"


def invite(call: str = "abc@example.org", via: str = "") -> bytes:
    return (
        f"INVITE sip:b@{B} SIP/2.0\r\nVia: SIP/2.0/UDP {A}:5060;branch=z9hG4bK1\r\n{via}Call-ID: {call}\r\n"
        f"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def answer(call: str = "abc@example.org") -> bytes:
    return f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {A}:5060\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n\r\n".encode()


def chunk(kind: int, value: bytes, vendor: int = 0) -> bytes:
    return struct.pack(">HHH", vendor, kind, 6 + len(value)) + value


def message(
    payload: bytes, src: str = A, dst: str = B, *, protocol: int = 17, kind: int = 1, agent: int | None = 2001,
    packed: bool = False, call: bytes = b"",
) -> bytes:  # fmt: skip
    ends = [ip_address(src), ip_address(dst)]
    first = 3 if ends[0].version == 4 else 5
    chunks = [
        chunk(1, bytes([2 if first == 3 else 10])), chunk(2, bytes([protocol])),
        chunk(first, ends[0].packed), chunk(first + 1, ends[1].packed),
        chunk(7, struct.pack(">H", 5060)), chunk(8, struct.pack(">H", 5080)),
        chunk(9, struct.pack(">I", 1_585_735_200)), chunk(10, struct.pack(">I", 250_000)), chunk(11, bytes([kind])),
        chunk(12, struct.pack(">I", agent)) if agent is not None else b"", chunk(14, b"secret"),
        chunk(99, b"anything", vendor=7), chunk(17, call) if call else b"",
        chunk(16, zlib.compress(payload)) if packed else chunk(15, payload),
    ]  # fmt: skip
    body = b"".join(chunks)
    return b"HEP3" + struct.pack(">H", 6 + len(body)) + body


NAMES = ("record", "records", "src_addr", "src_port", "dst_addr", "dst_port", "transport", "session", "observer")


@pytest.mark.parametrize(("src", "dst"), [(A, B), ("2001:db8::5", "2001:db8::9")])
@pytest.mark.parametrize("packed", [False, True])
def test_messages_are_a_call(tmp_path: Path, src: str, dst: str, packed: bool) -> None:
    back = message(answer(), dst, src, packed=packed)
    data = message(invite(), src, dst, packed=packed) + back.replace(
        chunk(7, struct.pack(">H", 5060)) + chunk(8, struct.pack(">H", 5080)),
        chunk(7, struct.pack(">H", 5080)) + chunk(8, struct.pack(">H", 5060)),
    )
    found = table(hep3, tmp_path, data)
    told = found.filter(basis="reported")
    assert told.select(NAMES).rows() == [
        (1, 2, src, 5060, dst, 5080, "udp", "abc@example.org", "hep:2001"),
    ]
    assert told.select("app", "plane", "encrypted", "outcome").rows() == [("sip", "signalling", "no", "")]
    assert told["first_ns"].to_list() == [1_585_735_200_250_000_000]


def test_streams_show_no_encryption(tmp_path: Path) -> None:
    data = message(invite(), protocol=6) + message(invite("other"), protocol=6)
    found = table(hep3, tmp_path, data)
    assert found["records"].sum() == 2
    assert set(found["transport"]) == {"tcp"}
    assert set(found["encrypted"]) == {""}
    assert set(found["session"]) == {"abc@example.org", "other"}


def test_elements_on_the_way_are_attested(tmp_path: Path) -> None:
    data = message(invite(via="Via: SIP/2.0/UDP 192.0.2.66:5062;branch=z2\r\n"))
    found = rows(hep3, tmp_path, data, "basis", "dst_addr", "dst_port", "records")
    assert ("attested", "192.0.2.66", 5062, 0) in found


def test_agents_see_their_own_networks(tmp_path: Path) -> None:
    data = message(invite(), "10.0.0.1", "10.0.0.2") + message(invite("x"), "10.0.0.1", "10.0.0.2", agent=7)
    data += message(invite("y"), "10.0.0.1", "10.0.0.2", agent=None)
    found = rows(hep3, tmp_path, data, "record", "observer", "session")
    assert sorted(found) == [(1, "hep:2001", "abc@example.org"), (2, "hep:7", "x"), (3, "", "y")]


def test_reports_of_media_and_lines_of_logs(tmp_path: Path) -> None:
    data = message(b'{"ssrc":1}', kind=5, call=b"abc@example.org") + message(b"a line", kind=100)
    data += message(invite(), protocol=132) + message(b"", kind=1)
    found = table(hep3, tmp_path, data)
    assert found.select("record", "records", "status", "plane", "session").rows() == [
        (1, 1, "ok", "media", "abc@example.org"),
        (2, 1, "no_address", "unknown", None),
        (3, 1, "unsupported", "unknown", None),
        (4, 1, "no_address", "unknown", None),
    ]


def test_damage_is_counted(tmp_path: Path) -> None:
    broken = message(invite()).replace(chunk(2, b"\x11"), struct.pack(">HHH", 0, 2, 900) + b"\x11")
    bomb = message(b"x" * 10_000_000, packed=True)
    told = Told()
    data = message(invite()) + b"noise" + broken + bomb + message(invite("z"))[:-4]
    found = table(hep3, tmp_path, data, told)
    counted = found.group_by("status").agg(pl.col("records").sum()).sort("status")
    assert counted.rows() == [("malformed", 3), ("ok", 1)]
    assert told.lost == {"no message of HEP": 5}


def test_any_cut_of_the_stream_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.logs.calls import hep

    data = message(invite()) + b"HEP" + message(b"log", kind=100) + message(invite("z"))
    expected = list(from_file(source(tmp_path, data), Told()))
    assert len(expected) == 3
    for size in (1, 7, 64):
        monkeypatch.setattr(hep, "PIECE", size)
        told = Told()
        assert list(from_file(source(tmp_path, data), told)) == expected
        assert told.lost == {"no message of HEP": 3}


def capture(payloads: list[bytes], protocol: int) -> bytes:
    """Write payloads between an agent and its collector as a capture of raw IP."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
    number = 1
    for payload in payloads:
        if protocol == 17:
            body = struct.pack(">HHHH", 40_000, 9060, 8 + len(payload), 0) + payload
        else:
            body = struct.pack(">HHIIBBHHH", 40_000, 9060, number, 1, 0x50, 0x18, 1000, 0, 0) + payload
            number += len(payload)
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
        packet = head + ip_address("192.0.2.1").packed + ip_address("192.0.2.2").packed + body
        out += struct.pack("<IIII", 1_585_735_201, 0, len(packet), len(packet)) + packet
    return out


def carried(path: Path, data: bytes) -> pl.DataFrame:
    (path / "c.pcap").write_bytes(data)
    given = Source("c.pcap", str(path / "c.pcap"), len(data), "pcap")
    return pl.concat([complete(each).collect() for each in hep3.carried(given, Told())])


def test_messages_that_travel_in_a_capture(tmp_path: Path) -> None:
    found = carried(tmp_path, capture([b"other", message(invite()), message(b"x", kind=100)], 17))
    assert found.select(NAMES).rows() == [
        (2, 0, A, 5060, B, 5080, "udp", "abc@example.org", "hep:2001"),
    ]


def test_copies_are_no_packets_of_the_capture(tmp_path: Path) -> None:
    path = tmp_path / "copies.pcap"
    path.write_bytes(capture([message(invite()), message(answer(), B, A)], 17))
    found = auditor.audit([path])
    assert (found.report.coverage.packets, dict(found.report.coverage.records)) == (2, {"ok": 2})
    assert {(A, B)} <= set(found.located.frame.filter(basis="reported").select("src_addr", "dst_addr").iter_rows())


def test_messages_in_pieces_of_a_stream(tmp_path: Path) -> None:
    both = message(invite()) + message(invite("second"))
    found = carried(tmp_path, capture([both[:100], both[100:400], both[400:]], 6))
    assert sorted(found.filter(basis="reported")["session"]) == ["abc@example.org", "second"]


def test_version_two(tmp_path: Path) -> None:
    head = struct.pack(">BBBBHH", 2, 16, 2, 17, 5060, 5080) + ip_address(A).packed + ip_address(B).packed
    head += struct.pack("<IIHH", 1_585_735_200, 5, 33, 0)
    found = carried(tmp_path, capture([head + invite()], 17))
    assert found.select(NAMES).rows() == [(1, 0, A, 5060, B, 5080, "udp", "abc@example.org", "hep:33")]
    assert found["first_ns"].to_list() == [1_585_735_200_000_005_000]


@pytest.mark.parametrize(
    "data", [b"HEP3\0\x06", b"HEP3\0\x0c\0\0\0\x01\0\x03", b"HEP3\xff\xff", message(invite())[:40]]
)
def test_messages_that_are_none(data: bytes) -> None:
    assert decoded(data, 1) == Copy(1, broken=True)


@pytest.mark.parametrize("head", [b"", b"HEP3", b"HEP3 is a protocol for copies", b"xHEP3\0\x20\0\0\0\x01\0\x07\x02"])
def test_what_is_no_file_of_messages(head: bytes) -> None:
    assert not hep3.sniff(head)
