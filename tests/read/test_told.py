"""What was attested or offered and no packet shows: each named end once, and only where it can be a place."""

import polars as pl
import pytest

from tests.read.facts.payloads import attribute, end, sdp, sip, stun
from tests.read.facts.test_stun import XOR
from tests.read.oneway import Row, assembled, back, facts

A, B, RELAY, PEER = "10.0.0.5", "198.51.100.2", "203.0.113.9", "192.0.2.77"
SIP = Row(A, 5060, B, 5060, "sip")
TURN = Row(A, 40000, B, 3478, "stun")


def told(rows: list[Row], *said: tuple[Row, bytes]) -> list[tuple]:
    flows = assembled(rows, facts(*said)).flows.filter(pl.col("basis") != "observed")
    assert flows["src_packets"].sum() + flows["dst_packets"].sum() == 0
    return flows.select("basis", "session", "plane", "src_addr", "dst_addr", "dst_port", "dst_role").rows()


def invite(*lines: str, headers: tuple[str, ...] = ()) -> bytes:
    return sip("INVITE sip:b SIP/2.0", "Call-ID: one", *headers, body=sdp(*lines) if lines else "")


def test_an_announced_end_that_no_packet_reached_is_offered() -> None:
    body = invite(f"c=IN IP4 {RELAY}", "m=audio 6000 RTP/AVP 0")
    assert told([SIP], (SIP, body)) == [("offered", "one", "media", B, RELAY, 6000, "unknown")]
    media = Row(A, 7000, RELAY, 6000, "rtp", packets=5, ssrc=7)
    assert told([SIP, media], (SIP, body)) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "10.9.9.9", "192.168.1.1", "127.0.0.1", "100.64.0.1", "233.252.0.1"])
def test_private_unspecified_and_multicast_ends_are_no_touches(address: str) -> None:
    assert told([SIP], (SIP, invite(f"c=IN IP4 {address}", "m=audio 6000 RTP/AVP 0"))) == []


def test_declined_streams_and_candidates_that_only_open_connections_offer_nothing() -> None:
    declined = invite(f"c=IN IP4 {RELAY}", "m=audio 0 RTP/AVP 0")
    active = invite(
        "c=IN IP4 0.0.0.0", "m=audio 9 RTP/AVP 0", f"a=candidate:1 1 TCP 1 {RELAY} 9 typ host tcptype active"
    )
    assert told([SIP], (SIP, declined), (SIP, active)) == []


def test_a_relayed_candidate_is_a_relay() -> None:
    body = invite("c=IN IP4 0.0.0.0", "m=audio 9 RTP/AVP 0", f"a=candidate:1 1 udp 1 {RELAY} 50000 typ relay")
    assert told([SIP], (SIP, body)) == [("offered", "one", "media", B, RELAY, 50000, "relay")]


def test_elements_that_a_request_passed_are_attested_and_those_ahead_offered() -> None:
    headers = (
        f"Via: SIP/2.0/UDP {B};branch=1, SIP/2.0/UDP {RELAY}:5070;branch=2",
        f"Via: SIP/2.0/UDP 10.0.0.7;received={PEER};branch=3",
        "Record-Route: <sip:203.0.113.20;lr>",
        "Route: <sip:203.0.113.21;lr>",
        "Contact: <sip:a@203.0.113.22>",
    )
    assert sorted(told([SIP], (SIP, invite(headers=headers)))) == [
        ("attested", "one", "signalling", A, PEER, 0, "unknown"),
        ("attested", "one", "signalling", A, "203.0.113.20", 0, "server"),
        ("attested", "one", "signalling", A, RELAY, 5070, "unknown"),
        ("offered", "one", "signalling", A, "203.0.113.21", 0, "unknown"),
        ("offered", "one", "signalling", A, "203.0.113.22", 0, "unknown"),
    ]


def test_where_a_client_registers_itself_is_no_touch() -> None:
    contact = sip("REGISTER sip:b SIP/2.0", "Call-ID: one", "CSeq: 1 REGISTER", "Contact: <sip:a@203.0.113.22>")
    assert told([SIP], (SIP, contact)) == []


def test_an_element_whose_packets_of_the_call_were_seen_is_not_told_again() -> None:
    headers = (f"Record-Route: <sip:{B};lr>",)
    assert told([SIP], (SIP, invite(headers=headers))) == []


def test_an_allocation_in_use_is_attested_an_idle_one_offered() -> None:
    answer = stun(0x0103, attribute(0x0016, end(RELAY, 50000, XOR)))
    idle = told([TURN, back(TURN)], (back(TURN), answer))
    assert idle == [("offered", None, "media", A, RELAY, 50000, "relay")]
    channel = Row(A, 40000, B, 3478, "turn", packets=9)
    assert told([TURN, back(TURN), channel], (back(TURN), answer))[0][0] == "attested"
    own = stun(0x0103, attribute(0x0016, end(B, 50000, XOR)))
    assert told([TURN, back(TURN), channel], (back(TURN), own)) == []  # the server's own address was seen


def test_peers_are_attested_once_data_went_there() -> None:
    permission = stun(0x0008, attribute(0x0012, end(PEER, 4000, XOR)))
    data = stun(0x0017, attribute(0x0012, end(PEER, 4000, XOR)))
    assert told([TURN], (TURN, permission)) == [("offered", None, "media", A, PEER, 4000, "unknown")]
    assert told([TURN, back(TURN)], (TURN, permission), (back(TURN), data)) == [
        ("attested", None, "media", A, PEER, 4000, "unknown")
    ]


def test_a_turn_server_is_a_relay_and_its_client_a_client() -> None:
    answer = stun(0x0103, attribute(0x0016, end(RELAY, 50000, XOR)))
    flow = assembled([TURN, back(TURN)], facts((back(TURN), answer))).flows.row(0, named=True)
    assert (flow["src_addr"], flow["src_role"], flow["dst_addr"], flow["dst_role"]) == (A, "client", B, "relay")


def test_a_redirect_is_offered() -> None:
    answer = stun(0x0113, attribute(0x8023, end(RELAY, 3478)))
    assert told([TURN, back(TURN)], (back(TURN), answer)) == [
        ("offered", None, "signalling", A, RELAY, 3478, "unknown")
    ]
