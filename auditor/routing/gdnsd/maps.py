"""The maps of the plugin geoip: which clients are served by which list of data centres.

gdnsd looks a client up in `nets`, else in its location database, and there goes from the continent to the country, to
subdivisions and cities, as deep as the map knows the way; each level has its own `default`, or that of the level above
(gdnsd-plugin-geoip(8); libgdmaps/dcmap.c).  Keys match whatever their case, and the first of two that differ by case
alone.  Whoever is in no database gets the default of the map, or all `datacenters` in their order.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from auditor.model import countries
from auditor.model.documents import nearest
from auditor.model.reserved import instead
from auditor.routing import continents
from auditor.routing.gdnsd import networks, parts
from auditor.routing.gdnsd.networks import Net
from auditor.routing.gdnsd.values import boolean, hash_of, name_of, names, unknown, whole
from auditor.routing.gdnsd.vscf import Hash, Text, Value, leads_out
from auditor.routing.model import UNCLASSIFIED, File, Line, Remark, Unread
from auditor.routing.store import Store

AUTO: Final = "auto"
MOST: Final = 254
"""Data centres of a map that gdnsd takes."""
KEYS: Final = {
    "datacenters", "map", "nets", "geoip2_db", "geoip_db", "geoip_db_v4_overlay", "city_no_region", "ignore_ecs",
    "auto_dc_coords", "auto_dc_limit",
}  # fmt: skip
LEGACY: Final = {"AP", "EU", "A1", "A2", "O1", "--"}
"""Countries of GeoIP Legacy that are none: regions, anonymous proxies, satellites, others, unknown."""
RESOLVER: Final = "the resolver, if it sends no subnet of its client"
ONLY_RESOLVER: Final = "the resolver"


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A list of data centres where it stands; its identity is what clients share."""

    at: Line
    names: tuple[Text, ...]
    near: bool = False  # `auto`: the nearest of them come first, and which are nearest is not known


@dataclass(frozen=True, slots=True)
class Served:
    """A class of clients and its list."""

    name: str
    at: Line  # what matches them
    order: Order
    countries: str = countries.ANYWHERE
    networks: tuple[str, ...] = ()


@dataclass(slots=True)
class Map:
    """A map, read."""

    name: str
    at: Line
    centers: dict[str, Text]  # data centre -> where it is named first
    classes: list[Served] = field(default_factory=list)  # several of one name: any of them may hold
    nets: list[Net] = field(default_factory=list)  # sorted
    net_orders: dict[int, Order] = field(default_factory=dict)  # by number in `nets`
    limit: int = 0  # of lists that are made by distance; 0: none
    via: str = RESOLVER
    unread: list[Unread] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


def read(key: Text, value: Value, root: str, store: Store) -> Map:
    """Read a map.  Raise InputError for what gdnsd refuses."""
    return _Reader(key, hash_of(value, f"map `{key.text}`"), root, store).read()


class _Reader:
    def __init__(self, key: Text, given: Hash, root: str, store: Store) -> None:
        self.given, self.root, self.store = given, root, store
        if "datacenters" not in given.values:
            raise key.error(f"map `{key.text}` has no `datacenters`; name all data centres that it uses")
        listed = names(given.values["datacenters"], "`datacenters`")
        centers: dict[str, Text] = {}
        name_of(key, "a map")
        for each in listed:
            name_of(each, "a data centre")
            if each.text == AUTO:
                raise each.error("`auto` can't be the name of a data centre")
            if each.text in centers:
                raise each.error(f"data centre `{each.text}` stands twice; keep one")
            centers[each.text] = each
        if not listed:
            raise given.values["datacenters"].error("`datacenters` has to name a data centre at least")
        self.map = Map(key.text, key.at, centers)
        self.all = Order(given.keys["datacenters"].at, tuple(listed))
        self.provider = "geoip1" if "geoip_db" in given.values else "geonames"
        self.strangers: Order | None = None  # of whom GeoIP Legacy knows no continent
        self.placed: set[str] = set()  # countries that the map itself places

    def read(self) -> Map:
        """Read all of it."""
        given, found = self.given, self.map
        for name in given.values:
            if name not in KEYS:
                raise unknown(given.keys[name], "key of a map", name, sorted(KEYS))
        for name in ("city_no_region", "ignore_ecs"):
            if name in given.values and boolean(given.values[name], f"`{name}`") and name == "ignore_ecs":
                found.via = ONLY_RESOLVER
        if len(found.centers) > MOST:
            said = f"{len(found.centers)} data centres; gdnsd 3 takes {MOST} of one map"
            found.remarks.append(Remark(self.all.at, said))
        self.near = self._near()
        fallback = self.near or self.all
        found.classes += self._places(fallback)
        self._nets()
        return found

    def _near(self) -> Order | None:
        """Return the data centres that are put in order by distance, if they are."""
        if "auto_dc_coords" not in self.given.values:
            return None
        coords = hash_of(self.given.values["auto_dc_coords"], "`auto_dc_coords`")
        for name in coords.values:
            if name not in self.map.centers:
                raise unknown(coords.keys[name], "data centre", name, list(self.map.centers))
        limit = self.given.values.get("auto_dc_limit")
        asked = whole(limit, "`auto_dc_limit`", 0, 1 << 30) if limit is not None else 3
        self.map.limit = min(asked or len(coords.values), len(coords.values))
        listed = tuple(each for name, each in self.map.centers.items() if name in coords.values)
        return Order(self.given.keys["auto_dc_coords"].at, listed, near=True)

    def _order(self, value: Value, auto: bool = True) -> Order:
        """Read a list of data centres."""
        listed = names(value, "the data centres of a list")
        if self.near and auto and len(listed) == 1 and listed[0].text == AUTO:
            return Order(listed[0].at, self.near.names, near=True)
        for each in listed:
            if each.text not in self.map.centers:
                raise unknown(each, f"data centre of map `{self.map.name}`", each.text, list(self.map.centers))
        return Order(value.at, tuple(listed))

    def _places(self, fallback: Order) -> Iterator[Served]:
        if "map" not in self.given.values:
            yield from self._rest(fallback, set())
            yield from self._nobody(fallback)
            return
        top = hash_of(self.given.values["map"], "`map`")
        default = self._default(top, fallback)
        countries_first = "skip_level" in top.values and boolean(top.values["skip_level"], "`skip_level`")
        seen: dict[str, str] = {}
        for key in self._keys(top):
            code = key.text.upper()
            if countries_first:
                yield from self._country(key, top.values[key.text], "", default)
            elif code in continents.codes(self.provider):
                seen[code] = key.text
                yield from self._continent(key, top.values[key.text], code, default)
            elif code == "--" and self.provider == "geoip1":
                yield from self._strangers(key, top.values[key.text], default)
            else:
                self._no_continent(key)
        yield from self._rest(default, set() if countries_first else set(seen))
        yield from self._nobody(self.strangers or default)

    def _keys(self, level: Hash) -> Iterator[Text]:
        """Yield the keys of a level that are places; of those that differ by case alone only the first matches."""
        seen: dict[str, Text] = {}
        for name, key in level.keys.items():
            if name == "default" or (name == "skip_level" and isinstance(level.values[name], Text)):
                continue
            if name.lower() in seen:
                said = f"`{name}` never matches: `{seen[name.lower()].text}` is the same to gdnsd and stands before it"
                self.map.remarks.append(Remark(key.at, said))
                continue
            seen[name.lower()] = key
            yield key

    def _default(self, level: Hash, above: Order) -> Order:
        return self._order(level.values["default"]) if "default" in level.values else above

    def _no_continent(self, key: Text) -> None:
        known = list(continents.codes(self.provider))
        near = nearest(key.text.upper()[:50], known)
        why = f"no continent has this code, so it serves nobody; {near or 'write one of ' + ', '.join(known)}"
        self.map.unread.append(Unread(key.at, key.text, why))

    def _continent(self, key: Text, value: Value, code: str, above: Order) -> Iterator[Served]:
        if not isinstance(value, Hash):
            order = self._order(value)
            yield from self._remaining(code, set(), order, key.at)
            return
        if "skip_level" in value.values and boolean(value.values["skip_level"], "`skip_level`"):
            why = "a continent that skips its countries can't be told by country; write the countries"
            self.map.unread.append(Unread(value.keys["skip_level"].at, "skip_level", why))
        default = self._default(value, above)
        told: set[str] = set()
        for inner in self._keys(value):
            country = inner.text.upper()
            yield from self._country(inner, value.values[inner.text], code, default)
            told.add(country)
        at = value.keys["default"].at if "default" in value.values else default.at
        yield from self._remaining(code, told, default, at)

    def _country(self, key: Text, value: Value, continent: str, above: Order) -> Iterator[Served]:
        code = key.text.upper()
        if not countries.known(code):
            self._no_country(key, code)
            return
        where = continents.either(self.provider, code)
        if continent and continent not in where:
            home = f"on {where[0]}" if where else "on none"
            said = f"`{key.text}` never matches on {continent}: the location database puts {code} {home}"
            self.map.remarks.append(Remark(key.at, said))
            return
        self.placed.add(code)
        home = where[0] if where else ""  # editions that disagree make two classes of one name
        name = f"{self.map.name} {home}/{code}" if home else f"{self.map.name} {code}"
        yield from self._level(name, key, value, above, code)

    def _no_country(self, key: Text, code: str) -> None:
        if code in LEGACY and self.provider == "geonames":
            said = f"`{key.text}` is a code of GeoIP Legacy and no country; GeoIP2 has it not, so it serves nobody"
            self.map.remarks.append(Remark(key.at, said))
        elif code in LEGACY:
            why = "whom GeoIP Legacy files under this code can't be told by country; write the countries"
            self.map.unread.append(Unread(key.at, key.text, why))
        else:
            why = f"no country has this code; {instead(code)}" if len(code) == 2 else "this is no country code"
            self.map.unread.append(Unread(key.at, key.text, why))

    def _level(self, name: str, key: Text, value: Value, above: Order, code: str) -> Iterator[Served]:
        """Yield the classes of a country and all below it."""
        stack = [(name, key, value, above)]
        while stack:
            called, at, given, outer = stack.pop()
            if not isinstance(given, Hash):
                yield Served(called, at.at, self._order(given), code)
                continue
            default = self._default(given, outer)
            yield Served(called, default.at, default, code)
            inner = [(f"{called}/{each.text}", each, given.values[each.text], default) for each in self._keys(given)]
            stack.extend(reversed(inner))

    def _strangers(self, key: Text, value: Value, above: Order) -> Iterator[Served]:
        """Yield those of whom GeoIP Legacy knows no continent."""
        self.strangers = self._default(value, above) if isinstance(value, Hash) else self._order(value)
        if isinstance(value, Hash):
            for inner in self._keys(value):
                yield Served(f"{self.map.name} --/{inner.text}", inner.at, self._order(value.values[inner.text]))

    def _remaining(self, code: str, told: set[str], order: Order, at: Line) -> Iterator[Served]:
        """Yield the countries of a continent for whom its default is."""
        for country in countries.CODES:
            where = continents.either(self.provider, country)
            if code in where and country not in told:
                yield Served(f"{self.map.name} {where[0]}/{country}", at, order, country)

    def _rest(self, default: Order, seen: set[str]) -> Iterator[Served]:
        """Yield the countries of all continents that the map does not name."""
        for country in countries.CODES:
            where = continents.either(self.provider, country)
            if country in self.placed and not seen & set(where):
                continue  # the map begins with countries
            for code in where or ("",):
                if code not in seen:
                    name = f"{self.map.name} {where[0]}/{country}" if code else f"{self.map.name} {country}"
                    yield Served(name, default.at, default, country)

    def _nobody(self, default: Order) -> Iterator[Served]:
        order = self.all if default.near else default
        yield Served(f"{self.map.name} {UNCLASSIFIED}", order.at, order)

    def _nets(self) -> None:
        given = self.given.values.get("nets")
        if given is None:
            return
        if isinstance(given, Text):
            found = self._table(given)
            if found is None:
                return
        else:
            found = hash_of(given, "`nets`, if it names no file,")
        listed = networks.sorted_nets([networks.net(found.keys[name], value) for name, value in found.values.items()])
        self.map.nets = listed
        self.map.net_orders = {number: self._order(each.value, auto=False) for number, each in enumerate(listed)}
        for each in listed:
            if each.cleared:
                said = f"`{each.key.text}` has bits behind its mask, which gdnsd clears"
                self.map.remarks.append(Remark(each.key.at, said))

    def _table(self, given: Text) -> Hash | None:
        """Read the file that holds the networks, which lies in the folder `geoip` beside the configuration."""
        name = posixpath.normpath(posixpath.join(posixpath.dirname(self.root), "geoip", given.text))
        if not given.text:
            raise given.error("`nets` has to name a file, or be a hash")
        file = None if given.text.startswith("/") or leads_out(name, self.root) else self.store.read(name)
        if file is None:
            why = f"the networks are in a file that is not there; put it at {name}, or write them here"
            self.map.unread.append(Unread(given.at, given.text, why))
            return None
        self.map.files.append(file)
        return parts.table(file)


def net_classes(found: Map) -> Iterator[tuple[Net, Order, tuple[str, ...]]]:
    """Yield the networks of a map that hold anybody, each with its list and the addresses that no other has.

    Of two that are equal, which one wins is arbitrary: both are yielded.
    """
    lists = [tuple(name.text for name in found.net_orders[number].names) for number in range(len(found.nets))]
    numbers = {id(each): number for number, each in enumerate(found.nets)}
    unsure: dict[int, set[int]] = {}
    for group in networks.conflicts(found.nets, lists):
        for number in group:
            unsure.setdefault(number, {number}).update(group)
    for each, held in networks.inside(found.nets):
        number = numbers[id(each)]
        left = networks.written(each, held)
        if number in unsure:
            why = "networks of one size, given so or merged, have different lists, of which gdnsd takes any; keep one"
            found.unread.append(Unread(each.key.at, each.key.text, why))
        elif not left:
            said = f"`{each.key.text}` serves nobody: the networks inside it have all of its addresses"
            found.remarks.append(Remark(each.key.at, said))
        if left:
            several = {lists[other]: other for other in sorted(unsure.get(number, {number}), reverse=True)}
            for other in sorted(several.values()):
                yield each, found.net_orders[other], left
