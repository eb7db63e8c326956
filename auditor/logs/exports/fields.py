"""Where the fields of a template lie in its records, and columns of numbers out of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np

from auditor.logs.exports.elements import NPROBE, SECTIONS, WIDTHS, named
from auditor.logs.exports.templates import SCOPE, SCOPE_INTERFACE, VARIABLE, Template
from auditor.read.arrays import I64, U8, U64

MOST: Final = 1 << 53
"""No count is taken for greater, so that sums stay numbers."""
_MAPPED: Final = np.uint64(0xFFFF << 32)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Where fields lie: offset and bytes, in records as they are or, of variable ones, with those fields left out."""

    size: int
    places: dict[str, tuple[int, int]]
    variable: tuple[tuple[int, str], ...] = ()  # after so many fixed bytes a field of any length: its name
    odd: bool = False  # an address is not of the size of one
    nprobe: bool = False
    scope: tuple[int, int] | None = None  # of options about an interface: where its number lies
    known: frozenset[str] = field(default_factory=frozenset)


@lru_cache(maxsize=4096)
def plan(template: Template, version9: bool) -> Plan:
    """Say where the fields of a template lie; of fields of one name the first counts."""
    places: dict[str, tuple[int, int]] = {}
    variable: list[tuple[int, str]] = []
    at, odd, nprobe, scope = 0, False, False, None
    for place, (enterprise, number, length) in enumerate(template.fields):
        name = named(enterprise, number, version9)
        nprobe |= number >= NPROBE and (version9 or enterprise == 35632)
        if (enterprise == SCOPE and number == SCOPE_INTERFACE) or (place < template.scopes and number in (10, 14)):
            scope = scope or (at, length)
        if length == VARIABLE:
            variable.append((at, name if name in SECTIONS else ""))
            odd |= name in WIDTHS
            continue
        if name and length:
            if length != WIDTHS.get(name, length) or (name not in WIDTHS and name not in SECTIONS and length > 8):
                odd |= name in WIDTHS
            else:
                places.setdefault(name, (at, length))
        at += length
    return _shared(at, tuple(places.items()), tuple(variable), odd, nprobe, scope)


@lru_cache(maxsize=1 << 16)
def _shared(
    size: int,
    places: tuple[tuple[str, tuple[int, int]], ...],
    variable: tuple[tuple[int, str], ...],
    odd: bool,
    nprobe: bool,
    scope: tuple[int, int] | None,
) -> Plan:
    """Give templates of one shape one plan, whose records are decoded together."""
    known = frozenset(name for name, _ in places) | {name for _, name in variable if name}
    return Plan(size, dict(places), variable, odd, nprobe, scope, known)


def number(raw: U8, place: tuple[int, int]) -> U64:
    """Read a number of one to eight bytes, which may be fewer than its kind has (RFC 7011, section 6.2)."""
    at, length = place
    part = np.ascontiguousarray(raw[:, at : at + length])
    if length in (1, 2, 4, 8):
        return part.view(f">u{length}")[:, 0].astype(np.uint64)
    found = np.zeros(len(raw), np.uint64)
    for byte in range(length):
        found = found << np.uint64(8) | part[:, byte]
    return found


class Fields:
    """The records of one template as columns."""

    def __init__(self, plan: Plan, raw: U8) -> None:
        self.plan, self.raw = plan, raw

    def __contains__(self, name: str) -> bool:
        return name in self.plan.places

    def __len__(self) -> int:
        return len(self.raw)

    def any_of(self, *names: str) -> bool:
        """Say whether one of these fields is there."""
        return any(name in self.plan.places for name in names)

    def number(self, *names: str) -> U64:
        """Read the first of these fields that is there; zeros where none is."""
        for name in names:
            if name in self.plan.places:
                return number(self.raw, self.plan.places[name])
        return np.zeros(len(self.raw), np.uint64)

    def count(self, *names: str) -> I64:
        """Read a count."""
        return np.minimum(self.number(*names), np.uint64(MOST)).astype(np.int64)

    def small(self, *names: str) -> I64:
        """Read a number of at most 32 bits; of a longer one the low ones."""
        return (self.number(*names) & np.uint64(0xFFFFFFFF)).astype(np.int64)

    def scope(self) -> I64:
        """Read the number of the interface that options are about."""
        assert self.plan.scope is not None
        return number(self.raw, self.plan.scope).astype(np.int64)

    def fraction(self, name: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Read a float of four or eight bytes; zeros where it is not there."""
        at, length = self.plan.places.get(name, (0, 0))
        if length not in (4, 8):
            return np.zeros(len(self.raw))
        part = np.ascontiguousarray(self.raw[:, at : at + length])
        return part.view(f">f{length}")[:, 0].astype(np.float64)

    def address(self, names: Sequence[str]) -> tuple[U64, U64]:
        """Read addresses as 128-bit numbers, each the first of these fields that is not zero; zero: there is none."""
        high, low = np.zeros(len(self.raw), np.uint64), np.zeros(len(self.raw), np.uint64)
        for name in names:
            if name not in self.plan.places:
                continue
            at, length = self.plan.places[name]
            if length == 4:
                four = number(self.raw, (at, 4))
                use = (low == 0) & (high == 0) & (four != 0)
                low = np.where(use, four | _MAPPED, low)
            else:
                upper, lower = (number(self.raw, (at + shift, 8)) for shift in (0, 8))
                use = (low == 0) & (high == 0)
                high, low = np.where(use, upper, high), np.where(use, lower, low)
        return high, low
