"""The eight ways in which a witness would attack a report, at the level of flows; test_witness has them as captures."""

from dataclasses import replace

from auditor.model.report import Verdict
from tests.builders import MAINLAND, OVERSEAS, Row, audit, client, counts, facts, flow, rule, server

BEIJING, VIRGINIA, NOWHERE_KNOWN = "52.81.151.250", "3.80.0.1", "203.0.113.9"
CANADA, CHINA = "142.1.33.4", "166.111.4.100"
INSIDE = "192.168.7.20"


def to_beijing(**more: object) -> Row:
    """Something that ends at a server that is proven to be in Beijing."""
    return flow(plane="media", **server(BEIJING, proven="CN"), **more)


class TestBehindNat:
    def test_without_a_vantage_it_is_open_and_names_what_settles_it(self) -> None:
        report = audit([to_beijing(**client(INSIDE))])
        assert report.verdict == Verdict.OPEN
        assert facts(report) == {("vantage", "a.pcap"), ("client", INSIDE)}

    def test_with_a_declared_vantage_it_is_proven(self) -> None:
        report = audit([to_beijing(**client(INSIDE, proven="CA"), vantage="office")])
        assert [(finding.verdict, finding.proven) for finding in report.findings] == [(Verdict.FAIL, True)]

    def test_with_a_vantage_in_the_mainland_it_is_not_overseas(self) -> None:
        report = audit([to_beijing(**client(INSIDE, proven="CN"), vantage="office")])
        assert counts(report) == {"not_applicable": 1}
        assert report.empty

    def test_with_stun_its_public_address_claims_a_country(self) -> None:
        report = audit([to_beijing(**client(INSIDE, claimed="CA"))])
        assert [(finding.verdict, finding.proven) for finding in report.findings] == [(Verdict.FAIL, False)]
        assert report.coverage.judged[0][1].on_claims == 1

    def test_at_two_vantages_it_is_two_machines(self) -> None:
        rows = [
            flow(plane="media", **client(CANADA, proven="CA"), **server("10.0.0.9", proven=country), vantage=vantage)
            for vantage, country in (("toronto", "CA"), ("beijing", "CN"))
        ]
        report = audit(rows)
        assert counts(report) == {"pass": 1, "fail": 1}
        assert {finding.place.state for finding in report.findings} == {"located"}


def crossing(*touched: Row) -> list[Row]:
    """A call between Canada and the mainland through these places."""
    people = client(CANADA, proven="CA"), client(CHINA, proven="CN")
    return [flow(session="call", plane="media", **person, **place) for person in people for place in touched]


class TestCrossBorder:
    def test_its_own_mainland_participant_is_no_violation(self) -> None:
        report = audit(crossing(server(VIRGINIA, proven="US")))
        assert not report.findings
        assert counts(report) == {"not_applicable": 1}

    def test_it_is_judged_as_such(self) -> None:
        mixed = rule(quantifier="mixed", population=MAINLAND)
        assert counts(audit(crossing(server(BEIJING, proven="CN")), mixed)) == {"fail": 1}
        assert counts(audit(crossing(server(VIRGINIA, proven="US")), mixed)) == {"pass": 1}

    def test_people_who_call_each_other_directly_touch_no_place(self) -> None:
        row = flow(
            session="call", plane="media", **client(CANADA, proven="CA"), **client(CHINA, proven="CN", side="dst")
        )
        report = audit([row])
        assert report.empty
        assert report.coverage.touches == 0

    def test_one_person_is_never_on_both_sides(self) -> None:
        """A single participant who may be in either country does not make the call cross a border."""
        mixed = rule(quantifier="mixed", population=MAINLAND)
        assert counts(audit([to_beijing(**client(CANADA, proven="CA+CN"))], mixed)) == {"not_applicable": 1}


class TestServersAmongThemselves:
    def test_without_participants_nothing_is_vacuously_true(self) -> None:
        row = flow(plane="media", **server(VIRGINIA, proven="US", side="src"), **server(BEIJING, proven="CN"))
        for quantifier in ("all", "none"):
            report = audit([row], rule(quantifier=quantifier))
            assert counts(report) == {"pass": 1, "open": 1}
            assert ("site", BEIJING) in facts(report)

    def test_the_label_of_a_site_says_whose_data_it_is(self) -> None:
        def held(label: str) -> Row:
            sender = server(VIRGINIA, proven="US", side="src", label=label)
            return flow(plane="media", **sender, **server(BEIJING, proven="CN"))

        assert counts(audit([held("overseas")])) == {"pass": 1, "fail": 1}
        ours = rule("mainland", quantifier="all", population=MAINLAND, verb="must_stay_in")
        both = rule("overseas", folk=(MAINLAND,)), ours
        (_, overseas), (_, mainland) = audit([held("mainland")], *both).coverage.judged
        assert overseas.not_applicable == 2, "what mainland people store is not overseas data"
        assert (mainland.passed, mainland.failed) == (1, 1)


class TestAttempts:
    def test_an_offered_relay_that_no_packet_reached_is_open(self) -> None:
        offered = to_beijing(session="call", basis="offered", **client(CANADA, proven="CA"))
        carried = flow(session="call", plane="media", **client(CANADA, proven="CA"), **server(VIRGINIA, proven="US"))
        report = audit([offered, carried])
        assert counts(report) == {"open": 1, "pass": 1}
        assert [finding.basis for finding in report.findings] == ["offered"]
        assert facts(report) == {("packets", BEIJING)}

    def test_unless_the_rule_names_offers(self) -> None:
        offered = to_beijing(session="call", basis="offered", **client(CANADA, proven="CA"))
        assert counts(audit([offered], rule(bases=frozenset({"offered"})))) == {"fail": 1}

    def test_what_nobody_answered_is_open(self) -> None:
        report = audit([to_beijing(outcome="unanswered", **client(CANADA, proven="CA"))])
        assert report.verdict == Verdict.OPEN
        assert facts(report) == {("packets", BEIJING)}
        assert report.coverage.outcomes == (("unanswered", 1),)

    def test_a_stranger_who_only_checks_connectivity_clears_nobody(self) -> None:
        """The fragments of ICE go in clear, so whoever hears them can join a session by one check that is answered."""
        call = to_beijing(session="ice:a:b", app="rtp", **client(CANADA, proven="CA"))
        check = to_beijing(session="ice:a:b", app="stun", **client(CHINA, proven="CN"))
        assert audit([call]).verdict == Verdict.FAIL
        report = audit([call, check])
        assert counts(report) == {"open": 1}
        assert facts(report) == {("packets", CHINA)}
        assert audit([{**check, "session": "ice:c:d"}]).empty, "where all are checks, those who made them take part"

    def test_an_offer_that_names_a_mainland_participant_keeps_the_call_open(self) -> None:
        """One who was only offered may have taken part: then the call was not overseas alone."""
        seen = to_beijing(session="call", **client(CANADA, proven="CA"))
        offered = flow(
            session="call",
            basis="offered",
            **client(CHINA, proven="CN"),
            **server(VIRGINIA, proven="US"),
            plane="media",
        )
        report = audit([seen, offered])
        assert counts(report) == {"open": 1, "pass": 1}
        assert ("packets", CHINA) in facts(report)

    def test_a_rejected_scan_from_the_mainland_touches_nothing(self) -> None:
        scan = flow(outcome="rejected", plane="unknown", **client(CHINA, proven="CN"), **server(VIRGINIA, proven="US"))
        onshore = rule(quantifier="any", population=MAINLAND, verb="must_stay_in")
        report = audit([scan], onshore)
        assert report.empty
        assert report.coverage.touches == 0
        assert report.coverage.outcomes == (("rejected", 1),)
        assert report.coverage.packets == 1


class TestEvidence:
    def test_proofs_overrule_claims(self) -> None:
        claimed = flow(plane="media", **client(CANADA, proven="CA"), **server(BEIJING, claimed="CN"))
        proven = flow(plane="media", **client(CANADA, proven="CA"), **server(BEIJING, claimed="CN", proven="SG"))
        assert counts(audit([claimed])) == {"fail": 1}
        assert counts(audit([proven])) == {"pass": 1}
        assert counts(audit([claimed, proven])) == {"pass": 2}, "a place is known by all that is known of its address"

    def test_a_claim_that_a_proof_narrows_is_decided(self) -> None:
        row = flow(plane="media", **client(CANADA, proven="CA"), **server(BEIJING, claimed="CN+HK", proven="-HK"))
        (finding,) = audit([row]).findings
        assert (finding.verdict, finding.place.countries, finding.proven) == (Verdict.FAIL, "CN", False)

    def test_proofs_that_exclude_each_other_are_a_contradiction(self) -> None:
        rows = [
            flow(plane="media", **client(CANADA, proven="CA"), **server(BEIJING, proven=country))
            for country in ("CN", "US")
        ]
        (finding,) = audit(rows).findings
        assert (finding.verdict, finding.place.state) == (Verdict.OPEN, "contradiction")
        assert {settle.fact for settle in finding.settles} == {"site"}

    def test_nothing_known_is_anywhere_and_open(self) -> None:
        report = audit([flow(plane="media", **client(CANADA, proven="CA"), **server(NOWHERE_KNOWN))])
        (finding,) = report.findings
        assert (finding.verdict, finding.place.state, finding.place.countries) == (Verdict.OPEN, "anywhere", "*")
        assert facts(report) == {("site", NOWHERE_KNOWN)}

    def test_anycast_is_anywhere_but_where_it_is_proven(self) -> None:
        """Enrichment claims nothing of an anycast address; a proof (an inventory, a round trip) still counts."""
        person = client(CANADA, proven="CA")
        assert counts(audit([flow(plane="media", **person, **server("1.1.1.1"))])) == {"open": 1}
        assert counts(audit([flow(plane="media", **person, **server("1.1.1.1", proven="-CN"))])) == {"pass": 1}

    def test_a_rule_may_ask_for_proof(self) -> None:
        row = flow(plane="media", **client(CANADA, proven="CA"), **server(BEIJING, claimed="CN"))
        (finding,) = audit([row], rule(proof=True)).findings
        assert (finding.verdict, finding.place.state) == (Verdict.OPEN, "anywhere")

    def test_one_tap_does_not_show_everyone(self) -> None:
        """With a complete roster asked, those who were seen can refute `all` and not establish it."""
        complete = rule(roster="complete")
        report = audit([to_beijing(**client(CANADA, proven="CA"))], complete)
        assert counts(report) == {"open": 1}
        assert facts(report) == {("coverage", "a.pcap")}
        assert counts(audit([to_beijing(**client(CHINA, proven="CN"))], complete)) == {"not_applicable": 1}
        anyone = replace(complete, applies=replace(complete.applies, quantifier="any", population=OVERSEAS))
        assert counts(audit([to_beijing(**client(CANADA, proven="CA"))], anyone)) == {"fail": 1}
