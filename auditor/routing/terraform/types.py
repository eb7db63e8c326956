"""Type constraints of variables: what converting a value to one changes (Terraform docs, "Type Constraints")."""

from dataclasses import replace
from typing import Any

from auditor.routing.terraform.functions import toset
from auditor.routing.terraform.syntax import Expression, name_of
from auditor.routing.terraform.values import Ref, Unresolved, Value, collected, mapped, number, shown, truth_of, written


def conform(value: Value, kind: Expression | None, evaluate: Any) -> Value:
    """Convert a value to a type; `evaluate` gives the values of defaults of optional attributes."""
    if kind is None or kind.json:
        if kind is None or not isinstance(kind.tree, str) or kind.tree in ("any", "string", "number", "bool"):
            return _primitive(value, "any" if kind is None else str(kind.tree))
        from auditor.routing.terraform.syntax import expression

        kind = expression(kind.tree, kind.at.file, kind.at.line)
    return _conform(value, kind.tree, kind, evaluate)


def _conform(value: Value, tree: Any, kind: Expression, evaluate: Any) -> Value:
    tree = _bare(tree)
    if value.data is None or isinstance(value.data, Ref | Unresolved):
        return value
    if tree.data != "function_call":
        return _primitive(value, name_of(tree) if tree.data == "identifier" else "any")
    name, inner = name_of(tree.children[0]), _arguments(tree)
    if name in ("list", "set") and isinstance(value.data, list) and inner:
        items = [_conform(each, inner[0], kind, evaluate) for each in value.data]
        return collected(toset(items) if name == "set" and not _open(items) else items, value.at)
    if name == "map" and isinstance(value.data, dict) and inner:
        return mapped({key: _conform(each, inner[0], kind, evaluate) for key, each in value.data.items()}, value.at)
    if name == "object" and isinstance(value.data, dict) and inner:
        return _object(value, _bare(inner[0]), kind, evaluate)
    if name == "tuple" and isinstance(value.data, list):
        return value
    return Value(
        Unresolved(shown(str(name)), "the value is not of the variable's type; mend it", value.at, fails=True), value.at
    )


def _object(value: Value, tree: Any, kind: Expression, evaluate: Any) -> Value:
    """Keep the attributes of an object type; those that are optional and missing get their default, or null."""
    if tree.data != "object":
        return value
    kept: dict[Any, Value] = {}
    for element in tree.children:
        if getattr(element, "data", None) != "object_elem":
            continue
        key, wanted = _bare(element.children[0].children[0]), _bare(element.children[-1])
        name = name_of(key) if key.data in ("identifier", "keyword") else str(key.children[1].children[0])
        optional = wanted.data == "function_call" and name_of(wanted.children[0]) == "optional"
        arguments = _arguments(wanted) if optional else [wanted]
        given = value.data.get(name)
        if given is None or (given.data is None and len(arguments) > 1):
            if not optional:
                why = "an attribute is missing, so Terraform would refuse it; mend it"
                return Value(Unresolved(shown(name), why, value.at, fails=True), value.at)
            given = evaluate(arguments[1], kind) if len(arguments) > 1 else Value(None, value.at)
            given = replace(given, at=value.at)
        kept[name] = _conform(given, arguments[0], kind, evaluate)
    return mapped(kept, value.at)


def _primitive(value: Value, name: str) -> Value:
    data = value.data
    if data is None or isinstance(data, Ref | Unresolved | list | dict) or name == "any":
        return value
    found = {"string": written, "number": number, "bool": truth_of}.get(name, lambda same: same)(data)
    if found is None:
        return Value(
            Unresolved(shown(str(data)), f"is no {name}, so Terraform would refuse it; mend it", value.at, fails=True),
            value.at,
        )
    return replace(value, data=found)


def _open(items: list[Value]) -> bool:
    return any(isinstance(each.data, Ref | Unresolved | list | dict) for each in items)


def _bare(tree: Any) -> Any:
    while tree.data == "expr_term":
        tree = next(each for each in tree.children if hasattr(each, "data") and each.data != "new_line_or_comment")
    return tree


def _arguments(tree: Any) -> list[Any]:
    for each in tree.children:
        if getattr(each, "data", None) == "arguments":
            return [arg for arg in each.children if hasattr(arg, "data") and arg.data != "new_line_or_comment"]
    return []
