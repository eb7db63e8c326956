import struct
from pathlib import Path

import pytest

from auditor.read.classify import APPS
from auditor.read.facts.model import Dialog, Exchange, Hello
from auditor.read.scan import Scan
from tests.read.files import Frame, ether, ip4, ip6, pcap, read, tcp, udp

COOKIE = bytes.fromhex("2112a442")
STUN = b"\0\1\0\0" + COOKIE + bytes(12)
SIP = b"INVITE sip:a@example.com SIP/2.0\r\nCall-ID: 1@example\r\n\r\n"
RTP = b"\x80\0" + bytes(10) + bytes(160)


def scanned(tmp_path: Path, *packets: bytes) -> Scan:
    return read(tmp_path, pcap([Frame(ether(packet, 0x86DD if packet[0] >> 4 == 6 else 0x0800)) for packet in packets]))


def app(tmp_path: Path, packet: bytes) -> str:
    found = scanned(tmp_path, packet)
    assert len(found.directed) == 1
    return APPS[int(found.directed.app[0])]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", ""),
        (b"hello, world", "other"),
        (b"x", "other"),
        (STUN, "stun"),
        (b"\0\1\0\4" + bytes(16) + bytes(4), "stun"),
        (b"\0\1\0\4" + bytes(16) + bytes(3), "other"),
        (STUN[:19], "other"),
        (RTP, "rtp"),
        (b"\x90\x60" + bytes(10), "rtp"),
        (b"\x80\0" + bytes(9), "other"),
        (b"\x80\xc8\0\6" + bytes(24), "rtcp"),
        (b"\x81\xc9\0\7" + bytes(24), "other"),
        (b"\x16\xfe\xfd" + bytes(30), "dtls"),
        (b"\x17\xfe\xfd" + bytes(30), "dtls"),
        (b"\xc3\0\0\0\1" + bytes(30), "quic"),
        (b"\xd3\x6b\x33\x43\xcf" + bytes(30), "quic"),
        (b"\xcf\xff\0\0\x1d" + bytes(30), "quic"),
        (b"\xc3Q046" + bytes(30), "quic"),
        (b"\xc3\x12\x34\x56\x78" + bytes(30), "other"),
        (b"\x40\1\0\4datax"[:8], "turn"),
        (b"\x40\1\0\4data and more", "other"),
        (SIP, "sip"),
        (b"SIP/2.0 200 OK\r\n\r\n", "sip"),
        (b"OPTIONS sip:x SIP/2.0", "sip"),
        (b"\r\n\r\n" + SIP, "sip"),
        (b"\r\nSIP/2.0 200 OK\r\n\r\n", "sip"),
        (b"\r\nINFO of the day\r\n", "other"),
        (b"\r\n\r\n\r\n\r\n", "other"),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", "other"),
        (b"NOTIFY * HTTP/1.1\r\n\r\n", "other"),
        (b"INVITATION to dinner\r\n\r\n", "other"),
        (b"GET / HTTP/1.1\r\n", "other"),
        (b"CRCX 1 aaln/1 MGCP 1.0\r\n", "mgcp"),
    ],
)
def test_datagrams(payload: bytes, expected: str, tmp_path: Path) -> None:
    assert app(tmp_path, ip4(udp(payload))) == expected
    assert app(tmp_path, ip6(udp(payload))) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", ""),
        (b"\x16\3\1\0\5\1\0\0\1\0", "tls"),
        (b"\x17\3\3\0\5hello", "tls"),
        (b"\x17\3\x09\0\5hello", "other"),
        (b"GET / HTTP/1.1\r\n", "http"),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", "http"),
        (b"PUT /x HTTP/1.1\r\n", "http"),
        (b"PUBLISH sip:x SIP/2.0\r\n\r\n", "sip"),
        (SIP, "sip"),
        (b"DESCRIBE rtsp://x RTSP/1.0\r\n", "rtsp"),
        (b"OPTIONS rtsp://x RTSP/1.0\r\n\r\n", "rtsp"),
        (b"SSH-2.0-x\r\n", "ssh"),
        (b"RFB 003.008\n", "vnc"),
        (STUN, "stun"),
        (b"\0\x14" + STUN, "stun"),
        (RTP, "other"),
    ],
)
def test_streams(payload: bytes, expected: str, tmp_path: Path) -> None:
    assert app(tmp_path, ip4(tcp(payload), protocol=6)) == expected


@pytest.mark.parametrize(
    ("payload", "port", "expected"),
    [
        (bytes(12), 53, "dns"),
        (bytes(12), 5353, "mdns"),
        (bytes(48), 123, "ntp"),
        (b"\5\x10" + bytes(40), 8801, "zoom"),
        (b"\5\x10" + bytes(40), 8810, "zoom"),
        (b"\5\x10" + bytes(40), 8811, "other"),
        (b"zoom?" + bytes(40), 8801, "other"),
        (RTP, 8801, "rtp"),
        (b"M-SEARCH * HTTP/1.1\r\n", 1900, "ssdp"),
        (STUN, 53, "stun"),
    ],
)
def test_ports_are_a_second_look(payload: bytes, port: int, expected: str, tmp_path: Path) -> None:
    assert app(tmp_path, ip4(udp(payload, dport=port))) == expected
    assert app(tmp_path, ip4(udp(payload, sport=port))) == expected


def test_remote_desktop_needs_its_port_and_its_header(tmp_path: Path) -> None:
    request = b"\3\0\0\x13\x0e\xe0" + bytes(13)
    assert app(tmp_path, ip4(tcp(request, dport=3389), protocol=6)) == "rdp"
    assert app(tmp_path, ip4(tcp(request, dport=102), protocol=6)) == "other"


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b"\1\0\0\0" + bytes(144), "wireguard"),
        (b"\1\0\0\0" + bytes(145), "other"),
        (b"\1\0\0\1" + bytes(144), "other"),
        (b"\2\0\0\0" + bytes(88), "wireguard"),
        (b"\3\0\0\0" + bytes(60), "wireguard"),
        (b"\4\0\0\0" + bytes(28), "wireguard"),
        (b"\4\0\0\0\1\2\3\4\x05" + bytes(39), "wireguard"),
        (b"\4\0\0\0\1\2\3\4" + b"\xff" * 40, "other"),
        (b"\4\0\0\0" + bytes(29), "other"),
        (b"\0\0\0\0" + bytes(28), "other"),
        (b"\5\0\0\0" + bytes(28), "other"),
    ],
)
def test_wireguard_whatever_the_port(payload: bytes, name: str, tmp_path: Path) -> None:
    assert app(tmp_path, ip4(udp(payload))) == name
    assert app(tmp_path, ip4(tcp(payload), protocol=6)) == "other"


def test_what_the_ip_header_leaves_out_is_no_payload(tmp_path: Path) -> None:
    assert app(tmp_path, ip4(udp(STUN), total=28)) == ""
    assert app(tmp_path, ip4(b"\x08\0" + bytes(6), protocol=1)) == "icmp"
    assert app(tmp_path, ip4(b"anything", protocol=47)) == "other"


def test_the_kind_of_payload_is_part_of_a_one_way_flow(tmp_path: Path) -> None:
    found = scanned(tmp_path, ip4(udp(STUN)), ip4(udp(RTP)), ip4(udp(RTP)))
    assert sorted(
        (APPS[code], n) for code, n in zip(found.directed.app, found.directed.packets.tolist(), strict=True)
    ) == [
        ("rtp", 2),
        ("stun", 1),
    ]


def test_streams_of_media_are_part_of_a_one_way_flow(tmp_path: Path) -> None:
    def rtp(number: int, ssrc: int, kind: int) -> bytes:
        return ip4(udp(struct.pack(">BBHII", 0x80, 0x80 | kind, number, 160 * number, ssrc) + bytes(20)))

    packets = [rtp(65534 + i & 0xFFFF, 7, 0) for i in range(4)] + [rtp(9, 0xFFFFFFFF, 111), rtp(5, 7, 101)]
    d = scanned(tmp_path, *packets, ip4(udp(RR)), ip4(udp(b"\xff" * 40, dport=9))).directed
    rows = zip(d.app.tolist(), d.stream.tolist(), d.packets.tolist(), d.progress.tolist(), strict=True)
    known = 1 << 63
    assert sorted((APPS[app], stream, count) for app, stream, count, _ in rows) == [
        ("other", 0, 1),
        ("rtcp", known | 0x01020304, 1),
        ("rtp", known | 7, 4),
        ("rtp", known | 101 << 32 | 7, 1),
        ("rtp", known | 111 << 32 | 0xFFFFFFFF, 1),
    ]
    (progress,) = d.progress[d.packets == 4].tolist()
    assert progress == (1 << 14 | 1 << 15 | 3) | (1 << 15 | 1) << 16 | 1 << 32


RR = struct.pack(">BBHI", 0x81, 201, 7, 0x01020304) + bytes(24)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (RR, "rtcp"),
        (RR + b"\x81\xca\0\2" + bytes(8), "rtcp"),  # a compound whose lengths add up
        (RR + b"\x81\xca\0\3" + bytes(8), "other"),  # and one whose lengths don't, too short for SRTCP
        (RR + bytes(14), "rtcp"),  # SRTCP: an index and a tag
        (RR + bytes(12), "other"),
        (b"\x82" + RR[1:], "other"),  # two blocks are counted, one is there
        (b"\x80\xc7\0\1" + bytes(4), "other"),  # a type that nobody registered
        (b"\x81\0" + bytes(14), "rtp"),  # one contributing source
        (b"\x83\0" + bytes(14), "other"),  # three, and no room for them
        (b"\x90\0" + bytes(10) + b"\xbe\xde\0\1" + bytes(4), "rtp"),  # an extension of one word
        (b"\x90\0" + bytes(10) + b"\xbe\xde\0\2" + bytes(4), "other"),
        (b"\x10\0\0\1ZRTP" + bytes(20), "zrtp"),
        (b"\x10\0\0\1ZRTQ" + bytes(20), "other"),
    ],
)
def test_media_and_its_control(tmp_path: Path, payload: bytes, name: str) -> None:
    assert app(tmp_path, ip4(udp(payload))) == name


def test_payloads_that_say_more_are_read(tmp_path: Path) -> None:
    hello = b"\x16\3\1\0\x2f\1\0\0\x2b\3\3" + bytes(32) + bytes(9)
    found = scanned(tmp_path, ip4(udp(SIP)), ip4(udp(STUN)), ip4(tcp(hello), protocol=6), ip4(udp(SIP)))
    kinds = {type(fact): fact for fact in found.facts}
    assert {Dialog, Exchange, Hello} <= kinds.keys()
    assert (kinds[Dialog].witness, kinds[Dialog].packets) == (1, 2)
    assert kinds[Exchange].witness == 2
