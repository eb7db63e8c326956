"""Tests of rules as JUnit XML, for whatever draws the results of a CI run: a suite a rule, a case a situation.

There is no standard; the elements and attributes are those that the schemas of Ant and of the xUnit plugin of Jenkins
have in common.  No time is given: a run says the same wherever and whenever it is.
"""

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from auditor.report.clean import printable
from auditor.rules.promises import Covered, Tried
from auditor.rules.tell import tells

NAME: Final = "auditor rules test"
_BAD: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def written(tried: Sequence[Tried], covered: Sequence[Covered], *, required: bool) -> str:
    """Write the results; what a rule was not shown to do is a failure if that is `required`, else skipped."""
    of: dict[str, list[Tried]] = {one.rule.id: [] for one in covered}
    for each in tried:
        of[each.promise.rule.id].append(each)
    suites = [_suite(one, of[one.rule.id], required) for one in covered]
    total = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in _COUNTED}
    counts = {name: total[name] for name in ("tests", "failures", "errors")}  # of skipped ones a root has no count
    root = ElementTree.Element("testsuites", {"name": NAME, **counts})
    root.extend(suites)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


_COUNTED: Final = ("tests", "failures", "errors", "skipped")


def _suite(covered: Covered, tried: Sequence[Tried], required: bool) -> ElementTree.Element:
    rule = covered.rule
    name = "/".join(filter(None, (rule.pack, rule.id)))
    cases = [_case(name.replace("/", "."), each) for each in tried]
    cases.append(_coverage(name.replace("/", "."), covered, required))
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    suite = ElementTree.Element("testsuite", {"name": name, **{key: str(count) for key, count in counts.items()}})
    suite.extend(cases)
    return suite


def _case(classname: str, tried: Tried) -> ElementTree.Element:
    promise = tried.promise
    what = f"{'example' if promise.example else 'test'} {promise.number} of {promise.kind}"
    where = "" if promise.example else f" in {promise.file}:{promise.line}"
    name = f"{what}{where}: {tells(promise.situation)}"
    case = ElementTree.Element("testcase", {"name": _text(name), "classname": _text(classname)})
    if not tried.kept:
        message = f"promises {promise.kind} and is {tried.found}"
        failure = ElementTree.SubElement(case, "failure", {"type": "promise", "message": message})
        failure.text = _text(f"{promise.file}:{promise.line}: {tells(promise.situation)}")
    return case


def _coverage(classname: str, covered: Covered, required: bool) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"name": "coverage", "classname": _text(classname)})
    if covered.missing:
        message = f"no situation shows it to be {' or '.join(covered.missing)}"
        if required:
            ElementTree.SubElement(case, "failure", {"type": "coverage", "message": message})
        else:
            ElementTree.SubElement(case, "skipped", {"message": message})
    return case


def _text(text: str) -> str:
    """Return text that XML can hold, with whatever acts written out."""
    return _BAD.sub("\ufffd", printable(text))
