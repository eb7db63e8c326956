"""gdnsd's configuration becomes classes of clients and graphs."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice, product
from typing import Final

from auditor.model import countries
from auditor.model.errors import InputError
from auditor.routing.gdnsd import maps, networks
from auditor.routing.gdnsd.maps import Map, Order, Served
from auditor.routing.gdnsd.monitors import Monitors
from auditor.routing.gdnsd.nodes import DEEPEST, POOLS, Made, Nodes, Orders, sites
from auditor.routing.gdnsd.parts import Parts, gather
from auditor.routing.gdnsd.replay import Asked, Replay
from auditor.routing.gdnsd.resources import Resources, references
from auditor.routing.gdnsd.shapes import Answers, Center, Group, Key, Member, Meta
from auditor.routing.model import UNCLASSIFIED, Client, File, Line, Node, Remark, Routing, Unread
from auditor.routing.store import Store

FORMAT: Final = "gdnsd"
MIXED: Final = 200
"""Combinations of lists of several maps that one class of clients may have."""
CLIENTS: Final = 1_000_000
ENTRIES: Final = 100_000
"""Entries of lists that have graphs of their own, with their own lines; lists beyond share those that read alike."""


def read(files: Sequence[File], store: Store) -> list[Routing]:
    """Read files of gdnsd together.  Raise InputError, with file and line, for what gdnsd would refuse."""
    return [_Reader(parts, included, store).routing() for parts, included in gather(files, store)]


class _Reader:
    """One configuration."""

    def __init__(self, parts: Parts, files: tuple[File, ...], store: Store) -> None:
        self.parts = parts
        self.maps = {name: maps.read(key, value, parts.root, store) for name, (key, value) in parts.maps.items()}
        extra = [file for found in self.maps.values() for file in found.files]
        self.files = tuple({file.name: file for file in (*files, *extra)}.values())
        self.monitors = Monitors(parts)
        resources = Resources(parts, {name: found.centers for name, found in self.maps.items()}, self.monitors)
        self.found = resources.found
        self.bare = not self.found and not parts.whole
        if self.bare:
            self.found = {("geoip", name): _alone(found, self.monitors) for name, found in self.maps.items()}
        self.unread = [*resources.unread, *self.monitors.unread]
        self.remarks: list[Remark] = []
        self.made = Made()
        self._circles()
        self.nodes = Nodes(self.found, self.made, self.bare)
        self.replay = Replay(self.found, self.nodes.held, self.bare)
        self.roots: dict[tuple[Key, tuple[tuple[str, int], ...]], Node | None] = {}
        self.nearest: dict[tuple[Key, int], list[Node]] = {}
        self.by_distance: dict[Line, dict[str, None]] = {}  # lists that are made by distance -> whom they serve
        self.entries = 0  # of lists of which graphs were made
        self.alike: dict[tuple[str, tuple[str, ...]], Order] = {}
        self.kept: list[Orders] = []  # so that identities of lists stay theirs
        self.nets = {name: list(maps.net_classes(found)) for name, found in self.maps.items()}

    def routing(self) -> Routing:
        """Put it together."""
        clients = []
        for key in self._asked():
            for client in self._clients(key):
                clients.append(client)
                if len(clients) > CLIENTS:
                    raise InputError(
                        self.parts.root, f"more than {CLIENTS:,} classes of clients; give fewer resources at a time"
                    )
        why = "which data centres are nearest is in no configuration; write a list where it matters"
        for at, names in self.by_distance.items():
            self.unread.append(Unread(at, "auto_dc_coords", why, tuple(names)))
        for found in self.maps.values():
            self.unread += found.unread
            self.remarks += found.remarks
        for center in [
            each for meta in self.found.values() if isinstance(meta, Meta) for each in meta.centers.values()
        ]:
            if center.forced:
                self.remarks.append(Remark(center.at, f"admin_state forces {center.name} {center.forced}"))
        self.remarks += self.monitors.remarks()
        named = sites(self.made)
        used = {fault for pool in self.made.pools.values() for fault in pool.faults}
        faults = {name: fault for name, fault in {**self.made.faults, **self.monitors.faults}.items() if name in used}
        return Routing(
            FORMAT, self.files, clients, self.made.pools, named, faults, self.replay,
            tuple(dict.fromkeys(self.unread)), tuple(dict.fromkeys(self.remarks)),
        )  # fmt: skip

    def _circles(self) -> None:
        """Refuse resources that lead back to themselves, and more of them in each other than anybody means."""
        depth: dict[Key, int] = {}
        for start in self.found:
            stack: list[tuple[Key, Iterator[Key]]] = (
                [(start, references(self.found[start]))] if start not in depth else []
            )
            on = {start}
            while stack:
                key, left = stack[-1]
                inner = next(left, None)
                if inner is None:
                    stack.pop()
                    on.discard(key)
                    depth[key] = 1 + max((depth[each] for each in references(self.found[key])), default=0)
                    if depth[key] > DEEPEST:
                        raise self._said(key, f"more than {DEEPEST} resources lie in each other; make them fewer")
                elif inner in on:
                    raise self._said(
                        key, f"leads back to itself by way of `{'!'.join(inner)}`, and gdnsd would end; take it out"
                    )
                elif inner not in depth:
                    if len(stack) > 10 * DEEPEST:
                        raise self._said(key, f"more than {DEEPEST} resources lie in each other; make them fewer")
                    stack.append((inner, references(self.found[inner])))
                    on.add(inner)

    def _said(self, key: Key, said: str) -> InputError:
        at = self.found[key].at
        return InputError(at.file, f"resource `{'!'.join(key)}` {said}", at.line)

    def _asked(self) -> list[Key]:
        """List the resources that zone files name: those that go along lists, and others that none of these holds."""
        inside = {inner for resource in self.found.values() for inner in references(resource)}
        return [
            key
            for key, each in self.found.items()
            if (key not in inside) or (isinstance(each, Meta) and not self._made(key))
        ]

    def _made(self, key: Key) -> bool:
        return key[0] == "metafo" and key[1].startswith("geoip_") and ("metafo", key[1]) not in self.parts.resources

    def _below(self, key: Key) -> list[str]:
        """List the maps on which the answer of a resource depends, its own first."""
        found: dict[str, None] = {}
        stack = [key]
        seen: set[Key] = set()
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            resource = self.found[at]
            if isinstance(resource, Meta) and resource.map:
                found[resource.map] = None
            stack.extend(references(resource))
        return list(found)

    def _clients(self, key: Key) -> Iterator[Client]:
        resource = self.found[key]
        called = key[1] if self.bare else "!".join(key)
        below = self._below(key)
        if isinstance(resource, Meta) and resource.near:
            order = Order(resource.at, resource.order, near=True)
            served = Served(f"? {UNCLASSIFIED}", resource.at, order)
            yield from self._near(key, called, served, order, 3, {}, "")
        elif not below:
            yield from self._everybody(key, called, resource.at)
        elif len(below) == 1:
            found = self.maps[below[0]]
            for each in (*found.classes, *self._net_classes(found)):
                yield from self._class(key, called, each, {found.name: each.order}, found)
        else:
            yield from self._several(key, called, [self.maps[name] for name in below])

    def _net_classes(self, found: Map) -> Iterator[Served]:
        for net, order, left in self.nets[found.name]:
            yield Served(f"{found.name} {net.key.text}", net.key.at, order, countries.ANYWHERE, left)

    def _everybody(self, key: Key, called: str, at: Line) -> Iterator[Client]:
        """Yield all countries for a resource that treats everybody alike."""
        root = self._root(key, {})
        self._note(f"{called} ", root, Asked(key, {}, at))
        for country in (*countries.CODES, UNCLASSIFIED):
            name = f"{called} {country}"
            self._note(name, root, Asked(key, {}, at))
            yield Client(name, at, root, countries.ANYWHERE if country == UNCLASSIFIED else country)

    def _class(self, key: Key, called: str, served: Served, orders: Orders, found: Map) -> Iterator[Client]:
        own = self.found[key]
        near = [order for order in orders.values() if order.near]
        if near:
            if isinstance(own, Meta) and own.map == found.name and len(orders) == 1:
                yield from self._near(key, called, served, near[0], found.limit, orders, found.via)
                return
            why = "the nearest data centre decides below another resource, which can't be told; name the list"
            self.unread.append(Unread(near[0].at, "auto_dc_coords", why))
            return
        root = self._root(key, orders)
        yield self._client(called, served, root, Asked(key, orders, served.order.at), found.via)

    def _client(self, called: str, served: Served, root: Node | None, asked: Asked, via: str) -> Client:
        name = f"{called} {served.name.partition(' ')[2]}"
        self._note(name, root, asked)
        return Client(name, served.at, root, served.countries, served.networks, via=via)

    def _note(self, name: str, root: Node | None, asked: Asked) -> None:
        self.replay.asked[name, id(root)] = asked

    def _near(
        self, key: Key, called: str, served: Served, order: Order, limit: int, orders: Orders, via: str
    ) -> Iterator[Client]:
        """Yield a class once for each data centre that may be its nearest."""
        if (key, id(order)) not in self.nearest:
            self.kept.append({"": order})
            self.nearest[key, id(order)] = self.nodes.near(key, order, limit, orders)
        meta = self.found[key]
        assert isinstance(meta, Meta)
        first = [each.text for each in order.names if each.text in meta.centers]
        if not meta.near:
            self.by_distance.setdefault(order.at, {})[f"{called} {served.name.partition(' ')[2]}"] = None
        for name, root in zip(first, self.nearest[key, id(order)], strict=True):
            asked = Asked(key, orders, order.at, name, order, limit)
            yield self._client(called, served, root, asked, via)

    def _root(self, key: Key, orders: Orders) -> Node | None:
        """Return the graph of a resource for some lists, made once for each of them."""
        if self.entries > ENTRIES:
            orders = {name: self._alike(name, order) for name, order in orders.items()}
        same = key, tuple((name, id(order)) for name, order in orders.items())
        if same not in self.roots:
            self.kept.append(orders)
            self.entries += sum(len(order.names) for order in orders.values())
            try:
                self.roots[same] = self.nodes.resource(key, orders)
            except OverflowError:
                raise self._said(key, f"has more than {POOLS:,} ways to an answer; make them fewer") from None
        return self.roots[same]

    def _alike(self, name: str, order: Order) -> Order:
        """Return the first list of a map that reads like this one."""
        return self.alike.setdefault((name, tuple(each.text for each in order.names)), order)

    def _several(self, key: Key, called: str, found: list[Map]) -> Iterator[Client]:
        """Yield the classes of a resource of several maps: where one does not say, any of its lists may hold."""
        first = found[0]
        by_country = [self._by_country(each) for each in found]
        for country in (*countries.CODES, UNCLASSIFIED):
            choices = [each.get(country, []) for each in by_country]
            code = countries.ANYWHERE if country == UNCLASSIFIED else country
            yield from self._mixed(
                key, f"{called} {country}", choices, found, Served("", first.at, first.classes[-1].order, code)
            )
        for text, (net, left) in self._all_nets(found).items():
            choices = [self._covering(each, net) for each in found]
            served = Served("", net.key.at, first.classes[-1].order, countries.ANYWHERE, left)
            yield from self._mixed(key, f"{called} {text}", choices, found, served)

    def _mixed(
        self, key: Key, name: str, choices: list[list[Served]], found: list[Map], like: Served
    ) -> Iterator[Client]:
        some = list(islice(product(*choices), MIXED + 1))
        if len(some) > MIXED:
            why = f"more than {MIXED} combinations of lists; give maps with fewer, or the resources one by one"
            self.unread.append(Unread(like.at, name, why, (name,)))
            return
        for picked in some:
            orders = {each.name: served.order for each, served in zip(found, picked, strict=True)}
            at = picked[0].at if not like.networks else like.at
            if any(order.near for order in orders.values()):
                why = "the nearest data centre decides below another resource, which can't be told; name the list"
                self.unread.append(Unread(at, "auto_dc_coords", why))
                continue
            root = self._root(key, orders)
            self._note(name, root, Asked(key, orders, picked[0].order.at))
            yield Client(name, at, root, like.countries, like.networks, via=found[0].via)

    def _by_country(self, found: Map) -> dict[str, list[Served]]:
        table: dict[str, dict[int, Served]] = {}
        for each in found.classes:
            of = UNCLASSIFIED if each.countries == countries.ANYWHERE else each.countries
            table.setdefault(of, {})[id(each.order)] = each
        return {of: list(each.values()) for of, each in table.items()}

    def _all_nets(self, found: list[Map]) -> dict[str, tuple[networks.Net, tuple[str, ...]]]:
        nets = networks.sorted_nets([net for each in found for net in each.nets])
        told = {}
        for net, held in networks.inside(nets):
            left = networks.written(net, held)
            if left:
                told[net.key.text] = net, left
        return told

    def _covering(self, found: Map, net: networks.Net) -> list[Served]:
        """Return the lists of a map for a network: those of the longest prefix around it, else any of its places."""
        around = [
            (each.bits, number) for number, each in enumerate(found.nets)
            if each.first <= net.first and each.last >= net.last
        ]  # fmt: skip
        if not around:
            return list({id(each.order): each for each in found.classes}.values())
        most = max(bits for bits, _ in around)
        return [
            Served("", found.nets[number].key.at, found.net_orders[number]) for bits, number in around if bits == most
        ]


def _alone(found: Map, monitors: Monitors) -> Meta:
    """Make a map stand for itself: each data centre is an end of its own name."""
    centers = {}
    for name, text in found.centers.items():
        member = Member(text.at, "", "", ())
        forced = monitors.forced(f"geoip/{found.name}/{name}")
        centers[name] = Center(name, text.at, Answers(text.at, (Group(text.at, (member,), Fraction(1)),)), forced)
    return Meta("geoip", found.name, found.at, found.name, (), centers, skip=False)
