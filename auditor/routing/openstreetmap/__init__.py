"""OpenStreetMap's capacity files: clusters of servers, demand by country, and where countries lie.

Three files of the repository openstreetmap/dns, from which its script `bin/mkgeo` makes a map for gdnsd:

    src/nominatim.openstreetmap.yml       clusters: place, servers with capacity and checks, countries they take
    requests/nominatim.openstreetmap.yml  demand of each country (`bandwidth/...` in older revisions)
    lib/countries.xml                     GeoNames' countryInfo: continent and bounding box of each country

How the script ranks: `rank` (its revisions that count bandwidth and those that count requests agree).  A country goes
as a whole to the first cluster of its ranking that is up and has room for it; a cluster is up while a server is, a
server while all its StatusCake tests are.  If a country finds no room all limits rise by a tenth and everything is
allocated again.  What gdnsd gets has one cluster for each country, and nothing that it watches (`service_types` is `up`
by default), so outages act through the script alone.

That a cluster has no room is a fault here as the failing of a test is (`full:europe`): proofs hold for any demand.
From which demand on it has none is the matter of `surge`.

model   clusters, servers, countries     clusters, countries   the files     rank   who goes where
reader  all of it as a `Routing`         replay                the script's own way through one outage
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from auditor.model.errors import InputError
from auditor.routing import documents
from auditor.routing.model import File, Routing
from auditor.routing.openstreetmap.clusters import units_of
from auditor.routing.openstreetmap.reader import FORMAT, Reader
from auditor.routing.store import Store

__all__ = ["FORMAT", "read", "sniff"]

_CLUSTER: Final = re.compile(rb"^  (?:lat|global):", re.M)
_CAPACITY: Final = re.compile(rb"^ +(?:- )?(?:requests|bandwidth):", re.M)
_PLACED: Final = re.compile(rb"(?:^|[\s{,\"'])(?:lat|global)[\"']?[ \t]*:", re.M)
_TAKES: Final = re.compile(rb"(?:^|[\s{,\"'])(?:requests|bandwidth)[\"']?[ \t]*:", re.M)
_DEMAND: Final = re.compile(rb"""\s*(?:---\s*|#.*|["']?[A-Z][A-Z0-9]["']?:\s+["']?[0-9][0-9.eE+-]*["']?\s*(?:#.*)?)?""")


def sniff(file: File) -> bool:
    """Say whether it is one of the three files."""
    return _kind(file) != ""


def _kind(file: File) -> str:
    head = file.data.removeprefix(b"\xef\xbb\xbf")[: 1 << 16]
    if re.match(rb"\s*<", head):
        return "countries" if b"<geonames>" in head and b"<countryCode>" in head else ""
    if (_CLUSTER.search(head) and _CAPACITY.search(head)) or _is_clusters(file):
        return "clusters"
    lines = head.splitlines()
    whole = lines if len(file.data) <= len(head) else lines[:-1]
    some = any(re.match(rb"[\"']?[A-Z]{2}[\"']?:", line) for line in whole)
    return "demand" if some and all(_DEMAND.fullmatch(line) for line in whole) else ""


def _is_clusters(file: File) -> bool:
    """Say whether a file that is written otherwise holds clusters: one has a place, and says what it can take."""
    if not (_PLACED.search(file.data) and _TAKES.search(file.data)) and not documents.unveiled(file):
        return False
    try:
        tree = documents.load(file)[0].tree
    except (InputError, IndexError):
        return False
    some = [each for each in tree.values() if isinstance(each, dict)] if isinstance(tree, dict) else []
    return any(not each.keys().isdisjoint({"lat", "global"}) and any(units_of(each)) for each in some)


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read clusters, each file a configuration, with the demand and the positions that belong to them.

    What is not given is looked for where the repository has it, beside the folder of the clusters.  Raise InputError
    for what is missing or can't be read.
    """
    given: dict[str, list[File]] = {"clusters": [], "demand": [], "countries": []}
    for file in files:
        given[_kind(file) or "clusters"].append(file)
    if not given["clusters"]:
        message = "says what countries ask for or where they lie; give the file of the clusters too (src/...)"
        raise InputError(files[0].name, message)
    return [_one(file, given, store) for file in given["clusters"]]


def _one(file: File, given: dict[str, list[File]], store: Store) -> Routing:
    folder, name = PurePosixPath(file.name).parent, PurePosixPath(file.name).name
    beside = [str(folder.parent / part / name) for part in ("requests", "bandwidth")]
    wanted = _chosen(given["demand"], file, name, beside, store, "demand of the countries (requests/...)")
    lands = _chosen(
        given["countries"], file, "", [str(folder.parent / "lib" / "countries.xml")], store, "countries.xml"
    )
    if lands is None:
        said = "can't be ranked without the positions of countries; give lib/countries.xml too"
        raise InputError(file.name, said)
    return Reader(file, wanted, lands).routing()


def _chosen(some: list[File], file: File, name: str, beside: list[str], store: Store, what: str) -> File | None:
    same = [each for each in some if PurePosixPath(each.name).name == name] if len(some) > 1 else some
    if len(same) > 1 or (len(some) > 1 and not same):
        raise InputError(file.name, f"has {len(some)} files for its {what}; give the one that belongs to it")
    return same[0] if same else next((found for path in beside if (found := store.read(path))), None)
