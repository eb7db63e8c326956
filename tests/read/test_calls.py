"""Flows and calls: SIP by Call-ID, media by the ends that were announced, 5-tuples that outlive calls."""

import polars as pl

from tests.read.facts.payloads import attribute, end, sdp, sip, stun
from tests.read.facts.test_stun import XOR
from tests.read.oneway import Row, assembled, back, facts

A, B, PROXY = "192.0.2.1", "198.51.100.2", "203.0.113.9"
SIP = Row(A, 5060, B, 5060, "sip", packets=2)
S = 1_000_000_000


def at(row: Row, first: int, witness: int = 1) -> Row:
    return Row(**{**row.__dict__, "first": first, "last": first, "witness": witness})


def invite(call: str, address: str = A, port: int = 6000, method: str = "INVITE") -> bytes:
    body = sdp(f"c=IN IP4 {address}", f"m=audio {port} RTP/AVP 0") if port else ""
    return sip(f"{method} sip:b@example.com SIP/2.0", f"Call-ID: {call}", "CSeq: 1 INVITE", body=body)


def ok(call: str, address: str = B, port: int = 7000) -> bytes:
    return sip(
        "SIP/2.0 200 OK",
        f"Call-ID: {call}",
        "CSeq: 1 INVITE",
        body=sdp(f"c=IN IP4 {address}", f"m=audio {port} RTP/AVP 0"),
    )


def media(a: str = A, port: int = 6000, b: str = B, other: int = 7000, first: int = 5 * S, last: int = 50 * S) -> Row:
    return Row(a, port, b, other, "rtp", packets=50, ssrc=7, first=first, last=last, witness=50)


def sessions(flows: pl.DataFrame, app: str) -> list[tuple[str | None, int, int]]:
    found = flows.filter((pl.col("app") == app) & (pl.col("basis") == "observed"))
    return found.select("session", "src_packets", "dst_packets").rows()


def test_a_call_has_its_signalling_and_its_media_in_both_directions() -> None:
    said = facts((SIP, invite("one")), (back(SIP), ok("one")))
    flows = assembled([SIP, back(SIP), media(), back(media()), media(port=6001, other=7001)], said).flows
    assert set(flows["session"]) == {"one"}
    assert flows.height == 3


def test_media_from_another_address_than_announced_is_tied_by_its_other_end() -> None:
    said = facts((SIP, invite("one", "10.0.0.5", 6000)), (back(SIP), ok("one")))
    flows = assembled([SIP, back(SIP), media(a="203.0.113.77", port=31000)], said).flows
    assert sessions(flows, "rtp") == [("one", 50, 0)]


def test_other_media_is_no_part_of_the_call() -> None:
    said = facts((SIP, invite("one")), (back(SIP), ok("one")))
    flows = assembled([SIP, back(SIP), media(port=6100, other=7100), media(a=PROXY, b="203.0.113.10")], said).flows
    assert sessions(flows, "rtp") == [(None, 50, 0), (None, 50, 0)]


def test_media_long_before_its_announcement_is_no_part_of_the_call() -> None:
    late = at(SIP, 100 * S)
    flows = assembled([late, media(first=0, last=10 * S)], facts((late, invite("one")))).flows
    assert sessions(flows, "rtp") == [(None, 50, 0)]


def test_a_private_address_means_something_at_its_tap_only() -> None:
    said = facts((SIP, invite("one", "10.0.0.5")))
    here, there = media(a="10.0.0.5"), Row(**{**media(a="10.0.0.5").__dict__, "vantage": 1})
    flows = assembled([SIP, here, there], said).flows.filter(pl.col("app") == "rtp")
    assert sorted(flows.select("vantage", "session").rows()) == [("other", None), ("tap", "one")]


def test_calls_that_share_a_trunk_share_its_packets() -> None:
    trunk = Row(A, 5060, B, 5060, "sip", packets=7, payload=700)
    answers = back(trunk, packets=3)
    said = facts(
        (at(trunk, 1, 1), invite("one", port=0)), (at(trunk, 1, 2), invite("one", port=0)),
        (at(trunk, 5, 3), invite("two", port=0)),
        (at(answers, 4, 4), invite("back", port=0)), (at(answers, 6, 5), ok("two", port=0)),
    )  # fmt: skip
    flows = assembled([trunk, answers], said).flows
    assert flows.select("session", "src_addr", "src_packets", "dst_packets").rows() == [
        ("one", A, 6, 1),  # with what no message is known for
        ("back", B, 1, 0),
        ("two", A, 1, 1),
    ]
    assert flows["src_bytes"].sum() + flows["dst_bytes"].sum() == sum(
        row.payload + 42 * row.packets for row in (trunk, answers)
    )


def test_registrations_are_no_call_and_take_the_rest() -> None:
    trunk = Row(A, 5060, B, 5060, "sip", packets=9)
    register = sip("REGISTER sip:example.com SIP/2.0", "Call-ID: r")
    said = facts((at(trunk, 1, 1), register), (at(trunk, 5, 2), invite("one", port=0)))
    assert sessions(assembled([trunk], said).flows, "sip") == [(None, 8, 0), ("one", 1, 0)]
    assert sessions(assembled([trunk], said[:1]).flows, "sip") == [(None, 9, 0)]


def test_ports_that_are_used_again_belong_to_each_call_in_its_time() -> None:
    first, second = at(SIP, 1 * S, 1), at(SIP, 30 * S, 2)
    said = facts((first, invite("one")), (back(first), ok("one")), (second, invite("two")), (back(second), ok("two")))
    flows = assembled([SIP, back(SIP), media(first=5 * S, last=50 * S)], said).flows
    assert sessions(flows, "rtp") == [("one", 50, 0), ("two", 0, 0)]
    flows = assembled([SIP, back(SIP), media(first=40 * S, last=50 * S)], said).flows
    assert sessions(flows, "rtp") == [("two", 50, 0)]


def test_a_call_that_announced_both_ends_comes_first() -> None:
    said = facts((at(SIP, 1), invite("half", port=6000)), (SIP, invite("whole")), (back(SIP), ok("whole")))
    assert sessions(assembled([SIP, back(SIP), media()], said).flows, "rtp") == [("whole", 50, 0)]


def test_a_scan_of_an_announced_port_joins_no_call() -> None:
    said = facts((SIP, invite("one")), (back(SIP), ok("one")))
    scan = Row("203.0.113.77", 4444, B, 7000, "rtp", packets=2, ssrc=7, first=6 * S)
    page = Row("203.0.113.77", 4444, B, 7000, "tls", "tcp", packets=90, first=6 * S)
    flows = assembled([SIP, back(SIP), media(), scan, page, back(page)], said).flows
    assert flows.filter(pl.col("src_port").eq(4444) | pl.col("dst_port").eq(4444))["session"].to_list() == [None, None]
    assert sessions(flows, "rtp") == [("one", 50, 0)]


def test_a_port_that_serves_everybody_tells_no_calls_apart() -> None:
    said = facts((SIP, invite("one", "10.0.0.5")), (back(SIP), ok("one")))
    guests = [media(a=f"203.0.113.{number}") for number in range(9)]
    assert {call for call, _, _ in sessions(assembled([SIP, back(SIP), *guests], said).flows, "rtp")} == {None}
    assert {call for call, _, _ in sessions(assembled([SIP, back(SIP), *guests[:2]], said).flows, "rtp")} == {"one"}


def test_a_client_that_announced_its_public_end_is_found_under_its_own() -> None:
    inside, public, server = "10.0.0.5", "203.0.113.7", "198.51.100.30"
    check = Row(inside, 6000, server, 3478, "stun")
    answer = stun(0x0101, attribute(0x20, end(public, 61002, XOR)))
    call = Row(inside, 5060, B, 5060, "sip")
    said = facts((back(check), answer), (call, invite("one", public, 61002)))
    stranger = media(a=inside, b="198.51.100.99", other=7777)
    flows = assembled([check, back(check), call, stranger], said).flows
    assert sessions(flows, "rtp") == [("one", 50, 0)]
    assert set(flows["basis"]) == {"observed"}  # the public end is the participant's own, not a place that was offered


def test_a_client_behind_nat_is_found_at_the_address_of_its_requests() -> None:
    """It announced a private end; only its side of the signalling was seen."""
    via = "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=1;rport"
    body = sdp("c=IN IP4 10.0.0.5", "m=audio 6000 RTP/AVP 0")
    said = facts((SIP, sip("INVITE sip:b SIP/2.0", via, "Call-ID: one", "CSeq: 1 INVITE", body=body)))
    assert sessions(assembled([SIP, media(), back(media())], said).flows, "rtp") == [("one", 50, 50)]
    assert sessions(assembled([SIP, media(port=6100), back(media(port=6100))], said).flows, "rtp") == [(None, 50, 50)]
    proxied = sip(
        "INVITE sip:b SIP/2.0", via.replace("10.0.0.5", "192.0.2.1"), "Call-ID: one", "CSeq: 1 INVITE", body=body
    )
    told = facts((SIP, proxied))
    assert sessions(assembled([SIP, media(), back(media())], told).flows, "rtp") == [(None, 50, 50)]


def test_fax_has_no_rtcp_beside_it() -> None:
    body = sdp("c=IN IP4 192.0.2.1", "m=image 6000 udptl t38")
    said = facts((SIP, sip("INVITE sip:b SIP/2.0", "Call-ID: one", "CSeq: 1 INVITE", body=body)))
    fax, other = (
        Row(A, port, B, 7000, "other", packets=50, first=5 * S, last=6 * S, witness=port) for port in (6000, 6001)
    )
    flows = assembled([SIP, fax, back(fax), other, back(other)], said).flows
    assert sorted(flows.filter(pl.col("src_port") != 5060).select("src_port", "session").rows()) == [
        (6000, "one"),
        (6001, None),
    ]


def test_legs_with_one_session_identifier_are_one_session() -> None:
    leg = Row(B, 5070, PROXY, 5060, "sip", witness=7)
    one, two = (f"Session-ID: {'ab' * 16};remote={remote * 32}" for remote in "0c")

    def invited(call: str, session: str, port: int) -> bytes:
        body = sdp("c=IN IP4 192.0.2.1", f"m=audio {port} RTP/AVP 0")
        return sip("INVITE sip:b SIP/2.0", f"Call-ID: {call}", "CSeq: 1 INVITE", session, body=body)

    said = facts((SIP, invited("x", one, 6000)), (leg, invited("b", two, 6000)))
    flows = assembled([SIP, leg, media(), back(media())], said).flows
    assert set(flows["session"]) == {"b"}
    apart = facts((SIP, invited("x", one, 6000)), (leg, invited("b", "Session-ID: " + "ef" * 16, 6000)))
    assert set(assembled([SIP, leg], apart).flows["session"]) == {"b", "x"}
