"""Expressions of Azure Resource Manager templates, as far as they say anything before a template is deployed.

"Syntax and expressions in Azure Resource Manager templates", "ARM template functions", "Resource iteration".  Values
come out with the place of everything; what is known only when the template is deployed is a `Symbol`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from auditor.routing.model import Line
from auditor.routing.terraform.values import Value, collected, mapped
from auditor.routing.trafficmanager.functions import COPIES, FUNCTIONS, is_list, written
from auditor.routing.trafficmanager.model import Symbol

DEEPEST: Final = 60
"""Levels of values, expressions and references in each other."""
LARGEST: Final = 1 << 21
"""Values, characters and items that functions of one template handle: a few lines can stand for billions."""

_TOKEN: Final = re.compile(
    r"\s*(?:'(?P<text>[^']*(?:''[^']*)*)'|(?P<number>-?[0-9]{1,15})|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[()\[\].,]))"
)
_HOLE: Final = re.compile(r"\{([0-9]{1,3})\}")

Tree = tuple[Any, ...]
"""("text", str), ("number", int), ("call", name, arguments, as it stands) or ("get", of, key)."""


class _NoExpression(Exception):
    """A text that can't be parsed."""


@dataclass(slots=True)
class Scope:
    """One template: its parameters and variables, and the loop in which something stands."""

    parameters: Mapping[str, Value]  # as declared, by their names in small letters
    given: Mapping[str, Value]  # values for them
    variables: Mapping[str, Value]
    loops: Mapping[str, int] = field(default_factory=dict)  # number of the turn, by the name of the loop; "": innermost
    known: dict[str, Value] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    effort: list[int] = field(default_factory=lambda: [0, 0])  # what was handled, and how deep we are

    def turn(self, name: str, number: int) -> "Scope":
        """Return the same within one turn of a loop."""
        return replace(self, loops={**self.loops, name.lower(): number, "": number})

    def value(self, value: Value) -> Value:
        """Return what a value is."""
        data = value.data
        self.effort[1] += 1
        try:
            if self.effort[1] > DEEPEST or not self.affords(0):
                return Value(Symbol("${…}"), value.at)
            if isinstance(data, str) and not isinstance(data, Symbol) and data.startswith("["):
                return self._text(data, value.at)
            if isinstance(data, dict):
                return self._dict(value)
            if isinstance(data, list):
                return collected([self.value(each) for each in data], value.at)
            return value
        finally:
            self.effort[1] -= 1

    def _text(self, text: str, at: Line) -> Value:
        if text.startswith("[["):
            return Value(text[1:], at)
        if not text.endswith("]"):
            return Value(text, at)
        try:
            tree = _Parser(text[1:-1]).whole()
        except _NoExpression:
            return Value(Symbol(f"${{{text[1:-1]}}}"), at)
        found = self._evaluated(tree, at)
        return replace(found, at=at) if not isinstance(found.data, dict | list) else found

    def _dict(self, value: Value) -> Value:
        made: dict[Any, Value] = {}
        for key, each in value.data.items():
            if key == "copy" and isinstance(each.data, list):
                made.update(self._copied(each))
            else:
                made[key] = self.value(each)
        return mapped(made, value.at)

    def _copied(self, loops: Value) -> dict[str, Value]:
        """Return the properties that loops in an object make."""
        made: dict[str, Value] = {}
        for loop in loops.data:
            parts = loop.data if isinstance(loop.data, dict) else {}
            name = parts["name"].data if "name" in parts else None
            if not isinstance(name, str) or "input" not in parts:
                made["copy"] = Value(Symbol("${copy}"), loop.at)
                continue
            count = self.count(parts.get("count"))
            if count is None:
                made[name] = Value(Symbol(f"${{copy {name}}}"), loop.at)
                continue
            items = [self.turn(name, number).value(parts["input"]) for number in range(count)]
            made[name] = collected(items, loop.at)
        return made

    def count(self, value: Value | None) -> int | None:
        """Return how often something is copied; None: that is not known, or more than there can be."""
        data = self.value(value).data if value is not None else None
        if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data <= COPIES or not self.affords(data):
            return None
        return data

    def affords(self, size: int) -> bool:
        """Count what is handled, and say whether it is still little enough."""
        self.effort[0] += size + 1
        return self.effort[0] <= LARGEST

    def _evaluated(self, tree: Tree, at: Line) -> Value:
        self.effort[1] += 1
        try:
            if self.effort[1] > DEEPEST or not self.affords(1):
                return Value(Symbol("${…}"), at)
            if tree[0] == "call":
                return self._call(tree, at)
            if tree[0] == "get":
                return _within(self._evaluated(tree[1], at), self._evaluated(tree[2], at), at)
            return Value(tree[1], at)
        finally:
            self.effort[1] -= 1

    def _call(self, tree: Tree, at: Line) -> Value:
        _, name, trees, text = tree
        lost = Value(Symbol(f"${{{text}}}"), at)
        if name == "if" and len(trees) == 3:
            truth = self._evaluated(trees[0], at).data
            return self._evaluated(trees[1 if truth else 2], at) if isinstance(truth, bool) else lost
        arguments = [self._evaluated(each, at) for each in trees]
        plain = [each.data for each in arguments]
        if name in ("parameters", "variables") and len(plain) == 1 and type(plain[0]) is str:
            return self._named(name, plain[0].lower(), lost)
        if name == "copyindex":
            return Value(self._turn(plain, lost.data), at)
        if name == "resourceid":
            return Value(_resource_id(plain) or lost.data, at)
        if name in ("concat", "format") and not all(map(is_list, arguments)):
            return self._joined(name, plain, lost)
        function = FUNCTIONS.get(name)
        if function is None or any(isinstance(each, Symbol) for each in plain):
            return lost
        size = sum(len(each) if isinstance(each, str | list | dict) else 1 for each in plain)
        made = function(arguments) if self.affords(size) else None
        return lost if made is None else Value(made, at) if not isinstance(made, Value) else made

    def _named(self, kind: str, name: str, lost: Value) -> Value:
        """Return a parameter or a variable."""
        key = f"{kind} {name}"
        if key not in self.known:
            if key in self.busy:
                return lost
            self.busy.add(key)
            if kind == "variables":
                declared = self.variables.get(name)
            elif name in self.given:
                declared = self.given[name]
            else:
                whole = self.parameters.get(name)
                declared = whole.data.get("defaultValue") if whole and isinstance(whole.data, dict) else None
            outside = replace(self, loops={})
            given = kind == "parameters" and name in self.given
            self.known[key] = lost if declared is None else declared if given else outside.value(declared)
            self.busy.discard(key)
        return self.known[key]

    def _turn(self, plain: list[Any], lost: Any) -> Any:
        name = plain[0].lower() if plain and isinstance(plain[0], str) else ""
        offset = plain[-1] if plain and isinstance(plain[-1], int) else 0
        return self.loops[name] + offset if name in self.loops else lost

    def _joined(self, name: str, plain: list[Any], lost: Value) -> Value:
        """Put text together; what is not known makes all of it unknown."""
        if not plain or any(isinstance(each, list | dict) or each is None for each in plain):
            return lost
        texts = [written(each) for each in plain]
        if not self.affords(sum(map(len, texts))):
            return lost
        made = "".join(texts)
        if name == "format":
            numbers = [int(number) for number in _HOLE.findall(texts[0])]
            if any(number >= len(texts) - 1 for number in numbers) or "{{" in texts[0]:
                return lost
            if not self.affords(sum(len(texts[number + 1]) for number in numbers)):
                return lost
            made = _HOLE.sub(lambda found: texts[int(found[1]) + 1], texts[0])
        return Value(Symbol(made) if any(isinstance(each, Symbol) for each in plain) else made, lost.at)


def _within(of: Value, key: Value, at: Line) -> Value:
    """Return a property or an item."""
    data, name = of.data, key.data
    if isinstance(data, dict) and isinstance(name, str):
        found = next((each for own, each in data.items() if str(own).lower() == name.lower()), None)
        if isinstance(found, Value):
            return found
    if isinstance(data, list) and type(name) is int and 0 <= name < len(data):
        item: Value = data[name]
        return item
    return Value(Symbol(f"${{{data}.{name}}}" if isinstance(data, Symbol) else "${…}"), at)


def _resource_id(plain: list[Any]) -> str | None:
    """Put the id of a resource together: `resourceId([subscription], [group], type, name, ...)`."""
    texts = [each if isinstance(each, str) else str(each) for each in plain]
    at = next((i for i, each in enumerate(texts[:3]) if "/" in each and not isinstance(each, Symbol)), None)
    if at is None:
        return None
    kinds = texts[at].strip("/").split("/")
    names = texts[at + 1 :]
    if len(names) != len(kinds) - 1:
        return None
    pairs = "/".join(f"{kind}/{name}" for kind, name in zip(kinds[1:], names, strict=True))
    before = "".join(
        f"/{word}/{each}" for word, each in zip(("subscriptions", "resourceGroups")[2 - at :], texts[:at], strict=True)
    )
    made = f"{before}/providers/{kinds[0]}/{pairs}"
    return Symbol(made) if any(isinstance(each, Symbol) for each in plain) else made


class _Parser:
    """Parses one expression."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def whole(self) -> Tree:
        tree = self.expression()
        if self.text[self.at :].strip():
            raise _NoExpression
        return tree

    def token(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            return "", ""
        return str(found.lastgroup), found[str(found.lastgroup)]

    def take(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise _NoExpression
        self.at = found.end()
        return str(found.lastgroup), found[str(found.lastgroup)]

    def expression(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _NoExpression
        tree = self.primary()
        steps = 0
        while (sign := self.token()) in (("sign", "."), ("sign", "[")):
            steps += 1
            if steps > DEEPEST:
                raise _NoExpression
            self.take()
            if sign[1] == ".":
                kind, name = self.take()
                if kind != "name":
                    raise _NoExpression
                tree = ("get", tree, ("text", name))
            else:
                tree = ("get", tree, self.expression())
                if self.take() != ("sign", "]"):
                    raise _NoExpression
        self.depth -= 1
        return tree

    def primary(self) -> Tree:
        begun = self.at
        kind, text = self.take()
        if kind == "text":
            return ("text", text.replace("''", "'"))
        if kind == "number":
            return ("number", int(text))
        if kind != "name" or self.take() != ("sign", "("):
            raise _NoExpression
        arguments: list[Tree] = []
        while self.token() != ("sign", ")"):
            if arguments and self.take() != ("sign", ","):
                raise _NoExpression
            arguments.append(self.expression())
        self.take()
        return ("call", text.lower(), arguments, " ".join(self.text[begun : self.at].split()))
