"""`must_be_encrypted`: every exchange by itself, hop by hop; what packets don't show stays open."""

import pytest

from auditor.model.report import Verdict
from tests.builders import Row, audit, client, counts, flow, rule, server

PERSON, PLACE = client("142.1.33.4", proven="CA"), server("3.80.0.1", proven="US")
ASKED = rule(verb="must_be_encrypted", quantifier="", planes=frozenset({"media", "signalling"}))


def exchange(**more: object) -> Row:
    return flow(**{"plane": "media", "app": "rtp", **PERSON, **PLACE, **more})


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (exchange(encrypted="yes"), "pass"),
        (exchange(encrypted="no"), "fail"),
        (exchange(), "open"),
        (exchange(encrypted="no", outcome="unanswered"), "open"),  # it may have reached nobody
        (exchange(encrypted="no", outcome="rejected"), ""),
        (exchange(encrypted="no", basis="attested"), "not_applicable"),
        (exchange(encrypted="no", plane="telemetry"), "not_applicable"),
        (exchange(encrypted="no", plane="unknown"), "open"),
        (exchange(encrypted="yes", plane="unknown"), "pass"),
        (exchange(app="stun", plane="signalling"), "not_applicable"),
        (exchange(app="stun", plane="unknown"), "open"),  # something else went through the socket that STUN opened
    ],
)
def test_one_exchange(row: Row, verdict: str) -> None:
    assert counts(audit([row], ASKED)) == ({verdict: 2} if verdict else {})  # both of its ends are judged


def test_two_people_without_a_server_are_judged_too() -> None:
    row = exchange(encrypted="no", **client("142.1.33.5", proven="CA", side="dst"))
    assert counts(audit([row], ASKED)) == {"fail": 2}
    relays = rule(verb="must_be_encrypted", quantifier="", roles=frozenset({"relay"}))
    assert counts(audit([row], relays)) == {}  # no place was touched


def test_hops_of_one_session_are_judged_apart() -> None:
    first = exchange(session="call", encrypted="yes", record=1)
    second = flow(session="call", plane="media", record=2, encrypted="no",
                  **server("3.80.0.2", proven="US", side="src"), **server("3.80.0.3", proven="FR"))  # fmt: skip
    report = audit([first, second], ASKED)
    assert counts(report) == {"pass": 2, "fail": 2}
    assert {end for finding in report.findings for end in finding.endpoints} == {"3.80.0.2", "3.80.0.3"}


def test_the_finding_says_what_is_in_clear_and_needs_no_location() -> None:
    report = audit([exchange(encrypted="no", dst_proven="*")], ASKED)
    assert report.verdict == Verdict.FAIL
    assert all(finding.proven and finding.asked == "must_be_encrypted" for finding in report.findings)
    assert {entry.detail for finding in report.findings for entry in finding.evidence} == {
        "rtp with 3.80.0.1, media, in clear",
        "rtp with 142.1.33.4, media, in clear",
    }


def test_who_takes_part_may_narrow_it() -> None:
    overseas = rule(verb="must_be_encrypted")
    assert counts(audit([exchange(encrypted="no")], overseas)) == {"fail": 2}
    assert counts(audit([exchange(encrypted="no", **client("142.1.33.4", proven="CN"))], overseas)) == {
        "not_applicable": 2
    }
    unknown = audit([exchange(encrypted="no", **client("142.1.33.4"))], overseas)
    assert counts(unknown) == {"open": 2}
    claimed = audit([exchange(encrypted="no", **client("142.1.33.4", claimed="CA"))], overseas)
    assert [finding.proven for finding in claimed.findings] == [False, False]
