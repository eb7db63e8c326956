"""The report as Markdown, for the summary of a job ($GITHUB_STEP_SUMMARY) or a comment: the verdict, and what to do.

GitHub turns more into markup than Markdown says: mentions, references to issues, addresses without brackets, formulas.
A stranger's text is written so that all of it stays text (`escaped`), and the whole stays under the size at which
GitHub shows nothing (1 MiB).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from auditor.model.report import Finding, Report, RuleText, Verdict
from auditor.report import known, waived
from auditor.report.ci import pointed
from auditor.report.ci.pointed import Spot
from auditor.report.clean import cleaned, visible
from auditor.report.words import many

LARGEST: Final = 900_000
"""Bytes; GitHub takes 1 MiB of all steps' summaries of a job each."""

MOST: Final = 20
"""Findings of one kind, and rows of any list."""

_WRITTEN_OUT: Final = re.compile(
    r"(?<![A-Za-z0-9)])[.]|(?<![A-Za-z0-9])-|-(?![A-Za-z0-9])|:(?=[^ 0-9])"
    r"""|[^A-Za-z0-9 ,;?/%.:()'"\u00a1-\U0010ffff-]"""
)
"""All punctuation but what, where it stands, no reader of Markdown takes for markup."""

_NUMBERED: Final = re.compile(r"(\d+)([.)])(.*)")  # the beginning of an ordered list
_SPLITTING: Final = "@#"  # behind which a name or number makes a mention, an address or a reference
_REFERENCE: Final = re.compile(r"(?i)\b(GH)(-\d)")


def escaped(text: str) -> str:
    """Return text on one line as Markdown that shows exactly that text: no markup, no link, no mention, no reference.

    Punctuation is written as numbers (`&#42;`), which no reader of Markdown takes for markup.  What GitHub looks for
    afterwards, in the text of the page, is cut in two by an empty comment.
    """
    out = _REFERENCE.sub("\\1\0\\2", visible(text, len(text)))
    listed = _NUMBERED.fullmatch(out := out.strip())
    head, out = (f"{listed[1]}&#{ord(listed[2])};", listed[3]) if listed else ("", out)
    out = head + _WRITTEN_OUT.sub(_number, out)
    return re.sub(r"(?i)(ww)(w[.])", r"\1<!-- -->\2", out)


def _number(found: re.Match[str]) -> str:
    char = found[0]
    if char == "\0":
        return "<!-- -->"
    return f"&#{ord(char)};" + ("<!-- -->" if char in _SPLITTING else "")


def render(report: Report) -> str:
    """Write the summary, as many of its parts as fit, and say if some don't."""
    out, size = [], 0
    for part in _parts(report):
        size += len(part.encode()) + 2
        if size > LARGEST:
            out.append("*The rest is left out, as it would be too long to be shown; the JSON report has all of it.*")
            break
        out.append(part)
    return "\n\n".join(out) + "\n"


def _parts(report: Report) -> Iterator[str]:
    told, *rest = pointed.summary(report)
    yield f"## {escaped(told.partition('. ')[0])}"
    yield "\n".join(f"- {escaped(line)}" for line in (told.partition(". ")[2], *rest) if line)
    rules = {rule.id: rule for rule in reversed(report.rules)}
    spots = pointed.spots(report)
    failed = [each for each in report.counting if each.verdict == Verdict.FAIL]
    undecided = [each for each in report.counting if each.verdict == Verdict.OPEN]
    yield from _group("Violations", failed, rules, spots)
    yield from _group("Open questions", undecided, rules, spots)
    yield from _list("Not examined", [lack.text for lack in pointed.lacks(report)])
    yield from _group("Known findings", report.known, rules, spots)
    yield from _list("Of the baseline, not found any more", known.gone(report, MOST))
    yield from _group("Waived findings", report.waived, rules, spots)
    yield from _list("Waivers that need a look", waived.warnings(report))
    yield from _judged(report)
    yield from _list("Notes", [visible(note, 1_000) for note in report.notes])
    yield f"<sub>residency-auditor {escaped(report.version)}</sub>"


def _group(
    title: str, findings: Sequence[Finding], rules: Mapping[str, RuleText], spots: Mapping[str, Spot]
) -> Iterator[str]:
    """Write findings of one kind, the rule's own words only where they were not told before."""
    if not findings:
        return
    yield f"### {title} ({len(findings):,})"
    for finding in findings[:MOST]:
        yield _finding(cleaned(finding), rules.get(finding.rule), pointed.spot(finding, spots))
    if len(findings) > MOST:
        yield f"{many(len(findings) - MOST, 'more finding')}; the JSON report lists all."


def _finding(finding: Finding, rule: RuleText | None, at: Spot) -> str:
    name = escaped(cleaned(rule).title if rule else finding.rule)
    head = f"**{escaped(finding.severity)}** {name} (<code>{escaped(f'{visible(at.path)}:{at.line}')}</code>)"
    lines = [pointed.headline(finding), *pointed.message(finding, cleaned(rule) if rule else None)]
    return "\n".join([f"- {head}", *(f"  - {escaped(line)}" for line in lines)])


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"### {title}"
        yield "\n".join(f"- {escaped(line)}" for line in known.shortened(list(lines), MOST))


def _judged(report: Report) -> Iterator[str]:
    """Tell how many touches each rule judged, those that found something first."""
    if not report.coverage.judged:
        return
    rows = sorted(report.coverage.judged, key=lambda row: (-row[1].failed, -row[1].open, -row[1].passed))
    lines = ["| Rule | pass | fail | open | not applicable |", "|---|--:|--:|--:|--:|"]
    for rule, counts in rows[:MOST]:
        numbers = (counts.passed, counts.failed, counts.open, counts.not_applicable)
        lines.append(f"| {escaped(visible(rule))} | {' | '.join(f'{number:,}' for number in numbers)} |")
    yield "### Rules"
    yield "\n".join(lines)
    if len(rows) > MOST:
        yield f"{many(len(rows) - MOST, 'more rule')}; the JSON report lists all."
