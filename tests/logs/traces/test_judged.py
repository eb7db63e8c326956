"""What rules make of traces: hops count where a rule asks for them, and what did not answer is no all-clear."""

import json
from pathlib import Path

import pytest

from auditor.model.report import Report
from tests import builders
from tests.logs.traces.read import flows, judged, read

US, OTHER, CN, HERE = "128.32.10.20", "151.101.0.1", "202.96.209.5", "127.0.0.1"
"""Addresses of an American university, of a network in the United States, and of one in China, as databases say."""


def atlas(hops: list[str], source: str = US, target: str = OTHER, reached: bool = True) -> str:
    """A trace over addresses; `*` did not answer."""
    listed = [*hops, target] if reached else hops
    result = [
        {"hop": at, "result": [{"x": "*"}] if addr == "*" else [{"from": addr, "rtt": 1.5, "ttl": 60, "size": 28}] * 3}
        for at, addr in enumerate(listed, 1)
    ]
    head = {
        "type": "traceroute",
        "msm_id": 7,
        "prb_id": 9,
        "fw": 5080,
        "af": 4,
        "proto": "UDP",
        "timestamp": 1_700_000_000,
    }
    return json.dumps({**head, "src_addr": source, "from": source, "dst_addr": target, "result": result})


def rule(*roles: str, people: str = "all"):  # type: ignore[no-untyped-def]
    return builders.rule(roles=frozenset(roles), quantifier=people)


def strength(report: Report) -> set[tuple[str, str]]:
    return {(finding.verdict, finding.strength) for finding in report.findings}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(f"sites:\n  - {{name: server, networks: [{OTHER}/32], country: US, role: server}}\n")
    return path


def test_a_hop_counts_only_for_rules_that_ask_for_hops(tmp_path: Path, inventory: Path) -> None:
    rows = read(tmp_path, atlas(["128.32.0.1", CN]))
    failed = judged(rows, rule("hop"), inventory=inventory)
    assert builders.counts(failed)["fail"] == 1
    assert failed.verdict == "fail"
    assert {finding.proven for finding in failed.findings if finding.verdict == "fail"} == {False}
    passed = judged(rows, rule("server", "relay"), inventory=inventory)
    assert "fail" not in builders.counts(passed)
    assert "open" not in builders.counts(passed)


def test_a_path_without_the_forbidden_country_passes(tmp_path: Path, inventory: Path) -> None:
    found = builders.counts(judged(read(tmp_path, atlas(["128.32.0.1"])), rule("hop"), inventory=inventory))
    assert "fail" not in found
    assert "open" not in found
    assert found["pass"] >= 1


@pytest.mark.parametrize("hops", [["128.32.0.1", "*", "128.32.0.2"], ["*"], ["128.32.0.1", "10.0.0.1"]])
def test_what_did_not_answer_and_private_hops_abroad_are_no_all_clear(
    hops: list[str], tmp_path: Path, inventory: Path
) -> None:
    report = judged(read(tmp_path, atlas(hops)), rule("hop"), inventory=inventory)
    assert builders.counts(report).get("open") == 1
    assert "fail" not in builders.counts(report)
    settles = {each.text for finding in report.findings for each in finding.settles}
    assert any("A log that tells the address of @" in each for each in settles)


def test_a_silent_hop_says_nothing_to_rules_on_servers(tmp_path: Path, inventory: Path) -> None:
    found = builders.counts(judged(read(tmp_path, atlas(["*"])), rule("server"), inventory=inventory))
    assert "open" not in found


def test_the_destination_may_take_part(tmp_path: Path) -> None:
    """A trace towards somebody in China leads through China: it shows nothing of calls without anybody there."""
    report = judged(read(tmp_path, atlas([CN], target="202.96.209.133")), rule("hop"))
    assert "fail" not in builders.counts(report)
    assert report.verdict == "open"


def test_an_unanswered_trace_still_shows_its_hops(tmp_path: Path, inventory: Path) -> None:
    report = judged(read(tmp_path, atlas([CN, "*"], reached=False)), rule("hop"), inventory=inventory)
    assert builders.counts(report)["fail"] == 1


def test_the_machine_is_where_its_vantage_is(tmp_path: Path, inventory: Path) -> None:
    text = f"traceroute to {OTHER} ({OTHER}), 30 hops max, 60 byte packets\n 1  10.1.1.1  1 ms\n 2  {CN}  9 ms\n"
    rows = read(tmp_path, f"{text} 3  {OTHER}  12 ms\n")
    assert set(rows["src_addr"]) == {HERE}
    assert builders.counts(judged(rows, rule("hop"), inventory=inventory)).get("fail") is None
    inventory.write_text(inventory.read_text() + "vantage: {name: office, country: US}\n")
    failed = judged(rows, rule("hop"), inventory=inventory, vantage="office")
    assert builders.counts(failed)["fail"] == 1


def test_traces_between_the_same_ends_are_one_session(tmp_path: Path) -> None:
    rows = read(tmp_path, "\n".join([atlas([CN]), atlas(["128.32.0.1"]), atlas([CN])]))
    assert rows["session"].n_unique() == 1
    assert rows["records"].sum() == 3
    apart = read(tmp_path, "\n".join([atlas([CN]), atlas([CN], target="151.101.0.9")]))
    assert apart["session"].n_unique() == 2


def test_no_hop_is_a_participant_or_proven_by_what_operators_publish(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yaml"
    inventory.write_text(f"clients:\n  - {{networks: [{CN}/32], population: mainland, country: CN}}\n")
    aws = "52.81.151.250"  # in a range that its operator publishes as one of a region in China
    rows = flows(read(tmp_path, atlas([CN, aws])))
    from auditor.enrich.places import open_places

    located = {row["dst_addr"]: row for row in open_places(inventory)(rows).iter_rows(named=True)}
    assert (located[CN]["dst_role"], located[CN]["dst_label"], located[CN]["dst_proven"]) == ("hop", "", "CN")
    assert (located[aws]["dst_claimed"], located[aws]["dst_proven"]) == ("CN", "*")
