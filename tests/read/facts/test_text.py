"""Addresses that strangers write, one by one and in columns."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auditor.read.facts.text import address, reachable, reachable_ones

V4 = st.one_of(
    st.integers(0, (1 << 32) - 1),
    st.sampled_from([10 << 24, (172 << 24) + (31 << 16), 192 << 24, (100 << 24) + (64 << 16), 224 << 24, 127 << 24]),
).map(lambda value: 0xFFFF << 32 | value)
V6 = st.one_of(st.integers(0, (1 << 128) - 1), st.sampled_from([0, 1, 1 << 125, (1 << 126) - 1, 0xFE80 << 112]))


@given(st.lists(st.one_of(V4, V6)))
def test_columns_of_addresses_are_reachable_as_each_of_them_is(addresses: list[int]) -> None:
    high, low = (np.array([each >> shift & (1 << 64) - 1 for each in addresses], np.uint64) for shift in (64, 0))
    assert reachable_ones(high, low).tolist() == [reachable(each) for each in addresses]


def test_an_address_is_a_literal_of_bounded_length() -> None:
    assert address(b"192.0.2.1") == 0xFFFF << 32 | 0xC0000201
    assert address(b"[2001:db8::1]") == address(b"2001:db8::1") == 0x20010DB8 << 96 | 1
    for odd in (b"", b"192.0.2", b"example.com", b"1" * 48, b"\xff", b"2001:db8::1\0"):
        assert address(odd) is None
