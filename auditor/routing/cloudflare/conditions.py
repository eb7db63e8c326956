"""Conditions of custom rules, as far as a country or the answering point of presence decides them.

Sources: Cloudflare documentation, "Rules language: Expressions, Operators" and "Supported fields and operators" of load
balancing rules.  Whatever asks for anything else (paths, headers, query types) may be true or not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

DEEPEST: Final = 40
Term = tuple[Any, ...]
"""An operator with its operands, `in` with a field and texts, or `?`: nobody knows."""
UNKNOWN: Final[Term] = ("?",)
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
_LEVELS: Final = (("or", _OR), ("xor", _XOR), ("and", _AND))
_LOGIC: Final = _OR | _XOR | _AND | _NOT


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a request; None: it may be anything."""

    name: str  # of the balancer
    country: str | None
    region: str | None  # empty: one that no rule names


def holds(condition: str, facts: Facts) -> bool | None:
    """Say whether a condition is true; None if that hangs on what is not known."""
    return _evaluated(_parsed(condition), facts)


@lru_cache(1024)
def _parsed(condition: str) -> Term:
    if not condition.strip():
        return ("and",)
    if len(condition) > LONGEST:
        return UNKNOWN
    try:
        return _Parser(_tokens(condition)).whole()
    except _Odd:
        return UNKNOWN


def _evaluated(term: Term, facts: Facts) -> bool | None:
    kind, *parts = term
    match kind:
        case "?":
            return None
        case "in":
            field, values = parts
            actual = facts.name if field == NAME else facts.region if field == REGION else facts.country
            return None if actual is None else bool(actual in values)
        case "not":
            inner = _evaluated(parts[0], facts)
            return None if inner is None else not inner
        case "xor":
            odd = [_evaluated(each, facts) for each in parts]
            return None if None in odd else sum(map(bool, odd)) % 2 == 1
    unknown = False
    for each in parts:
        found = _evaluated(each, facts)
        if found is (kind == "or"):
            return bool(kind == "or")
        unknown = unknown or found is None
    return None if unknown else bool(kind == "and")


@lru_cache(1024)
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
    """Reads one expression from left to right, by precedence: not, and, xor, or."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def whole(self) -> Term:
        found = self.level(0)
        if self.at < len(self.tokens):
            raise _Odd
        return found

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def level(self, which: int) -> Term:
        if which == len(_LEVELS):
            return self.negated()
        name, signs = _LEVELS[which]
        found = [self.level(which + 1)]
        while self.next().lower() in signs:
            self.at += 1
            found.append(self.level(which + 1))
        return (name, *found) if len(found) > 1 else found[0]

    def negated(self) -> Term:
        turns = 0
        while self.next().lower() in _NOT:
            self.at += 1
            turns += 1
        found = self.single()
        return ("not", found) if turns % 2 else found

    def single(self) -> Term:
        if self.next() != "(":
            return self.comparison()
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Odd
        self.at += 1
        found = self.level(0)
        if self.next() != ")":
            raise _Odd
        self.at += 1
        self.depth -= 1
        return found

    def comparison(self) -> Term:
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
        return _compared(taken)


def _compared(taken: list[str]) -> Term:
    field, sign, *values = [*taken, "", ""][: max(len(taken), 2)]
    if field not in (NAME, REGION, *COUNTRY) or sign not in ("eq", "==", "ne", "!=", "in"):
        return UNKNOWN
    if sign == "in":
        if values[:1] != ["{"] or values[-1:] != ["}"]:
            return UNKNOWN
        values = values[1:-1]
    elif len(values) != 1:
        return UNKNOWN
    if not all(each.startswith('"') and "\\" not in each for each in values):
        return UNKNOWN
    found = ("in", field, frozenset(each[1:-1] for each in values))
    return ("not", found) if sign in ("ne", "!=") else found
