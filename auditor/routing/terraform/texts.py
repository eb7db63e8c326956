"""Texts with expressions in them: quoted strings, heredocs, and the texts of JSON syntax, which are templates too.

Source: HCL Native Syntax Specification, "Templates".
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from auditor.model.errors import InputError
from auditor.routing.model import Line
from auditor.routing.terraform.nodes import MADE, failed, lost, only, quoted
from auditor.routing.terraform.syntax import Source, expression
from auditor.routing.terraform.templates import escaped, pieces
from auditor.routing.terraform.values import Ref, Unresolved, Value, written

if TYPE_CHECKING:
    from auditor.routing.terraform.evaluate import Evaluator

LONGEST: Final = 1 << 20
"""Characters of a text that is put together."""


def template(inside: "Evaluator", text: str, at: Line) -> Value:
    """Evaluate a template without quotes around it (a heredoc's content, a text of JSON syntax)."""
    if "${" not in text and "%{" not in text:
        return Value(text, at)
    try:
        parts = [
            Value(part, at) if literal else inside.value(expression(part, at.file, at.line + line))
            for literal, part, line in pieces(text)
        ]
    except (InputError, ValueError) as error:
        why = "this template can't be read; give the plan as JSON" if isinstance(error, InputError) else str(error)
        return lost(text, why, at)
    return joined(inside, parts, at, text)


def joined(inside: "Evaluator", parts: list[Value], at: Line, text: str) -> Value:
    """Put the parts of a template together; an expression that stands alone keeps its kind."""
    if len(parts) == 1:
        return replace(parts[0], at=at)
    refs = tuple(part.data for part in parts if isinstance(part.data, Ref))
    for part in parts:
        if isinstance(part.data, Unresolved):
            return Value(replace(part.data, refs=part.data.refs + refs), at)
    if refs:
        return lost(text, MADE, at, refs)
    texts = [written(part.data) for part in parts]
    if None in texts:
        return failed(text, "a template holds what is no text", at)
    whole = "".join(each or "" for each in texts)
    inside.effort.spend(1 + len(whole) // 64)
    return Value(whole, at) if len(whole) <= LONGEST else lost(text, "the text grows too long", at)


def string(inside: "Evaluator", tree: Any, source: Source, at: Line) -> Value:
    """Evaluate a text in quotes."""
    parts: list[Value] = []
    for part in tree.children[1:-1]:
        inner = part.children[0]
        if getattr(inner, "data", None) == "interpolation":
            parts.append(inside.tree(only(inner), source))
        elif getattr(inner, "data", None) is not None:
            return lost(quoted(tree, source), "directives of templates are not evaluated; give the plan as JSON", at)
        else:
            try:
                parts.append(Value(escaped(str(inner)), at))
            except ValueError as error:
                return failed(quoted(tree, source), str(error), at)
    return joined(inside, parts, at, quoted(tree, source)) if parts else Value("", at)


def heredoc(inside: "Evaluator", tree: Any, source: Source, at: Line) -> Value:
    """Evaluate a heredoc, of which `<<-` takes away what all of its lines are indented by."""
    head, *lines = str(tree.children[0]).split("\n")
    lines = lines[:-2]  # the marker, and what follows its line's end
    if head.startswith("<<-"):
        margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        lines = [line[margin:] for line in lines]
    return template(inside, "".join(f"{line}\n" for line in lines), Line(at.file, at.line + 1))
