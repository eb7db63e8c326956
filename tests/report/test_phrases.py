from dataclasses import replace

import pytest

from auditor.model.report import Participants, Place, Source, Verdict
from auditor.report import grounds, overall, phrases

from . import samples


@pytest.mark.parametrize(
    ("population", "text"),
    [
        ("all overseas", "2 sessions of overseas participants"),
        ("any mainland", "2 sessions with mainland participants"),
        ("mixed mainland", "2 sessions between mainland and other participants"),
        ("", "2 sessions"),
        ("{0.__class__}", "2 sessions"),
    ],
)
def test_people(population: str, text: str) -> None:
    assert phrases.people(population, 2) == text


def test_a_contradiction_names_no_country() -> None:
    finding = replace(samples.OPEN, place=Place("!", "contradiction", "", "Example Transit"), endpoint_count=3)
    assert phrases.happened(finding) == (
        "It is open whether 1 session of overseas participants exchanged audio, video or shared screens with a place "
        "whose proofs contradict each other: Example Transit, 103.122.166.55 and 2 more addresses."
    )


def test_what_is_asked_of_encryption_is_said_of_encryption() -> None:
    clear = replace(samples.KEYS, asked="must_be_encrypted", proven=True)
    assert " in clear with " in phrases.happened(clear)
    assert grounds.known(clear).startswith("The packets show it")
    assert "Indicated" in grounds.known(replace(clear, proven=False))
    assert grounds.known(replace(samples.OPEN, asked="must_be_encrypted")) == "Not decided by what the evidence shows."
    report = replace(samples.FAIL, findings=(clear,), verdict=Verdict.FAIL)
    assert overall.title(report) == "Traffic was in clear where the rules ask for encryption"
    unsure = replace(report, findings=(replace(clear, proven=False),))
    assert overall.title(unsure) == "Traffic appears to have been in clear where the rules ask for encryption"
    asked = tuple(replace(rule, asks="must_be_encrypted") for rule in report.rules)
    passed = replace(report, findings=(), verdict=Verdict.PASS, rules=asked, empty=False)
    assert overall.title(passed) == "Everything that was examined was encrypted where the rules ask for it"


def test_an_offer_is_no_exchange() -> None:
    assert "no packet was seen to go there" in phrases.happened(samples.ANYWHERE)
    assert "exchanged" not in phrases.happened(samples.ANYWHERE)


def test_an_uncertain_end_is_said_to_be_one() -> None:
    text = phrases.whose(Participants("CN", "tenant-7", "192.0.2.1", certain=False))
    assert text == (
        "Mainland China, labelled tenant-7 (for example 192.0.2.1); this end may be a participant or a place"
    )


def test_a_source_is_named_once() -> None:
    said = Source("AWS ranges 2026-10-26, region cn-north-1", "proof", "CN", "52.80.0.0/15")
    finding = replace(samples.KEYS, located_by=((samples.BEIJING, (said, replace(said, countries="CN+HK"))),))
    assert grounds.known(finding) == "Proven by AWS ranges 2026-10-26, region cn-north-1."
    assert grounds.known(replace(finding, located_by=())).startswith("No location is needed for it: it rests on")


def test_an_open_finding_says_what_each_source_says() -> None:
    assert grounds.known(samples.OPEN) == (
        "Not decided. 103.122.166.55: DB-IP Lite country 2026-10-01 says Hong Kong; "
        "103.122.166.55: vendor.mmdb says mainland China."
    )


def test_the_place_is_not_proven_by_what_proves_a_participant() -> None:
    home = ("142.1.0.5", (Source("inventory: office", "proof", "CA"), Source("DB-IP", "overruled", "US")))
    finding = replace(samples.KEYS, located_by=(*samples.KEYS.located_by, home))
    assert grounds.known(finding) == "Proven by AWS ranges 2026-10-26, region cn-north-1."
    assert grounds.disputed(finding) == ["Overruled: vendor.mmdb says the United States."]


def test_an_indicated_finding_says_which_half_is_proven() -> None:
    office = ("142.1.0.5", (Source("inventory: office", "proof", "CA"), Source("DB-IP", "claim", "CA")))
    finding = replace(samples.KEYS, proven=False, located_by=(*samples.OPEN.located_by, office))
    finding = replace(finding, endpoints=samples.OPEN.endpoints)
    assert grounds.known(finding) == (
        "Indicated, not proven: the place by claims (DB-IP Lite country 2026-10-01; vendor.mmdb), "
        "who took part by proof (inventory: office)."
    )


def test_a_proof_that_leaves_a_choice_does_not_hide_the_claims() -> None:
    said = (Source("round-trip time", "proof", "CN+HK+JP"), Source("DB-IP", "claim", "CN"))
    finding = replace(samples.KEYS, proven=False, located_by=((samples.BEIJING, said),))
    assert (
        grounds.known(finding) == "Indicated, not proven: the place by proof (round-trip time) and by claims (DB-IP)."
    )
