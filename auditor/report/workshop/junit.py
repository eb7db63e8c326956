"""Tests of rules as JUnit XML (`xunit`): a suite a rule, a case a situation."""

from collections.abc import Sequence
from typing import Final

from auditor.report.xunit import Element, case, document, outcome, suite
from auditor.rules.promises import Covered, Tried
from auditor.rules.tell import tells

NAME: Final = "auditor rules test"


def written(tried: Sequence[Tried], covered: Sequence[Covered], *, required: bool) -> str:
    """Write the results; what a rule was not shown to do is a failure if that is `required`, else skipped."""
    of: dict[str, list[Tried]] = {one.rule.id: [] for one in covered}
    for each in tried:
        of[each.promise.rule.id].append(each)
    return document(NAME, [_suite(one, of[one.rule.id], required) for one in covered])


def _suite(covered: Covered, tried: Sequence[Tried], required: bool) -> Element:
    name = "/".join(filter(None, (covered.rule.pack, covered.rule.id)))
    classname = name.replace("/", ".")
    return suite(name, [*(_case(classname, each) for each in tried), _coverage(classname, covered, required)])


def _case(classname: str, tried: Tried) -> Element:
    promise = tried.promise
    what = f"{'example' if promise.example else 'test'} {promise.number} of {promise.kind}"
    where = "" if promise.example else f" in {promise.file}:{promise.line}"
    found = case(classname, f"{what}{where}: {tells(promise.situation)}")
    if tried.kept:
        return found
    message = f"promises {promise.kind} and is {tried.found}"
    place = f"{promise.file}:{promise.line}: {tells(promise.situation)}"
    return outcome(found, "failure", message, [place], "promise")


def _coverage(classname: str, covered: Covered, required: bool) -> Element:
    found = case(classname, "coverage")
    if not covered.missing:
        return found
    message = f"no situation shows it to be {' or '.join(covered.missing)}"
    return outcome(found, "failure", message, kind="coverage") if required else outcome(found, "skipped", message)
