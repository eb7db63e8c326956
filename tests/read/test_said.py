"""Facts in columns come back as they were, and fold as objects do."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.facts.model import ALIAS, Fact, Hop, Media, Name, fold
from auditor.read.said import LAYOUTS, Said

ADDRESSES = st.sampled_from([-1, 0, 1, 0xFFFF << 32 | 0xC0000201, 1 << 127, (1 << 128) - 1])
PORTS = st.sampled_from([0, 1, 5060, 65535])
TEXTS = st.sampled_from(["", "a", "b", f"{ALIAS}x", "media", "via"])


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Draw facts of every kind, with ties and repeats."""
    found: list[Fact] = []
    for kind in draw(st.lists(st.sampled_from(sorted(LAYOUTS, key=lambda kind: kind.__name__)), max_size=30)):
        values: list[object] = []
        for name in LAYOUTS[kind].names:
            if name == "flow":
                end = ADDRESSES.filter(lambda address: address >= 0)
                values.append((draw(end), draw(PORTS), draw(end), draw(PORTS), draw(st.sampled_from([1, 6, 17]))))
            elif name == "address":
                values.append(draw(ADDRESSES) if kind is Hop else draw(ADDRESSES.filter(lambda address: address >= 0)))
            elif name in LAYOUTS[kind].texts:
                values.append(draw(TEXTS))
            else:
                values.append(draw(st.booleans() if LAYOUTS[kind].small[name][1] == 1 else PORTS))
        tally = [draw(st.integers(1, 9)), draw(st.integers(-5, 5)), draw(st.integers(6, 9)), draw(st.integers(0, 3)), 7]
        found.append(kind(draw(st.integers(0, 3)), *tally, *values))
    return found


def folded(said: list[Fact]) -> list[str]:
    known: dict[Fact, Fact] = {}
    fold(known, said)
    return sorted(map(repr, known.values()))


@settings(max_examples=100, deadline=None)
@given(facts(), st.integers(0, 30), st.randoms())
def test_columns_hold_what_was_said_in_any_order_and_split(said: list[Fact], cut: int, mixed: random.Random) -> None:
    whole = Said.of(said)
    assert sorted(map(repr, whole.facts())) == folded(said)
    other = list(said)
    mixed.shuffle(other)
    parts = Said.of(other[:cut])
    parts.join(Said.of(other[cut:]))
    assert parts.facts() == whole.facts()
    assert list(map(repr, parts.facts())) == list(map(repr, whole.facts()))


def test_fields_are_columns() -> None:
    seen = (3, 10, 20, 30, 1, 100)
    flow = (0xFFFF << 32 | 1, 40000, 2, 443, 6)
    said = Said.of([
        Media(*seen, flow, "call", 1 << 64 | 5, 6000, "media", "audio", "RTP/AVP"),
        Hop(*seen, flow, "call", "via", "example.com", -1, 5060, True),
        Name(*seen, 7, "a.example"),
    ])  # fmt: skip
    media, hop = said.of_kind(Media), said.of_kind(Hop)
    assert media.address[0].tolist() == [1]
    assert media.address[1].tolist() == [5]
    assert [media.texts[number] for number in media["profile"].tolist()] == ["RTP/AVP"]
    assert media.says("kind", "media", "rtcp").all()
    assert not media.says("media", "video", "no such text").any()
    assert hop["request"].tolist() == [True]
    assert hop.nowhere.tolist() == [True]
    assert hop["vantage"].tolist() == [3]
    assert hop["first_ns"].tolist() == [20]
    assert list(said.without(Media).kinds()) == [Hop, Name]
    said.renumber(5)
    assert {fact.witness for fact in said.facts()} == {15}
