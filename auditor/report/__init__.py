"""Reports: one value, rendered as text, JSON or HTML, and as what CI systems read.

Renderers read `model.report.Report` and nothing else: no clock, no file of the user, no network; equal
reports give equal bytes.  Each is loaded when it is used.
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
    from auditor.report.html import render

    return render(report)


def _sarif(report: Report) -> str:
    from auditor.report.sarif import render

    return render(report)


def _junit(report: Report) -> str:
    from auditor.report.junitreport import render

    return render(report)


def _gitlab(report: Report) -> str:
    from auditor.report.gitlab import render

    return render(report)


def _github(report: Report) -> str:
    from auditor.report.github import render

    return render(report)


def _markdown(report: Report) -> str:
    from auditor.report.markdown import render

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
