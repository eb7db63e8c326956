"""Real captures against what tshark says about them: every packet counted, every outer pair of addresses found."""

from collections import Counter
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import numpy as np

from auditor.read.directed import Directed
from auditor.read.scan import scan
from auditor.read.source import sources
from tests import corpus

Pairs = dict[tuple[str, str], tuple[int, int]]


def text(high: int, low: int) -> str:
    value = int(high) << 64 | int(low)
    return str(ip_address(value & 0xFFFFFFFF)) if value >> 32 == 0xFFFF else str(IPv6Address(value))


def plain(address: str) -> str:
    """tshark writes IPv4-mapped addresses in full."""
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def pairs(directed: Directed) -> Pairs:
    packets: Counter[tuple[str, str]] = Counter()
    size: Counter[tuple[str, str]] = Counter()
    ends = zip(
        directed.src_hi,
        directed.src_lo,
        directed.dst_hi,
        directed.dst_lo,
        directed.packets,
        directed.bytes,
        strict=True,
    )
    for a, b, c, d, count, length in ends:
        packets[text(a, b), text(c, d)] += int(count)
        size[text(a, b), text(c, d)] += int(length)
    return {pair: (packets[pair], size[pair]) for pair in packets}


@corpus.needed
@corpus.each
def test_packets_and_pairs_are_those_of_tshark(capture: Path) -> None:
    truth = corpus.truth(capture)
    found = scan(sources([str(capture)]), [0])
    placed, unread = int(found.directed.packets.sum()), sum(row.packets for row in found.unread)
    assert placed + unread == found.inputs[0].packets == truth["packets"]
    expected: Pairs = {}
    for row in truth["ip_pairs_outer"]:
        pair = plain(row["src"]), plain(row["dst"])
        packets, size = expected.get(pair, (0, 0))
        expected[pair] = packets + row["packets"], size + row["wire_bytes"]
    assert pairs(found.directed) == expected
    assert found.inputs[0].sha256 == truth["sha256"]
    assert (np.diff(found.directed.witness) > 0).all()
