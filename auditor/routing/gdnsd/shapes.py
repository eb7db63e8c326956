"""What resources of gdnsd are, once they are read."""

from dataclasses import dataclass
from fractions import Fraction

from auditor.routing.gdnsd.monitors import DOWN, WATCHED, Monitor
from auditor.routing.gdnsd.vscf import Text
from auditor.routing.model import Line

Key = tuple[str, str]
"""Plugin and name of a resource."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An address or a host name."""

    at: Line
    address: str  # RFC 5952; empty: it is a host name
    host: str
    monitors: tuple[Monitor, ...]
    weight: int = 1

    @property
    def name(self) -> str:
        """The address or the host name."""
        return self.address or self.host

    @property
    def dead(self) -> bool:
        """Whether it is down for good."""
        return any(monitor.state == DOWN for monitor in self.monitors)

    @property
    def watched(self) -> frozenset[str]:
        """Names of monitors that may take it away."""
        return frozenset(monitor.id for monitor in self.monitors if monitor.state == WATCHED)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Members of which those that are up answer, while enough are; else all do, and the group is down."""

    at: Line
    members: tuple[Member, ...]
    need: Fraction  # of the sum of weights
    blind: bool = False  # all answer, up or not, while the group is up too (`ignore_health`)

    @property
    def whole(self) -> bool:
        """Whether all members have to be up, and all may answer: then they are one."""
        return self.need == sum(member.weight for member in self.members)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The first answers while it is up, or if neither is."""

    at: Line
    members: tuple[Member, ...]  # two
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A resource with ends: a family of addresses or two, which answer together; it is up if all of them are."""

    at: Line
    families: tuple[Group | Pair, ...]

    @property
    def whole(self) -> bool:
        """Whether everything has to be up for it to be, and everything answers."""
        return all(family.whole for family in self.families)

    @property
    def members(self) -> list[Member]:
        """All its members."""
        return [member for family in self.families for member in family.members]


@dataclass(frozen=True, slots=True, eq=False)
class Nowhere:
    """A resource that names no end and is always up: `null`, `reflect`, or one that is not known here."""

    at: Line
    kind: str  # the plugin; empty: not known


@dataclass(frozen=True, slots=True, eq=False)
class Center:
    """A data centre of a resource."""

    name: str
    at: Line
    target: Key | Answers
    forced: str  # `up` or `down` by admin_state; empty: not


@dataclass(frozen=True, slots=True, eq=False)
class Meta:
    """A resource that goes along a list of data centres."""

    plugin: str
    name: str
    at: Line
    map: str  # of geoip; empty: `order` is the list
    order: tuple[Text, ...]
    centers: dict[str, Center]
    skip: bool  # leave the first one out if there is another
    near: bool = False  # its map is not known here: any of `order` may come first


Resource = Answers | Nowhere | Meta
