"""What a file of gdnsd is, by its content, and all files put together.

A whole configuration has `options`, `service_types` and `plugins`.  Often those are files of their own, merged by
includes: the maps of the plugin geoip, resources of geoip or metafo, service types, networks; and beside them lies
`admin_state`, by which operators force states.  Any of them may be given alone or with others.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from auditor.model.errors import InputError
from auditor.routing.gdnsd import vscf
from auditor.routing.gdnsd.values import hash_of
from auditor.routing.gdnsd.vscf import Array, Budget, Hash, Text, Value
from auditor.routing.model import File
from auditor.routing.store import Kept, Store

PLUGINS: Final = (
    "geoip", "metafo", "multifo", "weighted", "simplefo", "static", "null", "reflect",
    "extfile", "extmon", "tcp_connect", "http_status",
)  # fmt: skip
WHOLE: Final = frozenset(("options", "service_types", "plugins"))
_SPACE: Final = re.compile(rb"(?:[ \t\r\n]|[;#][^\n]*(?:\n|\Z))*+")
_BEGIN: Final = re.compile(
    rb"""\$include\{ | (?:"(?:[^"\\]|\\.){0,200}" | [^\]\[}{;\#\ \t\r\n,"=$]{1,200})[\ \t\r\n]*=>?[\ \t\r\n]*""",
    re.VERBOSE,
)
_OWN: Final = re.compile(rb"\b(?:dcmap|geoip2?_db|metafo|multifo|simplefo)\b")
_COMMON: Final = re.compile(rb"\b(?:datacenters|plugins?|service_types)\b")
"""Words of gdnsd alone, and words of other languages too, in which nobody writes `=>`."""
_NAMES: Final = rb'(?:"[^"\n]{1,600}"|[^\s={}\[\],"]{1,600})'
_FORCED: Final = re.compile(
    _NAMES + rb'[ \t]*=>?[ \t]*"?(?:UP|DOWN)(?:/[0-9]{1,9})?"?,?[ \t]*(?:[#;][^\n]*)?\r?\Z', re.IGNORECASE
)


@dataclass(slots=True)
class Parts:
    """All that was given, by kind."""

    maps: dict[str, tuple[Text, Value]] = field(default_factory=dict)
    geoip: Hash | None = None  # the plugin's own keys, which resources inherit
    metafo: Hash | None = None
    resources: dict[tuple[str, str], tuple[Text, Value]] = field(default_factory=dict)  # of geoip and metafo
    plugins: dict[str, Hash] = field(default_factory=dict)  # all others
    services: dict[str, tuple[Text, Value]] = field(default_factory=dict)
    forced: list[tuple[Text, Value]] = field(default_factory=list)  # admin_state, in its order
    whole: bool = False  # a configuration with its root: what is not in it does not exist
    root: str = ""  # the name of the first file


def sniff(file: File) -> bool:
    """Say whether a file is gdnsd's: assignments with words of its plugins, or states that operators force."""
    data = file.data.removeprefix(b"\xef\xbb\xbf")
    return _assigns(data) or _forces(data)


def _assigns(data: bytes) -> bool:
    start = _SPACE.match(data)
    begun = _BEGIN.match(data, start.end() if start else 0)
    if begun is None:
        return False
    return begun[0] == b"$include{" or (data[begun.end() : begun.end() + 1] == b"{" and _speaks(data))


def _speaks(data: bytes) -> bool:
    return bool(_OWN.search(data)) or (b"=>" in data and bool(_COMMON.search(data)))


def _forces(data: bytes) -> bool:
    """Say whether every line of the first of them forces a state."""
    head = data[: 1 << 16].split(b"\n")[: 1_000 if len(data) <= 1 << 16 else -1]
    lines = [line.strip() for line in head]
    told = [line for line in lines if line and line[:1] not in (b"#", b";")]
    wide = any(b"/" in line.split(b"=")[0] or b"*" in line.split(b"=")[0] for line in told)  # else states of `extfile`
    return wide and all(_FORCED.match(line) for line in told)


def gather(files: Sequence[File], store: Store) -> list[tuple[Parts, tuple[File, ...]]]:
    """Read files and put together what belongs together; each whole configuration is one of its own.

    Raise InputError for what gdnsd refuses, and for what stands twice.
    """
    budget = Budget(store)
    read: dict[str, tuple[Hash, set[str]]] = {}
    for file in files:
        before = set(budget.included)
        tree = vscf.load(file, budget)
        if not isinstance(tree, Hash):
            raise InputError(file.name, "is an array, which no configuration can be; give the file that includes it", 1)
        read[file.name] = tree, {name for name in budget.included if name not in before}
    inside = {name for _, names in read.values() for name in names}
    roots = {name: tree for name, (tree, _) in read.items() if posixpath.normpath(name) not in inside}
    wholes = [name for name, tree in roots.items() if tree.values and set(tree.values) <= WHOLE]
    rest = [name for name in roots if name not in wholes]
    states = [name for name in rest if _forces(budget.sources[name].file.data)] if wholes else []
    found = []
    for group in [*([name, *states] for name in wholes), [name for name in rest if name not in states]]:
        if group:
            parts = Parts(whole=group[0] in wholes, root=group[0])
            for name in group:
                _sort(roots[name], parts, budget.sources[name].file.data)
            found.append((parts, _files(group, read, budget)))
    return found


def _files(group: list[str], read: dict[str, tuple[Hash, set[str]]], budget: Budget) -> tuple[File, ...]:
    names = {name for root in group for name in (root, *read[root][1])}
    return tuple(budget.sources[name].file for name in sorted(names) if name in budget.sources)


def _sort(tree: Hash, parts: Parts, data: bytes) -> None:
    """Add what a file says."""
    if set(tree.values) <= WHOLE:
        if "service_types" in tree.values:
            _services(hash_of(tree.values["service_types"], "`service_types`"), parts)
        if "plugins" in tree.values:
            _plugins(hash_of(tree.values["plugins"], "`plugins`"), parts)
    elif _forces(data):
        parts.forced += [(tree.keys[key], value) for key, value in tree.values.items()]
    elif set(tree.values) <= {*PLUGINS} and all(isinstance(value, Hash) for value in tree.values.values()):
        _plugins(tree, parts)
    elif "maps" in tree.values and isinstance(tree.values["maps"], Hash):
        _geoip(tree, parts)
    else:
        for key, value in tree.values.items():
            _entry(tree.keys[key], value, parts)


def _entry(key: Text, value: Value, parts: Parts) -> None:
    """Add what stands at the top of a file that others include: a map, a resource or a service type."""
    if isinstance(value, Hash):
        if "dcmap" in value.values:
            _resource("geoip" if "map" in value.values else "metafo", key, value, parts)
            return
        if "datacenters" in value.values:
            _map(key, value, parts)
            return
        if isinstance(value.values.get("plugin"), Text):
            _once(parts.services, key.text, key, value)
            return
    said = "is no map (it has no `datacenters`), no resource (no `dcmap`) and no service type (no `plugin`)"
    raise key.error(f"`{key.text}` {said}; give the file that includes this one")


def _once(table: "dict[str, tuple[Text, Value]]", name: str, key: Text, value: Value) -> None:
    if name in table:
        before = table[name][0].at
        raise key.error(f"`{name}` stands here and in {before.file}, line {before.line}; give one of them")
    table[name] = key, value


def _map(key: Text, value: Value, parts: Parts) -> None:
    _once(parts.maps, key.text, key, value)


def _resource(plugin: str, key: Text, value: Value, parts: Parts) -> None:
    if (plugin, key.text) in parts.resources:
        before = parts.resources[plugin, key.text][0].at
        raise key.error(f"`{key.text}` stands here and in {before.file}, line {before.line}; give one of them")
    parts.resources[plugin, key.text] = key, value


def _services(tree: Hash, parts: Parts) -> None:
    for key, value in tree.values.items():
        if key in ("up", "down"):
            raise tree.keys[key].error(f"`{key}` is a service type of gdnsd itself; name yours otherwise")
        _once(parts.services, key, tree.keys[key], value)


def _plugins(tree: Hash, parts: Parts) -> None:
    for name, value in tree.values.items():
        key = tree.keys[name]
        if name not in PLUGINS:
            raise key.error(f"gdnsd has no plugin `{name}`; its plugins are {', '.join(PLUGINS)}")
        given = hash_of(value, f"the configuration of `{name}`")
        if name == "geoip":
            _geoip(given, parts)
        elif name == "metafo":
            _metafo(given, parts)
        elif name in parts.plugins:
            before = parts.plugins[name].at
            raise key.error(f"`{name}` stands here and in {before.file}, line {before.line}; give one of them")
        else:
            parts.plugins[name] = given


def _geoip(tree: Hash, parts: Parts) -> None:
    if parts.geoip is not None:
        before = parts.geoip.at
        raise tree.error(f"`geoip` stands here and in {before.file}, line {before.line}; give one of them")
    parts.geoip = tree
    maps = hash_of(tree.values.get("maps", Hash(tree.source, tree.offset, {}, {})), "`maps`")
    for name, value in maps.values.items():
        if name != "city_region_names":  # of gdnsd 2, where it names a file
            _map(maps.keys[name], value, parts)
    _resources("geoip", tree, parts)


def _metafo(tree: Hash, parts: Parts) -> None:
    if parts.metafo is not None:
        before = parts.metafo.at
        raise tree.error(f"`metafo` stands here and in {before.file}, line {before.line}; give one of them")
    parts.metafo = tree
    _resources("metafo", tree, parts)


def _resources(plugin: str, tree: Hash, parts: Parts) -> None:
    given = hash_of(tree.values.get("resources", Hash(tree.source, tree.offset, {}, {})), "`resources`")
    for name, value in given.values.items():
        _resource(plugin, given.keys[name], value, parts)


@lru_cache(8)
def table(file: File) -> Hash:
    """Read a file of networks."""
    tree = vscf.load(file, Budget(Kept({})))
    if isinstance(tree, Array):
        raise InputError(file.name, "is an array; a file of networks is `network => [data centres]`, one by one", 1)
    return tree
