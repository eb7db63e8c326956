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
from auditor.routing.terraform import functions
from auditor.routing.terraform.arguments import Unfit
from auditor.routing.terraform.operators import operation
from auditor.routing.terraform.syntax import Expression, Source, expression, name_of
from auditor.routing.terraform.templates import escaped, pieces
from auditor.routing.terraform.values import (
    Nested,
    Ref,
    Unresolved,
    Value,
    collected,
    holes,
    mapped,
    number,
    shown,
    truth_of,
    written,
)

DEEPEST: Final = 160
"""Levels of nesting, of references among them, that are followed."""
WORK: Final = 500_000
"""Expressions that are evaluated in one configuration, loops unrolled; beyond them it is refused."""
SPLATS: Final = 10
LONGEST: Final = 1 << 20
"""Characters of a text that is put together."""


MADE: Final = "hangs on what is known only once it is made; give the plan or the state as JSON"


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
            return _lost("…", f"is nested more than {DEEPEST} levels deep; give the plan as JSON", found.at)
        self.effort.depth += 1
        try:
            return self.json_parts(found)
        finally:
            self.effort.depth -= 1

    def json_parts(self, found: Expression) -> Value:
        data, marks, at = found.tree, found.marks, found.at
        if isinstance(data, str):
            return self.template(data, at)
        if isinstance(data, float):
            return Value(number(data), at)
        if isinstance(data, list):
            return collected([self.json(_deeper(found, each, marks[1][i])) for i, each in enumerate(data)], at)
        if isinstance(data, dict):
            entries = {}
            for key, each in data.items():
                mark, inner = marks[1][key]
                place = Line(at.file, mark.line + 1)
                name = self.template(key, place).data
                if not isinstance(name, str | Ref):
                    return _lost(key, "a key can't be evaluated; give the plan as JSON", place)
                entries[name] = self.json(Expression(place, found.source, each, inner, json=True))
            return mapped(entries, at)
        return Value(data, at)

    def template(self, text: str, at: Line) -> Value:
        """Evaluate a template without quotes around it (a heredoc's content, a text of JSON syntax)."""
        if "${" not in text and "%{" not in text:
            return Value(text, at)
        try:
            parts = [
                Value(part, at) if literal else self.value(expression(part, at.file, at.line + line))
                for literal, part, line in pieces(text)
            ]
        except (InputError, ValueError) as error:
            why = "this template can't be read; give the plan as JSON" if isinstance(error, InputError) else str(error)
            return _lost(text, why, at)
        return self.joined(parts, at, text)

    def joined(self, parts: list[Value], at: Line, text: str) -> Value:
        """Put the parts of a template together; an expression that stands alone keeps its kind."""
        if len(parts) == 1:
            return replace(parts[0], at=at)
        refs = tuple(part.data for part in parts if isinstance(part.data, Ref))
        for part in parts:
            if isinstance(part.data, Unresolved):
                return Value(replace(part.data, refs=part.data.refs + refs), at)
        if refs:
            return _lost(text, MADE, at, refs)
        texts = [written(part.data) for part in parts]
        if None in texts:
            return _failed(text, "a template holds what is no text", at)
        whole = "".join(each or "" for each in texts)
        self.effort.spend(1 + len(whole) // 64)
        return Value(whole, at) if len(whole) <= LONGEST else _lost(text, "the text grows too long", at)

    def tree(self, tree: Any, source: Source) -> Value:
        """Evaluate a node of a parsed tree."""
        while tree.data == "expr_term":
            tree = _inner(tree)
        at = source.line(tree)
        self.effort.spend(1)
        if self.effort.depth >= DEEPEST:
            return _lost(_text(tree, source), f"is nested more than {DEEPEST} levels deep; give the plan as JSON", at)
        self.effort.depth += 1
        try:
            found: Value = _KINDS[str(tree.data)](self, tree, source, at)
            return found
        finally:
            self.effort.depth -= 1

    def path(self, tree: Any, source: Source, at: Line) -> Value:
        """Evaluate a name with what follows it: attributes, indices, splats."""
        steps: list[Any] = []
        while tree.data in ("get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term"):
            steps.append(tree.children[1])
            tree = tree.children[0]
            while tree.data == "expr_term":
                tree = _inner(tree)
        steps.reverse()
        text = _text(tree, source) if not steps else _text_between(tree, steps[-1], source)
        if tree.data != "identifier":
            return self.walked(self.tree(tree, source), steps, source, text)
        name = name_of(tree)
        if name in self.names:
            return self.walked(replace(self.names[name], at=at), steps, source, text)
        path = [name]
        for step in steps:
            if step.data != "get_attr":
                break
            path.append(name_of(step.children[1]))
        value, used = self.world.named(tuple(path), at, text)
        return self.walked(replace(value, at=at), steps[used - 1 :], source, text)

    def walked(self, value: Value, steps: list[Any], source: Source, text: str) -> Value:
        """Go from a value along steps."""
        at = value.at
        if sum(step.data == "full_splat" for step in steps) > SPLATS:
            return _lost(text, "holds too many splats; give the plan as JSON", at)
        for i, step in enumerate(steps):
            if isinstance(value.data, Unresolved):
                return value
            match step.data:
                case "get_attr":
                    value = self.member(value, name_of(step.children[1]), at, text)
                case "attr_splat" | "full_splat":
                    rest, after = self.splat(step, steps[i + 1 :])
                    if not isinstance(value.data, list):
                        if isinstance(value.data, dict):  # of `for_each`: Terraform makes it a list of one object
                            return _lost(text, "a splat of something that is no list is not evaluated", at)
                        value = collected([] if value.data is None else [value], at)
                    value = collected([self.walked(each, rest, source, text) for each in value.data], at)
                    return self.walked(value, after, source, text)
                case "short_index":
                    value = self.member(value, int(step.children[1]), at, text)
                case _:
                    index = self.tree(_inner(step), source)
                    if isinstance(index.data, Unresolved):
                        return replace(index, at=at)
                    value = self.member(value, index.data, at, text)
        return replace(value, at=at)

    def splat(self, step: Any, following: list[Any]) -> tuple[list[Any], list[Any]]:
        """Say which steps behind a splat apply to each item, and which to the list: `.*` takes attributes alone."""
        steps = [*step.children[1:], *following]
        if step.data == "full_splat":
            return steps, []
        names = next((i for i, each in enumerate(steps) if each.data != "get_attr"), len(steps))
        return steps[:names], steps[names:]

    def member(self, value: Value, key: Any, at: Line, text: str) -> Value:
        """Give an attribute, entry or item."""
        data = value.data
        if isinstance(data, Ref) and isinstance(key, str):
            if not data.attribute:
                return self.world.attribute(data, key, at)
            return _lost(text, MADE, at, (data,))
        if isinstance(data, dict):
            name = written(key) if not isinstance(key, Ref) else key
            if name in data:
                found: Value = data[name]
                return found
            if any(isinstance(each, Ref) for each in data):
                return _lost(text, "the keys are known only once they are made; give the plan as JSON", at)
            if isinstance(data, Nested):
                return _lost(text, MADE, at)
            return _failed(text, "there is no such attribute or key", at)
        if isinstance(data, list):
            index = number(key)
            if isinstance(index, int) and 0 <= index < len(data):
                item: Value = data[index]
                return item
            return _failed(text, "there is no such item", at)
        if isinstance(data, Ref):
            return _lost(text, MADE, at, (data,))
        return _failed(text, "what stands before the dot or bracket has no parts", at)

    def string(self, tree: Any, source: Source, at: Line) -> Value:
        parts: list[Value] = []
        for part in tree.children[1:-1]:
            inner = part.children[0]
            if getattr(inner, "data", None) == "interpolation":
                parts.append(self.tree(_inner(inner), source))
            elif getattr(inner, "data", None) is not None:
                return _lost(
                    _text(tree, source), "directives of templates are not evaluated; give the plan as JSON", at
                )
            else:
                try:
                    parts.append(Value(escaped(str(inner)), at))
                except ValueError as error:
                    return _failed(_text(tree, source), str(error), at)
        return self.joined(parts, at, _text(tree, source)) if parts else Value("", at)

    def heredoc(self, tree: Any, source: Source, at: Line) -> Value:
        head, *lines = str(tree.children[0]).split("\n")
        lines = lines[:-2]  # the marker, and what follows its line's end
        if head.startswith("<<-"):
            margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
            lines = [line[margin:] for line in lines]
        return self.template("".join(f"{line}\n" for line in lines), Line(at.file, at.line + 1))

    def literal(self, tree: Any, source: Source, at: Line) -> Value:
        text = str(tree.children[0])
        words: dict[str, Any] = {"true": True, "false": False, "null": None}
        if text in words:
            return Value(words[text], at)
        found = number(text)
        return _lost(text, "the number is too long", at) if found is None else Value(found, at)

    def tuple(self, tree: Any, source: Source, at: Line) -> Value:
        return collected([self.tree(each, source) for each in _trees(tree)], at)

    def object(self, tree: Any, source: Source, at: Line) -> Value:
        entries: dict[Any, Value] = {}
        for element in _trees(tree):
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
        return text if text is not None else _failed(_text(tree, source), "a key is no text", found.at).data

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
        operator, right_tree = tree.children[1].children[0], _trees(tree.children[1])[-1]
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
        text = _text(tree, source)
        for each in operands:
            if isinstance(each.data, Ref):
                return _lost(text, MADE, at, (each.data,))
            for hole in holes(each):
                return Value(hole, at)
        return _failed(text, "its operands don't fit", at)

    def conditional(self, tree: Any, source: Source, at: Line) -> Value:
        condition, yes, no = _trees(tree)
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
        args = [self.tree(each, source) for each in _trees(given)] if given is not None else []
        if given is not None and any(str(each) == "..." for each in given.children if not hasattr(each, "data")):
            if not isinstance(args[-1].data, list):
                return self.unknown(tree, source, at, args[-1:])
            args = [*args[:-1], *args[-1].data]
        name, text = "::".join(names), _text(tree, source)
        self.effort.spend(1 + (sum(each.size for each in args) // 4 if name not in functions.QUICK else 0))
        if name in functions.LAZY:
            return replace(functions.LAZY[name](args, at, text), at=at)
        for each in args:
            if isinstance(each.data, Unresolved):
                return replace(each, at=at)
        if name not in functions.TABLE:
            return _lost(text, "this function is not evaluated; give the plan as JSON", at)
        try:
            found = functions.TABLE[name](args, at)
        except (Unfit, ValueError, TypeError, IndexError, KeyError):
            return self.unknown(tree, source, at, args)
        value = found if isinstance(found, Value) else Value(found, at)
        if isinstance(value.data, str) and len(value.data) > LONGEST:
            return _lost(text, "the text grows too long", at)
        return replace(value, at=at)

    def loop(self, tree: Any, source: Source, at: Line) -> Value:
        """Evaluate a `for` expression."""
        intro, *rest = [each for each in _trees(tree) if each.data != "new_line_or_comment"]
        condition = rest.pop() if rest[-1].data == "for_cond" else None
        names = [name_of(each) for each in intro.children if getattr(each, "data", None) == "identifier"]
        over_tree = [each for each in _trees(intro) if each.data != "identifier"][-1]
        over, text = self.tree(over_tree, source), _text(tree, source)
        if isinstance(over.data, Unresolved):
            return replace(over, at=at)
        pairs = iterated(over)
        if pairs is None:
            return self.unknown(tree, source, at, [over])
        grouped = any(str(each) == "..." for each in tree.children if not hasattr(each, "data"))
        made: list[tuple[Any, Value]] = []
        for key, item in pairs:
            inner = self.with_names(**dict(zip(names, (key, item) if len(names) > 1 else (item,), strict=True)))
            if condition is not None:
                kept = inner.tree(_trees(condition)[-1], source)
                truth = truth_of(kept.data)
                if truth is None:
                    return (
                        replace(kept, at=at)
                        if isinstance(kept.data, Unresolved)
                        else self.unknown(tree, source, at, [kept])
                    )
                if not truth:
                    continue
            name = inner.tree(rest[0], source) if len(rest) > 1 else None
            if name is not None and not isinstance(name.data, Ref) and written(name.data) is None:
                return (
                    replace(name, at=at) if isinstance(name.data, Unresolved) else _failed(text, "a key is no text", at)
                )
            label = None if name is None else name.data if isinstance(name.data, Ref) else written(name.data)
            made.append((label, inner.tree(rest[-1], source)))
        if len(rest) == 1:
            return collected([value for _, value in made], at)
        if grouped:
            groups: dict[Any, list[Value]] = {}
            for label, value in made:
                groups.setdefault(label, []).append(value)
            return mapped({label: collected(each, at) for label, each in groups.items()}, at)
        if len({label for label, _ in made}) < len(made):
            return _failed(text, "two entries have one key", at)
        return mapped(dict(made), at)


def iterated(over: Value) -> list[tuple[Value, Value]] | None:
    """Give keys and values in the order of Terraform: maps by their keys.  None for what can't be gone through."""
    if isinstance(over.data, list):
        return [(Value(i, each.at), each) for i, each in enumerate(over.data)]
    if isinstance(over.data, dict) and all(isinstance(key, str) for key in over.data):
        return [(Value(key, over.data[key].at), over.data[key]) for key in sorted(over.data)]
    return None


_KINDS: Final[dict[str, Any]] = {
    "string": Evaluator.string,
    "heredoc_template": Evaluator.heredoc,
    "heredoc_template_trim": Evaluator.heredoc,
    "int_lit": Evaluator.literal,
    "float_lit": Evaluator.literal,
    "literal_value": Evaluator.literal,
    "tuple": Evaluator.tuple,
    "object": Evaluator.object,
    "identifier": Evaluator.path,
    "get_attr_expr_term": Evaluator.path,
    "index_expr_term": Evaluator.path,
    "attr_splat_expr_term": Evaluator.path,
    "full_splat_expr_term": Evaluator.path,
    "unary_op": Evaluator.unary,
    "binary_op": Evaluator.binary,
    "conditional": Evaluator.conditional,
    "function_call": Evaluator.call,
    "for_tuple_expr": Evaluator.loop,
    "for_object_expr": Evaluator.loop,
    "template_string": lambda self, tree, source, at: Value(str(tree.children[0])[2:-2], at),
}


def _deeper(found: Expression, tree: Any, marks: Any) -> Expression:
    mark = marks[0] if isinstance(marks, tuple) else marks
    return Expression(Line(found.at.file, mark.line + 1), found.source, tree, marks, json=True)


def _trees(tree: Any) -> list[Any]:
    """Give the children that are nodes, without line breaks."""
    return [each for each in tree.children if hasattr(each, "data") and each.data != "new_line_or_comment"]


def _inner(tree: Any) -> Any:
    return _trees(tree)[0]


def _text(tree: Any, source: Source) -> str:
    return _text_between(tree, tree, source)


def _text_between(first: Any, last: Any, source: Source) -> str:
    start, end = getattr(first.meta, "start_pos", 0), getattr(last.meta, "end_pos", 0)
    return shown(source.text[start : min(end, start + 1000)])


def _lost(text: str, why: str, at: Line, refs: tuple[Ref, ...] = ()) -> Value:
    return Value(Unresolved(shown(text), why, at, refs), at)


def _failed(text: str, why: str, at: Line) -> Value:
    return Value(Unresolved(shown(text), f"{why}, so Terraform would refuse it; mend it", at, fails=True), at)
