"""The report as GitLab reads code quality: a JSON list, each entry with a place, a severity and a fingerprint.

GitLab compares the fingerprints of two runs and shows what is new and what is gone, so everything is listed under the
same fingerprint for as long as it is there; what is waived or known only weighs less.
"""

import hashlib
import json
from typing import Any, Final

from auditor.model.report import Finding, Report, Verdict
from auditor.report.ci import pointed
from auditor.report.ci.pointed import Lack, Spot
from auditor.report.clean import cleaned, encodable, in_ascii
from auditor.report.words import many

MOST: Final = 5_000
TEXT: Final = 2_000

_SEVERITIES: Final = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}
_DOUBTED: Final = {"critical": "major", "high": "major", "medium": "minor", "low": "minor"}


def render(report: Report) -> str:
    """Write the list."""
    spots = pointed.spots(report)
    rules = {rule.id: rule for rule in report.rules}
    entries: dict[str, dict[str, Any]] = {}
    for finding in report.findings[:MOST]:
        at = pointed.spot(finding, spots)
        rule = rules.get(finding.rule)
        told = cleaned(finding)
        said = " ".join([pointed.headline(told), *pointed.message(told, cleaned(rule) if rule else None)])
        entry = _entry(told.rule, said, _severity(told), at, finding.id)
        entries.setdefault(entry["fingerprint"], entry)
    default = next(iter(spots.values()), Spot("rules", 1))
    for lack in _lacks(report):
        at = Spot(pointed.relative(lack.source), 1) if lack.source else default
        entry = _entry("not-examined", lack.text, "major", at, f"not examined\0{lack.key}")
        entries.setdefault(entry["fingerprint"], entry)
    return in_ascii(encodable(json.dumps(list(entries.values()), indent=2, ensure_ascii=False))) + "\n"


def _lacks(report: Report) -> list[Lack]:
    lacks = pointed.lacks(report)
    more = len(report.findings) - MOST
    rest = [Lack(f"{many(more, 'more finding')} left out here; the JSON report lists all.", "", "left out")]
    return [*lacks[:MOST], *(rest if more > 0 else [])]


def _severity(finding: Finding) -> str:
    if not finding.counts:
        return "info"
    return (_DOUBTED if finding.verdict == Verdict.OPEN else _SEVERITIES).get(finding.severity, "major")


def _entry(name: str, said: str, severity: str, at: Spot, identity: str) -> dict[str, Any]:
    return {
        "type": "issue",
        "check_name": name,
        "description": said if len(said) <= TEXT else f"{said[:TEXT]}...",
        "categories": ["Security"],
        "severity": severity,
        "fingerprint": hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest(),
        "location": {"path": at.path, "lines": {"begin": at.line}},
    }
