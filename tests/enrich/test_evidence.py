"""Claims unite, proofs intersect, and what lies outside of the proofs is overruled and kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.enrich.embedded import Published
from auditor.enrich.evidence import CLAIM, OVERRULED, PROOF, Names, Situation, overrule, sources, weigh
from auditor.enrich.inventory import Entry, Vantage
from auditor.enrich.mmdb import Answer
from auditor.model.countries import bits, possible
from auditor.model.report import Source

NAMES = Names("country database", "2026-10-26", ("user",), (1000, 2000))
SETS = st.sampled_from(["CN", "HK", "US", "CN+HK", "-CN", "US+CA", "*"]).map(lambda s: "CA+US" if s == "US+CA" else s)
SOURCES = st.lists(st.builds(Source, st.just("s"), st.sampled_from([PROOF, CLAIM]), SETS), max_size=6)
AWS = Published("AWS ranges", "Amazon Web Services", "us-east-1", "US", "AR+US", 16)


@given(SOURCES, SETS)
def test_more_proof_only_narrows(given_: list[Source], proof: str) -> None:
    before, after = weigh(given_), weigh([*given_, Source("new", PROOF, proof)])
    assert after[0] == before[0]
    assert bits(after[1]) & ~bits(before[1]) == 0
    assert bits(after[1]) == bits(before[1]) & bits(proof)


@given(SOURCES)
def test_the_order_of_sources_does_not_matter(given_: list[Source]) -> None:
    assert weigh(given_) == weigh(given_[::-1])


@given(SOURCES)
def test_overruled_claims_are_those_wholly_outside_and_change_nothing(given_: list[Source]) -> None:
    marked = overrule(given_)
    proof = bits(weigh(given_)[1])
    for before, after in zip(given_, marked, strict=True):
        assert (before.name, before.countries) == (after.name, after.countries)
        if after.kind == OVERRULED:
            assert before.kind == CLAIM
            assert not bits(before.countries) & proof
    assert possible(*weigh(marked)) == possible(*weigh(given_))


@pytest.mark.parametrize(
    ("first", "last", "claimed", "proven"),
    [(1000, 1999, "", "AR+US"), (999, 1500, "US", "*"), (1500, 2000, "US", "*"), (None, None, "", "AR+US")],
)
def test_a_published_range_proves_while_in_date(first: int | None, last: int | None, claimed: str, proven: str) -> None:
    here = Situation(first, last, published=AWS, answers=(Answer(),))
    assert weigh(sources(here, NAMES)) == (claimed, proven)


def test_a_region_without_a_known_country_claims_nothing() -> None:
    here = Situation(0, 0, published=Published("AWS ranges", "Amazon Web Services", "xx-new-1"), answers=(Answer(),))
    assert weigh(sources(here, NAMES)) == ("", "*")


def test_anycast_overrules_what_databases_claim_but_not_the_inventory() -> None:
    anycast = Published("anycast list", "Google", "public resolver", "*", "*", 24)
    here = Situation(0, 0, "US", anycast, (Answer("AU"),))
    found = sources(here, NAMES)
    assert [each.kind for each in found] == [CLAIM, OVERRULED, OVERRULED]
    assert weigh(found) == ("*", "*")
    site = ((Entry("cache", (), "CN"),),)
    assert possible(*weigh(sources(Situation(0, 0, "US", anycast, (Answer(),), site), NAMES))) == "CN"


def test_a_users_database_may_say_that_an_address_is_anycast() -> None:
    found = sources(Situation(0, 0, "US", answers=(Answer("US", True),)), NAMES)
    assert weigh(found) == ("*", "*")


def test_databases_that_disagree_are_united() -> None:
    assert weigh(sources(Situation(0, 0, "CN", answers=(Answer("HK"),)), NAMES)) == ("CN+HK", "*")


def test_a_declared_vantage_places_private_addresses_unless_a_site_does() -> None:
    vantage = Vantage("toronto", ("*",), "CA")
    assert weigh(sources(Situation(0, 0, answers=(Answer(),), vantage=vantage), NAMES)) == ("", "CA")
    site = ((Entry("branch", (), "CN"),),)
    assert weigh(sources(Situation(0, 0, answers=(Answer(),), vantage=vantage, levels=site), NAMES)) == ("", "CN")


def test_inventory_and_published_range_that_contradict_each_other_both_stay() -> None:
    here = Situation(1500, 1500, "US", AWS, (Answer(),), ((Entry("branch", (), "CN"),),))
    assert weigh(sources(here, NAMES)) == ("US", "!")
    assert [each.kind for each in overrule(sources(here, NAMES))] == [PROOF, PROOF, CLAIM]


def test_an_entry_out_of_date_claims() -> None:
    here = Situation(50, 50, "US", answers=(Answer(),), levels=((Entry("old", (), "CN", valid=(0, 10)),),))
    assert weigh(sources(here, NAMES)) == ("CN+US", "*")
