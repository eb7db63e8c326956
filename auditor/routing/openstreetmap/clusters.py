"""The file of clusters, parsed, with the line of everything.  Countries are text as it stands: `NO` is Norway."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from ipaddress import ip_address
from typing import Any, Final

from auditor.model.documents import Document
from auditor.model.errors import InputError
from auditor.routing.model import File, Line, Remark, Unread
from auditor.routing.openstreetmap.model import LARGEST, Cluster, Lists, Server, number

_CLUSTER: Final = frozenset(
    "lat lon global colour statuscake requests bandwidth ipv4 ipv6 cname name servers default preferred allowed "
    "denied".split()
)
_SERVER: Final = frozenset("statuscake requests bandwidth name ipv4 ipv6 cname".split())
_LISTS: Final = dict.fromkeys(("preferred", "allowed", "denied"), ("origins", "countries", "continents"))
_UNITS: Final = {"requests": 1, "bandwidth": 1 << 20}
"""What one of a capacity is in the unit of the demand: requests a second, or megabytes of bytes (older revisions)."""

WEIGHTS: Final = 1 << 20
"""Weights of gdnsd are whole numbers from 1 to below this (gdnsd-plugin-weighted, LIMITS)."""


def clusters(file: File, found: list[Document], unread: list[Unread], remarks: list[Remark]) -> list[Cluster]:
    """Read the clusters, in the order of the file.  Raise InputError for what the script would stop at."""
    if len(found) != 1 or not isinstance(found[0].tree, dict) or not found[0].tree:
        raise InputError(file.name, "is no list of clusters; give one YAML mapping of names", 1)
    document = found[0]
    if len(document.tree) > LARGEST:
        raise InputError(file.name, f"has more than {LARGEST} clusters; give fewer", 1)
    units = {key for value in document.tree.values() for key in units_of(value)}
    if len(units) > 1:
        raise document.error("counts in `requests` and in `bandwidth`; use one of them")
    reader = _Clusters(file.name, document, next(iter(units), "requests"), unread, remarks)
    return [reader.cluster(str(name)) for name in document.tree]


def units_of(value: Any) -> Iterable[str]:
    """Name the units in which a cluster or its servers are counted."""
    servers = value.get("servers") if isinstance(value, dict) else None
    for each in [value, *(servers if isinstance(servers, list) else [])]:
        yield from (key for key in _UNITS if isinstance(each, dict) and key in each)


class _Clusters:
    def __init__(self, file: str, document: Document, unit: str, unread: list[Unread], remarks: list[Remark]) -> None:
        self.file, self.document, self.unit = file, document, unit
        self.unread, self.remarks = unread, remarks

    def line(self, *path: str | int) -> Line:
        return Line(self.file, self.document.line(*path))

    def cluster(self, name: str) -> Cluster:
        """Read one cluster."""
        given = self.document.tree[name]
        if not isinstance(given, dict):
            raise self.document.error(f"cluster `{name}` has nothing in it; say where it is and what it can take", name)
        self.known(given, _CLUSTER, name)
        everywhere = _true(given.get("global"))
        place = [0.0, 0.0]
        for i, key in enumerate(() if everywhere else ("lat", "lon")):
            if given.get(key) is None:
                self.remarks.append(Remark(self.line(name), f"{name} has no `{key}`: the script takes 0"))
            else:
                place[i] = float(self.number(given[key], name, key))
        return Cluster(
            name=name,
            at=self.line(name),
            servers=self.servers(given, name),
            lists=self.lists(given, name),
            fenced=_true(given.get("allowed")),
            everywhere=everywhere,
            lat=place[0],
            lon=place[1],
            default=_true(given.get("default")),
            default_at=self.line(name, "default"),
        )

    def known(self, given: Mapping[str, Any], keys: frozenset[str], *path: str | int) -> None:
        for key in given:
            if key not in keys:
                why = "is no key that the script knows; take it out, or check what it means"
                self.unread.append(Unread(self.line(*path, key), str(key), why))

    def servers(self, given: Mapping[str, Any], name: str) -> tuple[Server, ...]:
        """Read the servers; a cluster without a list is one itself."""
        some = given.get("servers")
        if not _true(some):
            return (self.server(given, name, name, name),)
        if not isinstance(some, list) or not all(isinstance(each, dict) for each in some) or not some:
            raise self.document.error("`servers` is no list of servers; write each with its capacity", name, "servers")
        named = [str(each.get("name") or "") for each in some]
        found = []
        for i, each in enumerate(some):
            path = (name, "servers", i)
            self.known(each, _SERVER, *path)
            pool = f"{name}-{i + 1:02d}"
            site = named[i] if named[i] and named.count(named[i]) == 1 else pool
            found.append(self.server(each, pool, site, *path))
            if len(some) > 1 and not (found[-1].capacity.denominator == 1 and 1 <= each[self.unit] < WEIGHTS):
                why = f"is no weight for gdnsd, which takes whole numbers from 1 to {WEIGHTS - 1}; change it"
                self.unread.append(Unread(self.line(*path, self.unit), f"{self.unit}: {each.get(self.unit)}", why))
        return tuple(found)

    def server(self, given: Mapping[str, Any], pool: str, site: str, *path: str | int) -> Server:
        amount = given.get(self.unit)
        capacity = Fraction(0) if amount is None else self.number(amount, *path, self.unit) * _UNITS[self.unit]
        if capacity < 0:
            raise self.document.error(f"`{self.unit}` is below 0; give what the server can take", *path, self.unit)
        if amount is None:
            self.remarks.append(Remark(self.line(*path), f"{pool} has no `{self.unit}`: the script takes 0"))
        tests = given.get("statuscake")
        if tests is not None and not isinstance(tests, list):
            raise self.document.error("`statuscake` is no list; write each test as an item", *path, "statuscake")
        return Server(
            pool=pool,
            site=site,
            at=self.line(*path),
            tests=None if tests is None else tuple(dict.fromkeys(str(test) for test in tests)),
            capacity=capacity,
            addresses=tuple(self.addresses(given, *path)),
            cname=str(given.get("cname") or "").rstrip("."),
        )

    def addresses(self, given: Mapping[str, Any], *path: str | int) -> Iterable[str]:
        for key in ("ipv4", "ipv6"):
            if given.get(key) is not None:
                try:
                    yield str(ip_address(str(given[key])))
                except ValueError:
                    self.unread.append(
                        Unread(self.line(*path, key), f"{key}: {given[key]}", "is no address; write a single one")
                    )

    def lists(self, given: Mapping[str, Any], name: str) -> Lists:
        found: dict[tuple[str, str], dict[str, Line]] = {}
        for how, kinds in _LISTS.items():
            some = given.get(how)
            if some is None:
                continue
            if not isinstance(some, dict):
                raise self.document.error(
                    f"`{how}` is no mapping; write `countries:` or `continents:` in it", name, how
                )
            self.known(some, frozenset(kinds), name, how)
            for kind in kinds:
                items = some.get(kind)
                if items is None:
                    continue
                if not isinstance(items, list) or any(isinstance(item, dict | list) for item in items):
                    raise self.document.error(f"`{kind}` is no list; write each as an item", name, how, kind)
                for i, item in enumerate(items):
                    if item is not None:
                        at = self.line(name, how, kind, i)
                        found.setdefault((how, kind), {}).setdefault(str(item), at)
        for item, at in found.pop(("denied", "origins"), {}).items():
            self.remarks.append(Remark(at, f"the script never looks at denied origins: {item} is not kept out"))
        return found

    def number(self, value: Any, *path: str | int) -> Fraction:
        """Read a number as the decimal that stands there."""
        found = number(value)
        if found is None:
            raise self.document.error(f"`{value}` is no number; give one", *path)
        return found


def _true(value: Any) -> bool:
    """Say what Perl takes for true: all but nothing, the empty text, and 0."""
    if isinstance(value, dict | list):
        return True
    return value is not None and str(value) not in ("", "0", "False")
