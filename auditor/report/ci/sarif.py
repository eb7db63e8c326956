"""SARIF 2.1.0 (OASIS, with errata 01), within what GitHub's code scanning takes and shows.

GitHub refuses a whole file for one result without a file and line, and for one list that is too long, so every result
has its line and every list its end; what was left out is said.  Violations and open questions of a rule are told apart
by descriptors of their own (`rule` and `rule/open`): GitHub knows no `kind`, and grades all results of a descriptor
alike, so an open question would be shown as graver than anybody knows.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from auditor.model.coverage import LINE
from auditor.model.report import Evidence, Finding, Report, RuleText, Verdict, WaiverText
from auditor.model.route import Route
from auditor.report import known, phrases, routed, waived
from auditor.report.ci import pointed
from auditor.report.ci.markdown import escaped
from auditor.report.ci.pointed import Spot
from auditor.report.clean import cleaned, encodable, in_ascii, link, visible
from auditor.report.words import many

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
RESULTS: Final = 5_000  # that GitHub shows of one run, and rules that are described; of each it takes 25,000
NEARBY: Final = 100  # related locations of a result; it takes 1,000 and shows 100
FLOWS: Final = 3  # routes of a result
ARTIFACTS: Final = 1_000
NOTICES: Final = 200
TEXT: Final = 1_000  # characters of a description; it takes 1,024
LARGEST: Final = 10_000_000  # bytes of the file once it is packed by gzip

_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5"}
_BRACED: Final = re.compile(r"\{(\d+)\}")
_STATES: Final = {"new": "new", "known": "unchanged"}


def render(report: Report) -> str:
    """Write the report; of more findings than GitHub takes, those that count most."""
    most = RESULTS
    while True:
        text = _written(_log(report, most))
        if len(text) <= LARGEST or most < 2 or len(zlib.compress(text.encode(), 6)) <= LARGEST - 1_000:
            return text
        most //= 2


def _written(value: Mapping[str, Any]) -> str:
    return in_ascii(encodable(json.dumps(value, indent=2, ensure_ascii=False))) + "\n"


def _log(report: Report, most: int) -> dict[str, Any]:
    rules = _rules(report, most)
    index = {rule.id: 2 * i for i, rule in reversed(list(enumerate(rules)))}
    results = _results(report, most, {rule.id: rule for rule in reversed(rules)}, index)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "residency-auditor",
                "version": report.version,
                "rules": [each for rule in rules for each in (_rule(rule), _question(rule))],
            }
        },
        "automationDetails": {"id": f"residency-auditor/{_what(report)}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": _notifications(report, len(results)),
                "toolConfigurationNotifications": _capped(waived.warnings(report), "warning"),
            }
        ],
        "artifacts": _artifacts(report),
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": {
            "verdict": report.verdict.value,
            "empty": report.empty,
            "undecided": report.undecided,
            "findings": len(report.findings),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _what(report: Report) -> str:
    """Name what was done: the category under which GitHub keeps the results of one such run after the other."""
    lines = any(entry.unit == LINE for entry in report.inputs)
    return "gate" if lines or any(each.basis == "configured" for each in report.findings) else "audit"


def _rules(report: Report, most: int) -> list[RuleText]:
    """Return the rules that are described, twice each: of very many, those that found something before others."""
    if len(report.rules) <= most:
        return list(report.rules)
    found = {finding.rule for finding in report.findings[:most]}
    return sorted(report.rules, key=lambda rule: rule.id not in found)[:most]


def _rule(rule: RuleText) -> dict[str, Any]:
    ident, rule = visible(rule.id), cleaned(rule)
    descriptor = _described(rule, ident, rule.title, _LEVELS.get(rule.severity, "warning"))
    tags = ["security", "data-residency", f"severity:{rule.severity}"]
    tags += list(dict.fromkeys(f"{framework}:{control}" for framework, control in rule.controls))[:7]  # ten are shown
    descriptor["properties"] = {
        "tags": tags,
        "security-severity": _SCORES.get(rule.severity, "5.5"),
        "precision": "high",
        "controls": [list(each) for each in rule.controls[:RESULTS]],
    }
    return descriptor


def _question(rule: RuleText) -> dict[str, Any]:
    """Describe the open questions of a rule: no security alert, since nobody knows that anything is wrong."""
    ident, rule = visible(rule.id), cleaned(rule)
    descriptor = _described(rule, f"{ident}/open", f"Not decided: {rule.title}", _doubted(rule.severity))
    descriptor["properties"] = {
        "tags": ["data-residency", "open-question", f"severity:{rule.severity}"],
        "problem.severity": "warning",
    }
    return descriptor


def _doubted(severity: str) -> str:
    return "note" if severity == "low" else "warning"


def _described(rule: RuleText, ident: str, title: str, level: str) -> dict[str, Any]:
    sources = [said for said, *_ in rule.references]
    parts = [("Rule", rule.speaks), ("Why", rule.why), ("Fix", rule.fix), ("Sources", "; ".join(sources))]
    told = [(name, text) for name, text in parts if text] or [("Rule", title)]
    cited = [
        f"[{escaped(said)}]({url})" if (url := _plain(link(address))) else escaped(said)
        for said, _, address, _, _ in rule.references
    ]
    marked = [f"**{name}** {escaped(text)}" for name, text in told if name != "Sources"]
    marked += [f"**Sources** {'; '.join(cited)}"] if cited else []
    return {
        "id": ident,
        "name": ident[:255],
        "shortDescription": {"text": _text(title or ident)},
        "fullDescription": {"text": _text(rule.speaks or title or ident)},
        "help": {"text": "\n\n".join(f"{name}: {text}" for name, text in told), "markdown": "\n\n".join(marked)},
        "defaultConfiguration": {"level": level},
    }


def _plain(url: str) -> str:
    """Return an address if it can stand between parentheses in Markdown; else empty."""
    return "" if re.search(r"[()<>\\\s\"'`]", url) else url


def _results(
    report: Report, most: int, rules: Mapping[str, RuleText], index: Mapping[str, int]
) -> list[dict[str, Any]]:
    spots = pointed.spots(report)
    shown = report.findings[:most]  # those that count, and of them the worst, come first
    return [_result(report, finding, pointed.spot(finding, spots), rules, index, spots) for finding in shown]


def _result(
    report: Report,
    finding: Finding,
    at: Spot,
    rules: Mapping[str, RuleText],
    index: Mapping[str, int],
    spots: Mapping[str, Spot],
) -> dict[str, Any]:
    told, rule = cleaned(finding), rules.get(finding.rule)
    still_open = finding.verdict == Verdict.OPEN
    level = _doubted(told.severity) if still_open else _LEVELS.get(told.severity, "warning")
    sentences = [pointed.headline(told), *pointed.message(told, cleaned(rule) if rule else None)]
    result: dict[str, Any] = {
        "ruleId": f"{told.rule}/open" if still_open else told.rule,
        **({"ruleIndex": index[finding.rule] + still_open} if finding.rule in index else {}),
        "level": level,
        "message": {"text": _said("\n".join(sentences))},
        "locations": [{"physicalLocation": _at(at)}],
        "relatedLocations": _nearby(finding, spots),
        "partialFingerprints": {"primaryLocationLineHash": f"{told.id}:1", "findingId/v1": told.id},
        "properties": _properties(told),
    }
    if finding.routes:
        result["codeFlows"] = [_flow(route) for route in finding.routes[:FLOWS]]
    if report.as_of:  # with one result that has suppressions, all have (3.27.23)
        result["suppressions"] = [_suppression(told.waiver)] if told.waiver else []
    if finding.standing in _STATES:
        result["baselineState"] = _STATES[finding.standing]
    return result


def _properties(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "verdict": finding.verdict.value,
        "severity": finding.severity,
        "wording": "proven" if finding.proven else "indicated",
        "basis": finding.basis,
        "plane": finding.plane,
        "population": finding.population,
        "countries": place.countries,
        "site": place.site,
        "operator": place.operator,
        "sessions": finding.sessions,
        **({"standing": finding.standing} if finding.standing else {}),
    }


def _at(spot: Spot) -> dict[str, Any]:
    """Point at the beginning of a line: GitHub asks for all four numbers, and the end of the line is not known here."""
    region = {"startLine": spot.line, "startColumn": 1, "endLine": spot.line, "endColumn": 2}
    return {"artifactLocation": {"uri": pointed.uri(spot.path)}, "region": region}


def _flow(route: Route) -> dict[str, Any]:
    """Tell, step by step, how a configuration comes to send clients there."""
    fails = "; ".join(visible(outage) for outage in route.outages[:NEARBY])
    head = f"{visible(routed.clients(route))}, {routed.takes(route)}"
    stages = [*route.steps[: NEARBY - 1], route.edge]
    steps = [
        {
            "location": {
                "physicalLocation": _at(Spot(pointed.relative(stage.file), max(stage.line, 1))),
                "message": {"text": _said(visible(stage.text))},
            }
        }
        for stage in stages
    ]
    return {"message": {"text": _said(f"{head}: {fails}" if fails else head)}, "threadFlows": [{"locations": steps}]}


def _nearby(finding: Finding, spots: Mapping[str, Spot]) -> list[dict[str, Any]]:
    """Point at the records that show it, and, where it stands in a configuration, at its rule."""
    found = [(_evident(entry), phrases.witness(cleaned(entry))) for entry in finding.evidence[: NEARBY - 1]]
    if finding.rule in spots and any(entry.unit == LINE for entry in finding.evidence):
        found.append((_at(spots[finding.rule]), "The rule."))
    return [
        {"id": i, "physicalLocation": where, "message": {"text": _said(text)}} for i, (where, text) in enumerate(found)
    ]


def _evident(entry: Evidence) -> dict[str, Any]:
    path = pointed.relative(entry.source)
    if entry.unit == LINE:
        return _at(Spot(path, max(entry.record, 1)))
    return {"artifactLocation": {"uri": pointed.uri(path)}}


def _suppression(waiver: WaiverText) -> dict[str, Any]:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": f"{waiver.reason} {waived.who(waiver)}; until {waiver.expires}.",
        "location": {"physicalLocation": _at(Spot(pointed.relative(waiver.file), max(waiver.line, 1)))},
        "properties": {"owner": waiver.owner, "ticket": waiver.ticket, "expires": waiver.expires},
    }


def _notifications(report: Report, shown: int) -> list[dict[str, Any]]:
    """Tell what was not examined, what was left out, and how the whole came out."""
    out = _capped([lack.text for lack in pointed.lacks(report)], "warning")
    if hidden := len(report.findings) - shown:
        text = f"{many(hidden, 'finding')} of {len(report.findings):,} left out here, as GitHub takes no more; those "
        out.insert(0, _notice(f"{text}that count most are shown, and the JSON report lists all.", "warning"))
    out += [_notice(line, "note") for line in pointed.summary(report)]
    return out + _capped(known.gone(report, NOTICES), "note") + _capped(report.notes, "note")


def _capped(texts: Sequence[str], level: str) -> list[dict[str, Any]]:
    return [_notice(text, level) for text in known.shortened(list(texts), NOTICES)]


def _notice(text: str, level: str) -> dict[str, Any]:
    return {"message": {"text": _said(visible(text, TEXT))}, "level": level}


def _artifacts(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "location": {"uri": pointed.uri(pointed.relative(entry.name))},
            "length": entry.bytes,
            "roles": ["analysisTarget"],
            **({"hashes": {"sha-256": entry.sha256}} if re.fullmatch("[0-9a-f]{64}", entry.sha256) else {}),
        }
        for entry in report.inputs[:ARTIFACTS]
    ]


def _text(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]}..."


def _said(text: str) -> str:
    """Return text in which a viewer finds no link (3.11.6) and no placeholder (3.11.5) of a stranger."""
    return _BRACED.sub(r"{{\1}}", text.replace("](", "] ("))
