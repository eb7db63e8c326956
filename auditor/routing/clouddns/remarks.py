"""What record sets say that is understood, and that may not have been meant."""

from auditor.routing.clouddns.records import (
    BALANCER,
    ENDPOINT,
    FAILOVER,
    GEO,
    PRIVATE,
    PUBLIC,
    UNCLEAR,
    WRR,
    RecordSet,
)
from auditor.routing.clouddns.tree import Tree
from auditor.routing.terraform.values import shown

SOURCES = 3
"""Source regions of a health check of external endpoints."""


def remark(tree: Tree) -> None:
    """Remark what is understood and may not have been meant, and tell what Cloud DNS would refuse."""
    for group in tree.config.records.values():
        for record in group:
            visibility = tree.visibility(record)
            if record.policy in (GEO, FAILOVER) and len(record.items) > 1:
                _locations(tree, record, visibility)
            if record.policy == WRR:
                _weights(tree, record)
            if record.policy == FAILOVER:
                _failover(tree, record)
            _targets(tree, record, visibility)


def _locations(tree: Tree, record: RecordSet, visibility: str) -> None:
    label = shown(record.label)
    checked = any(not item.lasting for item in record.items)
    whom = "a client of a public zone"
    if visibility == PRIVATE:
        whom = "machines in regions that have none" + ("" if record.fenced else ", and next closest to others,")
    tree.config.remark(
        record.at, f"{label}: which location is nearest to {whom} is not published; any of them may answer"
    )
    if record.fenced and not checked:
        tree.config.remark(
            record.at, f"{label}: its geofence does nothing, since every location has a target that is not checked"
        )
    for item in record.items:
        for target in item.targets:
            if item.location and target.region and target.region != f"gcp/{item.location}":
                tree.config.remark(
                    target.at, f"{label}: clients of {item.location} are sent to {target.region.removeprefix('gcp/')}"
                )


def _weights(tree: Tree, record: RecordSet) -> None:
    light = [item for item in record.items if not item.weight]
    if light and len(light) == len(record.items):
        text = "all weights are 0: what is answered then is not documented; any of them may be"
        tree.config.remark(record.at, f"{shown(record.label)}: {text}")
    elif light:
        text = (
            "is no fence: whether it answers while nothing else is healthy is not documented, and is taken as possible"
        )
        tree.config.remark(light[0].at, f"{shown(record.label)}: a weight of 0 {text}")


def _failover(tree: Tree, record: RecordSet) -> None:
    if record.trickle:
        share = "all" if record.trickle == 1 else f"{float(record.trickle):g}"
        tree.config.remark(
            record.at,
            f"{shown(record.label)}: its backups get {share} of the traffic while the primary targets are healthy",
        )


def _targets(tree: Tree, record: RecordSet, visibility: str) -> None:
    kinds = {target.checked for item in record.every for target in item.targets}
    label, config = shown(record.label), tree.config
    if (BALANCER in kinds and visibility == PUBLIC) or (ENDPOINT in kinds and visibility == PRIVATE):
        why = "Cloud DNS checks internal load balancers in private zones alone, and external endpoints in public ones"
        config.unclear(record.at, record.label, f"{why}; correct it")
    elif {BALANCER, ENDPOINT} <= kinds and visibility == UNCLEAR:
        config.unclear(record.at, record.label, "has internal load balancers and external endpoints; keep one kind")
    if ENDPOINT in kinds and not record.check:
        config.unclear(record.at, record.label, "external endpoints need the health check of the policy; name one")
    count = config.checks.get(record.check, (record.at, SOURCES))
    if ENDPOINT in kinds and count[1] not in (SOURCES, -1):
        config.remark(
            count[0],
            f"health check {shown(record.check)} of {label} names {count[1]} source regions; Cloud DNS takes {SOURCES}",
        )
