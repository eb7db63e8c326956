"""Stacks of tunnels as Scapy builds them, and bytes as strangers build them: nothing raises or is lost or doubled."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III
from scapy.contrib.etherip import EtherIP
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import GRE, IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import GRE_PPTP, Dot1Q, Ether
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import HDLC, PPP
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from auditor.read import unwrap
from auditor.read.headers import Packets
from tests.read.files import Frame, accounted, ether, flows, ip4, ip6, pcap, read, udp, v4
from tests.read.wrapping import (
    ayiya,
    erspan2,
    erspan3,
    frame,
    geneve,
    gre,
    gtp,
    inner4,
    inner6,
    l2tp,
    labels,
    ppp,
    pptp,
    to,
    vxlan,
    vxlan_gpe,
)

Wrap = Callable[[Packet], Packet]
PROTOCOLS = {IP: (0x0800, 4), IPv6: (0x86DD, 41)}


def kind(inside: Packet) -> int:
    return PROTOCOLS[type(inside)][0]


ROUTES: list[Wrap] = [
    lambda p: UDP(dport=4789) / VXLAN(vni=5, flags="Instance") / Ether() / p,
    lambda p: UDP(dport=4789) / VXLAN(vni=5, flags="Instance") / Ether() / Dot1Q(vlan=3) / p,
    lambda p: UDP(dport=6081) / GENEVE(vni=9, proto=0x6558) / Ether() / p,
    lambda p: UDP(dport=6081) / GENEVE(vni=9, proto=kind(p)) / p,
    lambda p: UDP(sport=2152, dport=2152) / GTP_U_Header(teid=7, gtp_type=255) / p,
    lambda p: GRE(proto=kind(p)) / p,
    lambda p: GRE(proto=kind(p), chksum_present=1, key_present=1, seqnum_present=1, key=9) / p,
    lambda p: GRE(proto=0x6558, key_present=1, key=99) / Ether() / p,
    lambda p: GRE(seqnum_present=1, proto=0x88BE) / ERSPAN_II() / Ether() / p,
    lambda p: GRE(seqnum_present=1, proto=0x22EB) / ERSPAN_III() / Ether() / p,
    lambda p: GRE_PPTP(seqnum_present=1, seqence_number=5) / HDLC() / PPP() / p,
    lambda p: GRE(proto=0x8847) / MPLS(s=0, label=18) / MPLS(s=1, label=19) / p,
    lambda p: EtherIP() / Ether() / p,
    lambda p: UDP(dport=1701) / L2TP(hdr="length", tunnel_id=5, session_id=6) / HDLC() / PPP() / p,
    lambda p: p,
]


@pytest.mark.parametrize("seed", range(30))
def test_stacks_of_scapy(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    depth = chance.randint(2, 4)
    packet: Packet = IP(src="10.0.0.1", dst="203.0.113.9") / UDP(sport=4000, dport=5000) / Raw(b"hello")
    flow = v4("10.0.0.1"), v4("203.0.113.9"), 4000, 5000, 17
    if chance.random() < 0.4:
        packet = IPv6(src="fd00::1", dst="2001:db8::9") / UDP(sport=4000, dport=5000) / Raw(b"hello")
        flow = 0xFD << 120 | 1, 0x20010DB8 << 96 | 9, 4000, 5000, 17
    for level in range(1, depth):
        route = chance.choice(ROUTES)(packet)
        if chance.random() < 0.5:
            packet = IP(src=f"192.0.2.{level}", dst=f"198.51.100.{level}") / route
        else:
            packet = IPv6(src=f"2001:db8::1:{level}", dst=f"2001:db8::2:{level}") / route
        packet = _protocol(packet, route)
    found = read(tmp_path, pcap([Frame(bytes(Ether() / packet))]))
    assert flows(found) == {flow: 1}
    assert sorted(found.carried.depth.tolist()) == list(range(depth - 1))


def _protocol(packet: Packet, route: Packet) -> Packet:
    """Name the payload where Scapy leaves it to defaults."""
    numbers = {IP: 4, IPv6: 41, GRE: 47, GRE_PPTP: 47, EtherIP: 97, UDP: 17}
    number = next(number for layer, number in numbers.items() if type(route) is layer)
    if isinstance(packet, IP):
        packet.proto = number
    else:
        packet.nh = number
    return packet


FOUR, SIX = inner4(bytes(30)), inner6(bytes(30))
SAMPLES = [
    to(4789, vxlan(FOUR)), to(4789, vxlan(SIX)), to(4790, vxlan_gpe(3, frame(FOUR))), to(4790, vxlan_gpe(2, SIX)),
    to(6081, geneve(0x6558, frame(FOUR), bytes(12))), to(6081, geneve(0x86DD, SIX)), to(2152, gtp(FOUR)),
    to(2152, gtp(SIX, flags=0x34, extra=b"\0\0\0\x85\1\0\1\xc0\2\0\0\0\0\0\0\0")),
    to(4754, gre(0x0800, FOUR, 1, 2, True)),
    to(3544, b"\0\1\4\2" + bytes(4 + 2 + 9) + bytes(8) + ip6(udp(bytes(30)), src=0x20010000 << 96)),
    to(1701, l2tp(ppp(FOUR), numbered=True, offset=4)), to(1701, b"\0\3\0\0\0\0\0\x09" + bytes(4) + frame(FOUR)),
    to(6635, labels(FOUR, 1, 2, 3)), to(6635, labels(bytes(4) + frame(SIX), 1)), to(5072, ayiya(SIX)),
    ip4(gre(0x6558, frame(FOUR), 7), protocol=47), ip4(pptp(ppp(FOUR), acknowledged=1), protocol=47),
    ip4(erspan2(frame(FOUR)), protocol=47), ip4(erspan3(frame(FOUR), platform=True), protocol=47),
    ip4(erspan3(SIX, 2), protocol=47), ip4(b"\x30\0" + frame(SIX), protocol=97), ip4(labels(FOUR, 1), protocol=137),
    ip4(b"\0\0\0\x09" + bytes(8) + frame(FOUR), protocol=115), ip4(FOUR, protocol=4), ip4(SIX, protocol=41),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_damaged_tunnels_lose_nothing(seed: int, tmp_path: Path) -> None:
    chance, frames = random.Random(seed), []
    for sample in SAMPLES:
        for _ in range(40):
            changed = bytearray(ether(sample))
            for _ in range(chance.randint(0, 3)):
                changed[chance.randrange(34, len(changed))] = chance.randrange(256)
            whole = bytes(changed)
            frames.append(
                Frame(whole[: chance.choice((len(whole), chance.randrange(34, len(whole))))], wire=len(whole))
            )
    chance.shuffle(frames)
    found = read(tmp_path, pcap(frames))
    assert accounted(found)
    assert not found.unread
    assert (np.diff(found.directed.witness) > 0).all()


@pytest.mark.parametrize("port", [4789, 8472, 4790, 6081, 2152, 3544, 1701, 6635, 4754, 5072])
def test_noise_on_a_port_is_no_tunnel(port: int, tmp_path: Path) -> None:
    chance = random.Random(port)
    noise = [chance.randbytes(chance.randrange(200)) for _ in range(3000)]
    found = read(tmp_path, pcap([Frame(ether(to(port, each))) for each in noise]))
    assert sum(flows(found).values()) == len(noise)
    assert not len(found.carried)


@pytest.mark.parametrize("protocol", [4, 41, 47, 97, 115, 137])
def test_noise_of_a_protocol_is_no_tunnel(protocol: int, tmp_path: Path) -> None:
    chance = random.Random(protocol)
    noise = [chance.randbytes(chance.randrange(200)) for _ in range(3000)]
    found = read(tmp_path, pcap([Frame(ether(ip4(each, protocol=protocol))) for each in noise]))
    assert sum(flows(found).values()) == len(noise)
    assert not len(found.carried)


def test_a_selection_keeps_its_fragments() -> None:
    count = 6
    none = np.zeros(count, np.int64)
    plain = dict.fromkeys(Packets.__slots__, none)
    fragments = {
        "later": np.array([1, 3]),
        "leading": np.array([0, 4]),
        "identification": np.array([11, 13, 20, 24], np.uint64),
        "place": np.array([370, 3, 1, 1]),
    }
    own = {"data": np.zeros(1, np.uint8), "index": np.arange(count) * 2, "address": [np.arange(count, dtype=np.uint64)]}
    packets = Packets(**{**plain, **own, **fragments})
    some = unwrap.only(packets, np.array([0, 3, 5]))
    assert some.index.tolist() == [0, 6, 10]
    assert (some.later.tolist(), some.leading.tolist()) == ([1], [0])
    assert some.place.tolist() == [3, 1]
    assert some.identification.tolist() == [13, 20]
