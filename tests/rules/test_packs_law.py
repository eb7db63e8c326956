"""Shipped packs of laws and promises: what a day, a paper or a choice changes, by examples and from captures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import auditor
from auditor import rules
from auditor.judge import examples
from auditor.model.errors import InputError
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.rules import speaks
from tests.captures import ACK, PSH, SYN, pcap, tcp

PACKS = ("zoom-2020", "cn-pipl-csl", "ru-152fz", "in-rbi-payments")
RULES = {rule.id: rule for rule in rules.load(PACKS).rules}
CLIENT, HOME, ABROAD = "198.51.100.7", "203.0.113.10", "203.0.113.200"
SITES = {HOME: "home-db", ABROAD: "abroad-db"}


def inventory(person: str, home: str, plane: str) -> str:
    """Lines for one client and two databases, one at home and one in Germany."""
    places = [
        f"  - {{name: {name}, networks: [{addr}/32], country: {place}, role: server, planes: [{plane}]}}"
        for (addr, name), place in zip(SITES.items(), (home, "DE"), strict=True)
    ]
    return "\n".join(["sites:", *places, "clients:", f"  - {{networks: [{CLIENT}/32], {person}}}", ""])


def exchange(server: str) -> list[bytes]:
    """A connection that carries a few bytes each way."""
    asked, told = b"\x00\x01row" * 20, b"\x00\x02done" * 20
    return [
        tcp(CLIENT, 40000, server, 5433, SYN, seq=0, ack=0),
        tcp(server, 5433, CLIENT, 40000, SYN | ACK, seq=0, ack=1),
        tcp(CLIENT, 40000, server, 5433, PSH | ACK, asked),
        tcp(server, 5433, CLIENT, 40000, PSH | ACK, told, ack=1 + len(asked)),
    ]


def audited(
    folder: Path, pack: str, moment: str, servers: Sequence[str], lines: str, selections: str | None = None
) -> Report:
    """Audit a capture of exchanges that begin at a moment (ISO 8601, UTC)."""
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    (folder / "a.pcap").write_bytes(pcap([frame for server in servers for frame in exchange(server)], start))
    (folder / "inventory.yaml").write_text(lines, encoding="utf-8")
    chosen = None
    if selections is not None:
        chosen = folder / "selections.yaml"
        chosen.write_text(selections, encoding="utf-8")
    files = {"inventory": folder / "inventory.yaml", "selections": chosen}
    return auditor.audit(folder / "a.pcap", rules=[pack], workers=1, **files).report


def found(report: Report) -> set[tuple[str, str, str]]:
    return {(finding.rule, finding.verdict.value, finding.place.site) for finding in report.findings}


RUSSIAN = inventory("country: RU", "RU", "recording")
OLD, NEW = "collected-with-databases-in-russia", "not-collected-with-databases-abroad"


@pytest.mark.parametrize(
    ("moment", "servers", "verdict", "said"),
    [
        ("2025-06-30T12:00:00", [ABROAD], "open", {(OLD, "open", "abroad-db")}),
        ("2025-06-30T23:59:50", [HOME, ABROAD], "open", {(OLD, "open", "abroad-db")}),
        ("2025-06-30T12:00:00", [HOME], "pass", set()),
        ("2025-07-01T00:00:00", [ABROAD], "fail", {(NEW, "fail", "abroad-db")}),
        ("2025-07-01T12:00:00", [HOME, ABROAD], "fail", {(NEW, "fail", "abroad-db")}),
        ("2025-07-01T12:00:00", [HOME], "pass", set()),
    ],
)
def test_the_russian_law_is_judged_by_the_day_of_the_traffic(
    tmp_path: Path, moment: str, servers: list[str], verdict: str, said: set[tuple[str, str, str]]
) -> None:
    report = audited(tmp_path, "ru-152fz", moment, servers, RUSSIAN)
    assert (report.verdict.value, found(report)) == (verdict, said)
    assert all(finding.proven for finding in report.findings if finding.verdict.value == "fail")
    judged = {rule: entry for rule, entry in report.coverage.judged if rule in (OLD, NEW)}
    out = NEW if moment < "2025-07-01" else OLD
    assert judged[out].not_applicable == len(servers)


def test_what_the_old_russian_wording_leaves_open_says_what_would_allow_it(tmp_path: Path) -> None:
    (finding,) = audited(tmp_path, "ru-152fz", "2025-06-30T12:00:00", [ABROAD], RUSSIAN).findings
    (settle,) = finding.settles
    assert settle.fact == "evidence"
    assert "the use of a database in Russia with which the same data was recorded" in settle.text


PAYING = inventory("country: IN, population: payment-data", "IN", "recording")
UNSEEN = ("payment-records-are-complete", "open", "")


@pytest.mark.parametrize(
    ("moment", "servers", "lines", "said"),
    [
        ("2018-10-14T12:00:00", [ABROAD], PAYING, set()),
        ("2018-10-15T12:00:00", [ABROAD], PAYING, {("payment-data-stored-in-india", "fail", "abroad-db"), UNSEEN}),
        ("2018-10-15T12:00:00", [HOME], PAYING, {UNSEEN}),
        ("2019-06-25T12:00:00", [ABROAD], PAYING.replace("[recording]", "[other]"), set()),
        (
            "2019-06-26T12:00:00",
            [HOME, ABROAD],
            PAYING.replace("[recording]", "[other]"),
            {("payments-processed-abroad-come-home", "open", "abroad-db")},
        ),
        (
            "2020-01-01T00:00:00",
            [ABROAD],
            PAYING.replace("payment-data", "cross-border-payment-data"),
            {("cross-border-payments-stored-in-india", "open", "abroad-db")},
        ),
        ("2020-01-01T00:00:00", [ABROAD], PAYING.replace(", population: payment-data", ""), set()),
    ],
)
def test_indian_payments_are_told_by_the_inventory(
    tmp_path: Path, moment: str, servers: list[str], lines: str, said: set[tuple[str, str, str]]
) -> None:
    assert found(audited(tmp_path, "in-rbi-payments", moment, servers, lines)) == said


@pytest.mark.parametrize(
    ("moment", "label", "said"),
    [
        ("2017-05-31T12:00:00", "cii-data", set()),
        ("2017-06-01T12:00:00", "cii-data", {"cii-data-leaves-after-assessment"}),
        ("2021-10-31T12:00:00", "large-handler-data", set()),
        ("2021-11-01T12:00:00", "large-handler-data", {"large-handler-data-leaves-after-assessment"}),
        ("2021-11-01T12:00:00", "state-organ-data", {"state-organ-data-leaves-after-assessment"}),
        ("2021-08-31T12:00:00", "foreign-authority", set()),
        ("2021-09-01T12:00:00", "foreign-authority", {"foreign-authorities-get-data-with-approval"}),
        ("2024-03-21T12:00:00", "", {"personal-information-leaves-on-grounds-of-2021"}),
        ("2024-03-22T12:00:00", "", {"personal-information-leaves-on-grounds-of-2024"}),
    ],
)
def test_what_leaves_the_mainland_is_open_for_want_of_papers(
    tmp_path: Path, moment: str, label: str, said: set[str]
) -> None:
    """Telemetry goes to Germany; only by label is it somebody's of whom the law asks more."""
    person = f"country: US, population: {label}" if label else "country: CN"
    report = audited(tmp_path, "cn-pipl-csl", moment, [ABROAD], inventory(person, "CN", "telemetry"))
    assert {(finding.rule, finding.verdict.value) for finding in report.findings} == {(rule, "open") for rule in said}
    assert all(settle.fact == "evidence" for finding in report.findings for settle in finding.settles)


def test_mainland_users_alone_are_served_in_the_mainland(tmp_path: Path) -> None:
    lines = inventory("country: CN", "CN", "recording")
    abroad = audited(tmp_path, "cn-pipl-csl", "2020-01-01T00:00:00", [HOME, ABROAD], lines)
    assert found(abroad) == {("mainland-service-on-mainland-servers", "fail", "abroad-db")}
    at_home = audited(tmp_path, "cn-pipl-csl", "2025-01-01T00:00:00", [HOME], lines)
    assert (at_home.verdict.value, at_home.findings) == ("pass", ())


PLACED = [rule for rule in RULES.values() if rule.pack == "cn-pipl-csl" and rule.asserts.countries is not None]


@pytest.mark.parametrize("rule", PLACED, ids=lambda rule: rule.id)
@pytest.mark.parametrize("place", ["HK", "MO", "TW"])
def test_china_is_the_mainland_alone(rule: Rule, place: str) -> None:
    assert rule.asserts.countries == "CN"
    people = [{"country": "CN", "label": next(iter(rule.applies.population.labels))}] if rule.applies.population else []
    told: dict[str, Any] = {"participants": people, "touches": [{"country": place, "plane": "media"}]}
    assert examples.verdict(rule, told) in ("open", "fail")


CHOICES = """\
regions: {china: {countries: [CN]}}
default: {out: [china]}
accounts:
  - {account: globex, in: [DE], valid: {from: 2020-04-18}}
"""
OPTED_IN = CHOICES + "  - {account: acme, in: [china, DE], valid: {from: 2020-04-18}}\n"
ACCOUNTS = ("mainland-needs-opt-in", "accounts-stay-in-selection")


@pytest.mark.parametrize(
    ("moment", "choices", "server", "said"),
    [
        ("2020-04-17T12:00:00", CHOICES, HOME, set()),
        ("2020-04-18T12:00:00", CHOICES, HOME, {"accounts-stay-in-selection"}),
        ("2020-04-18T12:00:00", OPTED_IN, HOME, set()),
        ("2020-04-18T12:00:00", CHOICES, ABROAD, set()),
    ],
)
def test_meetings_stay_where_accounts_chose(
    tmp_path: Path, moment: str, choices: str, server: str, said: set[str]
) -> None:
    """A customer overseas is served from the mainland, or from Germany; who hosts the meeting, no packet says."""
    lines = inventory("country: FR, tenant: globex", "CN", "media")
    report = audited(tmp_path, "zoom-2020", moment, [server], lines, choices)
    failed = {finding.rule for finding in report.findings if finding.verdict.value == "fail"}
    overseas = {"overseas-media-avoids-mainland"} if server == HOME else set()
    assert failed == said | overseas
    assert "cross-border-avoids-mainland" not in {rule.id for rule in report.rules}


def test_without_selections_the_default_stands_in_and_the_report_says_so(tmp_path: Path) -> None:
    lines = inventory("country: FR, tenant: acme", "CN", "media")
    report = audited(tmp_path, "zoom-2020", "2020-05-01T12:00:00", [ABROAD], lines)
    assert report.verdict.value == "pass"
    ids = {rule.id for rule in report.rules}
    assert "cross-border-avoids-mainland" in ids
    assert not ids & set(ACCOUNTS)
    (note,) = (note for note in report.notes if note.startswith("Not judged"))
    assert all(rule in note for rule in ACCOUNTS)
    alone = str(rules.builtin() / "zoom-2020" / "accounts-stay-in-selection.yaml")
    with pytest.raises(InputError, match="add --selections FILE"):
        auditor.load_rules([alone])


def test_a_rule_that_papers_may_satisfy_never_fails_and_says_so() -> None:
    excusable = [rule for rule in RULES.values() if rule.asserts.excusable]
    assert len(excusable) == 9
    for rule in excusable:
        assert "fail" not in rule.examples
        assert speaks(rule).endswith("no traffic can show that, so the rule stays open there.")


@pytest.mark.parametrize("pack", PACKS[1:])
def test_a_pack_that_assumes_says_assumed(pack: str) -> None:
    text = (rules.builtin() / pack / "README.md").read_text(encoding="utf-8")
    assert "assumed" in text
    labelled = [rule for rule in RULES.values() if rule.pack == pack and rule.asserts.verb != "not_observable"]
    said = [
        rule for rule in labelled if "assumed" in rule.why.lower() or "inventory" in rule.why or "policy" in rule.why
    ]
    assert said == labelled
