"""Reports: one value, rendered as text, JSON or HTML.

Renderers read `model.report.Report` and nothing else: no clock, no file of the user, no network; equal
reports give equal bytes.  Each is loaded when it is used.
"""

from collections.abc import Callable
from typing import Final

from auditor.model.report import Report


def _text(report: Report) -> str:
    from auditor.report import text

    return text.render_text(report)


def _json(report: Report) -> str:
    from auditor.report import jsonv1

    return jsonv1.render(report)


def _html(report: Report) -> str:
    from auditor.report import html

    return html.render(report)


RENDERERS: Final[dict[str, Callable[[Report], str]]] = {"text": _text, "json": _json, "html": _html}
