"""What findings say: how touches are put together, counted, named and evidenced."""

from dataclasses import replace
from typing import Any

import pytest

from auditor.judge.findings import CLASSES, identity
from auditor.judge.gather import ENDPOINTS, EVIDENCE, SESSIONS
from auditor.model.report import Evidence, Finding, Place, Source, Verdict
from tests.builders import Row, audit, client, flow, names, rule, server

CANADA = client("142.1.33.4", proven="CA")
BEIJING = server("52.81.151.250", proven="CN", operator="Sinnet")


def only(*rows: Row, **fields: Any) -> Finding:
    (finding,) = audit(rows, rule(**fields)).findings
    return finding


def bad(**columns: Any) -> Row:
    """Overseas media at a mainland server."""
    return flow(**{"plane": "media", "app": "rtp", **CANADA, **BEIJING, **columns})


def test_a_finding_says_it_all() -> None:
    row = bad(
        session="call", opened="handshake", source=1, record=17, first_ns=5, last_ns=9, dst_packets=2, dst_bytes=50
    )
    finding = only(row)
    assert finding == Finding(
        id=finding.id,
        rule="rule",
        verdict=Verdict.FAIL,
        severity="high",
        basis="observed",
        plane="media",
        population="all overseas",
        place=Place("CN", "located", "", "Sinnet"),
        proven=True,
        sessions=1,
        first_sessions=("call",),
        participants=finding.participants,
        endpoints=("52.81.151.250",),
        endpoint_count=1,
        packets=3,
        bytes=150,
        first_ns=5,
        last_ns=9,
        evidence=(Evidence("b.pcap", 17, "rtp to 52.81.151.250, media", 5),),
        located_by=(),
        settles=(),
        asked="must_not_touch",
        every_endpoint=True,
    )
    (person,) = finding.participants
    assert (person.countries, person.example, person.certain) == ("CA", "142.1.33.4", True)


def test_the_identity_depends_on_neither_counts_nor_dates() -> None:
    one = only(bad())
    many = only(*(bad(record=i, first_ns=i, session=f"{i}", dst_addr=f"52.81.0.{i}") for i in range(1, 9)))
    assert one.id == many.id
    assert len(one.id) == 16
    assert int(one.id, 16)
    for other in (
        {"plane": "keys"},
        {"dst_operator": "Other"},
        {"dst_site": "north"},
        {"dst_proven": "*", "dst_claimed": "CN"},
    ):
        assert only(bad(**other)).id != one.id


def test_words_of_an_identity_can_not_be_shifted() -> None:
    assert identity(["ab", "c"]) != identity(["a", "bc"])
    assert identity(["a", ""]) != identity(["", "a"])


def test_a_flow_that_touches_with_both_ends_counts_once() -> None:
    """Its packets are counted once, and so is its session; its two touches are two."""
    sender = server("52.81.0.1", proven="CN", side="src", operator="Sinnet", label="overseas")
    report = audit([flow(plane="media", src_packets=7, **sender, **BEIJING)])
    (finding,) = report.findings
    assert (finding.sessions, finding.packets, finding.endpoint_count) == (1, 7, 2)
    assert report.coverage.touches == 2


def test_a_session_that_touches_often_counts_once() -> None:
    rows = [bad(session="call", app=app, dst_addr=f"52.81.0.{i}") for i, app in enumerate(["rtp", "rtcp", "stun"])]
    finding = only(*rows, bad(session="other"), bad(), bad(src_addr="142.1.33.5"))
    assert finding.sessions == 4
    assert finding.endpoint_count == 4


def test_the_first_sessions_are_first_by_time() -> None:
    rows = [bad(session=f"call {i}", first_ns=100 - i, last_ns=100) for i in range(9)]
    finding = only(*rows, bad(source=2, record=33, first_ns=0))
    assert finding.first_sessions == ("flow c.pcap#33", "call 8", "call 7", "call 6", "call 5")
    assert (finding.sessions, len(finding.first_sessions)) == (10, SESSIONS)


def test_evidence_is_the_smallest_records() -> None:
    rows = [bad(session=f"{i}", source=i % 2, record=50 - i) for i in range(20)]
    finding = only(*rows)
    assert [(e.source, e.record) for e in finding.evidence] == [("a.pcap", n) for n in range(32, 32 + 2 * EVIDENCE, 2)]


def test_evidence_says_what_a_stranger_will_see() -> None:
    def told(**columns: Any) -> str:
        return only(bad(**columns)).evidence[0].detail

    assert told(app="", plane="keys+media") == "traffic of no recognised protocol with 52.81.151.250, keys or media"
    assert told(plane="unknown") == "rtp with 52.81.151.250, plane not known"
    assert told(basis="offered") == "rtp with 52.81.151.250, media, offered only"
    assert told(outcome="unanswered") == "rtp with 52.81.151.250, media, unanswered"


def test_lists_are_bounded_and_their_totals_are_not() -> None:
    rows = [
        bad(session=f"{i}", record=i, dst_addr=f"52.81.{i // 250}.{i % 250}", src_addr=f"142.1.{i // 250}.{i % 250}",
            src_proven="CA", src_label=f"tenant {i}")
        for i in range(600)
    ]  # fmt: skip
    finding = only(*rows)
    assert (finding.endpoint_count, finding.sessions, finding.packets) == (600, 600, 600)
    assert len(finding.endpoints) == ENDPOINTS
    assert len(finding.participants) == CLASSES
    assert finding.endpoints == tuple(sorted(finding.endpoints))


def test_locations_are_explained_for_places_and_people() -> None:
    questions = []

    def explain(asked: Any) -> list[tuple[Source, ...]]:
        questions.extend(asked)
        return [(Source(f"list of {addr}", "proof", "CN"),) for addr, *_ in asked]

    report = audit([bad(first_ns=3, last_ns=4, vantage="office")], rule(), rule("again"), explain=explain)
    assert [place for place, _ in report.findings[0].located_by] == ["52.81.151.250", "142.1.33.4"]
    assert report.findings[0].located_by[0][1][0].name == "list of 52.81.151.250"
    assert questions == [("52.81.151.250", "office", 3, 4), ("142.1.33.4", "office", 3, 4)], "each is asked once"


def test_findings_are_ordered_by_gravity() -> None:
    worst, low = rule("worst", severity="critical"), rule("low", severity="low")
    report = audit([bad(), bad(basis="offered")], low, worst)
    assert [(f.verdict, f.rule) for f in report.findings] == [
        (Verdict.FAIL, "worst"), (Verdict.FAIL, "low"), (Verdict.OPEN, "worst"), (Verdict.OPEN, "low"),
    ]  # fmt: skip


def test_proof_shows_the_place_that_proofs_leave() -> None:
    finding = only(bad(dst_claimed="CN", dst_proven="-HK"), proof=True)
    assert (finding.verdict, finding.place.countries, finding.place.state) == (Verdict.OPEN, "-HK", "anywhere")


@pytest.mark.parametrize("name", ["a\tb", "flow a.pcap#1", "x\0y", "<b>", "=1+1", "ü\u202e", "a\nb", " "])
def test_a_session_is_called_what_it_called_itself(name: str) -> None:
    assert only(bad(session=name)).first_sessions == (name,)


def test_conditions_are_met_together() -> None:
    """A rule against one operator in one country says nothing against others there."""
    fields = {"operators": names("Sinnet"), "countries": "CN"}
    assert only(bad(), **fields).verdict == Verdict.FAIL
    assert not audit([bad(dst_operator="Other")], rule(**fields)).findings
    assert not audit([bad(dst_proven="US")], rule(**fields)).findings
    stay = replace(rule(**fields), asserts=replace(rule(**fields).asserts, verb="must_stay_in"))
    assert not audit([bad()], stay).findings
    assert audit([bad(dst_operator="Other")], stay).findings
