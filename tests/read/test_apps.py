"""What a flow is called and which plane it belongs to: RTP by consistency, the most telling of several protocols."""

import pytest

from tests.read.facts.payloads import sdp, sip
from tests.read.oneway import Row, assembled, back, facts, only

A, B = "192.0.2.1", "198.51.100.2"
RTP = Row(A, 6000, B, 7000, "rtp", packets=50, ssrc=(7, 7))


def row(app: str, packets: int = 5, transport: str = "udp", ssrc: tuple[int, int] = (0xFFFFFFFF, 0)) -> Row:
    return Row(A, 6000, B, 7000, app, transport, packets, ssrc=ssrc)


def named(*rows: Row) -> tuple[str, str]:
    found = only(rows)
    return found["app"], found["plane"]


def test_rtp_is_a_steady_stream() -> None:
    assert named(RTP) == ("rtp", "media")
    assert named(RTP, back(RTP, ssrc=(1, 9))) == ("rtp", "media")
    assert named(row("rtp", 3, ssrc=(7, 7))) == ("", "unknown")
    assert named(row("rtp", 500, ssrc=(1, 9))) == ("", "unknown")


@pytest.mark.parametrize("beside", ["stun", "dtls", "rtcp"])
def test_few_or_mixed_packets_are_rtp_beside_other_evidence(beside: str) -> None:
    assert named(row("rtp", 2, ssrc=(1, 9)), row(beside))[1] == "media"
    assert named(row("rtp", 1, ssrc=(7, 7)), row(beside))[0] != "rtp"


def test_rtcp_on_the_next_ports_bears_rtp_out() -> None:
    control = Row(A, 6001, B, 7001, "rtcp", packets=3)
    flows = assembled([row("rtp", 500, ssrc=(1, 9)), control]).flows
    assert sorted(flows["app"]) == ["rtcp", "rtp"]
    assert named(control) == ("", "unknown")


def test_a_description_makes_a_single_packet_media() -> None:
    invite = Row(A, 5060, B, 5060, "sip", first=0)
    body = sdp(f"c=IN IP4 {A}", "m=audio 6000 RTP/AVP 0")
    said = facts((invite, sip("INVITE sip:b SIP/2.0", "Call-ID: one", body=body)))
    flows = assembled([invite, row("rtp", 1, ssrc=(7, 7))], said).flows
    assert flows.select("app", "session").rows() == [("sip", "one"), ("rtp", "one")]


@pytest.mark.parametrize(
    ("apps", "name", "plane"),
    [
        (("stun",), "stun", "signalling"),
        (("stun", "dtls"), "dtls", "media"),
        (("stun", "turn"), "turn", "media"),
        (("stun", "other"), "stun", "unknown"),
        (("dtls",), "dtls", "unknown"),
        (("zoom", "other", ""), "zoom", "media"),
        (("tls", "other"), "tls", "unknown"),
        (("quic",), "quic", "unknown"),
        (("dns",), "dns", "other"),
        (("sip", "other"), "sip", "signalling"),
        (("ssh", ""), "ssh", "management"),
        (("other",), "", "unknown"),
        (("",), "", "unknown"),
    ],
)
def test_the_most_telling_protocol_names_a_flow(apps: tuple[str, ...], name: str, plane: str) -> None:
    assert named(*(row(app) for app in apps)) == (name, plane)


def test_protocols_that_run_the_network_are_of_the_plane_other() -> None:
    assert only([Row(A, 0, B, 0, "other", "igmp")])["plane"] == "other"
    assert only([Row(A, 0, B, 0, "other", "igmp")])["transport"] == "ip/2"


def test_questions_with_an_odd_identifier_are_no_stream() -> None:
    question = Row(A, 6000, B, 53, "rtp", packets=40, ssrc=(1, 1))
    assert only([question])["app"] == ""
    assert only([question])["plane"] == "unknown"
