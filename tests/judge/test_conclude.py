"""The report as a whole: its verdict, what was covered, the places of the map."""

from auditor.model.coverage import Judged, Unread
from auditor.model.flow import TOO_DEEP
from auditor.model.report import Report, Verdict
from tests.builders import MAINLAND, Row, audit, client, end, flow, rule, server

CANADA = client("142.1.33.4", proven="CA")
BEIJING, VIRGINIA = server("52.81.151.250", proven="CN"), server("3.80.0.1", claimed="US")
GOOD, BAD = flow(plane="media", **CANADA, **VIRGINIA), flow(plane="media", **CANADA, **BEIJING)
ARP = flow(status="no_address", detail="ARP", src_packets=4, record=3)
CUT = flow(status="truncated", detail="IPv4 header cut", src_packets=2, source=1, record=9)


def test_the_verdict_is_the_worst() -> None:
    unknown = flow(plane="media", **CANADA, **server("203.0.113.1"))
    assert audit([GOOD]).verdict == Verdict.PASS
    assert audit([GOOD, unknown]).verdict == Verdict.OPEN
    assert audit([GOOD, unknown, BAD]).verdict == Verdict.FAIL


def test_what_was_not_examined_never_looks_clean() -> None:
    assert audit([GOOD, ARP]).verdict == Verdict.PASS
    assert audit([GOOD, CUT]).verdict == Verdict.OPEN
    assert audit([BAD, CUT]).verdict == Verdict.FAIL
    assert audit([GOOD], unread_bytes=[("a.pcap", 5, "cut record")]).verdict == Verdict.OPEN
    assert not audit([GOOD, CUT]).empty


def test_what_wraps_too_much_is_judged_and_keeps_from_passing() -> None:
    """Addresses deeper than are read may be anywhere; those that were read are judged as ever."""
    deep = audit([GOOD, {**GOOD, "detail": TOO_DEEP, "src_packets": 3}])
    assert deep.verdict == Verdict.OPEN
    assert deep.coverage.unread == (Unread("a.pcap", "unsupported", TOO_DEEP, 3, 1),)
    assert deep.coverage.records == (("ok", 1), ("unsupported", 3))
    assert audit([{**BAD, "detail": TOO_DEEP}]).verdict == Verdict.FAIL


def test_nothing_in_scope_is_said() -> None:
    for rows in ([], [ARP], [flow(plane="media", **client("8.8.8.8", proven="CN"), **VIRGINIA)]):
        assert audit(rows).empty
        assert audit(rows).verdict == Verdict.OPEN, "no all-clear"
    assert not audit([GOOD]).empty


def test_coverage_counts_everything() -> None:
    scan = flow(outcome="rejected", src_packets=3, **CANADA, **BEIJING)
    offered = flow(basis="offered", src_packets=0, src_bytes=0, session="x", **CANADA, **VIRGINIA)
    covered = audit([GOOD, BAD, ARP, ARP, CUT, scan, offered]).coverage
    assert (covered.packets, covered.bytes, covered.flows) == (15, 600, 3)
    assert covered.records == (("no_address", 8), ("ok", 5), ("truncated", 2))
    assert covered.unread == (
        Unread("a.pcap", "no_address", "ARP", 8, 3),
        Unread("b.pcap", "truncated", "IPv4 header cut", 2, 9),
    )
    assert covered.outcomes == (("rejected", 1),)
    assert (covered.touches, covered.decided) == (3, 3)


def test_what_rests_on_claims_is_counted_apart() -> None:
    ((_, judged),) = audit([GOOD, BAD, BAD]).coverage.judged
    assert judged == Judged(passed=1, failed=2, open=0, not_applicable=0, on_claims=1)


def test_a_touch_is_one_place_in_one_session_and_its_worst_counts() -> None:
    rows = [
        {**BAD, "session": "call", "plane": "keys"},
        {**BAD, "session": "call", "plane": "other"},
        {**GOOD, "session": "call"},
        {**GOOD, "session": "call", "plane": "unknown", "record": 9},
    ]
    report = audit(rows, rule(planes=frozenset({"keys", "media"})))
    assert report.coverage.touches == 2
    assert report.coverage.judged[0][1] == Judged(passed=1, failed=1, on_claims=1)


def test_ends_of_participants_are_touches_only_where_a_rule_says_so() -> None:
    home = rule("home", quantifier="", verb="must_stay_in", countries="CA", roles=frozenset({"client"}))
    report = audit([GOOD], rule(), home)
    assert report.coverage.touches == 1
    assert dict(report.coverage.judged)["home"] == Judged(passed=1, not_applicable=1)


def test_the_map_has_every_place_with_its_worst_verdict() -> None:
    rows = [GOOD, {**GOOD, "session": "a"}, {**GOOD, "session": "a", "plane": "keys"}, BAD, {**BAD, "plane": "other"}]
    unknown = flow(plane="media", src_packets=5, **CANADA, **end("dst", "9.9.9.9", "unknown"))
    report = audit([*rows, unknown], rule(planes=frozenset({"media"})))
    told = [(t.place.countries, t.place.state, t.verdict, t.planes, t.sessions, t.packets) for t in report.touched]
    assert told == [
        ("CN", "located", Verdict.FAIL, ("media", "other"), 2, 2),
        ("*", "anywhere", Verdict.OPEN, ("media",), 1, 5),
        ("US", "located", Verdict.PASS, ("keys", "media"), 2, 3),
    ]


def test_a_place_of_which_no_rule_speaks_is_not_said_to_be_allowed() -> None:
    (place,) = audit([{**BAD, "plane": "other"}], rule(planes=frozenset({"media"}))).touched
    assert place.verdict == Verdict.NOT_APPLICABLE


def test_all_classes_of_participants_are_listed() -> None:
    other = flow(**client("8.8.8.8", claimed="HK"), **VIRGINIA)
    classes = audit([GOOD, BAD, other, {**other, "src_addr": "8.8.4.4"}]).participants
    assert [(person.countries, person.example) for person in classes] == [("CA", "142.1.33.4"), ("HK", "8.8.4.4")]


def test_times_span_what_was_read() -> None:
    def span(*rows: Row) -> tuple[int, int]:
        report: Report = audit(rows)
        return report.first_ns, report.last_ns

    assert span(
        {**GOOD, "first_ns": 5, "last_ns": 6}, {**BAD, "first_ns": 2, "last_ns": 3}, {**ARP, "first_ns": 0}
    ) == (2, 6)
    assert span({**ARP, "first_ns": 7, "last_ns": 8}) == (7, 8)
    assert span() == (0, 0)


def test_what_a_report_says_of_its_rules() -> None:
    (text,) = audit([], rule("one", quantifier="any", population=MAINLAND)).rules
    assert (text.id, text.severity, text.why) == ("one", "high", "a test asks")
    assert "mainland" in text.speaks
