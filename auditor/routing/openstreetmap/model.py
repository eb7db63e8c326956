"""What OpenStreetMap's files say: clusters, their servers, and countries."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, Final

from auditor.routing.model import Line

LARGEST: Final = 1_000
"""Clusters, or countries; gdnsd takes 254 data centres (gdnsd-plugin-geoip), and ISO 3166-1 has 250 countries."""

Lists = Mapping[tuple[str, str], Mapping[str, Line]]


@dataclass(frozen=True, slots=True)
class Server:
    pool: str  # the name that the script gives it
    site: str
    at: Line
    tests: tuple[str, ...] | None  # of StatusCake; None: nothing is said
    capacity: Fraction
    addresses: tuple[str, ...]
    cname: str


@dataclass(frozen=True, slots=True)
class Cluster:
    name: str
    at: Line
    servers: tuple[Server, ...]
    lists: Lists  # (preferred, countries) -> country -> its line
    fenced: bool  # it has an `allowed`, so it takes nobody else
    everywhere: bool  # it is global: no place
    lat: float
    lon: float
    default: bool
    default_at: Line

    @property
    def capacity(self) -> Fraction:
        """Sum what its servers can take."""
        return sum((server.capacity for server in self.servers), Fraction(0))


@dataclass(frozen=True, slots=True)
class Origin:
    """A country."""

    code: str
    name: str
    continent: str
    lat: float
    lon: float
    at: Line


def number(value: Any) -> Fraction | None:
    """Read a decimal, as far as a float goes; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 40:
        return None
    try:
        return Fraction(str(value)) if isfinite(float(value)) and "/" not in str(value) else None
    except ValueError:
        return None
