import struct
from pathlib import Path

import pytest

from tests.read.files import (
    PLAIN_FLOW,
    Flow,
    Frame,
    accounted,
    block,
    enhanced,
    ether,
    flows,
    ip4,
    ip6,
    pcap,
    read,
    section,
    udp,
)

IP = ip4(udp(b"hello"))
SIX = ip6(udp(b"hello"))
SIX_FLOW: Flow = (0x20010DB8 << 96 | 1, 0x20010DB8 << 96 | 2, 4000, 5000, 17)
SNAP = b"\xaa\xaa\x03\x00\x00\x00"


def wire(link: int, tmp_path: Path, *frames: bytes) -> tuple[dict[Flow, int], list[tuple[str, str, int]]]:
    found = read(tmp_path, pcap([Frame(frame) for frame in frames], link))
    assert accounted(found)
    return flows(found), [(row.status, row.reason, row.packets) for row in found.unread]


@pytest.mark.parametrize(
    ("link", "before", "six"),
    [
        (0, b"\x02\0\0\0", b"\x1e\0\0\0"),
        (0, b"\0\0\0\x02", b"\0\0\0\x18"),
        (0, b"\x0f\0\x08\0", b"\x0f\0\x86\xdd"),
        (108, b"\0\0\0\x02", b"\0\0\0\x18"),
        (1, bytes(12) + b"\x08\0", bytes(12) + b"\x86\xdd"),
        (6, b"\x10\x40" + bytes(12) + SNAP + b"\x08\0", b"\x10\x40" + bytes(12) + SNAP + b"\x86\xdd"),
        (6, b"\x10\x40" + bytes(6) + b"\x80" + bytes(5) + b"\x06\0\0\1\0\2" + SNAP + b"\x08\0",
         b"\x10\x40" + bytes(6) + b"\x80" + bytes(5) + b"\x02\0" + SNAP + b"\x86\xdd"),
        (9, b"\xff\x03\0\x21", b"\xff\x03\0\x57"),
        (10, b"\x50" + bytes(12) + SNAP + b"\x08\0", b"\x50" + bytes(12) + SNAP + b"\x86\xdd"),
        (100, SNAP + b"\x08\0", SNAP + b"\x86\xdd"),
        (219, b"\0\1\1\x40", b"\0\1\0\x40\0\2\1\x40"),
        (9, b"\0\x21", b"\0\x57"),
        (9, b"\x21", b"\x57"),
        (50, b"\xff\x03\0\x21", b"\xff\x03\0\x57"),
        (50, b"\x0f\0\x08\0", b"\x8f\0\x86\xdd"),
        (51, b"\x11\0\0\1\0\0\0\x21", b"\x11\0\0\1\0\0\0\x57"),
        (12, b"", b""),
        (14, b"", b""),
        (101, b"", b""),
        (104, b"\x0f\0\x08\0", b"\x0f\0\x86\xdd"),
        (113, bytes(14) + b"\x08\0", bytes(14) + b"\x86\xdd"),
        (117, b"\x3d" + bytes(63), b"\x40" + bytes(63)),
        (138, bytes(16) + b"\x08\0", bytes(16) + b"\x86\xdd"),
        (166, b"\x01\x03\0\x21", b"\x01\x03\0\x57"),
        (192, b"\0\0\x08\0" + struct.pack("<I", 101), b"\0\0\x08\0" + struct.pack("<I", 101)),
        (204, b"\1\xff\x03\0\x21", b"\1\xff\x03\0\x57"),
        (205, b"\1\x0f\0\x08\0", b"\1\x0f\0\x86\xdd"),
        (258, struct.pack("<III", 12, 1, 101), struct.pack("<III", 12, 1, 101)),
        (276, b"\x08\0" + bytes(18), b"\x86\xdd" + bytes(18)),
        (239, b"\2\0\0\0" + struct.pack("<HHI", 8, 1, 0) + struct.pack("<HH", len(IP) + 4, 9),
         b"\x0a\0\0\0" + struct.pack("<HH", len(SIX) + 4, 9)),
    ],
)  # fmt: skip
def test_links(link: int, before: bytes, six: bytes, tmp_path: Path) -> None:
    assert wire(link, tmp_path, before + IP, six + SIX, before + IP) == ({PLAIN_FLOW: 2, SIX_FLOW: 1}, [])


@pytest.mark.parametrize(("link", "packet", "flow"), [(228, IP, PLAIN_FLOW), (229, SIX, SIX_FLOW)])
def test_links_of_one_version(link: int, packet: bytes, flow: Flow, tmp_path: Path) -> None:
    assert wire(link, tmp_path, packet) == ({flow: 1}, [])


@pytest.mark.parametrize(
    "frame",
    [
        ether(IP, tags=[(0x8100, 5)]),
        ether(IP, tags=[(0x88A8, 5), (0x8100, 6)]),
        ether(IP, tags=[(0x9100, 1)] * 6),
        ether(b"\x11\0\0\1\0\x20\0\x21" + IP, 0x8864),
        ether(b"\x11\0\0\1\0\x20\0\x21" + IP, 0x8864, tags=[(0x8100, 5)]),
        ether(b"\0\1\0\x40" + b"\0\2\1\x40" + IP, 0x8847),
        ether(b"\0\1\1\x40" + bytes(4) + ether(IP), 0x8847),
        ether(b"\0\1\1\x40" + ether(IP), 0x8847),
        ether(b"\0\1\1\x40" + b"\x46\x10" + ether(IP)[2:], 0x8847),
        ether(b"\0\1\1\x40" + b"\x60\x10" + ether(IP)[2:], 0x8847),
        ether(SNAP + b"\x08\0" + IP, len(IP) + 8),
        ether(b"\x06\x06\x03" + IP, len(IP) + 3),
        ether(SNAP + b"\x81\0\0\5\x08\0" + IP, 100),
        ether(bytes(4) + ether(IP), 0x88E7),
        ether(b"\1\1\0\1\0\7\x08\0" + IP, 0x8909),
    ],
)
def test_what_stands_between_ethernet_and_ip(frame: bytes, tmp_path: Path) -> None:
    assert wire(1, tmp_path, frame) == ({PLAIN_FLOW: 1}, [])


@pytest.mark.parametrize(
    ("frame", "status", "reason"),
    [
        (ether(bytes(28), 0x0806), "no_address", "ARP"),
        (ether(bytes(28), 0x88CC), "no_address", "LLDP"),
        (ether(b"\x42\x42\x03" + bytes(35), 38), "no_address", "LLC"),
        (ether(b"\xaa\xaa\x03\x00\x00\x0c\x20\x00", 38), "no_address", "LLC"),
        (ether(bytes(28), 0xABCD), "unsupported", "unknown EtherType"),
        (ether(bytes(28), 0x88E5), "unsupported", "MACsec"),
        (ether(b"\0\1\1\x40\x90" + bytes(30), 0x8847), "unsupported", "link layer not decoded"),
        (ether(b"\x11\0\0\1\0\x20\xc0\x21" + bytes(9), 0x8864), "no_address", "PPP control"),
        (ether(IP)[:13], "truncated", "link header cut"),
        (ether(IP, tags=[(0x8100, 5)])[:16], "truncated", "link header cut"),
        (ether(IP, tags=[(0x8100, 5)] * 40), "unsupported", "unknown EtherType"),
        (b"", "truncated", "link header cut"),
    ],
)
def test_frames_without_addresses(frame: bytes, status: str, reason: str, tmp_path: Path) -> None:
    assert wire(1, tmp_path, frame) == ({}, [(status, reason, 1)])


@pytest.mark.parametrize(
    ("link", "frame", "status", "reason"),
    [
        (0, b"\x07\0\0\0" + IP, "unsupported", "unknown address family"),
        (9, b"\xff\x03\xc0\x21" + bytes(8), "no_address", "PPP control"),
        (9, b"\xff\x03\0\xfd" + bytes(8), "unsupported", "PPP protocol not decoded"),
        (101, b"\x90" + bytes(30), "malformed", "IP version"),
        (104, b"\x8f\0\x80\x35" + bytes(20), "no_address", "link management"),
        (113, bytes(2) + b"\x03\x38" + bytes(12), "no_address", "Netlink"),
        (253, bytes(40), "no_address", "Netlink"),
        (147, bytes(40), "unsupported", "link type 147"),
        (192, b"\0\0\x08\0" + struct.pack("<I", 192) + bytes(9), "unsupported", "link layer not decoded"),
        (239, b"\2\0\0\0" + struct.pack("<HHI", 8, 1, 0), "unsupported", "link layer not decoded"),
        (239, b"\2\0\0\0\0\0\1\0", "unsupported", "link layer not decoded"),
    ],
)
def test_other_links_without_addresses(link: int, frame: bytes, status: str, reason: str, tmp_path: Path) -> None:
    assert wire(link, tmp_path, frame) == ({}, [(status, reason, 1)])


def test_every_link_survives_being_cut_anywhere(tmp_path: Path) -> None:
    for link in (
        0,
        1,
        6,
        9,
        10,
        50,
        51,
        100,
        101,
        104,
        113,
        117,
        138,
        166,
        192,
        204,
        205,
        219,
        228,
        229,
        239,
        258,
        276,
    ):
        whole = bytes(8) + b"\xff\x03\0\x21" + IP
        seen, unread = wire(link, tmp_path, *(whole[:size] for size in range(len(whole))))
        assert sum(seen.values()) + sum(packets for _, _, packets in unread) == len(whole)


def test_statistics_and_packets_of_no_link_type_are_told_apart(tmp_path: Path) -> None:
    found = read(tmp_path, section() + block(5, bytes(12)) + enhanced(Frame(ether(IP))))
    assert [(row.status, row.reason) for row in found.unread] == [("malformed", "interface not described")]
