"""Zones files of PowerDNS's GeoIP backend (https://doc.powerdns.com/authoritative/backends/geoip.html).

The backend asks nothing whether it is up: there are no faults, and each class of clients gets what its place and
network say.  Sources: docs/backends/geoip.rst and modules/geoipbackend/geoipbackend.cc of PowerDNS Authoritative Server
4.0 to 4.4, and the reader of databases in geoipinterface-mmdb.cc; that of old `dat` files was not held beside it.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from auditor.model.errors import InputError
from auditor.routing.documents import Document, load, unveiled
from auditor.routing.model import File, Routing, Unread
from auditor.routing.powerdns.build import Builder
from auditor.routing.powerdns.zones import Reader
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

FORMAT: Final = "powerdns"

_LOOKS: Final = tuple(
    re.compile(rf"(?:^|[\s{{,\"']){key}[\"']?\s*:".encode(), re.M) for key in ("domains", "domain", "records|services")
)


def sniff(file: File) -> bool:
    """Say whether a file has `domains`, a list of mappings with `domain` and `records` or `services`."""
    if not all(look.search(file.data) for look in _LOOKS):
        return any(_is_zones(each.tree) for each in unveiled(file))
    try:
        found = load(file)
    except InputError:
        return True  # it looks like one, and what is wrong with it has to be told
    return any(_is_zones(each.tree) for each in found)


def _is_zones(tree: Any) -> bool:
    domains = tree.get("domains") if isinstance(tree, dict) else None
    if not isinstance(domains, list):
        return False
    keys = {key for each in domains if isinstance(each, dict) for key in each}
    return "domain" in keys and bool(keys & {"records", "services"})


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read zones files, each a configuration of its own.  Raise InputError for what can't be read."""
    return [_read(file) for file in files]


def _read(file: File) -> Routing:
    documents: list[Document] = load(file)
    if len(documents) > 1:
        raise documents[1].error("holds several documents, and PowerDNS reads one; split the file")
    reader = Reader(documents[0])
    builder = Builder(reader)
    unread: list[Unread] = [*reader.unread, *builder.unread]
    return Routing(
        FORMAT, (file,), builder.clients, builder.pools, builder.sites, {}, builder.replay, unread, builder.remarks,
    )  # fmt: skip
