"""The resources of gdnsd's resolver plugins: what each answers, and what each looks at.

geoip and metafo go along lists of data centres; each data centre is a resource of another plugin, made on the spot or
named (`%plugin!resource`), or a host name (src/plugins/meta_core.inc).  multifo and weighted answer with all that is up
while enough is, simplefo with the first of two, static always, reflect with the asker's own address, null with nowhere.
What is not said is inherited: from the plugin by its resources, and from those by what is made for their data centres.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.gdnsd.monitors import Monitor, Monitors
from auditor.routing.gdnsd.parts import PLUGINS, Parts
from auditor.routing.gdnsd.values import (
    Address, address, boolean, enough, hash_of, host, items, names, share, text, unknown, whole, written,
)  # fmt: skip
from auditor.routing.gdnsd.vscf import Array, Hash, Text, Value
from auditor.routing.model import Line, Unread

HEAVIEST: Final = 1_048_575
REFLECTED: Final = ("dns", "edns", "best", "both")
Key = tuple[str, str]
"""Plugin and name of a resource."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An address or a host name."""

    at: Line
    address: str  # RFC 5952; empty: it is a host name
    host: str
    monitors: tuple[Monitor, ...]
    weight: int = 1

    @property
    def name(self) -> str:
        """The address or the host name."""
        return self.address or self.host


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Members of which those that are up answer, while enough are; else all do, and the group is down."""

    at: Line
    members: tuple[Member, ...]
    need: Fraction  # of the sum of weights
    blind: bool = False  # all answer, up or not, while the group is up too (`ignore_health`)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """The first answers while it is up, or if neither is."""

    at: Line
    members: tuple[Member, ...]  # two


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A resource with ends: a family of addresses or two, which answer together; it is up if all of them are."""

    at: Line
    families: tuple[Group | Pair, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Nowhere:
    """A resource that names no end and is always up: `null`, `reflect`, or one that is not known here."""

    at: Line
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Center:
    """A data centre of a resource."""

    name: str
    at: Line
    target: Key | Answers
    forced: str  # `up` or `down` by admin_state; empty: not


@dataclass(frozen=True, slots=True, eq=False)
class Meta:
    """A resource that goes along a list of data centres."""

    plugin: str
    name: str
    at: Line
    map: str  # of geoip; empty: `order` is the list
    order: tuple[Text, ...]
    centers: dict[str, Center]
    skip: bool  # leave the first one out if there is another
    near: bool = False  # its map is not known here: any of `order` may come first


Resource = Answers | Nowhere | Meta


class Resources:
    """All resources, those that are made on the spot too."""

    def __init__(self, parts: Parts, maps: dict[str, dict[str, Text]], monitors: Monitors) -> None:
        self.parts, self.maps, self.monitors = parts, maps, monitors
        self.found: dict[Key, Resource] = {}
        self.unread: list[Unread] = []
        self.made: set[Key] = set()  # on the spot
        self._plugins = {name: (dict(given.values), dict(given.keys)) for name, given in parts.plugins.items()}
        self._metafo = {name: each for (plugin, name), each in parts.resources.items() if plugin == "metafo"}
        for (plugin, name), (key, value) in parts.resources.items():
            if plugin == "geoip":
                self._meta("geoip", name, key, value)
        for name, (key, value) in list(self._metafo.items()):
            self._meta("metafo", name, key, value)
        for plugin in ("multifo", "weighted", "simplefo", "static"):
            self._simple(plugin)
        self._resolve()

    def _meta(self, plugin: str, name: str, key: Text, value: Value) -> None:
        own = self.parts.geoip if plugin == "geoip" else self.parts.metafo
        given = _inherit(hash_of(value, f"resource `{name}`"), own, {"maps", "resources", "undefined_datacenters_ok"})
        mapped, order = "", tuple[Text, ...]()
        if plugin == "geoip":
            asked = self._needed(given, key, "map")
            mapped = text(asked, "`map`").text
            if mapped not in self.maps:
                if self.parts.whole or self.maps:
                    raise unknown(asked, "map", mapped, list(self.maps))
                why = "this map is not in the given files; give the file that has it too"
                self.unread.append(Unread(asked.at, mapped, why))
                inner = hash_of(self._needed(given, key, "dcmap"), "`dcmap`")
                order = tuple(inner.keys.values())
        else:
            order = tuple(names(self._needed(given, key, "datacenters"), "`datacenters`"))
            if not order:
                raise given.values["datacenters"].error("`datacenters` has to name a data centre at least")
        near = bool(mapped) and mapped not in self.maps
        known = list(self.maps[mapped]) if mapped and not near else [each.text for each in order]
        skip = "skip_first" in given.values and boolean(given.values["skip_first"], "`skip_first`")
        centers = hash_of(self._needed(given, key, "dcmap"), "`dcmap`")
        for each in centers.values:
            if each not in known:
                raise unknown(centers.keys[each], f"data centre of `{mapped or name}`", each, known)
        self._complete(plugin, key, centers, known)
        taken = {"dcmap", "skip_first", "map" if plugin == "geoip" else "datacenters"}
        passed = Hash(given.source, given.offset, *_without(given, taken))
        found = {
            each: self._center(plugin, name, mapped, centers.keys[each], centers.values[each], passed)
            for each in centers.values
        }
        self.found[plugin, name] = Meta(plugin, name, key.at, "" if near else mapped, order, found, skip, near)

    def _needed(self, given: Hash, key: Text, name: str) -> Value:
        if name not in given.values:
            raise key.error(f"resource `{key.text}` has no `{name}`, which gdnsd asks for")
        return given.values[name]

    def _complete(self, plugin: str, key: Text, centers: Hash, known: list[str]) -> None:
        own = self.parts.geoip
        loose = plugin == "geoip" and (own is None and not self.parts.whole)
        if plugin == "geoip" and own is not None and "undefined_datacenters_ok" in own.values:
            loose = boolean(own.values["undefined_datacenters_ok"], "`undefined_datacenters_ok`")
        if loose and not centers.values:
            raise centers.error("`dcmap` has to define a data centre at least")
        missing = [each for each in known if each not in centers.values]
        if missing and not loose:
            said = f"`{key.text}` does not say what `{missing[0]}` is; add it to `dcmap`"
            raise centers.error(f"{said}, or set `undefined_datacenters_ok` of geoip" if plugin == "geoip" else said)

    def _center(self, plugin: str, name: str, mapped: str, key: Text, value: Value, passed: Hash) -> Center:
        forced = self.monitors.forced(f"{plugin}/{name}/{key.text}")
        if mapped:
            above = self.monitors.forced(f"geoip/{mapped}/{key.text}")
            forced = forced or above
        return Center(key.text, key.at, self._target(plugin, name, key, value, passed), forced)

    def _target(self, plugin: str, name: str, key: Text, value: Value, passed: Hash) -> Key | Answers:
        if isinstance(value, Text):
            if value.text.startswith("%"):
                wanted, mark, of = value.text[1:].partition("!")
                return self._named(plugin, name, value, wanted, of if mark else "")
            if value.text.startswith("!"):
                return self._named(plugin, name, value, _plugin(passed), value.text[1:])
            if address(value.text) is None:
                services = _services(passed)
                watched = tuple(self.monitors.watch(each, value.text, value.at, True) for each in services)
                member = Member(value.at, "", host(value), watched)
                return Answers(value.at, (Group(value.at, (member,), Fraction(1)),))
        return self._make(plugin, name, key, value, passed)

    def _named(self, plugin: str, name: str, value: Text, wanted: str, of: str) -> Key:
        if (wanted, of) == (plugin, name):
            raise value.error(f"resource `{name}` refers to itself, which gdnsd refuses")
        if wanted not in PLUGINS:
            raise unknown(value, "plugin", wanted, list(PLUGINS))
        return wanted, of

    def _make(self, plugin: str, name: str, key: Text, value: Value, passed: Hash) -> Key:
        """Make the resource of a data centre, as gdnsd does, and return its name."""
        if isinstance(value, Hash):
            given = _inherit(value, passed, set())
            kind = _plugin(given)
        else:
            listed = [text(each, "each address of a data centre") for each in items(value)]
            values: dict[str, Value] = {str(number): each for number, each in enumerate(listed, 1)}
            keys = {str(number): each for number, each in enumerate(listed, 1)}
            bare = Hash(value.source, value.offset, values, keys)
            given, kind = _inherit(bare, passed, {"plugin"}), "multifo"
        if kind == plugin:
            raise key.error(f"{plugin} can't make a resource of {plugin} itself; name one with `%{plugin}!...`")
        if kind not in PLUGINS:
            raise unknown(given.values.get("plugin", key), "plugin", kind, list(PLUGINS))
        own = Hash(given.source, given.offset, *_without(given, {"plugin"}))
        called = f"{plugin}_{name}_{key.text}"
        self.made.add((kind, called))
        if kind == "metafo":
            if called in self._metafo:
                raise key.error(f"metafo has a resource `{called}` already, which would be made here; rename that one")
            self._metafo[called] = key, own
        elif kind == "geoip":
            raise key.error("metafo can't make resources of geoip; name one with `%geoip!...`")
        else:
            table, keys = self._plugins.setdefault(kind, ({}, {}))
            if called in table:
                raise key.error(f"{kind} has a resource `{called}` already, which would be made here; rename that one")
            table[called], keys[called] = own, key
        return kind, called

    def _simple(self, plugin: str) -> None:
        table, keys = self._plugins.get(plugin, ({}, {}))
        shared = {
            "multifo": {"up_thresh", "service_types", "ignore_health"},
            "weighted": {"up_thresh", "service_types", "multi"},
            "simplefo": {"service_types"},
            "static": set[str](),
        }[plugin]
        top = {name: value for name, value in table.items() if name in shared}
        for name, value in table.items():
            if name in shared:
                continue
            key = keys[name]
            if isinstance(value, Hash):
                value = _inherit(value, Hash(value.source, value.offset, top, {each: keys[each] for each in top}), set())
            self.found[plugin, name] = getattr(self, f"_{plugin}")(key, value, top)

    def _multifo(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        if not isinstance(value, Hash):
            return Answers(key.at, (self._group(key, _listed(value), top, None),))
        families = {name: value.values[name] for name in ("addrs_v4", "addrs_v6") if name in value.values}
        options = {name: value.values[name] for name in ("up_thresh", "service_types", "ignore_health") if name in value.values}
        if not families:
            return Answers(key.at, (self._group(key, _plain(value, set(options)), options, None),))
        for name in value.values:
            if name not in families and name not in options:
                raise unknown(value.keys[name], "key beside `addrs_v4` and `addrs_v6`", name, list(options))
        found = []
        for name, given in families.items():
            own = dict(options)
            if isinstance(given, Hash):
                own |= {each: given.values[each] for each in ("up_thresh", "service_types", "ignore_health") if each in given.values}
            inner = _plain(given, set(own)) if isinstance(given, Hash) else _listed(given)
            found.append(self._group(value.keys[name], inner, own, 6 if name == "addrs_v6" else 4))
        return Answers(key.at, tuple(found))

    def _group(self, key: Text, given: list[tuple[Text, Value]], options: dict[str, Value], version: int | None) -> Group:
        members = []
        if not given:
            raise key.error(f"`{key.text}` names no address")
        for label, value in given:
            found = self._address(label, value, version)
            version = found.version
            members.append(self._member(value, found, _services_of(options.get("service_types"))))
        part = share(options["up_thresh"], "`up_thresh`") if "up_thresh" in options else 0.5
        blind = "ignore_health" in options and boolean(options["ignore_health"], "`ignore_health`")
        return Group(key.at, tuple(members), enough(len(members), part), blind)

    def _address(self, label: Text, value: Value, version: int | None) -> Address:
        given = text(value, f"`{label.text}`").text
        found = address(given)
        if found is None:
            raise value.error(f"`{given}` ({label.text}) is no address")
        if version not in (None, found.version):
            raise value.error(f"`{given}` is IPv{found.version} among addresses of IPv{version}; put it in a family of its own")
        return found

    def _member(self, value: Value, found: Address, services: list[Text | None], weight: int = 1) -> Member:
        name = written(found)
        watched = tuple(self.monitors.watch(each, str(found), value.at, False) for each in services)
        return Member(value.at, name, "", watched, weight)

    def _weighted(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        given = hash_of(value, f"resource `{key.text}` of weighted")
        if "cnames" in given.values:
            raise given.keys["cnames"].error("gdnsd 3 has no `cnames` here; put its content one level up")
        params = ("service_types", "multi", "up_thresh")
        options = {name: given.values[name] for name in params if name in given.values}
        families = {name: given.values[name] for name in ("addrs_v4", "addrs_v6") if name in given.values}
        if not families:
            return Answers(key.at, (self._weights(key, given, options, None),))
        for name in given.values:
            if name not in families and name not in options:
                said = f"`{name}` stands beside `addrs_v4` or `addrs_v6`; put it into one of them"
                raise given.keys[name].error(said)
        found = []
        for name, each in families.items():
            inner = hash_of(each, f"`{name}`")
            own = options | {param: inner.values[param] for param in params if param in inner.values}
            found.append(self._weights(given.keys[name], inner, own, 6 if name == "addrs_v6" else 4))
        return Answers(key.at, tuple(found))

    def _weights(self, key: Text, given: Hash, options: dict[str, Value], version: int | None) -> Group:
        listed = _plain(given, {"service_types", "multi", "up_thresh"})
        if not listed:
            raise key.error(f"`{key.text}` of weighted has no items")
        if "multi" in options:
            boolean(options["multi"], "`multi`")
        services = _services_of(options.get("service_types"))
        members = []
        grouped = isinstance(listed[0][1], Hash)
        for label, value in listed:
            if isinstance(value, Hash) != grouped:
                raise value.error(f"`{label.text}` is a group among single items, or the other way round; make all alike")
            for name, item in _plain(value, set()) if isinstance(value, Hash) else [(label, value)]:
                member = self._weight(name, item, services, version, not grouped and version is None)
                members.append(member)
                version = version or (6 if ":" in member.address else 4 if member.address else 0)
        if not members:
            raise key.error(f"`{key.text}` of weighted has an empty group")
        part = share(options["up_thresh"], "`up_thresh`") if "up_thresh" in options else 0.5
        return Group(key.at, tuple(members), enough(sum(each.weight for each in members), part))

    def _weight(self, label: Text, value: Value, services: list[Text | None], version: int | None, first: bool) -> Member:
        if not isinstance(value, Array) or len(value.items) != 2:
            raise value.error(f"`{label.text}` of weighted has to be `[address, weight]` or `[host name, weight]`")
        end, weight = value.items
        heavy = whole(weight, "a weight", 1, HEAVIEST)
        given = text(end, "an address or host name")
        if version == 0 or (first and address(given.text) is None):
            watched = tuple(self.monitors.watch(each, given.text, end.at, True) for each in services)
            return Member(end.at, "", host(given), watched, heavy)
        return self._member(end, self._address(label, end, version or None), services, heavy)

    def _simplefo(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        given = hash_of(value, f"resource `{key.text}` of simplefo")
        families = {name: given.values[name] for name in ("addrs_v4", "addrs_v6") if name in given.values}
        allowed = {"service_types", *(families or ("primary", "secondary"))}
        for name in given.values:
            if name not in allowed:
                raise unknown(given.keys[name], "key of simplefo", name, sorted(allowed))
        if not families:
            return Answers(key.at, (self._pair(key, given, given, None),))
        found = []
        for name, each in families.items():
            inner = hash_of(each, f"`{name}`")
            for own in inner.values:
                if own not in ("primary", "secondary", "service_types"):
                    raise unknown(inner.keys[own], "key of simplefo", own, ["primary", "secondary", "service_types"])
            found.append(self._pair(given.keys[name], inner, given, 6 if name == "addrs_v6" else 4))
        return Answers(key.at, tuple(found))

    def _pair(self, key: Text, given: Hash, above: Hash, version: int | None) -> Pair:
        services = _services_of(given.values.get("service_types", above.values.get("service_types")))
        members = []
        for name in ("primary", "secondary"):
            if name not in given.values:
                raise key.error(f"`{key.text}` of simplefo has no `{name}`")
            found = self._address(given.keys[name], given.values[name], version)
            version = found.version
            members.append(self._member(given.values[name], found, services))
        return Pair(key.at, tuple(members))

    def _static(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        given = text(value, f"resource `{key.text}` of static")
        found = address(given.text)
        if found is None:
            member = Member(value.at, "", host(given), ())
        else:
            member = Member(value.at, written(found), "", ())
        return Answers(key.at, (Group(key.at, (member,), Fraction(1)),))

    def _resolve(self) -> None:
        """Look up what data centres refer to."""
        for meta in [each for each in self.found.values() if isinstance(each, Meta)]:
            for center in meta.centers.values():
                if isinstance(center.target, tuple) and center.target not in self.found:
                    self.found[center.target] = self._missing(meta, center, center.target)

    def _missing(self, meta: Meta, center: Center, key: Key) -> Nowhere:
        plugin, name = key
        if plugin == "null" or (plugin == "reflect" and (name.lower() in REFLECTED or not name)):
            return Nowhere(center.at, plugin)
        said = f"data centre `{center.name}` of `{meta.name}` is `{plugin}!{name}`"
        if plugin == "reflect":
            raise InputError(center.at.file, f"{said}; reflect has only {', '.join(REFLECTED)}", center.at.line)
        if plugin in ("extfile", "extmon", "tcp_connect", "http_status"):
            raise InputError(center.at.file, f"{said}; that plugin answers nothing, it only watches", center.at.line)
        if self.parts.whole:
            raise InputError(center.at.file, f"{said}, and there is no such resource; add it", center.at.line)
        why = "what this data centre is stands in no given file; give gdnsd's `config` with all that it includes"
        self.unread.append(Unread(center.at, f"{plugin}!{name}", why))
        return Nowhere(center.at, "unknown")


def _inherit(child: Hash, parent: Hash | None, without: set[str]) -> Hash:
    """Add what a hash does not say itself and another does."""
    if parent is None:
        return child
    more = {name: value for name, value in parent.values.items() if name not in child.values and name not in without}
    keys = {name: parent.keys[name] for name in more}
    return Hash(child.source, child.offset, {**child.values, **more}, {**child.keys, **keys})


def _without(given: Hash, names_: set[str]) -> tuple[dict[str, Value], dict[str, Text]]:
    values = {name: value for name, value in given.values.items() if name not in names_}
    return values, {name: given.keys[name] for name in values}


def _plugin(given: Hash) -> str:
    return text(given.values["plugin"], "`plugin`").text if "plugin" in given.values else "multifo"


def _plain(given: Hash, options: set[str]) -> list[tuple[Text, Value]]:
    return [(given.keys[name], value) for name, value in given.values.items() if name not in options]


def _listed(value: Value) -> list[tuple[Text, Value]]:
    return [(text(each, "each address"), each) for each in items(value)]


def _services(given: Hash) -> list[Text | None]:
    return _services_of(given.values.get("service_types"))


def _services_of(given: Value | None) -> list[Text | None]:
    """Return service types; None stands for the one that is there without being named."""
    return [None] if given is None else [*names(given, "`service_types`")]


def references(resource: Resource) -> Iterator[Key]:
    """Yield the resources that one refers to."""
    if isinstance(resource, Meta):
        for center in resource.centers.values():
            if isinstance(center.target, tuple):
                yield center.target
