"""What a digest becomes before it is judged: who takes part, and where everything may be."""

import re
from ipaddress import ip_network

import polars as pl

from auditor import judge
from auditor.enrich import special
from auditor.enrich.addresses import numbers
from auditor.judge.audience import NOBODY, Audience
from auditor.judge.held import Evidence, codes, enum
from auditor.judge.seal import LOCAL, Sealed, seal
from tests.builders import Row, client, end, flow, frame, server


def sealed(*rows: Row) -> Sealed:
    return seal(judge.fold(frame(rows)).situations)


def crowds(of: Sealed) -> list[list[tuple[str, bool, tuple[str, ...]]]]:
    """The audiences that occur, each as where its members may be, whether they are sure, and their labels."""
    found = sorted(of.ends["audience"].unique())
    kinds = [[of.members[m] for m in of.audiences[a].members] for a in found]
    return [[(m.possible, m.sure, m.labels) for m in kind] for kind in kinds]


def test_a_session_of_people_and_places() -> None:
    of = sealed(
        flow(session="a", **client("8.8.8.8", "US", label="acme"), **server("9.9.9.9", "US")),
        flow(session="a", **client("8.8.4.4", "CA"), **server("9.9.9.9", "US")),
        flow(session="b", **client("8.8.8.8", "CN"), **server("9.9.9.9", "CA")),
    )
    assert crowds(of) == [[("CA", True, ()), ("US", True, ("acme",))], [("CN", True, ())]]
    assert of.names == ("a", "b")
    assert set(of.ends.filter(role="server")["possible"]) == {"CA+US"}, "a place is known by all that is known of it"
    assert [audience.lone for audience in of.audiences] == [False, False, True]


def test_one_who_was_only_called_is_not_sure_to_take_part() -> None:
    seen = flow(session="a", **client("8.8.8.8", "US"), **server("9.9.9.9"))
    called = flow(session="a", outcome="unanswered", **client("8.8.4.4", "CN"), **server("9.9.9.9"))
    assert crowds(sealed(seen, called)) == [[("CN", False, ()), ("US", True, ())]]
    assert crowds(sealed(called)) == [[("CN", True, ())]], "a session of attempts alone is about those who made them"
    assert crowds(sealed(seen, called, {**called, "outcome": ""})) == [[("CN", True, ()), ("US", True, ())]]


def test_labels_of_sites_count_where_nobody_takes_part() -> None:
    site = server("3.3.3.3", side="src", label="acme")
    assert crowds(sealed(flow(**site, **server("9.9.9.9")))) == [[("*", True, ("acme",))]]
    assert crowds(sealed(flow(**site, **client("8.8.8.8", "US", side="dst")))) == [[("US", True, ())]]
    assert sealed(flow(**server("3.3.3.3", side="src"), **server("9.9.9.9"))).audiences == (NOBODY,)


def test_an_end_of_which_nothing_is_known_is_not_there() -> None:
    assert len(sealed(flow(**server("9.9.9.9"))).ends) == 1
    assert len(sealed(flow(**server("9.9.9.9"), **end("src", None, "unknown", "US"))).ends) == 2


def test_places_without_an_address_are_told_apart_by_what_is_known() -> None:
    rows = [flow(session="a", **server(None, country, site="s")) for country in ("US", "CN", "US")]  # type: ignore[arg-type]
    assert sorted(sealed(*rows).ends["possible"]) == ["CN", "US"]


def test_private_addresses_are_other_machines_at_other_vantages() -> None:
    for addr, places in (
        ("10.0.0.1", {"US", "CN"}),
        ("fd00::1", {"US", "CN"}),
        ("9.9.9.9", {"!"}),
        ("fdo.example", {"!"}),
    ):
        rows = [flow(vantage=at, **client("8.8.8.8"), **server(addr, proven=at)) for at in ("US", "CN")]
        assert set(sealed(*rows).ends.filter(role="server")["possible"]) == places


def test_evidence_is_put_together_once_and_in_any_order() -> None:
    rows = pl.DataFrame(
        {
            "label": ["", "a", "", "b"],
            "claimed": ["CN", "HK", "", "US"],
            "proven": ["*", "-CN", "*", "*"],
        }
    )
    evidence = Evidence(rows)
    group = pl.Series([7, 7, 3, 3]).to_numpy()
    evidence.combine(pl.Series([0, 1, 2, 3]).to_numpy(), group)
    assert [evidence.held[i] for i in evidence.rows.tolist()] == [
        (("a",), "HK", "-CN"), (("a",), "HK", "-CN"), (("b",), "US", "*"), (("b",), "US", "*"),
    ]  # fmt: skip


def test_codes_number_texts_in_order() -> None:
    values = pl.Series(["b", "a", None, "b", "\0"])
    distinct, number = codes(values)
    assert (distinct.to_list(), number.tolist()) == (["\0", "a", "b"], [2, 1, 0, 2, 0])
    assert enum(enum(values)[1])[1].to_list() == values.to_list()


def test_an_empty_digest() -> None:
    of = sealed()
    assert (len(of.ends), of.members, of.audiences) == (0, (), (NOBODY,))
    assert Audience(()) == NOBODY


def test_local_is_what_the_registry_calls_private() -> None:
    registry = special.registry()
    edges = [str(address) for text, *_ in special.REGISTRY for address in (ip_network(text)[0], ip_network(text)[-1])]
    known = [registry.values[code] for code in numbers(pl.Series(edges)).find(registry)]
    for edge, said in zip(edges, known, strict=True):
        assert bool(re.match(LOCAL, edge)) == said.startswith(special.PRIVATE), edge
