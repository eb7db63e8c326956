"""Hold findings against a baseline: which are new, which it knows, and which of those that it knows are gone.

Nobody answers for a baseline, and nothing in it ends: that is what waivers are for.  A finding that got worse, or of
which more is known (an open one that now fails), has another identifier and is new.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from auditor.model.baseline import Baseline
from auditor.model.report import KNOWN, NEW, BaselineUse, Finding
from auditor.model.rule import Rule


def familiar(
    found: Sequence[Finding], baseline: Baseline | None, rules: Iterable[Rule]
) -> tuple[tuple[Finding, ...], BaselineUse | None]:
    """Return the findings, each with what it is to the baseline, and what became of the baseline."""
    if baseline is None:
        return tuple(found), None
    past = {each.id for each in baseline.findings}
    told = tuple(replace(finding, standing=KNOWN if finding.id in past else NEW) for finding in found)
    still, asked = {finding.id for finding in found}, {rule.id for rule in rules}
    gone = [each for each in sorted(baseline.findings, key=lambda each: each.id) if each.id not in still]
    known = sum(finding.standing == KNOWN for finding in told)
    return told, BaselineUse(
        baseline.file,
        baseline.sha256,
        known,
        len(told) - known,
        tuple(each for each in gone if each.rule in asked),
        tuple(each for each in gone if each.rule not in asked),
    )
