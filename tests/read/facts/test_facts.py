"""All parsers together: nothing that a packet holds raises, and facts fold the same in any order and split."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.read.facts import PARSERS, parse, text
from auditor.read.facts.model import Fact, Name, Packet, fold
from tests.read.facts.h323 import MESSAGES
from tests.read.facts.payloads import COOKIE, TXID, attribute, dns, end, hello, number, packet, record, sdp, sip, stun

XOR = COOKIE + TXID
GOOD = {
    "dns": dns("example.com", [record(b"\xc0\x0c", 5, b"\1a\xc0\x0c"), record(b"\1a\xc0\x0c", 1, bytes(4))]),
    "tls": hello("example.com"),
    "dtls": hello("example.com", dtls=True),
    "stun": stun(0x0103, attribute(0x16, end("192.0.2.1", 5, XOR)), attribute(0x20, end("2001:db8::1", 5, XOR))),
    "sip": sip(
        "INVITE sip:b SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1", "Call-ID: a",
        body=sdp("c=IN IP4 192.0.2.1", "m=audio 6 RTP/AVP 0"),
    ),
    "h225": MESSAGES["arq"],
    "h245": MESSAGES["two"],
    "iax": bytes.fromhex("800500090000001400000207") + bytes(160),
    "mgcp": b"CRCX 1 a@g MGCP 1.0\r\nC: 1\r\n\r\n" + sdp("c=IN IP4 192.0.2.1", "m=audio 6 RTP/AVP 0").encode(),
    "rtsp": b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 1\r\nTransport: RTP/AVP;client_port=5-6;interleaved=0-1\r\n\r\n",
    "skinny": bytes.fromhex("28000000" "14000000" "22000000" "00000000" "00000000" "c0000201") + bytes(12)
    + bytes.fromhex("a00f0000" "05000000" "4d000000"),
    "icmp": b"\x45" + bytes(8) + b"\x11" + bytes(2) + number("192.0.2.9").to_bytes(16, "big")[12:] + bytes(8),
}  # fmt: skip


@pytest.mark.parametrize("app", sorted(PARSERS))
@given(payload=st.binary(max_size=300), protocol=st.sampled_from([1, 6, 17, 58]))
def test_no_payload_raises(app: str, payload: bytes, protocol: int) -> None:
    list(parse(app, payload, Packet(0, 1, 2, 3, 3, protocol, 0, 0)))


@pytest.mark.parametrize("app", sorted(GOOD))
@given(data=st.data())
def test_no_damaged_message_raises(app: str, data: Any) -> None:
    payload = bytearray(GOOD[app])
    assert app == "icmp" or parse(app, bytes(payload), packet())
    for _ in range(data.draw(st.integers(1, 8))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(payload[: data.draw(st.integers(0, len(payload)))])
    for protocol in (6, 17):
        list(parse(app, cut, packet(protocol=protocol)))


def test_a_protocol_without_parser_says_nothing() -> None:
    assert parse("rtp", b"\x80" * 20, packet()) == ()


def test_facts_fold_the_same_in_any_order_and_split() -> None:
    facts: list[Fact] = [Name(0, w, w * 3 % 7, w * 5 % 11, 1, w, 7, "ab"[w % 2]) for w in range(20)]
    whole: dict[Fact, Fact] = {}
    fold(whole, facts)
    random.Random(1).shuffle(facts)
    parts: list[dict[Fact, Fact]] = [{}, {}]
    for i, fact in enumerate(facts):
        fold(parts[i % 2], [fact])
    fold(parts[0], parts[1].values())

    def said(known: dict[Fact, Fact]) -> set[Any]:
        return {(f, f.witness, f.first_ns, f.last_ns, f.packets, f.bytes) for f in known.values()}

    assert said(parts[0]) == said(whole)
    assert {(f.packets, f.witness) for f in whole.values()} == {(10, 0), (10, 1)}


@pytest.mark.parametrize(
    ("written", "reachable"),
    [("10.1.2.3", False), ("172.31.0.1", False), ("172.32.0.1", True), ("192.168.1.1", False), ("100.64.0.1", False),
     ("100.128.0.1", True), ("127.0.0.1", False), ("169.254.1.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
     ("255.255.255.255", False), ("8.8.8.8", True), ("2001:db8::1", True), ("fe80::1", False), ("fd00::1", False),
     ("ff02::1", False), ("::", False), ("::1", False)],
)  # fmt: skip
def test_which_addresses_can_be_a_place(written: str, reachable: bool) -> None:
    assert text.reachable(number(written)) is reachable


@pytest.mark.parametrize(
    "raw", [b"", b"1.2.3", b"1.2.3.4.5", b"01.2.3.4x", b"::g", b"\xff", b"[::1", b"1" * 60, b"1.2.3.4\0"]
)
def test_text_that_is_no_address_is_none(raw: bytes) -> None:
    assert text.address(raw) is None or raw == b"[::1"


@pytest.mark.parametrize(
    ("raw", "value"), [(b"5060", 5060), (b"0", 0), (b"65536", 0), (b"-1", 0), (b"", 0), (None, 0), (b"5e3", 0)]
)
def test_ports(raw: bytes | None, value: int) -> None:
    assert text.port(raw) == value
