"""Regions of media servers that a configuration names, each a pool of servers nobody lists, and one for all others.

Servers register while they run, so the configuration doesn't know them: every region that is named counts as having
some, and `any other region` stands for those that it doesn't name.
"""

from collections.abc import Iterable
from typing import Final

from auditor.model.countries import ANYWHERE
from auditor.routing.istio.localities import OTHER, Locality
from auditor.routing.model import Fault, Line, Pool, Site

MOST: Final = 300
"""Regions of one configuration: each is tried from each."""

ELSE: Final = str(Locality(OTHER))


class Areas:
    """Pools, sites and faults of named regions; `what` is what fails together, as a clause with a place for it."""

    def __init__(self, named: Iterable[tuple[str, Line]], rest: Line, what: str) -> None:
        self.pools: dict[str, Pool] = {}
        self.sites: dict[str, Site] = {}
        self.faults: dict[str, Fault] = {}
        self.at: dict[str, Line] = {}
        for name, at in named:
            if name not in self.pools:
                self._add(name, at, Locality(name.replace(OTHER, "")).code, what.format(f"region {name}"))
        self.rest = ELSE if ELSE not in self.pools else f"{ELSE} (not named)"
        self._add(self.rest, rest, "", what.format(ELSE))

    def _add(self, name: str, at: Line, code: str, text: str) -> None:
        fault = Fault(f"region:{name}", text, at)
        self.at[name] = at
        self.faults[fault.id] = fault
        self.sites[name] = Site(name, at, region=code)
        self.pools[name] = Pool(name, name, frozenset({fault.id}))

    def up(self, down: frozenset[str]) -> list[str]:
        """List the pools that none of these faults takes away."""
        return [name for name, pool in self.pools.items() if not pool.faults & down]


def countries(name: str) -> str:
    """Return where a region of this name is, by whichever cloud provider has one."""
    return Locality(name.replace(OTHER, "")).countries if name else ANYWHERE
