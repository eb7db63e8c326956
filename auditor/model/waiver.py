"""A waiver as the judge sees it: whoever answers for a rule accepts some of its findings until a day.

What it accepts it says itself, and all that it says must hold of the whole finding: of what is not known, nothing
holds.  So a waiver never excuses more than it names.
"""

from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import Final

Network = IPv4Network | IPv6Network

LONGEST: Final = {"critical": 30, "high": 90, "medium": 180, "low": 365}
"""Days from `approved` to `expires` that a waiver may live, by the severity of its rule, where no file says."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which findings of its rule a waiver accepts; what is None (or empty) is not asked."""

    verdict: str = "fail"  # or `open`: accepted as not known
    finding: str = ""  # whole identifier
    countries: str = ""  # country set in which the place has to lie, wherever it is
    sites: frozenset[str] | None = None
    operators: frozenset[str] | None = None
    planes: frozenset[str] | None = None
    bases: frozenset[str] | None = None
    networks: tuple[Network, ...] | None = None  # in which all touched addresses have to lie
    since_ns: int | None = None  # no traffic before
    until_ns: int | None = None  # none from here on


@dataclass(frozen=True, slots=True)
class Waiver:
    """One entry of a file of waivers."""

    rule: str  # identifier
    match: Match
    reason: str
    owner: str  # who answers for it
    approved: date
    expires: date  # the first day on which it doesn't hold any more
    approved_by: str = ""
    ticket: str = ""
    file: str = ""
    line: int = 0

    def holds(self, day: date) -> bool:
        """Say whether it is in force on a day (of UTC)."""
        return self.approved <= day < self.expires
