"""The report as plain text, for terminals and logs: the verdict, the findings, what was not examined.

Its own words are ASCII and it needs no colour; a stranger's text is on one line and can't steer a
terminal.  It is bounded: of very many findings it shows the first and counts the rest.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from auditor.model.report import Finding, Report, RuleText, Verdict
from auditor.report import grounds, known, overall, phrases, routed, torn, waived, words
from auditor.report.clean import cleaned

MOST: Final = 20
"""Findings of one verdict (or waived) that are shown, and rows of any other list."""

FEW: Final = 3
"""Participants, sessions, packets and facts shown of one finding."""

_COLOURS: Final = {"FAIL": "1;31", "OPEN": "1;33", "PASS": "1;32"}
_LABEL: Final = 12  # columns before the text of a line


def render_text(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """Write the report as lines of at most `width` columns (at least 72); with `colour`, verdicts bear ANSI colours."""
    width = max(width, 72)
    head, hidden = _verdict(report, width), len(report.findings)
    accepted = _waivers(report, width)
    shown = phrases.first_of_each(report.findings, MOST)
    report = cleaned(replace(report, findings=tuple(shown), touched=(), waivers=()))
    hidden -= len(report.findings)
    sections = [
        head,
        *_findings(report, width),
        _hidden(hidden),
        _conflicts(report, width),
        accepted,
        _gone(report, width),
        _judged(report, width),
        _remarks(report, width),
        _unread(report, width),
    ]
    sections += [_inputs(report, width), _notes(report, width)]
    text = "\n\n".join("\n".join(section) for section in sections if section) + "\n"
    return _painted(text) if colour else text


def show(report: Report) -> None:
    """Print the report on the terminal, as wide as it is and in colour unless NO_COLOR is set."""
    from rich.console import Console

    console = Console(highlight=False)
    text = render_text(report, width=min(console.width, 110), colour=console.is_terminal and not console.no_color)
    console.file.write(text)


def _painted(text: str) -> str:
    """Colour the verdict at the beginning of a line."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        code = _COLOURS.get(line[:4])
        lines[i] = f"\x1b[{code}m{line[:4]}\x1b[0m{line[4:]}" if code else line
    return "\n".join(lines)


def _verdict(report: Report, width: int) -> list[str]:
    when = "" if report.configurations else words.span(report.first_ns, report.last_ns)
    decided = overall.decisions(report)
    lines = [overall.title(report) + ".", overall.tally(report).capitalize() + ".", overall.examined(report)]
    lines += [f"As of {words.moment(report.first_ns)[:10]}."] if report.configurations and report.first_ns else []
    lines += [f"Traffic from {when}." if " to " in when else f"Traffic of {when}."] if when else []
    said = (decided, torn.summary(report), waived.summary(report), known.summary(report))
    lines += [text for text in said if text]
    tag = report.verdict.value.upper()
    return [line for i, text in enumerate(lines) for line in _wrapped(f"{'' if i else tag:6}", text, width)]


def _findings(report: Report, width: int) -> Iterator[list[str]]:
    rules = {rule.id: rule for rule in report.rules}
    told: set[str] = set()
    for finding in report.findings:
        yield list(_finding(finding, None if finding.rule in told else rules.get(finding.rule), width))
        told.add(finding.rule)


def _hidden(count: int) -> list[str]:
    return [f"{words.many(count, 'more finding')}; the JSON report lists all."] if count else []


def _finding(finding: Finding, rule: RuleText | None, width: int) -> Iterator[str]:
    """Write one finding; its rule's own text only where it was not told before."""
    yield from _wrapped(f"{phrases.tag(finding)}  ", f"{finding.severity}  {finding.rule}  [{finding.id}]", width)
    yield from _wrapped("  ", phrases.happened(finding), width)
    rows: list[tuple[str, Iterable[str]]] = [
        ("waived", waived.accepted(finding)),
        ("baseline", [known.familiar(finding)]),
        ("known", [grounds.known(finding), *grounds.disputed(finding)]),
        ("conflict", [torn.beside(finding)]),
        ("who", [phrases.whose(entry) for entry in finding.participants[:FEW]]),
        ("when", ["; ".join(part for part in (phrases.when(finding), phrases.volume(finding)) if part)]),
        *routed.rows(finding),
    ]
    if not finding.routes:
        rows.append(("evidence", [phrases.witness(entry) for entry in finding.evidence[:FEW]]))
        rows.append(("sessions", [_more(finding.first_sessions[:FEW], finding.sessions)]))
        rows.append(("trace it", [*(command for command, _ in phrases.commands(finding)), f"({phrases.TAKES})"]))
    if finding.verdict == Verdict.OPEN:
        rows.append(("settle it", [f"- {settle.text}" for settle in finding.settles[:FEW]]))
    if rule:
        rows.append(("rule", [rule.title, rule.speaks]))
        rows.append(("fix", [rule.fix] if finding.verdict == Verdict.FAIL else []))
    for label, texts in rows:
        shown = [text for text in texts if text]
        for i, text in enumerate(shown):
            yield from _wrapped(f"  {'' if i else label:{_LABEL - 2}}", text, width)


def _waivers(report: Report, width: int) -> list[str]:
    """List the waivers, those that don't do what their owners may think before those that do."""
    if not report.waivers:
        return []
    ordered = sorted(report.waivers, key=lambda use: use.state == "applied")
    lines = [f"WAIVERS, AS OF {report.as_of}"]
    for use in map(cleaned, ordered[:MOST]):
        waiver = use.waiver
        told = [f"{waived.at(waiver)}: {waived.fate(use)}", waiver.speaks]
        told += [waiver.reason, f"{waived.who(waiver)}."] if use.state != "applied" else []
        for i, text in enumerate(told):
            lines += _wrapped("  " if i == 0 else "      ", text, width)
    return lines + _rest(len(report.waivers), "waiver")


def _gone(report: Report, width: int) -> list[str]:
    """List what the baseline knows and nothing shows any more."""
    lines = [line for row in known.gone(report, MOST) for line in _wrapped("  ", row, width)]
    return ["BASELINE", *lines] if lines else []


def _conflicts(report: Report, width: int) -> list[str]:
    """List the rules that no place can obey together."""
    if not report.conflicts:
        return []
    lines = ["CONFLICTS OF RULES"]
    for entry in report.conflicts[:MOST]:
        lines += _wrapped("  ", torn.conflict(entry), width)
        lines += _wrapped("      sessions  ", torn.first(entry), width)
    return lines + _rest(len(report.conflicts), "conflict")


def _more(shown: Sequence[str], count: int) -> str:
    rest = count - len(shown)
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 and shown else "")


def _judged(report: Report, width: int) -> list[str]:
    judged = report.coverage.judged
    if len(judged) > MOST:  # then those that found something first
        judged = tuple(sorted(judged, key=lambda told: (-told[1].failed, -told[1].open, -told[1].passed))[:MOST])
    if not judged:
        return []
    room = min(max(len(rule) for rule, _ in judged), width - 46)
    lines = [f"{'RULES':{room}}  {'pass':>7} {'fail':>7} {'open':>7} {'not appl.':>9} {'on claims':>9}"]
    for rule, counts in judged:
        numbers = (counts.passed, counts.failed, counts.open)
        columns = " ".join(f"{number:>7,}" for number in numbers)
        lines.append(f"{rule[:room]:{room}}  {columns} {counts.not_applicable:>9,} {counts.on_claims:>9,}")
    return lines + _rest(len(report.coverage.judged), "rule")


def _remarks(report: Report, width: int) -> list[str]:
    """List what configurations say and their authors may not mean."""
    marked = [remark for known in report.configurations for remark in known.remarks]
    if not marked:
        return []
    lines = [line for remark in marked[:MOST] for line in _wrapped("  ", f"{routed.at(remark)}: {remark.text}", width)]
    return ["REMARKS ON THE CONFIGURATION", *lines, *_rest(len(marked), "remark")]


def _unread(report: Report, width: int) -> list[str]:
    coverage = report.coverage
    rows = [
        f"{words.many(row.packets, row.unit)} of {row.source}: {row.status.replace('_', ' ')}"
        f"{f' ({row.reason})' if row.reason else ''}, first at {row.unit} {row.first_record:,}"
        for row in coverage.unread[:MOST]
    ]
    rows += [
        f"{words.capital(words.amount(count))} of {source}: {reason}"
        for source, count, reason in coverage.unread_bytes[:MOST]
    ]
    rows += [
        f"{words.many(count, 'flow')} {outcome}: attempts that carried nothing" for outcome, count in coverage.outcomes
    ]
    if not rows:
        return []
    lines = [line for row in rows for line in _wrapped("  ", row, width)]
    hidden = max(len(coverage.unread), len(coverage.unread_bytes))
    return ["NOT EXAMINED, OR WITHOUT AN ADDRESS", *lines, *_rest(hidden, "row")]


def _inputs(report: Report, width: int) -> list[str]:
    rows = [
        f"{entry.name}: {entry.format}, {words.many(entry.size, entry.unit)}, {words.size(entry.bytes)}, "
        f"sha256 {entry.sha256[:16]}..."
        for entry in report.inputs[:MOST]
    ]
    rows += [phrases.database(entry) for entry in report.databases[:MOST]]
    lines = [line for row in rows for line in _wrapped("  ", row, width)]
    return ["INPUTS AND DATABASES", *lines, *_rest(max(len(report.inputs), len(report.databases)), "row")]


def _notes(report: Report, width: int) -> list[str]:
    lines = [line for note in report.notes[:MOST] for line in _wrapped("Note: ", note, width)]
    return lines + _wrapped("", f"residency-auditor {report.version}", width)


def _rest(count: int, noun: str) -> list[str]:
    return [f"  and {words.many(count - MOST, f'more {noun}')}; the JSON report lists all."] if count > MOST else []


def _wrapped(head: str, text: str, width: int) -> list[str]:
    """Wrap one text; its first line begins with `head`, the others are indented as far."""
    indent = " " * len(head)
    return textwrap.wrap(text or "-", width, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
