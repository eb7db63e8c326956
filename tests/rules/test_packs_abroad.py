"""Shipped packs on transfers, countries of concern, proscribed countries and authorised sites, from captures."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

import auditor
from auditor import rules
from auditor.model import countries
from auditor.model.report import Report
from tests.captures import ACK, PSH, SYN, pcap, tcp

CLIENT, SERVER = "198.51.100.7", "203.0.113.10"
RULES = {rule.id: rule for rule in rules.load(rules.shipped()).rules}


def exchange() -> list[bytes]:
    """A connection that carries a few bytes each way."""
    asked, told = b"\x00\x01row" * 20, b"\x00\x02done" * 20
    return [
        tcp(CLIENT, 40000, SERVER, 5433, SYN, seq=0, ack=0),
        tcp(SERVER, 5433, CLIENT, 40000, SYN | ACK, seq=0, ack=1),
        tcp(CLIENT, 40000, SERVER, 5433, PSH | ACK, asked),
        tcp(SERVER, 5433, CLIENT, 40000, PSH | ACK, told, ack=1 + len(asked)),
    ]


def audited(folder: Path, packs: str, moment: str, person: str, place: str, selections: str = "") -> Report:
    """Audit a capture that begins at a moment (ISO 8601, UTC); who and where is told by lines of an inventory."""
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    (folder / "a.pcap").write_bytes(pcap(exchange(), start))
    lines = f"""\
sites:
  - {{name: there, networks: [{SERVER}/32], role: server, {place}}}
clients:
  - {{networks: [{CLIENT}/32], {person}}}
"""
    (folder / "inventory.yaml").write_text(lines, encoding="utf-8")
    chosen = None
    if selections:
        chosen = folder / "selections.yaml"
        chosen.write_text(selections, encoding="utf-8")
    files = {"inventory": folder / "inventory.yaml", "selections": chosen}
    return auditor.audit(folder / "a.pcap", rules=packs.split(), workers=1, **files).report


def said(report: Report) -> Mapping[str, str]:
    """Say of every rule that has something to say the worst that it says."""
    words = {}
    for rule, judged in report.coverage.judged:
        counts = {"fail": judged.failed, "open": judged.open, "pass": judged.passed}
        words[rule] = next((word for word, count in counts.items() if count), "")
    return {rule: word for rule, word in words.items() if word}


ADEQUACY, PARTIAL = "eu-transfers-rest-on-adequacy", "eu-recipients-are-covered-by-the-decision"


@pytest.mark.parametrize(
    ("moment", "place", "adequacy", "partial"),
    [
        ("2026-01-26T12:00:00", "BR", "open", "pass"),
        ("2026-01-26T23:59:59.9", "BR", "open", "pass"),
        ("2026-01-28T12:00:00", "BR", "pass", "pass"),
        ("2026-01-28T12:00:00", "IN", "open", "pass"),
        ("2020-07-15T12:00:00", "US", "pass", "open"),
        ("2020-07-16T12:00:00", "US", "open", "pass"),
        ("2023-07-10T12:00:00", "US", "pass", "open"),
        ("2020-01-31T12:00:00", "GB", "pass", "pass"),
        ("2020-12-31T12:00:00", "GB", "pass", "pass"),
        ("2021-06-27T12:00:00", "GB", "pass", "pass"),
        ("2026-01-26T12:00:00", "GB", "pass", "pass"),
        ("2026-01-26T12:00:00", "IS", "pass", "pass"),
        ("2026-01-26T12:00:00", "CH", "pass", "pass"),
    ],
)
def test_transfers_are_judged_by_the_decisions_of_their_day(
    tmp_path: Path, moment: str, place: str, adequacy: str, partial: str
) -> None:
    report = audited(tmp_path, "eu-gdpr-chapter-v", moment, "country: PT", f"country: {place}, planes: [recording]")
    assert said(report) == {ADEQUACY: adequacy, PARTIAL: partial, "eu-onward-transfers-have-a-ground": "open"}
    asked = [settle for finding in report.findings for settle in finding.settles]
    assert {settle.fact for settle in asked} == {"evidence"}


def test_what_no_decision_covers_names_the_grounds_that_would(tmp_path: Path) -> None:
    report = audited(tmp_path, "eu-gdpr-chapter-v", "2026-01-26T12:00:00", "country: PT", "country: BR")
    (finding,) = (finding for finding in report.findings if finding.rule == ADEQUACY)
    assert "Article 46 or 47" in finding.settles[0].text


@pytest.mark.parametrize(
    ("moment", "place", "where", "who"),
    [
        ("2025-04-07T12:00:00", "country: CN, operator: Alibaba Cloud", "", ""),
        ("2025-04-08T12:00:00", "country: CN, operator: Alibaba Cloud", "fail", "fail"),
        ("2026-01-01T12:00:00", "country: HK, operator: Google Cloud", "fail", "pass"),
        ("2026-01-01T12:00:00", "country: US, operator: Alibaba Cloud", "pass", "fail"),
        ("2026-01-01T12:00:00", "country: TW, operator: Chunghwa Telecom", "pass", "open"),
        ("2026-01-01T12:00:00", "country: US, operator: Amazon Web Services", "pass", "pass"),
    ],
)
def test_place_and_operator_of_concern_are_two_questions(
    tmp_path: Path, moment: str, place: str, where: str, who: str
) -> None:
    told = audited(tmp_path, "us-dsp-28cfr202", moment, "country: US", f"{place}, planes: [telemetry]")
    words = said(told)
    assert words.get("dsp-no-place-in-country-of-concern", "") == where
    assert words.get("dsp-no-operator-of-concern", "") == who
    assert ("dsp-bulk-thresholds" in words) == bool(where)


def test_media_is_no_sensitive_personal_data(tmp_path: Path) -> None:
    place = "country: CN, operator: Alibaba Cloud, planes: [media]"
    assert said(audited(tmp_path, "us-dsp-28cfr202", "2026-01-01T12:00:00", "country: US", place)) == {}


@pytest.mark.parametrize(
    ("moment", "person", "place", "word"),
    [
        ("2020-07-13T12:00:00", "population: itar", "HK", "pass"),
        ("2020-07-14T12:00:00", "population: itar", "HK", "fail"),
        ("2021-12-08T12:00:00", "population: itar", "KH", "pass"),
        ("2021-12-09T12:00:00", "population: itar", "KH", "fail"),
        ("2020-03-24T12:00:00", "population: itar", "RU", ""),
        ("2020-03-25T12:00:00", "population: itar", "RU", "fail"),
        ("2020-03-25T12:00:00", "tenant: visitors", "RU", ""),
    ],
)
def test_technical_data_is_what_the_inventory_calls_so(
    tmp_path: Path, moment: str, person: str, place: str, word: str
) -> None:
    told = audited(tmp_path, "us-itar-120-54", moment, f"country: US, {person}", f"country: {place}")
    assert said(told).get("itar-not-stored-where-proscribed", "") == word
    assert said(told).get("itar-encrypted-end-to-end", "") == ("open" if word else "")


BOUNDARY = "regions: {boundary: {sites: [%s]}}\naccounts: [{account: agency, in: [boundary]}]\n"


@pytest.mark.parametrize(
    ("selections", "word"), [("", "open"), (BOUNDARY % "there", "pass"), (BOUNDARY % "elsewhere", "fail")]
)
def test_only_authorised_sites_serve_an_agency(tmp_path: Path, selections: str, word: str) -> None:
    person = "country: US, population: us-gov, tenant: agency"
    told = audited(tmp_path, "us-gov", "2026-01-01T12:00:00", person, "country: US", selections)
    words = said(told)
    assert words["gov-authorised-sites-only"] == word
    assert words["gov-stays-in-the-united-states"] == "pass"


def test_a_session_under_two_laws_is_a_conflict_where_no_paper_helps(tmp_path: Path) -> None:
    """Somebody in Russia who is a U.S. person: at home the one law is kept, abroad the other."""
    person, place = "country: RU, population: us-person", "country: IN, planes: [recording]"
    torn = audited(tmp_path, "ru-152fz us-dsp-28cfr202", "2026-06-01T12:00:00", person, place)
    assert [conflict.rules for conflict in torn.conflicts] == [
        ("not-collected-with-databases-abroad", "dsp-no-place-in-country-of-concern")
    ]
    before = audited(tmp_path, "ru-152fz us-dsp-28cfr202", "2025-06-30T12:00:00", person, place)
    assert before.conflicts == ()
    person = "country: DE, population: state-organ-data"
    papers = audited(tmp_path, "cn-pipl-csl eu-gdpr-chapter-v", "2026-06-01T12:00:00", person, place)
    assert {finding.rule for finding in papers.findings} >= {"state-organ-data-leaves-after-assessment", ADEQUACY}
    assert papers.conflicts == ()


def test_each_law_has_a_set_of_its_own() -> None:
    place = RULES["dsp-no-place-in-country-of-concern"].asserts.countries or ""
    assert set(countries.members(place)) == {"CN", "CU", "HK", "IR", "KP", "MO", "RU", "VE"}
    proscribed = set(countries.members(RULES["itar-not-stored-where-proscribed"].asserts.countries or ""))
    assert {"CN", "HK", "MO", "RU", "NI", "SY", "BY"} <= proscribed
    assert not {"TW", "US", "VN"} & proscribed


@pytest.mark.parametrize("pack", ["eu-gdpr-chapter-v"])
def test_what_papers_may_allow_never_fails(pack: str) -> None:
    placed = [rule for rule in RULES.values() if rule.pack == pack and rule.asserts.verb != "not_observable"]
    assert placed
    assert all(rule.asserts.excusable for rule in placed)
