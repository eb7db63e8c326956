import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import countries

sets = st.frozensets(st.sampled_from(countries.CODES)).map(lambda codes: (countries.of(codes), codes))


@given(sets)
def test_text_and_members_say_the_same(pair: tuple[str, frozenset[str]]) -> None:
    text, codes = pair
    assert set(countries.members(text)) == codes
    assert countries.text(countries.bits(text)) == text


@given(sets, sets)
def test_equal_sets_are_equal_strings(a: tuple[str, frozenset[str]], b: tuple[str, frozenset[str]]) -> None:
    assert (a[0] == b[0]) == (a[1] == b[1])


@given(sets, sets)
def test_within_is_set_theory(place: tuple[str, frozenset[str]], allowed: tuple[str, frozenset[str]]) -> None:
    expected = 0
    if place[1] and place[1] <= allowed[1]:
        expected = 1
    elif place[1] and not place[1] & allowed[1]:
        expected = -1
    assert countries.within(place[0], allowed[0]) == expected


@given(sets, sets)
def test_proofs_bound_claims(claim: tuple[str, frozenset[str]], proof: tuple[str, frozenset[str]]) -> None:
    claimed = claim[0] if claim[1] else ""
    found = set(countries.members(countries.possible(claimed, proof[0])))
    assert found <= proof[1]
    assert found == ((claim[1] & proof[1]) or proof[1])


def test_more_than_half_the_world_is_written_by_what_it_leaves_out() -> None:
    assert countries.of(set(countries.CODES) - {"CN"}) == "-CN"
    assert countries.of(countries.CODES) == "*"
    assert countries.of([]) == "!"
    assert countries.of(["HK", "CN", "CN"]) == "CN+HK"


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        countries.of(["QQ"])
    with pytest.raises(KeyError):
        countries.bits("CN+QQ")
    assert countries.known("NO")
    assert not countries.known("EU")


def test_hong_kong_macao_and_taiwan_are_codes_of_their_own() -> None:
    assert all(countries.within(code, "CN") == -1 for code in ("HK", "MO", "TW"))
