"""Look up the ends of many flows in the catalogue, each distinct situation once.

A capture holds millions of ends and a catalogue a few hundred entries, so prefixes become one sorted line
of intervals, ports become the few classes that entries tell apart, and what remains is decided in plain
Python for each distinct (networks, transport, port class, name).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from auditor.enrich import special
from auditor.enrich.addresses import Numbers, numbers
from auditor.enrich.catalogue import Catalogue, Entry, Network, NetworkEntry
from auditor.enrich.fold import constant, numbered
from auditor.enrich.intervals import Intervals, build
from auditor.model.flow import NAMED, UNKNOWN

Codes = npt.NDArray[np.int64]

PUBLIC, PRIVATE, GROUP = "public", "private", "group"
KINDS: Final = (PUBLIC, PRIVATE, GROUP)
"""Of addresses: what the opening of a flow can mean depends on whether an end can be reached from outside."""

GROUPS: Final = ("multicast", "broadcast", "unspecified", "this network")
"""Special addresses (as `special.REGISTRY` words them) that are no host."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue says of one end of one flow."""

    service: str = ""
    operator: str = ""  # of the network only: a name does not say who runs the address
    planes: str = UNKNOWN
    role: str = ""  # of the network: server, relay or empty
    named: str = ""  # the role that the name suggests, which counts only for an end that was opened towards
    by_port: bool = False  # the network's entry names ports, and this is one of them


NOTHING: Final = Known()


def coded(values: pl.Series) -> tuple[Codes, list[Any]]:
    """Number the distinct values of a column, in no certain order; return the number of each row and the values."""
    if values.is_empty():
        return np.zeros(0, np.int64), []
    if constant(values):
        return np.zeros(len(values), np.int64), values.head(1).to_list()
    known = values.unique()
    numbers = values.replace_strict(known, pl.Series(np.arange(len(known))), return_dtype=pl.Int64)
    return numbers.to_numpy(), known.to_list()


def situations(columns: Sequence[tuple[Codes, Sequence[Any]]]) -> tuple[list[tuple[Any, ...]], Codes]:
    """Return the distinct rows of numbered columns, and of each row the number of its situation."""
    key = np.zeros(len(columns[0][0]), np.int64)
    span = 1
    for codes, values in columns:
        if span * max(len(values), 1) >= 1 << 62:
            first, key = numbered(key, span)
            span = len(first)
        key = key * max(len(values), 1) + codes
        span *= max(len(values), 1)
    first, inverse = numbered(key, span)
    rows = zip(*([values[i] for i in codes[first]] for codes, values in columns), strict=True)
    return list(rows), inverse


def spread(values: Sequence[Any], numbers: Codes, kind: Any = pl.String) -> pl.Series:
    """Give every row the value of its situation."""
    return pl.Series(values=values, dtype=kind).gather(numbers)


@cache
def _kinds() -> tuple[Intervals, Codes]:
    """Return the special addresses, and the number of the kind (of KINDS) of each of their values."""
    registry = special.registry()
    return registry, np.array([KINDS.index(_kind(said)) for said in registry.values], np.int64)


def _kind(said: str) -> str:
    kind, _, why = said.partition("\t")
    return GROUP if why.startswith(GROUPS) else PRIVATE if kind == special.PRIVATE else PUBLIC


def kinds(addresses: pl.Series) -> tuple[Codes, Sequence[str]]:
    """Number what each address is: public, private or a group (multicast, broadcast, unspecified)."""
    return _kinds_of(numbers(addresses)), KINDS


def _kinds_of(addresses: Numbers) -> Codes:
    registry, kind = _kinds()
    return kind[addresses.find(registry)]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A catalogue, with its networks laid out for look-ups."""

    catalogue: Catalogue
    intervals: Intervals
    holding: tuple[tuple[NetworkEntry, ...], ...]  # of each value of the intervals: the networks, preferred first
    edges: Codes  # first port of each class of ports that no entry tells apart


def lookup(catalogue: Catalogue) -> Lookup:
    """Lay out the networks of a catalogue."""
    return Lookup(catalogue, *_laid(catalogue.networks))


@lru_cache(4)
def _laid(networks: tuple[NetworkEntry, ...]) -> tuple[Intervals, tuple[tuple[NetworkEntry, ...], ...], Codes]:
    """Return intervals, what holds each of their values, and the edges of classes of ports.

    CIDR networks nest or are disjoint, so the narrowest that holds an address is held by all others that do.
    """
    at: dict[tuple[int, int, int], list[int]] = {}  # family, prefix length and prefix -> indices of entries
    for i, entry in enumerate(networks):
        at.setdefault(_key(entry.network, entry.network.prefixlen), []).append(i)
    lengths = sorted({(family, length) for family, length, _ in at})
    ranges: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
    for network in dict.fromkeys(entry.network for entry in networks):
        wider = [length for family, length in lengths if family == network.version and length <= network.prefixlen]
        holding = sorted(i for length in wider for i in at.get(_key(network, length), ()))
        ranges[network.version].append((int(network[0]), int(network[-1]), " ".join(map(str, holding))))
    intervals = build(ranges[4], ranges[6])
    entries = (tuple(networks[int(i)] for i in said.split()) for said in intervals.values)
    return intervals, tuple(entries), _port_edges(networks)


def _key(network: Network, length: int) -> tuple[int, int, int]:
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)


def ends(flows: pl.DataFrame, side: str, where: Lookup) -> tuple[Codes, list[tuple[str, Known]]]:
    """Number the kind of the ends on one side (`src` or `dst`) of flows, and what the catalogue knows of them."""
    addresses = numbers(flows[f"{side}_addr"])
    rows, inverse = situations([
        (_kinds_of(addresses), KINDS),
        (addresses.find(where.intervals), where.holding),
        (np.searchsorted(where.edges[1:], flows[f"{side}_port"].to_numpy(), "right"), where.edges.tolist()),
        coded(flows["transport"]),
        coded(flows[f"{side}_name"]),
    ])  # fmt: skip
    found = [
        (kind, known(where.catalogue, networks, transport, port, name))
        for kind, networks, port, transport, name in rows
    ]
    order = {value: number for number, value in enumerate(dict.fromkeys(found))}
    return np.array([order[value] for value in found], np.int64)[inverse], list(order)


def _port_edges(networks: Sequence[NetworkEntry]) -> Codes:
    """Return the first port of each class of ports that no entry tells apart."""
    edges = {0} | {edge for entry in networks for first, last in entry.ports for edge in (first, last + 1)}
    return np.array(sorted(edges), np.int64)


def known(catalogue: Catalogue, networks: Sequence[NetworkEntry], transport: str, port: int, names: str) -> Known:
    """Put together what the networks that hold an address (preferred first) and its names say of one end.

    A network with ports speaks of this very socket and beats a name; a name beats a network without ports if
    both mean the same service.  Where they mean different ones, or names disagree, the service is not
    known and the plane is any of theirs.
    """
    network = next((entry.entry for entry in networks if entry.fits(transport, port)), None)
    name = named(catalogue, names)
    if network is None:
        return Known(name.service, "", by_name(name.planes), "", name.role) if name else NOTHING
    base = Known(network.service, network.operator, network.planes, network.role, "", network.by_port)
    if name is None or network.by_port:
        return base
    if name.service == network.service:
        planes = by_name(name.planes) if name.planes != UNKNOWN else network.planes
        return Known(base.service, base.operator, planes, base.role, name.role)
    return Known("", base.operator, union(by_name(name.planes), network.planes), base.role)


def by_name(planes: str) -> str:
    """Mark planes as told by a name alone."""
    return planes if planes == UNKNOWN else planes + NAMED


def named(catalogue: Catalogue, names: str) -> Entry | None:
    """Return what all names of an address (joined by spaces) have in common; None if none is listed.

    A name that is not listed may be another service on the same address, so beside it nothing is certain.
    """
    entries = [catalogue.named(name) for name in names.split()]
    listed = [entry for entry in entries if entry]
    if not listed:
        return None
    services = {entry.service for entry in listed}
    if len(listed) < len(entries) or len(services) > 1:
        planes = union(*(entry.planes for entry in listed)) if len(listed) == len(entries) else UNKNOWN
        return Entry("", planes=planes, role="")
    roles = {entry.role for entry in listed}
    return Entry(
        listed[0].service, "", union(*(e.planes for e in listed)), roles.pop() if len(roles) == 1 else "server"
    )


def union(*planes: str) -> str:
    """Return the planes that any of these sets holds; unknown is the set of all, and what a name tells stays so."""
    if UNKNOWN in planes:
        return UNKNOWN
    told = "+".join(sorted({plane for text in planes for plane in text.removesuffix(NAMED).split("+")}))
    return told + NAMED if any(text.endswith(NAMED) for text in planes) else told
