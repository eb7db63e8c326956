"""How OpenStreetMap's script ranks clusters for a country, and allocates countries to them.

`match_origin`: the first that holds of  preferred origins, allowed origins, preferred countries, allowed countries,
denied countries, preferred continents, allowed continents, denied continents; else *denied* if the cluster has an
`allowed` at all, else *allowed*.  (`denied` origins are never looked at.)

Order: preferred before allowed, then by distance on a sphere between the middle of the country's bounding box and the
cluster; a `global` cluster is at distance 0 from everybody.  Which of several at one distance comes first depends on
how full they are and on the order of a hash: any of them may.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import acos, cos, pi, sin
from typing import Final

from auditor.routing.model import Line
from auditor.routing.openstreetmap.model import Cluster, Origin

PREFERRED, ALLOWED, DENIED = "preferred", "allowed", "denied"

SAME: Final = 1e-9
"""Radians (6 mm) below which two distances count as one: rounding would decide."""

MOST: Final = 400
"""Times that limits are raised by a tenth; nobody's demand is 10 to the 16 times the capacity."""

WORK: Final = 4_000_000
"""Pairs of a country and a cluster that are looked at, over all rounds."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A cluster that takes a country."""

    cluster: Cluster
    match: str
    at: Line  # what let it
    distance: float  # radians


def matched(cluster: Cluster, origin: Origin) -> tuple[str, Line]:
    """Say how a cluster takes a country, and by which line."""
    for kind, key in (("origins", origin.name), ("countries", origin.code), ("continents", origin.continent)):
        for how in (PREFERRED, ALLOWED) if kind == "origins" else (PREFERRED, ALLOWED, DENIED):
            at = cluster.lists.get((how, kind), {}).get(key)
            if at is not None:
                return how, at
    return (DENIED if cluster.fenced else ALLOWED), cluster.at


def distance(cluster: Cluster, origin: Origin) -> float:
    """Measure along a sphere, in radians, as Math::Trig's great_circle_distance does."""
    if cluster.everywhere:
        return 0.0
    here, there = (pi / 2 - (pi / 2 - _radians(origin.lat))), (pi / 2 - (pi / 2 - _radians(cluster.lat)))
    angle = _radians(origin.lon) - _radians(cluster.lon)
    value = cos(here) * cos(there) * cos(angle) + sin(here) * sin(there)
    return acos(max(-1.0, min(1.0, value)))


def _radians(degrees: float) -> float:
    return 2 * pi / 360 * degrees


def ranked(origin: Origin, clusters: list[Cluster]) -> list[list[Ranked]]:
    """Rank clusters for a country; those that can't be told apart stand together, by name."""
    found = []
    for cluster in clusters:
        match, at = matched(cluster, origin)
        if match != DENIED:
            found.append(Ranked(cluster, match, at, distance(cluster, origin)))
    found.sort(key=lambda each: (each.match != PREFERRED, each.distance, each.cluster.name))
    tied: list[list[Ranked]] = []
    for each in found:
        last = tied[-1][-1] if tied else None
        if last is not None and last.match == each.match and each.distance - last.distance <= SAME:
            tied[-1].append(each)
        else:
            tied.append([each])
    return [sorted(some, key=lambda each: each.cluster.name) for some in tied]


def allocated(
    ranks: dict[str, list[list[Ranked]]], demand: dict[str, Fraction], multiplier: Fraction = Fraction(1)
) -> tuple[dict[str, str], int | None] | None:
    """Allocate whole countries to clusters while nothing is down, as the script does, but without rounding.

    Return the cluster of each, and how often limits were raised by a tenth (None: no number would do).  Return None
    where the order of a hash decides, and where it takes too long.
    """
    if any(len(tied) > 1 for steps in ranks.values() for tied in steps):
        return None
    pairs = [(each, code) for code, steps in ranks.items() for (each,) in steps]
    pairs.sort(key=lambda pair: (*_key(pair), pair[1]))
    groups = [list(some) for _, some in groupby(pairs, _key)]
    limits = {each.cluster.name: each.cluster.capacity for each, _ in pairs}
    for raised in range(MOST if any(limits.values()) else 1):
        given: dict[str, str] = {}
        used = dict.fromkeys(limits, Fraction(0))
        for group in groups:
            left = [(each.cluster.name, code) for each, code in group if code not in given]
            fits = [(name, code) for name, code in left if used[name] + demand[code] * multiplier <= limits[name]]
            for name, code in fits:
                used[name] += demand[code] * multiplier
                given[code] = name
            if any(used[name] > limits[name] for name, _ in fits):
                return None  # not all of those that stand at one distance find room
        if len(given) == len(ranks):
            return given, raised
        if raised * len(pairs) > WORK:
            return None
        limits = {name: limit * Fraction(11, 10) for name, limit in limits.items()}
    return {}, None


def _key(pair: tuple[Ranked, str]) -> tuple[bool, float]:
    return pair[0].match != PREFERRED, pair[0].distance
