"""Protocols told by content and port: what they look like, and that nothing else looks like them."""

import random
import struct
from pathlib import Path

import pytest

from auditor.read import second
from auditor.read.classify import APPS, CODE, TEXTS
from tests.read.facts.h323 import MESSAGES
from tests.read.facts.payloads import dns, hello, sip
from tests.read.files import Frame, ether, ip4, pcap, read, tcp, udp

VXLAN = b"\x08\0\0\0\0\0\1\0" + bytes(40)
IKE = bytes(range(8)) + bytes(8) + b"\x21\x20\x22\x08" + bytes(4) + struct.pack(">I", 44) + bytes(16)
NETFLOW = struct.pack(">HH", 5, 1) + bytes(20) + bytes(48)
IPFIX = struct.pack(">HH", 10, 20) + bytes(16)
DIAMETER = b"\1\0\0\x14\x80\0\1\1" + bytes(12)
SMPP = struct.pack(">IIII", 16, 0x15, 0, 1)
SKINNY = struct.pack("<III", 12, 0, 0x26) + bytes(8)
DHT = b"d1:ad2:id20:" + bytes(20) + b"e1:q4:ping1:t2:aa1:y1:qe"
STREAM = b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

DATAGRAMS = [
    ("mgcp", b"CRCX 1 aaln/1 MGCP 1.0\r\n", 9), ("mgcp", b"200 1 OK\r\n", 2427), ("other", b"200 1 OK\r\n", 9),
    ("iax", bytes.fromhex("800500000000001400000601") + bytes(4), 4569), ("other", bytes(16), 4569),
    ("h225", MESSAGES["rrq"], 1719), ("h225", MESSAGES["arq"], 1719), ("h225", MESSAGES["acf"], 1719),
    ("other", MESSAGES["rrq"], 9), ("other", MESSAGES["arq"][:40], 1719),
    ("megaco", b"MEGACO/1 [192.0.2.1]:2944 T=1{C=-{}}", 9), ("megaco", b"!/1 [192.0.2.1]:2944 T=1{C=-{}}", 9),
    ("other", b"MEGAphone for everybody", 9), ("ipsec", IKE, 500), ("ipsec", bytes(4) + IKE, 4500),
    ("other", IKE + b"x", 500), ("openvpn", b"\x38" + bytes(range(8)) + bytes(5), 1194),
    ("radius", b"\1\7\0\x14" + bytes(16), 1812), ("other", b"\1\7\0\x15" + bytes(16), 1812),
    ("tftp", b"\0\1SEP0011.cnf.xml\0octet\0", 69), ("gtp-c", b"\x48\x20\0\x08" + bytes(8), 2123),
    ("gtp-c", b"\x32\x10\0\4" + bytes(8), 2123), ("netflow", NETFLOW, 2055), ("netflow", IPFIX, 4739),
    ("other", NETFLOW + b"x", 2055), ("sflow", struct.pack(">II", 5, 1) + bytes(24), 6343),
    ("hep", b"HEP3\0\x20" + bytes(26), 9060), ("bittorrent", DHT, 6881), ("other", b"d1:a3:fooe and more", 6881),
    ("oicq", b"\2\x34\x4b\0\xcd" + bytes(20) + b"\3", 8000), ("lan-discovery", b'{"host_int": 1}', 17500),
    ("lan-discovery", b"SpotUdp0" + bytes(30), 57621), ("discord", struct.pack(">HHI", 1, 70, 7) + bytes(66), 50004),
    ("other", struct.pack(">HHI", 1, 70, 7) + bytes(67), 50004),
    ("other", VXLAN, 4789), ("other", b"\x37\3\0\0\x42\0\0\0", 2123), ("other", b"\x46\1\0\4" + bytes(4), 2123),
]  # fmt: skip
STREAMS = [
    ("h225", MESSAGES["setup"], 1720), ("h225", MESSAGES["setup"], 9), ("h225", MESSAGES["setup"][:60], 9),
    ("h225", MESSAGES["setup"][4:], 1720), ("other", MESSAGES["setup"][4:], 9), ("h245", MESSAGES["olc"], 9),
    ("h245", MESSAGES["two"], 9), ("other", MESSAGES["end"], 9), ("other", MESSAGES["olc"] + b"x", 9),
    ("other", MESSAGES["olc"][:-1], 9), ("other", b"\3\0\0\x13\x0e\xe0" + bytes(13), 9),
    ("other", b"\3\0\0\x0b\2\xf0\x80abcd", 102), ("rdp", b"\3\0\0\x0b\2\xf0\x80abcd", 3389), ("skinny", SKINNY, 2000),
    ("other", SKINNY, 2001), ("other", SKINNY[:-1], 2000), ("diameter", DIAMETER, 3868),
    ("other", DIAMETER[:-1], 3868), ("smpp", SMPP, 2775), ("bgp", b"\xff" * 16 + b"\0\x13\4", 179),
    ("xmpp", STREAM, 5222), ("other", b"<?xml version='1.0'?><html/>", 5222),
    ("mysql", b"\x4a\0\0\0\x0a5.7.1\0" + bytes(67), 3306), ("postgresql", b"\0\0\0\x08\x04\xd2\x16\x2f", 5432),
    ("ftp", b"220 ready\r\n", 21), ("mail", b"+OK POP3 ready\r\n", 110), ("other", b"220 ready\r\n", 9),
    ("x11", b"l\0\x0b\0\0\0\0\0\0\0\0\0", 6000), ("bittorrent", b"\x13BitTorrent protocol" + bytes(48), 6881),
    ("other", b"CRCX 1 aaln/1 MGCP 1.0\r\n", 9), ("rtsp", b"OPTIONS rtsp://x RTSP/2.0\r\n\r\n", 554),
    ("other", b"PLAY it again, Sam\r\n", 554),
]  # fmt: skip


def app(tmp_path: Path, packet: bytes) -> str:
    found = read(tmp_path, pcap([Frame(ether(packet))]))
    return APPS[int(found.directed.app[0])]


@pytest.mark.parametrize(("expected", "payload", "port"), DATAGRAMS)
def test_datagrams(expected: str, payload: bytes, port: int, tmp_path: Path) -> None:
    assert app(tmp_path, ip4(udp(payload, dport=port))) == expected
    assert app(tmp_path, ip4(udp(payload, sport=port))) == expected


@pytest.mark.parametrize(("expected", "payload", "port"), STREAMS)
def test_streams(expected: str, payload: bytes, port: int, tmp_path: Path) -> None:
    assert app(tmp_path, ip4(tcp(payload, dport=port), protocol=6)) == expected
    assert app(tmp_path, ip4(tcp(payload, sport=port), protocol=6)) == expected


def test_what_ipsec_encrypts(tmp_path: Path) -> None:
    assert app(tmp_path, ip4(struct.pack(">II", 0x1234, 1) + bytes(40), protocol=50)) == "ipsec"
    assert app(tmp_path, ip4(bytes(40), protocol=51)) == "other"


@pytest.mark.parametrize(
    ("ports", "payload", "expected"),
    [
        ((50004, 8801), b"\5\x10" + bytes(40), "zoom"),
        ((53, 2055), bytes(12), "dns"),
        ((53, 2055), NETFLOW, "netflow"),
        ((4569, 1812), b"\1\7\0\x14" + bytes(16), "radius"),
        ((4569, 1812), bytes.fromhex("800500000000001400000601") + bytes(4), "iax"),
        ((4569, 1812), b"\1\7\0\x15" + bytes(16), "other"),
    ],
)
def test_two_ports_that_are_registered(ports: tuple[int, int], payload: bytes, expected: str, tmp_path: Path) -> None:
    for one, two in (ports, ports[::-1]):
        assert app(tmp_path, ip4(udp(payload, sport=one, dport=two))) == expected


def named(tmp_path: Path, packets: list[bytes]) -> list[str]:
    """Return what each of many payloads is taken for (each goes to an address of its own)."""
    found = read(tmp_path, pcap([Frame(ether(packet)) for packet in packets])).directed
    return [APPS[code] for code in found.app.tolist() for _ in range(1)]


TOLD_BEFORE = {"", "other", "stun", "rtp", "rtcp", "dtls", "quic", "tls", "turn", "dns", "mdns", "llmnr", "ntp", "dhcp"}
TOLD_BEFORE |= {"snmp", "netbios", "ssdp", "coap", "syslog", "zoom", "telnet", "rdp"}


def test_random_bytes_are_hardly_ever_taken_for_a_protocol(tmp_path: Path) -> None:
    random.seed(3)
    ports = {17: sorted(second.UDP_PORTS), 6: sorted(second.TCP_PORTS)}
    total, wrong = 0, []
    for protocol, build in ((17, udp), (6, tcp)):
        numbers = [port for port in ports[protocol] if not 50000 < port < 50100]
        packets = []
        for number in range(20_000):
            payload = random.randbytes(random.choice((3, 8, 11, 12, 14, 20, 40, 74, 160, 1200)))
            body = build(payload, sport=1024 + number % 60000, dport=random.choice(numbers))
            packets.append(ip4(body, src=f"192.0.2.{number % 250}", protocol=protocol))
        total += len(packets)
        wrong += [name for name in named(tmp_path, packets) if name not in TOLD_BEFORE]
    assert total == 40_000
    assert len(wrong) <= 8, wrong  # by far the most a full frame of IAX: one of 700 on its port


def test_payloads_of_others_are_taken_for_nothing_on_any_port(tmp_path: Path) -> None:
    payloads = [dns("example.com", []), hello("example.com"), sip("INVITE sip:b SIP/2.0", "Call-ID: 1"), VXLAN]
    payloads += [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 200, b"\xff" * 11, b"A" * 300, b"220", b"$\0\0\4abcd"]
    for ports, build, protocol in ((second.UDP_PORTS, udp, 17), (second.TCP_PORTS, tcp, 6)):
        packets = [ip4(build(p, dport=port), protocol=protocol) for port in sorted(ports) for p in payloads]
        found = set(named(tmp_path, packets))
        assert found <= TOLD_BEFORE | {"sip", "http"}, found


def test_what_lies_behind_the_end_of_a_payload_decides_nothing(tmp_path: Path) -> None:
    for expected, payload, port in DATAGRAMS:
        if expected in second.LOOKS and expected not in TEXTS:
            for size in range(1, second.LEAST.get(expected, 12)):
                packet = ip4(
                    udp(payload[:size], dport=port),
                )
                trailer = ether(packet) + payload[size:]
                found = read(tmp_path, pcap([Frame(trailer)])).directed
                assert APPS[int(found.app[0])] in TOLD_BEFORE


def test_kinds_fit_into_the_bits_of_a_flow() -> None:
    assert len(APPS) == len(set(APPS)) <= 64
    assert all(name in CODE for name in (*second.LOOKS, *second.UDP_PORTS.values(), *second.TCP_PORTS.values()))
    assert set(second.LOOKS) == set(second.UDP_PORTS.values()) | set(second.TCP_PORTS.values())
