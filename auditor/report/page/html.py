"""The report as one HTML file that is made to be filed and printed.

It holds no script, loads nothing and says so itself (Content-Security-Policy); whatever a stranger
wrote is escaped text.  It is bounded: of very many findings it shows the first in full, the next as
rows of a table, and counts the rest, which the JSON report lists.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from auditor.model.coverage import PACKET
from auditor.model.report import Finding, Report, Settle, Verdict
from auditor.report import grounds, known, overall, phrases, routed, torn, waived, words
from auditor.report.clean import cleaned, link
from auditor.report.page import routegraph, surgechart, worldmap

FULL: Final = 40
"""Findings of one verdict (or waived) that get a section of their own."""

BRIEF: Final = 160
"""Findings of one verdict that get a row of a table after those."""

ROWS: Final = 200
"""Rows of any other table."""

LEADS: Final = 3
"""Findings that the verdict at the top tells."""


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one verdict, or waived ones: those told in full, those told briefly, and how many are left."""

    full: Sequence[Finding]
    brief: Sequence[Finding]
    count: int

    @property
    def hidden(self) -> int:
        """How many are only in the JSON report."""
        return self.count - len(self.full) - len(self.brief)


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that would settle open findings, and how many it bears on."""

    settle: Settle
    count: int


def render(report: Report) -> str:
    """Write the page."""
    shown = cleaned(_bounded(report))
    failed, undecided = (_group(report.counting, shown.counting, verdict) for verdict in (Verdict.FAIL, Verdict.OPEN))
    accepted = _group(report.waived, shown.waived)
    past = _group(report.known, shown.known)
    facts, more_facts = _facts(report.counting)
    style, digest = _style()
    page = _environment().get_template("page.html").render(
        report=shown,
        whole=report.coverage,
        failed=failed,
        undecided=undecided,
        accepted=accepted,
        kinds=waived.kinds(report.waived),
        past=past,
        past_kinds=waived.kinds(report.known),
        past_summary=known.summary(shown),
        gone=known.gone(shown, ROWS),
        summary=waived.summary(report),
        torn=torn.summary(report),
        leads=_leads(failed, undecided),
        title=overall.title(report),
        tally=overall.tally(report),
        facts=facts,
        more_facts=more_facts,
        map=worldmap.drawn(report),
        judged=dict(shown.coverage.judged),
        told={rule.id: rule for rule in shown.rules},
        order={rule.id: i for i, rule in enumerate(shown.rules)},
        hidden={
            "inputs": len(report.inputs) - len(shown.inputs),
            "unread": len(report.coverage.unread) - len(shown.coverage.unread),
            "unread_bytes": len(report.coverage.unread_bytes) - len(shown.coverage.unread_bytes),
            "rules": len(report.rules) - len(shown.rules),
            "touched": len(report.touched) - len(shown.touched),
            "participants": len(report.participants) - len(shown.participants),
            "waivers": len(report.waivers) - len(shown.waivers),
            "conflicts": len(report.conflicts) - len(shown.conflicts),
        },
        glossary=(*routed.GLOSSARY, *phrases.GLOSSARY) if report.configurations else phrases.GLOSSARY,
        style=style,
        digest=digest,
    )  # fmt: skip
    return page + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("auditor.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = (
        *(words.amount, words.capital, words.many, words.moment, words.size, words.span, words.where, link, spelled),
        *(
            phrases.cast,
            phrases.commands,
            overall.decisions,
            grounds.disputed,
            overall.examined,
            phrases.happened,
            grounds.known,
        ),
        *(phrases.place, phrases.volume, phrases.whose, worldmap.counted),
        *(routed.described, routed.reaching, routed.since, routed.surged),
        *(waived.at, waived.fate, waived.who, torn.beside),
        known.familiar,
    )
    environment.globals.update(
        {function.__name__: function for function in said},
        takes=phrases.TAKES,
        states=waived.STATES,
        torn_first=torn.first,
        route_clients=routed.clients,
        route_takes=routed.takes,
        route_graph=routegraph.drawn,
        surge_chart=surgechart.chart,
    )
    environment.globals.update(BASES=phrases.BASES, PACKET=PACKET)
    return environment


@cache
def _style() -> tuple[Markup, str]:
    """Return the style sheet and its hash, which the policy names: no other style applies."""
    text = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    text += surgechart.style()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), digest  # noqa: S704 -- our own file


def _bounded(report: Report) -> Report:
    """Keep what the page shows, so that nothing walks through the rest."""
    coverage = replace(
        report.coverage, unread=report.coverage.unread[:ROWS], unread_bytes=report.coverage.unread_bytes[:ROWS]
    )
    worst = sorted(report.touched, key=lambda entry: (entry.verdict != Verdict.FAIL, entry.verdict != Verdict.OPEN))
    return replace(
        report,
        findings=tuple(phrases.first_of_each(report.findings, FULL + BRIEF)),
        coverage=coverage,
        inputs=report.inputs[:ROWS],
        rules=report.rules[:ROWS],
        participants=report.participants[:ROWS],
        touched=tuple(worst[:ROWS]),
        conflicts=report.conflicts[:ROWS],
        waivers=tuple(sorted(report.waivers, key=lambda use: use.state == "applied")[:ROWS]),
    )


def _group(every: Sequence[Finding], shown: Sequence[Finding], verdict: Verdict | None = None) -> Group:
    findings = [finding for finding in shown if verdict in (None, finding.verdict)]
    count = sum(verdict in (None, finding.verdict) for finding in every)
    return Group(findings[:FULL], findings[FULL:], count)


def _leads(failed: Group, undecided: Group) -> Sequence[Finding]:
    """Choose what the top of the page tells: the gravest violations, or open questions where there is none."""
    return (failed if failed.count else undecided).full[:LEADS]


def _facts(findings: Iterable[Finding]) -> tuple[list[Fact], int]:
    """Collect the facts that would settle open findings, those that bear on most first; and how many are left out."""
    counts: dict[Settle, int] = {}
    for finding in findings:
        for settle in set(finding.settles):
            counts[settle] = counts.get(settle, 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].fact, pair[0].subject, pair[0].text))
    return [Fact(cleaned(settle), count) for settle, count in ordered[:FULL]], max(0, len(ordered) - FULL)


def spelled(value: Any) -> str:
    """Write an identifier of ours for people: `no_address` as `no address`."""
    return str(value).replace("_", " ").replace("-", " ")
