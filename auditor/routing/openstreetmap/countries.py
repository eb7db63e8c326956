"""Who asks: what countries ask for, and where they lie, parsed, with the line of everything.

Of `countries.xml` the script takes the first element of each name in a `country`; a file with a document type is
refused, so no entity can grow.
"""

from fractions import Fraction
from typing import Final
from xml.parsers import expat

from auditor.model.documents import Document
from auditor.model.errors import InputError
from auditor.routing.model import File, Line
from auditor.routing.openstreetmap.model import LARGEST, Origin, number

_TAGS: Final = ("countryCode", "countryName", "continent", "west", "north", "east", "south")
_LONGEST: Final = 10_000  # characters of one element


def demand(file: File, found: list[Document]) -> dict[str, tuple[Fraction, Line]]:
    """Read what countries ask for: `NO: 4.5`."""
    if len(found) != 1 or not isinstance(found[0].tree, dict):
        raise InputError(file.name, "is no list of demands; give one YAML mapping of country codes", 1)
    document, amounts = found[0], {}
    for code, value in document.tree.items():
        amount = Fraction(0) if value is None else number(value)
        if amount is None or amount < 0:
            raise document.error(f"`{value}` is no demand; give a number that is not below 0", code)
        amounts[str(code)] = amount, Line(file.name, document.line(code))
    return amounts


def origins(file: File) -> list[Origin]:
    """Read `countries.xml`, in its order."""
    parser = expat.ParserCreate()
    rows: list[tuple[int, dict[str, str]]] = []
    path: list[str] = []

    def begin(tag: str, _: object) -> None:
        path.append(tag)
        if tag == "country" and len(path) == 2:
            rows.append((parser.CurrentLineNumber, {}))

    def text(data: str) -> None:
        if len(path) == 3 and path[1] == "country" and path[2] in _TAGS:
            row = rows[-1][1]
            row[path[2]] = row.get(path[2], "") + data
            if len(row[path[2]]) > _LONGEST:
                raise InputError(
                    file.name, "has an element without end; give GeoNames' countryInfo", parser.CurrentLineNumber
                )

    def typed(*_: object) -> None:
        raise InputError(file.name, "has a document type; take it out", parser.CurrentLineNumber)

    parser.StartElementHandler, parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = begin, text, typed
    parser.EndElementHandler = lambda _: path.pop()
    try:
        parser.Parse(file.data, True)
    except expat.ExpatError as error:
        message = f"is not XML: {expat.ErrorString(error.code)}; mend it"
        raise InputError(file.name, message, error.lineno, error.offset + 1) from None
    return _origins(file.name, rows)


def _origins(file: str, rows: list[tuple[int, dict[str, str]]]) -> list[Origin]:
    found: dict[str, Origin] = {}
    for line, row in rows:
        missing = [tag for tag in _TAGS if not row.get(tag)]
        if missing:
            raise InputError(file, f"has a country without `{missing[0]}`; give all that GeoNames gives", line)
        west, north, east, south = (number(row[tag]) for tag in _TAGS[3:])
        if west is None or north is None or east is None or south is None:
            raise InputError(file, "has a country whose west, north, east or south is no number; mend it", line)
        code = row["countryCode"]
        if code in found:
            raise InputError(file, f"has the country `{code}` twice; keep one", line)
        middle = _middle(float(west), float(east))
        found[code] = Origin(
            code, row["countryName"], row["continent"], (float(south) + float(north)) / 2, middle, Line(file, line)
        )
        if len(found) > LARGEST:
            raise InputError(file, f"has more than {LARGEST} countries; give GeoNames' countryInfo", line)
    if not found:
        raise InputError(file, "has no country in it; give GeoNames' countryInfo", 1)
    return list(found.values())


def _middle(west: float, east: float) -> float:
    """Find the middle between two longitudes; a box whose east is not beyond its west goes over the antimeridian."""
    middle = (west + east) / 2 if west < east else (west + east + 360) / 2
    return middle - 360 if middle > 180 else middle
