"""The list of sessions is what the report counts: for every sample, and for traffic made by chance."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import auditor
from auditor import judge, pipeline
from auditor.digest import folded_into
from auditor.evidence import case as cases
from auditor.evidence import listing
from auditor.evidence.sessions import COLUMNS, LISTS, flat, table
from auditor.model.errors import InputError
from auditor.model.rule import Rule
from tests import strategies
from tests.builders import Row, client, flow, frame, inputs, server
from tests.builders import rule as plain
from tools import samples

SAMPLES = {name: (capture, inventory) for name, capture, inventory in samples.samples()}


def opened(name: str) -> cases.Case:
    capture, inventory = SAMPLES[name]
    return cases.opened(capture, inventory=inventory, workers=1)


def case_of(rows: pl.DataFrame, *rules: Rule) -> cases.Case:
    """A case of flows that no capture holds."""
    digest = judge.fold(rows, judge.edges(rules))
    located = pipeline.Located(rows, tuple(inputs()), ())
    ruleset = type("Set", (), {"rules": rules})()
    return cases.Case(judge.conclude(digest, rules, inputs=inputs()), located, None, digest, ruleset)  # type: ignore[arg-type]


def consistent(case: cases.Case) -> None:
    whole = table(case)
    assert whole.columns == list(COLUMNS)
    for finding in case.report.findings:
        rows = table(case, [finding.id])
        assert len(rows) == finding.sessions
        assert rows["finding_packets"].sum() == finding.packets
        assert rows["finding_bytes"].sum() == finding.bytes
        assert all(finding.id in found for found in rows["findings"])
        assert sum(finding.id in found for found in whole["findings"]) == finding.sessions
        sides = {address for name in ("participants", "places") for found in rows[name] for address in found}
        assert set(finding.endpoints) <= sides


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_as_many_rows_as_the_report_counts(name: str) -> None:
    case = opened(name)
    consistent(case)
    assert case.report == auditor.audit(SAMPLES[name][0], inventory=SAMPLES[name][1], workers=1).report


@settings(max_examples=40, deadline=None)
@given(
    st.lists(strategies.flows(sessions=("s1", "s2", None)), min_size=1, max_size=12),
    st.lists(strategies.rules(), min_size=1, max_size=3),
)
def test_whatever_the_traffic(rows: list[Row], rules: list[Rule]) -> None:
    consistent(case_of(frame(rows), *rules))


def test_rows_of_the_digest_are_those_of_the_fold() -> None:
    rows = frame([flow(**client("198.51.100.1"), **server("192.0.2.1")), flow(status="malformed"), flow(session="a")])
    digest = judge.fold(rows, ())
    found = folded_into(rows, digest.situations)
    assert found["index"].to_list() == [0, 2]
    assert digest.situations[found["row"]]["session"].to_list() == [None, "a"]


def test_a_call_in_two_inputs_is_one_session() -> None:
    ends = {**client("198.51.100.1", proven="US"), **server("192.0.2.1", proven="CN")}
    rows = frame([flow(session="call", source=i, plane="media", **ends) for i in (0, 1)])
    case = case_of(rows, plain())
    found = table(case)
    assert found.select("session", "flows", "packets", "input").rows() == [("call", 2, 2, "a.pcap")]
    assert found["place_countries"].to_list() == [["CN"]]
    assert found["participant_countries"].to_list() == [["US"]]
    assert found["findings"].to_list() == [[case.report.findings[0].id]]


def test_what_only_may_take_part_is_said_so() -> None:
    who = {"src_addr": "198.51.100.1", "src_role": "unknown", "src_proven": "US"}
    rows = frame([flow(**who, **server("192.0.2.1", proven="CN"))])
    found = table(case_of(rows, plain()))
    assert found["participants"].to_list() == [["198.51.100.1"]]
    assert found["participants_certain"].to_list() == [[False]]
    assert "198.51.100.1" in found["places"][0]
    assert "not certain to take part" in listing.render(found, ())


def test_the_beginning_of_an_identifier_is_enough() -> None:
    case = opened("overseas-call-spilled")
    whole = case.report.findings[0].id
    assert case.finding(whole[:3].upper()).id == whole
    for wrong in ("", "zz", "0123456789abcdef"):
        with pytest.raises(InputError, match="auditor audit"):
            case.finding(wrong)
    with pytest.raises(InputError, match=f"did you mean {whole}"):
        case.finding(whole[:-1] + "0" if whole[-1] != "0" else whole[:-1] + "1")
    with pytest.raises(InputError, match="none under these rules"):
        opened("clean-overseas-call").finding("a")


def test_hostile_names_stay_text() -> None:
    rows = frame(
        [flow(session="=HYPERLINK(\x1b[31m)\n", service="+cmd", **client("198.51.100.1"), **server("192.0.2.1"))]
    )
    found = table(case_of(rows, plain()))
    assert found["session"][0].startswith("'=HYPERLINK")
    assert flat(found)["services"][0] == "'+cmd"
    text = listing.render(found, ())
    assert "\x1b" not in text
    assert "'=HYPERLINK" in text.splitlines()[2]


def test_lists_that_belong_together_are_of_equal_length() -> None:
    found = table(opened("overseas-call-spilled"))
    for prefix in ("participant", "place"):
        names = [name for name in LISTS if name.startswith(prefix)]
        for row in found.select(names).iter_rows():
            assert len({len(each) for each in row}) == 1


def test_from_python() -> None:
    capture, inventory = SAMPLES["zoom-2020-incident"]
    found = auditor.sessions(capture, inventory=inventory, finding="bcde")
    assert list(found["record"]) == [27, 148]
    assert str(found["start"].dtype) == "datetime64[ns, UTC]"
    assert len(auditor.sessions(Path(capture), inventory=inventory)) == 12


def test_meetings_that_are_inferred_are_listed_as_such() -> None:
    ends = {**client("198.51.100.1"), **server("192.0.2.1")}
    rows = frame([flow(meeting="zoom~b~1 zoom~a~1", **ends), flow(record=2, session="call", **ends)])
    found = table(case_of(rows, plain()))
    assert found.sort("record")["meetings"].to_list() == [["zoom~a~1", "zoom~b~1"], []]
    assert "zoom~a~1 (inferred from client, service and time)" in listing.render(found, ())
