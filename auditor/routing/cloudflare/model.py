"""Load balancers of Cloudflare as they are parsed, whichever syntax they came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from auditor.routing.model import Line

REGIONS: Final = ("EEU", "ENAM", "ME", "NAF", "NEAS", "NSAM", "OC", "SAF", "SAS", "SEAS", "SSAM", "WEU", "WNAM")
"""Regions of points of presence (Cloudflare documentation, "Regions API", list of load balancer regions)."""

ORDERED: Final = ("off", "geo", "")
SPREAD: Final = ("random", "dynamic_latency", "proximity", "least_outstanding_requests", "least_connections")
WEIGHED: Final = ("random", "least_outstanding_requests", "least_connections")
"""Steering policies: those that take pools in their order, those that take any, and of these the ones with weights."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An endpoint of a pool."""

    name: str
    address: str  # an address, or the name of a host
    enabled: bool
    weight: Fraction
    probed: tuple[str, ...]  # what else tells its health checks apart: port, Host header, virtual network
    at: Line


@dataclass(frozen=True, slots=True)
class OriginPool:
    """A pool of endpoints."""

    key: str  # how balancers name it here: the address of its resource, or its identifier
    title: str  # its own name
    enabled: bool
    origins: tuple[Origin, ...]
    minimum: int  # of endpoints that have to be healthy
    monitor: str  # empty: nobody looks whether it is healthy
    checked_from: tuple[str, ...]
    sheds: bool  # it diverts a part of its traffic, whatever its health
    at: Line
    known: bool = True  # False: it is only named


@dataclass(frozen=True, slots=True)
class Named:
    """A pool in a list."""

    pool: str
    at: Line


@dataclass(frozen=True, slots=True)
class Listed:
    """Pools in their order."""

    pools: tuple[Named, ...]
    at: Line


NOTHING: Final = Listed((), Line("", 0))


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides where a request goes; rules replace single fields."""

    policy: str = ""
    default: Listed = NOTHING
    fallback: Named | None = None
    pops: Mapping[str, Listed] = field(default_factory=dict)
    countries: Mapping[str, Listed] = field(default_factory=dict)
    regions: Mapping[str, Listed] = field(default_factory=dict)
    weights: Mapping[str, Fraction] = field(default_factory=dict)
    default_weight: Fraction = Fraction(1)
    across: bool = False  # adaptive routing: a request that fails goes on to other pools
    mode: str = "pop"  # whose country counts where it is not proxied
    ecs: str = "proximity"
    lines: Mapping[str, Line] = field(default_factory=dict)  # of the maps and of the policy, by field

    @property
    def steering(self) -> str:
        """The policy that holds: empty stands for geo where anything is mapped, else for off."""
        return self.policy or ("geo" if self.pops or self.countries or self.regions else "off")


@dataclass(frozen=True, slots=True)
class Rule:
    """A custom rule."""

    name: str
    condition: str  # empty: always
    overrides: Mapping[str, object]  # fields of `Settings`
    fixed: bool  # it answers by itself
    terminates: bool
    at: Line


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer."""

    name: str  # of the host that it answers for
    proxied: bool
    settings: Settings
    rules: tuple[Rule, ...]  # that are enabled, in the order in which they are executed
    at: Line


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a class of clients may be treated."""

    balancer: Balancer
    settings: Settings  # with the rules that applied
    applied: tuple[Rule, ...]
    chosen: Listed | None  # None: a fixed response
    label: str  # what chose it: `country_pools DE`
    via: str
