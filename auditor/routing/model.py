"""What a routing configuration says, in the shape in which it is proven: who may be sent where, under which outages.

Every format becomes one `Routing`.  Its clients are classes that the configuration treats alike; each has a graph that
chooses a pool.  The graph is data, so that reachability is proven once for all formats (`reach`); what a format really
does under one given outage is told by its own interpreter (`Routing.replay`), which looks at what was parsed and never
at the graph: that is what counterexamples are replayed in, and what random configurations are tried against.

Outages are sets of faults.  A fault is a failure domain or a health check, not a pool: several pools may share one, and
a pool is down as soon as one of its faults is there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from auditor.model.countries import ANYWHERE


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A place in a configuration: the file as the user named it, and a line from 1 (0: the format has no lines)."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can fail by itself."""

    id: str  # distinct in a configuration: `dc:esams`, `check:HealthCheckSiteB`
    text: str  # what has happened then, as a clause: "data centre esams is down", "health check HealthCheckSiteB fails"
    at: Line


@dataclass(frozen=True, slots=True)
class Site:
    """Where clients are sent, as the configuration names it; the inventory or its addresses say where that is."""

    name: str
    at: Line
    addresses: tuple[str, ...] = ()  # RFC 5952 text of single addresses; each is an end of its own
    region: str = ""  # the code of a region, as in `auditor/data/regions.yaml`: `aws/eu-west-1`
    countries: str = ""  # country set that the configuration itself claims; empty: it says nothing
    planes: tuple[str, ...] = ()  # of model.flow.PLANES, where the configuration says so
    hosts: tuple[str, ...] = ()  # names instead of addresses (a CNAME): where they are is not known here
    also: tuple[str, ...] = ()  # what else an inventory may call it: the data centre or the pool that it is in


@dataclass(frozen=True, slots=True)
class Pool:
    """What is chosen in the end: a site, and what takes it away."""

    name: str  # distinct in a configuration
    site: str  # name of a Site
    faults: frozenset[str] = frozenset()  # ids; down if any is there; empty: it never fails
    strains: frozenset[str] = frozenset()
    """Ids of faults that leave it up and no longer full: from then on the next one gets a share too."""
    capacity: Fraction | None = None  # in the unit of `Client.demand`; None: not known


NONE, FIRST, LAST, ALL = "none", "first", "last", "all"
"""What answers when nothing below a node is up: nothing; the first child; the last; any of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A leaf: the pool answers.  With `blind` nobody asks whether it is up: it always counts as up."""

    pool: str
    at: Line
    blind: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class First:
    """The first child that is up answers; one that is up and not full shares with those behind it.

    It is up if a child is up, and full if a child is full.  If no child is up, `on_down` says which answers: that
    child is asked as it is (a leaf simply answers; another node may again have something for that case).
    """

    children: tuple["Node", ...]
    at: Line
    on_down: str = NONE
    label: str = ""  # what the configuration calls it, for people


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Every child that is up may answer (weights, latency, random choice), while the weights of those up reach `need`.

    It is up, and full, if they do.  Else `on_down` says who answers: `none`, or `all` (any child, up or not, is asked).
    Children of weight 0 don't belong here: see `First`.
    """

    children: tuple["Node", ...]
    at: Line
    weights: tuple[int, ...] = ()  # of the children; empty: 1 each
    need: Fraction = Fraction(1)
    on_down: str = NONE
    label: str = ""


Node = Use | First | Spread


@dataclass(frozen=True, slots=True)
class Client:
    """A class of clients whom the configuration treats alike, as it classifies them.

    Several of one name mean that any of them may hold (what decides is not known).  Whoever is not classified is a
    class too: its countries are anywhere.
    """

    name: str  # as the format calls it: `generic-map EU/DE`, `198.51.100.0/24`, `*`
    at: Line  # what matched them
    root: Node | None  # None: they get no answer
    countries: str = ANYWHERE  # country set of those who are so classified
    networks: tuple[str, ...] = ()  # where the class is networks: their countries are found by these
    population: str = ""  # a population of rules to which they belong by declaration
    account: str = ""
    demand: Fraction | None = None  # what they ask for at a multiplier of 1; None: not known
    via: str = ""  # what is classified if not the client itself: "the resolver", "the answering point of presence"


@dataclass(frozen=True, slots=True)
class Unread:
    """Lines that were not understood, or that can't be decided: they keep a proof from passing."""

    at: Line
    text: str  # what stands there, as it stands there
    why: str  # our words, with the remedy
    names: tuple[str, ...] = ()  # of the clients for whom it matters; empty: all


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is understood, and that its author may not have meant: a fence that nobody obeys."""

    at: Line
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of an interpreter."""

    at: Line
    text: str  # "esams is down, go on"; begins in lower case, no period


@dataclass(frozen=True, slots=True)
class Answer:
    """What an interpreter says under one outage: the pools of which any may answer, and how it came about."""

    pools: frozenset[str]
    steps: tuple[Step, ...]


Replay = Callable[[Client, frozenset[str]], Answer]


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read."""

    name: str  # as the user named it
    data: bytes = field(repr=False)  # as stored

    @property
    def lines(self) -> int:
        """Count its lines that are not blank."""
        return sum(bool(line.strip()) for line in self.data.splitlines())


@dataclass(frozen=True, slots=True)
class Routing:
    """One configuration, which may be of several files."""

    format: str
    files: tuple[File, ...]
    clients: Sequence[Client]
    pools: Mapping[str, Pool]
    sites: Mapping[str, Site]
    faults: Mapping[str, Fault]
    replay: Replay
    unread: Sequence[Unread] = ()
    remarks: Sequence[Remark] = ()


UNCLASSIFIED: Final = "*"
"""Name, or end of the name, of the class of those whom nothing classifies."""
