"""JUnit XML as its readers expect it: the elements and attributes of the schemas of Ant and of Jenkins' plugin."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from auditor import workshop
from auditor.report.workshop import junit, trial
from auditor.rules.promises import Covered, Tried
from tests.rules.test_promises import UNSEEN, pack_with

CHILDREN: Final = {  # in their order, as a sequence of the schemas has them; * any number, ? at most one
    "testsuites": "testsuite*",
    "testsuite": "properties? testcase* system-out? system-err?",
    "testcase": "skipped? error* failure* system-out* system-err*",
    "failure": "",
    "error": "",
    "skipped": "",
}
REQUIRED: Final = {
    "testsuites": set[str](),
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": set[str](),
}
OPTIONAL: Final = {
    "testsuites": {"name", "tests", "failures", "errors", "time", "disabled"},
    "testsuite": {"skipped", "time", "timestamp", "hostname", "id", "package", "disabled"},
    "testcase": {"time", "status", "assertions"},
    "failure": set[str](),
    "error": set[str](),
    "skipped": {"message"},
}


def conforms(element: ElementTree.Element) -> None:
    assert element.tag in CHILDREN
    assert REQUIRED[element.tag] <= element.attrib.keys() <= REQUIRED[element.tag] | OPTIONAL[element.tag]
    for name in ("tests", "failures", "errors", "skipped"):
        assert element.attrib.get(name, "0").isdecimal()
    order = [each.rstrip("*?") for each in CHILDREN[element.tag].split()]
    tags = [child.tag for child in element]
    assert tags == sorted(tags, key=order.index)
    assert all(tags.count(each[:-1]) <= 1 for each in CHILDREN[element.tag].split() if each.endswith("?"))
    for child in element:
        conforms(child)


def tried(path: Path, **more: Any) -> tuple[list[Tried], list[Covered]]:
    return workshop.trial([str(pack_with(path, **more))])


def parsed(results: tuple[list[Tried], list[Covered]], required: bool = False) -> ElementTree.Element:
    root = ElementTree.fromstring(junit.written(*results, required=required))
    conforms(root)
    cases = root.findall("testsuite/testcase")
    assert int(root.attrib["tests"]) == len(cases)
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(set(names)) == len(names)
    return root


def test_what_is_kept_is_a_case_without_a_failure(tmp_path: Path) -> None:
    root = parsed(tried(tmp_path))
    (suite,) = root
    assert suite.attrib == {"name": "a-pack/a-rule", "tests": "7", "failures": "0", "errors": "0", "skipped": "0"}
    assert suite[0].attrib == {
        "name": "example 1 of pass: somebody in US with a server in US, media",
        "classname": "a-pack.a-rule",
    }
    assert "a_rule.test.yaml:4" in suite[3].attrib["name"]


def test_what_is_not_kept_is_a_failure_with_its_place(tmp_path: Path) -> None:
    text = "tests: [{rule: a-rule, fail: [{participants: [US], touches: [{country: US, plane: media}]}]}]"
    results = tried(tmp_path, text=text)
    (failure,) = parsed(results).iter("failure")
    assert failure.attrib == {"type": "promise", "message": "promises fail and is pass"}
    assert (failure.text or "").endswith("a_rule.test.yaml:1: somebody in US with a server in US, media")
    said = trial.text(*results)
    assert "a-rule promises fail and is pass: somebody in US" in said
    assert said.endswith("3 examples, 1 test, 1 wrong; 1 of 1 rule shown to do all that is asked\n")


def test_what_is_not_covered_is_skipped_or_fails(tmp_path: Path) -> None:
    text = "tests: [{rule: unseen, open: [{touches: [{country: US}]}]}]"
    results = tried(tmp_path, text=text, unseen=UNSEEN)
    (skipped,) = parsed(results).iter("skipped")
    assert skipped.attrib == {"message": "no situation shows it to be not_applicable"}
    (failure,) = parsed(results, required=True).iter("failure")
    assert failure.attrib["type"] == "coverage"
    assert "a-pack/unseen: pass 0, fail 0, open 2, not_applicable 0; never shown to be not_applicable" in trial.text(
        *results
    )


def test_what_acts_or_is_no_xml_is_written_out(tmp_path: Path) -> None:
    results, covered = tried(tmp_path)
    bad = 'a\x00\x1b[31m<&"\ud800\ufffe\u202e'
    promise = replace(results[0].promise, situation={"touches": [{"site": bad}], "note": bad}, file=bad)
    root = parsed(([Tried(promise, "fail"), *results[1:]], covered))
    (failure,) = root.iter("failure")
    assert 'at site a\\x00\\x1b[31m<&"\\ud800\\ufffe\\u202e' in (failure.text or "")
