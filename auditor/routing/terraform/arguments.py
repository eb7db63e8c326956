"""Arguments of functions and operands of operators, as what they have to be."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from auditor.routing.terraform.values import Ref, Value, holes, number, written


class Unfit(Exception):
    """Arguments that a function doesn't take."""


def as_text(value: Value) -> str:
    """Return text; numbers and truth values are written out."""
    text = written(value.data)
    if text is None:
        raise Unfit
    return text


def as_number(value: Value) -> int | Fraction:
    """Return a number; text that is one counts."""
    found = number(value.data)
    if found is None:
        raise Unfit
    return found


def as_whole(value: Value) -> int:
    """Return a whole number of no more than twenty bits."""
    found = as_number(value)
    if not isinstance(found, int) or abs(found) > 1 << 20:
        raise Unfit
    return found


def as_list(value: Value) -> list[Value]:
    """Return the items of a list."""
    if not isinstance(value.data, list):
        raise Unfit
    return value.data


def as_map(value: Value) -> dict[Any, Value]:
    """Return the entries of a map, whose keys are texts."""
    if not isinstance(value.data, dict) or not all(isinstance(key, str) for key in value.data):
        raise Unfit
    return value.data


def as_key(value: Value) -> Any:
    """Return what a value is told apart by."""
    if next(holes(value), None):
        raise Unfit
    return repr(typed(value))


def as_known(value: Value) -> Value:
    """Return a value that is known whole."""
    if next(holes(value), None) or next(references(value), None):
        raise Unfit
    return value


def references(value: Value) -> Iterator[Ref]:
    """Yield what only a provider knows in a value, at any depth."""
    if isinstance(value.data, Ref):
        yield value.data
    elif isinstance(value.data, list | dict):
        for each in value.data.values() if isinstance(value.data, dict) else value.data:
            yield from references(each)
        if isinstance(value.data, dict):
            yield from (key for key in value.data if isinstance(key, Ref))


def typed(value: Value) -> Any:
    """Give data that is equal only where Terraform's is: a number is no truth value."""
    data = value.data
    if isinstance(data, list):
        return [typed(each) for each in data]
    if isinstance(data, dict):
        return {key: typed(each) for key, each in data.items()}
    return (isinstance(data, bool), data)
