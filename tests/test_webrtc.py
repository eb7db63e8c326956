"""WebRTC from the packet to the verdict: what ICE ties, what a tie must never excuse, and what is encrypted."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditor import pipeline
from auditor.model.report import Report, Verdict
from tests.captures import pcap, rtp, sdp, sip, stun, udp, xor_mapped
from tests.test_witness import BEIJING, CANADA, RELAY, STATES, TSINGHUA, Case, case

__all__ = ["case"]

VIRGINIA, SECOND = "3.80.0.1", "3.80.0.2"
PEOPLE = f"""clients:
  - {{networks: [{CANADA}/32, {STATES}/32], country: CA}}
  - {{networks: [{TSINGHUA}/32], country: CN}}
"""
SITES = (
    RELAY
    + f"""  - {{name: east, networks: [3.80.0.0/24], country: US, role: relay, planes: [media]}}
{PEOPLE}"""
)

ENCRYPTED = """\
id: media-is-encrypted
title: Media and signalling are encrypted
severity: high
applies: {planes: [media, signalling]}
must_be_encrypted: {}
why: A test asks.
fix: Switch to SRTP.
references: [{title: A test, kind: policy}]
examples:
  pass: [{participants: [US], touches: [{country: US, as: relay, plane: media, encrypted: true}]}]
  fail: [{participants: [US], touches: [{country: US, as: relay, plane: media, encrypted: false}]}]
  open: [{participants: [US], touches: [{country: US, as: relay, plane: media}]}]
"""


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def checked(client: str, relay: str, fragments: bytes = b"rem0:loc0", port: int = 40000) -> list[bytes]:
    """A check, its answer, and media both ways."""
    ask, answer = stun(0x0001, attribute(0x0006, fragments)), stun(0x0101, xor_mapped(client, port))
    return [
        udp(client, port, relay, 3480, ask),
        udp(relay, 3480, client, port, answer),
        *rtp(client, port, relay, 3480),
        *rtp(relay, 3480, client, port, ssrc=77),
    ]


def handshake(client: str, relay: str, port: int = 40000) -> list[bytes]:
    record = b"\x16\xfe\xfd" + bytes(8) + b"\0\x20" + b"\x02" + bytes(31)
    return [udp(client, port, relay, 3480, record), udp(relay, 3480, client, port, record)] * 2


def failed(report: Report) -> set[str]:
    return {end for f in report.findings if f.verdict == Verdict.FAIL for end in f.endpoints}


@pytest.mark.parametrize("fragments", [b"rem0:loc0", b"remX:locX"])
def test_strangers_with_the_same_fragments_excuse_nobody(case: Case, fragments: bytes) -> None:
    """Short fragments come again: were both one session, a mainland participant would take it out of the rule."""
    frames = [*checked(CANADA, BEIJING), *checked(TSINGHUA, VIRGINIA, fragments)]
    assert failed(case.audit(frames, SITES)) == {BEIJING}


def test_who_does_take_part_by_another_way_is_heard(case: Case) -> None:
    """Both check the same relay for one session, so it is one call across the border."""
    frames = [*checked(CANADA, BEIJING), *checked(TSINGHUA, BEIJING, port=40002)]
    assert failed(case.audit(frames, SITES)) == set()
    assert failed(case.audit([*checked(CANADA, BEIJING), *checked(TSINGHUA, BEIJING, b"a:b", 40002)], SITES)) == {
        BEIJING
    }


def test_a_check_that_nobody_answered_does_not_open_what_is_proven(case: Case) -> None:
    nobody = udp(CANADA, 40000, "10.0.0.9", 50000, stun(0x0001, attribute(0x0006, b"rem0:loc0")))
    report = case.audit([*checked(CANADA, BEIJING), nobody], SITES)
    assert failed(report) == {BEIJING}


def test_candidates_of_one_session_are_one_session(case: Case) -> None:
    frames = [*checked(CANADA, VIRGINIA), *checked(CANADA, SECOND), *checked(STATES, VIRGINIA, b"x:y")]
    case.audit(frames, SITES)
    table = pipeline.flows(case.folder / "a.pcap")
    assert sorted(table["session"]) == ["ice:loc0:rem0", "ice:loc0:rem0", "ice:x:y"]


def judged(folder: Path, frames: Sequence[bytes]) -> pipeline.Audit:
    (folder / "a.pcap").write_bytes(pcap(frames))
    (folder / "rule.yaml").write_text(ENCRYPTED)
    return pipeline.audit(folder / "a.pcap", rules=[folder / "rule.yaml"], workers=1)


def test_media_that_dtls_has_keyed_pass(tmp_path: Path) -> None:
    found = judged(tmp_path, [*handshake(CANADA, VIRGINIA), *checked(CANADA, VIRGINIA)])
    assert found.verdict == "pass"
    assert list(found.flows["encrypted"]) == ["yes"]


def test_media_whose_keys_nobody_saw_stay_open(tmp_path: Path) -> None:
    found = judged(tmp_path, checked(CANADA, VIRGINIA))
    assert found.verdict == "open"
    assert any("set up" in settle.text for finding in found.report.findings for settle in finding.settles)


def test_a_call_in_clear_fails_and_says_so(tmp_path: Path) -> None:
    offer = sip("INVITE sip:b@example.com SIP/2.0", "one", CANADA, sdp(CANADA, 40000))
    answer = sip("SIP/2.0 200 OK", "one", CANADA, sdp(VIRGINIA, 3480))
    frames = [
        udp(CANADA, 5060, VIRGINIA, 5060, offer),
        udp(VIRGINIA, 5060, CANADA, 5060, answer),
        *rtp(CANADA, 40000, VIRGINIA, 3480),
        *rtp(VIRGINIA, 3480, CANADA, 40000, ssrc=77),
    ]
    found = judged(tmp_path, frames)
    assert found.verdict == "fail"
    assert set(found.flows["encrypted"]) == {"no"}
    details = {entry.detail for finding in found.report.findings for entry in finding.evidence}
    assert all("in clear" in detail for detail in details)
    assert {finding.plane for finding in found.report.findings} == {"media", "signalling"}
