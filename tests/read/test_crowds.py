"""Of too many calls some are followed: the same ones in any order and any split, and the report says so."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import pipeline
from auditor.read import crowds
from auditor.read.facts.model import ALIAS, Dialog, Fact, Hop, Media
from auditor.read.said import Said
from auditor.report import RENDERERS
from tests.read.test_said import facts
from tools.signalling import write


@st.composite
def calls(draw: st.DrawFn) -> list[Fact]:
    """Draw what is said of some calls, among other facts."""
    found = draw(facts())
    seen = (1, 10, 20, 30, 1, 100)
    for number in range(draw(st.integers(0, 40))):
        flow = (1, 5060, 2 + number % 3, 5060, 17)
        name = f"{draw(st.integers(0, 20))}@example"
        found.append(Dialog(*seen, flow, name, draw(st.booleans()), True))
        found.append(Media(*seen, flow, name, 5, 6000 + number, "media", "audio"))
        found.append(Hop(*seen, flow, name, "via", f"host{number}", -1, 0, True))
    return found


def bounded(said: list[Fact], room: int) -> Said:
    found = Said.of(said)
    found.room = room
    crowds.check(found)
    return found


@settings(max_examples=60, deadline=None)
@given(calls(), st.integers(1, 60), st.lists(st.integers(0, 60), max_size=3), st.randoms())
def test_the_same_calls_are_followed_in_any_order_and_split(
    said: list[Fact], room: int, cuts: list[int], mixed: random.Random
) -> None:
    whole = bounded(said, room)
    crowds.check(whole, last=True)
    other = list(said)
    mixed.shuffle(other)
    parts = Said()
    parts.room = room
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(other)], strict=True):
        parts.join(bounded(other[begin:end], room))
    crowds.check(parts, last=True)
    assert parts.level == whole.level
    assert list(map(repr, parts.facts())) == list(map(repr, whole.facts()))
    named = [fact.call_id for fact in whole.facts() if isinstance(fact, crowds.OF_CALLS)]
    assert sum(name != crowds.NOBODY and not name.startswith(ALIAS) for name in named) <= room
    sent = sum(fact.packets for fact in said if isinstance(fact, Dialog))
    assert sum(fact.packets for fact in whole.facts() if isinstance(fact, Dialog)) == sent


def test_nothing_is_left_out_where_there_is_room() -> None:
    said = [Dialog(1, 10, 20, 30, 1, 100, (1, 5060, 2, 5060, 17), f"{number}", True, True) for number in range(50)]
    found = bounded(said, 50)
    crowds.check(found, last=True)
    assert (found.level, len(found.facts())) == (0, 50)


def test_calls_that_are_not_followed_are_told_and_their_packets_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "a.pcap").open("wb") as out:
        write(out, 30, unanswered=170)
    everything = pipeline.audit(tmp_path / "a.pcap", workers=1)
    monkeypatch.setattr(crowds, "ROWS", 300)
    found = pipeline.audit(tmp_path / "a.pcap", workers=1)
    assert not everything.report.coverage.limits
    (limit,) = found.report.coverage.limits
    assert "so one in" in limit
    assert str(found.report.verdict) != "pass"
    assert found.report.coverage.packets == everything.report.coverage.packets
    sessions = found.flows["session"].dropna()
    assert 0 < sessions.nunique() < everything.flows["session"].dropna().nunique()
    assert set(sessions) <= set(everything.flows["session"].dropna())
    seen, all_seen = (each.flows[each.flows["basis"] == "observed"] for each in (found, everything))
    assert seen["src_packets"].sum() + seen["dst_packets"].sum() == 30 * 14 + 170
    assert seen["session"].isna().sum() > all_seen["session"].isna().sum() == 0


def test_captures_that_are_split_follow_the_same_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.pcap").open("wb") as out:
        write(out, 10, unanswered=190)
    data = (tmp_path / "a.pcap").read_bytes()
    at, places = 24, [24]
    while at < len(data):
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        places.append(at)
    middle = places[len(places) // 3]
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "1.pcap").write_bytes(data[:middle])
    (tmp_path / "parts" / "2.pcap").write_bytes(data[:24] + data[middle:])
    monkeypatch.setattr(crowds, "ROWS", 200)
    one, two = (pipeline.audit(tmp_path / name, workers=1) for name in ("a.pcap", "parts"))
    found = [[(f.id, f.sessions, f.first_sessions[1:], f.packets) for f in each.report.findings] for each in (one, two)]
    assert found[0] == found[1]
    assert one.report.coverage.limits == two.report.coverage.limits != ()
    assert RENDERERS["json"](one.report)
