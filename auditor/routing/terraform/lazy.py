"""Functions that take arguments which can't be evaluated: whether they can is what they ask."""

from collections.abc import Callable
from typing import Final

from auditor.routing.model import Line
from auditor.routing.terraform.values import Unresolved, Value, holes


def _try(args: list[Value], at: Line, text: str) -> Value:
    for each in args:
        lost = next(holes(each), None)
        if lost is None:
            return each
        if not lost.fails:
            return Value(lost, at)
    return Value(
        Unresolved(text, "nothing in `try` can be evaluated, so Terraform would refuse it; mend it", at, fails=True), at
    )


def _can(args: list[Value], at: Line, text: str) -> Value:
    lost = next(holes(args[0]), None) if args else None
    return Value(lost, at) if lost and not lost.fails else Value(lost is None, at)


def _coalesce(args: list[Value], at: Line, text: str) -> Value:
    for each in args:
        if isinstance(each.data, Unresolved):
            return each
        if each.data is not None and each.data != "":
            return each
    return Value(
        Unresolved(text, "nothing in `coalesce` has a value, so Terraform would refuse it; mend it", at, fails=True), at
    )


LAZY: Final[dict[str, Callable[[list[Value], Line, str], Value]]] = {"try": _try, "can": _can, "coalesce": _coalesce}
"""Functions that take arguments which can't be evaluated."""
