"""How a configuration sends somebody somewhere, as a report tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A line of a configuration, and what it says or does."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the graph by which a configuration chooses, as it is under the outages of a route."""

    label: str
    kind: str  # first (in order) | any (shares) | pool
    state: str  # serves | asked | down | idle (up, and not asked)
    place: Stage
    children: tuple[int, ...] = ()  # indices into the graph; empty too where the rest is left out
    site: str = ""  # of a pool


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of a configuration that a change replaced."""

    file: str
    line: int  # the first that was added, or that stands behind those that were removed
    removed: tuple[str, ...]  # the first CHANGED of them, as of the added ones
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """How a configuration sends clients to the place of a finding: the fewest outages, replayed step by step."""

    format: str
    clients: tuple[str, ...]  # names of classes that are treated alike, the first CLIENTS of them
    client_count: int
    pool: str
    site: str
    edge: Stage  # the line to change
    outages: tuple[str, ...]  # what has to fail, in words; empty: nothing has to
    proven: str  # how it is known that fewer don't do; empty: it is only not excluded
    faults: int  # that bear on these clients, of which all combinations were considered
    steps: tuple[Stage, ...]
    graph: tuple[Branch, ...] = ()  # the root first; nodes beyond BRANCHES are left out
    compared: bool = False  # with an earlier state
    before: int | None = None  # how many outages it took then; None: none would have done it
    changes: tuple[Change, ...] = ()  # without any of which it would be as before; empty: no single one did it


@dataclass(frozen=True, slots=True)
class Reaching:
    """How many classes of clients can be sent there at no less than some number of outages."""

    outages: int | None  # None: no proof excludes it, and none says what it takes
    classes: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was proven of one configuration."""

    files: tuple[str, ...]
    format: str
    clients: int  # classes
    graphs: int  # distinct ways in which they are treated
    pools: int
    faults: int
    ways: int  # pairs of a class and a pool that some combination of outages brings together
    never: int  # pairs of which the proof is that none does, though the class lists the pool
    unlisted: int  # pairs of a class and a pool that the class doesn't list
    unproven: int  # pairs that are only not excluded: graphs too tangled to prove
    remarks: tuple[Stage, ...] = ()  # what is understood, and may not be meant
