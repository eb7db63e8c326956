from pathlib import Path

import numpy as np
import pytest

from auditor.model.errors import InputError
from auditor.read import directed, fragments
from auditor.read.directed import EXACT, NO_PORTS, ONE_PORT, Flows, packed
from auditor.read.group import exact, grouped
from auditor.read.scan import scan
from auditor.read.source import sources
from tests.read.files import Flow, Frame, ether, flows, ip4, ip6, pcap, read, udp, v4

A, B = v4("192.0.2.1"), v4("198.51.100.2")


def table(rows: list[tuple[int, int, int, int]], limit: int = 1 << 20) -> Flows:
    """One-way flows of rows: source, destination, source port, destination port (all as they lie in memory)."""
    found = Flows(limit)
    source, target, sport, dport = (np.array(column, np.uint64) for column in zip(*rows, strict=True))
    count = len(rows)
    rest = packed(sport | dport << np.uint64(16), np.full(count, 17), np.ones(count, np.uint8), 3)
    ones, numbers = np.ones(count, np.int64), np.arange(1, count + 1)
    found.add(
        [source | target << np.uint64(32)],
        rest,
        None,
        ones * 60,
        ones * 10,
        numbers * 100,
        numbers,
        np.zeros(count, np.uint8),
    )
    return found


def port(number: int) -> int:
    return int.from_bytes(number.to_bytes(2, "big"), "little")


def contents(found: Flows) -> dict[tuple[int, int, int, int], tuple[int, int, int, int, int]]:
    d = found.directed()
    keys = zip(d.src_lo.tolist(), d.dst_lo.tolist(), d.sport.tolist(), d.dport.tolist(), strict=True)
    values = (d.packets, d.bytes, d.first_ns, d.last_ns, d.witness)
    return dict(zip(keys, zip(*(column.tolist() for column in values), strict=True), strict=True))


def test_rows_are_folded_by_all_of_their_key() -> None:
    packets = [(1, 2, port(5), port(6)), (2, 1, port(6), port(5)), (1, 2, port(5), port(6))]
    found = table(packets)
    one, two = (0xFFFF << 32 | n << 24 for n in (1, 2))
    assert contents(found) == {(one, two, 5, 6): (2, 120, 100, 300, 1), (two, one, 6, 5): (1, 60, 200, 200, 2)}
    assert table(packets).directed().vantage.tolist() == [3, 3]


def test_too_many_flows_are_told_apart_by_less_whatever_the_order() -> None:
    clients = [(1, 2, port(number), port(443)) for number in range(40_000, 40_300)]
    answers = [(2, 1, port(443), port(number)) for number in range(40_000, 40_300)]
    whole = table(clients + answers, 100)
    assert whole.coarse == ONE_PORT
    kept = contents(whole)
    assert {key[2:]: value[0] for key, value in kept.items()} == {(0, 443): 300, (443, 0): 300}
    parts = [
        table(clients[:90] + answers[:5], 100),
        table(answers[5:], 100),
        table(clients[90:95], 100),
        table(clients[95:], 100),
    ]
    for part in parts[1:]:
        parts[0].join(part)
    assert {key: value[:2] for key, value in contents(parts[0]).items()} == {
        key: value[:2] for key, value in kept.items()
    }


def test_coarser_still_and_then_an_error() -> None:
    scattered = [(1, 2, port(a), port(b)) for a in range(1, 20) for b in range(1, 20)]
    assert table(scattered, 5).coarse == NO_PORTS
    assert table(scattered, 1000).coarse == EXACT
    with pytest.raises(InputError, match="more than 5 pairs of addresses"):
        table([(n, 2, 0, 0) for n in range(9)], 5)


def test_forgetting_ports_twice_is_forgetting_them_once() -> None:
    rest = np.random.default_rng(1).integers(0, 1 << 63, 1000, dtype=np.uint64)
    once = directed.coarser(rest, NO_PORTS)
    assert (directed.coarser(directed.coarser(rest, ONE_PORT), NO_PORTS) == once).all()
    assert (directed.coarser(once, ONE_PORT) == once).all()


def test_mapped_addresses_in_ipv6_are_those_of_ipv4(tmp_path: Path) -> None:
    found = read(tmp_path, pcap([Frame(ether(ip4(udp()))), Frame(ether(ip6(udp(), src=A, dst=B), 0x86DD))]))
    assert flows(found) == {(A, B, 4000, 5000, 17): 2}
    assert len(found.directed) == 1


def test_groups_are_exact_even_if_hashes_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.read.group.hashed", lambda keys: np.zeros(len(keys[0]), np.uint64))
    keys = [np.array([3, 1, 3, 2, 1, 3], np.uint64), np.array([1, 1, 1, 1, 1, 2], np.uint64)]
    order, starts = exact(keys)
    groups = [sorted(part.tolist()) for part in np.split(order, starts[1:])]
    assert sorted(groups) == [[0, 2], [1, 4], [3], [5]]
    assert len(grouped(keys)[1]) >= 4


def parts(ident: int, sport: int, *, dst: str = "198.51.100.2") -> list[bytes]:
    """A datagram in three fragments."""
    whole = udp(bytes(40), sport=sport)
    cuts = [(whole[:16], 0x2000), (whole[16:32], 0x2002), (whole[32:], 4)]
    return [ether(ip4(piece, ident=ident, fragment=fragment, dst=dst)) for piece, fragment in cuts]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_fragments_have_the_ports_of_their_first(order: tuple[int, int, int], tmp_path: Path) -> None:
    frames = [parts(7, 4000)[i] for i in order] + [parts(8, 4001)[i] for i in order]
    found = read(tmp_path, pcap([Frame(frame) for frame in frames]))
    assert flows(found) == {(A, B, 4000, 5000, 17): 3, (A, B, 4001, 5000, 17): 3}
    assert len(found.directed) == 2


def test_fragments_in_another_file_belong_to_the_same_datagram(tmp_path: Path) -> None:
    for name, frames in (("a.pcap", parts(7, 4000)[1:]), ("b.pcap", parts(7, 4000)[:1])):
        (tmp_path / name).write_bytes(pcap([Frame(frame) for frame in frames]))
    captures = sources([str(tmp_path)])
    assert flows(scan(captures, [0, 0])) == {(A, B, 4000, 5000, 17): 3}
    assert flows(scan(captures, [0, 1])) == {(A, B, 4000, 5000, 17): 1, (A, B, 0, 0, 17): 2}


def test_fragments_of_ipv6(tmp_path: Path) -> None:
    whole = udp(bytes(40))
    headers = [
        b"\x11\0" + (offset | more).to_bytes(2, "big") + b"\0\1\2\3" for offset, more in ((0, 1), (16, 1), (32, 0))
    ]
    frames = [ether(ip6(head + whole[i * 16 : i * 16 + 16], 44), 0x86DD) for i, head in enumerate(headers)]
    found = read(tmp_path, pcap([Frame(frame) for frame in reversed(frames)]))
    assert [key[2:] for key in flows(found)] == [(4000, 5000, 17)]
    assert found.directed.packets.sum() == 3


def test_an_identification_that_comes_again_names_another_datagram(tmp_path: Path) -> None:
    def at(second: int, frames: list[bytes]) -> list[Frame]:
        return [Frame(frame, (1_600_000_000 + second) * 10**9) for frame in frames]

    apart = read(tmp_path, pcap(at(0, parts(7, 4000)) + at(500, parts(7, 4001))))
    assert flows(apart) == {(A, B, 4000, 5000, 17): 3, (A, B, 4001, 5000, 17): 3}
    near = read(tmp_path, pcap(at(0, parts(7, 4000)) + at(1, parts(7, 4001))))
    assert flows(near) == {(A, B, 4000, 5000, 17): 1, (A, B, 4001, 5000, 17): 1, (A, B, 0, 0, 17): 4}


def test_fragments_across_the_edge_of_a_span(tmp_path: Path) -> None:
    edge = 50_000_000 * fragments.SPAN
    for times in ((edge - 1_000, edge), (edge, edge - 1_000)):
        frames = [Frame(parts(7, 4000)[0], times[0]), Frame(parts(7, 4000)[1], times[1])]
        assert flows(read(tmp_path, pcap(frames))) == {(A, B, 4000, 5000, 17): 2}


def test_too_many_fragments_stay_without_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments.Fragments.__init__, "__defaults__", (50,))
    frames = [Frame(frame) for ident in range(100) for frame in parts(ident, 4000)]
    found = read(tmp_path, pcap(frames))
    assert flows(found) == {(A, B, 4000, 5000, 17): 100, (A, B, 0, 0, 17): 200}
    assert found.fragments_apart
    assert not read(tmp_path, pcap(frames[:30])).fragments_apart


EMPTY: dict[Flow, int] = {}


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    assert flows(read(tmp_path, pcap([]))) == EMPTY
