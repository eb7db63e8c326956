"""Record sets, zones and health checks out of Terraform and out of the API, in the spelling of the API, with places.

What gcloud prints (`record-sets list` and `export`, `managed-zones list`, `health-checks list`) is what the API
answers, as JSON or as YAML of several documents; a change (`additions`, `deletions`) is applied to what is listed.  Of
Terraform: google_dns_record_set, google_dns_managed_zone, google_compute_health_check (documentation of the provider).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from auditor.enrich import regions
from auditor.model.errors import InputError
from auditor.routing import documents
from auditor.routing.clouddns.spelling import record_set, respelt
from auditor.routing.documents import Document
from auditor.routing.model import File, Remark, Unread
from auditor.routing.store import Store
from auditor.routing.terraform import Configuration, Ref, Unresolved, Value, escapes, is_show, is_terraform, load
from auditor.routing.terraform.values import of_json, shown

SET: Final = "google_dns_record_set"
ZONE: Final = "google_dns_managed_zone"
CHECK: Final = "google_compute_health_check"
RESPONSE: Final = "google_dns_response_policy_rule"
EXISTS: Final = "whether it exists, or how often, is not known; give the plan as JSON (terraform show -json)"

_WORDS: Final = (b"dns#", b"rrdatas", b"routingPolicy", b"compute#healthCheck")
_SURE: Final = (b"dns#resourceRecordSet", b"dns#managedZone", b"dns#change")
_ENDS: Final = (".json", ".yaml", ".yml")

_LOCATED: Final = ("region", "zone", "location")
"""Attributes of resources that say where these are."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A record set, a zone or a health check."""

    value: Value  # in the spelling of the API
    zone: str = ""  # in which it is
    ids: tuple[str, ...] = ()  # how others name it
    exists: Unresolved | None = None


@dataclass(slots=True)
class Things:
    """What files hold."""

    sets: list[Thing] = field(default_factory=list)
    zones: list[Thing] = field(default_factory=list)
    checks: list[Thing] = field(default_factory=list)
    added: list[Thing] = field(default_factory=list)
    deleted: list[Thing] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)  # names of files that list zones
    regions: dict[str, str] = field(default_factory=dict)  # of resources, by what stands for their addresses
    files: list[File] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def belongs(file: File) -> bool:
    """Say whether a file may matter where others are of Cloud DNS: a module of Terraform, values of its variables."""
    return is_terraform(file) or is_show(file)


def sniff(file: File) -> bool:
    """Say whether a file holds something of Cloud DNS; one that seems to and can't be read is one: it is told."""
    if belongs(file):
        return SET.encode() in file.data or escapes(file)
    if not any(word in file.data for word in _WORDS):
        return _holds(documents.unveiled(file))
    try:
        return _holds(_documents(file))
    except InputError:
        return file.name.endswith(_ENDS) and any(word in file.data for word in _SURE)


def _holds(found: Sequence[Document]) -> bool:
    return any(_kind(each) for document in found for each in _each(document.tree))


@lru_cache(8)
def _documents(file: File) -> tuple[Document, ...]:
    return tuple(documents.load(file))


def _each(tree: Any) -> Iterator[Any]:
    yield from tree if isinstance(tree, list) else (tree,)


def _kind(tree: Any) -> str:
    """Say what an object of the API is: by its kind, else by what it has; empty: none of these."""
    if not isinstance(tree, dict) or "apiVersion" in tree:
        return ""
    kind = tree.get("kind")
    known = _KINDS.get(kind, "") if isinstance(kind, str) else ""
    if known:
        return known
    if "rrsets" in tree or "managedZones" in tree:
        return "list"
    if isinstance(tree.get("additions"), list) or isinstance(tree.get("deletions"), list):
        return "change"
    if "name" in tree and "type" in tree and ("rrdatas" in tree or "routingPolicy" in tree):
        return "set"
    return "zone" if "dnsName" in tree and ("nameServers" in tree or "visibility" in tree) else ""


_KINDS: Final = {
    "dns#resourceRecordSet": "set", "dns#resourceRecordSetsListResponse": "list", "dns#managedZone": "zone",
    "dns#managedZonesListResponse": "list", "dns#change": "change", "compute#healthCheck": "check",
    "compute#healthCheckList": "list",
}  # fmt: skip


def gather(files: Sequence[File], store: Store) -> Things:
    """Collect what all files hold.  Raise InputError for what can't be read."""
    found = Things()
    code = [file for file in files if belongs(file)]
    for configuration in load(code, store) if code else ():
        _of_terraform(configuration, found)
    for file in files:
        if not belongs(file):
            found.files.append(file)
            for document in _documents(file):
                _of_api(of_json(document.tree, document.marks, file.name), file.name, found)
    _documents.cache_clear()
    return found


def _of_api(value: Value, file: str, found: Things) -> None:
    for each in value.data if isinstance(value.data, list) else [value]:
        tree = each.data
        kind = _kind({key: _plain(inner) for key, inner in tree.items()} if isinstance(tree, dict) else tree)
        if kind == "set":
            found.listed.append(file)
            found.sets.append(Thing(each, file))
        elif kind == "zone":
            found.zones.append(Thing(each, "", _texts(each, "name", "id")))
        elif kind == "check":
            found.checks.append(Thing(each, "", _texts(each, "name", "selfLink")))
        elif kind == "change":
            found.added += [Thing(one, file) for one in _listed(tree, "additions", found)]
            found.deleted += [Thing(one, file) for one in _listed(tree, "deletions", found)]
        elif kind == "list":
            _page(each, file, found)
        else:
            found.unread.append(
                Unread(each.at, shown(", ".join(map(str, tree)) if isinstance(tree, dict) else str(tree)),
                       "is no record set, managed zone, health check or change; give what the API or gcloud printed")
            )  # fmt: skip


def _page(value: Value, file: str, found: Things) -> None:
    """Take a page of a list; that there is another one is told, since what is on it is not known."""
    tree = value.data
    if "rrsets" in tree:
        found.listed.append(file)
    found.sets += [Thing(each, file) for each in _listed(tree, "rrsets", found)]
    found.zones += [Thing(each, "", _texts(each, "name", "id")) for each in _listed(tree, "managedZones", found)]
    if "rrsets" not in tree and "managedZones" not in tree:
        found.checks += [Thing(each, "", _texts(each, "name", "selfLink")) for each in _listed(tree, "items", found)]
    more = tree.get("nextPageToken")
    if more is not None and more.data:
        found.unread.append(
            Unread(more.at, "nextPageToken", "more pages follow; give the whole list (gcloud follows pages by itself)")
        )


def _listed(tree: Mapping[str, Value], key: str, found: Things) -> list[Value]:
    value = tree.get(key)
    if value is None or value.data is None:
        return []
    if isinstance(value.data, list):
        return value.data
    found.unread.append(Unread(value.at, key, "must be a list; give what the API or gcloud printed"))
    return []


def _plain(value: Value) -> Any:
    return value.data


def _texts(value: Value, *keys: str) -> tuple[str, ...]:
    data = value.data if isinstance(value.data, dict) else {}
    told = (data[key].data for key in keys if key in data)
    return tuple(str(each) for each in told if isinstance(each, str | int) and each != "")


def _of_terraform(configuration: Configuration, found: Things) -> None:
    found.files.extend(configuration.files)
    found.unread.extend(configuration.unread)
    found.remarks.extend(configuration.assumptions("google_dns_", CHECK))
    given = {each.address for each in configuration.of(SET)}
    for each in configuration.resources:
        found.regions |= _places(each.address, each.attributes) if each.type.startswith("google_") else {}
        value = Value(dict(each.attributes), each.at)
        ids = (each.address, *_texts(value, "name", "id", "self_link"))
        if each.type == ZONE:
            found.zones.append(Thing(respelt(value), "", ids, each.exists))
        elif each.type == CHECK:
            found.checks.append(Thing(respelt(value), "", ids, each.exists))
        elif each.type == SET and each.address in given:
            found.sets.append(
                Thing(record_set(value, found.unread), _zone(each.attributes.get("managed_zone")), ids, each.exists)
            )
    for each in configuration.of(RESPONSE):
        text = _texts(Value(dict(each.attributes), each.at), "behavior")
        if text != ("bypassResponsePolicy",):
            why = "a response policy answers before zones do; say in a routing.yaml where its answers lead"
            found.unread.append(Unread(each.at, each.address, why))


def _places(address: str, attributes: Mapping[str, Value]) -> dict[str, str]:
    """Say in which region of Google Cloud a resource is, if it says so."""
    for key in _LOCATED:
        text = attributes[key].data if key in attributes else None
        if isinstance(text, str) and regions.countries(f"gcp/{text}"):
            return {address: f"gcp/{text}"}
    return {}


def _zone(value: Value | None) -> str:
    """Return how a record set names its zone."""
    data = None if value is None else value.data
    if isinstance(data, Ref):
        return data.address
    return data.rpartition("/")[2] if isinstance(data, str) else ""
