"""Waivers that do nothing: who reads them finds out elsewhere, and hands them over with the reason."""

from collections.abc import Iterator

from auditor.rules.files import shown
from auditor.rules.lint.given import Given, Remark


def waivers(given: Given) -> Iterator[Remark]:
    """Find waivers of rules that aren't there, and those that have a reason of their own to do nothing."""
    known = {rule.id for rule in given.rules}
    for waiver in given.waivers:
        if waiver.rule not in known:
            what, remedy = (
                f"waives {waiver.rule}, and no rule here is called so",
                "correct its name, or remove the waiver",
            )
        elif waiver.why:
            what, remedy = waiver.why, waiver.remedy
        else:
            continue
        yield Remark("waiver", "warning", shown(waiver.file), waiver.line, waiver.rule, what, remedy)
