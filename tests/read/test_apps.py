"""What a flow is called and which plane it belongs to: RTP by consistency, the most telling of several protocols."""

from dataclasses import replace

import pytest

from tests.read.facts.payloads import sdp, sip
from tests.read.oneway import Row, assembled, back, facts, only

A, B = "192.0.2.1", "198.51.100.2"
RTP = Row(A, 6000, B, 7000, "rtp", packets=50, ssrc=7)


def row(app: str, packets: int = 5, transport: str = "udp", ssrc: int | None = None) -> Row:
    return Row(A, 6000, B, 7000, app, transport, packets, ssrc=ssrc)


def named(*rows: Row) -> tuple[str, str]:
    found = only(rows)
    return found["app"], found["plane"]


def test_rtp_is_a_steady_stream() -> None:
    assert named(RTP) == ("rtp", "media")
    assert named(replace(RTP, step=0)) == ("", "unknown")  # one number all the time: something else
    assert named(replace(RTP, packets=100, step=1021)) == ("", "unknown")  # numbers from everywhere
    assert named(replace(RTP, kind=72)) == ("", "unknown")  # RTCP's
    assert named(RTP, back(RTP, ssrc=None)) == ("rtp", "media")
    assert named(row("rtp", 3, ssrc=7)) == ("", "unknown")
    assert named(row("rtp", 500, ssrc=None)) == ("", "unknown")


def test_several_streams_of_one_socket_bear_each_other_out() -> None:
    voice, video = row("rtp", 3, ssrc=7), replace(row("rtp", 60, ssrc=8), kind=98)
    assert named(voice, video) == ("rtp", "media")
    assert named(*(row("rtp", 3, ssrc=number) for number in range(40))) == ("", "unknown")


@pytest.mark.parametrize("beside", ["stun", "dtls", "zrtp", "rtcp"])
def test_few_packets_of_a_stream_are_rtp_beside_other_evidence(beside: str) -> None:
    assert named(row("rtp", 2, ssrc=7), row(beside))[1] == "media"
    assert named(row("rtp", 1, ssrc=7), row(beside))[0] != "rtp"
    assert named(row("rtp", 500, ssrc=None), row(beside))[0] != "rtp"  # noise, whatever it stands beside


def test_rtcp_on_the_next_ports_bears_rtp_out() -> None:
    control = Row(A, 6001, B, 7001, "rtcp", packets=3)
    flows = assembled([row("rtp", 2, ssrc=7), control]).flows
    assert sorted(flows["app"]) == ["rtcp", "rtp"]
    assert named(control) == ("", "unknown")


def test_zoom_is_told_by_its_streams_or_where_all_of_a_flow_begins_like_it() -> None:
    stream = replace(row("zoom", 9, ssrc=7), kind=98)
    assert named(stream, row("other", 40)) == ("zoom", "media")
    assert named(replace(stream, packets=3), row("other", 40)) == ("", "unknown")
    assert named(row("zoom", 9)) == ("zoom", "media")
    assert named(row("zoom", 9), row("other", 1)) == ("", "unknown")
    assert named(row("zoom", 1)) == ("", "unknown")


def test_a_description_makes_a_single_packet_media() -> None:
    invite = Row(A, 5060, B, 5060, "sip", first=0)
    body = sdp(f"c=IN IP4 {A}", "m=audio 6000 RTP/AVP 0")
    said = facts((invite, sip("INVITE sip:b SIP/2.0", "Call-ID: one", body=body)))
    flows = assembled([invite, row("rtp", 1, ssrc=7)], said).flows
    assert flows.select("app", "session").rows() == [("sip", "one"), ("rtp", "one")]


@pytest.mark.parametrize(
    ("apps", "name", "plane"),
    [
        (("stun",), "stun", "signalling"),
        (("stun", "dtls"), "dtls", "media"),
        (("stun", "turn"), "turn", "media"),
        (("stun", "other"), "stun", "unknown"),
        (("dtls",), "dtls", "unknown"),
        (("zoom", ""), "zoom", "media"),
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
    question = Row(A, 6000, B, 53, "rtp", packets=40, ssrc=1)
    assert only([question])["app"] == ""
    assert only([question])["plane"] == "unknown"
