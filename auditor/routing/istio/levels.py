"""Which endpoints a client's proxy prefers, under one setting for localities.

Rules: istio/istio, pilot/pkg/networking/core/loadbalancer/loadbalancer.go: a setting of the destination rule replaces
that of the mesh whole; `distribute` takes endpoints away and orders nothing; an order needs outlier detection.
"""

from dataclasses import dataclass, field
from typing import Final

from auditor.routing.istio.localities import Locality, distance, matches
from auditor.routing.istio.objects import Policy
from auditor.routing.istio.parts import Part
from auditor.routing.model import Line

REGION, ZONE, SUBZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"
_PARTS: Final = {
    REGION: "region", ZONE: "zone", SUBZONE: "subzone",
    "failure-domain.beta.kubernetes.io/region": "region", "failure-domain.beta.kubernetes.io/zone": "zone",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """Endpoints that are alike: of one locality, and of the same labels as far as an order asks for them."""

    locality: Locality
    labels: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()
    at: Line | None = None  # where they are listed; None: nowhere
    count: int = 0  # 0: not known
    port: str = ""  # where it tells endpoints apart


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for one host, subset and port."""

    part: Part | None  # the setting for localities; None: switched off, or nowhere written
    enabled: bool  # as it is where nothing is written
    checked: bool  # endpoints can be found unhealthy
    panic: int  # percent of healthy endpoints below which health is not asked; 0: never
    at: Line

    @property
    def distribute(self) -> list[Part]:
        return self.part.get("distribute").items() if self.part else []

    @property
    def failover(self) -> list[Part]:
        return self.part.get("failover").items() if self.part else []

    @property
    def priority(self) -> list[Part]:
        return self.part.get("failoverPriority").items() if self.part else []


@dataclass(slots=True)
class Order:
    """The answer: levels, each of endpoints among which any may answer, and the line that decided."""

    levels: list[list[Member]]
    at: Line
    unknown: list[tuple[Part, str]] = field(default_factory=list)


def setting(policy: Policy, mesh: Part | None, at: Line) -> Setting:
    """Choose between the settings of a policy and those of the mesh."""
    own = policy.balancer.get("localityLbSetting")
    part = own if own.value is not None else mesh
    enabled = part is None or part.get("enabled").value is not False
    if not enabled:
        part = None
    checked = isinstance(policy.outlier.value, dict)
    percent = policy.outlier.get("minHealthPercent").value
    panic = percent if isinstance(percent, int) and not isinstance(percent, bool) else 0
    return Setting(part, enabled, checked, min(100, max(0, panic)) if checked else 0, part.at if part else at)


def order(holds: Setting, client: Locality, members: list[Member]) -> Order:
    """Put the endpoints of a host in the order in which a client's proxy asks them."""
    if holds.distribute:
        return _distributed(holds, client, members)
    if not holds.enabled or not holds.checked:
        return Order([members], holds.at)
    at, unknown = holds.at, []
    ranks: dict[int, list[Member]] = {}
    if holds.priority:
        unknown = [(part, why) for part in holds.priority if (why := _unanswerable(part, client, members))]
        at = holds.priority[0].at
    chosen = next((each for each in holds.failover if each.get("from").text() == client.region), None)
    if chosen is not None:
        at = chosen.at
    for member in members:
        rank = 0
        if holds.priority:
            rank = _label_rank([part.text() for part in holds.priority], client, member)
        if not holds.priority or holds.failover:
            rank = rank * 5 + _region_rank(chosen, client, member)
        ranks.setdefault(rank, []).append(member)
    if unknown:
        return Order([members], at, unknown)
    return Order([ranks[rank] for rank in sorted(ranks)], at)


def _distributed(holds: Setting, client: Locality, members: list[Member]) -> Order:
    for each in holds.distribute:
        if matches(client, each.get("from").text()):
            targets = each.get("to").entries()
            kept = [member for member in members if any(matches(member.locality, target) for target in targets)]
            return Order([kept], each.at)
    return Order([members], holds.distribute[0].at)


def _region_rank(chosen: Part | None, client: Locality, member: Member) -> int:
    rank = distance(client, member.locality)
    if rank == 3 and chosen is not None and member.locality.region != chosen.get("to").text():
        return 4
    return rank


def _label_rank(wanted: list[str], client: Locality, member: Member) -> int:
    """Return how many labels are left from the first that differs on."""
    own = dict(member.labels)
    for number, text in enumerate(wanted):
        label, _, value = text.partition("=")
        there = getattr(member.locality, _PARTS[label]) if label in _PARTS else own.get(label, "")
        here = value if "=" in text else getattr(client, _PARTS[label]) if label in _PARTS else ""
        if there != here:
            return len(wanted) - number
    return 0


def _unanswerable(part: Part, client: Locality, members: list[Member]) -> str:
    """Say why it can't be known whether a label is the same for client and endpoints; empty if it can."""
    label, sign, _ = part.text().partition("=")
    if label in _PARTS:
        return ""
    if not sign:
        return "the labels of clients are not known, so any endpoint may come first; write `label=value`"
    if any(member.at is None for member in members):
        return "the labels of endpoints are not known, so any endpoint may come first; list them in a ServiceEntry"
    return ""
