"""The capture of many calls: the same bytes every time, and every call is found whole, wherever messages are parted."""

import io
from pathlib import Path

import pytest

from auditor.read.facts.model import Dialog, Media
from auditor.read.scan import scan
from auditor.read.source import sources
from tools import signalling


@pytest.mark.parametrize("tcp", [0, 50, 100])
def test_every_call_is_found_whole(tcp: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signalling, "OPEN", 21)
    out = io.BytesIO()
    packets = signalling.write(out, 150, tcp)
    again = io.BytesIO()
    signalling.write(again, 150, tcp)
    assert out.getvalue() == again.getvalue()
    (tmp_path / "calls.pcap").write_bytes(out.getvalue())
    found = scan(sources([str(tmp_path / "calls.pcap")]), [0])
    assert found.inputs[0].packets == packets
    assert found.unfinished == []
    dialogs = [fact for fact in found.facts if isinstance(fact, Dialog)]
    assert len({fact.call_id for fact in dialogs}) == 150
    assert len(dialogs) == 4 * 150  # two legs, requests and answers
    media = [fact for fact in found.facts if isinstance(fact, Media)]
    assert len(media) == 4 * 150  # an offer and an answer on each leg
    assert {fact.profile for fact in media} == {"RTP/AVP"}
