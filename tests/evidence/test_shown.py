"""A finding, explained: what is said of it is what its packets and its report say."""

import json
from pathlib import Path

import jsonschema
import pytest

from auditor.evidence import explained, said, shape
from auditor.evidence.shown import EXCHANGES, shown
from auditor.read.facts import model
from auditor.report.jsonv1 import written
from tests.captures import pcap, rtp, sdp, sip, stun, udp, xor_mapped
from tests.evidence.folder import FOUND, PROXY, SAMPLES, Folder, call, cases
from tests.test_witness import BEIJING, CANADA, STATES

SCHEMA = Path(__file__).parents[2] / "reports" / "schema" / "auditor-finding-v1.json"


def told(folder: Folder, frames: list[bytes], limit: int = 10) -> tuple[shape.Shown, str]:
    case = folder.open(folder.write(a=pcap(frames)))
    finding = case.report.findings[0]
    found = shown(case, finding, limit=limit)
    return found, explained.render(finding, found)


def test_the_committed_schema_is_the_declared_shape() -> None:
    assert SCHEMA.read_text() == shape.schema()


@pytest.mark.parametrize(("name", "identifier"), FOUND)
def test_samples_are_explained(name: str, identifier: str) -> None:
    capture, inventory = SAMPLES[name]
    case = cases.opened(capture, inventory=inventory, workers=1)
    finding = case.finding(identifier)
    found = shown(case, finding, limit=10_000)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(written(found)))
    touched = [exchange for exchange in found.exchanges if exchange.why == "touches the place"]
    assert sum(exchange.packets for exchange in touched) >= finding.packets
    assert all(len(exchange.records) == exchange.packets for exchange in found.exchanges)
    listed = {(record.source, record.record) for exchange in touched for record in exchange.records}
    assert {(entry.source, entry.record) for entry in finding.evidence} <= listed
    text = explained.render(finding, found)
    for word in (identifier, found.rule.sha256, case.report.inputs[0].sha256, "WHO TOOK PART", "RECORDS"):
        assert word in text
    for address, sources in finding.located_by:
        assert address in text
        for source in sources:
            assert source.kind in text


def test_the_answer_that_names_the_place_is_told() -> None:
    capture, inventory = SAMPLES["zoom-2020-incident"]
    case = cases.opened(capture, inventory=inventory, workers=1)
    found = shown(case, case.report.findings[0], limit=1)
    assert found.messages[0].record == 26
    assert found.messages[0].says == ["A DNS answer calls 52.81.151.250 us04kms.zoom.us."]
    assert "asks for us04kms.zoom.us" in found.messages[1].says[0]
    assert found.messages[1].why == "touches the place"
    text = explained.render(case.report.findings[0], found)
    assert "and 14 more packets" in text


def test_who_sent_what(folder: Folder) -> None:
    frames = [*rtp(CANADA, 40000, BEIJING, 3480, count=5), *rtp(BEIJING, 3480, CANADA, 40000, count=7, ssrc=8)]
    found, text = told(folder, frames, limit=8)
    (exchange,) = found.exchanges
    assert (exchange.src.address, exchange.src.port, exchange.dst.address) == (CANADA, 40000, BEIJING)
    assert [(record.record, record.forward) for record in exchange.records] == [(n, n < 6) for n in range(1, 9)]
    assert {(record.kind, record.bytes, record.payload) for record in exchange.records} == {("rtp", 214, 172)}
    assert exchange.packets == 12
    assert "and 4 more packets" in text


def test_messages_of_the_call_alone_and_without_keys(folder: Folder) -> None:
    body = (
        sdp(CANADA, 42000) + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0IGtleQ|2^20\r\na=ice-pwd:topsecret\r\n"
    )
    ask = sip("INVITE sip:b@example.com SIP/2.0\r\nAuthorization: Digest response=feed", "bad", CANADA, body)
    frames = [
        *call("good", CANADA, 40000, PROXY),
        udp(CANADA, 5060, PROXY, 5060, ask),
        *call("bad", CANADA, 42000, BEIJING)[1:],
    ]
    found, text = told(folder, frames)
    lines = [line for message in found.messages for line in message.text]
    assert "Call-ID: bad" in lines
    assert not any("good" in line for line in lines)
    for secret in ("c2VjcmV0", "topsecret", "feed"):
        assert secret not in text
        assert secret not in written(found)
    assert "inline:(key left out)" in text
    signalling = next(each for each in found.exchanges if each.app == "sip")
    assert signalling.packets == 2
    assert signalling.sessions == ["bad"]


def test_a_public_address_is_told(folder: Folder) -> None:
    frames = [
        udp("192.168.7.20", 40000, STATES, 3478, stun(1)),
        udp(STATES, 3478, "192.168.7.20", 40000, stun(0x0101, xor_mapped(CANADA, 61000))),
        *rtp("192.168.7.20", 40000, BEIJING, 3480),
    ]
    found, _ = told(folder, frames)
    sentence = f"The STUN server {STATES} sees 192.168.7.20:40000 as {CANADA}:61000."
    assert sentence in [each for message in found.messages for each in message.says]


def test_an_offer_has_no_packets_and_says_so(folder: Folder) -> None:
    offer = [
        udp(CANADA, 5060, PROXY, 5060, sip("INVITE sip:b@example.com SIP/2.0", "two", CANADA, sdp(CANADA, 40000))),
        udp(PROXY, 5060, CANADA, 5060, sip("SIP/2.0 200 OK", "two", CANADA, sdp(BEIJING, 50000))),
    ]
    found, text = told(folder, offer)
    assert f"It announces that audio may be sent to {BEIJING}:50000 (media, RTP/AVP)." in text
    assert "to settle it:" in text
    assert found.exchanges[0].basis == "offered"
    assert found.exchanges[0].packets == 0


def test_hostile_text_is_one_clean_line_each(folder: Folder) -> None:
    evil = "x\x1b[2J\x07\u202e<script>"
    frames = call("bad", CANADA, 42000, BEIJING)
    frames[0] = udp(
        CANADA, 5060, PROXY, 5060,
        sip(f"INVITE sip:b@example.com SIP/2.0\r\nUser-Agent: {evil}", "bad", CANADA, sdp(CANADA, 42000)),
    )  # fmt: skip
    found, text = told(folder, frames)
    assert all(line.isprintable() for line in text.splitlines())
    assert any("\\x1b[2J" in line for message in found.messages for line in message.text)


def test_it_is_bounded_and_counts_the_rest(folder: Folder) -> None:
    frames = [frame for i in range(60) for frame in rtp(f"142.1.34.{i + 1}", 40000, BEIJING, 3480, count=5)]
    found, text = told(folder, frames, limit=2)
    assert (len(found.exchanges), found.exchange_count) == (EXCHANGES, 60)
    assert all(len(exchange.records) == 2 for exchange in found.exchanges)
    assert "and 40 more exchanges" in text


@pytest.mark.parametrize(
    ("app", "line", "left"),
    [
        ("sip", "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyO", "a=key-mgmt:mikey (key left out)"),
        ("sip", "INVITE sip:al:s3cret@example.com SIP/2.0", "INVITE sip:al:(password left out)@example.com SIP/2.0"),
        ("sip", "Route: <sip:p.example:5060>,<sip:b@c.example>", "Route: <sip:p.example:5060>,<sip:b@c.example>"),
        ("mgcp", "L: p:20, k:base64:c2VjcmV0, a:PCMU", "L: p:20, k:base64:(key left out), a:PCMU"),
        ("rtsp", "KeyMgmt: prot=mikey; data=\"c2VjcmV0\"", "KeyMgmt: (key left out)"),
        ("rtsp", "PLAY rtsp://al:s3cret@cam/1 RTSP/1.0", "PLAY rtsp://al:(password left out)@cam/1 RTSP/1.0"),
    ],
)  # fmt: skip
def test_keys_and_passwords_are_left_out_wherever_they_stand(app: str, line: str, left: str) -> None:
    assert said.lines(app, f"{line}\r\n".encode()) == [left]


def test_what_is_no_text_has_no_lines() -> None:
    assert said.lines("sip", b"\x81\xfe\x01\x00\x8a\x12INVITE") == []
    assert said.lines("skinny", b"text") == []


def test_every_kind_of_fact_has_a_sentence() -> None:
    flow = (0xFFFF01020304, 1, 0xFFFF05060708, 2, 17)
    seen = (0, 1, 0, 0, 1, 10)
    end = (0xFFFF09090909, 7)
    facts: list[model.Fact] = [
        model.Name(*seen, end[0], "a.example"),
        model.Hello(*seen, flow, ""),
        model.Dialog(*seen, flow, "c", True, True),
        model.Media(*seen, flow, "c", *end, "media", "audio"),
        model.Hop(*seen, flow, "c", "via", "h.example", -1, 0, True),
        model.Exchange(*seen, flow, True, "binding"),
        model.Reflexive(*seen, flow, *end),
        model.Relayed(*seen, flow, *end),
        model.Peer(*seen, flow, *end, True, False),
        *(model.Redirect(*seen, flow, *end, kind) for kind in ("alternate", "origin", "other")),
        model.Media(*seen, flow, "c", *end, model.INSIDE, "audio"),
        model.Media(*seen, flow, "c", *end, model.CONTROL, "h245"),
        model.Acts(*seen, flow, "server"),
        model.Registered(*seen, flow),
        model.Ice(*seen, flow, "a:b"),
        model.Unreachable(*seen, flow, 3),
    ]
    sentences = [said.sentence(fact) for fact in facts]
    assert all(sentence.endswith(".") and " " in sentence for sentence in sentences)
    assert len(set(sentences)) == len(sentences)
    never_left = {"Alias", "Tie"}  # facts are told by the names of their sessions
    assert {type(fact).__name__ for fact in facts} == {
        kind.__name__ for kind in model.Fact.__subclasses__()
    } - never_left
    assert said.sentence(model.Relayed(*seen, flow, *end)) == (
        "The TURN server 1.2.3.4 relays for 5.6.7.8:2 at 9.9.9.9:7."
    )
