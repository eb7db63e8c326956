"""IPv4 addresses as ranks: the same order as their texts, and the same texts again."""

import ipaddress

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from auditor.logs.model import Nameless
from auditor.logs.model import rows as made
from auditor.logs.texts import addressed, ranked, spelled, written
from tests.logs.logbook import flow, folded, rows

TEXTS = st.one_of(st.ip_addresses(v=4).map(str), st.sampled_from(["0.0.0.0", "9.9.9.9", "10.0.0.1", "100.0.0.1"]))


@given(st.lists(TEXTS, min_size=1, max_size=30))
def test_ranks_are_in_the_order_of_the_texts(texts: list[str]) -> None:
    ranks = ranked(pl.Series(texts))
    assert spelled(ranks).to_list() == texts
    assert ranks.gather(ranks.arg_sort()).to_list() == ranked(pl.Series(sorted(texts))).to_list()


def test_only_plain_ipv4_has_a_rank() -> None:
    texts = ["192.0.2.1", "192.0.2.01", "192.0.2.256", "192.0.2", "2001:db8::1", "::ffff:192.0.2.1", "-", "", None]
    assert ranked(pl.Series(texts)).is_not_null().to_list() == [True] + [False] * 8


def test_canonical_texts_and_ranks_go_together() -> None:
    given_ = rows(
        *(flow(f"{src}:1", "192.0.2.9:443") for src in ("192.0.2.1", "::ffff:192.0.2.1", "[2001:DB8::1]", "nobody"))
    )
    found = addressed(given_)
    assert found["src_addr"].to_list() == ["192.0.2.1", "192.0.2.1", "2001:db8::1", None]
    rank = int(ranked(pl.Series(["192.0.2.1"]))[0])
    assert found["src_rank"].to_list() == [rank, rank, None, None]
    nameless = made({"record": [1], "src_addr": [Nameless("@1")], "dst_addr": ["192.0.2.1"]}).collect()
    assert nameless["src_nameless"].to_list() == [True]


def test_a_reader_may_give_ranks_alone() -> None:
    text = rows(flow("192.0.2.1:40000", "198.51.100.7:443"), flow("192.0.2.1:40000", "[2001:db8::1]:443"))
    given_ = text.with_columns(src_rank=ranked(text["src_addr"]), src_addr=pl.lit(None, pl.String))
    assert written(given_)["src_addr"].to_list() == ["192.0.2.1", "192.0.2.1"]
    assert folded(given_).equals(folded(text))
    assert ipaddress.ip_address(folded(given_)["dst_addr"][1]) == ipaddress.ip_address("2001:db8::1")


@given(st.lists(st.sampled_from(["192.0.2.1", "192.0.2.10", "198.51.100.7", "2001:db8::1", "", "192.0.2.01"])))
def test_texts_that_are_repeated_have_the_ranks_of_single_ones(values: list[str]) -> None:
    repeated = pl.Series(values * 3000, dtype=pl.String)
    alone = [ranked(pl.Series([value])).item() for value in values]
    assert ranked(repeated).to_list() == alone * 3000
