"""What exporters say once and mean for all records: templates, sampling rates, when they started.

It is gathered from all inputs before any record is decoded, so that templates serve the data before them, and those of
one file the data in another.  Of several definitions of one number, the last one before a record counts, by what the
exporter wrote (its clock and its sequence), never by the order of inputs.
"""

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from auditor.logs.exports.templates import Template

Kind = TypeVar("Kind")
When = tuple[int, int]
"""When an exporter said it: its clock in seconds and its sequence; in a file without exporters the place."""
ENTRIES: Final = 1 << 16
"""Definitions that are kept; their fields are counted by eights."""
RUNS: Final = 1 << 16
"""Unbroken runs of numbers that are kept."""
BREAKS: Final = 1 << 10
"""Breaks in the numbers of one exporter; with more, they are none that count."""
WITHIN: Final = 3600
"""Seconds: where an exporter was silent for longer, it may be that nobody stored its exports."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent a datagram: as far as a capture shows it, else one file."""

    address: str  # empty: nobody knows
    session: str  # the port, or what names the file


class Missing(Exception):
    """Nothing is known; the first argument says why, in fixed words."""


class Memory(Generic[Kind]):
    """Values by what names them, at the times when they were said."""

    def __init__(self, room: int = ENTRIES) -> None:
        self._said: dict[Hashable, dict[Origin, list[tuple[When, When, Any]]]] = {}
        self._lines: dict[tuple[Hashable, Origin], tuple[list[When], list[Kind | None]]] = {}
        self._found: dict[tuple[Hashable, Origin], Kind | str] = {}
        self._room = room
        self.crowded = False

    def __bool__(self) -> bool:
        return bool(self._said)

    def put(self, origin: Origin, key: Hashable, when: When, value: Kind | None, weight: int = 1) -> None:
        """Remember a value; None: it is withdrawn."""
        said = self._said.setdefault(key, {}).setdefault(origin, [])
        if said and said[-1][2] == value:
            first, last, _ = said[-1]
            said[-1] = min(first, when), max(last, when), value
            return
        self._room -= weight
        if self._room < 0:
            self.crowded = True
            return
        said.append((when, when, value))

    def withdraw(self, origin: Origin, keys: Iterable[Hashable], when: When) -> None:
        """Forget values from here on."""
        for key in keys:
            if origin in self._said.get(key, {}):
                self.put(origin, key, when, None)

    def find(self, origin: Origin, key: Hashable, when: When) -> Kind:
        """Return the value that counts for an origin at a time: its own, or the only one that its like have said."""
        if key not in self._said:
            raise Missing("nobody said it")
        line = self._line(origin, key)
        if line is None:
            value = self._of_others(origin, key)
            if isinstance(value, str):
                raise Missing(value)
            return value
        place = bisect_right(line[0], when)
        found = line[1][max(place - 1, 0)]
        if found is None and place == 0:  # withdrawn before it was said: what comes next
            found = next((each for each in line[1] if each is not None), None)
        if found is None:
            raise Missing("it was withdrawn")
        return found

    def _line(self, origin: Origin, key: Hashable) -> tuple[list[When], list[Kind | None]] | None:
        if (key, origin) not in self._lines:
            said = self._said[key].get(origin)
            if not said:
                return None
            ends = sorted(
                ((when, i, value) for i, (first, last, value) in enumerate(said) for when in (first, last)),
                key=lambda each: (each[0], each[2] is not None, repr(each[2])),
            )
            self._lines[key, origin] = [when for when, _, _ in ends], [value for _, _, value in ends]
        return self._lines[key, origin]

    def _of_others(self, origin: Origin, key: Hashable) -> Kind | str:
        """Return what all others said who may be the same, a text: why there is nothing."""
        if (key, origin) not in self._found:
            values = {
                value
                for other, said in self._said[key].items()
                if not other.address or not origin.address or other.address == origin.address
                for _, _, value in said
                if value is not None
            }
            several = "exporters that can't be told apart disagree" if values else "nobody said it"
            self._found[key, origin] = values.pop() if len(values) == 1 else several
        return self._found[key, origin]


Step = tuple[int, int]
"""By how much a datagram may raise the number: the least and the most."""
WAYS: Final = ("datagrams", "records before", "records so far")
"""What exporters count: RFC 3954 says datagrams, RFC 7011 the records before, and there are those that do otherwise."""


@dataclass(slots=True)
class _Run:
    """Datagrams whose numbers follow each other."""

    begun: int  # clock in seconds
    first: int  # number
    own: Step  # of the first one
    ended: int
    last: int
    step: Step  # of the last one

    def goes_on(self, number: int, step: Step, way: int) -> bool:
        """Say whether a number is the next one."""
        least, most = step if WAYS[way] == "records so far" else self.step
        return least <= (number - self.last) & 0xFFFFFFFF <= most


@dataclass(slots=True)
class Numbers:
    """The sequence numbers of exporters, and whose have gaps.

    A gap is one however the exporter counts.  What comes twice, late or after a new start is none.
    """

    runs: dict[tuple[Hashable, int], list[_Run]] = field(default_factory=dict)
    room: int = RUNS
    crowded: bool = False

    def add(self, key: Hashable, seconds: int, number: int, records: Step) -> None:
        """Take the number of a datagram, and how many records it may have: the least and the most."""
        for way in range(len(WAYS)):
            step = records if way else (1, 1)
            runs = self.runs.setdefault((key, way), [])
            if runs and runs[-1].goes_on(number, step, way) and 0 <= seconds - runs[-1].ended <= WITHIN:
                runs[-1].ended, runs[-1].last, runs[-1].step = seconds, number, step
            elif len(runs) <= BREAKS and self.room:  # one more than is allowed marks what is not counted so
                self.room -= 1
                runs.append(_Run(seconds, number, step, seconds, number, step))
            elif not self.room:
                self.crowded = True

    def gaps(self) -> tuple[set[Hashable], set[Hashable]]:
        """Say whose numbers have gaps, and who was silent for long, with numbers missing."""
        missing: dict[Hashable, int] = {}
        silent: dict[Hashable, int] = {}
        for (key, way), runs in self.runs.items():
            found = _broken(runs, way)
            missing[key] = missing.get(key, 0) + (1 in found)
            silent[key] = silent.get(key, 0) + bool(found)
        lost = {key for key, ways in missing.items() if ways == len(WAYS)}
        return lost, {key for key, ways in silent.items() if ways == len(WAYS)} - lost


def _broken(runs: list[_Run], way: int) -> set[int]:
    """Say what breaks there are between runs: 1 a gap, 2 one in which the exporter may have been silent."""
    if len(runs) > BREAKS:
        return {1}
    found: set[int] = set()
    before: _Run | None = None
    for run in sorted(runs, key=lambda run: (run.begun, run.first)):
        if before and not before.goes_on(run.first, run.own, way):
            most = run.own[1] if WAYS[way] == "records so far" else before.step[1]
            if _ahead(run.first, before.last) > most:
                found.add(1 if run.begun - before.ended <= WITHIN else 2)
        if before is None or run.begun > before.ended or _ahead(run.last, before.last) > 0:
            before = run
    return found


def _ahead(number: int, of: int) -> int:
    """Return by how much a number of 32 bits is ahead of another one."""
    return (number - of + (1 << 31)) % (1 << 32) - (1 << 31)


@dataclass(slots=True)
class Known:
    """What all inputs say of their exporters."""

    templates: Memory[Template] = field(default_factory=Memory)  # by version, domain and number
    rates: Memory[int] = field(default_factory=Memory)  # by version, domain, kind of selector and its number
    starts: Memory[int] = field(default_factory=Memory)  # by domain: milliseconds since 1970
    numbers: Numbers = field(default_factory=Numbers)
    live: dict[Hashable, set[Hashable]] = field(default_factory=dict)  # names of templates that an exporter could drop
    captured: dict[str, Any] = field(default_factory=dict)  # by path: the exports of captures
    missing: set[Hashable] = field(default_factory=set)
    silent: set[Hashable] = field(default_factory=set)

    def settle(self) -> "Known":
        """Close the books on what was gathered."""
        self.missing, self.silent = self.numbers.gaps()
        self.numbers.runs, self.live = {}, {}
        return self
