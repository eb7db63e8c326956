import base64
import hashlib
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from auditor.model.coverage import RECORD
from auditor.model.report import Report, RuleText, Settle, Verdict
from auditor.report import RENDERERS, phrases
from auditor.report.clean import visible
from auditor.report.page.html import BRIEF, FULL, render
from tests.report import samples

VOID = {"meta", "br", "link", "img", "input", "hr"}
ALLOWED = set(
    "html head meta title style body a header p span main section h1 h2 h3 h4 div dl dt dd ul li figure figcaption svg "
    "desc defs pattern rect circle path g text tspan table caption thead tbody tr th td article code strong br details "
    "summary footer".split()
)


class Page(HTMLParser):
    """What a browser would see: tags in order, attributes, text; and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


ALL = {**samples.SAMPLES, "crowd": samples.crowd(600)}


@pytest.fixture(scope="module", params=ALL)
def page(request: pytest.FixtureRequest) -> Page:
    return Page(render(ALL[request.param]))


def test_it_is_well_formed_and_has_no_element_of_a_stranger(page: Page) -> None:
    assert not page.open
    assert {tag for tag, _ in page.tags} <= ALLOWED


def test_nothing_acts(page: Page) -> None:
    for tag, attributes in page.tags:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "src", "action")
        ]
        href = attributes.get("href", "")
        assert re.match(r"#|https?://", href) or not href, (tag, href)
        assert "url(" not in "".join(attributes.values())


def test_every_link_inside_the_page_has_its_target(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a["href"][1:] for a in page.all("a") if a.get("href", "").startswith("#")}
    wanted |= {name for _, a in page.tags for name in a.get("aria-labelledby", "").split()}
    assert wanted <= set(ids)


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))


def test_tables_can_be_read_aloud(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("main")) == 1


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_policy_allows_only_our_style(name: str) -> None:
    text = render(samples.SAMPLES[name])
    policy = Page(text).all("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert not re.search(r"@import|url\((?!#)|<script", styles[0])


def test_hostile_text_stays_text() -> None:
    text = render(samples.HOSTILE)
    page = Page(text)
    assert visible(samples.POISON) in page.text
    assert "{{7*7}}" in page.text
    assert not set(text) & set("\x00\x1b\x9b\u202e\u2066\u200b\u2028\ud800\ufffe\r")
    text.encode()


def test_every_field_is_escaped_alone() -> None:
    """Poison one field at a time: a field that only one kind of report shows is not hidden by another."""
    for field in fields(Report):
        report = replace(samples.FAIL, **{field.name: getattr(samples.HOSTILE, field.name)})
        page = Page(render(report))
        assert not page.open
        assert {tag for tag, _ in page.tags} <= ALLOWED


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,<script>", "//evil.example", "\tjavascript:x"])
def test_a_reference_that_is_no_web_address_is_no_link(url: str) -> None:
    rule = replace(samples.KEYS_RULE, references=(("Title", "law", url, "", ""),))
    database = replace(samples.DATABASES[0], url=url)
    page = Page(render(replace(samples.FAIL, rules=(rule,), databases=(database,))))
    assert not [a for a in page.all("a") if not a["href"].startswith("#")]
    assert "Title (law)" in page.words


def test_the_verdict_comes_first() -> None:
    page = Page(render(samples.FAIL))
    head = page.words.split("Where the traffic went")[0]
    for said in (
        "FAIL 1 violation proven, 2 open questions",
        "Traffic went where the rules forbid it",
        "2 sessions of overseas participants exchanged encryption keys with a place in mainland China: "
        "AWS China (Beijing), 52.81.151.250.",
        "Proven by AWS ranges 2026-10-26, region cn-north-1.",
        "Canada and United States",
        "2020-04-03 07:00:00 to 2020-04-03 07:05:12 UTC",
        "3 packets and 120 bytes could not be examined.",
    ):
        assert said in head


def test_a_finding_is_told_whole() -> None:
    page = Page(render(samples.FAIL))
    rule: RuleText = samples.KEYS_RULE
    for said in (
        samples.KEYS.id,
        "frame.number == 118",
        "TLS ClientHello 142.1.0.5:51812 -> 52.81.151.250:443",
        "Claim, overruled",
        "AS55960 Beijing Guanghuan Xinwang Digital",
        "meeting 711-322-011",
        rule.speaks,
        rule.why,
        rule.fix,
        rule.sha256,
        rule.references[1][0],
        samples.FAIL.inputs[0].sha256,
        "IPv4 header cut",
        "IP Geolocation by DB-IP",
        "2026-10-26",
        "Declare where 2020-incident.pcap was captured: 10.0.0.7 is private.",
        *(meaning for _, meaning in phrases.GLOSSARY),
    ):
        assert said in page.words
    assert {"https://example.com/response", "https://db-ip.com"} <= {a["href"] for a in page.all("a")}


def test_long_rules_keep_their_end() -> None:
    why = "Because " + "of the promise " * 60 + "to the end."
    page = Page(render(replace(samples.FAIL, rules=(replace(samples.KEYS_RULE, why=why),))))
    assert "to the end." in page.words


def test_the_map_is_told_in_words_and_marked_without_colour() -> None:
    page = Page(render(samples.FAIL))
    svg = page.all("svg")[0]
    assert svg["role"] == "img"
    assert "Forbidden: Mainland China, 2 sessions." in page.words
    shapes = [a["class"] for a in page.all("g") if a.get("class", "").startswith("mark")]
    assert {"mark fail", "mark open", "mark pass"} <= set(shapes)
    assert {a["id"] for a in page.all("pattern")} == {"p-fail", "p-open"}
    assert "Anywhere" in page.words


def test_open_questions_say_what_settles_them_most_first() -> None:
    shared = Settle("vantage", "a.pcap", "Declare where a.pcap was captured.")
    findings = [
        replace(samples.OPEN, id=f"f-{i}", settles=(Settle("site", str(i), f"List {i}."), shared)) for i in range(3)
    ]
    page = Page(render(replace(samples.UNDECIDED, findings=tuple(findings))))
    facts = page.words.split("Facts to supply")[1]
    assert facts.index(shared.text) < facts.index("List 0.")
    assert f"vantage{shared.text}3" in facts


def test_very_many_findings_stay_bounded() -> None:
    text = render(samples.crowd(5_000))
    assert len(text) < 1_000_000
    page = Page(text)
    assert len(page.all("article")) == 2 * FULL
    assert f"{2_500 - FULL - BRIEF:,} more violations are left out here" in page.words
    assert "the JSON report of the same run lists all 2,500" in page.words
    assert "2,497 further violations" in page.words


def test_very_many_of_everything_stays_bounded() -> None:
    many = 3_000
    coverage = replace(samples.FAIL.coverage, unread=samples.FAIL.coverage.unread * many)
    report = replace(
        samples.FAIL,
        coverage=coverage,
        inputs=samples.FAIL.inputs * many,
        rules=tuple(replace(samples.KEYS_RULE, id=f"rule-{i}") for i in range(many)),
        participants=samples.FAIL.participants * many,
        touched=samples.FAIL.touched * many,
    )
    text = render(report)
    assert len(text) < 1_000_000
    for said in ("more inputs", "more rules", "more rows", "more places", "more, in the JSON report"):
        assert said in Page(text).words


def test_the_page_is_small_and_the_same_each_time() -> None:
    assert len(render(samples.FAIL).encode()) < 160_000
    assert RENDERERS["html"](samples.FAIL) == render(samples.FAIL)


def test_an_empty_audit_is_no_all_clear() -> None:
    page = Page(render(samples.EMPTY))
    assert "Nothing in this evidence falls under the rules" in page.words
    assert "That is not an all-clear" in page.words
    assert "PASS" not in page.text


def test_indicated_is_not_called_proven() -> None:
    claimed = replace(samples.KEYS, proven=False, located_by=samples.OPEN.located_by)
    page = Page(render(replace(samples.FAIL, verdict=Verdict.FAIL, findings=(claimed,))))
    assert "Traffic appears to have gone where the rules forbid it" in page.words
    assert "Violation, indicated" in page.words
    assert "Violation, proven" not in page.words


def test_contrast_is_at_least_that_of_wcag_aa() -> None:
    """Text on its ground, by the relative luminance of WCAG 2.2 (4.5 to 1)."""
    style = re.findall(r":root \{(.*?)\}", render(samples.PASS), re.DOTALL)
    pairs = [(ink, "paper") for ink in ("ink", "soft", "link", "fail", "open", "pass")]
    pairs += [
        ("soft", "faint"),
        ("fail", "fail-pale"),
        ("open", "open-pale"),
        ("pass", "pass-pale"),
        ("soft", "fail-pale"),
    ]
    assert len(style) == 2
    for block in style:
        colours = dict(re.findall(r"--([\w-]+): (#\w+)", block))
        for ink, ground in pairs:
            bright, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_records_of_logs_are_no_frames() -> None:
    witness = replace(samples.KEYS.evidence[0], record=4321, unit=RECORD)
    told = replace(samples.KEYS, basis="reported", evidence=(witness,), packets=0, bytes=0)
    page = Page(render(replace(samples.FAIL, findings=(told,)))).words
    assert "log record 4,321" in page
    assert "packets not counted" in page
    for word in ("frame.number", "Wireshark", "auditor extract", "packet by packet"):
        assert word not in page
