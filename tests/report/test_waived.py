"""Waived findings stay visible and counted in every format, and so does what became of each waiver."""

import json
from dataclasses import replace

import pytest

from auditor.model.report import Report, Verdict
from auditor.report import overall, table, waived
from auditor.report.jsonv1 import render as render_json
from auditor.report.page.html import BRIEF, FULL, render
from auditor.report.text import MOST, render_text
from tests.report.page.test_html import Page

from . import samples

SAYS = (samples.WAIVER.reason, "Owner network operations; approved by A. Example on 2026-11-01; ticket NET-42")
FATES = (
    "Accepts 1 finding until 2026-12-01.",
    "Expired on 2026-11-15: 1 finding that it would accept counts again.",
    "Needless: another waiver accepts 1 finding, which is all that it would.",
    "Unused: no finding is as it says.",
    "Unused: no rule overseas-keys was asked.",
    "Not yet in force: it was approved on 2026-11-30.",
)
SUMMARY = (
    "7 waivers judged as of 2026-11-23 (UTC): 2 in force, 1 needless, 2 unused, 1 expired, 1 not yet in force. "
    "1 violation and 1 open question are waived."
)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("page", [lambda r: words(render_text(r, width=200)), lambda r: Page(render(r)).words])
def test_text_and_page_say_who_accepts_what_and_what_became_of_every_waiver(page: object) -> None:
    text = page(samples.WAIVED)  # type: ignore[operator]
    for said in (*SAYS, *FATES, SUMMARY, samples.ACCEPTED.id, samples.UNKNOWN_ACCEPTED.id, samples.WAIVER.speaks):
        assert said in text
    assert "1 open question; waived: 1 violation and 1 open question" in text.replace("1 Open", "1 open")
    assert "No violation was found beside those that are waived, but not everything could be decided" in text


@pytest.mark.parametrize("name", ["fail", "open", "pass", "empty"])
def test_without_waivers_nothing_is_said_of_them(name: str) -> None:
    report = samples.SAMPLES[name]
    assert "aive" not in render_text(report)
    assert "aive" not in Page(render(report)).words.partition("Words used here")[0]
    told = json.loads(render_json(report))
    assert (told["as_of"], told["waivers"], told["waived"]) == (None, [], {"fail": 0, "open": 0})


def test_what_is_accepted_as_not_known_is_worded_apart() -> None:
    text = render_text(samples.ALL_WAIVED, width=200)
    assert "WAIVED FAIL  critical" in text
    assert "WAIVED OPEN  high" in text
    assert words(text).count("Accepted, and counts again from 2026-12-01") == 1
    assert words(text).count("Accepted as not known, and counts again from 2026-12-01") == 1
    page = Page(render(samples.ALL_WAIVED)).words
    assert page.count("Accepted until 2026-12-01, when it counts again") == 1
    assert page.count("Accepted as not known until 2026-12-01, when it counts again") == 1


def test_a_pass_does_not_say_that_all_stayed_where_it_may_be() -> None:
    assert overall.title(samples.ALL_WAIVED).startswith("All that was found is waived")
    assert overall.tally(samples.ALL_WAIVED) == "nothing that counts; waived: 1 violation and 1 open question"
    unread = replace(samples.ALL_WAIVED, verdict=Verdict.OPEN, coverage=samples.FAIL.coverage)
    beside = "No violation was found beside those that are waived"
    assert overall.title(unread) == f"{beside}, but not everything could be examined"
    unknown = replace(unread, findings=(samples.UNKNOWN_ACCEPTED,))
    assert overall.title(unknown) == "No violation was found, but not everything could be examined"


def test_a_violation_that_counts_is_told_first_and_waived_ones_make_it_no_more_proven() -> None:
    claimed = replace(samples.KEYS, id="f-claimed", proven=False)
    report = replace(samples.WAIVED, verdict=Verdict.FAIL, findings=(claimed, samples.ACCEPTED))
    assert overall.title(report) == "Traffic appears to have gone where the rules forbid it"
    assert overall.tally(report) == "1 violation indicated; waived: 1 violation"
    page = Page(render(report))
    ids = [attributes["id"] for attributes in page.all("article")]
    assert ids == ["fail-0", "waived-0"]


def test_json_holds_all_of_it() -> None:
    told = json.loads(render_json(samples.WAIVED))
    assert told["as_of"] == "2026-11-23"
    assert told["waived"] == {"fail": 1, "open": 1}
    assert [each["waiver"] and each["waiver"]["line"] for each in told["findings"]] == [None, 2, 56]
    states = ["applied", "expired", "shadowed", "unused", "no rule", "pending", "applied"]
    assert [each["state"] for each in told["waivers"]] == states
    assert told["waivers"][0]["waiver"] == told["findings"][1]["waiver"] == {
        "rule": samples.KEYS_RULE.id,
        "speaks": samples.WAIVER.speaks,
        "reason": samples.WAIVER.reason,
        "owner": "network operations",
        "approved_by": "A. Example",
        "ticket": "NET-42",
        "approved": "2026-11-01",
        "expires": "2026-12-01",
        "file": "waivers.yaml",
        "line": 2,
    }  # fmt: skip
    assert told["waivers"][2]["shadowed"] == [samples.KEYS.id]


def test_tables_say_which_findings_are_waived() -> None:
    rows = table.findings(samples.WAIVED)
    assert rows["waived"].tolist() == [False, True, True]
    assert rows["waiver_expires"].tolist() == ["", "2026-12-01", "2026-12-01"]
    assert rows["waiver_reason"][1] == samples.WAIVER.reason


def test_warnings_are_of_those_that_do_not_do_what_their_owners_may_think() -> None:
    said = waived.warnings(samples.WAIVED)
    assert [line.partition(":")[0] for line in said] == [f"waivers.yaml, line {n}" for n in (11, 20, 29, 38, 47)]


def crowd(count: int) -> Report:
    findings = tuple(replace(samples.ACCEPTED, id=f"w-{i}") for i in range(count))
    uses = tuple(replace(samples.USES[3], waiver=replace(samples.IDLE, line=i)) for i in range(count))
    return replace(samples.ALL_WAIVED, findings=(*findings, samples.UNKNOWN_ACCEPTED), waivers=uses)


def test_of_very_many_the_rest_is_counted() -> None:
    many = FULL + BRIEF + 60
    page = Page(render(crowd(many)))
    assert len(page.all("article")) == FULL
    assert f"{many:,} violations and 1 open question are waived" in page.words
    assert "61 more waived findings are left out here" in page.words
    assert "60 more waivers: the JSON report lists all." in page.words
    text = render_text(crowd(many))
    assert text.count("WAIVED FAIL") == MOST
    assert f"{many + 1 - MOST} more findings; the JSON report lists all." in text
    assert f"{many - MOST} more waivers; the JSON report lists all." in text


def test_facts_to_supply_are_those_of_questions_that_count() -> None:
    page = Page(render(replace(samples.WAIVED, findings=(samples.OPEN, samples.UNKNOWN_ACCEPTED)))).words
    facts = page.partition("Facts to supply")[2].partition("Media of overseas meetings")[0]
    assert "103.122.166.55" in facts
    assert "104.16.1.1" not in facts
