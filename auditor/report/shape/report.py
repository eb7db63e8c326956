"""The shape of the whole JSON report, but for its findings and what a gate has proven."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from auditor.report.shape.finding import Finding, Participants, Place, Sessions, Waiver
from auditor.report.shape.parts import Count, Sha256, Shape, Time, schema_of
from auditor.report.shape.route import Configuration

SCHEMA_ID: Final = "urn:residency-auditor:auditor-report:v1"

Verdict = Literal["pass", "fail", "open"]


class Tool(Shape):
    name: Literal["residency-auditor"]
    version: str


class Input(Shape):
    name: str
    sha256: Sha256
    bytes: Count
    format: Annotated[
        str,
        Meta(description="pcap, pcapng, snoop or that of a log, with +gzip, +zstd, +xz or +bzip2 where compressed."),
    ]
    packets: Annotated[Count, Meta(description="How many it holds, in `unit`.")]
    unit: Annotated[str, Meta(description="packet or log record")]


class Database(Shape):
    name: str
    sha256: Sha256
    date: Annotated[str, Meta(description="YYYY-MM-DD, the day of its data; empty: it states none.")]
    kind: Annotated[
        str, Meta(description="country, operator, ranges, inventory, catalogue, selections, rules, waivers or columns.")
    ]
    attribution: Annotated[str, Meta(description="What its licence asks to be shown.")]
    url: str


class Reference(Shape):
    title: Annotated[str, Meta(description="With article and date.")]
    kind: str
    url: str
    article: str
    date: Annotated[str, Meta(description="YYYY-MM-DD, of the text; empty: not stated.")]


class Control(Shape):
    framework: str
    id: str


class Rule(Shape):
    id: str
    title: str
    severity: str
    speaks: Annotated[str, Meta(description="The rule as one sentence.")]
    why: str
    fix: str
    references: list[Reference]
    controls: Annotated[list[Control], Meta(description="Controls of frameworks for which the rule gives evidence.")]
    file: Annotated[str, Meta(description="Pack and file.")]
    path: Annotated[
        str,
        Meta(
            description="The file from the folder where the audit ran; of a shipped rule rules/PACK/FILE; of a file "
            "elsewhere as `file`."
        ),
    ]
    line: Annotated[Count, Meta(description="Where the rule begins there, from 1; 0: not known.")]
    sha256: Sha256


class WaiverUse(Shape):
    waiver: Waiver
    state: Annotated[
        str,
        Meta(
            description="applied | shadowed (others accept all that it would) | unused | no rule (none of those loaded "
            "has this id) | expired | pending (approved on a later day)."
        ),
    ]
    findings: Annotated[
        list[str],
        Meta(description="Identifiers that it accepts; of one not in force: that it would, and that nobody else does."),
    ]
    shadowed: Annotated[list[str], Meta(description="Identifiers that it would accept too, if another one didn't.")]


class Waived(Shape):
    fail: Annotated[Count, Meta(description="Violations that are accepted until a day.")]
    open: Annotated[Count, Meta(description="Open questions that are accepted as not known until a day.")]


class Past(Shape):
    id: str
    rule: str
    verdict: str


class BaselineUse(Shape):
    file: str
    sha256: Sha256
    known: Annotated[Count, Meta(description="Findings of this report that it knows.")]
    new: Annotated[Count, Meta(description="Findings of this report that it doesn't know.")]
    fixed: Annotated[
        list[Past], Meta(description="That it knows and nothing shows any more, though their rules were asked.")
    ]
    unasked: Annotated[list[Past], Meta(description="That it knows, of rules that were not asked: nobody looked.")]


class Conflict(Shape):
    rules: Annotated[list[str], Meta(description="Rules that no place can obey together.")]
    sessions: Sessions
    planes: list[str]
    first: Time
    last: Time


class Judged(Shape, rename={"passed": "pass", "failed": "fail"}):
    passed: Count
    failed: Count
    open: Count
    not_applicable: Count
    on_claims: Annotated[Count, Meta(description="Of pass and fail: decided by claims alone.")]


class Unread(Shape):
    source: str
    status: str
    reason: str
    packets: Annotated[Count, Meta(description="How many, in `unit`.")]
    first_record: Count
    unit: Annotated[str, Meta(description="packet or log record")]


class UnreadBytes(Shape):
    source: str
    bytes: Annotated[Count, Meta(description="0: of a stream that ended too soon nobody knows how many.")]
    reason: str


class Coverage(Shape):
    packets: Annotated[Count, Meta(description="Of captures.")]
    logged: Annotated[Count, Meta(description="Records of logs.")]
    bytes: Annotated[Count, Meta(description="Of the packets of captures.")]
    records: Annotated[
        dict[str, Count], Meta(description="Packets and log records by status; their sum is `packets` and `logged`.")
    ]
    unread: list[Unread]
    unread_bytes: Annotated[list[UnreadBytes], Meta(description="Bytes that belong to no whole record.")]
    limits: Annotated[
        list[str],
        Meta(description="Sentences: what else was there and was not examined. With any, nothing passes as a whole."),
    ]
    outcomes: Annotated[dict[str, Count], Meta(description="Flows that were attempts and carried nothing, by outcome.")]
    flows: Count
    touches: Count
    decided: Annotated[Count, Meta(description="Touches that at least one rule decided.")]
    judged: Annotated[dict[str, Judged], Meta(description="Touches by outcome, for each rule id.")]


class Touched(Shape):
    place: Place
    verdict: Annotated[
        Literal["pass", "fail", "open", "not_applicable"],
        Meta(description="The worst that a rule says; not_applicable: no rule speaks of what was touched there."),
    ]
    planes: Annotated[list[str], Meta(description="Each as in a finding.")]
    sessions: Count
    packets: Count
    bytes: Count


class Report(Shape):
    format: Literal["auditor-report/v1"]
    tool: Tool
    verdict: Verdict
    empty: Annotated[bool, Meta(description="Nothing was in the scope of any rule: no violation, and no all-clear.")]
    first: Time
    last: Time
    findings: Annotated[
        list[Finding],
        Meta(
            description="Those that count before those that a baseline knows, and waived ones last; failures first, "
            "then by severity, rule and id."
        ),
    ]
    coverage: Coverage
    touched: Annotated[list[Touched], Meta(description="Every place in all sessions, judged or not.")]
    participants: list[Participants]
    inputs: list[Input]
    databases: list[Database]
    rules: list[Rule]
    notes: list[str]
    as_of: Annotated[
        str | None, Meta(description="YYYY-MM-DD, the day (UTC) by which waivers were judged; null: none were given.")
    ]
    waived: Annotated[Waived, Meta(description="Findings that decide no verdict, since a waiver accepts them.")]
    waivers: Annotated[list[WaiverUse], Meta(description="Every waiver that was given, and what became of it.")]
    conflicts: Annotated[
        list[Conflict],
        Meta(description="Sessions under rules of which one asks for what the other forbids; the first hundred."),
    ]
    configurations: Annotated[list[Configuration], Meta(description="What a gate has proven; of an audit empty.")]
    baseline: Annotated[BaselineUse | None, Meta(description="What became of the baseline; null: none was given.")]


def schema() -> str:
    """Write the JSON Schema (draft 2020-12) of the report."""
    return schema_of(Report, SCHEMA_ID, "Report of residency-auditor, version 1")
