"""The Markdown summary: read by a reader of Markdown it is our markup and nobody else's."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from auditor.model.report import Evidence, Report
from auditor.report.ci.markdown import LARGEST, escaped, render
from auditor.report.clean import visible
from tests.report import samples

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = {"h2", "h3", "ul", "li", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "sub"}
MARKUP = (
    "a_b *c* **d** `e` [f](http://g) ![h](i) <b>j</b> <!-- k --> # l\n## m\n> n\n- o\n"
    "1. p | q ~~r~~ \\s &amp; $t$ www.u.example"
)


class Seen(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.pieces: list[str] = []
        self.feed(READER.render(source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name != "style"]
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@settings(deadline=None)
@example("1. x")
@example("1) x")
@example("- x")
@example("    code")
@example("+ x")
@example("a@b.example #12 GH-12 gh-7 @team/x http://x www.x.example WWW.x o/r#3")
@example(MARKUP)
@example("=\n-\n")
@example(":::x:::")
@example("|a|b|\n|-|-|")
@given(st.text() | st.text(alphabet="@#*_`[]()<>!-+.:/|\\&;w1a \n~=$\"'"))
def test_text_stays_text(text: str) -> None:
    written = escaped(text)
    assert "\n" not in written
    seen = Seen(f"- x\n  - {written} y\n\n| a |\n|---|\n| {written} |\n")
    assert set(seen.tags) <= {"ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert seen.tags.count("td") == 1
    assert seen.tags.count("li") == 2
    shown = " ".join(visible(text, len(text)).split())
    assert " ".join(seen.text.split()) == " ".join(f"x {shown} y a {shown}".split())
    assert not [piece for piece in seen.pieces if re.search(r"@\w|#\w|(?i:\bGH-\d)", piece)]
    assert not re.search(r"://|(?i:\bwww\.)|(?i:mailto:|xmpp:)\S", written)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_report_holds_our_markup_only(name: str) -> None:
    text = render(samples.SAMPLES[name])
    seen = Seen(text)
    assert set(seen.tags) <= OURS
    assert not re.search(r"://|(?i:\bwww\.)", text)
    assert len(text.encode()) < 1 << 20
    assert seen.text.startswith(samples.SAMPLES[name].verdict.upper())


def words(report: Report) -> str:
    return " ".join(Seen(render(report)).text.split())


def test_what_it_says() -> None:
    said = words(samples.FAIL)
    for told in (
        "FAIL: Traffic went where the rules forbid it",
        "1 violation proven, 2 open questions.",
        "Violations (1)",
        f"critical {samples.KEYS_RULE.title} ({samples.KEYS_RULE.path}:3)",
        "Violation, proven: 2 sessions of overseas participants exchanged encryption keys",
        "To mend it: Remove the mainland key servers",
        "Open questions (2)",
        "To settle it: List 103.122.166.55 in the inventory as a site with its country.",
        "Not examined: 2 packets of 2020-incident.pcap, malformed (IPv4 header cut), first at packet 7.",
        f"{samples.KEYS_RULE.id} 1 2 0 5",
    ):
        assert told in said
    assert words(samples.GATE).count("dns/over seas.yaml:42") == 1
    assert "no all-clear" in words(samples.EMPTY)


def test_waived_and_known_ones_stand_apart() -> None:
    said = words(samples.WAIVED)
    assert "Waived findings (2)" in said
    assert samples.WAIVER.reason in said
    assert "Waivers that need a look" in said
    said = words(samples.HELD)
    assert "Known findings (1)" in said
    assert "New since the baseline." in said
    assert "Of the baseline, not found any more" in said


def test_very_many_are_cut_and_counted() -> None:
    said = words(samples.crowd(1_000))
    assert said.count("480 more findings; the JSON report lists all.") == 2


def test_it_never_gets_too_long_to_be_shown() -> None:
    long = "@" * 5_000
    rules = tuple(replace(samples.KEYS_RULE, id=f"r{i}", title=long, fix=long, why=long) for i in range(20))
    found = tuple(
        replace(samples.KEYS, id=f"f{i}", rule=f"r{i}", evidence=(Evidence(long, 1, long),) * 3) for i in range(20)
    )
    text = render(replace(samples.FAIL, rules=rules, findings=found))
    assert LARGEST // 2 < len(text.encode()) <= LARGEST + 200
    assert "The rest is left out" in text
