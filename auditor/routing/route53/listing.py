"""What the API lists, and what is sent to it: JSON as `aws route53` prints and takes it.

list-resource-record-sets and list-health-checks (any number of pages), get-health-check, list-cidr-blocks, and the
batches of change-resource-record-sets, which are applied in the order in which they are given: CREATE of what there is
fails as a whole, and so does DELETE of what there is not (ChangeResourceRecordSets in the API Reference).
"""

import ipaddress
from collections.abc import Iterator
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing import delegations
from auditor.routing.documents import Document
from auditor.routing.model import Line
from auditor.routing.route53.checks import check
from auditor.routing.route53.elements import record
from auditor.routing.route53.records import ADDRESSES, NAMES, Config, Place, Record, named, text

CREATE, UPSERT, DELETE = "CREATE", "UPSERT", "DELETE"

_SETS, _CHECKS, _CHECK, _BLOCKS, _CHANGES, _BATCH = (
    "ResourceRecordSets", "HealthChecks", "HealthCheck", "CidrBlocks", "Changes", "ChangeBatch",
)  # fmt: skip
KEYS: Final = (_SETS, _CHECKS, _CHECK, _BLOCKS, _CHANGES, _BATCH)
_PAGES: Final = frozenset({
    "IsTruncated", "NextRecordName", "NextRecordType", "NextRecordIdentifier", "MaxItems", "Marker", "NextMarker",
    "NextToken", "Comment", "HostedZoneId", "ETag", "ResponseMetadata",
})  # fmt: skip
_OF_CHECK: Final = frozenset({
    "Id", "CallerReference", "HealthCheckConfig", "HealthCheckVersion", "CloudWatchAlarmConfiguration", "LinkedService",
    "HealthCheckTags",
})  # fmt: skip


def sniff(tree: Any) -> bool:
    """Say whether a document is one of these."""
    if not isinstance(tree, dict):
        return False
    if isinstance(tree.get(_BATCH), dict):
        tree = tree[_BATCH]
    changes = tree.get(_CHANGES)
    if isinstance(changes, list):
        return any(isinstance(each, dict) and "ResourceRecordSet" in each for each in changes)
    checks = tree.get(_CHECKS) if _CHECKS in tree else [tree.get(_CHECK)]
    return (
        isinstance(tree.get(_SETS), list)
        or isinstance(tree.get(_BLOCKS), list)
        or (isinstance(checks, list) and any(isinstance(each, dict) and "HealthCheckConfig" in each for each in checks))
        or tree.get(_CHECKS) == []
    )


def rank(tree: Any) -> int:
    """Say in which order documents are read: what there is comes before what changes it."""
    return int(_CHANGES in tree or _BATCH in tree)


def place(document: Document, *path: str | int) -> Place:
    """Return what tells the lines of a part of a document."""
    return lambda *inner: Line(document.file, document.line(*path, *inner))


def read(document: Document, config: Config) -> None:
    """Take a document into a configuration.  Raise InputError for changes that Route 53 would refuse."""
    tree = document.tree
    path: tuple[str | int, ...] = ()
    if isinstance(tree.get(_BATCH), dict):
        _others(document, config, tree, frozenset({_BATCH}))
        tree, path = tree[_BATCH], (_BATCH,)
    _others(document, config, tree, frozenset(KEYS), *path)
    _page(document, config, tree)
    for each, at in _each(document, config, tree.get(_SETS), *path, _SETS):
        config.listed.add(_mark(each, "", "Name", "Type", "SetIdentifier"))
        record(config, each, at)
    checks = [(tree[_CHECK], place(document, _CHECK))] if isinstance(tree.get(_CHECK), dict) else []
    for each, at in [*checks, *_each(document, config, tree.get(_CHECKS), *path, _CHECKS)]:
        _check(config, each, at)
    _blocks(document, config, tree)
    _change(document, config, tree, path)


def _others(document: Document, config: Config, tree: dict[str, Any], known: frozenset[str], *path: str | int) -> None:
    for key in tree:
        if key not in known and key not in _PAGES:
            config.unclear(place(document, *path)(key), key, "is no part of such a document; remove it")


def _each(document: Document, config: Config, items: Any, *path: str | int) -> Iterator[tuple[dict[str, Any], Place]]:
    if items is None:
        return
    if not isinstance(items, list):
        raise document.error("must be a list; give what the API lists", *path)
    for index, each in enumerate(items):
        if isinstance(each, dict):
            yield each, place(document, *path, index)
        else:
            config.unclear(place(document, *path)(index), str(each), "must be a mapping; give what the API lists")


def _check(config: Config, given: dict[str, Any], at: Place) -> None:
    for key in given:
        if key not in _OF_CHECK:
            config.unclear(at(key), key, "is no part of a health check that is known; remove it")
    if not isinstance(given.get("Id"), str) or not isinstance(given.get("HealthCheckConfig"), dict):
        config.unclear(at(), "a health check", "needs an Id and a HealthCheckConfig; give what the API lists")
        return
    check(config, given["Id"], given["HealthCheckConfig"], lambda *inner: at("HealthCheckConfig", *inner))


def _blocks(document: Document, config: Config, tree: dict[str, Any]) -> None:
    """Take the blocks of a CIDR collection; the list does not say of which: see `settled`."""
    for each, at in _each(document, config, tree.get(_BLOCKS), _BLOCKS):
        block, location = each.get("CidrBlock"), each.get("LocationName")
        if not isinstance(block, str) or not isinstance(location, str):
            config.unclear(at(), "a CIDR block", "needs a CidrBlock and a LocationName; give what the API lists")
            continue
        add_block(config, "", location, block, at("CidrBlock"))


def add_block(config: Config, collection: str, location: str, block: str, at: Line) -> None:
    """Take a block of addresses into a location of a collection."""
    try:
        network = str(ipaddress.ip_network(block, strict=False))
    except ValueError:
        config.unclear(at, block, "is no block of addresses; correct it")
        return
    known = config.networks.get((collection, location), ())
    config.networks[collection, location] = (*known, network)


def _mark(tree: dict[str, Any], prefix: str, *keys: str) -> tuple[str, ...]:
    name, *others = (text(tree.get(f"{prefix}{key}")) for key in keys)
    return (named(name), *others)


def _page(document: Document, config: Config, tree: dict[str, Any]) -> None:
    """Note whether another page follows, and with which record set it begins."""
    for kind in (_SETS, _CHECKS, _BLOCKS):
        if kind not in tree:
            continue
        more = next((key for key in ("NextToken", "IsTruncated") if tree.get(key)), "")
        mark = _mark(tree, "Next", "RecordName", "RecordType", "RecordIdentifier") if tree.get("NextRecordName") else ()
        config.pages.append((kind, mark, Line(document.file, document.line(more)) if more else None))


def settled(config: Config) -> None:
    """Tell pages that are missing, and give lists of blocks to the one collection of which record sets speak."""
    ended = {kind for kind, _, more in config.pages if more is None}
    for kind, mark, more in config.pages:
        if more is not None and (mark not in config.listed if mark else kind not in ended):
            config.unclear(more, kind, "more pages follow; give all of them")
    loose = {key: blocks for key, blocks in config.networks.items() if not key[0]}
    used = {each.location[0] for group in config.records.values() for each in group if each.location[0]}
    if loose and len(used) == 1:
        (collection,) = used
        for (_, location), blocks in loose.items():
            config.networks.setdefault((collection, location), blocks)
        for group in config.records.values():
            for each in group:
                if each.location[0] and each.location[1] != "*":
                    config.networks.setdefault(each.location, ())


def delegated(config: Config) -> None:
    """Tell the names for which other servers answer; of a zone that was given too its records are known."""
    listed = any(kind == _SETS for kind, *_ in config.pages) and not config.apexes

    def apex(zone: str, name: str) -> bool:
        whole = listed and not zone and delegations.around(config, config.delegations, zone, name)
        return name in config.apexes or whole

    delegations.settle(config, config.delegations, apex, lambda zone, name: False)


def _change(document: Document, config: Config, tree: dict[str, Any], path: tuple[str | int, ...]) -> None:
    """Apply a batch."""
    whole = any(kind == _SETS for kind, *_ in config.pages)
    if tree.get(_CHANGES) and not whole:
        begun = Line(document.file, document.line(*path, _CHANGES))
        config.remark(
            begun, "changes without the record sets that they change: what else the zone holds is not looked at"
        )
    for each, at in _each(document, config, tree.get(_CHANGES), *path, _CHANGES):
        given, action = each.get("ResourceRecordSet"), text(each.get("Action"))
        for key in each:
            if key not in ("Action", "ResourceRecordSet"):
                config.unclear(at(key), key, "is no part of a change; remove it")
        if not isinstance(given, dict) or action not in (CREATE, UPSERT, DELETE):
            config.unclear(
                at(), action or "a change", "a change is CREATE, UPSERT or DELETE of a ResourceRecordSet; correct it"
            )
            continue
        found = _found(config, given)
        if action == CREATE and found:
            raise InputError(
                document.file, f"creates {found.label}, which there is (line {found.at.line} of {found.at.file}); use "
                "UPSERT, or leave one of them out", at("Action").line,
            )  # fmt: skip
        if found and action in (UPSERT, DELETE):
            config.drop(found)
        if action == DELETE and text(given.get("Type")).upper() == "NS":
            config.delegations.pop(("", named(text(given.get("Name")))), None)
        if action == DELETE and not found and whole and not _silent(given):
            raise InputError(
                document.file,
                f"deletes {text(given.get('Name'))} {text(given.get('Type'))}, which there is not; leave it out",
                at("Action").line,
            )
        if action != DELETE:
            record(config, given, lambda *inner, at=at: at("ResourceRecordSet", *inner))


def _silent(given: dict[str, Any]) -> bool:
    return text(given.get("Type")).upper() not in (*ADDRESSES, *NAMES)


def _found(config: Config, given: dict[str, Any]) -> Record | None:
    key = ("", named(text(given.get("Name"))), text(given.get("Type")).upper())
    return config.held(key, text(given.get("SetIdentifier")))
