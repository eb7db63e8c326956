"""The plain format, `routing.yaml`: clients, pools, the order in which they are tried, health, capacity and demand.

For whatever no other reader knows: a scheduler of meetings, a proxy's list of upstreams, a table in a wiki.

    routing: 1
    planes: [media, keys]
    sites:
      - {name: toronto, country: CA}
      - {name: beijing, country: CN}
    pools:
      - {name: toronto, capacity: 400}
      - {name: beijing, capacity: 900, domains: [backbone-asia]}
    clients:
      - {name: canada, countries: [CA], population: overseas, demand: 350, first: [toronto, beijing]}
      - {name: rest, everybody_else: true, first: [toronto], when_all_down: first}

format  what may stand in it     reader  names looked up, as a `Routing`     replay  its own way through one outage
"""

import re
from collections.abc import Sequence
from typing import Final

from auditor.model import documents
from auditor.model.documents import Document
from auditor.model.errors import InputError, gathering
from auditor.routing.documents import load as foreign
from auditor.routing.documents import unveiled
from auditor.routing.model import File, Routing
from auditor.routing.plain.format import RoutingPlain
from auditor.routing.plain.reader import FORMAT, Reader
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

_IN_BRACES: Final = re.compile(rb"""[{,\s]["']?routing["']?\s*:\s*1\s*[,}]""")

_KEYS: Final = {"routing", "pools", "clients"}
_WORDS: Final = (b"routing", b"pools", b"clients")

_VERSION: Final = re.compile(rb"""^["']?routing["']?[ \t]*:[ \t]+["']?[0-9]""", re.M)


def sniff(file: File) -> bool:
    """Say whether it is a `routing.yaml`: its key `routing`, which holds a number, begins a line or is in braces."""
    head = file.data.removeprefix(b"\xef\xbb\xbf")
    if (_IN_BRACES if head.lstrip()[:1] == b"{" else _VERSION).search(head[: 1 << 16]):
        return True
    found = _of_any(file) if all(word in head for word in _WORDS) else unveiled(file)
    return any(isinstance(each.tree, dict) and each.tree.keys() >= _KEYS for each in found)


def _of_any(file: File) -> Sequence[Document]:
    """Read a file that may be of any format; nothing if it can't be read."""
    try:
        return foreign(file)
    except InputError:
        return ()


def read(files: Sequence[File], _store: Store) -> list[Routing]:
    """Read files, each a configuration of its own.  Raise InputErrors for all that is wrong with them."""
    with gathering() as problems:
        found = []
        for file in files:
            with problems.kept():
                document = documents.loads(file.data, file.name, problems)
                found.append(Reader(file, document, documents.convert(document, RoutingPlain)).routing())
    return found
