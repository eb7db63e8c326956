import struct
from pathlib import Path

import pytest

from tests.read.files import PLAIN_FLOW, SECOND, accounted, ether, flows, ip4, read, udp

PACKET = ether(ip4(udp(b"hello")))
HEAD = b"snoop\0\0\0" + struct.pack(">II", 2, 4)


def record(data: bytes, wire: int = 0, padding: int = 0, length: int | None = None) -> bytes:
    size = 24 + len(data) + padding if length is None else length
    return struct.pack(">IIIIII", wire or len(data), len(data), size, 0, SECOND, 250_000) + data + bytes(padding)


def test_records_are_read_with_their_padding(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + record(PACKET, padding=3) + record(PACKET, wire=900) + record(PACKET[:20]))
    assert accounted(found)
    assert flows(found) == {PLAIN_FLOW: 2}
    assert found.directed.bytes.tolist() == [len(PACKET) + 900]
    assert found.directed.first_ns.tolist() == [SECOND * 1_000_000_000 + 250_000_000]
    assert [(row.status, row.first_record) for row in found.unread] == [("truncated", 3)]
    assert found.inputs[0].format == "snoop"
    assert found.unread_bytes == []


@pytest.mark.parametrize(("datalink", "reason"), [(4, []), (0, []), (18, ["link type 65554"])])
def test_link_types(datalink: int, reason: list[str], tmp_path: Path) -> None:
    found = read(tmp_path, HEAD[:12] + struct.pack(">I", datalink) + record(PACKET))
    assert accounted(found)
    assert [row.reason for row in found.unread] == reason


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (record(PACKET)[:-1], "the last record is cut"),
        (record(PACKET)[:9], "the last record is cut"),
        (record(PACKET, length=30), "a record length that can't be"),
        (record(PACKET, length=1 << 30), "a record length that can't be"),
    ],
)
def test_bytes_of_no_whole_record_are_counted(tail: bytes, reason: str, tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + record(PACKET) * 3 + tail)
    assert flows(found) == {PLAIN_FLOW: 3}
    assert found.unread_bytes == [(0, len(tail), reason)]


@pytest.mark.parametrize("size", range(8, 16))
def test_a_header_that_is_cut_is_told(size: int, tmp_path: Path) -> None:
    found = read(tmp_path, HEAD[:size])
    assert found.unread_bytes == [(0, size, "the file header is cut")]
    assert found.inputs[0].format == "snoop"
    assert not flows(found)


def test_records_across_windows(tmp_path: Path) -> None:
    many = record(PACKET + bytes(1400), padding=2) * 7000
    found = read(tmp_path, HEAD + many, workers=2)
    assert flows(found) == {PLAIN_FLOW: 7000}
    assert found.unread_bytes == []
