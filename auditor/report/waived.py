"""What all reports say of waivers: who accepted which finding until when, and what became of each waiver."""

from collections.abc import Sequence
from typing import Final

from auditor.model.report import Finding, Report, Verdict, WaiverText, WaiverUse
from auditor.report.words import listed, many

STATES: Final = {
    "applied": "in force",
    "shadowed": "needless",
    "unused": "unused",
    "no rule": "unused",
    "expired": "expired",
    "pending": "not yet in force",
}


def kinds(findings: Sequence[Finding]) -> str:
    """Count findings, violations apart from open questions: `1 violation and 2 open questions`."""
    failed = sum(finding.verdict == Verdict.FAIL for finding in findings)
    counts = [(failed, "violation"), (len(findings) - failed, "open question")]
    return listed([many(count, noun) for count, noun in counts if count], "and")


def title(report: Report) -> str:
    """Say the verdict as one sentence, where findings are waived or known and no violation is left."""
    compared = any(route.compared for finding in report.known for route in finding.routes)
    source = "from before the change" if compared else "from the baseline"
    groups = [(report.waived, "waived"), (report.known, f"known {source}")]
    if report.verdict == Verdict.PASS:
        how = listed([word for found, word in groups if found])
        return f"All that was found is {how}; what else was examined is as the rules ask"
    what = "decided" if report.counting else "examined"
    beside = listed([word for found, word in groups if any(each.verdict == Verdict.FAIL for each in found)])
    none = f"No violation was found beside those that are {beside}" if beside else "No violation was found"
    return f"{none}, but not everything could be {what}"


def accepted(finding: Finding) -> list[str]:
    """Say of a waived finding who accepts it, why and until when; nothing of another."""
    waiver = finding.waiver
    if waiver is None:
        return []
    what = "Accepted as not known" if finding.verdict == Verdict.OPEN else "Accepted"
    return [f"{what}, and counts again from {waiver.expires}: {waiver.reason}", f"{who(waiver)} ({at(waiver)})."]


def who(waiver: WaiverText) -> str:
    """Name who answers for a waiver, who approved it, and the ticket."""
    by = f" by {waiver.approved_by}" if waiver.approved_by else ""
    return f"Owner {waiver.owner}; approved{by} on {waiver.approved}" + (
        f"; ticket {waiver.ticket}" if waiver.ticket else ""
    )


def at(waiver: WaiverText) -> str:
    """Say where a waiver stands."""
    return f"{waiver.file}, line {waiver.line:,}"


def fate(use: WaiverUse) -> str:
    """Say in one sentence what became of a waiver."""
    count, waiver = len(use.findings), use.waiver
    found = many(count, "finding")
    if use.state == "applied":
        rest = len(use.shadowed)
        more = f"; {many(rest, 'more finding')} that another one accepts" if rest else ""
        return f"Accepts {found} until {waiver.expires}{more}."
    if use.state == "shadowed":
        return f"Needless: another waiver accepts {many(len(use.shadowed), 'finding')}, which is all that it would."
    if use.state == "unused":
        return "Unused: no finding is as it says. Delete it, unless what it accepts can come back."
    if use.state == "no rule":
        return f"Unused: no rule {waiver.rule} was asked. Mend the identifier, load the rule, or delete the waiver."
    counts = f"{found} that it would accept {'counts' if count == 1 else 'count'}"
    if use.state == "pending":
        return f"Not yet in force: it was approved on {waiver.approved}" + (f", so {counts}." if count else ".")
    return f"Expired on {waiver.expires}" + (f": {counts} again." if count else "; no finding needs it. Delete it.")


def summary(report: Report) -> str:
    """Say in one sentence what waivers did; empty where none were given."""
    if not report.as_of:
        return ""
    states = [STATES[use.state] for use in report.waivers]
    counts = [f"{states.count(state):,} {state}" for state in dict.fromkeys(STATES.values()) if state in states]
    of = f"{many(len(states), 'waiver')} judged as of {report.as_of} (UTC)" + (f": {', '.join(counts)}" * bool(counts))
    done = report.waived
    verb = "is" if len(done) == 1 else "are"
    return f"{of}. {kinds(done)} {verb} waived." if done else f"{of}. No finding is waived."


def warnings(report: Report) -> list[str]:
    """Return a line for each waiver that does not do what its owner may think."""
    return [f"{at(use.waiver)}: {fate(use)}" for use in report.waivers if use.state != "applied"]
