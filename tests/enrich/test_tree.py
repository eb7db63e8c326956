"""Walking the tree finds the record that maxminddb finds, whatever the width of its records."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich.addresses import numbers, parse, write
from auditor.enrich.mmdb import UserDatabase, open_database, read
from auditor.enrich.tree import view
from tests.enrich.mmdb_file import mmdb

SIX = {
    "1.0.0.0/8": {"country_code": "AU"}, "1.2.3.0/24": {"country_code": "CN"}, "1.2.3.4/32": {"country_code": "HK"},
    "2400::/12": {"country_code": "JP"}, "2400:1::/64": {"country_code": "KR"}, "2400:1::7/128": {"country_code": "SG"},
}  # fmt: skip
FOUR = {network: record for network, record in SIX.items() if "." in network}


@pytest.fixture(scope="module", params=[(24, 6), (28, 6), (32, 6), (24, 4), (28, 4), (32, 4)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> UserDatabase:
    bits, version = request.param
    path = tmp_path_factory.mktemp("mmdb") / "test.mmdb"
    return open_database(str(mmdb(path, SIX if version == 6 else FOUR, bits=bits, version=version)))


ADDRESSES = st.one_of(
    st.ip_addresses(network="1.2.3.0/29"), st.ip_addresses(v=4), st.ip_addresses(network="2400:1::/124"),
    st.ip_addresses(v=6),
).map(str)  # fmt: skip


@given(addresses=st.lists(ADDRESSES, max_size=20))
def test_answers_are_those_of_maxminddb(database: UserDatabase, addresses: list[str]) -> None:
    codes, answers = database.answers(numbers(pl.Series(addresses, dtype=pl.String)), np.ones(len(addresses), np.bool_))
    for address, code in zip(addresses, codes, strict=True):
        number, family = parse(address)
        able = family == 4 or database.reader.metadata().ip_version == 6
        assert answers[code] == read(database.reader.get(write(number, family)) if able else None)


def test_rows_that_are_not_wanted_are_not_asked(database: UserDatabase) -> None:
    codes, answers = database.answers(numbers(pl.Series(["1.2.3.4", "1.2.3.4"])), np.array([True, False]))
    assert [answers[code].countries for code in codes] == ["HK", ""]


@pytest.mark.parametrize(
    ("count", "bits", "version"), [(0, 24, 6), (1, 20, 6), (1, 24, 5), (10, 24, 6), (1 << 40, 32, 4)]
)
def test_a_tree_that_can_not_be_there_is_refused(count: int, bits: int, version: int) -> None:
    with pytest.raises(ValueError, match="its tree"):
        view(b"\0" * 64, count, bits, version)


def test_a_tree_without_an_end_has_no_data() -> None:
    """A node that points to itself: the walk ends with the address."""
    tree = view(b"\0" * 6 + b"\0" * 16, 1, 24, 6)
    assert tree.find4(np.array([1, 2], np.uint32)).tolist() == [1, 1]
    assert tree.find6(np.array([b"\x20" + b"\0" * 15], "S16")).tolist() == [1]
