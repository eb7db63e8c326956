"""`for` expressions (Terraform language documentation, "for Expressions"), and what can be gone through."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.routing.model import Line
from auditor.routing.terraform.nodes import below, failed, quoted
from auditor.routing.terraform.syntax import Source, name_of
from auditor.routing.terraform.values import Ref, Unresolved, Value, collected, mapped, truth_of, written

if TYPE_CHECKING:
    from auditor.routing.terraform.evaluate import Evaluator


def iterated(over: Value) -> list[tuple[Value, Value]] | None:
    """Give keys and values in the order of Terraform: maps by their keys.  None for what can't be gone through."""
    if isinstance(over.data, list):
        return [(Value(i, each.at), each) for i, each in enumerate(over.data)]
    if isinstance(over.data, dict) and all(isinstance(key, str) for key in over.data):
        return [(Value(key, over.data[key].at), over.data[key]) for key in sorted(over.data)]
    return None


def loop(inside: "Evaluator", tree: Any, source: Source, at: Line) -> Value:
    """Evaluate a `for` expression."""
    intro, *rest = [each for each in below(tree) if each.data != "new_line_or_comment"]
    condition = rest.pop() if rest[-1].data == "for_cond" else None
    names = [name_of(each) for each in intro.children if getattr(each, "data", None) == "identifier"]
    over_tree = [each for each in below(intro) if each.data != "identifier"][-1]
    over, text = inside.tree(over_tree, source), quoted(tree, source)
    if isinstance(over.data, Unresolved):
        return replace(over, at=at)
    pairs = iterated(over)
    if pairs is None:
        return inside.unknown(tree, source, at, [over])
    grouped = any(str(each) == "..." for each in tree.children if not hasattr(each, "data"))
    made: list[tuple[Any, Value]] = []
    for key, item in pairs:
        within = inside.with_names(**dict(zip(names, (key, item) if len(names) > 1 else (item,), strict=True)))
        if condition is not None:
            kept = within.tree(below(condition)[-1], source)
            truth = truth_of(kept.data)
            if truth is None:
                return (
                    replace(kept, at=at)
                    if isinstance(kept.data, Unresolved)
                    else inside.unknown(tree, source, at, [kept])
                )
            if not truth:
                continue
        name = within.tree(rest[0], source) if len(rest) > 1 else None
        if name is not None and not isinstance(name.data, Ref) and written(name.data) is None:
            return replace(name, at=at) if isinstance(name.data, Unresolved) else failed(text, "a key is no text", at)
        label = None if name is None else name.data if isinstance(name.data, Ref) else written(name.data)
        made.append((label, within.tree(rest[-1], source)))
    if len(rest) == 1:
        return collected([value for _, value in made], at)
    if grouped:
        groups: dict[Any, list[Value]] = {}
        for label, value in made:
            groups.setdefault(label, []).append(value)
        return mapped({label: collected(each, at) for label, each in groups.items()}, at)
    if len({label for label, _ in made}) < len(made):
        return failed(text, "two entries have one key", at)
    return mapped(dict(made), at)
