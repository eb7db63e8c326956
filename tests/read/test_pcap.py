from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read import chain, pcap, window
from tests.read.files import PLAIN, PLAIN_FLOW, SECOND, Frame, accounted, ether, flows, ip4, read, tcp, udp
from tests.read.files import pcap as written


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D])
def test_byte_orders_and_units_of_time(tmp_path: Path, order: str, magic: int) -> None:
    times = [SECOND * 1_000_000_000 + 123_456_000, SECOND * 1_000_000_000 + 999_999_000]
    found = read(tmp_path, written([Frame(PLAIN.data, ns) for ns in times], order=order, magic=magic))
    assert flows(found) == {PLAIN_FLOW: 2}
    assert (found.directed.first_ns[0], found.directed.last_ns[0]) == tuple(times)
    assert found.inputs[0].format == "pcap"
    assert found.unread_bytes == []


@pytest.mark.parametrize(("magic", "extra"), [(0xA1B2C3D4, 4), (0xA1B2CD34, 8), (0xA1B2CD34, 12)])
def test_longer_record_headers_of_patched_writers(tmp_path: Path, magic: int, extra: int) -> None:
    frames = [Frame(ether(ip4(udp(bytes(i))))) for i in range(20)]
    found = read(tmp_path, written(frames, magic=magic, extra=extra))
    assert flows(found) == {PLAIN_FLOW: 20}
    assert found.unread_bytes == []


def test_swapped_lengths_of_old_versions(tmp_path: Path) -> None:
    cut = Frame(PLAIN.data, wire=1000)
    for version in ((2, 2), (2, 3)):
        found = read(tmp_path, written([cut, cut], version=version))
        assert flows(found) == {PLAIN_FLOW: 2}
        assert found.directed.bytes[0] == 2000


def test_link_type_shares_its_field_with_the_length_of_a_checksum(tmp_path: Path) -> None:
    assert flows(read(tmp_path, written([PLAIN], link=0x14000001))) == {PLAIN_FLOW: 1}


def test_records_are_numbered_from_one(tmp_path: Path) -> None:
    other = Frame(ether(ip4(udp(dport=1))))
    found = read(tmp_path, written([PLAIN, other, PLAIN]))
    assert sorted(found.directed.witness.tolist()) == [1, 2]


@pytest.mark.parametrize("cut", range(1, 16 + len(PLAIN.data)))
def test_a_cut_last_record_is_counted_in_bytes(tmp_path: Path, cut: int) -> None:
    found = read(tmp_path, written([PLAIN, PLAIN])[:-cut])
    assert flows(found) == {PLAIN_FLOW: 1}
    assert found.unread_bytes == [(0, 16 + len(PLAIN.data) - cut, "the last record is cut")]


def test_a_length_that_lies_ends_the_reading_and_is_told(tmp_path: Path) -> None:
    content = bytearray(written([PLAIN, PLAIN, PLAIN]))
    second = 24 + 16 + len(PLAIN.data)
    content[second + 8 : second + 12] = b"\xff\xff\xff\x7f"
    found = read(tmp_path, bytes(content))
    assert flows(found) == {PLAIN_FLOW: 1}
    assert found.unread_bytes == [(0, len(content) - second, "a record length that can't be")]


@pytest.mark.parametrize("size", range(4, 24))
def test_a_cut_file_header(tmp_path: Path, size: int) -> None:
    found = read(tmp_path, written([])[:size])
    assert found.unread_bytes == [(0, size, "the file header is cut")]
    assert found.inputs[0].packets == 0


def test_a_header_alone_is_a_capture_without_packets(tmp_path: Path) -> None:
    found = read(tmp_path, written([]))
    assert (found.inputs[0].packets, found.unread_bytes, len(found.directed)) == (0, [], 0)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_walkers_find_what_one_step_after_the_other_finds(data: st.DataObject) -> None:
    """Payloads that look like headers lead walkers astray; the proof brings them back."""
    seed = data.draw(st.integers(0, 2**32))
    random = np.random.default_rng(seed)
    decoy = written([PLAIN] * 3)[24:]
    frames = []
    for _ in range(data.draw(st.integers(1, 1500))):
        kind = random.integers(4)
        payload = decoy if kind == 0 else random.bytes(int(random.integers(0, 60 if kind == 1 else 1200)))
        frames.append(Frame(ether(ip4(tcp(payload))), SECOND * 1_000_000_000 + len(frames) * 1000))
    content = written(frames)
    space = window.Window(__import__("io").BytesIO(content), block=1 << 18)
    space.refill()
    form = pcap.shape(content)
    assert form is not None
    space.consume(space.start + 24)
    lengths = [len(each.data) for each in pcap.read(space, form) for each in _frames(each)]
    assert lengths == [len(frame.data) for frame in frames]


def _frames(found: window.Found) -> list[Frame]:
    assert isinstance(found, window.Batch)
    return [
        Frame(bytes(found.data[a : a + n])) for a, n in zip(found.start.tolist(), found.captured.tolist(), strict=True)
    ]


def test_wrong_guesses_cost_time_only() -> None:
    steps = {0: 10, 10: 25, 25: 31, 31: 60, 60: 70, 12: 26, 26: 40, 40: 55, 55: 61, 61: 90}
    advance = lambda at: np.array([steps.get(int(a), 1000) for a in at], np.int64)  # noqa: E731
    for guesses in ([], [12], [26], [12, 31], [25, 40], [61], [10, 25, 31, 60]):
        found = chain.walk(0, 65, np.array(guesses, np.int64), advance, lambda at: steps.get(at, 1000))
        assert found.tolist() == [0, 10, 25, 31, 60]


def test_splits_only_where_records_begin() -> None:
    frames = [Frame(ether(ip4(udp(bytes(i % 90)))), SECOND * 1_000_000_000 + i * 1_000_000) for i in range(400)]
    content = written(frames)
    form = pcap.shape(content)
    assert form is not None
    starts, at = set(), 24
    for frame in frames:
        starts.add(at)
        at += 16 + len(frame.data)
    for middle in range(3000, 9000, 97):
        found = pcap.split(form, content[:1000], content[middle:])
        assert found is not None
        assert middle + found in starts
    assert pcap.split(form, content[:1000], bytes(5000)) is None


def test_accounts_for_a_capture_of_several_windows(tmp_path: Path) -> None:
    frames = [Frame(ether(ip4(udp(bytes(1400), sport=i % 7)))) for i in range(14_000)]
    found = read(tmp_path, written(frames))
    assert accounted(found)
    assert sorted(flows(found).values()) == [2000] * 7
