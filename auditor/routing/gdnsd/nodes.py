"""Resources become graphs: pools, what takes them away, and who answers when everything is down.

A fault is a monitor that fails, or a data centre that is down: then all that it serves is, in the resource that names
it.  Of geoip that is the data centre of the map, for all resources of it; resources that hold each other have data
centres of their own besides.  A data centre whose state is forced neither fails nor comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from auditor.routing.gdnsd.maps import Order
from auditor.routing.gdnsd.monitors import DOWN, UP
from auditor.routing.gdnsd.resources import references
from auditor.routing.gdnsd.shapes import Answers, Center, Group, Key, Member, Meta, Nowhere, Pair, Resource
from auditor.routing.model import ALL, FIRST, LAST, Fault, First, Line, Node, Pool, Site, Spread, Use

FORCED: Final = " (forced up)"
"""Behind the name of a pool that answers though it is down, since its data centre is forced up."""
DEEPEST: Final = 16
POOLS: Final = 200_000
Orders = Mapping[str, Order]
"""Map -> list of a class of clients."""
NO_ANSWER: Final = "no answer"
Faults = frozenset[str]


@dataclass(slots=True)
class Made:
    """What graphs refer to."""

    pools: dict[str, Pool] = field(default_factory=dict)
    ends: dict[str, tuple[Line, tuple[str, ...], tuple[str, ...], str]] = field(default_factory=dict)
    """Pool -> where it is named, addresses, host names, and the data centre that it is in."""
    faults: dict[str, Fault] = field(default_factory=dict)


def walked(meta: Meta, orders: Orders) -> list[tuple[Line, Center]]:
    """List the data centres of a resource as a class of clients has them, each with the line that puts it there."""
    order = orders[meta.map].names if meta.map else meta.order
    there = [(each.at, meta.centers[each.text]) for each in order if each.text in meta.centers]
    left = there[1:] if meta.skip and len(there) > 1 else there
    seen: set[str] = set()
    return [pair for pair in left if not (pair[1].name in seen or seen.add(pair[1].name))]  # type: ignore[func-returns-value]


def reached(found: Mapping[Key, Resource], meta: Meta, center: Center, path: str, bare: bool) -> tuple[Resource, str]:
    """Return what a data centre is, and what its pools are called."""
    here = f"{meta.name}/{center.name}" if bare and center.forced else center.name
    here = f"{path}/{center.name}" if path else here
    if isinstance(center.target, Answers):
        return center.target, here
    target = found[center.target]
    return target, f"{here} > {'!'.join(center.target)}" if isinstance(target, Meta) else here


def center_faults(meta: Meta, center: Center, held: set[Key]) -> tuple[str, ...]:
    """Name what takes a data centre away; nothing does if its state is forced."""
    if center.forced:
        return ()
    own = f"{meta.plugin}/{meta.name}/{center.name}"
    if not meta.map:
        return (own,)
    shared = f"geoip/{meta.map}/{center.name}"
    return (shared, own) if (meta.plugin, meta.name) in held else (shared,)


def holding(found: Mapping[Key, Resource]) -> set[Key]:
    """Name the resources of geoip that hold, or are held by, others of the same map: theirs may fail apart."""
    below: dict[Key, set[Key]] = {}

    def down(key: Key) -> set[Key]:
        if key not in below:
            below[key] = set()
            if key in found:
                below[key] = {each for inner in references(found[key]) for each in (inner, *down(inner))}
        return below[key]

    held: set[Key] = set()
    for key, resource in found.items():
        if not isinstance(resource, Meta):
            continue
        several = [each for each in {key, *down(key)} if isinstance(meta := found.get(each), Meta) and meta.map]
        maps = [found[each].map for each in several]  # type: ignore[union-attr]
        held |= {each for each, of in zip(several, maps, strict=True) if maps.count(of) > 1}
    return held


class Nodes:
    """Makes the graph of a resource for a class of clients."""

    def __init__(self, found: Mapping[Key, Resource], made: Made, bare: bool) -> None:
        self.found, self.made, self.bare = found, made, bare
        self.held = holding(found)
        self.simple: dict[tuple[int, Faults, str], Use] = {}  # data centres that are one pool

    def resource(self, key: Key, orders: Orders) -> Node | None:
        """Make the graph of a resource; None: no answer."""
        resource = self.found[key]
        path = self.path(resource) if isinstance(resource, Meta) else "!".join(key)
        if isinstance(resource, Meta):
            there = walked(resource, orders)
            return self._along(resource, there, orders, frozenset(), path) if there else None
        return self._node(resource, orders, frozenset(), path, "", resource.at)

    def near(self, key: Key, order: Order, limit: int, orders: Orders) -> list[Node]:
        """Make graphs for a list of which any may come first, one for each that may."""
        meta = self.found[key]
        assert isinstance(meta, Meta)
        there = [(each.at, meta.centers[each.text]) for each in order.names if each.text in meta.centers]
        nodes = [self._center(meta, center, orders, frozenset(), self.path(meta), at) for at, center in there]
        found: list[Node] = []
        for number, first in enumerate(nodes):
            others = (*nodes[:number], *nodes[number + 1 :])
            rest = (Spread(others, order.at),) if others and limit != 1 else ()
            found.append(First((first, *rest), order.at, FIRST, self.path(meta)))
        return found

    def path(self, meta: Meta) -> str:
        """Name a resource as zone files do; a map that stands for itself has no name."""
        return "" if self.bare else f"{meta.plugin}!{meta.name}"

    def _node(self, resource: Resource, orders: Orders, above: Faults, path: str, center: str, at: Line) -> Node:
        if isinstance(resource, Nowhere):
            return self._use(path, at, above, (resource.at, (), (), resource.kind or center))
        if isinstance(resource, Answers):
            return self._answers(resource, above, path, center, at)
        there = walked(resource, orders)
        if not there:
            return self._use(f"{path} ({NO_ANSWER})", at, above, (resource.at, (), (), NO_ANSWER))
        return self._along(resource, there, orders, above, path)

    def _along(self, meta: Meta, there: list[tuple[Line, Center]], orders: Orders, above: Faults, path: str) -> Node:
        children = tuple(self._center(meta, each, orders, above, path, line) for line, each in there)
        return First(children, there[0][0], FIRST, path)

    def _center(self, meta: Meta, center: Center, orders: Orders, above: Faults, path: str, at: Line) -> Node:
        known = self.simple.get((id(center), above, path))
        if known is not None:
            return Use(known.pool, at, known.blind)
        below = above | frozenset(self._faults(meta, center))
        target, inner = reached(self.found, meta, center, path, self.bare)
        node = self._node(target, orders, below, inner, center.name, at)
        if center.forced == DOWN:
            return _never(node, at)
        if center.forced == UP:
            return self._forced(target, node, orders, (below, below), inner, center.name, at)
        if isinstance(node, Use) and not isinstance(target, Meta):
            self.simple[id(center), above, path] = node
        return node

    def _faults(self, meta: Meta, center: Center) -> tuple[str, ...]:
        if self.bare and not center.forced:
            fault = f"dc:{center.name}"
            self.made.faults.setdefault(fault, Fault(fault, f"data centre {center.name} is down", center.at))
            return (fault,)
        found = center_faults(meta, center, self.held)
        for fault in found:
            plugin, name, _ = fault.split("/", 2)
            of = f"map {name}" if (meta.map, plugin) == (name, "geoip") else f"{plugin}!{name}"
            self.made.faults.setdefault(fault, Fault(fault, f"data centre {center.name} of {of} is down", center.at))
        return found

    def _use(self, path: str, at: Line, faults: Faults, end: tuple[Line, tuple[str, ...], tuple[str, ...], str]) -> Use:
        if path not in self.made.pools:
            if len(self.made.pools) >= POOLS:
                raise OverflowError
            self.made.pools[path] = Pool(path, path, faults)
            self.made.ends[path] = end
        return Use(path, at, blind=not faults)

    def _answers(self, given: Answers, above: Faults, path: str, center: str, at: Line) -> Node:
        members = given.members
        if given.whole:
            faults = above.union(*(member.watched for member in members))
            node: Node = self._use(path, at, faults, _end(at, members, center))
            return _never(node, at) if any(member.dead for member in members) else node
        nodes = tuple(self._family(family, above, path, center, at) for family in given.families)
        return nodes[0] if len(nodes) == 1 else Spread(nodes, at, (), Fraction(len(nodes)), ALL, path)

    def _family(self, family: Group | Pair, above: Faults, path: str, center: str, at: Line) -> Node:
        uses = []
        for member in family.members:
            faults = above | member.watched
            line = at if center else member.at
            node: Node = self._use(f"{path} {member.name}", line, faults, _end(member.at, [member], center))
            uses.append(_never(node, line) if member.dead else node)
        if isinstance(family, Pair):
            return First(tuple(uses), at, FIRST, path)
        if len(uses) == 1:
            return uses[0]
        weights = tuple(member.weight for member in family.members)
        found = Spread(tuple(uses), at, weights, family.need, ALL, path)
        if not family.blind:
            return found
        shown = [Use(f"{path} {each.name}", at if center else each.at, blind=True) for each in family.members]
        return Spread((found, Spread(tuple(shown), at)), at, (), Fraction(2), ALL, path)

    def _forced(
        self,
        target: Resource,
        node: Node,
        orders: Orders,
        faults: tuple[Faults, Faults],
        path: str,
        center: str,
        at: Line,
    ) -> Node:
        """Make what answers like a node that is down, while nothing above it is: neither of the first `faults`.

        The second are those that the node itself has, which may lie below others.
        """
        above, below = faults
        if isinstance(target, Nowhere):
            return node
        if isinstance(target, Meta):
            there = walked(target, orders)
            if not there:
                return node
            line, first = there[0]
            inner, called = reached(self.found, target, first, path, self.bare)
            own = below | frozenset(self._faults(target, first))
            plain = self._node(inner, orders, own, called, first.name, line)
            if isinstance(inner, Nowhere) or (isinstance(inner, Meta) and not walked(inner, orders)):
                kind = inner.kind or first.name if isinstance(inner, Nowhere) else NO_ANSWER
                called += "" if isinstance(inner, Nowhere) else f" ({NO_ANSWER})"
                last: Node = self._use(f"{called}{FORCED}", line, above, (inner.at, (), (), kind))
            else:
                last = self._forced(inner, plain, orders, (above, own), called, first.name, line)
            return First((node, last), at, LAST, path)
        if target.whole:
            members = target.members
            last = self._use(f"{path}{FORCED}", at, above, _end(at, members, center))
            return First((node, last), at, LAST, path)
        several = len(target.families) > 1
        found: list[Node] = []
        for number, family in enumerate(target.families):
            members = list(family.members[:1] if isinstance(family, Pair) else family.members)
            called = f"{path}{FORCED}" + (f" {number + 1}" if several else "")
            last = self._use(called, at, above, _end(at, members, center))
            usual = self._family(family, below, path, center, at) if several else node
            found.append(First((usual, last), at, LAST, path))
        return found[0] if not several else Spread(tuple(found), at, (), Fraction(len(found)), ALL, path)


def _never(node: Node, at: Line) -> Node:
    """Make a node that is never up, and answers as the given one does when it is asked all the same."""
    return Spread((node,), at, (1,), Fraction(2), ALL)


def _end(at: Line, members: list[Member], center: str) -> tuple[Line, tuple[str, ...], tuple[str, ...], str]:
    addresses = tuple(dict.fromkeys(member.address for member in members if member.address))
    return at, addresses, tuple(dict.fromkeys(member.host for member in members if member.host)), center


def sites(made: Made) -> dict[str, Site]:
    """Name the places of all pools, and tell the pools: by data centre where that is one set of ends, else by pool."""
    ends: dict[str, set[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for _, addresses, hosts, center in made.ends.values():
        ends.setdefault(center, set()).add((addresses, hosts))
    found: dict[str, Site] = {}
    for name, (at, addresses, hosts, center) in made.ends.items():
        called = center if center and len(ends[center]) == 1 else name
        also = (center,) if center and center != called else ()
        site = Site(called, at, addresses, hosts=hosts, also=also)
        if called in found and (found[called].addresses, found[called].hosts) != (addresses, hosts):
            called = f"{name} ({len(found)})"
            site = Site(called, at, addresses, hosts=hosts, also=(center,) if center else ())
        found.setdefault(called, site)
        made.pools[name] = Pool(name, called, made.pools[name].faults)
    return found
