"""A report as JUnit XML (`xunit`): a suite a rule, a case a finding, and one for the rule as a whole.

A violation is a failure, an open question an error (nobody could tell), what is waived or known is skipped: it is
there, and it fails nothing.  A rule that found nothing has one case that passes, or, where nothing was in its scope,
one that is skipped and says so.  What was not examined is a suite of its own, so that no run is all green without it.
"""

from collections.abc import Mapping
from typing import Final

from auditor.model.coverage import Judged
from auditor.model.report import Finding, Report, RuleText, Verdict
from auditor.report import known, overall, phrases, waived
from auditor.report.ci import pointed
from auditor.report.ci.pointed import Spot
from auditor.report.clean import cleaned, visible
from auditor.report.words import capital, many
from auditor.report.xunit import Element, case, document, outcome, suite

NAME: Final = "residency-auditor"
EXAMINED: Final = "examined"
MOST: Final = 5_000
"""Findings that become cases; those that read such files draw every one."""

_LACKS: Final = 200


def render(report: Report) -> str:
    """Write the report."""
    of: dict[str, list[Finding]] = {}
    for finding in report.findings[:MOST]:
        of.setdefault(finding.rule, []).append(finding)
    judged, spots = dict(report.coverage.judged), pointed.spots(report)
    told = {rule.id: rule for rule in reversed(report.rules)}
    suites = [_rule(rule, of.get(rule.id, []), judged.get(rule.id, Judged()), spots) for rule in told.values()]
    return document(NAME, [*reversed(suites), _examined(report)])


def _rule(rule: RuleText, findings: list[Finding], judged: Judged, spots: Mapping[str, Spot]) -> Element:
    clear = cleaned(rule)
    name = clear.file.rpartition("/")[0]
    name = f"{name}/{clear.id}" if name else clear.id
    classname = name.replace("/", ".")
    cases = [_finding(classname, clear, each, pointed.spot(each, spots)) for each in findings]
    return suite(name, cases or [_clear(classname, clear, judged)])


def _finding(classname: str, rule: RuleText, finding: Finding, at: Spot) -> Element:
    told = cleaned(finding)
    named = [part for part in (told.place.site, told.place.operator, told.plane, told.basis) if part]
    # made of what the identifier is made of: counts would make it another case in the next run
    found = case(classname, f"{capital(phrases.place(told.place))}: {', '.join(named)} [{told.id}]")
    message = pointed.headline(told)
    where = f"{visible(at.path)}:{at.line}"
    lines = [where, rule.title, *pointed.message(told, rule)]
    if told.waiver:
        by = f"until {told.waiver.expires}: {told.waiver.reason} {waived.who(told.waiver)}"
        return outcome(found, "skipped", f"Waived {by}. {message}")
    if not told.counts:
        return outcome(found, "skipped", f"{known.familiar(told)} {message}")
    if told.verdict == Verdict.OPEN:
        return outcome(found, "error", message, lines, "open")
    return outcome(found, "failure", message, lines, f"violation.{told.severity}")


def _clear(classname: str, rule: RuleText, judged: Judged) -> Element:
    found = case(classname, rule.title or rule.id)
    if judged.passed or judged.failed or judged.open:
        return found
    return outcome(found, "skipped", "Not applicable: nothing in these inputs falls under this rule.")


def _examined(report: Report) -> Element:
    """Tell what was not examined, and what else the whole rests on."""
    lacks = pointed.lacks(report)
    cases = [
        outcome(case(EXAMINED, f"{i + 1}: {lack.text}"), "error", lack.text, kind="not examined")
        for i, lack in enumerate(lacks[:_LACKS])
    ]
    if len(lacks) > _LACKS:
        more = f"{many(len(lacks) - _LACKS, 'more reason')}; the JSON report lists all."
        cases.append(outcome(case(EXAMINED, "more"), "error", more, kind="not examined"))
    if not lacks:
        cases.append(case(EXAMINED, overall.examined(report)))
    if (hidden := len(report.findings) - MOST) > 0:
        cases.append(outcome(case(EXAMINED, "left out"), "skipped", f"{hidden:,} more findings are left out here."))
    if report.baseline:
        cases.append(outcome(case(EXAMINED, "baseline"), "skipped", known.summary(report), known.gone(report, _LACKS)))
    return suite(EXAMINED, cases)
