"""The chart of a surge: how far each protected class is from a forbidden pool, and what fills on the way.

An inline SVG without script and without styles of its own (the page's policy allows neither), with tables that say
the same.  A number is never rounded up: what a reader takes for room is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from math import log
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from auditor.model import countries
from auditor.model.surge import Headroom, Surge, written
from auditor.report import words
from auditor.report.clean import cleaned, visible

ROWS: Final = 24
"""Classes that get a bar: those who land there first."""

MARKS: Final = 12
"""Fills that get a line and a number: the first of what leads to the first landing."""

TABLE: Final = 200
"""Rows of a table."""

NAMES: Final = 8
"""Clients of one fill that are named."""

LETTERS: Final = 26
"""Of a label beside a bar."""

LEFT, RIGHT, TOP, STEP, BAR = 230, 880, 84, 28, 16
"""In units of the view box: where multiples begin and end, the first bar, and heights."""

LINEAR: Final = 8
"""An axis whose end is no more than so many times its first mark is linear; others are logarithmic."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One class."""

    label: str
    y: float
    end: float  # where it lands in a forbidden pool; the right edge if it never does
    safe: float  # up to here nothing brings it there
    says: str  # the number beside it
    lands: bool
    told: str  # for those who can't see it


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A fill."""

    x: float
    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Drawn:
    height: float
    bottom: float  # of the bars
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    today: float | None  # the x of 1: the demand as it is declared
    marks: tuple[Mark, ...]
    scale: str
    more: int  # classes without a bar


def chart(surge: Surge, key: str, title: str) -> Markup:
    """Write the figure and its tables; `key` makes its ids distinct in a page, and `title` is text of a stranger."""
    template = _environment().get_template("surge.html")
    return Markup(  # noqa: S704 -- the template escapes what it is given
        template.render(surge=cleaned(surge), drawn=drawn(surge), key=key, title=visible(title))
    )


@cache
def style() -> str:
    """Return the rules that a page with a chart needs beside its own."""
    return resources.files(__package__).joinpath("surge.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("auditor.report", "page"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(
        {f.__name__: f for f in (words.times, exact, name_of, words.many, words.capital, words.listed)},
        TABLE=TABLE, NAMES=NAMES, LEFT=LEFT, RIGHT=RIGHT, TOP=TOP, STEP=STEP, BAR=BAR, MARKS=MARKS,
    )  # fmt: skip
    return environment


def exact(value: Fraction | None) -> str:
    """Write the fraction itself, where it is short enough to be read."""
    if value is None or value.denominator == 1 or value.numerator.bit_length() + value.denominator.bit_length() > 90:
        return ""
    text = written(value)
    return text if len(text) <= 24 else ""


def name_of(row: Headroom) -> str:
    """Name a class: its country, where it is one, with the name that the configuration gives it if that says more."""
    codes = countries.members(row.countries) if countries.state(row.countries) == "located" else ()
    if len(codes) != 1:
        return visible(row.client)
    country = words.capital(words.country(codes[0]))
    return country if row.client in (codes[0], country) else f"{country} ({visible(row.client)})"


def drawn(surge: Surge) -> Drawn:
    """Lay out the chart."""
    rows = surge.headroom[:ROWS]
    at = _axis(rows)
    bars = tuple(_bar(row, TOP + i * STEP, at) for i, row in enumerate(rows))
    bottom = TOP + len(rows) * STEP
    last = rows[0].at if rows else None
    fills = [fill for fill in surge.fills if last is None or fill.at <= last][:MARKS]
    marks = _marks([at(fill.at) for fill in fills], TOP - 44)
    return Drawn(
        height=bottom + 44,
        bottom=bottom,
        bars=bars,
        ticks=tuple(Tick(at(value), words.decimal(value)) for value in at.ticks),
        today=at(Fraction(1)) if at.low <= 1 <= at.high else None,
        marks=marks,
        scale="logarithmic" if at.log else "linear",
        more=len(surge.headroom) - len(rows),
    )


class _axis:
    """From multiples to places; what lies beyond its ends is put at them."""

    def __init__(self, rows: Sequence[Headroom]) -> None:
        values = [value for row in rows for value in (row.at, row.safe) if value] + [Fraction(1)]
        least, most = min(values), max(values)
        self.log = most > LINEAR * least
        if self.log:
            self.ticks = [v for v in _steps() if least / 3 <= v <= most * 3]
            self.low, self.high = self.ticks[0], self.ticks[-1]
        else:
            step = next(v for v in _steps() if most / v <= 6)
            count = int(most / step) + 1
            self.ticks = [step * i for i in range(count + 1)]
            self.low, self.high = Fraction(0), self.ticks[-1]
        while len(self.ticks) > 9:
            self.ticks = self.ticks[::2]

    def __call__(self, value: Fraction) -> float:
        value = min(max(value, self.low), self.high)
        if self.log:
            share = _log(value / self.low) / _log(self.high / self.low)
        else:
            share = float((value - self.low) / (self.high - self.low))
        return round(LEFT + (RIGHT - LEFT) * share, 1)


def _log(value: Fraction) -> float:
    """Take the logarithm of a fraction whose parts may be beyond any float."""
    return log(value.numerator) - log(value.denominator)


def _steps() -> list[Fraction]:
    return [Fraction(n) * Fraction(10) ** e for e in range(-30, 31) for n in (1, 2, 5)]


def _bar(row: Headroom, y: float, at: _axis) -> Bar:
    label = name_of(row)
    short = label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
    end = RIGHT if row.at is None else LEFT if not row.at else at(row.at)
    safe = min(end, RIGHT if row.safe is None else LEFT if not row.safe else at(row.safe))
    told = f"{label}: {words.times(row.at)}" + (f", in {visible(row.pool)}" if row.pool else "")
    return Bar(short, y, end, safe, _beside(row.at), row.at is not None, told)


def _beside(value: Fraction | None) -> str:
    if value and value < Fraction(1, 1000):
        return "<0.001×"
    return f"{words.decimal(value)}×" if value else words.times(value)


def _marks(places: Sequence[float], y: float) -> tuple[Mark, ...]:
    """Number the fills, in two rows where they stand close; those at one place share its last number."""
    marks: list[Mark] = []
    for number, x in enumerate(places, 1):
        if marks and marks[-1].x == x:
            continue
        low = bool(marks) and x - marks[-1].x < 20 and marks[-1].y == y
        marks.append(Mark(x, y + 19 * low, number))
    return tuple(marks)
