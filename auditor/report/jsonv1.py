"""The JSON report, `auditor-report/v1`: the model put into the shape that other programs rely on."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from auditor.model import countries
from auditor.model import report as model
from auditor.model.coverage import Coverage
from auditor.report import shape
from auditor.report.clean import encodable, in_ascii
from auditor.report.shape.route import surge
from auditor.report.words import utc


def render(report: model.Report) -> str:
    """Write the report as JSON."""
    return written(shaped(report))


def written(value: shape.Shape) -> str:
    """Write a shape as JSON: ASCII, two spaces of indent, fields in the order of the schema, maps sorted."""
    try:
        written = msgspec.json.encode(value, order="deterministic")
    except UnicodeEncodeError:  # file names that are not UTF-8 arrive as lone surrogates
        written = msgspec.json.encode(_encodable(msgspec.to_builtins(value, order="deterministic")))
    text = msgspec.json.format(written, indent=2).decode() + "\n"
    return in_ascii(text)


def _encodable(value: Any) -> Any:
    """Turn all text into text that UTF can carry."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list) else value


@lru_cache(1 << 12)  # the lists are written, never changed
def _countries(value: str) -> list[str]:
    if value == countries.ANYWHERE:
        return [countries.ANYWHERE]
    return list(countries.members(value)) if value else []


def time(ns: int) -> str | None:
    """Write nanoseconds since 1970; null where there is no time."""
    return utc(ns, 9) if ns else None


def _place(place: model.Place) -> shape.Place:
    return shape.Place(_countries(place.countries), place.state, place.site, place.operator)  # type: ignore[arg-type]


def _participants(rows: Iterable[model.Participants]) -> list[shape.Participants]:
    return [shape.Participants(_countries(p.countries), p.label, p.example, p.certain) for p in rows]


def _finding(finding: model.Finding) -> shape.Finding:
    return shape.Finding(
        id=finding.id,
        rule=finding.rule,
        verdict=finding.verdict.value,  # type: ignore[arg-type]
        severity=finding.severity,
        basis=finding.basis,
        plane=finding.plane,
        population=finding.population,
        place=_place(finding.place),
        proven=finding.proven,
        wording="proven" if finding.proven else "indicated",
        sessions=shape.Sessions(finding.sessions, list(finding.first_sessions)),
        participants=_participants(finding.participants),
        endpoints=list(finding.endpoints),
        endpoint_count=finding.endpoint_count,
        packets=finding.packets,
        bytes=finding.bytes,
        first=time(finding.first_ns),
        last=time(finding.last_ns),
        evidence=[shape.Evidence(e.source, e.record, e.detail, time(e.time_ns), e.unit) for e in finding.evidence],
        located_by=[
            shape.Located(address, [shape.Said(s.name, s.kind, _countries(s.countries), s.detail) for s in sources])
            for address, sources in finding.located_by
        ],
        settles=[shape.Settle(s.fact, s.subject, s.text) for s in finding.settles],
        endpoints_complete=finding.every_endpoint,
        waiver=_waiver(finding.waiver) if finding.waiver else None,
        conflicts=list(finding.conflicts),
        routes=[msgspec.convert(route, shape.Route, from_attributes=True) for route in finding.routes],
        reaching=[shape.Reaching(each.outages, each.classes) for each in finding.reaching],
        surge=surge(finding.surge) if finding.surge else None,
        standing=finding.standing or None,  # type: ignore[arg-type]
    )


def _waiver(waiver: model.WaiverText) -> shape.Waiver:
    return shape.Waiver(
        rule=waiver.rule,
        speaks=waiver.speaks,
        reason=waiver.reason,
        owner=waiver.owner,
        approved_by=waiver.approved_by,
        ticket=waiver.ticket,
        approved=waiver.approved,
        expires=waiver.expires,
        file=waiver.file,
        line=waiver.line,
    )


def _coverage(coverage: Coverage) -> shape.Coverage:
    return shape.Coverage(
        packets=coverage.packets,
        logged=coverage.logged,
        bytes=coverage.bytes,
        records=dict(coverage.records),
        unread=[shape.Unread(u.source, u.status, u.reason, u.packets, u.first_record, u.unit) for u in coverage.unread],
        unread_bytes=[shape.UnreadBytes(*row) for row in coverage.unread_bytes],
        limits=list(coverage.limits),
        outcomes=dict(coverage.outcomes),
        flows=coverage.flows,
        touches=coverage.touches,
        decided=coverage.decided,
        judged={
            rule: shape.Judged(j.passed, j.failed, j.open, j.not_applicable, j.on_claims) for rule, j in coverage.judged
        },
    )


def shaped(report: model.Report) -> shape.Report:
    """Put a report into its declared shape."""
    return shape.Report(
        format="auditor-report/v1",
        tool=shape.Tool("residency-auditor", report.version),
        verdict=report.verdict.value,  # type: ignore[arg-type]
        empty=report.empty,
        first=time(report.first_ns),
        last=time(report.last_ns),
        findings=[_finding(f) for f in report.findings],
        coverage=_coverage(report.coverage),
        touched=[
            shape.Touched(_place(t.place), t.verdict.value, list(t.planes), t.sessions, t.packets, t.bytes)
            for t in report.touched
        ],
        participants=_participants(report.participants),
        inputs=[shape.Input(i.name, i.sha256, i.bytes, i.format, i.size, i.unit) for i in report.inputs],
        databases=[shape.Database(d.name, d.sha256, d.date, d.kind, d.attribution, d.url) for d in report.databases],
        rules=[_rule(rule) for rule in report.rules],
        notes=list(report.notes),
        as_of=report.as_of or None,
        waived=_waived(report.waived),
        waivers=[
            shape.WaiverUse(_waiver(use.waiver), use.state, list(use.findings), list(use.shadowed))
            for use in report.waivers
        ],
        conflicts=[_conflict(each) for each in report.conflicts],
        configurations=[
            msgspec.convert(each, shape.Configuration, from_attributes=True) for each in report.configurations
        ],
        baseline=_baseline(report.baseline) if report.baseline else None,
    )


def _rule(rule: model.RuleText) -> shape.Rule:
    return shape.Rule(
        id=rule.id,
        title=rule.title,
        severity=rule.severity,
        speaks=rule.speaks,
        why=rule.why,
        fix=rule.fix,
        references=[shape.Reference(*row) for row in rule.references],
        controls=[shape.Control(*row) for row in rule.controls],
        file=rule.file,
        path=rule.path,
        line=rule.line,
        sha256=rule.sha256,
    )


def _conflict(conflict: model.Conflict) -> shape.Conflict:
    return shape.Conflict(
        list(conflict.rules),
        shape.Sessions(conflict.sessions, list(conflict.first_sessions)),
        list(conflict.planes),
        time(conflict.first_ns),
        time(conflict.last_ns),
    )


def _baseline(use: model.BaselineUse) -> shape.BaselineUse:
    fixed, unasked = ([shape.Past(p.id, p.rule, p.verdict) for p in rows] for rows in (use.fixed, use.unasked))
    return shape.BaselineUse(use.file, use.sha256, use.known, use.new, fixed, unasked)


def _waived(findings: Sequence[model.Finding]) -> shape.Waived:
    failed = sum(finding.verdict == model.Verdict.FAIL for finding in findings)
    return shape.Waived(failed, len(findings) - failed)
