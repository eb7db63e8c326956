"""What a change of configuration made possible, and which of its lines did it.

A way of a finding was there before only if the same finding rested on it then: a class or a site may keep its name and
be somebody or somewhere else.  A line is blamed by trial: each hunk of the change is taken back alone, and what is then
possible is proven again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from auditor.model.errors import InputError
from auditor.model.report import Change, Route
from auditor.routing.collect import Collected, collect
from auditor.routing.model import File, Routing, Site
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
    """What findings of an earlier state rested on."""

    sizes: Mapping[str, Sizes]  # of each finding
    names: frozenset[str]  # of its classes
    files: Mapping[str, bytes]

    def size(self, finding: str, way: Way, site: str) -> int | None:
        """Return how many outages a way of a finding took then; None: it was none of its ways."""
        name = way.client.name
        return self.sizes.get(finding, {}).get((name if name in self.names else _kind(way), site))


def before(collected: Collected, found: Mapping[str, Sequence[Way]]) -> Before:
    """Note an earlier state, and the ways on which each of its findings rested."""
    names = frozenset(client.name for routing in collected.routings for client in routing.clients)
    files = {file.name: file.data for file in collected.files}
    return Before({finding: _sizes(collected.routings, some) for finding, some in found.items()}, names, files)


def _sizes(routings: Sequence[Routing], some: Iterable[Way]) -> dict[Who, int]:
    """Return the fewest outages for each class, by its name and by what it is, and site."""
    found: dict[Who, int] = {}
    for way in some:
        site = routings[way.routing].pools[way.pool].site
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


@dataclass(frozen=True, slots=True)
class _Trial:
    """A configuration without one hunk."""

    sizes: Sizes
    kinds: frozenset[str]  # of its classes that have a way
    sites: Mapping[str, Sequence[Site]]  # by name


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
        self._without = cache(self._collected_without)

    def worse(self, finding: str, way: Way) -> bool:
        """Say whether the change made a way of a finding possible, or easier."""
        then = self._then.size(finding, way, self._site(way).name)
        return then is None or then > _size(way)

    def _site(self, way: Way) -> Site:
        routing = self._routings[way.routing]
        return routing.sites[routing.pools[way.pool].site]

    def judged(self, finding: str, route: Route, way: Way) -> Route:
        """Say of a route of a finding what it took before, and which hunks made it easier."""
        route = replace(route, compared=True, before=self._then.size(finding, way, route.site))
        if not self.worse(finding, way):
            return route
        trials = [(hunk, trial) for n, hunk in enumerate(self._hunks) if (trial := self._without(n)) is not None]
        guilty = [hunk for hunk, trial in trials if self._harder(trial, way)]
        guilty = guilty or [hunk for hunk, trial in trials if self._other(trial, way)]
        return replace(route, changes=tuple(hunk.told() for hunk in guilty))

    def _harder(self, trial: _Trial, way: Way) -> bool:
        """Say whether a way takes more outages in a trial, or is not there."""
        site = self._site(way).name
        size = trial.sizes.get((way.client.name, site), trial.sizes.get((_kind(way), site)))
        return size is None or size > _size(way)

    def _other(self, trial: _Trial, way: Way) -> bool:
        """Say whether the class or the site of a way is another in a trial, by the same name."""
        site = self._site(way)
        return _kind(way) not in trial.kinds or any(
            replace(each, at=site.at) != site for each in trial.sites.get(site.name, ())
        )

    def _collected_without(self, number: int) -> _Trial | None:
        """Prove the configuration without one hunk; None: it can't be read so."""
        hunk = self._hunks[number]
        lines = self._data[hunk.file].splitlines(keepends=True)
        data = b"".join((*lines[: hunk.start], *hunk.old, *lines[hunk.end :]))
        try:
            found = collect(self._paths, Changed(self._store, hunk.file, data), earlier="tried").routings
        except InputError:
            return None
        some = [way for _, way in ways(found, [prove(routing) for routing in found])]
        sites: dict[str, list[Site]] = {}
        for routing in found:
            for site in routing.sites.values():
                sites.setdefault(site.name, []).append(site)
        return _Trial(_sizes(found, some), frozenset(map(_kind, some)), sites)
