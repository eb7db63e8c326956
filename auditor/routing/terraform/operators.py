"""Operators of Terraform's language (Terraform documentation, "Expressions")."""

from fractions import Fraction
from itertools import chain

from auditor.routing.terraform.arguments import references, typed
from auditor.routing.terraform.values import Value, holes, number, truth_of


def operation(sign: str, left: Value, right: Value) -> bool | int | Fraction | None:
    """Apply a binary operator; None if its operands don't fit or are not known."""
    if sign in ("==", "!="):
        equal = same(left, right)
        return None if equal is None else equal is (sign == "==")
    if sign in ("&&", "||"):
        first, second = truth_of(left.data), truth_of(right.data)
        if first is None or second is None:
            return None
        return (first and second) if sign == "&&" else (first or second)
    one, two = number(left.data), number(right.data)
    if one is None or two is None:
        return None
    match sign:
        case "<":
            return one < two
        case ">":
            return one > two
        case "<=":
            return one <= two
        case ">=":
            return one >= two
        case "+":
            found: Fraction = Fraction(one) + two
        case "-":
            found = Fraction(one) - two
        case "*":
            found = Fraction(one) * two
        case _ if not two:
            return None
        case "/":
            found = Fraction(one) / two
        case _:
            found = Fraction(one) - two * int(Fraction(one) / two)
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > 512:
        return None
    return found.numerator if found.denominator == 1 else found


def same(left: Value, right: Value) -> bool | None:
    """Compare two values; None if that hangs on what is not known."""
    if next(chain(holes(left), holes(right)), None):
        return None
    if typed(left) == typed(right):
        return True
    if next(chain(references(left), references(right)), None):
        return None
    return False
