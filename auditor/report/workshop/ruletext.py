"""Rules in plain words, for a lawyer to check: as text, and as JSON."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from auditor.model.rule import Rule
from auditor.report.clean import encodable, in_ascii, printable
from auditor.rules.details import details

FORMAT: Final = "auditor-rule-text/v1"
NARROWEST: Final = 48


def text(rules: Sequence[Rule], *, full: bool, width: int) -> str:
    """Write rules as lines of at most `width` columns, but for words that are longer."""
    return "\n".join(line for rule in rules for line in _lines(rule, full, max(width, NARROWEST)))


def _lines(rule: Rule, full: bool, width: int) -> Iterator[str]:
    yield from _wrapped(f"{rule.id} ({rule.severity}): {rule.title}", width, "")
    yield from _wrapped(f"{rule.file}, line {rule.line}, SHA-256 {rule.sha256}", width, "")
    for heading, paragraphs in details(rule, full=full):
        yield ""
        yield f"  {heading}"
        for paragraph in paragraphs:
            yield from _wrapped(paragraph, width, "    ")
    yield ""


def _wrapped(paragraph: str, width: int, indent: str) -> list[str]:
    deeper = f"{indent}  " if paragraph.startswith("- ") or not indent else indent
    return textwrap.wrap(
        printable(paragraph), width, initial_indent=indent, subsequent_indent=deeper, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def written(rules: Sequence[Rule], *, full: bool) -> str:
    """Write JSON: what each rule is called, and its paragraphs by heading."""
    said = {"format": FORMAT, "rules": [_said(rule, full) for rule in rules]}
    return in_ascii(encodable(json.dumps(said, indent=2, ensure_ascii=False))) + "\n"


def _said(rule: Rule, full: bool) -> dict[str, Any]:
    names = ("id", "title", "severity", "pack", "file", "line", "sha256")
    sections = [{"heading": heading, "paragraphs": said} for heading, said in details(rule, full=full)]
    return {**{name: getattr(rule, name) for name in names}, "sections": sections}
