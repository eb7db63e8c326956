import ipaddress
import random
import struct
from pathlib import Path

import pytest

from auditor.read.facts.model import Name
from tests.read.files import (
    PLAIN,
    PLAIN_FLOW,
    SECOND,
    Frame,
    accounted,
    block,
    enhanced,
    ether,
    flows,
    interface,
    ip4,
    old,
    read,
    section,
    simple,
    udp,
)


@pytest.mark.parametrize("order", "<>")
def test_all_packet_blocks_in_both_byte_orders(tmp_path: Path, order: str) -> None:
    parts = [enhanced(PLAIN, 0, order), simple(PLAIN, order), old(PLAIN, 0, order)]
    found = read(tmp_path, section(order) + interface(1, order) + b"".join(parts))
    assert flows(found) == {PLAIN_FLOW: 3}
    assert found.inputs[0].format == "pcapng"
    assert found.unread_bytes == []


def test_sections_change_byte_order_and_forget_interfaces(tmp_path: Path) -> None:
    first = section("<") + interface(1, "<") + enhanced(PLAIN, 0, "<")
    second = section(">") + interface(101, ">") + enhanced(Frame(PLAIN.data[14:]), 0, ">") + enhanced(PLAIN, 1, ">")
    found = read(tmp_path, first + second)
    assert flows(found) == {PLAIN_FLOW: 2}
    assert [(row.status, row.reason, row.packets) for row in found.unread] == [
        ("malformed", "interface not described", 1)
    ]


def test_interfaces_have_link_types_of_their_own(tmp_path: Path) -> None:
    content = section() + interface(1) + interface(101) + enhanced(PLAIN, 0) + enhanced(Frame(PLAIN.data[14:]), 1)
    assert flows(read(tmp_path, content)) == {PLAIN_FLOW: 2}


def test_an_interface_counts_from_its_description_on(tmp_path: Path) -> None:
    found = read(tmp_path, section() + enhanced(PLAIN) + interface() + enhanced(PLAIN))
    assert flows(found) == {PLAIN_FLOW: 1}
    assert accounted(found)


@pytest.mark.parametrize(
    ("resolution", "offset", "stamp", "expected"),
    [
        (None, None, 1_600_000_000_123_456, 1_600_000_000_123_456_000),
        (9, None, 1_600_000_000_123_456_789, 1_600_000_000_123_456_789),
        (3, None, 1_600_000_000_123, 1_600_000_000_123_000_000),
        (0, None, 1_600_000_000, 1_600_000_000_000_000_000),
        (12, None, 1_600_000_000_000_000 * 1000, 1_600_000_000_000_000),
        (0x80 | 10, None, (1_600_000_000 << 10) | 512, 1_600_000_000_500_000_000),
        (0x80 | 34, None, (1 << 34) * 3 + (1 << 33), 3_500_000_000),
        (0x80 | 40, None, (1 << 40) * 3 + (1 << 39), 3_500_000_000),
        (6, 1_600_000_000, 5_000_000, 1_600_000_005_000_000_000),
        (6, -5, 8_000_000, 3_000_000_000),
        (0, None, 2**64 - 1, 9_000_000_000_000_000_000),
        (0x80 | 127, 2**63 - 1, 2**64 - 1, 9_000_000_000_000_000_000),
    ],
)  # fmt: skip
def test_clocks(tmp_path: Path, resolution: int | None, offset: int | None, stamp: int, expected: int) -> None:
    found = read(tmp_path, section() + interface(resolution=resolution, offset=offset) + enhanced(PLAIN, stamp=stamp))
    assert abs(int(found.directed.first_ns[0]) - expected) < 1_000_000_000 * (expected == 9_000_000_000_000_000_000) + 1


def test_interfaces_with_different_clocks(tmp_path: Path) -> None:
    content = (
        section()
        + interface(resolution=9)
        + interface()
        + enhanced(PLAIN, 0, stamp=7_000)
        + enhanced(PLAIN, 1, stamp=9)
    )
    found = read(tmp_path, content)
    assert (found.directed.first_ns[0], found.directed.last_ns[0]) == (7_000, 9_000)


def test_a_simple_packet_is_as_long_as_the_snaplen_of_the_interface(tmp_path: Path) -> None:
    found = read(tmp_path, section() + interface(snaplen=45) + simple(PLAIN, kept=45) + enhanced(PLAIN))
    assert flows(found) == {PLAIN_FLOW: 2}
    assert found.directed.bytes.sum() == 2 * len(PLAIN.data)


def test_unknown_blocks_are_stepped_over_and_custom_ones_numbered(tmp_path: Path) -> None:
    blocks = [block(0x7777, b"?" * 9), enhanced(PLAIN), block(5, bytes(12)), block(0xBAD, bytes(8)), enhanced(PLAIN)]
    found = read(tmp_path, section() + interface() + b"".join(blocks))
    assert flows(found) == {PLAIN_FLOW: 2}
    assert [(row.status, row.reason, row.first_record) for row in found.unread] == [
        ("no_address", "record without packet", 2)
    ]


def test_a_long_block_of_another_kind_is_stepped_over(tmp_path: Path) -> None:
    found = read(tmp_path, section() + interface() + enhanced(PLAIN) + block(10, bytes(20 << 20)) + enhanced(PLAIN))
    assert flows(found) == {PLAIN_FLOW: 2}
    assert found.unread_bytes == []


def test_name_resolution_blocks_give_names(tmp_path: Path) -> None:
    four = b"\xc0\x00\x02\x01" + b"Relay.example.net\0"
    six = ipaddress.ip_address("2001:db8::9").packed + b"a.example\0b.example\0"
    records = b"".join(
        struct.pack("<HH", kind, len(v)) + v + bytes(-len(v) % 4) for kind, v in ((1, four), (2, six), (0, b""))
    )
    found = read(tmp_path, section() + interface() + enhanced(PLAIN) + block(4, records))
    names = {(fact.address, fact.name) for fact in found.facts if isinstance(fact, Name)}
    nine = int(ipaddress.ip_address("2001:db8::9"))
    assert names == {(0xFFFFC0000201, "relay.example.net"), (nine, "a.example"), (nine, "b.example")}
    assert {fact.witness for fact in found.facts} == {1}


def test_the_bytes_between_a_damaged_block_and_the_next_credible_one_are_counted(tmp_path: Path) -> None:
    blocks = [enhanced(Frame(ether(ip4(udp(bytes(i)))), SECOND * 10**9)) for i in range(40)]
    bad = bytearray(blocks[20])
    bad[4:8] = (1 << 19).to_bytes(4, "little")
    found = read(tmp_path, section() + interface() + b"".join([*blocks[:20], bytes(bad), *blocks[21:]]))
    assert flows(found) == {PLAIN_FLOW: 39}
    assert found.unread_bytes == [(0, len(bad), "damaged block")]


def test_a_cut_file(tmp_path: Path) -> None:
    whole = section() + interface() + enhanced(PLAIN) + enhanced(PLAIN)
    for cut in range(1, len(enhanced(PLAIN))):
        found = read(tmp_path, whole[:-cut])
        assert flows(found) == {PLAIN_FLOW: 1}
        assert sum(size for _source, size, _why in found.unread_bytes) == len(enhanced(PLAIN)) - cut


def test_captured_lengths_beyond_their_block_are_cut_to_it(tmp_path: Path) -> None:
    lying = bytearray(enhanced(PLAIN))
    lying[20:24] = b"\xff\xff\xff\x7f"
    found = read(tmp_path, section() + interface() + bytes(lying) + enhanced(PLAIN))
    assert flows(found) == {PLAIN_FLOW: 2}


def test_thousands_of_sections_and_interfaces(tmp_path: Path) -> None:
    content = b"".join(section(order) + interface(1, order) + enhanced(PLAIN, 0, order) for order in "<>" * 1500)
    assert flows(read(tmp_path, content)) == {PLAIN_FLOW: 3000}


def test_blocks_across_windows_and_decoys_in_payloads(tmp_path: Path) -> None:
    seeded = random.Random(5)
    decoy = enhanced(PLAIN)
    frames = [
        Frame(ether(ip4(udp(decoy * seeded.randrange(4) + seeded.randbytes(seeded.randrange(1200))))))
        for _ in range(14_000)
    ]
    found = read(tmp_path, section() + interface() + b"".join(map(enhanced, frames)))
    assert flows(found) == {PLAIN_FLOW: 14_000}
    assert found.unread_bytes == []
