"""Evaluates expressions of Terraform's language as far as the configuration alone decides them.

Whatever can't be known (a variable without a value, a function that isn't evaluated here, what a provider makes up and
is then changed) becomes `Unresolved` and says why; what only a provider knows and is used as it is becomes a `Ref`.
Source: Terraform language documentation, "Expressions"; HCL Native Syntax Specification, "Expressions".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from auditor.model.errors import InputError
from auditor.routing.model import Line
from auditor.routing.terraform import functions, loops, paths, texts
from auditor.routing.terraform.arguments import Unfit
from auditor.routing.terraform.lazy import LAZY
from auditor.routing.terraform.nodes import MADE, below, failed, lost, only, quoted
from auditor.routing.terraform.operators import operation
from auditor.routing.terraform.syntax import Expression, Source, name_of
from auditor.routing.terraform.values import (
    Ref,
    Unresolved,
    Value,
    collected,
    holes,
    mapped,
    number,
    truth_of,
    written,
)

DEEPEST: Final = 160
"""Levels of nesting, of references among them, that are followed."""
WORK: Final = 500_000
"""Expressions that are evaluated in one configuration, loops unrolled; beyond them it is refused."""


class World(Protocol):
    """What names stand for outside of an expression."""

    def named(self, path: tuple[str, ...], at: Line, text: str) -> tuple[Value, int]:
        """Give the value that a path begins with (`var.x`, `local.x`, `type.name`), and how many names that took."""

    def attribute(self, ref: Ref, name: str, at: Line) -> Value:
        """Give an attribute of a resource."""


@dataclass(slots=True)
class Effort:
    """What evaluation has cost so far: shared by all modules of a configuration."""

    file: str
    work: int = 0
    depth: int = 0

    def spend(self, amount: int) -> None:
        """Count work.  Raise InputError if it is more than any configuration needs."""
        self.work += amount
        if self.work > WORK:
            raise InputError(
                self.file, "takes too many steps to evaluate; give the plan as JSON (terraform show -json)"
            )


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates expressions in a world, with names that stand for values there (`each`, `count`, those of loops)."""

    world: World
    effort: Effort
    names: Mapping[str, Value] = field(default_factory=dict)

    def with_names(self, **names: Value) -> "Evaluator":
        """Let more names stand for values."""
        return replace(self, names={**self.names, **names})

    def value(self, found: Expression) -> Value:
        """Evaluate an expression; its value stands where the expression does."""
        value = self.json(found) if found.json else self.tree(found.tree, found.source)
        return replace(value, at=found.at)

    def json(self, found: Expression) -> Value:
        """Evaluate a value of JSON syntax: its texts are templates."""
        self.effort.spend(1)
        if self.effort.depth >= DEEPEST:
            return lost("…", f"is nested more than {DEEPEST} levels deep; give the plan as JSON", found.at)
        self.effort.depth += 1
        try:
            return self.json_parts(found)
        finally:
            self.effort.depth -= 1

    def json_parts(self, found: Expression) -> Value:
        data, marks, at = found.tree, found.marks, found.at
        if isinstance(data, str):
            return texts.template(self, data, at)
        if isinstance(data, float):
            return Value(number(data), at)
        if isinstance(data, list):
            return collected([self.json(_deeper(found, each, marks[1][i])) for i, each in enumerate(data)], at)
        if isinstance(data, dict):
            entries = {}
            for key, each in data.items():
                mark, inner = marks[1][key]
                place = Line(at.file, mark.line + 1)
                name = texts.template(self, key, place).data
                if not isinstance(name, str | Ref):
                    return lost(key, "a key can't be evaluated; give the plan as JSON", place)
                entries[name] = self.json(Expression(place, found.source, each, inner, json=True))
            return mapped(entries, at)
        return Value(data, at)

    def tree(self, tree: Any, source: Source) -> Value:
        """Evaluate a node of a parsed tree."""
        while tree.data == "expr_term":
            tree = only(tree)
        at = source.line(tree)
        self.effort.spend(1)
        if self.effort.depth >= DEEPEST:
            return lost(quoted(tree, source), f"is nested more than {DEEPEST} levels deep; give the plan as JSON", at)
        self.effort.depth += 1
        try:
            found: Value = _KINDS[str(tree.data)](self, tree, source, at)
            return found
        finally:
            self.effort.depth -= 1

    def literal(self, tree: Any, source: Source, at: Line) -> Value:
        text = str(tree.children[0])
        words: dict[str, Any] = {"true": True, "false": False, "null": None}
        if text in words:
            return Value(words[text], at)
        found = number(text)
        return lost(text, "the number is too long", at) if found is None else Value(found, at)

    def tuple(self, tree: Any, source: Source, at: Line) -> Value:
        return collected([self.tree(each, source) for each in below(tree)], at)

    def object(self, tree: Any, source: Source, at: Line) -> Value:
        entries: dict[Any, Value] = {}
        for element in below(tree):
            key, value = element.children[0].children[0], element.children[-1]
            place = source.line(element)
            name = self.key(key, source)
            if isinstance(name, Unresolved):
                return Value(name, at)
            entries[name] = replace(self.tree(value, source), at=place)
        return mapped(entries, at)

    def key(self, tree: Any, source: Source) -> Any:
        """Give the key of an entry: a name alone is text, anything else is evaluated."""
        inner = tree.children[0] if tree.data == "expr_term" else tree
        if getattr(inner, "data", None) in ("identifier", "keyword", "literal_value"):
            return name_of(inner)
        found = self.tree(tree, source)
        if isinstance(found.data, Ref | Unresolved):
            return found.data
        text = written(found.data)
        return text if text is not None else failed(quoted(tree, source), "a key is no text", found.at).data

    def unary(self, tree: Any, source: Source, at: Line) -> Value:
        sign, operand = str(tree.children[0]), self.tree(tree.children[1], source)
        if isinstance(operand.data, Unresolved):
            return operand
        found = truth_of(operand.data) if sign == "!" else number(operand.data)
        if found is None:
            return self.unknown(tree, source, at, [operand])
        return Value(not found if sign == "!" else -found, at)

    def binary(self, tree: Any, source: Source, at: Line) -> Value:
        left = self.tree(tree.children[0], source)
        operator, right_tree = tree.children[1].children[0], below(tree.children[1])[-1]
        sign = str(operator.children[0]).split()[-1]
        if sign in ("&&", "||") and truth_of(left.data) is (sign == "||"):
            return Value(sign == "||", at)
        right = self.tree(right_tree, source)
        for each in (left, right):
            if isinstance(each.data, Unresolved):
                return replace(each, at=at)
        self.effort.spend(min(left.size, right.size))
        found = operation(sign, left, right)
        return self.unknown(tree, source, at, [left, right]) if found is None else Value(found, at)

    def unknown(self, tree: Any, source: Source, at: Line, operands: list[Value]) -> Value:
        """Say that an operation has no value here: for want of knowledge, or since it is none."""
        text = quoted(tree, source)
        for each in operands:
            if isinstance(each.data, Ref):
                return lost(text, MADE, at, (each.data,))
            for hole in holes(each):
                return Value(hole, at)
        return failed(text, "its operands don't fit", at)

    def conditional(self, tree: Any, source: Source, at: Line) -> Value:
        condition, yes, no = below(tree)
        decided = self.tree(condition, source)
        if isinstance(decided.data, Unresolved):
            return replace(decided, at=at)
        truth = truth_of(decided.data)
        if truth is None:
            return self.unknown(tree, source, at, [decided])
        return self.tree(yes if truth else no, source)

    def call(self, tree: Any, source: Source, at: Line) -> Value:
        names = [name_of(each) for each in tree.children if getattr(each, "data", None) == "identifier"]
        given = next((each for each in tree.children if getattr(each, "data", None) == "arguments"), None)
        args = [self.tree(each, source) for each in below(given)] if given is not None else []
        if given is not None and any(str(each) == "..." for each in given.children if not hasattr(each, "data")):
            if not isinstance(args[-1].data, list):
                return self.unknown(tree, source, at, args[-1:])
            args = [*args[:-1], *args[-1].data]
        name, text = "::".join(names), quoted(tree, source)
        self.effort.spend(1 + (sum(each.size for each in args) // 4 if name not in functions.QUICK else 0))
        if name in LAZY:
            return replace(LAZY[name](args, at, text), at=at)
        for each in args:
            if isinstance(each.data, Unresolved):
                return replace(each, at=at)
        if name not in functions.TABLE:
            return lost(text, "this function is not evaluated; give the plan as JSON", at)
        try:
            found = functions.TABLE[name](args, at)
        except (Unfit, ValueError, TypeError, IndexError, KeyError):
            return self.unknown(tree, source, at, args)
        value = found if isinstance(found, Value) else Value(found, at)
        if isinstance(value.data, str) and len(value.data) > texts.LONGEST:
            return lost(text, "the text grows too long", at)
        return replace(value, at=at)


_KINDS: Final[dict[str, Any]] = {
    "string": texts.string,
    "heredoc_template": texts.heredoc,
    "heredoc_template_trim": texts.heredoc,
    "int_lit": Evaluator.literal,
    "float_lit": Evaluator.literal,
    "literal_value": Evaluator.literal,
    "tuple": Evaluator.tuple,
    "object": Evaluator.object,
    "identifier": paths.path,
    "get_attr_expr_term": paths.path,
    "index_expr_term": paths.path,
    "attr_splat_expr_term": paths.path,
    "full_splat_expr_term": paths.path,
    "unary_op": Evaluator.unary,
    "binary_op": Evaluator.binary,
    "conditional": Evaluator.conditional,
    "function_call": Evaluator.call,
    "for_tuple_expr": loops.loop,
    "for_object_expr": loops.loop,
    "template_string": lambda self, tree, source, at: Value(str(tree.children[0])[2:-2], at),
}


def _deeper(found: Expression, tree: Any, marks: Any) -> Expression:
    mark = marks[0] if isinstance(marks, tuple) else marks
    return Expression(Line(found.at.file, mark.line + 1), found.source, tree, marks, json=True)
