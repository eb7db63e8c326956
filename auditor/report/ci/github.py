"""The report as workflow commands of GitHub Actions: annotations at files and lines, a line each.

The runner takes any line that begins with `::` for a command, so nothing a stranger wrote may begin one or end a part
of one: lines are ours, and text is escaped as the toolkit of Actions does (`escapeData`, `escapeProperty`).
"""

from collections.abc import Iterator
from typing import Final

from auditor.model.report import Finding, Report, Verdict
from auditor.report.ci import pointed
from auditor.report.ci.pointed import Spot
from auditor.report.clean import cleaned, visible
from auditor.report.words import many

MOST: Final = 50
"""Annotations of one kind; GitHub shows ten of each kind of a step, and fifty of a job."""

TEXT: Final = 3_000


def render(report: Report) -> str:
    """Write the commands: errors for violations, warnings for what is open or not examined, notices for the rest."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    rules, spots = {rule.id: rule for rule in reversed(report.rules)}, pointed.spots(report)
    counts: dict[str, int] = {}
    for finding in report.findings:
        level = _level(finding)
        counts[level] = counts.get(level, 0) + 1
        if counts[level] > MOST:
            continue
        told, rule = cleaned(finding), rules.get(finding.rule)
        rule = cleaned(rule) if rule else None
        title = f"{pointed.kind(told)}: {rule.title if rule else told.rule}"
        said = [pointed.headline(told), *pointed.message(told, rule)]
        yield command(level, title, "\n".join(said), pointed.spot(finding, spots))
    lacks = pointed.lacks(report)
    for lack in lacks[:MOST]:
        yield command("warning", "Not examined", lack.text)
    hidden = sum(max(0, count - MOST) for count in counts.values())
    if hidden or len(lacks) > MOST:
        reasons = max(0, len(lacks) - MOST)
        rest = f"{many(hidden, 'more finding')}, {many(reasons, 'more reason')} why not all is known"
        yield command("notice", "Left out", f"{rest}; the JSON report lists all.")
    yield command("notice", f"Residency: {report.verdict.value}", "\n".join(pointed.summary(report)))


def _level(finding: Finding) -> str:
    return "notice" if not finding.counts else "warning" if finding.verdict == Verdict.OPEN else "error"


def command(level: str, title: str, message: str, at: Spot | None = None) -> str:
    """Write one command."""
    where = f"file={_property(visible(at.path, pointed.LONGEST))},line={at.line}," if at else ""
    shown = message if len(message) <= TEXT else f"{message[:TEXT]}..."
    return f"::{level} {where}title={_property(title)}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
