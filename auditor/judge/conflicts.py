"""Rules that no place can obey together: sessions under two laws of which one asks for what the other forbids.

Such a session breaks a rule wherever it is carried, so its findings are one conflict and not unrelated violations.
Only what is certain counts: whether a rule binds an end no unknown fact may decide; claims count where it hears them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.judge.findings import Names
from auditor.judge.gather import SESSIONS
from auditor.judge.numbers import Integers, ranges, runs
from auditor.judge.scope import Kleene
from auditor.judge.verdicts import Outcomes, Touches
from auditor.model import countries
from auditor.model.report import Conflict
from auditor.model.rule import Assertion

MOST: Final = 100  # conflicts that are told
FEW: Final = 32  # rules among which groups of more than two are looked for: it costs by rules and kinds of touches
_WORDS: Final = 4  # of 64 bits: a country set

Words = npt.NDArray[np.uint64]
Booleans = npt.NDArray[np.bool_]
Packed = npt.NDArray[np.uint8]  # eight booleans a byte


@dataclass(frozen=True, slots=True)
class Bond:
    """A rule in one era: where it lets a place be, and which ends it certainly binds."""

    rule: str
    place: int  # bits of a country set
    words: Words
    kinds: Booleans  # of each kind of end
    of: Integers  # the way in which each audience is seen
    ways: Booleans | None  # whether audiences so seen are in scope; None: all are

    def holds(self, audience: Integers, kind: Integers) -> Booleans:
        """Say of audiences with kinds of ends whether the rule binds them."""
        bound: Booleans = self.kinds[kind]
        return bound if self.ways is None else bound & self.ways[self.of[audience]]


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules that exclude each other, and the ends that all of them bind."""

    rules: tuple[str, ...]  # in the order in which they were given
    ends: Integers


def bonds(outcomes: Outcomes) -> Iterator[Bond]:
    """Yield how a rule binds places to countries, era by era."""
    for era in outcomes.eras:
        allowed = _allowed(era.rule.asserts)
        spoken = _certain(era.about.values(), len(era.weak)) & ~era.weak
        if allowed is None or not spoken.any():
            continue
        ways = None if era.face.crowd is None else era.face.crowd == 1
        yield Bond(outcomes.rule.id, allowed, _words(allowed), spoken, outcomes.view.of, ways)


def _allowed(must: Assertion) -> int | None:
    """Return the countries outside of which a place certainly breaks the rule; None: there are none such."""
    if must.countries is None or must.excusable:
        return None
    if must.verb == "must_stay_in":
        return countries.bits(must.countries)
    alone = all(each is None for each in (must.operators, must.operated, must.services, must.sites, must.selection))
    return countries.WORLD & ~countries.bits(must.countries) if must.verb == "must_not_touch" and alone else None


def _words(mask: int) -> Words:
    return np.frombuffer(mask.to_bytes(_WORDS * 8, "little"), np.uint64)


def _certain(answers: Iterable[Kleene], size: int) -> Booleans:
    out = np.ones(size, np.bool_)
    for answer in answers:
        out &= answer == 1
    return out


def clashes(bound: Sequence[Bond], touches: Touches) -> list[Clash]:
    """Find the rules that exclude each other, and where; at most MOST, in the order of the rules."""
    everywhere = countries.WORLD
    for bond in bound:
        everywhere &= bond.place
    if everywhere or not len(touches.audience):
        return []
    cells = Cells(touches)
    found: dict[tuple[str, ...], Packed] = {}
    for one, other in _pairs(bound):
        here = cells.held(one) & cells.held(other)
        if here.any():
            key = (one.rule, other.rule)
            found[key] = found[key] | here if key in found else here
            if len(found) == MOST:
                break
    if len(bound) <= FEW:
        _groups(bound, cells, found)
    order = {bond.rule: i for i, bond in reversed(list(enumerate(bound)))}
    named = sorted(found.items(), key=lambda entry: [order[rule] for rule in entry[0]])
    return [Clash(rules, cells.ends(np.unpackbits(here, count=len(cells.kind)) == 1)) for rules, here in named]


class Cells:
    """The distinct audiences with kinds of ends, and which of them rules bind: eight a byte, for rules can be many."""

    def __init__(self, touches: Touches) -> None:
        audience, kinds = touches.audience, touches.kinds
        number = audience * kinds.size + kinds.of
        self._order = np.argsort(number)
        self._starts, self._counts = runs(number[self._order])
        first = self._order[self._starts]
        self.audience, self.kind = audience[first], kinds.of[first]
        self._held: dict[int, Packed] = {}

    def held(self, bond: Bond) -> Packed:
        """Return the cells that a rule binds."""
        if id(bond) not in self._held:
            self._held[id(bond)] = np.packbits(bond.holds(self.audience, self.kind))
        return self._held[id(bond)]

    def ends(self, here: Booleans) -> Integers:
        """List the ends that are of some cells."""
        cells = np.flatnonzero(here)
        return np.sort(self._order[ranges(self._starts[cells], self._counts[cells])])


def _pairs(bound: Sequence[Bond]) -> Iterator[tuple[Bond, Bond]]:
    """Yield the pairs of rules that leave no country."""
    words = np.stack([bond.words for bond in bound])
    for one, bond in enumerate(bound):
        apart = ~(words[one] & words[one + 1 :]).any(axis=1)
        for other in (np.flatnonzero(apart) + one + 1).tolist():
            if bound[other].rule != bond.rule:
                yield bond, bound[other]


def _groups(bound: Sequence[Bond], cells: Cells, found: dict[tuple[str, ...], Packed]) -> None:
    """Add groups of more than two rules that leave no country, where no two of them do."""
    paired = np.bitwise_or.reduce(list(found.values())) if found else np.zeros(-(-len(cells.kind) // 8), np.uint8)
    left = np.full((len(cells.kind), _WORDS), np.iinfo(np.uint64).max, np.uint64)
    held = np.stack([np.unpackbits(cells.held(bond), count=len(cells.kind)) for bond in bound])
    for bond, here in zip(bound, held, strict=True):
        left[here == 1] &= bond.words
    torn = np.flatnonzero(~left.any(axis=1) & (np.unpackbits(paired, count=len(cells.kind)) == 0))
    if not len(torn):
        return
    patterns, number = np.unique(held[:, torn], axis=1, return_inverse=True)
    for pattern in range(min(patterns.shape[1], MOST - len(found))):
        some = [bond for bond, here in zip(bound, patterns[:, pattern], strict=True) if here]
        near = np.zeros(len(cells.kind), np.uint8)
        near[torn[number.reshape(-1) == pattern]] = 1
        for rules in _group(some):
            found[rules] = found.get(rules, np.zeros_like(paired)) | np.packbits(near)


def _group(some: Sequence[Bond]) -> Iterator[tuple[str, ...]]:
    """Yield a smallest group that leaves no country: no rule of it can be left out."""
    kept = list(some)
    for bond in some:
        rest = [other for other in kept if other is not bond]
        place = countries.WORLD
        for other in rest:
            place &= other.place
        if not place:
            kept = rest
    names = tuple(dict.fromkeys(bond.rule for bond in kept))
    if len(names) > 1:
        yield names


def told(clash: Clash, names: Names) -> Conflict:
    """Say how many sessions a clash is about, and name the first."""
    columns = ("row", "id", "own", "flows", "first_ns", "last_ns", "witness", "plane")
    flows = names.sealed.ends[clash.ends].select(columns).unique("row").sort("first_ns", "witness")
    own = flows.filter("own")
    named = flows.filter(~pl.col("own")).group_by("id", maintain_order=True).agg(pl.col("first_ns").min())
    first = [(row["first_ns"], names.sealed.names[row["id"]]) for row in named.head(SESSIONS).to_dicts()]
    first += [(row["first_ns"], names.flow(row["witness"])) for row in own.head(SESSIONS).to_dicts()]
    return Conflict(
        clash.rules,
        len(named) + int(own["flows"].sum()),
        tuple(name for _, name in sorted(first)[:SESSIONS]),
        tuple(sorted(flows["plane"].cast(pl.String).unique())),
        int(flows["first_ns"].min() or 0),  # type: ignore[arg-type]
        int(flows["last_ns"].max() or 0),  # type: ignore[arg-type]
    )


def others(rule: str, found: Iterable[Clash]) -> list[tuple[tuple[str, ...], Integers]]:
    """Return the rules that a rule clashes with, and the ends for which it does."""
    return [(tuple(name for name in clash.rules if name != rule), clash.ends) for clash in found if rule in clash.rules]
