"""Names with what follows them: attributes, indices, splats ("References to Values", "Splat Expressions")."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from auditor.routing.model import Line
from auditor.routing.terraform.nodes import MADE, failed, lost, only, quoted, span
from auditor.routing.terraform.syntax import Source, name_of
from auditor.routing.terraform.values import Nested, Ref, Unresolved, Value, collected, number, written

if TYPE_CHECKING:
    from auditor.routing.terraform.evaluate import Evaluator

SPLATS: Final = 10
"""Splats in one name: each may go through a list of lists."""


def path(inside: "Evaluator", tree: Any, source: Source, at: Line) -> Value:
    """Evaluate a name, or another term, with what follows it."""
    steps: list[Any] = []
    while tree.data in ("get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term"):
        steps.append(tree.children[1])
        tree = tree.children[0]
        while tree.data == "expr_term":
            tree = only(tree)
    steps.reverse()
    text = quoted(tree, source) if not steps else span(tree, steps[-1], source)
    if tree.data != "identifier":
        return walked(inside, inside.tree(tree, source), steps, source, text)
    name = name_of(tree)
    if name in inside.names:
        return walked(inside, replace(inside.names[name], at=at), steps, source, text)
    names = [name]
    for step in steps:
        if step.data != "get_attr":
            break
        names.append(name_of(step.children[1]))
    value, used = inside.world.named(tuple(names), at, text)
    return walked(inside, replace(value, at=at), steps[used - 1 :], source, text)


def walked(inside: "Evaluator", value: Value, steps: list[Any], source: Source, text: str) -> Value:
    """Go from a value along steps."""
    at = value.at
    if sum(step.data == "full_splat" for step in steps) > SPLATS:
        return lost(text, "holds too many splats; give the plan as JSON", at)
    for i, step in enumerate(steps):
        if isinstance(value.data, Unresolved):
            return value
        match step.data:
            case "get_attr":
                value = member(inside, value, name_of(step.children[1]), at, text)
            case "attr_splat" | "full_splat":
                rest, after = splat(step, steps[i + 1 :])
                if not isinstance(value.data, list):
                    if isinstance(value.data, dict):  # of `for_each`: Terraform makes it a list of one object
                        return lost(text, "a splat of something that is no list is not evaluated", at)
                    value = collected([] if value.data is None else [value], at)
                value = collected([walked(inside, each, rest, source, text) for each in value.data], at)
                return walked(inside, value, after, source, text)
            case "short_index":
                value = member(inside, value, int(step.children[1]), at, text)
            case _:
                index = inside.tree(only(step), source)
                if isinstance(index.data, Unresolved):
                    return replace(index, at=at)
                value = member(inside, value, index.data, at, text)
    return replace(value, at=at)


def splat(step: Any, following: list[Any]) -> tuple[list[Any], list[Any]]:
    """Say which steps behind a splat apply to each item, and which to the list: `.*` takes attributes alone."""
    steps = [*step.children[1:], *following]
    if step.data == "full_splat":
        return steps, []
    names = next((i for i, each in enumerate(steps) if each.data != "get_attr"), len(steps))
    return steps[:names], steps[names:]


def member(inside: "Evaluator", value: Value, key: Any, at: Line, text: str) -> Value:
    """Give an attribute, entry or item."""
    data = value.data
    if isinstance(data, Ref) and isinstance(key, str):
        if not data.attribute:
            return inside.world.attribute(data, key, at)
        return lost(text, MADE, at, (data,))
    if isinstance(data, dict):
        name = written(key) if not isinstance(key, Ref) else key
        if name in data:
            found: Value = data[name]
            return found
        if any(isinstance(each, Ref) for each in data):
            return lost(text, "the keys are known only once they are made; give the plan as JSON", at)
        if isinstance(data, Nested):
            return lost(text, MADE, at)
        return failed(text, "there is no such attribute or key", at)
    if isinstance(data, list):
        index = number(key)
        if isinstance(index, int) and 0 <= index < len(data):
            item: Value = data[index]
            return item
        return failed(text, "there is no such item", at)
    if isinstance(data, Ref):
        return lost(text, MADE, at, (data,))
    return failed(text, "what stands before the dot or bracket has no parts", at)
