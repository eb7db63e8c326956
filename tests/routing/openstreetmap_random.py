"""Random capacity files in OpenStreetMap's format, with few enough faults to try all outages."""

import random
from typing import Any

import yaml

PLACES = {"DE": ("EU", 51.0, 10.0), "NO": ("EU", 65.0, 17.0), "CA": ("NA", 60.0, -95.0), "FJ": ("OC", -17.8, 178.5),
          "XK": ("EU", 42.6, 20.9), "KE": ("AF", 0.5, 38.0)}  # fmt: skip
NAMES = {"DE": "Germany", "NO": "Norway", "CA": "Canada", "FJ": "Fiji", "XK": "Kosovo", "KE": "Kenya"}


def countries_xml() -> bytes:
    rows = []
    for code, (continent, lat, lon) in PLACES.items():
        west, east = lon - 2.5, lon + 2.5
        east = east - 360 if east > 180 else east
        rows.append(
            f"<country>\n<countryCode>{code}</countryCode>\n<countryName>{NAMES[code]}</countryName>\n"
            f"<continent>{continent}</continent>\n<west>{west}</west>\n<north>{lat + 1}</north>\n"
            f"<east>{east}</east>\n<south>{lat - 1}</south>\n</country>\n"
        )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<geonames>\n{"".join(rows)}</geonames>\n'.encode()


def configuration(chance: random.Random) -> dict[str, bytes]:
    """Write clusters, demand and positions where the repository has them."""
    tests = list(range(1, 5))
    clusters: dict[str, Any] = {}
    for i in range(chance.randint(1, 4)):
        cluster: dict[str, Any] = {}
        if chance.random() < 0.2:
            cluster["global"] = True
        else:
            cluster |= {"lat": chance.uniform(-60, 60), "lon": chance.uniform(-180, 180)}
        if chance.random() < 0.4:
            cluster["servers"] = [_server(chance, tests, f"s{i}{n}") for n in range(chance.randint(1, 2))]
        else:
            cluster |= _server(chance, tests, "")
        if chance.random() < 0.6:
            cluster["default"] = "xx"
        for how in ("preferred", "allowed", "denied"):
            if chance.random() < 0.3:
                cluster[how] = _lists(chance)
        clusters[f"k{i}"] = cluster
    amounts = {code: round(chance.uniform(0, 20), 3) for code in PLACES if chance.random() < 0.8}
    return {
        "src/tile.yml": yaml.safe_dump(clusters, sort_keys=False).encode(),
        "requests/tile.yml": b"---\n" + "".join(f"{code}: {n}\n" for code, n in amounts.items()).encode(),
        "lib/countries.xml": countries_xml(),
    }


def _server(chance: random.Random, tests: list[int], name: str) -> dict[str, Any]:
    server: dict[str, Any] = {"requests": chance.randint(1, 60)}
    if chance.random() < 0.9:
        server["statuscake"] = chance.sample(tests, chance.randint(0, 2))
    return server | ({"name": name} if name else {})


def _lists(chance: random.Random) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    if chance.random() < 0.7:
        lists["countries"] = chance.sample([*PLACES, "ZZ"], chance.randint(1, 3))
    if chance.random() < 0.4:
        lists["continents"] = chance.sample(["EU", "NA", "OC", "AF"], chance.randint(1, 2))
    if chance.random() < 0.2:
        lists["origins"] = chance.sample(list(NAMES.values()), 1)
    return lists
