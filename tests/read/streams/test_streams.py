"""Messages in pieces are told as if they had come whole, and what is missing is counted."""

import itertools
import random
import struct
from pathlib import Path

import pytest

from auditor.read.facts.model import Dialog, Hello, Hop, Media, Name
from auditor.read.facts.text import V4_MAPPED
from auditor.read.scan import Scan
from auditor.read.streams import chains, datagrams, reader
from tests.read.facts import payloads
from tests.read.files import SECOND, Frame, accounted, pcap, read
from tests.read.streams.wire import (
    SACK,
    chunk,
    dtls_fragments,
    fragments,
    framed,
    invite,
    long_hello,
    offer,
    records,
    sctp,
    segment,
    stream,
)  # fmt: skip


def scanned(path: Path, packets: list[bytes]) -> Scan:
    found = read(path, pcap([Frame(each, SECOND * 10**9 + i * 10**6) for i, each in enumerate(packets)]))
    assert accounted(found)
    return found


def calls(found: Scan) -> dict[str, int]:
    """How many packets each call has."""
    return {fact.call_id: fact.packets for fact in found.facts if isinstance(fact, Dialog)}


def ports(found: Scan) -> list[int]:
    return sorted({fact.port for fact in found.facts if isinstance(fact, Media)})


def names(found: Scan) -> list[str]:
    return [fact.name for fact in found.facts if isinstance(fact, Hello)]


def described(call: str, port: int, padding: int = 0) -> bytes:
    return invite(call, offer("203.0.113.5", port, ["a=" + "x" * 70] * (padding // 72)))


@pytest.mark.parametrize("size", [9, 100, 536, 1460])
def test_sip_in_segments_of_any_size(tmp_path: Path, size: int) -> None:
    data = b"".join(described(f"call{i}", 20_000 + 2 * i, 900) for i in range(4))
    packets = stream(data, range(9, len(data), size), begin=2**32 - 1000)
    found = scanned(tmp_path, packets)
    assert ports(found) == [20_000, 20_002, 20_004, 20_006]
    assert sum(calls(found).values()) == len(packets)
    assert list(found.unfinished) == []


def test_segments_in_any_order_behind_the_first(tmp_path: Path) -> None:
    data = described("call", 20_000, 900)
    first, *rest = stream(data, range(0, len(data), 300))
    for order in itertools.permutations(rest):
        found = scanned(tmp_path, [first, *order])
        assert ports(found) == [20_000]
        assert list(found.unfinished) == []


def test_retransmissions_and_overlaps_change_nothing(tmp_path: Path) -> None:
    data = described("call", 20_000, 900)
    packets = [
        segment(data[:400], 1), segment(data[200:500], 201), segment(data[200:300], 201), segment(data[700:900], 701),
        segment(data[650:750], 651), segment(data[450:720], 451), segment(data[600:], 601),
    ]  # fmt: skip
    found = scanned(tmp_path, packets)
    assert ports(found) == [20_000]
    assert list(found.unfinished) == []


def test_a_hole_loses_its_message_and_those_behind_it_are_found(tmp_path: Path) -> None:
    data = b"".join(described(f"call{i}", 20_000 + 2 * i, 2000) for i in range(40))
    packets = stream(data, range(0, len(data), 1000))
    del packets[4]
    found = scanned(tmp_path, packets)
    assert len(ports(found)) == 39
    assert list(found.unfinished) == [(0, "sip", chains.MISSING, 1)]
    assert set(calls(found)) == {f"call{i}" for i in range(40) if i != 2}  # it began in the hole; before it, one is cut


def test_a_message_whose_end_never_comes_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = described("call", 20_000, 900)
    found = scanned(tmp_path, [segment(data[:-100], 1)])
    assert ports(found) == [20_000]
    assert list(found.unfinished) == [(0, "sip", chains.MISSING, 1)]


def test_a_length_that_promises_more_ends_where_the_next_message_begins(tmp_path: Path) -> None:
    body = offer("203.0.113.5", 20_000)
    found = scanned(
        tmp_path, [segment(invite("a", body, 5000), 1), segment(invite("b"), 1 + len(invite("a", body, 5000)))]
    )
    assert ports(found) == [20_000]
    assert set(calls(found)) == {"a", "b"}
    assert list(found.unfinished) == [(0, "sip", chains.MISSING, 1)]


def test_a_length_that_promises_less_leaves_a_rest_that_is_no_message(tmp_path: Path) -> None:
    body = offer("203.0.113.5", 20_000)
    data = invite("a", body, 10) + invite("b")
    found = scanned(tmp_path, [segment(data, 1)])
    assert set(calls(found)) == {"a", "b"}
    assert list(found.unfinished) == [(0, "sip", chains.NOT_FRAMED, 1)]


def test_segments_that_the_capture_cut_are_not_waited_for(tmp_path: Path) -> None:
    data = described("call", 20_000, 900)
    packet = segment(data, 1)
    content = pcap([Frame(packet[:600], wire=len(packet)), Frame(segment(data[-50:], 1 + len(data) - 50))])
    found = read(tmp_path, content)
    assert set(calls(found)) == {"call"}
    assert list(found.unfinished) == [(0, "sip", chains.MISSING, 1)]


def test_a_chain_waits_for_so_many_records_and_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.read.streams.reader.WAIT", 50)
    data = described("call", 20_000, 900)
    first, second = stream(data, [500])
    for others, whole in ((49, True), (50, False)):
        found = scanned(tmp_path, [first, *[segment(b"", 9, sport=9)] * others, second])
        assert ports(found) == ([20_000] if whole or b"m=" in data[:500] else [])
        assert list(found.unfinished) == ([] if whole else [(0, "sip", chains.MISSING, 1)])


def test_there_is_room_for_so_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "ROOM", 10_000)
    packets = [segment(described(f"call{i}", 20_000, 900)[:600], 1, sport=1000 + i) for i in range(100)]
    found = scanned(tmp_path, packets)
    assert len(calls(found)) == 100
    assert sum(count for *_, count in found.unfinished) == 100
    assert {why for _, _, why, _ in found.unfinished} == {chains.MISSING, chains.TOO_MANY}


def test_messages_that_overlap_each_other_are_followed_in_linear_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each begins a chain, and each chain of a stream is given every segment of it."""
    given: list[int] = []
    take = chains.Chain.take
    monkeypatch.setattr(chains.Chain, "take", lambda chain, piece: given.append(1) or take(chain, piece))
    count = 500
    found = scanned(tmp_path, [segment(described(f"call{i}", 20_000, 900)[:600], 1 + 7 * i) for i in range(count)])
    assert set(calls(found)) == {f"call{i}" for i in range(count)}
    assert len(given) <= count * (chains.RIVALS + 1)
    assert sum(messages for *_, messages in found.unfinished) == count


@pytest.mark.parametrize("padding", [1200, 2900, 9000])
@pytest.mark.parametrize("most", [600, 1 << 14])
def test_hellos_that_span_segments_and_records(tmp_path: Path, padding: int, most: int) -> None:
    data = records(long_hello("meet.example.com", padding)[5:], most)
    found = scanned(tmp_path, stream(data + b"\x17\x03\x03\0\x05hello", range(0, len(data), 1400), dport=443))
    assert names(found) == ["meet.example.com"]
    assert list(found.unfinished) == []


def test_a_hello_without_its_end_is_a_hello(tmp_path: Path) -> None:
    found = scanned(tmp_path, stream(long_hello("meet.example.com"), [700], dport=443)[:1])
    assert names(found) == [""]
    assert list(found.unfinished) == [(0, "tls", chains.MISSING, 1)]


@pytest.mark.parametrize("together", [False, True])
def test_hellos_in_dtls_fragments(tmp_path: Path, together: bool) -> None:
    shake = payloads.hello("meet.example.com", dtls=True)[13:]
    pieces = dtls_fragments(shake[:4] + shake[12:], 30)
    from tests.read.files import ether, ip4, udp

    whole = [
        ether(ip4(udp(b"".join(pieces) if together else piece, 4000, 443))) for piece in pieces[: 1 if together else 99]
    ]
    assert names(scanned(tmp_path, whole)) == ["meet.example.com"]
    if not together:
        assert names(scanned(tmp_path, [whole[0], *reversed(whole[1:])])) == ["meet.example.com"]
        cut = scanned(tmp_path, whole[:1])
        assert names(cut) == [""]
        assert list(cut.unfinished) == [(0, "dtls", chains.MISSING, 1)]


@pytest.mark.parametrize("key", [b"", b"\x81\x01\x7f\xee"])
def test_sip_over_websocket(tmp_path: Path, key: bytes) -> None:
    data = framed(described("a", 20_000, 900), key) + framed(b"\r\n\r\n", key) + framed(described("b", 20_002), key)
    found = scanned(tmp_path, stream(data, range(0, len(data), 500), dport=443))
    assert ports(found) == [20_000, 20_002]
    assert list(found.unfinished) == []
    frame = scanned(tmp_path, stream(framed(b"x" * 900, key), [500], dport=443))
    assert frame.facts == []


def test_sip_over_sctp(tmp_path: Path) -> None:
    one, two, three = (described(name, port, 900) for name, port in (("a", 20_000), ("b", 20_002), ("c", 20_004)))
    packets = [
        sctp(SACK, chunk(one[:500], 10, 2)),
        sctp(chunk(two, 12, 3, 1), chunk(three[:300], 13, 2, 2)),
        sctp(chunk(three[700:], 15, 1, 2)),
        sctp(chunk(one[500:], 11, 1)),
        sctp(chunk(three[300:700], 14, 0, 2)),
    ]
    found = scanned(tmp_path, packets)
    assert ports(found) == [20_000, 20_002, 20_004]
    assert list(found.unfinished) == []
    assert set(found.directed.app.tolist()) & {8}


@pytest.mark.parametrize("six", [False, True])
def test_datagrams_in_fragments_of_any_order(tmp_path: Path, six: bool) -> None:
    message = described("a", 20_000, 3000)
    pieces = fragments(message, [1480, 1000], six=six)
    assert len(pieces) == 3
    for order in itertools.permutations(pieces):
        found = scanned(tmp_path, list(order))
        assert ports(found) == [20_000]
        assert calls(found) == {"a": 3}
        assert {fact.flow[1] for fact in found.facts if isinstance(fact, Dialog)} == {5060}
        assert list(found.unfinished) == []
    found = scanned(tmp_path, pieces[:2])
    assert set(calls(found)) == {"a"}
    assert list(found.unfinished) == [(0, "sip", chains.MISSING, 1)]


def test_fragments_that_say_nothing_are_not_kept(tmp_path: Path) -> None:
    noise = [
        piece for i in range(300) for piece in fragments(random.Random(i).randbytes(3000), [1480], ident=i, sport=99)
    ]
    found = scanned(tmp_path, noise)
    assert (found.facts, list(found.unfinished)) == ([], [])


def test_too_many_incomplete_datagrams_are_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datagrams, "NEAR", 10)
    message = described("a", 20_000, 3000)
    first = [fragments(message, [1480], ident=i)[0] for i in range(60)]
    last = [fragments(message, [1480], ident=i)[1] for i in range(60)]
    found = scanned(tmp_path, first + last)
    assert sum(count for *_, count in found.unfinished) == 60


def test_dns_answers_of_streams(tmp_path: Path) -> None:
    from tests.read.files import ether, ip4
    from tests.read.streams.wire import CLIENT, SERVER

    answers = [payloads.record(b"\xc0\x0c", 1, bytes((203, 0, 113, i))) for i in range(200)]
    message = payloads.dns("big.example.com", answers)
    data = (struct.pack(">H", len(message)) + message) * 2
    packets = []
    for at in range(0, len(data), 1400):
        head = struct.pack(">HHIIBBHHH", 53, 4000, 1 + at, 1, 0x50, 0x18, 1000, 0, 0)
        packets.append(ether(ip4(head + data[at : at + 1400], SERVER, CLIENT, 6)))
    found = scanned(tmp_path, packets)
    addresses = {fact.address - V4_MAPPED & 255 for fact in found.facts if isinstance(fact, Name)}
    assert addresses == set(range(200))
    assert list(found.unfinished) == []


def test_the_hops_of_a_long_message_are_those_of_a_short_one(tmp_path: Path) -> None:
    route = "\r\n".join(f"Record-Route: <sip:203.0.113.{i};lr>" for i in range(60))
    data = invite("a", offer("203.0.113.5", 20_000), extra=route)
    cut, whole = scanned(tmp_path, stream(data, [300, 1700])), scanned(tmp_path, stream(data, []))
    hops = [[fact for fact in found.facts if isinstance(fact, Hop)] for found in (cut, whole)]
    assert hops[0] == hops[1]
    assert len(hops[0]) == 60
