"""One model of Traffic Manager's profiles, whatever wrote them down.

Traffic Manager REST API, version 2022-04-01 (Profile, Endpoint).  Every input (`arm`, `listing`, `terraform`) hands its
properties over in the spelling of that reference; `parse` makes of them what stands here.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from auditor.routing.model import Line, Remark, Unread
from auditor.routing.terraform.values import Value

PROVIDER: Final = "trafficmanager"

PRIORITY, WEIGHTED, PERFORMANCE = "Priority", "Weighted", "Performance"
GEOGRAPHIC, MULTIVALUE, SUBNET = "Geographic", "MultiValue", "Subnet"
METHODS: Final = (PRIORITY, WEIGHTED, PERFORMANCE, GEOGRAPHIC, MULTIVALUE, SUBNET)
OVERRIDDEN: Final = (SUBNET, PERFORMANCE, GEOGRAPHIC)
"""Methods that go by the subnets of endpoints; all but the first only where they are given ("subnet override")."""

AZURE, EXTERNAL, NESTED = "azureEndpoints", "externalEndpoints", "nestedEndpoints"
KINDS: Final = {kind.lower(): kind for kind in (AZURE, EXTERNAL, NESTED)}

ENDPOINTS: Final = 200
"""Endpoints of one profile ("Azure subscription and service limits")."""
LONGEST: Final = 200
NAME: Final = 2_000
"""Characters of a name or an id that is kept whole: every class of clients repeats it."""

_TYPE: Final = "microsoft.network/trafficmanagerprofiles"


class Symbol(str):
    """Text that stands for a value which is known only when the configuration is deployed."""

    __slots__ = ()


Block = tuple[int, int, int, Line]
"""Addresses of clients: 4 or 6, the first, the last, and where they stand."""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """An endpoint of a profile."""

    name: str
    kind: str
    at: Line
    target: str = ""  # address or name that is answered
    resource: str = ""  # what an Azure or a nested endpoint leads to: its id, or the address of a resource of Terraform
    enabled: bool = True
    served: bool = False  # always, without being probed
    rank: int = 0  # lower ones come first; those that are alike in no order that is known
    location: str = ""
    codes: tuple[tuple[str, Line], ...] = ()  # geographic regions that are mapped to it
    blocks: tuple[Block, ...] = ()
    minimum: int = 1  # of endpoints in the child profile that have to be online
    minimum4: int | None = None  # of those with IPv4 addresses; None: it does not say
    minimum6: int | None = None
    how: str = ""  # what tells its probes apart from those of others of its profile


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A profile."""

    name: str
    at: Line
    ids: tuple[str, ...]  # by which nested endpoints name it: id, address of a resource
    dns: str = ""  # the first label of its name in the DNS
    method: str = ""  # of METHODS; empty: it is not known
    enabled: bool = True
    how: str = ""  # how its endpoints are probed
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """What an Azure endpoint leads to."""

    name: str
    region: str = ""
    host: str = ""
    address: str = ""


@dataclass(slots=True)
class GivenEndpoint:
    """An endpoint as it was written: properties by their names in small letters."""

    name: str
    kind: str
    properties: dict[str, Value]
    at: Line
    inline: bool = True  # it stands in its profile, so that there is an order


@dataclass(slots=True)
class GivenProfile:
    """A profile as it was written."""

    name: str
    ids: tuple[str, ...]
    properties: dict[str, Value]
    at: Line
    endpoints: list[GivenEndpoint] = field(default_factory=list)


@dataclass(slots=True)
class Config:
    """Everything that was read."""

    given: list[GivenProfile] = field(default_factory=list)
    loose: list[tuple[str, GivenEndpoint]] = field(default_factory=list)  # endpoints with the ids of their profiles
    resources: dict[str, Resource] = field(default_factory=dict)  # by `suffix`
    profiles: list[Profile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def unclear(self, at: Line, text: Any, why: str) -> None:
        """Note lines that are not understood."""
        self.unread.append(Unread(at, clipped(str(text)), why))

    def remark(self, at: Line, text: str) -> None:
        """Note what its author may not have meant."""
        self.remarks.append(Remark(at, text))


def clipped(text: str) -> str:
    """Shorten a text to what is shown of it."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def held(text: str) -> str:
    """Shorten what is longer than any name or id, so that no two become alike."""
    if len(text) <= NAME:
        return text
    short = f"{clipped(text)} {sha256(text.encode(errors='replace')).hexdigest()}"
    return Symbol(short) if isinstance(text, Symbol) else short


def suffix(ident: str) -> str:
    """Return what of the id of a resource every way to write it has: type and names, in small letters."""
    return ident.lower().rpartition("/providers/")[2].strip("/")


def profile_id(name: str) -> str:
    """Return the id of a profile as far as its name tells it."""
    return f"{_TYPE}/{name.lower()}"


def last(ident: str) -> str:
    """Return the name at the end of an id."""
    return ident.rstrip("/").rpartition("/")[2]


def is_profile(kind: str) -> bool:
    """Say whether a type of a resource is that of profiles."""
    return kind.lower() == _TYPE


def endpoint_kind(kind: str) -> str:
    """Return which kind of endpoint a type of a resource is; empty: it is none."""
    low = kind.lower()
    return KINDS.get(low[len(_TYPE) + 1 :], "") if low.startswith(f"{_TYPE}/") else ""
