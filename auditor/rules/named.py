"""What the names in a rule file refer to: countries, territories, populations, services, operators.

A name that resolves to nothing would be a rule that silently never fails, so each one is an error with its place.
Territories may change with time, and with them the populations that live there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from auditor.model import countries, timeline
from auditor.model.documents import Document, Key, nanoseconds, nearest
from auditor.model.reserved import instead
from auditor.model.rule import Population
from auditor.model.timeline import Timeline
from auditor.rules import format as form


@dataclass(frozen=True, slots=True)
class Territory:
    """A named set of countries; which, may change with time."""

    title: str
    where: Timeline


@dataclass(frozen=True, slots=True)
class People:
    """A population over time."""

    name: str
    where: Timeline
    labels: frozenset[str] = frozenset()

    def ever(self) -> Population:
        """Return the population with the countries of all times."""
        return Population(self.name, timeline.ever(self.where), self.labels)

    def at(self, moment: int) -> Population:
        """Return the population as it is at a moment in nanoseconds."""
        return Population(self.name, timeline.at(self.where, moment), self.labels)


@dataclass(frozen=True, slots=True)
class Named:
    """What the names in a rule may refer to."""

    territories: Mapping[str, Territory]
    populations: Mapping[str, People]
    services: Callable[[], frozenset[str]] | None  # ids of the catalogue, read only when a rule asks; None: any
    operators: Callable[[], Mapping[str, str]]  # operator -> country set, read only when a rule asks for them
    folk: tuple[Population, ...] = ()  # what a pack calls populations
    day: int | None = None  # first nanosecond of the date of a pack: rules whose sets change speak as of then


def code_set(document: Document, codes: Sequence[str], *path: Key) -> str:
    """Return the country set of ISO codes; an unknown one is a problem at its own place."""
    for index, code in enumerate(codes):
        if not countries.known(code):
            document.problem(f"unknown country `{code}`; {instead(code)}", *path, index)
    return countries.of(filter(countries.known, codes))


def territories(
    document: Document, given: Mapping[str, form.Territory], known: Mapping[str, Territory] | None = None
) -> dict[str, Territory]:
    """Resolve a file's territories, which may include each other and known ones."""
    found = dict(known or {})
    at = ("territories",)
    for name in given:
        if name in found:
            document.problem(f"territory `{name}` is defined already; choose another name", *at, name, of_key=True)
    for name in _inside_out(document, given, found):
        here = given[name]
        parts = [timeline.always(code_set(document, here.countries, *at, name, "countries"))]
        parts += [_members(document, each, *at, name, "members", i) for i, each in enumerate(here.members)]
        parts += [found[part].where for part in here.includes if part in found]
        where = timeline.union(parts)
        if where == timeline.NEVER and not (here.countries or here.members or here.includes):
            document.problem(f"territory `{name}` holds no country; add `countries`", *at, name)
        found[name] = Territory(here.title, where)
    return found


def _inside_out(document: Document, given: Mapping[str, form.Territory], known: Mapping[str, Territory]) -> list[str]:
    """Order territories so that each comes behind those that it includes, however long the chain."""
    done = dict.fromkeys(known, False)
    within: set[str] = set()
    for first in given:
        todo = [first]
        while todo:
            name = todo[-1]
            if name in done or name in within:
                within.discard(name)
                done.setdefault(todo.pop(), True)
                continue
            within.add(name)
            for index, part in enumerate(given[name].includes):
                at = ("territories", name, "includes", index)
                if part in within:
                    document.problem(f"territory `{part}` includes itself; remove it here", *at)
                elif part not in given and part not in known:
                    document.problem(f"unknown territory `{part}`; {nearest(part, {*given, *known})}", *at)
                else:
                    todo.append(part)
    return [name for name, new in done.items() if new]


def _members(document: Document, given: form.Members, *path: Key) -> Timeline:
    since, until = moments(document, given.since, given.until, *path)
    return timeline.between(code_set(document, given.countries, *path, "countries"), since, until)


def moments(document: Document, since: date | None, until: date | None, *path: Key) -> tuple[int | None, int | None]:
    """Return the moments of two days, of which the second has to be later."""
    if since is not None and until is not None and until <= since:
        document.problem("`until` must be a later day than `from`", *path, "until")
    return None if since is None else nanoseconds(since), None if until is None else nanoseconds(until)


def populations(
    document: Document, given: Mapping[str, form.Population], named: Mapping[str, Territory]
) -> dict[str, People]:
    """Resolve a pack's populations; every territory is also the population of whoever is there."""
    found = {name: People(name, territory.where) for name, territory in named.items()}
    for name, people in given.items():
        at = ("populations", name)
        if name in named:
            document.problem(f"`{name}` is the name of a territory; choose another one", *at)
        if people.countries is not None and people.territory is not None:
            document.problem("`countries` and `territory` exclude each other; keep one", *at, "territory", of_key=True)
        where = timeline.NEVER
        if people.countries is not None:
            where = timeline.always(country_set(document, people.countries, *at, "countries"))
        elif people.territory is not None:
            where = territory(document, people.territory, named, *at, "territory").where
        if people.countries is None and people.territory is None and not people.labels:
            document.problem(f"population `{name}` is empty; give it countries, a territory or labels", *at)
        found[name] = People(name, where, frozenset(people.labels))
    return found


def operators(document: Document, given: Sequence[form.Operator]) -> dict[str, str]:
    """Return the country set of each operator, by each of its names."""
    found: dict[str, str] = {}
    for index, each in enumerate(given):
        where = code_set(document, each.countries, "operators", index, "countries")
        for number, name in enumerate(each.names):
            if name in found:
                document.problem(f"operator `{name}` stands twice; keep one", "operators", index, "names", number)
            found[name] = where
    return found


def country_set(document: Document, given: form.Codes | form.Except, *path: Key) -> str:
    """Return the set of these countries, or of all but these."""
    if isinstance(given, form.Except):
        listed = code_set(document, given.names, *path, "except")
        return countries.text(countries.WORLD & ~countries.bits(listed))
    return code_set(document, given, *path)


def territory(
    document: Document, given: str | form.Words | form.Except, named: Mapping[str, Territory], *path: Key
) -> Territory:
    """Return one territory, several as one, or all the world but them."""
    inverse = isinstance(given, form.Except)
    names = given.names if isinstance(given, form.Except) else (given,) if isinstance(given, str) else given
    for index, name in enumerate(names):
        if name not in named:
            at = (*path, "except", index) if inverse else path if isinstance(given, str) else (*path, index)
            document.problem(f"unknown territory `{name}`; {nearest(name, named)}", *at)
    found = [named[name] for name in names if name in named]
    title = " or ".join(each.title for each in found)
    where = timeline.union([each.where for each in found])
    return Territory(f"anywhere outside {title}", timeline.outside(where)) if inverse else Territory(title, where)
