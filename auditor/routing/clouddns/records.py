"""One model of what Cloud DNS holds, whatever wrote it down: record sets, and the zones in which they are.

Cloud DNS API Reference, ResourceRecordSet: RRSetRoutingPolicy with GeoPolicy, WrrPolicy and PrimaryBackupPolicy,
HealthCheckTargets, LoadBalancerTarget; ManagedZone.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from auditor.routing.model import Line, Remark, Unread
from auditor.routing.terraform.values import shown

SIMPLE, WRR, GEO, FAILOVER = "no routing policy", "weighted round robin", "geolocation", "failover"

ADDRESSES: Final = ("A", "AAAA")
NAMES: Final = ("CNAME", "MX", "SRV", "HTTPS", "SVCB")
"""Types whose values are names of hosts."""
SILENT: Final = frozenset({
    "NS", "SOA", "TXT", "SPF", "CAA", "DS", "DNSKEY", "TLSA", "SSHFP", "PTR", "IPSECKEY",
})  # fmt: skip
"""Types that send no client anywhere."""

PLAIN, BALANCER, ENDPOINT = "", "internal load balancer", "external endpoint"
"""How a target is checked: not at all, or as one of these."""

PUBLIC, PRIVATE, UNCLEAR = "public", "private", ""

MOST: Final = 1000
"""Items of a policy, and targets of an item: more than Cloud DNS takes ("Quotas and limits")."""

Key = tuple[str, str, str]
"""Zone, name and type."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a record set answers with."""

    pool: str  # what it is called among all of them
    name: str  # an address, the name of a host, or an expression whose value is not known
    at: Line
    checked: str = PLAIN
    network: str = ""  # in which a load balancer is
    how: str = ""  # what else tells its check apart
    region: str = ""  # in which it is, by declaration: `gcp/europe-west3`

    @property
    def host(self) -> str:
        """What fails if it does."""
        return f"{self.name} in {self.network}" if self.network else self.name


@dataclass(frozen=True, slots=True)
class Item:
    """Targets that are one choice of a policy."""

    label: str
    at: Line
    targets: tuple[Target, ...]
    location: str = ""  # a region of Google Cloud; empty: none that is known
    weight: Fraction = Fraction(1)

    @property
    def lasting(self) -> bool:
        """Whether it never counts as unhealthy, since it has a target that nobody checks."""
        return any(not each.checked for each in self.targets)


@dataclass(frozen=True, slots=True)
class RecordSet:
    """A record set."""

    zone: str
    name: str  # in small letters, without the dot at its end
    type: str
    at: Line
    policy: str
    items: tuple[Item, ...]  # of a failover policy: the backups
    primary: Item | None = None  # of a failover policy
    fenced: bool = False
    trickle: Fraction = Fraction(0)  # what the backups get while the primary targets are healthy
    check: str = ""  # name of a health check, of external endpoints

    @property
    def key(self) -> Key:
        """What no two record sets have in common."""
        return self.zone, self.name, self.type

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.name} {self.type}"

    @property
    def every(self) -> tuple[Item, ...]:
        """All items."""
        return self.items if self.primary is None else (self.primary, *self.items)


@dataclass(frozen=True, slots=True)
class Zone:
    """A managed zone."""

    ids: tuple[str, ...]  # by which record sets name it
    dns: str  # name of its apex, as those of record sets; empty: not known
    visibility: str
    at: Line


@dataclass(slots=True)
class Config:
    """Everything that was read."""

    records: dict[Key, list[RecordSet]] = field(default_factory=dict)
    zones: list[Zone] = field(default_factory=list)
    checks: dict[str, tuple[Line, int]] = field(default_factory=dict)  # health check -> count of its source regions
    listed: set[str] = field(default_factory=set)  # zones that are listed whole
    delegations: dict[tuple[str, str], Line] = field(default_factory=dict)  # name servers, by zone and name
    starts: set[tuple[str, str]] = field(default_factory=set)  # zones, and the names at which these say that they begin
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    _taken: dict[str, int] = field(default_factory=dict)

    def unclear(self, at: Line, text: str, why: str) -> None:
        """Note lines that are not understood."""
        self.unread.append(Unread(at, shown(text), why))

    def remark(self, at: Line, text: str) -> None:
        """Note what its author may not have meant."""
        self.remarks.append(Remark(at, text))

    def pool(self, text: str) -> str:
        """Name a target so that no other has its name."""
        own = text = shown(text)
        while own in self._taken:
            self._taken[text] += 1
            own = f"{text} ({self._taken[text]})"
        self._taken[own] = 1
        return own

    def add(self, record: RecordSet) -> None:
        """Take a record set; a second one of its name and type is told, and kept as one that may answer."""
        group = self.records.setdefault(record.key, [])
        if group:
            first = group[0]
            self.unclear(
                record.at, f"{record.label} (first in line {first.at.line} of {first.at.file})",
                "is defined twice, and either may be what is served; keep one definition",
            )  # fmt: skip
        if len(group) < MOST:
            group.append(record)
