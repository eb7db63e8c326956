import struct
from pathlib import Path

import pytest

from auditor.read.headers import DATA, ERROR, FIN, FRAGMENT, RST, SYN, SYNACK
from tests.read.files import PLAIN_FLOW, Flow, Frame, accounted, ether, flows, ip4, ip6, pcap, read, tcp, udp, v4

A, B = v4("192.0.2.1"), v4("198.51.100.2")
S, D = 0x20010DB8 << 96 | 1, 0x20010DB8 << 96 | 2
HOPS = b"\x11\0" + bytes(6)


def placed(tmp_path: Path, *frames: bytes, wire: int = 0) -> tuple[dict[Flow, int], list[tuple[str, str]]]:
    found = read(tmp_path, pcap([Frame(frame, wire=wire) for frame in frames]))
    assert accounted(found)
    return flows(found), [(row.status, row.reason) for row in found.unread]


@pytest.mark.parametrize("size", range(4, 44, 4))
def test_options_move_the_ports(size: int, tmp_path: Path) -> None:
    assert placed(tmp_path, ether(ip4(udp(b"hi"), options=b"\1" * size))) == ({PLAIN_FLOW: 1}, [])


@pytest.mark.parametrize(
    ("protocol", "payload", "ports"),
    [
        (6, tcp(), (4000, 443)),
        (17, udp(), (4000, 5000)),
        (132, struct.pack(">HHII", 7, 8, 0, 0), (7, 8)),
        (33, struct.pack(">HHQ", 7, 8, 0), (7, 8)),
        (136, udp(), (4000, 5000)),
        (1, b"\x08\0\0\0\0\1\0\1", (0, 0)),
        (47, bytes(8), (0, 0)),
        (255, b"", (0, 0)),
    ],
)
def test_protocols(protocol: int, payload: bytes, ports: tuple[int, int], tmp_path: Path) -> None:
    assert placed(tmp_path, ether(ip4(payload, protocol=protocol))) == ({(A, B, *ports, protocol): 1}, [])
    assert placed(tmp_path, ether(ip6(payload, protocol), 0x86DD)) == ({(S, D, *ports, protocol): 1}, [])


@pytest.mark.parametrize("cut", range(1, 15))
def test_a_packet_cut_after_its_addresses_is_placed(cut: int, tmp_path: Path) -> None:
    whole = ether(ip4(udp(b"hello?")))
    ports = (4000, 5000) if cut <= 10 else (0, 0)
    assert placed(tmp_path, whole[:-cut], wire=len(whole)) == ({(A, B, *ports, 17): 1}, [])


@pytest.mark.parametrize(
    ("packet", "status", "reason"),
    [
        (ip4(udp())[:19], "truncated", "IPv4 header cut"),
        (b"", "truncated", "IPv4 header cut"),
        (b"\x35" + ip4(udp())[1:], "malformed", "IP version"),
        (b"\x44" + ip4(udp())[1:], "malformed", "IPv4 header length"),
        (ip4(udp(), total=19), "malformed", "IPv4 total length"),
        (b"\x4f" + ip4(udp())[1:], "malformed", "IPv4 total length"),
    ],
)
def test_headers_that_lie_or_are_cut(packet: bytes, status: str, reason: str, tmp_path: Path) -> None:
    assert placed(tmp_path, ether(packet)) == ({}, [(status, reason)])


def test_ipv6_headers_that_lie_or_are_cut(tmp_path: Path) -> None:
    assert placed(tmp_path, ether(ip6(udp())[:39], 0x86DD)) == ({}, [("truncated", "IPv6 header cut")])
    assert placed(tmp_path, ether(b"\x70" + ip6(udp())[1:], 0x86DD)) == ({}, [("malformed", "IP version")])


def test_the_version_counts_where_the_ethertype_says_ipv4(tmp_path: Path) -> None:
    assert placed(tmp_path, ether(ip6(udp()), 0x0800)) == ({(S, D, 4000, 5000, 17): 1}, [])


def test_total_lengths_beyond_the_frame_or_of_zero_are_believed_as_far_as_they_go(tmp_path: Path) -> None:
    frames = [ether(ip4(udp(b"x"), total=total)) for total in (0, 1500, 65535)]
    assert placed(tmp_path, *frames) == ({PLAIN_FLOW: 3}, [])


def test_payload_bytes_leave_out_headers_and_padding(tmp_path: Path) -> None:
    frames = [
        Frame(ether(ip4(udp(b"12345"))) + bytes(20)),
        Frame(ether(ip4(udp(b"12345"), total=0))),
        Frame(ether(ip6(udp(b"1")), 0x86DD)),
    ]
    found = read(tmp_path, pcap(frames))
    assert sorted(found.directed.payload.tolist()) == [1, 10]
    assert found.directed.bytes.sum() == sum(len(frame.data) for frame in frames)


@pytest.mark.parametrize(
    ("chain", "following"),
    [
        (HOPS, 0),
        (b"\x3c\0" + bytes(6) + b"\x2b\0" + bytes(6) + b"\x11\1" + bytes(14), 0),
        (b"\x11\4" + bytes(22), 51),
        (b"\x11\0" + bytes(6), 44),
        (b"\x11\0" + bytes(6), 135),
        (HOPS.replace(b"\x11", b"\0", 1) * 9 + HOPS, 0),
    ],
)
def test_extension_headers(chain: bytes, following: int, tmp_path: Path) -> None:
    assert placed(tmp_path, ether(ip6(chain + udp(), following), 0x86DD)) == ({(S, D, 4000, 5000, 17): 1}, [])


def test_extension_headers_that_are_cut_or_never_end(tmp_path: Path) -> None:
    endless = b"\0\0" + bytes(6)
    for body in (b"\0\xff" + bytes(6), b"\0", endless * 60):
        assert placed(tmp_path, ether(ip6(body, 0), 0x86DD)) == ({(S, D, 0, 0, 0): 1}, [])


def test_tcp_flags(tmp_path: Path) -> None:
    for sent, payload, flag in (
        (2, b"", SYN),
        (18, b"", SYNACK),
        (4, b"", RST),
        (20, b"", RST),
        (17, b"", FIN),
        (16, b"x", DATA),
        (16, b"", 0),
    ):
        found = read(tmp_path, pcap([Frame(ether(ip4(tcp(payload, flags=sent), protocol=6)))]))
        assert found.directed.flags.tolist() == [flag]
    both = [Frame(ether(ip4(tcp(flags=flag), protocol=6))) for flag in (2, 4)]
    assert read(tmp_path, pcap(both)).directed.flags.tolist() == [SYN | RST]


def test_icmp_errors_are_flagged_and_echoes_are_not(tmp_path: Path) -> None:
    quoted = ip4(udp(), src="198.51.100.2", dst="192.0.2.1")
    for kind, error in ((3, True), (11, True), (8, False), (0, False)):
        found = read(tmp_path, pcap([Frame(ether(ip4(bytes([kind, 3]) + bytes(6) + quoted, protocol=1)))]))
        assert bool(found.directed.flags[0] & ERROR) is error
        assert bool(found.facts) is (kind == 3)
    six = bytes([1, 4]) + bytes(6) + ip6(udp())
    assert read(tmp_path, pcap([Frame(ether(ip6(six, 58), 0x86DD))])).directed.flags.tolist() == [ERROR]


def test_later_fragments_have_no_ports_of_their_own(tmp_path: Path) -> None:
    found = read(tmp_path, pcap([Frame(ether(ip4(bytes(16), fragment=5, ident=9)))]))
    assert flows(found) == {(A, B, 0, 0, 17): 1}
    assert found.directed.flags.tolist() == [FRAGMENT]
