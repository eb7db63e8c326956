"""Address text becomes the numbers that ipaddress gives, and nothing else becomes a number."""

import ipaddress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich.addresses import network, numbers, parse, quads, write

TEXTS = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(v=4).map(lambda a: f"::ffff:{a}"),
    st.ip_addresses(v=4).map(lambda a: f"64:ff9b::{a}"),
    st.from_regex(r"[0-9.:+ a-f]{0,16}", fullmatch=True),
    st.none(),
)


def expected(text: str | None) -> str:
    try:
        return write(*parse(text or ""))
    except ValueError:
        return ""


@given(st.lists(TEXTS, max_size=20))
def test_columns_are_read_as_single_addresses_are(texts: list[str | None]) -> None:
    read = numbers(pl.Series(texts, dtype=pl.String))
    assert read.count == len(texts)
    assert read.texts(pl.Series(range(len(texts)), dtype=pl.Int64).to_numpy()) == [expected(text) for text in texts]


QUADS = st.lists(st.sampled_from(["0", "1", "9", "10", "99", "199", "249", "255", "256", "00", "01", ""]), max_size=5)
ODD = st.one_of(QUADS.map(".".join), st.text("0123456789.\n-٣", max_size=9), st.none())


@given(st.lists(st.one_of(st.ip_addresses(v=4).map(str), ODD), max_size=4))
def test_dotted_quads_are_what_ipaddress_reads(texts: list[str | None]) -> None:
    wanted = [int(ipaddress.IPv4Address(text)) if text and is_quad(text) else None for text in texts]
    assert quads(pl.Series(texts, dtype=pl.String)).to_list() == wanted


def is_quad(text: str) -> bool:
    try:
        return text.isascii() and bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("::ffff:18.162.1.1", "18.162.1.1"),
        ("::ffff:12a2:101", "18.162.1.1"),
        ("64:ff9b::18.162.1.1", "18.162.1.1"),
        ("64:ff9b:1::18.162.1.1", "64:ff9b:1::12a2:101"),
        ("2002:12a2:101::1", "2002:12a2:101::1"),
        ("2001:DB8::0:1", "2001:db8::1"),
    ],
)
def test_what_carries_an_ipv4_address_is_that_address(text: str, written: str) -> None:
    assert write(*parse(text)) == written


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "01.2.3.4", "256.1.1.1", "+1.2.3.4", "fe80::1%eth0", "x", "1.2.3.4/32", "1.2.3.4\0"]
)
def test_other_texts_are_no_addresses(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
    read = numbers(pl.Series([text]))
    assert not len(read.rows4)
    assert not len(read.rows6)


@given(st.ip_addresses(), st.integers(0, 2**70), st.integers(0, 2**70))
def test_network_is_the_widest_within(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, below: int, above: int
) -> None:
    top = (1 << address.max_prefixlen) - 1
    number = int(address)
    first, last = max(0, number - below), min(top, number + above)
    found = ipaddress.ip_network(network(number, address.version, first, last))
    assert address in found
    assert first <= int(found[0])
    assert int(found[-1]) <= last
    if found.prefixlen:
        wider = found.supernet()
        assert int(wider[0]) < first or int(wider[-1]) > last
