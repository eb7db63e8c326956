"""Every tunnel by hand, as its standard draws it, and what only looks like one."""

import struct
from pathlib import Path

import pytest

from auditor.read.passed import DEEPER
from auditor.read.scan import Scan
from auditor.read.tunnels import TUNNELS
from tests.read.files import Flow, Frame, accounted, ether, flows, ip4, ip6, pcap, read, udp, v4
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
    summed,
    to,
    vxlan,
    vxlan_gpe,
)

FOUR, SIX = inner4(), inner6()
FOUR_FLOW: Flow = (v4("10.0.0.1"), v4("203.0.113.9"), 4000, 5000, 17)
SIX_FLOW: Flow = (0xFC << 120 | 1, 0x20010DB8 << 96 | 9, 4000, 5000, 17)
TEREDO = ip6(udp(b"hello"), src=0x20010000 << 96 | 5, dst=0x20010DB8 << 96 | 9)
OUTER = (v4("192.0.2.1"), v4("198.51.100.2"))
SIX_OUTER = (0x20010DB8 << 96 | 1, 0x20010DB8 << 96 | 2)


def packet(content: bytes) -> bytes:
    return ether(content, 0x0800 if content[0] >> 4 == 4 else 0x86DD)


def scanned(tmp_path: Path, *packets: bytes) -> Scan:
    found = read(tmp_path, pcap([Frame(packet(each)) for each in packets]))
    assert accounted(found)
    return found


def passed(found: Scan) -> dict[tuple[str, int, int], int]:
    """Packets by tunnel and outer pair."""
    c, result = found.carried, dict[tuple[str, int, int], int]()
    names = [tunnel.name for tunnel in TUNNELS] + ["deeper"]
    for i in range(len(c)):
        pair = (
            int(c.outer_src_hi[i]) << 64 | int(c.outer_src_lo[i]),
            int(c.outer_dst_hi[i]) << 64 | int(c.outer_dst_lo[i]),
        )
        key = names[c.tunnel[i]], *pair
        result[key] = result.get(key, 0) + int(c.packets[i])
    return result


@pytest.mark.parametrize(
    ("name", "four", "six"),
    [
        ("vxlan", to(4789, vxlan(FOUR)), to(4789, vxlan(SIX))),
        ("vxlan", to(8472, vxlan(FOUR)), to(8472, vxlan(SIX))),
        ("vxlan", to(4789, vxlan(FOUR, flags=0x88, reserved=0x1234)), to(4789, vxlan(SIX))),
        ("vxlan", to(4790, vxlan_gpe(1, FOUR)), to(4790, vxlan_gpe(2, SIX))),
        ("vxlan", to(4790, vxlan_gpe(3, frame(FOUR))), to(4790, vxlan_gpe(3, frame(SIX)))),
        ("vxlan", to(4790, vxlan_gpe(5, labels(FOUR, 16, 17))), to(4790, vxlan_gpe(5, labels(SIX, 16)))),
        ("geneve", to(6081, geneve(0x6558, frame(FOUR))), to(6081, geneve(0x6558, frame(SIX)))),
        ("geneve", to(6081, geneve(0x0800, FOUR, bytes(252), 0x40)), to(6081, geneve(0x86DD, SIX, bytes(8)))),
        ("gtp", to(2152, gtp(FOUR)), to(2152, gtp(SIX))),
        ("gtp", to(2152, gtp(FOUR, flags=0x32, extra=b"\0\1\0\0")), to(2152, gtp(SIX, flags=0x32, extra=b"\0\1\0\0"))),
        ("gtp", to(2152, gtp(FOUR, flags=0x34, extra=b"\0\0\0\x85\1\0\1\xc0\2\0\0\0\0\0\0\0")),
         to(2152, gtp(SIX, flags=0x34, extra=b"\0\0\0\x85\1\0\1\0"))),
        ("gre", ip4(gre(0x0800, FOUR), protocol=47), ip4(gre(0x86DD, SIX, key=5), protocol=47)),
        ("gre", ip4(gre(0x0800, FOUR, 1, 2, True), protocol=47), ip4(gre(0x86DD, SIX, sequence=5), protocol=47)),
        ("gre", ip4(gre(0x6558, frame(FOUR), key=99 << 8), protocol=47), ip4(gre(0x6558, frame(SIX), 9), protocol=47)),
        ("gre", ip4(gre(0x8847, labels(FOUR, 5)), protocol=47), ip4(gre(0x8847, labels(SIX, 5, 6, 7)), protocol=47)),
        ("gre", ip4(gre(0x880B, ppp(FOUR)), protocol=47), ip4(gre(0x880B, ppp(SIX)[2:]), protocol=47)),
        ("gre", to(4754, gre(0x0800, FOUR)), to(4754, gre(0x86DD, SIX))),
        ("pptp", ip4(pptp(ppp(FOUR)), protocol=47), ip4(pptp(ppp(SIX), acknowledged=3), protocol=47)),
        ("pptp", ip4(pptp(b"\x21" + FOUR), protocol=47), ip4(pptp(b"\x57" + SIX), protocol=47)),
        ("erspan", ip4(gre(0x88BE, frame(FOUR)), protocol=47), ip4(gre(0x88BE, frame(SIX)), protocol=47)),
        ("erspan", ip4(erspan2(frame(FOUR)), protocol=47), ip4(erspan2(frame(SIX)), protocol=47)),
        ("erspan", ip4(erspan3(frame(FOUR)), protocol=47), ip4(erspan3(frame(SIX), platform=True), protocol=47)),
        ("erspan", ip4(erspan3(FOUR, 2), protocol=47), ip4(erspan3(SIX, 2, True), protocol=47)),
        ("erspan", ip4(erspan2(frame(FOUR, ((0x8100, 5),))), protocol=47),
         ip4(erspan2(frame(SIX) + bytes(4)), protocol=47)),
        ("etherip", ip4(b"\x30\0" + frame(FOUR), protocol=97), ip4(b"\x30\0" + frame(SIX), protocol=97)),
        ("mpls", to(6635, labels(FOUR, 100)), to(6635, labels(SIX, 100, 200))),
        ("mpls", ip4(labels(FOUR, 1), protocol=137), ip4(labels(SIX, 1), protocol=137)),
        ("mpls", to(6635, labels(bytes(4) + frame(FOUR), 100)), to(6635, labels(bytes(4) + frame(SIX), 100))),
        ("l2tp", to(1701, l2tp(ppp(FOUR))), to(1701, l2tp(ppp(SIX), length=False, numbered=True))),
        ("l2tp", to(60000, l2tp(ppp(FOUR)[2:], offset=3), 1701), to(60000, l2tp(ppp(SIX), offset=0), 1701)),
        ("l2tp", to(1701, b"\0\3\0\0\0\0\0\x09" + frame(FOUR)),
         to(1701, b"\0\3\0\0\0\0\0\x09" + bytes(12) + frame(SIX))),
        ("l2tp", ip4(b"\0\0\0\x09" + bytes(4) + frame(FOUR), protocol=115), ip4(b"\0\0\0\x09" + SIX, protocol=115)),
        ("ayiya", to(5072, ayiya(FOUR, 4)), to(50001, ayiya(SIX), 5072)),
    ],
)  # fmt: skip
def test_tunnels(name: str, four: bytes, six: bytes, tmp_path: Path) -> None:
    found = scanned(tmp_path, four, six, four)
    assert flows(found) == {FOUR_FLOW: 2, SIX_FLOW: 1}
    assert passed(found) == {(name, *OUTER): 3}


@pytest.mark.parametrize(
    ("name", "wrapped", "outer", "flow"),
    [
        ("ipip", ip4(FOUR, protocol=4), OUTER, FOUR_FLOW),
        ("6in4", ip4(SIX, protocol=41), OUTER, SIX_FLOW),
        ("4in6", ip6(FOUR, 4), SIX_OUTER, FOUR_FLOW),
        ("6in6", ip6(SIX, 41), SIX_OUTER, SIX_FLOW),
        ("6in6", ip6(struct.pack(">BBBBI", 41, 2, 4, 0, 0) + bytes(16) + SIX, 43), SIX_OUTER, SIX_FLOW),
        ("gre", ip6(gre(0x0800, FOUR), 47), SIX_OUTER, FOUR_FLOW),
        ("vxlan", ip6(udp(vxlan(SIX), 9, 4789)), SIX_OUTER, SIX_FLOW),
    ],
)  # fmt: skip
def test_ip_in_ip(name: str, wrapped: bytes, outer: tuple[int, int], flow: Flow, tmp_path: Path) -> None:
    found = scanned(tmp_path, wrapped)
    assert (flows(found), passed(found)) == ({flow: 1}, {(name, *outer): 1})


@pytest.mark.parametrize(
    "payload",
    [
        TEREDO,
        bytes(8) + TEREDO,
        b"\0\1\0\0" + bytes(9) + TEREDO,
        b"\0\1\4\2" + bytes(4 + 2 + 9) + bytes(8) + TEREDO,
        TEREDO + b"\4\4\0\0\0\1",
    ],
)
def test_teredo(payload: bytes, tmp_path: Path) -> None:
    found = scanned(tmp_path, to(3544, payload), to(51000, payload, 3544))
    assert flows(found) == {(0x20010000 << 96 | 5, 0x20010DB8 << 96 | 9, 4000, 5000, 17): 2}
    assert passed(found) == {("teredo", *OUTER): 2}


def broken(packet: bytes) -> bytes:
    """Spoil the checksum of an IPv4 header."""
    return packet[:10] + bytes([packet[10] ^ 0x40]) + packet[11:]


LONG = summed(FOUR[:2] + b"\x40\0" + FOUR[4:])


@pytest.mark.parametrize(
    "wrapped",
    [
        to(4789, b"noise on a port" * 9),
        to(4789, vxlan(FOUR, flags=0)),
        to(4789, vxlan(SIX, reserved=1)),
        to(4789, vxlan(broken(FOUR))),
        to(4789, vxlan(FOUR)[:8] + ether(bytes(28), 0x0806)),
        to(4789, vxlan(FOUR)[:36]),
        to(4790, vxlan_gpe(4, FOUR)),
        to(4790, b"\x3c" + vxlan_gpe(1, FOUR)[1:]),
        to(6081, b"\x40" + geneve(0x0800, FOUR)[1:]),
        to(6081, geneve(0x0800, FOUR, flags=0x80)),
        to(6081, geneve(0x0806, FOUR)),
        to(6081, b"\x3f" + geneve(0x0800, FOUR)[1:]),
        to(2152, gtp(FOUR, kind=1)),
        to(2152, gtp(FOUR, flags=0x50)),
        to(2152, gtp(FOUR, more=1)),
        to(2152, gtp(FOUR, flags=0x34, extra=b"\0\0\0\x85\0\0\0\0")),
        to(2152, gtp(FOUR, flags=0x34, extra=b"\0\0\0\x85" + b"\1\0\0\x85" * 20)),
        to(2152, gtp(b"\x45" + bytes(30))),
        to(3544, SIX),
        to(3544, TEREDO[:4] + b"\xff\xff" + TEREDO[6:]),
        to(1701, b"\xc8\2" + l2tp(ppp(FOUR))[2:]),
        to(1701, l2tp(ppp(FOUR))[:2] + b"\xff\xff" + l2tp(ppp(FOUR))[4:]),
        to(1701, b"\0\3\0\0\0\0\0\0" + frame(FOUR)),
        to(1701, l2tp(b"\xff\x03\xc0\x21" + FOUR)),
        to(6635, struct.pack(">I", 16 << 12) * 20),
        to(5072, ayiya(FOUR, 4, operation=0)),
        to(5072, ayiya(b"", 59)),
        ip4(gre(0x0800, broken(FOUR)), protocol=47),
        ip4(gre(0x0800, LONG), protocol=47),
        ip4(b"\x40" + gre(0x0800, FOUR)[1:], protocol=47),
        ip4(gre(0x0806, FOUR), protocol=47),
        ip4(pptp(ppp(FOUR), length=9999), protocol=47),
        ip4(pptp(b"\xff\x03\0\xfd" + FOUR), protocol=47),
        ip4(erspan2(frame(FOUR))[:8] + b"\x20" + erspan2(frame(FOUR))[9:], protocol=47),
        ip4(b"\x20\0" + frame(FOUR), protocol=97),
        ip4(FOUR[:19], protocol=4),
        ip4(SIX + b"\0", protocol=41),
        ip4(SIX[:39], protocol=41),
        ip4(b"", protocol=4),
        ip4(b"\x45", protocol=47),
        ip4(gre(0x0800, FOUR), protocol=47, fragment=0x2000),
        ip4(gre(0x0800, FOUR), protocol=47, fragment=5),
        ip4(FOUR, protocol=17),
    ],
)  # fmt: skip
def test_what_does_not_hold_up_stays_in_its_outer_flow(wrapped: bytes, tmp_path: Path) -> None:
    found = scanned(tmp_path, wrapped, wrapped)
    ((flow, packets),) = flows(found).items()
    assert (flow[:2], packets) == (OUTER, 2)
    assert not len(found.carried)


def test_a_header_without_checksum_must_fill_its_room(tmp_path: Path) -> None:
    bare = ip4(udp(b"hello"), src="10.0.0.1", dst="203.0.113.9")
    assert FOUR_FLOW in flows(scanned(tmp_path, ip4(bare, protocol=4)))
    assert FOUR_FLOW not in flows(scanned(tmp_path, ip4(bare + b"\0", protocol=4)))
    assert FOUR_FLOW in flows(scanned(tmp_path, ip4(FOUR + b"\0", protocol=4)))
    assert FOUR_FLOW in flows(scanned(tmp_path, to(4789, vxlan(bare) + bytes(10))))


def test_options_are_part_of_the_checksum(tmp_path: Path) -> None:
    optioned = inner4(options=b"\x94\4\0\0" + b"\1" * 36)
    assert flows(scanned(tmp_path, ip4(optioned, protocol=4))) == {FOUR_FLOW: 1}
    spoilt = optioned[:59] + b"\2" + optioned[60:]
    assert FOUR_FLOW not in flows(scanned(tmp_path, ip4(spoilt, protocol=4)))


def nested(depth: int, inside: bytes = FOUR) -> bytes:
    """IPv4 in IPv4: so many headers, each between ends of its own."""
    for level in range(1, depth):
        inside = inner4_around(inside, level)
    return inside


def inner4_around(inside: bytes, level: int) -> bytes:
    return summed(ip4(inside, protocol=4, src=f"192.0.2.{level}", dst=f"198.51.100.{level}"))


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_up_to_four_headers_are_read(depth: int, tmp_path: Path) -> None:
    found = scanned(tmp_path, nested(depth))
    assert flows(found) == {FOUR_FLOW: 1}
    assert sorted(found.carried.depth.tolist()) == list(range(depth - 1))
    assert len(passed(found)) == depth - 1


@pytest.mark.parametrize("depth", [5, 9, 100])
def test_deeper_ones_are_counted_as_they_are(depth: int, tmp_path: Path) -> None:
    found = scanned(tmp_path, nested(depth))
    level = depth - 4
    ends = v4(f"192.0.2.{level}"), v4(f"198.51.100.{level}")
    assert flows(found) == {(*ends, 0, 0, 4): 1}
    assert (found.carried.tunnel == DEEPER).sum() == 1
    assert len(found.carried) == 4


def test_fragments_inside_get_the_ports_of_their_first_one(tmp_path: Path) -> None:
    whole = udp(bytes(64))
    first = inner4_part(whole[:40], 0x2000)
    rest = inner4_part(whole[40:], 5)
    found = scanned(tmp_path, to(4789, vxlan(rest)), to(4789, vxlan(first)))
    assert flows(found) == {FOUR_FLOW: 2}
    assert passed(found) == {("vxlan", *OUTER): 2}


def inner4_part(payload: bytes, fragment: int) -> bytes:
    return summed(ip4(payload, src="10.0.0.1", dst="203.0.113.9", ident=7, fragment=fragment))


def test_a_capture_cut_behind_the_inner_header_still_tells_it(tmp_path: Path) -> None:
    wrapped = packet(to(4789, vxlan(inner4(bytes(1000)))))
    cut = [Frame(wrapped[:size], wire=len(wrapped)) for size in range(len(wrapped) - 1000 + 40)]
    found = read(tmp_path, pcap(cut))
    assert accounted(found)
    inner = {flow: packets for flow, packets in flows(found).items() if flow[0] == v4("10.0.0.1")}
    assert sum(inner.values()) == len(cut) - (14 + 28 + 8 + 14 + 20)
