"""What a surge of demand does to a protected population: figures that a report tells.

All multiples of demand are fractions, exact; None stands for "at no multiple".
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_DIGITS: Final = 4_000  # Python refuses to write longer numbers at once


@dataclass(frozen=True, slots=True)
class Filled:
    """A pool is full beyond this multiple of the demand."""

    at: Fraction
    pool: str
    by: tuple[str, ...]  # clients whose demand the last of it was; empty: it has no room at all


@dataclass(frozen=True, slots=True)
class Headroom:
    """How far a class of clients is from a forbidden pool."""

    client: str
    countries: str  # country set of the class
    at: Fraction | None  # beyond this multiple of all demand its first session lands there; 0: it always does
    pool: str  # in which it lands; empty where it lands in none
    safe: Fraction | None  # below this multiple it can't, whatever the mix
    proof: tuple[str, ...] = ()  # pools whose capacity proves that
    front: tuple[str, ...] = ()  # pools that it fills before, in the order in which it comes to them


@dataclass(frozen=True, slots=True)
class Outage:
    """The same with one thing down."""

    kind: str  # `site` or `fault`
    id: str
    at: Fraction | None
    client: str = ""  # who lands there first, and where
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Surge:
    """A surge, seen from clients who must not land in some pools."""

    pools: tuple[str, ...]  # the forbidden ones
    headroom: tuple[Headroom, ...]  # one for each protected class, those who land there first before
    fills: tuple[Filled, ...]  # what leads to the first landing, in order; where there is none, all that fills
    outages: tuple[Outage, ...] = ()  # worst first
    untried: int = 0  # outages that were not tried
    unserved: Fraction | None = None  # beyond this some demand of the protected finds no pool
    unknown: tuple[str, ...] = ()  # clients of unknown demand: the figures hold only while they ask for nothing
    doubtful: tuple[str, ...] = ()  # why the figures are not exact
    compared: bool = False  # with an earlier state
    before: Fraction | None = None  # what `at` was then

    @property
    def at(self) -> Fraction | None:
        """Return the multiple of a uniform surge beyond which the first protected session lands in a forbidden pool."""
        return self.headroom[0].at if self.headroom else None

    @property
    def sooner(self) -> bool:
        """Say whether a change made it come sooner."""
        return self.compared and self.at is not None and (self.before is None or self.at < self.before)

    @property
    def safe(self) -> Fraction | None:
        """Return the multiple below which none does, whatever the mix."""
        return min((h.safe for h in self.headroom if h.safe is not None), default=None)


def written(value: Fraction) -> str:
    """Write a fraction exactly, as `7/6` or `2`, however long its numbers are."""
    over, under = _whole(value.numerator), _whole(value.denominator)
    return over if under == "1" else f"{over}/{under}"


def _whole(number: int) -> str:
    parts = []
    sign, number, top = "-" * (number < 0), abs(number), 10**_DIGITS
    while number >= top:
        number, low = divmod(number, top)
        parts.append(f"{low:0{_DIGITS}d}")
    return sign + str(number) + "".join(reversed(parts))
