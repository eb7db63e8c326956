"""What a change of configuration made possible, and which of its lines did it.

A line is blamed by trial: each hunk of the change is taken back alone, and what is then possible is proven again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from auditor.model.errors import InputError
from auditor.model.report import Finding, Verdict
from auditor.model.route import Change, Route
from auditor.routing.collect import Collected, collect
from auditor.routing.model import Client, File, Line, Routing, Site
from auditor.routing.reach import prove
from auditor.routing.store import Changed, Store
from auditor.routing.touches import Proofs, Way, Ways

HUNKS: Final = 48
"""Hunks of a change that are taken back one by one; of a larger change nobody is blamed."""
LINES: Final = 50_000
CHANGED: Final = 12

Class = tuple[str, str]
"""The file in which a class of clients stands, and its name."""


@dataclass(frozen=True, slots=True)
class State:
    """What is possible in a state of configurations, as seen from another one."""

    classes: Mapping[Class, frozenset[str]]  # with what they are
    sites: Mapping[str, frozenset[Site]]  # by name; without their lines
    sizes: Mapping[tuple[Class, str], int]  # the fewest outages that bring a class to a site
    gone: Mapping[tuple[str, str], int]  # the same by name, and by what it is, of classes that only this state has

    def size(self, way: Way, site: str) -> int | None:
        """Return how many outages a way takes here; None: none would do it.

        A class that is not here may be one that is only here, by another name or in another file.
        """
        known = _class(way.client)
        if known in self.classes:
            return self.sizes.get((known, site))
        found = [self.gone.get((who, site)) for who in (known[1], _kind(way.client))]
        return min((size for size in found if size is not None), default=None)

    def alike(self, way: Way, site: Site) -> bool:
        """Say whether the class and the site of a way are described here as they are there."""
        kinds = self.classes.get(_class(way.client))
        return (kinds is None or _kind(way.client) in kinds) and _bare(site) in self.sites.get(site.name, ())


def state(routings: Sequence[Routing], found: Iterable[Way], seen: Collection[Class]) -> State:
    """Describe what some ways make possible, as seen from a state with other classes."""
    classes: dict[Class, frozenset[str]] = {}
    sites: dict[str, frozenset[Site]] = {}
    for routing in routings:
        for client in routing.clients:
            who = _class(client)
            classes[who] = classes.get(who, frozenset()) | {_kind(client)}
        for site in routing.sites.values():
            sites[site.name] = sites.get(site.name, frozenset()) | {_bare(site)}
    sizes: dict[tuple[Class, str], int] = {}
    gone: dict[tuple[str, str], int] = {}
    for way in found:
        who, name = _class(way.client), routings[way.routing].pools[way.pool].site
        size = _size(way)
        sizes[who, name] = min(size, sizes.get((who, name), size))
        for loose in () if who in seen else (who[1], _kind(way.client)):
            gone[loose, name] = min(size, gone.get((loose, name), size))
    return State(classes, sites, sizes, gone)


@dataclass(frozen=True, slots=True)
class Before:
    """What was possible in an earlier state, and what of it rules spoke against."""

    possible: State
    found: Mapping[tuple[str, str, Verdict], State]  # rule, plane and verdict -> ways on which such findings rest
    files: Mapping[str, bytes]

    def size(self, finding: Finding, way: Way, site: str) -> int | None:
        """Return how many outages a way of a finding took; None: rules had nothing against it, or none would do it."""
        known = self.found.get((finding.rule, finding.plane, finding.verdict))
        return None if known is None else known.size(way, site)


def before(then: Collected, proofs: Proofs, found: Iterable[tuple[Finding, Sequence[Way]]], now: Collected) -> Before:
    """Describe an earlier state, by its proofs and by its findings with their ways."""
    seen = {_class(client) for routing in now.routings for client in routing.clients}
    judged: dict[tuple[str, str, Verdict], list[Way]] = {}
    for finding, rests in found:  # what failed is no news as an open question either
        for verdict in {finding.verdict, Verdict.OPEN}:
            judged.setdefault((finding.rule, finding.plane, verdict), []).extend(rests)
    every = Ways(then.routings, proofs)
    return Before(
        state(then.routings, every, seen),
        {key: state(then.routings, rests, seen) for key, rests in judged.items()},
        {file.name: file.data for file in then.files},
    )


def _class(client: Client) -> Class:
    return client.at.file, client.name


def _size(way: Way) -> int:
    return way.reached.size if way.reached.proven else 0


def _kind(client: Client) -> str:
    """Describe a class by what it is, for one whose name is new."""
    return "\n".join(("", client.countries, *client.networks, client.population, client.account))


def _bare(site: Site) -> Site:
    return replace(site, at=_NOWHERE)


_NOWHERE: Final = Line("", 0)


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
        alike = SequenceMatcher(None, _bare_lines(old), _bare_lines(new), autojunk=False)
        for tag, a, b, c, d in alike.get_opcodes():
            if tag == "replace" and b - a == d - c:  # line for line, so that each can be blamed alone
                for at in range(b - a):
                    yield Hunk(file.name, c + at, c + at + 1, (old[a + at],), (new[c + at],))
            elif tag != "equal":
                yield Hunk(file.name, c, d, tuple(old[a:b]), tuple(new[c:d]))


def _bare_lines(lines: Sequence[bytes]) -> list[bytes]:
    """Return lines without their ends: git, and some editors, turn all of a file into others."""
    return [line.rstrip(b"\r\n") for line in lines]


class Blame:
    """Finds the hunks that made ways possible."""

    def __init__(self, paths: Sequence[str], now: Collected, store: Store, then: Before) -> None:
        self._paths, self._store, self._then = paths, store, then
        self._routings = now.routings
        self._seen = {_class(client) for routing in now.routings for client in routing.clients}
        self._data = {file.name: file.data for file in now.files}
        try:
            found = list(hunks(now.files, then.files))
        except OverflowError:
            found = []
        self._hunks = found if len(found) <= HUNKS else []
        self._without = cache(self._proven_without)

    def worse(self, finding: Finding, way: Way) -> bool:
        """Say whether the change made a way of a finding possible, or easier, or wrong."""
        then = self._then.size(finding, way, self._site(way).name)
        return then is None or then > _size(way)

    def _site(self, way: Way) -> Site:
        routing = self._routings[way.routing]
        return routing.sites[routing.pools[way.pool].site]

    def judged(self, finding: Finding, route: Route, way: Way) -> Route:
        """Say of a route what it took before, and which hunks made it easier."""
        now = _size(way)
        route = replace(route, compared=True, before=self._then.size(finding, way, route.site))
        if not self.worse(finding, way):
            return route
        earlier = self._then.possible.size(way, route.site)
        moved = earlier is not None and earlier <= now  # it was possible: who they are, or where it is, is news
        guilty = []
        for number, hunk in enumerate(self._hunks):
            without = self._without(number)
            if without is not None:
                size = without.size(way, route.site)
                if size is None or size > now or (moved and not without.alike(way, self._site(way))):
                    guilty.append(hunk.told())
        return replace(route, changes=tuple(guilty))

    def _proven_without(self, number: int) -> State | None:
        """Prove the configuration without one hunk; None: it can't be read so."""
        hunk = self._hunks[number]
        lines = self._data[hunk.file].splitlines(keepends=True)
        data = b"".join((*lines[: hunk.start], *hunk.old, *lines[hunk.end :]))
        try:
            found = collect(self._paths, Changed(self._store, hunk.file, data), earlier="tried")
        except InputError:
            return None
        proofs = [prove(routing) for routing in found.routings]
        return state(found.routings, Ways(found.routings, proofs), self._seen)
