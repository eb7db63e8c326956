"""The resources of gdnsd's resolver plugins: what each answers, and what each looks at.

geoip and metafo go along lists of data centres; each data centre is a resource of another plugin, made on the spot or
named (`%plugin!resource`), or a host name (src/plugins/meta_core.inc).  multifo and weighted answer with all that is up
while enough is, simplefo with the first of two, static always, reflect with the asker's own address, null with nowhere.
What is not said is inherited: from the plugin by its resources, and from those by what is made for their data centres.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.gdnsd.monitors import Monitors
from auditor.routing.gdnsd.parts import PLUGINS, Parts
from auditor.routing.gdnsd.shapes import Answers, Center, Group, Key, Member, Meta, Nowhere, Resource
from auditor.routing.gdnsd.simple import OPTIONS, Simple, services
from auditor.routing.gdnsd.values import address, boolean, hash_of, host, items, name_of, names, text, unknown
from auditor.routing.gdnsd.vscf import Hash, Text, Value
from auditor.routing.model import Unread

REFLECTED: Final = ("dns", "edns", "best", "both")


class Resources:
    """All resources, those that are made on the spot too."""

    def __init__(self, parts: Parts, maps: dict[str, dict[str, Text]], monitors: Monitors) -> None:
        self.parts, self.maps, self.monitors = parts, maps, monitors
        self.found: dict[Key, Resource] = {}
        self.simple = Simple(monitors)
        self.unread: list[Unread] = []
        self.made: set[Key] = set()  # on the spot
        self._plugins = {name: (dict(given.values), dict(given.keys)) for name, given in parts.plugins.items()}
        self._metafo = {name: each for (plugin, name), each in parts.resources.items() if plugin == "metafo"}
        for (plugin, name), (key, value) in parts.resources.items():
            if plugin == "geoip":
                self._meta("geoip", name, key, value)
        for name, (key, value) in list(self._metafo.items()):
            self._meta("metafo", name, key, value)
        for plugin in OPTIONS:
            self._simple(plugin)
        self._resolve()

    def _meta(self, plugin: str, name: str, key: Text, value: Value) -> None:
        name_of(key, "a resource")
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
            for center in order:
                name_of(center, "a data centre")
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
                watching = services(passed.values.get("service_types"))
                watched = tuple(self.monitors.watch(each, value.text, value.at, True) for each in watching)
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
        shared = OPTIONS[plugin]
        top = {name: value for name, value in table.items() if name in shared}
        for name, value in table.items():
            if name in shared:
                continue
            key = keys[name]
            if (plugin, name) not in self.made:
                name_of(key, "a resource")
            if isinstance(value, Hash):
                value = _inherit(
                    value, Hash(value.source, value.offset, top, {each: keys[each] for each in top}), set()
                )
            self.found[plugin, name] = getattr(self.simple, plugin)(key, value, top)

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
        return Nowhere(center.at, "")


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


def references(resource: Resource) -> Iterator[Key]:
    """Yield the resources that one refers to."""
    if isinstance(resource, Meta):
        for center in resource.centers.values():
            if isinstance(center.target, tuple):
                yield center.target
