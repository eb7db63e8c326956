"""Resources that name their ends themselves: of multifo, weighted, simplefo and static.

After src/plugins/{multifo,weighted,simplefo,static}.c of gdnsd 3: parameters of a plugin hold for its resources, those
of a resource for its families of addresses; a family is down if fewer of its addresses are up, or of their weights,
than `up_thresh` says.
"""

from fractions import Fraction
from typing import Final

from auditor.routing.gdnsd.monitors import Monitors
from auditor.routing.gdnsd.shapes import Answers, Group, Member, Pair
from auditor.routing.gdnsd.values import (
    Address,
    address,
    boolean,
    enough,
    hash_of,
    host,
    items,
    names,
    share,
    text,
    unknown,
    whole,
    written,
)  # fmt: skip
from auditor.routing.gdnsd.vscf import Array, Hash, Text, Value

HEAVIEST: Final = 1_048_575
OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "multifo": ("up_thresh", "service_types", "ignore_health"),
    "weighted": ("up_thresh", "service_types", "multi"),
    "simplefo": ("service_types",),
    "static": (),
}
"""Keys that are no names of resources or addresses, and are inherited."""


class Simple:
    """Reads resources, and asks for the monitors of their ends."""

    def __init__(self, monitors: Monitors) -> None:
        self.monitors = monitors

    def multifo(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        """Read a resource of multifo."""
        if not isinstance(value, Hash):
            return Answers(key.at, (self._group(key, _listed(value), top, None),))
        families: dict[str, Value] = {
            name: value.values[name] for name in ("addrs_v4", "addrs_v6") if name in value.values
        }
        params: tuple[str, ...] = OPTIONS["multifo"]
        options = {name: value.values[name] for name in params if name in value.values}
        if not families:
            return Answers(key.at, (self._group(key, _plain(value, set(options)), options, None),))
        for name in value.values:
            if name not in families and name not in options:
                raise unknown(value.keys[name], "key beside `addrs_v4` and `addrs_v6`", name, list(options))
        found = []
        for name, given in families.items():
            own = dict(options)
            if isinstance(given, Hash):
                own |= {each: given.values[each] for each in params if each in given.values}
            inner = _plain(given, set(own)) if isinstance(given, Hash) else _listed(given)
            found.append(self._group(value.keys[name], inner, own, 6 if name == "addrs_v6" else 4))
        return Answers(key.at, tuple(found))

    def _group(
        self, key: Text, given: list[tuple[Text, Value]], options: dict[str, Value], version: int | None
    ) -> Group:
        members = []
        if not given:
            raise key.error(f"`{key.text}` names no address")
        for label, value in given:
            found = self._address(label, value, version)
            version = found.version
            members.append(self._member(value, found, services(options.get("service_types"))))
        part = share(options["up_thresh"], "`up_thresh`") if "up_thresh" in options else 0.5
        blind = "ignore_health" in options and boolean(options["ignore_health"], "`ignore_health`")
        return Group(key.at, tuple(members), enough(len(members), part), blind)

    def _address(self, label: Text, value: Value, version: int | None) -> Address:
        given = text(value, f"`{label.text}`").text
        found = address(given)
        if found is None:
            raise value.error(f"`{given}` ({label.text}) is no address")
        if version not in (None, found.version):
            raise value.error(
                f"`{given}` is IPv{found.version} among addresses of IPv{version}; put it in a family of its own"
            )
        return found

    def _member(self, value: Value, found: Address, watching: list[Text | None], weight: int = 1) -> Member:
        name = written(found)
        watched = tuple(self.monitors.watch(each, str(found), value.at, False) for each in watching)
        return Member(value.at, name, "", watched, weight)

    def weighted(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        """Read a resource of weighted."""
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
        watching = services(options.get("service_types"))
        members = []
        grouped = isinstance(listed[0][1], Hash)
        for label, value in listed:
            if isinstance(value, Hash) != grouped:
                raise value.error(
                    f"`{label.text}` is a group among single items, or the other way round; make all alike"
                )
            for name, item in _plain(value, set()) if isinstance(value, Hash) else [(label, value)]:
                member = self._weight(name, item, watching, version, not grouped and version is None)
                members.append(member)
                version = version or (6 if ":" in member.address else 4 if member.address else 0)
        if not members:
            raise key.error(f"`{key.text}` of weighted has an empty group")
        part = share(options["up_thresh"], "`up_thresh`") if "up_thresh" in options else 0.5
        return Group(key.at, tuple(members), enough(sum(each.weight for each in members), part))

    def _weight(
        self, label: Text, value: Value, watching: list[Text | None], version: int | None, first: bool
    ) -> Member:
        if not isinstance(value, Array) or len(value.items) != 2:
            raise value.error(f"`{label.text}` of weighted has to be `[address, weight]` or `[host name, weight]`")
        end, weight = value.items
        heavy = whole(weight, "a weight", 1, HEAVIEST)
        given = text(end, "an address or host name")
        if version == 0 or (first and address(given.text) is None):
            watched = tuple(self.monitors.watch(each, given.text, end.at, True) for each in watching)
            return Member(end.at, "", host(given), watched, heavy)
        return self._member(end, self._address(label, end, version or None), watching, heavy)

    def simplefo(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        """Read a resource of simplefo."""
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
        watching = services(given.values.get("service_types", above.values.get("service_types")))
        members = []
        for name in ("primary", "secondary"):
            if name not in given.values:
                raise key.error(f"`{key.text}` of simplefo has no `{name}`")
            found = self._address(given.keys[name], given.values[name], version)
            version = found.version
            members.append(self._member(given.values[name], found, watching))
        return Pair(key.at, tuple(members))

    def static(self, key: Text, value: Value, top: dict[str, Value]) -> Answers:
        """Read a resource of static."""
        given = text(value, f"resource `{key.text}` of static")
        found = address(given.text)
        if found is None:
            member = Member(value.at, "", host(given), ())
        else:
            member = Member(value.at, written(found), "", ())
        return Answers(key.at, (Group(key.at, (member,), Fraction(1)),))


def _plain(given: Hash, options: set[str]) -> list[tuple[Text, Value]]:
    return [(given.keys[name], value) for name, value in given.values.items() if name not in options]


def _listed(value: Value) -> list[tuple[Text, Value]]:
    return [(text(each, "each address"), each) for each in items(value)]


def services(given: Value | None) -> list[Text | None]:
    """Return service types; None stands for the one that is there without being named."""
    return [None] if given is None else [*names(given, "`service_types`")]
