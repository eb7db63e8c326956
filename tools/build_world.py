"""Build the map and the country names of the HTML report from three npm packages.

    npm pack world-atlas cldr-localenames-full iso-3166-1     # a maintainer fetches and unpacks them
    python tools/build_world.py FOLDER                        # the folder that holds the three packages

Writes `auditor/report/world.json` (shapes, projected, as SVG path data) and `auditor/report/names.json`.
Shapes are Natural Earth's 1:50m admin-0 countries (public domain; borders as they are held, de facto),
names are CLDR's (Unicode License v3).  The output is a function of the packages alone.
"""

import hashlib
import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from auditor.model.countries import CODES

TARGET: Final = Path(__file__).parents[1] / "auditor" / "report"
WIDTH: Final = 2000  # units of the view box; coordinates are whole units
SCALE: Final = WIDTH / 5.4133  # Equal Earth is 5.4133 radii wide
MERIDIAN: Final = 11.0  # in the middle: the map is cut at 169 degrees west, where no country is
NORTH: Final = 84.0  # the frame; Antarctica is a point
SOUTH: Final = -57.0
TOLERANCE: Final = 0.9  # units by which a simplified line may be off
SMALLEST: Final = 6.0  # square units; smaller rings are left out, except the largest of a country

Point = tuple[float, float]

POINTS: Final[dict[str, Point]] = {
    "AQ": (0.0, -56.0), "BQ": (-68.3, 12.2), "BV": (3.4, -54.4), "CC": (96.8, -12.2), "CX": (105.7, -10.5),
    "GF": (-53.1, 4.0), "GI": (-5.35, 36.14), "GP": (-61.5, 16.2), "HK": (114.17, 22.32), "MC": (7.42, 43.74),
    "MO": (113.55, 22.2), "MQ": (-61.0, 14.65), "RE": (55.5, -21.1), "SG": (103.82, 1.35), "SJ": (16.0, 78.6),
    "TK": (-171.8, -9.2), "TV": (179.2, -8.5), "UM": (-176.0, 0.0), "VA": (12.45, 41.9), "YT": (45.15, -12.8),
    # where the middle of the largest shape is not where a reader looks
    "CA": (-105.0, 56.0), "CN": (104.5, 35.5), "FR": (2.5, 46.8), "NO": (9.0, 61.2), "RU": (95.0, 62.0),
    "US": (-98.5, 39.5), "CL": (-71.0, -33.5), "VN": (106.0, 21.0), "HR": (15.8, 45.5), "SE": (15.5, 62.0),
    "MY": (102.3, 3.9),
}  # fmt: skip
"""Longitude and latitude of labels that the shapes don't give."""

NAMES: Final = {"CN": "mainland China", "PS": "Palestine", "CD": "DR Congo", "CG": "Republic of the Congo"}
"""English names where CLDR's plain form would mislead in a sentence."""


def main(folder: Path) -> None:
    """Read the packages below the folder and write both files."""
    atlas = json.loads(find(folder, "countries-50m.json").read_text())
    numeric = numbers(find(folder, "iso-3166.js").read_text())
    names = territories(json.loads(find(folder, "en/territories.json").read_text()))
    shapes = dict(countries(atlas, numeric))
    world = {code: {"d": outline(shapes.get(code, [])), "at": label(code, shapes.get(code, []))} for code in CODES}
    top, bottom = project((0, NORTH))[1], project((0, SOUTH))[1]
    source = find(folder, "countries-50m.json").read_bytes()
    write("names.json", {code: names[code] for code in CODES})
    write("world.json", {
        "source": "Natural Earth 1:50m admin-0 countries, by way of world-atlas",
        "sha256": hashlib.sha256(source).hexdigest(),
        "box": [0, round(top), WIDTH, round(bottom - top)],
        "countries": world,
    })  # fmt: skip


def find(folder: Path, name: str) -> Path:
    """Return the first file of this name below the folder."""
    found = sorted(folder.rglob(name))
    if not found:
        raise SystemExit(f"{name} is not below {folder}: unpack the three packages there")
    return found[0]


def write(name: str, value: object) -> None:
    """Write JSON, one line for each entry of the outer map so that a change can be reviewed."""
    lines = json.dumps(value, ensure_ascii=False, indent=1, separators=(",", ":"))
    (TARGET / name).write_text(lines + "\n", encoding="utf-8", newline="\n")


def numbers(text: str) -> dict[str, str]:
    """Return ISO 3166-1 numeric -> alpha-2 codes."""
    rows = re.findall(r"alpha2:\s*.(\w\w)\b.*?numeric:\s*.(\d{3})", text, re.DOTALL)
    return {number: code for code, number in rows}


def territories(cldr: dict[str, Any]) -> dict[str, str]:
    """Return alpha-2 code -> English name, in CLDR's short form where it has one (not `US` and `UK`)."""
    plain = cldr["main"]["en"]["localeDisplayNames"]["territories"]
    short = {code: plain.get(f"{code}-alt-short", plain[code]) for code in CODES}
    return {code: NAMES.get(code, plain[code] if len(name) == 2 else name) for code, name in short.items()}


def countries(atlas: dict[str, Any], numeric: dict[str, str]) -> Iterable[tuple[str, list[list[Point]]]]:
    """Yield code and projected rings of every country; areas without an ISO code are drawn with one that has.

    Holes are rings too: paths are filled by the even-odd rule.
    """
    arcs = [simplified([project_free(p) for p in arc]) for arc in decoded(atlas)]
    orphans = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO", "Siachen Glacier": "IN"}
    merged: dict[str, list[list[Point]]] = {}
    for geometry in atlas["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        code = numeric.get(geometry.get("id", ""), orphans.get(name, ""))
        if code in CODES and code != "AQ" and geometry["type"] != "GeometryCollection":
            shapes = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
            rings = [piece for shape in shapes for ring in shape for piece in cut(joined(ring, arcs))]
            merged.setdefault(code, []).extend(rings)
    yield from sorted((code, [[placed(p) for p in ring] for ring in rings]) for code, rings in merged.items())


def decoded(atlas: dict[str, Any]) -> list[list[Point]]:
    """Return the arcs of a quantised topology in degrees (TopoJSON specification, section 2.1.3)."""
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for arc in atlas["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def project_free(point: Point) -> Point:
    """Turn the globe so that the middle meridian is zero; latitude stays."""
    return point[0] - MERIDIAN, point[1]


def placed(point: Point) -> Point:
    """Project a point of the turned globe by Equal Earth (Savric, Patterson and Jenny 2018, equations 1 to 3)."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(point[1])))
    stretch = 9 * a4 * t**8 + 7 * a3 * t**6 + 3 * a2 * t**2 + a1
    x = 2 * math.sqrt(3) * math.radians(point[0]) * math.cos(t) / (3 * stretch)
    y = a4 * t**9 + a3 * t**7 + a2 * t**3 + a1 * t
    return WIDTH / 2 + x * SCALE, WIDTH / 4 - y * SCALE


def project(point: Point) -> Point:
    """Project longitude and latitude."""
    turned = (point[0] - MERIDIAN + 540) % 360 - 180
    return placed((turned, point[1]))


def simplified(line: list[Point]) -> list[Point]:
    """Drop points that lie within the tolerance of the line without them (Douglas and Peucker 1973).

    Works on arcs, which neighbours share, so borders stay shut.  A ring of one arc keeps three points.
    """
    flat = [placed(p) for p in unwrapped(line)]
    keep = {0, len(line) - 1}
    if line[0] == line[-1] and len(line) > 4:
        keep |= {len(line) // 3, 2 * len(line) // 3}
    marks = sorted(keep)
    stack = list(pairwise(marks))
    while stack:
        first, last = stack.pop()
        far, distance = 0, 0.0
        for i in range(first + 1, last):
            off = away(flat[i], flat[first], flat[last])
            if off > distance:
                far, distance = i, off
        if distance > TOLERANCE:
            keep.add(far)
            stack += [(first, far), (far, last)]
    return [line[i] for i in sorted(keep)]


def away(p: Point, a: Point, b: Point) -> float:
    """Return the distance of p from the segment a b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    t = max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length)) if length else 0.0
    return math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy)


def joined(ring: Sequence[int], arcs: list[list[Point]]) -> list[Point]:
    """String the arcs of a ring together; ~i is arc i backwards."""
    points: list[Point] = []
    for index in ring:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def unwrapped(ring: Sequence[Point]) -> list[Point]:
    """Make longitudes run on instead of jumping by 360 degrees."""
    points = [ring[0]]
    for x, y in ring[1:]:
        points.append((x + 360 * round((points[-1][0] - x) / 360), y))
    return points


def cut(ring: Sequence[Point]) -> list[list[Point]]:
    """Cut a ring at the edges of the map, or countries there would streak across it (Sutherland and Hodgman 1974)."""
    whole = unwrapped(ring)
    pieces = []
    for turn in (-360, 0, 360):
        piece = [(x + turn, y) for x, y in whole]
        for edge, side in ((-180.0, 1), (180.0, -1)):
            piece = clipped(piece, edge, side)
        if len(piece) >= 3:
            pieces.append(piece)
    return pieces


def clipped(ring: list[Point], edge: float, side: int) -> list[Point]:
    """Keep the part of a ring on one side of a meridian."""
    points: list[Point] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        here, there = side * (x1 - edge) >= 0, side * (x2 - edge) >= 0
        if here:
            points.append((x1, y1))
        if here != there:
            points.append((edge, y1 + (y2 - y1) * (edge - x1) / (x2 - x1)))
    return points


def area(ring: Sequence[Point]) -> float:
    """Return the area of a ring in square units."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))) / 2


def outline(rings: list[list[Point]]) -> str:
    """Write rings as SVG path data, in whole units relative to the point before (SVG 2, section 9.3)."""
    sized = sorted(((area(ring), ring) for ring in rings), key=lambda pair: -pair[0])
    kept = [ring for i, (units, ring) in enumerate(sized) if units >= SMALLEST or (i == 0 and units >= 2)]
    return "".join(path(ring) for ring in kept)


def path(ring: Sequence[Point]) -> str:
    """Write one ring; points that fall on the one before are left out."""
    points = [(round(x), round(y)) for x, y in ring]
    (x, y), text = points[0], f"M{points[0][0]} {points[0][1]}l"
    for px, py in points[1:]:
        if (px, py) != (x, y):
            text += f"{px - x} {py - y} "
            x, y = px, py
    return re.sub(r" (?=-)", "", text.rstrip()) + "z"


def label(code: str, rings: list[list[Point]]) -> list[int]:
    """Return where the marker of a country stands: a place from the table, else the middle of its largest ring."""
    if code in POINTS or not rings:
        x, y = project(POINTS[code])
    else:
        ring = max(rings, key=area)
        x, y = centre(ring)
    return [round(x), round(y)]


def centre(ring: Sequence[Point]) -> Point:
    """Return the centroid of a ring."""
    x = y = total = 0.0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x1 * y2 - x2 * y1
        x, y, total = x + (x1 + x2) * cross, y + (y1 + y2) * cross, total + cross
    return (x / (3 * total), y / (3 * total)) if total else ring[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
