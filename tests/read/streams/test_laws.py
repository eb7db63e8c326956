"""However a capture is cut, and whoever reads the pieces: the same messages, told by the same packets, lost alike."""

import random
import tempfile
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auditor.read import pcap as format_of
from auditor.read import scan as room
from auditor.read.part import Part, Piece, read_range
from auditor.read.scan import Scan, scan
from auditor.read.source import sources
from auditor.read.streams import chains, datagrams, reader
from tests.read.facts import payloads
from tests.read.files import SECOND, Frame, ether, ip4, pcap, udp
from tests.read.streams.wire import (
    chunk,
    dtls_fragments,
    fragments,
    framed,
    invite,
    long_hello,
    offer,
    sctp,
    segment,
    stream,
)

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def conversation(chance: random.Random, number: int) -> list[bytes]:
    """Frames of something that needs several: some of it lost, sent again or out of order."""

    def message(i: int) -> bytes:
        return invite(
            f"call{number}-{i}",
            offer(f"203.0.113.{number % 250 + 1}", 20_000 + 2 * i, ["a=x" * 30] * chance.randrange(9)),
        )

    data = b"".join(message(i) for i in range(chance.randint(1, 5)))
    cuts = sorted(chance.randrange(9, len(data)) for _ in range(chance.randint(0, 9)))
    kind = chance.randrange(6)
    if kind == 0:
        frames = stream(data, cuts, chance.getrandbits(32), 1000 + number)
    elif kind == 1:
        frames = stream(long_hello(f"host{number}.example", 3000), cuts, 5, 1000 + number, 443)
    elif kind == 2:
        data = b"".join(framed(message(i), b"\1\2\3\4") for i in range(3))
        frames = stream(data, cuts, 7, 1000 + number, 443)
    elif kind == 3:
        whole = message(0)
        frames = [
            sctp(
                chunk(whole[at : at + 300], i, (2 if not at else 0) | (at + 300 >= len(whole)), number),
                sport=1000 + number,
            )
            for i, at in enumerate(range(0, len(whole), 300))
        ]
    elif kind == 4:
        frames = fragments(message(0) + bytes(3000), [800, 1480], number, chance.random() < 0.5)
    else:
        shake = payloads.hello(f"host{number}.example", dtls=True)[13:]
        frames = [ether(ip4(udp(each, 1000 + number, 443))) for each in dtls_fragments(shake[:4] + shake[12:], 40)]
    fate = chance.random()
    if fate < 0.2:
        del frames[chance.randrange(len(frames))]
    elif fate < 0.4:
        frames.insert(chance.randrange(len(frames) + 1), chance.choice(frames))
    elif fate < 0.6:
        at = chance.randrange(len(frames))
        frames.insert(chance.randrange(len(frames)), frames.pop(at))
    return frames


def traffic(seed: int, count: int) -> list[Frame]:
    """Many such conversations at once, between other packets."""
    chance = random.Random(seed)
    running = [each for number in range(count) if (each := conversation(chance, number))]
    packets = []
    while running:
        if chance.random() < 0.3:
            packets.append(segment(b"\x17\x03\x03\0\x09" + bytes(9), len(packets), 9, 443))
        which = chance.choice(running[:6])
        packets.append(which.pop(0))
        running = [each for each in running if each]
    return [Frame(packet, SECOND * 10**9 + i * 1_000_000) for i, packet in enumerate(packets)]


def essence(found: Scan) -> tuple[Any, ...]:
    """All facts, but in which file which record tells of them."""
    facts = sorted(repr(replace(fact, witness=0)) for fact in found.facts)
    lost: dict[tuple[str, str], int] = {}
    for _, kind, why, messages in found.unfinished:
        lost[kind, why] = lost.get((kind, why), 0) + messages
    return facts, lost


def in_pieces(content: bytes, frames: list[Frame], cuts: list[int], folder: Path) -> Scan:
    """Read a capture as several readers do that begin at these records."""
    path = folder / "a.pcap"
    path.write_bytes(content)
    source, offsets = sources([str(path)])[0], [24, *accumulate((16 + len(f.data) for f in frames), initial=24)][1:]
    form = format_of.shape(content[:200])
    assert form is not None
    places = sorted({0, len(frames), *cuts})
    pieces = [Piece(0, source, 0, offsets[a], offsets[b], form) for a, b in pairwise(places)]
    readings = [read_range(piece, lambda _: None) for piece in pieces]
    part = Part()
    room._join_pieces(part, readings, [pieces], lambda _: None)
    room._follow(part, [source], [0])
    return room._settled(part, [])


@quick
@given(st.integers(0, 2**32), st.integers(1, 12), st.data())
def test_pieces_of_a_capture_say_what_the_whole_says(
    tmp_path: Path, seed: int, count: int, data: st.DataObject
) -> None:
    frames = traffic(seed, count)
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    (folder / "whole.pcap").write_bytes(pcap(frames))
    whole = scan(sources([str(folder / "whole.pcap")]), [0])
    cuts = data.draw(st.lists(st.integers(0, len(frames)), max_size=6))
    parts = in_pieces(pcap(frames), frames, cuts, folder)
    assert (parts.facts, parts.unfinished) == (whole.facts, whole.unfinished)


@quick
@given(st.integers(0, 2**32), st.integers(1, 12), st.data())
def test_a_capture_in_several_files_says_what_the_whole_says(
    tmp_path: Path, seed: int, count: int, data: st.DataObject
) -> None:
    frames = traffic(seed, count)
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    (folder / "whole.pcap").write_bytes(pcap(frames))
    whole = essence(scan(sources([str(folder / "whole.pcap")]), [0]))
    cuts = data.draw(st.lists(st.integers(0, len(frames)), max_size=4))
    names = data.draw(st.permutations("abcdef"))
    assume(frames)
    for name, (start, end) in zip(names, pairwise(sorted({0, len(frames), *cuts})), strict=False):
        (folder / f"{name}.pcap").write_bytes(pcap(frames[start:end]))
    (folder / "whole.pcap").unlink()
    found = sources([str(folder)])
    assert essence(scan(found, [0] * len(found))) == whole


@pytest.mark.parametrize("wait", [3, 30])
def test_waiting_is_counted_across_pieces(wait: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "WAIT", wait)
    monkeypatch.setattr(datagrams, "NEAR", wait)
    for seed in range(20):
        frames = traffic(seed, 8)
        (tmp_path / "whole.pcap").write_bytes(pcap(frames))
        whole = scan(sources([str(tmp_path / "whole.pcap")]), [0])
        parts = in_pieces(pcap(frames), frames, [len(frames) // 3, len(frames) // 2], tmp_path)
        assert (parts.facts, parts.unfinished) == (whole.facts, whole.unfinished)


def test_what_is_too_much_is_left_out_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If pieces together have no room, what is left out hangs on what was open before: then one reader reads all."""
    monkeypatch.setattr(reader, "ROOM", 20_000)
    packets = [segment(invite(f"c{i}", "x" * 900)[:700], 1, 1000 + i) for i in range(60)]
    frames = [Frame(packet, SECOND * 10**9 + i) for i, packet in enumerate(packets)]
    (tmp_path / "whole.pcap").write_bytes(pcap(frames))
    whole = scan(sources([str(tmp_path / "whole.pcap")]), [0])
    assert {why for _, _, why, _ in whole.unfinished} == {chains.MISSING, chains.TOO_MANY}
    for cuts in ([30], [10, 20, 50], [*range(5, 60, 5)]):
        parts = in_pieces(pcap(frames), frames, cuts, tmp_path)
        assert (parts.facts, parts.unfinished) == (whole.facts, whole.unfinished)


@pytest.mark.parametrize("workers", [2, 7])
def test_processes_change_nothing(workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WORTH", 1 << 14)
    (tmp_path / "a.pcap").write_bytes(pcap(traffic(5, 300)))
    found = sources([str(tmp_path)])
    alone, shared = scan(found, [0], workers=1), scan(found, [0], workers=workers)
    assert shared.facts == alone.facts
    assert shared.unfinished == alone.unfinished
    assert len(alone.facts) > 500
