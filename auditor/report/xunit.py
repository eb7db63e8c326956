"""JUnit XML, for whatever draws the results of a CI run: the elements that rule tests and reports are written with.

There is no standard; the elements and attributes are those that the schemas of Ant and of the xUnit plugin of Jenkins
have in common.  No time is given: a run says the same wherever and whenever it is.
"""

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from auditor.report.clean import printable

Element = ElementTree.Element

_BAD: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_COUNTED: Final = ("tests", "failures", "errors", "skipped")


def document(name: str, suites: Sequence[Element]) -> str:
    """Write suites as one document, which counts what is in them."""
    total = {each: str(sum(int(suite.get(each, "0")) for suite in suites)) for each in _COUNTED}
    counts = {each: total[each] for each in ("tests", "failures", "errors")}  # of skipped ones a root has no count
    root = Element("testsuites", {"name": name, **counts})
    root.extend(suites)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def suite(name: str, cases: Sequence[Element]) -> Element:
    """Put cases into a suite, which counts how they came out."""
    out = Element("testsuite", {"name": text(name), "tests": str(len(cases))})
    for counted, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        out.set(counted, str(sum(case.find(tag) is not None for case in cases)))
    out.extend(cases)
    return out


def case(classname: str, name: str) -> Element:
    """Return a case that passed."""
    return Element("testcase", {"name": text(name), "classname": text(classname)})


def outcome(case: Element, tag: str, message: str, lines: Sequence[str] = (), kind: str = "") -> Element:
    """Let a case end in a `failure`, an `error` or be `skipped`: `kind` is its type, the lines its text."""
    ending = ElementTree.SubElement(case, tag, {"type": kind} if kind else {})
    ending.set("message", text(message))
    if lines:
        ending.text = "\n".join(text(line) for line in lines)
    return case


def text(said: str) -> str:
    """Return text that XML can hold, with whatever acts written out."""
    return _BAD.sub("\ufffd", printable(said))
