"""Small random flows and rules: few names, so that everything meets everything."""

from typing import Any

from hypothesis import strategies as st

from auditor.model import countries
from auditor.model.rule import Names, Population, Rule
from tests.brute import HERE
from tests.builders import Row, end, flow, rule

CLIENTS, PLACES, ODD = ("8.8.0.1", "8.8.0.2", "10.0.0.3"), ("9.9.0.1", "9.9.0.2", "10.9.0.3"), ("7.7.0.1", "10.7.0.2")
NAMED = HERE[:4]

sets = st.sets(st.sampled_from(NAMED), min_size=1, max_size=3).map(countries.of)
claims = st.one_of(st.just(""), sets, sets)
proofs = st.one_of(
    st.just("*"), st.just("*"), sets, sets.map(lambda value: countries.text(countries.WORLD & ~countries.bits(value)))
)


@st.composite
def ends(draw: Any, side: str, odd: bool) -> Row:
    role = draw(st.sampled_from(["client"] * 3 + ["server", "relay", "hop"] + ["unknown"] * odd))
    addr = draw(st.sampled_from(CLIENTS if role == "client" else ODD if role == "unknown" else PLACES))
    labelled = addr in (CLIENTS[2], PLACES[0])  # a label belongs to an address
    return end(
        side, addr, role, draw(claims), draw(proofs),
        label=draw(st.sampled_from(["", "acme"])) if labelled else "",
        operator=draw(st.sampled_from(["", "Acme", "Apex"])),
        site=draw(st.sampled_from(["", "", "north"])),
    )  # fmt: skip


@st.composite
def flows(draw: Any, sessions: tuple[str | None, ...] = ("s1", "s2"), odd: bool = True) -> Row:
    first = draw(st.sampled_from([0, 10, 20, 30]))
    src = draw(ends("src", odd))
    dst = draw(ends("dst", odd).filter(lambda other: other["dst_addr"] != src["src_addr"]))  # nobody calls themselves
    return flow(
        source=draw(st.integers(0, 2)),
        record=draw(st.integers(1, 10**9)),
        status=draw(st.sampled_from(["ok"] * 9 + ["truncated", "no_address"])),
        basis=draw(st.sampled_from(["observed"] * 5 + ["offered", "attested"])),
        outcome=draw(st.sampled_from([""] * 5 + ["unanswered", "rejected"])),
        encrypted=draw(st.sampled_from(["", "yes", "no"])),
        session=draw(st.sampled_from(sessions)),
        vantage=draw(st.sampled_from(["", "", "office"])),
        app=draw(st.sampled_from(["rtp", "sip", "stun", ""])),
        plane=draw(st.sampled_from(["media", "media", "keys", "unknown", "media+signalling"])),
        service=draw(st.sampled_from(["", "zoom", "teams"])),
        opened=draw(st.sampled_from(["", "handshake"])),
        first_ns=first,
        last_ns=first + draw(st.sampled_from([0, 15])),
        src_packets=draw(st.integers(1, 9)),
        dst_packets=draw(st.integers(0, 9)),
        src_bytes=draw(st.integers(1, 999)),
        **src,
        **dst,
    )


@st.composite
def names(draw: Any, *words: str) -> Names:
    return Names(frozenset(draw(st.sets(st.sampled_from(words), min_size=1))), draw(st.booleans()))


@st.composite
def rules(draw: Any) -> Rule:
    """A rule of any kind; populations of one label share its countries, as those of a pack would."""
    labelled = draw(st.booleans())
    people = Population("some", "CN" if labelled else draw(sets), frozenset({"acme"} if labelled else ()))
    seldom = st.sampled_from([None, None, None, True])
    return rule(
        draw(st.uuids()).hex,
        quantifier=draw(st.sampled_from(["all", "any", "mixed", "none", ""])),
        population=people,
        roster=draw(st.sampled_from(["as-observed"] * 4 + ["complete"])),
        planes=draw(st.sampled_from([None, frozenset({"media"}), frozenset({"media", "keys"})])),
        recognised=draw(seldom) is True,
        services=draw(seldom) and draw(names("zoom", "teams")),
        directions=draw(st.sampled_from([None, None, frozenset({"to"}), frozenset({"from"})])),
        verb=draw(st.sampled_from(["must_stay_in", "must_not_touch", "must_be_encrypted"])),
        countries=draw(sets),
        operators=draw(seldom) and draw(names("Acme", "Apex")),
        asserted=draw(seldom) and draw(names("zoom", "teams")),
        sites=draw(seldom) and draw(names("north")),
        roles=draw(
            st.sampled_from([frozenset({"server", "relay"}), frozenset({"relay"}), frozenset({"client", "server"})])
        ),
        since_ns=draw(st.sampled_from([None, None, 10, 20])),
        until_ns=draw(st.sampled_from([None, None, 30])),
        proof=draw(st.sampled_from([False] * 3 + [True])),
    )
