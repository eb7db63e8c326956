"""Load balancers, pools and monitors out of Terraform and out of answers of the API, as values with their places.

Sources: Cloudflare API documentation (load balancers, pools, monitors: list and get, and the bodies of create and
update), Terraform provider documentation (versions 4 and 5).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.routing.documents import Document, unveiled
from auditor.routing.model import File, Remark, Unread
from auditor.routing.store import Store
from auditor.routing.terraform import Configuration, Ref, Unresolved, Value, escapes, is_show, is_terraform, load
from auditor.routing.terraform.values import of_json

BALANCER: Final = "cloudflare_load_balancer"
POOL: Final = "cloudflare_load_balancer_pool"

_TERRAFORM: Final = re.compile(rb"\bcloudflare_load_balancer(?:_pool|_monitor)?\b")
_BALANCED: Final = re.compile(rb'"fallback_pool"\s*:')
_POOLED: Final = re.compile(rb'"origins"\s*:')
_POOL_TOO: Final = re.compile(rb'"(?:check_regions|minimum_origins|monitor|origin_steering|load_shedding)"\s*:')
_CHECKS: Final = re.compile(rb'"(?:expected_codes|consecutive_down|consecutive_up)"\s*:')
_CHECK_TOO: Final = re.compile(rb'"(?:interval|retries|timeout)"\s*:')

_TELLING: Final = (
    ({"fallback_pool"}, {"fallback_pool"}),
    ({"origins"}, {"check_regions", "minimum_origins", "monitor", "origin_steering", "load_shedding"}),
    ({"expected_codes"}, {"interval", "retries", "timeout"}),
)
"""Keys of a balancer, a pool and a monitor: all of the first, and one of the second."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A balancer or a pool, with the key by which others name it."""

    key: str
    value: Value  # a dict of its attributes
    exists: Unresolved | None = None


@dataclass(slots=True)
class Things:
    """What files hold."""

    balancers: list[Thing] = field(default_factory=list)
    pools: list[Thing] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)  # identifiers that are known, to keys


def sniff(file: File) -> bool:
    """Say, by content, whether a file has load balancers, pools or monitors of Cloudflare."""
    if is_terraform(file) or is_show(file):
        return bool(_TERRAFORM.search(file.data)) or escapes(file)
    data = file.data
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return False
    pool = _POOLED.search(data) and _POOL_TOO.search(data)
    if any(_is_api(document) for document in unveiled(file)):
        return True
    return bool(_BALANCED.search(data) or pool or (_CHECKS.search(data) and _CHECK_TOO.search(data)))


def _is_api(document: Document) -> bool:
    results = list(_results(of_json(document.tree, document.marks, document.file)))
    keys = [set(each.data) for each in results if isinstance(each.data, dict)]
    return any(any(some <= each and each & more for some, more in _TELLING) for each in keys)


def belongs(file: File) -> bool:
    """Say whether a file may hold what load balancers refer to: any file of Terraform."""
    return is_terraform(file) or is_show(file)


def gather(files: Sequence[File], store: Store) -> Things:
    """Collect what all files hold.  Raise InputError for what can't be read."""
    found = Things()
    for configuration in load(files, store):
        _of_terraform(configuration, found)
    for file in files:
        if not is_terraform(file) and not is_show(file):
            found.files.append(file)
            _of_api(file, found)
    return found


def _of_terraform(configuration: Configuration, found: Things) -> None:
    found.files.extend(configuration.files)
    found.unread.extend(configuration.unread)
    found.remarks.extend(configuration.assumptions(BALANCER))
    given = {each.address for each in configuration.of(BALANCER)}
    for each in configuration.resources:
        if not each.managed:
            continue
        thing = Thing(each.address, Value(dict(each.attributes), each.at), each.exists)
        if each.type == BALANCER and each.address in given:
            found.balancers.append(thing)
        elif each.type == POOL:
            found.pools.append(thing)
            _keyed(thing, found)


def _keyed(thing: Thing, found: Things) -> None:
    identifier = thing.value.data.get("id")
    if identifier is not None and isinstance(identifier.data, str):
        found.keys[identifier.data] = thing.key


def _of_api(file: File, found: Things) -> None:
    from auditor.routing.documents import load as documents

    for document in documents(file):
        value = of_json(document.tree, document.marks, file.name)
        for each in _results(value):
            keys = set(each.data) if isinstance(each.data, dict) else set()
            if {"fallback_pool", "default_pools"} & keys:
                found.balancers.append(Thing(_identifier(each), each))
            elif "origins" in keys:
                thing = Thing(_identifier(each), each)
                found.pools.append(thing)
                _keyed(thing, found)
            elif not {"type", "expected_codes", "interval", "members"} & keys:  # neither a monitor nor a group of them
                why = "is no load balancer, pool or monitor; give the API's answer unchanged"
                found.unread.append(Unread(each.at, ", ".join(sorted(map(str, keys)))[:200] or "no object", why))


def _results(value: Value) -> Iterator[Value]:
    data = value.data
    if isinstance(data, dict) and "result" in data:
        data = data["result"].data
        value = value.data["result"]
    yield from data if isinstance(data, list) else [value] if data is not None else []


def _identifier(value: Value) -> str:
    for name in ("id", "name"):
        found = value.data.get(name)
        if found is not None and isinstance(found.data, str) and found.data:
            text: str = found.data
            return text
    return f"{value.at.file}:{value.at.line}"


def key_of(data: Any, found: Things) -> str | None:
    """Give the key of the pool that a value names; None if it names none."""
    if isinstance(data, Ref):
        return data.address if data.attribute == "id" else None
    return found.keys.get(data, data) if isinstance(data, str) and data else None
