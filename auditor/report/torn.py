"""What a report says of sessions that fall under rules which no place can obey together."""

from auditor.model.report import Conflict, Finding, Report
from auditor.report.words import listed, many


def conflict(entry: Conflict) -> str:
    """Say how many sessions fall under which rules."""
    fall = "falls" if entry.sessions == 1 else "fall"
    together = "both" if len(entry.rules) == 2 else "all"
    return (
        f"{many(entry.sessions, 'session')} {fall} under {listed(list(entry.rules), 'and')}: "
        f"no place in the world is one that {together} allow, so wherever it is carried one of them is broken."
    )


def first(entry: Conflict) -> str:
    """Name the first sessions and count the rest."""
    rest = entry.sessions - len(entry.first_sessions)
    return ", ".join(entry.first_sessions) + (f" and {rest:,} more" if rest > 0 and entry.first_sessions else "")


def beside(finding: Finding) -> str:
    """Say with which rules that of a finding can't be obeyed; empty: with all."""
    if not finding.conflicts:
        return ""
    others = listed(list(finding.conflicts), "and")
    return f"For some of these sessions no place obeys this rule and {others} together."


def summary(report: Report) -> str:
    """Count the conflicts; empty: there are none."""
    if not report.conflicts:
        return ""
    count = len(report.conflicts)
    return f"{many(count, 'conflict')} of rules: some sessions fall under rules that no place can obey together."
