"""What a record of octoDNS holds, its values, and networks found by any network within."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from auditor.routing.model import Line, Remark, Unread
from auditor.routing.octodns.spots import Spot

UP, DOWN, OBEY = "up", "down", "obey"
VALUES, POOL, GEO = "values", "pool", "geo"
LONGEST: Final = 200  # characters that are kept of what is not understood
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Value:
    """An answer of a pool."""

    text: str  # an address in its usual form, or a host
    at: Line
    weight: int = 1
    status: str = OBEY


@dataclass(frozen=True, slots=True)
class Values:
    """What is answered together: a pool, the values of an old `geo` entry, or those of the record itself."""

    name: str
    at: Line
    values: tuple[Value, ...]
    kind: str = VALUES
    fallback: str | None = None

    @property
    def title(self) -> str:
        """What it is called, for people."""
        return self.kind if self.kind == VALUES else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who gets which pool."""

    pool: str
    at: Line
    geos: tuple[tuple[str, Line], ...] = ()
    subnets: tuple[tuple[Network, Line], ...] = ()


@dataclass(slots=True)
class Record:
    """A name and type, and what it answers."""

    name: str  # with its zone, where that is known
    type: str
    at: Line
    values: Values
    pools: dict[str, Values] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    geo: dict[str, Values] = field(default_factory=dict)  # of old records
    dynamic: bool = False
    problems: list[tuple[Line, str, str]] = field(default_factory=list)  # where, what stands there, why it matters
    remarks: list[Remark] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What it is called in names of clients."""
        return f"{self.name} {self.type}"

    def problem(self, spot: Spot, what: object, why: str) -> None:
        self.problems.append((spot.at, str(what)[:LONGEST], why))

    def only(self, found: dict[str, Spot], known: frozenset[str], of: str) -> None:
        """Note keys that are not known."""
        for key in (key for key in found if key not in known):
            self.problem(found[key], key, f"no known key {of}; octoDNS may read another than you mean: remove it")

    def remark(self, spot: Spot, text: str) -> None:
        self.remarks.append(Remark(spot.at, f"{self.title}: {text}"))

    def unread(self, names: Iterable[str]) -> list[Unread]:
        """Return its problems as lines that keep these clients open."""
        named = tuple(names)
        return [Unread(at, what, why, named) for at, what, why in self.problems]


def read_value(made: Record, spot: Spot, weight: int = 1, status: str = OBEY) -> Value:
    """Read an address or a host, made canonical; what is none stays as it is, and is noted."""
    text = str(spot.value) if spot.value is not None else ""
    if made.type in ("CNAME", "ALIAS"):
        if not text or "{" in text or isinstance(spot.value, list | dict | tuple):
            made.problem(spot, text, "no name of a host, so nobody knows where it leads; write the host")
        return Value(text.lower(), spot.at, weight, status)
    kind = ipaddress.IPv4Address if made.type == "A" else ipaddress.IPv6Address
    try:
        address = kind(text)
    except ValueError:
        made.problem(
            spot, text, f"no address of a record of type {made.type}, so nobody knows where it leads; write one"
        )
        return Value(text, spot.at, weight, status)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return Value(str(mapped or address), spot.at, weight, status)


class Prefixes(Generic[T]):
    """Something about networks, found by any network within."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int, int], T] = {}
        self.lengths: dict[int, list[int]] = {4: [], 6: []}  # that there are, the longest first

    def add(self, network: Network, what: T) -> None:
        lengths = self.lengths[network.version]
        if network.prefixlen not in lengths:
            lengths.append(network.prefixlen)
            lengths.sort(reverse=True)
        self.found[_prefix(network, network.prefixlen)] = what

    def over(self, network: Network) -> Iterator[T]:
        """Yield what is said of a network itself and of those that hold it, the smallest first."""
        for length in self.lengths[network.version]:
            if length <= network.prefixlen and (key := _prefix(network, length)) in self.found:
                yield self.found[key]


def _prefix(network: Network, length: int) -> tuple[int, int, int]:
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)
