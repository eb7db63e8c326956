"""Real captures against what tshark says about them: every packet counted, every pair of addresses found.

tshark lists the pairs of outermost headers, and apart from them those of innermost ones where a packet has several.
"""

from collections import Counter
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import numpy as np

from auditor.read.directed import Directed
from auditor.read.passed import DEEPER, Carried
from auditor.read.scan import scan
from auditor.read.source import sources
from tests import corpus

Pairs = Counter[tuple[str, str]]

REASSEMBLED = {
    # Packets 4 and 5 are the first: tshark puts the fragments of the outer header together, and prints the addresses
    # inside for the last of them.  Here a fragment is counted where its own header puts it.
    "zeek_tunnels--gtp--gtp1_gn_normal_incl_fragmentation.pcap": 36,
}
UNREAD = {
    # Packet 1, the only one, holds VXLAN in IPv6 whose length is in a jumbo payload option (RFC 2675): this version
    # of tshark calls it malformed and stops there.
    "tcpdump_bigtcp-ipv6-vxlan-ipv4.pcap": {("192.168.1.1", "192.168.1.2"): 1},
}


def text(high: int, low: int) -> str:
    value = int(high) << 64 | int(low)
    return str(ip_address(value & 0xFFFFFFFF)) if value >> 32 == 0xFFFF else str(IPv6Address(value))


def plain(address: str) -> str:
    """tshark writes IPv4-mapped addresses in full."""
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def told(rows: list[dict[str, Any]]) -> Pairs:
    found: Pairs = Counter()
    for row in rows:
        found[plain(row["src"]), plain(row["dst"])] += row["packets"]
    return found


def pairs(columns: Directed | Carried, before: str = "") -> Pairs:
    found: Pairs = Counter()
    ends = [getattr(columns, f"{before}{end}") for end in ("src_hi", "src_lo", "dst_hi", "dst_lo")]
    for a, b, c, d, count in zip(*ends, columns.packets, strict=True):
        found[text(a, b), text(c, d)] += int(count)
    return found


@corpus.needed
@corpus.each
def test_packets_and_pairs_are_those_of_tshark(capture: Path) -> None:
    truth = corpus.truth(capture)
    found = scan(sources([str(capture)]), [0])
    unread = sum(row.packets for row in found.unread)
    assert int(found.directed.packets.sum()) + unread == found.inputs[0].packets == truth["packets"]
    assert found.inputs[0].sha256 == truth["sha256"]
    assert (np.diff(found.directed.witness) > 0).all()

    outer, inner = told(truth["ip_pairs_outer"]), told(truth.get("ip_pairs_innermost", []))
    passed, seen = pairs(found.carried, "outer_"), pairs(found.directed)
    assert not (found.carried.tunnel == DEEPER).any()
    left = Counter({pair: outer[pair] - passed[pair] for pair in outer})
    assert min(left.values(), default=0) >= 0, "more packets went through a tunnel than were sent between its ends"
    assert set(outer) <= set(passed) | set(seen)
    expected = inner + left + Counter(UNREAD.get(capture.name, {}))
    apart = REASSEMBLED.get(capture.name, 0)
    assert sum(((seen - expected) + (expected - seen)).values()) == apart
    assert apart <= truth["fragment_packets"]


@corpus.needed
@corpus.each
def test_bytes_of_plain_captures_are_those_of_tshark(capture: Path) -> None:
    truth, found = corpus.truth(capture), scan(sources([str(capture)]), [0])
    placed = int(found.directed.bytes.sum())
    assert placed == sum(row["wire_bytes"] for row in truth["ip_pairs_outer"])
