"""The whole table: packets are conserved, and neither order nor split of the input changes more than record numbers."""

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.flow import FLOW
from auditor.read.assemble import assemble
from auditor.read.facts.model import Fact, fold
from auditor.read.said import Said
from tests.read import test_calls as calls
from tests.read.facts.payloads import attribute, dns, end, hello, number, sip, stun
from tests.read.facts.test_dns import POINTER, a
from tests.read.facts.test_stun import XOR
from tests.read.oneway import Row, Scanned, assembled, back, directed, facts

ENDS = ["192.0.2.1", "198.51.100.2", "10.0.0.5", "2001:db8::1", "203.0.113.9"]
SAYS: dict[str, list[bytes]] = {
    "sip": [calls.invite("one"), calls.ok("one"), calls.invite("two"), calls.ok("two"),
            sip("REGISTER sip:b SIP/2.0", "Call-ID: r", "Via: SIP/2.0/UDP 203.0.113.50, SIP/2.0/UDP 10.0.0.5")],
    "stun": [stun(1), stun(0x0103, attribute(0x16, end(ENDS[4], 5, XOR)), attribute(0x20, end("192.0.2.99", 5, XOR))),
             stun(0x0016, attribute(0x12, end("192.0.2.98", 5, XOR)))],
    "dns": [dns("a.example.com", [a(POINTER, ENDS[1])]), dns("b.example.com", [a(POINTER, ENDS[1])])],
    "tls": [hello("meet.example.com"), hello("other.example.com")],
}  # fmt: skip


@st.composite
def traffic(draw: Any) -> list[tuple[Row, bytes]]:
    """Packets, as rows of one packet each, with what they say."""
    found = []
    for number_ in range(draw(st.integers(1, 25))):
        app = draw(st.sampled_from(["sip", "sip", "stun", "dns", "tls", "rtp", "other", "turn"]))
        source, target = draw(st.sampled_from(ENDS)), draw(st.sampled_from(ENDS))
        ports = {"sip": (5060, 5060), "rtp": (6000, 7000), "stun": (6000, 7000), "turn": (6000, 7000), "dns": (53, 999)}
        sport, dport = draw(st.permutations(ports.get(app, (443, 999))))
        row = Row(
            source,
            sport,
            target,
            dport,
            app,
            "tcp" if app == "tls" else "udp",
            first=draw(st.integers(0, 9)) * 4 * calls.S,
            flags=draw(st.sampled_from([0, 1, 2, 4])) if app == "tls" else 0,
            ssrc=7 if app == "rtp" else None,
            witness=number_ + 1,
            vantage=draw(st.integers(0, 1)),
        )
        found.append((row, draw(st.sampled_from(SAYS[app])) if app in SAYS else b""))
    return found


def scanned(packets: list[tuple[Row, bytes]]) -> Scanned:
    """Fold packets as a scan does: one-way flows of one payload class, and facts."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row, _ in packets:
        groups[row.vantage, number(row.src), row.sport, number(row.dst), row.dport, row.transport, row.app].append(row)
    rows = []
    for _, found in sorted(groups.items(), key=lambda item: item[0]):
        flags = 0
        for row in found:
            flags |= row.flags
        rows.append(
            replace(
                found[0],
                packets=len(found),
                payload=100 * len(found),
                first=min(row.first for row in found),
                last=max(row.first for row in found),
                witness=min(row.witness for row in found),
                flags=flags,
            )
        )
    known: dict[Fact, Fact] = {}
    for row, payload in packets:
        if payload:
            fold(known, facts((row, payload)))
    return Scanned(directed(rows), Said.of(known.values()))


def written(packets: list[tuple[Row, bytes]]) -> tuple[list[Any], ...]:
    found = assemble(scanned(packets), ["tap", "other"])
    return found.flows.drop("source", "record").rows(), found.reflexive.rows(), found.names.rows()


@settings(max_examples=150, deadline=None)
@given(traffic())
def test_packets_and_bytes_are_conserved(packets: list[tuple[Row, bytes]]) -> None:
    flows = assemble(scanned(packets), ["tap", "other"]).flows
    assert dict(flows.schema) == FLOW
    assert flows["src_packets"].sum() + flows["dst_packets"].sum() == len(packets)
    assert flows["src_bytes"].sum() + flows["dst_bytes"].sum() == 142 * len(packets)
    assert flows.select(pl.col("src_packets", "dst_packets", "src_bytes", "dst_bytes").min()).row(0) >= (0, 0, 0, 0)
    per_address: dict[tuple[str, str], int] = defaultdict(int)
    for row in flows.filter(pl.col("basis") == "observed").iter_rows(named=True):
        per_address[row["src_addr"], row["dst_addr"]] += row["src_packets"]
        per_address[row["dst_addr"], row["src_addr"]] += row["dst_packets"]
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for row, _ in packets:
        expected[row.src, row.dst] += 1
    assert {pair: count for pair, count in per_address.items() if count} == dict(expected)


@settings(max_examples=150, deadline=None)
@given(traffic(), st.randoms(use_true_random=False))
def test_neither_order_nor_numbering_changes_anything_but_record_numbers(
    packets: list[tuple[Row, bytes]], chance: random.Random
) -> None:
    numbers = list(range(1, len(packets) + 1))
    chance.shuffle(numbers)
    shuffled = [(replace(row, witness=other), payload) for (row, payload), other in zip(packets, numbers, strict=True)]
    chance.shuffle(shuffled)
    assert written(shuffled) == written(packets)


@dataclass(frozen=True)
class Unread:
    source: int
    status: str
    reason: str
    packets: int
    bytes: int
    first_record: int
    first_ns: int
    last_ns: int


def test_packets_without_flow_are_rows_under_their_reason() -> None:
    rows = [Unread(0, "no_address", "ARP", 3, 180, 7, 5, 9), Unread(0, "malformed", "IPv4 header cut", 1, 20, 2, 1, 1)]
    flows = assembled([], unread=rows).flows
    assert flows.select("status", "detail", "record", "src_packets", "src_bytes", "src_addr").rows() == [
        ("malformed", "IPv4 header cut", 2, 1, 20, None), ("no_address", "ARP", 7, 3, 180, None),
    ]  # fmt: skip


def test_nothing_at_all_is_an_empty_table() -> None:
    found = assembled([])
    assert (found.flows.height, found.reflexive.height, found.names.height) == (0, 0, 0)
    assert dict(found.flows.schema) == FLOW


def test_a_row_points_at_the_first_record_of_its_flow_and_facts_without_packets_make_none() -> None:
    row = Row("192.0.2.1", 1, "198.51.100.2", 2, witness=(3 << 40) | 17)
    stray = facts((Row("192.0.2.1", 9, "198.51.100.2", 443, "tls", "tcp"), hello("x.example.com")))
    flows = assembled([row, back(row, witness=(3 << 40) | 18)], stray).flows
    assert flows.select("source", "record", "src_packets", "dst_packets").rows() == [(3, 17, 1, 1)]


def test_a_flow_to_itself_is_one_flow() -> None:
    row = Row("192.0.2.1", 7, "192.0.2.1", 7, packets=3)
    flows = assembled([row]).flows
    assert flows.select("src_addr", "dst_addr", "src_packets", "dst_packets").rows() == [
        ("192.0.2.1", "192.0.2.1", 3, 0)
    ]
