"""Which pools can answer a client under some combination of outages, and how few outages that takes: exactly.

Two ways, which agree wherever both go (`tests/routing`): where every fault takes away one pool of the graph alone,
what has to fail adds up along the graph (`adding`); else statements about faults are decision diagrams (`diagrams`),
which hold for all combinations at once.  Where a diagram would grow too large the answer says so, and nothing passes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from auditor.model.errors import InputError
from auditor.routing.adding import Adding
from auditor.routing.diagram import TooLargeError
from auditor.routing.diagrams import Drawing
from auditor.routing.graph import Way, leaves
from auditor.routing.model import Line, Node, Pool, Routing

ADDED, DRAWN, BOUNDED = "every fault counts in one place", "all combinations of outages", "not proven"
"""How it is known; of what is not proven `outages` means nothing."""

MOST: Final = 1 << 20
"""Ways of classes of clients to pools, of graphs to pools too: each takes up to 3 kB until it is judged."""


class Reached(NamedTuple):
    """A pool that can answer."""

    at: Line  # the edge by which it does
    size: int  # of the smallest sets of faults that make it
    witness: Callable[[], frozenset[str]]  # lists one of those: the sets of a long chain are too long to keep
    proven: bool = True  # False: it is only not excluded, and `size` means nothing

    @property
    def outages(self) -> frozenset[str]:
        """A smallest set of faults that makes it answer."""
        return self.witness()


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of one graph."""

    pools: Mapping[str, Reached]  # those that can answer; of others it is proven that they can't
    listed: frozenset[str]  # all that the graph names
    how: str  # ADDED, DRAWN or BOUNDED
    faults: int  # that bear on it


_NOTHING: Final = Reach({}, frozenset(), ADDED, 0)


def reach(
    root: Node | None, pools: Mapping[str, Pool], known: Adding | None = None, drawn: Drawing | None = None
) -> Reach:
    """Find what can answer below a node; `known` and `drawn` are those of all graphs of one configuration."""
    if root is None:
        return _NOTHING
    known = known or Adding(pools)
    below = known.known(root)
    faults, listed = len(below.faults), below.pools
    found = known.reached(root)
    how = ADDED
    if found is None:
        try:
            found, how = (drawn or Drawing(pools)).reached(root), DRAWN
        except TooLargeError:
            every = {use.pool: Reached(use.at, 0, frozenset, proven=False) for use in reversed(list(leaves(root)))}
            return Reach(every, listed, BOUNDED, faults)
    return Reach(_fewest(found), listed, how, faults)


def _fewest(found: Iterable[Way]) -> dict[str, Reached]:
    """Keep of each pool the use that takes the fewest outages; of several, the first in the configuration."""
    pools: dict[str, Reached] = {}
    for use, size, witness in found:
        other = pools.get(use.pool)
        if other is None or (size, use.at) < (other.size, other.at):
            pools[use.pool] = Reached(use.at, size, witness)
    return pools


def bounded(count: int, at: Line) -> None:
    """Raise InputError for more ways than can be judged."""
    if count > MOST:
        said = f"brings clients to pools in more than {MOST:,} ways; give fewer configurations, or parts, at a time"
        raise InputError(at.file, said, at.line)


def prove(routing: Routing) -> dict[int, Reach]:
    """Prove each distinct graph of a configuration once; the keys are identities of roots (of none: 0).

    Raise InputError if there are more than MOST ways.
    """
    found: dict[int, Reach] = {0: _NOTHING}
    known, drawn = Adding(routing.pools), Drawing(routing.pools)
    count = 0
    for client in routing.clients:
        if client.root is not None and id(client.root) not in found:
            found[id(client.root)] = reach(client.root, routing.pools, known, drawn)
            count += len(found[id(client.root)].pools)
            bounded(count, client.at)
    return found
