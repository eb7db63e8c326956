"""Everything that answers where an address is, open: the shipped databases, the user's, and the inventory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich import embedded, regions
from auditor.enrich.evidence import Names
from auditor.enrich.ground import Levels, lay, windows
from auditor.enrich.intervals import Intervals, Range, build
from auditor.enrich.inventory import ALWAYS, Inventory, Vantage, load_inventory
from auditor.enrich.mmdb import UserDatabase, open_database
from auditor.enrich.pfx2as import Prefixes, open_prefixes, sniff
from auditor.model.report import Database


@dataclass(frozen=True)
class Opened:
    """Open databases and the inventory, with the times at which a proof begins or ceases to hold."""

    inventory: Inventory
    users: tuple[UserDatabase | Prefixes, ...]

    @cached_property
    def ground(self) -> tuple[Intervals, tuple[Levels, ...]]:
        """The inventory's networks as intervals, and the levels that their codes stand for."""
        return lay(self.inventory)

    @cached_property
    def locals(self) -> tuple[tuple[Vantage, Intervals | None], ...]:
        """Vantages whose country is declared, and their private networks; None: whatever is private."""
        return tuple((each, _networks(each)) for each in self.inventory.vantages if each.country)

    @cached_property
    def names(self) -> Names:
        """How evidence calls the sources."""
        country, published = embedded.shipped(embedded.COUNTRY), embedded.shipped(embedded.PUBLISHED)
        users = tuple(user.name for user in self.users)
        return Names(country.name, str(published.facts["date"]), users, published.window)

    @cached_property
    def bounds(self) -> npt.NDArray[np.int64]:
        """Times in nanoseconds between which no proof begins or ceases: they part time into numbered epochs."""
        return np.array(sorted({*self.names.window, *windows(self.inventory)}), np.int64)

    def epochs(self, times: pl.Series) -> npt.NDArray[np.int32]:
        """Return the number of the epoch in which each time (nanoseconds) lies."""
        return np.searchsorted(self.bounds, times.to_numpy(), side="right").astype(np.int32)

    def time_in(self, epoch: int) -> int | None:
        """Return a time that lies in an epoch; None for the epoch -1, which is traffic without a time."""
        if epoch < 0:
            return None
        return int(self.bounds[epoch - 1]) if epoch else ALWAYS[0]

    def databases(self) -> tuple[Database, ...]:
        """Describe every file that answers, the inventory last."""
        stems = (embedded.COUNTRY, embedded.OPERATOR, embedded.PUBLISHED)
        found = [embedded.shipped(stem).database for stem in stems] + [regions.database()]
        found += [user.database for user in self.users]
        if self.inventory.file:
            name = self.inventory.file.replace("\\", "/").rpartition("/")[2]
            found.append(Database(f"inventory {name}", self.inventory.sha256, "", kind="inventory"))
        return tuple(found)


def open_all(inventory: str, geo: Sequence[str]) -> Opened:
    """Open an inventory (path, empty: none) and a user's databases.  Raise InputError for what can't be used."""
    users = tuple(open_prefixes(path) if sniff(path) else open_database(path) for path in geo)
    return Opened(load_inventory(inventory) if inventory else Inventory(), users)


def _networks(vantage: Vantage) -> Intervals | None:
    if not vantage.private:
        return None
    ranges: dict[int, list[Range]] = {4: [], 6: []}
    for network in vantage.private:
        ranges[network.version].append((int(network[0]), int(network[-1]), "private"))
    return build(ranges[4], ranges[6])
