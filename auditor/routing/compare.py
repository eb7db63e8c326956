"""What a change of configuration made possible, and which of its lines did it.

A line is blamed by trial: each hunk of the change is taken back alone, and what is then possible is proven again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from auditor.model.errors import InputError
from auditor.model.report import Change, Route
from auditor.routing.collect import Collected, collect
from auditor.routing.model import File
from auditor.routing.reach import prove
from auditor.routing.store import Changed, Store
from auditor.routing.touches import Way, ways

HUNKS: Final = 48
"""Hunks of a change that are taken back one by one; of a larger change nobody is blamed."""
LINES: Final = 50_000
CHANGED: Final = 12

Who = tuple[str, str]
"""A class of clients by its name, or by what it is; and a site."""
Sizes = Mapping[Who, int]
"""The fewest outages under which a class is sent to a site."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was possible in an earlier state."""

    sizes: Sizes
    names: frozenset[str]  # of its classes
    files: Mapping[str, bytes]

    def size(self, way: Way, site: str) -> int | None:
        """Return how many outages a way took then; None: none would have done it."""
        name = way.client.name
        return self.sizes.get((name if name in self.names else _kind(way), site))


def before(collected: Collected) -> Before:
    """Prove an earlier state."""
    names = frozenset(client.name for routing in collected.routings for client in routing.clients)
    files = {file.name: file.data for file in collected.files}
    return Before(sizes(collected), names, files)


def sizes(collected: Collected) -> dict[Who, int]:
    """Return the fewest outages for each class, by its name and by what it is, and site."""
    found: dict[Who, int] = {}
    proofs = [prove(routing) for routing in collected.routings]
    for _, way in ways(collected.routings, proofs):
        site = collected.routings[way.routing].pools[way.pool].site
        size = _size(way)
        for who in (way.client.name, _kind(way)):
            found[who, site] = min(size, found.get((who, site), size))
    return found


def _size(way: Way) -> int:
    return way.reached.size if way.reached.proven else 0


def _kind(way: Way) -> str:
    """Describe a class by what it is, for one whose name is new."""
    client = way.client
    return "\n".join(("", client.countries, *client.networks, client.population, client.account))


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines of a file that differ."""

    file: str
    start: int  # of the lines now, from 0
    end: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]

    def told(self) -> Change:
        """Describe it."""
        old, new = (
            tuple(line.decode("utf-8", "replace").rstrip("\r\n")[:400] for line in lines[:CHANGED])
            for lines in (self.old, self.new)
        )
        return Change(self.file, self.start + 1, old, new)


def hunks(now: Sequence[File], then: Mapping[str, bytes]) -> Iterator[Hunk]:
    """Yield what differs in files that are there in both states; raise OverflowError for files of too many lines."""
    for file in now:
        earlier = then.get(file.name)
        if earlier is None or earlier == file.data:
            continue
        old, new = earlier.splitlines(keepends=True), file.data.splitlines(keepends=True)
        if len(old) + len(new) > LINES:
            raise OverflowError
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "replace" and b - a == d - c:  # line for line, so that each can be blamed alone
                for at in range(b - a):
                    yield Hunk(file.name, c + at, c + at + 1, (old[a + at],), (new[c + at],))
            elif tag != "equal":
                yield Hunk(file.name, c, d, tuple(old[a:b]), tuple(new[c:d]))


class Blame:
    """Finds the hunks that made ways possible."""

    def __init__(self, paths: Sequence[str], now: Collected, store: Store, then: Before) -> None:
        self._paths, self._store, self._then = paths, store, then
        self._routings = now.routings
        self._data = {file.name: file.data for file in now.files}
        try:
            found = list(hunks(now.files, then.files))
        except OverflowError:
            found = []
        self._hunks = found if len(found) <= HUNKS else []
        self._without = cache(self._proven_without)

    def worse(self, way: Way) -> bool:
        """Say whether the change made a way possible, or easier."""
        then = self._then.size(way, self._site(way))
        return then is None or then > _size(way)

    def _site(self, way: Way) -> str:
        return self._routings[way.routing].pools[way.pool].site

    def judged(self, route: Route, way: Way) -> Route:
        """Say of a route what it took before, and which hunks made it easier."""
        now = _size(way)
        route = replace(route, compared=True, before=self._then.size(way, route.site))
        if not self.worse(way):
            return route
        guilty = []
        for number, hunk in enumerate(self._hunks):
            without = self._without(number)
            if without is not None:
                size = without.get((way.client.name, route.site), without.get((_kind(way), route.site)))
                if size is None or size > now:
                    guilty.append(hunk.told())
        return replace(route, changes=tuple(guilty))

    def _proven_without(self, number: int) -> Sizes | None:
        """Prove the configuration without one hunk; None: it can't be read so."""
        hunk = self._hunks[number]
        lines = self._data[hunk.file].splitlines(keepends=True)
        data = b"".join((*lines[: hunk.start], *hunk.old, *lines[hunk.end :]))
        try:
            return sizes(collect(self._paths, Changed(self._store, hunk.file, data), earlier="tried"))
        except InputError:
            return None
