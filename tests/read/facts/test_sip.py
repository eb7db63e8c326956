"""SIP messages: dialogs, the elements that they name, folding, compact forms, IPv6, streams, and noise."""

import pytest

from auditor.read.facts import sip
from auditor.read.facts.model import Dialog, Fact, Hop, Media, Tie
from tests.read.facts.payloads import number, packet, sdp
from tests.read.facts.payloads import sip as message

INVITE = "INVITE sip:b@example.com SIP/2.0"
SDP = sdp("c=IN IP4 192.0.2.1", "m=audio 6000 RTP/AVP 0")


def facts(payload: bytes, protocol: int = 17) -> list[Fact]:
    return list(sip.parse(payload, packet(protocol=protocol)))


def dialogs(payload: bytes, protocol: int = 17) -> list[tuple[str, bool, bool]]:
    return [(f.call_id, f.request, f.call) for f in facts(payload, protocol) if isinstance(f, Dialog)]


def hops(payload: bytes) -> list[tuple[str, str, int, int]]:
    found = sip.parse(payload, packet(src="203.0.113.200"))
    return [(f.kind, f.host, f.address, f.port) for f in found if isinstance(f, Hop)]


def test_requests_and_answers_belong_to_their_call() -> None:
    assert dialogs(message(INVITE, "Call-ID: abc@host")) == [("abc@host", True, True)]
    assert dialogs(message("SIP/2.0 200 OK", "Call-ID: abc@host", "CSeq: 1 INVITE")) == [("abc@host", False, True)]


@pytest.mark.parametrize("method", ["REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE"])
def test_registrations_and_the_like_are_no_calls(method: str) -> None:
    assert dialogs(message(f"{method} sip:example.com SIP/2.0", "Call-ID: r")) == [("r", True, False)]
    assert dialogs(message("SIP/2.0 401 No", "Call-ID: r", f"CSeq: 1\t{method}")) == [("r", False, False)]


def test_compact_folded_and_oddly_written_headers() -> None:
    payload = (
        b"INVITE sip:b@example.com SIP/2.0\r\ni : abc\r\nv:\tSIP/2.0/UDP\r\n  192.0.2.1:5070;branch=z9hG4bK1\r\n"
        b"M: <sip:[2001:db8::1]:5062>\r\nl: 0\r\n\r\n"
    )
    assert dialogs(payload) == [("abc", True, True)]
    assert hops(payload) == [
        ("sender", "192.0.2.1", number("192.0.2.1"), 5070),
        ("contact", "2001:db8::1", number("2001:db8::1"), 5062),
    ]


def test_a_via_chain_tells_sender_elements_and_origin() -> None:
    payload = message(
        INVITE,
        "Via: SIP/2.0/UDP proxy.example.com;branch=1, SIP / 2.0 / TCP 198.51.100.3:5080;branch=2",
        "Via: SIP/2.0/UDP 10.0.0.5:5060;rport=40000;received=203.0.113.7;branch=3",
        "Call-ID: a",
    )
    assert hops(payload) == [
        ("sender", "proxy.example.com", -1, 0),
        ("via", "198.51.100.3", number("198.51.100.3"), 5080),
        ("origin", "10.0.0.5", number("203.0.113.7"), 40000),
    ]


def test_routes_are_told_apart_and_quoted_names_are_no_addresses() -> None:
    payload = message(
        INVITE,
        "Call-ID: a",
        "Record-Route: <sip:p1.example.com;lr>, <sip:user@198.51.100.3:5070;lr>",
        "Route: <sips:[2001:db8::2];lr>",
        'Contact: "sip:203.0.113.99 \\" x" <sip:+1;phone=1@192.0.2.1:5062;transport=tcp>',
    )
    assert [(kind, host, port) for kind, host, _, port in hops(payload)] == [
        ("record-route", "p1.example.com", 0),
        ("record-route", "198.51.100.3", 5070),
        ("route", "2001:db8::2", 0),
        ("contact", "192.0.2.1", 5062),
    ]


def test_a_host_with_garbage_behind_it_is_not_cut_to_an_address() -> None:
    assert hops(message(INVITE, "Call-ID: a", "Via: SIP/2.0/UDP 192.168\xe1.2;branch=1")) == []


def test_the_ends_of_the_flow_itself_are_no_news() -> None:
    told = message(INVITE, "Call-ID: a", "Via: SIP/2.0/UDP 203.0.113.200", "Contact: <sip:198.51.100.2>")
    assert hops(told) == []
    natted = message("SIP/2.0 200 OK", "Call-ID: a", "Via: SIP/2.0/UDP 198.51.100.2;received=203.0.113.8;rport=99")
    assert hops(natted) == [("sender", "198.51.100.2", number("203.0.113.8"), 99)]


def test_lists_without_brackets_and_long_names() -> None:
    routes = "Route: sip:p1.example.com;lr, <sip:1,2@p2.example.com>,sip:u@p3.example.com"
    found = [host for _, host, _, _ in hops(message(INVITE, "Call-ID: a", routes, "m: *"))]
    assert found == ["p1.example.com", "p2.example.com", "p3.example.com"]
    name = '"' + "a, <sip:evil.example.com> " * 30 + '"'
    assert [host for _, host, _, _ in hops(message(INVITE, "Call-ID: a", f"Contact: {name} <sip:ok.example.com>"))] == [
        "ok.example.com"
    ]


def test_maddr_says_where_requests_go() -> None:
    found = hops(message(INVITE, "Call-ID: a", "Contact: <sip:u@example.com:5070;maddr=192.0.2.77;transport=udp>"))
    assert found == [
        ("contact", "example.com", -1, 5070),
        ("contact", "192.0.2.77", number("192.0.2.77"), 5070),
    ]
    six = message(INVITE, "Call-ID: a", "Record-Route: <sip:p.example.com;maddr=[2001:db8::7];lr>")
    assert hops(six)[1] == ("record-route", "2001:db8::7", number("2001:db8::7"), 0)


def test_session_identifiers_tie_legs() -> None:
    one, two = "a" * 32, "0123456789abcdef" * 2
    ties = [
        [f.identifier for f in facts(message(INVITE, "Call-ID: a", f"Session-ID: {value}")) if isinstance(f, Tie)]
        for value in (f"{one};remote={'0' * 32}", f"{one} ; remote={two}", f"{'A' * 32}", one[:31], f"x;remote={two}z")
    ]
    assert ties == [[one], [one, two], [], [], []]


def test_a_body_longer_than_its_length_is_read_where_somebody_may_read_it() -> None:
    payload = b"INVITE sip:b@example.com SIP/2.0\r\nCall-ID: a\r\nContent-Length: 5\r\n\r\n" + SDP.encode()
    assert [f.port for f in facts(payload) if isinstance(f, Media)] == [6000]
    assert [f for f in facts(payload, protocol=6) if isinstance(f, Media)] == []


@pytest.mark.parametrize(
    "payload",
    [
        message(INVITE, "Call-ID: abc", "CSeq: 7 INVITE", "Via: SIP/2.0/UDP x;branch=z;received=192.0.2.8", body=SDP),
        message("SIP/2.0 486 Busy Here", "i: abc", "CSeq:\t 7\tREGISTER", "v: SIP/2.0/TCP [2001:db8::1] ; branch = a"),
        message("SIP/2.0 200 OK", "Call-ID: a", "CSeq: 9\r\n INVITE", "Record-Route: <sip:p>,\r\n\t<sip:q>", body=SDP),
        message("OPTIONS sip:x SIP/2.0", "Call-ID: o", "Path: <sip:192.0.2.3>", "Service-Route: <sip:192.0.2.4;lr>"),
        message(INVITE, "Call-ID: abc", "Session-ID: " + "ab" * 16 + ";remote=" + "cd" * 16).replace(b"\r\n", b"\n"),
        b"\r\n\r\n" + message("BYE sip:b SIP/2.0", "Call-ID: abc", "Contact: <sip:192.0.2.5>;expires=3"),
        message("REFER sip:b SIP/2.0", "Call-ID: abc\xff\0x", body=SDP),
        b"INVITE sip:b SIP/2.0\r\nCall-ID: cut\r\nVia: SIP/2.0/UDP 192.0.2.7",
        message(INVITE, "Subject: none", body=SDP),
        b"nothing",
    ],
)  # fmt: skip
def test_what_is_condensed_tells_the_same(payload: bytes) -> None:
    parts = sip.condensed(payload)
    assert [fact for part in parts for fact in sip.parse(part, packet())] == facts(payload)


def test_messages_that_say_nothing_new_are_the_same_bytes() -> None:
    def leg(method: str, number: int) -> bytes:
        via = f"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{number};rport"
        return message(
            f"{method} sip:b@example.com SIP/2.0",
            via,
            "Call-ID: a",
            f"CSeq: {number} {method}",
            f"User-Agent: {number}",
        )

    assert sip.condensed(leg("INVITE", 1)) == sip.condensed(leg("ACK", 2)) == sip.condensed(leg("BYE", 3))
    assert sip.condensed(leg("INVITE", 1)) != sip.condensed(leg("OPTIONS", 1))


def test_a_body_announces_media() -> None:
    found = [f for f in facts(message(INVITE, "Call-ID: a", body=SDP)) if isinstance(f, Media)]
    assert [(f.call_id, f.address, f.port, f.media) for f in found] == [("a", number("192.0.2.1"), 6000, "audio")]


def test_a_stream_segment_holds_several_messages_and_the_beginning_of_one() -> None:
    stream = message(INVITE, "Call-ID: one", body=SDP) + b"\r\n\r\n" + message("ACK sip:b SIP/2.0", "Call-ID: two")
    stream += b"BYE sip:b SIP/2.0\r\nCall-ID: three\r\n"
    assert [call for call, _, _ in dialogs(stream, protocol=6)] == ["one", "two", "three"]
    assert [call for call, _, _ in dialogs(stream)] == ["one"]


@pytest.mark.parametrize(
    "payload",
    [b"", b"\r\n\r\n", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"INVITE sip:b SIP/1.0\r\nCall-ID: a\r\n\r\n",
     message(INVITE, "Subject: none")],
)  # fmt: skip
def test_what_is_no_message_or_has_no_call_says_nothing(payload: bytes) -> None:
    assert facts(payload) == []


def test_a_call_id_stays_text() -> None:
    assert dialogs(b"ACK sip:b SIP/2.0\r\nCall-ID: \x1b[31m\xff<b>\r\n\r\n")[0][0] == "%1B[31m%FF<b>"


@pytest.mark.parametrize(
    "line",
    ["Contact: " + 'sip:"' * 13000, "Contact: " + '\\"' * 30000, "Via: " + "SIP / 2.0 / " * 5000,
     "Contact: " + "sip:" * 16000, "v: SIP" + " " * 60000, "Contact\r\n " * 6000],
)  # fmt: skip
def test_hostile_headers_are_read_in_one_go(line: str) -> None:
    found = facts(message(INVITE, "Call-ID: a", line))
    assert [fact.call_id for fact in found if isinstance(fact, Dialog)] == ["a"]


def test_as_many_hops_as_a_message_can_have_passed_are_told() -> None:
    vias = [f"Via: SIP/2.0/UDP 192.0.2.{i};branch=z9hG4bK{i}" for i in range(1, 91)]
    routes = [f"Record-Route: <sip:198.51.100.{i};lr>" for i in range(101, 191)]
    assert len(hops(message(INVITE, "Call-ID: long", *vias, *routes))) == 180


@pytest.mark.parametrize("name", ["ice:a:b", "mgcp:1@192.0.2.1", "h323:0", "sip:x", "x7:"])
def test_a_call_id_imitates_no_session_of_another_protocol(name: str) -> None:
    payload = message(INVITE, f"Call-ID: {name}", body=SDP)
    assert dialogs(payload) == [(f"sip:{name}", True, True)]
    for part in sip.condensed(payload):
        assert {f.call_id for f in facts(part) if isinstance(f, Dialog | Media)} == {f"sip:{name}"}
    assert dialogs(message(INVITE, "Call-ID: 1a:B@[2001:db8::1]")) != dialogs(message(INVITE, "Call-ID: sip:1a:B"))
