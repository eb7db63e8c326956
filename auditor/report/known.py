"""What all reports say of a baseline: which findings it knows, which are new, and which are there no more."""

from collections.abc import Sequence

from auditor.model.report import KNOWN, Finding, Past, Report
from auditor.report.clean import visible
from auditor.report.words import many

SAYS = "Known from the baseline: it was found before, decides nothing, and nobody answers for it."
BEFORE = "It was so before the change, which did not make it easier: it decides nothing here."


def familiar(finding: Finding) -> str:
    """Say of a finding that a baseline knows it; empty: none does."""
    if finding.standing != KNOWN:
        return ""
    return BEFORE if any(route.compared for route in finding.routes) else SAYS


def summary(report: Report) -> str:
    """Say in a sentence or two what became of the baseline; empty where none was given."""
    use = report.baseline
    if use is None:
        return ""
    counts = f"{use.new:,} new, {use.known:,} known, {len(use.fixed):,} fixed"
    unasked = f"; {many(len(use.unasked), 'finding')} of rules that were not asked" if use.unasked else ""
    return f"Held against {visible(use.file)}: {counts}{unasked}. {_worth(report)}".strip()


def _worth(report: Report) -> str:
    """Say how much it is worth that findings are there no more."""
    use = report.baseline
    unread = report.coverage.unexamined or report.coverage.unread_bytes or report.coverage.limits
    if use is None or not use.fixed or not (unread or report.empty):
        return ""
    return "Not everything was examined, so what is called fixed may only not have been seen."


def gone(report: Report, most: int) -> list[str]:
    """Name the first findings that the baseline knows and nothing shows any more."""
    use = report.baseline
    if use is None:
        return []
    fixed = [f"fixed: {_named(each)}" for each in use.fixed]
    return shortened([*fixed, *(f"not asked: {_named(each)}" for each in use.unasked)], most)


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """Keep the first lines and count the rest."""
    rest = len(lines) - most
    return [*lines[:most], f"and {rest:,} more; the JSON report lists all"] if rest > 0 else list(lines)


def _named(past: Past) -> str:
    what = "violation" if past.verdict == "fail" else "open question"
    return f"{what} of {visible(past.rule)} [{visible(past.id)}]"
