"""Nodes of parsed expressions: what is below them, what stands there, and values that say why they are not known."""

from typing import Any, Final

from auditor.routing.model import Line
from auditor.routing.terraform.syntax import Source
from auditor.routing.terraform.values import Ref, Unresolved, Value, shown

MADE: Final = "hangs on what is known only once it is made; give the plan or the state as JSON"


def below(tree: Any) -> list[Any]:
    """Give the children that are nodes, without line breaks."""
    return [each for each in tree.children if hasattr(each, "data") and each.data != "new_line_or_comment"]


def only(tree: Any) -> Any:
    """Give the first of them."""
    return below(tree)[0]


def quoted(tree: Any, source: Source) -> str:
    """Give what stands there, shortened."""
    return span(tree, tree, source)


def span(first: Any, last: Any, source: Source) -> str:
    """Give what stands from one node to another, shortened."""
    start, end = getattr(first.meta, "start_pos", 0), getattr(last.meta, "end_pos", 0)
    return shown(source.text[start : min(end, start + 1000)])


def lost(text: str, why: str, at: Line, refs: tuple[Ref, ...] = ()) -> Value:
    """Make a value that is not known."""
    return Value(Unresolved(shown(text), why, at, refs), at)


def failed(text: str, why: str, at: Line) -> Value:
    """Make a value that is none."""
    return Value(Unresolved(shown(text), f"{why}, so Terraform would refuse it; mend it", at, fails=True), at)
