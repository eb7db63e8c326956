"""Zone files of octoDNS (https://github.com/octodns/octodns): records that answer by place, subnet and health.

What octoDNS says of them is the same for all providers (docs/dynamic_records.rst): the rule that matches names a pool;
a pool of which every value is down hands on to its `fallback`, and the last of these to the record's own values, which
nobody checks.  A value is down when its health check fails (`status: obey`), always (`down`) or never (`up`).  Checks
are made once a record and value, so pools that share a value share its check (octodns-route53 1.3, octodns-ns1 1.0).
"""

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.delegations import cut_at
from auditor.routing.documents import Disputed, Document, load, unveiled
from auditor.routing.model import File, Remark, Routing, Unread
from auditor.routing.octodns import records
from auditor.routing.octodns.build import Builder
from auditor.routing.octodns.model import Record
from auditor.routing.octodns.spots import Reading, Spot
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

FORMAT: Final = "octodns"

_TYPES: Final = "A|AAAA|ALIAS|CAA|CNAME|DNAME|DS|HTTPS|LOC|MX|NAPTR|NS|PTR|SPF|SRV|SSHFP|SVCB|TLSA|TXT|URI|URLFWD"
_TYPE: Final = re.compile(
    rf"(?:^|[\s{{,\"'])type[\"']?\s*:\s*[\"']?(?:{_TYPES})[\"']?\s*(?:[,}}#\n\r]|\Z)".encode(), re.M
)
_KNOWN: Final = frozenset(_TYPES.split("|"))


def sniff(file: File) -> bool:
    """Say whether a file is a zone: a mapping of names to records or lists of records, each of which has a type."""
    if not _TYPE.search(file.data):
        return _is_zone(unveiled(file))
    try:
        return _is_zone(load(file))
    except InputError:
        return True  # it looks like one, and what is wrong with it has to be told


def _is_zone(found: Sequence[Document]) -> bool:
    trees = [each.tree for each in found if isinstance(each.tree, dict) and "apiVersion" not in each.tree]
    return any(_is_record(value) for tree in trees for value in tree.values())


def _is_record(value: object) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and first.get("type") in _KNOWN


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read zones, each a configuration of its own.  Raise InputError for what octoDNS can't read either."""
    given = frozenset(_name(file.name) for file in files)
    return [_zone(file, store, given) for file in files]


def _zone(file: File, store: Store, given: Set[str]) -> Routing:
    reading = Reading(store)
    whole = reading.open(file)
    zone = _name(file.name)
    remarks: list[Remark] = []
    made: list[Record] = []
    for name, spot in whole.entries().items():
        if isinstance(name, Disputed):
            remarks.append(Remark(spot.at, f"octoDNS reads the name `{name}` as a truth value; put it in quotes"))
        for item in spot.items():
            found = records.record(".".join(filter(None, (name, zone))) or "@", item)
            if found is not None and (name or found.type != "NS"):  # those of the zone itself delegate nothing
                made.append(found)
    made = [each for each in _undelegated(made) if each.type != "NS" or each.name not in given]
    builder = Builder(made)
    for each in made:
        builder.add(each)
        remarks += each.remarks
    remarks += _assumed(made)
    return Routing(
        FORMAT, tuple(reading.files.values()), builder.clients, builder.pools, builder.sites, builder.faults,
        builder.replay, (*builder.unread, *_unmerged(whole)), remarks,
    )  # fmt: skip


def _undelegated(made: Sequence[Record]) -> Iterator[Record]:
    """Leave out records for whose names other servers answer, and delegations of names that send nobody anywhere."""
    cuts = {each.name for each in made if each.type == "NS"}
    for each in made:
        cut = cut_at(each.name, cuts)
        if not cut or (each.type == "NS" and cut == each.name and not cut.startswith("_")):
            yield each


def _name(path: str) -> str:
    """Name the zone by its file, `example.com.yaml`, or by the folder of a split zone, `example.com./www.yaml`."""
    *folders, file = path.replace("\\", "/").split("/")
    stem = re.sub(r"\.ya?ml$", "", file)
    if folders and folders[-1].endswith("."):
        return folders[-1]
    return f"{stem}." if "." in stem.strip(".") else ""


def _assumed(made: Sequence[Record]) -> list[Remark]:
    """Say, once a zone, what its targets have to be like."""
    first = next((each for each in made if each.dynamic), None)
    if first is None:
        return []
    text = "a target without dynamic records serves these values to everybody if its `strict_supports` is off"
    return [Remark(first.values.at, f"{first.title}: {text}")]


def _unmerged(whole: Spot) -> list[Unread]:
    """Keep merges of unknown tags: what they bring is not known."""
    value = whole.value.get("<<") if isinstance(whole.value, dict) else None
    if isinstance(value, tuple) and value[0] != "!include":
        return [Unread(whole.at, "<<", "a merge of this tag is not known; write out what it brings")]
    return []
