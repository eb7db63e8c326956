"""What attributes of Terraform hold once they are evaluated: plain data with the place of each part, and what is open.

`Value.data` is None, a truth value, an int, a Fraction (a number that is no integer), text, a list of values, a dict of
values, a `Ref` (something that only the provider knows, of a resource that is known by its address) or an `Unresolved`.
A reader that needs plain data takes `plain`, and one that wants to know whether it may takes `holes`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from auditor.routing.model import Line, Unread

LONGEST: Final = 200
"""Characters of an expression that are shown."""

LARGEST: Final = 1 << 18
DEEPEST: Final = 100
"""Values in one value, and levels of them: a few lines of references can stand for billions."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An attribute of a resource that the configuration itself doesn't say, such as `id`; without one, the resource."""

    address: str  # `cloudflare_load_balancer_pool.eu`, `module.a.aws_instance.b["x"]`, `data.aws_route53_zone.main`
    attribute: str = ""

    def __str__(self) -> str:
        return f"{self.address}.{self.attribute}" if self.attribute else self.address


@dataclass(frozen=True, slots=True)
class Unresolved:
    """What can't be evaluated from what was given."""

    text: str  # the expression as it stands there, shortened
    why: str  # our words, with the remedy
    at: Line
    refs: tuple[Ref, ...] = ()  # what it is made of, as far as that is known
    fails: bool = False  # Terraform itself would refuse it: what `try` and `can` ask

    @property
    def unread(self) -> Unread:
        """The same as a line that was not understood."""
        return Unread(self.at, self.text, self.why)


class Nested(dict[Any, Any]):
    """What a block within a resource holds: the provider may add what the configuration doesn't say."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it stands: an attribute's, entry's or block's line is that of its name."""

    data: Any
    at: Line
    size: int = field(default=1, compare=False)  # of the values in it, itself among them, however often one is shared
    depth: int = field(default=1, compare=False)


def collected(items: "list[Value]", at: Line) -> Value:
    """Make a list a value."""
    return _measured(items, items, at)


def mapped(entries: "dict[Any, Value]", at: Line) -> Value:
    """Make a dict a value; keys are text, or a `Ref` whose text the provider makes up."""
    return _measured(entries, entries.values(), at)


def _measured(data: Any, within: "Collection[Value]", at: Line) -> Value:
    size = 1 + sum(each.size for each in within)
    depth = 1 + max((each.depth for each in within), default=0)
    if size <= LARGEST and depth <= DEEPEST:
        return Value(data, at, size, depth)
    why = f"holds more than {LARGEST} values or {DEEPEST} levels when it is evaluated; give the plan as JSON"
    return Value(Unresolved("…", why, at), at)


def of_json(data: Any, marks: Any, file: str) -> Value:
    """Make decoded JSON a value, with the places of `auditor.routing.documents`."""
    mark = marks[0] if isinstance(marks, tuple) else marks
    return _of_json(data, marks, Line(file, mark.line + 1))


def _of_json(data: Any, marks: Any, at: Line) -> Value:
    if isinstance(data, dict):
        inner = marks[1]
        entries = {
            key: _of_json(each, inner[key][1], Line(at.file, inner[key][0].line + 1)) for key, each in data.items()
        }
        return Value(entries, at)
    if isinstance(data, list):
        return Value([of_json(each, place, at.file) for each, place in zip(data, marks[1], strict=True)], at)
    return Value(number(data) if isinstance(data, float) else data, at)


def plain(value: Value) -> Any:
    """Give the data without places; a `Ref` or an `Unresolved` in it stays what it is."""
    data = value.data
    if isinstance(data, list):
        return [plain(each) for each in data]
    if isinstance(data, dict):
        return {key: plain(each) for key, each in data.items()}
    return data


def holes(value: Value) -> Iterator[Unresolved]:
    """List what is not resolved in a value, however deep."""
    data = value.data
    if isinstance(data, Unresolved):
        yield data
    elif isinstance(data, list | dict):
        for each in data.values() if isinstance(data, dict) else data:
            yield from holes(each)


def items(value: Value | None) -> list[Value]:
    """Give the blocks of a name, whether they are written as blocks, as a list of objects, or as one object."""
    if value is None or value.data is None:
        return []
    return value.data if isinstance(value.data, list) else [value]


def shown(text: str) -> str:
    """Shorten an expression to what is shown of it."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def written(data: Any) -> str | None:
    """Convert a primitive to text as Terraform does; None for what can't be."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, str):
        return data
    if isinstance(data, int):
        return str(data)
    if isinstance(data, Fraction):
        digits = len(str(data.denominator))
        scaled = data * 10**digits if digits < 40 else data
        while digits < 40 and scaled.denominator != 1:
            scaled, digits = scaled * 10, digits + 1
        if scaled.denominator == 1:
            sign, body = "-" if scaled < 0 else "", str(abs(scaled.numerator)).rjust(digits + 1, "0")
            return f"{sign}{body[:-digits]}.{body[-digits:].rstrip('0')}"
    return None


def number(data: Any) -> int | Fraction | None:
    """Read a number, or text that Terraform converts to one; None for what is none."""
    if isinstance(data, bool) or data is None:
        return None
    if isinstance(data, int | Fraction):
        return data
    if isinstance(data, float):
        return number(repr(data))
    if isinstance(data, str) and len(data) <= 40 and data.isascii():
        mantissa, _, exponent = data.lower().partition("e")
        try:
            if exponent and abs(int(exponent)) > 99:
                return None
            found = Fraction(mantissa) * Fraction(10) ** int(exponent or 0) if "/" not in data else None
        except ValueError:
            return None
        return None if found is None else int(found) if found.denominator == 1 else found
    return None


def truth_of(data: Any) -> bool | None:
    """Read a truth value, or text that Terraform converts to one; None for what is none."""
    if isinstance(data, str):
        return {"true": True, "false": False}.get(data)
    return data if isinstance(data, bool) else None
