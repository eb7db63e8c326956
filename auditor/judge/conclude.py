"""Conclude an audit: a digest and rules become a report.

Nothing here looks at traffic any more; the digest is judged, what fails or stays open becomes findings, and
what was seen is counted, so that a pass says how much it rests on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from auditor.digest import Digest
from auditor.judge.conflicts import Bond, bonds, clashes, others, told
from auditor.judge.coverage import coverage
from auditor.judge.familiar import familiar
from auditor.judge.findings import Explain, Names, explained, findings, participants
from auditor.judge.seal import Sealed, seal
from auditor.judge.tally import PLACE, Tally
from auditor.judge.verdicts import FAIL, FAIL_PROVEN, NOT_APPLICABLE, OPEN, PASS, PASS_PROVEN, Hits, Touches
from auditor.judge.waive import waive
from auditor.model import countries, flow
from auditor.model.baseline import Baseline
from auditor.model.coverage import Coverage
from auditor.model.report import Database, Finding, Input, Participants, Place, Report, RuleText, Touched, Verdict
from auditor.model.rule import SEVERITIES, Rule
from auditor.model.waiver import Waiver
from auditor.rules.speak import speaks
from auditor.version import __version__


def conclude(
    digest: Digest,
    rules: Sequence[Rule],
    *,
    inputs: Sequence[Input] = (),
    unread_bytes: Sequence[tuple[str, int, str]] = (),
    databases: Sequence[Database] = (),
    notes: Sequence[str] = (),
    limits: Sequence[str] = (),
    explain: Explain | None = None,
    waivers: Sequence[Waiver] = (),
    as_of: date | None = None,
    baseline: Baseline | None = None,
) -> Report:
    """Judge a digest by rules.

    `inputs` stand in the order of the flows' `source`; `unread_bytes` lists input, bytes that belong to no
    whole record, and why; `limits` are sentences that say what else was not examined.  `explain` says why
    addresses are believed to be where they are: see `Explain`.  `waivers` need the day `as_of` which they are judged.
    What the `baseline` knows is told and decides nothing.
    """
    sealed = seal(digest.situations)
    touches = Touches(sealed, rules)
    names = Names(inputs, sealed)
    tally = Tally(touches, sealed)
    hits, bound = _judged(touches, tally, rules)
    order = {rule.id: i for i, rule in enumerate(rules)}
    torn = clashes(sorted(bound, key=lambda bond: order[bond.rule]), touches)
    unexplained = [each for rule, hit in hits for each in findings(rule, hit, names, others(rule.id, torn))]
    found, uses = waive(explained(unexplained, explain), waivers, rules, as_of)
    found, past = familiar(found, baseline, rules)
    covered = coverage(digest.covered, tally, tally.judged(rules), inputs, unread_bytes, limits)
    first, last = _time(digest.covered)
    return Report(
        verdict=_verdict(found, covered, tally.empty),
        empty=tally.empty,
        findings=_ordered(found, rules),
        coverage=covered,
        rules=tuple(_text(rule) for rule in rules),
        inputs=tuple(inputs),
        databases=tuple(databases),
        touched=_touched(sealed, tally.worst),
        participants=_participants(sealed),
        first_ns=first,
        last_ns=last,
        notes=tuple(notes),
        version=__version__,
        waivers=uses,
        as_of=str(as_of) if waivers else "",
        conflicts=tuple(told(clash, names) for clash in torn),
        baseline=past,
    )


def _judged(touches: Touches, tally: Tally, rules: Sequence[Rule]) -> tuple[list[tuple[Rule, Hits]], list[Bond]]:
    """Judge all touches by all rules and count them; return what fails or stays open, and what rules bind."""
    hits: list[tuple[Rule, Hits]] = []
    bound: list[Bond] = []
    for view, alike in touches.views(rules):
        seen = tally.seen(view)
        for rule in alike:
            outcomes = touches.judge(rule, view)
            tally.add(seen, outcomes)
            hits.append((rule, touches.hits(outcomes)))
            bound += bonds(outcomes)
        tally.put(seen)
    return hits, bound


def restated(report: Report, findings: Sequence[Finding]) -> Report:
    """Return a report with other findings of the same rules, and the verdict that follows from them."""
    verdict = _verdict(findings, report.coverage, report.empty)
    return replace(report, verdict=verdict, findings=_ordered(findings, report.rules))


def _text(rule: Rule) -> RuleText:
    return RuleText(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        why=rule.why,
        fix=rule.fix,
        references=tuple((each.said, each.kind, each.url, each.article, each.date) for each in rule.references),
        file=rule.file,
        sha256=rule.sha256,
        speaks=speaks(rule),
        asks=rule.asserts.verb,
        controls=tuple((each.framework, each.id) for each in rule.controls),
        path=rule.path or rule.file,
        line=rule.line,
    )


def _verdict(found: Sequence[Finding], covered: Coverage, empty: bool) -> Verdict:
    """Fail if anything fails; open if anything is open or was not examined, or if there was nothing to judge.

    A waiver, or a baseline, takes the weight off a finding, and off nothing else: what was not examined nobody can
    accept.
    """
    counting = [finding.verdict for finding in found if finding.counts]
    if Verdict.FAIL in counting:
        return Verdict.FAIL
    unknown = counting or covered.unexamined or covered.unread_bytes or covered.limits or empty
    return Verdict.OPEN if unknown else Verdict.PASS


def _ordered(found: Sequence[Finding], rules: Sequence[Rule | RuleText]) -> tuple[Finding, ...]:
    """Put those that count first and waived ones last, then failures, then the severe, then by rule.

    Of one rule, ways of a configuration that take fewer outages come first.
    """
    order = {rule.id: i for i, rule in enumerate(rules)}

    def place(finding: Finding) -> tuple[bool, bool, bool, int, int, int, str]:
        fewest = len(finding.routes[0].outages) if finding.routes else 0
        kind = not finding.counts, finding.waiver is not None, finding.verdict != Verdict.FAIL
        return *kind, -SEVERITIES.index(finding.severity), order[finding.rule], fewest, finding.id

    return tuple(sorted(found, key=place))


def _time(covered: pl.DataFrame) -> tuple[int, int]:
    """Return the first and the last moment of what was read; of all records if none could be."""
    rows = covered.filter(pl.col("status") == "ok")
    rows = rows if len(rows) else covered
    return (rows["first_ns"].min() or 0, rows["last_ns"].max() or 0) if len(rows) else (0, 0)  # type: ignore[return-value]


def _touched(sealed: Sealed, worst: pl.DataFrame) -> tuple[Touched, ...]:
    """List the places that were touched, with the worst that any rule says of them."""
    keys = list(PLACE)
    some = sealed.ends.select("role", "outcome", "plane", *keys, "row", "id", "own", "flows", "packets", "bytes")
    ends = some.filter((pl.col("role") != "client") & (pl.col("outcome") != flow.REJECTED)).drop("role", "outcome")
    flows = (
        ends.unique([*keys, "row"])
        .group_by(keys)
        .agg(
            pl.col("packets", "bytes").sum(),
            sessions=pl.col("flows").filter("own").sum() + pl.col("id").filter(~pl.col("own")).n_unique(),
        )
    )
    kinds = ends.group_by(keys).agg(pl.col("plane").unique().sort())
    found = [
        Touched(
            Place(row["possible"], countries.state(row["possible"]), row["site"], row["operator"]),
            _WORST[row["worst"]],
            tuple(row["plane"]),
            row["sessions"],
            row["packets"],
            row["bytes"],
        )
        for row in kinds.join(flows, on=keys).join(worst, on=keys).sort(keys).iter_rows(named=True)
    ]
    return tuple(sorted(found, key=lambda touched: _SEVERE.index(touched.verdict)))


_SEVERE: Final = (Verdict.FAIL, Verdict.OPEN, Verdict.PASS, Verdict.NOT_APPLICABLE)
_WORST: Final = {
    FAIL_PROVEN: Verdict.FAIL,
    FAIL: Verdict.FAIL,
    OPEN: Verdict.OPEN,
    PASS: Verdict.PASS,
    PASS_PROVEN: Verdict.PASS,
    NOT_APPLICABLE: Verdict.NOT_APPLICABLE,
}


def _participants(sealed: Sealed) -> tuple[Participants, ...]:
    """List all classes of participants, each with the smallest address."""
    met = sealed.ends.filter(pl.col("outcome") != flow.REJECTED)["audience"].unique()
    people = (
        sealed.people.filter(pl.col("audience").is_in(met.implode()))
        .group_by("member")
        .agg(pl.col("example").min())
        .sort("member")
    )
    return participants(people.to_dicts(), sealed, proof=False)
