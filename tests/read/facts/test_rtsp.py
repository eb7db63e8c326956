import pytest

from auditor.read.facts import parse, rtsp
from auditor.read.facts.model import ALIAS, Alias, Dialog, Fact, Media
from tests.read.facts.payloads import number, packet

CLIENT, SERVER = "192.0.2.1", "198.51.100.2"
ASK = packet(CLIENT, 50000, SERVER, 554, protocol=6)
TELL = packet(SERVER, 554, CLIENT, 50000, protocol=6)
CALL = f"rtsp:8c30e1@{SERVER}"
EXCHANGE = f"{ALIAS}rtsp:{CLIENT}:50000-{SERVER}:554/4"


def message(start: str, *headers: str, body: str = "") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return ("\r\n".join((start, *headers, *length, "", body))).encode()


def setup(transport: str, *more: str) -> bytes:
    return message(f"SETUP rtsp://{SERVER}/track1 RTSP/1.0", "CSeq: 4", *more, f"Transport: {transport}")


def answer(transport: str) -> bytes:
    return message("RTSP/1.0 200 OK", "CSeq: 4", "Session: 8c30e1;timeout=60", f"Transport: {transport}")


def media(payload: bytes, told: bool = False) -> list[tuple[str, int, int, str]]:
    facts = parse("rtsp", payload, TELL if told else ASK)
    return [(f.call_id, f.address, f.port, f.kind) for f in facts if isinstance(f, Media)]


def dialogs(facts: list[Fact]) -> list[tuple[str, bool, bool]]:
    return [(f.call_id, f.request, f.call) for f in facts if isinstance(f, Dialog)]


C, S = number(CLIENT), number(SERVER)


def test_ports_of_both_sides() -> None:
    asked, told = (
        setup("RTP/AVP;unicast;client_port=5000-5001"),
        answer("RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=1"),
    )
    assert media(asked) == [(EXCHANGE, C, 5000, "media")]
    assert media(told, True) == [(CALL, C, 5000, "media"), (CALL, S, 6000, "media")]
    facts = list(parse("rtsp", told, TELL))
    assert dialogs(facts) == [(CALL, False, True)]
    assert [(f.call_id, f.alias) for f in facts if isinstance(f, Alias)] == [(CALL, EXCHANGE)]


@pytest.mark.parametrize(
    ("transport", "ends"),
    [
        ("RTP/AVP;unicast;destination=203.0.113.5;client_port=5000-5003",
         [("203.0.113.5", 5000), ("203.0.113.5", 5003)]),
        ("RTP/AVP;unicast;client_port=5000;source=203.0.113.6;server_port=6000",
         [(CLIENT, 5000), ("203.0.113.6", 6000)]),
        ('RTP/AVP/UDP;unicast;dest_addr=":8000"/":8001";src_addr="203.0.113.7:9000"/"[2001:db8::7]:9001"',
         [(CLIENT, 8000), (CLIENT, 8001), ("203.0.113.7", 9000), ("2001:db8::7", 9001)]),
        ("RTP/AVP;multicast;destination=233.252.0.1;port=3456-3457;ttl=16", [("233.252.0.1", 3456)]),
        ("RTP/AVP;unicast;client_port=99999-5", []),
        ("RTP/AVP;unicast;destination=example.com", []),
    ],
)  # fmt: skip
def test_transports(transport: str, ends: list[tuple[str, int]]) -> None:
    assert [(where, port) for _, where, port, _ in media(answer(transport), True)] == [(number(a), p) for a, p in ends]


def test_alternatives_are_wishes_of_the_client() -> None:
    both = "RTP/AVP/TCP;unicast;interleaved=0-1,RTP/AVP;unicast;client_port=5000-5001"
    assert media(setup(both)) == [(EXCHANGE, C, 5000, "media")]


def test_interleaved_media_goes_through_the_connection() -> None:
    assert media(answer("RTP/AVP/TCP;unicast;interleaved=0-1"), True) == [(CALL, C, 0, "inside")]
    frame = b"$\0\0\x0c" + b"\x80" + bytes(11)
    assert media(frame + frame + answer("RTP/AVP;unicast;client_port=7-8"), True) == [(CALL, C, 7, "media")]


def test_messages_of_a_session_and_those_of_none() -> None:
    play = message(f"PLAY rtsp://{SERVER}/ RTSP/1.0", "CSeq: 6", "Session: 8c30e1")
    assert dialogs(list(parse("rtsp", play, ASK))) == [(CALL, True, True)]
    assert parse("rtsp", message("OPTIONS * RTSP/1.0", "CSeq: 1"), ASK) == []
    notify = message(f"SET_PARAMETER rtsp://{SERVER}/ RTSP/1.0", "CSeq: 6", "Session: 8c30e1")
    assert dialogs(list(parse("rtsp", notify, TELL))) == [(CALL, False, True)]
    assert len(dialogs(list(parse("rtsp", play + answer("RTP/AVP"), TELL)))) == 2


def test_lengths_of_messages() -> None:
    full = message("RTSP/1.0 200 OK", "CSeq: 3", body="v=0\r\n")
    assert rtsp.length(full) == len(full) == rtsp.length(full + b"more")
    assert rtsp.length(full[:-5]) == len(full)
    assert rtsp.length(full[:20]) is None
    assert rtsp.length(b"$\0\1\0") == 260
    assert rtsp.length(b"$\0") is None
    assert rtsp.length(b"GET / HTTP/1.1\r\n\r\n") is None


def test_what_is_cut_anywhere_raises_nothing() -> None:
    told = answer("RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001")
    for size in range(len(told)):
        list(parse("rtsp", told[:size], TELL))
    assert parse("rtsp", b"$" * 4000, ASK) == []
