"""The small words of all reports: countries, times, counts and lists."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Final

from auditor.model import countries

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS: Final = 1_000_000_000

LISTED: Final = 4
"""Countries that a sentence names one by one; of more it gives the number."""

_ARTICLED: Final = frozenset(
    ("Bahamas", "Comoros", "Gambia", "Isle of Man", "Maldives", "Netherlands", "Philippines", "Republic of the Congo")
)

CODED: Final = 12
"""Countries beyond those that are given by their codes; of more there is only the number."""


def utc(ns: int, digits: int = 3) -> str:
    """Write nanoseconds since 1970 as RFC 3339 in UTC, cut to so many decimals (0 to 9)."""
    second, rest = divmod(ns, _NS)
    text = (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}"[: len(text) + (digits + 1 if digits else 0)] + "Z"


def moment(ns: int, digits: int = 0) -> str:
    """Write a time for people: `2020-04-01 12:00:00 UTC`; empty where the evidence bears none."""
    return utc(ns, digits).replace("T", " ").replace("Z", " UTC") if ns else ""


def span(first_ns: int, last_ns: int) -> str:
    """Write from when to when; one time where both fall in the same second."""
    first, last = moment(first_ns), moment(last_ns)
    return first if first == last or not last else f"{first.removesuffix(' UTC')} to {last}"


def many(count: int, one: str, more: str = "") -> str:
    """Write a count with its noun: `1 packet`, `1,234 packets`."""
    return f"{count:,} {one if count == 1 else more or one.replace(' or ', 's or ') + 's'}"


def amount(count: int) -> str:
    """Write how many bytes were lost; of a stream that ended too soon nobody knows how many there were (0)."""
    return size(count) if count else "an unknown amount"


def size(count: int) -> str:
    """Write bytes in the largest unit (powers of 1000) that keeps the number at least 1."""
    value, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return many(count, "byte") if unit == "bytes" else f"{value:.1f} {unit}"


@cache
def _names() -> dict[str, str]:
    text = resources.files(__package__).joinpath("names.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def country(code: str) -> str:
    """Name a country in English; an unknown code is its own name.

    China is `mainland China`: Hong Kong, Macao and Taiwan have codes of their own here and in ISO 3166-1,
    and a reader must not take it for all of them.
    """
    return _names().get(code, code)


def _the(name: str) -> str:
    """Put the article before a country's name where English wants one inside a sentence."""
    wants = (
        name in _ARTICLED
        or name.startswith("United ")
        or name.endswith(("Islands", "Republic", "Territory", "Territories"))
    )
    return f"the {name}" if wants else name


def listed(words: list[str], joint: str = "or") -> str:
    """Join words: `a`, `a or b`, `a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}" if words else ""


def capital(text: str) -> str:
    """Begin with a capital letter and leave the others as they are."""
    return text[:1].upper() + text[1:]


def where(value: str, *, sentence: bool = False) -> str:
    """Write a country set for people: `mainland China or Hong Kong`, `anywhere but Canada`, `anywhere`.

    Inside a `sentence` names bear their article: `the United States`.
    """
    if not value:
        return ""
    if value == countries.NOWHERE:
        return "no country that all proofs allow"
    if value == countries.ANYWHERE:
        return "anywhere"
    codes = value.removeprefix("-").split("+")
    but, one_of = ("anywhere but ", "") if value[0] == "-" else ("", "one of ")
    if len(codes) <= LISTED:
        return but + listed(
            [_the(country(code)) if sentence else country(code) for code in codes], "and" if but else "or"
        )
    return f"{but}{one_of}{len(codes)} countries" + (f" ({', '.join(codes)})" if len(codes) <= CODED else "")


def times(value: Fraction | None) -> str:
    """Write a multiple of the demand, rounded down: `1.17 times`, `0.0042 times`; `never` and `at once` at the ends."""
    if value is None:
        return "never"
    return f"{decimal(value)} times" if value else "at once"


def decimal(value: Fraction) -> str:
    """Write a number, rounded down to two decimals, or to two digits that are not zero where it is smaller than 1."""
    if value >= 1000:
        return f"{int(value):,}"
    places = 2
    while 0 < value * 10**places < 10 and places < 30:
        places += 1
    whole, rest = divmod(int(value * 10**places), 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".") if rest else str(whole)
