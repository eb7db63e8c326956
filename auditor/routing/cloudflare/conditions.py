"""Conditions of custom rules, as far as a country or the answering point of presence decides them.

Sources: Cloudflare documentation, "Rules language: Expressions, Operators" and "Supported fields and operators" of load
balancing rules.  Whatever asks for anything else (paths, headers, query types) may be true or not.
"""

import re
from dataclasses import dataclass
from typing import Final

DEEPEST: Final = 40
LONGEST: Final = 4096  # characters, the limit of the rules language

COUNTRY: Final = ("ip.geoip.country", "ip.src.country")
REGION: Final = "cf.load_balancer.region"
NAME: Final = "cf.load_balancer.name"

_TOKEN: Final = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>&&|\|\||\^\^|==|!=|<=|>=|[()!{}<>~,\[\]*])|(?P<word>[^\s"()!{}<>~,\[\]*=&|^]+)|(?P<odd>.))',
    re.S,
)
_OR: Final = frozenset({"or", "||"})
_XOR: Final = frozenset({"xor", "^^"})
_AND: Final = frozenset({"and", "&&"})
_NOT: Final = frozenset({"not", "!"})
_LOGIC: Final = _OR | _XOR | _AND | _NOT


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a request; None: it may be anything."""

    name: str  # of the balancer
    country: str | None
    region: str | None  # empty: one that no rule names


def holds(condition: str, facts: Facts) -> bool | None:
    """Say whether a condition is true; None if that hangs on what is not known."""
    if not condition.strip():
        return True
    if len(condition) > LONGEST:
        return None
    try:
        return _Parser(_tokens(condition), facts).whole()
    except _Odd:
        return None


def named(condition: str) -> tuple[frozenset[str], frozenset[str]]:
    """List the countries and the regions that a condition names."""
    if len(condition) > LONGEST:
        return frozenset(), frozenset()
    texts = frozenset(token[1:-1] for token in _tokens(condition) if token.startswith('"'))
    countries = texts if any(name in condition for name in COUNTRY) else frozenset()
    return countries, texts if REGION in condition else frozenset()


class _Odd(Exception):
    """The expression is not of a form that is read here."""


def _tokens(text: str) -> list[str]:
    return [each[0].strip() for each in _TOKEN.finditer(text) if each[0].strip()]


class _Parser:
    """Evaluates one expression from left to right, by precedence: not, and, xor, or."""

    def __init__(self, tokens: list[str], facts: Facts) -> None:
        self.tokens = tokens
        self.facts = facts
        self.at = 0
        self.depth = 0

    def whole(self) -> bool | None:
        found = self.any()
        if self.at < len(self.tokens):
            raise _Odd
        return found

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def any(self) -> bool | None:
        found = self.either()
        while self.next().lower() in _OR:
            self.at += 1
            other = self.either()
            found = True if True in (found, other) else None if None in (found, other) else False
        return found

    def either(self) -> bool | None:
        found = self.all()
        while self.next().lower() in _XOR:
            self.at += 1
            other = self.all()
            found = None if found is None or other is None else found is not other
        return found

    def all(self) -> bool | None:
        found = self.negated()
        while self.next().lower() in _AND:
            self.at += 1
            other = self.negated()
            found = False if False in (found, other) else None if None in (found, other) else True
        return found

    def negated(self) -> bool | None:
        turns = 0
        while self.next().lower() in _NOT:
            self.at += 1
            turns += 1
        found = self.single()
        return found if found is None or turns % 2 == 0 else not found

    def single(self) -> bool | None:
        if self.next() != "(":
            return self.comparison()
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Odd
        self.at += 1
        found = self.any()
        if self.next() != ")":
            raise _Odd
        self.at += 1
        self.depth -= 1
        return found

    def comparison(self) -> bool | None:
        """Take everything up to the next logical operator or bracket that closes."""
        start, open_ones = self.at, 0
        while token := self.next():
            if not open_ones and (token == ")" or token.lower() in _LOGIC):
                break
            open_ones += (token in "([{") - (token in ")]}")
            if open_ones < 0:
                raise _Odd
            self.at += 1
        taken = self.tokens[start : self.at]
        if not taken:
            raise _Odd
        return self.compared(taken)

    def compared(self, taken: list[str]) -> bool | None:
        known = {NAME: self.facts.name, REGION: self.facts.region, **dict.fromkeys(COUNTRY, self.facts.country)}
        field, sign, *values = [*taken, "", ""][: max(len(taken), 2)]
        actual = known.get(field)
        if actual is None or sign not in ("eq", "==", "ne", "!=", "in"):
            return None
        if sign == "in":
            if values[:1] != ["{"] or values[-1:] != ["}"]:
                return None
            values = values[1:-1]
        elif len(values) != 1:
            return None
        if not all(each.startswith('"') and "\\" not in each for each in values):
            return None
        return (f'"{actual}"' in values) is (sign not in ("ne", "!="))
