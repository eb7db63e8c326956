"""Laws of reading: nothing is lost, and neither order nor split nor the number of processes changes what is found."""

import random
import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model.errors import InputError
from auditor.read import scan as room
from auditor.read.scan import Scan, scan
from auditor.read.source import sources
from tests.read.files import (
    SECOND,
    Frame,
    accounted,
    enhanced,
    ether,
    interface,
    ip4,
    ip6,
    pcap,
    read,
    section,
    tcp,
    udp,
)
from tests.read.scalar import address_and_ports

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def media(seeded: random.Random, number: int) -> bytes:
    """A packet of one of a few streams, or of RTCP."""
    kind, ssrc = seeded.choice((96, 98, 200)), seeded.choice((7, 8, seeded.getrandbits(32)))
    head = struct.pack(">BBHII", 0x80, kind, number, 160 * number, ssrc)
    return head + bytes(20) if kind < 200 else struct.pack(">BBHI", 0x80, 201, 1, ssrc)


def check(seeded: random.Random) -> bytes:
    """A check of ICE with a transaction of its own."""
    name = seeded.choice((b"a:b", b"remote00:local00", b"a:bc"))
    attributes = struct.pack(">HH", 6, len(name)) + name + bytes(-len(name) % 4)
    return struct.pack(">HHI", 1, len(attributes), 0x2112A442) + seeded.randbytes(12) + attributes


def traffic(seed: int, count: int) -> list[Frame]:
    """Packets of a few dozen flows, some of them odd."""
    seeded = random.Random(seed)
    frames = []
    for i in range(count):
        ports = {"sport": seeded.randrange(4000, 4009), "dport": seeded.choice((53, 443, 5060, 8801))}
        payload = seeded.choice(
            (
                b"",
                seeded.randbytes(seeded.randrange(90)),
                b"\x80\0" + bytes(30),
                b"BYE sip:x SIP/2.0\r\n\r\n",
                media(seeded, i),
                b"\5" + bytes(7) + b"\x10\1" + bytes(22) + media(seeded, i),
                check(seeded),
            )
        )
        choices = (
            ether(ip4(udp(payload, **ports))),
            ether(ip4(tcp(payload, flags=seeded.randrange(32), **ports), protocol=6)),
            ether(ip6(udp(payload, **ports)), 0x86DD, tags=[(0x8100, 1)]),
            ether(ip4(udp(payload, **ports), ident=i % 7, fragment=seeded.choice((0x2000, 1, 2)))),
            ether(bytes(28), seeded.choice((0x0806, 0x1234))),
            ether(ip4(udp(payload)))[: seeded.randrange(50)],
        )
        packet = seeded.choice(choices)
        frames.append(Frame(packet, SECOND * 10**9 + i * 1_000_000, wire=len(packet) + seeded.randrange(3)))
    return frames


def essence(found: Scan) -> tuple[Any, ...]:
    """All that a scan says, apart from record numbers and files."""
    d = found.directed
    keys = (d.vantage, d.src_hi, d.src_lo, d.dst_hi, d.dst_lo, d.sport, d.dport, d.protocol, d.app, d.stream)
    values = (d.packets, d.bytes, d.payload, d.first_ns, d.last_ns, d.flags, d.progress)
    rows = sorted(zip(*(column.tolist() for column in keys + values), strict=True))
    unread: dict[tuple[str, str], list[int]] = {}
    for row in found.unread:
        seen = unread.setdefault((row.status, row.reason), [0, 0, row.first_ns, row.last_ns])
        seen[0] += row.packets
        seen[1] += row.bytes
        seen[2:] = [min(seen[2], row.first_ns), max(seen[3], row.last_ns)]
    facts = sorted(repr(replace(fact, witness=0)) for fact in found.facts)
    return rows, unread, facts, sum(entry.packets for entry in found.inputs)


def scanned(path: Path, files: list[list[Frame]], write: Callable[[list[Frame]], bytes] = pcap) -> Scan:
    folder = Path(tempfile.mkdtemp(dir=path))
    for i, frames in enumerate(files):
        (folder / f"{i}.pcap").write_bytes(write(frames))
    found = sources([str(folder)])
    return scan(found, [0] * len(found), workers=1)


def ng(frames: list[Frame]) -> bytes:
    return section() + interface() + b"".join(map(enhanced, frames))


@quick
@given(st.integers(0, 2**32), st.integers(1, 120), st.data())
def test_order_and_split_change_nothing(tmp_path: Path, seed: int, count: int, data: st.DataObject) -> None:
    frames = traffic(seed, count)
    expected = essence(scanned(tmp_path, [frames]))
    cut = data.draw(st.integers(0, count))
    assert essence(scanned(tmp_path, [frames[:cut], frames[cut:]])) == expected
    assert essence(scanned(tmp_path, [frames[cut:], frames[:cut]])) == expected
    shuffled = data.draw(st.permutations(frames))
    assert essence(scanned(tmp_path, [shuffled])) == expected
    assert essence(scanned(tmp_path, [shuffled[::2], shuffled[1::2]], ng)) == expected


@quick
@given(st.integers(0, 2**32), st.integers(1, 60), st.data())
def test_every_packet_is_as_a_plain_reader_reads_it(tmp_path: Path, seed: int, count: int, data: st.DataObject) -> None:
    """Bytes are changed at random; a reader that takes one packet after the other is the judge."""
    frames = []
    for frame in traffic(seed, count):
        changed = bytearray(frame.data)
        for _ in range(data.draw(st.integers(0, 3)) if changed else 0):
            changed[data.draw(st.integers(0, min(len(changed) - 1, 60)))] = data.draw(st.integers(0, 255))
        frames.append(replace(frame, data=bytes(changed)))
    apart = [replace(frame, ns=i * 100 * 10**9) for i, frame in enumerate(frames)]  # no fragment finds its first
    found = scanned(tmp_path, [apart])
    assert accounted(found)
    expected: dict[Any, int] = {}
    for frame in apart:
        key = address_and_ports(frame.data)
        if key is not None:
            expected[key] = expected.get(key, 0) + 1
    got: dict[Any, int] = {}
    d = found.directed
    columns = (d.src_hi, d.src_lo, d.dst_hi, d.dst_lo, d.sport, d.dport, d.protocol, d.packets)
    for a, b, c, e, sport, dport, protocol, packets in zip(*(column.tolist() for column in columns), strict=True):
        key = (a << 64 | b, c << 64 | e, sport, dport, protocol)
        got[key] = got.get(key, 0) + packets
    assert got == expected


@quick
@given(st.integers(0, 2**32), st.data())
def test_no_bytes_make_it_stumble(tmp_path: Path, seed: int, data: st.DataObject) -> None:
    """Cut, overwritten, repeated, random: everything before the damage is found, and everything is accounted for."""
    frames = traffic(seed, 30)
    write, link = data.draw(
        st.sampled_from([(pcap, 1), (ng, 1), (lambda f: pcap(f, data.draw(st.integers(0, 300))), 0)])
    )
    content = bytearray(write(frames))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(24 if link else 28, len(content)))
        piece = data.draw(st.binary(max_size=12) | st.sampled_from([b"\xff" * 8, bytes(16), bytes(content[28:90])]))
        content[at : at + data.draw(st.sampled_from([0, len(piece)]))] = piece
    content = content[: data.draw(st.integers(24, len(content)))]
    found = read(Path(tempfile.mkdtemp(dir=tmp_path)), bytes(content))
    assert accounted(found)
    assert all(size >= 0 for _source, size, _why in found.unread_bytes)


@pytest.mark.parametrize("write", [pcap, ng], ids=["pcap", "pcapng"])
@pytest.mark.parametrize("workers", [2, 3, 5])
def test_processes_change_nothing(
    write: Callable[[list[Frame]], bytes], workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WORTH", 1 << 14)
    (tmp_path / "a.pcap").write_bytes(write(traffic(1, 3000)))
    (tmp_path / "b.pcap").write_bytes(write(traffic(2, 100)))
    (tmp_path / "c.pcap").write_bytes(b"")
    found = sources([str(tmp_path)])
    told: list[tuple[int, int]] = []
    alone = scan(found, [0, 1, 0], workers=1)
    shared = scan(found, [0, 1, 0], workers=workers, progress=lambda done, total: told.append((done, total)))
    assert essence(shared) == essence(alone)
    assert shared.directed.witness.tolist() == alone.directed.witness.tolist()
    assert shared.facts == alone.facts
    assert (shared.unread, shared.inputs) == (alone.unread, alone.inputs)
    total = sum(source.size for source in found)
    assert max(told) == (total, total)


def test_a_cut_in_the_wrong_place_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payload that holds records in turn may be taken for the capture; the reader before it knows better."""
    inner = pcap(traffic(3, 40))[24:]
    frames = [Frame(ether(ip4(udp(inner[:60_000]))), SECOND * 10**9 + i) for i in range(40)]
    content = pcap(frames)
    monkeypatch.setattr(room, "WORTH", 1 << 14)
    (tmp_path / "a.pcap").write_bytes(content)
    found = sources([str(tmp_path)])
    assert scan(found, [0], workers=4).directed.packets.sum() == 40
    monkeypatch.setattr("auditor.read.pcap.split", lambda form, head, sample: 1)
    wrong = scan(found, [0], workers=3)
    assert essence(wrong) == essence(scan(found, [0], workers=1))
    assert wrong.unread_bytes == []


def test_interfaces_described_behind_a_cut_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WORTH", 1 << 14)
    frames = traffic(4, 2000)
    raw = [replace(frame, data=frame.data[14:]) for frame in frames]
    content = ng(frames[:600]) + interface(101) + b"".join(enhanced(frame, 1) for frame in raw[600:])
    (tmp_path / "a.pcapng").write_bytes(content)
    found = sources([str(tmp_path)])
    alone, shared = scan(found, [0], workers=1), scan(found, [0], workers=4)
    assert essence(shared) == essence(alone)
    assert shared.directed.witness.tolist() == alone.directed.witness.tolist()


def test_an_error_in_a_process_is_the_error_of_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WORTH", 1 << 10)
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(pcap(traffic(1, 500)))
    found = sources([str(tmp_path)])
    (tmp_path / "b.pcap").unlink()
    monkeypatch.setattr(room, "hashed", lambda source: "")
    with pytest.raises(InputError, match=r"b\.pcap: can't be read"):
        scan(found, [0, 0], workers=2)


def test_witnesses_hold_source_and_record(tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes(pcap([Frame(ether(ip4(udp(sport=ord(name[0])))))] * 2))
    found = scan(sources([str(tmp_path)]), [0, 0])
    assert found.directed.witness.tolist() == [0 << 40 | 1, 1 << 40 | 1]


def test_a_link_type_that_nobody_knows_is_counted_packet_by_packet(tmp_path: Path) -> None:
    found = read(tmp_path, pcap([Frame(struct.pack("<I", i)) for i in range(9)], 147))
    assert [(row.status, row.reason, row.packets) for row in found.unread] == [("unsupported", "link type 147", 9)]
