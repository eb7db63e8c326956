"""The ways in which a witness would attack a report, from the packet to the verdict.

Addresses: 52.81.151.250 is AWS Beijing, 142.1.0.0/16 a Canadian and 128.32.0.0/16 an American university,
166.111.0.0/16 one in Beijing; 203.0.113.0/24 is documentation space that nobody can place.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor import pipeline
from auditor.model.report import Report, Verdict
from tests.captures import ACK, RST, SYN, ether, ip, pcap, rtp, sdp, sip, stun, tcp, udp, xor_mapped

BEIJING = "52.81.151.250"
CANADA, STATES, TSINGHUA = "142.1.33.4", "128.32.10.20", "166.111.4.100"
NOBODY = "203.0.113.9"
INSIDE = "192.168.7.20"

RULE = """\
id: overseas-avoids-china
title: Overseas calls stay outside the mainland
severity: critical
applies: {participants: all overseas, planes: [media, signalling, keys]}
must_not_touch: {territory: china-mainland, as: [server, relay]}
why: A test asks.
fix: Move the relay.
references: [{title: A test, kind: policy}]
examples:
  pass: [{participants: [US], touches: [{country: US, as: relay, plane: media}]}]
  fail: [{participants: [US], touches: [{country: CN, as: relay, plane: media}]}]
  open: [{participants: [US], touches: [{country: [CN, HK], as: relay, plane: media}]}]
"""
PACK = """\
id: witness
title: A pack of one rule
version: "1"
date: 2020-04-03
description: For the tests.
populations:
  overseas: {title: people elsewhere, countries: {except: [CN]}, labels: [overseas]}
  mainland: {title: people in the mainland, countries: [CN], labels: [mainland]}
rules: [overseas-avoids-china]
"""
RELAY = f"sites:\n  - name: relay\n    networks: [{BEIJING}/32]\n    role: relay\n    planes: [media]\n"


class Case:
    """A folder with a capture, an inventory, and the rule."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def audit(self, frames: Sequence[bytes], inventory: str = "") -> Report:
        (self.folder / "a.pcap").write_bytes(pcap(frames))
        (self.folder / "pack").mkdir(exist_ok=True)
        (self.folder / "pack" / "pack.yaml").write_text(PACK)
        (self.folder / "pack" / "overseas-avoids-china.yaml").write_text(RULE)
        (self.folder / "inventory.yaml").write_text(inventory)
        return pipeline.audit(
            self.folder / "a.pcap",
            rules=[self.folder / "pack"],
            inventory=self.folder / "inventory.yaml" if inventory else None,
            workers=1,
        ).report


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def media(client: str, relay: str) -> list[bytes]:
    return [*rtp(client, 40000, relay, 3480), *rtp(relay, 3480, client, 40000, ssrc=77)]


def facts(report: Report) -> set[str]:
    return {settle.fact for finding in report.findings for settle in finding.settles}


BEIJING_RELAY = RELAY + "    country: CN\n"


class TestBehindNat:
    def test_without_vantage_it_stays_open_and_says_what_settles_it(self, case: Case) -> None:
        report = case.audit(media(INSIDE, BEIJING), BEIJING_RELAY)
        assert report.verdict == "open"
        assert facts(report) & {"vantage", "client"}

    def test_with_a_declared_vantage_it_is_proven(self, case: Case) -> None:
        report = case.audit(media(INSIDE, BEIJING), BEIJING_RELAY + "vantage: {name: office, country: CA}\n")
        assert report.verdict == "fail"
        assert report.findings[0].proven

    def test_with_a_vantage_in_the_mainland_it_is_not_overseas(self, case: Case) -> None:
        report = case.audit(media(INSIDE, BEIJING), BEIJING_RELAY + "vantage: {name: office, country: CN}\n")
        assert not report.findings

    def test_with_stun_the_public_address_stands_for_it(self, case: Case) -> None:
        asked = [
            udp(INSIDE, 40000, STATES, 3478, stun(1)),
            udp(STATES, 3478, INSIDE, 40000, stun(0x0101, xor_mapped(CANADA, 61000))),
        ]
        report = case.audit([*asked, *media(INSIDE, BEIJING)], BEIJING_RELAY)
        assert report.verdict == "fail"
        assert not any(finding.proven for finding in report.findings)
        assert [entry.countries for entry in report.findings[0].participants] == ["CA"]

    def test_a_reflexive_address_in_the_mainland_is_not_overseas(self, case: Case) -> None:
        asked = [
            udp(INSIDE, 40000, STATES, 3478, stun(1)),
            udp(STATES, 3478, INSIDE, 40000, stun(0x0101, xor_mapped(TSINGHUA, 61000))),
        ]
        assert not case.audit([*asked, *media(INSIDE, BEIJING)], BEIJING_RELAY).findings


def call(a: str, b: str, server: str) -> list[bytes]:
    """Two people call each other through a server that relays their media."""
    return [
        udp(a, 5060, server, 5060, sip("INVITE sip:b@example.com SIP/2.0", "one", a, sdp(a, 40000))),
        udp(server, 5060, b, 5060, sip("INVITE sip:b@example.com SIP/2.0", "one", server, sdp(server, 50000))),
        udp(b, 5060, server, 5060, sip("SIP/2.0 200 OK", "one", server, sdp(b, 42000))),
        udp(server, 5060, a, 5060, sip("SIP/2.0 200 OK", "one", a, sdp(server, 50002))),
        *rtp(a, 40000, server, 50002),
        *rtp(server, 50000, b, 42000),
        *rtp(b, 42000, server, 50000, ssrc=9),
        *rtp(server, 50002, a, 40000, ssrc=9),
    ]


SERVER = "sites:\n  - {name: server, networks: [3.96.0.10/32], country: CA, role: relay}\n"
PEOPLE = f"clients:\n  - {{networks: [{STATES}/32], country: US}}\n  - {{networks: [{TSINGHUA}/32], country: CN}}\n"


class TestCrossBorder:
    def test_it_does_not_fail_because_its_own_participant_is_in_the_mainland(self, case: Case) -> None:
        assert not case.audit(call(STATES, TSINGHUA, "3.96.0.10"), SERVER + PEOPLE).findings

    def test_it_does_not_fail_without_an_inventory_either(self, case: Case) -> None:
        assert case.audit(call(STATES, TSINGHUA, "3.96.0.10")).verdict != "fail"

    def test_it_does_not_fail_peer_to_peer(self, case: Case) -> None:
        assert (
            case.audit([*rtp(STATES, 40000, TSINGHUA, 42000), *rtp(TSINGHUA, 42000, STATES, 40000)]).verdict != "fail"
        )


class TestNobodyTakesPart:
    SITES = (
        "sites:\n  - {{name: a, networks: [3.96.0.10/32], country: CA, role: server, planes: [media]{holds}}}\n"
        f"{RELAY[7:]}    country: CN\n"
    )

    def test_servers_alone_are_never_all_overseas(self, case: Case) -> None:
        report = case.audit(media("3.96.0.10", BEIJING), self.SITES.format(holds=""))
        assert report.verdict == "open"

    def test_the_label_of_what_they_hold_settles_it(self, case: Case) -> None:
        report = case.audit(media("3.96.0.10", BEIJING), self.SITES.format(holds=", holds: overseas"))
        assert report.verdict == "fail"


class TestOffersAndAttempts:
    PEOPLE = f"clients: [{{networks: [{CANADA}/32], country: CA}}]\n" + SERVER

    def test_an_offered_relay_that_no_packet_reached_is_open(self, case: Case) -> None:
        frames = [
            udp(
                CANADA,
                5060,
                "3.96.0.10",
                5060,
                sip("INVITE sip:b@example.com SIP/2.0", "two", CANADA, sdp(CANADA, 40000)),
            ),
            udp("3.96.0.10", 5060, CANADA, 5060, sip("SIP/2.0 200 OK", "two", CANADA, sdp(BEIJING, 50000))),
        ]
        report = case.audit(frames, self.PEOPLE + BEIJING_RELAY[7:])
        assert report.verdict == "open"
        assert {finding.basis for finding in report.findings} == {"offered"}
        assert "packets" in facts(report)

    def test_a_rejected_scan_from_the_mainland_is_no_touch(self, case: Case) -> None:
        frames = [tcp(TSINGHUA, 50000, "3.96.0.10", 5061, SYN), tcp("3.96.0.10", 5061, TSINGHUA, 50000, RST | ACK)]
        report = case.audit(frames, SERVER)
        assert not report.findings
        assert dict(report.coverage.outcomes)["rejected"] == 1

    def test_what_is_refused_by_icmp_is_no_touch_whatever_its_site_carries(self, case: Case) -> None:
        asked = udp(CANADA, 5060, BEIJING, 5060, sip("OPTIONS sip:b@example.com SIP/2.0", "scan", CANADA))
        prohibited = bytes([3, 13, 0, 0, 0, 0, 0, 0]) + asked[14:]
        report = case.audit([asked, ether(ip(BEIJING, CANADA, 1, prohibited))], self.PEOPLE + BEIJING_RELAY[7:])
        assert not report.findings
        assert dict(report.coverage.outcomes)["rejected"] == 2  # what was asked, and the refusal

    def test_a_datagram_that_nobody_answered_is_open(self, case: Case) -> None:
        report = case.audit([udp(CANADA, 40000, BEIJING, 3480, b"\0" * 64)], self.PEOPLE + BEIJING_RELAY[7:])
        assert report.verdict == "open"
        assert "packets" in facts(report)

    def test_a_stream_in_one_direction_is_a_touch(self, case: Case) -> None:
        report = case.audit(rtp(CANADA, 40000, BEIJING, 3480), self.PEOPLE + BEIJING_RELAY[7:])
        assert report.verdict == "fail"

    def test_an_attempt_that_nobody_answered_is_open(self, case: Case) -> None:
        report = case.audit([tcp(CANADA, 50000, BEIJING, 443, SYN)], self.PEOPLE + BEIJING_RELAY[7:])
        assert report.verdict == "open"


class TestPlaces:
    HERE = "vantage: {name: office, country: CA}\n"

    def test_proofs_overrule_claims_and_the_report_says_so(self, case: Case) -> None:
        hangzhou = "47.96.12.10"  # a cloud whose ranges nobody publishes by region: databases claim, and nothing proves
        claimed = case.audit(media(INSIDE, hangzhou), RELAY.replace(BEIJING, hangzhou) + self.HERE)
        assert claimed.verdict == "fail"
        assert not claimed.findings[0].proven
        inventory = RELAY.replace(BEIJING, hangzhou) + "    country: SG\n" + self.HERE
        assert case.audit(media(INSIDE, hangzhou), inventory).verdict == "pass"
        sources = pipeline.locate([hangzhou], inventory=case.folder / "inventory.yaml")[0]["sources"]
        assert {(source["kind"], *source["countries"]) for source in sources} >= {("proof", "SG"), ("overruled", "CN")}

    def test_nothing_known_is_anywhere_is_open(self, case: Case) -> None:
        report = case.audit(media(INSIDE, NOBODY), self.HERE)
        assert report.verdict == "open"
        assert report.findings[0].place.state == "anywhere"
        assert "site" in facts(report)

    def test_anycast_is_anywhere_whatever_a_database_says(self, case: Case) -> None:
        report = case.audit(media(INSIDE, "1.1.1.1"), self.HERE)
        assert report.verdict == "open"
        assert report.findings[0].place.state == "anywhere"

    def test_two_proofs_that_exclude_each_other_are_a_contradiction(self, case: Case) -> None:
        both = f"sites:\n  - {{name: a, networks: [{BEIJING}/32], country: CN, role: relay, planes: [media]}}\n"
        both += f"  - {{name: b, networks: [{BEIJING}/32], country: SG, role: relay, planes: [media]}}\n"
        report = case.audit(media(INSIDE, BEIJING), both + self.HERE)
        assert report.verdict == "open"
        assert report.findings[0].place.state == "contradiction"

    def test_the_broadcast_of_a_link_is_where_it_was_captured(self, case: Case) -> None:
        frames = rtp(INSIDE, 40000, "255.255.255.255", 40000)
        assert case.audit(frames).verdict == "open"
        report = case.audit(frames, self.HERE)
        assert not report.findings
        assert report.coverage.judged[0][1].failed == report.coverage.judged[0][1].open == 0


UNLISTED = "52.80.19.7"


class TestNames:
    """A name can accuse and never excuse: anybody can write one.  The relay is one that no catalogue lists."""

    SITE = (
        f"sites:\n  - {{name: relay, networks: [{UNLISTED}/32], country: CN}}\nvantage: {{name: office, country: CA}}\n"
    )

    @staticmethod
    def dns(name: str, address: str) -> bytes:
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        answer = b"\xc0\x0c\0\1\0\1" + (60).to_bytes(4, "big") + b"\0\4" + bytes(map(int, address.split(".")))
        payload = bytes.fromhex("123481800001000100000000") + labels + b"\0\1\0\1" + answer
        return udp(STATES, 53, INSIDE, 50000, payload)

    @pytest.mark.parametrize("name", ["telemetry.zoom.us", "graph.facebook.com", "dns.google", "kms.zoom.us"])
    def test_a_dns_answer_does_not_take_a_relay_out_of_a_fence(self, case: Case, name: str) -> None:
        talk = [frame for i in range(9) for frame in self.exchange(i)]
        bare = case.audit(talk, self.SITE)
        assert bare.verdict == "open"
        assert case.audit([self.dns(name, UNLISTED), *talk], self.SITE).verdict in ("open", "fail")

    @staticmethod
    def exchange(seq: int) -> list[bytes]:
        opening = (
            [tcp(INSIDE, 50001, UNLISTED, 443, SYN), tcp(UNLISTED, 443, INSIDE, 50001, SYN | ACK)] if not seq else []
        )
        data = bytes([23, 3, 3, 0, 40]) + bytes(40)
        return [
            *opening,
            tcp(INSIDE, 50001, UNLISTED, 443, ACK, data, seq),
            tcp(UNLISTED, 443, INSIDE, 50001, ACK, data, seq),
        ]


def test_a_message_that_is_too_long_to_be_read_keeps_a_report_from_passing(case: Case) -> None:
    """Its Via headers may name a place that no packet shows; a capture that lacks packets says so and may pass."""
    relay = "sites:\n  - {name: proxy, networks: [128.32.10.20/32], country: US, role: server, planes: [signalling]}\n"
    relay += "clients:\n  - {networks: [142.1.0.0/16], country: CA, population: overseas}\n"
    head = b"INVITE sip:b@example.com SIP/2.0\r\nCall-ID: long\r\nVia: SIP/2.0/TCP 142.1.33.4:5060;branch=z9hG4bK1\r\n"
    whole = sip("INVITE sip:b@example.com SIP/2.0", "short", CANADA)

    def stream(data: bytes) -> list[bytes]:
        parts = [data[at : at + 1400] for at in range(0, len(data), 1400)]
        sent = [tcp(CANADA, 5070, STATES, 5060, ACK, part, 2 + 1400 * i) for i, part in enumerate(parts)]
        back = sip("SIP/2.0 200 OK", "short", CANADA)
        opened = [tcp(CANADA, 5070, STATES, 5060, SYN), tcp(STATES, 5060, CANADA, 5070, SYN | ACK)]
        return [*opened, *sent, tcp(STATES, 5060, CANADA, 5070, ACK, back)]

    assert not case.audit(stream(whole), relay).coverage.limits
    told = case.audit(stream(head + b"X-Filler: " + b"a" * 70_000 + b"\r\n\r\n"), relay)
    assert told.coverage.limits
    assert told.verdict == Verdict.OPEN
