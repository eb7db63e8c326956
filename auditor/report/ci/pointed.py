"""Where the formats of CI systems point, and what they say there: at a file and a line, in a few sentences.

What a configuration would do stands at the line of the configuration.  What traffic did has no line in any repository;
it stands where the rule that it broke begins, and names the packets or records.
"""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from auditor.model.coverage import LINE
from auditor.model.report import Finding, Report, RuleText, Verdict
from auditor.model.status import UNEXAMINED
from auditor.report import grounds, known, overall, phrases, routed, torn, waived
from auditor.report.clean import cleaned, visible
from auditor.report.words import amount, capital, many

FEW: Final = 3
"""Packets, records and facts that a message names."""

ROUTE: Final = {
    "before": "Compared",
    "changed": "What changed",
    "fails": "What has to fail",
    "then": "What the configuration then does",
    "change": "The line to change",
    "surge": "Surge",
}
"""Of what a terminal shows of a route: what a message tells too."""

LONGEST: Final = 1_000
"""Characters of a path; systems that store files know none that are longer."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a repository."""

    path: str  # relative, with slashes, as the file is called: not escaped for any format
    line: int  # from 1


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that was there and was not examined, or that nothing was in scope: why nothing passes."""

    text: str
    source: str  # the input; empty: all of them
    key: str  # the same in every run of equal inputs


def spots(report: Report) -> Mapping[str, Spot]:
    """Say where each rule stands, by its identifier."""
    return {rule.id: Spot(relative(rule.path or rule.file), max(rule.line, 1)) for rule in report.rules}


def spot(finding: Finding, rules: Mapping[str, Spot]) -> Spot:
    """Say where a finding stands: at the line of a configuration that does it, else where its rule begins."""
    for entry in finding.evidence:
        if entry.unit == LINE:
            return Spot(relative(entry.source), max(entry.record, 1))
    return rules.get(finding.rule, Spot("rules", 1))


def relative(path: str) -> str:
    """Return a path as one below the folder of the run: no root, no scheme, no way up."""
    scheme, found, rest = path.partition("://")
    whole = posixpath.normpath(f"/{scheme}/{rest}" if found else f"/{path}")[:LONGEST].strip("/")
    return whole or "unnamed"


def uri(path: str) -> str:
    """Return a relative path as a relative reference (RFC 3986), percent-encoded; names that are no UTF-8 as bytes."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="/-._~")


def kind(finding: Finding) -> str:
    """Name what a finding is: `Violation, proven`, `Open question`, `Waived: violation, indicated`."""
    proven = "proven" if finding.proven else "indicated"
    what = "Open question" if finding.verdict == Verdict.OPEN else f"Violation, {proven}"
    apart = phrases.apart(finding)
    return f"{capital(apart)}: {what[0].lower()}{what[1:]}" if apart else what


def headline(finding: Finding) -> str:
    """Say in a sentence what a finding is and what happened; the finding is clean."""
    return f"{kind(finding)}: {phrases.happened(finding)}"


def message(finding: Finding, rule: RuleText | None) -> list[str]:
    """Say of a clean finding, in sentences of which each can stand on a line: how it is known, and what to do."""
    facts = [f"To settle it: {entry.text}" for entry in finding.settles[:FEW]]
    shown = [f"Evidence: {phrases.witness(entry)}." for entry in finding.evidence[:FEW]]
    rows = [(ROUTE.get(row), "; ".join(filter(None, texts))) for row, texts in routed.rows(finding)]
    ways = [f"{label}: {told}." for label, told in rows if label and told]
    fix = f"To mend it: {rule.fix}" if rule and rule.fix and finding.verdict == Verdict.FAIL else ""
    since = "the earlier state" if any(route.compared for route in finding.routes) else "the baseline"
    found = f"New since {since}." if finding.standing == "new" else known.familiar(finding)
    said = [grounds.known(finding), *grounds.disputed(finding), torn.beside(finding), *waived.accepted(finding)]
    return [line for line in (*said, found, *ways, *shown, *facts, fix, f"Finding {finding.id}.") if line]


def lacks(report: Report) -> list[Lack]:
    """List why not all that was there is known to be allowed, beside the findings."""
    coverage = report.coverage
    found = [
        Lack(
            f"Not examined: {many(row.packets, row.unit)} of {visible(row.source)}, {row.status.replace('_', ' ')}"
            f"{f' ({visible(row.reason)})' if row.reason else ''}, first at {row.unit} {row.first_record:,}.",
            row.source,
            f"{row.source}\0{row.status}\0{row.reason}",
        )
        for row in coverage.unread
        if row.status in UNEXAMINED
    ]
    found += [
        Lack(f"Not examined: {amount(count)} of {visible(source)}: {visible(why)}.", source, f"{source}\0bytes\0{why}")
        for source, count, why in coverage.unread_bytes
    ]
    found += [Lack(visible(said, 1_000), "", said) for said in coverage.limits]
    if report.empty:
        found.append(Lack("Nothing in these inputs falls under the rules: that is no all-clear.", "", "empty"))
    return found


def clean(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with every text in them made visible."""
    return [cleaned(finding) for finding in findings]


def summary(report: Report) -> list[str]:
    """Say the verdict, and what the whole rests on, in a few sentences."""
    told = f"{report.verdict.value.upper()}: {overall.title(report)}. {overall.tally(report).capitalize()}."
    more = (overall.decisions(report), torn.summary(report), waived.summary(report), known.summary(report))
    return [told, overall.examined(report), *(line for line in more if line)]
