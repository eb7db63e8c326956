"""The inventory laid on the address lines: what it says of an address at a time.

The longest network that holds an address describes it, networks of the same length together: two sites of
one network in different countries contradict each other, and both stay.  A country that the longest one leaves out is
taken from the next one around it.  What was not valid at the time of the traffic names a country and proves
none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auditor.enrich.intervals import Intervals, Range, build
from auditor.enrich.inventory import ALWAYS, Entry, Inventory, Network
from auditor.model.countries import WORLD, bits, text

Levels = tuple[tuple[Entry, ...], ...]  # of one address: entries by network, the longest network first


@dataclass(frozen=True, slots=True)
class Said:
    """What the inventory says of an address."""

    proofs: tuple[Entry, ...] = ()  # valid, and name a country
    claims: tuple[Entry, ...] = ()  # name a country, but were not valid all the time
    site: str = ""
    operator: str = ""
    planes: str = ""  # joined by +, alphabetical
    role: str = ""
    label: str = ""

    @property
    def ground(self) -> str:
        """The country set that the proofs leave, everywhere without any."""
        left = WORLD
        for entry in self.proofs:
            left &= bits(entry.countries)
        return text(left)


def lay(inventory: Inventory) -> tuple[Intervals, tuple[Levels, ...]]:
    """Compile the entries: intervals, and the levels that their codes stand for."""
    holders: dict[Network, list[int]] = defaultdict(list)
    for number, entry in enumerate(inventory.entries):
        for network in dict.fromkeys(entry.networks):
            holders[network].append(number)
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for network in holders:
        chain = [holders[around] for around in _around(network) if around in holders]
        said = ";".join(",".join(map(str, numbers)) for numbers in chain)
        ranges[network.version].append((int(network[0]), int(network[-1]), said))
    intervals = build(ranges[4], ranges[6])
    return intervals, tuple(_levels(value, inventory.entries) for value in intervals.values)


def _around(network: Network) -> list[Network]:
    """List a network and all that hold it, the longest first."""
    return [network.supernet(new_prefix=length) for length in range(network.prefixlen, -1, -1)]


def _levels(value: str, entries: Sequence[Entry]) -> Levels:
    if not value:
        return ()
    return tuple(tuple(entries[int(number)] for number in level.split(",")) for level in value.split(";"))


def said(levels: Levels, first: int | None, last: int | None) -> Said:
    """Return what the inventory says of traffic between two times in nanoseconds (None: no time is known)."""
    claims: list[Entry] = []
    proofs: list[Entry] = []
    describing: list[Entry] = []
    for level in levels:
        valid = [entry for entry in level if covers(entry.valid, first, last)]
        claims += [entry for entry in level if entry.countries and entry not in valid]
        describing = describing or valid
        proofs = [entry for entry in valid if entry.countries]
        if proofs:
            break
    return Said(
        tuple(proofs),
        tuple(claims),
        " / ".join(dict.fromkeys(entry.name for entry in describing if entry.name)),
        _first(entry.operator for entry in describing),
        "+".join(sorted({plane for entry in describing for plane in entry.planes})),
        _first(entry.role for entry in describing),
        _first(entry.label for entry in sorted(describing, key=lambda entry: bool(entry.name))),
    )


def covers(window: tuple[int, int], first: int | None, last: int | None) -> bool:
    """Say whether a window holds all of the traffic; traffic without a time lies in every window."""
    return first is None or last is None or (window[0] <= first and last < window[1])


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def windows(inventory: Inventory) -> set[int]:
    """Return the times at which something begins or ceases to be valid."""
    return {edge for entry in inventory.entries for edge in entry.valid} - set(ALWAYS)
