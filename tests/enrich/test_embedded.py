"""The shipped databases are what sources.json says, small, and quick to open."""

import hashlib
import json
from importlib.resources import files

import pytest

from auditor.enrich import embedded
from auditor.enrich.embedded import COUNTRY, OPERATOR, PUBLISHED, Shipped, shipped
from auditor.model.countries import bits, members
from auditor.model.errors import InputError

STEMS = (COUNTRY, OPERATOR, PUBLISHED)


def test_sizes_hashes_and_dates_are_recorded() -> None:
    folder = files("auditor.data")
    index = json.loads(folder.joinpath("sources.json").read_text())
    assert set(index) == set(STEMS)
    total = 0
    for stem, facts in index.items():
        data = folder.joinpath(f"{stem}.bin").read_bytes()
        total += len(data)
        assert facts["sha256"] == hashlib.sha256(data).hexdigest() == shipped(stem).database.sha256
        assert facts["bytes"] == len(data)
        assert len(facts["date"]) == 10
        assert facts["licence"]
        assert all(len(each["sha256"]) == 64 for each in facts["from"])
    assert total < 3_000_000


def test_credit_is_given_to_db_ip() -> None:
    database = shipped(COUNTRY).database
    assert (database.attribution, database.url) == ("IP Geolocation by DB-IP", "https://db-ip.com")


def test_every_value_is_a_set_that_can_be_read() -> None:
    assert all(not value or bits(value) for value in shipped(COUNTRY).intervals.values)
    for range_ in embedded.published():
        assert bits(range_.proven)
        assert not range_.claimed or bits(range_.claimed) & bits(range_.proven) == bits(range_.claimed)
    codes = range(1, len(embedded.shipped(embedded.OPERATOR).intervals.values))
    assert all(name and number.startswith("AS") for name, number in map(embedded.operator, codes))


def test_mainland_regions_are_in_the_mainland_and_nowhere_else() -> None:
    regions = {range_.region: range_ for range_ in embedded.published() if range_.region.startswith("cn-")}
    assert set(regions) == {"cn-north-1", "cn-northwest-1"}
    assert all((each.claimed, each.proven, each.operator) == ("CN", "CN", "AWS China") for each in regions.values())
    others = [each for each in embedded.published() if not each.region.startswith("cn-") and not each.anycast]
    assert all("CN" not in members(each.proven) for each in others if each.claimed)


def test_a_damaged_or_missing_file_is_an_error() -> None:
    with pytest.raises(InputError, match="install the package again"):
        shipped("nothing")
    with pytest.raises(InputError, match="install the package again"):
        _ = Shipped(COUNTRY, {}, b"damaged").intervals
