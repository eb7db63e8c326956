import random
from pathlib import Path

import pytest
from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11QoS, RadioTap
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import LLC, SNAP
from scapy.packet import Packet, Raw

from tests.read.files import PLAIN_FLOW, Frame, accounted, flows, pcap, read

FOUR = IP(src="192.0.2.1", dst="198.51.100.2") / UDP(sport=4000, dport=5000) / Raw(b"hello")
SIX = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=4000, dport=5000)
DATA = Dot11(type=2, subtype=0)
QOS = Dot11(type=2, subtype=8) / Dot11QoS()


def scanned(tmp_path: Path, link: int, *packets: bytes) -> tuple[list[int], list[tuple[str, str]]]:
    found = read(tmp_path, pcap([Frame(packet) for packet in packets], link))
    assert accounted(found)
    return list(flows(found).values()), [(row.status, row.reason) for row in found.unread]


@pytest.mark.parametrize(
    ("link", "before"), [(105, DATA), (105, QOS), (127, RadioTap() / DATA), (127, RadioTap() / QOS)]
)
def test_wireless_frames(link: int, before: Packet, tmp_path: Path) -> None:
    four = bytes(before / LLC() / SNAP() / FOUR)
    six = bytes(before / LLC() / SNAP() / SIX)
    assert flows(read(tmp_path, pcap([Frame(four)], link))) == {PLAIN_FLOW: 1}
    assert scanned(tmp_path, link, four, six, four) == ([2, 1], [])


@pytest.mark.parametrize(
    ("frame", "status", "reason"),
    [
        (Dot11(type=0, subtype=8) / Dot11Beacon(), "no_address", "link management"),
        (Dot11(type=1, subtype=13), "no_address", "link management"),
        (Dot11(type=2, subtype=4), "no_address", "link management"),
        (Dot11(type=2, subtype=0, FCfield="protected") / Raw(bytes(40)), "unsupported", "encrypted link layer"),
        (Dot11(type=2, subtype=0) / Raw(b"\x42\x42\x03" + bytes(40)), "unsupported", "link layer not decoded"),
    ],
)
def test_wireless_frames_without_addresses(frame: Packet, status: str, reason: str, tmp_path: Path) -> None:
    assert scanned(tmp_path, 105, bytes(frame)) == ([], [(status, reason)])


def test_damaged_wireless_frames_are_counted(tmp_path: Path) -> None:
    seeded = random.Random(1)
    whole = bytearray(bytes(RadioTap() / QOS / LLC() / SNAP() / FOUR))
    frames = []
    for _ in range(60):
        changed = whole.copy()
        changed[seeded.randrange(len(changed))] = seeded.randrange(256)
        frames.append(bytes(changed[: seeded.randrange(len(changed))]))
    placed, unread = scanned(tmp_path, 127, *frames)
    assert sum(placed) < 60
    assert unread
