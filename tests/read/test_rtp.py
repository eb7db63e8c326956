"""Streams of media: told by progress, folded in any order, and bounded where noise looks like many of them."""

import random
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from auditor.read import directed, rtp
from auditor.read.directed import EXACT, NO_STREAMS, Directed, Flows, packed
from auditor.read.rtp import KNOWN, NOISE
from auditor.read.scan import scan
from auditor.read.source import sources
from tests.read.files import Frame, ether, ip4, pcap, udp


def counted(found: Directed) -> Counter[tuple[int, int]]:
    rows = zip(found.sport.tolist(), found.stream.tolist(), found.packets.tolist(), strict=True)
    return Counter({(flow, stream): packets for flow, stream, packets in rows})


def add(found: Flows, packets: list[tuple[int, int]], first: int) -> None:
    """Add packets of RTP, each of a flow (its port) and a stream."""
    count = len(packets)
    flow, stream = (np.array(column, np.uint64) for column in zip(*packets, strict=True))
    rest = packed(flow, np.full(count, 17), np.full(count, 3, np.uint8), 0)
    ones, numbers = np.ones(count, np.int64), np.arange(first, first + count)
    marks = stream | KNOWN, np.ones(count, np.int64)
    found.add([np.full(count, 1 | 2 << 32, np.uint64)], rest, marks, ones, ones, numbers, numbers, ones.astype("u1"))


def folded(packets: list[tuple[int, int]], sizes: list[int], limit: int = 1 << 20) -> Flows:
    """Fold packets in pieces of these sizes, each by a reader of its own."""
    whole, at = Flows(limit), 0
    for size in (*sizes, len(packets)):
        piece = packets[at : at + size]
        if piece:
            part = Flows(limit)
            add(part, piece, at + 1)
            whole.join(part)
        at += size
    return whole


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_one_row_in_any_order_and_split(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directed, "STREAMS", 8)
    chance = random.Random(seed)
    real = [(256, stream) for stream in range(7) for _ in range(20)]
    noise = [(512, chance.getrandbits(32)) for _ in range(200)]
    packets = real + noise
    found = []
    for _ in range(4):
        chance.shuffle(packets)
        sizes = [chance.randint(1, 60) for _ in range(chance.randint(0, 8))]
        found.append(counted(folded(packets, sizes).directed()))
    assert found[0] == found[1] == found[2] == found[3]
    assert {packets for (flow, stream), packets in found[0].items() if stream == int(NOISE)} == {200}
    assert len(found[0]) == 8


@pytest.mark.parametrize("limit", [1000, 150, 90, 40])
def test_too_many_streams_are_forgotten_before_ports_in_any_order(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directed, "STREAMS", 8)
    chance = random.Random(limit)
    packets = [(flow << 8, chance.randrange(1 << flow)) for flow in range(1, 17) for _ in range(30)]
    found = set()
    for _ in range(5):
        chance.shuffle(packets)
        flows = folded(packets, [chance.randint(1, 200) for _ in range(4)], limit)
        rows = flows.directed()
        assert int(rows.packets.sum()) == len(packets)
        assert len(rows) <= limit
        found.add((flows.coarse, tuple(sorted(counted(rows).items()))))
    assert len(found) == 1
    assert {coarse for coarse, _ in found} == {EXACT if limit >= 150 else NO_STREAMS}


def test_random_payloads_take_little_room(tmp_path: Path) -> None:
    chance = random.Random(4)
    frames = [ether(ip4(udp(b"\x80" + chance.randbytes(60)))) for _ in range(3000)]
    path = tmp_path / "noise.pcap"
    path.write_bytes(pcap([Frame(frame) for frame in frames]))
    found = scan(sources([str(path)]), [0], workers=1).directed
    assert int(found.packets.sum()) == 3000
    assert len(found) < 200  # what looks like RTCP is a kind of its own
    assert not rtp.steady(found.stream, found.progress, found.packets).any()


def rows(tmp_path: Path, numbers: list[int], stamps: list[int]) -> Directed:
    frames = [
        ether(ip4(udp(struct.pack(">BBHII", 0x80, 0, number & 0xFFFF, stamp & 0xFFFFFFFF, 7) + bytes(160))))
        for number, stamp in zip(numbers, stamps, strict=True)
    ]
    path = tmp_path / "stream.pcap"
    path.write_bytes(pcap([Frame(frame) for frame in frames]))
    return scan(sources([str(path)]), [0], workers=1).directed


@pytest.mark.parametrize(
    ("numbers", "is_one"),
    [
        (range(4), True),
        (range(3), False),
        (range(65530, 65546), True),  # over the end of its range
        ([*range(50), *range(40000, 40050)], True),  # after a hold, it began elsewhere
        ([number // 2 for number in range(100)], True),  # every packet was captured twice
        (range(0, 400, 5), True),  # four of five were lost
        ([7] * 50, False),
        ([7, 8] * 50, False),
        (range(0, 65536, 1311), False),
        (range(70000), True),
    ],
)
def test_sequence_numbers_of_a_stream_progress(tmp_path: Path, numbers: list[int], is_one: bool) -> None:
    found = rows(tmp_path, list(numbers), [160 * number for number in numbers])
    assert rtp.steady(found.stream, found.progress, found.packets).tolist() == [is_one]


def test_timestamps_of_a_stream_are_near_each_other(tmp_path: Path) -> None:
    chance = random.Random(1)
    found = rows(tmp_path, list(range(60)), [chance.getrandbits(32) for _ in range(60)])
    assert rtp.steady(found.stream, found.progress, found.packets).tolist() == [False]
    found = rows(tmp_path, list(range(60)), [2**32 - 3000 + 160 * i for i in range(60)])
    assert rtp.steady(found.stream, found.progress, found.packets).tolist() == [True]
