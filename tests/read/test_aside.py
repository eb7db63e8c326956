import numpy as np
import pytest

from auditor.read import aside
from auditor.read.aside import Aside
from auditor.read.window import Batch
from tests.read.test_plain import batch

FRAMES = [bytes([i]) * (20 + i) for i in range(8)]


def frames(found: Batch) -> list[tuple[int, bytes]]:
    rows = zip(found.record.tolist(), found.start.tolist(), found.captured.tolist(), strict=True)
    return [(record, bytes(found.data[start : start + size])) for record, start, size in rows]


def positions(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def test_few_packets_wait_and_come_in_the_order_of_the_capture() -> None:
    kept, whole = Aside(), batch(FRAMES)
    assert list(kept.put(whole, positions(5, 7))) == []
    assert list(kept.put(whole, positions(1, 6))) == []
    assert list(kept.put(whole, positions())) == []
    (found,) = kept.drain()
    assert frames(found) == [(i + 1, FRAMES[i]) for i in (1, 5, 6, 7)]
    assert (found.ns.tolist(), found.wire.tolist()) == ([2000, 6000, 7000, 8000], [25, 29, 30, 31])
    assert list(kept.drain()) == []


def test_those_that_wait_are_of_one_link_type() -> None:
    kept = Aside()
    assert list(kept.put(batch(FRAMES), positions(0))) == []
    (found,) = kept.put(batch(FRAMES, 101), positions(2))
    assert (found.link, frames(found)) == (1, [(1, FRAMES[0])])
    assert [(each.link, frames(each)) for each in kept.drain()] == [(101, [(3, FRAMES[2])])]


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "FEW", 3)
    monkeypatch.setattr(aside, "LARGE", 60)
    kept, whole = Aside(), batch(FRAMES)
    assert [frames(found) for found in kept.put(whole, positions(1, 2, 3))] == [[(i + 1, FRAMES[i]) for i in (1, 2, 3)]]
    assert list(kept.put(whole, positions(6, 7))) == []
    (many,) = kept.put(whole, positions(4, 5, 6))
    assert many.record.tolist() == [5, 6, 7]
    assert list(kept.put(whole, positions(0))) == []
    (large,) = kept.put(whole, positions(1))
    assert large.record.tolist() == [1, 7, 8]
    monkeypatch.setattr(aside, "MANY", 0)
    (before,) = kept.put(whole, positions(0))
    assert before.record.tolist() == [2]
