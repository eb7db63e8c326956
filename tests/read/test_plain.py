"""The quick reader of the plain shape must say what the readers of any shape say."""

from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auditor.read import headers, link, plain
from auditor.read.arrays import SLACK
from auditor.read.headers import Packets
from auditor.read.window import Batch
from tests.read.files import ether, ip4, ip6, tcp, udp

FRAMES = [
    ether(ip4(udp(b"hello, hello"))),
    ether(ip4(udp(b""))) + bytes(18),  # padded to the least size of a frame
    ether(ip4(tcp(b"a segment"), protocol=6)),
    ether(ip4(tcp(b""), protocol=6)),
    ether(ip4(udp(b"x"), options=b"\1" * 8)),
    ether(ip4(b"\x08\0\0\0\0\1\0\1", protocol=1)),
    ether(ip6(udp(b"six"), 17), 0x86DD),
    ether(b"\0\1\x08\0\6\4\0\1" + bytes(20), 0x0806),
]


def batch(frames: list[bytes], kind: int = 1) -> Batch:
    size = np.array([len(frame) for frame in frames], np.int64)
    data = np.frombuffer(bytes(SLACK) + b"".join(frames) + bytes(SLACK), np.uint8)
    number = np.arange(1, len(frames) + 1)
    return Batch(data, kind, np.cumsum(size) - size + SLACK, size, size + 4, number * 1000, number)


def chosen(whole: Batch, which: np.ndarray) -> Batch:
    columns = (column[which] for column in (whole.start, whole.captured, whole.wire, whole.ns, whole.record))
    return Batch(whole.data, whole.link, *columns)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    frame = bytearray(draw(st.sampled_from(FRAMES)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(12, min(60, len(frame) - 1)))
        frame[at] = draw(st.sampled_from([0, 1, 6, 17, 0x20, 0x40, 0x45, 0x50, 0xF0, 0xFF]) | st.integers(0, 255))
    return bytes(frame[: draw(st.integers(1, len(frame)) | st.just(len(frame)))])


@given(st.lists(damaged(), min_size=1, max_size=40))
def test_it_says_of_plain_packets_what_the_others_say(frames: list[bytes]) -> None:
    whole = batch(frames)
    quick, others = plain.split(whole)
    left = np.concatenate(others)
    taken = quick.index if quick else np.empty(0, np.int64)
    assert sorted([*taken.tolist(), *left.tolist()]) == list(range(len(frames)))
    if quick is None:
        return
    some = chosen(whole, taken)
    (found,) = headers.read(some, link.find(some))
    assert isinstance(found, Packets)
    found.index = taken[found.index]
    for field in fields(Packets):
        if field.name != "data":
            ours, theirs = (np.asarray(getattr(each, field.name)).tolist() for each in (quick, found))
            assert ours == theirs, field.name


def test_what_is_plain() -> None:
    quick, (ipv4, rest) = plain.split(batch(FRAMES))
    assert quick is not None
    assert quick.index.tolist() == [0, 1, 2, 3]
    assert (ipv4.tolist(), rest.tolist()) == ([4, 5], [6, 7])
    assert quick.length.tolist() == [12, 0, 9, 0]
    assert plain.split(batch(FRAMES[4:]))[0] is None
    assert plain.split(batch([frame[14:] for frame in FRAMES], 101))[0] is None
