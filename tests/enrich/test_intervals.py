"""Intervals answer as a naive look-up does, at random and at their edges, and files keep every bit."""

import random
from ipaddress import ip_network

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich import intervals
from auditor.enrich.intervals import Intervals, Range, build, flatten, pack, unpack

ranges4 = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**20), st.sampled_from("abc")).map(
        lambda r: (r[0], min(r[0] + r[1], 2**32 - 1), r[2])
    ),
    max_size=12,
)
ranges6 = st.lists(
    st.tuples(st.integers(0, 2**128 - 1), st.sampled_from([0, 1, 2**64, 2**80]), st.sampled_from("abc")).map(
        lambda r: (r[0], min(r[0] + r[1], 2**128 - 1), r[2])
    ),
    max_size=12,
)


def naive(ranges: list[Range], address: int) -> str:
    """The narrowest range that holds the address, the first given of equally wide ones."""
    holding = [each for each in ranges if each[0] <= address <= each[1]]
    return min(holding, key=lambda each: each[1] - each[0])[2] if holding else ""


def edges(ranges: list[Range], top: int) -> list[int]:
    near = {0, top} | {each[at] + off for each in ranges for at in (0, 1) for off in (-1, 0, 1)}
    return sorted(address for address in near if 0 <= address <= top)


def find6(found: Intervals, addresses: list[int]) -> list[str]:
    array = np.array([address.to_bytes(16, "big") for address in addresses], "S16")
    return [found.values[code] for code in found.find6(array)]


@given(ranges4, ranges6)
def test_look_ups_agree_with_a_naive_search(four: list[Range], six: list[Range]) -> None:
    found = unpack(pack(build(four, six)))
    at4 = [*edges(four, 2**32 - 1), random.Random(1).randrange(2**32)]
    assert [found.values[c] for c in found.find4(np.array(at4, np.uint32))] == [naive(four, a) for a in at4]
    at6 = [*edges(six, 2**128 - 1), random.Random(2).randrange(2**128)]
    assert find6(found, at6) == [naive(six, address) for address in at6]


@given(ranges4, ranges6)
def test_span_holds_the_address_and_ends_where_the_answer_changes(four: list[Range], six: list[Range]) -> None:
    found = build(four, six)
    for version, ranges, top in ((4, four, 2**32 - 1), (6, six, 2**128 - 1)):
        for address in edges(ranges, top):
            first, last, said = found.span(address, version)
            assert first <= address <= last
            assert said == naive(ranges, address) == naive(ranges, first) == naive(ranges, last)
            assert first == 0 or naive(ranges, first - 1) != said
            assert last == top or naive(ranges, last + 1) != said


@given(ranges4, ranges6)
def test_a_file_keeps_everything_and_is_a_function_of_its_content(four: list[Range], six: list[Range]) -> None:
    built = build(four, six)
    read = unpack(pack(built))
    assert read.values == built.values
    assert [read.said(code) for code in range(len(built.values))] == list(built.values)
    for ours, given_ in zip((*read.four, *read.six), (*built.four, *built.six), strict=True):
        assert np.array_equal(ours, given_)
    assert pack(build(four, six)) == pack(built) == pack(read)


def test_zero_bytes_at_the_end_of_an_address_count() -> None:
    """NumPy drops trailing zeros of byte strings; 2001:db8:: must still sort before 2001:db8::1."""
    network = ip_network("2001:db8::/32")
    found = build([], [(int(network[0]), int(network[-1]), "x"), (int(network[1]), int(network[1]), "y")])
    assert find6(found, [int(network[0]) - 1, int(network[0]), int(network[1]), int(network[2])]) == ["", "x", "y", "x"]


def test_flatten_merges_neighbours_that_say_the_same() -> None:
    assert flatten([(0, 9, "a"), (10, 19, "a"), (12, 13, "b")], "") == [(0, "a"), (12, "b"), (14, "a"), (20, "")]


@pytest.mark.parametrize("cut", [0, 5, 12, 40, -1])
def test_a_damaged_file_is_refused(cut: int) -> None:
    data = pack(build([(1, 2, "x")], []))
    with pytest.raises(ValueError, match=r"damaged|not a file"):
        unpack(data[:cut])


@pytest.mark.parametrize(
    "body", [b"[]\n", b"{}\n", b"no line", b'[{"rows": 99999999, "planes": [0]}, 1, 2, 3, 4]\nxx', b"[1, 2, 3, 4, 5]\n"]
)
def test_a_file_that_lies_about_its_content_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack(intervals.MAGIC + zstandard.compress(body))


def test_a_value_with_a_line_feed_can_not_be_packed() -> None:
    with pytest.raises(ValueError, match="line feed"):
        pack(build([(1, 2, "a\nb")], []))
