"""Reports: one value, rendered as text, JSON or HTML, and as what CI systems read.

Renderers read `model.report.Report` and nothing else: no clock, no file of the user, no network; equal
reports give equal bytes.  Each is loaded when it is used.

text     for a terminal            jsonv1    for programs (`shape`)      table     for analysts
page     HTML                      ci        what CI systems read        baseline  what a later run compares with
workshop what is said of rules without traffic                           xunit     elements of JUnit XML
overall  sentences on the whole    phrases   sentences on a finding      grounds   how it is known where it was
waived known torn routed           sentences on waivers, baselines, conflicts of rules, configurations
words    countries, times, counts  clean     a stranger's text made safe to show
"""

from collections.abc import Callable
from typing import Final

from auditor.model.report import Report


def _text(report: Report) -> str:
    from auditor.report.text import render_text

    return render_text(report)


def _json(report: Report) -> str:
    from auditor.report.jsonv1 import render

    return render(report)


def _html(report: Report) -> str:
    from auditor.report.page.html import render

    return render(report)


def _sarif(report: Report) -> str:
    from auditor.report.ci.sarif import render

    return render(report)


def _junit(report: Report) -> str:
    from auditor.report.ci.junit import render

    return render(report)


def _gitlab(report: Report) -> str:
    from auditor.report.ci.gitlab import render

    return render(report)


def _github(report: Report) -> str:
    from auditor.report.ci.github import render

    return render(report)


def _markdown(report: Report) -> str:
    from auditor.report.ci.markdown import render

    return render(report)


RENDERERS: Final[dict[str, Callable[[Report], str]]] = {
    "text": _text,
    "json": _json,
    "html": _html,
    "sarif": _sarif,
    "junit": _junit,
    "gitlab": _gitlab,
    "github": _github,
    "markdown": _markdown,
}
