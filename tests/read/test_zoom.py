"""RTP and RTCP in Zoom's encapsulation, towards servers and between participants, on any port."""

import struct
from pathlib import Path

import pytest

from auditor.read import rtp
from auditor.read.classify import APPS
from auditor.read.directed import Directed
from auditor.read.scan import scan
from auditor.read.source import sources
from auditor.read.zoom import HEADERS
from tests.read.files import Frame, ether, ip4, pcap, udp


def media(number: int, kind: int, outer: bytes, payload_type: int = 98, ssrc: int = 0x01000401) -> bytes:
    header = bytes([kind, 1]) + bytes(HEADERS[kind] - 2)
    packet = struct.pack(">BBHII", 0x90, payload_type, number, 3000 * number, ssrc)
    return outer + header + packet + b"\xbe\xde\0\1" + bytes(40)


def control(kind: int, outer: bytes) -> bytes:
    return outer + bytes([kind]) + bytes(HEADERS[kind] - 1) + struct.pack(">BBHI", 0x80, 200, 6, 0x01000401) + bytes(20)


def directed(folder: Path, *payloads: bytes, port: int = 45000) -> Directed:
    path = folder / "zoom.pcap"
    path.write_bytes(pcap([Frame(ether(ip4(udp(payload, sport=50508, dport=port)))) for payload in payloads]))
    return scan(sources([str(path)]), [0], workers=1).directed


OUTER = [bytes([5]) + bytes(7), b"\x05", b""]


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("kind", [13, 15, 16, 30])
def test_a_stream_is_found_on_any_port(tmp_path: Path, kind: int, outer: bytes) -> None:
    if (kind, outer) == (13, b""):
        pytest.skip("between participants a screen is shown by 30")
    found = directed(tmp_path, *(media(number, kind, outer) for number in range(100, 106)))
    assert [APPS[code] for code in found.app] == ["zoom"]
    assert found.packets.tolist() == [6]
    assert rtp.ssrc(found.stream).tolist() == [0x01000401]
    assert rtp.payload_type(found.stream).tolist() == [98]
    assert rtp.steady(found.stream, found.progress, found.packets).all()


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("kind", [33, 34, 35])
def test_reports_name_their_sender(tmp_path: Path, kind: int, outer: bytes) -> None:
    found = directed(tmp_path, control(kind, outer))
    assert [APPS[code] for code in found.app] == ["zoom"]
    assert rtp.ssrc(found.stream).tolist() == [0x01000401]
    assert found.progress.tolist() == [0]


@pytest.mark.parametrize(
    "payload",
    [
        media(1, 16, b"")[:30],  # no room for RTP
        media(1, 16, b"", payload_type=0),
        media(1, 16, b"\6" + bytes(7)),
        media(1, 15, b"\5" + bytes(3)),
        bytes([16]) + bytes(60),
        bytes([5]) * 60,
        b"\5",
        bytes([5]) + bytes(7),
    ],
)
def test_what_only_begins_like_it_is_nothing(tmp_path: Path, payload: bytes) -> None:
    assert [APPS[code] for code in directed(tmp_path, payload).app] == ["other"]
