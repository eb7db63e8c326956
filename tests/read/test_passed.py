"""Which tunnels carried which flows: folded in any order, bounded, and tied to the flow table."""

import itertools
import random
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from auditor.model.errors import InputError
from auditor.read import assemble, passed, unwrap
from auditor.read.arrays import I64
from auditor.read.directed import EXACT, NO_PORTS
from auditor.read.headers import Packets
from auditor.read.passed import Carried, Tunnelled
from auditor.read.unwrap import Passed, Wrapped
from tests.read.oneway import Row, assembled

VXLAN, GRE = 0, 9


def wrapped(outer: Sequence[int], ports: Sequence[int], deeper: Sequence[int] = ()) -> Wrapped:
    """Packets between 10.0.0.1 and 10.0.0.2 with these source ports, each between ends 198.51.100.x of a tunnel."""
    count = len(outer)
    none = np.zeros(count, np.int64)
    inner = np.full(count, int.from_bytes(bytes((10, 0, 0, 1, 10, 0, 0, 2)), "little"), np.uint64)
    port = np.array([number >> 8 | (number & 255) << 8 | 0x0500 << 16 for number in ports], np.uint64)
    columns = dict.fromkeys(Packets.__slots__, none) | {
        "index": np.arange(count),
        "address": [inner],
        "ports": port,
        "protocol": np.full(count, 17),
    }
    packets = Packets(**columns)
    ends = [np.array([int.from_bytes(bytes((198, 51, 100, end)) * 2, "little") for end in outer], np.uint64)]
    outside = unwrap.addresses(Packets(**columns | {"address": ends}), np.arange(count))
    code = np.full(count, VXLAN, np.uint8)
    return Wrapped(packets, [Passed(code, outside)], np.array(deeper, np.int64))


def added(table: Tunnelled, found: Wrapped, start: int) -> None:
    number: I64 = np.arange(start, start + len(found.packets.index))
    table.add(found, 3, number * 0 + 100, number * 10, number)


def rows(carried: Carried) -> list[tuple[int, ...]]:
    columns = [getattr(carried, name).tolist() for name in Carried.__slots__]
    return list(zip(*columns, strict=True))


def test_addresses_and_ports_come_back() -> None:
    table = Tunnelled()
    added(table, wrapped([7], [1030], deeper=[0]), 5)
    first, deep = sorted(rows(table.carried(EXACT)), key=lambda row: row[1])
    ten = 0xFFFF << 32 | 10 << 24
    outer = (0, 0xFFFF << 32 | 198 << 24 | 51 << 16 | 100 << 8 | 7) * 2
    assert first == (3, VXLAN, 0, 0, ten | 1, 0, ten | 2, 1030, 5, 17, *outer, 5, 50, 50, 1)
    assert deep[:2] == (3, passed.DEEPER)
    assert deep[10:14] == (0, 0, 0, 0)


@pytest.mark.parametrize("limit", [1000, 20])
def test_order_and_split_change_nothing(limit: int) -> None:
    chance = random.Random(4)
    outer = [chance.randrange(4) for _ in range(200)]
    ports = [chance.randrange(1024, 1040) for _ in range(200)]
    whole = Tunnelled(limit)
    added(whole, wrapped(outer, ports), 1)
    for _ in range(5):
        cuts = [0, *sorted(chance.sample(range(1, 200), 4)), 200]
        parts = []
        for start, end in itertools.pairwise(cuts):
            part = Tunnelled(limit)
            added(part, wrapped(outer[start:end], ports[start:end]), 1)
            part.renumber(start)
            parts.append(part)
        chance.shuffle(parts)
        for other in parts[1:]:
            parts[0].join(other)
        numbers = [table.carried(EXACT) for table in (parts[0], whole)]
        assert [row[:14] + row[17:] for row in rows(numbers[0])] == [row[:14] + row[17:] for row in rows(numbers[1])]
        assert parts[0].full == whole.full == (limit == 20)
    assert len(whole.carried(EXACT)) == (4 if limit == 20 else len(set(zip(outer, ports, strict=True))))


def test_ports_are_forgotten_where_those_of_flows_are() -> None:
    table = Tunnelled()
    added(table, wrapped([1, 1, 1], [1030, 1031, 1032]), 1)
    assert [row[7:9] + row[-4:] for row in rows(table.carried(NO_PORTS))] == [(0, 0, 1, 10, 30, 3)]


def test_too_many_tunnel_ends_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed, "PAIRS", 30)
    table = Tunnelled(20)
    with pytest.raises(InputError, match="tunnel ends"):
        added(table, wrapped(list(range(40)), list(range(40))), 1)


FLOW = Row("10.0.0.1", 1030, "10.0.0.2", 5, witness=4, vantage=1)


def carried(outer: Sequence[int], ports: Sequence[int], vantage: int = 1, **options: Sequence[int]) -> Carried:
    table = Tunnelled()
    number: I64 = np.arange(4, 4 + len(outer))
    table.add(wrapped(outer, ports, **options), vantage, number, number * 10, number)
    return table.carried(EXACT)


def test_tunnels_are_tied_to_the_rows_of_their_flows() -> None:
    rows = [Row("10.0.0.9", 1, "10.0.0.2", 5, witness=1), FLOW]
    whole = assembled(rows, carried=carried([1, 2, 2], [1030, 1030, 1030]))
    flows, found = whole.flows, whole.passages
    which = flows["src_addr"].to_list().index("10.0.0.1")
    assert flows.equals(assembled(rows).flows)
    assert found["row"].to_list() == [which, which]
    assert found["src_addr"].to_list() == ["198.51.100.1", "198.51.100.2"]
    assert found["record"].to_list() == [4, 5]
    assert found["vantage"].to_list() == ["other", "other"]
    assert assembled(rows, carried=carried([1], [1030], 0)).passages["row"].to_list() == [None]


def test_a_flow_that_wraps_too_much_says_so() -> None:
    whole = assembled([FLOW], carried=carried([1], [1030], deeper=[0]))
    assert whole.flows["detail"].to_list() == ["wraps more IP headers than are read"]
    assert len(whole.passages) == 1


def test_a_tunnel_of_an_unknown_flow_stands_alone_unless_known_from_others() -> None:
    found = assembled([FLOW], carried=carried([1, 1, 2], [1030, 7, 7])).passages
    assert sorted(found.select("row", "src_addr").rows(), key=str) == [(0, "198.51.100.1"), (None, "198.51.100.2")]
    assert found.schema["row"] == pl.Int64


def test_rows_stand_apart_or_together_with_all_that_may_explain_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both together are the flow table; passages still name the rows of their flows."""
    monkeypatch.setattr(assemble, "BATCH", 2)
    rows = [FLOW, *(Row("10.0.0.9", port, "10.0.0.2", 5, witness=9 + port) for port in range(5))]
    whole = assembled(rows, carried=carried([1], [1030]))
    (together, passages), *rest = whole.parts()
    parts = [rows for rows, none in rest if none.is_empty()]
    assert [len(part) for part in parts] == [2, 2, 1]
    assert pl.concat([together, *parts]).sort("record").equals(whole.flows.sort("record"))
    assert together[passages["row"].to_list()]["src_addr"].to_list() == ["10.0.0.1"]
    assert whole.wrapped_alone == 1
