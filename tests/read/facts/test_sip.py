"""SIP messages: dialogs, the elements that they name, folding, compact forms, IPv6, streams, and noise."""

import pytest

from auditor.read.facts import sip
from auditor.read.facts.model import Dialog, Fact, Hop, Media
from tests.read.facts.payloads import number, packet, sdp
from tests.read.facts.payloads import sip as message

INVITE = "INVITE sip:b@example.com SIP/2.0"
SDP = sdp("c=IN IP4 192.0.2.1", "m=audio 6000 RTP/AVP 0")


def facts(payload: bytes, protocol: int = 17) -> list[Fact]:
    return list(sip.parse(payload, packet(protocol=protocol)))


def dialogs(payload: bytes, protocol: int = 17) -> list[tuple[str, bool, bool]]:
    return [(f.call_id, f.request, f.call) for f in facts(payload, protocol) if isinstance(f, Dialog)]


def hops(payload: bytes) -> list[tuple[str, str, int, int]]:
    return [(f.kind, f.host, f.address, f.port) for f in facts(payload) if isinstance(f, Hop)]


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
