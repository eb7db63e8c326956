"""Attributes of blocks, evaluated; blocks of one name, and those that `dynamic` makes, are lists."""

from collections.abc import Iterator
from typing import Any

from auditor.routing.model import Line
from auditor.routing.terraform.evaluate import Evaluator
from auditor.routing.terraform.loops import iterated
from auditor.routing.terraform.syntax import Block, Body
from auditor.routing.terraform.values import Nested, Unresolved, Value, collected, mapped, shown


def instances(over: Value) -> list[tuple[str, Value]] | None:
    """Give the keys of `for_each`: of a map, or the texts of a set."""
    if isinstance(over.data, list):
        if not all(isinstance(each.data, str) for each in over.data):
            return None
        return sorted({each.data: each for each in reversed(over.data)}.items())
    pairs = iterated(over)
    return None if pairs is None else [(key.data, item) for key, item in pairs]


def each_value(key: str, item: Value, at: Line) -> Value:
    """Make what is called `each` inside of one of several resources."""
    return mapped({"key": Value(key, at), "value": item}, at)


def attribute(body: Body, name: str, inside: Evaluator) -> Value | None:
    """Evaluate an attribute, or the blocks of a type; None if there is neither, or null."""
    if name in body.attributes:
        value = inside.value(body.attributes[name])
        if value.data is not None:
            return value
    if name not in body.kinds:
        return None
    made: list[Value] = []
    for block in body.kinds[name]:
        if block.type == "dynamic":
            made.extend(_dynamic(block, inside))
        else:
            made.append(mapped(Nested(attributes(block.body, inside)), block.at))
    return collected(made, body.kinds[name][0].at)


def attributes(body: Body, inside: Evaluator, without: frozenset[str] = frozenset()) -> dict[Any, Value]:
    """Evaluate all attributes and blocks of a body, in the order in which they stand; null is left out."""
    hidden = body.attributes.get("dynamic")
    if hidden and hidden.json:
        at, why = hidden.at, "dynamic blocks of JSON syntax are not evaluated; give the plan as JSON"
        kinds = hidden.tree if isinstance(hidden.tree, dict) else {"dynamic": None}
        rest = attributes(_without(body), inside, without)
        return {**rest, **{kind: Value(Unresolved(shown(kind), why, at), at) for kind in kinds}}
    names = dict.fromkeys((*body.attributes, *body.kinds))
    found = {name: attribute(body, name, inside) for name in names if name not in without}
    return {name: value for name, value in found.items() if value is not None}


def _without(body: Body) -> Body:
    return Body({name: each for name, each in body.attributes.items() if name != "dynamic"}, body.blocks)


def _dynamic(block: Block, inside: Evaluator) -> Iterator[Value]:
    """Give the blocks that a dynamic block makes."""
    arguments = block.body.attributes
    content = next(iter(block.body.kinds.get("content", [])), None)
    if "for_each" not in arguments or content is None:
        yield Value(Unresolved("dynamic", "a dynamic block needs for_each and content; mend it", block.at), block.at)
        return
    over = inside.value(arguments["for_each"])
    pairs = iterated(over)
    if pairs is None:
        lost = over.data
        if not isinstance(lost, Unresolved):
            lost = Unresolved(
                "for_each", "what a dynamic block goes through is not known; give the plan as JSON", over.at
            )
        yield Value(lost, block.at)
        return
    name = block.labels[0]
    if "iterator" in arguments and not arguments["iterator"].json:
        tree = arguments["iterator"].tree
        while hasattr(tree, "children") and len(tree.children) == 1:
            tree = tree.children[0]
        name = str(tree)
    for key, item in pairs:
        within = inside.with_names(**{name: mapped({"key": key, "value": item}, block.at)})
        yield mapped(Nested(attributes(content.body, within)), content.at)
