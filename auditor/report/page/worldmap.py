"""The world map of a report: which countries are shaded, where markers, curves and labels stand.

Only geometry and counts are worked out here; the page writes them as SVG.  No verdict is told by colour
alone: each has a shape of marker, a fill pattern, and a number that a table beside the map repeats.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Any, Final

from auditor.model import countries
from auditor.model.report import Finding, Participants, Report, Touched, Verdict
from auditor.report import words
from auditor.report.clean import visible

CURVES: Final = 24  # from participants to places that failed or are open
LABELS: Final = 12
MARKS: Final = 60
"""Markers with a number; the places of the others are shaded only."""

_WORST: Final = {Verdict.FAIL: 0, Verdict.OPEN: 1, Verdict.PASS: 2, Verdict.NOT_APPLICABLE: 3}
_TELLING: Final = (Verdict.FAIL, Verdict.OPEN)
_RADIUS: Final = 17  # of a marker, in units of the view box
_LETTER: Final = 13.2  # width of a letter of a label: Arial bold, which the style sheet names
_LINE: Final = 28  # height of its line

Box = tuple[float, float, float, float]  # left, top, right, bottom
Dots = dict[str, tuple[int, int]]


@dataclass(slots=True)
class Mark:
    """One set of countries that was touched."""

    codes: tuple[str, ...]
    name: str
    verdict: Verdict
    planes: set[str] = field(default_factory=set)
    places: int = 0
    sessions: int = 0
    packets: int = 0
    bytes: int = 0
    number: int = 0
    stands: str = ""  # the country on which the marker stands
    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """Text in a box, and the line from its marker to it."""

    left: float
    top: float
    width: float
    height: float
    lines: tuple[str, ...]
    leader: str  # path data
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Curve:
    d: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Map:
    """All that the page draws, in units of the view box."""

    box: str
    land: str  # path data of every country that nothing touched
    shaded: tuple[tuple[str, str, str], ...]  # name, path data, worst verdict
    marks: tuple[Mark, ...]  # placed, worst first
    homes: tuple[tuple[str, int, int], ...]  # countries of participants: name, x, y
    curves: tuple[Curve, ...]
    labels: tuple[Label, ...]
    elsewhere: tuple[Mark, ...]  # places that no marker can show: anywhere, too many countries, contradictions


@cache
def _world() -> dict[str, Any]:
    text = resources.files("auditor.report").joinpath("world.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def drawn(report: Report) -> Map:
    """Lay out the map of a report."""
    world = _world()
    grouped = sorted(_grouped(report.touched), key=lambda m: (_WORST[m.verdict], -m.sessions, m.codes, m.name))
    marks, elsewhere = [m for m in grouped if m.codes], [m for m in grouped if not m.codes]
    _placed(marks)
    worst = {code: mark.verdict for mark in reversed(marks) for code in mark.codes}
    outlines = world["countries"]
    numbered = marks[:MARKS]
    homes = _stood(_homes(report.participants), marks)
    return Map(
        box=" ".join(map(str, world["box"])),
        land="".join(entry["d"] for code, entry in outlines.items() if code not in worst),
        shaded=tuple(
            (words.country(code), outlines[code]["d"], verdict.value)
            for code, verdict in sorted(worst.items())
            if outlines[code]["d"]
        ),
        marks=tuple(numbered),
        homes=tuple((words.country(code), x, y) for code, (x, y) in homes.items()),
        curves=tuple(_curves(report.findings, marks, homes)),
        labels=tuple(_labels(numbered, homes, world["box"], bool(report.configurations))),
        elsewhere=tuple(elsewhere),
    )


def _grouped(touched: Iterable[Touched]) -> list[Mark]:
    """Fold places by the set of countries in which they may be; a set that is too wide to point at has no codes."""
    marks: dict[str, Mark] = {}
    for entry in touched:
        key = entry.place.countries
        if key not in marks:
            named = countries.members(key)
            codes = named if 0 < len(named) <= words.LISTED and entry.place.state != "contradiction" else ()
            marks[key] = Mark(codes, words.capital(words.where(key)), entry.verdict)
        mark = marks[key]
        mark.verdict = min(mark.verdict, entry.verdict, key=_WORST.__getitem__)
        mark.planes.update(map(visible, entry.planes))
        mark.places += 1
        mark.sessions += entry.sessions
        mark.packets += entry.packets
        mark.bytes += entry.bytes
    return list(marks.values())


def _placed(marks: Sequence[Mark]) -> None:
    """Number the markers and stand each on a country of its own, or side by side where they share it."""
    taken: dict[str, int] = {}
    for number, mark in enumerate(marks, 1):
        code = min(mark.codes, key=lambda c: taken.get(c, 0))
        x, y = _world()["countries"][code]["at"]
        shift = taken.get(code, 0)
        taken[code] = shift + 1
        mark.number, mark.stands, mark.x, mark.y = number, code, x + shift * (2 * _RADIUS + 6), y


def _homes(participants: Iterable[Participants]) -> list[str]:
    """Return the countries in which participants are known to be, where it is one country."""
    return sorted({entry.countries for entry in participants if countries.known(entry.countries)})


def _stood(homes: Iterable[str], marks: Iterable[Mark]) -> dict[str, tuple[int, int]]:
    """Say where the dot of each participants' country stands: below its marker, where it has one."""
    marked = {mark.stands for mark in marks}
    at = {code: _world()["countries"][code]["at"] for code in homes}
    return {code: (x, y + (32 if code in marked else 0)) for code, (x, y) in at.items()}


def _curves(findings: Sequence[Finding], marks: Sequence[Mark], dots: Dots) -> list[Curve]:
    """Join participants to the places that failed or are open, failures last so that they lie on top."""
    at = {countries.of(mark.codes): mark for mark in marks}
    pairs: dict[tuple[str, str], Verdict] = {}
    for finding in findings:
        mark = at.get(finding.place.countries)
        for home in _homes(finding.participants) if mark else ():
            if mark and home in dots and home not in mark.codes and len(pairs) < CURVES:
                pairs.setdefault((home, finding.place.countries), finding.verdict)
    curves = [Curve(_arc(dots[home], (at[to].x, at[to].y)), verdict) for (home, to), verdict in pairs.items()]
    return sorted(curves, key=lambda curve: -_WORST[curve.verdict])


def _arc(start: Sequence[float], end: Sequence[float]) -> str:
    """Write a shallow curve that bends upwards: great circles would pile up at the top edge."""
    (x1, y1), (x2, y2) = start, end
    lift = 0.16 * ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    return f"M{x1} {y1}Q{(x1 + x2) / 2:.0f} {max((y1 + y2) / 2 - lift, 30):.0f} {x2} {y2}"


def _labels(marks: Sequence[Mark], homes: Dots, box: Sequence[int], gated: bool) -> Iterable[Label]:
    """Put labels where they cover no marker, no other label and no country that matters.

    The last is given up where there is no such room; a label that finds no room at all is left out.
    """
    frame = (box[0] + 8, box[1] + 8, box[0] + box[2] - 8, box[1] + box[3] - 8)
    taken = [_around(mark.x, mark.y, _RADIUS + 4) for mark in marks]
    taken += [_around(x, y, 10) for x, y in homes.values()]
    lands = [_extent(code) for mark in marks if mark.verdict in _TELLING for code in mark.codes]
    for mark in marks[:LABELS]:
        lines = _lines(mark, gated)
        width, height = (
            max(map(len, lines)) * _LETTER * (1 if mark.verdict in _TELLING else 0.93) + 20,
            len(lines) * _LINE + 10,
        )
        free = _free(mark, width, height, frame, taken + lands) or _free(mark, width, height, frame, taken)
        if free:
            taken.append(free)
            yield Label(free[0], free[1], width, height, lines, _leader(mark, free), mark.verdict)


def _free(mark: Mark, width: float, height: float, frame: Box, taken: Sequence[Box]) -> Box | None:
    """Return the nearest box of this size around a marker that lies in the frame and touches nothing taken."""
    for reach in range(28, 400, 12):
        for across, down in _DIRECTIONS:
            left = mark.x + across * reach - (1 - across) / 2 * width
            top = mark.y + down * reach - (1 - down) / 2 * height
            spot = (left, top, left + width, top + height)
            inside = frame[0] <= spot[0] and frame[1] <= spot[1] and spot[2] <= frame[2] and spot[3] <= frame[3]
            if inside and not any(_overlap(spot, other) for other in taken):
                return spot
    return None


_DIRECTIONS: Final = ((1, 0), (-1, 0), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7), (0, 1), (0, -1))


def _leader(mark: Mark, spot: Box) -> str:
    """Write the line from a marker to the nearest point of its label."""
    x, y = min(max(mark.x, spot[0]), spot[2]), min(max(mark.y, spot[1]), spot[3])
    return f"M{mark.x} {mark.y}L{x:.0f} {y:.0f}"


@cache
def _extent(code: str) -> Box:
    """Return the box around the largest shape of a country: the first ring of its path data."""
    x, y, *steps = map(int, re.findall(r"-?[0-9]+", _world()["countries"][code]["d"].split("z")[0] or "0 0"))
    xs, ys = list(accumulate(steps[::2], initial=x)), list(accumulate(steps[1::2], initial=y))
    return min(xs), min(ys), max(xs), max(ys)


def _lines(mark: Mark, gated: bool) -> tuple[str, ...]:
    """Write a label; what is forbidden says how often."""
    return (mark.name, counted(mark, gated)) if mark.verdict in _TELLING else (mark.name,)


def counted(mark: Mark, gated: bool = False) -> str:
    """Count sessions at one place; over several places a session may count at each, so these are touches.

    With `gated` sessions stand for classes of clients, each of which has a route to each of several places.
    """
    if mark.places == 1:
        return words.many(mark.sessions, "class", "classes") if gated else words.many(mark.sessions, "session")
    one, more = ("route to", "routes to") if gated else ("touch at", "touches at")
    return f"{words.many(mark.sessions, one, more)} {mark.places:,} places"


def _around(x: float, y: float, reach: float) -> Box:
    return x - reach, y - reach, x + reach, y + reach


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
