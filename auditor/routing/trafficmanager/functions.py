"""Functions of templates that say something before a template is deployed ("ARM template functions").

Each is given values that are known, and returns plain data or a value; None: what comes out is not known.
"""

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from auditor.routing.model import Line
from auditor.routing.terraform.values import Value, collected, mapped
from auditor.routing.trafficmanager.model import Symbol

COPIES: Final = 800
"""Times that one thing is copied ("Template limits")."""
LARGEST: Final = 1 << 20
"""Characters of one text that is made."""
NOWHERE: Final = Line("", 0)


def is_list(value: Value) -> bool:
    """Say whether a value is a list."""
    return isinstance(value.data, list)


def written(data: Any) -> str:
    """Write what is text, a number or a truth value."""
    return ("True" if data else "False") if isinstance(data, bool) else str(data)


def _texts(function: Callable[..., Any], count: int) -> Callable[[list[Value]], Any]:
    """Make a function of texts; anything else is not known."""

    def called(given: list[Value]) -> Any:
        plain = [each.data for each in given]
        fits = len(plain) == count and all(isinstance(each, str) for each in plain)
        return function(*plain) if fits else None

    return called


def _replaced(text: str, old: str, new: str) -> str | None:
    return text.replace(old, new) if old and len(text) * len(new) <= LARGEST else None


def _equals(given: list[Value]) -> Any:
    if len(given) != 2 or any(isinstance(each.data, list | dict) for each in given):
        return None
    one, other = (each.data for each in given)
    return type(one) is type(other) and one == other


def _truths(function: Callable[[list[bool]], bool]) -> Callable[[list[Value]], Any]:
    def called(given: list[Value]) -> Any:
        plain = [each.data for each in given]
        return function(plain) if plain and all(isinstance(each, bool) for each in plain) else None

    return called


def _length(given: list[Value]) -> Any:
    return len(given[0].data) if len(given) == 1 and isinstance(given[0].data, str | list | dict) else None


def _together(given: list[Value]) -> Any:
    """Put lists together; None for anything else."""
    if not given or not all(map(is_list, given)):
        return None
    return collected([item for each in given for item in each.data], given[0].at)


def _made(given: list[Value]) -> Any:
    return collected(list(given), given[0].at) if given else []


def _number(given: list[Value]) -> Any:
    data = given[0].data if len(given) == 1 else None
    if isinstance(data, str) and re.fullmatch("-?[0-9]{1,15}", data):
        return int(data)
    return data if type(data) is int else None


def _string(given: list[Value]) -> Any:
    data = given[0].data if len(given) == 1 else None
    return written(data) if isinstance(data, str | int) else None


def _empty(given: list[Value]) -> Any:
    data = given[0].data if len(given) == 1 else 0
    return not data if data is None or isinstance(data, str | list | dict) else None


def _end(at: int) -> Callable[[list[Value]], Any]:
    def called(given: list[Value]) -> Any:
        return given[0].data[at] if len(given) == 1 and isinstance(given[0].data, list) and given[0].data else None

    return called


def _numbers(function: Callable[[int, int], Any]) -> Callable[[list[Value]], Any]:
    """Make a function of two numbers that are no larger than any that counts something."""

    def called(given: list[Value]) -> Any:
        plain = [each.data for each in given]
        fits = len(plain) == 2 and all(type(each) is int and abs(each) < 1 << 60 for each in plain)
        return function(*plain) if fits else None

    return called


def _range(first: int, count: int) -> Any:
    return [Value(each, NOWHERE) for each in range(first, first + count)] if 0 <= count <= COPIES else None


def _split(given: list[Value]) -> Any:
    plain = [each.data for each in given]
    if len(plain) != 2 or not all(isinstance(each, str) for each in plain) or not plain[1]:
        return None
    return collected([Value(each, given[0].at) for each in plain[0].split(plain[1])], given[0].at)


def _join(given: list[Value]) -> Any:
    plain = [each.data for each in given[0].data] if given and is_list(given[0]) else [None]
    if len(given) != 2 or not all(type(each) is str for each in (*plain, given[1].data)):
        return None
    return given[1].data.join(plain) if len(given[1].data) <= 100 else None


def _contains(given: list[Value]) -> Any:
    if len(given) != 2 or not isinstance(given[1].data, str | int):
        return None
    of, what = given[0].data, given[1].data
    if isinstance(of, dict):
        return any(str(key).lower() == str(what).lower() for key in of)
    if isinstance(of, list):
        items = [each.data for each in of]
        return None if any(isinstance(each, Symbol) for each in items) else what in items
    return what in of if isinstance(of, str) and isinstance(what, str) else None


def _coalesced(given: list[Value]) -> Any:
    return next((each for each in given if each.data is not None), None)


def _object(given: list[Value]) -> Any:
    keys = [each.data for each in given[::2]]
    if len(given) % 2 or not all(type(each) is str for each in keys):
        return None
    return mapped(dict(zip(keys, given[1::2], strict=True)), given[0].at) if given else {}


FUNCTIONS: Final[dict[str, Callable[[list[Value]], Any]]] = {
    "tolower": _texts(str.lower, 1), "toupper": _texts(str.upper, 1), "trim": _texts(str.strip, 1),
    "replace": _texts(_replaced, 3),
    "startswith": _texts(lambda text, part: text.lower().startswith(part.lower()), 2),
    "endswith": _texts(lambda text, part: text.lower().endswith(part.lower()), 2),
    "equals": _equals, "and": _truths(all), "or": _truths(any),
    "not": _truths(lambda truths: not truths[0]), "true": lambda _: True, "false": lambda _: False,
    "length": _length, "concat": _together, "createarray": _made, "int": _number, "string": _string, "empty": _empty,
    "first": _end(0), "last": _end(-1), "split": _split, "join": _join, "contains": _contains,
    "range": _numbers(_range), "coalesce": _coalesced, "createobject": _object, "null": lambda _: Value(None, NOWHERE),
    "add": _numbers(operator.add), "sub": _numbers(operator.sub), "mul": _numbers(operator.mul),
    "mod": _numbers(lambda one, other: one % other if one >= 0 and other > 0 else None),
    "div": _numbers(lambda one, other: one // other if one >= 0 and other > 0 else None),
    "less": _numbers(operator.lt), "lessorequals": _numbers(operator.le), "greater": _numbers(operator.gt),
    "greaterorequals": _numbers(operator.ge), "min": _numbers(min), "max": _numbers(max),
}  # fmt: skip
