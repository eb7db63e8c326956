"""STUN and TURN messages: who asks, which ends they name; classic, Microsoft's and Zoom's; streams and noise."""

import pytest

from auditor.read.facts import stun
from auditor.read.facts.model import Exchange, Fact, Peer, Redirect, Reflexive, Relayed
from tests.read.facts.payloads import COOKIE, TXID, attribute, end, number, packet
from tests.read.facts.payloads import stun as message

XOR = COOKIE + TXID
CLIENT, RELAY, PEER = "203.0.113.7", "198.51.100.9", "192.0.2.77"


def facts(payload: bytes, protocol: int = 17) -> list[Fact]:
    return list(stun.parse(payload, packet(protocol=protocol)))


def ends(found: list[Fact], kind: type) -> list[tuple[int, int]]:
    return [(fact.address, fact.port) for fact in found if isinstance(fact, kind)]


@pytest.mark.parametrize("address", [CLIENT, "2001:db8::7"])
@pytest.mark.parametrize("kind", [0x0020, 0x8020])
def test_a_binding_answer_tells_the_public_end(address: str, kind: int) -> None:
    found = facts(message(0x0101, attribute(0x8022, b"odd"), attribute(kind, end(address, 1234, XOR))))
    assert ends(found, Reflexive) == [(number(address), 1234)]
    assert [(fact.answer, fact.method) for fact in found if isinstance(fact, Exchange)] == [(True, "binding")]


def test_requests_and_indications_ask() -> None:
    assert [fact.answer for fact in facts(message(0x0001)) + facts(message(0x0011))] == [False, False]


def test_an_allocation_tells_the_relayed_end() -> None:
    found = facts(message(0x0103, attribute(0x0016, end(RELAY, 50000, XOR)), attribute(0x0020, end(CLIENT, 1234, XOR))))
    assert ends(found, Relayed) == [(number(RELAY), 50000)]
    assert ends(found, Reflexive) == [(number(CLIENT), 1234)]


@pytest.mark.parametrize(
    ("kind", "carried", "answer"),
    [(0x0008, False, False), (0x0009, False, False), (0x0016, True, False), (0x0017, True, True)],
)
def test_peers_behind_the_relay(kind: int, carried: bool, answer: bool) -> None:
    found = facts(message(kind, attribute(0x0012, end(PEER, 4000, XOR)), attribute(0x0013, b"data")))
    assert [(f.address, f.port, f.carried, f.answer) for f in found if isinstance(f, Peer)] == [
        (number(PEER), 4000, carried, answer)
    ]


def test_redirects_and_other_ends_of_the_server() -> None:
    found = facts(message(0x0113, attribute(0x0009, b"\0\0\3\0"), attribute(0x8023, end(RELAY, 3478))))
    assert [(f.address, f.kind) for f in found if isinstance(f, Redirect)] == [(number(RELAY), "alternate")]
    found = facts(message(0x0101, attribute(0x802B, end("192.0.2.1", 3478)), attribute(0x802C, end(RELAY, 3479))))
    assert [(f.address, f.kind) for f in found if isinstance(f, Redirect)] == [(number(RELAY), "other")]


def test_classic_answers_count_only_where_all_fits() -> None:
    classic = message(0x0101, attribute(0x0001, end(CLIENT, 1234)), cookie=b"\1\2\3\4")
    assert ends(facts(classic), Reflexive) == [(number(CLIENT), 1234)]
    assert facts(classic + b"x") == []
    assert ends(facts(b"\1\3" + classic[2:]), Reflexive) == []  # an allocation of the time: its end is the relay's


def test_microsoft_calls_the_relayed_end_mapped() -> None:
    magic = attribute(0x000F, b"\x72\xc6\x4b\xc6")
    for cookie in (COOKIE, b"\1\2\3\4"):
        mapped, own = attribute(0x0001, end(RELAY, 3480)), attribute(0x8020, end(CLIENT, 1234, cookie + TXID))
        found = facts(message(0x0103, magic, mapped, own, cookie=cookie))
        assert (ends(found, Relayed), ends(found, Reflexive)) == ([(number(RELAY), 3480)], [(number(CLIENT), 1234)])
        assert ends(facts(message(0x0115, magic, attribute(0x0012, end(PEER, 9)), cookie=cookie)), Peer) == [
            (number(PEER), 9)
        ]


def test_zoom_answers_in_its_own_way() -> None:
    found = facts(message(0x0002, attribute(0x0103, end(CLIENT, 65397)), cookie=b"\xc1\x5d\xae\x63"))
    assert ends(found, Reflexive) == [(number(CLIENT), 65397)]
    assert [fact.answer for fact in found if isinstance(fact, Exchange)] == [True]


def test_a_stream_holds_several_messages_framed_or_not() -> None:
    one = message(0x0101, attribute(0x0020, end(CLIENT, 1, XOR)))
    two = message(0x0101, attribute(0x0020, end(CLIENT, 2, XOR)))
    channel = b"\x40\x00\x00\x03abc\0"
    framed = b"".join(len(each).to_bytes(2, "big") + each for each in (one, two))
    for stream in (one + channel + two, framed):
        assert ends(facts(stream, protocol=6), Reflexive) == [(number(CLIENT), 1), (number(CLIENT), 2)]


def test_lengths_that_lie_end_the_reading() -> None:
    good = attribute(0x0020, end(CLIENT, 1234, XOR))
    whole = message(0x0101, good)
    assert ends(facts(whole[:2] + b"\xff\xff" + whole[4:]), Reflexive) == [(number(CLIENT), 1234)]  # cut by the capture
    assert ends(facts(message(0x0101, b"\x80\x22\xff\xff" + good)), Reflexive) == []
    assert ends(facts(message(0x0101, attribute(0x0020, end(CLIENT, 1, XOR)[:7]))), Reflexive) == []
    assert ends(facts(message(0x0101, attribute(0x0020, b"\0\2" + end(CLIENT, 1, XOR)[2:]))), Reflexive) == []
