"""What all reports say of the whole: the verdict, how many findings there are, how much was examined."""

from collections.abc import Sequence

from auditor.model.coverage import PACKET, RECORD
from auditor.model.report import Finding, Report, Verdict
from auditor.report import routed, waived
from auditor.report.grounds import ENCRYPT
from auditor.report.words import amount, capital, many


def title(report: Report) -> str:
    """Say the verdict as one plain sentence."""
    failed = [finding for finding in report.counting if finding.verdict == Verdict.FAIL]
    if report.configurations:
        return _gated(report, failed)
    if failed and all(finding.asked == ENCRYPT for finding in failed):
        certain = "was" if any(finding.proven for finding in failed) else "appears to have been"
        return f"Traffic {certain} in clear where the rules ask for encryption"
    if report.verdict == Verdict.FAIL:
        proven = any(finding.proven for finding in failed)
        return f"Traffic {'went' if proven else 'appears to have gone'} where the rules forbid it"
    if report.empty:
        return "Nothing in this evidence falls under the rules"
    if report.waived or report.known:
        return waived.title(report)
    if report.verdict == Verdict.PASS:
        if all(rule.asks == ENCRYPT for rule in report.rules):
            return "Everything that was examined was encrypted where the rules ask for it"
        return "Everything that was examined stayed where the rules allow"
    if report.findings:
        return "No violation was found, but not everything could be decided"
    return "No violation was found, but not everything could be examined"


def _gated(report: Report, failed: Sequence[Finding]) -> str:
    """Say the verdict on configurations."""
    if failed:
        can = "can" if any(finding.proven for finding in failed) else "can, as they are classified,"
        return f"Clients {can} be sent where the rules forbid it"
    if report.empty:
        return "No clients of these configurations fall under the rules"
    if report.waived or report.known:
        return waived.title(report)
    if report.verdict == Verdict.PASS:
        return "No combination of outages sends clients where the rules forbid it"
    return "No violation was found, but not everything could be decided"


def tally(report: Report) -> str:
    """Count the findings: `1 violation proven, 2 violations indicated, 3 open questions`."""
    if report.empty:
        return "nothing to judge"
    counting = report.counting
    failed = [finding for finding in counting if finding.verdict == Verdict.FAIL]
    proven = sum(finding.proven for finding in failed)
    counts = [
        (proven, f"{many(proven, 'violation')} proven"),
        (len(failed) - proven, f"{many(len(failed) - proven, 'violation')} indicated"),
        (len(counting) - len(failed), many(len(counting) - len(failed), "open question")),
    ]
    told = ", ".join(text for count, text in counts if count)
    apart = [("known", report.known), ("waived", report.waived)]
    rest = [f"; {name}: {waived.kinds(found)}" for name, found in apart if found]
    return f"{told or 'nothing that counts'}{''.join(rest)}" if rest else told or "no findings"


def examined(report: Report) -> str:
    """Say in one sentence how much was examined and what was not."""
    coverage = report.coverage
    missed = coverage.unexamined
    if report.configurations:
        text = routed.proven(report)
        return f"{text} {capital(many(missed, coverage.unit))} could not be decided." if missed else text
    counts = [many(coverage.packets, PACKET)] * bool(coverage.packets)
    counts += [many(coverage.logged, RECORD)] * bool(coverage.logged)
    if not counts:
        text = "The inputs hold no packets and no log records."
    else:
        text = (
            f"{' and '.join(counts)} in {many(coverage.flows, 'flow')} made "
            f"{many(coverage.touches, 'touch', 'touches')} of places; "
            f"{many(len(report.rules), 'rule')} decided {coverage.decided:,} of them."
        )
    if missed or coverage.unread_bytes:
        lost = [amount(sum(count for _, count, _ in coverage.unread_bytes))] * bool(coverage.unread_bytes)
        parts = [many(missed, coverage.unit)] * bool(missed) + lost
        return f"{text} {capital(' and '.join(parts))} could not be examined."
    if coverage.limits:
        what = "the packets" if not coverage.logged else "the inputs"
        return f"{text} Not all that was in {what} could be examined."
    return f"{text} Every {coverage.unit} was examined." if counts else text


def on_claims(report: Report) -> tuple[int, int]:
    """Return how many decisions rest on claims alone, and how many decisions there are."""
    judged = [entry for _, entry in report.coverage.judged]
    return sum(entry.on_claims for entry in judged), sum(entry.passed + entry.failed for entry in judged)


def decisions(report: Report) -> str:
    """Say how many decisions rest on claims alone; empty where none does."""
    claimed, decided = on_claims(report)
    if not claimed:
        return ""
    rest = "rests" if claimed == 1 else "rest"
    return f"{claimed:,} of {many(decided, 'decision')} {rest} on claims alone (indicated, not proven)."
