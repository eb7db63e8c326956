"""Codes of databases name one country, what became of one, or none."""

from typing import Any

import pytest

from auditor.enrich.codes import ALIASES, country_set
from auditor.model.countries import CODES, bits, members


@pytest.mark.parametrize(
    "code", ["ZZ", "??", "XX", "AP", "EU", "A1", "A2", "O1", "", "-", "USA", "United States", None, 7, ("CN",)]
)
def test_what_is_no_country_names_none(code: Any) -> None:
    assert country_set(code) == ""


def test_every_country_names_itself_in_either_case() -> None:
    assert all(country_set(code) == code == country_set(code.lower()) for code in CODES)


def test_hong_kong_macao_and_taiwan_are_codes_of_their_own() -> None:
    assert [country_set(code) for code in ("CN", "HK", "MO", "TW")] == ["CN", "HK", "MO", "TW"]


@pytest.mark.parametrize("code", ALIASES)
def test_withdrawn_codes_name_what_they_became(code: str) -> None:
    assert members(country_set(code)) == ALIASES[code]
    assert code not in CODES
    assert bits(country_set(code))
